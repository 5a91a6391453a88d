"""What would move a date: the same question asked again on copies of the plan that are changed in one thing each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from lotone.kernel import LotOneError, Words
from lotone.plan.model.altering import Buy, Change, Overtime, arrives, opened_hours
from lotone.plan.model.asking import GUEST, UNTOLD
from lotone.plan.model.binding import promise_for
from lotone.plan.model.booking import Booking, Resource
from lotone.plan.model.demand import Demand
from lotone.plan.model.going_first import GoFirst, NewOrder, can_move
from lotone.plan.model.insert import insert
from lotone.plan.model.promise import Binding, BindingKind, Promise
from lotone.plan.model.scenario import forked
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot
from lotone.plan.model.supply import SMALL, SupplierOffer

OVERTIME_MINUTES = 120
"""Tried after the last shift where a calendar keeps no hours for overtime."""
OVERTIME_DAYS = 14
RESOURCES_MOST = 2
PARTS_MOST = 2
"""Only what binds most is tried: what binds less does not move the date by itself."""


@dataclass(frozen=True)
class Delay:
    """Another order that would no longer be ready when its buyer was told."""

    order: str
    words: Words
    promised: datetime
    hand_over: datetime


@dataclass(frozen=True)
class Lever:
    """One thing that makes a date earlier."""

    change: Change
    words: Words
    promise: Promise
    earlier: timedelta
    cost: float | None
    """In the plant's currency; None where nobody said what it costs."""
    currency: str
    delays: tuple[Delay, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.change.kind,
            "words": self.words.as_dict(),
            "date": self.promise.date.isoformat(),
            "earlier_hours": self.earlier.total_seconds() / 3600,
            "cost": self.cost,
            "currency": self.currency,
            "delays": [
                {
                    "order": each.order,
                    "words": each.words.as_dict(),
                    "promised": each.promised.isoformat(),
                    "hand_over": each.hand_over.isoformat(),
                }
                for each in self.delays
            ],
            "change": self.change.as_json(),
        }


@dataclass(frozen=True)
class Levers:
    """What a date is now, and what would make it earlier, the earliest first."""

    now: Promise
    levers: tuple[Lever, ...]


@dataclass(frozen=True)
class _Asked:
    promise: Promise
    bookings: tuple[Booking, ...]


_Ask = Callable[[Snapshot], _Asked]


def levers_of_demand(snapshot: Snapshot, demand: Demand) -> Levers:
    """What would make the date of something earlier that nobody has ordered yet. Raises what a promise raises."""
    numbers = count(1)

    def ask(fork: Snapshot) -> _Asked:
        inserted = insert(fork, demand, GUEST, lambda: f"guest-{next(numbers)}")
        guest = Commitment(
            GUEST, fork.version + 1, demand, inserted.bookings, inserted.reservations, UNTOLD, UNTOLD.date
        )  # fmt: skip
        return _Asked(promise_for(fork.with_commitments([guest]), guest), inserted.bookings)

    kept = snapshot.commitments.reserved_total
    total = {part: kept.get(part, 0.0) + quantity * demand.quantity for part, quantity in _parts(demand).items()}
    return _Levers(snapshot, ask, total).found(NewOrder(demand, is_first=True), None)


def levers_of_order(snapshot: Snapshot, commitment: Commitment) -> Levers:
    """What would make an order earlier that stands in the plan."""

    def ask(fork: Snapshot) -> _Asked:
        own = fork.commitments[commitment.id]
        settled = settle(fork, pull=[each.id for each in own.bookings if can_move(each)])
        own = settled.commitments[commitment.id]
        return _Asked(promise_for(settled, own), own.bookings)

    earlier = [
        each for each in snapshot.commitments.values() if (each.sequence, each.id) <= (commitment.sequence, commitment.id)
    ]
    total: dict[str, float] = {}
    for each in earlier:
        for kept in each.reservations:
            total[kept.part] = total.get(kept.part, 0.0) + kept.quantity
    mine = {kept.part for kept in commitment.reservations}
    first = GoFirst(commitment.order) if commitment.order and commitment.state is CommitmentState.FIRM else None
    return _Levers(snapshot, ask, {part: total[part] for part in mine}).found(first, commitment.id)


def _parts(demand: Demand) -> dict[str, float]:
    total: dict[str, float] = {}
    for need in demand.operations:
        for part, quantity in need.parts.items():
            total[part] = total.get(part, 0.0) + quantity
    return total


