"""How full the days of every work center are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from lotone.plan import Load, PlanService

FULL = 0.9
"""A day that is fuller than this has no room for surprises."""


@dataclass(frozen=True)
class Day:
    """One work center on one day."""

    start: datetime
    open_hours: float
    booked_hours: float

    @property
    def share(self) -> float | None:
        """None where the plant is closed and nothing is booked."""
        if self.open_hours <= 0:
            return None if self.booked_hours <= 0 else 1.0
        return self.booked_hours / self.open_hours

    @property
    def is_full(self) -> bool:
        return self.share is not None and self.share >= FULL

    @property
    def free_hours(self) -> float:
        return max(0.0, self.open_hours - self.booked_hours)


def loads(plan: PlanService, midnights: Sequence[datetime]) -> dict[str, list[Day]]:
    """Every work center's days between the midnights."""
    found: dict[str, list[Day]] = {}
    for start, end in pairwise(midnights):
        for load in plan.load(start, end):
            found.setdefault(load.work_center, []).append(_day(load, start))
    return found


def _day(load: Load, start: datetime) -> Day:
    return Day(start, load.open_hours, load.booked_hours)


def narrowest(centers: dict[str, list[Day]]) -> tuple[str, float] | None:
    """The work center that is booked most over these days, and how much of its open time that is."""
    shares = {
        center: sum(day.booked_hours for day in days) / opened
        for center, days in centers.items()
        if (opened := sum(day.open_hours for day in days)) > 0
    }
    return max(shares.items(), key=lambda item: item[1]) if shares else None
