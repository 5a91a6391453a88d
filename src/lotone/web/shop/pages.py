"""The shop's window and the product that follows the choices: picture, options, price, promise."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lotone.configure import Product, configurator_of
from lotone.identity import Actor, Role
from lotone.kernel import Words
from lotone.orders import UnknownQuote
from lotone.plan import DoesNotFit, NoCapacity, NoMachine, NoSupply, Promise
from lotone.web import watching
from lotone.web.access import platform_of, shopper
from lotone.web.page import page
from lotone.web.room import Entry, Room, Section, Thread
from lotone.web.shop.api import router as api
from lotone.web.shop.choosing import CHOICES_MAX, Sheet, changes_between, drawn, drop, sheet, take, why_not
from lotone.web.shop.days import Days, days_later, days_of, soonest
from lotone.web.shop.keeping import address_of, banner_of, comparison
from lotone.web.shop.keeping import router as keeping
from lotone.web.shop.making import made, makes_of
from lotone.web.shop.ordering import router as ordering
from lotone.web.shop.questions import questions
from lotone.web.shop.shortly import choices_of, version_of
from lotone.web.shop.wording import spoken, wording
from lotone.wiring import Work

router = APIRouter(prefix="/shop")
Chosen = Annotated[list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=CHOICES_MAX)]
NOT_PROMISED = (DoesNotFit, NoCapacity, NoMachine, NoSupply)
"""What keeps the plan from promising a day: no machine, no capacity, no supply. The page then says so."""
SOONER_MAX = 4


@router.get("/{shop}")
def window(request: Request, shop: str, actor: Actor = shopper("configure.read")) -> Response:
    """What is sold, and one's own orders that are under way."""
    with platform_of(request).look(shop) as work:
        products = work.configure.products()
        name = work.identity.organization().words
        mine = [order for order in work.orders.orders(actor.who, limit=20) if order.state.is_open]
    shown = [(product, sheet(product, product.start)) for product in products]
    pictures = {product.id: drawn(product, one.configuration, prefix=f"{product.id}-") for product, one in shown}
    count = max((_ways(product) for product in products), default=0)
    return page(
        request, "shop/window.html", **spoken(request), name=name, shown=shown, pictures=pictures, mine=mine, count=count
    )


def _ways(product: Product) -> int:
    """How many different ones could be made."""
    return configurator_of(product).options([]).count or 0


@router.get("/{shop}/{product}")
def product(
    request: Request,
    shop: str,
    product: str,
    c: Chosen = None,
    quote: str = "",
    k: Annotated[str, Query(max_length=8000)] = "",
    saved: Annotated[str, Query(max_length=40)] = "",
    actor: Actor = shopper("configure.read"),
) -> Response:
    """The product with these choices (`k`: the same in a few letters).

    `quote` is the buyer's held quote that a new one takes the place of; `saved` the saved configuration that was opened.
    """
    with platform_of(request).look(shop) as work:
        found = work.configure.product(product)
        held = _held(work, quote, actor)
        opened = banner_of(work, saved, actor) if saved else None
        shown = sheet(found, _asked_for(work, found, c, k))
        days = days_of(work, shown, wording(request))
    watching.chose(request, actor, product, shown.choices, shown.price, taken=())
    watching.promised(request, actor, product, days.promise)
    return page(
        request,
        "shop/product.html",
        **what_is_shown(request, shown, days),
        ways=_ways(found),
        held=held,
        opened=opened,
        thread=Thread.at("choice"),
    )


def _asked_for(work: Work, product: Product, choices: list[str] | None, code: str) -> Sequence[str]:
    if code:
        then = work.configure.sold(product.id, version_of(code))
        return choices_of(configurator_of(then).model, code)
    return product.start if choices is None else choices


def _held(work: Work, quote: str, actor: Actor) -> str:
    try:
        return work.orders.quoted(quote, actor.who).id if quote else ""
    except UnknownQuote:
        return ""


def what_is_shown(request: Request, shown: Sheet, days: Days) -> dict[str, Any]:
    """All that the templates of the configurator speak of; the product manager's preview shows the same."""
    shop, say = request.path_params["shop"], wording(request)
    return {
        **spoken(request),
        "sheet": shown,
        "days": days,
        "is_news": False,
        "questions": questions,
        "address": address_of(shop, shown),
        "comparison": comparison(shop, shown.product, shown.choices, shown.product.start),
        "offer": address_of(shop, shown).replace("?", "/offer.pdf?", 1),
        "makes": [(make.name, make.icon, say.reader.say(make.text)) for make in makes_of(shown.product)],
        "picture": drawn(shown.product, shown.configuration, prefix="p-"),
        "changes": [],
        "asked": None,
    }


