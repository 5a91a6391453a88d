"""Insertion: the operations of a new demand are put into the plan as it stands, each where it can end first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.busy import Busy, first_fit
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Ready, Reservation


@dataclass(frozen=True)
class Insertion:
    """Where a demand can be made and what material it takes."""

    bookings: tuple[Booking, ...]
    reservations: tuple[Reservation, ...]


Steps = dict[tuple[int, str], Ready]
"""By unit and step, the part that is there last; nothing for a step whose parts are all there now."""


def insert(snapshot: Snapshot, demand: Demand, commitment: str, new_id: Callable[[], str]) -> Insertion:
    """Put every operation, none before those it follows, on the machine where it ends first: in the first gap that fits
    into open hours, after the machine's repair, after its material is there, and not before now.

    What is booked already is never moved. Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    taken = list(_taken(snapshot, demand))
    reservations = tuple(
        Reservation(Place(commitment, each.unit, each.step), each.part, each.quantity, None if each.covered else each.ready.at)
        for each in taken
    )
    return Insertion(place(snapshot, demand, commitment, _last(taken, snapshot.now), new_id), reservations)


class _Taken(NamedTuple):
    unit: int
    step: str
    part: str
    quantity: float
    ready: Ready
    covered: bool


def _taken(snapshot: Snapshot, demand: Demand) -> Iterator[_Taken]:
    """The parts that a demand takes after all that is kept already. It does not depend on when its steps are done."""
    stock, totals = snapshot.stock, dict[str, float]()
    kept = snapshot.commitments.reserved_total
    for unit in range(1, demand.quantity + 1):
        for need in demand.in_order:
            for part, quantity in need.parts.items():
                totals[part] = total = totals.get(part, kept.get(part, 0.0)) + quantity
                ready, covered = stock.served_new(part, total)
                yield _Taken(unit, need.step, part, quantity, ready, covered)


def _last(taken: Iterable[_Taken], now: datetime) -> Steps:
    last: Steps = {}
    for each in taken:
        if each.ready.at > now:
            known = last.get((each.unit, each.step))
            if known is None or (each.ready.at, known.part) > (known.at, each.part):
                last[each.unit, each.step] = each.ready
    return last


def ready_steps(snapshot: Snapshot, demand: Demand) -> Steps:
    """When the steps of a demand that must wait for parts can have them. Raises NoSupply."""
    return _last(_taken(snapshot, demand), snapshot.now)


def place(snapshot: Snapshot, demand: Demand, commitment: str, ready: Steps, new_id: Callable[[], str]) -> tuple[Booking, ...]:
    """A booking for every operation of a demand, when its material is `ready`. Raises NoMachine, DoesNotFit, NoCapacity."""
    own: dict[str, Busy] = {}
    bookings: list[Booking] = []
    for unit in range(1, demand.quantity + 1):
        ends: dict[str, datetime] = {}
        for need in demand.in_order:
            material = ready.get((unit, need.step))
            earliest = snapshot.now if material is None else material.at
            for step in need.after:
                earliest = max(earliest, ends[step] + demand.by_step[step].wait)
            start, end, machine = first_end(snapshot, need, earliest, own)
            minutes = need.minutes_on.get(machine.work_unit, need.minutes)
            own.setdefault(machine.work_unit, Busy()).add(start, end)
            ends[need.step] = end
            bookings.append(
                Booking(
                    new_id(), commitment, unit, need.step, machine.work_center, machine.work_unit, start, end, minutes,
                    BookingState.HELD,
                )
            )  # fmt: skip
    return tuple(bookings)


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
