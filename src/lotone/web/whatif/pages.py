"""The planner's what-if pages: scenarios, their figures side by side, what limits the plan, what would move a date."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Invalid, Words
from lotone.plan import Change, Report, Scenario, outlook_of
from lotone.plan.model.bottleneck import MOST
from lotone.plan.service import bottlenecks
from lotone.plan.service.scenarios import CAN_APPLY, SECONDS, SECONDS_MOST, Kept
from lotone.web.access import needs, platform_of
from lotone.web.connect.forms import any_form
from lotone.web.page import go_to, page, reader_of, told
from lotone.web.plan.desk import Desk
from lotone.web.room import Entry, Room, Section, Thread
from lotone.web.whatif.api import router as api
from lotone.web.whatif.asking import call_planner, change_from, said, who
from lotone.web.whatif.fields import KINDS, WORDS, change_json
from lotone.web.whatif.picture import Column, DayBar, columns, load_of, orders_of, worth_bars
from lotone.wiring import Work

router = APIRouter(prefix="/whatif")
COMPARED_MOST = 5
SHOWN = 6
"""Work centers whose load is shown beside the report."""
Ids = Annotated[list[Annotated[str, Query(max_length=40)]] | None, Query(max_length=COMPARED_MOST)]


def _thread() -> Thread:
    return Thread.at("operation", promise="/plan/promises", machine="/plant")


@router.get("")
def scenarios(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """Every scenario that is kept, to be opened or compared."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        listed = work.scenarios.scenarios()
        return page(
            request,
            "whatif/scenarios.html",
            **desk.values,
            scenarios=listed,
            said=_said(desk),
            is_open=any(each.is_open for each in listed),
            stamp=desk.snapshot.stamp,
            has_orders=bool(desk.snapshot.commitments),
            most=COMPARED_MOST,
            thread=_thread(),
        )


def _said(desk: Desk) -> Any:
    """Changes in words, orders and work centers as people call them."""
    return lambda change: said(change, desk.snapshot, desk.names.called)


def _name(request: Request, work: Work, change: Change) -> str:
    """How a scenario is called that nobody named: by what it changes."""
    desk = Desk.of(request, work)
    text = desk.reader.words(_said(desk)(change))
    return text[:1].upper() + text[1:]


@router.get("/new")
def new(request: Request, kind: str = "", actor: Actor = needs("plan.write")) -> Response:
    """The form of a new scenario with its first change."""
    with platform_of(request).look(actor.organization) as work:
        return page(request, "whatif/new.html", **_form(request, work, kind), scenario=None, thread=_thread())


def _form(request: Request, work: Work, kind: str) -> dict[str, Any]:
    """What the fields of a change offer."""
    desk, supply = Desk.of(request, work), work.plan.snapshot().supply
    resources = sorted(desk.snapshot.resources.values(), key=lambda each: each.work_unit)
    firm = [each for each in desk.snapshot.commitments.values() if each.order]
    desk.names.know_orders(each.order for each in firm if each.order)
    steps = {need.step for each in desk.snapshot.commitments.values() for need in each.demand.operations}
    return {
        **desk.values,
        "kind": kind if kind in WORDS else "",
        "kinds": KINDS,
        "resources": resources,
        "centers": sorted({each.work_center for each in resources if each.work_center}),
        "calendars": sorted(desk.snapshot.calendars),
        "orders": sorted((desk.names.order(each.order), each.order, each.demand.words) for each in firm if each.order),
        "products": work.configure.products() if kind == "order" else [],
        "suppliers": {each.supplier: each.words for each in supply.offers},
        "offers": sorted(supply.offers, key=lambda each: (each.part, each.price)),
        "parts_known": {part: supply.parts.get(part, Words(part)) for part in sorted(supply.on_hand)},
        "stock": supply.on_hand,
        "steps": sorted(steps),
        "today": desk.plant.day_of(desk.snapshot.now),
        "seconds": SECONDS,
        "currency": supply.currency,
        "seconds_most": SECONDS_MOST,
    }


