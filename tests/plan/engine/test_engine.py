"""The makespan engine: what it takes, that its schedules can be carried out, and that it finds the best of small shops."""

from ctypes import c_int32
from dataclasses import replace
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.plan.model.instance import LONGEST, After, Found, Instance, Job, Mode, Operation, Resource
from lotone.plan.solvers import engine
from lotone.plan.solvers.engine import native
from lotone.plan.solvers.engine.bound import lower_bound, preemptive
from lotone.plan.solvers.engine.native import Solution, Worker
from lotone.plan.solvers.engine.pool import BARREN, MEMBERS, PATIENCE_LEAST, Pool
from lotone.plan.solvers.engine.tables import tables_of
from plan.engine.shops import best_makespan, job_shop, shops

# Fisher and Thompson's 6 x 6, whose best makespan is 55
FT06 = job_shop(
    [
        [(2, 1), (0, 3), (1, 6), (3, 7), (5, 3), (4, 6)],
        [(1, 8), (2, 5), (4, 10), (5, 10), (0, 10), (3, 4)],
        [(2, 5), (3, 4), (5, 8), (0, 9), (1, 1), (4, 7)],
        [(1, 5), (0, 5), (2, 5), (3, 3), (4, 8), (5, 9)],
        [(2, 9), (1, 3), (4, 5), (5, 4), (0, 3), (3, 1)],
        [(1, 3), (3, 3), (5, 9), (0, 10), (4, 4), (2, 1)],
    ]
)


def faults(instance: Instance, found: Found) -> list[str]:
    """What is wrong with a schedule, without asking any code of ours."""
    wrong = []
    machines: dict[int, list[tuple[int, int]]] = {}
    for index, (operation, placed) in enumerate(zip(instance.operations, found.schedule, strict=True)):
        mode = operation.modes[placed.mode]
        if (placed.operation, placed.end - placed.start) != (index, mode.duration) or placed.start < operation.release:
            wrong.append(f"{operation} is not as long or starts before its release")
        if any(placed.start < found.schedule[after.operation].end + after.least for after in operation.after):
            wrong.append(f"{operation} starts before what it follows")
        if mode.duration:
            machines.setdefault(mode.machine, []).append((placed.start, placed.end))
    for machine, used in machines.items():
        if any(later[0] < earlier[1] for earlier, later in pairwise(sorted(used))):
            wrong.append(f"machine {machine} does two things at once")
    if found.objective != max((placed.end for placed in found.schedule), default=0):
        wrong.append("the objective is not the last end")
    return wrong


def searched(instance: Instance, rounds: int, patience: int, seed: int = 0) -> tuple[Worker, Solution]:
    """The best of some rounds, the same ones at every time."""
    worker, random = Worker(tables_of(instance), seed, c_int32()), Random(seed)
    best = worker.dispatch(0.0)
    for number in range(rounds):
        solution = worker.merge(best, worker.dispatch(1.0), random.random()) if number % 2 else worker.dispatch(1.0)
        worker.improve(solution, patience, 0)
        best = min(best, solution, key=lambda each: each.makespan)
    return worker, best


@settings(deadline=None)
@given(shops())
def test_schedules_can_be_carried_out_and_the_bound_holds(instance: Instance) -> None:
    found = engine.solve(instance, 0.01, 2)
    assert engine.fits(instance)
    assert not faults(instance, found)
    assert found.bound is not None
    assert found.bound <= best_makespan(instance) <= found.objective
    assert (found.status == "optimal") == (found.bound == found.objective)


@settings(deadline=None)
@given(shops())
def test_small_shops_are_solved_to_the_best(instance: Instance) -> None:
    assert searched(instance, 60, 60)[1].makespan == best_makespan(instance)


@settings(max_examples=15, deadline=None)
@given(shops(40), st.integers(0, 5))
def test_larger_shops_stay_right_after_many_moves(instance: Instance, seed: int) -> None:
    worker, best = searched(instance, 6, 200, seed)
    starts, tables = worker.starts(best), worker.tables
    ends = starts + tables.mode_duration[best.mode[1:]]
    assert best.makespan == ends.max()
    assert sorted(best.order) == list(range(1, tables.operations + 1))
    by_start: dict[int, int] = {}
    for number in best.order.tolist():  # every machine takes its operations in this order
        machine = int(tables.mode_machine[best.mode[number]])
        assert starts[number - 1] >= by_start.get(machine, 0)
        by_start[machine] = int(ends[number - 1])
        for after in instance.operations[number - 1].after:
            assert starts[number - 1] >= ends[after.operation] + after.least


def test_a_known_shop_is_solved() -> None:
    heard: list[tuple[float, float]] = []
    found = engine.solve(FT06, 0.3, 2, told=lambda seconds, makespan: heard.append((seconds, makespan)))
    assert not faults(FT06, found)
    assert found.objective == 55
    assert tuple(heard) == found.trace
    assert found.trace[0][0] == found.first_feasible_s
    assert [makespan for _, makespan in heard] == sorted({makespan for _, makespan in heard}, reverse=True)


