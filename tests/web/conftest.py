"""The application in this process, on a clean database, with two organizations."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from lotone.identity import Role, service
from lotone.kernel import Database, Messages, Settings, Words
from lotone.web import create_app
from lotone.web.access import Visitor
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2 hashes with the least cost, so that tests don't wait for what is slow on purpose."""
    monkeypatch.setattr(service, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def platform(state_url: str) -> Iterator[Platform]:
    """A demo installation without a message server; `other` is a second organization in it."""
    database = Database(state_url)
    messages = Messages("nats://127.0.0.1:1", name="test")
    platform = Platform(Settings(demo=True, body_bytes_max=20_000), database=database, messages=messages)
    for organization in ("demo", "other"):
        with platform.work(organization) as work:
            work.identity.create_organization(organization, Words(organization.capitalize(), f"{organization} 组织"))
            for role in Role:
                work.identity.create_user(f"{role.value}@{organization}", role, display=role.value.capitalize())
    yield platform
    messages.close()
    database.close()


@pytest.fixture
async def app(platform: Platform) -> AsyncIterator[FastAPI]:
    app = create_app(platform)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor nobody knows yet."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def signed_in(app: FastAPI, platform: Platform) -> AsyncIterator[SignIn]:
    """`signed_in(Role.PLANNER, "demo")`: a browser of that user, whose forms carry the right token."""
    opened = []

    def sign_in(role: Role = Role.ADMINISTRATOR, organization: str = "demo") -> httpx.AsyncClient:
        with platform.work(organization) as work:
            user = next(user for user in work.identity.users() if user.role is role)
            secret = work.identity.open_session(user.id)
        client = client_of(app)
        client.cookies.set("session", secret)
        client.headers["X-CSRF-Token"] = Visitor(secret=secret).csrf_token
        opened.append(client)
        return client

    yield sign_in
    for client in opened:
        await client.aclose()


@pytest.fixture
async def program(app: FastAPI, platform: Platform) -> AsyncIterator[SignIn]:
    """`program(Role.PLANNER, {"plan.read"})`: a program with an API token of those scopes."""
    opened = []

    def create(role: Role, scopes: set[str], organization: str = "demo") -> httpx.AsyncClient:
        with platform.work(organization) as work:
            user = next(user for user in work.identity.users() if user.role is role)
            actor = work.identity.session(work.identity.open_session(user.id)).actor
            _, secret = work.identity.create_token(actor, frozenset(scopes), "test")
        client = client_of(app)
        client.headers.update({"Authorization": f"Bearer {secret}", "Accept": "application/json"})
        opened.append(client)
        return client

    yield create
    for client in opened:
        await client.aclose()


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://lotone.test", headers={"Accept": "text/html"})
