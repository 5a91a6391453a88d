"""What happens in the plant: the plan follows, stays in order, and tells what changes for buyers, once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.plan import (
    Booking,
    BookingState,
    Calendar,
    Demand,
    OperationNeed,
    Resource,
    Shift,
    UnknownBooking,
    UnknownWorkUnit,
    WorkUnitInUse,
    WrongCalendar,
    double_booked_hours,
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def paint(minutes: float = 60, **more: Any) -> Demand:
    return Demand((OperationNeed("paint", "paint", minutes, **more),))


def bookings(plant: Any, order: str) -> list[Booking]:
    with plant.plan() as plan:
        found: list[Booking] = plan.bookings_of(order)
        return found


def starts(plant: Any, *orders: str) -> list[tuple[str, datetime]]:
    return [(bookings(plant, order)[0].work_unit, bookings(plant, order)[0].start) for order in orders]


def say(plant: Any, what: str, *values: Any) -> None:
    with plant.plan() as plan:
        getattr(plan, what)(*values)


def test_work_moves_to_the_other_machine_when_one_stops(plant: Any) -> None:
    plant.order("a", paint(60))
    plant.order("b", paint(60))
    plant.order("c", paint(60))
    assert starts(plant, "a", "b", "c") == [
        ("paint-1", berlin("02T08:00")), ("paint-2", berlin("02T08:00")), ("paint-1", berlin("02T09:00")),
    ]  # fmt: skip
    say(plant, "machine_down", "paint-1", plant.now, 240)
    assert starts(plant, "a", "b", "c") == [
        ("paint-2", berlin("02T09:00")), ("paint-2", berlin("02T08:00")), ("paint-2", berlin("02T10:00")),
    ]  # fmt: skip
    assert plant.changes()[-1].as_json() == {"version": plant.snapshot().version, "cause": "machine_down", "moved": 2}
    assert plant.violations() == []


def test_released_work_stays_on_its_machine(plant: Any) -> None:
    plant.order("a", paint(60))
    say(plant, "released", bookings(plant, "a")[0].id, plant.now)
    say(plant, "machine_down", "paint-1", plant.now, 240)
    assert starts(plant, "a") == [("paint-1", berlin("02T12:00"))]


def test_a_short_stop_does_not_change_machines(plant: Any) -> None:
    plant.order("a", paint(60))
    say(plant, "machine_down", "paint-1", plant.now, 10)
    assert starts(plant, "a") == [("paint-1", berlin("02T08:10"))]


def test_the_sequence_on_a_machine_stays(plant: Any) -> None:
    only = {"work_units": ("paint-1",)}
    names = [f"order-{number}" for number in range(6)]
    for number, name in enumerate(names):
        plant.order(name, paint(30 + number, **only))
    before = [start for _, start in starts(plant, *names)]
    say(plant, "machine_down", "paint-1", plant.now, 90)
    after = [start for _, start in starts(plant, *names)]
    assert after == [start + timedelta(minutes=90) for start in before]


def test_what_does_not_wait_for_the_stopped_machine_stays(plant: Any) -> None:
    plant.order("a", paint(60, work_units=("paint-1",)))
    plant.order("b", paint(60, work_units=("paint-2",)))
    say(plant, "machine_down", "paint-1", plant.now, 240)
    assert starts(plant, "b") == [("paint-2", berlin("02T08:00"))]
    assert plant.changes()[-1].moved == 1


def test_a_gap_keeps_a_delay_from_spreading(plant: Any) -> None:
    plant.order("a", paint(60, work_units=("paint-1",)))
    plant.now = berlin("02T07:00")
    plant.order("far", Demand((OperationNeed("cure", "curing", 180), OperationNeed("paint", "paint", 60, after=("cure",)))))
    far = bookings(plant, "far")
    assert far[1].work_unit == "paint-1"
    say(plant, "started", far[0].id, plant.now)
    plant.now = berlin("02T08:00")
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    plant.now = berlin("02T09:05")
    say(plant, "right_shift", plant.now)
    assert bookings(plant, "a")[0].end == berlin("02T09:11")
    assert bookings(plant, "far")[1] == far[1]


def test_a_stop_that_breaks_a_promise_is_told_with_its_reason(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 60),)))
    say(plant, "machine_down", "oven-1", berlin("02T08:00"), 600)
    (moved,) = plant.moved_promises()
    assert (moved.order, moved.before, moved.after, moved.cause) == (
        "a", berlin("02T18:00"), berlin("03T18:00"), "machine_down",
    )  # fmt: skip
    assert moved.reason_en == "oven-1 stopped on Mon 08:00 and is expected back on Mon 18:00"
    assert moved.reason_zh == "oven-1于周一08:00停机，预计周一18:00恢复"
    with plant.plan() as plan:
        assert plan.told("a").date == berlin("03T18:00")
        assert [(each.order, each.moves) for each in plan.promises()] == [("a", 1)]


def test_a_delay_that_changes_no_date_is_not_told(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 60),)))
    say(plant, "machine_down", "oven-1", plant.now, 120)
    assert plant.moved_promises() == []
    assert len(plant.changes()) == 2


def test_a_moved_date_that_gets_better_by_more_than_a_day_is_told(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 60),)))
    say(plant, "machine_down", "oven-1", plant.now, 3 * 24 * 60)
    plant.later(hours=1)
    say(plant, "machine_up", "oven-1", plant.now)
    assert [(each.before, each.after) for each in plant.moved_promises()] == [
        (berlin("02T18:00"), berlin("05T18:00")),
        (berlin("05T18:00"), berlin("02T18:00")),
    ]


def test_a_moved_date_that_gets_a_little_better_is_not_told(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 60),)))
    say(plant, "machine_down", "oven-1", plant.now, 600)
    plant.later(hours=1)
    say(plant, "machine_up", "oven-1", plant.now)
    assert len(plant.moved_promises()) == 1


def test_everything_said_twice_has_one_effect(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    first = bookings(plant, "a")[0]
    said = [
        ("released", first.id, plant.now),
        ("started", first.id, plant.now),
        ("progressed", first.id, 10.0, berlin("02T08:20")),
        ("machine_down", "paint-1", berlin("02T08:20"), 60),
        ("machine_up", "paint-1", berlin("02T08:30")),
        ("machine_down", "paint-1", berlin("02T08:20"), 60),
        ("finished", first.id, berlin("02T08:50")),
        ("started", first.id, berlin("02T08:55")),
    ]
    for what in said:
        plant.now = max([plant.now, *(value for value in what if isinstance(value, datetime))])
        say(plant, *what)
        facts, version = list(plant.facts), plant.snapshot().version
        say(plant, *what)
        assert plant.facts == facts, what
        assert plant.snapshot().version == version, what
    assert bookings(plant, "a")[0].state is BookingState.DONE
    assert not plant.snapshot().resources["paint-1"].is_down
    assert plant.violations() == []


def test_a_late_start_pushes_what_follows(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    plant.now = berlin("02T08:20")
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    assert [each.start for each in bookings(plant, "a")] == [berlin("02T08:20"), berlin("02T08:50"), berlin("02T09:10")]
    assert plant.changes()[-1].moved == 3


def test_an_early_end_moves_nothing(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    first, *others = bookings(plant, "a")
    say(plant, "started", first.id, plant.now)
    plant.now = berlin("02T08:25")
    say(plant, "finished", first.id, plant.now)
    assert bookings(plant, "a")[1:] == others
    assert bookings(plant, "a")[0].end == berlin("02T08:25")


def test_an_end_that_nobody_saw_begin(plant: Any) -> None:
    plant.order("a", paint(60, work_units=("paint-1",)))
    plant.order("b", paint(60, work_units=("paint-1",)))
    plant.now = berlin("02T10:10")
    for order, at in (("a", "02T09:30"), ("b", "02T10:10")):
        say(plant, "finished", bookings(plant, order)[0].id, berlin(at))
    assert [(each.start, each.end) for order in "ab" for each in bookings(plant, order)] == [
        (berlin("02T08:30"), berlin("02T09:30")),
        (berlin("02T09:30"), berlin("02T10:10")),
    ]


def test_a_machine_does_one_thing_at_a_time_whatever_it_says(plant: Any) -> None:
    """The end of the first was not heard of yet when the second begins, and the third's start comes late."""
    for order in "abc":
        plant.order(order, paint(60, work_units=("paint-1",)))
    plant.now = berlin("02T09:30")
    for order, at in (("a", "02T08:00"), ("c", "02T09:10"), ("b", "02T08:45")):
        say(plant, "started", bookings(plant, order)[0].id, berlin(at))
    assert [bookings(plant, order)[0].end for order in "ab"] == [berlin("02T08:45"), berlin("02T09:10")]
    with plant.plan() as plan:
        assert double_booked_hours(plan.schedule(berlin("01T00:00"), berlin("09T00:00"))) == 0


