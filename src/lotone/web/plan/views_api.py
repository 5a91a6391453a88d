"""What operators, sales and buyers see of the plan, and late orders with their causes, for programs."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.orders import OrderState
from lotone.plan import BindingKind, BookingState
from lotone.web.access import needs, platform_of
from lotone.web.plan.buyers import Kept, causes, late, sold
from lotone.web.plan.desk import Desk
from lotone.web.plan.hand_api import Text
from lotone.web.plan.needs import Offered
from lotone.web.plan.needs import needs as part_lines
from lotone.web.plan.promises import Standing
from lotone.web.plan.upcoming import upcoming

router = APIRouter(prefix="/api/v1/plan", tags=["plan"])
MINUTE = timedelta(minutes=1)


class NextOperation(BaseModel):
    booking: str
    work_unit: str
    order: str | None
    unit: int
    step: str
    start: datetime
    end: datetime
    state: BookingState
    locked: bool
    setup: str = Field(description="What the machine must be set up for; empty when it does not matter.")
    setup_minutes: float
    crew: list[str]
    missing: Text | None = Field(description="The part that is not there yet.")
    told: datetime | None


class PromisedOrder(BaseModel):
    order: str
    number: str
    buyer: str
    product: Text
    quantity: int
    state: OrderState
    kept: Kept
    first: datetime
    told: datetime
    expected: datetime | None
    spare_minutes: float | None
    probability: float
    reason: Text


class OneOffer(BaseModel):
    supplier: str
    price: float
    currency: str
    arrives: datetime = Field(description="If it were ordered now.")
    least: float


class NeededPart(BaseModel):
    part: str
    name: Text
    unit: str
    needed: float
    on_hand: float
    coming: float
    short: float = Field(description="What neither stock nor purchases cover in time.")
    short_at: datetime | None
    first_need: datetime
    orders: list[str]
    offers: list[OneOffer]


class OneBinding(BaseModel):
    kind: BindingKind
    subject: Text
    until: datetime
    hours: float


class OneMove(BaseModel):
    at: datetime
    before: datetime
    after: datetime
    cause: str
    reason: Text


class LateOrder(BaseModel):
    order: str
    number: str
    buyer: str
    standing: Standing
    first: datetime
    told: datetime
    likely: datetime
    moves: list[OneMove] = Field(description="Every time it was told anew, the newest first.")
    binding: list[OneBinding] = Field(description="What keeps it now, the longest first.")


class OneCause(BaseModel):
    cause: str
    subject: Text
    orders: int
    buyers: int
    days: float = Field(description="Delivery days lost together.")


class LateList(BaseModel):
    causes: list[OneCause]
    orders: list[LateOrder]


@router.get("/next")
def next_work(
    request: Request, work_center: Annotated[str, Query(max_length=80)], actor: Actor = needs("plan.read")
) -> list[NextOperation]:
    """What runs and what comes on each machine of a work center, the first few of each."""
    with platform_of(request).look(actor.organization) as work:
        found = upcoming(Desk.of(request, work), work_center)
    return [
        NextOperation(
            booking=one.booking.id,
            work_unit=unit,
            order=one.booking.order,
            unit=one.booking.unit,
            step=one.booking.step,
            start=one.booking.start,
            end=one.booking.end,
            state=one.booking.state,
            locked=one.booking.locked,
            setup=one.setup,
            setup_minutes=one.setup_minutes,
            crew=list(one.booking.crew),
            missing=_text(one.missing) if one.missing else None,
            told=one.told,
        )
        for unit, queue in found.items()
        for one in queue
    ]


@router.get("/orders")
def promised_orders(
    request: Request, buyer: Annotated[str, Query(max_length=80)] = "", actor: Actor = needs("orders.read")
) -> list[PromisedOrder]:
    """Open orders by their date, then those delivered lately, with how their promise stands."""
    with platform_of(request).look(actor.organization) as work:
        rows = sold(Desk.of(request, work), buyer)
    return [
        PromisedOrder(
            order=row.order.id,
            number=row.order.number,
            buyer=row.buyer,
            product=_text(row.words),
            quantity=row.order.quantity,
            state=row.order.state,
            kept=row.kept,
            first=row.order.first_promised,
            told=row.order.promised,
            expected=row.expected,
            spare_minutes=None if row.spare is None else row.spare / MINUTE,
            probability=row.order.promise.probability,
            reason=_text(row.reason),
        )
        for row in rows
    ]


@router.get("/parts")
def needed_parts(request: Request, actor: Actor = needs("market.read")) -> list[NeededPart]:
    """Parts that orders still need: short ones first, with who offers them."""
    with platform_of(request).look(actor.organization) as work:
        lines = part_lines(Desk.of(request, work))
    return [
        NeededPart(
            part=line.part,
            name=_text(line.words),
            unit=line.unit,
            needed=line.needed,
            on_hand=line.on_hand,
            coming=sum(each.quantity for each in line.coming),
            short=line.short,
            short_at=line.short_at,
            first_need=line.first_need,
            orders=sorted({each.order for each in line.needs}),
            offers=[_offer(each) for each in line.offers],
        )
        for line in lines
    ]


@router.get("/late")
def late_orders(request: Request, actor: Actor = needs("plan.read")) -> LateList:
    """Orders that are later than first told or at risk, with causes; and what the orders have in common."""
    with platform_of(request).look(actor.organization) as work:
        found = late(Desk.of(request, work))
    return LateList(
        causes=[
            OneCause(
                cause=each.cause, subject=_text(each.subject), orders=each.orders, buyers=each.buyers, days=round(each.days, 3)
            )
            for each in causes(found)
        ],
        orders=[
            LateOrder(
                order=each.tracked.order,
                number=each.tracked.number,
                buyer=each.buyer,
                standing=each.tracked.standing,
                first=each.tracked.first,
                told=each.tracked.told,
                likely=each.tracked.likely,
                moves=[
                    OneMove(at=move.at, before=move.before, after=move.after, cause=move.cause, reason=_text(move.reason))
                    for move in each.moves
                ],
                binding=[
                    OneBinding(kind=one.kind, subject=_text(one.subject), until=one.until, hours=one.hours)
                    for one in each.binding
                ],
            )
            for each in found
        ],
    )


def _offer(each: Offered) -> OneOffer:
    return OneOffer(
        supplier=each.supplier,
        price=each.price.cents / 100,
        currency=each.price.currency,
        arrives=each.arrives,
        least=each.least,
    )


def _text(words: Words) -> Text:
    return Text(en=words.en, zh=words.zh)
