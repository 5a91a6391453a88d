"""The product manager's demand page, and where shops' pages tell what was looked at."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lotone.configure import Interest, InterestSettings, OptionInterest, Product, configurator_of
from lotone.identity import Actor
from lotone.kernel import Words
from lotone.web.access import needs, platform_of, shopper
from lotone.web.demand.api import Looked, forget_everything, note_looked
from lotone.web.demand.api import router as api
from lotone.web.demand.asked import LATE_MAX, RANGES, asked_of, interest_of, sold_and_counted, usual_late
from lotone.web.demand.causes import Plant
from lotone.web.demand.picture import bars_over_days, bars_over_promises, map_of, steps_of
from lotone.web.page import go_to, page, reader_of
from lotone.web.reader import Reader
from lotone.web.room import Entry, Room, Section, Thread
from lotone.web.shop.choosing import sections_of

router = APIRouter(prefix="/demand")
shop_router = APIRouter(prefix="/shop")


@router.get("")
def demand(
    request: Request,
    product: Annotated[str, Query(max_length=80)] = "",
    start: Annotated[date | None, Query(alias="from")] = None,
    end: Annotated[date | None, Query(alias="to")] = None,
    late: Annotated[int | None, Query(ge=0, le=LATE_MAX)] = None,
    actor: Actor = needs("orders.read"),
) -> Response:
    """What shoppers looked at, took and left of one product over some days, and what was lost for a late date."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        products = sold_and_counted(work)
        settings = work.interest.settings()
        extent = work.interest.extent()
        if not products:
            return page(request, "demand/nothing.html", settings=settings)
        asked = asked_of(product or next(iter(products)), start, end, platform.today())
        found = interest_of(work, asked)
        late_days = usual_late(found) if late is None else late
        plant = Plant(work)
        causes = [plant.blamed(one) for one in found.lost_by(late_days)]
    return page(
        request,
        "demand/demand.html",
        **_seen(found, products[asked.product]),
        asked=asked,
        ranges=[(days, asked.end - timedelta(days=days - 1)) for days in RANGES],
        products=products,
        today=platform.today(),
        extent=extent,
        late=late_days,
        is_usual_late=late is None,
        loss=found.date_loss(late_days),
        causes=causes,
        said=partial(_said, reader_of(request)),
        thread=Thread.at("choice", promise="/plan/promises", operation="/plan", machine="/plant"),
    )


def _said(reader: Reader, day: date) -> str:
    """A day of the plant's calendar, whatever the reader's zone."""
    return Reader(reader.language).moment_text(datetime.combine(day, time(12), UTC), "date")


def _seen(found: Interest, product: Product | None) -> dict[str, Any]:
    """The counts as pictures and rows, by the words of the product as it is now."""
    questions = _questions(product)
    order = {name: number for number, name in enumerate(questions)}
    shown = [one for one in found.options if one.looked or one.taken or one.ordered]
    if product is not None:
        shown = [one for one in shown if one.option in questions or one.option not in configurator_of(product).model.features]
    pairs = [one for one in found.pairs if product is None or (one.first in questions and one.second in questions)]
    return {
        "interest": found,
        "product": product,
        "name": lambda option: product.words_of(option) if product else Words(option),
        "questions": questions,
        "steps": steps_of(found.funnel),
        "days": bars_over_days(found),
        "promises": bars_over_promises(found.by_days()),
        "options": sorted(shown, key=_rank),
        "pairs": pairs,
        "map": map_of(pairs, order),
    }


def _rank(one: OptionInterest) -> tuple[int, int, str]:
    return (-one.taken, -one.looked, one.option)


def _questions(product: Product | None) -> dict[str, Words]:
    """Every option that shoppers can choose, with the question it answers, in the order of the shop."""
    if product is None:
        return {}
    sections = sections_of(product, configurator_of(product).model)
    return {name: question.words for section in sections for question in section.questions for name in question.members}


@router.post("/settings")
def change_settings(
    request: Request,
    keep_days: Annotated[int, Form()],
    smallest: Annotated[int, Form()],
    actor: Actor = needs("configure.write"),
) -> Response:
    """Keep counts for another time; what is older goes at once."""
    with platform_of(request).work(actor.organization) as work:
        work.interest.change_settings(InterestSettings(keep_days, smallest))
    return go_to(request, "/demand")


@router.post("/forget")
def forget(request: Request, actor: Actor = needs("configure.write")) -> Response:
    """Delete all counts; the page has said what that means."""
    forget_everything(request, actor)
    return go_to(request, "/demand")


@shop_router.post("/{shop}/{product}/looked", status_code=204)
def looked(request: Request, shop: str, product: str, seen: Looked, actor: Actor = shopper("configure.read")) -> None:
    """Which options the shopper's window showed for a second."""
    note_looked(request, actor, product, seen)


ROOM = Room(
    routers=(router, shop_router, api),
    menu=(Entry(Words("Demand", "需求"), "/demand", "trending-up", "configure.write", Section.SELL, order=40),),
)
