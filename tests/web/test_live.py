"""Streams of facts: to the right people, resumed without a gap, and slow readers let go."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from lotone.identity import Actor, Role, UserCreated
from lotone.kernel import newest_number
from lotone.web import live
from lotone.web.live import Listener, may_hear
from lotone.wiring import Platform


class Stream:
    """One open request for events, read event by event."""

    def __init__(self) -> None:
        self.status = 0
        self.chunks: asyncio.Queue[str] = asyncio.Queue()
        self.has_left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.chunks.put_nowait(message["body"].decode())

    async def event(self) -> dict[str, str]:
        text = await asyncio.wait_for(self.chunks.get(), 10)
        return dict(line.split(": ", 1) for line in text.strip().splitlines() if ": " in line)

    async def fact(self) -> dict[str, Any]:
        while (event := await self.event()).get("event") != "fact":
            pass
        return {"id": int(event.get("id", 0)), **json.loads(event["data"])}


@asynccontextmanager
async def stream(app: FastAPI, platform: Platform, role: Role, organization: str, query: str = "") -> AsyncIterator[Stream]:
    with platform.work(organization) as work:
        user = next(user for user in work.identity.users() if user.role is role)
        secret = work.identity.open_session(user.id)
    opened = Stream()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "query_string": query.encode(),
        "scheme": "http",
        "headers": [(b"cookie", f"session={secret}".encode())],
        "server": ("lotone.test", 80),
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "state": {},
    }
    task = asyncio.create_task(app(scope, opened.receive, opened.send))
    try:
        assert (await opened.event())["event"] == "hello"
        yield opened
    finally:
        opened.has_left.set()
        await asyncio.wait_for(task, 10)


def create(platform: Platform, organization: str, login: str) -> None:
    with platform.work(organization) as work:
        work.identity.create_user(login, Role.OPERATOR)


async def test_a_fact_arrives_with_its_number_and_only_in_its_organization(app: FastAPI, platform: Platform) -> None:
    async with stream(app, platform, Role.ADMINISTRATOR, "demo", "facts=UserCreated") as mine:
        create(platform, "other", "unseen")
        create(platform, "demo", "seen")
        fact = await mine.fact()
        assert (fact["name"], fact["login"]) == ("UserCreated", "seen")
        with platform.database.look() as connection:
            assert fact["id"] == newest_number(connection)


async def test_a_page_that_was_away_gets_what_it_missed_once(app: FastAPI, platform: Platform) -> None:
    create(platform, "demo", "before")
    with platform.database.look() as connection:
        last = newest_number(connection)
    create(platform, "demo", "missed")
    async with stream(app, platform, Role.ADMINISTRATOR, "demo", f"facts=UserCreated&after={last}") as mine:
        create(platform, "demo", "later")
        heard = []
        while "later" not in heard:
            heard.append((await mine.fact())["login"])
        assert heard.count("missed") == 1
        assert "before" not in heard or not platform.database.is_sqlite


async def test_a_page_that_missed_too_much_begins_anew(app: FastAPI, platform: Platform, monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "CATCH_UP_MAX", 3)
    async with stream(app, platform, Role.ADMINISTRATOR, "demo", "after=0") as mine:
        assert (await mine.fact())["name"] == "Everything"


async def test_one_hears_only_what_one_may_read(app: FastAPI, platform: Platform) -> None:
    fact = UserCreated("usr_1", "ada", "planner")
    assert may_hear(Actor("demo", "usr_2", Role.ADMINISTRATOR))(fact)
    assert not may_hear(Actor("demo", "usr_2", Role.PLANNER))(fact)
    async with stream(app, platform, Role.PLANNER, "demo") as mine:
        create(platform, "demo", "quiet")
        await asyncio.sleep(2 * live.POLL_S)
        assert mine.chunks.empty()


async def test_a_slow_reader_is_let_go_and_others_are_not_held_up(app: FastAPI, platform: Platform) -> None:
    slow = Listener("demo", lambda fact: True, asyncio.Queue(1))
    app.state.tail.join(slow)
    async with stream(app, platform, Role.ADMINISTRATOR, "demo", "facts=UserCreated") as mine:
        create(platform, "demo", "one")
        create(platform, "demo", "two")
        assert [(await mine.fact())["login"], (await mine.fact())["login"]] == ["one", "two"]
    assert slow.is_overrun


async def test_a_stream_ends_with_its_session(app: FastAPI, platform: Platform, monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    async with stream(app, platform, Role.PLANNER, "demo") as mine:
        with platform.work("demo") as work:
            planner = next(user for user in work.identity.users() if user.role is Role.PLANNER)
            work.identity.change_user(planner.id, disabled=True)
        while (await mine.event()).get("event") != "bye":
            pass
    assert "demo" not in app.state.tail.listeners


async def test_leaving_ends_the_stream(app: FastAPI, platform: Platform) -> None:
    async with stream(app, platform, Role.PLANNER, "demo"):
        assert app.state.tail.listeners["demo"]
    assert "demo" not in app.state.tail.listeners