def test_progress_moves_the_end_only_when_it_is_noticeable(plant: Any) -> None:
    plant.order("a", paint(60))
    booking = bookings(plant, "a")[0]
    say(plant, "started", booking.id, plant.now)
    plant.now = berlin("02T08:30")
    say(plant, "progressed", booking.id, 49.0, plant.now)
    assert bookings(plant, "a")[0].end == berlin("02T09:00")
    say(plant, "progressed", booking.id, 25.0, plant.now)
    assert bookings(plant, "a")[0].end == berlin("02T09:15")


def test_a_stop_lengthens_what_the_machine_works_on(plant: Any) -> None:
    plant.order("a", paint(60))
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    plant.now = berlin("02T08:20")
    say(plant, "machine_down", "paint-1", plant.now, 60)
    assert bookings(plant, "a")[0].end == berlin("02T10:00")
    plant.now = berlin("02T08:30")
    say(plant, "machine_up", "paint-1", plant.now)
    assert bookings(plant, "a")[0].end == berlin("02T09:10")


def test_a_new_estimate_of_a_repair_replaces_the_old(plant: Any) -> None:
    plant.order("a", paint(60, work_units=("paint-1",)))
    say(plant, "machine_down", "paint-1", berlin("02T08:00"), 60)
    plant.now = berlin("02T08:30")
    say(plant, "machine_down", "paint-1", berlin("02T08:30"), 120)
    assert starts(plant, "a") == [("paint-1", berlin("02T10:30"))]


