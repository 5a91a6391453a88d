"""Changing the schedule by hand, for programs: try a place, move, lock, unlock, undo."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from lotone.identity import Actor
from lotone.plan import Booking, Delayed, Effect, Hand, HandChange, HandKind, ObstacleKind, UnknownBooking
from lotone.web.access import needs, platform_of
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["plan"])


class Text(BaseModel):
    en: str
    zh: str


class Place(BaseModel):
    """Where an operation should be put."""

    start: AwareDatetime = Field(description="ISO 8601 with a time zone, plant time.")
    work_unit: str | None = Field(default=None, description="The machine; its own when it is left out.", max_length=80)


class OneObstacle(BaseModel):
    kind: ObstacleKind
    words: Text
    until: datetime | None


class OnePushed(BaseModel):
    booking: str
    order: str | None
    step: str
    work_unit_before: str
    work_unit_after: str
    start_before: datetime
    start_after: datetime


class OneDelayed(BaseModel):
    order: str
    completion_before: datetime
    completion_after: datetime
    told: datetime = Field(description="The hand-over that is told now.")
    tells: datetime | None = Field(description="The hand-over that would be told; empty where the told one holds.")


class OneEffect(BaseModel):
    booking: str
    possible: bool
    work_unit: str
    start: datetime = Field(description="When it would begin: behind what stands there half before it.")
    end: datetime
    obstacles: list[OneObstacle] = Field(description="Why it can't stand there.")
    possible_from: datetime | None = Field(description="From when on it could, where that is known.")
    pushed: list[OnePushed]
    orders: list[OneDelayed] = Field(description="Orders that would be finished at another time.")


class OneHandChange(BaseModel):
    number: int
    at: datetime
    by: str
    kind: HandKind
    booking: str
    order: str | None
    step: str
    work_unit: str
    start: datetime
    moved: int = Field(description="Operations that changed their time or machine, this one included.")
    promises: list[str] = Field(description="Orders whose promise was told anew.")
    undone_at: datetime | None
    undone_by: str | None


class WhichChange(BaseModel):
    number: int | None = Field(default=None, description="Refused when another change is the last one by now.")


@router.post("/schedule/bookings/{booking}/try")
def try_move(request: Request, booking: str, place: Place, actor: Actor = needs("plan.write")) -> OneEffect:
    """What moving an operation would do: whether it can stand there, what it pushes, whose promise moves. Changes nothing."""
    with platform_of(request).look(actor.organization) as work:
        return _effect(work.plan.try_move(booking, place.work_unit or machine_of(work, booking), place.start))


@router.post("/schedule/bookings/{booking}/move")
def move(request: Request, booking: str, place: Place, actor: Actor = needs("plan.write")) -> OneHandChange:
    """Put an operation on a machine at a time and lock it there."""
    with platform_of(request).work(actor.organization) as work:
        machine = place.work_unit or machine_of(work, booking)
        return _change(work.plan.move(booking, machine, place.start, hand_of(actor)))


@router.post("/schedule/bookings/{booking}/lock")
def lock(request: Request, booking: str, actor: Actor = needs("plan.write")) -> OneHandChange | None:
    """Keep an operation where it stands; empty when it was locked already."""
    with platform_of(request).work(actor.organization) as work:
        changed = work.plan.lock(booking, hand_of(actor))
    return _change(changed) if changed else None


@router.post("/schedule/bookings/{booking}/unlock")
def unlock(request: Request, booking: str, actor: Actor = needs("plan.write")) -> OneHandChange | None:
    """Let an operation be moved again; empty when it was not locked."""
    with platform_of(request).work(actor.organization) as work:
        changed = work.plan.unlock(booking, hand_of(actor))
    return _change(changed) if changed else None


@router.post("/schedule/undo")
def undo(request: Request, which: WhichChange | None = None, actor: Actor = needs("plan.write")) -> OneHandChange:
    """Take the last change by hand back, with all that it pushed, if that is still possible."""
    with platform_of(request).work(actor.organization) as work:
        return _change(work.plan.undo(hand_of(actor), which.number if which else None))


@router.get("/schedule/by-hand")
def by_hand(
    request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50, actor: Actor = needs("plan.read")
) -> list[OneHandChange]:
    """What people changed in the plan by hand, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        return [_change(each) for each in work.plan.hand_changes(limit)]


def hand_of(actor: Actor) -> Hand:
    return Hand(actor.who, actor.display)


def machine_of(work: Work, booking: str) -> str:
    """Raises UnknownBooking."""
    found: Booking | None = work.plan.booking(booking)
    if found is None:
        raise UnknownBooking(f"there is no booking {booking} that could still be moved")
    return found.work_unit


def _effect(effect: Effect) -> OneEffect:
    return OneEffect(
        booking=effect.before.id,
        possible=effect.is_possible,
        work_unit=effect.after.work_unit,
        start=effect.after.start,
        end=effect.after.end,
        obstacles=[
            OneObstacle(kind=each.kind, words=Text(en=each.words.en, zh=each.words.zh), until=each.until)
            for each in effect.obstacles
        ],
        possible_from=effect.possible_from,
        pushed=[
            OnePushed(
                booking=each.before.id,
                order=each.before.order,
                step=each.before.step,
                work_unit_before=each.before.work_unit,
                work_unit_after=each.after.work_unit,
                start_before=each.before.start,
                start_after=each.after.start,
            )
            for each in effect.pushed
        ],
        orders=[_delayed(each) for each in effect.orders],
    )


def _delayed(each: Delayed) -> OneDelayed:
    return OneDelayed(
        order=each.order,
        completion_before=each.before,
        completion_after=each.after,
        told=each.told,
        tells=each.tells,
    )


def _change(change: HandChange) -> OneHandChange:
    return OneHandChange(
        number=change.number,
        at=change.at,
        by=change.name or change.actor,
        kind=change.kind,
        booking=change.swap.booking,
        order=change.order,
        step=change.step,
        work_unit=change.swap.after.work_unit,
        start=change.swap.after.start,
        moved=len(change.swaps) if change.kind is HandKind.MOVED else 0,
        promises=[each.order for each in change.told],
        undone_at=change.undone_at,
        undone_by=change.undone_by,
    )
