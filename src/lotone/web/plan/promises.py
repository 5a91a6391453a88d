"""How the promises stand: what was told first, what is told now, what is to be expected, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lotone.kernel import Words
from lotone.plan import Snapshot
from lotone.plan.model.binding import promise_for
from lotone.plan.model.booking import Place
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.plan.model.supply import Ready, pegs
from lotone.web.plan.names import Names

CLOSE = timedelta(minutes=30)
BUFFERS = 3
"""With less spare time than this, or than so many of its own buffers, it is worth computing how sure a date still is."""


class Standing(StrEnum):
    LATE = "late"
    """The date was moved behind the one that was told first."""
    TIGHT = "tight"
    """The told date still stands, but is no longer reached with the probability that was told."""
    ON_TIME = "on_time"


STANDING_WORDS = {
    Standing.LATE: Words("later than first told", "晚于首次承诺"),
    Standing.TIGHT: Words("at risk", "有风险"),
    Standing.ON_TIME: Words("on time", "准时"),
}


@dataclass(frozen=True)
class Tracked:
    """One order's promise as the planner sees it."""

    order: str
    number: str
    words: Words
    quantity: int
    first: datetime
    """The hand-over that was told when it was ordered."""
    told: datetime
    """The hand-over that is told now."""
    expected: datetime
    """When it is expected to be packed."""
    likely: datetime
    """The hand-over that would be told if it were asked now."""
    probability: float
    moves: int
    reason: Words
    standing: Standing
    next_booking: str | None
    """The operation that comes next, to be shown in the schedule."""

    @property
    def spare(self) -> timedelta:
        """Time between being packed and the told hand-over."""
        return self.told - self.expected

    @property
    def late_by(self) -> timedelta:
        return max(self.told, self.likely) - self.first


def tracked(snapshot: Snapshot, names: Names) -> list[Tracked]:
    """All orders that are not finished, the next due first."""
    firm = [each for each in snapshot.commitments.values() if each.state is CommitmentState.FIRM and each.order is not None]
    names.know_orders(each.order for each in firm if each.order is not None)
    material = pegs(snapshot.stock, snapshot.commitments.reserved, snapshot.scarce)
    found = [_tracked(snapshot, names, each, material) for each in firm]
    return sorted(found, key=lambda each: (each.told, each.number))


def _tracked(snapshot: Snapshot, names: Names, commitment: Commitment, material: Mapping[Place, Ready]) -> Tracked:
    order = commitment.order or ""
    told = commitment.told
    expected = commitment.completion + snapshot.settings.packing
    first = names.first_promised(order) or told.date
    is_close = told.date - expected < max(CLOSE, BUFFERS * timedelta(minutes=told.buffer_minutes))
    now = promise_for(snapshot, commitment, material) if is_close else told
    standing = Standing.LATE if told.date > first else Standing.TIGHT if now.date > told.date else Standing.ON_TIME
    waiting = [each for each in commitment.bookings if each.state.takes_time]
    return Tracked(
        order=order,
        number=names.order(order),
        words=commitment.demand.words,
        quantity=commitment.demand.quantity,
        first=first,
        told=told.date,
        expected=expected,
        likely=now.date,
        probability=told.probability,
        moves=commitment.moves,
        reason=now.reason,
        standing=standing,
        next_booking=min(waiting, key=lambda each: (each.start, each.id)).id if waiting else None,
    )


class Shown(StrEnum):
    """Which promises a list shows."""

    ATTENTION = "attention"
    SOON = "soon"
    ALL = "all"


def chosen(promises: Iterable[Tracked], shown: Shown, now: datetime, soon: timedelta) -> list[Tracked]:
    """What needs somebody (the worst first), what is due soon, or all."""
    if shown is Shown.ATTENTION:
        order = list(Standing)
        wrong = [each for each in promises if each.standing is not Standing.ON_TIME]
        return sorted(wrong, key=lambda each: (order.index(each.standing), -each.late_by, each.spare))
    return [each for each in promises if shown is Shown.ALL or each.told <= now + soon]


def is_late(commitment: Commitment, names: Names) -> bool:
    """Whether the order will be later than was told first."""
    if commitment.order is None or not commitment.moves:
        return False
    first = names.first_promised(commitment.order)
    return first is not None and commitment.told.date > first


@dataclass(frozen=True)
class Strip:
    """A promise on the common time axis of a list, in percent of its width: from ready to the date that is told."""

    expected: float
    told: float
    first: float
    now: float

    @property
    def left(self) -> float:
        return min(self.expected, self.told)

    @property
    def width(self) -> float:
        return abs(self.told - self.expected)


def strips(promises: Sequence[Tracked], now: datetime) -> dict[str, Strip]:
    """One strip for each promise; all have the same axis, from now (or the earliest date) to the latest date."""
    moments = [moment for each in promises for moment in (each.first, each.told, each.expected)]
    start, end = min([now, *moments]), max([now + timedelta(days=1), *moments])

    def place(moment: datetime) -> float:
        return round(3 + 94 * ((moment - start) / (end - start)), 2)

    return {each.order: Strip(place(each.expected), place(each.told), place(each.first), place(now)) for each in promises}
