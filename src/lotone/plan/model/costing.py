"""What the schedule of a problem costs as it stands, computed from the bookings alone."""

from collections.abc import Iterable

from lotone.plan.model.objective import Costs
from lotone.plan.model.tasks import Due, Problem, Task


def completion(due: Due, tasks: Iterable[Task]) -> int:
    """When a commitment is complete as the tasks stand."""
    return max([due.fixed_end, *(task.end for task in tasks if task.commitment == due.commitment)])


def costs(problem: Problem, home: Problem | None = None) -> Costs:
    """What the schedule costs, part by part; changes against `home`, the problem as it was posed."""
    objective = problem.objective
    ends: dict[str, int] = {}
    begins: dict[str, int] = {}
    for task in problem.tasks:
        ends[task.commitment] = max(ends.get(task.commitment, task.end), task.end)
        begins[task.commitment] = min(begins.get(task.commitment, task.start), task.start)
    late = broken = complete = in_work = 0.0
    for due in problem.dues:
        end = max(due.fixed_end, ends.get(due.commitment, 0))
        begin = min(begins.get(due.commitment, end), end if due.begun is None else due.begun)
        late += due.weight * max(0, end - due.due)
        broken += due.weight * (due.promise is not None and end > due.promise)
        complete += due.weight * end
        in_work += due.weight * (end - begin)
    return Costs(
        late=late * objective.late,
        broken=broken * objective.broken,
        complete=complete * objective.complete,
        in_work=in_work * objective.in_work,
        setup=objective.setup * setup_seconds(problem),
        money=sum(_money(problem, task) for task in problem.tasks),
        change=0.0 if home is None else _changes(problem, home),
    )


def _changes(problem: Problem, home: Problem) -> float:
    cost = 0.0
    for old, new in zip(home.tasks, problem.tasks, strict=True):
        if (old.work_unit, old.start, old.crew) != (new.work_unit, new.start, new.crew):
            cost += problem.objective.moved
            cost += problem.objective.changed_machine * (old.work_unit != new.work_unit)
    return cost


def _money(problem: Problem, task: Task) -> float:
    cost = 0.0
    for unit in (task.work_unit, *task.crew):
        for start, end, rate in problem.units[unit].rates if unit in problem.units else ():
            cost += rate * max(0, min(end, task.end) - max(start, task.start))
    return cost


def setup_seconds(problem: Problem) -> int:
    """How long machines are set up, one after the other; what needs no setup leaves a machine as it is."""
    total = 0
    for name, unit in problem.units.items():
        if not unit.matrix:
            continue
        minutes = problem.matrices[unit.matrix]
        state = unit.state
        for _, setup in sorted(_states_on(problem, name)):
            if setup:
                total += minutes.get((state, setup), 0) if state else 0
                state = setup
    return total


def _states_on(problem: Problem, unit: str) -> set[tuple[int, str]]:
    """What a machine is set up for and when; a batch counts once."""
    moving = {(task.start, task.setup) for task in problem.tasks if task.work_unit == unit}
    return moving | {(stay.start, stay.setup) for stay in problem.stays.values() if stay.work_unit == unit}
