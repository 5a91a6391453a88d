"""Quotes, orders, and what was promised to whom: the date first told, every move with its reason, kept or broken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from lotone import configure, plan
from lotone.identity import Actor, may
from lotone.kernel import Conflict, Invalid, Money, NotFound, Words
from lotone.plan import Booking, BookingState, Promise

QUANTITY_MAX = 50
"""Units in one order: every unit has a place in the schedule of its own; larger orders are several orders."""


class UnknownQuote(NotFound):
    """No quote with this id is this buyer's."""


class UnknownOrder(NotFound):
    """No order with this id is this buyer's."""


class QuoteTaken(Conflict):
    """The quote was ordered or dropped already."""


class KeyUsed(Conflict):
    """The idempotency key belongs to another order."""


class WorkBegan(Conflict):
    """The order can't be cancelled: its first operation has been sent to a machine."""


class WrongQuantity(Invalid):
    """An order has a whole number of units from 1 up to a limit."""


class QuoteState(StrEnum):
    OPEN = "open"
    PLACED = "placed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Quote:
    """A price and a promise for one configuration, held for a buyer until `expires_at` (wall clock)."""

    id: str
    product: str
    version: int
    configuration: tuple[str, ...]
    """The complete configuration: every selected feature."""
    choices: tuple[str, ...]
    """What the buyer chose."""
    quantity: int
    price: Money
    """Of all units together."""
    promise: Promise
    hold: str
    expires_at: datetime
    buyer: str | None = None
    state: QuoteState = QuoteState.OPEN
    order: str | None = None


class OrderState(StrEnum):
    PLACED = "placed"
    IN_WORK = "in_work"
    COMPLETED = "completed"
    """All units are finished; they wait for the hand-over."""
    DELIVERED = "delivered"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in (OrderState.PLACED, OrderState.IN_WORK, OrderState.COMPLETED)


@dataclass(frozen=True)
class Order:
    """What a buyer ordered. Times are plant times, as promises are."""

    id: str
    number: str
    """For people: `B-00042`."""
    quote: str
    buyer: str
    product: str
    version: int
    configuration: tuple[str, ...]
    choices: tuple[str, ...]
    quantity: int
    price: Money
    promise: Promise
    """As it was told last."""
    first_promised: datetime
    """The date that was told when the order was placed."""
    placed_at: datetime
    state: OrderState = OrderState.PLACED
    completed_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def promised(self) -> datetime:
        """The date that was told last."""
        return self.promise.date

    @property
    def kept(self) -> bool | None:
        """Whether it was delivered by the date that was told first; None until it is delivered."""
        return None if self.delivered_at is None else self.delivered_at <= self.first_promised

    @property
    def kept_last(self) -> bool | None:
        """Whether it was delivered by the date that was told last; None until it is delivered."""
        return None if self.delivered_at is None else self.delivered_at <= self.promised

    def with_work_begun(self) -> "Order":
        return replace(self, state=OrderState.IN_WORK) if self.state is OrderState.PLACED else self

    def with_completion(self, at: datetime) -> "Order":
        is_working = self.state in (OrderState.PLACED, OrderState.IN_WORK)
        return replace(self, state=OrderState.COMPLETED, completed_at=at) if is_working else self

    def with_delivery(self, at: datetime) -> "Order":
        return replace(self, state=OrderState.DELIVERED, delivered_at=at) if self.state is OrderState.COMPLETED else self

    def with_cancellation(self, at: datetime) -> "Order":
        if self.state is OrderState.CANCELLED:
            return self
        if self.state is not OrderState.PLACED:
            raise WorkBegan(f"order {self.number} can't be cancelled: its making has begun; ask the plant")
        return replace(self, state=OrderState.CANCELLED, cancelled_at=at)


@dataclass(frozen=True)
class PromiseMove:
    """One time the promise was told anew: when (plant time), from which date to which, and why."""

    order: str
    position: int
    at: datetime
    before: datetime
    after: datetime
    cause: str
    reason: Words

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "before": self.before.isoformat(),
            "after": self.after.isoformat(),
            "cause": self.cause,
            "reason": self.reason.as_dict(),
        }


def planned(demand: configure.Demand, words: Words, quantity: int) -> plan.Demand:
    """What a configuration needs, as the plan reads it."""
    parts: dict[str, dict[str, float]] = {}
    for need in demand.parts:
        at_step = parts.setdefault(need.operation, {})
        at_step[need.part] = at_step.get(need.part, 0.0) + need.quantity
    operations = tuple(
        _operation(
            operation.step,
            operation.work_center,
            operation.minutes,
            operation.words,
            operation.after,
            operation.wait_after_minutes,
            operation.work_units,
            tuple(parts.get(operation.step, {}).items()),
            operation.setup,
            operation.batch,
            operation.size,
            operation.also,
            operation.wait_most_minutes,
        )
        for operation in demand.operations
    )
    return plan.Demand(operations, words, quantity)


