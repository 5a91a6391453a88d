"""Connections and how they are, one connection with what its machine offers, the quarantine."""

import json
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lotone.assets import Tag
from lotone.connect import Connection, Quarantined, Status, Way, WrongConnection
from lotone.identity import Actor, may
from lotone.kernel import LotOneError, Words, newest_number
from lotone.web.access import needs, platform_of
from lotone.web.connect.adding import Offer, add_tags, as_measured, offers, tags_from_form
from lotone.web.connect.api import router as api
from lotone.web.connect.api import without_secrets
from lotone.web.connect.doors import is_only_here, mqtt_user, push_address, tidy_address
from lotone.web.connect.forms import any_form
from lotone.web.connect.heard import READ_BACK, heard_by
from lotone.web.connect.wizard import MEANINGS, SETTINGS, TYPE_WORDS, protocols
from lotone.web.connect.wizard import router as wizard
from lotone.web.page import go_to, page, reader_of, told
from lotone.web.plant.values import LiveValues, newest, value_text
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section, Thread
from lotone.wiring import Work

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/connect")
Text = Annotated[str, Form()]
SHOWN = 500
THREAD = Thread.at("machine", operation="/plan", signal="/plant/trend")


@router.get("")
def connections(request: Request, actor: Actor = needs("connect.read")) -> Response:
    """Every connection and how it is."""
    return _connections(request, actor, "connect/connections.html")


@router.get("/list")
def connection_list(request: Request, actor: Actor = needs("connect.read")) -> Response:
    """What changes on the page of connections."""
    return _connections(request, actor, "connect/list.html")


def _connections(request: Request, actor: Actor, template: str) -> Response:
    with platform_of(request).look(actor.organization) as work:
        counted: dict[str, int] = {}
        assets: dict[str, set[str]] = {}
        for tag in work.assets.tags():
            if tag.connection:
                counted[tag.connection] = counted.get(tag.connection, 0) + 1
                assets.setdefault(tag.connection, set()).add(tag.asset)
        names = {item.id: item.words for item in work.assets.equipment()}
        return page(
            request,
            template,
            connections=sorted(work.connect.connections(), key=lambda one: _urgency(work, one)),
            states=work.connect.states(),
            counted=counted,
            assets=assets,
            names=names,
            protocols=protocols(),
            discovered=[birth for birth in work.connect.discovered() if birth.online and not birth.device],
            refused=work.connect.quarantine_size(),
            newest=newest_number(work.connection),
            thread=THREAD,
        )


def _urgency(work: Work, connection: Connection) -> tuple[int, str]:
    state = work.connect.states().get(connection.id)
    return (0 if connection.enabled and state is not None and state.status is Status.LOST else 1), connection.id


@router.get("/quarantine")
def quarantine(request: Request, only: str = "", actor: Actor = needs("connect.read")) -> Response:
    """What could not be taken, and why; `only` narrows it to subjects that hold a text."""
    return _quarantine(request, actor, only, "connect/quarantine.html")


@router.get("/quarantine/list")
def quarantine_list(request: Request, only: str = "", actor: Actor = needs("connect.read")) -> Response:
    """What changes on the page of the quarantine."""
    return _quarantine(request, actor, only, "connect/quarantine_list.html")


def _quarantine(request: Request, actor: Actor, only: str, template: str) -> Response:
    with platform_of(request).look(actor.organization) as work:
        found = work.connect.quarantine(limit=READ_BACK if only else SHOWN)
        shown = [one for one in found if only.casefold() in f"{one.subject} {one.reason.en} {one.reason.zh}".casefold()]
        return page(
            request,
            template,
            entries=shown[:SHOWN],
            size=work.connect.quarantine_size(),
            only=only,
            remedy=partial(remedy, known={one.id for one in work.connect.connections()}),
            newest=newest_number(work.connection),
            thread=THREAD,
        )


def remedy(entry: Quarantined, known: Collection[str]) -> str:
    """Where this can be put right, if there is such a page; `known` are the ids of connections."""
    connection = entry.subject.partition(" ")[0]
    if "no tag" in entry.reason.en and connection in known:
        return f"/connect/{connection}"
    if "no tag" in entry.reason.en and entry.subject.startswith("telemetry/"):
        return f"/connect/add?{urlencode({'protocol': 'mqtt', 'machine': entry.subject.split('/')[2]})}"
    return ""


