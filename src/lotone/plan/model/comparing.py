"""Plans side by side: dates, lateness, load and cost of one plan as figures that can be kept and compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lotone.kernel import Words
from lotone.plan.model.altering import Change
from lotone.plan.model.scenario import value_of
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import CommitmentState, Snapshot

DAYS = 14
"""Load is shown for so many days."""


@dataclass(frozen=True)
class OrderDate:
    """One order in a plan: what was told to its buyer, and when it is expected to be packed."""

    order: str
    words: Words
    promised: datetime
    expected: datetime
    hand_over: datetime
    """The hand-over that an expected completion reaches."""
    weight: float

    @property
    def late_hours(self) -> float:
        return max(0.0, (self.expected - self.promised).total_seconds() / 3600)

    @property
    def is_late(self) -> bool:
        return self.expected > self.promised


@dataclass(frozen=True)
class CenterDay:
    """How full a work center is on one day of the plant."""

    center: str
    day: datetime
    open_hours: float
    booked_hours: float

    @property
    def share(self) -> float | None:
        return self.booked_hours / self.open_hours if self.open_hours > 0 else None


@dataclass(frozen=True)
class Bought:
    """What has to be bought for the orders of a plan, beyond stock and what is on its way."""

    part: str
    words: Words
    quantity: float
    cost: float | None
    """None where nobody offers it."""
    supplier: Words | None


@dataclass(frozen=True)
class Outlook:
    """One plan in figures."""

    version: int
    now: datetime
    orders: tuple[OrderDate, ...]
    days: tuple[CenterDay, ...]
    bought: tuple[Bought, ...]
    tardiness_hours: float
    """Weighted hours of lateness against what was told."""
    mean_hours: float
    """Weighted mean time until an order is packed."""
    ends: datetime
    setups: int
    setup_hours: float
    booked_hours: float
    extra_cost: float
    """Of the shifts, overtime and machines that the scenario adds, as far as their costs were given."""
    currency: str

    @property
    def late(self) -> int:
        return sum(each.is_late for each in self.orders)

    @property
    def bought_cost(self) -> float:
        return sum(each.cost or 0.0 for each in self.bought)

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "now": self.now.isoformat(),
            "orders": [
                [e.order, e.words.as_dict(), e.promised.isoformat(), e.expected.isoformat(), e.hand_over.isoformat(), e.weight]
                for e in self.orders
            ],
            "days": [[each.center, each.day.isoformat(), each.open_hours, each.booked_hours] for each in self.days],
            "bought": [
                [each.part, each.words.as_dict(), each.quantity, each.cost, each.supplier and each.supplier.as_dict()]
                for each in self.bought
            ],
            "ends": self.ends.isoformat(),
            "currency": self.currency,
            **{name: getattr(self, name) for name in _NUMBERS},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Outlook":
        orders = (
            OrderDate(order, Words.from_dict(words), _moment(promised), _moment(expected), _moment(over), weight)
            for order, words, promised, expected, over, weight in values["orders"]
        )
        days = (CenterDay(center, datetime.fromisoformat(at), *hours) for center, at, *hours in values["days"])
        bought = (
            Bought(part, Words.from_dict(words), quantity, cost, Words.from_dict(supplier) if supplier else None)
            for part, words, quantity, cost, supplier in values["bought"]
        )
        return cls(
            version=values["version"],
            now=datetime.fromisoformat(values["now"]),
            orders=tuple(orders),
            days=tuple(days),
            bought=tuple(bought),
            ends=datetime.fromisoformat(values["ends"]),
            currency=values["currency"],
            **{name: values[name] for name in _NUMBERS},
        )


_moment = datetime.fromisoformat
_NUMBERS = ("tardiness_hours", "mean_hours", "setups", "setup_hours", "booked_hours", "extra_cost")


def outlook_of(snapshot: Snapshot, changes: Iterable[Change] = (), before: Snapshot | None = None) -> Outlook:
    """The figures of a plan; `changes` are those that made it from `before`, and may cost something."""
    value, (setups, setup_hours) = value_of(snapshot, before), _setups(snapshot)
    ends = max((each.end for each in snapshot.open_bookings()), default=snapshot.now)
    return Outlook(
        version=snapshot.version,
        now=snapshot.now,
        orders=_orders(snapshot),
        days=_days(snapshot),
        bought=_bought(snapshot),
        tardiness_hours=value.tardiness_hours,
        mean_hours=value.mean_hours,
        ends=ends,
        setups=setups,
        setup_hours=setup_hours,
        booked_hours=sum((each.duration for each in snapshot.open_bookings()), timedelta()).total_seconds() / 3600,
        extra_cost=sum(each.cost(before, snapshot, ends) for each in changes) if before else 0.0,
        currency=snapshot.supply.currency,
    )


def _orders(snapshot: Snapshot) -> tuple[OrderDate, ...]:
    found = []
    hand_over = _HandOvers(snapshot.settings)
    for each in snapshot.commitments.values():
        if each.state is CommitmentState.FIRM and each.bookings:
            expected = each.completion + snapshot.settings.packing
            date = OrderDate(
                each.order or each.id,
                each.demand.words,
                each.told.date,
                expected,
                hand_over.after(expected),
                each.demand.weight,
            )
            found.append(date)
    return tuple(sorted(found, key=lambda each: (each.promised, each.order)))


class _HandOvers:
    """The hand-over after a moment; asked for thousands of orders, of which many have the same."""

    def __init__(self, settings: PlanSettings) -> None:
        self.settings = settings
        self.known: dict[datetime, datetime] = {}

    def after(self, moment: datetime) -> datetime:
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if hour not in self.known:
            self.known[hour] = self.settings.next_hand_over(hour)
        found = self.known[hour]
        return found if found >= moment else self.settings.next_hand_over(moment)


def _days(snapshot: Snapshot) -> tuple[CenterDay, ...]:
    zone = snapshot.settings.zone
    starts = [snapshot.now]
    while len(starts) <= DAYS:
        starts.append(snapshot.settings.next_day(starts[-1]))
    opened: dict[tuple[str, int], timedelta] = {}
    booked: dict[tuple[str, int], timedelta] = {}
    machines = [each for each in snapshot.resources.values() if each.is_machine]
    for machine in machines:
        hours, queue = snapshot.hours(machine.work_unit), snapshot.busy(machine.work_unit)
        for number in range(DAYS):
            start, end = starts[number], starts[number + 1]
            key = machine.work_center, number
            opened[key] = opened.get(key, timedelta()) + hours.total(start, end)
            stretches = zip(queue.starts, queue.ends, strict=True)
            taken = sum((max(min(high, end) - max(low, start), timedelta()) for low, high in stretches), timedelta())
            booked[key] = booked.get(key, timedelta()) + taken
    return tuple(
        CenterDay(center, starts[number].astimezone(zone), _hours(opened[center, number]), _hours(booked[center, number]))
        for center, number in sorted(opened)
    )


def _bought(snapshot: Snapshot) -> tuple[Bought, ...]:
    supply = snapshot.supply
    coming = dict(supply.on_hand)
    for arrival in supply.arriving:
        coming[arrival.part] = coming.get(arrival.part, 0.0) + arrival.quantity
    found = []
    for part, total in sorted(snapshot.commitments.reserved_total.items()):
        short = total - coming.get(part, 0.0)
        if short > 1e-9:
            supplier = supply.suppliers.get(part)
            offer = next((each for each in supply.offers if each.part == part and each.words == supplier), None)
            quantity = max(short, offer.least) if offer else short
            cost = offer.price * quantity if offer else None
            found.append(Bought(part, supply.parts.get(part, Words(part)), quantity, cost, supplier))
    return tuple(found)


def _setups(snapshot: Snapshot) -> tuple[int, float]:
    """How often machines are set up for what is planned, and the hours that takes."""
    number, minutes = 0, 0.0
    for machine in snapshot.resources.values():
        matrix = snapshot.setups.get(machine.setups) if machine.setups else None
        queue = snapshot.queues.get(machine.work_unit)
        if matrix is None or queue is None:
            continue
        state = machine.state
        for booking in queue.bookings:
            wanted = snapshot.commitments[booking.commitment].need(booking).setup
            if wanted and state and wanted != state:
                number, minutes = number + 1, minutes + matrix.minutes_between(state, wanted)
            state = wanted or state
    return number, minutes / 60


def _hours(time: timedelta) -> float:
    return time.total_seconds() / 3600


@dataclass(frozen=True)
class Row:
    """One order in several plans, in their order; None where a plan does not have it."""

    order: str
    words: Words
    promised: datetime
    dates: tuple[OrderDate | None, ...]

    @property
    def differs(self) -> bool:
        """Whether it is packed at another time in any of the plans."""
        return len({each.expected if each else None for each in self.dates}) > 1


def side_by_side(outlooks: Sequence[Outlook]) -> list[Row]:
    """Every order of several plans, as it stands in each, by what was told."""
    by_order = [{each.order: each for each in outlook.orders} for outlook in outlooks]
    names = dict.fromkeys(each.order for outlook in outlooks for each in outlook.orders)
    rows = []
    for name in names:
        dates = tuple(orders.get(name) for orders in by_order)
        first = next(each for each in dates if each is not None)
        rows.append(Row(name, first.words, first.promised, dates))
    return sorted(rows, key=lambda each: (each.promised, each.order))
