"""Whether promises are kept as often as they say, what broke them, and what the plan has learned: a page and its API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.plan.model.kept import LONGER, TOLD, KeptRate
from lotone.plan.model.learned import Learned
from lotone.plan.service.learning import Kept
from lotone.web.access import needs, platform_of
from lotone.web.page import page
from lotone.web.plan.changes import CAUSES
from lotone.web.plan.desk import Desk
from lotone.web.plan.names import Names
from lotone.web.room import Thread

router = APIRouter()
FEW = 20
"""Below so many promises a rate says next to nothing."""
SIDE = 220.0
"""Of the picture of reliability, in its own units; a margin of EDGE is around it."""
EDGE = 30.0
TOOK_LONGER = Words("Work took longer than planned", "加工时间超出计划")
ROWS_MOST = 60


class Rate(BaseModel):
    band: str = Field(description="50, 80, 95, or told: the hand-over that the buyer was told.")
    probability: float = Field(description="The share that was promised.")
    kept: int
    count: int = Field(description="Completed promises.")
    share: float | None
    low: float = Field(description="The true share lies between low and high with 95 % confidence (Wilson).")
    high: float


class Broken(BaseModel):
    cause: str
    count: int


class LearnedOperation(BaseModel):
    step: str
    work_unit: str
    operations: float = Field(description="How many it is learned from; older ones count less once there are many.")
    ratio: float = Field(description="Mean of actual to planned time.")
    spread: float = Field(description="Coefficient of variation.")
    scrap: float = Field(description="Share that is made again.")


class LearnedMachine(BaseModel):
    work_unit: str
    stops: int
    busy_hours: float
    stops_per_100_hours: float
    repair_hours: float = Field(description="Mean length of a stop.")


class LearnedSupplier(BaseModel):
    supplier: str
    deliveries: int
    hours_late: float = Field(description="Mean; below 0 is early.")
    spread_hours: float = Field(description="Standard deviation.")


class KeptAnswer(BaseModel):
    waiting: int = Field(description="Promises whose orders are not complete yet.")
    rates: list[Rate]
    broken_by: list[Broken] = Field(description="What moved orders past the hand-over they were told.")
    operations: list[LearnedOperation]
    machines: list[LearnedMachine]
    suppliers: list[LearnedSupplier]


@dataclass(frozen=True)
class Point:
    """A rate in the picture of reliability: promised to the right, kept upwards."""

    band: str
    x: float
    y: float
    low: float
    high: float
    agrees: bool


@router.get("/plan/kept")
def kept_page(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """How often promises are kept, at each probability, and what was learned."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        kept, learned = work.plan.kept(), work.plan.learned()
        count = len(kept.promises)
        return page(
            request,
            "plan/kept.html",
            **desk.values,
            kept=kept,
            count=count,
            is_few=count < FEW,
            points=points(kept.rates),
            broken=[(_cause(cause), number) for cause, number in kept.broken_by],
            operations=_operations(learned, desk.names),
            machines=_machines(learned, desk.names),
            suppliers=_suppliers(learned),
            told=TOLD,
            side=SIDE,
            edge=EDGE,
            thread=Thread.at("promise", operation="/plan", buyer="/orders"),
        )


@router.get("/api/v1/plan/kept", tags=["plan"])
def kept_answer(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=10_000, description="So many of the newest promises.")] = 1000,
    actor: Actor = needs("plan.read"),
) -> KeptAnswer:
    """How many of the newest completed promises were kept at 50, 80 and 95 % (before rounding to a hand-over) and as told;
    what broke them; and what was learned of operations, machines and suppliers, with from how many data."""
    with platform_of(request).look(actor.organization) as work:
        kept, learned = work.plan.kept(limit), work.plan.learned()
    return _answer(kept, learned)


def _answer(kept: Kept, learned: Learned) -> KeptAnswer:
    return KeptAnswer(
        waiting=kept.waiting,
        rates=[
            Rate(
                band=each.band,
                probability=each.probability,
                kept=each.kept,
                count=each.count,
                share=each.share,
                low=each.low,
                high=each.high,
            )
            for each in kept.rates
        ],
        broken_by=[Broken(cause=cause, count=count) for cause, count in kept.broken_by],
        operations=_all_operations(learned),
        machines=_all_machines(learned),
        suppliers=_suppliers(learned),
    )


def points(rates: Sequence[KeptRate]) -> list[Point]:
    """Where the rates lie in the picture; what has no data yet is left out."""
    return [
        Point(
            each.band,
            round(EDGE + SIDE * each.probability, 1),
            _up(each.share),
            _up(each.low),
            _up(each.high),
            each.agrees,
        )
        for each in rates
        if each.share is not None and each.band != TOLD
    ]


def _up(share: float) -> float:
    return round(EDGE / 3 + SIDE * (1 - share), 1)


def _cause(cause: str) -> Words:
    return TOOK_LONGER if cause in (LONGER, "late", "progressed", "finished") else CAUSES.get(cause, (Words(cause), ""))[0]


def _all_operations(learned: Learned) -> list[LearnedOperation]:
    found = [
        LearnedOperation(
            step=step, work_unit=unit, operations=each.count, ratio=each.ratio, spread=each.spread, scrap=each.scrap
        )
        for (step, unit), each in learned.operations().items()
    ]
    return sorted(found, key=lambda each: (each.work_unit, each.step))


def _operations(learned: Learned, names: Names) -> list[LearnedOperation]:
    """For people: the ones that differ most from the routing first, weighed by how sure that is."""
    sure = sorted(_all_operations(learned), key=lambda each: -abs(each.ratio - 1) * each.operations**0.5)[:ROWS_MOST]
    return [
        each.model_copy(update={"step": names.step(each.step), "work_unit": names.machine(each.work_unit)}) for each in sure
    ]


def _all_machines(learned: Learned) -> list[LearnedMachine]:
    found = [
        LearnedMachine(
            work_unit=unit,
            stops=each.count,
            busy_hours=each.busy_hours,
            stops_per_100_hours=100 * each.stops_per_hour,
            repair_hours=each.repair_hours,
        )
        for unit, each in learned.machines().items()
    ]
    return sorted(found, key=lambda each: (-each.stops, each.work_unit))


def _machines(learned: Learned, names: Names) -> list[LearnedMachine]:
    return [
        each.model_copy(update={"work_unit": names.machine(each.work_unit)}) for each in _all_machines(learned)[:ROWS_MOST]
    ]


def _suppliers(learned: Learned) -> list[LearnedSupplier]:
    names = sorted({each.supplier for each in learned.recorded.arrivals})
    counts = {name: sum(each.supplier == name for each in learned.recorded.arrivals) for name in names}
    late = {name: learned.late(name) for name in names}
    return [
        LearnedSupplier(
            supplier=name, deliveries=counts[name], hours_late=late[name].mean, spread_hours=late[name].variance ** 0.5
        )
        for name in names
    ]
