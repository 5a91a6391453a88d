"""What becomes true on the market."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class PurchasePlaced(Fact):
    """Parts were ordered from a supplier."""

    purchase: str
    number: str
    supplier: str
    part: str
    quantity: float
    due_at: datetime


@dataclass(frozen=True)
class PurchaseArrived(Fact):
    """Ordered parts arrived and are in stock as a lot."""

    purchase: str
    number: str
    supplier: str
    part: str
    quantity: float
    lot: str
    at: datetime