@router.post("/quarantine/forget")
def forget(request: Request, form: FormData = any_form(), actor: Actor = needs("connect.write")) -> Response:
    """Take entries off the list: those ticked, or all that the filter shows."""
    only = str(form.get("only", ""))
    with platform_of(request).work(actor.organization) as work:
        ids = [str(one) for one in form.getlist("id")]
        if form.get("all"):
            found = work.connect.quarantine(limit=READ_BACK)
            ids = [one.id for one in found if only.casefold() in f"{one.subject} {one.reason.en} {one.reason.zh}".casefold()]
        count = work.connect.forget_quarantined(ids)
    text = reader_of(request).say("%(count)s entries were forgotten; what comes again is noted again", count=count)
    return told(_quarantine(request, actor, only, "connect/quarantine_list.html"), text)


@router.get("/{connection}")
def connection(
    request: Request, connection: str, new: Annotated[bool, Query()] = False, actor: Actor = needs("connect.read")
) -> Response:
    """One connection: how it is, its tags with their values, what else its machine offers."""
    return _one(request, actor, connection, "connect/connection.html", new=new)


@router.get("/{connection}/now")
def connection_now(request: Request, connection: str, actor: Actor = needs("connect.read")) -> Response:
    """What changes on a connection's page."""
    return _one(request, actor, connection, "connect/connection_now.html")


def _one(request: Request, actor: Actor, connection: str, template: str, *, new: bool = False) -> Response:
    platform = platform_of(request)
    reader = reader_of(request)
    with platform.look(actor.organization) as work:
        one = work.connect.connection(connection)
        tags = _tags(work, connection)
        samples, missing = newest(platform, actor.organization, tags)
        values = LiveValues(work, tags, samples)
        machines = sorted({tag.asset for tag in tags})
        equipment = {item.id: item for item in work.assets.equipment()}
        if not machines and connection in equipment:
            machines = [connection]
        return page(
            request,
            template,
            one=one,
            state=work.connect.states().get(connection),
            values=values.all(),
            value_text=lambda tag, value: value_text(reader, tag, value),
            settable=one.way not in (Way.MQTT, Way.HTTP, Way.MQTT_CLIENT, Way.MTCONNECT, Way.FILES),
            heard=_listened(work, actor, one, tags) if one.way in (Way.MQTT, Way.HTTP) else [],
            machines=[(name, equipment[name].words) for name in machines if name in equipment],
            settings=_settings_text(one),
            user=mqtt_user(request, work, actor),
            push=push_address(request, connection),
            only_here=is_only_here(platform.settings),
            protocols=protocols(),
            types=TYPE_WORDS,
            meanings=MEANINGS,
            missing=missing,
            new=new,
            newest=newest_number(work.connection),
            thread=Thread.at("machine", operation="/plan", signal="/plant/trend") if not machines else _thread(machines[0]),
        )


def _thread(machine: str) -> Thread:
    return Thread.at("machine", operation="/plan", signal=f"/plant/{machine}")


def _tags(work: Work, connection: str) -> list[Tag]:
    return [tag for tag in work.assets.tags() if tag.connection == connection]


def _listened(work: Work, actor: Actor, one: Connection, tags: list[Tag]) -> list[Offer]:
    """What the machine has sent that is no tag yet."""
    refused = work.connect.quarantine(limit=READ_BACK)
    nodes = heard_by(one, actor.organization, refused, ())
    return [offer for offer in offers(nodes, tags) if not offer.is_taken]


def _settings_text(one: Connection) -> str:
    shown = without_secrets(one.settings)
    return json.dumps(shown, ensure_ascii=False, indent=1) if shown else ""


