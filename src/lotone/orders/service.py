"""Use cases from quote to hand-over, and the honest history of every promise."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from lotone import assets, configure, plan
from lotone.kernel import Clock, Money, Tell, Words, new_id
from lotone.orders.facts import OrderCancelled, OrderCompleted, OrderDelivered, OrderPlaced, PromiseTold
from lotone.orders.model import (
    QUANTITY_MAX,
    KeptRate,
    KeyUsed,
    Order,
    OrderState,
    PromiseMove,
    Quote,
    QuoteState,
    QuoteTaken,
    Story,
    UnknownOrder,
    UnknownQuote,
    WorkBegan,
    WrongQuantity,
    kept_rate,
    planned,
    steps_of,
)
from lotone.orders.store import Store

ORDERS = "orders"
"""The series of order numbers."""


class OrderService:
    """Orders of one organization. `clock` is the plant's (promises, deliveries), `wall` the people's (quotes run out).

    Methods with `buyer` see only that buyer's quotes and orders, as if others did not exist; None sees everybody's.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        wall: Clock,
        tell: Tell,
        assets: assets.AssetService,
        configure: configure.ConfigureService,
        plan: plan.PlanService,
        hold_minutes: float = 15,
    ) -> None:
        self.store = store
        self.clock = clock
        self.wall = wall
        self.tell = tell
        self.assets = assets
        self.configure = configure
        self.plan = plan
        self.hold_minutes = hold_minutes

    def preview(self, product: str, choices: Iterable[str], *, quantity: int = 1) -> plan.Promise:
        """When a configuration could be handed over if it were ordered now. Keeps nothing, writes nothing.

        Choices that leave something open are completed the cheapest way. Raises what the configurator and the plan raise.
        """
        published = self.configure.product(product)
        return self.plan.promise(_wanted(published, choices, _checked(quantity)))

    def preview_many(
        self, product: str | configure.Product, choices: Iterable[Iterable[str]], *, quantity: int = 1, age_s: float = 0.0
    ) -> list[plan.Promise | plan.NoPromise]:
        """What `preview` says for each of many choices of a product (its id, or a version of it), all of it about one plan.

        `age_s` allows answers that are up to so many seconds old, see `PlanService.promise_many`.
        Where the plan can't promise a day, its fault stands in the answer's place. Keeps nothing, writes nothing.
        Raises what the configurator raises for the first choices that contradict themselves.
        """
        published = self.configure.product(product) if isinstance(product, str) else product
        demands = [_wanted(published, each, _checked(quantity)) for each in choices]
        return self.plan.promise_many(demands, age_s=age_s)

    def preview_dates(
        self, product: configure.Product, choices: Iterable[Iterable[str]], *, age_s: float = 0.0
    ) -> list[datetime | plan.NoPromise]:
        """The dates of `preview_many`, in a fraction of its time."""
        return self.plan.dates((_wanted(product, each, 1) for each in choices), age_s=age_s)

    def demanded(self, product: str, choices: Iterable[str], *, quantity: int = 1) -> plan.Demand:
        """What a configuration needs of the plant, for questions to the plan; completed as by `preview`.

        Raises what the configurator raises, and WrongQuantity.
        """
        return _wanted(self.configure.product(product), choices, _checked(quantity))

    def quote(
        self,
        product: str,
        choices: Iterable[str],
        buyer: str | None = None,
        *,
        quantity: int = 1,
        instead_of: str | None = None,
    ) -> Quote:
        """A price and a promise for a configuration, and its capacity held until the quote expires.

        `instead_of` is an earlier quote of the same buyer that is dropped, so that one buyer holds one place.
        Raises Incomplete or Contradiction (the choices are no configuration), and what the plan raises for no promise.
        """
        published = self.configure.product(product)
        configurator = self.configure.configurator(product, published.version)
        chosen = tuple(choices)
        configuration = configurator.check(configurator.options(chosen).configuration)
        if instead_of is not None:
            self.drop_quote(instead_of, buyer)
        price = configurator.price(configuration)
        demand = planned(configurator.explode(configuration), published.words, _checked(quantity))
        hold = self.plan.hold(demand, self.hold_minutes)
        quote = Quote(
            id=new_id("quo"),
            product=published.id,
            version=published.version,
            configuration=tuple(name for name in configurator.model.features if name in configuration),
            choices=chosen,
            quantity=quantity,
            price=Money(price.cents * quantity, price.currency),
            promise=hold.promise,
            hold=hold.id,
            expires_at=hold.expires_at,
            buyer=buyer,
        )
        self.store.add_quote(quote, self.wall())
        return quote

    def quoted(self, quote_id: str, buyer: str | None = None) -> Quote:
        """A quote of this buyer. Raises UnknownQuote."""
        return self._quote(quote_id, buyer, to_change=False)

    def open_quotes(self, product: str) -> list[Quote]:
        """Everybody's quotes of a product that may still be ordered."""
        return self.store.open_quotes(product, self.wall())

    def _quote(self, quote_id: str, buyer: str | None, *, to_change: bool) -> Quote:
        found = self.store.quote(quote_id, to_change=to_change)
        if found is None or (buyer is not None and found.buyer not in (None, buyer)):
            raise UnknownQuote(f"there is no quote {quote_id}; ask for a new one")
        return found

    def drop_quote(self, quote_id: str, buyer: str | None = None) -> None:
        """The buyer no longer wants it: its capacity is free again. One that was ordered stays. Raises UnknownQuote."""
        quote = self._quote(quote_id, buyer, to_change=True)
        if quote.state is QuoteState.OPEN:
            self.plan.release(quote.hold)
            self.store.close_quote(quote.id, QuoteState.DROPPED, None)

    def place(self, quote_id: str, buyer: str, idempotency_key: str | None = None) -> Order:
        """Order what was quoted. Again, with the same quote or the same key, it returns the order made the first time.

        Raises UnknownQuote, QuoteTaken (dropped), KeyUsed, and plan.HoldLost with the date that is possible now when
        the quoted date can no longer be kept: then nothing is ordered and the page asks the buyer again.
        """
        if idempotency_key is not None:
            existing = self.store.order_with_key(buyer, idempotency_key)
            if existing is not None:
                return _same(existing, quote_id)
        quote = self._quote(quote_id, buyer, to_change=True)
        if quote.order is not None:
            return self.order(quote.order, buyer)
        if quote.state is not QuoteState.OPEN:
            raise QuoteTaken("this quote was dropped; ask for a new one")
        order_id = new_id("ord")
        promise = self._confirmed(quote, order_id)
        order = Order(
            id=order_id,
            number=f"B-{self.assets.next_number(ORDERS):05d}",
            quote=quote.id,
            buyer=buyer,
            product=quote.product,
            version=quote.version,
            configuration=quote.configuration,
            choices=quote.choices,
            quantity=quote.quantity,
            price=quote.price,
            promise=promise,
            first_promised=promise.date,
            placed_at=self.clock(),
        )
        self.store.add_order(order, idempotency_key)
        self.store.close_quote(quote.id, QuoteState.PLACED, order.id)
        self.tell(OrderPlaced(order.id, order.number, order.product, order.quantity, promise.date))
        return order

    def _confirmed(self, quote: Quote, order_id: str) -> plan.Promise:
        """The held promise made firm; a hold that is gone is made anew if that keeps the quoted date."""
        try:
            return self.plan.confirm(quote.hold, order_id)
        except plan.UnknownHold:
            words = self.configure.product(quote.product, quote.version).words
            demand = planned(self._demand(quote), words, quote.quantity)
            possible = self.plan.promise(demand)
            if possible.date > quote.promise.date:
                raise plan.HoldLost(possible) from None
            return self.plan.confirm(self.plan.hold(demand, self.hold_minutes).id, order_id)

    def _demand(self, of: Quote | Order) -> configure.Demand:
        return self.configure.configurator(of.product, of.version).explode(of.configuration)

    def demand(self, order: Order) -> configure.Demand:
        """Parts and operations of one unit of an order, as its product was when it was quoted."""
        return self._demand(order)

    def order(self, order_id: str, buyer: str | None = None) -> Order:
        """One order. Raises UnknownOrder."""
        return self._order(order_id, buyer, to_change=False)

    def _order(self, order_id: str, buyer: str | None, *, to_change: bool) -> Order:
        found = self.store.order(order_id, to_change=to_change)
        if found is None or (buyer is not None and found.buyer != buyer):
            raise UnknownOrder(f"there is no order {order_id}")
        return found

    def orders(self, buyer: str | None = None, *, states: Iterable[OrderState] | None = None, limit: int = 200) -> list[Order]:
        """Orders, the newest first."""
        return self.store.orders(buyer=buyer, states=None if states is None else set(states), limit=limit)

    def is_of(self, order_id: str, buyer: str) -> bool:
        """Whether an order exists and is this buyer's."""
        found = self.store.order(order_id)
        return found is not None and found.buyer == buyer

    def history(self, order_id: str) -> list[PromiseMove]:
        """Every time the order's promise was told anew, the first move first."""
        return self.store.moves(order_id)

    def track(self, order_id: str, buyer: str | None = None) -> Story:
        """The order as its buyer follows it: steps, the promise and what became of it. Raises UnknownOrder."""
        order = self.order(order_id, buyer)
        demand = self._demand(order)
        after = {operation.step: operation.after for operation in demand.operations}
        words = {operation.step: operation.words for operation in demand.operations}
        steps = steps_of(self.plan.bookings_of(order.id), after, words)
        return Story(order, tuple(steps), tuple(self.history(order.id)))

    def cancel(self, order_id: str, buyer: str | None = None) -> Order:
        """Cancel an order before its first operation is sent to a machine; capacity and material are free again.

        Raises UnknownOrder, WorkBegan. Again, it changes nothing.
        """
        order = self._order(order_id, buyer, to_change=True)
        cancelled = order.with_cancellation(self.clock())
        if cancelled == order:
            return order
        if any(booking.state is not plan.BookingState.PLANNED for booking in self.plan.bookings_of(order.id)):
            raise WorkBegan(f"order {order.number} can't be cancelled: its making has begun; ask the plant")
        self.plan.cancel(order.id)
        self.store.save(cancelled)
        self.tell(OrderCancelled(order.id, order.number))
        return cancelled

    def promise_moved(self, fact: plan.PromiseMoved) -> None:
        """The plan told a new date: keep it in the order's history. The same move again changes nothing.

        What is shown as the promise of now is what the plan stands by now, so it is right in whatever order moves are heard.
        """
        order = self._order(fact.order, None, to_change=True)
        moves = self.history(order.id)
        if moves and (moves[-1].before, moves[-1].after) == (fact.before, fact.after):
            return
        reason = Words(fact.reason_en, fact.reason_zh)
        move = PromiseMove(order.id, len(moves) + 1, self.clock(), fact.before, fact.after, fact.cause, reason)
        self.store.add_move(move)
        if order.state.is_open:
            told = self.plan.told(order.id)
            explained = replace(told, reason=reason) if told.date == fact.after else told
            self.store.save(replace(order, promise=explained))
        self.tell(
            PromiseTold(
                order=order.id,
                number=order.number,
                buyer=order.buyer,
                before=fact.before,
                after=fact.after,
                cause=fact.cause,
                reason_en=fact.reason_en,
                reason_zh=fact.reason_zh,
            )
        )

    def work_began(self, order_id: str) -> None:
        """A machine began with an order's first operation. Again, it changes nothing. Raises UnknownOrder."""
        order = self._order(order_id, None, to_change=True)
        begun = order.with_work_begun()
        if begun != order:
            self.store.save(begun)

    def unit_completed(self, order_id: str, at: datetime, *, left: int = 0) -> Order:
        """A unit is finished; with none left to make, the order is completed and waits for the hand-over.

        Again, it changes nothing. Raises UnknownOrder.
        """
        order = self._order(order_id, None, to_change=True)
        completed = order.with_completion(at) if left == 0 else order
        if completed != order:
            self.store.save(completed)
            self.tell(OrderCompleted(order.id, order.number, at))
        return completed

    def hand_over_due(self, now: datetime) -> list[str]:
        """Orders that are completed, packed, and whose hand-over has come; only reads."""
        completed = self.store.orders(states={OrderState.COMPLETED})
        return [order.id for order in completed if order.completed_at and self._handed_over_at(order.completed_at) <= now]

    def _handed_over_at(self, completed_at: datetime) -> datetime:
        return self.plan.settings.next_hand_over(completed_at + self.plan.settings.packing)

    def hand_over(self, now: datetime) -> list[Order]:
        """Deliver what is due for it; decides whether the promise was kept."""
        delivered = []
        for order_id in self.hand_over_due(now):
            order = self._order(order_id, None, to_change=True)
            if order.state is not OrderState.COMPLETED or order.completed_at is None:
                continue
            at = self._handed_over_at(order.completed_at)
            handed_over = order.with_delivery(at)
            self.store.save(handed_over)
            kept, kept_last = bool(handed_over.kept), bool(handed_over.kept_last)
            self.tell(OrderDelivered(order.id, order.number, at, kept, kept_last))
            delivered.append(handed_over)
        return delivered

    def kept_rate(self) -> KeptRate:
        """How many promises are due by now, and how many of them were kept."""
        return kept_rate(self.store.orders(), self.clock())


