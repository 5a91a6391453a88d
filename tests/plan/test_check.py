"""The checker finds each kind of fault; a checker that finds nothing would prove nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.plan import Arrival, Booking, BookingState, Demand, Snapshot, Supply, check, double_booked_hours


@pytest.fixture
def good(plant: Any, wanted: Callable[..., Demand]) -> Snapshot:
    plant.supply = Supply({"motor": 1.0}, (Arrival("motor", 1.0, plant.now + timedelta(hours=5)),), {"motor": 9.0})
    for number in range(4):
        plant.order(f"order-{number}", wanted(parts={"motor": 1.0}, wait=10))
    snapshot: Snapshot = plant.snapshot()
    assert check(snapshot) == []
    return snapshot


def booking(snapshot: Snapshot, order: str, step: str) -> Booking:
    return next(
        each for home in snapshot.commitments.values() for each in home.bookings if (each.order, each.step) == (order, step)
    )


def shifted(snapshot: Snapshot, order: str, step: str, **time: float) -> Snapshot:
    found = booking(snapshot, order, step)
    by = timedelta(**time)
    return snapshot.with_bookings([replace(found, start=found.start + by, end=found.end + by)])


def kinds(snapshot: Snapshot) -> set[str]:
    return {violation.kind for violation in check(snapshot)}


def test_two_things_at_once(good: Snapshot) -> None:
    first = booking(good, "order-0", "paint")
    same = replace(booking(good, "order-1", "paint"), work_unit=first.work_unit)
    wrong = good.with_bookings([same])
    assert kinds(wrong) == {"overlap"}
    assert double_booked_hours([first, same]) == 0.5
    assert double_booked_hours([first, replace(same, state=BookingState.CANCELLED)]) == 0


def test_a_long_booking_over_several_short_ones(good: Snapshot) -> None:
    first = booking(good, "order-0", "paint")
    inside = [replace(first, id=f"x{n}", start=first.start + timedelta(minutes=10 * n)) for n in range(3)]
    ends = [replace(each, end=each.start + timedelta(minutes=5)) for each in inside]
    assert double_booked_hours([first, *ends]) == pytest.approx(0.25)


def test_work_when_the_plant_is_closed(good: Snapshot) -> None:
    assert kinds(shifted(good, "order-3", "assemble", hours=-6)) >= {"calendar"}
    last, sunday = booking(good, "order-3", "assemble"), datetime(2026, 3, 15, 10, tzinfo=UTC)
    assert kinds(good.with_bookings([replace(last, start=sunday, end=sunday + last.duration)])) == {"calendar"}


def test_work_before_what_it_follows(good: Snapshot) -> None:
    assert kinds(shifted(good, "order-0", "assemble", minutes=-9)) == {"order"}, "the wait after curing is cut short"


def test_work_in_the_past(good: Snapshot) -> None:
    assert "past" in kinds(replace(good, now=good.now + timedelta(minutes=1)))


def test_work_during_a_repair(good: Snapshot) -> None:
    paint = booking(good, "order-0", "paint")
    machine = replace(
        good.resources[paint.work_unit],
        down_from=paint.start - timedelta(hours=1),
        down_until=paint.start + timedelta(minutes=1),
    )
    assert kinds(good.with_resource(machine)) == {"repair"}


def test_material_before_it_is_there(good: Snapshot) -> None:
    arrives = good.now + timedelta(hours=5)
    second = booking(good, "order-1", "assemble")
    assert second.start >= arrives
    early = replace(second, start=arrives - timedelta(minutes=1), end=arrives + timedelta(minutes=39))
    assert kinds(good.with_bookings([early])) == {"material"}
    third = booking(good, "order-2", "assemble")
    not_bought = replace(third, start=third.start - timedelta(days=1), end=third.end - timedelta(days=1))
    assert "material" in kinds(good.with_bookings([not_bought]))


def test_what_has_happened_is_not_judged(good: Snapshot) -> None:
    """A machine may start before its shift, or before the plan thought that it could."""
    paint = booking(good, "order-0", "paint")
    night = datetime(2026, 3, 2, 2, tzinfo=UTC)
    begun = replace(paint, state=BookingState.DONE, start=night, end=night + timedelta(minutes=30))
    assert check(good.with_bookings([begun])) == []
