"""Orders as sales and planning see them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.orders import OrderState
from lotone.web.access import needs, platform_of
from lotone.web.page import go_to, page, told
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section, Thread
from lotone.wiring import Work

router = APIRouter(prefix="/orders")
SHOWN = 500


@router.get("")
def orders(request: Request, actor: Actor = needs("orders.read"), state: OrderState | None = None) -> Response:
    """All orders, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        found = work.orders.orders(states=[state] if state else None, limit=SHOWN)
        kept = work.orders.kept_rate()
        names = {product.id: product.words for product in work.configure.products()}
    return page(
        request, "orders/orders.html", orders=found, kept=kept, names=names, state=state, states=list(OrderState), shown=SHOWN,
        thread=Thread.at("promise", operation="/plan", unit="/units"),
    )  # fmt: skip


@router.get("/{order}")
def order(request: Request, order: str, actor: Actor = needs("orders.read")) -> Response:
    """One order: what was chosen, what was promised and why it moved, how far its units are."""
    with platform_of(request).look(actor.organization) as work:
        story = work.orders.track(order)
        product = work.configure.product(story.order.product, story.order.version)
        features = work.configure.configurator(product.id, product.version).model.features
        chosen = [product.words_of(name) for name in story.order.configuration if not features[name].abstract]
        units = work.make.units_of(order)
    thread = Thread.at(
        "promise", operation=f"/plan?order={order}", unit=f"/units/{units[0].serial}" if units else None, machine="/plant"
    )
    return page(request, "orders/order.html", story=story, product=product, chosen=chosen, units=units, thread=thread)


@router.post("/{order}/cancel")
def cancel(request: Request, order: str, actor: Actor = needs("orders.write")) -> Response:
    """Cancel an order on which no machine has begun; its capacity and material are free again."""
    with platform_of(request).work(actor.organization) as work:
        cancelled = work.orders.cancel(order)
    return told(go_to(request, f"/orders/{order}"), f"{cancelled.number}: cancelled")


def search(work: Work, _actor: Actor, query: str, reader: Reader) -> list[Found]:
    """Orders by number."""
    wanted = query.strip().upper()
    found = [order for order in work.orders.orders(limit=2000) if wanted in order.number.upper()]
    return [Found(order.number, f"/orders/{order.id}", "package", kind=reader.say("Order")) for order in found[:6]]


ROOM = Room(
    routers=(router,),
    menu=(Entry(Words("Orders", "订单"), "/orders", "package", "orders.read", Section.SELL),),
    search=search,
)