def test_a_stop_reported_after_the_machine_came_back_is_over(plant: Any) -> None:
    say(plant, "machine_up", "paint-1", berlin("02T08:30"))
    say(plant, "machine_down", "paint-1", berlin("02T08:00"), 600)
    assert not plant.snapshot().resources["paint-1"].is_down


def test_a_repair_that_takes_longer_is_expected_to_take_longer(plant: Any) -> None:
    plant.order("a", paint(60, work_units=("paint-1",)))
    say(plant, "machine_down", "paint-1", plant.now, 60)
    plant.now = berlin("02T09:00")
    say(plant, "right_shift", plant.now)
    assert starts(plant, "a") == [("paint-1", berlin("02T09:30"))]


def test_what_waited_for_a_repair_begins_earlier_after_it(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    before = bookings(plant, "a")
    say(plant, "machine_down", "oven-1", plant.now, 300)
    plant.now = berlin("02T08:10")
    say(plant, "machine_up", "oven-1", plant.now)
    plant.now = berlin("02T08:00")
    assert [each.start for each in bookings(plant, "a")[1:]] == [each.start + timedelta(minutes=10) for each in before[1:]]


def test_time_that_passes_pushes_what_did_not_start(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    plant.now += timedelta(minutes=2)
    say(plant, "right_shift", plant.now)
    assert bookings(plant, "a")[0].start == berlin("02T08:00"), "two minutes are not late"
    plant.now += timedelta(minutes=10)
    say(plant, "right_shift", plant.now)
    say(plant, "right_shift", plant.now)
    assert [each.start for each in bookings(plant, "a")] == [berlin("02T08:12"), berlin("02T08:42"), berlin("02T09:02")]
    assert [each.cause for each in plant.changes()] == ["ordered", "late"]


def test_what_runs_over_is_expected_to_last_a_tenth_longer(plant: Any) -> None:
    plant.order("a", paint(60))
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    plant.now = berlin("02T09:00")
    say(plant, "right_shift", plant.now)
    assert bookings(plant, "a")[0].end == berlin("02T09:06")


def test_a_promise_that_time_broke_says_so(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 60),)))
    plant.now = berlin("02T17:30")
    say(plant, "right_shift", plant.now)
    (moved,) = plant.moved_promises()
    assert (moved.after, moved.cause) == (berlin("03T18:00"), "late")
    assert (moved.reason_en, moved.reason_zh) == ("production is behind its plan", "生产进度落后于计划")


def test_a_held_booking_gives_way(plant: Any) -> None:
    """The delayed order takes the held hour; the hold looks for another one and pushes nobody."""
    hour = Demand((OperationNeed("cure", "curing", 60),))
    plant.order("a", hour)
    with plant.plan() as plan:
        held = plan.hold(hour)
    plant.order("b", hour)
    say(plant, "machine_down", "oven-1", plant.now, 30)
    assert bookings(plant, "a")[0].start == berlin("02T08:30")
    assert bookings(plant, "b")[0].start == berlin("02T10:00")
    assert plant.snapshot().commitments[held.id].bookings[0].start == berlin("02T11:00")
    assert plant.violations() == []


def test_the_time_of_a_hold_passes_without_noise(plant: Any, wanted: Callable[..., Demand]) -> None:
    with plant.plan() as plan:
        held = plan.hold(wanted())
    version = plant.snapshot().version
    plant.now += timedelta(minutes=45)
    say(plant, "right_shift", plant.now)
    assert plant.snapshot().version == version
    assert plant.facts == []
    with plant.plan() as plan:
        assert plan.confirm(held.id, "a") == held.promise
    assert bookings(plant, "a")[0].start == plant.now


