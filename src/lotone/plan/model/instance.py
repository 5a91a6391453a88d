"""A scheduling problem in whole numbers, without a clock and without names, and the schedule that answers it.

Benchmark files, whole plants and parts of a live plan all become an `Instance`; every solver takes one and answers `Found`.
Times are whole numbers from 0 in a unit of the caller's choice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from lotone.kernel import Conflict, Invalid

Objective = Literal["makespan", "tardiness"]
LONGEST = 10**12
"""No single number of an instance may be greater, so that sums of a million of them still fit into 64 bits."""


class WrongInstance(Invalid):
    """An instance contradicts itself; `where` names the resource, job or operation."""


class CircleInInstance(WrongInstance):
    """Operations that wait for each other."""


class NoSchedule(Conflict):
    """Nothing answers an instance: its rules contradict each other, or no schedule was found in time."""


@dataclass(frozen=True)
class Resource:
    """A machine, a pool of operators, a tool, or a renewable resource of a project."""

    capacity: int = 1
    batch: bool = False
    """It works in batches: what runs at the same time begins and ends together, has the same family and shares the capacity.
    An operation of family -1 runs alone."""
    closed: tuple[tuple[int, int], ...] = ()
    """Sorted and disjoint, end excluded: neither operations nor their setups run through them."""
    setup: tuple[tuple[int, ...], ...] = ()
    """`setup[before][after]` by family, between consecutive operations (or batches); () means none. It ends when the later
    one begins, without a break. Only where one thing runs at a time: capacity 1, or batches."""
    family: int = -1
    """What it is set up for at the start; -1: for anything, no first setup."""

    def setup_between(self, before: int, after: int) -> int:
        """How long it takes to change from one family to another; 0 from -1."""
        return self.setup[before][after] if self.setup and before >= 0 else 0


@dataclass(frozen=True)
class Mode:
    """One way to do an operation: how long, and what it takes as long as it runs."""

    duration: int
    takes: tuple[tuple[int, int], ...] = ()
    """(resource, amount); the first is the machine. Empty: it takes nothing, like a project's start and end."""

    @property
    def machine(self) -> int:
        """The resource it runs on; -1 when it takes none."""
        return self.takes[0][0] if self.takes else -1


@dataclass(frozen=True)
class After:
    """It begins at least `least` and at most `most` after the end of another operation (an index into `operations`)."""

    operation: int
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Operation:
    """Runs once, in one of its modes, without interruption. `job` and `number` are those of its file, from 0."""

    job: int
    number: int
    modes: tuple[Mode, ...]
    after: tuple[After, ...] = ()
    release: int = 0
    """It does not begin before."""
    family: int = -1

    def __str__(self) -> str:
        return f"operation {self.number} of job {self.job}"