@router.post("")
def create(request: Request, form: FormData = any_form(), actor: Actor = needs("plan.write")) -> Response:
    """A new scenario with its first change; its figures are there at once, better ones follow."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        change = change_from(work, change_json(form, work.plan.settings.zone))
        name = str(form.get("name", "")).strip() or _name(request, work, change)
        kept = work.scenarios.create(Scenario(name[:120], (change,)), who(actor), seconds=_seconds(form))
    call_planner(platform, actor.organization)
    return go_to(request, f"/whatif/scenarios/{kept.id}")


def _seconds(form: FormData) -> float:
    text = str(form.get("seconds", "")).strip()
    try:
        return float(text) if text else SECONDS
    except ValueError as fault:
        raise Invalid(f"{text!r} is not a number of seconds", where="seconds") from fault


@router.get("/scenarios/{scenario}")
def one(request: Request, scenario: str, kind: str = "", actor: Actor = needs("plan.read")) -> Response:
    """One scenario: its changes, and its figures beside those of the plan as it is."""
    with platform_of(request).look(actor.organization) as work:
        kept = work.scenarios.scenario(scenario)
        return page(
            request, "whatif/scenario.html", **_form(request, work, kind), **_compared(request, work, [kept]), scenario=kept,
            thread=_thread(),
        )  # fmt: skip


def _compared(request: Request, work: Work, kept: list[Kept]) -> dict[str, Any]:
    desk = Desk.of(request, work)
    plans = columns(kept, desk.reader.say("Plan as it is"))
    orders = orders_of(plans) if plans else None
    if orders:
        desk.names.know_orders(row.order for row in orders.rows if not row.order.startswith("what-if-"))
    return {
        "kept": kept,
        "said": _said(desk),
        "plans": plans,
        "compared": orders,
        "load": load_of(plans),
        "is_current": {each.id: each.stamp == desk.snapshot.stamp for each in kept},
        "can_apply": lambda change: isinstance(change, CAN_APPLY),
        "address": str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
    }


@router.post("/scenarios/{scenario}/changes")
def add(request: Request, scenario: str, form: FormData = any_form(), actor: Actor = needs("plan.write")) -> Response:
    """One change more."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        kept = work.scenarios.scenario(scenario)
        change = change_from(work, change_json(form, work.plan.settings.zone))
        changes = (*kept.scenario.changes, change)
        work.scenarios.change(scenario, Scenario(kept.scenario.name, changes), seconds=kept.seconds)
    call_planner(platform, actor.organization)
    return go_to(request, f"/whatif/scenarios/{scenario}")


@router.post("/scenarios/{scenario}/changes/{number}/remove")
def remove(request: Request, scenario: str, number: int, actor: Actor = needs("plan.write")) -> Response:
    """Leave one change out."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        kept = work.scenarios.scenario(scenario)
        changes = tuple(each for place, each in enumerate(kept.scenario.changes, 1) if place != number)
        work.scenarios.change(scenario, Scenario(kept.scenario.name, changes), seconds=kept.seconds)
    call_planner(platform, actor.organization)
    return go_to(request, f"/whatif/scenarios/{scenario}")


@router.post("/scenarios/{scenario}/again")
def again(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> Response:
    """Calculate it on the plan as it is by now."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        work.scenarios.again(scenario)
    call_planner(platform, actor.organization)
    return go_to(request, f"/whatif/scenarios/{scenario}")


