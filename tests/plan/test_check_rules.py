"""Each rule of the checker: a plan that breaks it, and the nearest one that does not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import (
    Arrival,
    Booking,
    BookingState,
    Calendar,
    Demand,
    Maintenance,
    OperationNeed,
    PlanSettings,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    Snapshot,
    Supply,
    check,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.booking import Place
from lotone.plan.model.snapshot import Commitment
from lotone.plan.model.supply import Reservation

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = ("06:00", "22:00")
DAYS = Calendar("days", "UTC", (Shift.from_text("Mon-Fri", *HOURS),), overtime=(Shift.from_text("Sat", *HOURS),))
EARLY = Calendar("early", "UTC", (Shift.from_text("Mon-Fri", "06:00", "14:00"),))
MACHINES = {
    "plain": Resource("plain", "shop", "days"),
    "wide": Resource("wide", "shop", "days", capacity=3),
    "oven": Resource("oven", "shop", "days", capacity=3, batch=True),
    "booth": Resource("booth", "paint", "days", setups="colours", state="red"),
    "ann": Resource("ann", "", "early", kind=ResourceKind.OPERATOR, skills=("weld", "inspect")),
    "bob": Resource("bob", "", "early", kind=ResourceKind.OPERATOR, skills=("weld",)),
    "jigs": Resource("jigs", "", "days", kind=ResourceKind.TOOL, skills=("jig",), capacity=2),
}
COLOURS = SetupMatrix("colours", {("red", "blue"): 20.0, ("blue", "red"): 40.0})


def at(clock: str, day: int = 0) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


def row(step: str, unit: str, start: str, minutes: float = 60, *, day: int = 0, **more: Any) -> tuple[OperationNeed, Booking]:
    """An operation, and where it stands; what isn't a field of the booking is one of the need."""
    of_booking = {key: more.pop(key) for key in ("crew", "state", "locked") if key in more}
    center, begins = MACHINES[unit].work_center, at(start, day)
    end = begins + timedelta(minutes=minutes)
    booking = Booking(f"b-{step}", "c", 1, step, center, unit, begins, end, minutes, BookingState.PLANNED, "order-1")
    return OperationNeed(step, center, minutes, **more), replace(booking, **of_booking)


def plan(*rows: tuple[OperationNeed, Booking], machines: Mapping[str, Resource] = MACHINES, **more: Any) -> Snapshot:
    supply, kept = more.pop("supply", Supply()), more.pop("reservations", ())
    now, calendars = more.pop("now", at("06:00")), more.pop("calendars", (DAYS, EARLY))
    empty = Snapshot(
        calendars={each.id: each for each in calendars}, resources=dict(machines), setups={"colours": COLOURS}, **more
    )
    demand = Demand(tuple(need for need, _ in rows), Words("thing"))
    home = Commitment("c", 1, demand, tuple(booking for _, booking in rows), tuple(kept), UNTOLD, UNTOLD.date)
    return empty.at(now, lambda: supply, PlanSettings()).with_commitments([home])


def kinds(snapshot: Snapshot) -> list[str]:
    return sorted(each.kind for each in check(snapshot))


def test_one_thing_at_a_time() -> None:
    assert kinds(plan(row("a", "plain", "08:00"), row("b", "plain", "08:59"))) == ["overlap"]
    assert kinds(plan(row("a", "plain", "08:00"), row("b", "plain", "09:00"))) == []


def test_no_more_than_goes_in() -> None:
    two = row("a", "wide", "08:00", size=2.0)
    assert kinds(plan(two, row("b", "wide", "08:30", size=1.5))) == ["capacity"]
    assert kinds(plan(two, row("b", "wide", "08:30", size=1.0))) == []
    assert kinds(plan(row("a", "wide", "08:00", size=3.5))) == ["capacity"]
    assert kinds(plan(row("a", "wide", "08:00", size=3.0))) == []


