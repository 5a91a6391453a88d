"""Scrap, slow machines, absent people, hurry and maintenance: what each does to a small plant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import (
    BookingState,
    Calendar,
    Demand,
    Hand,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    UnknownBooking,
    UnknownOrder,
    UnknownWorkUnit,
    WrongResource,
)

ANN = Resource("ann", "", "always", Words("Ann"), kind=ResourceKind.OPERATOR, skills=("weld",))
BOB = Resource("bob", "", "always", Words("Bob"), kind=ResourceKind.OPERATOR, skills=("weld",))


def bookings(plant: Any, order: str) -> list[Any]:
    with plant.plan() as plan:
        return list(plan.bookings_of(order))


def starts(plant: Any, order: str) -> list[tuple[str, timedelta]]:
    return [(each.work_unit, each.start - plant.now) for each in bookings(plant, order)]


def oven(minutes: float, **more: Any) -> Demand:
    return Demand((OperationNeed("cure", "curing", minutes, **more),), Words("cured"))


def say(plant: Any, what: str, *values: Any, **named: Any) -> None:
    """Twice: the second time changes nothing."""
    for _ in range(2):
        with plant.plan() as plan:
            getattr(plan, what)(*values, **named)
    with plant.plan() as plan:
        version = plan.version()
        getattr(plan, what)(*values, **named)
        assert plan.version() == version
    assert plant.violations() == []


@pytest.fixture
def staffed(plant: Any) -> Any:
    with plant.plan() as plan:
        plan.set_resources([*plan.resources(), ANN, BOB])
    plant.facts.clear()
    return plant


def test_scrap_makes_the_operation_and_all_after_it_again(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    paint, cure, _ = bookings(plant, "a")
    for booking, minutes in ((paint, 30), (cure, 20)):
        with plant.plan() as plan:
            plan.started(booking.id, plant.now)
        plant.later(minutes=minutes)
        with plant.plan() as plan:
            plan.finished(booking.id, plant.now)
    say(plant, "scrapped", paint.id, plant.now)
    again = bookings(plant, "a")
    assert [(each.step, each.state) for each in again] == [(x, BookingState.PLANNED) for x in ("paint", "cure", "assemble")]
    assert [each.start - plant.now for each in again] == [timedelta(minutes=each) for each in (0, 30, 50)]
    assert plant.changes()[-1].cause == "scrapped"


def test_scrap_takes_its_parts_again_only_if_they_are_spoiled(plant: Any) -> None:
    plant.supply = replace(plant.supply, on_hand={"motor": 2.0}, lead_time_days={"motor": 1.0})
    plant.order("a", oven(30, parts={"motor": 2.0}))
    (booking,) = bookings(plant, "a")
    with plant.plan() as plan:
        plan.started(booking.id, plant.now)
        plan.material_taken(booking.id)
    plant.supply = replace(plant.supply, on_hand={})
    say(plant, "scrapped", booking.id, plant.now, with_parts=True)
    (again,) = bookings(plant, "a")
    assert again.start > plant.now + timedelta(days=1), "the motors have to be bought"
    with plant.plan() as plan:
        assert [(need.part, need.quantity) for need in plan.part_needs()] == [("motor", 2.0)]


def test_a_late_report_of_scrap_does_not_spoil_the_next_attempt(plant: Any) -> None:
    plant.order("a", oven(30))
    (booking,) = bookings(plant, "a")
    spoiled_at = plant.now
    plant.later(minutes=10)
    with plant.plan() as plan:
        plan.started(booking.id, plant.now)
        version = plan.version()
        plan.scrapped(booking.id, spoiled_at)
        assert plan.version() == version


def test_a_slow_machine_takes_longer_for_all_its_work_until_it_is_as_usual(plant: Any) -> None:
    for order in "ab":
        plant.order(order, oven(60))
    say(plant, "slower", "oven-1", 1.5, plant.now)
    assert starts(plant, "b") == [("oven-1", timedelta(minutes=90))]
    assert bookings(plant, "b")[0].duration == timedelta(minutes=90)
    say(plant, "slower", "oven-1", 1.0, plant.now)
    assert bookings(plant, "b")[0].duration == timedelta(minutes=60)
    with pytest.raises(WrongResource, match="0 times"):
        say(plant, "slower", "oven-1", 0.0, plant.now)


def painted(plant: Any, machines: int) -> None:
    """Machines with one shift of eight hours, and two colours, half an hour of setup apart, that take more than half of it."""
    with plant.plan() as plan:
        plan.set_calendars([*plan.calendars(), Calendar("early", "UTC", (Shift.from_text("Mon-Fri", "06:00", "14:00"),))])
        plan.set_setups([SetupMatrix("colours", {}, 30.0)])
        lines = [Resource(f"line-{n}", "line", "early", setups="colours", state="red") for n in range(1, machines + 1)]
        plan.set_resources([*plan.resources(), *lines])
    for order, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        plant.order(order, Demand((OperationNeed("paint", "line", 300, setup=colour),), Words("painted")))


def test_what_a_slow_machine_has_no_room_for_keeps_to_its_hours(plant: Any) -> None:
    """Twice as long is longer than the shift: the shift less the setup is what is left, whatever comes before."""
    painted(plant, 1)
    say(plant, "slower", "line-1", 2.0, plant.now)
    assert [bookings(plant, order)[0].duration for order in "abc"] == [timedelta(minutes=450)] * 3
    say(plant, "slower", "line-1", 1.0, plant.now)
    assert [bookings(plant, order)[0].duration for order in "abc"] == [timedelta(minutes=300)] * 3


def test_what_a_slow_machine_has_no_room_for_goes_to_another(plant: Any) -> None:
    painted(plant, 2)
    kept = next(each for order in "abc" for each in bookings(plant, order) if each.work_unit == "line-1")
    with plant.plan() as plan:
        plan.released(kept.id, plant.now)
    say(plant, "slower", "line-1", 2.0, plant.now)
    now = {each.id: each for order in "abc" for each in bookings(plant, order)}
    assert now.pop(kept.id).work_unit == "line-1", "it was sent there"
    assert [(each.work_unit, each.duration) for each in now.values()] == [("line-2", timedelta(minutes=300))] * 2


def test_a_pace_at_which_a_longest_wait_cannot_be_kept_is_refused(plant: Any) -> None:
    """Milled in the early shift, it has to be measured in the half hour after, before the others go home."""
    hours = {"early": ("06:00", "14:00"), "short": ("06:00", "12:00")}
    with plant.plan() as plan:
        shifts = [Calendar(name, "UTC", (Shift.from_text("Mon-Fri", *times),)) for name, times in hours.items()]
        plan.set_calendars([*plan.calendars(), *shifts])
        plan.set_resources([*plan.resources(), Resource("mill", "mill", "early"), Resource("gauge", "gauge", "short")])
    mill = OperationNeed("mill", "mill", 240, wait_most_minutes=30)
    plant.order("a", Demand((mill, OperationNeed("measure", "gauge", 10, after=("mill",))), Words("milled")))
    before = bookings(plant, "a")
    with pytest.raises(WrongResource, match="step measure of unit 1 of a would come too long"), plant.plan() as plan:
        plan.slower("mill", 1.9, plant.now)
    assert bookings(plant, "a") == before
    say(plant, "slower", "mill", 1.2, plant.now)


def test_what_goes_first_on_a_slow_machine_takes_as_long_as_that_takes(plant: Any) -> None:
    """Six hours in the early shift fit today, seven and a half do not."""
    with plant.plan() as plan:
        plan.set_calendars([*plan.calendars(), Calendar("early", "UTC", (Shift.from_text("Mon-Fri", "06:00", "14:00"),))])
        plan.set_resources([*plan.resources(), Resource("mill", "mill", "early")])
    plant.order("a", Demand((OperationNeed("mill", "mill", 360),), Words("milled")))
    say(plant, "slower", "mill", 1.25, plant.now)
    say(plant, "rush", "a")
    (milled,) = bookings(plant, "a")
    assert milled.duration == timedelta(minutes=450)


def test_what_is_locked_and_takes_longer_pushes_what_is_behind_it(plant: Any) -> None:
    for order in "ab":
        plant.order(order, oven(60))
    first = bookings(plant, "a")[0]
    with plant.plan() as plan:
        plan.lock(first.id, Hand("user_1", "Planner"))
    say(plant, "slower", "oven-1", 1.5, plant.now)
    assert (starts(plant, "a"), starts(plant, "b")) == ([("oven-1", timedelta(0))], [("oven-1", timedelta(minutes=90))])


def test_what_was_locked_and_spoiled_takes_its_turn_without_the_lock(plant: Any) -> None:
    for order in "ab":
        plant.order(order, oven(60))
    spoiled = bookings(plant, "a")[0]
    with plant.plan() as plan:
        plan.lock(spoiled.id, Hand("user_1", "Planner"))
        plan.started(spoiled.id, plant.now)
    plant.later(minutes=30)
    say(plant, "scrapped", spoiled.id, plant.now)
    assert not bookings(plant, "a")[0].locked
    assert {starts(plant, order)[0][1] for order in "ab"} == {timedelta(0), timedelta(minutes=60)}


def test_somebody_absent_is_stood_in_for(staffed: Any) -> None:
    staffed.order("a", oven(60, also=("weld",)))
    assert bookings(staffed, "a")[0].crew == ("ann",)
    say(staffed, "absent", "ann", staffed.now, 480)
    assert bookings(staffed, "a")[0].crew == ("bob",)
    assert starts(staffed, "a") == [("oven-1", timedelta())]


def test_when_nobody_is_left_the_work_waits_and_goes_on_as_soon_as_somebody_is_back(staffed: Any) -> None:
    staffed.order("a", oven(60, also=("weld",)))
    say(staffed, "absent", "ann", staffed.now, 480)
    say(staffed, "absent", "bob", staffed.now, 2 * 24 * 60)
    assert starts(staffed, "a") == [("oven-1", timedelta(hours=8))]
    assert [each.cause for each in staffed.changes()][-1] == "absent"
    staffed.later(minutes=30)
    say(staffed, "back", "bob", staffed.now)
    assert starts(staffed, "a") == [("oven-1", timedelta())]
    with pytest.raises(UnknownWorkUnit, match="no operator"):
        say(staffed, "absent", "oven-1", staffed.now, 60)


def test_an_urgent_order_goes_before_all_that_was_not_sent(plant: Any) -> None:
    for order in "abc":
        plant.order(order, oven(60))
    (first,) = bookings(plant, "a")
    with plant.plan() as plan:
        plan.released(first.id, plant.now)
    say(plant, "rush", "c")
    assert [starts(plant, order)[0][1] for order in "acb"] == [timedelta(hours=each) for each in range(3)]
    with plant.plan() as plan, pytest.raises(UnknownOrder):
        plan.rush("nobody's")


def test_work_makes_room_for_a_maintenance_and_comes_back_when_it_is_called_off(plant: Any) -> None:
    plant.order("a", oven(60))
    start = plant.now + timedelta(minutes=30)
    say(plant, "advise_maintenance", "oven-1", start, 120)
    assert starts(plant, "a") == [("oven-1", timedelta(minutes=150))]
    say(plant, "advise_maintenance", "oven-1", start + timedelta(hours=1), 60)
    assert [each.start for each in plant.snapshot().resources["oven-1"].maintenance] == [start + timedelta(hours=1)]
    say(plant, "call_off_maintenance", "oven-1", start + timedelta(hours=1))
    assert starts(plant, "a") == [("oven-1", timedelta())]


def test_nothing_unknown_is_disturbed(plant: Any) -> None:
    for what, values, fault in (
        ("scrapped", ("bkg_none", plant.now), UnknownBooking),
        ("slower", ("robot-9", 2.0, plant.now), UnknownWorkUnit),
        ("advise_maintenance", ("robot-9", plant.now, 60), UnknownWorkUnit),
        ("call_off_maintenance", ("robot-9", plant.now), UnknownWorkUnit),
    ):
        with plant.plan() as plan, pytest.raises(fault):
            getattr(plan, what)(*values)


def test_a_batch_begins_as_one_and_moves_as_one(plant: Any) -> None:
    with plant.plan() as plan:
        others = [each for each in plan.resources() if each.work_unit != "oven-1"]
        plan.set_resources([*others, Resource("oven-1", "curing", "always", capacity=2, batch=True)])
    for order in "abc":
        plant.order(order, oven(60, batch="hot"))
    assert [starts(plant, order)[0][1] for order in "abc"] == [timedelta(), timedelta(), timedelta(hours=1)]
    say(plant, "machine_down", "oven-1", plant.now, 30)
    assert [starts(plant, order)[0][1] for order in "abc"] == [timedelta(minutes=each) for each in (30, 30, 90)]
    plant.later(minutes=30)
    (first,) = bookings(plant, "a")
    with plant.plan() as plan:
        plan.machine_up("oven-1", plant.now)
        plan.started(first.id, plant.now)
    assert [bookings(plant, order)[0].state for order in "abc"] == ["started", "started", "planned"]


def test_what_began_sets_its_machine_up(plant: Any) -> None:
    with plant.plan() as plan:
        others = [each for each in plan.resources() if each.work_unit != "oven-1"]
        plan.set_setups([SetupMatrix("colours", {("red", "blue"): 20.0}, 10.0)])
        plan.set_resources([*others, Resource("oven-1", "curing", "always", setups="colours", state="red")])
    plant.order("a", oven(60, setup="red"))
    plant.order("b", oven(60, setup="blue"))
    plant.order("c", oven(60, setup="blue"))
    assert [starts(plant, order)[0][1] for order in "abc"] == [timedelta(minutes=each) for each in (0, 80, 140)]
    with plant.plan() as plan:
        plan.cancel("b")
    assert plant.violations() == [], "what is behind a cancelled operation needs another setup"
    (red,), (blue,) = bookings(plant, "a"), bookings(plant, "c")
    with plant.plan() as plan:
        plan.finished(red.id, plant.now)
        plan.started(blue.id, plant.now)
    assert plant.snapshot().resources["oven-1"].state == "blue"


def test_a_longest_wait_puts_off_what_comes_before(plant: Any) -> None:
    needs = (
        OperationNeed("paint", "paint", 30, work_units=("paint-1",), wait_most_minutes=10),
        OperationNeed("cure", "curing", 20, after=("paint",)),
    )
    plant.order("a", Demand(needs, Words("thing")))
    say(plant, "machine_down", "oven-1", plant.now, 180)
    assert [start for _, start in starts(plant, "a")] == [timedelta(minutes=140), timedelta(minutes=180)]


def test_a_longest_wait_that_reality_broke_is_reported(plant: Any) -> None:
    needs = (
        OperationNeed("paint", "paint", 30, work_units=("paint-1",), wait_most_minutes=10),
        OperationNeed("cure", "curing", 20, after=("paint",)),
    )
    plant.order("a", Demand(needs, Words("thing")))
    paint, _ = bookings(plant, "a")
    with plant.plan() as plan:
        plan.started(paint.id, plant.now)
    plant.later(minutes=30)
    with plant.plan() as plan:
        plan.finished(paint.id, plant.now)
        plan.machine_down("oven-1", plant.now, 60)
    assert [each.kind for each in plant.violations()] == ["wait"]
    assert starts(plant, "a")[1] == ("oven-1", timedelta(hours=1))


def test_a_locked_operation_stays_where_others_give_way(plant: Any) -> None:
    for order in "ab":
        plant.order(order, oven(60))
    snapshot = plant.snapshot()
    second = bookings(plant, "b")[0]
    with plant.plan() as plan:
        plan.change(lambda seen: seen.with_bookings([replace(seen.booking(second.id), locked=True)]), cause=None)
    assert snapshot.booking(second.id) == second
    say(plant, "machine_down", "oven-1", plant.now, 10)
    assert starts(plant, "b") == [("oven-1", timedelta(hours=1))]
    assert starts(plant, "a") == [("oven-1", timedelta(hours=2))]
