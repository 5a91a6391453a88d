"""Insertion: the operations of a new demand are put into the plan as it stands, each where it can end first."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine
from lotone.plan.model.fit import Fit, Floor, Ready
from lotone.plan.model.snapshot import Commitments, Snapshot
from lotone.plan.model.supply import Ready as PartReady
from lotone.plan.model.supply import Reservation

PUSHES = 200
"""How often the steps of one unit are put off because a step can't follow within its longest wait."""


@dataclass(frozen=True)
class Insertion:
    """Where a demand can be made and what material it takes."""

    bookings: tuple[Booking, ...]
    reservations: tuple[Reservation, ...]


Steps = dict[tuple[int, str], PartReady]
"""By unit and step, the part that is there last; nothing for a step whose parts are all there now."""


def insert(snapshot: Snapshot, demand: Demand, commitment: str, new_id: Callable[[], str]) -> Insertion:
    """Put every operation, none before those it follows, on the machine where it ends first: in the first gap that fits
    into open hours, after the machine's repair, after its material is there, and not before now.

    What is booked already is never moved. Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    taken = list(_taken(snapshot, demand))
    bookings = place(snapshot, demand, commitment, _last(taken, snapshot.now), new_id)
    return Insertion(bookings, _reservations(commitment, taken))


def insert_backward(
    snapshot: Snapshot, demand: Demand, commitment: str, by: datetime, new_id: Callable[[], str]
) -> Insertion | None:
    """As `insert`, but as late as possible so that everything has ended by a wished moment; None when it can't be in time.

    Where the latest places don't work out, the earliest are taken if they end in time.
    Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    taken = list(_taken(snapshot, demand))
    ready = _last(taken, snapshot.now)
    bookings = place_backward(snapshot, demand, commitment, ready, by, new_id)
    if bookings is None:
        bookings = place(snapshot, demand, commitment, ready, new_id)
        if max(each.end for each in bookings) > by:
            return None
    return Insertion(bookings, _reservations(commitment, taken))


