"""Improvement: which operations of the plan may move, as a problem for a solver, and its answer as a change of the plan."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil, floor

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.busy import Busy
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot
from lotone.plan.model.supply import pegs
from lotone.plan.model.tasks import (
    Broken,
    Due,
    Improvement,
    Lag,
    Move,
    Problem,
    Solution,
    Solver,
    Span,
    Stay,
    Task,
    Unit,
)

__all__ = [
    "Broken",
    "Due",
    "Improvement",
    "Lag",
    "Move",
    "Problem",
    "Solution",
    "Solver",
    "Stay",
    "Task",
    "Unit",
    "broken",
    "carry_out",
    "problem_of",
    "repair_of",
    "worse",
]

STRIDE = 7
"""How many commitments further the next version's problem begins; a prime, so that all get their turn."""
HOUR_S = 3600
Chosen = Callable[[Snapshot, dict[str, list[Booking]]], list[str]]


def problem_of(snapshot: Snapshot) -> Problem | None:
    """The next operations that may still move; None when fewer than two may."""
    return _posed(snapshot, _neighbours, snapshot.settings.improve_operations)


def repair_of(snapshot: Snapshot) -> Problem | None:
    """The operations whose move can keep promises that are broken now: those of the broken ones, and of all that
    completes first, up to the settings' `repair_operations`. None when no promise is broken."""
    late = set(broken(snapshot))
    if not late:
        return None

    def first_broken(snapshot: Snapshot, movable: dict[str, list[Booking]]) -> list[str]:
        return sorted(movable, key=lambda each: (each not in late, snapshot.commitments[each].completion, each))

    return _posed(snapshot, first_broken, snapshot.settings.repair_operations)


def broken(snapshot: Snapshot) -> list[str]:
    """The orders that are no longer expected to reach the date that was told first."""
    packing = snapshot.settings.packing
    return [
        each.id
        for each in snapshot.commitments.values()
        if each.state is CommitmentState.FIRM and each.completion + packing > each.first_date
    ]


def _posed(snapshot: Snapshot, chosen: Chosen, most: int) -> Problem | None:
    free = _free(snapshot, chosen, most)
    return _Posing(snapshot, free).problem() if len(free) > 1 else None


def _free(snapshot: Snapshot, chosen: Chosen, most: int) -> dict[Place, Booking]:
    """The movable bookings of as many commitments as allowed.

    Only whole commitments: part of one could hardly make it complete earlier.
    """
    frozen_until = snapshot.now + timedelta(minutes=snapshot.settings.freeze_minutes)
    movable: dict[str, list[Booking]] = {}
    for booking in snapshot.open_bookings():
        if booking.state.is_movable and not booking.locked and booking.start >= frozen_until:
            movable.setdefault(booking.commitment, []).append(booking)
    taken: dict[Place, Booking] = {}
    for commitment in chosen(snapshot, movable):
        if taken and len(taken) + len(movable[commitment]) > most:
            break
        taken |= {booking.place: booking for booking in movable[commitment]}
    return taken


def _neighbours(snapshot: Snapshot, movable: dict[str, list[Booking]]) -> list[str]:
    """Commitments by completion, so that they compete for the same hours, beginning where it is worth it: from the first
    that is late on, else from another place at each version."""
    listed = sorted((snapshot.commitments[each] for each in movable), key=lambda each: (each.completion, each.id))
    late = [place for place, each in enumerate(listed) if each.completion > complete_by(each.first_date, each, snapshot)]
    first = late[0] if late else snapshot.version * STRIDE % max(len(listed), 1)
    return [each.id for each in (*listed[first:], *listed[:first])]


