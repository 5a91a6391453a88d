"""How promises stand, what operations wait for, how full the days are, what changed, and whose time it is."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from bike_plant import MONDAY, Plant, long_job
from lotone.identity import Role
from lotone.insight import MachineStopped
from lotone.plan import BindingKind, Booking, BookingState, ScheduleChanged
from lotone.web.plan.loads import Day, loads, narrowest
from lotone.web.plan.names import Names
from lotone.web.plan.plant_time import PlantTime
from lotone.web.plan.promises import Shown, Standing, Tracked, chosen, strips, tracked
from lotone.web.plan.waits import Wait, waits
from lotone.web.reader import Reader

SignIn = Callable[..., httpx.AsyncClient]
ENGLISH = Reader("en", "Europe/Berlin")
BERLIN = PlantTime(ENGLISH, "Europe/Berlin")


def promises(plant: Plant) -> dict[str, Tracked]:
    with plant.work() as work:
        snapshot = work.plan.snapshot()
        return {each.order: each for each in tracked(snapshot, Names(work, ENGLISH, snapshot))}


def waits_of(plant: Plant, booking: Booking) -> list[Wait]:
    with plant.work() as work:
        current = work.plan.booking(booking.id)
        assert current is not None
        return waits(work.plan.snapshot(), current)


# promises


def test_a_promise_that_holds(plant: Plant) -> None:
    order = plant.order()
    each = promises(plant)[order]
    assert (each.standing, each.first, each.moves) == (Standing.ON_TIME, each.told, 0)
    assert each.likely == each.told
    assert each.number == plant.number(order)
    assert each.spare > timedelta()
    first = min(plant.bookings(order).values(), key=lambda booking: (booking.start, booking.id))
    assert each.next_booking == first.id


def test_a_promise_that_was_moved_stays_late_against_what_was_told_first(plant: Plant) -> None:
    order = plant.order()
    before = promises(plant)[order]
    plant.stop("oven-1", 3 * 24 * 60)
    after = promises(plant)[order]
    assert after.standing is Standing.LATE
    assert after.first == before.told
    assert after.told > before.told
    assert after.late_by == after.told - before.told
    assert "Curing oven" in after.reason.en


def test_a_date_without_its_buffer_is_at_risk_before_it_is_late(plant: Plant) -> None:
    """A little later each time: some delay must use up the buffer while the date is still expected to be kept."""
    order = plant.order()
    told = promises(plant)[order].told
    seen: list[Standing] = []
    minutes = 60
    while minutes < 4 * 24 * 60:
        plant.stop("oven-1", minutes)
        each = promises(plant)[order]
        minutes += 15 if each.spare > timedelta(minutes=40) else 2
        if not seen or seen[-1] is not each.standing:
            seen.append(each.standing)
        if each.standing is Standing.TIGHT:
            assert each.told == told < each.likely
            assert timedelta() <= each.spare < timedelta(hours=3)
        if each.standing is Standing.LATE:
            break
    assert seen == [Standing.ON_TIME, Standing.TIGHT, Standing.LATE]


def test_the_lists_show_the_worst_first_and_what_is_due_soon(plant: Plant) -> None:
    order = plant.order()
    calm = promises(plant)[order]
    found = list(promises(plant).values())
    assert chosen(found, Shown.ATTENTION, plant.now, timedelta(days=1)) == []
    assert chosen(found, Shown.ALL, plant.now, timedelta(days=1)) == [calm]
    assert chosen(found, Shown.SOON, calm.told - timedelta(hours=23), timedelta(days=1)) == [calm]
    assert chosen(found, Shown.SOON, calm.told - timedelta(hours=25), timedelta(days=1)) == []
    plant.order()
    plant.stop("oven-1", 3 * 24 * 60)
    wrong = chosen(promises(plant).values(), Shown.ATTENTION, plant.now, timedelta(days=1))
    assert [each.standing for each in wrong] == sorted((each.standing for each in wrong), key=list(Standing).index)
    assert wrong == sorted(wrong, key=lambda each: (list(Standing).index(each.standing), -each.late_by, each.spare))


def test_strips_share_one_axis(plant: Plant) -> None:
    for _ in range(3):
        plant.order()
    found = list(promises(plant).values())
    drawn = strips(found, plant.now)
    for each in found:
        strip = drawn[each.order]
        assert 0 <= strip.now < strip.expected < strip.told <= 100
        assert strip.left + strip.width == pytest.approx(strip.told)
    assert len({strip.now for strip in drawn.values()}) == 1
    assert strips([], plant.now) == {}


async def test_the_list_tells_first_now_and_why(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order = plant.order()
    client = signed_in(Role.PLANNER)
    assert "Every date that was told still holds" in (await client.get("/plan/promises")).text
    first = promises(plant)[order].told
    plant.stop("oven-1", 3 * 24 * 60)
    page = await client.get("/plan/promises")
    assert f'<s title="first told"><time datetime="{first.isoformat()}"' in page.text
    assert "later than first told" in page.text
    assert "moved once" in page.text
    assert plant.number(order) in page.text
    api = program(Role.PLANNER, {"plan.read"})
    (told,) = (await api.get("/api/v1/promises?show=attention")).json()
    assert (told["order"], told["standing"], datetime.fromisoformat(told["first"])) == (order, "late", first)
    assert "Curing oven" in told["reason"]["en"]
    chinese = (await client.get("/plan/promises?lang=zh")).text
    assert "晚于首次承诺" in chinese
    assert "固化炉" in chinese


async def test_kept_promises_are_counted_once_they_are_due(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    client = signed_in(Role.PLANNER)
    assert "Promises kept" not in (await client.get("/plan/promises")).text
    with plant.work() as work:
        done = work.orders.unit_completed(order, plant.now).first_promised
        assert work.orders.hand_over(done)
    plant.now = done
    assert "1 of 1 due, by the date told first" in (await client.get("/plan/promises")).text


# waits


def test_an_operation_waits_for_those_before_it(plant: Plant) -> None:
    steps = plant.bookings(plant.order())
    found = waits_of(plant, steps["assemble"])
    before = {wait.booking.step: wait for wait in found if wait.booking is not None and wait.kind is BindingKind.OPERATION}
    assert set(before) == {"cure", "wheels", "leak"}
    assert before["cure"].until == steps["cure"].end + timedelta(minutes=25), "the paint must cool before it is touched"
    assert found[0].until == max(wait.until for wait in found)
    assert [wait.binds for wait in found] == [wait.until == found[0].until for wait in found]


def test_an_operation_waits_for_the_work_before_it_on_its_machine_and_for_a_repair(plant: Plant) -> None:
    with plant.work() as work:
        for unit in ("paint-1", "paint-2"):
            work.plan.confirm(work.plan.hold(long_job(300, unit)).id, f"job-{unit}")
    paint = plant.bookings(plant.order())["paint"]
    machine = next(wait for wait in waits_of(plant, paint) if wait.kind is BindingKind.MACHINE)
    assert machine.booking is not None
    assert machine.booking.step == "repair"
    assert machine.until == MONDAY + timedelta(minutes=300)
    assert machine.binds
    plant.stop(paint.work_unit, 600)
    repair = [wait for wait in waits_of(plant, paint) if wait.kind is BindingKind.REPAIR]
    with plant.work() as work:
        moved = work.plan.booking(paint.id)
    assert moved is not None
    assert [wait.until for wait in repair] == ([MONDAY + timedelta(minutes=600)] if moved.work_unit == paint.work_unit else [])


def test_an_operation_waits_for_working_hours(plant: Plant) -> None:
    plant.now = datetime.fromisoformat("2026-03-02T23:00:00+01:00")
    frame = plant.bookings(plant.order())["frame"]
    (wait,) = waits_of(plant, frame)
    assert (wait.kind, wait.until) == (BindingKind.CALENDAR, datetime.fromisoformat("2026-03-03T06:00:00+01:00"))
    assert wait.until == frame.start


def test_an_operation_waits_for_parts(plant: Plant) -> None:
    with plant.work() as work:
        for part, quantity in work.assets.on_hand().items():
            if quantity:
                work.assets.take(part, quantity)
    steps = plant.bookings(plant.order())
    material = [wait for step in steps.values() for wait in waits_of(plant, step) if wait.kind is BindingKind.MATERIAL]
    assert material
    assert all(wait.subject is not None and wait.supplier is not None and wait.until > plant.now for wait in material)


def test_what_has_begun_waits_for_nothing(plant: Plant) -> None:
    steps = plant.bookings(plant.order())
    first = min(steps.values(), key=lambda each: each.start)
    plant.run_until(first.id, BookingState.STARTED)
    assert waits_of(plant, first) == []
    plant.run_until(first.id, BookingState.DONE)
    assert waits_of(plant, first) == []


# load


def test_the_load_of_a_day_is_what_is_booked_of_its_open_hours(plant: Plant) -> None:
    with plant.work() as work:
        work.plan.confirm(work.plan.hold(long_job(16 * 60 - 480, "paint-1")).id, "big")
        days = loads(work.plan, BERLIN.midnights(date(2026, 3, 2), 8))
    paint = days["paint"]
    assert [day.open_hours for day in paint] == [32.0] * 6 + [0.0]
    assert [day.booked_hours for day in paint] == [8.0, 0, 0, 0, 0, 0, 0]
    assert paint[0].share == 0.25
    assert paint[0].free_hours == 24.0
    assert paint[6].share is None
    assert not paint[0].is_full
    assert [day.open_hours for day in days["curing"]] == [24.0] * 7
    found = narrowest(days)
    assert found is not None
    assert (found[0], round(found[1], 4)) == ("paint", round(8 / 192, 4))


def test_a_full_day_is_said_so() -> None:
    assert Day(MONDAY, 16, 15).is_full
    assert not Day(MONDAY, 16, 14).is_full
    assert Day(MONDAY, 0, 1).share == 1.0, "work outside of working hours fills a closed day"
    assert narrowest({}) is None


async def test_the_load_page_and_its_api_agree(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    plant.order()
    page = await signed_in(Role.PLANNER).get("/plan/load?days=7&start=2026-03-02")
    body: list[Any] = (await program(Role.PLANNER, {"plan.read"}).get("/api/v1/load?days=7")).json()
    assert [center["name"]["en"] for center in body]
    for center in body:
        assert len(center["days"]) == 7
        assert f'id="load-{center["work_center"]}"' in page.text
        share = center["days"][0]["share"]
        assert f"{share * 100:.0f} %" in page.text
    assert "closed" in page.text


def test_a_day_of_the_plant_has_23_to_25_hours() -> None:
    spring = BERLIN.midnights(date(2026, 3, 28), 3)
    assert [(after - before) / timedelta(hours=1) for before, after in pairwise(spring)] == [24, 23]
    autumn = BERLIN.midnights(date(2026, 10, 25), 2)
    assert autumn[1] - autumn[0] == timedelta(hours=25)


def test_times_are_the_plants_and_the_readers_are_on_hover() -> None:
    from_shanghai = PlantTime(Reader("en", "Asia/Shanghai", zone_guessed=False), "Europe/Berlin")
    assert from_shanghai.text(MONDAY) == "Mon 2 Mar 08:00"
    assert "15:00:00 Asia/Shanghai" in from_shanghai.at(MONDAY)
    assert "data-style" not in from_shanghai.at(MONDAY), "the page's script must not write it again in the reader's zone"
    assert "Asia" not in BERLIN.at(MONDAY)
    assert BERLIN.span(MONDAY, MONDAY + timedelta(hours=1)).count("Mon") == 1
    assert BERLIN.span(MONDAY, MONDAY + timedelta(days=1)).count("Tue 3 Mar") == 1
    assert BERLIN.length(timedelta(minutes=-85)) == "−1 h 25 min"
    assert BERLIN.length(timedelta(hours=50)) == "2 d 2 h"
    assert BERLIN.at(None) == "–"


# changes


async def changes(plant: Plant, program: SignIn) -> Any:
    return (await program(Role.PLANNER, {"plan.read"}).get("/api/v1/schedule/changes")).json()


async def test_what_changed_is_told_in_words_with_whom_it_is_about(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order = plant.order()
    with plant.work() as work:
        work.tell(MachineStopped("oven-1", plant.now, "down", "", 3 * 24 * 60.0))
    plant.react()
    found = await changes(plant, program)
    assert [(each["cause"], each["subject"]) for each in found[:3]] == [
        ("machine_down", plant.number(order)), ("machine_down", "Curing oven"), ("ordered", plant.number(order)),
    ]  # fmt: skip
    assert found[0]["order"] == order
    assert datetime.fromisoformat(found[0]["after"]) > datetime.fromisoformat(found[0]["before"])
    assert found[1]["words"]["en"] == "A machine stopped"
    assert found[1]["moved"] > 0
    page = (await signed_in(Role.PLANNER).get("/plan/changes")).text
    assert 'href="/plant/oven-1">Curing oven</a> · A machine stopped' in page
    assert f'href="/orders/{order}"' in page
    assert "设备停机" in (await signed_in(Role.PLANNER).get("/plan/changes?lang=zh")).text


async def test_small_changes_of_one_kind_are_one_line_and_quiet_ones_none(plant: Plant, program: SignIn) -> None:
    with plant.work() as work:
        for moved in (3, 0, 4):
            work.tell(ScheduleChanged(7, "improved", moved))
        for _ in range(3):
            work.tell(ScheduleChanged(8, "started", 0))
    first, *rest = await changes(plant, program)
    assert (first["cause"], first["times"], first["moved"]) == ("improved", 3, 7)
    assert "started" not in {each["cause"] for each in rest}


async def test_changes_are_found_behind_many_facts_of_others(plant: Plant, program: SignIn) -> None:
    with plant.work() as work:
        work.tell(ScheduleChanged(7, "improved", 3))
    with plant.platform.work("other") as work:
        for _ in range(1300):
            work.tell(ScheduleChanged(1, "improved", 1))
    assert (await changes(plant, program))[0]["moved"] == 3


async def test_the_line_of_attention_says_what_a_planner_must_know(plant: Plant, signed_in: SignIn) -> None:
    client = signed_in(Role.PLANNER)
    order = plant.order()
    calm = (await client.get("/plan/attention")).text
    assert "The promise of 1 open order holds" in calm
    assert "Every date that was told still holds" in calm
    plant.stop("oven-1", 3 * 24 * 60)
    alarmed = (await client.get("/plan/attention")).text
    assert "Curing oven stands still" in alarmed
    assert "1 order later than first told" in alarmed
    assert plant.number(order) in alarmed
