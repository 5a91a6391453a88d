"""The page that says whether promises are kept as often as they say, and the same over the API."""

from collections.abc import Callable
from datetime import timedelta

import httpx

from bike_plant import MONDAY, Plant
from lotone.identity import Role
from lotone.plan import Booking, BookingState
from lotone.plan.model.kept import TOLD, KeptRate
from lotone.web.plan.kept import EDGE, SIDE, points

SignIn = Callable[..., httpx.AsyncClient]


def finish(plant: Plant, order: str) -> None:
    """Every operation of an order that waits runs as planned, some of them side by side."""
    with plant.work() as work:
        waiting = sorted((each.end, each.id) for each in work.plan.bookings_of(order) if each.state is not BookingState.DONE)
    for _, booking in waiting:
        with plant.work() as work:
            known = work.plan.booking(booking)
            assert known is not None
            plant.now = max(plant.now, known.end)
            work.plan.started(booking, known.start)
            work.plan.finished(booking, known.end)


async def test_an_empty_page_says_what_will_be_there(plant: Plant, signed_in: SignIn) -> None:
    plant.order()
    answer = await signed_in(Role.PLANNER).get("/plan/kept")
    assert answer.status_code == 200
    assert "No promise is measured yet" in answer.text
    assert "1 promise waits for its order." in answer.text
    assert "the routing's times are believed" in answer.text


async def test_few_promises_are_shown_with_how_little_they_say(plant: Plant, signed_in: SignIn) -> None:
    finish(plant, plant.order())
    client = signed_in(Role.PLANNER)
    answer = await client.get("/plan/kept")
    assert "Only 1 promise is measured so far" in answer.text
    assert answer.text.count("too few to say") == 4
    assert "plan-reliability" in answer.text
    assert "None of the measured hand-overs was missed" in answer.text
    told = (await client.get("/api/v1/plan/kept")).json()
    rates = {each["band"]: each for each in told["rates"]}
    assert list(rates) == ["50", "80", "95", "told"]
    assert (rates["80"]["kept"], rates["80"]["count"], rates["80"]["share"]) == (1, 1, 1.0)
    assert rates["80"]["low"] < 0.3
    assert told["waiting"] == 0
    assert {each["operations"] for each in told["operations"]} == {1.0}


async def test_what_broke_a_promise_and_how_late_a_supplier_is(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    with plant.work() as work:
        first: Booking = min(work.plan.bookings_of(order), key=lambda each: each.start)
    plant.run_until(first.id, BookingState.STARTED)
    plant.stop(first.work_unit, 6 * 24 * 60)
    plant.now += timedelta(days=6)
    with plant.work() as work:
        work.plan.machine_up(first.work_unit, plant.now)
        work.plan.purchase_arrived("buy-1", "Kettle & Sons", "motor", MONDAY, MONDAY + timedelta(hours=30))
    finish(plant, order)
    client = signed_in(Role.PLANNER)
    page = await client.get("/plan/kept")
    assert "A machine stopped" in page.text
    assert "Kettle &amp; Sons" in page.text
    answer = (await client.get("/api/v1/plan/kept")).json()
    assert answer["broken_by"] == [{"cause": "machine_down", "count": 1}]
    assert next(each for each in answer["machines"] if each["work_unit"] == first.work_unit)["stops"] == 1
    assert answer["suppliers"][0]["hours_late"] > 5


async def test_in_chinese_and_linked_from_the_promises(plant: Plant, signed_in: SignIn) -> None:
    finish(plant, plant.order())
    client = signed_in(Role.PLANNER)
    assert 'href="/plan/kept"' in (await client.get("/plan/promises")).text
    page = await client.get("/plan/kept?lang=zh", follow_redirects=True)
    assert "兑现与承诺" in page.text
    assert "95% 置信度" in page.text


async def test_only_who_may_see_the_plan_sees_it(plant: Plant, signed_in: SignIn) -> None:
    assert (await signed_in(Role.CONSUMER).get("/api/v1/plan/kept")).status_code == 403


def test_an_honest_rate_lies_on_the_diagonal() -> None:
    [point] = points([KeptRate("80", 0.8, 80, 100, 0.7, 0.87), KeptRate(TOLD, 0.9, 1, 1, 0.2, 1.0)])
    assert point.x - EDGE == SIDE * 0.8
    assert abs(point.y - EDGE / 3 - SIDE * 0.2) < 0.1
    assert point.high < point.y < point.low
    assert point.agrees
