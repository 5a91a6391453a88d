"""Configurations that are kept: saved ones, two side by side, one taken along to another device, one on paper."""

from typing import Annotated, Any
from urllib.parse import urlencode

import segno
from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from lotone.configure import SAVED_MAX, Product, Reviewed, SavedConfiguration, configurator_of, phrase
from lotone.identity import Actor
from lotone.kernel import Invalid
from lotone.web.access import platform_of, shopper
from lotone.web.page import go_to, page
from lotone.web.room import Thread
from lotone.web.shop.choosing import CHOICES_MAX, Sheet, drawn, sheet
from lotone.web.shop.days import days_of
from lotone.web.shop.offer import Offered, answer
from lotone.web.shop.shortly import code_of
from lotone.web.shop.wording import spoken, wording
from lotone.wiring import Work

router = APIRouter(prefix="/shop")
Listed = Annotated[list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=CHOICES_MAX)]
Chosen = Annotated[list[Annotated[str, Form(max_length=200)]], Form(max_length=CHOICES_MAX)]
Name = Annotated[str, Form(max_length=200)]


class NotAPair(Invalid):
    """What was ticked can't be put side by side."""


def address_of(shop: str, shown: Sheet, **more: str) -> str:
    """Where this very configuration is found again, by whoever is told."""
    return _address(shop, shown.product.id, shown.choices, **more)


def _address(shop: str, product: str, choices: tuple[str, ...], **more: str) -> str:
    return f"/shop/{shop}/{product}?{urlencode([*(('c', name) for name in choices or ('',)), *more.items()])}"


def short_address(shop: str, shown: Sheet) -> str:
    """The same in a few letters."""
    product = shown.product
    code = code_of(configurator_of(product).model, product.version, shown.choices)
    return f"/shop/{shop}/{product.id}?k={code}"


# -- saved ones


@router.get("/{shop}/saved")
def saved(request: Request, shop: str, actor: Actor = shopper("orders.quote")) -> Response:
    """One's own saved configurations, the newest first."""
    with platform_of(request).look(shop) as work:
        found = [work.saved.review(one) for one in work.saved.saved_of(actor.who)]
    return page(
        request,
        "shop/saved.html",
        **spoken(request),
        saved=[(one, _shown(one)) for one in found],
        pictures={one.saved.id: _picture(_shown(one), f"{one.saved.id}-") for one in found},
        base=base_of(request),
    )


def _shown(reviewed: Reviewed) -> Sheet:
    return sheet(reviewed.product, reviewed.choices)


def _picture(shown: Sheet, prefix: str) -> Markup:
    return drawn(shown.product, shown.configuration, prefix=prefix)


def base_of(request: Request) -> str:
    """How others reach this installation."""
    return (platform_of(request).settings.public_url or str(request.base_url)).rstrip("/")


@router.get("/{shop}/saved/pair")
def pair(
    request: Request,
    shop: str,
    ticked: Annotated[list[str] | None, Query(alias="with", max_length=SAVED_MAX)] = None,
    actor: Actor = shopper("orders.quote"),
) -> Response:
    """Two saved ones side by side."""
    with platform_of(request).look(shop) as work:
        found = [work.saved.review(work.saved.own(one, actor.who)) for one in ticked or ()]
    if len(found) != 2 or found[0].product.id != found[1].product.id:
        raise NotAPair("tick two saved configurations of the same product to compare them", where="with")
    return go_to(request, comparison(shop, found[0].product, found[0].choices, found[1].choices))


@router.post("/{shop}/{product}/save")
def save(request: Request, shop: str, product: str, name: Name, c: Chosen, actor: Actor = shopper("orders.quote")) -> Response:
    """Keep a configuration under a name."""
    with platform_of(request).work(shop) as work:
        work.saved.save(actor.who, product, sheet(work.configure.product(product), c).choices, name)
    return go_to(request, f"/shop/{shop}/saved")


@router.get("/{shop}/saved/{saved}")
def opened(request: Request, shop: str, saved: str, actor: Actor = shopper("orders.quote")) -> Response:
    """The product as it was saved, for its owner and for whom she gave the address; changing it changes nothing saved."""
    with platform_of(request).look(shop) as work:
        reviewed = work.saved.review(work.saved.opened(saved, actor.who))
    return go_to(request, address_of(shop, _shown(reviewed), saved=saved))


@router.post("/{shop}/saved/{saved}/rename")
def rename(request: Request, shop: str, saved: str, name: Name, actor: Actor = shopper("orders.quote")) -> Response:
    """Give it another name."""
    with platform_of(request).work(shop) as work:
        work.saved.rename(saved, actor.who, name)
    return go_to(request, f"/shop/{shop}/saved")


@router.post("/{shop}/saved/{saved}/share")
def share(
    request: Request, shop: str, saved: str, on: Annotated[bool, Form()] = True, actor: Actor = shopper("orders.quote")
) -> Response:
    """Let whoever knows its address open it, or nobody else again."""
    with platform_of(request).work(shop) as work:
        work.saved.share(saved, actor.who, is_shared=on)
    return go_to(request, f"/shop/{shop}/saved")