@router.post("/scenarios/{scenario}/apply")
def apply(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> Response:
    """Change the plan so; the page has said what that moves."""
    with platform_of(request).work(actor.organization) as work:
        desk = Desk.of(request, work)
        changes = work.scenarios.scenario(scenario).scenario.changes
        words = {can: _listed(desk, [each for each in changes if isinstance(each, CAN_APPLY) is can]) for can in (True, False)}
        applied = work.scenarios.apply(scenario, who(actor))
    texts = [desk.reader.say("In the plan now: %(changes)s.", changes=words[True])] if applied.done else []
    if applied.left:
        texts.append(desk.reader.say("Not changed in the plan: %(changes)s.", changes=words[False]))
    if applied.plan_changed:
        texts.append(desk.reader.say("The plan had changed since it was calculated."))
    return told(go_to(request, f"/whatif/scenarios/{scenario}"), " ".join(texts))


def _listed(desk: Desk, changes: list[Change]) -> str:
    return "; ".join(desk.reader.words(_said(desk)(each)) for each in changes)


@router.post("/scenarios/{scenario}/throw-away")
def throw_away(request: Request, scenario: str, actor: Actor = needs("plan.write")) -> Response:
    """Forget a scenario; the plan stays as it is."""
    with platform_of(request).work(actor.organization) as work:
        name = work.scenarios.scenario(scenario).scenario.name
        work.scenarios.throw_away(scenario)
    return told(go_to(request, "/whatif"), reader_of(request).say("Thrown away: %(name)s", name=name))


@router.get("/compare")
def compare(request: Request, s: Ids = None, actor: Actor = needs("plan.read")) -> Response:
    """Several scenarios side by side."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        kept = work.scenarios.compare(s or [])
        return page(
            request, "whatif/compare.html", **desk.values, **_compared(request, work, kept), thread=_thread()
        )  # fmt: skip


@router.get("/bottleneck")
def bottleneck(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """What limits the plan, and what an hour more of it is worth."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        asked = work.bottlenecks.asked()
        report = asked.report if asked else None
        return page(
            request,
            "whatif/bottleneck.html",
            **desk.values,
            asked=asked,
            report=report,
            bars=worth_bars(report) if report else [],
            load=_load_of_the_narrow(desk, report),
            seconds=bottlenecks.SECONDS,
            seconds_most=bottlenecks.SECONDS_MOST,
            candidates=MOST,
            has_orders=bool(desk.snapshot.commitments),
            currency=desk.snapshot.supply.currency,
            machines_of=lambda units: [desk.names.machine(each) for each in units],
            thread=_thread(),
        )


def _load_of_the_narrow(desk: Desk, report: Report | None) -> dict[str, list[DayBar]]:
    """How full the work centers are that limit most, as the plan stands."""
    if report is None:
        return {}
    centers = dict.fromkeys(each.work_center for each in report.worths if each.work_center)
    load = load_of([Column("", None, outlook_of(desk.snapshot))])
    return {center: load[center] for center in list(centers)[:SHOWN] if center in load}


@router.post("/bottleneck")
def ask_bottleneck(
    request: Request,
    seconds: Annotated[float, Form(allow_inf_nan=False)] = bottlenecks.SECONDS,
    late_cost: Annotated[float, Form(allow_inf_nan=False)] = 0.0,
    actor: Actor = needs("plan.write"),
) -> Response:
    """Have it found out, in the background."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        work.bottlenecks.ask(who(actor), seconds=seconds, late_cost=late_cost)
    call_planner(platform, actor.organization)
    return go_to(request, "/whatif/bottleneck")


@router.get("/levers/{order}")
def levers(request: Request, order: str, actor: Actor = needs("plan.read")) -> Response:
    """What would make an order's date earlier: a part of the order's pages, or a page of its own."""
    whole = "hx-request" not in request.headers
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        found = work.plan.levers(order)
        return page(
            request,
            "whatif/levers_page.html" if whole else "whatif/levers.html",
            **desk.values,
            found=found,
            order=order,
            said=_said(desk),
            words=WORDS,
            thread=_thread(),
        )


@router.post("/levers/{order}")
def try_lever(
    request: Request, order: str, number: Annotated[int, Form(ge=0)] = 0, actor: Actor = needs("plan.write")
) -> Response:
    """Keep one of them as a scenario, to see all that it does before it is applied."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        found = work.plan.levers(order).levers
        if number >= len(found):
            raise Invalid("the plan has changed and this is no longer offered; look again", where="number")
        change = found[number].change
        kept = work.scenarios.create(Scenario(_name(request, work, change)[:120], (change,)), who(actor))
    call_planner(platform, actor.organization)
    return go_to(request, f"/whatif/scenarios/{kept.id}")


ROOM = Room(
    routers=(router, api),
    menu=(Entry(Words("What if", "假设分析"), "/whatif", "git-branch", "plan.write", Section.PLAN, order=35),),
)
