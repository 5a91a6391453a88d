"""What becomes true in planning."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class ScheduleChanged(Fact):
    """The schedule has a new version. `cause` is one word such as `ordered`, `started`, `machine_down`, `improved`;
    `moved` counts the bookings that changed their time or machine."""

    version: int
    cause: str
    moved: int


@dataclass(frozen=True)
class PromiseMoved(Fact):
    """The date a buyer was told changed from `before` to `after`; the reason is in both languages."""

    order: str
    before: datetime
    after: datetime
    cause: str
    reason_en: str
    reason_zh: str
