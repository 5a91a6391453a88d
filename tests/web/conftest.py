"""The application in this process, on a clean database, with two organizations; and a real browser to look at it."""

import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from lotone.identity import Role, service
from lotone.kernel import Database, Messages, Settings, Words
from lotone.web import create_app
from lotone.web.access import Visitor
from lotone.web.server import WebServer
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


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


@pytest.fixture
def address(platform: Platform) -> Iterator[str]:
    """The application on a free port of this computer."""
    server = WebServer(create_app(platform), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.bound_port}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive(), "open streams kept the server from stopping"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