def best_case(snapshot: Snapshot, demand: Demand, commitment: str, new_id: Callable[[], str]) -> Insertion:
    """As `insert`, as if nothing else were booked and no part kept for anybody: the demand goes before all others.

    Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    return insert(replace(snapshot, commitments=Commitments(), queues={}), demand, commitment, new_id)


def _reservations(commitment: str, taken: Iterable["_Taken"]) -> tuple[Reservation, ...]:
    return tuple(
        Reservation(Place(commitment, each.unit, each.step), each.part, each.quantity, None if each.covered else each.ready.at)
        for each in taken
    )


class _Taken(NamedTuple):
    unit: int
    step: str
    part: str
    quantity: float
    ready: PartReady
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


def ready_step(snapshot: Snapshot, need: OperationNeed) -> PartReady | None:
    """When one step of one unit can have its parts, if it must wait for them. Raises NoSupply."""
    last: PartReady | None = None
    kept = snapshot.commitments.reserved_total
    for part, quantity in need.parts.items():
        ready, _ = snapshot.stock.served_new(part, kept.get(part, 0.0) + quantity)
        if ready.at > snapshot.now and (last is None or (ready.at, ready.part) > (last.at, last.part)):
            last = ready
    return last


def ready_steps(snapshot: Snapshot, demand: Demand) -> Steps:
    """When the steps of a demand that must wait for parts can have them. Raises NoSupply."""
    return _last(_taken(snapshot, demand), snapshot.now)


def place(
    snapshot: Snapshot,
    demand: Demand,
    commitment: str,
    ready: Steps,
    new_id: Callable[[], str],
    *,
    on: Floor | None = None,
) -> tuple[Booking, ...]:
    """A booking for every operation of a demand, when its material is `ready`, on the plan's floor unless another is given.

    Raises NoMachine, DoesNotFit, NoCapacity.
    """
    floor, bookings = on or Floor(snapshot), list[Booking]()
    for unit in range(1, demand.quantity + 1):
        bookings += _Unit(floor, demand, commitment, unit, ready, new_id).forward()
    return tuple(bookings)


def place_backward(
    snapshot: Snapshot, demand: Demand, commitment: str, ready: Steps, by: datetime, new_id: Callable[[], str]
) -> tuple[Booking, ...] | None:
    """As `place`, each operation as late as what follows it and the wished moment allow; None when one finds no place.

    Raises NoMachine.
    """
    floor, bookings = Floor(snapshot), list[Booking]()
    for unit in range(demand.quantity, 0, -1):
        placed = _Unit(floor, demand, commitment, unit, ready, new_id).backward(by)
        if placed is None:
            return None
        bookings = [*placed, *bookings]
    return tuple(bookings)


class _Unit:
    """One unit of a demand on its way onto the floor."""

    def __init__(
        self, floor: Floor, demand: Demand, commitment: str, unit: int, ready: Steps, new_id: Callable[[], str]
    ) -> None:
        self.floor = floor
        self.snapshot = floor.snapshot
        self.demand = demand
        self.commitment = commitment
        self.unit = unit
        self.new_id = new_id
        self.material = {step: each.at for (number, step), each in ready.items() if number == unit}
        self.placed: dict[str, Booking] = {}
        self.end_from: dict[str, datetime] = {}
        """Steps that must not end before a moment, because what follows could not begin in time."""

    def forward(self) -> list[Booking]:
        needs, index, pushes = self.demand.in_order, 0, 0
        while index < len(needs):
            need = needs[index]
            found = self.floor.first(need, self._ready(need))
            if found is None:
                raise why_nowhere(self.snapshot, need)
            late = self._kept_waiting(need, found.start)
            if late is None:
                self._put(need, found)
                index += 1
                continue
            pushes += 1
            if pushes > PUSHES:
                raise self._why_too_late(late, need, found.machine)
            index = self._back_to(late)
        return [self.placed[need.step] for need in needs]

    def _ready(self, need: OperationNeed) -> datetime | Ready:
        """When a step may begin on each machine, as far as what comes before it allows."""
        now = self.snapshot.now
        earliest = max(now, self.material.get(need.step, now))
        before = [(self.placed[step].end + wait, step) for step, wait in self.demand.preceding[need.step]]
        end_from = self.end_from.get(need.step)
        if not self.snapshot.transport and end_from is None:
            return max([earliest, *(at for at, _ in before)])

        def on(machine: Resource) -> datetime:
            moments = [earliest]
            for at, step in before:
                way = self.snapshot.transport_between(self.placed[step].work_center, machine.work_center)
                moments.append(at + way)
            if end_from is not None:
                moments.append(end_from - need.duration(machine.work_unit))
            return max(moments)

        return on

    def _kept_waiting(self, need: OperationNeed, start: datetime) -> OperationNeed | None:
        """A step before this one that would wait too long; it has to end later then."""
        for step in need.after:
            before = self.demand.by_step[step]
            if before.wait_most is not None and start > self.placed[step].end + before.wait_most:
                self.end_from[step] = start - before.wait_most
                return before
        return None

    def _why_too_late(self, late: OperationNeed, need: OperationNeed, machine: Resource) -> Exception:
        way = self.snapshot.transport.get((late.work_center, machine.work_center), 0.0)
        longest = late.wait_most_minutes or 0.0
        if late.wait_after_minutes + way > longest:
            return DoesNotFit(
                f"step {need.step} must begin within {longest:g} minutes after step {late.step}, but it waits"
                f" {late.wait_after_minutes:g} minutes, and the way takes {way:g} minutes from {late.work_center} to"
                f" {machine.work_center}; allow a longer wait",
                where=need.step,
            )
        return NoCapacity(
            f"step {need.step} can't begin within {longest:g} minutes after step {late.step}; let it wait longer, or open"
            " both machines at the same hours",
            where=need.step,
        )

    def _back_to(self, late: OperationNeed) -> int:
        """Take everything from a step on from the floor again; returns the step's place in the order."""
        index = self.demand.in_order.index(late)
        for need in self.demand.in_order[index:]:
            booking = self.placed.pop(need.step, None)
            if booking is not None:
                self.floor.take(booking, need)
        return index

    def _put(self, need: OperationNeed, found: Fit) -> None:
        booking = self.floor.booked(need, found, self._booked)
        self.placed[need.step] = booking
        self.floor.put(booking, need)

    def _booked(self, need: OperationNeed, found: Fit) -> Booking:
        machine = found.machine
        minutes = need.minutes_on.get(machine.work_unit, need.minutes)
        return Booking(
            self.new_id(), self.commitment, self.unit, need.step, machine.work_center, machine.work_unit, found.start,
            found.end, minutes, BookingState.HELD, None, found.crew,
        )  # fmt: skip

    def backward(self, by: datetime) -> list[Booking] | None:
        for need in reversed(self.demand.in_order):
            found = self._last(need, by)
            if found is None:
                return None
            self._put(need, found)
        return [self.placed[need.step] for need in self.demand.in_order]

    def _last(self, need: OperationNeed, by: datetime) -> Fit | None:
        """The latest place of a step before what follows it; None too when that would begin too long after it."""
        best: Fit | None = None
        machines = self.snapshot.candidates(need)
        if not machines:
            raise why_nowhere(self.snapshot, need)
        for machine in machines:
            end_by = by
            for step in self.demand.followers[need.step]:
                after = self.placed[step]
                way = self.snapshot.transport_between(machine.work_center, after.work_center)
                end_by = min(end_by, after.start - need.wait - way)
            earliest = max(self.snapshot.now, self.material.get(need.step, self.snapshot.now))
            found = self.floor.last_on(need, machine, earliest, end_by)
            if found is not None and (best is None or found.start > best.start):
                best = found
        if best is None or self._follows_too_late(need, best.end):
            return None
        return best

    def _follows_too_late(self, need: OperationNeed, end: datetime) -> bool:
        starts = [self.placed[step].start for step in self.demand.followers[need.step]]
        return need.wait_most is not None and any(start > end + need.wait_most for start in starts)


