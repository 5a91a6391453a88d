"""The plan's improvement as a constraint program for OR-Tools CP-SAT."""

from dataclasses import dataclass, replace
from functools import partial

from ortools.sat.python import cp_model

from lotone.plan.model.costing import completion, costs
from lotone.plan.model.objective import Objective
from lotone.plan.model.tasks import Due, Problem, Solution, Task
from lotone.plan.solvers.background import in_background

WEIGHT_STEPS = 10
"""Weights are counted in tenths, because the solver counts in integers."""


@dataclass(frozen=True)
class _Choice:
    """A task's variables: when, and on which machine."""

    task: Task
    start: cp_model.IntVar
    end: cp_model.IntVar
    on: dict[str, cp_model.IntVar]
    moved: cp_model.IntVar


def solve(problem: Problem, seconds: float) -> Solution | None:
    """A better schedule found within a time on one thread; None when nothing better was found.

    Fewest broken promises, least weighted lateness against the dates told first, then early completion, then few changes,
    as the objective weighs them. No commitment completes later than its limit. The present schedule is given as a hint, so
    the search begins with it. Only for plain problems (`Problem.is_plain`); work in process is not looked at.
    """
    model = cp_model.CpModel()
    choices = {task.booking: _choice(model, task, problem) for task in problem.tasks}
    _one_at_a_time(model, choices, problem)
    for choice in choices.values():
        _keep_order(model, choice, choices)
    cost = [_completion_cost(model, due, choices, problem.objective) for due in problem.dues]
    cost += [_change_cost(choice, problem.objective) for choice in choices.values()]
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = in_background(partial(solver.solve, model))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return _solution(problem, choices, solver, proven=status == cp_model.OPTIMAL)


def _choice(model: cp_model.CpModel, task: Task, problem: Problem) -> _Choice:
    latest = problem.horizon if task.latest_end is None else task.latest_end
    start = model.new_int_var(min(task.earliest, task.start), latest, f"start {task.booking}")
    end = model.new_int_var(min(task.earliest, task.start), latest, f"end {task.booking}")
    model.add(start >= task.earliest)
    on = {unit: model.new_bool_var(f"{task.booking} on {unit}") for unit in task.seconds_on}
    model.add_exactly_one(on.values())
    model.add(end == start + sum(seconds * on[unit] for unit, seconds in task.seconds_on.items()))
    moved = model.new_bool_var(f"moved {task.booking}")
    model.add(start == task.start).only_enforce_if(~moved)
    model.add_implication(~moved, on[task.work_unit])
    _hint(model, task, start, end, on, moved)
    return _Choice(task, start, end, on, moved)


def _hint(
    model: cp_model.CpModel,
    task: Task,
    start: cp_model.IntVar,
    end: cp_model.IntVar,
    on: dict[str, cp_model.IntVar],
    moved: cp_model.IntVar,
) -> None:
    model.add_hint(start, task.start)
    model.add_hint(end, task.end)
    model.add_hint(moved, False)
    for unit, chosen in on.items():
        model.add_hint(chosen, unit == task.work_unit)


def _one_at_a_time(model: cp_model.CpModel, choices: dict[str, _Choice], problem: Problem) -> None:
    """On every machine: its tasks, and closed hours, repair and bookings that stay, never at the same time."""
    for unit, spans in problem.blocked.items():
        stretches = [model.new_fixed_size_interval_var(start, end - start, f"{unit} {start}") for start, end in spans]
        for choice in choices.values():
            if unit in choice.on:
                size = choice.task.seconds_on[unit]
                name = f"{choice.task.booking} on {unit}"
                stretches.append(model.new_optional_fixed_size_interval_var(choice.start, size, choice.on[unit], name))
        model.add_no_overlap(stretches)


def _keep_order(model: cp_model.CpModel, choice: _Choice, choices: dict[str, _Choice]) -> None:
    for before, wait in choice.task.after:
        model.add(choice.start >= choices[before].end + wait)


def _completion_cost(
    model: cp_model.CpModel, due: Due, choices: dict[str, _Choice], objective: Objective
) -> cp_model.LinearExprT:
    own = [choice for choice in choices.values() if choice.task.commitment == due.commitment]
    complete = model.new_int_var(due.fixed_end, max(due.limit, due.fixed_end), f"completion {due.commitment}")
    late = model.new_int_var(0, max(due.limit - due.due, 0), f"late {due.commitment}")
    for choice in own:
        model.add(complete >= choice.end)
    model.add(late >= complete - due.due)
    present = completion(due, [choice.task for choice in own])
    model.add_hint(complete, present)
    model.add_hint(late, max(0, present - due.due))
    cost = _whole(due.weight * objective.late) * late + _whole(due.weight * objective.complete) * complete
    if due.promise is not None and due.promise < due.limit:
        broken = model.new_bool_var(f"broken {due.commitment}")
        model.add(complete <= due.promise).only_enforce_if(~broken)
        model.add_hint(broken, present > due.promise)
        cost += _whole(due.weight * objective.broken) * broken
    return cost


def _change_cost(choice: _Choice, objective: Objective) -> cp_model.LinearExprT:
    stayed = choice.on[choice.task.work_unit]
    return _whole(objective.moved) * choice.moved + _whole(objective.changed_machine) * (1 - stayed)


def _solution(problem: Problem, choices: dict[str, _Choice], solver: cp_model.CpSolver, *, proven: bool) -> Solution | None:
    better = replace(problem, tasks=tuple(_placed(choice, solver) for choice in choices.values()))
    moves = problem.moves(better)
    before, after = present_cost(problem), round(solver.objective_value)
    if not moves or after >= before:
        return None
    return Solution(problem.version, moves, before, after, proven, costs(problem), costs(better, problem))


def _placed(choice: _Choice, solver: cp_model.CpSolver) -> Task:
    unit = next(unit for unit, chosen in choice.on.items() if solver.value(chosen))
    return replace(choice.task, work_unit=unit, start=solver.value(choice.start))


def present_cost(problem: Problem) -> int:
    """What the schedule costs as it stands, by the same measure."""
    objective, cost = problem.objective, 0
    for due in problem.dues:
        complete = completion(due, problem.tasks)
        cost += _whole(due.weight * objective.late) * max(0, complete - due.due)
        cost += _whole(due.weight * objective.complete) * complete
        if due.promise is not None and complete > due.promise:
            cost += _whole(due.weight * objective.broken)
    return cost


def _whole(weight: float) -> int:
    return round(weight * WEIGHT_STEPS)