def test_a_hold_whose_time_passes_makes_room_for_what_really_happens(plant: Any) -> None:
    """The machine begins an order early, in the hour of a hold that nobody confirmed."""
    only = {"work_units": ("paint-1",)}
    with plant.plan() as plan:
        plan.hold(paint(60, **only))
    plant.order("a", paint(60, **only))
    plant.now = berlin("02T08:10")
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    assert plant.violations() == []
    with plant.plan() as plan:
        assert double_booked_hours(plan.schedule(berlin("01T00:00"), berlin("09T00:00"))) == 0


@pytest.mark.parametrize("late_seconds", [20, 84, 300])
def test_an_order_that_ends_late_takes_its_time_from_a_hold_whose_time_passes(plant: Any, late_seconds: int) -> None:
    """The end of an order's last operation is all that is heard of it; then the order is no longer in the plan."""
    only = {"work_units": ("paint-1",)}
    plant.order("a", paint(60, **only))
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    with plant.plan() as plan:
        plan.hold(paint(60, **only))
    ended = berlin("02T09:00") + timedelta(seconds=late_seconds)
    plant.now = ended + timedelta(seconds=10)
    say(plant, "finished", bookings(plant, "a")[0].id, ended)
    assert plant.violations() == []
    with plant.plan() as plan:
        assert double_booked_hours(plan.schedule(berlin("01T00:00"), berlin("09T00:00"))) == 0


def test_an_order_that_ends_late_moves_the_next_on_its_machine_at_once(plant: Any) -> None:
    only = {"work_units": ("paint-1",)}
    for order in ("a", "b"):
        plant.order(order, paint(60, **only))
    say(plant, "started", bookings(plant, "a")[0].id, plant.now)
    plant.now = berlin("02T09:02")
    say(plant, "finished", bookings(plant, "a")[0].id, plant.now - timedelta(seconds=30))
    assert bookings(plant, "b")[0].start == plant.now
    with plant.plan() as plan:
        assert double_booked_hours(plan.schedule(berlin("01T00:00"), berlin("09T00:00"))) == 0


def test_what_the_plan_never_knew_is_not_found(plant: Any) -> None:
    for what in ("released", "started", "finished"):
        with pytest.raises(UnknownBooking):
            say(plant, what, "bkg_nothing", plant.now)
    for what, values in (("machine_down", (60,)), ("machine_up", ())):
        with pytest.raises(UnknownWorkUnit):
            say(plant, what, "robot-9", plant.now, *values)


def test_reports_about_finished_orders_change_nothing(plant: Any) -> None:
    plant.order("a", paint(60))
    booking = bookings(plant, "a")[0]
    plant.later(hours=1)
    say(plant, "finished", booking.id, plant.now)
    facts = list(plant.facts)
    for what in ("started", "released", "finished"):
        say(plant, what, booking.id, plant.now)
    say(plant, "progressed", booking.id, 50.0, plant.now)
    say(plant, "material_taken", booking.id)
    assert plant.facts == facts
    assert bookings(plant, "a")[0].state is BookingState.DONE


def test_new_hours_move_what_no_longer_fits(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    early = Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Sat", "12:00", "22:00"),))
    with plant.plan() as plan:
        plan.set_calendars([early, *[each for each in plan.calendars() if each.id != "two-shifts"]])
    assert [each.start for each in bookings(plant, "a")] == [berlin("02T12:00"), berlin("02T12:30"), berlin("02T12:50")]
    assert plant.violations() == []


def test_machines_are_replaced_but_not_while_work_is_booked_on_them(plant: Any) -> None:
    plant.order("a", paint(60))
    machines = plant.snapshot().resources
    with plant.plan() as plan, pytest.raises(WorkUnitInUse, match="paint-1 has 1 bookings"):
        plan.set_resources([machine for name, machine in machines.items() if name != "paint-1"])
    with plant.plan() as plan, pytest.raises(WrongCalendar, match="paint-3"):
        plan.set_resources([*machines.values(), Resource("paint-3", "paint", "nights")])
    with plant.plan() as plan, pytest.raises(WrongCalendar, match="two-shifts"):
        plan.set_calendars([])


def test_setting_machines_again_keeps_their_repairs(plant: Any) -> None:
    machines = list(plant.snapshot().resources.values())
    say(plant, "machine_down", "paint-1", plant.now, 60)
    version = plant.snapshot().version
    with plant.plan() as plan:
        plan.set_resources(machines)
    assert plant.snapshot().version == version
    assert plant.snapshot().resources["paint-1"].is_down
