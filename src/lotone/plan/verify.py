"""The independent verifier of instances: whether a schedule can be carried out, and what it costs. It shares no code with
what makes schedules."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lotone.plan.formats.solution import Row
from lotone.plan.model.instance import Instance, Mode, Placed, Resource

MOST_FAULTS = 1000
"""Of a schedule that is wrong everywhere only the first are told."""


@dataclass(frozen=True)
class ScheduleFault:
    """One thing in a schedule that can't be. `kind` is one of

    missing, twice, unknown (of operations and modes), machine, duration, release, order (before what it
    follows), lag (too soon or too late after it), closed, capacity, batch, setup.
    """

    kind: str
    operations: tuple[int, ...]
    """Indexes into the instance's operations."""
    words: str


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a schedule, and its objective, computed anew (None when operations are missing or unknown)."""

    faults: tuple[ScheduleFault, ...]
    objective: float | None

    @property
    def holds(self) -> bool:
        """It can be carried out as it stands."""
        return not self.faults


@dataclass(frozen=True)
class _Use:
    """One operation on one resource."""

    operation: int
    name: str
    family: int
    start: int
    end: int
    amount: int


def verify(instance: Instance, schedule: Iterable[Placed]) -> Verdict:
    """Whether every operation runs once, as long as it takes and where it can, and breaks no rule of the instance."""
    placed = list(schedule)
    faults = list(_present(instance, placed))
    if faults:
        return Verdict(tuple(faults[:MOST_FAULTS]), None)
    by_index = {each.operation: each for each in placed}
    found = [*_each(instance, by_index), *_lags(instance, by_index), *_resources(instance, by_index)]
    return Verdict(tuple(found[:MOST_FAULTS]), _objective(instance, by_index))


def verify_rows(instance: Instance, rows: Iterable[Row]) -> Verdict:
    """The same for the rows of a solution file, whose machines and durations must be possible ones."""
    placed, faults = placed_by(instance, rows)
    if not faults:
        return verify(instance, placed)
    known = {each.operation for each in placed}
    missing = [index for index in range(len(instance.operations)) if index not in known]
    faults += [ScheduleFault("missing", (index,), f"{instance.operations[index]} is not there") for index in missing]
    return Verdict(tuple(faults[:MOST_FAULTS]), None)


def placed_by(instance: Instance, rows: Iterable[Row]) -> tuple[list[Placed], list[ScheduleFault]]:
    """What rows of a solution file mean, and those that mean nothing; an operation without a possible mode gets its first."""
    places = {(each.job, each.number): index for index, each in enumerate(instance.operations)}
    placed: list[Placed] = []
    faults: list[ScheduleFault] = []
    for row in rows:
        index = places.get((row.job, row.operation))
        if index is None:
            words = f"there is no operation {row.operation} of job {row.job}"
            faults.append(ScheduleFault("unknown", (), words))
            continue
        mode = _mode_of(row, instance.operations[index].modes)
        if isinstance(mode, str):
            words = f"{instance.operations[index]} {mode}"
            faults.append(ScheduleFault("machine", (index,), words))
            mode = 0
        placed.append(Placed(index, mode, row.start, row.end))
    return placed, faults


def _mode_of(row: Row, modes: Sequence[Mode]) -> int | str:
    """The mode a row means, or in words why there is none."""
    if row.mode is not None:
        if not 0 <= row.mode < len(modes):
            return f"has no mode {row.mode}, it has {len(modes)} from 0"
        if row.machine not in (None, modes[row.mode].machine):
            return f"runs on machine {row.machine}, but its mode {row.mode} is on machine {modes[row.mode].machine}"
        return row.mode
    on_machine = [mode for mode, each in enumerate(modes) if row.machine in (None, each.machine)]
    if not on_machine:
        return f"can't run on machine {row.machine}"
    fitting = [mode for mode in on_machine if modes[mode].duration == row.end - row.start] or on_machine[:1]
    if len({(modes[mode].duration, frozenset(modes[mode].takes)) for mode in fitting}) > 1:
        return 'may run in several ways with this machine and duration: say which with "mode"'
    return fitting[0]


def _present(instance: Instance, placed: Sequence[Placed]) -> Iterator[ScheduleFault]:
    seen: set[int] = set()
    for each in placed:
        if not 0 <= each.operation < len(instance.operations):
            yield ScheduleFault("unknown", (), f"there is no operation with the index {each.operation}")
            continue
        operation = instance.operations[each.operation]
        if each.operation in seen:
            yield ScheduleFault("twice", (each.operation,), f"{operation} is there more than once")
        elif not 0 <= each.mode < len(operation.modes):
            count = len(operation.modes)
            yield ScheduleFault("unknown", (each.operation,), f"{operation} has no mode {each.mode}, it has {count} from 0")
        seen.add(each.operation)
    for index, operation in enumerate(instance.operations):
        if index not in seen:
            yield ScheduleFault("missing", (index,), f"{operation} is not there")


def _each(instance: Instance, placed: dict[int, Placed]) -> Iterator[ScheduleFault]:
    for index, operation in enumerate(instance.operations):
        one = placed[index]
        wanted = operation.modes[one.mode].duration
        if one.end - one.start != wanted:
            words = f"{operation} runs from {one.start} to {one.end}, but takes {wanted}"
            yield ScheduleFault("duration", (index,), words)
        if one.start < max(operation.release, 0):
            words = f"{operation} begins at {one.start}, before {max(operation.release, 0)}"
            yield ScheduleFault("release", (index,), words)


def _lags(instance: Instance, placed: dict[int, Placed]) -> Iterator[ScheduleFault]:
    for index, operation in enumerate(instance.operations):
        for after in operation.after:
            before = instance.operations[after.operation]
            lag = placed[index].start - placed[after.operation].end
            both = (after.operation, index)
            told = f"{operation} begins at {placed[index].start}, {before} ends at {placed[after.operation].end}"
            if lag < 0:
                yield ScheduleFault("order", both, f"{told}: it must come after it")
            elif lag < after.least:
                yield ScheduleFault("lag", both, f"{told}: at least {after.least} must lie between them")
            if after.most is not None and lag > after.most:
                yield ScheduleFault("lag", both, f"{told}: at most {after.most} may lie between them")


def _resources(instance: Instance, placed: dict[int, Placed]) -> Iterator[ScheduleFault]:
    uses: dict[int, list[_Use]] = {}
    for index, operation in enumerate(instance.operations):
        one = placed[index]
        for taken, amount in operation.modes[one.mode].takes:
            use = _Use(index, str(operation), operation.family, one.start, one.end, amount)
            uses.setdefault(taken, []).append(use)
    for number, found in sorted(uses.items()):
        resource = instance.resources[number]
        found.sort(key=lambda use: (use.start, use.end, use.operation))
        yield from _closed(resource, number, found)
        yield from _batches(resource, number, found) if resource.batch else _capacity(resource, number, found)
        if resource.setup:
            yield from _setups(resource, number, found)


def _closed(resource: Resource, number: int, uses: list[_Use]) -> Iterator[ScheduleFault]:
    for use in uses:
        span = _first_closed(resource, use.start, use.end)
        if span:
            words = (
                f"{use.name} runs from {use.start} to {use.end}, but resource {number} is closed from {span[0]} to {span[1]}"
            )
            yield ScheduleFault("closed", (use.operation,), words)


def _first_closed(resource: Resource, start: int, end: int) -> tuple[int, int] | None:
    return next((span for span in resource.closed if span[0] < end and start < span[1]), None)


def _capacity(resource: Resource, number: int, uses: list[_Use]) -> Iterator[ScheduleFault]:
    """One fault for each operation that begins where there is no room left. What takes no time takes no room."""
    running: list[_Use] = []
    for use in uses:
        if use.start == use.end:
            continue
        running = [each for each in running if each.end > use.start]
        if sum(each.amount for each in running) + use.amount > resource.capacity:
            others = ", ".join(each.name for each in running)
            words = f"{use.name} begins at {use.start} on resource {number} (room for {resource.capacity}) beside {others}"
            yield ScheduleFault("capacity", (*(each.operation for each in running), use.operation), words)
        running.append(use)


def _batches(resource: Resource, number: int, uses: list[_Use]) -> Iterator[ScheduleFault]:
    latest: _Use | None = None
    for (start, end), together in groupby((use for use in uses if use.start < use.end), key=lambda use: (use.start, use.end)):
        batch = list(together)
        yield from _batch(resource, number, batch)
        if latest and start < latest.end:
            words = f"{batch[0].name} begins at {start} on resource {number} in the middle of {latest.name}: not one batch"
            yield ScheduleFault("batch", (latest.operation, batch[0].operation), words)
        if latest is None or end > latest.end:
            latest = batch[0]


def _batch(resource: Resource, number: int, batch: list[_Use]) -> Iterator[ScheduleFault]:
    names = ", ".join(use.name for use in batch)
    indexes = tuple(use.operation for use in batch)
    told = f"{names} run together from {batch[0].start} on resource {number}"
    if len(batch) > 1 and (batch[0].family < 0 or len({use.family for use in batch}) > 1):
        yield ScheduleFault("batch", indexes, f"{told}: they are not of one family")
    if sum(use.amount for use in batch) > resource.capacity:
        yield ScheduleFault("capacity", indexes, f"{told}, which has room for {resource.capacity}")


def _setups(resource: Resource, number: int, uses: list[_Use]) -> Iterator[ScheduleFault]:
    first = uses[0]
    yield from _setup(resource, number, None, first)
    for before, use in pairwise(uses):
        if (before.start, before.end) != (use.start, use.end) or not resource.batch:
            yield from _setup(resource, number, before, use)


def _setup(resource: Resource, number: int, before: _Use | None, use: _Use) -> Iterator[ScheduleFault]:
    state = before.family if before else resource.family
    needed = resource.setup[state][use.family] if state >= 0 else 0
    since = before.end if before else 0
    who = (before.operation, use.operation) if before else (use.operation,)
    after = f"after {before.name} ends at {since}" if before else "at the start"
    told = f"{use.name} begins at {use.start} on resource {number} {after}: setting up takes {needed}"
    if use.start - needed < since:
        yield ScheduleFault("setup", who, told)
    elif needed and (span := _first_closed(resource, use.start - needed, use.start)):
        yield ScheduleFault("setup", who, f"{told}, and it is closed from {span[0]} to {span[1]}")


def _objective(instance: Instance, placed: dict[int, Placed]) -> float:
    ends: dict[int, int] = {}
    for index, one in placed.items():
        job = instance.operations[index].job
        ends[job] = max(ends.get(job, 0), one.end)
    if instance.objective == "makespan":
        return float(max(ends.values(), default=0))
    cost = 0.0
    for job, end in ends.items():
        due = instance.jobs[job].due
        if due is not None and end > due:
            cost += instance.jobs[job].weight * (end - due)
    return cost


def same_objective(claimed: float, found: float) -> bool:
    """Whether two objectives are equal as far as sums of decimal weights can be."""
    return abs(claimed - found) <= 1e-6 * max(1.0, abs(found))
