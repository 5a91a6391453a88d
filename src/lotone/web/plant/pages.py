"""The plant at a glance, one machine with its tags, states and jobs, and trends of any tags together."""

from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lotone.assets import DataType, Equipment, Level, Meaning, Tag, UnknownEquipment
from lotone.identity import Actor, Role, may
from lotone.kernel import Words, newest_number
from lotone.web.access import needs, platform_of
from lotone.web.connect.wizard import protocols
from lotone.web.page import page, reader_of
from lotone.web.plan.plant_time import PlantTime
from lotone.web.plant.api import router as api
from lotone.web.plant.jobs import done, following
from lotone.web.plant.machines import Look, key_tags
from lotone.web.plant.timeline import strip
from lotone.web.plant.trend import chosen_tags, from_milliseconds, is_drawable, numbers_of, trend
from lotone.web.plant.values import STATE_WORDS, short_text, value_text
from lotone.web.plant.writing import is_offered, read_value, write
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section, Thread
from lotone.wiring import Work

router = APIRouter(prefix="/plant")
HOURS = (2, 8, 24, 168)
FIRST = 3
Milliseconds = Annotated[float, Query(description="Milliseconds since 1970.")]


def _surroundings(request: Request, look: Look) -> dict[str, Any]:
    """What every template here sees."""
    reader = reader_of(request)
    zone = look.work.platform.plan_settings.time_zone
    return {
        "plant": PlantTime(reader, zone),
        "now": look.now,
        "state_words": STATE_WORDS,
        "value_text": lambda tag, value: value_text(reader, tag, value),
        "short_text": lambda tag, value: short_text(reader, tag, value),
        "newest": newest_number(look.work.connection),
    }


@router.get("")
def plant(request: Request, actor: Actor = needs("insight.read")) -> Response:
    """Every machine and how it is."""
    return _plant(request, actor, "plant/plant.html")


@router.get("/board")
def board(request: Request, actor: Actor = needs("insight.read")) -> Response:
    """What changes on the plant page."""
    return _plant(request, actor, "plant/board.html")


def _plant(request: Request, actor: Actor, template: str) -> Response:
    with platform_of(request).look(actor.organization) as work:
        look = Look(work)
        thread = Thread.at("machine", operation="/plan", signal="/plant/trend", unit="/units")
        return page(request, template, floor=look.floor(), thread=thread, **_surroundings(request, look))


@router.get("/trend")
def trends(request: Request, tags: str | None = None, actor: Actor = needs("historian.read")) -> Response:
    """Any tags together; the choice and the range are in the address."""
    with platform_of(request).look(actor.organization) as work:
        look = Look(work)
        first = [key for unit in work.assets.work_units() for key in key_tags(look.tags.get(unit.id, []))[:1]][:FIRST]
        chosen = first if tags is None else chosen_tags(work, numbers_of(tags))
        names = {item.id: item.words for item in work.assets.equipment()}
        drawable = sorted((tag for tag in work.assets.tags() if is_drawable(tag)), key=lambda tag: (tag.asset, tag.number))
        order = {item: place for place, item in enumerate(names)}
        drawable.sort(key=lambda tag: order.get(tag.asset, 0))
        machines = [(asset, list(group)) for asset, group in groupby(drawable, key=lambda tag: tag.asset)]
        return page(
            request,
            "plant/trend.html",
            chosen=[tag.number for tag in chosen],
            machines=machines,
            names=names,
            thread=Thread.at("signal", machine="/plant", operation="/plan"),
            **_surroundings(request, look),
        )


@router.get("/trend.json")
def trend_json(
    request: Request,
    start: Annotated[Milliseconds, Query(alias="from")],
    end: Annotated[Milliseconds, Query(alias="to")],
    tags: str = "",
    points: Annotated[int, Query(ge=1, le=10_000)] = 800,
    actor: Actor = needs("historian.read"),
) -> Response:
    """What the trend draws."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        chosen = chosen_tags(work, numbers_of(tags))
        first, last = sorted((from_milliseconds(start), from_milliseconds(end)))
        answer = trend(platform, work, reader_of(request), chosen, first, last, points)
    return Response(orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/{work_unit}")
def machine(
    request: Request,
    work_unit: str,
    hours: Annotated[int, Query(ge=1, le=744)] = 8,
    tags: str | None = None,
    actor: Actor = needs("insight.read"),
) -> Response:
    """One machine."""
    return _machine(request, actor, work_unit, hours, tags, "plant/machine.html")


@router.get("/{work_unit}/now")
def machine_now(
    request: Request,
    work_unit: str,
    hours: Annotated[int, Query(ge=1, le=744)] = 8,
    tags: str | None = None,
    actor: Actor = needs("insight.read"),
) -> Response:
    """What changes on a machine's page."""
    return _machine(request, actor, work_unit, hours, tags, "plant/machine_now.html")


