"""The web application of one platform: every folder of pages, behind the same door keeper."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Route

from lotone import __version__
from lotone.configure import Visits
from lotone.identity.service import TOKEN_TOUCH
from lotone.web import faults, static
from lotone.web.access import Due, access_of
from lotone.web.health import router as health
from lotone.web.live import Tail
from lotone.web.middleware import BodyLimit, Measured, Measures, SecurityHeaders
from lotone.web.pace import Pace
from lotone.web.room import Room
from lotone.web.rooms import ROOMS
from lotone.web.search import router as search
from lotone.web.turns import Turns
from lotone.web.watching import keep_counting, keep_counts
from lotone.wiring import Platform

OPEN_PATHS = frozenset({"/static/{path:path}", "/api/v1/openapi.json"})
"""Plain routes that are the same for everybody."""


def create_app(platform: Platform, rooms: Sequence[Room] = ROOMS) -> FastAPI:
    """The application, ready to be served. Raises ValueError for a route that does not say who may use it."""
    app = FastAPI(
        title="LotOne",
        version=__version__,
        description="Everything that the pages do, for programs. Send an API token as `Authorization: Bearer lo_...`; "
        "errors are problem+json (RFC 9457).",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.platform = platform
    app.state.rooms = rooms
    app.state.menu = [entry for room in rooms for entry in room.menu]
    app.state.token_uses = Due(TOKEN_TOUCH.total_seconds(), platform.wall)
    app.state.guests = Pace(platform.settings.guest_changes_per_minute, platform.wall)
    app.state.turns = Turns()
    app.state.measures = Measures()
    app.state.visits = Visits(platform.today)
    app.router.routes.append(Route("/static/{path:path}", static.serve, name="static"))
    for router in (health, search, *(router for room in rooms for router in room.routers)):
        app.router.routes.extend(router.routes)  # as they are, so that each can be asked who may use it
    faults.install(app)
    _check_routes(app.routes)
    app.add_middleware(BodyLimit, most=platform.settings.body_bytes_max)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Measured, measures=app.state.measures)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.tail = Tail(app.state.platform)
    await app.state.tail.start()
    counting = asyncio.create_task(keep_counting(app.state.platform, app.state.visits))
    yield
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    await run_in_threadpool(keep_counts, app.state.platform, app.state.visits, everything=True)
    await app.state.tail.stop()


def _check_routes(routes: Sequence[BaseRoute]) -> None:
    """Every route says who may use it; the API's document repeats it."""
    silent = []
    for route in routes:
        access = access_of(route)
        if access is None and getattr(route, "path", "") not in OPEN_PATHS:
            silent.append(f"{getattr(route, 'methods', '')} {getattr(route, 'path', route)}")
        if access is not None and isinstance(route, APIRoute):
            more: dict[str, Any] = {"x-audience": access.audience, "x-action": access.action}
            route.openapi_extra = {**(route.openapi_extra or {}), **more}
            route.include_in_schema = route.path.startswith("/api/")
    if silent:
        raise ValueError(f"these routes do not declare who may use them: {', '.join(silent)}")


def routes_of(app: FastAPI) -> list[tuple[str, str, str | None, str]]:
    """Method, path, action and audience of every route, for tests and the API's reference."""
    found = []
    for route in app.routes:
        access = access_of(route)
        if access is not None:
            methods: set[str] = getattr(route, "methods", None) or set()
            found += [(method, str(getattr(route, "path", "")), access.action, access.audience) for method in sorted(methods)]
    return found