def why_nowhere(snapshot: Snapshot, need: OperationNeed) -> NoMachine | DoesNotFit | NoCapacity:
    """What to say of an operation that finds no place."""
    machines = snapshot.candidates(need)
    if not machines:
        wanted = (
            f"none of {', '.join(need.work_units)}" if need.work_units else f"no machine of work center {need.work_center}"
        )
        return NoMachine(f"{wanted} is known, so step {need.step} can't be made; add the machine", where=need.step)
    for skill in need.also:
        if not snapshot.skilled(skill):
            return NoMachine(
                f"nobody and no tool has the skill {skill}, so step {need.step} can't be made; add an operator or a tool",
                where=need.step,
            )
    return _too_long(snapshot, need, machines) or NoCapacity(f"nothing is free for step {need.step} within a year")


def _too_long(snapshot: Snapshot, need: OperationNeed, machines: list[Resource]) -> DoesNotFit | None:
    room = [_room(machine, need) for machine in machines]
    if need.size > max(room):
        return DoesNotFit(
            f"step {need.step} takes {need.size:g}, but its machines take at most {max(room):g}; split it", where=need.step
        )
    longest = {machine.work_unit: snapshot.hours(machine.work_unit).longest for machine in machines}
    if any(need.duration(unit) <= window for unit, window in longest.items()):
        return None
    calendars = ", ".join(sorted({machine.calendar for machine in machines}))
    hours = max(longest.values(), default=timedelta()).total_seconds() / 3600
    return DoesNotFit(
        f"step {need.step} takes {need.minutes:g} minutes without a break, but calendar {calendars} is open for at most"
        f" {hours:g} hours at a time; split the step or lengthen the shift",
        where=need.step,
    )


def _room(machine: Resource, need: OperationNeed) -> float:
    """The largest size that goes on a machine: any, where one thing at a time is done."""
    counts = bool(need.batch) if machine.batch else machine.capacity > 1
    return machine.capacity if counts else inf
