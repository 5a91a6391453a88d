"""A solver's better schedule: applied when it is still true, and never at the cost of a promise."""

import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.plan import Demand, OperationNeed, Problem, Solution
from lotone.plan.model.problem import Move
from lotone.plan.solvers import cpsat, rounds
from lotone.plan.solvers.background import NICE, in_background


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def chain(first: float, second: float, weight: float = 1.0) -> Demand:
    """Oven, then paint, each on the same machines for all."""
    return Demand(
        (
            OperationNeed("cure", "curing", first),
            OperationNeed("paint", "paint", second, after=("cure",), work_units=("paint-1",)),
        ),
        weight=weight,
    )


def completions(plant: Any) -> dict[str, datetime]:
    with plant.plan() as plan:
        return {each.order: each.completion for each in plan.promises()}


@pytest.fixture
def jammed(plant: Any, with_settings: Callable[..., Any]) -> Any:
    """Orders in the worst order: the longest on the oven first, and then long on paint last."""
    with_settings(freeze_minutes=0)
    for number in range(5):
        plant.order(f"order-{number}", chain(120 - 20 * number, 20 + 20 * number))
    return plant


@pytest.mark.parametrize("solve", [cpsat.solve, rounds.solve])
def test_a_better_sequence_is_found_and_applied(jammed: Any, solve: Any) -> None:
    before = completions(jammed)
    with jammed.plan() as plan:
        improved = plan.improve(3.0, solve)
    after = completions(jammed)
    assert improved.applied
    assert improved.moved > 0
    assert sum(after[each].timestamp() for each in after) < sum(before[each].timestamp() for each in before)
    assert jammed.violations() == []
    assert jammed.moved_promises() == []
    assert jammed.changes()[-1].cause == "improved"
    assert jammed.changes()[-1].moved == improved.moved


def test_the_exact_solver_finds_what_trying_everything_finds(jammed: Any) -> None:
    """Five two-step orders on two machines: all 120 sequences are tried by hand."""
    with jammed.plan() as plan:
        problem = plan.problem()
        solution = cpsat.solve(problem, 20.0)
    assert solution is not None
    assert solution.proven
    assert solution.cost_before == cpsat.present_cost(problem)
    better = problem.at(solution.moves)
    assert sum(cpsat.completion(due, better.tasks) for due in better.dues) <= least_sum(problem)


def least_sum(problem: Problem) -> int:
    """Least sum of completions over all sequences that are the same on both machines."""
    jobs = []
    for due in problem.dues:
        lengths = {task.work_unit: task.end - task.start for task in problem.tasks if task.commitment == due.commitment}
        jobs.append((lengths["oven-1"], lengths["paint-1"]))
    return min(_sum_of(sequence) for sequence in _sequences(jobs))


