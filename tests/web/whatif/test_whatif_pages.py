"""What if, over pages and API: create, compare, apply, throw away; bottlenecks; what would move a date."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bike_plant import Plant
from lotone.identity import Role
from lotone.plan import AddMachine, Scenario, Snapshot
from lotone.plan.model.problem import Problem
from lotone.serve.studies import Studies
from lotone.web.whatif.fields import KINDS
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
SHIFT = {"kind": "shift", "where": "paint", "weekdays": ["0", "1", "2"], "start": "22:00", "end": "06:00"}


def ends(snapshot: Snapshot, order: str) -> Any:
    return next(each.completion for each in snapshot.commitments.values() if each.order == order)


FORMS: tuple[dict[str, Any], ...] = (
    SHIFT,
    {"kind": "overtime", "where": "paint-1", "first": "2026-03-02", "last": "2026-03-04", "start": "22:00", "end": "24:00"},
    {"kind": "machine", "like": "paint-1", "count": "1", "cost_per_day": "300"},
    {"kind": "away", "work_unit": "paint-1", "start": "2026-03-02T10:00", "end": "2026-03-04T10:00"},
    {"kind": "order", "product": "ebike", "quantity": "2", "is_first": "yes", "wanted": "2026-03-06"},
    {"kind": "stock_lost", "part": "primer", "quantity": ""},
    {"kind": "faster", "what": "paint", "percent": "50"},
)


async def test_the_empty_page_teaches_and_every_form_makes_a_scenario(plant: Plant, signed_in: SignIn) -> None:
    plant.order()
    client = signed_in(Role.PLANNER)
    page = await client.get("/whatif")
    assert "Nothing was tried yet" in page.text
    assert 'href="/whatif/new"' in page.text
    kinds = await client.get("/whatif/new")
    for kind in KINDS:
        assert f"/whatif/new?kind={kind.name}" in kinds.text
        form = await client.get(f"/whatif/new?kind={kind.name}")
        assert form.status_code == 200
        assert f'value="{kind.name}"' in form.text
    for fields in FORMS:
        made = await client.post("/whatif", data=fields)
        assert made.status_code == 303, made.text[:500]
        page = await client.get(made.headers["location"])
        assert page.status_code == 200
        assert "Side by side" in page.text
        assert "waits for the planner" in page.text
    for name, wrong in (("end", "soon"), ("where", "moon"), ("cost_per_hour", "much")):
        answer = await client.post("/whatif", data={**SHIFT, name: wrong}, headers={"HX-Request": "true"})
        assert answer.status_code == 422
        assert answer.json()["where"] == name
    assert len((await client.get("/api/v1/scenarios")).json()) == len(FORMS)


async def test_scenarios_are_compared_applied_and_thrown_away(
    plant: Plant, signed_in: SignIn, answer: Callable[[], None]
) -> None:
    orders = [plant.order() for _ in range(6)]
    client = signed_in(Role.PLANNER)
    first = (await client.post("/whatif", data={"kind": "first", "order": orders[-1], "seconds": "0.1"})).headers["location"]
    shift = (await client.post("/whatif", data={**SHIFT, "name": "Nights", "seconds": "0.1"})).headers["location"]
    added = await client.post(f"{shift}/changes", data={"kind": "faster", "what": "paint", "percent": "80"})
    assert added.headers["location"] == shift
    answer()
    ids = [each.rpartition("/")[2] for each in (first, shift)]
    page = await client.get("/whatif/compare", params={"s": ids})
    assert "Nights" in page.text
    assert page.text.count("planned anew") == 0
    assert plant.number(orders[0]) in page.text
    listed = await client.get("/whatif")
    assert listed.text.count("planned anew") == 2
    with plant.work() as work:
        before = ends(work.plan.snapshot(), orders[-1])
    applied = await client.post(f"{first}/apply", headers={"HX-Request": "true"})
    assert applied.status_code == 204
    assert f"In the plan now: order {plant.number(orders[-1])} goes first." in applied.headers["HX-Trigger"]
    with plant.work() as work:
        assert ends(work.plan.snapshot(), orders[-1]) < before
    assert "The plan has changed since this was calculated" in (await client.get(shift)).text
    assert (await client.post(f"{shift}/again")).status_code == 303
    removed = await client.post(f"{shift}/changes/2/remove")
    assert removed.status_code == 303
    thrown = await client.post(f"{shift}/throw-away", headers={"HX-Request": "true"})
    assert thrown.headers["HX-Redirect"] == "/whatif"
    assert "Thrown away: Nights" in thrown.headers["HX-Trigger"]
    assert (await client.get(shift)).status_code == 404


async def test_the_api_does_what_the_pages_do(
    plant: Plant, program: SignIn, signed_in: SignIn, answer: Callable[[], None]
) -> None:
    order = plant.order()
    client = program(Role.PLANNER, {"plan.read", "plan.write"})
    changes = [
        {"kind": "overtime", "where": "paint-1", "days": ["2026-03-02"], "start": 1320, "end": 1440, "cost_per_hour": 40},
        {"kind": "order", "product": "ebike", "choices": [], "quantity": 1},
    ]
    made = await client.post("/api/v1/scenarios", json={"name": "Both", "changes": changes, "seconds": 0})
    assert made.status_code == 201, made.text
    scenario = made.json()["id"]
    assert made.json()["state"] == "waiting"
    assert len(made.json()["after"]["orders"]) == 2
    answer()
    one = (await client.get(f"/api/v1/scenarios/{scenario}")).json()
    assert one["state"] == "done"
    assert one["after"]["extra_cost"] == pytest.approx(40 * 2)
    assert one["changes"][0]["words"]["zh"]
    compared = (await client.get("/api/v1/scenarios/compare", params={"scenario": [scenario]})).json()
    assert [each["id"] for each in compared] == [scenario]
    changed = await client.put(
        f"/api/v1/scenarios/{scenario}", json={"name": "First", "changes": [{"kind": "first", "order": order}]}
    )
    assert changed.json()["name"] == "First"
    assert (await client.post(f"/api/v1/scenarios/{scenario}/again")).status_code == 200
    applied = (await client.post(f"/api/v1/scenarios/{scenario}/apply")).json()
    assert len(applied["done"]) == 1
    assert applied["plan_changed"] is False
    assert len((await client.get("/api/v1/scenarios")).json()) == 1
    assert (await client.delete(f"/api/v1/scenarios/{scenario}")).status_code == 204
    assert (await client.get("/api/v1/scenarios")).json() == []
    wrong = await client.post("/api/v1/scenarios", json={"name": "x", "changes": [{"kind": "first", "order": "moon"}]})
    assert wrong.status_code == 422
    reader = program(Role.PLANNER, {"plan.read"})
    assert (await reader.get("/api/v1/scenarios")).status_code == 200
    new = {"name": "x", "changes": [{"kind": "machine", "like": "paint-1"}]}
    assert (await reader.post("/api/v1/scenarios", json=new)).status_code == 403
    assert (await signed_in(Role.CONSUMER).get("/whatif")).status_code == 403


async def test_what_limits_the_plan_and_what_moves_a_date(plant: Plant, signed_in: SignIn, answer: Callable[[], None]) -> None:
    orders = [plant.order(quantity=3) for _ in range(8)]
    client = signed_in(Role.PLANNER)
    assert "Nobody has asked yet" in (await client.get("/whatif/bottleneck")).text
    asked = await client.post("/whatif/bottleneck", data={"seconds": "1", "late_cost": "12"})
    assert asked.status_code == 303
    assert "is being found out" in (await client.get("/whatif/bottleneck")).text
    answer()
    page = (await client.get("/whatif/bottleneck")).text
    assert "What one hour is worth" in page
    assert "Worth of an hour" in page
    report = (await client.get("/api/v1/bottleneck")).json()
    assert report["state"] == "done"
    assert report["report"]["worths"]
    assert (await client.post("/api/v1/bottleneck", json={"seconds": 1})).status_code == 202
    alone = await client.get(f"/whatif/levers/{orders[-1]}")
    assert f"What would move it · {plant.number(orders[-1])}" in alone.text
    beside = await client.get(f"/whatif/levers/{orders[-1]}", headers={"HX-Request": "true"})
    assert "<html" not in beside.text
    assert "goes first" in beside.text
    listed = (await client.get(f"/api/v1/promises/{orders[-1]}/levers")).json()
    assert listed["levers"][0]["date"] < listed["now"]["date"]
    tried = await client.post(f"/whatif/levers/{orders[-1]}", data={"number": "0"})
    assert tried.headers["location"].startswith("/whatif/scenarios/")
    product = (await client.get("/api/v1/products/ebike/levers", params={"quantity": 2})).json()
    assert product["now"]["date"]
    gone = await client.post(f"/whatif/levers/{orders[-1]}", data={"number": "99"}, headers={"HX-Request": "true"})
    assert gone.status_code == 422


def test_a_solver_that_breaks_fails_the_scenario_and_nothing_else(plant: Plant, platform: Platform) -> None:
    plant.order()
    plant.order()
    with plant.work() as work:
        kept = work.scenarios.create(Scenario("a", (AddMachine("paint-1"),)), "Ann", seconds=1)
        version = work.plan.version()

    def broken(problem: Problem, seconds: float) -> None:
        raise RuntimeError("the solver was killed")

    assert Studies(platform, broken).answer_one()
    with plant.work() as work:
        failed = work.scenarios.scenario(kept.id)
        assert failed.state.value == "failed"
        assert "the solver was killed" in failed.fault
        assert failed.after is not None, "the figures of the settled plan stay"
        assert work.plan.version() == version
