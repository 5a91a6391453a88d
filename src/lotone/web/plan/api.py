"""The schedule, promises, load and changes for programs."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from lotone.identity import Actor
from lotone.kernel import Invalid, Words
from lotone.plan import Booking, BookingState, Calendar, Resource
from lotone.web.access import needs, platform_of
from lotone.web.page import reader_of
from lotone.web.plan.changes import changes
from lotone.web.plan.events_api import router as events
from lotone.web.plan.loads import loads
from lotone.web.plan.names import Names
from lotone.web.plan.operation import Operation, operation
from lotone.web.plan.plant_api import router as plant
from lotone.web.plan.plant_time import PlantTime
from lotone.web.plan.promises import Shown, Standing, Tracked, chosen, tracked
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["plan"])
router.routes.extend(events.routes)
router.routes.extend(plant.routes)
LONGEST = timedelta(days=92)
BEFORE, AFTER = timedelta(hours=8), timedelta(days=3)
DAYS_MOST = 62
SOON = timedelta(days=1)
Moment = Annotated[datetime | None, Query(description="ISO 8601 with a time zone, plant time.")]


class Text(BaseModel):
    en: str
    zh: str


class OneBooking(BaseModel):
    id: str
    order: str | None = Field(description="Empty for capacity that is held for a quote.")
    number: str = Field(description="The order's number, as people say it.")
    unit: int = Field(description="Which unit of the order, from 1.")
    step: str
    work_center: str
    work_unit: str
    start: datetime
    end: datetime
    minutes: float = Field(description="Planned minutes on this machine.")
    state: BookingState


class OneResource(BaseModel):
    work_unit: str
    work_center: str
    name: Text
    calendar: str
    down_from: datetime | None
    down_until: datetime | None = Field(description="When the repair is expected to end; set as long as it is down.")


class Stretch(BaseModel):
    start: datetime
    end: datetime


class OneCalendar(BaseModel):
    id: str
    time_zone: str
    open: list[Stretch] = Field(description="The open hours within the range.")


class Stop(BaseModel):
    work_unit: str
    start: datetime
    end: datetime
    expected: bool = Field(description="The machine is still down; the end is what is expected.")


class Schedule(BaseModel):
    version: int = Field(description="Grows with every change of the plan.")
    now: datetime = Field(description="Plant time.")
    time_zone: str
    start: datetime
    end: datetime
    bookings: list[OneBooking]
    resources: list[OneResource]
    calendars: list[OneCalendar]
    down: list[Stop]


class OnePromise(BaseModel):
    order: str
    number: str
    product: Text
    quantity: int
    first: datetime = Field(description="The hand-over that was told when it was ordered.")
    told: datetime = Field(description="The hand-over that is told now.")
    probability: float
    expected: datetime = Field(description="When it is expected to be packed.")
    likely: datetime = Field(description="The hand-over that would be told if it were asked now.")
    spare_minutes: float = Field(description="From being packed to the told hand-over.")
    moves: int
    standing: Standing
    reason: Text


class DayLoad(BaseModel):
    start: datetime
    open_hours: float
    booked_hours: float
    share: float | None = Field(description="Booked of open; empty on a closed day.")


class CenterLoad(BaseModel):
    work_center: str
    name: Text
    days: list[DayLoad]


class OneChange(BaseModel):
    number: int = Field(description="The fact's number.")
    at: datetime
    cause: str
    words: Text
    moved: int = Field(description="Operations that changed their time or machine.")
    times: int = Field(description="How many changes of this kind these were.")
    version: int | None
    subject: str = Field(description="Which machine or order it is about, where that is known.")
    order: str | None = Field(description="Whose promise moved.")
    before: datetime | None
    after: datetime | None


class OneWait(BaseModel):
    kind: str
    until: datetime
    binds: bool = Field(description="Nothing keeps it longer.")
    booking: str | None
    part: Text | None


class OneOperation(BaseModel):
    booking: OneBooking
    unit: str | None = Field(description="Serial number.")
    work_order: int | None
    planned_start: datetime | None = Field(description="As it was planned when it was sent to its machine.")
    planned_end: datetime | None
    waits: list[OneWait]
    steps: list[OneBooking]
    first: datetime | None
    told: datetime | None
    likely: datetime | None
    standing: Standing | None


@router.get("/schedule")
def schedule(request: Request, start: Moment = None, end: Moment = None, actor: Actor = needs("plan.read")) -> Schedule:
    """What every machine did and will do between two moments, when it works, and when it stood still.

    Without them: from 8 hours ago to 3 days ahead.
    """
    with platform_of(request).look(actor.organization) as work:
        snapshot = work.plan.snapshot()
        first, last = _range(snapshot.now, start, end)
        names = Names(work, reader_of(request), snapshot)
        found = work.plan.schedule(first, last)
        names.know_orders({each.order for each in found if each.order is not None})
        return Schedule(
            version=snapshot.version,
            now=snapshot.now,
            time_zone=snapshot.settings.time_zone,
            start=first,
            end=last,
            bookings=[_booking(each, names) for each in found],
            resources=[_resource(each) for each in snapshot.resources.values()],
            calendars=[_calendar(each, first, last) for each in snapshot.calendars.values()],
            down=_stops(work, list(snapshot.resources.values()), first, last, snapshot.now),
        )


@router.get("/schedule/bookings/{booking}")
def one(request: Request, booking: str, actor: Actor = needs("plan.read")) -> OneOperation:
    """One operation, what it waits for, and the other operations of its unit."""
    with platform_of(request).look(actor.organization) as work:
        snapshot = work.plan.snapshot()
        names = Names(work, reader_of(request), snapshot)
        return _operation(operation(work, snapshot, names, booking), names)


@router.get("/schedule/changes")
def newest_changes(
    request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50, actor: Actor = needs("plan.read")
) -> list[OneChange]:
    """What changed the plan lately, newest first."""
    with platform_of(request).look(actor.organization) as work:
        found = changes(work, Names(work, reader_of(request), work.plan.snapshot()), limit)
    return [
        OneChange(
            number=each.number,
            at=each.at,
            cause=each.cause,
            words=_text(each.words),
            moved=each.moved,
            times=each.times,
            version=each.version,
            subject=each.subject,
            order=each.order,
            before=each.before,
            after=each.after,
        )
        for each in found
    ]


@router.get("/promises")
def promises(request: Request, show: Shown = Shown.ALL, actor: Actor = needs("plan.read")) -> list[OnePromise]:
    """What was told to the buyers of all orders that are not finished, and how it looks now; the next due first.

    `attention` are those that are late or at risk, `soon` those due within a day.
    """
    with platform_of(request).look(actor.organization) as work:
        snapshot = work.plan.snapshot()
        found = tracked(snapshot, Names(work, reader_of(request), snapshot))
    return [_promise(each) for each in chosen(found, show, snapshot.now, SOON)]


@router.get("/load")
def load(
    request: Request,
    start: Moment = None,
    days: Annotated[int, Query(ge=1, le=DAYS_MOST)] = 14,
    actor: Actor = needs("plan.read"),
) -> list[CenterLoad]:
    """Open and booked hours of every work center, day by day of the plant, from today or from the day of `start`."""
    with platform_of(request).look(actor.organization) as work:
        time = PlantTime(reader_of(request), work.plan.settings.time_zone)
        found = loads(work.plan, time.midnights(time.day_of(_aware(start, "start") or work.plan.plant_clock()), days + 1))
        words = {item.id: item.words for item in work.assets.equipment()}
    return [
        CenterLoad(
            work_center=center,
            name=_text(words.get(center, Words(center))),
            days=[
                DayLoad(start=day.start, open_hours=day.open_hours, booked_hours=day.booked_hours, share=day.share)
                for day in each
            ],
        )
        for center, each in found.items()
    ]


def _aware(moment: datetime | None, where: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid(f"{moment.isoformat()} has no time zone; write it like {moment.isoformat()}Z", where=where)
    return moment


def _range(now: datetime, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    given = _aware(end, "end")
    first = _aware(start, "start") or (given - BEFORE - AFTER if given else now - BEFORE)
    last = given or first + BEFORE + AFTER
    if last <= first:
        raise Invalid("the end must lie after the start", where="end")
    if last - first > LONGEST:
        raise Invalid(f"ask for at most {LONGEST.days} days at a time", where="end")
    return first, last


def _text(words: Words) -> Text:
    return Text(en=words.en, zh=words.zh)


def _booking(each: Booking, names: Names) -> OneBooking:
    return OneBooking(
        id=each.id,
        order=each.order,
        number=names.order(each.order) if each.order else "",
        unit=each.unit,
        step=each.step,
        work_center=each.work_center,
        work_unit=each.work_unit,
        start=each.start,
        end=each.end,
        minutes=each.minutes,
        state=each.state,
    )


def _resource(each: Resource) -> OneResource:
    return OneResource(
        work_unit=each.work_unit,
        work_center=each.work_center,
        name=_text(each.name),
        calendar=each.calendar,
        down_from=each.down_from,
        down_until=each.down_until,
    )


def _calendar(each: Calendar, first: datetime, last: datetime) -> OneCalendar:
    windows = [Stretch(start=window.start, end=window.end) for window in each.windows(first, last)]
    return OneCalendar(id=each.id, time_zone=each.time_zone, open=windows)


def _stops(work: Work, resources: list[Resource], first: datetime, last: datetime, now: datetime) -> list[Stop]:
    past = [
        Stop(work_unit=stop.work_unit, start=stop.began, end=stop.ended, expected=False)
        for stop in work.insight.stops(first, min(last, now))
        if stop.ended is not None
    ]
    lasting = [
        Stop(work_unit=each.work_unit, start=each.down_from, end=each.down_until, expected=True)
        for each in resources
        if each.down_from is not None and each.down_until is not None
    ]
    return past + lasting


def _promise(each: Tracked) -> OnePromise:
    return OnePromise(
        order=each.order,
        number=each.number,
        product=_text(each.words),
        quantity=each.quantity,
        first=each.first,
        told=each.told,
        probability=each.probability,
        expected=each.expected,
        likely=each.likely,
        spare_minutes=each.spare / timedelta(minutes=1),
        moves=each.moves,
        standing=each.standing,
        reason=_text(each.reason),
    )


def _operation(found: Operation, names: Names) -> OneOperation:
    planned = found.planned
    return OneOperation(
        booking=_booking(found.booking, names),
        unit=found.unit.serial if found.unit else None,
        work_order=found.work.number if found.work else None,
        planned_start=planned[0] if planned else None,
        planned_end=planned[1] if planned else None,
        waits=[
            OneWait(
                kind=wait.kind.value,
                until=wait.until,
                binds=wait.binds,
                booking=wait.booking.id if wait.booking else None,
                part=_text(wait.subject) if wait.subject else None,
            )
            for wait in found.waits
        ],
        steps=[_booking(step.booking, names) for step in found.steps],
        first=found.first,
        told=found.told.date if found.told else None,
        likely=found.likely.date if found.likely else None,
        standing=found.standing,
    )
