"""The verifier: what solvers make passes, and each kind of fault is found."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.plan import gantt, verify
from lotone.plan.formats import Row, operation_rows
from lotone.plan.model.instance import After, Found, Instance, Job, Mode, NoSchedule, Operation, Placed, Resource, Schedule
from lotone.plan.solvers import instance_cpsat
from lotone.plan.solvers.instances import WrongSolver, solve_instance
from lotone.plan.verify import same_objective, verify_rows
from made_up_instances import instances

SECONDS = 20.0
"""Far more than such small ones need."""


def solved(instance: Instance) -> Found | None:
    """None when the longest lags leave no schedule at all."""
    try:
        return instance_cpsat.solve(instance, SECONDS, workers=1)
    except NoSchedule as fault:
        assert "contradict" in str(fault)
        return None


@settings(max_examples=25, deadline=None)
@given(instance=instances(), which=st.integers(0, 100), far=st.integers(1, 3))
def test_schedules_of_any_instance_hold_and_changed_ones_do_not(instance: Instance, which: int, far: int) -> None:
    found = solved(instance)
    if found is None:
        assert any(after.most is not None for each in instance.operations for after in each.after)
        return
    verdict = verify(instance, found.schedule)
    assert verdict.holds, verdict.faults
    assert verdict.objective == found.objective
    assert found.bound is not None and found.bound <= found.objective + 1e-6
    one = found.schedule[which % len(found.schedule)]
    for changed in wrong_changes(instance, found.schedule, one, far):
        assert not verify(instance, changed).holds


def wrong_changes(instance: Instance, schedule: Schedule, one: Placed, far: int) -> Iterator[Schedule]:
    """Schedules that can't hold any more, whatever the instance."""
    others = tuple(each for each in schedule if each is not one)
    yield others
    yield (*schedule, one)
    yield (*others, replace(one, end=one.end + far))
    yield (*others, replace(one, start=one.start - one.end - far, end=-far))
    yield (*others, replace(one, mode=len(instance.operations[one.operation].modes)))
    if instance.operations[one.operation].after:
        early = min(schedule[each.operation].end for each in instance.operations[one.operation].after) - far
        yield (*others, replace(one, start=early, end=early + one.end - one.start))


@settings(max_examples=10, deadline=None)
@given(instance=instances(longest_lags=False))
def test_what_is_proven_best_is_best(instance: Instance) -> None:
    """Nothing that the verifier accepts is better: every placing of two operations is tried."""
    few = replace(instance, operations=tuple(short(each, instance) for each in instance.operations[:2]))
    found = instance_cpsat.solve(few, SECONDS, workers=1)
    assert found.status == "optimal"
    last = max(placed.end for placed in found.schedule)
    ways = [
        [Placed(index, mode, at, at + way.duration) for mode, way in enumerate(each.modes[:2]) for at in range(last + 1)]
        for index, each in enumerate(few.operations)
    ]
    better = (each for each in product(*ways) if few.value(each) < found.objective)
    assert not any(verify(few, each).holds for each in better)


def short(operation: Operation, instance: Instance) -> Operation:
    """The same with two modes, so that trying everything ends."""
    return replace(operation, modes=operation.modes[:2], release=min(operation.release, 2))


PAINT = Resource(closed=((20, 30),), setup=((0, 3), (4, 0)), family=0)
OVEN = Resource(capacity=2, batch=True)
POOL = Resource(capacity=3)


def work(job: int, number: int, mode: Mode, *after: After, family: int = 0, release: int = 0) -> Operation:
    return Operation(job, number, (mode,), after, release, family)


