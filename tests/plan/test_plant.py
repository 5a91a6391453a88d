"""Faults of a plant's data, and setting a plant up: kept by the store, and moving on what no longer fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import (
    Calendar,
    CalendarException,
    Demand,
    Maintenance,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    Snapshot,
    Supply,
    UnknownWorkUnit,
    WrongCalendar,
    WrongResource,
)
from lotone.plan.model.plant import faults
from lotone.plan.model.settings import PlanSettings

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ALWAYS = Calendar("always", "Europe/Berlin", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
DAY_SHIFTS = Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Sat", "06:00", "22:00"),))
MACHINES = (
    Resource("asm-1", "assembly", "two-shifts"),
    Resource("asm-2", "assembly", "two-shifts"),
    Resource("oven-1", "curing", "always"),
    Resource("paint-1", "paint", "two-shifts"),
    Resource("paint-2", "paint", "two-shifts"),
)
BIKE = Demand(
    (
        OperationNeed("paint", "paint", 30),
        OperationNeed("cure", "curing", 20, after=("paint",)),
        OperationNeed("assemble", "assembly", 40, after=("cure",)),
    )
)
COLOURS = SetupMatrix("colours", {("red", "blue"): 30.0}, default=0.0)
ANNA = Resource("anna", "", "two-shifts", Words("Anna"), kind=ResourceKind.OPERATOR, skills=("weld", "paint"))


def data(**more: object) -> Snapshot:
    values = {
        "calendars": {"always": ALWAYS, "two-shifts": DAY_SHIFTS},
        "resources": {each.work_unit: each for each in MACHINES},
    }
    snapshot = Snapshot(**{**values, **more})  # type: ignore[arg-type]
    return snapshot.at(NOW, Supply, PlanSettings())


def found(snapshot: Snapshot, *needs: OperationNeed) -> set[tuple[str, str]]:
    listed = faults(snapshot, [Demand(needs)] if needs else None)
    assert all(each.words.en and each.words.zh for each in listed)
    return {(each.kind, each.subject) for each in listed}


def test_a_plant_without_faults_has_none() -> None:
    assert found(data(), *BIKE.operations) == set()
    assert found(data()) == set()


def test_calendars_that_never_open_or_are_missing() -> None:
    closed = Calendar("closed", "UTC", ())
    lost = Resource("lost", "paint", "night")
    year = CalendarException(NOW, NOW + timedelta(days=500))
    holiday = Calendar("holiday", "UTC", ALWAYS.shifts, (year,))
    snapshot = data(calendars={"closed": closed, "holiday": holiday}, resources={"lost": lost})
    assert found(snapshot) == {("calendar", "closed"), ("calendar", "holiday"), ("calendar", "night")}


def test_routings_that_nobody_can_make() -> None:
    booth = Resource("booth", "paint", "two-shifts", capacity=3)
    snapshot = data(resources={"booth": booth})
    assert found(snapshot, OperationNeed("weld", "welding", 10)) == {("step", "weld")}
    assert found(snapshot, OperationNeed("paint", "paint", 17 * 60)) == {("step", "paint")}
    assert found(snapshot, OperationNeed("paint", "paint", 10, size=4)) == {("step", "paint")}
    assert found(snapshot, OperationNeed("paint", "paint", 10, also=("spray",))) == {("skill", "spray")}
    assert found(snapshot, OperationNeed("paint", "paint", 10, size=3)) == set()


def test_setups_that_are_missing_or_miss_a_state() -> None:
    booth = Resource("booth", "paint", "two-shifts", setups="colours", state="red")
    assert found(data(resources={"booth": booth})) == {("resource", "booth")}
    known = data(resources={"booth": booth}, setups={"colours": COLOURS})
    assert found(known, OperationNeed("paint", "paint", 10, setup="blue")) == set()
    assert found(known, OperationNeed("paint", "paint", 10, setup="gold")) == {("setups", "colours")}
    default = replace(known, setups={"colours": replace(COLOURS, default=5.0)})
    assert found(default, OperationNeed("paint", "paint", 10, setup="gold")) == set()


def test_ways_to_where_nothing_is() -> None:
    assert found(data(transport={("paint", "moon"): 5.0})) == {("transport", "moon")}


@pytest.fixture
def shop(plant: Any) -> Any:
    return plant


def test_what_is_set_up_is_read_back(shop: Any) -> None:
    booth = replace(MACHINES[3], setups="colours", state="red", maintenance=(Maintenance(NOW, NOW + timedelta(hours=1)),))
    oven = replace(MACHINES[2], capacity=4, batch=True)
    overtime = replace(DAY_SHIFTS, overtime=(Shift.from_text("Sun", "06:00", "14:00"),), overtime_cost_per_hour=80.0)
    with shop.plan() as plan:
        plan.set_calendars([overtime, ALWAYS])
        plan.set_setups([COLOURS])
        plan.set_transport({("paint", "curing"): 6.0})
        plan.set_resources([*MACHINES[:2], oven, booth, MACHINES[4], ANNA])
    with shop.plan() as plan:
        snapshot = plan.snapshot()
    assert snapshot.setups == {"colours": COLOURS} and snapshot.transport == {("paint", "curing"): 6.0}
    assert snapshot.resources["paint-1"] == booth and snapshot.resources["oven-1"] == oven
    assert snapshot.resources["anna"] == ANNA and snapshot.calendars["two-shifts"] == overtime


def test_loading_the_same_again_keeps_what_happened_since(shop: Any) -> None:
    booth = replace(MACHINES[3], setups="colours", state="red")
    upkeep = Maintenance(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2))
    with shop.plan() as plan:
        plan.set_setups([COLOURS])
        plan.set_resources([*MACHINES[:3], booth, MACHINES[4]])
        plan.set_state("paint-1", "blue")
        plan.set_maintenance("paint-1", [upkeep])
        plan.set_resources([*MACHINES[:3], booth, MACHINES[4]])
        known = plan.snapshot().resources["paint-1"]
    assert known.state == "blue" and known.maintenance == (upkeep,)


def test_what_no_longer_fits_is_moved_on(shop: Any) -> None:
    with shop.plan() as plan:
        plan.confirm(plan.hold(BIKE).id, "order")
        paint = plan.bookings_of("order")[0]
        plan.set_maintenance(paint.work_unit, [Maintenance(paint.start, paint.start + timedelta(hours=30))])
        assert plan.bookings_of("order")[0].work_unit != paint.work_unit
        cured = {each.step: each for each in plan.bookings_of("order")}
        plan.set_transport({("paint", "curing"): 45.0})
        later = {each.step: each for each in plan.bookings_of("order")}
    assert later["cure"].start >= later["paint"].end + timedelta(minutes=45) > cured["cure"].start


def test_overtime_is_closed_until_it_is_opened(shop: Any) -> None:
    sunday = datetime(2026, 3, 8, 9, 0, tzinfo=UTC)
    calendar = replace(DAY_SHIFTS, overtime=(Shift.from_text("Sun", "06:00", "14:00"),), overtime_cost_per_hour=80.0)
    with shop.plan() as plan:
        plan.set_calendars([calendar, ALWAYS])
        assert not plan.calendars()[0].windows(sunday, sunday + timedelta(hours=1))
        plan.open_overtime("two-shifts", sunday, sunday + timedelta(hours=1))
        opened = next(each for each in plan.calendars() if each.id == "two-shifts")
        plan.open_overtime("two-shifts", sunday, sunday + timedelta(hours=1))
        assert opened in plan.calendars()
    [window] = opened.windows(sunday - timedelta(hours=9), sunday + timedelta(hours=12))
    assert (window.end - window.start) == timedelta(hours=8)


def test_what_is_not_there_cannot_be_set(shop: Any) -> None:
    with shop.plan() as plan:
        with pytest.raises(UnknownWorkUnit):
            plan.set_maintenance("nobody", [])
        with pytest.raises(WrongCalendar):
            plan.open_overtime("nobody", NOW, NOW)
        with pytest.raises(WrongResource, match="matrix"):
            plan.set_resources([replace(MACHINES[0], setups="none")])
        with pytest.raises(WrongResource, match="minutes"):
            plan.set_transport({("paint", "curing"): -1.0})
        with pytest.raises(WrongResource, match="negative"):
            SetupMatrix("m", {("a", "b"): -1.0})
        with pytest.raises(WrongResource, match="end after it starts"):
            Maintenance(NOW, NOW)
