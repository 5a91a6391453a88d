"""What was promised to whom: from quote to hand-over.

`OrderService.quote` gives a price and a promise and holds the capacity for it; `place` makes it an order. Every time the
promise moves, the move is kept with its reason (`history`); at the hand-over it is decided whether the date told first
was kept (`kept_rate`). `track` is the order's story for its buyer. A buyer sees her own orders only: `buyer_of(actor)`.
"""

from lotone.orders.facts import OrderCancelled, OrderCompleted, OrderDelivered, OrderPlaced, PromiseTold
from lotone.orders.model import (
    QUANTITY_MAX,
    KeptRate,
    KeyUsed,
    Order,
    OrderState,
    PromiseMove,
    Quote,
    QuoteState,
    QuoteTaken,
    Step,
    StepState,
    Story,
    UnknownOrder,
    UnknownQuote,
    WorkBegan,
    WrongQuantity,
    buyer_of,
)
from lotone.orders.service import OrderService
from lotone.orders.store import Store

__all__ = [
    "QUANTITY_MAX",
    "KeptRate",
    "KeyUsed",
    "Order",
    "OrderCancelled",
    "OrderCompleted",
    "OrderDelivered",
    "OrderPlaced",
    "OrderService",
    "OrderState",
    "PromiseMove",
    "PromiseTold",
    "Quote",
    "QuoteState",
    "QuoteTaken",
    "Step",
    "StepState",
    "Store",
    "Story",
    "UnknownOrder",
    "UnknownQuote",
    "WorkBegan",
    "WrongQuantity",
    "buyer_of",
]
