"""Units on their way, the passport of one, and what a lot went into."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lotone.identity import Actor, Role
from lotone.kernel import NotFound, Words
from lotone.make import BuiltPart, OperationRecord, Passport, Unit, UnitState
from lotone.web.access import needs, platform_of, shopper
from lotone.web.make.api import router as api
from lotone.web.page import page
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section, Thread
from lotone.wiring import Work

router = APIRouter()
SHOWN = 300
NEVER = datetime.max.replace(tzinfo=UTC)


@router.get("/units")
def units(request: Request, actor: Actor = needs("make.read"), state: UnitState | None = None) -> Response:
    """Every unit, the newest first, and how far it is."""
    with platform_of(request).look(actor.organization) as work:
        found = work.make.units(states=[state] if state else None, limit=SHOWN)
        counts = work.make.count_units()
        progress = work.make.progress_of(found)
        numbers = {order.id: order.number for order in work.orders.orders(limit=10_000)}
        problems = work.make.problems()
    template = "make/units_list.html" if "hx-request" in request.headers else "make/units.html"
    return page(
        request, template, units=found, counts=counts, progress=progress, numbers=numbers, problems=problems, state=state,
        shown=SHOWN, thread=Thread.at("unit", operation="/plan"),
    )  # fmt: skip


@router.get("/units/{serial}")
def passport(request: Request, serial: str, actor: Actor = needs("make.read")) -> Response:
    """The passport of a unit, for people of the plant."""
    with platform_of(request).look(actor.organization) as work:
        found = work.make.passport(serial)
    thread = Thread.at("unit", operation="/plan", machine="/plant", buyer=f"/orders/{found.unit.order}")
    return page(
        request, "make/passport.html", passport=found, operations=_in_time(found), went_into=_by_step(found), thread=thread
    )


@router.get("/units/{serial}/passport.json")
def passport_file(request: Request, serial: str, actor: Actor = needs("make.read")) -> Response:
    """The passport as a document to keep."""
    with platform_of(request).look(actor.organization) as work:
        return _document(work.make.passport(serial))


@router.get("/shop/{shop}/units/{serial}")
def own_passport(request: Request, shop: str, serial: str, actor: Actor = shopper("orders.own")) -> Response:
    """The passport of one's own unit."""
    found = _own(request, shop, serial, actor)
    return page(
        request, "make/own_passport.html", passport=found, shop=shop, operations=_in_time(found), went_into=_by_step(found)
    )


@router.get("/shop/{shop}/units/{serial}/passport.json")
def own_passport_file(request: Request, shop: str, serial: str, actor: Actor = shopper("orders.own")) -> Response:
    """The passport of one's own unit as a document to keep."""
    return _document(_own(request, shop, serial, actor))


@router.get("/lots/{lot}")
def lot(request: Request, lot: str, actor: Actor = needs("make.read")) -> Response:
    """What a lot of material went into: whom to call when it turns out to be faulty."""
    with platform_of(request).look(actor.organization) as work:
        used = work.make.units_with(lot)
        found = next((each for each in work.assets.lots() if each.id == lot), None)
        numbers = {order.id: order.number for order in work.orders.orders(limit=10_000)}
    return page(request, "make/lot.html", lot=lot, found=found, used=used, numbers=numbers, thread=Thread.at("unit"))


def _own(request: Request, shop: str, serial: str, actor: Actor) -> Passport:
    """Somebody else's unit is not there, as for one that does not exist."""
    with platform_of(request).look(shop) as work:
        if not work.orders.is_of(work.make.unit(serial).order, actor.who):
            raise NotFound(f"there is no unit {serial}")
        return work.make.passport(serial)


def _document(passport: Passport) -> Response:
    name = f"passport-{passport.unit.serial}.json"
    return JSONResponse(passport.as_json(), headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _in_time(passport: Passport) -> list[OperationRecord]:
    """Operations in the order in which they happened, then those to come."""
    return sorted(passport.operations, key=lambda record: (record.work.started_at or NEVER, record.work.number))


def _by_step(passport: Passport) -> dict[str, list[BuiltPart]]:
    """Parts by the step at which they went in."""
    found: dict[str, list[BuiltPart]] = {record.work.step: [] for record in passport.operations}
    for part in passport.parts:
        found.setdefault(part.step, []).append(part)
    return found


def search(work: Work, _actor: Actor, query: str, reader: Reader) -> list[Found]:
    """Units by serial number."""
    wanted = query.strip().upper()
    found: list[Unit] = [unit for unit in work.make.units(limit=2000) if wanted in unit.serial.upper()]
    kind = reader.say("Unit")
    return [Found(unit.serial, f"/units/{unit.serial}", "package-check", kind=kind) for unit in found[:6]]


ROOM = Room(
    routers=(router, api),
    menu=(
        Entry(
            Words("Units", "产品单元"), "/units", "package-check", "make.read", Section.MAKE,
            home_of=frozenset({Role.OPERATOR}),
        ),
    ),
    search=search,
)  # fmt: skip
