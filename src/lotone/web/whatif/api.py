"""Scenarios, bottlenecks and levers for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, Field

from lotone.identity import Actor
from lotone.plan import Levers, Outlook
from lotone.plan.service import bottlenecks
from lotone.plan.service.bottlenecks import Asked
from lotone.plan.service.scenarios import CHANGES_MOST, SECONDS, SECONDS_MOST, Kept
from lotone.web.access import needs, platform_of
from lotone.web.whatif.asking import call_planner, said, scenario_from, who
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["what if"])


class NewScenario(BaseModel):
    name: str = Field(min_length=1, max_length=120)
    changes: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=CHANGES_MOST,
        description=(
            "Each has a `kind` and what that needs. shift: where, weekdays (0 is Monday), start, end (minutes after midnight),"
            " cost_per_hour. overtime: where, days, start, end (left out: the calendar's own overtime), cost_per_hour."
            " machine: like, count, cost_per_day. away: work_unit, start, end. first: order. order: product, choices,"
            " quantity, is_first, wanted. supplier_lost: supplier. supplier_slower: supplier, days. stock_lost: part,"
            " quantity. buy: part, supplier, quantity. faster: what, factor. `where` is a calendar, work center or machine."
        ),
    )
    seconds: float = Field(SECONDS, ge=0, le=SECONDS_MOST, description="How long the solver may search, for each plan.")


class Question(BaseModel):
    seconds: float = Field(bottlenecks.SECONDS, ge=1, le=bottlenecks.SECONDS_MOST)
    late_cost: float = Field(0.0, ge=0, description="What one weighted hour of lateness costs.")


def outlook_json(outlook: Outlook | None) -> dict[str, Any] | None:
    """The figures of a plan with names instead of places."""
    if outlook is None:
        return None
    return {
        "version": outlook.version,
        "now": outlook.now.isoformat(),
        "late": outlook.late,
        "tardiness_hours": outlook.tardiness_hours,
        "mean_hours": outlook.mean_hours,
        "ends": outlook.ends.isoformat(),
        "setups": outlook.setups,
        "setup_hours": outlook.setup_hours,
        "booked_hours": outlook.booked_hours,
        "extra_cost": outlook.extra_cost,
        "bought_cost": outlook.bought_cost,
        "currency": outlook.currency,
        "orders": [
            {
                "order": each.order,
                "product": each.words.as_dict(),
                "promised": each.promised.isoformat(),
                "expected": each.expected.isoformat(),
                "hand_over": each.hand_over.isoformat(),
                "late_hours": each.late_hours,
            }
            for each in outlook.orders
        ],
        "load": [
            {
                "work_center": each.center,
                "day": each.day.isoformat(),
                "open_hours": each.open_hours,
                "booked_hours": each.booked_hours,
            }
            for each in outlook.days
        ],
        "bought": [
            {
                "part": each.part,
                "quantity": each.quantity,
                "cost": each.cost,
                "supplier": each.supplier and each.supplier.as_dict(),
            }
            for each in outlook.bought
        ],
    }


def scenario_json(work: Work, kept: Kept, *, whole: bool) -> dict[str, Any]:
    snapshot = work.plan.snapshot()
    found: dict[str, Any] = {
        "id": kept.id,
        "name": kept.scenario.name,
        "changes": [
            {**each.as_json(), "words": said(each, snapshot).as_dict()} for each in kept.scenario.changes
        ],
        "created_by": kept.created_by,
        "created_at": kept.created_at.isoformat(),
        "seconds": kept.seconds,
        "state": kept.state.value,
        "progress": kept.progress,
        "fault": kept.fault,
        "is_current": kept.stamp == snapshot.stamp,
        "applied_at": kept.applied_at and kept.applied_at.isoformat(),
        "applied_by": kept.applied_by,
        "figures": None if kept.figures is None else {"before": kept.figures[0], "after": kept.figures[1]},
    }  # fmt: skip
    if whole:
        found |= {"before": outlook_json(kept.before), "after": outlook_json(kept.after)}
    return found


@router.get("/scenarios")
def scenarios(request: Request, actor: Actor = needs("plan.read")) -> list[dict[str, Any]]:
    """Every scenario that is kept, the newest first, with few figures."""
    with platform_of(request).look(actor.organization) as work:
        return [scenario_json(work, each, whole=False) for each in work.scenarios.scenarios()]


@router.post("/scenarios", status_code=201)
def create(request: Request, new: NewScenario, actor: Actor = needs("plan.write")) -> dict[str, Any]:
    """Keep a scenario and calculate it. Its figures are those of settled plans until `state` is done."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        scenario = scenario_from(work, new.name, new.changes)
        answer = scenario_json(work, work.scenarios.create(scenario, who(actor), seconds=new.seconds), whole=True)
    call_planner(platform, actor.organization)
    return answer


