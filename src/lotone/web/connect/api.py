"""Connections, trying addresses, pushing samples, and the quarantine, for programs."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotone.assets import DataType, Meaning
from lotone.connect import Connection, ConnectionState, Node, Pusher, Quarantined, Status, Way
from lotone.identity import Actor
from lotone.kernel import Conflict, Invalid, NotFound, Words
from lotone.web.access import needs, platform_of
from lotone.web.connect.adding import NewMachine, NewTag, Offer, add_machine, add_tags, offers, tag_name
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["connect"])
PROTOCOL = f"One of {', '.join(Way)}, or the name of an installed driver."
SECRET = re.compile(r"pass(word|phrase)|secret|token|(^|_)key$", re.IGNORECASE)
"""Names of settings whose values are not shown; drivers that others wrote have names of their own."""
HIDDEN = "***"
AnyValue = bool | int | float | str


class PushElsewhere(Conflict):
    """Samples are pushed only for HTTP connections that are switched on."""


class NewTagIn(BaseModel):
    address: str = Field(min_length=1, max_length=500)
    name: str = Field("", max_length=63, description="Proposed from the address if left out.")
    data_type: DataType
    meaning: Meaning = Meaning.SENSOR
    unit: str = Field("", max_length=40)
    writable: bool = False
    low: float | None = None
    high: float | None = None
    resolution: float | None = None
    words: dict[str, str] = Field(default_factory=dict, description='Such as {"en": "Oil temperature", "zh": "油温"}.')


class NewConnection(BaseModel):
    id: str = Field(max_length=39)
    protocol: str = Field(max_length=20, description=PROTOCOL)
    address: str = Field("", max_length=400)
    settings: dict[str, Any] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict)
    work_unit: str = Field("", max_length=39, description="An existing or new machine; left out, only the connection is made.")
    work_center: str = Field("", max_length=39, description="Where a new machine stands; the first there is if left out.")
    tags: list[NewTagIn] = Field(default_factory=list, max_length=5_000)


class ChangedConnection(BaseModel):
    address: str | None = Field(None, max_length=400)
    settings: dict[str, Any] | None = None
    enabled: bool | None = None
    words: dict[str, str] | None = None


class ConnectionOut(BaseModel):
    id: str
    protocol: str = Field(max_length=20, description=PROTOCOL)
    address: str
    settings: dict[str, Any] = Field(description="Passwords are not shown.")
    enabled: bool
    words: dict[str, str]
    status: Status
    since: datetime | None
    last_message_at: datetime | None
    state: dict[str, str] = Field(description="How it is, in words.")
    fault: dict[str, str] | None = Field(description="The last fault, with what to do about it.")
    fault_at: datetime | None


class Probe(BaseModel):
    protocol: str = Field(max_length=20, description=PROTOCOL)
    address: str = Field(max_length=400)
    settings: dict[str, Any] = Field(default_factory=dict)


class Offered(BaseModel):
    address: str
    label: str
    name: str = Field(description="Proposed name of the tag.")
    data_type: DataType | None
    meaning: Meaning
    unit: str
    writable: bool
    value: AnyValue | None
    is_taken: bool


class FoundOut(BaseModel):
    words: dict[str, str]
    nodes: list[Offered]


class QuarantinedOut(BaseModel):
    id: str
    subject: str
    reason: dict[str, str]
    payload: str
    encoding: str
    size: int
    first_at: datetime
    received_at: datetime
    count: int


class PushedOut(BaseModel):
    taken: int = Field(description="Readings that are on disk now.")


@router.get("/connections")
def connections(request: Request, actor: Actor = needs("connect.read")) -> list[ConnectionOut]:
    """All connections and how they are."""
    with platform_of(request).look(actor.organization) as work:
        states = work.connect.states()
        return [_out(one, states.get(one.id)) for one in work.connect.connections()]


@router.post("/connections", status_code=201)
def add(request: Request, new: NewConnection, actor: Actor = needs("connect.write")) -> ConnectionOut:
    """A new connection; with `work_unit` its machine and tags too, all or nothing."""
    connection = Connection(new.id, new.protocol, new.address, new.settings, words=_words(new.words))
    with platform_of(request).work(actor.organization) as work:
        if new.work_unit:
            saved = add_machine(
                work,
                NewMachine(connection, new.work_unit, _words(new.words), new.work_center, tuple(map(_new_tag, new.tags))),
            )
        elif new.tags:
            raise Invalid("tags belong to a machine: say which in work_unit", where="work_unit")
        else:
            saved = work.connect.add_connection(connection)
        return _one(work, saved.id)


@router.post("/connections/probe")
def probe(request: Request, wanted: Probe, actor: Actor = needs("connect.write")) -> FoundOut:
    """Try an address before saving it: what is there, and what tags are proposed."""
    found = platform_of(request).writer.probe(actor.organization, wanted.protocol, wanted.address, wanted.settings)
    return FoundOut(words=found.words.as_dict(), nodes=[_offered(offer) for offer in offers(found.nodes)])


@router.get("/connections/{connection}")
def connection(request: Request, connection: str, actor: Actor = needs("connect.read")) -> ConnectionOut:
    """One connection."""
    with platform_of(request).look(actor.organization) as work:
        return _one(work, connection)


@router.patch("/connections/{connection}")
def change(
    request: Request, connection: str, changed: ChangedConnection, actor: Actor = needs("connect.write")
) -> ConnectionOut:
    """Change address, settings, words, or switch it on and off; how far its machine was read is kept."""
    with platform_of(request).work(actor.organization) as work:
        before = work.connect.connection(connection)
        settings = before.settings if changed.settings is None else _kept_secret(changed.settings, before)
        work.connect.update_connection(
            Connection(
                before.id,
                before.protocol,
                before.address if changed.address is None else changed.address,
                settings,
                before.enabled if changed.enabled is None else changed.enabled,
                before.words if changed.words is None else _words(changed.words),
            )
        )
        return _one(work, connection)


def _kept_secret(settings: dict[str, Any], before: Connection) -> dict[str, Any]:
    """A password that was read as *** and sent back stays as it is."""
    kept = {name for name, value in settings.items() if value == HIDDEN and SECRET.search(name) and name in before.settings}
    return settings | {name: before.settings[name] for name in kept}


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they may be shown."""
    return {name: HIDDEN if SECRET.search(name) else value for name, value in settings.items()}


