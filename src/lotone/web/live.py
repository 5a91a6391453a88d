"""Facts on their way to open pages: one tail of the outbox per process, any number of streams with bounded queues."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import Request
from nats.errors import Error as NatsError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from lotone.identity import Actor, may
from lotone.kernel import Fact, LotOneError, Told, Unavailable, facts_after, newest_number
from lotone.kernel.outbox import LOOK_BACK
from lotone.web.access import platform_of, visitor_of
from lotone.wiring import FACTS, Platform

log = structlog.get_logger(__name__)
POLL_S = 0.2
HEARTBEAT_S = 15.0
QUEUE_LENGTH = 256
CATCH_UP_MAX = 2000
"""A page that was away for more facts than this is told to begin anew."""
Keep = Callable[[Fact], bool]
"""Whether a stream carries a fact of its organization."""


@dataclass(eq=False)
class Listener:
    """One open stream. If its reader is slower than the facts, it is closed; the page reconnects and catches up."""

    organization: str
    keep: Keep
    queue: asyncio.Queue[Told | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    is_overrun: bool = False

    def offer(self, told: Told) -> None:
        try:
            self.queue.put_nowait(told)
        except asyncio.QueueFull:
            self.is_overrun = True


class Tail:
    """Follows the outbox while anybody listens: woken by hints over the message server, and polling in case one is lost."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.listeners: dict[str, set[Listener]] = {}
        self.newest = 0
        self._seen: deque[int] = deque(maxlen=LOOK_BACK * 4)
        self._known: set[int] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._has_hints = False
        self._is_stopping = False
        self._is_primed = False  # whether the facts before the newest are known, so that a late one is told from an old one

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.newest = await run_in_threadpool(self._newest)
        self._task = asyncio.create_task(self._follow())

    def _listen_for_hints(self) -> None:
        """Once the message server is there; until then, polling does."""
        if self._has_hints or not self.platform.messages.is_connected:
            return
        try:
            self.platform.messages.listen(f"{FACTS}.*", lambda _subject, _payload: self._hint())
            self._has_hints = True
        except (LotOneError, NatsError, OSError, TimeoutError) as fault:
            log.warning("live.no_hints", fault=str(fault), result=f"polling every {POLL_S:g} s")

    def _hint(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def _newest(self) -> int:
        with self.platform.database.look() as connection:
            return newest_number(connection)

    async def stop(self) -> None:
        """End the tail and every stream; pages reconnect as soon as there is a server again."""
        self._is_stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task  # not cancelled, so that a read under way gives its connection back
        for listener in [one for listeners in self.listeners.values() for one in listeners]:
            listener.is_overrun = True
            with suppress(asyncio.QueueFull):
                listener.queue.put_nowait(None)

    async def _follow(self) -> None:
        while not self._is_stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_S)
            self._wake.clear()
            try:
                for told in await run_in_threadpool(self._read_new):
                    for listener in self.listeners.get(told.organization, ()):
                        if listener.keep(told.fact):
                            listener.offer(told)
            except Unavailable as fault:
                log.warning("live.waiting_for_database", fault=str(fault))
            except Exception:
                log.exception("live.broke")  # one fact that can't be read must not silence the others
                await asyncio.sleep(1)

    def _read_new(self) -> list[Told]:
        """New facts. On a database server a lower number may appear after a higher one, so the read overlaps."""
        overlap = 0 if self.platform.database.is_sqlite else LOOK_BACK
        self._listen_for_hints()
        with self.platform.database.look() as connection:
            if not self.listeners:
                self.newest, self._is_primed = newest_number(connection), False
                return []
            found = facts_after(connection, max(0, self.newest - overlap))
        late = {told.number for told in found if told.number not in self._known} if self._is_primed else set()
        new = [told for told in found if told.number > self.newest or told.number in late]
        for told in found:
            self._note(told.number)
        self.newest = max([self.newest, *(told.number for told in found)])
        self._is_primed = True
        return new

    def _note(self, number: int) -> None:
        if number in self._known:
            return
        if len(self._seen) == self._seen.maxlen:
            self._known.discard(self._seen[0])
        self._seen.append(number)
        self._known.add(number)

    def join(self, listener: Listener) -> None:
        self.listeners.setdefault(listener.organization, set()).add(listener)

    def leave(self, listener: Listener) -> None:
        listeners = self.listeners.get(listener.organization, set())
        listeners.discard(listener)
        if not listeners:
            self.listeners.pop(listener.organization, None)


def may_hear(actor: Actor) -> Keep:
    """Facts of the capabilities that the actor may read: a fact of `lotone.plan.facts` needs `plan.read`."""
    return lambda fact: may(actor, f"{type(fact).__module__.split('.')[1]}.read")


def stream(request: Request, actor: Actor, keep: Keep) -> StreamingResponse:
    """An endless answer of server-sent events: `fact` with the fact's number as id, so that it is resumed where it broke.

    `keep` says which facts of the actor's organization it carries. It ends when the actor's session does.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, actor, keep), media_type="text/event-stream", headers=headers)


async def _events(request: Request, actor: Actor, keep: Keep) -> AsyncIterator[bytes]:
    tail: Tail = request.app.state.tail
    listener = Listener(actor.organization, keep)
    tail.join(listener)
    try:
        sent: set[int] = set()
        after = _resume_after(request)
        is_sqlite = platform_of(request).database.is_sqlite
        known = 0 if after is None else after if is_sqlite else after - LOOK_BACK  # what the page has surely seen
        yield f"retry: 2000\nid: {tail.newest if after is None else after}\nevent: hello\ndata: {{}}\n\n".encode()
        if after is not None:
            for told in await run_in_threadpool(_missed, platform_of(request), actor.organization, after):
                if told is None:
                    yield b'event: fact\ndata: {"name": "Everything"}\n\n'
                elif keep(told.fact):
                    sent.add(told.number)
                    yield _event(told)
        while True:
            try:
                heard = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_S)
            except TimeoutError:
                if not await _is_still_allowed(request, actor):
                    break
                yield b": still here\n\n"
                continue
            if heard is None or listener.is_overrun:
                break
            if heard.number > known and heard.number not in sent:
                yield _event(heard)
        yield b"event: bye\ndata: {}\n\n"
    finally:
        tail.leave(listener)


def _resume_after(request: Request) -> int | None:
    said = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return int(said) if said.isdigit() and len(said) < 19 else None


def _missed(platform: Platform, organization: str, after: int) -> list[Told | None]:
    missed: list[Told | None] = []
    overlap = 0 if platform.database.is_sqlite else LOOK_BACK
    with platform.database.look() as connection:
        while len(missed) < CATCH_UP_MAX:
            found = facts_after(connection, max(0, after - overlap), organization=organization)
            overlap = 0
            if not found:
                return missed
            missed.extend(found)
            after = found[-1].number
    return [None]


def _event(told: Told) -> bytes:
    data: dict[str, Any] = {"name": told.fact.name, "number": told.number, "at": told.at.isoformat(), **told.fact.as_json()}
    return f"id: {told.number}\nevent: fact\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def _is_still_allowed(request: Request, actor: Actor) -> bool:
    """Whether the session or token still stands; a guest has nothing that could end."""
    if actor.guest is not None:
        return True
    request.state.visitor = None
    try:
        visitor = await visitor_of(request)
    except LotOneError:
        return False
    return visitor.actor == actor
