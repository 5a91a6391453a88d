"""Two organizations in one installation: over every route, one neither sees nor changes anything of the other."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from lotone import plan
from lotone.connect import Connection
from lotone.identity import Role
from lotone.kernel import Database, Messages, Settings, Words, tables
from lotone.loader import load, read_blueprint
from lotone.serve.first import folder_of
from lotone.web import create_app, routes_of
from lotone.web.access import Visitor
from lotone.wiring import Platform

OWNER = "canary"
"""Everything of this organization bears its name, so that a leak can be seen in any text."""
STRANGER = "stranger"
PORTS = {"frame-1": 1, "frame-2": 2, "oven-1": 3, "pack-1": 4, "test-1": 5}
OPEN_TO_ALL = {"/shop/{shop}", "/shop/{shop}/{product}"}
"""A shop is there to be seen by everybody; what is ordered in it is not."""


@pytest.fixture
def platform(state_url: str) -> Iterator[Platform]:
    database = Database(state_url)
    messages = Messages("nats://127.0.0.1:1", name="test")
    opened = Platform(Settings(), database=database, messages=messages, plant=lambda: datetime(2026, 3, 2, 5, tzinfo=UTC))
    for organization in (STRANGER, OWNER):
        with opened.work(organization) as work:
            work.identity.create_organization(organization, Words(organization))
            for role in Role:
                work.identity.create_user(f"{role.value}@{organization}", role, display=f"{organization} {role.value}")
    yield opened
    messages.close()
    database.close()


@pytest.fixture
def things(platform: Platform) -> dict[str, str]:
    """What the owner has, by the names that paths use for it."""
    blueprint = read_blueprint(folder_of("ebike"), PORTS, organization=OWNER)
    with platform.work(OWNER) as work:
        load(
            blueprint, assets=work.assets, configure=work.configure, market=work.market, connect=work.connect,
            plan=work.plan, at=platform.plant(),
        )  # fmt: skip
        work.connect.add_connection(Connection("canary-1", "http", "", words=Words("canary machine")))
        buyer = next(user for user in work.identity.users() if user.role is Role.CONSUMER)
        configurator = work.configure.configurator(blueprint.product.id)
        quote = work.orders.quote(blueprint.product.id, sorted(configurator.complete(blueprint.product.start)), buyer.id)
        order = work.orders.place(quote.id, buyer.id)
        open_quote = work.orders.quote(blueprint.product.id, sorted(configurator.complete(())), buyer.id)
        saved = work.saved.save(buyer.id, blueprint.product.id, blueprint.product.start, "canary's own")
        (unit,) = work.make.create_units(order.id)
        booking = work.plan.bookings_of(order.id)[0]
        machine = plan.Scenario("canary asks", (plan.AddMachine("paint-1"),))
        scenario = work.scenarios.create(machine, "canary", seconds=0)
        tag = next(tag for tag in work.assets.tags("paint-1") if tag.name == "state")
    return {
        "order": order.id, "quote": open_quote.id, "serial": unit.serial, "unit": unit.serial, "product": "ebike",
        "user": buyer.id, "person": buyer.id, "connection": "canary-1", "work_unit": "paint-1", "asset": "paint-1",
        "machine": "paint-1", "tag": str(tag.number), "organization": OWNER, "shop": OWNER, "number": "1",
        "lot": "primer-first", "part": "primer", "path": "mark.svg", "secret": "x" * 43, "token": "tok_x",
        "role": "planner", "item": "1", "id": order.id, "work_center": "paint", "name": "state", "purchase": "buy_x",
        "access": "on", "version": "1", "booking": booking.id, "saved": saved.id, "scenario": scenario.id,
        "calendar": "two-shifts",
    }  # fmt: skip


@pytest.fixture
async def stranger(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """The other organization's administrator in her browser."""
    app = create_app(platform)
    async with app.router.lifespan_context(app), client_of(platform, app) as client:
        yield client


