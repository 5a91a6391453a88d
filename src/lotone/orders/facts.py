"""What becomes true about orders."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class OrderPlaced(Fact):
    """A buyer ordered; capacity and material are firmly planned."""

    order: str
    number: str
    product: str
    unit_count: int
    promised: datetime


@dataclass(frozen=True)
class OrderCancelled(Fact):
    """The order is no longer wanted; what was planned for it is free again."""

    order: str
    number: str


@dataclass(frozen=True)
class PromiseTold(Fact):
    """The order's page now says another date, and why."""

    order: str
    number: str
    buyer: str
    before: datetime
    after: datetime
    cause: str
    reason_en: str
    reason_zh: str


@dataclass(frozen=True)
class OrderCompleted(Fact):
    """All units of the order are finished."""

    order: str
    number: str
    at: datetime


@dataclass(frozen=True)
class OrderDelivered(Fact):
    """The order was handed over; `kept` by the date told first, `kept_last` by the date told last."""

    order: str
    number: str
    at: datetime
    kept: bool
    kept_last: bool
