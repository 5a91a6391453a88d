"""The buyer reads the passport of her own unit; nobody else's."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from lotone.identity import Role
from lotone.loader import load, read_blueprint
from lotone.serve.first import folder_of
from lotone.web import create_app
from lotone.web.access import Visitor
from lotone.wiring import Platform

PORTS = {"frame-1": 1, "frame-2": 2, "oven-1": 3, "pack-1": 4, "test-1": 5}


@pytest.fixture
def serials(platform: Platform) -> dict[str, str]:
    """A unit of the consumer, and one of the planner."""
    blueprint = read_blueprint(folder_of("ebike"), PORTS, organization="demo")
    found = {}
    with platform.work("demo") as work:
        load(
            blueprint, assets=work.assets, configure=work.configure, market=work.market, connect=work.connect,
            plan=work.plan, at=datetime(2026, 3, 2, 5, tzinfo=UTC),
        )  # fmt: skip
        choices = sorted(work.configure.configurator("ebike").complete(blueprint.product.start))
        for role in (Role.CONSUMER, Role.PLANNER):
            buyer = next(user.id for user in work.identity.users() if user.role is role)
            order = work.orders.place(work.orders.quote("ebike", choices, buyer).id, buyer)
            (unit,) = work.make.create_units(order.id)
            found[role.value] = unit.serial
    return found


@pytest.fixture
def app_of_passports(platform: Platform) -> FastAPI:
    return create_app(platform)


async def read(app: FastAPI, platform: Platform, path: str) -> httpx.Response:
    with platform.work("demo") as work:
        buyer = next(user for user in work.identity.users() if user.role is Role.CONSUMER)
        secret = work.identity.open_session(buyer.id)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lotone") as client:
        client.cookies.set("session", secret)
        client.headers["X-CSRF-Token"] = Visitor(secret=secret).csrf_token
        return await client.get(path, headers={"Accept": "text/html"})


async def test_the_buyer_reads_her_own(platform: Platform, serials: dict[str, str], app_of_passports: FastAPI) -> None:
    own = serials["consumer"]
    page = await read(app_of_passports, platform, f"/shop/demo/units/{own}")
    assert page.status_code == 200
    assert own in page.text
    document = await read(app_of_passports, platform, f"/shop/demo/units/{own}/passport.json")
    assert document.json()["serial"] == own
    assert document.json()["complete"] is False


async def test_somebody_elses_is_not_there(platform: Platform, serials: dict[str, str], app_of_passports: FastAPI) -> None:
    for path in ("", "/passport.json"):
        answer = await read(app_of_passports, platform, f"/shop/demo/units/{serials['planner']}{path}")
        assert answer.status_code == 404
    assert (await read(app_of_passports, platform, f"/units/{serials['consumer']}")).status_code == 403
