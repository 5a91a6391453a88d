"""Improvement: the next operations as a problem for a solver, and its answer as a change of the plan."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Protocol

from lotone.plan.model.booking import Booking, BookingState, Place
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import pegs

Span = tuple[int, int]
STRIDE = 7
"""How many commitments further the next version's problem begins; a prime, so that all get their turn."""


@dataclass(frozen=True)
class Task:
    """A booking that may change its time and machine. Times are seconds after the problem's origin."""

    booking: str
    commitment: str
    work_unit: str
    start: int
    """Where and when it stands now."""
    seconds_on: Mapping[str, int]
    """The machines that can do it."""
    earliest: int
    latest_end: int | None
    """When a booking that follows it and stays needs it."""
    after: tuple[tuple[str, int], ...]
    """Bookings among the tasks that come before it, with the wait after each."""

    @property
    def end(self) -> int:
        return self.start + self.seconds_on[self.work_unit]


@dataclass(frozen=True)
class Due:
    """One commitment whose completion counts."""

    commitment: str
    weight: float
    due: int
    """Completion by which the date that was told first is kept at its probability."""
    limit: int
    """It must not complete later: by then the date that stands keeps its probability, or it is planned so late already."""
    fixed_end: int
    """When its bookings that stay end."""


@dataclass(frozen=True)
class Problem:
    """Which bookings may move, between what stays. `version` is the plan's it was taken from."""

    version: int
    origin: datetime
    tasks: tuple[Task, ...]
    dues: tuple[Due, ...]
    blocked: Mapping[str, tuple[Span, ...]]
    """Per machine: closed hours, repair, and bookings that stay."""

    def part(self, commitments: Collection[str]) -> "Problem":
        """The problem of some commitments only: all others stay where they stand."""
        blocked = {unit: list(spans) for unit, spans in self.blocked.items()}
        for task in self.tasks:
            if task.commitment not in commitments:
                blocked[task.work_unit].append((task.start, task.end))
        return replace(
            self,
            tasks=tuple(task for task in self.tasks if task.commitment in commitments),
            dues=tuple(due for due in self.dues if due.commitment in commitments),
            blocked={unit: tuple(sorted(spans)) for unit, spans in blocked.items()},
        )

    def at(self, moves: Iterable["Move"]) -> "Problem":
        """The same problem with tasks standing elsewhere."""
        by_booking = {move.booking: move for move in moves}
        return replace(self, tasks=tuple(self._moved(task, by_booking.get(task.booking)) for task in self.tasks))

    def _moved(self, task: Task, move: "Move | None") -> Task:
        if move is None:
            return task
        return replace(task, work_unit=move.work_unit, start=round((move.start - self.origin).total_seconds()))

    def moves(self, better: "Problem") -> tuple["Move", ...]:
        """What changes from this problem's places to another's."""
        return tuple(
            Move(old.booking, old.work_unit, self._moment(old.start), new.work_unit, self._moment(new.start))
            for old, new in zip(self.tasks, better.tasks, strict=True)
            if (old.work_unit, old.start) != (new.work_unit, new.start)
        )

    def _moment(self, seconds: int) -> datetime:
        return self.origin + timedelta(seconds=seconds)

    @property
    def horizon(self) -> int:
        return max(*(task.start + max(task.seconds_on.values()) for task in self.tasks), *(due.limit for due in self.dues))


@dataclass(frozen=True)
class Move:
    """One booking's better place."""

    booking: str
    from_unit: str
    from_start: datetime
    work_unit: str
    start: datetime


@dataclass(frozen=True)
class Solution:
    """A better schedule: what changes, and what it is worth (the solver's cost, lower is better)."""

    version: int
    moves: tuple[Move, ...]
    cost_before: float
    cost_after: float
    proven: bool
    """Nothing better exists for this problem."""


@dataclass(frozen=True)
class Improvement:
    """What became of a solution."""

    applied: bool
    moved: int
    why: str
    """Why it was not applied; empty when it was."""


class Solver(Protocol):
    """Searches a better schedule for a limited time; None when there is none or none was found."""

    def __call__(self, problem: Problem, seconds: float) -> Solution | None: ...


def problem_of(snapshot: Snapshot) -> Problem | None:
    """The next operations that may still move; None when fewer than two may."""
    free = _free(snapshot)
    if len(free) < 2:
        return None
    return _Posing(snapshot, free).problem()


def _free(snapshot: Snapshot) -> dict[Place, Booking]:
    """The movable bookings of as many commitments as the settings' `improve_operations` allow.

    Only whole commitments: part of one could hardly make it complete earlier. Those taken complete one after the other,
    so that they compete for the same hours: from the first that is late on, else from another place at each version.
    """
    frozen_until = snapshot.now + timedelta(minutes=snapshot.settings.freeze_minutes)
    movable: dict[str, list[Booking]] = {}
    for queue in snapshot.queues.values():
        for booking in queue.bookings:
            if booking.state.is_movable and booking.start >= frozen_until:
                movable.setdefault(booking.commitment, []).append(booking)
    taken: dict[Place, Booking] = {}
    for commitment in _neighbours(snapshot, movable):
        if taken and len(taken) + len(movable[commitment]) > snapshot.settings.improve_operations:
            break
        taken |= {booking.place: booking for booking in movable[commitment]}
    return taken


