"""Changing the schedule by hand on its page: the ghost's answer, drops, locks, the form beside the picture, undo."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Invalid
from lotone.plan import CantUndo, Effect
from lotone.web.access import needs, platform_of
from lotone.web.page import page, part, reader_of, told
from lotone.web.plan.desk import Desk
from lotone.web.plan.effect import Told, done
from lotone.web.plan.effect import told as told_effect
from lotone.web.plan.hand_api import hand_of, machine_of
from lotone.web.plan.layers import milliseconds
from lotone.web.plan.operation import operation

router = APIRouter(prefix="/plan")
UNDO = "/plan/undo"
Machine = Annotated[str, Form(max_length=80)]
Start = Annotated[str, Form(max_length=40, description="Milliseconds since 1970, or a local time of the plant.")]


@router.post("/bookings/{booking}/try")
def try_move(
    request: Request, booking: str, start: Start, machine: Machine = "", actor: Actor = needs("plan.write")
) -> Response:
    """What a drop would do: a part of the page for the form, and for the ghost of a bar the same with its numbers."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        effect = work.plan.try_move(booking, machine or machine_of(work, booking), _moment(start, desk))
        shown = _told(desk, effect)
        values = {**desk.values, "one": shown}
        if "hx-request" in request.headers:
            return page(request, "plan/effect.html", **values)
        answer = {**_ghost(shown), "html": str(part("plan/effect.html", desk.reader, values))}
    return Response(orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/bookings/{booking}/move")
def move(request: Request, booking: str, start: Start, machine: Machine = "", actor: Actor = needs("plan.write")) -> Response:
    """Drop an operation: it is moved and locked, and the whole can be undone."""
    with platform_of(request).work(actor.organization) as work:
        desk = Desk.of(request, work)
        wanted = machine or machine_of(work, booking)
        change = work.plan.move(booking, wanted, _moment(start, desk), hand_of(actor))
        text = done(change, desk.names)
    return _beside(request, actor, booking, text)


@router.post("/bookings/{booking}/lock")
def lock(request: Request, booking: str, actor: Actor = needs("plan.write")) -> Response:
    """Keep an operation where it stands."""
    with platform_of(request).work(actor.organization) as work:
        change = work.plan.lock(booking, hand_of(actor))
        text = done(change, Desk.of(request, work).names) if change else ""
    return _beside(request, actor, booking, text)


@router.post("/bookings/{booking}/unlock")
def unlock(request: Request, booking: str, actor: Actor = needs("plan.write")) -> Response:
    """Let an operation be moved again."""
    with platform_of(request).work(actor.organization) as work:
        change = work.plan.unlock(booking, hand_of(actor))
        text = done(change, Desk.of(request, work).names) if change else ""
    return _beside(request, actor, booking, text)


@router.post("/undo")
def undo(request: Request, actor: Actor = needs("plan.write")) -> Response:
    """Take the last change by hand back, or say why that is not possible any more."""
    reader = reader_of(request)
    answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
    try:
        with platform_of(request).work(actor.organization) as work:
            change = work.plan.undo(hand_of(actor))
            text = reader.say("Undone: %(change)s", change=done(change, Desk.of(request, work).names))
    except CantUndo as fault:
        why = reader.words(fault.words)
        return told(answer, reader.say("The last change can't be undone: %(why)s", why=why), kind="wrong")
    return told(answer, text)


def _beside(request: Request, actor: Actor, booking: str, text: str) -> Response:
    """The operation's panel as it is now, with a toast that offers to undo."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        one = operation(work, desk.snapshot, desk.names, booking)
        answer = page(request, "plan/operation.html", **desk.values, one=one)
    return told(answer, text, undo=UNDO) if text else answer


def _told(desk: Desk, effect: Effect) -> Told:
    return told_effect(effect, desk.names, desk.plant, desk.snapshot.settings.packing)


def _ghost(shown: Told) -> dict[str, Any]:
    after = shown.effect.after
    possible = shown.effect.possible_from
    return {
        "verdict": shown.verdict.value,
        "machine": after.work_unit,
        "start": milliseconds(after.start),
        "end": milliseconds(after.end),
        "possible": None if possible is None else milliseconds(possible),
        "words": shown.words,
    }


def _moment(text: str, desk: Desk) -> datetime:
    """From milliseconds, or from a field for a date and a time in the plant."""
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as fault:
        raise Invalid(f"{text!r} is not a moment; choose a date and a time", where="start") from fault
    return (moment if moment.tzinfo else moment.replace(tzinfo=desk.plant.tz)).astimezone(UTC)