SHOP = Instance(
    "shop",
    (PAINT, OVEN, POOL),
    (
        work(0, 0, Mode(5, ((0, 1), (2, 2)))),
        work(0, 1, Mode(6, ((1, 1),)), After(0, least=2, most=10)),
        work(1, 0, Mode(5, ((0, 1), (2, 2))), family=1, release=4),
        work(1, 1, Mode(6, ((1, 1),)), After(2)),
        work(2, 0, Mode(4, ((2, 1),))),
    ),
    (Job(due=10), Job(due=20, weight=0.5), Job()),
    "tardiness",
)
GOOD = (Placed(0, 0, 0, 5), Placed(1, 0, 13, 19), Placed(2, 0, 8, 13), Placed(3, 0, 13, 19), Placed(4, 0, 0, 4))


def moved(operation: int, start: int) -> Schedule:
    return tuple(
        replace(each, start=start, end=start + each.end - each.start) if each.operation == operation else each for each in GOOD
    )


def test_a_good_schedule_holds_and_its_objective_is_computed_anew() -> None:
    verdict = verify(SHOP, GOOD)
    assert verdict.holds, verdict.faults
    assert verdict.objective == 9.0


def with_family(family: int) -> Instance:
    third = replace(SHOP.operations[3], family=family)
    return replace(SHOP, operations=(*SHOP.operations[:3], third, SHOP.operations[4]))


