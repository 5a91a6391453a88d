"""What the API can do, route by route, and a page that shows every part of the design at work."""

import math
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lotone.kernel import Words
from lotone.web.access import Visitor, everyone, platform_of
from lotone.web.page import page, reader_of
from lotone.web.room import Room, Thread

router = APIRouter()
ROOM = Room(routers=(router,))
TOKENS = (
    "ground",
    "surface",
    "raised",
    "sunk",
    "line",
    "ink",
    "ink-2",
    "ink-3",
    "thread",
    "thread-soft",
    "kept",
    "moved",
    "wrong",
)
ALARMS = ("alarm-critical", "alarm-high", "alarm-medium", "alarm-low")


@router.get("/api/v1/docs")
def api_reference(request: Request, visitor: Visitor = everyone()) -> Response:
    """Every request of the API, from its own OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            group = (operation.get("tags") or ["other"])[0]
            groups.setdefault(group, []).append(
                {"path": path, "method": method.upper(), **operation, "fields": _fields(document, operation)}
            )
    return page(request, "reference/api.html", groups=groups)


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Name, type, meaning of what a request takes, and whether it must be there."""
    fields = [
        (one["name"], _type(one.get("schema", {})), one.get("description", ""), bool(one.get("required")))
        for one in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document.get("components", {}).get("schemas", {}).get(content.get("$ref", "").rpartition("/")[2], content)
    needed = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        fields.append((name, _type(one), one.get("description", ""), name in needed))
    return fields


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


@router.get("/reference")
def parts(request: Request, look: str = "plant", visitor: Visitor = everyone()) -> Response:
    """Every part of the design, in both looks."""
    now = platform_of(request).plant()
    thread = Thread.at("machine", operation="#gantt", signal="#trend", unit="#table", buyer=None, promise=None, choice=None)
    template = "reference/shop_parts.html" if look == "shop" else "reference/parts.html"
    return page(request, template, thread=thread, now=now, before=now - timedelta(minutes=3), tokens=TOKENS, alarms=ALARMS)


@router.get("/reference/trend.json")
def trend(request: Request, visitor: Visitor = everyone(), points: int = 400) -> JSONResponse:
    """A computed curve that shows how charts look."""
    now = platform_of(request).plant().timestamp() * 1000
    start = now - 3_600_000
    times = [start + 3_600_000 * step / 240 for step in range(241)]
    warm = [58 + 6 * math.sin(at / 400_000) + 1.5 * math.sin(at / 37_000) for at in times]
    power = [2.2 + 1.1 * math.sin(at / 300_000 + 1) for at in times]
    series = [
        {"label": reader_of(request).words(Words("Temperature", "温度")), "unit": "°C", "time": times, "values": warm,
         "min": [value - 1.2 for value in warm], "max": [value + 1.2 for value in warm], "high": 66, "low": None},
        {"label": reader_of(request).words(Words("Power", "功率")), "unit": "kW", "time": times, "values": power},
    ]  # fmt: skip
    spans = [
        {
            "from": start + 1_500_000,
            "to": start + 1_900_000,
            "label": reader_of(request).words(Words("down", "故障")),
            "kind": "down",
        }
    ]
    answer = {
        "now": now,
        "from": start,
        "to": now,
        "complete": True,
        "zone": "Europe/Berlin",
        "series": series,
        "spans": spans,
    }
    return JSONResponse(answer)


@router.get("/reference/schedule.json")
def schedule(request: Request, rows: int = 12, visitor: Visitor = everyone()) -> JSONResponse:
    """A computed schedule that shows how the Gantt looks, with as many rows as asked for."""
    now = platform_of(request).plant().timestamp() * 1000
    hour = 3_600_000.0
    units = [
        {"id": f"unit-{row}", "label": f"Work unit {row + 1}", "detail": ("Paint", "Frame", "Assembly")[row % 3]}
        for row in range(min(rows, 500))
    ]
    bookings: list[dict[str, Any]] = []
    for row in range(len(units)):
        at = now - 10 * hour + (row * 37 % 60) * 60_000
        for step in range(40):
            length = (18 + (row * 7 + step * 13) % 38) * 60_000.0
            order = f"order {(row // 3 * 40 + step) % 57 + 100}"
            kind = (
                "done"
                if at + length < now
                else "running"
                if at < now
                else "late"
                if step % 17 == 3
                else "locked"
                if step % 11 == 5
                else "planned"
            )
            progress = (now - at) / length if kind == "running" else None
            bookings.append(
                {
                    "id": f"{row}-{step}",
                    "row": f"unit-{row}",
                    "start": at,
                    "end": at + length,
                    "label": order,
                    "short": order[6:],
                    "order": order,
                    "kind": kind,
                    "progress": progress,
                }
            )
            at += length + (step * 29 % 25) * 60_000
    day = 24 * hour
    first = now - now % day - 2 * day
    closed = [
        {"row": f"unit-{row}", "start": first + n * day + 21 * hour, "end": first + n * day + 29 * hour}
        for row in range(0, len(units), 2)
        for n in range(6)
    ]
    down = [
        {
            "row": "unit-1",
            "start": now - hour,
            "end": now + hour * 0.75,
            "label": reader_of(request).words(Words("down", "故障")),
        }
    ]
    return JSONResponse(
        {"now": now, "zone": "Europe/Berlin", "rows": units, "bookings": bookings, "closed": closed, "down": down}
    )
