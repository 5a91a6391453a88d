"""Units, passports and genealogy for programs."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from lotone.identity import Actor
from lotone.make import Unit, UnitState, WorkOrder, WorkState
from lotone.orders import buyer_of
from lotone.web.access import needs, platform_of

router = APIRouter(prefix="/api/v1", tags=["make"])
LIMIT_MAX = 1000


@router.get("/units")
def units(
    request: Request, actor: Actor = needs("make.read"), state: UnitState | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """Units, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        found = work.make.units(states=[state] if state else None, limit=min(max(limit, 1), LIMIT_MAX))
        return [unit_json(unit) for unit in found]


@router.get("/units/{serial}/passport")
def passport(request: Request, serial: str, actor: Actor = needs("make.read")) -> dict[str, Any]:
    """Everything known of a unit: as configured, as built, as tested, and where these differ."""
    with platform_of(request).look(actor.organization) as work:
        return work.make.passport(serial).as_json()


@router.get("/orders/{order}/passports")
def passports(request: Request, order: str, actor: Actor = needs("orders.own")) -> list[dict[str, Any]]:
    """The passports of an order's units, for its buyer."""
    with platform_of(request).look(actor.organization) as work:
        work.orders.order(order, buyer_of(actor))
        return [work.make.passport(unit.serial).as_json() for unit in work.make.units_of(order)]


@router.get("/lots/{lot}/units")
def units_with(request: Request, lot: str, actor: Actor = needs("make.read")) -> list[dict[str, Any]]:
    """The units into which something of a lot of material went."""
    with platform_of(request).look(actor.organization) as work:
        return [
            {**unit_json(unit), "part": used.part, "quantity": used.quantity, "step": used.step}
            for unit, used in work.make.units_with(lot)
        ]


@router.get("/work-orders")
def work_orders(
    request: Request, actor: Actor = needs("make.read"), state: WorkState | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """Work orders, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        found = work.make.work_orders(states=[state] if state else None, limit=min(max(limit, 1), LIMIT_MAX))
        return [work_json(each) for each in found]


@router.post("/work-orders/{number}/retry")
def retry(request: Request, number: int, actor: Actor = needs("make.write")) -> dict[str, Any]:
    """Try a failed operation once more."""
    with platform_of(request).work(actor.organization) as work:
        return work_json(work.make.retry(number))


class Scrapped(BaseModel):
    reason: str = Field("", max_length=500)
    with_parts: bool = Field(False, description="The parts that went in are spoiled too.")


@router.post("/work-orders/{number}/scrap")
def scrap(request: Request, number: int, said: Scrapped, actor: Actor = needs("make.write")) -> list[dict[str, Any]]:
    """What was made is spoiled: it, and what was done to the unit after it, is made again. Gives the new work orders."""
    with platform_of(request).work(actor.organization) as work:
        return [work_json(each) for each in work.make.scrap(number, said.reason, with_parts=said.with_parts)]


def unit_json(unit: Unit) -> dict[str, Any]:
    return {
        "serial": unit.serial,
        "order": unit.order,
        "product": unit.product,
        "state": unit.state.value,
        "created_at": unit.created_at.isoformat(),
        "completed_at": unit.completed_at and unit.completed_at.isoformat(),
    }


def work_json(work: WorkOrder) -> dict[str, Any]:
    return {
        "number": work.number,
        "unit": work.unit,
        "step": work.step,
        "name": work.words.as_dict(),
        "state": work.state.value,
        "work_center": work.work_center,
        "work_unit": work.work_unit,
        "attempt": work.attempt,
        "started_at": work.started_at and work.started_at.isoformat(),
        "ended_at": work.ended_at and work.ended_at.isoformat(),
        "problem": work.problem and work.problem.as_dict(),
    }
