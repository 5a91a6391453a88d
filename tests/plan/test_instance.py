"""An instance can't be built with a contradiction in it, and says where it is."""

from dataclasses import replace

import pytest

from lotone.plan.model.instance import (
    LONGEST,
    After,
    CircleInInstance,
    Instance,
    Job,
    Mode,
    Operation,
    Placed,
    Resource,
    WrongInstance,
)

ON_0 = Mode(3, ((0, 1),))
SETUP = ((0, 2), (1, 0))


def chain(*operations: Operation, resources: tuple[Resource, ...] = (Resource(),)) -> Instance:
    return Instance("small", resources, operations, (Job(due=4, weight=2.0), Job()))


FIRST, SECOND = Operation(0, 0, (ON_0,)), Operation(0, 1, (ON_0,), (After(0),))

WRONG = {
    "no mode": ((replace(FIRST, modes=()),), {}, "operation 0 of job 0", "at least one mode"),
    "unknown resource": ((replace(FIRST, modes=(Mode(1, ((7, 1),)),)),), {}, "operation 0 of job 0", "no resource 7"),
    "too much": ((replace(FIRST, modes=(Mode(1, ((0, 2),)),)),), {}, "operation 0 of job 0", "takes 2 of resource 0"),
    "twice the same": (
        (replace(FIRST, modes=(Mode(1, ((0, 1), (0, 1))),)),),
        {},
        "operation 0 of job 0",
        "same resource twice",
    ),
    "negative duration": ((replace(FIRST, modes=(Mode(-1, ((0, 1),)),)),), {}, "operation 0 of job 0", "a duration is -1"),
    "too long": ((replace(FIRST, modes=(Mode(LONGEST + 1),)),), {}, "operation 0 of job 0", "a duration"),
    "unknown job": ((replace(FIRST, job=2),), {}, "operation 0 of job 2", "no job 2"),
    "there twice": ((FIRST, FIRST), {}, "operation 0 of job 0", "twice"),
    "follows nobody": ((replace(FIRST, after=(After(5),)),), {}, "operation 0 of job 0", "follows operation 5"),
    "lags": ((FIRST, replace(SECOND, after=(After(0, 3, 2),))), {}, "operation 1 of job 0", "below its least 3"),
    "no family": ((FIRST,), {"resources": (Resource(setup=SETUP),)}, "operation 0 of job 0", "its family is -1"),
    "capacity": ((FIRST,), {"resources": (Resource(0),)}, "resource 0", "capacity is 0"),
    "closed": ((FIRST,), {"resources": (Resource(closed=((3, 5), (4, 6))),)}, "resource 0", "4-6"),
    "no square": ((FIRST,), {"resources": (Resource(setup=((0, 1),)),)}, "resource 0", "square"),
    "negative setup": ((FIRST,), {"resources": (Resource(setup=((-1,),)),)}, "resource 0", "a setup is -1"),
    "unknown state": ((FIRST,), {"resources": (Resource(setup=SETUP, family=2),)}, "resource 0", "family 2"),
    "state without setups": ((FIRST,), {"resources": (Resource(family=0),)}, "resource 0", "no setups"),
    "setups of many": ((FIRST,), {"resources": (Resource(2, setup=SETUP),)}, "resource 0", "one thing at a time"),
    "setups for nothing": (
        (Operation(0, 0, (Mode(0, ((0, 1),)),), family=0),),
        {"resources": (Resource(setup=SETUP),)},
        "operation 0 of job 0",
        "takes no time",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_contradiction_is_refused_where_it_is(case: str) -> None:
    operations, values, where, words = WRONG[case]
    with pytest.raises(WrongInstance, match=words) as caught:
        chain(*operations, **values)
    assert caught.value.where == where


@pytest.mark.parametrize("job", [Job(weight=-1.0), Job(weight=float("nan")), Job(due=2 * LONGEST)])
def test_a_job_in_range(job: Job) -> None:
    with pytest.raises(WrongInstance) as caught:
        Instance("small", (Resource(),), (FIRST,), (job,))
    assert caught.value.where == "job 0"


def test_an_unknown_objective() -> None:
    with pytest.raises(WrongInstance, match="makespan or tardiness"):
        Instance("small", (Resource(),), (FIRST,), (Job(),), "cost")  # type: ignore[arg-type]


def test_a_circle_is_told_in_words() -> None:
    third = Operation(0, 2, (ON_0,), (After(1),))
    with pytest.raises(CircleInInstance) as caught:
        chain(FIRST, replace(SECOND, after=(After(0), After(2))), third)
    assert "operation 1 of job 0 waits for operation 2 of job 0 waits for operation 1 of job 0" in str(caught.value)


def test_order_followers_and_value() -> None:
    shop = chain(last := replace(SECOND, number=0, after=(After(1),)), replace(FIRST, number=1))
    assert shop.operations[0] is last
    assert shop.order == (1, 0)
    assert shop.followers == ((), (0,))
    schedule = (Placed(0, 0, 3, 6), Placed(1, 0, 0, 3))
    assert shop.value(schedule) == 6
    assert replace(shop, objective="tardiness").value(schedule) == 4.0, "two late, each costs two"
