"""The same plan as operators, sales and buyers see it, late orders with their causes, the load, and paper."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from bike_plant import MONDAY, Plant
from lotone.identity import Role
from lotone.kernel import Words
from lotone.plan import (
    Calendar,
    Demand,
    Maintenance,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
)
from lotone.web.plan.layers import milliseconds

SignIn = Callable[..., httpx.AsyncClient]
DAY = timedelta(days=1)
RANGE = {"from": milliseconds(MONDAY), "to": milliseconds(MONDAY + DAY)}


def workshop(plant: Plant) -> str:
    """A booth that changes colours, an oven for two at a time, and a painter; two orders of two colours for them."""
    always = Calendar("always", "Europe/Berlin", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
    with plant.work() as work:
        plan = work.plan
        plan.set_calendars([*plan.calendars(), always])
        plan.set_setups([SetupMatrix("colours", default=30)])
        booth = Resource("booth", "paint", "always", Words("Booth"), setups="colours", state="red")
        oven = Resource("batch-oven", "curing", "always", Words("Batch oven"), capacity=2, batch=True)
        ann = Resource("ann", "", "always", Words("Ann"), kind=ResourceKind.OPERATOR, skills=("painter",))
        looked_after = Maintenance(
            MONDAY + timedelta(hours=20), MONDAY + timedelta(hours=22), Words("new filters", "更换滤网")
        )
        plan.set_resources([*plan.resources(), booth, oven, ann])
        plan.set_maintenance("booth", [looked_after])
        booked = []
        for colour in ("red", "blue"):
            paint = OperationNeed("paint", "paint", 60, work_units=("booth",), setup=colour, also=("painter",))
            cure = OperationNeed("cure", "curing", 30, work_units=("batch-oven",), batch="all", after=("paint",))
            booked.append(plan.hold(Demand((paint, cure), Words(colour))).id)
    return booked[1]


async def test_the_picture_shows_setups_crews_and_maintenance(plant: Plant, signed_in: SignIn) -> None:
    workshop(plant)
    answer: Any = (await signed_in(Role.PLANNER).get("/plan/schedule.json", params=RANGE)).json()
    on_booth = [bar for bar in answer["bookings"] if bar["row"] == "booth"]
    assert [bar.get("setup", 0) for bar in on_booth] == [0, 30 * 60_000]
    with_ann = [bar for bar in answer["bookings"] if bar["row"] == "ann"]
    assert [bar["of"] for bar in with_ann] == [bar["id"] for bar in on_booth]
    beside = await signed_in(Role.PLANNER).get(f"/plan/bookings/{with_ann[0]['id']}", headers={"HX-Request": "true"})
    assert f'data-id="{with_ann[0]["of"]}"' in beside.text
    assert [group["label"] for group in answer["groups"]][-1] == "Operators"
    (maintenance,) = answer["maintenance"]
    assert (maintenance["row"], maintenance["label"]) == ("booth", "new filters")
    assert {"setup", "maintenance"} <= {sign["sign"] for sign in answer["legend"]}


async def test_the_load_tells_open_booked_and_setup_hours(plant: Plant, signed_in: SignIn) -> None:
    workshop(plant)
    answer: Any = (await signed_in(Role.PLANNER).get("/plan/load.json", params=RANGE)).json()
    paint = next(row for row in answer["rows"] if row["id"] == "paint")
    assert len(answer["edges"]) == len(paint["open"]) + 1
    assert paint["open"][0] == 3.0
    assert sum(paint["booked"]) == 2.0
    assert sum(paint["setup"]) == 0.5
    week = {"from": milliseconds(MONDAY), "to": milliseconds(MONDAY + 7 * DAY)}
    by_day: Any = (await signed_in(Role.PLANNER).get("/plan/load.json", params=week)).json()
    assert by_day["edges"][1] - by_day["edges"][0] == 24 * 3_600_000
    assert next(row for row in by_day["rows"] if row["id"] == "paint")["open"][1] == 24 + 2 * 16


async def test_an_operator_sees_the_next_work_of_her_center(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order = plant.order()
    paint = plant.bookings(order)["paint"]
    page = (await signed_in(Role.OPERATOR).get("/plan/next?center=paint")).text
    assert plant.number(order) in page
    assert "Paint the frame" in page
    found: Any = (await program(Role.OPERATOR, {"plan.read"}).get("/api/v1/plan/next?work_center=paint")).json()
    assert [(each["booking"], each["order"], each["state"]) for each in found] == [(paint.id, order, "planned")]


async def test_sales_see_what_was_promised_to_whom(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order, moved = plant.order(), plant.order()
    sales = program(Role.PRODUCT_MANAGER, {"orders.read"})
    found: Any = (await sales.get("/api/v1/plan/orders")).json()
    assert {each["order"]: each["kept"] for each in found} == {order: "holds", moved: "holds"}
    assert all(each["buyer"] == "ann" and each["spare_minutes"] > 0 for each in found)
    plant.stop("oven-1", 3 * 24 * 60)
    found = (await sales.get("/api/v1/plan/orders", params={"buyer": "ann"})).json()
    assert {each["kept"] for each in found} == {"moved"}
    assert all(each["told"] > each["first"] for each in found)
    assert (await sales.get("/api/v1/plan/orders", params={"buyer": "bob"})).json() == []
    page = (await signed_in(Role.PRODUCT_MANAGER).get("/plan/orders")).text
    assert f'href="/orders/{order}"' in page
    assert (await program(Role.PLANNER, {"plan.read"}).get("/api/v1/plan/orders")).status_code == 403


async def test_buyers_see_what_is_short_first(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    order = plant.order()
    found: Any = (await program(Role.PLANNER, {"market.read"}).get("/api/v1/plan/parts")).json()
    assert found
    assert {name for each in found for name in each["orders"]} == {order}
    assert [each["short"] > 0 for each in found] == sorted((each["short"] > 0 for each in found), reverse=True)
    assert any(each["offers"] for each in found)
    with plant.work() as work:
        needs = {need.part for need in work.plan.part_needs()}
    assert {each["part"] for each in found} == needs
    assert found[0]["name"]["en"] in (await signed_in(Role.PLANNER).get("/plan/parts")).text


async def test_late_orders_come_with_their_cause(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    orders = {plant.order(), plant.order()}
    plant.stop("oven-1", 3 * 24 * 60)
    found: Any = (await program(Role.PLANNER, {"plan.read"}).get("/api/v1/plan/late")).json()
    assert {each["order"] for each in found["orders"]} == orders
    (cause,) = found["causes"]
    assert (cause["cause"], cause["subject"]["en"], cause["orders"], cause["buyers"]) == ("machine_down", "Curing oven", 2, 1)
    assert cause["days"] > 0
    assert all(each["moves"][0]["cause"] == "machine_down" for each in found["orders"])
    planner = signed_in(Role.PLANNER)
    page = (await planner.get("/plan/late")).text
    assert "kept by Curing oven" in page
    assert "/plan/events/rush" in page
    assert "/plan/events/rush" not in (await signed_in(Role.OPERATOR).get("/plan/late")).text


async def test_a_planner_tells_the_plan_on_its_page(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    planner = signed_in(Role.PLANNER)
    assert (await planner.post("/plan/events/rush", data={"order": order})).status_code == 204
    asked = {"machine": "paint-1", "start": "2026-03-03T12:00", "minutes": "90", "words": "new filters"}
    assert (await planner.post("/plan/events/maintenance", data=asked)).status_code == 204
    assert (await planner.post("/plan/events/absent", data={"who": "paint-2", "minutes": "30"})).status_code == 204
    with plant.work() as work:
        machines = {each.work_unit: each for each in work.plan.resources()}
    assert [f"{each.start:%d %H:%M}" for each in machines["paint-1"].maintenance] == ["03 11:00"]
    assert machines["paint-2"].is_down
    assert (await signed_in(Role.OPERATOR).post("/plan/events/rush", data={"order": order})).status_code == 403


async def test_paper_has_a_sheet_for_each_center_and_day(plant: Plant, signed_in: SignIn) -> None:
    number = plant.number(plant.order())
    planner = signed_in(Role.PLANNER)
    page = (await planner.get("/plan/print?day=2026-03-02")).text
    assert page.count('class="plan-sheet"') == 6
    assert number in page
    assert (await planner.get("/plan/print?day=2026-03-02&center=paint&paper=a3")).text.count('class="plan-sheet"') == 1
    assert "Nothing is planned on these days" in (await planner.get("/plan/print?day=2026-02-01")).text