@dataclass(frozen=True)
class Job:
    """Operations that belong together; `weight` is what one unit of time after `due` costs."""

    due: int | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Instance:
    """A whole problem; it can't be built with a contradiction in it. Raises WrongInstance, CircleInInstance."""

    name: str
    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...]
    jobs: tuple[Job, ...]
    objective: Objective = "makespan"
    order: tuple[int, ...] = field(init=False, compare=False, repr=False)
    """The operations' indexes so that each stands after those it waits for."""

    def __post_init__(self) -> None:
        for number, resource in enumerate(self.resources):
            _check_resource(resource, f"resource {number}")
        for number, job in enumerate(self.jobs):
            _check_job(job, f"job {number}")
        if self.objective not in ("makespan", "tardiness"):
            raise WrongInstance(f"the objective is makespan or tardiness, not {self.objective}", where=self.name)
        self._check_numbers()
        for operation in self.operations:
            self._check_operation(operation)
        object.__setattr__(self, "order", tuple(self._in_order()))

    def _check_numbers(self) -> None:
        seen: set[tuple[int, int]] = set()
        for operation in self.operations:
            if not 0 <= operation.job < len(self.jobs):
                raise WrongInstance(f"there is no job {operation.job}, jobs are numbered from 0", where=str(operation))
            if (operation.job, operation.number) in seen:
                raise WrongInstance("it is there twice", where=str(operation))
            seen.add((operation.job, operation.number))

    def _check_operation(self, operation: Operation) -> None:
        where = str(operation)
        _in_range(operation.release, "its release", where)
        if not operation.modes:
            raise WrongInstance("there is no way to do it: give it at least one mode", where=where)
        for mode in operation.modes:
            self._check_mode(mode, operation, where)
        for after in operation.after:
            self._check_after(after, where)

    def _check_mode(self, mode: Mode, operation: Operation, where: str) -> None:
        _in_range(mode.duration, "a duration", where)
        taken = [resource for resource, _ in mode.takes]
        if len(set(taken)) < len(taken):
            raise WrongInstance("a mode takes the same resource twice", where=where)
        for number, amount in mode.takes:
            if not 0 <= number < len(self.resources):
                raise WrongInstance(f"there is no resource {number}, there are {len(self.resources)} from 0", where=where)
            resource = self.resources[number]
            if not 1 <= amount <= resource.capacity:
                raise WrongInstance(f"it takes {amount} of resource {number}, which has {resource.capacity}", where=where)
            if resource.setup and not 0 <= operation.family < len(resource.setup):
                known = f"resource {number} has setups for {len(resource.setup)} families"
                raise WrongInstance(f"its family is {operation.family}, {known}", where=where)
            if resource.setup and not mode.duration:
                raise WrongInstance(f"it takes no time on resource {number}, which has setups: say how long", where=where)

    def _check_after(self, after: After, where: str) -> None:
        if not 0 <= after.operation < len(self.operations):
            raise WrongInstance(f"it follows operation {after.operation} of {len(self.operations)}", where=where)
        _in_range(after.least, "a lag", where)
        if after.most is not None:
            _in_range(after.most, "a longest lag", where)
            if after.most < after.least:
                raise WrongInstance(f"its longest lag {after.most} is below its least {after.least}", where=where)

    def _in_order(self) -> Iterator[int]:
        waits = [len(operation.after) for operation in self.operations]
        followers = self.followers
        ready = [index for index, count in enumerate(waits) if not count]
        found = 0
        for index in ready:
            yield index
            found += 1
            for follower in followers[index]:
                waits[follower] -= 1
                if not waits[follower]:
                    ready.append(follower)
        if found < len(self.operations):
            raise CircleInInstance(f"operations wait for each other: {self._circle(waits)}", where=self.name)

    def _circle(self, waits: list[int]) -> str:
        """One of the circles, in words. Whoever still waits has a predecessor that still waits: going back meets itself."""
        path = [next(index for index, count in enumerate(waits) if count)]
        while path[-1] not in path[:-1]:
            path.append(next(after.operation for after in self.operations[path[-1]].after if waits[after.operation]))
        circle = path[path.index(path[-1]) :]
        return " waits for ".join(str(self.operations[index]) for index in circle)

    @property
    def followers(self) -> tuple[tuple[int, ...], ...]:
        """Per operation the indexes of those that wait for it; one that waits twice is there twice."""
        found: list[list[int]] = [[] for _ in self.operations]
        for index, operation in enumerate(self.operations):
            for after in operation.after:
                found[after.operation].append(index)
        return tuple(map(tuple, found))

    def value(self, schedule: Iterable["Placed"]) -> float:
        """The objective of a schedule: the last end, or the sum of each job's weighted lateness."""
        ends = [0] * len(self.jobs)
        for placed in schedule:
            job = self.operations[placed.operation].job
            ends[job] = max(ends[job], placed.end)
        if self.objective == "makespan":
            return float(max(ends, default=0))
        late = zip(ends, self.jobs, strict=True)
        return float(sum(job.weight * max(0, end - job.due) for end, job in late if job.due is not None))


@dataclass(frozen=True)
class Placed:
    """When and how one operation (an index into `operations`) runs."""

    operation: int
    mode: int
    start: int
    end: int


Schedule = tuple[Placed, ...]
"""One per operation, in the order of the instance's operations."""


@dataclass(frozen=True)
class Found:
    """What a solver found. `bound`: nothing better than this exists; None when the solver knows none."""

    schedule: Schedule
    objective: float
    bound: float | None
    first_feasible_s: float
    status: Literal["optimal", "feasible"]
    trace: tuple[tuple[float, float], ...]
    """Seconds after the start, and the objective reached by then, for every improvement."""


def _in_range(value: int, what: str, where: str) -> None:
    if not 0 <= value <= LONGEST:
        raise WrongInstance(f"{what} is {value}, it must be from 0 to {LONGEST:.0e}", where=where)


def _check_resource(resource: Resource, where: str) -> None:
    if not 1 <= resource.capacity <= LONGEST:
        raise WrongInstance(f"its capacity is {resource.capacity}, it must be at least 1", where=where)
    before = 0
    for start, end in resource.closed:
        _in_range(start, "the start of a closed time", where)
        _in_range(end, "the end of a closed time", where)
        if not before <= start < end:
            raise WrongInstance(f"its closed time {start}-{end} is empty or not after the one before", where=where)
        before = end
    if resource.setup:
        _check_setup(resource, where)
    elif resource.family >= 0:
        raise WrongInstance(f"it is set up for family {resource.family} but has no setups", where=where)


def _check_setup(resource: Resource, where: str) -> None:
    families = len(resource.setup)
    if resource.capacity > 1 and not resource.batch:
        raise WrongInstance("setups need a resource that does one thing at a time: capacity 1, or batches", where=where)
    if any(len(row) != families for row in resource.setup):
        raise WrongInstance(f"its setups are not a square of {families} families", where=where)
    for row in resource.setup:
        for value in row:
            _in_range(value, "a setup", where)
    if not -1 <= resource.family < families:
        raise WrongInstance(f"it is set up for family {resource.family}, which is not in its setups", where=where)


def _check_job(job: Job, where: str) -> None:
    if job.due is not None and abs(job.due) > LONGEST:
        raise WrongInstance(f"its due time {job.due} is out of range", where=where)
    if not 0 <= job.weight <= LONGEST:
        raise WrongInstance(f"its weight {job.weight} is negative or out of range", where=where)