class _Posing:
    def __init__(self, snapshot: Snapshot, free: dict[Place, Booking]) -> None:
        self.snapshot = snapshot
        self.free = free
        self.origin = snapshot.now
        self.frozen_until = snapshot.now + timedelta(minutes=snapshot.settings.freeze_minutes)
        self.material = pegs(snapshot.stock, snapshot.commitments.reserved, snapshot.scarce)
        self.stays: dict[str, Stay] = {}
        self._members: dict[str, tuple[str, ...]] = {}

    def problem(self) -> Problem:
        tasks = tuple(self._task(booking) for booking in self.free.values())
        commitments = {booking.commitment for booking in self.free.values()}
        dues = tuple(self._due(self.snapshot.commitments[each]) for each in sorted(commitments))
        names = sorted({name for task in tasks for name in _names(task)})
        posed = Problem(
            self.snapshot.version, self.origin, tasks, dues, {}, objective=self.snapshot.settings.objective,
            transport={pair: ceil(minutes * 60) for pair, minutes in self.snapshot.transport.items()},
        )  # fmt: skip
        horizon = posed.horizon
        units = {name: self._unit(name, horizon) for name in names}
        for name, unit in units.items():
            if not unit.is_plain:
                self._note_stays(name)
        return replace(
            posed,
            units=units,
            blocked={name: self._blocked(name, unit) for name, unit in units.items()},
            stays=self.stays,
            matrices={unit.matrix: self._matrix(unit.matrix) for unit in units.values() if unit.matrix},
        )

    def _task(self, booking: Booking) -> Task:
        commitment = self.snapshot.commitments[booking.commitment]
        need = commitment.need(booking)
        seconds_on = {
            machine.work_unit: round(need.duration(machine.work_unit).total_seconds())
            for machine in self.snapshot.candidates(need)
        }
        seconds_on[booking.work_unit] = round(booking.duration.total_seconds())
        before = [(each, wait, commitment.need(each)) for each, wait in commitment.before(booking)]
        staying = [(each, self._ceil_s(wait), other) for each, wait, other in before if self._stays(each)]
        moving = [(each, self._ceil_s(wait), other) for each, wait, other in before if each.place in self.free]
        leads = [each for each in commitment.after(booking) if self._stays(each)]
        release = [self.frozen_until]
        if booking.place in self.material:
            release.append(self.material[booking.place].at)
        ways = [self._way_s(each, booking) for each, _, _ in staying]
        earliest = [self._ceil(each.end) + wait + way for (each, wait, _), way in zip(staying, ways, strict=True)]
        needed = [self._floor(each.start - need.wait) - self._way_s(booking, each) for each in leads]
        return Task(
            booking=booking.id,
            commitment=booking.commitment,
            work_unit=booking.work_unit,
            start=self._floor(booking.start),
            seconds_on=seconds_on,
            earliest=max(*(self._ceil(moment) for moment in release), *earliest, 0),
            latest_end=min(needed, default=None),
            after=tuple((self.free[each.place].id, wait) for each, wait, _ in moving),
            most=tuple(_most_s(other) for _, _, other in moving),
            release=max(self._ceil(moment) for moment in release),
            follows=tuple(Lag(self._note(each), wait, _most_s(other)) for each, wait, other in staying),
            leads=tuple(Lag(self._note(each), self._ceil_s(need.wait), _most_s(need)) for each in leads),
            setup=need.setup,
            batch="\n".join((need.batch, need.setup, *need.also)) if need.batch else "",
            size=need.size,
            roles=tuple(self._skilled(skill) for skill in need.also),
            crew=booking.crew,
        )

    def _skilled(self, skill: str) -> tuple[str, ...]:
        if skill not in self._members:
            self._members[skill] = tuple(each.work_unit for each in self.snapshot.skilled(skill))
        return self._members[skill]

    def _way_s(self, before: Booking, after: Booking) -> int:
        return round(self.snapshot.transport_between(before.work_center, after.work_center).total_seconds())

    def _stays(self, booking: Booking) -> bool:
        return booking.place not in self.free and booking.state is not BookingState.CANCELLED

    def _note(self, booking: Booking) -> str:
        """Remember a booking that stays."""
        if booking.id not in self.stays:
            need = self.snapshot.commitments[booking.commitment].need(booking)
            start, end = self._floor(booking.start), self._ceil(booking.end)
            self.stays[booking.id] = Stay(
                booking.id, booking.work_unit, start, end, need.setup, need.size, booking.crew, booking.work_center
            )
        return booking.id

    def _note_stays(self, unit: str) -> None:
        queue = self.snapshot.queues.get(unit)
        for booking in queue.bookings if queue else ():
            if booking.place not in self.free:
                self._note(booking)

    def _due(self, commitment: Commitment) -> Due:
        due = self._floor(complete_by(commitment.first_date, commitment, self.snapshot))
        needed_by = self._floor(complete_by(commitment.told.date, commitment, self.snapshot))
        staying = [each for each in commitment.bookings if self._stays(each)]
        return Due(
            commitment=commitment.id,
            weight=commitment.demand.weight,
            due=due,
            limit=max(needed_by, self._ceil(commitment.completion)),
            fixed_end=max((self._ceil(each.end) for each in staying), default=0),
            promise=self._floor(commitment.first_date - self.snapshot.settings.packing),
            begun=min((self._floor(each.start) for each in staying), default=None),
        )

    def _unit(self, name: str, horizon: int) -> Unit:
        resource = self.snapshot.resources[name]
        busy = self.snapshot.repair(name).copy()
        for gap in self.snapshot.hours(name).gaps(self.origin, self.origin + timedelta(seconds=horizon + 1)):
            busy.add(gap.start, gap.end)
        return Unit(
            capacity=resource.capacity,
            is_machine=resource.is_machine,
            batch=resource.batch,
            matrix=resource.setups if resource.setups in self.snapshot.setups else "",
            state=resource.state,
            center=resource.work_center,
            closed=self._spans(busy),
            rates=tuple(self._rates(resource, horizon)),
        )

    def _rates(self, resource: Resource, horizon: int) -> Iterator[tuple[int, int, float]]:
        """What a second of work costs, hour by hour: overtime that was opened, and energy."""
        objective, calendar = self.snapshot.settings.objective, self.snapshot.calendars[resource.calendar]
        kilowatts = objective.kilowatts.get(resource.work_unit, 0.0) if objective.energy_price else 0.0
        over = calendar.overtime_windows(self.origin, self.origin + timedelta(seconds=horizon))
        opened = {(each.start, each.end) for each in calendar.exceptions if each.is_open}
        paid = [each for each in over if (each.start, each.end) in opened] if calendar.overtime_cost_per_hour else []
        if not kilowatts:
            for each in paid:
                rate = objective.money * calendar.overtime_cost_per_hour / HOUR_S
                yield max(0, self._floor(each.start)), self._ceil(each.end), rate
            return
        for start in range(0, horizon + 1, HOUR_S):
            moment = self.origin + timedelta(seconds=start)
            price = objective.energy_price[moment.astimezone(self.snapshot.settings.zone).hour] * kilowatts
            if any(each.start <= moment < each.end for each in paid):
                price += calendar.overtime_cost_per_hour
            yield start, start + HOUR_S, objective.money * price / HOUR_S

    def _matrix(self, name: str) -> dict[tuple[str, str], int]:
        matrix = self.snapshot.setups[name]
        states = {need.setup for need in self._needs()} | {each.setup for each in self.stays.values()}
        states |= {each.state for each in self.snapshot.resources.values()}
        seconds = {(a, b): ceil(matrix.minutes_between(a, b) * 60) for a in states for b in states}
        return {pair: each for pair, each in seconds.items() if each}

    def _needs(self) -> Iterator[OperationNeed]:
        return (self.snapshot.commitments[each.commitment].need(each) for each in self.free.values())

    def _blocked(self, name: str, unit: Unit) -> tuple[Span, ...]:
        """Closed times, and where one thing at a time is done the bookings that stay too."""
        if not unit.is_plain:
            return unit.closed
        queue = self.snapshot.queues.get(name)
        bookings = [each for each in queue.bookings if each.place not in self.free] if queue else []
        busy = Busy(
            (self.origin + timedelta(seconds=start), self.origin + timedelta(seconds=end)) for start, end in unit.closed
        )
        for booking in bookings:
            busy.add(booking.start, booking.end)
        return self._spans(busy)

    def _spans(self, busy: Busy) -> tuple[Span, ...]:
        spans = [(self._floor(start), self._ceil(end)) for start, end in zip(busy.starts, busy.ends, strict=True)]
        return tuple((max(start, 0), end) for start, end in spans if end > 0)

    @staticmethod
    def _ceil_s(wait: timedelta) -> int:
        return ceil(wait.total_seconds())

    def _floor(self, moment: datetime) -> int:
        return floor((moment - self.origin).total_seconds())

    def _ceil(self, moment: datetime) -> int:
        return ceil((moment - self.origin).total_seconds())