def test_equal_seeds_search_equally() -> None:
    first, second, other = (searched(FT06, 4, 50, seed)[1] for seed in (7, 7, 8))
    assert first.order.tolist() == second.order.tolist()
    assert first.order.tolist() != other.order.tolist()


def test_what_both_schedules_agree_on_stays_between_them() -> None:
    worker, one = searched(FT06, 1, 20)
    other = worker.dispatch(1.0)
    worker.improve(other, 5, 0)
    between = worker.merge(one, other, 0.5)
    places = [{number: place for place, number in enumerate(each.order.tolist())} for each in (one, other, between)]
    for first in range(1, 37):
        for second in range(1, 37):
            if all(place[first] < place[second] for place in places[:2]):
                assert places[2][first] < places[2][second]
    assert worker.difference(one, one) == 0
    assert worker.difference(one, other) > 0


def test_a_search_that_is_told_to_stop_makes_no_move() -> None:
    stop = c_int32()
    worker = Worker(tables_of(FT06), 0, stop)
    solution = worker.dispatch(1.0)
    stop.value = 1
    assert worker.improve(solution, 1_000, 0) == 0
    stop.value = 0
    assert worker.improve(solution, 1_000, 0) > 1_000


def test_the_pool_holds_different_schedules_and_begins_anew_when_nothing_helps() -> None:
    worker, pool, random = Worker(tables_of(FT06), 0, c_int32()), Pool(), Random(0)
    for _ in range(3 * MEMBERS):
        solution = pool.start(worker, random)
        worker.improve(solution, 3, 0)
        pool.add(solution, worker)
    assert len(pool.members) == MEMBERS
    assert all(worker.difference(one, other) for one, other in combinations(pool.members, 2))
    best, patience = min(pool.members, key=lambda each: each.makespan), pool.patience
    for _ in range(BARREN):
        pool.add(best, worker)
    assert pool.patience == 2 * patience
    while pool.patience > PATIENCE_LEAST:
        pool.add(best, worker)
    assert pool.members == [best]


def test_no_operations_take_no_time() -> None:
    assert engine.solve(Instance("empty", (), (), (Job(),)), 1, 1) == Found((), 0.0, 0.0, 0.0, "optimal", ((0.0, 0.0),))


def test_durations_of_any_size_do_not_overflow() -> None:
    found = engine.solve(job_shop([[(0, LONGEST), (1, LONGEST)], [(1, LONGEST), (0, LONGEST)]]), 0.1, 1)
    assert (found.objective, found.status) == (2.0 * LONGEST, "optimal")


MACHINE = Operation(0, 0, (Mode(1, ((0, 1),)),))


@pytest.mark.parametrize(
    "instance",
    [
        Instance("due", (Resource(),), (MACHINE,), (Job(due=1),), "tardiness"),
        Instance("pool", (Resource(capacity=2),), (MACHINE,), (Job(),)),
        Instance("oven", (Resource(batch=True),), (MACHINE,), (Job(),)),
        Instance("shift", (Resource(closed=((3, 4),)),), (MACHINE,), (Job(),)),
        Instance("colours", (Resource(setup=((0,),)),), (replace(MACHINE, family=0),), (Job(),)),
        Instance("nothing", (Resource(),), (Operation(0, 0, (Mode(1),)),), (Job(),)),
        Instance("two", (Resource(), Resource()), (Operation(0, 0, (Mode(1, ((0, 1), (1, 1))),)),), (Job(),)),
        Instance("hot", (Resource(),), (MACHINE, replace(MACHINE, number=1, after=(After(0, 0, 9),))), (Job(),)),
    ],
    ids=lambda instance: instance.name,
)
def test_other_problems_do_not_fit(instance: Instance) -> None:
    assert not engine.fits(instance)


def test_the_bound_knows_machines_jobs_and_what_machines_share() -> None:
    assert lower_bound(FT06) == 52
    assert preemptive([(0, 4, 0), (1, 2, 5)]) == 8
    two = ((0, 1),), ((1, 1),)
    shared = [Operation(job, 0, tuple(Mode(3, takes) for takes in two)) for job in range(3)]
    assert lower_bound(Instance("shared", (Resource(),) * 2, tuple(shared), (Job(),) * 3)) == 5


def test_a_fault_in_a_worker_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise MemoryError("no room")

    monkeypatch.setattr(Worker, "improve", fail)
    with pytest.raises(MemoryError, match="no room"):
        engine.solve(FT06, 60, 2)


def test_a_missing_library_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(native, "BUILT", tmp_path_factory.mktemp("nothing"))
    native.library.cache_clear()
    with pytest.raises(engine.NoEngine, match=r"build_hook\.py"):
        engine.solve(FT06, 1, 1)
    native.library.cache_clear()