class _Levers:
    def __init__(self, snapshot: Snapshot, ask: _Ask, totals: dict[str, float]) -> None:
        self.snapshot = snapshot
        self.ask = ask
        self.totals = totals
        """For each part of the demand, what is kept for everybody up to it, itself included."""
        self.now = ask(snapshot).promise
        self.currency = snapshot.supply.currency

    def found(self, rush: Change | None, own: str | None) -> Levers:
        tried = [*self._overtimes(), *self._purchases()]
        if rush is not None:
            tried += self._rush(rush, own)
        better = [each for each in tried if each.promise.date < self.now.date]
        ranked = sorted(better, key=lambda each: (each.promise.date, len(each.delays), each.cost or 0.0, each.words.en))
        return Levers(self.now, tuple(ranked))

    def _lever(self, change: Change, promise: Promise, cost: float | None, delays: tuple[Delay, ...] = ()) -> Lever:
        words = change.said(self.snapshot)
        return Lever(change, words, promise, self.now.date - promise.date, cost, self.currency, delays)

    def _binding(self, *kinds: BindingKind) -> Iterator[Binding]:
        return (each for each in self.now.binding if each.kind in kinds)

    def _overtimes(self) -> Iterator[Lever]:
        names = {each.subject.en for each in self._binding(BindingKind.MACHINE, BindingKind.CALENDAR, BindingKind.REPAIR)}
        by_hours = sorted(self.now.binding, key=lambda each: -each.hours)
        order = [each.subject.en for each in by_hours if each.subject.en in names]
        machines = [each for each in self.snapshot.resources.values() if each.name.en in names]
        for machine in sorted(machines, key=lambda each: order.index(each.name.en))[:RESOURCES_MOST]:
            lever = self._overtime(machine, machine.work_unit)
            if lever is None or lever.promise.date >= self.now.date:
                lever = self._overtime(machine, machine.calendar)  # all who work the same hours: one alone does not help
            if lever is not None:
                yield lever

    def _overtime(self, machine: Resource, where: str) -> Lever | None:
        change = self._all_overtime(machine, where)
        if change is None:
            return None
        try:
            fork = change.on(self.snapshot)
            asked = self.ask(fork)
        except LotOneError:
            return None
        days = self._used(asked.bookings)
        if not days:
            return None
        fewer = replace(change, days=tuple(sorted(days.intersection(change.days))) or change.days)
        hours = opened_hours(self.snapshot, fewer.on(self.snapshot), asked.promise.date)
        rate = self.snapshot.calendars[machine.calendar].overtime_cost_per_hour
        return self._lever(fewer, asked.promise, hours * rate if rate else None)

    def _all_overtime(self, machine: Resource, where: str) -> Overtime | None:
        """Overtime on every day until the date that holds now."""
        calendar, settings = self.snapshot.calendars[machine.calendar], self.snapshot.settings
        today = self.snapshot.now.astimezone(settings.zone).date()
        count_of_days = min((self.now.date.astimezone(settings.zone).date() - today).days + 1, OVERTIME_DAYS)
        days = tuple(today + timedelta(days=number) for number in range(count_of_days))
        if calendar.overtime:
            return Overtime(where, days)
        worked = {weekday for shift in calendar.shifts for weekday in shift.weekdays}
        closing = max((shift.end for shift in calendar.shifts), default=24 * 60)
        days = tuple(each for each in days if each.weekday() in worked)
        if closing >= 24 * 60 or not days:
            return None  # the machine works at night already
        return Overtime(where, days, closing, closing + OVERTIME_MINUTES)

    def _used(self, bookings: Iterable[Booking]) -> set[date]:
        """The plant's days on which bookings run on machines that are closed then today."""
        zone = self.snapshot.settings.zone
        return {
            gap.start.astimezone(zone).date()
            for each in bookings
            if each.start >= self.snapshot.now
            for gap in self.snapshot.hours(each.work_unit).gaps(each.start, each.end)
        }

    def _purchases(self) -> Iterator[Lever]:
        supply = self.snapshot.supply
        late = sorted(self._binding(BindingKind.MATERIAL), key=lambda each: -each.hours)[:PARTS_MOST]
        for binding in late:
            parts = [part for part in self.totals if supply.parts.get(part, Words(part)) == binding.subject]
            for part in parts:
                offers = [each for each in supply.offers if each.part == part]
                for offer in sorted(offers, key=lambda each: (each.lead_time_days, each.price)):
                    lever = self._purchase(offer, binding.until)
                    if lever is not None:
                        yield lever

    def _purchase(self, offer: SupplierOffer, until: datetime) -> Lever | None:
        at = arrives(self.snapshot, offer)
        supply = self.snapshot.supply
        there = supply.on_hand.get(offer.part, 0.0)
        there += sum(each.quantity for each in supply.arriving if each.part == offer.part and each.at <= at)
        short = self.totals[offer.part] - there
        if at >= until or short <= SMALL:
            return None
        change = Buy(offer.part, offer.supplier, max(short, offer.least))
        try:
            asked = self.ask(change.on(self.snapshot))
        except LotOneError:
            return None
        return self._lever(change, asked.promise, offer.price * change.quantity)

    def _rush(self, change: Change, own: str | None) -> Iterator[Lever]:
        try:
            fork = forked(self.snapshot, [change])
        except LotOneError:
            return
        name = own or next(key for key in fork.commitments if key not in self.snapshot.commitments)
        promise = promise_for(fork, fork.commitments[name])
        yield self._lever(change, promise, None, tuple(_delays(self.snapshot, fork, name)))


def _delays(before: Snapshot, after: Snapshot, own: str) -> Iterator[Delay]:
    """The orders that would break a promise which they would keep now."""
    packing = after.settings.packing
    for key, each in after.commitments.items():
        old = before.commitments.get(key)
        if key == own or old is each or old is None or each.order is None:
            continue
        ready = each.completion + packing
        if ready > each.told.date >= old.completion + packing:
            yield Delay(each.order, each.demand.words, each.told.date, after.settings.next_hand_over(ready))