def client_of(platform: Platform, app: FastAPI) -> httpx.AsyncClient:
    with platform.work(STRANGER) as work:
        user = next(user for user in work.identity.users() if user.role is Role.ADMINISTRATOR)
        secret = work.identity.open_session(user.id)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://lotone", timeout=30)
    client.cookies.set("session", secret)
    client.headers["X-CSRF-Token"] = Visitor(secret=secret).csrf_token
    return client


def addresses(platform: Platform, things: dict[str, str]) -> list[tuple[str, str, str]]:
    """Method, path with the owner's things in it, and the route, for all routes that answer and end."""
    found = []
    for method, path, _action, _audience in routes_of(create_app(platform)):
        if method == "HEAD" or "events" in path or path == "/live" or path.endswith("/sign-out"):
            continue
        filled = path
        for name, value in things.items():
            filled = filled.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
        assert "{" not in filled, f"the test does not know what to put into {path}: add it to `things`"
        found.append((method, filled, path))
    return found


def everything_of(platform: Platform, organization: str) -> dict[str, Any]:
    """All rows of an organization; when something was last looked at does not count."""
    rows = {}
    with platform.database.look() as connection:
        for table in tables.sorted_tables:
            if "organization" in table.c and table.name not in ("fact", "session"):
                own = connection.execute(select(table).where(table.c.organization == organization)).all()
                rows[table.name] = sorted(map(repr, own))
    return rows


async def test_reading_shows_nothing_of_the_other(
    platform: Platform, things: dict[str, str], stranger: httpx.AsyncClient
) -> None:
    hers = {things[name] for name in ("order", "quote", "serial", "user", "saved", "scenario")}
    for method, address, route in addresses(platform, things):
        if method != "GET" or route in OPEN_TO_ALL or route.startswith(("/metrics", "/static")):
            continue
        answer = await stranger.get(address, headers={"Accept": "text/html,application/json"})
        assert answer.status_code < 500 or answer.status_code == 503, f"{address}: {answer.status_code} {answer.text[:300]}"
        if answer.status_code != 200:
            continue
        shown = answer.text.replace(address, "")
        leaked = [thing for thing in hers if thing in shown]
        assert not leaked, f"GET {route} shows {leaked}"
        if "organizations" not in route and route not in ("/shop/{shop}/orders",):
            assert OWNER not in shown or route.startswith("/shop/"), f"GET {route} speaks of the other organization"


async def test_changing_reaches_nothing_of_the_other(
    platform: Platform, things: dict[str, str], stranger: httpx.AsyncClient
) -> None:
    before = everything_of(platform, OWNER)
    assert before["sales_order"]
    assert before["connection"]
    tried = 0
    for method, address, route in addresses(platform, things):
        if method == "GET" or route.startswith("/shop/"):
            continue
        for body in (
            {},
            {"choices": [], "product": "ebike", "quote": things["quote"], "asset": "paint-1", "values": {"x": 1}},
        ):
            answer = await stranger.request(method, address, json=body)
            tried += 1
            assert answer.status_code < 500 or answer.status_code == 503, f"{method} {route}: {answer.text[:300]}"
    assert tried > 20
    assert everything_of(platform, OWNER) == before


async def test_the_owner_herself_sees_what_the_stranger_does_not(platform: Platform, things: dict[str, str]) -> None:
    app = create_app(platform)
    with platform.work(OWNER) as work:
        user = next(user for user in work.identity.users() if user.role is Role.ADMINISTRATOR)
        secret = work.identity.open_session(user.id)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://lotone") as owner:
        owner.cookies.set("session", secret)
        answer = await owner.get(f"/api/v1/orders/{things['order']}")
        assert answer.status_code == 200
        assert things["serial"] in answer.text


def test_every_capability_keeps_the_organization_with_every_row() -> None:
    shared = {"organization", "session", "one_time_link", "sign_in_attempt", "fact_reaction", "alembic_version"}
    without = [table.name for table in tables.sorted_tables if "organization" not in table.c]
    assert set(without) <= shared, f"tables without an organization: {set(without) - shared}"