@router.get("/{shop}/{product}/sheet")
def changed_sheet(
    request: Request,
    shop: str,
    product: str,
    c: Chosen = None,
    take: str = "",
    drop: str = "",
    make: str = "",
    actor: Actor = shopper("orders.quote"),
) -> Response:
    """All that one click changes: picture, options, price, promise, and what every other option would make of them.

    `make` is the name of a whole: the cheapest, one that is ready sooner.
    """
    with request.app.state.turns.turn():
        with platform_of(request).look(shop) as work:
            found = work.configure.product(product)
            before = sheet(found, c or [])
            if make:
                shown = made(work, before, make, wording(request))
            else:
                shown = sheet(found, choices_after(found, before, take, drop))
            days = days_of(work, shown, wording(request))
        seen = what_is_shown(request, shown, days) | {"is_news": True}
        seen["changes"] = list(changes_between(before, shown, besides=take or drop))
        seen["asked"] = shown.options.get(take or drop)
        answer = page(request, "shop/sheet.html", **seen)
    taken = (take,) if take and not make else ()  # with `make` nobody looked whether there is such an option
    watching.chose(request, actor, product, shown.choices, shown.price, taken=taken)
    watching.promised(request, actor, product, days.promise)
    return answer


def choices_after(product: Product, before: Sheet, wanted: str, unwanted: str) -> list[str]:
    configurator = configurator_of(product)
    if wanted:
        return take(configurator, before.choices, wanted)
    return drop(configurator.model, before.choices, unwanted) if unwanted else list(before.choices)


@router.get("/{shop}/{product}/why")
def why(
    request: Request, shop: str, product: str, wanted: str, c: Chosen = None, actor: Actor = shopper("configure.read")
) -> Response:
    """Why an option does not go with the choices, and what taking it anyway changes."""
    with platform_of(request).look(shop) as work:
        found = work.configure.product(product)
        why = why_not(found, c or [], wanted)
        later = days_later(work, sheet(found, c or []), why.choices, wording(request))
    watching.looked(request, actor, product, [wanted])
    return page(request, "shop/why.html", **spoken(request), why=why, later=later)


@router.get("/{shop}/{product}/promise")
def promise(
    request: Request,
    shop: str,
    product: str,
    c: Chosen = None,
    take: str = "",
    drop: str = "",
    actor: Actor = shopper("orders.quote"),
) -> Response:
    """When it would be ready if it were ordered now, how surely, and why then. Takes what `sheet` takes."""
    with platform_of(request).look(shop) as work:
        found = work.configure.product(product)
        shown = sheet(found, choices_after(found, sheet(found, c or []), take, drop))
        days = Days(_promise(work, shown))
    watching.promised(request, actor, product, days.promise, taken=(take,) if take else ())
    return page(request, "shop/promise.html", **spoken(request), days=days)


def _promise(work: Work, shown: Sheet) -> Promise | None:
    try:
        return work.orders.preview(shown.product.id, shown.choices)
    except NOT_PROMISED:
        return None


@router.get("/{shop}/{product}/sooner")
def sooner(request: Request, shop: str, product: str, c: Chosen = None, actor: Actor = shopper("orders.quote")) -> Response:
    """Which other options, one at a time, would be ready on an earlier day."""
    with platform_of(request).look(shop) as work:
        shown = sheet(work.configure.product(product), c or [])
        found = soonest(days_of(work, shown, wording(request), age_s=0.0), shown)
    asked = {question.id: question for question in shown.questions}
    return page(request, "shop/sooner.html", **spoken(request), sooner=found[:SOONER_MAX], questions=asked)


ROOM = Room(
    routers=(ordering, keeping, router, api),
    menu=(
        Entry(
            Words("Shop", "商店"), "/shop/{organization}", "store", "orders.quote", Section.SELL,
            frozenset({Role.CONSUMER}), 10,
        ),
        Entry(
            Words("My orders", "我的订单"), "/shop/{organization}/orders", "package", "orders.own", Section.SELL, order=20
        ),
    ),
)  # fmt: skip