@dataclass(frozen=True)
class _Wish:
    """What is asked for, by what makes the answer: so long as the product says the same, the demand is the same."""

    digest: str
    choices: frozenset[str]
    quantity: int
    product: configure.Product = field(compare=False, repr=False)


@lru_cache(maxsize=4096)
def _demand_of(wish: _Wish) -> plan.Demand:
    """The demand of the cheapest configuration with the choices; kept for a while, for buyers go back and forth."""
    configurator = configure.configurator_of(wish.product)
    try:
        demand = configurator.explode(wish.choices)
    except configure.Incomplete:
        demand = configurator.explode(configurator.complete(sorted(wish.choices)))
    return planned(demand, wish.product.words, wish.quantity)


def _wanted(product: configure.Product, choices: Iterable[str], quantity: int) -> plan.Demand:
    return _demand_of(_Wish(f"{product.id}:{product.digest}", frozenset(choices), quantity, product))


def _checked(quantity: int) -> int:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise WrongQuantity(f"an order has 1 to {QUANTITY_MAX} units, not {quantity}; make several orders", where="quantity")
    return quantity


def _same(order: Order, quote_id: str) -> Order:
    if order.quote != quote_id:
        raise KeyUsed(f"order {order.number} was placed with this key; use a new key for another order")
    return order
