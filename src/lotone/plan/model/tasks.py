"""Operations that may move, between what stays, as a solver sees them, and what it answers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from lotone.kernel import Words
from lotone.plan.model.objective import Costs, Objective

Span = tuple[int, int]


class Lag(NamedTuple):
    """A booking that stays and comes right before or after a task: the wait between them, at least and at most."""

    booking: str
    least: int
    most: int | None


@dataclass(frozen=True)
class Task:
    """A booking that may change its time, machine and crew. Times are seconds after the problem's origin."""

    booking: str
    commitment: str
    work_unit: str
    start: int
    """Where and when it stands now."""
    seconds_on: Mapping[str, int]
    """The machines that can do it."""
    earliest: int
    """Not before: frozen hours, material, and what it follows that stays."""
    latest_end: int | None
    """When a booking that follows it and stays needs it."""
    after: tuple[tuple[str, int], ...]
    """Bookings among the tasks that come before it, with the wait after each (without the way there)."""
    most: tuple[int | None, ...] = ()
    """For each of `after` the longest wait."""
    release: int = 0
    """Not before, as far as no other booking is the reason."""
    follows: tuple[Lag, ...] = ()
    """Bookings that stay and come before it."""
    leads: tuple[Lag, ...] = ()
    """Bookings that stay and come after it."""
    setup: str = ""
    batch: str = ""
    """What may share a batch with it says the same; "" runs alone."""
    size: float = 1.0
    roles: tuple[tuple[str, ...], ...] = ()
    """For each skill it needs, who has it."""
    crew: tuple[str, ...] = ()
    """Who it has now, for each role."""

    @property
    def end(self) -> int:
        return self.start + self.seconds_on[self.work_unit]

    @property
    def has_longest_wait(self) -> bool:
        longest = (*self.most, *(lag.most for lag in self.follows), *(lag.most for lag in self.leads))
        return any(each is not None for each in longest)


@dataclass(frozen=True)
class Stay:
    """A booking that stays where it is."""

    booking: str
    work_unit: str
    start: int
    end: int
    setup: str = ""
    size: float = 1.0
    crew: tuple[str, ...] = ()
    center: str = ""


@dataclass(frozen=True)
class Unit:
    """A machine, operator or tool of the problem."""

    capacity: int = 1
    is_machine: bool = True
    batch: bool = False
    matrix: str = ""
    state: str = ""
    center: str = ""
    closed: tuple[Span, ...] = ()
    """Closed hours, repair and maintenance."""
    rates: tuple[tuple[int, int, float], ...] = ()
    """Stretches in which a second of work costs something (overtime, energy), in the objective's measure."""

    @property
    def is_plain(self) -> bool:
        return self.capacity == 1 and not self.batch and not self.matrix


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
    promise: int | None = None
    """Completion by which the date that was told first is expected to be reached at all."""
    begun: int | None = None
    """When the first of its bookings that stay begins."""


@dataclass(frozen=True)
class Problem:
    """Which bookings may move, between what stays. `version` is the plan's it was taken from."""

    version: int
    origin: datetime
    tasks: tuple[Task, ...]
    dues: tuple[Due, ...]
    blocked: Mapping[str, tuple[Span, ...]]
    """Per machine, operator and tool: closed hours, repair, and bookings that stay."""
    units: Mapping[str, Unit] = field(default_factory=dict)
    stays: Mapping[str, Stay] = field(default_factory=dict)
    """By booking: what stays on machines that are not plain, and what comes right before and after tasks."""
    matrices: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    """Setup seconds by state before and after; 0 for what is not listed."""
    transport: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Seconds between work centers; 0 for what is not listed."""
    objective: Objective = field(default_factory=Objective)

    @property
    def is_plain(self) -> bool:
        """One thing at a time, nothing but machines, and no cost of hours."""
        if self.transport or any(not each.is_plain or each.rates for each in self.units.values()):
            return False
        return not any(task.roles or task.has_longest_wait for task in self.tasks)

    def part(self, commitments: Collection[str]) -> "Problem":
        """The problem of some commitments only: all others stay where they stand. Only of a plain problem."""
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
        start = round((move.start - self.origin).total_seconds())
        return replace(task, work_unit=move.work_unit, start=start, crew=move.crew)

    def moves(self, better: "Problem") -> tuple["Move", ...]:
        """What changes from this problem's places to another's."""
        return tuple(
            Move(
                old.booking, old.work_unit, self._moment(old.start), new.work_unit, self._moment(new.start), new.crew, old.crew
            )
            for old, new in zip(self.tasks, better.tasks, strict=True)
            if (old.work_unit, old.start, old.crew) != (new.work_unit, new.start, new.crew)
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
    crew: tuple[str, ...] = ()
    from_crew: tuple[str, ...] = ()


@dataclass(frozen=True)
class Solution:
    """A better schedule: what changes, and what it is worth (the solver's cost, lower is better)."""

    version: int
    moves: tuple[Move, ...]
    cost_before: float
    cost_after: float
    proven: bool
    """Nothing better exists for this problem."""
    before: Costs = field(default_factory=Costs)
    after: Costs = field(default_factory=Costs)
    """What each part of the objective costs: the trade-off that was made."""


@dataclass(frozen=True)
class Broken:
    """A promise that can't be kept: the date that was told first, when the order is expected now, and why."""

    order: str
    date: datetime
    expected: datetime
    why: Words


@dataclass(frozen=True)
class Improvement:
    """What became of a solution."""

    applied: bool
    moved: int
    why: str
    """Why it was not applied; empty when it was."""
    before: Costs = field(default_factory=Costs)
    after: Costs = field(default_factory=Costs)
    broken: tuple[Broken, ...] = ()
    """Promises that stay broken: nothing else was found feasible."""


class Solver(Protocol):
    """Searches a better schedule for a limited time; None when there is none or none was found."""

    def __call__(self, problem: Problem, seconds: float) -> Solution | None: ...
