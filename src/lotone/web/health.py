"""Health for machines: alive, ready, measured."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from lotone.kernel import LotOneError, Words
from lotone.web.access import Visitor, everyone, platform_of
from lotone.web.middleware import Measures
from lotone.wiring import Platform

router = APIRouter()
DISK_LEAST = 500 * 1024 * 1024


@dataclass(frozen=True)
class Check:
    """One part of the installation and how it is."""

    name: str
    words: Words
    is_well: bool
    detail: str
    milliseconds: float
    is_needed: bool = True
    """Without it no request can be answered."""


def checks(platform: Platform, organization: str) -> list[Check]:
    """Every part that the pages rely on, asked just now; samples are counted for one organization."""
    return [
        _check("database", Words("State database", "状态数据库"), lambda: _database(platform)),
        _check("messages", Words("Message server", "消息服务器"), lambda: _messages(platform)),
        _check(
            "historian",
            Words("Recorder and historian", "记录器与历史库"),
            lambda: _historian(platform, organization),
            is_needed=False,
        ),
        _check("storage", Words("Storage", "存储"), lambda: _storage(platform), is_needed=False),
    ]


def _check(name: str, words: Words, ask: Callable[[], str], *, is_needed: bool = True) -> Check:
    begun = time.perf_counter()
    try:
        detail, is_well = ask(), True
    except LotOneError as fault:
        detail, is_well = fault.message, False
    return Check(name, words, is_well, detail, (time.perf_counter() - begun) * 1000, is_needed)


def _database(platform: Platform) -> str:
    with platform.database.look() as connection:
        connection.execute(text("SELECT 1"))
    return "SQLite" if platform.database.is_sqlite else "PostgreSQL"


def _messages(platform: Platform) -> str:
    if not platform.messages.is_connected:
        raise LotOneError("not connected; it is started by `lotone up` and comes back by itself")
    return "NATS"


def _historian(platform: Platform, organization: str) -> str:
    _messages(platform)
    return f"{platform.historian.count(organization):,} samples"


def _storage(platform: Platform) -> str:
    free = shutil.disk_usage(platform.settings.data.absolute() if platform.settings.data.exists() else ".").free
    if free < DISK_LEAST:
        raise LotOneError(f"only {free / 1e6:.0f} MB are free in {platform.settings.data}; make room, or recording stops")
    return f"{free / 1e9:.0f} GB free"


@router.get("/healthz")
def alive(visitor: Visitor = everyone()) -> JSONResponse:
    """This process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def ready(request: Request, visitor: Visitor = everyone()) -> JSONResponse:
    """Everything needed to answer requests answers."""
    platform = platform_of(request)
    needed = [
        _check("database", Words("State database"), lambda: _database(platform)),
        _check("messages", Words("Message server"), lambda: _messages(platform)),
    ]
    well = all(check.is_well for check in needed)
    parts = {check.name: "ok" if check.is_well else check.detail for check in needed}
    return JSONResponse({"status": "ok" if well else "unavailable", "parts": parts}, 200 if well else 503)


@router.get("/metrics")
def metrics(request: Request, visitor: Visitor = everyone()) -> Response:
    """Numbers about all web processes of this installation in Prometheus' text format."""
    measures: Measures = request.app.state.measures
    return Response(generate_latest(measures.told), media_type=CONTENT_TYPE_LATEST)
