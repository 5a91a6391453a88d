"""What shoppers do arrives in the counts; the page and the API say what the counts say, and only to who may know."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from lotone.configure import Funnel, InterestSettings, Tally
from lotone.configure.model.interest import Cell
from lotone.configure.store_interest import COUNTED
from lotone.identity import Role
from lotone.kernel import Unavailable
from lotone.web import watching
from lotone.web.demand.picture import BARS_MAX, bars_over_promises, map_of, steps_of
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
Fill = Callable[..., Tally]
SHOP = "/shop/demo/ebike"
EVERYTHING = {"configure.read", "orders.quote", "orders.place", "orders.own"}


@asynccontextmanager
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody nobody knows, whose forms carry the right token."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://lotone.test", headers={"Accept": "text/html"}
    ) as client:
        answer = await client.get("/shop/demo")
        client.headers["X-CSRF-Token"] = answer.text.partition('<meta name="csrf" content="')[2].partition('"')[0]
        yield client


def flush(app: FastAPI, *, everything: bool = True) -> None:
    watching.keep_counts(app.state.platform, app.state.visits, everything=everything)


def counts(platform: Platform, organization: str = "demo") -> dict[str, int]:
    with platform.look(organization) as work:
        today = platform.today()
        return vars(work.interest.interest("ebike", today - timedelta(days=1), today).funnel)


def options(platform: Platform) -> dict[str, dict[str, int]]:
    with platform.look("demo") as work:
        today = platform.today()
        return {one.option: vars(one) for one in work.interest.interest("ebike", today - timedelta(days=1), today).options}


# -- from the shop into the counts


async def test_a_visit_to_the_shop_is_counted(app: FastAPI, platform: Platform) -> None:
    async with visitor(app) as guest:
        assert (await guest.get(SHOP)).status_code == 200
        sheet = await guest.get(f"{SHOP}/sheet", params=[*_start(platform), ("take", "tomato")])
        assert sheet.status_code == 200
        await guest.get(f"{SHOP}/promise", params=[*_start(platform), ("take", "tomato")])
        seen = await guest.post(f"{SHOP}/looked", json={"options": ["tomato", "sunflower", "<nobody@example.org>"]})
        assert seen.status_code == 204
        assert counts(platform)["visits"] == 0, "a visit is counted when it is over"
        flush(app)
    assert counts(platform) == {"visits": 1, "looked": 1, "promised": 1, "quoted": 0, "ordered": 0, "chose": 1}
    found = options(platform)
    assert (found["tomato"]["taken"], found["tomato"]["lost"], found["tomato"]["looked"]) == (1, 1, 1)
    assert (found["sunflower"]["taken"], found["sunflower"]["looked"]) == (0, 1)
    assert "<nobody@example.org>" not in found, "what is no option is not kept, whatever a browser sends"


def _start(platform: Platform) -> list[tuple[str, str]]:
    with platform.look("demo") as work:
        return [("c", name) for name in work.configure.product("ebike").start]


async def test_an_order_ends_the_visit(app: FastAPI, platform: Platform) -> None:
    async with visitor(app) as guest:
        await guest.get(SHOP)
        held = await guest.post(f"{SHOP}/quote", data={"c": [name for _, name in _start(platform)]})
        placed = await guest.post(f"{held.headers['location']}/place")
        assert placed.status_code == 303
        flush(app, everything=False)
    assert counts(platform) == {"visits": 1, "looked": 1, "promised": 1, "quoted": 1, "ordered": 1, "chose": 1}


async def test_programs_count_too_and_tell_their_shoppers_apart(app: FastAPI, platform: Platform, program: SignIn) -> None:
    client = program(Role.CONSUMER, EVERYTHING)
    for number in range(3):
        visit = {"Visit": f"shopper {number}"}
        asked = {"choices": ["tomato"]}
        assert (await client.post("/api/v1/products/ebike/options", json={"choices": []}, headers=visit)).status_code == 200
        assert (await client.post("/api/v1/products/ebike/options", json=asked, headers=visit)).status_code == 200
        assert (await client.post("/api/v1/products/ebike/promise", json=asked, headers=visit)).status_code == 200
        await client.post("/api/v1/products/ebike/looked", json={"options": ["sunflower"], "left": True}, headers=visit)
    flush(app, everything=False)
    assert counts(platform)["visits"] == counts(platform)["promised"] == 3
    assert options(platform)["tomato"]["taken"] == 3
    assert options(platform)["sunflower"]["looked"] == 3


async def test_people_of_the_company_are_not_counted(app: FastAPI, platform: Platform, signed_in: SignIn) -> None:
    browser = signed_in(Role.PRODUCT_MANAGER)
    assert (await browser.get(SHOP)).status_code == 200
    assert (await browser.post(f"{SHOP}/looked", json={"options": ["tomato"], "left": True})).status_code == 204
    flush(app)
    assert counts(platform)["visits"] == 0


async def test_counting_never_fails_a_click(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("no statistics today")

    monkeypatch.setattr(app.state.visits, "visit", broken)
    async with visitor(app) as guest:
        assert (await guest.get(SHOP)).status_code == 200


async def test_what_the_database_refuses_is_kept_for_later(
    app: FastAPI, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visitor(app) as guest:
        await guest.get(SHOP)

    def away(_self: object, _tally: Tally) -> None:
        raise Unavailable("the database does not answer")

    with monkeypatch.context() as patch:
        patch.setattr("lotone.configure.InterestService.count", away)
        flush(app)
    flush(app)
    flush(app)
    assert counts(platform)["visits"] == 1


async def test_stopping_keeps_what_lasts(platform: Platform, app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        async with visitor(app) as guest:
            await guest.get(SHOP)
        assert counts(platform)["visits"] == 0
    assert counts(platform)["visits"] == 1


# -- the page


async def test_an_empty_page_teaches(signed_in: SignIn) -> None:
    answer = await signed_in(Role.PRODUCT_MANAGER).get("/demand")
    assert answer.status_code == 200
    assert "No visits in these days" in answer.text
    nothing = await signed_in(Role.PRODUCT_MANAGER, "other").get("/demand")
    assert "Nothing is sold yet" in nothing.text


async def test_the_page_says_what_the_counts_say(signed_in: SignIn, fill: Fill, platform: Platform) -> None:
    fill(visits=300)
    browser = signed_in(Role.PRODUCT_MANAGER)
    page = unescape((await browser.get("/demand")).text)
    api = (await browser.get("/api/v1/demand?product=ebike")).json()
    assert api["funnel"]["visits"] == 300
    assert f"<b>{api['funnel']['ordered']}</b>" in page
    row = page.partition('id="option-tomato"')[2].partition("</tr>")[0]
    tomato = next(one for one in api["options"] if one["option"] == "tomato")
    assert f'data-value="{tomato["taken"]}"' in row
    assert "Tomato" in row
    assert "c=tomato" in row, "an option leads to the shop"
    with platform.look("demo") as work:
        center = work.assets.equipment_called(work.assets.equipment_called("paint-1").parent or "").id
    assert 'href="/plant/paint-1"' in page, "a cause leads to its machine"
    assert f"/plan/load#load-{center}" in page
    assert "/material#part-" in page
    assert "old-oven" in page, "a machine that is no longer there is still named"


async def test_days_and_late_are_in_the_address(signed_in: SignIn, fill: Fill, platform: Platform) -> None:
    fill(visits=200, days=60)
    browser = signed_in(Role.PRODUCT_MANAGER)
    today = platform.today()
    week = (await browser.get(f"/api/v1/demand?product=ebike&from={today - timedelta(days=6)}&to={today}&late=3")).json()
    all_ = (await browser.get(f"/api/v1/demand?product=ebike&from={today - timedelta(days=80)}&to={today}&late=300")).json()
    assert 0 < week["funnel"]["visits"] < all_["funnel"]["visits"] == 200
    assert sum(day["visits"] for day in all_["days"]) == 200
    assert week["late"]["days"] == 3
    assert sum(one["lost"] for one in week["lost"]) == week["late"]["lost"]
    assert all_["lost"] == []
    for wrong in ("from=2026-03-02&to=2026-03-01", "from=yesterday", "late=-1"):
        assert (await browser.get(f"/demand?product=ebike&{wrong}")).status_code == 422
    assert (await browser.get("/demand?product=unicycle")).status_code == 404


async def test_a_product_that_is_no_longer_sold_keeps_its_counts(signed_in: SignIn, platform: Platform) -> None:
    tally = Tally()
    tally.add(Cell("tandem", platform.today()), visits=7)
    with platform.work("other") as work:
        work.interest.count(tally)
    page = (await signed_in(Role.PRODUCT_MANAGER, "other").get("/demand?product=tandem")).text
    assert "tandem (no longer sold)" in page


async def test_rare_combinations_are_nowhere(signed_in: SignIn, fill: Fill) -> None:
    fill(visits=12)
    browser = signed_in(Role.PRODUCT_MANAGER)
    await browser.put("/api/v1/demand/settings", json={"keep_days": 400, "smallest": 8})
    found = (await browser.get("/api/v1/demand?product=ebike")).json()
    assert found["combinations_hidden"] > 0
    assert all(one["together"] >= 8 for one in found["combinations"])
    assert "Combinations of fewer than 8 visitors are not shown" in (await browser.get("/demand")).text


# -- settings and forgetting


async def test_settings_are_the_organizations_own(signed_in: SignIn, platform: Platform, fill: Fill) -> None:
    fill(visits=100, days=30)
    manager = signed_in(Role.PRODUCT_MANAGER)
    saved = await manager.post("/demand/settings", data={"keep_days": 10, "smallest": 7})
    assert saved.status_code == 303
    with platform.look("demo") as work:
        assert work.interest.settings() == InterestSettings(10, 7)
        assert work.interest.extent()[1] >= platform.today() - timedelta(days=9)
    with platform.look("other") as work:
        assert work.interest.settings() == InterestSettings()
    for wrong in ({"keep_days": 0, "smallest": 5}, {"keep_days": 10, "smallest": 1}):
        assert (await manager.post("/demand/settings", data=wrong)).status_code == 422


async def test_forgetting_leaves_nothing(signed_in: SignIn, platform: Platform, fill: Fill, app: FastAPI) -> None:
    fill(visits=50)
    async with visitor(app) as guest:
        await guest.get(SHOP)
        answer = await signed_in(Role.PRODUCT_MANAGER).post("/demand/forget")
        assert answer.status_code == 303
        flush(app)
    with platform.database.look() as connection:
        assert not [row for table in COUNTED for row in connection.execute(select(table))]


@pytest.mark.parametrize("role", [Role.CONSUMER, Role.OPERATOR, Role.PLANNER])
async def test_who_may(role: Role, signed_in: SignIn, fill: Fill) -> None:
    fill(visits=20)
    browser = signed_in(role)
    may_read = role is not Role.CONSUMER
    assert (await browser.get("/demand")).status_code == (200 if may_read else 403)
    assert (await browser.get("/api/v1/demand?product=ebike")).status_code == (200 if may_read else 403)
    assert (await browser.post("/demand/forget")).status_code == 403
    assert (await browser.delete("/api/v1/demand")).status_code == 403
    assert (await browser.put("/api/v1/demand/settings", json={"keep_days": 5, "smallest": 5})).status_code == 403
    if may_read:
        assert "/demand/forget" not in (await browser.get("/demand")).text


async def test_the_page_speaks_chinese(signed_in: SignIn, fill: Fill) -> None:
    fill(visits=100)
    page = (await signed_in(Role.PRODUCT_MANAGER).get("/demand?lang=zh")).text
    assert "因交期晚而失去" in page
    assert "克拉夫特" in page
    assert "旧烘箱" in page


# -- pictures


def test_many_promises_are_drawn_together() -> None:
    bars = bars_over_promises([(days, 2, 1) for days in range(200)])
    assert len(bars) <= BARS_MAX
    assert sum(bar.visits for bar in bars) == 400
    assert max(bar.height for bar in bars) == 100
    assert bars_over_promises([]) == []
    assert map_of([], {}).rows == ()


def test_a_funnel_without_visits_has_no_shares() -> None:
    assert [step.of_all for step in steps_of(Funnel())] == [None] * 5
