"""Changing the schedule by hand over the API and on its page."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from bike_plant import Plant
from lotone.identity import Role
from lotone.web.plan.layers import milliseconds

SignIn = Callable[..., httpx.AsyncClient]
HOUR = timedelta(hours=1)


async def test_a_program_tries_moves_and_takes_back(plant: Plant, program: SignIn) -> None:
    order = plant.order()
    paint = plant.bookings(order)["paint"]
    client = program(Role.PLANNER, {"plan.read", "plan.write"})
    place = {"start": (paint.start + HOUR).isoformat()}
    tried = await client.post(f"/api/v1/schedule/bookings/{paint.id}/try", json=place)
    assert tried.status_code == 200, tried.text
    assert tried.json()["possible"] is True
    assert [each["order"] for each in tried.json()["orders"]] == [order]
    assert {each["step"] for each in tried.json()["pushed"]} == {"cure", "assemble", "test"}
    assert plant.bookings(order)["paint"] == paint
    moved = (await client.post(f"/api/v1/schedule/bookings/{paint.id}/move", json=place)).json()
    assert (moved["by"], moved["kind"], moved["booking"], moved["moved"]) == ("Planner", "moved", paint.id, 4)
    assert plant.bookings(order)["paint"].start == paint.start + HOUR
    wrong = await client.post("/api/v1/schedule/undo", json={"number": moved["number"] + 1})
    assert wrong.status_code == 409
    undone = (await client.post("/api/v1/schedule/undo")).json()
    assert undone["undone_by"] == "Planner"
    assert plant.bookings(order)["paint"] == paint
    assert (await client.post("/api/v1/schedule/undo")).status_code == 404
    assert [each["number"] for each in (await client.get("/api/v1/schedule/by-hand")).json()] == [moved["number"]]


async def test_why_not_is_told_with_when_it_would_be(plant: Plant, program: SignIn) -> None:
    cure = plant.bookings(plant.order())["cure"]
    client = program(Role.PLANNER, {"plan.write"})
    place = {"start": (cure.start - timedelta(minutes=5)).isoformat(), "work_unit": "oven-1"}
    tried = (await client.post(f"/api/v1/schedule/bookings/{cure.id}/try", json=place)).json()
    assert (tried["possible"], [each["kind"] for each in tried["obstacles"]]) == (False, ["operation"])
    assert datetime.fromisoformat(tried["possible_from"]) == cure.start
    refused = await client.post(f"/api/v1/schedule/bookings/{cure.id}/move", json=place)
    assert refused.status_code == 409
    assert "nothing was changed" in refused.json()["detail"]
    naive = await client.post(f"/api/v1/schedule/bookings/{cure.id}/try", json={"start": "2026-03-02T10:00"})
    assert naive.status_code == 422
    assert (await client.post("/api/v1/schedule/bookings/nothing/try", json=place)).status_code == 404


async def test_locks_are_shown_and_given_up(plant: Plant, program: SignIn, signed_in: SignIn) -> None:
    paint = plant.bookings(plant.order())["paint"]
    client = program(Role.PLANNER, {"plan.read", "plan.write"})
    assert (await client.post(f"/api/v1/schedule/bookings/{paint.id}/lock")).json()["kind"] == "locked"
    assert (await client.post(f"/api/v1/schedule/bookings/{paint.id}/lock")).json() is None
    window = {"from": milliseconds(paint.start - HOUR), "to": milliseconds(paint.end + HOUR)}
    picture: Any = (await signed_in(Role.PLANNER).get("/plan/schedule.json", params=window)).json()
    bar = next(each for each in picture["bookings"] if each["id"] == paint.id)
    assert (bar["locked"], bar["movable"]) == (True, True)
    assert (await client.post(f"/api/v1/schedule/bookings/{paint.id}/unlock")).json()["kind"] == "unlocked"
    assert not plant.bookings(paint.order or "")["paint"].locked


async def test_only_planners_change_the_schedule(plant: Plant, signed_in: SignIn, program: SignIn) -> None:
    paint = plant.bookings(plant.order())["paint"]
    place = {"start": (paint.start + HOUR).isoformat()}
    for role in (Role.OPERATOR, Role.ENGINEER):
        answer = await signed_in(role).post(f"/plan/bookings/{paint.id}/move", data=place)
        assert answer.status_code == 403
        page = await signed_in(role).get(f"/plan?booking={paint.id}")
        assert 'moves="' not in page.text
        assert "plan-hand" not in page.text
    reader = program(Role.PLANNER, {"plan.read"})
    for action in ("try", "move", "lock", "unlock"):
        assert (await reader.post(f"/api/v1/schedule/bookings/{paint.id}/{action}", json=place)).status_code == 403
    assert (await reader.post("/api/v1/schedule/undo")).status_code == 403
    other = signed_in(Role.PLANNER, "other")
    assert (await other.post(f"/plan/bookings/{paint.id}/move", data=place)).status_code == 404


async def test_the_ghost_is_answered_in_the_readers_words(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    paint, cure = plant.bookings(order)["paint"], plant.bookings(order)["cure"]
    planner = signed_in(Role.PLANNER)
    place = {"start": str(milliseconds(paint.start + HOUR)), "machine": "paint-2"}
    ghost = (await planner.post(f"/plan/bookings/{paint.id}/try", data=place)).json()
    assert (ghost["verdict"], ghost["machine"], ghost["start"]) == ("fits", "paint-2", milliseconds(paint.start + HOUR))
    assert "pushes 3 operations" in ghost["words"]
    assert plant.number(order) in ghost["html"]
    early = {"start": str(milliseconds(cure.start - timedelta(minutes=5)))}
    ghost = (await planner.post(f"/plan/bookings/{cure.id}/try?lang=zh", data=early)).json()
    assert ghost["verdict"] == "no"
    assert "才完成" in ghost["words"]
    assert ghost["possible"] == milliseconds(cure.start)


async def test_the_form_moves_in_plant_time_and_offers_to_undo(plant: Plant, signed_in: SignIn) -> None:
    order = plant.order()
    paint = plant.bookings(order)["paint"]
    planner = signed_in(Role.PLANNER)
    page = await planner.get(f"/plan?booking={paint.id}")
    assert 'name="start" type="datetime-local"' in page.text
    asked = await planner.post(
        f"/plan/bookings/{paint.id}/try", data={"start": "2026-03-02T12:00"}, headers={"HX-Request": "true"}
    )
    assert "12:00" in asked.text
    moved = await planner.post(f"/plan/bookings/{paint.id}/move", data={"start": "2026-03-02T12:00"})
    toast = json.loads(moved.headers["HX-Trigger"])["toast"]
    assert (toast["undo"], "moved and locked" in toast["text"]) == ("/plan/undo", True)
    assert f"{plant.bookings(order)['paint'].start:%H:%M}" == "11:00"
    nonsense = await planner.post(f"/plan/bookings/{paint.id}/try", data={"start": "noon"})
    assert nonsense.status_code == 422
    plant.now = plant.bookings(order)["paint"].start + HOUR
    refused = await planner.post("/plan/undo")
    toast = json.loads(refused.headers["HX-Trigger"])["toast"]
    assert (toast["kind"], "has passed" in toast["text"]) == ("wrong", True)


async def test_changes_say_that_a_planner_made_them(plant: Plant, signed_in: SignIn) -> None:
    paint = plant.bookings(plant.order())["paint"]
    planner = signed_in(Role.PLANNER)
    await planner.post(f"/plan/bookings/{paint.id}/move", data={"start": str(milliseconds(paint.start + HOUR))})
    assert "A planner moved an operation" in (await planner.get("/plan/changes")).text
