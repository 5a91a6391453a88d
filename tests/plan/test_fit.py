"""Gap questions: what stands side by side, and the first place that is free of all that is in the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.kernel import Words
from lotone.plan import (
    Booking,
    BookingState,
    Calendar,
    Demand,
    Maintenance,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    Snapshot,
    Supply,
    check,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.fit import Floor
from lotone.plan.model.insert import insert, insert_backward
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import Commitment

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
DAY = Calendar("day", "UTC", (Shift.from_text("Mon-Sun", "06:00", "10:00"), Shift.from_text("Mon-Sun", "10:20", "14:00")))
COLOURS = SetupMatrix("colours", {("red", "blue"): 30, ("blue", "red"): 10}, default=20)
ANNA = Resource("anna", "", "day", kind=ResourceKind.OPERATOR, skills=("weld", "check"))
BO = Resource("bo", "", "always", kind=ResourceKind.OPERATOR, skills=("check",))


def plant(*resources: Resource, calendars: Sequence[Calendar] = (ALWAYS, DAY)) -> Snapshot:
    snapshot = Snapshot(
        calendars={each.id: each for each in calendars},
        resources={each.work_unit: each for each in resources},
        setups={COLOURS.id: COLOURS},
    )
    return snapshot.at(NOW, Supply, PlanSettings())


def op(minutes: float = 60, center: str = "c", **more: object) -> OperationNeed:
    return OperationNeed("s", center, minutes, **more)  # type: ignore[arg-type]


def booked(snapshot: Snapshot, need: OperationNeed, unit: str, start: float, **more: object) -> Snapshot:
    """The plan with an operation of its own on a machine, from so many minutes after now."""
    name = f"k{len(snapshot.commitments)}"
    begin = NOW + start * MINUTE
    booking = Booking(
        f"{name}-b", name, 1, "s", "c", unit, begin, begin + need.duration(unit), need.minutes, BookingState.PLANNED, name,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip
    commitment = Commitment(name, len(snapshot.commitments), Demand((need,)), (booking,), (), UNTOLD, UNTOLD.date)
    return snapshot.with_commitments([commitment])


def first(snapshot: Snapshot, need: OperationNeed, ready: float = 0) -> tuple[float, str, tuple[str, ...]] | None:
    found = Floor(snapshot).first(need, NOW + ready * MINUTE)
    return None if found is None else ((found.start - NOW) / MINUTE, found.machine.work_unit, found.crew)


def test_a_machine_with_capacity_runs_side_by_side_what_fits_in() -> None:
    snapshot = plant(Resource("m", "c", "always", capacity=3))
    snapshot = booked(booked(snapshot, op(size=2), "m", 0), op(30, size=1), "m", 0)
    assert first(snapshot, op(size=1)) == (30, "m", ())
    assert first(snapshot, op(size=2)) == (60, "m", ())
    assert first(snapshot, op(size=4)) is None


def test_a_batch_is_joined_by_what_is_alike_and_fits_in() -> None:
    snapshot = plant(Resource("oven", "c", "always", capacity=4, batch=True))
    snapshot = booked(snapshot, op(batch="180 C", size=2), "oven", 30)
    assert first(snapshot, op(batch="180 C", size=2)) == (30, "oven", ())
    assert first(snapshot, op(batch="180 C", size=3)) == (90, "oven", ())
    assert first(snapshot, op(batch="200 C", size=1)) == (90, "oven", ())
    assert first(snapshot, op(30, batch="180 C", size=1)) == (0, "oven", ())
    assert first(snapshot, op(size=1), ready=31) == (90, "oven", ())


def test_a_batch_that_was_sent_to_its_machine_takes_no_more() -> None:
    snapshot = plant(Resource("oven", "c", "always", capacity=4, batch=True))
    snapshot = booked(snapshot, op(batch="180 C"), "oven", 30)
    sent = [replace(each, state=BookingState.RELEASED) for each in snapshot.open_bookings()]
    assert first(snapshot.with_bookings(sent), op(batch="180 C")) == (90, "oven", ())


def test_setups_are_kept_before_and_after() -> None:
    snapshot = plant(Resource("booth", "c", "always", setups="colours", state="red"))
    assert first(snapshot, op(setup="red")) == (0, "booth", ())
    assert first(snapshot, op(setup="blue")) == (30, "booth", ())
    assert first(snapshot, op()) == (0, "booth", ())
    behind = booked(snapshot, op(setup="red"), "booth", 100)
    assert first(behind, op(60, setup="red")) == (0, "booth", ())
    assert first(behind, op(60, setup="blue")) == (30, "booth", ())
    assert first(behind, op(61, setup="blue")) == (190, "booth", ()), "the red one would lose its 10 minutes of setup"


def test_what_needs_no_setup_leaves_the_machine_as_it_is() -> None:
    snapshot = plant(Resource("booth", "c", "always", setups="colours", state="red"))
    snapshot = booked(booked(snapshot, op(10), "booth", 60), op(setup="red"), "booth", 75)
    assert first(snapshot, op(29, setup="blue")) == (165, "booth", ())
    assert first(snapshot, op(50, setup="red")) == (0, "booth", ())


def test_a_setup_and_its_operation_lie_in_one_open_window() -> None:
    snapshot = plant(Resource("booth", "c", "day", setups="colours", state="red"))
    assert first(snapshot, op(210, setup="blue")) == (30, "booth", ())
    assert first(snapshot, op(211, setup="blue")) is None
    assert first(snapshot, op(211, setup="red")) == (0, "booth", ())


def test_maintenance_is_in_the_way() -> None:
    upkeep = Maintenance(NOW + 30 * MINUTE, NOW + 60 * MINUTE)
    snapshot = plant(Resource("m", "c", "always", maintenance=(upkeep,)))
    assert first(snapshot, op(30)) == (0, "m", ())
    assert first(snapshot, op(31)) == (60, "m", ())


def test_a_crew_is_taken_with_the_machine_and_works_by_its_own_hours() -> None:
    snapshot = plant(Resource("m", "c", "always"), Resource("n", "c", "always"), ANNA, BO)
    assert first(snapshot, op(also=("check",))) == (0, "m", ("anna",))
    taken = booked(snapshot, op(also=("check",)), "m", 0, crew=("anna",))
    assert first(taken, op(also=("check",))) == (0, "n", ("bo",))
    assert first(taken, op(also=("weld",))) == (60, "m", ("anna",))
    assert first(snapshot, op(also=("weld",)), ready=200) == (260, "m", ("anna",)), "it would run into her break"
    assert first(snapshot, op(also=("press",))) is None


def test_one_person_never_counts_for_two_skills() -> None:
    both = op(also=("check", "weld"))
    assert first(plant(Resource("m", "c", "always"), ANNA), both) is None
    snapshot = plant(Resource("m", "c", "always"), ANNA, BO)
    assert first(snapshot, both) == (0, "m", ("bo", "anna"))
    busy = booked(snapshot, op(90, also=("check",)), "m", 0, crew=("bo",))
    assert first(busy, both) == (90, "m", ("bo", "anna")), "anna alone can't do both"


def test_a_batch_takes_its_crew_once() -> None:
    oven = Resource("oven", "c", "always", capacity=4, batch=True)
    snapshot = booked(plant(oven, BO), op(batch="b", also=("check",)), "oven", 0, crew=("bo",))
    assert first(snapshot, op(batch="b", also=("check",))) == (0, "oven", ("bo",))
    joined = booked(snapshot, op(batch="b", also=("check",)), "oven", 0, crew=("bo",))
    assert check(joined) == []
    assert first(joined, op(batch="c", also=("check",))) == (60, "oven", ("bo",))


def test_what_was_put_on_the_floor_can_be_taken_away_again() -> None:
    snapshot = plant(Resource("m", "c", "always"), Resource("oven", "o", "always", capacity=2, batch=True), BO)
    snapshot = booked(snapshot, op(also=("check",)), "m", 0, crew=("bo",))
    floor = Floor(snapshot)
    standing = next(snapshot.open_bookings())
    floor.take(standing)
    found = floor.first(op(also=("check",)), NOW)
    assert found is not None and found.start == NOW
    floor.put(standing)
    again = floor.first(op(also=("check",)), NOW)
    assert again is not None and again.start == NOW + 60 * MINUTE
    assert first(snapshot, op(also=("check",))) == (60, "m", ("bo",)), "the plan itself is as it was"


def test_the_last_place_that_ends_in_time() -> None:
    snapshot = booked(plant(Resource("m", "c", "day")), op(60), "m", 120)
    floor, machine = Floor(snapshot), snapshot.resources["m"]

    def last(minutes: float, end_by: float) -> float | None:
        found = floor.last_on(op(minutes), machine, NOW, NOW + end_by * MINUTE)
        return None if found is None else (found.start - NOW) / MINUTE

    assert last(60, 480) == 420
    assert last(60, 250) == 180
    assert last(61, 250) == 59
    assert last(60, 59) is None


@st.composite
def plants(draw: st.DrawFn) -> tuple[Snapshot, list[Demand]]:
    """A small plant with every feature, and demands for it."""
    calendars = st.sampled_from(["always", "day"])
    number = st.integers(0, 2)
    machines = [
        Resource("a1", "a", draw(calendars), setups="colours", state=draw(st.sampled_from(["", "red", "blue"]))),
        Resource("a2", "a", draw(calendars), maintenance=(Maintenance(NOW + 50 * MINUTE, NOW + 95 * MINUTE),)),
        Resource("b1", "b", draw(calendars), capacity=3, batch=True, setups=draw(st.sampled_from(["", "colours"]))),
        Resource("c1", "c", draw(calendars), capacity=draw(st.integers(1, 3))),
        ANNA,
        replace(BO, capacity=draw(st.integers(1, 2))),
    ]
    snapshot = replace(plant(*machines), transport={("a", "b"): 7.0, ("b", "c"): 3.0, ("a", "c"): draw(number) * 10.0})
    return snapshot, [draw(demands()) for _ in range(draw(st.integers(2, 7)))]


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    minutes, colours = st.integers(5, 70), st.sampled_from(["", "red", "blue", "green"])
    crews = st.sampled_from([(), (), ("weld",), ("check",), ("weld", "check")])
    waits = st.sampled_from([None, None, 90.0, 600.0])
    size = st.sampled_from([0.5, 1.0])
    paint = OperationNeed("paint", "a", draw(minutes), setup=draw(colours), also=draw(crews), wait_most_minutes=draw(waits))
    bake = OperationNeed(
        "bake", "b", draw(st.sampled_from([20, 45])), after=("paint",), wait_after_minutes=draw(st.sampled_from([0, 15])),
        batch=draw(st.sampled_from(["", "hot", "warm"])), size=draw(size), also=draw(crews), setup=draw(colours),
        wait_most_minutes=draw(waits),
    )  # fmt: skip
    pack = OperationNeed("pack", "c", draw(minutes), after=("bake",), size=draw(size), also=draw(crews))
    return Demand((paint, bake, pack), Words("thing"), draw(st.integers(1, 2)))


@settings(max_examples=25, deadline=None)
@given(plants(), st.integers(300, 4000))
def test_whatever_is_inserted_can_be_carried_out(given: tuple[Snapshot, list[Demand]], by: int) -> None:
    snapshot, wanted = given
    names = count(1)
    for sequence, demand in enumerate(wanted):
        name = f"k{sequence}"
        backward = insert_backward(snapshot, demand, name, NOW + by * MINUTE, lambda: f"b{next(names)}")
        placed = backward or insert(snapshot, demand, name, lambda: f"b{next(names)}")
        if backward is not None:
            assert max(each.end for each in backward.bookings) <= NOW + by * MINUTE
        snapshot = snapshot.with_commitments(
            [Commitment(name, sequence, demand, placed.bookings, placed.reservations, UNTOLD, UNTOLD.date)]
        )
        assert check(snapshot) == []


@settings(max_examples=25, deadline=None)
@given(plants(), st.integers(0, 200), st.data())
def test_no_earlier_place_exists_than_the_first(given: tuple[Snapshot, list[Demand]], ready: int, data: st.DataObject) -> None:
    snapshot, wanted = given
    names = count(1)
    for sequence, demand in enumerate(wanted[:-1]):
        placed = insert(snapshot, demand, f"k{sequence}", lambda: f"b{next(names)}")
        snapshot = snapshot.with_commitments([Commitment(f"k{sequence}", sequence, demand, placed.bookings, (), UNTOLD, NOW)])
    need = replace(data.draw(st.sampled_from(wanted[-1].operations)), after=(), also=())
    earliest = NOW + ready * MINUTE
    found = Floor(snapshot).first(need, earliest)
    assert found is not None
    for minute in range(ready, min(int((found.start - NOW) / MINUTE), ready + 150), 5):
        for machine in snapshot.candidates(need):
            start = NOW + minute * MINUTE
            if start + need.duration(machine.work_unit) < found.end:
                assert not _is_possible(snapshot, need, machine, start), f"{minute} on {machine.work_unit}"


def _is_possible(snapshot: Snapshot, need: OperationNeed, machine: Resource, start: datetime) -> bool:
    """By the independent checker, of the plan with this operation in it."""
    end = start + need.duration(machine.work_unit)
    booking = Booking("x", "x", 1, need.step, machine.work_center, machine.work_unit, start, end, need.minutes)
    own = Commitment("x", 99, Demand((need,)), (booking,), (), UNTOLD, NOW)
    return check(snapshot.with_commitments([own])) == []


def test_sizes_and_setups_that_cannot_be_are_refused() -> None:
    with pytest.raises(Exception, match="capacity"):
        Resource("m", "c", "always", capacity=0)
    with pytest.raises(Exception, match="setup matrix"):
        Resource("m", "c", "always", capacity=2, setups="colours")
