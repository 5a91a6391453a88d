"""Putting a demand into the plan: ways between work centers, longest waits, backward from a date, and before all others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from lotone.plan import (
    Booking,
    Calendar,
    Demand,
    DoesNotFit,
    Maintenance,
    NoCapacity,
    NoMachine,
    OperationNeed,
    Resource,
    Shift,
    Snapshot,
    Supply,
    check,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.insert import Insertion, best_case, insert, insert_backward
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import Commitment

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
DAY = Calendar("day", "UTC", (Shift.from_text("Mon-Fri", "06:00", "14:00"),))
LATE = Calendar("late", "UTC", (Shift.from_text("Mon-Fri", "16:00", "22:00"),))
MACHINES = (Resource("cut", "cut", "always"), Resource("glue", "glue", "always"), Resource("press", "press", "always"))


def plant(*resources: Resource) -> Snapshot:
    calendars = {each.id: each for each in (ALWAYS, DAY, LATE)}
    snapshot = Snapshot(calendars=calendars, resources={each.work_unit: each for each in resources or MACHINES})
    return snapshot.at(NOW, Supply, PlanSettings())


def board(wait_most: float | None = None, cut: float = 30, glue: float = 10, press: float = 60) -> Demand:
    return Demand(
        (
            OperationNeed("cut", "cut", cut),
            OperationNeed("glue", "glue", glue, after=("cut",), wait_most_minutes=wait_most),
            OperationNeed("press", "press", press, after=("glue",)),
        )
    )


def names() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"b{next(numbers)}"


def with_work(snapshot: Snapshot, demand: Demand, placed: Insertion, name: str = "k") -> Snapshot:
    bookings = tuple(replace(each, id=f"{name}-{each.id}", commitment=name) for each in placed.bookings)
    made = Commitment(name, len(snapshot.commitments), demand, bookings, placed.reservations, UNTOLD, UNTOLD.date)
    after = snapshot.with_commitments([made])
    assert check(after) == []
    return after


def times(bookings: tuple[Booking, ...]) -> dict[str, tuple[float, float]]:
    return {each.step: ((each.start - NOW) / MINUTE, (each.end - NOW) / MINUTE) for each in bookings}


def press_busy(snapshot: Snapshot, minutes: float) -> Snapshot:
    only = Demand((OperationNeed("press", "press", minutes),))
    return with_work(snapshot, only, insert(snapshot, only, "k", names()))


def test_the_way_between_work_centers_takes_its_time() -> None:
    snapshot = replace(plant(), transport={("cut", "glue"): 12.5, ("glue", "cut"): 99.0})
    placed = insert(snapshot, board(), "k", names())
    assert times(placed.bookings) == {"cut": (0, 30), "glue": (42.5, 52.5), "press": (52.5, 112.5)}


def test_what_may_not_wait_long_is_begun_later() -> None:
    snapshot = press_busy(plant(), 200)
    assert times(insert(snapshot, board(), "q", names()).bookings)["glue"] == (30, 40)
    placed = insert(snapshot, board(wait_most=15), "q", names())
    assert times(placed.bookings) == {"cut": (0, 30), "glue": (175, 185), "press": (200, 260)}
    with_work(snapshot, board(wait_most=15), placed, "q")


def test_a_chain_of_longest_waits_is_pushed_back_as_a_whole() -> None:
    steps = board(wait_most=15).operations
    tight = Demand((replace(steps[0], wait_most_minutes=5.0), *steps[1:]))
    placed = insert(press_busy(plant(), 200), tight, "q", names())
    assert times(placed.bookings) == {"cut": (140, 170), "glue": (175, 185), "press": (200, 260)}


def test_a_wait_that_hours_never_allow_is_named() -> None:
    snapshot = plant(Resource("cut", "cut", "day"), Resource("glue", "glue", "day"), Resource("press", "press", "late"))
    with pytest.raises(NoCapacity, match="step press can't begin within 15 minutes after step glue"):
        insert(snapshot, board(wait_most=15), "k", names())


def test_a_way_longer_than_the_longest_wait_is_named() -> None:
    snapshot = replace(plant(), transport={("glue", "press"): 20.0})
    with pytest.raises(DoesNotFit, match="20 minutes from glue to press"):
        insert(snapshot, board(wait_most=15), "k", names())


def test_backward_everything_is_as_late_as_the_date_allows() -> None:
    snapshot = replace(plant(), transport={("cut", "glue"): 5.0})
    placed = insert_backward(snapshot, board(), "k", NOW + 600 * MINUTE, names())
    assert placed is not None
    assert times(placed.bookings) == {"press": (540, 600), "glue": (530, 540), "cut": (495, 525)}
    with_work(snapshot, board(), placed)


def test_backward_goes_around_what_is_booked_and_gives_up_when_it_is_too_late() -> None:
    press = Resource("press", "press", "always", maintenance=(Maintenance(NOW + 550 * MINUTE, NOW + 700 * MINUTE),))
    snapshot = plant(*MACHINES[:2], press)
    placed = insert_backward(snapshot, board(), "k", NOW + 600 * MINUTE, names())
    assert placed is not None and times(placed.bookings)["press"] == (490, 550)
    assert insert_backward(snapshot, board(), "k", NOW + 100 * MINUTE, names()) is not None
    assert insert_backward(snapshot, board(), "k", NOW + 99 * MINUTE, names()) is None


def test_backward_takes_the_earliest_places_where_the_latest_do_not_work_out() -> None:
    glue = Resource("glue", "glue", "always", maintenance=(Maintenance(NOW + 45 * MINUTE, NOW + 500 * MINUTE),))
    snapshot = plant(MACHINES[0], glue, MACHINES[2])
    placed = insert_backward(snapshot, board(wait_most=15), "k", NOW + 505 * MINUTE, names())
    assert placed is not None
    assert times(placed.bookings) == {"cut": (0, 30), "glue": (30, 40), "press": (40, 100)}


def test_the_best_case_sees_nothing_that_is_booked() -> None:
    snapshot = press_busy(plant(), 200)
    assert times(best_case(snapshot, board(), "q", names()).bookings)["press"] == (40, 100)
    assert times(insert(snapshot, board(), "q", names()).bookings)["press"] == (200, 260)


def test_units_of_one_demand_share_what_there_is() -> None:
    placed = insert(plant(), replace(board(), quantity=2), "k", names())
    presses = [each for each in placed.bookings if each.step == "press"]
    assert [((each.start - NOW) / MINUTE) for each in presses] == [40, 100]
    backward = insert_backward(plant(), replace(board(), quantity=2), "k", NOW + 300 * MINUTE, names())
    assert backward is not None
    assert sorted((each.end - NOW) / MINUTE for each in backward.bookings if each.step == "press") == [240, 300]
    assert [each.unit for each in backward.bookings] == [1, 1, 1, 2, 2, 2]


def test_what_is_missing_is_named() -> None:
    crew = Demand((OperationNeed("cut", "cut", 30, also=("saw",)),))
    with pytest.raises(NoMachine, match="nobody and no tool has the skill saw"):
        insert(plant(), crew, "k", names())
    large = Demand((OperationNeed("cut", "cut", 30, size=5),))
    with pytest.raises(DoesNotFit, match="takes 5, but its machines take at most 4"):
        insert(plant(Resource("cut", "cut", "always", capacity=4)), large, "k", names())