def _sequences(jobs: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    if not jobs:
        return [[]]
    return [[job, *rest] for i, job in enumerate(jobs) for rest in _sequences(jobs[:i] + jobs[i + 1 :])]


def _sum_of(sequence: list[tuple[int, int]]) -> int:
    oven = paint = total = 0
    for first, second in sequence:
        oven += first
        paint = max(oven, paint) + second
        total += paint
    return total


def test_lateness_against_the_first_date_counts_most_and_by_weight(plant: Any, with_settings: Callable[..., Any]) -> None:
    """A stop moved both dates to the next day, where both have time: the heavy one goes first, although it is longer."""
    with_settings(freeze_minutes=0)
    plant.order("light", chain(100, 20))
    plant.order("heavy", chain(110, 20, weight=5.0))
    with plant.plan() as plan:
        plan.machine_down("oven-1", plant.now, 24 * 60)
        assert completions_of(plan) == {"light": berlin("03T10:00"), "heavy": berlin("03T11:50")}
        assert plan.improve(5.0, cpsat.solve).applied
        assert completions_of(plan) == {"heavy": berlin("03T10:10"), "light": berlin("03T11:50")}
    assert plant.violations() == []


def completions_of(plan: Any) -> dict[str, datetime]:
    return {each.order: each.completion for each in plan.promises()}


def test_a_plan_that_is_good_stays_as_it_is(plant: Any, wanted: Callable[..., Demand], with_settings: Any) -> None:
    with_settings(freeze_minutes=0)
    plant.order("a", wanted())
    plant.order("b", wanted())
    with plant.plan() as plan:
        assert len(plan.problem().tasks) == 6
        improved = plan.improve(2.0, cpsat.solve)
    assert not improved.applied
    assert plant.changes()[-1].cause == "ordered"


def test_what_starts_soon_and_what_is_released_stays(jammed: Any, with_settings: Callable[..., Any]) -> None:
    with_settings(freeze_minutes=90)
    with jammed.plan() as plan:
        late = plan.bookings_of("order-2")[1]
        plan.released(late.id, jammed.now)
        problem = plan.problem()
    assert late.id not in {task.booking for task in problem.tasks}
    assert min(task.start for task in problem.tasks) >= 90 * 60
    assert all(task.earliest >= 90 * 60 for task in problem.tasks)


def test_a_solution_is_applied_as_far_as_nothing_changed(jammed: Any) -> None:
    """An operation began while the solver worked: it stays, and what is left is applied only if it is still possible."""
    with jammed.plan() as plan:
        solution = rounds.solve(plan.problem(), 3.0)
    assert solution is not None
    first = min(jammed.snapshot().queues["oven-1"].bookings, key=lambda each: each.start)
    with jammed.plan() as plan:
        plan.started(first.id, jammed.now)
        improved = plan.apply(solution)
    assert not improved.applied
    assert improved.why
    assert jammed.violations() == []
    assert jammed.changes()[-1].cause == "started"


def test_a_solution_for_a_plan_that_moved_on_elsewhere_is_applied(jammed: Any) -> None:
    with jammed.plan() as plan:
        solution = rounds.solve(plan.problem(), 3.0)
    jammed.order("elsewhere", Demand((OperationNeed("assemble", "assembly", 30),)))
    with jammed.plan() as plan:
        assert plan.apply(solution).applied
    assert jammed.violations() == []


def _solution(plant: Any, order: str, minutes: float) -> Solution:
    booking = max(
        (each for queue in plant.snapshot().queues.values() for each in queue.bookings if each.order == order),
        key=lambda each: each.start,
    )
    later = booking.start + timedelta(minutes=minutes)
    move = Move(booking.id, booking.work_unit, booking.start, booking.work_unit, later)
    return Solution(plant.snapshot().version, (move,), 2.0, 1.0, proven=True)


def test_a_solution_that_makes_a_promise_worse_is_refused(jammed: Any) -> None:
    solution = _solution(jammed, "order-4", 24 * 60)
    with jammed.plan() as plan:
        improved = plan.apply(solution)
    assert improved == improved.__class__(False, 0, "1 promises would get worse")


def test_a_wrong_solution_is_refused_by_the_checker(jammed: Any) -> None:
    solution = _solution(jammed, "order-3", 10)
    with jammed.plan() as plan:
        improved = plan.apply(solution)
    assert not improved.applied
    assert "two bookings" in improved.why or "before it ends" in improved.why
    assert jammed.changes()[-1].cause == "ordered"


def test_orders_within_their_date_may_wait_for_late_ones_but_never_past_it(
    plant: Any, with_settings: Callable[..., Any]
) -> None:
    with_settings(freeze_minutes=0)
    for number in range(8):
        plant.order(f"order-{number}", chain(45, 50))
    with plant.plan() as plan:
        plan.machine_down("paint-1", plant.now, 300)
        told = {each.order: each.told.date for each in plan.promises()}
        problem = plan.problem()
        solution = cpsat.solve(problem, 3.0)
        if solution is not None:
            plan.apply(solution)
        for each in plan.promises():
            assert each.completion + timedelta(minutes=60) <= told[each.order]


def test_nothing_to_move_is_no_problem(plant: Any) -> None:
    with plant.plan() as plan:
        assert plan.problem() is None
        assert plan.improve(1.0, cpsat.solve).why == "nothing better was found"


def test_a_search_runs_in_the_background_and_hands_on_what_went_wrong() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    assert in_background(niceness) == (NICE if sys.platform == "linux" else before)
    assert niceness() == before
    with pytest.raises(ZeroDivisionError):
        in_background(lambda: 1 / 0)
