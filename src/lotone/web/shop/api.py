"""The shop for programs: products, options, explanations, quotes with a held promise, orders and what happens to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from lotone.configure import Product, Reviewed
from lotone.identity import Actor
from lotone.kernel import Fact
from lotone.orders import Quote, buyer_of
from lotone.plan import HoldLost, Promise
from lotone.web import watching
from lotone.web.access import needs, platform_of
from lotone.web.faults import problem
from lotone.web.live import stream
from lotone.web.shop.choosing import Shown, sheet
from lotone.web.shop.days import Days, days_of
from lotone.web.shop.offer import Offered, answer
from lotone.web.shop.wording import wording
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["shop"])
CHOICES_MAX = 500
Names = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=CHOICES_MAX)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=120)]


class Choices(BaseModel):
    choices: Names = Field(default_factory=list, description="Chosen features, by name.")


class Wanted(Choices):
    wanted: str = Field(max_length=200, description="The feature that is impossible with these choices.")


class NewQuote(Choices):
    product: str = Field(max_length=80)
    quantity: int = Field(1, ge=1, le=1000)
    instead_of: str | None = Field(None, max_length=60, description="An earlier quote of yours that is dropped for this one.")


class NewSaved(Choices):
    product: str = Field(max_length=80)
    name: str = Field(max_length=200)


class ChangedSaved(BaseModel):
    name: str | None = Field(None, max_length=200)
    shared: bool | None = Field(None, description="Whether whoever knows its address may open it.")


class NewOrder(BaseModel):
    quote: str = Field(max_length=60)


@router.get("/products")
def products(request: Request, actor: Actor = needs("configure.read")) -> list[dict[str, Any]]:
    """What is sold."""
    with platform_of(request).look(actor.organization) as work:
        return [product_json(product) for product in work.configure.products()]


@router.get("/products/{product}")
def product(request: Request, product: str, actor: Actor = needs("configure.read")) -> dict[str, Any]:
    """One product with its features and their words."""
    with platform_of(request).look(actor.organization) as work:
        found = work.configure.product(product)
        model = work.configure.configurator(product).model
    features = [
        {
            "name": feature.name,
            "parent": feature.parent,
            "abstract": feature.abstract,
            "words": found.words_of(feature.name).as_dict(),
            "price": feature.price_cents / 100,
            "groups": [
                {"kind": group.kind.value, "members": [member.name for member in group.members]} for group in feature.groups
            ],
        }
        for feature in model.root
    ]
    return {**product_json(found), "features": features, "constraints": [rule.text for rule in model.constraints]}


@router.post("/products/{product}/options")
def options(request: Request, product: str, chosen: Choices, actor: Actor = needs("configure.read")) -> dict[str, Any]:
    """For every feature: selected, forced, possible or impossible with these choices; and the price."""
    with platform_of(request).look(actor.organization) as work:
        found = work.configure.configurator(product).options(chosen.choices)
    watching.chose(request, actor, product, chosen.choices, found.price)
    return found.as_json()


@router.post("/products/{product}/explain")
def explain(request: Request, product: str, asked: Wanted, actor: Actor = needs("configure.read")) -> dict[str, Any]:
    """Why a feature is impossible, and the fewest choices to take back for it."""
    with platform_of(request).look(actor.organization) as work:
        why = work.configure.configurator(product).explain(asked.choices, asked.wanted)
    watching.looked(request, actor, product, [asked.wanted])
    return why.as_json()


@router.post("/products/{product}/promise")
def promise(request: Request, product: str, chosen: Choices, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """When this could be handed over if it were ordered now; nothing is held. Open choices are completed the cheapest way."""
    with platform_of(request).look(actor.organization) as work:
        found = work.orders.preview(product, chosen.choices)
    watching.promised(request, actor, product, found)
    return promise_json(found)


@router.post("/products/{product}/differences")
def differences(request: Request, product: str, chosen: Choices, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """Price and promise of these choices, and for every option how it stands and what taking it would change.

    All promises are about one and the same plan, at most a second old; nothing is held. `days` counts midnights in your
    time zone (parameter `tz`), later ones positive. Open choices are decided as the shop does.
    """
    with platform_of(request).look(actor.organization) as work:
        shown = sheet(work.configure.product(product), chosen.choices)
        days = days_of(work, shown, wording(request))
    watching.promised(request, actor, product, days.promise)
    return {
        "choices": list(shown.choices),
        "price": shown.price.cents / 100,
        "currency": shown.price.currency,
        "promise": days.promise and promise_json(days.promise),
        "options": {option.name: _difference_json(option, days) for option in shown.options.values()},
    }


def _difference_json(option: Shown, days: Days) -> dict[str, Any]:
    date = days.options.get(option.name)
    return {
        "state": option.state.value,
        "price": option.difference and option.difference.cents / 100,
        "days": days.later.get(option.name),
        "date": date and date.isoformat(),
        "probability": days.promise.probability if date and days.promise else None,
    }


@router.post("/products/{product}/offer", response_class=Response)
def offer(request: Request, product: str, chosen: Choices, actor: Actor = needs("orders.quote")) -> Response:
    """An offer for these choices as PDF, in your language; nothing is held."""
    with platform_of(request).look(actor.organization) as work:
        shown = sheet(work.configure.product(product), chosen.choices)
        days = days_of(work, shown, wording(request), with_options=False)
        seller = work.identity.organization().words
    return answer(request, Offered(shown, seller, shown.price, days.promise))


@router.get("/saved")
def saved(request: Request, actor: Actor = needs("orders.quote")) -> list[dict[str, Any]]:
    """One's own saved configurations, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        return [saved_json(work.saved.review(one)) for one in work.saved.saved_of(actor.who)]


