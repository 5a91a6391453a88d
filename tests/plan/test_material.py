"""Material: nothing is promised twice, nothing before it exists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import Arrival, Demand, NoSupply, PartNeed, Promise, Supply

K = Words("K", "凯")
MOTOR = Words("motor M36", "电机M36")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def stocked(on_hand: float = 0.0, *arriving: Arrival, lead: float | None = 6.0) -> Supply:
    days = {} if lead is None else {"motor": lead}
    return Supply({"motor": on_hand}, arriving, days, {"motor": MOTOR}, {"motor": K})


@pytest.fixture
def motorized(wanted: Callable[..., Demand]) -> Demand:
    return wanted(parts={"motor": 1.0})


def promise(plant: Any, demand: Demand) -> Promise:
    with plant.plan() as plan:
        return plan.promise(demand)


def assembly(plant: Any, order: str) -> Any:
    with plant.plan() as plan:
        return next(each for each in plan.bookings_of(order) if each.step == "assemble")


def test_what_is_in_stock_binds_nobody(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(1)
    assert promise(plant, motorized).earliest == berlin("02T09:30")


def test_what_arrives_is_waited_for_and_named(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0, Arrival("motor", 1, berlin("04T10:15"), K))
    offered = promise(plant, motorized)
    assert offered.earliest == berlin("04T10:55")
    assert offered.binding[0].kind == "material"
    assert offered.binding[0].hours == 50.25
    assert offered.reason.en == "motor M36 arrives from K on Wed 4 Mar"
    assert offered.reason.zh == "凯的电机M363月4日到货"


def test_what_must_be_bought_comes_at_the_end_of_its_day(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0)
    offered = promise(plant, motorized)
    assert offered.binding[0].until == berlin("09T00:00"), "ordered Monday the 2nd, six days, and the day's end"
    assert offered.earliest == berlin("09T06:40")
    assert offered.reason.en == "motor M36 arrives from K on Mon 9 Mar"


def test_what_nobody_has_can_not_be_promised(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0, lead=None)
    with pytest.raises(NoSupply, match="motor"):
        promise(plant, motorized)


def test_no_part_is_promised_twice(plant: Any, motorized: Demand) -> None:
    """One is here, one arrives on the 4th, a third must be bought."""
    plant.supply = stocked(1, Arrival("motor", 1, berlin("04T10:15"), K))
    for number in range(3):
        plant.order(f"order-{number}", motorized)
    starts = [assembly(plant, f"order-{number}").start for number in range(3)]
    assert starts == [berlin("02T08:50"), berlin("04T10:15"), berlin("09T06:00")]
    assert plant.violations() == []


def test_two_units_of_a_demand_need_two_parts(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.supply = stocked(1)
    plant.order("pair", wanted(parts={"motor": 1.0}, quantity=2))
    with plant.plan() as plan:
        starts = sorted(each.start for each in plan.bookings_of("pair") if each.step == "assemble")
    assert starts == [berlin("02T08:50"), berlin("09T06:00")]


def test_held_parts_are_free_again_after_the_hold(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(1)
    with plant.plan() as plan:
        plan.hold(motorized)
        assert plan.promise(motorized).earliest == berlin("09T06:40")
    plant.wall += timedelta(minutes=16)
    assert promise(plant, motorized).earliest == berlin("02T09:30")


def test_an_early_part_is_not_given_to_a_later_order(plant: Any, motorized: Demand) -> None:
    """The motor that was bought for the first order is the first's when it appears on its way."""
    plant.supply = stocked(0)
    plant.order("first", motorized)
    plant.supply = stocked(0, Arrival("motor", 1, berlin("08T10:00"), K))
    assert promise(plant, motorized).binding[0].until == berlin("09T00:00")


def test_parts_needed_are_listed_for_buying(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0)
    plant.order("first", motorized)
    with plant.plan() as plan:
        plan.hold(motorized)
        assert plan.part_needs() == [PartNeed("motor", 1.0, berlin("09T06:00"), "first")]


def test_a_late_delivery_moves_the_promise_and_says_why(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0, Arrival("motor", 1, berlin("03T12:00"), K))
    plant.order("order", motorized)
    plant.supply = stocked(0, Arrival("motor", 1, berlin("05T12:00"), K))
    with plant.plan() as plan:
        plan.material_changed()
        plan.material_changed()
    assert assembly(plant, "order").start == berlin("05T12:00")
    (moved,) = plant.moved_promises()
    assert (moved.order, moved.before, moved.after) == ("order", berlin("03T18:00"), berlin("05T18:00"))
    assert (moved.cause, moved.reason_en) == ("material", "motor M36 arrives from K on Thu 5 Mar")
    assert plant.violations() == []


def test_an_overdue_delivery_is_expected_the_next_day(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(0, Arrival("motor", 1, berlin("02T12:00"), K))
    plant.order("order", motorized)
    plant.now = berlin("02T13:00")
    assert promise(plant, motorized).binding[0].until == berlin("09T00:00")
    with plant.plan() as plan:
        plan.right_shift(plant.now)
    assert assembly(plant, "order").start == berlin("02T13:00") + timedelta(minutes=50), "paint and oven first"
    plant.now = berlin("02T15:00")
    with plant.plan() as plan:
        plan.right_shift(plant.now)
    assert assembly(plant, "order").start == berlin("03T06:00")


def test_parts_that_were_taken_are_no_longer_reserved(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(2)
    plant.order("order", motorized)
    booking = assembly(plant, "order")
    plant.supply = stocked(1)
    with plant.plan() as plan:
        assert plan.promise(motorized).earliest > berlin("08T00:00"), "one is here, but it is reserved"
        plan.material_taken(booking.id, ["something else"])
        assert plan.promise(motorized).earliest > berlin("08T00:00")
        plan.material_taken(booking.id, ["motor"])
        version = plan.version()
        plan.material_taken(booking.id, ["motor"])
        plan.material_taken(booking.id)
        assert plan.version() == version
        assert plan.promise(motorized).earliest < berlin("03T00:00")
        assert plan.part_needs() == []


def test_what_a_finished_operation_did_not_take_is_free(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(1)
    plant.order("order", motorized)
    with plant.plan() as plan:
        for booking in plan.bookings_of("order"):
            plant.now = booking.end
            plan.started(booking.id, booking.start)
            plan.finished(booking.id, booking.end)
        assert plan.promise(motorized).earliest < berlin("03T00:00")


def test_a_part_nobody_offers_any_more_does_not_stop_the_plan(plant: Any, motorized: Demand) -> None:
    plant.supply = stocked(1)
    plant.order("order", motorized)
    plant.supply = replace(stocked(0, lead=None), on_hand={})
    with plant.plan() as plan:
        plan.material_changed()
    assert assembly(plant, "order").start == berlin("03T06:00")
