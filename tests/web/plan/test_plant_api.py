"""How the plant works, over the API: read, changed, and refused with a reason."""

from collections.abc import Callable
from datetime import timedelta

import httpx

from bike_plant import MONDAY, Plant
from lotone.identity import Role

SignIn = Callable[..., httpx.AsyncClient]
PATH = "/api/v1/plan/plant"


async def test_a_program_reads_how_the_plant_works(plant: Plant, program: SignIn) -> None:
    body = (await program(Role.PLANNER, {"plan.read"}).get(PATH)).json()
    assert len(body["machines"]) == 12 and body["faults"] == []
    booth = next(each for each in body["machines"] if each["id"] == "paint-1")
    assert booth["setups"] == "colours" and booth["capacity"] == 1
    assert {each["kind"] for each in body["crew"]} == {"operator"}
    assert [each["id"] for each in body["setups"]] == ["colours"] and body["setups"][0]["changes"]
    assert {"before": "frame", "after": "paint", "minutes": 3.0} in body["transport"]
    shifts = next(each for each in body["calendars"] if each["id"] == "two-shifts")
    assert shifts["overtime"] == [{"weekdays": [6], "start": 480, "end": 840}] and shifts["overtime_cost_per_hour"] == 95


async def test_a_planner_s_program_changes_how_the_plant_works(plant: Plant, program: SignIn) -> None:
    client = program(Role.PLANNER, {"plan.read", "plan.write"})
    crew = (await client.get(PATH)).json()["crew"]
    jig = {
        "id": "jig",
        "kind": "tool",
        "name": {"en": "Jig"},
        "calendar": "around-the-clock",
        "skills": ["jig"],
        "capacity": 2,
    }
    body = (await client.put(f"{PATH}/crew", json=[*crew, jig])).json()
    assert [each["id"] for each in body["crew"]][-1] == "jig" and len(body["machines"]) == 12
    works = {"capacity": 4, "batch": True}
    body = (await client.put(f"{PATH}/machines/oven-1", json=works)).json()
    assert next(each for each in body["machines"] if each["id"] == "oven-1")["batch"]
    body = (await client.put(f"{PATH}/machines/paint-1/state?state=9016")).json()
    assert next(each for each in body["machines"] if each["id"] == "paint-1")["state"] == "9016"
    upkeep = {"start": (MONDAY + timedelta(days=1)).isoformat(), "end": (MONDAY + timedelta(days=2)).isoformat()}
    body = (await client.put(f"{PATH}/resources/paint-1/maintenance", json=[upkeep])).json()
    assert len(next(each for each in body["machines"] if each["id"] == "paint-1")["maintenance"]) == 1
    body = (await client.put(f"{PATH}/transport", json=[{"before": "paint", "after": "curing", "minutes": 4}])).json()
    assert body["transport"] == [{"before": "paint", "after": "curing", "minutes": 4.0}]
    body = (await client.put(f"{PATH}/setups", json=[{"id": "colours", "default": 7}])).json()
    assert body["setups"] == [{"id": "colours", "default": 7.0, "changes": []}]
    sunday = {"start": (MONDAY + timedelta(days=6)).isoformat(), "end": (MONDAY + timedelta(days=7)).isoformat()}
    assert (await client.post(f"{PATH}/calendars/two-shifts/overtime", json=sunday)).status_code == 200


async def test_what_cannot_be_is_refused_with_a_reason(plant: Plant, program: SignIn) -> None:
    client = program(Role.PLANNER, {"plan.read", "plan.write"})
    plant.order()
    assert (await client.put(f"{PATH}/crew", json=[])).status_code == 409, "they have work booked"
    assert (await client.put(f"{PATH}/setups", json=[])).status_code == 422, "the booths follow the matrix"
    assert (await client.put(f"{PATH}/machines/nobody", json={})).status_code == 404
    assert (await client.put(f"{PATH}/machines/oven-1", json={"capacity": 0})).status_code == 422
    nobody = await client.put(f"{PATH}/resources/nobody/maintenance", json=[])
    assert nobody.status_code == 404
    reader = program(Role.PLANNER, {"plan.read"})
    assert (await reader.put(f"{PATH}/transport", json=[])).status_code == 403
