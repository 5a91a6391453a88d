"""The schedule as the Gantt reads it, as a table, beside it one operation, and the same over the API."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bike_plant import MONDAY, Plant, long_job
from lotone.identity import Role
from lotone.plan import Booking, BookingState
from lotone.web.plan.layers import milliseconds
from lotone.web.plan.picture import _lanes

SignIn = Callable[..., httpx.AsyncClient]
HOUR = 3_600_000
WEEK = {"from": milliseconds(MONDAY - timedelta(days=1)), "to": milliseconds(MONDAY + timedelta(days=6))}


async def picture(client: httpx.AsyncClient, by: str = "machine", **more: int) -> Any:
    answer = await client.get("/plan/schedule.json", params={"by": by, **WEEK, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(bookings: list[dict[str, Any]], booking: Booking) -> dict[str, Any]:
    return next(each for each in bookings if each["id"] == booking.id)


async def test_machines_stand_under_their_work_center_in_the_plants_order(plant: Plant, signed_in: SignIn) -> None:
    answer = await picture(signed_in(Role.PLANNER))
    assert [group["label"] for group in answer["groups"]] == [
        "Frame building", "Painting", "Curing", "Wheel building", "Batteries", "Assembly and test",
        "Operators",
    ]  # fmt: skip
    assert [row["id"] for row in answer["rows"]][:5] == ["frame-1", "frame-2", "paint-1", "paint-2", "oven-1"]
    assert answer["rows"][2]["group"] == "paint"
    assert answer["rows"][2]["href"] == "/plant/paint-1"
    assert answer["zone"] == "Europe/Berlin"
    assert answer["now"] == milliseconds(MONDAY)


async def test_every_state_of_an_operation_is_told(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    steps = plant.bookings(order)
    plant.run_until(steps["wheels"].id, BookingState.DONE)
    plant.run_until(steps["pack"].id, BookingState.STARTED)
    plant.run_until(steps["frame"].id, BookingState.RELEASED)
    with plant.work() as work:
        held = work.plan.hold(long_job(30, "paint-2"))
    bookings = (await picture(signed_in(Role.PLANNER)))["bookings"]
    kinds = {step: one(bookings, booking)["kind"] for step, booking in steps.items()}
    assert (kinds["wheels"], kinds["pack"], kinds["frame"], kinds["paint"]) == ("done", "running", "released", "planned")
    assert [each["kind"] for each in bookings if each["order"] == held.id] == ["held"]
    assert 0 <= one(bookings, steps["pack"])["progress"] < 1


async def test_bookings_carry_the_thread_of_their_unit_and_what_their_order_shares(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    steps = plant.bookings(order)
    answer = await picture(signed_in(Role.PLANNER))
    assemble = one(answer["bookings"], steps["assemble"])
    assert set(assemble["after"]) == {steps[step].id for step in ("cure", "wheels", "leak")}
    assert assemble["row"] == steps["assemble"].work_unit
    assert (assemble["start"], assemble["end"]) == (milliseconds(steps["assemble"].start), milliseconds(steps["assemble"].end))
    assert assemble["step"] == "Assemble the bicycle"
    shared = answer["orders"][order]
    assert shared["label"] == plant.number(order)
    assert shared["lines"][1].startswith("promised for ")
    assert "late" not in shared


async def test_closed_hours_are_those_of_the_calendars(plant: Plant, signed_in: SignIn) -> None:
    start, end = milliseconds(MONDAY), milliseconds(MONDAY + timedelta(days=1))
    closed = (await picture(signed_in(Role.PLANNER), **{"from": start, "to": end}))["closed"]
    assert sorted((span["calendar"], (span["start"] - start) / HOUR, (span["end"] - start) / HOUR) for span in closed) == [
        ("early-shift", 6.0, 22.0), ("late-shift", 0.0, 6.0), ("late-shift", 14.0, 24.0), ("two-shifts", 14.0, 22.0),
    ]  # fmt: skip


async def test_a_machine_that_stands_still_is_shown_until_it_is_expected_back(plant: Plant, signed_in: SignIn) -> None:
    plant.order()
    plant.stop("paint-1", 90)
    (span,) = (await picture(signed_in(Role.PLANNER)))["down"]
    assert (span["row"], span["start"], span["end"]) == (
        "paint-1", milliseconds(MONDAY), milliseconds(MONDAY + timedelta(minutes=90))
    )  # fmt: skip
    assert span["label"] == "stopped, back about 09:30"


async def test_by_order_each_unit_has_a_row_under_the_day_it_is_due(plant: Plant, signed_in: SignIn) -> None:
    single, pair = plant.order(), plant.order(quantity=2)
    answer = await picture(signed_in(Role.PLANNER), "order")
    labels = [row["label"] for row in answer["rows"]]
    assert labels == [plant.number(single), f"{plant.number(pair)} · 1/2", f"{plant.number(pair)} · 2/2"]
    assert answer["rows"][0]["href"] == f"/orders/{single}"
    assert answer["groups"][0]["label"].startswith("Due ")
    assert sum(int(group["detail"]) for group in answer["groups"]) == 3
    marks = {mark["row"]: mark for mark in answer["marks"]}
    with plant.work() as work:
        assert marks[answer["rows"][0]["id"]]["at"] == milliseconds(work.plan.told(single).date)
    assert marks[answer["rows"][0]["id"]]["ready"] < marks[answer["rows"][0]["id"]]["at"]
    assert all(each["title"] in labels and each["where"] for each in answer["bookings"])


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=14))
def test_what_overlaps_stands_in_strips_of_its_own(stretches: list[tuple[int, int]]) -> None:
    times = [(MONDAY + timedelta(minutes=start), timedelta(minutes=length)) for start, length in sorted(stretches)]
    bookings = [Booking(str(n), "c", 1, "s", "w", "m", start, start + length, 1) for n, (start, length) in enumerate(times)]
    lanes = _lanes(bookings)
    for each in bookings:
        others = [other for other in bookings if other.id != each.id and other.start < each.end and other.end > each.start]
        assert bool(others) <= (each.id in lanes)
        for other in others:
            assert lanes[each.id][0] != lanes[other.id][0]
            assert lanes[each.id][1] == lanes[other.id][1]
        assert each.id not in lanes or lanes[each.id][0] < lanes[each.id][1]


async def test_late_orders_are_marked_with_the_date_told_first(plant: Plant, signed_in: SignIn) -> None:
    orders = [plant.order() for _ in range(4)]
    with plant.work() as work:
        before = {order: work.plan.told(order).date for order in orders}
    plant.stop("oven-1", 3 * 24 * 60)
    with plant.work() as work:
        moved = [order for order in orders if work.plan.told(order).date > before[order]]
    assert moved
    answer = await picture(signed_in(Role.PLANNER))
    assert {order for order, shared in answer["orders"].items() if shared.get("late")} == set(moved)
    marks = (await picture(signed_in(Role.PLANNER), "order"))["marks"]
    assert sorted(mark["at"] for mark in marks if mark["kind"] == "first") == sorted(
        milliseconds(before[each]) for each in moved
    )


@pytest.mark.parametrize("query", ["from=nan&to=1", "from=1", "from=x&to=2", "by=colour&from=1&to=2"])
async def test_a_wrong_question_is_refused(plant: Plant, signed_in: SignIn, query: str) -> None:
    answer = await signed_in(Role.PLANNER).get(f"/plan/schedule.json?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["from=-1e300&to=1e300", "from=1e14&to=2", "from=9&to=-9"])
async def test_a_boundless_question_is_answered(plant: Plant, signed_in: SignIn, query: str) -> None:
    answer = await signed_in(Role.PLANNER).get(f"/plan/schedule.json?{query}")
    assert answer.status_code == 200


async def test_the_table_says_the_same_in_the_plants_time(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    answer = await signed_in(Role.PLANNER).get("/plan/schedule.csv", params=WEEK)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 8
    paint = next(row for row in rows if row["Operation"] == "Paint the frame")
    booking = plant.bookings(order)["paint"]
    assert paint["Order"] == plant.number(order)
    assert paint["Booking"] == booking.id
    assert datetime.fromisoformat(paint["Begin"]) == booking.start
    assert paint["Begin"].endswith("+01:00")
    chinese = await signed_in(Role.PLANNER).get("/plan/schedule.csv", params={**WEEK, "lang": "zh"})
    assert chinese.text.startswith("\ufeff订单,")


async def test_the_page_stands_where_its_address_says(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    client = signed_in(Role.PLANNER)
    page = await client.get("/plan?by=order")
    assert 'src="/plan/schedule.json?by=order"' in page.text
    booking = plant.bookings(order)["paint"]
    page = await client.get(f"/plan?booking={booking.id}")
    assert f'center="{milliseconds(booking.start)}"' in page.text
    assert "Paint the frame" in page.text
    first = min(plant.bookings(order).values(), key=lambda each: (each.start, each.id))
    assert (await client.get(f"/plan?order={order}")).headers["location"] == f"/plan?booking={first.id}"
    assert (await client.get("/plan?order=ord_nobody")).headers["location"] == "/plan"
    assert (await client.get("/plan?booking=bkg_gone")).status_code == 200


async def test_an_operation_tells_what_it_waits_for_and_what_was_promised(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    steps = plant.bookings(order)
    client = signed_in(Role.PLANNER)
    panel = await client.get(f"/plan/bookings/{steps['assemble'].id}", headers={"HX-Request": "true"})
    assert panel.status_code == 200
    assert "<html" not in panel.text
    assert plant.number(order) in panel.text
    assert f'href="/orders/{order}"' in panel.text
    assert f'href="/plant/{steps["assemble"].work_unit}"' in panel.text
    assert "Waits for" in panel.text
    with plant.work() as work:
        (unit,) = work.make.units_of(order)
    assert f'href="/units/{unit.serial}"' in panel.text
    for step in steps.values():
        assert step.id in panel.text
    direct = await client.get(f"/plan/bookings/{steps['assemble'].id}")
    assert direct.headers["location"] == f"/plan?booking={steps['assemble'].id}"
    gone = await client.get("/plan/bookings/bkg_gone", headers={"HX-Request": "true"})
    assert gone.status_code == 404


async def test_a_finished_operation_tells_what_it_really_took(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    wheels = plant.bookings(order)["wheels"]
    plant.run_until(wheels.id, BookingState.STARTED)
    plant.now += timedelta(minutes=wheels.minutes + 7)
    with plant.work() as work:
        work.plan.finished(wheels.id, plant.now)
    panel = await signed_in(Role.PLANNER).get(f"/plan/bookings/{wheels.id}", headers={"HX-Request": "true"})
    assert f"{wheels.minutes + 7:.0f} min" in panel.text
    assert f"planned {wheels.minutes:.0f} min" in panel.text
    assert "Waits for" not in panel.text


async def test_the_schedule_over_the_api(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order = plant.order()
    plant.stop("paint-2", 60)
    client = program(Role.PLANNER, {"plan.read"})
    body = (await client.get("/api/v1/schedule")).json()
    assert datetime.fromisoformat(body["start"]) == MONDAY - timedelta(hours=8)
    assert datetime.fromisoformat(body["end"]) == MONDAY + timedelta(days=3)
    found = {each["id"]: each for each in body["bookings"]}
    for booking in plant.bookings(order).values():
        assert found[booking.id]["work_unit"] == booking.work_unit
        assert datetime.fromisoformat(found[booking.id]["start"]) == booking.start
        assert found[booking.id]["number"] == plant.number(order)
    assert len(body["resources"]) == 12 + 3, "twelve machines and three operators"
    shifts = next(each for each in body["calendars"] if each["id"] == "two-shifts")
    assert datetime.fromisoformat(shifts["open"][0]["end"]) == datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
    assert [(stop["work_unit"], stop["expected"]) for stop in body["down"]] == [("paint-2", True)]
    narrow = (await client.get("/api/v1/schedule?start=2026-03-09T00:00:00Z&end=2026-03-10T00:00:00Z")).json()
    assert narrow["bookings"] == []
    only_end = (await client.get("/api/v1/schedule?end=2026-03-10T00:00:00Z")).json()
    assert datetime.fromisoformat(only_end["end"]) == datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("start=2026-03-02T00:00:00", "start"),
        ("end=2026-03-02T00:00:00", "end"),
        ("start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z", "end"),
        ("start=2026-03-02T00:00:00Z&end=2027-03-01T00:00:00Z", "end"),
    ],
)
async def test_the_api_says_what_is_wrong_with_a_range(plant: Plant, program: SignIn, query: str, where: str) -> None:
    answer = await program(Role.PLANNER, {"plan.read"}).get(f"/api/v1/schedule?{query}")
    assert (answer.status_code, answer.json()["where"]) == (422, where)


async def test_one_operation_over_the_api(plant: Plant, program: SignIn) -> None:
    steps = plant.bookings(plant.order())
    client = program(Role.PLANNER, {"plan.read"})
    body = (await client.get(f"/api/v1/schedule/bookings/{steps['paint'].id}")).json()
    assert [step["id"] for step in body["steps"]] == [
        each.id for each in sorted(steps.values(), key=lambda one: (one.start, one.id))
    ]
    assert {wait["booking"] for wait in body["waits"]} == {steps["frame"].id}
    assert body["standing"] == "on_time"
    assert (await client.get("/api/v1/schedule/bookings/bkg_gone")).status_code == 404


async def test_only_who_may_read_the_plan_sees_it(
    plant: Plant, browser: httpx.AsyncClient, signed_in: SignIn, program: SignIn
) -> None:
    booking = next(iter(plant.bookings(plant.order()).values()))
    paths = ["/plan", "/plan/attention", "/plan/promises", "/plan/load", "/plan/changes", f"/plan/bookings/{booking.id}"]
    api = ["schedule", "promises", "load", "schedule/changes", f"schedule/bookings/{booking.id}"]
    for path in paths:
        assert (await browser.get(path)).status_code == 303, path
        assert (await signed_in(Role.CONSUMER).get(path)).status_code == 403, path
    for path in api:
        assert (await program(Role.CONSUMER, {"orders.own"}).get(f"/api/v1/{path}")).status_code == 403, path
        assert (await program(Role.PLANNER, {"plan.read"}).get(f"/api/v1/{path}")).status_code == 200, path


async def test_another_organization_sees_nothing_of_it(plant: Plant, signed_in: SignIn) -> None:
    booking = next(iter(plant.bookings(plant.order()).values()))
    stranger = signed_in(Role.PLANNER, "other")
    answer = await picture(stranger)
    assert (answer["rows"], answer["bookings"]) == ([], [])
    panel = await stranger.get(f"/plan/bookings/{booking.id}", headers={"HX-Request": "true"})
    assert panel.status_code == 404
    page = await stranger.get(f"/plan?booking={booking.id}")
    assert "No machines to plan on yet" in page.text
    assert booking.id not in page.text.replace(f"/plan?booking={booking.id}", "")