@router.get("/{connection}/offers")
def offered(request: Request, connection: str, actor: Actor = needs("connect.write")) -> Response:
    """What the machine offers, to be ticked."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        one = work.connect.connection(connection)
        tags = _tags(work, connection)
        births = work.connect.store.births() if one.way is Way.SPARKPLUG else []
        machines = sorted({tag.asset for tag in tags}) or [connection]
    fault = ""
    nodes = heard_by(one, actor.organization, (), births) if one.way is Way.SPARKPLUG else []
    if one.way not in (Way.SPARKPLUG, Way.MODBUS, Way.S7, Way.MQTT, Way.HTTP):
        try:
            nodes = platform.writer.browse(actor.organization, connection)
        except LotOneError as refused:
            fault = refused.message
    found = offers(nodes, tags)
    found = as_measured(found) if one.way is Way.SPARKPLUG else found
    return page(
        request,
        "connect/more.html",
        one=one,
        offers=found,
        fault=fault,
        asset=machines[0],
        types=TYPE_WORDS,
        meanings=MEANINGS,
        registers=one.way in (Way.MODBUS, Way.S7),
        protocol=one.protocol,
    )


@router.post("/{connection}/tags")
def take(request: Request, connection: str, form: FormData = any_form(), actor: Actor = needs("connect.write")) -> Response:
    """Record more of what the machine offers."""
    with platform_of(request).work(actor.organization) as work:
        one = work.connect.connection(connection)
        own = _tags(work, connection)
        asset = str(form.get("asset") or (own[0].asset if own else connection))
        wanted = tags_from_form(form)
        added = add_tags(work, one, asset, wanted)
        _forget_taken(work, one, asset, added)
    return go_to(request, f"/connect/{connection}?new=true" if added else f"/connect/{connection}")


def _forget_taken(work: Work, one: Connection, asset: str, added: list[Tag]) -> None:
    """What was refused for want of these tags needs no attention any more."""
    places = {f"{one.id} ", f"telemetry/{work.organization}/{asset}/", f"{one.address.rstrip('/')}/"}
    subjects = {place + tag.address for place in places for tag in added}
    refused = work.connect.quarantine(limit=READ_BACK)
    work.connect.forget_quarantined(entry.id for entry in refused if entry.subject in subjects)


@router.post("/{connection}/switch")
def switch(request: Request, connection: str, on: Text, actor: Actor = needs("connect.write")) -> Response:
    """Switch a connection on or off."""
    with platform_of(request).work(actor.organization) as work:
        work.connect.switch(connection, on=on == "true")
    return go_to(request, f"/connect/{connection}")


@router.post("/{connection}/change")
def change(
    request: Request,
    connection: str,
    address: Text = "",
    name: Text = "",
    user: Text = "",
    password: Text = "",
    actor: Actor = needs("connect.write"),
) -> Response:
    """Another address, name or log-in; what was read so far is kept."""
    with platform_of(request).work(actor.organization) as work:
        before = work.connect.connection(connection)
        settings = dict(before.settings)
        if "user" in SETTINGS.get(before.protocol, ()):
            settings |= {"user": user} if user else {}
            settings |= {"password": password} if password else {}
            if not user:
                settings.pop("user", None)
                settings.pop("password", None)
        words = Words(name.strip(), before.words.zh) if name.strip() else before.words
        try:
            work.connect.update_connection(
                replace(before, address=tidy_address(before.protocol, address), words=words, settings=settings)
            )
        except WrongConnection as fault:
            raise WrongConnection(fault.message, where="address") from None
    return go_to(request, f"/connect/{connection}")


@router.post("/{connection}/remove")
def remove(request: Request, connection: str, actor: Actor = needs("connect.write")) -> Response:
    """Remove a connection; its tags and all that was recorded stay. It can be taken back."""
    with platform_of(request).work(actor.organization) as work:
        work.connect.remove_connection(connection)
    log.info("connect.removed", organization=actor.organization, by=actor.user, connection=connection)
    return go_to(request, "/connect")


def search(work: Work, actor: Actor, query: str, reader: Reader) -> list[Found]:
    """Connections by id, name or address."""
    if not may(actor, "connect.read"):
        return []
    wanted, names = query.casefold(), protocols()
    return [
        Found(
            reader.words(one.words) or one.id, f"/connect/{one.id}", "plug", reader.words(names[one.protocol]),
            reader.say("connection"),
        )
        for one in work.connect.connections()
        if wanted in f"{one.id} {one.words.en} {one.words.zh} {one.address}".casefold()
    ][:4]  # fmt: skip


ROOM = Room(
    routers=(wizard, router, api),
    menu=(
        Entry(Words("Connections", "连接"), "/connect", "plug", "connect.read", Section.MACHINES, order=30),
        Entry(Words("Quarantine", "隔离区"), "/connect/quarantine", "shield", "connect.read", Section.MACHINES, order=40),
    ),
    search=search,
)
