"""Insertion: the operations of a new demand are put into the plan as it stands, each where it can end first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.busy import Busy, first_fit
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Reservation


@dataclass(frozen=True)
class Insertion:
    """Where a demand can be made and what material it takes."""

    bookings: tuple[Booking, ...]
    reservations: tuple[Reservation, ...]


def insert(snapshot: Snapshot, demand: Demand, commitment: str, new_id: Callable[[], str]) -> Insertion:
    """Put every operation, none before those it follows, on the machine where it ends first: in the first gap that fits
    into open hours, after the machine's repair, after its material is there, and not before now.

    What is booked already is never moved. Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    return _Inserter(snapshot, demand, commitment, new_id).run()


class _Inserter:
    def __init__(self, snapshot: Snapshot, demand: Demand, commitment: str, new_id: Callable[[], str]) -> None:
        self.snapshot = snapshot
        self.demand = demand
        self.commitment = commitment
        self.new_id = new_id
        self.own: dict[str, Busy] = {}
        self.taken: dict[str, float] = {}
        self.bookings: list[Booking] = []
        self.reservations: list[Reservation] = []

    def run(self) -> Insertion:
        for unit in range(1, self.demand.quantity + 1):
            ends: dict[str, datetime] = {}
            for need in self.demand.in_order:
                booking = self._place(unit, need, ends)
                self.own.setdefault(booking.work_unit, Busy()).add(booking.start, booking.end)
                self.bookings.append(booking)
                ends[need.step] = booking.end
        return Insertion(tuple(self.bookings), tuple(self.reservations))

    def _place(self, unit: int, need: OperationNeed, ends: Mapping[str, datetime]) -> Booking:
        place = Place(self.commitment, unit, need.step)
        ready = self._reserve(place, need.parts)
        for step in need.after:
            ready = max(ready, ends[step] + self.demand.by_step[step].wait)
        start, end, machine = first_end(self.snapshot, need, ready, self.own)
        minutes = need.minutes_on.get(machine.work_unit, need.minutes)
        return Booking(
            self.new_id(), self.commitment, unit, need.step, machine.work_center, machine.work_unit, start, end, minutes,
            BookingState.HELD,
        )  # fmt: skip

    def _reserve(self, place: Place, parts: Mapping[str, float]) -> datetime:
        """Keep the parts of an operation; returns when all of them can be there."""
        ready = self.snapshot.now
        for part, quantity in parts.items():
            before = self.taken.get(part)
            if before is None:
                before = self.snapshot.commitments.reserved_total.get(part, 0.0)
            self.taken[part] = before + quantity
            served, covered = self.snapshot.stock.served(part, before + quantity)
            if not covered:
                self.snapshot.stock.buy(part)
            self.reservations.append(Reservation(place, part, quantity, None if covered else served.at))
            ready = max(ready, served.at)
        return ready


def first_end(
    snapshot: Snapshot, need: OperationNeed, ready: datetime, own: Mapping[str, Busy]
) -> tuple[datetime, datetime, Resource]:
    """Start, end and machine of an operation where it ends first; between equals the first machine by name."""
    best: tuple[datetime, datetime, Resource] | None = None
    machines = snapshot.candidates(need)
    for machine in machines:
        duration = need.duration(machine.work_unit)
        start = fit(snapshot, machine.work_unit, ready, duration, own.get(machine.work_unit))
        if start is not None and (best is None or start + duration < best[1]):
            best = (start, start + duration, machine)
    if best is None:
        raise _why_nowhere(snapshot, need, machines)
    return best


def fit(snapshot: Snapshot, work_unit: str, ready: datetime, duration: timedelta, own: Busy | None = None) -> datetime | None:
    """When a machine can first begin something of this duration; None when never as far as the plan looks ahead."""
    busy = [snapshot.busy(work_unit)]
    if snapshot.resources[work_unit].is_down:
        busy.append(snapshot.repair(work_unit))
    if own is not None:
        busy.append(own)
    return first_fit(snapshot.hours(work_unit), busy, ready, duration)


def _why_nowhere(snapshot: Snapshot, need: OperationNeed, machines: list[Resource]) -> Exception:
    if not machines:
        wanted = (
            f"none of {', '.join(need.work_units)}" if need.work_units else f"no machine of work center {need.work_center}"
        )
        return NoMachine(f"{wanted} is known, so step {need.step} can't be made; add the machine", where=need.step)
    longest = {machine.work_unit: snapshot.hours(machine.work_unit).longest for machine in machines}
    if all(need.duration(unit) > window for unit, window in longest.items()):
        calendars = ", ".join(sorted({machine.calendar for machine in machines}))
        hours = max(longest.values()).total_seconds() / 3600
        return DoesNotFit(
            f"step {need.step} takes {need.minutes:g} minutes without a break, but calendar {calendars} is open for at most"
            f" {hours:g} hours at a time; split the step or lengthen the shift",
            where=need.step,
        )
    return NoCapacity(f"nothing is free for step {need.step} within a year")