@router.post("/{shop}/saved/{saved}/forget")
def forget(request: Request, shop: str, saved: str, actor: Actor = shopper("orders.quote")) -> Response:
    """Keep it no longer."""
    with platform_of(request).work(shop) as work:
        work.saved.forget(saved, actor.who)
    return go_to(request, f"/shop/{shop}/saved")


def banner_of(work: Work, saved: str, actor: Actor) -> dict[str, Any]:
    """What the product's page says about the saved configuration that was opened."""
    reviewed = work.saved.review(work.saved.opened(saved, actor.who))
    model = configurator_of(reviewed.product).model
    shown = _shown(reviewed)
    return {
        "saved": reviewed.saved,
        "is_own": reviewed.saved.owner == actor.who,
        "gone": [reviewed.before.words_of(name) for name in reviewed.gone],
        "against": [reviewed.product.words_of(name) for name in reviewed.against],
        "rules": [phrase(rule, model, reviewed.product.names) for rule in reviewed.rules],
        "price": shown.price,
        "is_dearer": shown.price != reviewed.saved.price,
    }


# -- two side by side


@router.get("/{shop}/{product}/compare")
def compare(
    request: Request, shop: str, product: str, a: Listed = None, b: Listed = None, actor: Actor = shopper("orders.quote")
) -> Response:
    """Two configurations of a product: pictures, prices, days, and the options in which they differ."""
    with platform_of(request).look(shop) as work:
        found = work.configure.product(product)
        sides = [sheet(found, found.start if choices is None else choices) for choices in (a, b)]
        say = wording(request)
        days = [days_of(work, side, say, with_options=False) for side in sides]
        others = [one for one in work.saved.saved_of(actor.who) if one.product == product]
    return page(
        request,
        "shop/compare.html",
        **spoken(request),
        product=found,
        sides=[
            {
                "sheet": side,
                "days": day,
                "picture": _picture(side, f"{letter}-"),
                "address": address_of(shop, side),
                "others": [(one, _beside(shop, found, sides, letter, one)) for one in others],
            }
            for letter, side, day in zip("ab", sides, days, strict=True)
        ],
        rows=[
            (question, *(side.chosen_of(question) for side in sides))
            for question in sides[0].questions
            if {one.name for one in sides[0].chosen_of(question)} != {one.name for one in sides[1].chosen_of(question)}
        ],
        swapped=comparison(shop, found, sides[1].choices, sides[0].choices),
        thread=Thread.at("choice"),
    )


def comparison(shop: str, product: Product, first: tuple[str, ...], second: tuple[str, ...]) -> str:
    """The address of two configurations side by side."""
    query = [*(("a", name) for name in first or ("",)), *(("b", name) for name in second or ("",))]
    return f"/shop/{shop}/{product.id}/compare?{urlencode(query)}"


def _beside(shop: str, product: Product, sides: list[Sheet], letter: str, one: SavedConfiguration) -> str:
    pair = (one.choices, sides[1].choices) if letter == "a" else (sides[0].choices, one.choices)
    return comparison(shop, product, *pair)


# -- taken along


@router.get("/{shop}/{product}/elsewhere")
def elsewhere(
    request: Request, shop: str, product: str, c: Listed = None, actor: Actor = shopper("configure.read")
) -> Response:
    """A code that another device's camera reads to go on there, and the same address in letters."""
    with platform_of(request).look(shop) as work:
        shown = sheet(work.configure.product(product), c or [])
    address = base_of(request) + short_address(shop, shown)
    code = segno.make_qr(address, error="m").svg_inline(scale=1, border=2, omitsize=True, lineclass=None, svgclass="shop-code")
    return page(
        request, "shop/elsewhere.html", **spoken(request), address=address, sheet=shown,
        code=Markup(code),  # noqa: S704 (segno draws nothing but a path)
    )  # fmt: skip


@router.get("/{shop}/{product}/offer.pdf")
def offer(request: Request, shop: str, product: str, c: Listed = None, actor: Actor = shopper("orders.quote")) -> Response:
    """The configuration on paper, with the price and the day of this moment; nothing is held."""
    with platform_of(request).look(shop) as work:
        shown = sheet(work.configure.product(product), c or [])
        days = days_of(work, shown, wording(request), with_options=False)
        seller = work.identity.organization().words
    return answer(request, Offered(shown, seller, shown.price, days.promise))


@router.get("/{shop}/quotes/{quote}/offer.pdf")
def quoted_offer(request: Request, shop: str, quote: str, actor: Actor = shopper("orders.quote")) -> Response:
    """A held quote on paper."""
    with platform_of(request).look(shop) as work:
        found = work.orders.quoted(quote, actor.who)
        shown = sheet(work.configure.product(found.product, found.version), found.choices)
        seller = work.identity.organization().words
    is_held = found.expires_at > platform_of(request).wall()
    until = found.expires_at if is_held else None
    return answer(request, Offered(shown, seller, found.price, found.promise, found.quantity, found.id, until))
