"""Who else can deliver: suppliers, their offers for parts, and purchases from order to arrival.

`MarketService` picks the cheapest offer that is in time, orders what is short for the needs of the whole plant, books
arrivals as lots of stock, and scores suppliers by how often they were in time. Tells `PurchasePlaced`, `PurchaseArrived`.
"""

from lotone.market.facts import PurchaseArrived, PurchasePlaced
from lotone.market.model import (
    KeyUsed,
    Need,
    NothingOffered,
    Offer,
    Purchase,
    Score,
    Supplier,
    UnknownPurchase,
    UnknownSupplier,
    WrongOffer,
)
from lotone.market.service import MarketService
from lotone.market.store import Store

__all__ = [
    "KeyUsed",
    "MarketService",
    "Need",
    "NothingOffered",
    "Offer",
    "Purchase",
    "PurchaseArrived",
    "PurchasePlaced",
    "Score",
    "Store",
    "Supplier",
    "UnknownPurchase",
    "UnknownSupplier",
    "WrongOffer",
]
