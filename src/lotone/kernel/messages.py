"""Messages between our processes over NATS: an asyncio client on a thread of its own, with a plain door for threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

import nats
import orjson
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from lotone.kernel import errors

log = structlog.get_logger(__name__)
AnyResult = TypeVar("AnyResult")
Handler = Callable[[str, bytes], Awaitable[bytes]]

_ERROR_HEADER = "Lotone-Error"
_KINDS = {kind.kind: kind for kind in (errors.NotFound, errors.Conflict, errors.Invalid, errors.Forbidden, errors.Unavailable)}


class Messages:
    """A connection to the message server that comes back by itself. All methods may be called from any thread."""

    def __init__(self, url: str, *, name: str) -> None:
        self.url = url
        self.name = name
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=f"messages-{name}", daemon=True)
        self._thread.start()
        self.client: Client = Client()
        self._closed = False
        self._was_connected = False

    def connect(self, timeout_s: float = 20.0) -> None:
        """Connect, waiting for the server to appear. Raises Unavailable."""
        try:
            self.run(self._connect(timeout_s), timeout_s=timeout_s + 5)
        except (TimeoutError, FutureTimeout, OSError, NatsError) as fault:
            raise errors.Unavailable(f"the message server at {_without_password(self.url)} does not answer") from fault

    async def _connect(self, timeout_s: float) -> None:
        async def quiet(fault: Exception) -> None:
            log.debug("messages.fault", name=self.name, fault=str(fault))

        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            try:
                self.client = await nats.connect(
                    self.url, name=self.name, max_reconnect_attempts=-1, reconnect_time_wait=0.25, error_cb=quiet,
                    connect_timeout=2, ping_interval=10, allow_reconnect=True, pending_size=64 * 1024 * 1024,
                )  # fmt: skip
                self._was_connected = True
                return
            except (OSError, NatsError, TimeoutError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.1)

    def run(self, coroutine: Coroutine[Any, Any, AnyResult], *, timeout_s: float | None = None) -> AnyResult:
        """Run a coroutine on the messages' loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout_s)

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    def publish(self, subject: str, payload: bytes = b"") -> None:
        """Publish without waiting; lost when nobody listens or the server is away. Only for hints that something changed."""
        if self.is_connected:
            asyncio.run_coroutine_threadsafe(self._publish(subject, payload), self.loop)

    async def _publish(self, subject: str, payload: bytes) -> None:
        try:
            await self.client.publish(subject, payload)
        except (OSError, NatsError, TimeoutError) as fault:
            log.debug("messages.hint_lost", subject=subject, fault=str(fault))

    def request(self, subject: str, payload: Any, *, timeout_s: float = 5.0) -> Any:
        """Ask another process, in JSON; raises the error the other side raised, or Unavailable when nobody answers."""
        return orjson.loads(self.request_bytes(subject, orjson.dumps(payload), timeout_s=timeout_s))

    def request_bytes(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        try:
            return self.run(self.ask(subject, payload, timeout_s=timeout_s), timeout_s=timeout_s + 2)
        except (TimeoutError, FutureTimeout) as fault:
            raise errors.Unavailable(f"no answer to {subject} within {timeout_s:g} s") from fault

    async def ask(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        """`request_bytes` for code that already runs on this loop."""
        if not self.is_connected:
            raise errors.Unavailable(
                f"the message server is away, so nobody can be asked for {subject}; it comes back by itself"
            )
        try:
            reply = await self.client.request(subject, payload, timeout=timeout_s)
        except NoRespondersError as fault:
            raise errors.Unavailable(f"nobody answers to {subject}") from fault
        except (OSError, NatsError, TimeoutError) as fault:
            raise errors.Unavailable(f"no answer to {subject} within {timeout_s:g} s") from fault
        kind = (reply.headers or {}).get(_ERROR_HEADER)
        if kind:
            raise _KINDS.get(kind, errors.Unavailable)(reply.data.decode())
        return bytes(reply.data)

    def serve(self, subject: str, handler: Handler, *, queue: str = "") -> None:
        """Answer requests: `handler(subject, payload)` returns the answer, or raises one of the platform's errors."""

        async def answer(message: Any) -> None:
            headers: dict[str, str] | None = None
            try:
                data = await handler(message.subject, message.data)
            except errors.LotOneError as fault:
                headers, data = {_ERROR_HEADER: fault.kind}, str(fault).encode()
            except Exception as fault:
                log.exception("messages.answer_failed", subject=message.subject)
                headers, data = {_ERROR_HEADER: "unavailable"}, f"{type(fault).__name__}: {fault}".encode()
            if message.reply:
                await self.client.publish(message.reply, data, headers=headers)

        async def each(message: Any) -> None:
            task = asyncio.get_running_loop().create_task(answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self.run(self._subscribe(subject, each, queue))

    def listen(self, subject: str, heard: Callable[[str, bytes], None]) -> None:
        """Call `heard(subject, payload)` for every message, on the messages' thread: it must be quick."""

        async def each(message: Any) -> None:
            heard(message.subject, message.data)

        self.run(self._subscribe(subject, each, ""))

    _tasks: set[asyncio.Task[None]] = set()

    async def _subscribe(self, subject: str, each: Callable[[Any], Awaitable[None]], queue: str) -> None:
        await self.client.subscribe(subject, queue=queue, cb=each)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._was_connected:
                self.run(self.client.close(), timeout_s=3)
        except (TimeoutError, FutureTimeout, NatsError, OSError):
            log.debug("messages.close_failed", name=self.name)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=3)
        if not self._thread.is_alive():
            self.loop.close()


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
