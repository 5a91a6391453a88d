"""The same plan for others: next work for operators, promises for sales, short parts for buyers, late orders with causes."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Invalid, Words
from lotone.plan.service.reactions import MAINTENANCE
from lotone.web.access import needs, platform_of
from lotone.web.page import page, reader_of, told
from lotone.web.plan.buyers import KEPT_WORDS, Kept, causes, late, sold
from lotone.web.plan.desk import Desk
from lotone.web.plan.needs import needs as part_lines
from lotone.web.plan.upcoming import centers, upcoming
from lotone.web.room import Entry, Section, Thread
from lotone.wiring import Work

router = APIRouter(prefix="/plan")
NAME = Annotated[str, Query(max_length=80)]
A_YEAR = 366 * 24 * 60


@router.get("/next")
def next_work(request: Request, center: NAME = "", actor: Actor = needs("plan.read")) -> Response:
    """What a work center does next."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        listed = centers(desk)
        chosen = center if center in listed else next(iter(listed), "")
        return page(
            request, "plan/next.html", **desk.values, centers=listed, center=chosen, machines=upcoming(desk, chosen),
            thread=Thread.at("operation", promise="/plan/promises", machine="/plant", unit="/units"),
        )  # fmt: skip


@router.get("/orders")
def promised_orders(request: Request, buyer: NAME = "", actor: Actor = needs("orders.read")) -> Response:
    """Orders with what was promised to whom, and how it stands."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        rows = sold(desk, buyer)
        return page(
            request, "plan/orders.html", **desk.values, rows=rows, buyer=buyer, kepts=KEPT_WORDS, Kept=Kept,
            who=next((row.buyer for row in rows if buyer), ""),
            thread=Thread.at("promise", operation="/plan", buyer="/orders"),
        )  # fmt: skip


@router.get("/parts")
def parts(request: Request, actor: Actor = needs("market.read")) -> Response:
    """Parts that the plan needs by when, short ones first."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        lines = part_lines(desk)
        desk.names.know_orders({need.order for line in lines for need in line.needs})
        thread = Thread.at("promise", operation="/plan", unit="/units")
        return page(request, "plan/parts.html", **desk.values, lines=lines, thread=thread)


@router.get("/late")
def late_orders(request: Request, actor: Actor = needs("plan.read")) -> Response:
    """Orders later than first told or at risk: the causes they have in common, and each with its own."""
    with platform_of(request).look(actor.organization) as work:
        desk = Desk.of(request, work)
        found = late(desk)
        machines = sorted(desk.snapshot.resources.values(), key=lambda each: desk.names.place(each.work_unit))
        return page(
            request, "plan/late.html", **desk.values, late=found, causes=causes(found), machines=machines,
            thread=Thread.at("promise", operation="/plan", buyer="/orders"),
        )  # fmt: skip


@router.post("/events/rush")
def rush(request: Request, order: Annotated[str, Form(max_length=80)], actor: Actor = needs("plan.write")) -> Response:
    """Let an order go first."""
    reader = reader_of(request)
    with platform_of(request).work(actor.organization) as work:
        work.plan.rush(order)
        number = work.orders.order(order).number
    return _done(reader.say("%(order)s goes first now", order=number))


@router.post("/events/maintenance")
def maintenance(
    request: Request,
    machine: Annotated[str, Form(max_length=80)],
    start: Annotated[str, Form(max_length=40)],
    minutes: Annotated[float, Form(gt=0, le=A_YEAR)],
    words: Annotated[str, Form(max_length=200)] = "",
    actor: Actor = needs("plan.write"),
) -> Response:
    """Keep a machine free for its maintenance."""
    with platform_of(request).work(actor.organization) as work:
        desk = Desk.of(request, work)
        begins = _plant_moment(start, desk)
        work.plan.advise_maintenance(machine, begins, minutes, Words(words) if words else MAINTENANCE)
        text = desk.reader.say("%(machine)s is kept free for it", machine=desk.names.machine(machine))
    return _done(text)


@router.post("/events/absent")
def absent(
    request: Request,
    who: Annotated[str, Form(max_length=80)],
    minutes: Annotated[float, Form(gt=0, le=A_YEAR)],
    actor: Actor = needs("plan.write"),
) -> Response:
    """Somebody (or a tool) is away, or a machine that does not report it itself stands still."""
    with platform_of(request).work(actor.organization) as work:
        desk = Desk.of(request, work)
        _away(work, desk, who, minutes)
        text = desk.reader.say("The plan knows that %(name)s is away", name=desk.names.machine(who))
    return _done(text)


def _away(work: Work, desk: Desk, who: str, minutes: float) -> None:
    known = desk.snapshot.resources.get(who)
    act = work.plan.machine_down if known is None or known.is_machine else work.plan.absent
    act(who, work.plan.plant_clock(), minutes)


def _done(text: str) -> Response:
    return told(Response(status_code=204, headers={"Cache-Control": "no-store"}), text)


def _plant_moment(text: str, desk: Desk) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Invalid(f"{text!r} is not a moment; choose a date and a time", where="start") from fault
    return (moment if moment.tzinfo else moment.replace(tzinfo=desk.plant.tz)).astimezone(UTC)


MENU = (
    Entry(Words("Late orders", "延迟订单"), "/plan/late", "alarm-clock", "plan.read", Section.PLAN, order=15),
    Entry(Words("Next work", "下一步工作"), "/plan/next", "clipboard-check", "plan.read", Section.MAKE, order=10),
    Entry(Words("Promised to buyers", "对买家的承诺"), "/plan/orders", "handshake", "orders.read", Section.SELL, order=60),
    Entry(Words("Parts needed", "所需零件"), "/plan/parts", "package-check", "market.read", Section.MAKE, order=55),
)