@router.delete("/connections/{connection}", status_code=204)
def remove(request: Request, connection: str, actor: Actor = needs("connect.write")) -> Response:
    """Remove a connection; its tags and all that was recorded stay."""
    with platform_of(request).work(actor.organization) as work:
        work.connect.remove_connection(connection)
    return Response(status_code=204)


@router.get("/connections/{connection}/nodes")
def nodes(request: Request, connection: str, actor: Actor = needs("connect.read")) -> list[Offered]:
    """What the connection's machine offers now, and which of it is recorded."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        work.connect.connection(connection)
        known = [tag for tag in work.assets.tags() if tag.connection == connection]
    found: list[Node] = platform.writer.browse(actor.organization, connection)
    return [_offered(offer) for offer in offers(found, known)]


@router.post("/connections/{connection}/tags", status_code=201)
def add_more(
    request: Request, connection: str, wanted: list[NewTagIn], asset: str, actor: Actor = needs("connect.write")
) -> list[int]:
    """Record more values of a machine; answers the numbers of their tags."""
    with platform_of(request).work(actor.organization) as work:
        one = work.connect.connection(connection)
        work.assets.equipment_called(asset)
        return [tag.number for tag in add_tags(work, one, asset, map(_new_tag, wanted))]


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/connections/{connection}/samples",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"example": {"time": "2026-03-02T07:00:00Z", "values": {"temperature": 21.5}}}},
        }
    },
)
def push(
    request: Request,
    connection: str,
    once: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=100, description="The same key within ten minutes counts once."),
    ] = None,
    payload: bytes = Depends(_body),
    actor: Actor = needs("historian.write"),
) -> PushedOut:
    """Push samples: `{"time": ..., "values": {"<address>": ...}}` or a list of such. They are on disk before this answers."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        one = work.connect.connection(connection)
    if one.way is not Way.HTTP:
        raise PushElsewhere(
            f"{connection} is reached by {one.protocol}; samples are pushed only to connections of protocol http"
        )
    if not one.enabled:
        raise PushElsewhere(f"the connection {connection} is switched off; an engineer can switch it on")
    return PushedOut(taken=Pusher(platform.messages, platform.wall).push(actor.organization, connection, payload, once=once))


@router.get("/quarantine")
def quarantine(
    request: Request, limit: Annotated[int, Query(ge=1, le=2_000)] = 200, actor: Actor = needs("connect.read")
) -> list[QuarantinedOut]:
    """What could not be taken, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        return [_quarantined(one) for one in work.connect.quarantine(limit=limit)]


@router.delete("/quarantine/{id}", status_code=204)
def forget(request: Request, id: str, actor: Actor = needs("connect.write")) -> Response:
    """Take one entry off the list; what comes again is noted again."""
    with platform_of(request).work(actor.organization) as work:
        if not work.connect.forget_quarantined([id]):
            raise NotFound(f"there is no entry {id} in the quarantine")
    return Response(status_code=204)


def _one(work: Work, connection: str) -> ConnectionOut:
    return _out(work.connect.connection(connection), work.connect.states().get(connection))


def _out(one: Connection, state: ConnectionState | None) -> ConnectionOut:
    return ConnectionOut(
        id=one.id,
        protocol=one.way,
        address=one.address,
        settings=without_secrets(one.settings),
        enabled=one.enabled,
        words=one.words.as_dict(),
        status=state.status if state else Status.WAITING,
        since=state.since if state else None,
        last_message_at=state.last_message_at if state else None,
        state=state.words.as_dict() if state else {"en": "", "zh": ""},
        fault=state.fault_words.as_dict() if state and state.fault_words else None,
        fault_at=state.fault_at if state else None,
    )


def _new_tag(one: NewTagIn) -> NewTag:
    return NewTag(
        one.address,
        one.name or tag_name(one.address),
        one.data_type,
        one.meaning,
        one.unit,
        one.writable,
        _words(one.words),
        one.low,
        one.high,
        one.resolution,
    )


def _words(texts: dict[str, str]) -> Words:
    return Words(texts.get("en", "")[:120], texts.get("zh", "")[:120])


def _offered(offer: Offer) -> Offered:
    return Offered(**{name: getattr(offer, name) for name in Offered.model_fields})


def _quarantined(one: Quarantined) -> QuarantinedOut:
    values = {name: getattr(one, name) for name in QuarantinedOut.model_fields if name != "reason"}
    return QuarantinedOut(**values, reason=one.reason.as_dict())