FAULTS = {
    "release": (SHOP, moved(2, 3), "operation 0 of job 1 begins at 3, before 4"),
    "order": (SHOP, moved(1, 4), "operation 1 of job 0 begins at 4, operation 0 of job 0 ends at 5: it must come after it"),
    "lag": (SHOP, moved(1, 16), "at most 10 may lie between them"),
    "closed": (SHOP, moved(2, 29), "operation 0 of job 1 runs from 29 to 34, but resource 0 is closed from 20 to 30"),
    "setup": (SHOP, moved(2, 7), "begins at 7 on resource 0 after operation 0 of job 0 ends at 5: setting up takes 3"),
    "batch": (SHOP, moved(3, 14), "in the middle of operation 1 of job 0"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_fault_is_told_with_its_operations(kind: str) -> None:
    instance, schedule, words = FAULTS[kind]
    faults = verify(instance, schedule).faults
    assert kind in {fault.kind for fault in faults}
    assert any(words in fault.words for fault in faults)


def test_capacity_of_pools_and_batches() -> None:
    small = replace(SHOP, resources=(PAINT, OVEN, Resource(capacity=2)))
    assert [fault.kind for fault in verify(small, GOOD).faults] == ["capacity"]
    oven = replace(SHOP, resources=(PAINT, Resource(batch=True), POOL))
    assert [fault.kind for fault in verify(oven, GOOD).faults] == ["capacity"]


@pytest.mark.parametrize("family", [-1, 1])
def test_a_batch_is_of_one_family(family: int) -> None:
    assert [fault.kind for fault in verify(with_family(family), GOOD).faults] == ["batch"]


def test_a_setup_does_not_run_through_closed_hours() -> None:
    late = moved(2, 31)
    faults = verify(SHOP, tuple(replace(each, start=40, end=46) if each.operation == 3 else each for each in late)).faults
    assert [fault.kind for fault in faults] == ["setup"]
    assert "closed from 20 to 30" in faults[0].words


def test_the_first_setup_is_from_what_the_machine_is_set_up_for() -> None:
    red = replace(SHOP, resources=(replace(PAINT, family=1), OVEN, POOL))
    assert [fault.words for fault in verify(red, GOOD).faults] == [
        "operation 0 of job 0 begins at 0 on resource 0 at the start: setting up takes 4"
    ]
    assert verify(replace(SHOP, resources=(replace(PAINT, family=-1), OVEN, POOL)), GOOD).holds


def test_rows_of_others_mean_the_mode_that_fits() -> None:
    rows = [Row.model_validate(each) for each in operation_rows(SHOP, GOOD)]
    assert verify_rows(SHOP, rows).holds
    assert verify_rows(SHOP, [row.model_copy(update={"mode": None, "machine": None}) for row in rows]).holds

    def words(**changed: int | None) -> str:
        return " | ".join(fault.words for fault in verify_rows(SHOP, [rows[0].model_copy(update=changed), *rows[1:]]).faults)

    assert words(machine=1) == "operation 0 of job 0 runs on machine 1, but its mode 0 is on machine 0"
    assert words(machine=1, mode=None) == "operation 0 of job 0 can't run on machine 1"
    assert words(mode=3) == "operation 0 of job 0 has no mode 3, it has 1 from 0"
    assert words(start=1, mode=None) == "operation 0 of job 0 runs from 1 to 5, but takes 5"
    assert words(job=7) == "there is no operation 0 of job 7 | operation 0 of job 0 is not there"


def test_rows_that_may_mean_two_things_must_say_which() -> None:
    ways = (Mode(5, ((0, 1), (1, 1))), Mode(5, ((0, 1), (2, 1))))
    crew = Instance("crew", (Resource(), Resource(), Resource()), (Operation(0, 0, ways),), (Job(),))
    row = Row(job=0, operation=0, machine=0, start=0, end=5)
    assert "say which" in verify_rows(crew, [row]).faults[0].words
    assert verify_rows(crew, [row.model_copy(update={"mode": 1})]).holds


def test_objectives_of_decimal_weights_are_compared_as_such() -> None:
    assert same_objective(0.1 + 0.2, 0.3)
    assert not same_objective(9.0, 10.0)


def test_weights_are_counted_exactly_where_they_can_be() -> None:
    assert instance_cpsat.whole_weights([0.1, 2.0, 0.25]) == (20, [2, 40, 5], True)
    scale, weights, is_exact = instance_cpsat.whole_weights([1 / 3])
    assert (scale, weights, is_exact) == (10**6, [333333], False)


def test_the_solver_that_is_made_for_an_instance_takes_it() -> None:
    shop = Instance(
        "shop", (Resource(), Resource()), (work(0, 0, Mode(2, ((0, 1),))), work(1, 0, Mode(3, ((0, 1),)))), (Job(),) * 2
    )
    told: list[float] = []
    found = solve_instance(shop, seconds=5, workers=1, told=lambda _, objective: told.append(objective))
    assert (found.objective, found.status, told[-1]) == (5, "optimal", 5)
    best = solve_instance(SHOP, seconds=SECONDS, workers=1)
    assert verify(SHOP, best.schedule).holds
    assert best.status == "optimal"
    with pytest.raises(WrongSolver, match="not made for"):
        solve_instance(SHOP, seconds=1, workers=1, solver="engine")
    with pytest.raises(WrongSolver, match="only auto, engine, plant, cpsat"):
        solve_instance(SHOP, seconds=1, workers=1, solver="magic")


def test_rules_that_contradict_each_other_are_told() -> None:
    late = (work(0, 0, Mode(5, ((0, 1),))), work(0, 1, Mode(1, ((0, 1),)), After(0, most=3), release=9))
    closed = Resource(closed=((6, 20),))
    never = Instance("never", (closed, Resource(closed=((0, 1),))), (*late, work(1, 0, Mode(1, ((1, 1),)))), (Job(),) * 2)
    assert solve_instance(never, seconds=SECONDS, workers=1).objective == 26
    most = replace(late[1], after=(After(0, least=5, most=5),), release=0)
    both = replace(
        never, operations=(replace(late[0], after=()), most, work(1, 0, Mode(1, ((1, 1),)), After(1), After(0, most=1)))
    )
    with pytest.raises(NoSchedule, match="contradict"):
        solve_instance(both, seconds=SECONDS, workers=1)


def test_a_picture_shows_every_operation() -> None:
    drawn = gantt(SHOP, GOOD)
    assert drawn.count('class="bar"') == 7, "operations on two resources are on both"
    assert drawn.count('class="setup"') == 1
    assert "operation 1 of job 1: 13-19" in drawn
