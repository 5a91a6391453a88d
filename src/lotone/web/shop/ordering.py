"""From a held quote to an order, and the order as its buyer follows it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from lotone.configure import Product
from lotone.identity import Actor
from lotone.make import UnitState
from lotone.orders import QUANTITY_MAX, Order, OrderState, Quote, QuoteState, StepState, Story, UnknownQuote, buyer_of
from lotone.plan import HoldLost
from lotone.web import watching
from lotone.web.access import platform_of, shopper
from lotone.web.live import stream
from lotone.web.page import go_to, page
from lotone.web.room import Thread
from lotone.web.shop.choosing import CHOICES_MAX, Sheet, drawn, sheet
from lotone.web.shop.way import Report, Way, way_of
from lotone.web.shop.wording import spoken
from lotone.wiring import Work

router = APIRouter(prefix="/shop")
Chosen = Annotated[list[Annotated[str, Form(max_length=200)]], Form(max_length=CHOICES_MAX)]


@router.post("/{shop}/{product}/quote")
def hold(
    request: Request,
    shop: str,
    product: str,
    c: Chosen,
    instead_of: Annotated[str, Form(max_length=60)] = "",
    actor: Actor = shopper("orders.quote"),
) -> Response:
    """Hold price and date for a while, and ask for the order."""
    with platform_of(request).work(shop) as work:
        shown = sheet(work.configure.product(product), c)
        quote = work.orders.quote(product, shown.choices, actor.who, instead_of=_own_quote(work, instead_of, actor))
    watching.quoted(request, actor, quote)
    return go_to(request, f"/shop/{shop}/quotes/{quote.id}")


def _own_quote(work: Work, quote: str, actor: Actor) -> str | None:
    try:
        return work.orders.quoted(quote, actor.who).id if quote else None
    except UnknownQuote:
        return None


@router.get("/{shop}/quotes/{quote}")
def quoted(
    request: Request, shop: str, quote: str, lost: str = "", again: str = "", actor: Actor = shopper("orders.quote")
) -> Response:
    """The last look before ordering: what, for how much, by when, and how long this is held."""
    with platform_of(request).look(shop) as work:
        found = work.orders.quoted(quote, actor.who)
        if found.state is QuoteState.PLACED and found.order:
            return go_to(request, f"/shop/{shop}/orders/{found.order}")
        before = work.orders.quoted(lost, actor.who) if lost else None
        published = work.configure.product(found.product, found.version)
    return page(
        request,
        "shop/quote.html",
        **spoken(request),
        **_quote_seen(request, published, found),
        before=before,
        again=bool(again),
        thread=Thread.at("promise", choice=_back(shop, found)),
    )


def _quote_seen(request: Request, product: Product, quote: Quote) -> dict[str, Any]:
    wall = platform_of(request).wall()
    shown = sheet(product, quote.choices)
    return {
        "quote": quote,
        "sheet": shown,
        "picture": drawn(product, shown.configuration, prefix="q-"),
        "is_held": quote.state is QuoteState.OPEN and quote.expires_at > wall,
        "is_dropped": quote.state is QuoteState.DROPPED,
        "seconds": max(0, round((quote.expires_at - wall).total_seconds())),
        "most": QUANTITY_MAX,
        "back": _back(request.path_params["shop"], quote),
    }


def _back(shop: str, quote: Quote) -> str:
    chosen = "&".join(f"c={name}" for name in quote.choices)
    return f"/shop/{shop}/{quote.product}?{chosen}&quote={quote.id}"


@router.post("/{shop}/quotes/{quote}/again")
def hold_again(request: Request, shop: str, quote: str, actor: Actor = shopper("orders.quote")) -> Response:
    """The hold ran out: hold the same configuration anew, whatever its date is now."""
    return go_to(request, f"/shop/{shop}/quotes/{_requote(request, shop, quote, actor)}?again=1")


def _requote(request: Request, shop: str, quote: str, actor: Actor, quantity: int | None = None) -> str:
    with platform_of(request).work(shop) as work:
        old = work.orders.quoted(quote, actor.who)
        count = quantity or old.quantity
        new = work.orders.quote(old.product, old.choices, actor.who, quantity=count, instead_of=old.id)
    watching.quoted(request, actor, new)
    return new.id


@router.post("/{shop}/quotes/{quote}/quantity")
def change_quantity(
    request: Request,
    shop: str,
    quote: str,
    quantity: Annotated[int, Form(ge=1, le=QUANTITY_MAX)],
    actor: Actor = shopper("orders.quote"),
) -> Response:
    """As many of them: the hold is exchanged for one of all units, with their own day and price."""
    return go_to(request, f"/shop/{shop}/quotes/{_requote(request, shop, quote, actor, quantity)}")


@router.post("/{shop}/quotes/{quote}/place")
def place(request: Request, shop: str, quote: str, actor: Actor = shopper("orders.place")) -> Response:
    """Order what was quoted; however often it is pressed, it is one order. A lost date is asked about anew."""
    try:
        with platform_of(request).work(shop) as work:
            if actor.guest is not None:
                work.identity.guest_user(actor)
            order = work.orders.place(quote, actor.who)
    except HoldLost:
        return go_to(request, f"/shop/{shop}/quotes/{_requote(request, shop, quote, actor)}?lost={quote}")
    watching.ordered(request, actor, order)
    return go_to(request, f"/shop/{shop}/orders/{order.id}?new=1")


@router.get("/{shop}/orders")
def orders(request: Request, shop: str, actor: Actor = shopper("orders.own")) -> Response:
    """One's own orders, the newest first."""
    with platform_of(request).look(shop) as work:
        found = work.orders.orders(actor.who)
        sheets = {order.id: _sheet(work, order) for order in found}
        shares = {order.id: work.orders.track(order.id).done_share for order in found if order.state is OrderState.IN_WORK}
    pictures = {order.id: _picture(sheets[order.id], f"{order.id}-") for order in found}
    return page(request, "shop/orders.html", **spoken(request), orders=found, sheets=sheets, pictures=pictures, shares=shares)


