"""What happens to every request: size limit, security headers, cookies, measurement. Plain ASGI: streams stay streams."""

import os
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lotone.identity.model import SESSION_LIFE
from lotone.web.access import GUEST_LIFE_S, Visitor, cookie_name, is_secure
from lotone.web.faults import problem

log = structlog.get_logger(__name__)
CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ]
)  # fmt: skip
SECURITY = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Headers that tell browsers what our pages never do, and the cookies of visitors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                request = Request(scope)
                secure = is_secure(request)
                if secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                _add_cookies(
                    headers, getattr(request.state, "visitor", None), secure, getattr(request.state, "as_guest", False)
                )
            await send(message)

        await self.app(scope, receive, send_with)


def _add_cookies(headers: MutableHeaders, visitor: Visitor | None, secure: bool, as_guest: bool) -> None:
    if visitor is None or visitor.is_program:
        return
    is_page = headers.get("content-type", "").startswith("text/html")
    if visitor.new_guest and (is_page or as_guest):
        headers.append("set-cookie", _cookie(cookie_name("guest", secure), visitor.secret, GUEST_LIFE_S, secure))
    if visitor.sign_in is not None:
        life = int(SESSION_LIFE.total_seconds()) if visitor.sign_in else 0
        headers.append("set-cookie", _cookie(cookie_name("session", secure), visitor.sign_in, life, secure))


def _cookie(name: str, value: str, life_s: int, secure: bool) -> str:
    return f"{name}={value}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")


class BodyLimit:
    """Refuses larger request bodies, whether or not they say their size beforehand."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isdigit() and int(said) > self.most:
            await self._refuse(scope, receive, send)
            return
        size = 0
        has_started = False

        async def receive_counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.most:
                raise _TooLarge
            return message

        async def send_unless_too_large(message: Message) -> None:
            nonlocal has_started
            if size > self.most and not has_started:
                raise _TooLarge
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive_counted, send_unless_too_large)
        except _TooLarge:
            if has_started:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"the request is larger than {self.most / 1024 / 1024:g} MiB; send less at a time, nothing was kept"
        answer = problem(Request(scope), 413, detail, kind="too_large")
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


class _TooLarge(Exception):
    """The body has grown over the limit."""


TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
"""The folder that the metrics library shares between processes; it must be set before the library is loaded."""


class Measures:
    """Numbers about requests, by route and not by address, for /metrics.

    Where several processes answer, they keep their numbers in files of one folder, and any of them tells the sum.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("lotone_http_requests", "Requests answered", labels, registry=self.registry)
        buckets = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
        self.seconds = Histogram(
            "lotone_http_seconds", "Time until the answer began", ("route",), registry=self.registry, buckets=buckets
        )

    @property
    def told(self) -> CollectorRegistry:
        """What /metrics shows."""
        if TOGETHER not in os.environ:
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together


class Measured:
    """Counts and times every request."""

    def __init__(self, app: ASGIApp, *, measures: Measures) -> None:
        self.app = app
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = _route_of(scope)
                seconds = time.perf_counter() - begun
                self.measures.seconds.labels(route).observe(seconds)
                self.measures.requests.labels(scope["method"], route, message["status"]).inc()
                MutableHeaders(scope=message)["Server-Timing"] = f"app;dur={seconds * 1000:.1f}"
                log.debug(
                    "web.answered", method=scope["method"], path=scope["path"], status=message["status"], ms=seconds * 1000
                )
            await send(message)

        await self.app(scope, receive, send_measured)


def _route_of(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path", None) or "none"