def _machine(request: Request, actor: Actor, work_unit: str, hours: int, tags: str | None, template: str) -> Response:
    with platform_of(request).look(actor.organization) as work:
        unit = _work_unit(work, work_unit)
        look = Look(work, work_unit)
        one = look.machine(unit)
        own = look.tags.get(work_unit, [])
        start = look.now - timedelta(hours=hours)
        surroundings = _surroundings(request, look)
        stretches = work.insight.timeline(work_unit, start, look.now)
        connections = {each.id: each for each in work.connect.connections()}
        used = sorted({tag.connection for tag in own if tag.connection})
        return page(
            request,
            template,
            one=one,
            hours=hours,
            ranges=HOURS,
            strip=strip(stretches, start.astimezone(look.zone), look.now.astimezone(look.zone)),
            stretches=[each for each in reversed(stretches) if each.seconds >= 1][:200],
            values=[look.values.of(tag) for tag in sorted(own, key=_rank)],
            drawable={tag.number for tag in own if is_drawable(tag)},
            writable={tag.number for tag in own if is_offered(tag)},
            chosen=_chosen(own, tags),
            missing=look.missing,
            connections=[(connections[name], look.values.states.get(name)) for name in used if name in connections],
            protocols=protocols(),
            done=done(look, work_unit),
            following=following(look, work_unit),
            thread=_thread(one),
            **surroundings,
        )


def _thread(one: Any) -> Thread:
    booking = f"/plan?booking={one.job.work.booking}" if one.job else "/plan"
    unit = f"/units/{one.job.serial}" if one.job and one.job.serial else "/units"
    return Thread.at("machine", operation=booking, signal="/plant/trend", unit=unit)


_RANKS = {
    Meaning.SENSOR: 0,
    Meaning.CHECK: 1,
    Meaning.PARAMETER: 2,
    Meaning.STATE: 3,
}


def _rank(tag: Tag) -> tuple[int, int]:
    return 5 if tag.data_type is DataType.TEXT else _RANKS.get(tag.meaning, 4), tag.number


def _chosen(own: list[Tag], tags: str | None) -> list[int]:
    """The tags in the machine's trend: those of the address, else the values it is known by."""
    if tags is None:
        keys = key_tags(own) or [tag for tag in own if is_drawable(tag)][:1]
        return [tag.number for tag in keys]
    known = {tag.number for tag in own}
    return [number for number in numbers_of(tags) if number in known]


def _work_unit(work: Work, work_unit: str) -> Equipment:
    """Raises UnknownEquipment."""
    unit = work.assets.equipment_called(work_unit)
    if unit.level is not Level.WORK_UNIT:
        raise UnknownEquipment(f"{work_unit} is no machine")
    return unit


@router.get("/{work_unit}/write/{name}")
def write_form(request: Request, work_unit: str, name: str, actor: Actor = needs("connect.command")) -> Response:
    """The form to set one tag."""
    return _write_form(request, actor, work_unit, name)


def _write_form(request: Request, actor: Actor, work_unit: str, name: str, value: str | None = None) -> Response:
    """The form; with a value the question whether to send exactly that."""
    with platform_of(request).look(actor.organization) as work:
        unit = _work_unit(work, work_unit)
        tag = work.assets.tag(f"{work_unit}/{name}")
        look = Look(work, work_unit)
        live = look.values.of(tag)
        checked = None if value is None else read_value(tag, value)
        connection = work.connect.connection(tag.connection) if tag.connection else None
        return page(
            request,
            "plant/write.html",
            unit=unit,
            live=live,
            state=look.machine(unit).state,
            gets_jobs=any(each.meaning is Meaning.REQUEST for each in look.tags.get(work_unit, [])),
            value=checked,
            connection=connection,
            protocols=protocols(),
            DataType=DataType,
            **_surroundings(request, look),
        )


@router.post("/{work_unit}/write/{name}/check")
def write_check(
    request: Request, work_unit: str, name: str, value: Annotated[str, Form()], actor: Actor = needs("connect.command")
) -> Response:
    """What exactly would be sent; nothing is sent yet."""
    return _write_form(request, actor, work_unit, name, value)


@router.post("/{work_unit}/write/{name}")
def write_tag(
    request: Request, work_unit: str, name: str, value: Annotated[str, Form()], actor: Actor = needs("connect.command")
) -> Response:
    """Send it, and say what the machine reads back."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        unit = _work_unit(work, work_unit)
        tag = work.assets.tag(f"{work_unit}/{name}")
    written = write(platform, actor, tag, read_value(tag, value))
    with platform.look(actor.organization) as work:
        return page(request, "plant/written.html", unit=unit, written=written, **_surroundings(request, Look(work, work_unit)))


def search(work: Work, actor: Actor, query: str, reader: Reader) -> list[Found]:
    """Machines and tags by id or name."""
    if not may(actor, "insight.read"):
        return []
    wanted = query.casefold()
    equipment = {item.id: item for item in work.assets.equipment()}
    found = [
        Found(reader.words(item.words), f"/plant/{item.id}", "factory", item.id, reader.say("machine"))
        for item in equipment.values()
        if item.level is Level.WORK_UNIT and wanted in f"{item.id} {item.words.en} {item.words.zh}".casefold()
    ][:5]
    if not may(actor, "historian.read"):
        return found
    tags = [tag for tag in work.assets.tags() if wanted in f"{tag.path} {tag.words.en} {tag.words.zh}".casefold()]
    return found + [
        Found(reader.words(tag.words), f"/plant/{tag.asset}?tags={tag.number}", "activity", tag.path, reader.say("tag"))
        for tag in tags[:5]
        if tag.asset in equipment and equipment[tag.asset].level is Level.WORK_UNIT
    ]


ROOM = Room(
    routers=(router, api),
    menu=(
        Entry(
            Words("Plant", "工厂"), "/plant", "factory", "insight.read", Section.MACHINES,
            frozenset({Role.ENGINEER, Role.OPERATOR}), 10,
        ),
        Entry(Words("Trends", "趋势"), "/plant/trend", "chart-line", "historian.read", Section.MACHINES, order=20),
    ),
    search=search,
)  # fmt: skip