def _names(task: Task) -> Iterator[str]:
    yield from task.seconds_on
    yield from task.crew
    for members in task.roles:
        yield from members


def _most_s(need: OperationNeed) -> int | None:
    return None if need.wait_most is None else floor(need.wait_most.total_seconds())


def carry_out(snapshot: Snapshot, solution: Solution) -> Snapshot:
    """The plan with a solution's moves, as far as their bookings stand as they stood when the problem was posed."""
    moved = []
    for move in solution.moves:
        booking = snapshot.booking(move.booking)
        if booking is None or not booking.state.is_movable or booking.locked or move.start < snapshot.now:
            continue
        if (booking.work_unit, booking.start, booking.crew) == (move.from_unit, move.from_start, move.from_crew):
            moved.append(snapshot.moved(booking, move.work_unit, move.start, move.crew))
    return snapshot.with_bookings(moved)


def worse(before: Snapshot, after: Snapshot) -> list[str]:
    """The commitments that a change would make late, or later than they are when they are late already."""
    return [
        commitment.id
        for commitment in _changed(before, after)
        if commitment.completion
        > max(before.commitments[commitment.id].completion, complete_by(commitment.told.date, commitment, after))
    ]


def _changed(before: Snapshot, after: Snapshot) -> Iterable[Commitment]:
    return (each for each in after.commitments.values() if each is not before.commitments[each.id])


def complete_by(date: datetime, commitment: Commitment, snapshot: Snapshot) -> datetime:
    """When a commitment must be complete so that a date keeps its probability."""
    buffer = timedelta(minutes=commitment.told.buffer_minutes)
    return date - snapshot.settings.packing - buffer
