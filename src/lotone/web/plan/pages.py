"""The schedule, its side panel and what needs attention beside it; promises, load and changes on pages of their own."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from lotone.identity import Actor, Role
from lotone.kernel import Words
from lotone.plan import Resource
from lotone.web.access import needs, platform_of
from lotone.web.page import page, reader_of
from lotone.web.plan.api import router as api
from lotone.web.plan.changes import Change, changes
from lotone.web.plan.desk import Desk
from lotone.web.plan.hand import router as hand
from lotone.web.plan.hand_api import router as hand_api
from lotone.web.plan.kept import router as kept
from lotone.web.plan.layers import PART
from lotone.web.plan.loads import loads, narrowest
from lotone.web.plan.operation import operation
from lotone.web.plan.picture import STATE_WORDS, By, Picture, Range
from lotone.web.plan.printed import Paper, sheets
from lotone.web.plan.profile import answer as profile_answer
from lotone.web.plan.profile import edges
from lotone.web.plan.promises import Shown, Standing, Tracked, chosen, strips, tracked
from lotone.web.plan.views import MENU
from lotone.web.plan.views import router as views
from lotone.web.plan.views_api import router as views_api
from lotone.web.room import Entry, Room, Section, Thread
from lotone.wiring import Work

router = APIRouter(prefix="/plan")
SOON = timedelta(days=1)
SHORT_LIST = 6
FEED = 10
LONG_FEED = 120
DAYS = 14
MILLISECONDS = "Milliseconds since 1970."
HEADS = (
    "Order", "Unit", "Operation", "Work center", "Machine", "State", "Begin", "End", "Minutes", "Promised", "With", "Locked",
    "Booking",
)  # fmt: skip


@dataclass(frozen=True)
class Attention:
    """What a planner should know before anything else."""

    late: int
    tight: int
    due_soon: int
    open_orders: int
    down: list[Resource]
    narrowest: tuple[str, float] | None
    worst: list[Tracked]
    feed: list[Change]


def _attention(desk: Desk) -> Attention:
    found = tracked(desk.snapshot, desk.names)
    wrong = chosen(found, Shown.ATTENTION, desk.snapshot.now, SOON)
    today = loads(desk.work.plan, [desk.snapshot.now, desk.snapshot.now + timedelta(days=2)])
    return Attention(
        late=sum(each.standing is Standing.LATE for each in wrong),
        tight=sum(each.standing is Standing.TIGHT for each in wrong),
        due_soon=len(chosen(found, Shown.SOON, desk.snapshot.now, SOON)),
        open_orders=len(found),
        down=[each for each in desk.snapshot.resources.values() if each.is_down],
        narrowest=narrowest(today),
        worst=wrong[:SHORT_LIST],
        feed=changes(desk.work, desk.names, FEED),
    )


@router.get("")
def schedule(
    request: Request,
    by: By = By.MACHINE,
    booking: str = "",
    order: str = "",
    actor: Actor = needs("plan.read"),
) -> Response:
    """The schedule as a picture; `order` shows the next operation of that order."""
    with platform_of(request).look(actor.organization) as work:
        if order:
            return RedirectResponse(_address_of(work, order), 303)
        desk = Desk.of(request, work)
        chosen_one = work.plan.booking(booking) if booking else None
        return page(
            request,
            "plan/schedule.html",
            **desk.values,
            by=by,
            attention=_attention(desk),
            strips=None,
            one=operation(work, desk.snapshot, desk.names, booking) if chosen_one else None,
            center=int(chosen_one.start.timestamp() * 1000) if chosen_one else None,
            is_empty=not desk.snapshot.resources,
            machines=sorted(desk.snapshot.resources.values(), key=lambda each: desk.names.place(each.work_unit)),
            thread=Thread.at("operation", promise="/plan/promises", machine="/plant"),
        )


def _address_of(work: Work, order: str) -> str:
    """The next operation of an order (the last, when all are done) in the schedule."""
    bookings = work.plan.bookings_of(order)
    waiting = [each for each in bookings if each.state.takes_time] or bookings[-1:]
    return f"/plan?booking={waiting[0].id}" if waiting else "/plan"


@router.get("/attention")
def attention(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """What stands beside the picture and changes with it: the line of figures, the worst promises, the newest changes."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        return page(request, "plan/attention.html", **desk.values, attention=_attention(desk))


