"""What planners and other programs tell the plan: an order in a hurry, a maintenance, somebody away, something spoiled."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field

from lotone.identity import Actor
from lotone.kernel import Words, facts_after, newest_number
from lotone.plan import PromiseMoved, ScheduleChanged
from lotone.plan.service.reactions import MAINTENANCE
from lotone.web.access import needs, platform_of
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1/plan/events", tags=["plan"])
A_YEAR = 366 * 24 * 60
At = Annotated[AwareDatetime | None, Field(description="Plant time, ISO 8601 with a time zone; now when it is not given.")]
Minutes = Annotated[float, Field(gt=0, le=A_YEAR)]


class Rush(BaseModel):
    order: str


class NewMaintenance(BaseModel):
    work_unit: str
    start: AwareDatetime
    minutes: Minutes
    words: str = Field("", max_length=200, description="What is done. The same words again are a new estimate of the same.")


class NoMaintenance(BaseModel):
    work_unit: str
    start: AwareDatetime = Field(description="When it was to begin.")


class Stopped(BaseModel):
    work_unit: str = Field(description="A machine; for `absent` an operator or a tool.")
    minutes: Minutes
    at: At = None


class Works(BaseModel):
    work_unit: str
    at: At = None


class Pace(BaseModel):
    work_unit: str
    factor: float = Field(gt=0, le=100, description="How many times as long as planned everything takes; 1 is as usual.")
    at: At = None


class Spoiled(BaseModel):
    booking: str
    with_parts: bool = Field(False, description="The parts that went in are spoiled too, and needed again.")
    at: At = None


class MovedPromise(BaseModel):
    order: str
    before: datetime
    after: datetime
    reason: str
    reason_zh: str


class Effect(BaseModel):
    version: int = Field(description="The plan's version afterwards; it has not grown when nothing had to change.")
    moved: int = Field(description="Operations that changed their time or machine.")
    promises: list[MovedPromise] = Field(description="The orders whose date changed.")


@router.post("/rush")
def rush(request: Request, said: Rush, actor: Actor = needs("plan.write")) -> Effect:
    """Let an order go first: what waits of it takes its places before all that was not sent to a machine yet."""
    return _done(request, actor, lambda work: work.plan.rush(said.order))


@router.post("/maintenance")
def maintenance(request: Request, said: NewMaintenance, actor: Actor = needs("plan.write")) -> Effect:
    """Keep a machine free to be looked after; its work is moved out of the way."""
    words = Words(said.words) if said.words else MAINTENANCE
    return _done(request, actor, lambda work: work.plan.advise_maintenance(said.work_unit, said.start, said.minutes, words))


@router.post("/maintenance/call-off")
def no_maintenance(request: Request, said: NoMaintenance, actor: Actor = needs("plan.write")) -> Effect:
    """Give the time of a maintenance back."""
    return _done(request, actor, lambda work: work.plan.call_off_maintenance(said.work_unit, said.start))


@router.post("/machine-down")
def machine_down(request: Request, said: Stopped, actor: Actor = needs("plan.write")) -> Effect:
    """A machine stopped and is expected back after some minutes; for machines that don't report it themselves."""
    return _done(
        request, actor, lambda work: work.plan.machine_down(said.work_unit, said.at or work.plan.plant_clock(), said.minutes)
    )


@router.post("/machine-up")
def machine_up(request: Request, said: Works, actor: Actor = needs("plan.write")) -> Effect:
    """A machine works again."""
    return _done(request, actor, lambda work: work.plan.machine_up(said.work_unit, said.at or work.plan.plant_clock()))


@router.post("/absent")
def absent(request: Request, said: Stopped, actor: Actor = needs("plan.write")) -> Effect:
    """An operator or a tool is away and expected back after some minutes."""
    return _done(
        request, actor, lambda work: work.plan.absent(said.work_unit, said.at or work.plan.plant_clock(), said.minutes)
    )


@router.post("/back")
def back(request: Request, said: Works, actor: Actor = needs("plan.write")) -> Effect:
    """An operator or a tool is there again."""
    return _done(request, actor, lambda work: work.plan.back(said.work_unit, said.at or work.plan.plant_clock()))


@router.post("/slower")
def slower(request: Request, said: Pace, actor: Actor = needs("plan.write")) -> Effect:
    """A machine takes longer than planned, or is as fast as usual again."""
    return _done(
        request, actor, lambda work: work.plan.slower(said.work_unit, said.factor, said.at or work.plan.plant_clock())
    )


@router.post("/scrapped")
def scrapped(request: Request, said: Spoiled, actor: Actor = needs("plan.write")) -> Effect:
    """What an operation made is spoiled: it, and what was done to the unit after it, is planned again.

    For work that the floor keeps work orders of, say it there (`/work-orders/{number}/scrap`): the floor tells the plan.
    """
    return _done(
        request,
        actor,
        lambda work: work.plan.scrapped(said.booking, said.at or work.plan.plant_clock(), with_parts=said.with_parts),
    )


def _done(request: Request, actor: Actor, act: Callable[[Work], None]) -> Effect:
    """Let something happen, in a transaction of its own, and say what it did."""
    with platform_of(request).work(actor.organization) as work:
        since = newest_number(work.connection)
        act(work)
        return _effect(work, since)


def _effect(work: Work, since: int) -> Effect:
    """What the plan told in this transaction."""
    told = [each.fact for each in facts_after(work.connection, since, organization=work.organization, limit=10_000)]
    return Effect(
        version=work.plan.version(),
        moved=sum(each.moved for each in told if isinstance(each, ScheduleChanged)),
        promises=[
            MovedPromise(
                order=each.order, before=each.before, after=each.after, reason=each.reason_en, reason_zh=each.reason_zh
            )
            for each in told
            if isinstance(each, PromiseMoved)
        ],
    )