def test_a_batch_is_of_one_kind_begins_and_ends_together_and_goes_in() -> None:
    hot = row("a", "oven", "08:00", batch="hot")
    assert kinds(plan(hot, row("b", "oven", "08:00", batch="hot", size=2.0))) == []
    assert kinds(plan(hot, row("b", "oven", "08:00", batch="hot", size=2.5))) == ["capacity"]
    assert kinds(plan(hot, row("b", "oven", "08:00", batch="cold"))) == ["batch"]
    assert kinds(plan(hot, row("b", "oven", "08:30", batch="hot"))) == ["batch"]
    assert kinds(plan(hot, row("b", "oven", "08:00", 50, batch="hot"))) == ["batch"]
    assert kinds(plan(row("a", "oven", "08:00"), row("b", "oven", "08:00"))) == ["batch"], "these share no batch"
    assert kinds(plan(hot, row("b", "oven", "09:00", batch="cold"))) == []


def test_a_batch_takes_its_crew_once_and_has_one() -> None:
    first = row("a", "oven", "08:00", batch="hot", also=("weld",), crew=("ann",))
    assert kinds(plan(first, row("b", "oven", "08:00", batch="hot", also=("weld",), crew=("ann",)))) == []
    assert kinds(plan(first, row("b", "oven", "08:00", batch="hot", also=("weld",), crew=("bob",)))) == ["batch"]


def test_time_to_change_over() -> None:
    red = row("a", "booth", "08:00", setup="red")
    assert kinds(plan(red, row("b", "booth", "09:19", setup="blue"))) == ["setup"]
    assert kinds(plan(red, row("b", "booth", "09:20", setup="blue"))) == []
    assert kinds(plan(red, row("b", "booth", "09:00", setup="red"))) == []
    through = row("b", "booth", "09:00")
    assert kinds(plan(red, through, row("c", "booth", "10:10", setup="blue"))) == ["setup"], "the second left it as it was"
    assert kinds(plan(red, through, row("c", "booth", "10:20", setup="blue"))) == []


def test_a_change_over_needs_open_hours_and_no_maintenance() -> None:
    assert kinds(plan(row("a", "booth", "06:19", setup="blue"))) == ["calendar"], "it was set up for red"
    assert kinds(plan(row("a", "booth", "06:20", setup="blue"))) == []
    until = Maintenance(at("07:00"), at("08:10"))
    kept = {**MACHINES, "booth": replace(MACHINES["booth"], maintenance=(until,))}
    assert kinds(plan(row("a", "booth", "08:20", setup="blue"), machines=kept)) == ["maintenance"]
    assert kinds(plan(row("a", "booth", "08:30", setup="blue"), machines=kept)) == []


def test_open_hours() -> None:
    assert kinds(plan(row("a", "plain", "21:01"))) == ["calendar"]
    assert kinds(plan(row("a", "plain", "21:00"))) == []


def test_overtime_only_where_it_was_opened() -> None:
    saturday = row("a", "plain", "08:00", day=5)
    assert kinds(plan(saturday)) == ["calendar"]
    opened = DAYS.with_overtime(at("08:00", 5), at("09:00", 5))
    assert kinds(plan(saturday, calendars=(opened, EARLY))) == []
    assert kinds(plan(row("a", "plain", "08:00", day=12), calendars=(opened, EARLY))) == ["calendar"], "another Saturday"


def test_nobody_works_twice_at_a_time() -> None:
    first = row("a", "plain", "08:00", also=("weld",), crew=("ann",))
    assert kinds(plan(first, row("b", "wide", "08:59", also=("weld",), crew=("ann",)))) == ["crew"]
    assert kinds(plan(first, row("b", "wide", "09:00", also=("weld",), crew=("ann",)))) == []
    assert kinds(plan(first, row("b", "wide", "08:59", also=("weld",), crew=("bob",)))) == []


def test_of_a_tool_there_are_only_so_many() -> None:
    jigs = [row(step, unit, "08:00", also=("jig",), crew=("jigs",)) for step, unit in (("a", "plain"), ("b", "wide"))]
    assert kinds(plan(*jigs)) == []
    assert kinds(plan(*jigs, row("c", "wide", "08:30", also=("jig",), crew=("jigs",)))) == ["crew"]


@pytest.mark.parametrize(
    ("skills", "crew", "found"),
    [
        (("inspect",), ("ann",), []),
        (("inspect",), ("bob",), ["crew"]),
        (("weld", "weld"), ("ann", "bob"), []),
        (("weld", "weld"), ("ann", "ann"), ["crew", "crew"]),
        (("weld",), (), ["crew"]),
        ((), ("ann",), ["crew"]),
        (("weld",), ("plain",), ["crew"]),
        (("weld",), ("nobody",), ["crew"]),
    ],
)
def test_a_crew_has_the_skills(skills: tuple[str, ...], crew: tuple[str, ...], found: list[str]) -> None:
    assert kinds(plan(row("a", "wide", "08:00", also=skills, crew=crew))) == found


