"""Material for people: stock with what is promised of it, purchases on their way."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from starlette.responses import Response

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.web.access import needs, platform_of
from lotone.web.market.api import router as api
from lotone.web.page import go_to, page, told
from lotone.web.room import Entry, Room, Section, Thread

router = APIRouter(prefix="/material")


@router.get("")
def material(request: Request, actor: Actor = needs("market.read")) -> Response:
    """What there is of every part, what of it is promised, and what comes."""
    with platform_of(request).look(actor.organization) as work:
        parts = list(work.assets.parts().values())
        on_hand = work.assets.on_hand()
        promised = sums((need.part, need.quantity) for need in work.plan.part_needs())
        purchases = work.market.purchases(limit=200)
        suppliers = {supplier.id: supplier.words for supplier in work.market.suppliers()}
    coming = sums((purchase.part, purchase.quantity) for purchase in purchases if purchase.arrived_at is None)
    return page(
        request, "market/material.html", stock=parts, on_hand=on_hand, promised=promised, coming=coming,
        purchases=purchases, suppliers=suppliers, names={part.id: part.words for part in parts},
        thread=Thread.at("promise", operation="/plan", unit="/units"),
    )  # fmt: skip


@router.post("/purchases/{purchase}/arrive")
def arrive(request: Request, purchase: str, actor: Actor = needs("market.write")) -> Response:
    """The parts are here: book them into stock."""
    with platform_of(request).work(actor.organization) as work:
        arrived = work.market.arrive(purchase)
    return told(go_to(request, "/material"), f"{arrived.number}: {arrived.quantity:g} × {arrived.part}")


def sums(quantities: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The sum of each part's quantities."""
    total: dict[str, float] = {}
    for part, quantity in quantities:
        total[part] = total.get(part, 0.0) + quantity
    return total


ROOM = Room(
    routers=(router, api),
    menu=(Entry(Words("Material", "物料"), "/material", "boxes", "market.read", Section.MAKE, order=60),),
)
