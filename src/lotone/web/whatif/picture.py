"""Plans side by side and bottlenecks as numbers that templates draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Words
from lotone.plan import Outlook, Report, Worth, side_by_side
from lotone.plan.model.comparing import CenterDay, Row
from lotone.plan.service.scenarios import Kept

HEIGHT = 40.0
LOAD_FULL = 1.0
ROWS_MOST = 2000
"""More orders than this are not drawn: the page then says how many are left out, the API gives all."""


@dataclass(frozen=True)
class Column:
    """One plan of a comparison."""

    name: str
    scenario: Kept | None
    """None for the plan as it is."""
    outlook: Outlook


def columns(compared: Sequence[Kept], today: str) -> list[Column]:
    """Today's plan as the newest calculation saw it, then each scenario that has figures."""
    known = [(each, each.before, each.after) for each in compared if each.before is not None and each.after is not None]
    if not known:
        return []
    newest = max((before for _, before, _ in known if before is not None), key=lambda each: (each.version, each.now))
    plans = [Column(each.scenario.name, each, after) for each, _, after in known if after is not None]
    return [Column(today, None, newest), *plans]


@dataclass(frozen=True)
class Orders:
    """The orders that differ or are late, then all others, as far as they are drawn."""

    rows: list[Row]
    left_out: int


def orders_of(plans: Sequence[Column]) -> Orders:
    rows = side_by_side([each.outlook for each in plans])
    rows.sort(key=lambda row: (not row.differs, not any(each is not None and each.is_late for each in row.dates)))
    return Orders(rows[:ROWS_MOST], max(0, len(rows) - ROWS_MOST))


@dataclass(frozen=True)
class DayBar:
    """One day of one work center: how full it is in each plan, drawn up to 40 high."""

    day: datetime
    shares: tuple[float | None, ...]
    heights: tuple[float, ...]


def load_of(plans: Sequence[Column]) -> dict[str, list[DayBar]]:
    """For every work center with any work, its days in all plans."""
    if not plans:
        return {}
    cells: list[dict[tuple[str, datetime], CenterDay]] = [
        {(each.center, each.day): each for each in plan.outlook.days} for plan in plans
    ]
    days = list(dict.fromkeys(each.day for each in plans[0].outlook.days))
    centers = list(dict.fromkeys(each.center for plan in plans for each in plan.outlook.days))
    busy = [
        center
        for center in centers
        if any(plan.get((center, day)) and plan[center, day].booked_hours for plan in cells for day in days)
    ]
    return {center: [_bar(center, day, cells) for day in days] for center in busy}


def _bar(center: str, day: datetime, cells: Sequence[dict[tuple[str, datetime], CenterDay]]) -> DayBar:
    found = [plan.get((center, day)) for plan in cells]
    shares = tuple(each.share if each else None for each in found)
    return DayBar(day, shares, tuple(HEIGHT * min(share or 0.0, 1.0) for share in shares))


@dataclass(frozen=True)
class WorthBar:
    """One resource's worth: bars to the right for an hour more, to the left for an hour less, of a hundred each."""

    worth: Worth
    words: Words
    more: float
    less: float | None
    money: float


def worth_bars(report: Report) -> list[WorthBar]:
    """Every resource of a report with the lengths of its bars: by lateness saved, or by time where nothing is late."""
    by_mean = all(each.tardiness_per_hour == 0 for each in report.worths)
    gains = [each.mean_per_hour if by_mean else each.tardiness_per_hour for each in report.worths]
    losses = [_loss(each, by_mean) for each in report.worths]
    largest = max([*(abs(each) for each in gains), *(each for each in losses if each is not None)], default=0.0) or 1.0
    return [
        WorthBar(
            each, each.words, 100 * max(gain, 0.0) / largest, None if loss is None else 100 * max(loss, 0.0) / largest,
            each.money_per_hour(report.late_cost),
        )
        for each, gain, loss in zip(report.worths, gains, losses, strict=True)
    ]  # fmt: skip


def _loss(worth: Worth, by_mean: bool) -> float | None:
    change = worth.less_mean if by_mean else worth.less_tardiness
    if change is None or not worth.taken_hours:
        return None
    return max(change, 0.0) / worth.taken_hours