def test_a_crew_is_there() -> None:
    weld: dict[str, Any] = {"also": ("weld",), "crew": ("ann",)}
    assert kinds(plan(row("a", "plain", "13:01", **weld))) == ["crew"], "her shift ends"
    assert kinds(plan(row("a", "plain", "13:00", **weld))) == []
    away = {**MACHINES, "ann": replace(MACHINES["ann"], down_from=at("06:00"), down_until=at("10:00"))}
    assert kinds(plan(row("a", "plain", "09:59", **weld), machines=away)) == ["crew"]
    assert kinds(plan(row("a", "plain", "10:00", **weld), machines=away)) == []


def test_repair_and_maintenance() -> None:
    broken = {**MACHINES, "plain": replace(MACHINES["plain"], down_from=at("06:00"), down_until=at("08:00"))}
    assert kinds(plan(row("a", "plain", "07:59"), machines=broken)) == ["repair"]
    assert kinds(plan(row("a", "plain", "08:00"), machines=broken)) == []
    window = Maintenance(at("09:00"), at("10:00"))
    kept = {**MACHINES, "plain": replace(MACHINES["plain"], maintenance=(window,))}
    assert kinds(plan(row("a", "plain", "08:01"), machines=kept)) == ["maintenance"]
    assert kinds(plan(row("a", "plain", "08:00"), row("b", "plain", "10:00"), machines=kept)) == []


def test_the_way_and_the_wait_to_the_next() -> None:
    first = row("a", "plain", "08:00", wait_after_minutes=5.0)
    way = {("shop", "paint"): 10.0}
    assert kinds(plan(first, row("b", "booth", "09:14", after=("a",)), transport=way)) == ["order"]
    assert kinds(plan(first, row("b", "booth", "09:15", after=("a",)), transport=way)) == []
    assert kinds(plan(first, row("b", "wide", "09:05", after=("a",)), transport=way)) == [], "no way within a center"
    assert kinds(plan(first, row("b", "wide", "09:04", after=("a",)), transport=way)) == ["order"]


def test_the_longest_wait() -> None:
    first = row("a", "plain", "08:00", wait_most_minutes=30.0)
    assert kinds(plan(first, row("b", "wide", "09:31", after=("a",)))) == ["wait"]
    assert kinds(plan(first, row("b", "wide", "09:30", after=("a",)))) == []
    ended = row("a", "plain", "08:00", wait_most_minutes=30.0, state=BookingState.DONE)
    assert kinds(plan(ended, row("b", "wide", "09:31", after=("a",)), now=at("09:10"))) == ["wait"], "found though it is lost"


def test_material() -> None:
    supply = Supply({"motor": 1.0}, (Arrival("motor", 1.0, at("10:00")),))
    kept = [Reservation(Place("c", 1, step), "motor", 1.0) for step in ("a", "b")]
    first = row("a", "plain", "08:00", parts={"motor": 1.0})
    early, just = (row("b", "wide", start, parts={"motor": 1.0}) for start in ("09:59", "10:00"))
    assert kinds(plan(first, early, supply=supply, reservations=kept)) == ["material"]
    assert kinds(plan(first, just, supply=supply, reservations=kept)) == []


def test_material_that_has_to_be_bought() -> None:
    kept = [Reservation(Place("c", 1, "a"), "motor", 1.0, at("10:00"))]
    early, just = (row("a", "wide", start, parts={"motor": 1.0}) for start in ("09:59", "10:00"))
    assert kinds(plan(early, reservations=kept)) == ["material"]
    assert kinds(plan(just, reservations=kept)) == []


def test_the_past() -> None:
    assert kinds(plan(row("a", "plain", "08:00"), now=at("08:01"))) == ["past"]
    assert kinds(plan(row("a", "plain", "08:00"), now=at("08:00"))) == []
    held = row("a", "plain", "08:00", state=BookingState.HELD)
    assert kinds(plan(held, now=at("08:01"))) == [], "the time of a hold may pass while its buyer thinks"
