"""What programs tell the plan over the API: each event once, with its effect, and who or what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bike_plant import MONDAY, Plant
from lotone.identity import Role
from lotone.plan import BookingState, Resource

SignIn = Callable[..., httpx.AsyncClient]
PATH = "/api/v1/plan/events"
NOON = (MONDAY + timedelta(hours=4)).isoformat()
SAID: dict[str, dict[str, Any]] = {
    "rush": {"order": "none"},
    "maintenance": {"work_unit": "paint-9", "start": NOON, "minutes": 30},
    "maintenance/call-off": {"work_unit": "paint-9", "start": NOON},
    "machine-down": {"work_unit": "paint-9", "minutes": 30},
    "machine-up": {"work_unit": "paint-9"},
    "absent": {"work_unit": "paint-9", "minutes": 30},
    "back": {"work_unit": "paint-9"},
    "slower": {"work_unit": "paint-9", "factor": 2},
    "scrapped": {"booking": "none"},
}
"""Each event, about something that is not there."""
GARBAGE: list[tuple[str, dict[str, Any]]] = [
    ("rush", {}),
    ("rush", {"order": 7}),
    ("maintenance", {"work_unit": "oven-1", "start": NOON, "minutes": 0}),
    ("maintenance", {"work_unit": "oven-1", "start": "2026-03-02T12:00", "minutes": 30}),
    ("maintenance", {"work_unit": "oven-1", "start": NOON, "minutes": 30, "words": "x" * 201}),
    ("maintenance/call-off", {"work_unit": "oven-1"}),
    ("maintenance/call-off", {"work_unit": "oven-1", "start": "tomorrow"}),
    ("machine-down", {"work_unit": "oven-1", "minutes": -5}),
    ("machine-down", {"work_unit": "oven-1", "minutes": 1e12}),
    ("machine-down", {"work_unit": "oven-1", "minutes": "NaN"}),
    ("machine-up", {"work_unit": ["oven-1"]}),
    ("machine-up", {"work_unit": "oven-1", "at": "2026-03-02T12:00"}),
    ("absent", {"work_unit": "oven-1", "minutes": "long"}),
    ("back", {}),
    ("slower", {"work_unit": "oven-1", "factor": 0}),
    ("slower", {"work_unit": "oven-1", "factor": 1000}),
    ("slower", {"work_unit": "oven-1", "factor": "Infinity"}),
    ("scrapped", {"booking": None}),
    ("scrapped", {"booking": "none", "with_parts": "perhaps"}),
]


@pytest.fixture
def client(program: SignIn) -> httpx.AsyncClient:
    return program(Role.PLANNER, {"plan.read", "plan.write"})


async def told(client: httpx.AsyncClient, event: str, **said: Any) -> Any:
    """The effect of an event; said once more it changes nothing."""
    answer = await client.post(f"{PATH}/{event}", json=said)
    assert answer.status_code == 200, answer.text
    again = (await client.post(f"{PATH}/{event}", json=said)).json()
    assert again == {"version": answer.json()["version"], "moved": 0, "promises": []}
    return answer.json()


def machine(plant: Plant, name: str) -> Resource:
    with plant.work() as work:
        return next(each for each in work.plan.resources() if each.work_unit == name)


async def test_a_machine_stops_and_works_again(plant: Plant, client: httpx.AsyncClient) -> None:
    order = plant.order()
    before = plant.bookings(order)["cure"]
    down = await told(client, "machine-down", work_unit="oven-1", minutes=3 * 24 * 60, at=MONDAY.isoformat())
    assert machine(plant, "oven-1").is_down and down["moved"] > 0
    (promise,) = down["promises"]
    assert promise["order"] == order and promise["before"] < promise["after"] and "Curing oven" in promise["reason"]
    late = plant.bookings(order)["cure"]
    assert late.start > before.start
    plant.now += timedelta(minutes=1)
    up = await told(client, "machine-up", work_unit="oven-1")
    assert not machine(plant, "oven-1").is_down and up["moved"] > 0
    assert before.start <= plant.bookings(order)["cure"].start < late.start


async def test_somebody_is_away_and_comes_back(plant: Plant, client: httpx.AsyncClient) -> None:
    with plant.work() as work:
        person = next(each.work_unit for each in work.plan.resources() if not each.is_machine)
    await told(client, "absent", work_unit=person, minutes=60)
    assert machine(plant, person).is_down
    plant.now += timedelta(minutes=1)
    await told(client, "back", work_unit=person)
    assert not machine(plant, person).is_down
    answer = await client.post(f"{PATH}/absent", json={"work_unit": "oven-1", "minutes": 60})
    assert answer.status_code == 404, "a machine is nobody"


async def test_a_machine_is_slow(plant: Plant, client: httpx.AsyncClient) -> None:
    order = plant.order()
    before = plant.bookings(order)["cure"]
    slow = await told(client, "slower", work_unit="oven-1", factor=2)
    assert slow["moved"] > 0 and plant.bookings(order)["cure"].duration == 2 * before.duration
    await told(client, "slower", work_unit="oven-1", factor=1)
    assert plant.bookings(order)["cure"].duration == before.duration


async def test_a_maintenance_is_planned_and_called_off(plant: Plant, client: httpx.AsyncClient) -> None:
    order = plant.order()
    cure = plant.bookings(order)["cure"]
    said = {"work_unit": "oven-1", "start": cure.start.isoformat()}
    kept = await told(client, "maintenance", **said, minutes=60, words="new seals")
    (window,) = machine(plant, "oven-1").maintenance
    assert (window.start, window.end, str(window.words.en)) == (cure.start, cure.start + timedelta(hours=1), "new seals")
    assert kept["moved"] > 0 and plant.bookings(order)["cure"].start == window.end
    free = await told(client, "maintenance/call-off", **said)
    assert machine(plant, "oven-1").maintenance == () and free["moved"] > 0
    assert plant.bookings(order)["cure"].start == cure.start


async def test_an_order_goes_first(plant: Plant, client: httpx.AsyncClient) -> None:
    first, *_, last = [plant.order(quantity=3) for _ in range(3)]
    hurried = await client.post(f"{PATH}/rush", json={"order": last})
    assert hurried.status_code == 200 and hurried.json()["moved"] > 0
    assert plant.bookings(last)["cure"].start < plant.bookings(first)["cure"].start


async def test_what_is_spoiled_is_made_again(plant: Plant, client: httpx.AsyncClient) -> None:
    order = plant.order()
    frame = min(plant.bookings(order).values(), key=lambda each: each.start)
    plant.run_until(frame.id, BookingState.DONE)
    again = await told(client, "scrapped", booking=frame.id, with_parts=True)
    assert again["moved"] > 0
    planned = plant.bookings(order)[frame.step]
    assert planned.state is BookingState.PLANNED and planned.start >= plant.now


async def test_what_is_not_there_is_not_found(plant: Plant, client: httpx.AsyncClient) -> None:
    for event, said in SAID.items():
        answer = await client.post(f"{PATH}/{event}", json=said)
        assert answer.status_code == 404, f"{event}: {answer.text}"
        assert set(said.values()) & {word.strip(",.;") for word in answer.json()["detail"].split()}, "it says what"


async def test_each_organization_tells_only_its_own_plan(plant: Plant, program: SignIn) -> None:
    order = plant.order()
    frame = min(plant.bookings(order).values(), key=lambda each: each.start)
    before = plant.bookings(order)
    stranger = program(Role.PLANNER, {"plan.write"}, "other")
    mine = {"order": order, "booking": frame.id, "work_unit": "oven-1"}
    for event, said in SAID.items():
        answer = await stranger.post(f"{PATH}/{event}", json={key: mine.get(key, value) for key, value in said.items()})
        assert answer.status_code == 404, f"{event}: {answer.text}"
    assert plant.bookings(order) == before
    oven = machine(plant, "oven-1")
    assert not oven.is_down and oven.maintenance == ()


async def test_only_who_may_write_the_plan_tells_it(plant: Plant, program: SignIn, browser: httpx.AsyncClient) -> None:
    reader, operator = program(Role.PLANNER, {"plan.read"}), program(Role.OPERATOR, {"plan.read"})
    for event, said in SAID.items():
        for who in (reader, operator):
            assert (await who.post(f"{PATH}/{event}", json=said)).status_code == 403, event
        assert (await browser.post(f"{PATH}/{event}", json=said)).status_code in (401, 403), event


async def test_garbage_is_refused(plant: Plant, client: httpx.AsyncClient) -> None:
    with plant.work() as work:
        version = work.plan.version()
    for event, said in GARBAGE:
        assert (await client.post(f"{PATH}/{event}", json=said)).status_code == 422, f"{event} {said}"
        assert (await client.post(f"{PATH}/{event}", content=b"{no json")).status_code == 422
    with plant.work() as work:
        assert work.plan.version() == version