def _neighbours(snapshot: Snapshot, ids: Iterable[str]) -> list[str]:
    """Commitments by completion, beginning where it is worth it."""
    listed = sorted((snapshot.commitments[each] for each in ids), key=lambda each: (each.completion, each.id))
    late = [place for place, each in enumerate(listed) if each.completion > _complete_by(each.first_date, each, snapshot)]
    first = late[0] if late else snapshot.version * STRIDE % max(len(listed), 1)
    return [each.id for each in (*listed[first:], *listed[:first])]


class _Posing:
    def __init__(self, snapshot: Snapshot, free: dict[Place, Booking]) -> None:
        self.snapshot = snapshot
        self.free = free
        self.origin = snapshot.now
        self.frozen_until = snapshot.now + timedelta(minutes=snapshot.settings.freeze_minutes)
        self.material = pegs(snapshot.stock, snapshot.commitments.reserved, snapshot.scarce)

    def problem(self) -> Problem:
        tasks = tuple(self._task(booking) for booking in self.free.values())
        commitments = {booking.commitment for booking in self.free.values()}
        dues = tuple(self._due(self.snapshot.commitments[each]) for each in sorted(commitments))
        units = sorted({unit for task in tasks for unit in task.seconds_on})
        open_problem = Problem(self.snapshot.version, self.origin, tasks, dues, {})
        blocked = {unit: self._blocked(unit, open_problem.horizon) for unit in units}
        return Problem(self.snapshot.version, self.origin, tasks, dues, blocked)

    def _task(self, booking: Booking) -> Task:
        commitment = self.snapshot.commitments[booking.commitment]
        need = commitment.need(booking)
        seconds_on = {
            machine.work_unit: round(need.duration(machine.work_unit).total_seconds())
            for machine in self.snapshot.candidates(need)
        }
        seconds_on[booking.work_unit] = round(booking.duration.total_seconds())
        before = commitment.before(booking)
        earliest = [self.frozen_until, *(each.end + wait for each, wait in before if self._stays(each))]
        if booking.place in self.material:
            earliest.append(self.material[booking.place].at)
        needed = [each.start - need.wait for each in commitment.after(booking) if each.place not in self.free]
        return Task(
            booking=booking.id,
            commitment=booking.commitment,
            work_unit=booking.work_unit,
            start=self._floor(booking.start),
            seconds_on=seconds_on,
            earliest=max(self._ceil(moment) for moment in earliest),
            latest_end=min((self._floor(moment) for moment in needed), default=None),
            after=tuple(
                (self.free[each.place].id, round(wait.total_seconds())) for each, wait in before if each.place in self.free
            ),
        )

    def _stays(self, booking: Booking) -> bool:
        return booking.place not in self.free and booking.state is not BookingState.CANCELLED

    def _due(self, commitment: Commitment) -> Due:
        due = self._floor(_complete_by(commitment.first_date, commitment, self.snapshot))
        needed_by = self._floor(_complete_by(commitment.told.date, commitment, self.snapshot))
        staying = [each.end for each in commitment.bookings if each.place not in self.free]
        return Due(
            commitment=commitment.id,
            weight=commitment.demand.weight,
            due=due,
            limit=max(needed_by, self._ceil(commitment.completion)),
            fixed_end=max((self._ceil(end) for end in staying), default=0),
        )

    def _blocked(self, unit: str, horizon: int) -> tuple[Span, ...]:
        busy = self.snapshot.repair(unit)
        for booking in self.snapshot.queues[unit].bookings if unit in self.snapshot.queues else ():
            if booking.place not in self.free:
                busy.add(booking.start, booking.end)
        for gap in self.snapshot.hours(unit).gaps(self.origin, self.origin + timedelta(seconds=horizon + 1)):
            busy.add(gap.start, gap.end)
        spans = [(self._floor(start), self._ceil(end)) for start, end in zip(busy.starts, busy.ends, strict=True)]
        return tuple((max(start, 0), end) for start, end in spans if end > 0)

    def _floor(self, moment: datetime) -> int:
        return floor((moment - self.origin).total_seconds())

    def _ceil(self, moment: datetime) -> int:
        return ceil((moment - self.origin).total_seconds())


def carry_out(snapshot: Snapshot, solution: Solution) -> Snapshot:
    """The plan with a solution's moves, as far as their bookings stand as they stood when the problem was posed."""
    moved = []
    for move in solution.moves:
        booking = snapshot.booking(move.booking)
        if booking is None or not booking.state.is_movable or move.start < snapshot.now:
            continue
        if (booking.work_unit, booking.start) == (move.from_unit, move.from_start):
            moved.append(snapshot.moved(booking, move.work_unit, move.start))
    return snapshot.with_bookings(moved)


def worse(before: Snapshot, after: Snapshot) -> list[str]:
    """The commitments that a change would make late, or later than they are when they are late already."""
    return [
        commitment.id
        for commitment in after.commitments.values()
        if commitment is not (old := before.commitments[commitment.id])
        and commitment.completion > max(old.completion, _complete_by(commitment.told.date, commitment, after))
    ]


def _complete_by(date: datetime, commitment: Commitment, snapshot: Snapshot) -> datetime:
    """When a commitment must be complete so that a date keeps its probability."""
    buffer = timedelta(minutes=commitment.told.buffer_minutes)
    return date - snapshot.settings.packing - buffer
