"""Job shops, flexible job shops and flexible assembly job shops as the benchmark collections write them."""

from collections.abc import Iterator
from pathlib import Path

from lotone.plan.formats.text import (
    MOST_MODES,
    MOST_OPERATIONS,
    MOST_RESOURCES,
    Numbers,
    WrongFile,
    next_row,
    no_more,
    rows,
)
from lotone.plan.model.instance import After, Instance, Job, Mode, Operation, Resource


class Limit:
    """Counts what was read, so that a file can't fill the memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.operations = 0
        self.modes = 0

    def count(self, row: Numbers, modes: int) -> None:
        """Raises WrongFile when there are too many operations or ways to do them."""
        self.operations += 1
        self.modes += modes
        if self.operations > MOST_OPERATIONS or self.modes > MOST_MODES:
            raise row.fault(f"at most {MOST_OPERATIONS} operations with {MOST_MODES} alternatives are read")


def read_jobshop(path: Path, text: str) -> Instance:
    """A job shop: "jobs machines", then a line for each job of pairs machine duration; machines from 0.

    Jobs may have more or fewer operations than there are machines, and come to a machine again.
    """
    lines = rows(path, text)
    jobs, machines = _head(lines, path)
    limit = Limit(path)
    operations: list[Operation] = []
    for job in range(jobs):
        row = next_row(lines, f"job {job} of {jobs}", path)
        operations += _chain(job, _pairs(row, machines, limit), len(operations))
    no_more(lines, f"{jobs} jobs")
    return _shop(path, operations, jobs, machines)


def _pairs(row: Numbers, machines: int, limit: Limit) -> Iterator[tuple[Mode, ...]]:
    while row.has_more():
        machine = row.take("a machine", most=machines - 1)
        duration = row.take("a duration")
        limit.count(row, 1)
        yield (Mode(duration, ((machine, 1),)),)


def read_fjsp(path: Path, text: str) -> Instance:
    """A flexible job shop: "jobs machines [flexibility]", then a line for each job.

    A job's line: how many operations, and for each how many alternatives and as many pairs machine duration; machines from 0.
    """
    lines = rows(path, text)
    jobs, machines = _head(lines, path, flexibility=True)
    limit = Limit(path)
    operations: list[Operation] = []
    for job in range(jobs):
        row = next_row(lines, f"job {job} of {jobs}", path)
        count = row.take("how many operations the job has", most=MOST_OPERATIONS)
        alternatives = (_alternatives(row, machines, limit) for _ in range(count))
        operations += _chain(job, alternatives, len(operations))
        row.finish()
    no_more(lines, f"{jobs} jobs")
    return _shop(path, operations, jobs, machines)


def _alternatives(row: Numbers, machines: int, limit: Limit) -> tuple[Mode, ...]:
    count = row.take("how many alternatives the operation has", least=1, most=machines)
    limit.count(row, count)
    return tuple(_alternative(row, machines) for _ in range(count))


def _alternative(row: Numbers, machines: int) -> Mode:
    machine = row.take("a machine (they are numbered from 0)", most=machines - 1)
    return Mode(row.take("a duration"), ((machine, 1),))


def read_assembly(path: Path, text: str) -> Instance:
    """A flexible job shop whose jobs are precedence graphs: "operations arcs machines", a line for each arc "before after",
    and a line for each operation: how many alternatives and as many pairs machine duration.

    Operations keep the file's numbers, which run through all jobs; operations that arcs connect are one job, and jobs are
    numbered by their first operations.
    """
    lines = rows(path, text)
    head = next_row(lines, "operations, arcs and machines", path)
    count = head.take("how many operations there are", least=1, most=MOST_OPERATIONS)
    arc_count = head.take("how many arcs there are", most=MOST_MODES)
    machines = head.take("how many machines there are", least=1, most=MOST_RESOURCES)
    head.finish()
    arcs = [_arc(next_row(lines, f"arc {arc} of {arc_count}", path), count) for arc in range(arc_count)]
    limit = Limit(path)
    modes = [_one_operation(next_row(lines, f"operation {each} of {count}", path), machines, limit) for each in range(count)]
    no_more(lines, f"{count} operations")
    before: list[list[int]] = [[] for _ in range(count)]
    for first, then in arcs:
        before[then].append(first)
    jobs = _connected(count, arcs)
    operations = [
        Operation(jobs[each], each, modes[each], tuple(After(first) for first in before[each])) for each in range(count)
    ]
    return _shop(path, operations, max(jobs) + 1, machines)


def _arc(row: Numbers, count: int) -> tuple[int, int]:
    first = row.take("the operation before", most=count - 1)
    then = row.take("the operation after", most=count - 1)
    row.finish()
    return first, then


def _one_operation(row: Numbers, machines: int, limit: Limit) -> tuple[Mode, ...]:
    modes = _alternatives(row, machines, limit)
    row.finish()
    return modes


def _connected(count: int, arcs: list[tuple[int, int]]) -> list[int]:
    """Each operation's job: those that arcs connect, numbered by their first operations."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for first, then in arcs:
        neighbours[first].append(then)
        neighbours[then].append(first)
    jobs = [-1] * count
    found = 0
    for each in range(count):
        if jobs[each] >= 0:
            continue
        jobs[each] = found
        reached = [each]
        for one in reached:
            fresh = [other for other in neighbours[one] if jobs[other] < 0]
            for other in fresh:
                jobs[other] = found
            reached += fresh
        found += 1
    return jobs


def _head(lines: Iterator[Numbers], path: Path, *, flexibility: bool = False) -> tuple[int, int]:
    head = next_row(lines, "how many jobs and machines there are", path)
    jobs = head.take("how many jobs there are", least=1, most=MOST_OPERATIONS)
    machines = head.take("how many machines there are", least=1, most=MOST_RESOURCES)
    if flexibility:
        head.skip()
    head.finish()
    return jobs, machines


def _chain(job: int, modes: Iterator[tuple[Mode, ...]], first: int) -> Iterator[Operation]:
    """A job's operations one after the other; `first` is the index of the first among all operations."""
    for number, each in enumerate(modes):
        yield Operation(job, number, each, (After(first + number - 1),) if number else ())


def _shop(path: Path, operations: list[Operation], jobs: int, machines: int) -> Instance:
    if not operations:
        raise WrongFile("expected at least one operation", where=str(path))
    return Instance(path.stem, (Resource(),) * machines, tuple(operations), (Job(),) * jobs)