@router.get("/schedule.json")
def picture(
    request: Request,
    start: Annotated[float, Query(alias="from", description=MILLISECONDS, allow_inf_nan=False)],
    end: Annotated[float, Query(alias="to", description=MILLISECONDS, allow_inf_nan=False)],
    by: By = By.MACHINE,
    actor: Actor = needs("plan.read"),
) -> Response:
    """What the Gantt draws."""
    with platform_of(request).look(actor.organization) as work:
        wanted = Range.near(work.plan.plant_clock(), start, end)
        answer = Picture(work, reader_of(request), wanted).answer(by)
    return Response(orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/schedule.csv")
def table(
    request: Request,
    start: Annotated[float, Query(alias="from", description=MILLISECONDS, allow_inf_nan=False)],
    end: Annotated[float, Query(alias="to", description=MILLISECONDS, allow_inf_nan=False)],
    actor: Actor = needs("plan.read"),
) -> Response:
    """The bookings of a stretch of time as a spreadsheet, times in the plant's zone."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        wanted = Range.near(desk.snapshot.now, start, end)
        text = _csv(desk, wanted.start, wanted.end)
    name = f"schedule-{desk.plant.there.moment_text(desk.snapshot.now, 'time').replace(':', '')}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/schedule.rows")
def rows(
    request: Request,
    start: Annotated[float, Query(alias="from", description=MILLISECONDS, allow_inf_nan=False)],
    end: Annotated[float, Query(alias="to", description=MILLISECONDS, allow_inf_nan=False)],
    actor: Actor = needs("plan.read"),
) -> Response:
    """The same bookings as rows of cells, the heads first: what the page makes a workbook of."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        wanted = Range.near(desk.snapshot.now, start, end)
        cells = [[desk.reader.say(head) for head in HEADS], *_rows(desk, wanted.start, wanted.end)]
    return Response(orjson.dumps(cells), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/load.json")
def load_profile(
    request: Request,
    start: Annotated[float, Query(alias="from", description=MILLISECONDS, allow_inf_nan=False)],
    end: Annotated[float, Query(alias="to", description=MILLISECONDS, allow_inf_nan=False)],
    actor: Actor = needs("plan.read"),
) -> Response:
    """What the load profile under the Gantt draws."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        wanted = Range.near(desk.snapshot.now, start, end)
        marks = edges(desk.plant, wanted.start, wanted.end)
        found = profile_answer(desk.snapshot, desk.names, work.plan.schedule(marks[0], marks[-1]), marks)
    return Response(orjson.dumps(found), media_type="application/json", headers={"Cache-Control": "no-store"})


def _csv(desk: Desk, start: datetime, end: datetime) -> str:
    target = StringIO()
    writer = csv.writer(target)
    writer.writerow([desk.reader.say(head) for head in HEADS])
    writer.writerows([_harmless(str(cell)) for cell in row] for row in _rows(desk, start, end))
    return target.getvalue()


def _rows(desk: Desk, start: datetime, end: datetime) -> Iterator[list[str | float]]:
    bookings = desk.work.plan.schedule(start, end)
    desk.names.know_orders({each.order for each in bookings if each.order is not None})
    for each in bookings:
        commitment = desk.snapshot.commitments.get(each.commitment)
        promised = commitment.told.date.astimezone(desk.plant.tz) if commitment and commitment.order else None
        yield [
            desk.names.order(each.order),
            str(each.unit),
            desk.names.step(each.step),
            desk.names.equipment(each.work_center),
            desk.names.machine(each.work_unit),
            desk.reader.words(STATE_WORDS[each.state]),
            each.start.astimezone(desk.plant.tz).isoformat(timespec="minutes"),
            each.end.astimezone(desk.plant.tz).isoformat(timespec="minutes"),
            round(each.minutes, 3) if each.minutes % 1 else int(each.minutes),
            promised.isoformat(timespec="minutes") if promised else "",
            ", ".join(desk.names.machine(member) for member in each.crew),
            desk.reader.say("locked") if each.locked else "",
            each.id,
        ]


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula stays text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t", "\r", "-") else cell


@router.get("/bookings/{booking}")
def panel(request: Request, booking: str, actor: Actor = needs("plan.read")) -> Response:
    """One operation with its thread, beside the picture; in an operator's row it is the operation that she works on."""
    booking = booking.partition(PART)[0]
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        one = operation(work, desk.snapshot, desk.names, booking)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/plan?booking={booking}", 303)
        return page(request, "plan/operation.html", **desk.values, one=one)


@router.get("/promises")
def promises(request: Request, show: Shown = Shown.ATTENTION, actor: Actor = needs("plan.read")) -> Response:
    """What was told to buyers, and how it looks now."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        found = tracked(desk.snapshot, desk.names)
        shown = chosen(found, show, desk.snapshot.now, SOON)
        counts = {each: len(chosen(found, each, desk.snapshot.now, SOON)) for each in Shown}
        return page(
            request,
            "plan/promises.html",
            **desk.values,
            show=show,
            shown=shown,
            counts=counts,
            strips=strips(shown, desk.snapshot.now),
            kept=work.orders.kept_rate(),
            thread=Thread.at("promise", operation="/plan", buyer="/orders"),
        )


@router.get("/load")
def load(
    request: Request,
    start: date | None = None,
    days: Annotated[int, Query(ge=1, le=62)] = DAYS,
    actor: Actor = needs("plan.read"),
) -> Response:
    """How full every work center's days are."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        today = desk.plant.day_of(desk.snapshot.now)
        first = start or today
        midnights = desk.plant.midnights(first, days + 1)
        centers = loads(work.plan, midnights)
        ordered = {center: centers[center] for center in sorted(centers, key=desk.names.place)}
        return page(
            request,
            "plan/load.html",
            **desk.values,
            centers=ordered,
            days=midnights[:-1],
            count=days,
            today=today,
            is_today=first == today,
            earlier=first - timedelta(days=days),
            later=first + timedelta(days=days),
            thread=Thread.at("operation", promise="/plan/promises", machine="/plant"),
        )


@router.get("/print")
def printed(
    request: Request,
    day: date | None = None,
    days: Annotated[int, Query(ge=1, le=7)] = 1,
    center: Annotated[str, Query(max_length=80)] = "",
    paper: Paper = Paper.A4,
    actor: Actor = needs("plan.read"),
) -> Response:
    """The schedule on paper: a sheet for each work center and day."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        first = day or desk.plant.day_of(desk.snapshot.now)
        midnights = desk.plant.midnights(first, days + 1)
        bookings = work.plan.schedule(midnights[0], midnights[-1])
        desk.names.know_orders({each.order for each in bookings if each.order is not None})
        found = sheets(desk.snapshot, desk.names, desk.plant, bookings, first=first, days=days, center=center)
        centers = dict.fromkeys(each.work_center for each in desk.snapshot.resources.values() if each.is_machine)
        return page(
            request,
            "plan/print.html",
            **desk.values,
            sheets=found,
            first=first,
            days=days,
            center=center,
            paper=paper,
            centers=sorted(centers, key=desk.names.place),
            thread=Thread.at("operation", promise="/plan/promises", machine="/plant"),
        )


@router.get("/changes")
def all_changes(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """What changed the plan lately."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        feed = changes(work, desk.names, LONG_FEED)
        thread = Thread.at("operation", promise="/plan/promises", machine="/plant")
        return page(request, "plan/changes.html", **desk.values, feed=feed, thread=thread)


ROOM = Room(
    routers=(hand, kept, views, router, hand_api, views_api, api),
    menu=(
        Entry(
            Words("Schedule", "排程"), "/plan", "chart-gantt", "plan.read", Section.PLAN, frozenset({Role.PLANNER}), 10,
        ),
        Entry(Words("Promises", "承诺"), "/plan/promises", "calendar-clock", "plan.read", Section.PLAN, order=20),
        Entry(Words("Kept promises", "承诺兑现率"), "/plan/kept", "circle-check", "plan.read", Section.PLAN, order=25),
        Entry(Words("Load", "负荷"), "/plan/load", "gauge", "plan.read", Section.PLAN, order=30),
        Entry(Words("Changes", "变更"), "/plan/changes", "history", "plan.read", Section.PLAN, order=40),
        *MENU,
    ),
)  # fmt: skip