@router.post("/saved", status_code=201)
def save(request: Request, new: NewSaved, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """Keep choices of a product's newest version under a name."""
    with platform_of(request).work(actor.organization) as work:
        return saved_json(work.saved.review(work.saved.save(actor.who, new.product, new.choices, new.name)))


@router.get("/saved/{saved}")
def one_saved(request: Request, saved: str, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """A saved configuration of one's own or one that is shared, and what the newest version of its product says to it."""
    with platform_of(request).look(actor.organization) as work:
        return saved_json(work.saved.review(work.saved.opened(saved, actor.who)))


@router.patch("/saved/{saved}")
def change_saved(request: Request, saved: str, change: ChangedSaved, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """Rename it, share it, or stop sharing it."""
    with platform_of(request).work(actor.organization) as work:
        if change.name is not None:
            work.saved.rename(saved, actor.who, change.name)
        if change.shared is not None:
            work.saved.share(saved, actor.who, is_shared=change.shared)
        return saved_json(work.saved.review(work.saved.own(saved, actor.who)))


@router.delete("/saved/{saved}", status_code=204)
def forget_saved(request: Request, saved: str, actor: Actor = needs("orders.quote")) -> None:
    """Keep it no longer."""
    with platform_of(request).work(actor.organization) as work:
        work.saved.forget(saved, actor.who)


def saved_json(reviewed: Reviewed) -> dict[str, Any]:
    one = reviewed.saved
    return {
        "saved": one.id,
        "name": one.name,
        "product": one.product,
        "version": one.version,
        "choices": list(one.choices),
        "price": one.price.cents / 100,
        "currency": one.price.currency,
        "saved_at": one.saved_at,
        "shared": one.is_shared,
        "newest_version": reviewed.product.version,
        "still_possible": list(reviewed.choices),
        "gone": list(reviewed.gone),
        "against": list(reviewed.against),
        "rules": [rule.text for rule in reviewed.rules],
    }


@router.post("/quotes", status_code=201)
def quote(request: Request, new: NewQuote, actor: Actor = needs("orders.quote")) -> dict[str, Any]:
    """A price and a promise for a complete configuration; its capacity is held until the quote expires."""
    with platform_of(request).work(actor.organization) as work:
        made = work.orders.quote(new.product, new.choices, actor.who, quantity=new.quantity, instead_of=new.instead_of)
    watching.quoted(request, actor, made, taken=None)
    return quote_json(made)


@router.delete("/quotes/{quote}", status_code=204)
def drop_quote(request: Request, quote: str, actor: Actor = needs("orders.quote")) -> None:
    """Give the held capacity back."""
    with platform_of(request).work(actor.organization) as work:
        work.orders.drop_quote(quote, actor.who)


@router.post("/orders", status_code=201)
def place(request: Request, new: NewOrder, actor: Actor = needs("orders.place"), key: Key = None) -> Any:
    """Order what was quoted. Sent again with the same Idempotency-Key it is the same order.

    409 with a new `promise` when the quoted date can no longer be kept: nothing is ordered, ask for a new quote.
    """
    try:
        with platform_of(request).work(actor.organization) as work:
            placed = work.orders.place(new.quote, actor.who, key)
            story = work.orders.track(placed.id, actor.who).as_json()
    except HoldLost as lost:
        return lost_hold(request, lost)
    watching.ordered(request, actor, placed)
    return story


@router.get("/orders")
def orders(request: Request, actor: Actor = needs("orders.own"), limit: int = 200) -> list[dict[str, Any]]:
    """One's own orders (staff: all), the newest first."""
    with platform_of(request).look(actor.organization) as work:
        found = work.orders.orders(buyer_of(actor), limit=min(max(limit, 1), 1000))
        return [
            {
                "order": order.id,
                "number": order.number,
                "state": order.state.value,
                "product": order.product,
                "promised": order.promised,
                "first_promised": order.first_promised,
                "placed_at": order.placed_at,
                "price": order.price.cents / 100,
                "currency": order.price.currency,
            }
            for order in found
        ]


@router.get("/orders/events")
async def events(request: Request, actor: Actor = needs("orders.own")) -> StreamingResponse:
    """What happens to one's own orders, as server-sent events named `fact`; resumed by Last-Event-ID."""
    mine = Mine(request, actor)
    await run_in_threadpool(mine.load)
    return stream(request, actor, mine)


@router.get("/orders/{order}")
def order(request: Request, order: str, actor: Actor = needs("orders.own")) -> dict[str, Any]:
    """One order as its buyer follows it: steps, promise, history of the promise with reasons."""
    with platform_of(request).look(actor.organization) as work:
        story = work.orders.track(order, buyer_of(actor)).as_json()
        return {**story, "units": serials(work, order)}


@router.post("/orders/{order}/cancel")
def cancel(request: Request, order: str, actor: Actor = needs("orders.own")) -> dict[str, Any]:
    """Cancel an order on which no machine has begun."""
    with platform_of(request).work(actor.organization) as work:
        work.orders.cancel(order, buyer_of(actor))
        return work.orders.track(order, buyer_of(actor)).as_json()


class Mine:
    """Which facts are about orders that an actor may see. Unknown orders are looked up once."""

    def __init__(self, request: Request, actor: Actor) -> None:
        self.platform = platform_of(request)
        self.actor = actor
        self.buyer = buyer_of(actor)
        self.known: dict[str, bool] = {}

    def load(self) -> None:
        with self.platform.look(self.actor.organization) as work:
            self.known = {order.id: True for order in work.orders.orders(self.buyer, limit=100_000)}

    def __call__(self, fact: Fact) -> bool:
        order = getattr(fact, "order", None)
        if not isinstance(order, str):
            return False
        if self.buyer is None:
            return True
        if order not in self.known:
            with self.platform.look(self.actor.organization) as work:
                self.known[order] = bool(work.orders.is_of(order, self.buyer))
        return self.known[order]


def serials(work: Work, order: str) -> list[str]:
    return [unit.serial for unit in work.make.units_of(order)]


def product_json(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "version": product.version,
        "name": product.words.as_dict(),
        "hint": product.hint.as_dict(),
        "currency": product.currency,
        "start": list(product.start),
    }


def promise_json(promise: Promise) -> dict[str, Any]:
    return promise.as_json()


def quote_json(quote: Quote) -> dict[str, Any]:
    return {
        "quote": quote.id,
        "product": quote.product,
        "version": quote.version,
        "choices": list(quote.choices),
        "configuration": list(quote.configuration),
        "quantity": quote.quantity,
        "price": quote.price.cents / 100,
        "currency": quote.price.currency,
        "promise": promise_json(quote.promise),
        "expires_at": quote.expires_at.isoformat(),
        "state": quote.state.value,
    }


def lost_hold(request: Request, lost: HoldLost) -> Response:
    return problem(request, 409, lost.message, kind="hold_lost", more={"promise": promise_json(lost.promise)})
