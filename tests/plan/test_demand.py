"""Routings that make sense, and those that don't."""

from datetime import timedelta
from typing import Any

import pytest

from lotone.plan import Demand, OperationNeed, WrongDemand


def test_operations_come_after_what_they_follow() -> None:
    demand = Demand(
        (OperationNeed("b", "x", 1, after=("a",)), OperationNeed("c", "x", 1, after=("b", "a")), OperationNeed("a", "x", 1))
    )
    assert [need.step for need in demand.in_order] == ["a", "b", "c"]
    assert demand.followers == {"a": ("b", "c"), "b": ("c",), "c": ()}


def test_durations_are_rounded_up_to_whole_seconds_and_may_differ_by_machine() -> None:
    need = OperationNeed("a", "x", 10.001, minutes_on={"slow": 20})
    assert need.duration("fast") == timedelta(minutes=10, seconds=1)
    assert need.duration("slow") == timedelta(minutes=20)


def test_demands_survive_being_kept() -> None:
    needs = (
        OperationNeed("a", "x", 1.5, wait_after_minutes=3, work_units=("m",), parts={"p": 2.0}),
        OperationNeed("b", "x", 1, after=("a",), minutes_on={"m": 4.0}),
    )
    demand = Demand(needs, quantity=2, weight=3.0)
    assert Demand.from_json(demand.as_json()) == demand


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        ((), "at least one"),
        ((OperationNeed("a", "x", 1), OperationNeed("a", "x", 1)), "twice"),
        ((OperationNeed("a", "x", 1, after=("z",)),), "z, which is not"),
        ((OperationNeed("a", "x", 1, after=("b",)), OperationNeed("b", "x", 1, after=("a",))), "circle"),
    ],
)
def test_wrong_routings_say_what_is_wrong(needs: tuple[OperationNeed, ...], says: str) -> None:
    with pytest.raises(WrongDemand, match=says):
        Demand(needs)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"minutes": float("nan")},
        {"minutes": 1, "minutes_on": {"m": -1}},
        {"minutes": 1, "wait_after_minutes": -1},
        {"minutes": 1, "parts": {"p": 0}},
    ],
)
def test_wrong_operations_name_their_step(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongDemand, match="cut"):
        OperationNeed("cut", "x", **wrong)