@lru_cache(maxsize=4096)
def _operation(
    step: str,
    work_center: str,
    minutes: float,
    words: Words,
    after: tuple[str, ...],
    wait_after_minutes: float,
    work_units: tuple[str, ...] | None,
    parts: tuple[tuple[str, float], ...],
    setup: str,
    batch: str,
    size: float,
    also: tuple[str, ...],
    wait_most_minutes: float | None,
) -> plan.OperationNeed:
    """The same operation for all configurations that need it just so: what the plan works out for one holds for all."""
    return plan.OperationNeed(
        step, work_center, minutes, words, after, wait_after_minutes, work_units, parts=dict(parts),
        setup=setup, batch=batch, size=size, also=also, wait_most_minutes=wait_most_minutes,
    )  # fmt: skip


class StepState(StrEnum):
    DONE = "done"
    RUNNING = "running"
    NEXT = "next"
    """All steps before it are done."""
    LATER = "later"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Step:
    """One operation as the buyer sees it: planned times, or the real ones when it has happened."""

    unit: int
    step: str
    words: Words
    state: StepState
    work_unit: str
    start: datetime
    end: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "step": self.step,
            "name": self.words.as_dict(),
            "state": self.state.value,
            "work_unit": self.work_unit,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
        }


@dataclass(frozen=True)
class Story:
    """An order as its buyer follows it: what is done, what runs, what comes, and what became of the promise."""

    order: Order
    steps: tuple[Step, ...]
    history: tuple[PromiseMove, ...]

    @property
    def done_share(self) -> float:
        """Share of the planned working time that is done."""
        total = sum((step.end - step.start).total_seconds() for step in self.steps)
        done = sum((step.end - step.start).total_seconds() for step in self.steps if step.state is StepState.DONE)
        return done / total if total else 0.0

    def as_json(self) -> dict[str, Any]:
        order = self.order
        moments = {
            "promised": order.promised,
            "first_promised": order.first_promised,
            "placed_at": order.placed_at,
            "completed_at": order.completed_at,
            "delivered_at": order.delivered_at,
            "cancelled_at": order.cancelled_at,
        }
        return {
            "order": order.id,
            "number": order.number,
            "state": order.state.value,
            "product": order.product,
            "quantity": order.quantity,
            "choices": list(order.choices),
            "price": {"amount": order.price.cents / 100, "currency": order.price.currency},
            "promise": order.promise.as_json(),
            "kept": order.kept,
            "kept_last": order.kept_last,
            "done_share": round(self.done_share, 3),
            "steps": [step.as_json() for step in self.steps],
            "history": [move.as_json() for move in self.history],
            **{name: at and at.isoformat() for name, at in moments.items()},
        }


def steps_of(bookings: Iterable[Booking], after: Mapping[str, tuple[str, ...]], words: Mapping[str, Words]) -> list[Step]:
    """The steps of an order from its bookings; `after` says which steps come before each."""
    known = sorted(bookings, key=lambda booking: (booking.unit, booking.start, booking.step))
    done = {(booking.unit, booking.step) for booking in known if booking.state is BookingState.DONE}

    def state(booking: Booking) -> StepState:
        match booking.state:
            case BookingState.DONE:
                return StepState.DONE
            case BookingState.STARTED:
                return StepState.RUNNING
            case BookingState.CANCELLED:
                return StepState.CANCELLED
        is_next = all((booking.unit, before) in done for before in after.get(booking.step, ()))
        return StepState.NEXT if is_next else StepState.LATER

    return [
        Step(
            unit=booking.unit,
            step=booking.step,
            words=words.get(booking.step, Words(booking.step)),
            state=state(booking),
            work_unit=booking.work_unit,
            start=booking.start,
            end=booking.end,
        )
        for booking in known
    ]


@dataclass(frozen=True)
class KeptRate:
    """How honest the promises were: of those that are due, how many were kept."""

    due: int
    """Orders that were delivered, or whose first told date has passed."""
    kept: int
    """Delivered by the date told first."""
    kept_last: int
    """Delivered by the date told last."""

    @property
    def share(self) -> float | None:
        return self.kept / self.due if self.due else None


def kept_rate(orders: Iterable[Order], now: datetime) -> KeptRate:
    """The figures over orders that were not cancelled; one that is overdue and not delivered counts as not kept."""
    wanted = [order for order in orders if order.state is not OrderState.CANCELLED]
    due = [order for order in wanted if order.delivered_at is not None or order.first_promised <= now]
    return KeptRate(len(due), sum(bool(order.kept) for order in due), sum(bool(order.kept_last) for order in due))


def buyer_of(actor: Actor) -> str | None:
    """Whose orders an actor may see: her own, or (None) everybody's in her organization."""
    return None if may(actor, "orders.read") else actor.who