def _sheet(work: Work, order: Order) -> Sheet:
    return sheet(work.configure.product(order.product, order.version), order.choices)


def _picture(shown: Sheet, prefix: str) -> object:
    return drawn(shown.product, shown.configuration, prefix=prefix)


@router.get("/{shop}/orders/{order}")
def order(request: Request, shop: str, order: str, new: str = "", actor: Actor = shopper("orders.own")) -> Response:
    """The order on its way: each step, the promise, and everything that became of it."""
    with platform_of(request).look(shop) as work:
        story = work.orders.track(order, buyer_of(actor))
        shown = _sheet(work, story.order)
        ways, serials = _ways(work, story)
    partial = "hx-request" in request.headers
    finished = next(iter(serials), None) if story.order.state in (OrderState.COMPLETED, OrderState.DELIVERED) else None
    return page(
        request,
        "shop/story.html" if partial else "shop/order.html",
        **spoken(request),
        story=story,
        order=story.order,
        sheet=shown,
        picture=_picture(shown, "o-"),
        ways=ways,
        serials=serials,
        is_cancellable=_is_cancellable(story),
        is_new=bool(new) and not story.history and story.order.state is OrderState.PLACED,
        thread=Thread.at("promise", choice=_choice(shop, story.order), unit=finished and f"/shop/{shop}/units/{finished}"),
    )


def _choice(shop: str, order: Order) -> str:
    chosen = "&".join(f"c={name}" for name in order.choices)
    return f"/shop/{shop}/{order.product}?{chosen}"


def _ways(work: Work, story: Story) -> tuple[list[Way], list[str]]:
    """The way of every unit that was ordered, and the serial numbers of those that have one by now."""
    after = {operation.step: operation.after for operation in work.orders.demand(story.order).operations}
    machines = {unit.id: unit.words for unit in work.assets.work_units()}
    units = {unit.index: unit for unit in work.make.units_of(story.order.id) if unit.state is not UnitState.CANCELLED}
    reports = {index: _reports(work, unit.serial) for index, unit in units.items()}
    numbers = sorted({step.unit for step in story.steps})
    first = min(units, default=0) - min(numbers, default=0)
    ways = [
        way_of(
            [step for step in story.steps if step.unit == number and step.state is not StepState.CANCELLED],
            after,
            machines,
            reports.get(number + first, {}),
        )
        for number in numbers
    ]
    return ways, [units[index].serial for index in sorted(units)]


def _reports(work: Work, serial: str) -> Mapping[str, Report]:
    """What the floor says of a unit's steps; of a step that was tried again, the last try."""
    return {one.step: Report(min(one.progress / 100, 1.0), one.problem) for one in work.make.work_of(serial)}


def _is_cancellable(story: Story) -> bool:
    is_begun = any(step.state in (StepState.DONE, StepState.RUNNING) for step in story.steps)
    return story.order.state is OrderState.PLACED and not is_begun


@router.post("/{shop}/orders/{order}/cancel")
def cancel(request: Request, shop: str, order: str, actor: Actor = shopper("orders.own")) -> Response:
    """Take the order back, while nothing of it was begun."""
    with platform_of(request).work(shop) as work:
        work.orders.cancel(order, buyer_of(actor))
    return go_to(request, f"/shop/{shop}/orders/{order}")


@router.get("/{shop}/orders/{order}/live")
async def live(request: Request, shop: str, order: str, actor: Actor = shopper("orders.own")) -> StreamingResponse:
    """What happens to this order, as server-sent events."""
    await run_in_threadpool(_check_own, request, shop, order, actor)
    return stream(request, actor, lambda fact: getattr(fact, "order", None) == order)


def _check_own(request: Request, shop: str, order: str, actor: Actor) -> None:
    with platform_of(request).look(shop) as work:
        work.orders.order(order, buyer_of(actor))
