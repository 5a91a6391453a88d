"""Stock, offers and purchases for programs."""

from typing import Any

from fastapi import APIRouter, Request

from lotone.identity import Actor
from lotone.market import Purchase
from lotone.web.access import needs, platform_of

router = APIRouter(prefix="/api/v1", tags=["market"])


@router.get("/stock")
def stock(request: Request, actor: Actor = needs("market.read")) -> list[dict[str, Any]]:
    """What there is of every part."""
    with platform_of(request).look(actor.organization) as work:
        on_hand = work.assets.on_hand()
        return [
            {"part": part.id, "name": part.words.as_dict(), "unit": part.unit, "on_hand": on_hand.get(part.id, 0.0)}
            for part in work.assets.parts().values()
        ]


@router.get("/purchases")
def purchases(request: Request, actor: Actor = needs("market.read")) -> list[dict[str, Any]]:
    """Purchases, the newest first."""
    with platform_of(request).look(actor.organization) as work:
        return [purchase_json(purchase) for purchase in work.market.purchases(limit=1000)]


@router.post("/purchases/{purchase}/arrive")
def arrive(request: Request, purchase: str, actor: Actor = needs("market.write")) -> dict[str, Any]:
    """Book the arrival of a purchase into stock."""
    with platform_of(request).work(actor.organization) as work:
        return purchase_json(work.market.arrive(purchase))


def purchase_json(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "number": purchase.number,
        "supplier": purchase.supplier,
        "part": purchase.part,
        "quantity": purchase.quantity,
        "price": purchase.price.cents / 100,
        "currency": purchase.price.currency,
        "ordered_at": purchase.ordered_at.isoformat(),
        "due_at": purchase.due_at.isoformat(),
        "arrived_at": purchase.arrived_at and purchase.arrived_at.isoformat(),
        "lot": purchase.lot,
    }