@router.get("/scenarios/compare")
def compare(
    request: Request,
    scenario: Annotated[list[Annotated[str, Query(max_length=40)]] | None, Query(max_length=20)] = None,
    actor: Actor = needs("plan.read"),
) -> list[dict[str, Any]]:
    """Several scenarios with all their figures: `?scenario=scn_a&scenario=scn_b`."""
    with platform_of(request).look(actor.organization) as work:
        return [scenario_json(work, each, whole=True) for each in work.scenarios.compare(scenario or [])]


@router.get("/scenarios/{scenario}")
def one(request: Request, scenario: str, actor: Actor = needs("plan.read")) -> dict[str, Any]:
    """One scenario with all its figures."""
    with platform_of(request).look(actor.organization) as work:
        return scenario_json(work, work.scenarios.scenario(scenario), whole=True)


@router.put("/scenarios/{scenario}")
def change(request: Request, scenario: str, new: NewScenario, actor: Actor = needs("plan.write")) -> dict[str, Any]:
    """Ask something else under the same id; it is calculated anew."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        wanted = scenario_from(work, new.name, new.changes)
        answer = scenario_json(work, work.scenarios.change(scenario, wanted, seconds=new.seconds), whole=True)
    call_planner(platform, actor.organization)
    return answer


@router.post("/scenarios/{scenario}/again")
def again(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> dict[str, Any]:
    """Calculate it on the plan as it is by now."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        answer = scenario_json(work, work.scenarios.again(scenario), whole=True)
    call_planner(platform, actor.organization)
    return answer


@router.post("/scenarios/{scenario}/apply")
def apply(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> dict[str, Any]:
    """Change the plan so, as far as that is the plan's to change; tells what was done and what was not, and why.

    `plan_changed`: the plan is not the one that the scenario was calculated from.
    """
    with platform_of(request).work(actor.organization) as work:
        applied = work.scenarios.apply(scenario, who(actor))
    return {
        "done": [each.as_dict() for each in applied.done],
        "left": [{"change": change.as_dict(), "why": why.as_dict()} for change, why in applied.left],
        "plan_changed": applied.plan_changed,
    }


@router.delete("/scenarios/{scenario}", status_code=204)
def throw_away(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> None:
    """Forget a scenario; the plan stays as it is."""
    with platform_of(request).work(actor.organization) as work:
        work.scenarios.throw_away(scenario)


def asked_json(asked: Asked | None) -> dict[str, Any]:
    if asked is None:
        return {"state": "never_asked", "report": None}
    return {
        "asked_by": asked.asked_by,
        "asked_at": asked.asked_at.isoformat(),
        "seconds": asked.seconds,
        "late_cost": asked.late_cost,
        "state": asked.state.value,
        "progress": asked.progress,
        "fault": asked.fault,
        "report": asked.report and asked.report.as_json(),
    }


@router.get("/bottleneck")
def bottleneck(request: Request, actor: Actor = needs("plan.read")) -> dict[str, Any]:
    """The newest report of what limits the plan, and how far the one that was asked for last is.

    Of each resource: the change of weighted hours of lateness and of mean hours until orders are packed, with one hour
    more and one hour less a day, from planning anew.
    """
    with platform_of(request).look(actor.organization) as work:
        return asked_json(work.bottlenecks.asked())


@router.post("/bottleneck", status_code=202)
def ask_bottleneck(
    request: Request, question: Annotated[Question | None, Body()] = None, actor: Actor = needs("plan.write")
) -> dict[str, Any]:
    """Have it found out in the background; the answer is at the same address."""
    platform, wanted = platform_of(request), question or Question()
    with platform.work(actor.organization) as work:
        asked = work.bottlenecks.ask(who(actor), seconds=wanted.seconds, late_cost=wanted.late_cost)
    call_planner(platform, actor.organization)
    return asked_json(asked)


def levers_json(found: Levers) -> dict[str, Any]:
    return {
        "now": {"date": found.now.date.isoformat(), "reason": found.now.reason.as_dict()},
        "levers": [each.as_json() for each in found.levers],
    }


@router.get("/promises/{order}/levers")
def levers_of_order(request: Request, order: str, actor: Actor = needs("plan.read")) -> dict[str, Any]:
    """What would make an order's date earlier, by how much, at what cost, and whom it would delay.

    `change` can be posted as a change of a scenario.
    """
    with platform_of(request).look(actor.organization) as work:
        return levers_json(work.plan.levers(order))


@router.get("/products/{product}/levers")
def levers_of_product(
    request: Request,
    product: str,
    c: Annotated[list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=2000)] = None,
    quantity: Annotated[int, Query(ge=1, le=1000)] = 1,
    actor: Actor = needs("plan.read"),
) -> dict[str, Any]:
    """The same for something that nobody has ordered yet; `c` are choices, completed the cheapest way."""
    with platform_of(request).look(actor.organization) as work:
        return levers_json(work.plan.levers(work.orders.demanded(product, c or [], quantity=quantity)))
