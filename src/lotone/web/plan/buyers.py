"""Orders with what was promised, for who talks to buyers: spare time, risk, kept or moved, and why it moved."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lotone.kernel import Words
from lotone.orders import Order, OrderState, PromiseMove
from lotone.plan import Binding, BindingKind
from lotone.plan.model.binding import promise_for
from lotone.web.plan.changes import CAUSES
from lotone.web.plan.desk import Desk
from lotone.web.plan.promises import Standing, Tracked, tracked

NEWEST = 500
DELIVERED_SHOWN = timedelta(days=30)
DAY = timedelta(days=1)
OWN_WORK = Words("its own operations", "自身工序")
"""What keeps an order that nothing else keeps: the plan calls it by its product, which says nothing here."""


class Kept(StrEnum):
    """How a promise stands for a buyer."""

    MOVED = "moved"
    AT_RISK = "at_risk"
    HOLDS = "holds"
    KEPT = "kept"
    BROKEN = "broken"


KEPT_WORDS = {
    Kept.MOVED: Words("moved", "已改期"),
    Kept.AT_RISK: Words("at risk", "有风险"),
    Kept.HOLDS: Words("holds", "有效"),
    Kept.KEPT: Words("kept", "已兑现"),
    Kept.BROKEN: Words("delivered late", "延迟交付"),
}
_STANDING = {Standing.LATE: Kept.MOVED, Standing.TIGHT: Kept.AT_RISK, Standing.ON_TIME: Kept.HOLDS}


@dataclass(frozen=True)
class Sold:
    """One order."""

    order: Order
    buyer: str
    words: Words
    kept: Kept
    spare: timedelta | None
    """From being packed to the told date; None once it is delivered, or when nothing is planned for it."""
    expected: datetime | None
    reason: Words


@dataclass(frozen=True)
class Late:
    """One order that is later than first told, or whose date is at risk, and why."""

    tracked: Tracked
    buyer: str
    buyer_id: str
    moves: list[PromiseMove]
    """Every time it was told anew, the newest first."""
    binding: tuple[Binding, ...]
    """What keeps it now, the longest first."""

    @property
    def cause(self) -> str:
        """The one word of what moved it last; "" when it was not moved yet."""
        return self.moves[0].cause if self.moves else ""

    @property
    def subject(self) -> Words:
        """The machine or part that keeps it most."""
        return self.binding[0].subject if self.binding else Words("")


@dataclass(frozen=True)
class Cause:
    """What several orders are late for."""

    cause: str
    words: Words
    icon: str
    subject: Words
    orders: int
    buyers: int
    days: float
    """Delivery days lost together."""


def buyers(desk: Desk) -> dict[str, str]:
    """Names of those who order."""
    return {user.id: user.display for user in desk.work.identity.users()}


def sold(desk: Desk, buyer: str = "") -> list[Sold]:
    """Open orders by their date, then those delivered lately; of one buyer when her id is given."""
    names = buyers(desk)
    found = {each.order: each for each in tracked(desk.snapshot, desk.names)}
    products = {product.id: product.words for product in desk.work.configure.products()}
    since = desk.snapshot.now - DELIVERED_SHOWN
    rows = [
        _sold(order, names, products.get(order.product, Words(order.product)), found.get(order.id))
        for order in desk.work.orders.orders(buyer or None, limit=NEWEST)
        if order.state is not OrderState.CANCELLED and (order.delivered_at is None or order.delivered_at >= since)
    ]
    return sorted(rows, key=lambda row: (row.order.delivered_at is not None, row.order.promised, row.order.number))


def _sold(order: Order, names: dict[str, str], product: Words, known: Tracked | None) -> Sold:
    buyer = names.get(order.buyer) or order.buyer
    if order.kept is not None:
        return Sold(order, buyer, product, Kept.KEPT if order.kept else Kept.BROKEN, None, order.delivered_at, Words(""))
    if known is None:
        kept = Kept.MOVED if order.promised > order.first_promised else Kept.HOLDS
        return Sold(order, buyer, product, kept, None, order.completed_at, order.promise.reason)
    return Sold(order, buyer, known.words, _STANDING[known.standing], known.spare, known.expected, known.reason)


def late(desk: Desk) -> list[Late]:
    """What needs somebody: the latest first, then what is at risk."""
    names = buyers(desk)
    commitments = {each.order: each for each in desk.snapshot.commitments.values() if each.order is not None}
    found = []
    for each in tracked(desk.snapshot, desk.names):
        if each.standing is Standing.ON_TIME:
            continue
        order = desk.work.orders.order(each.order)
        moves = sorted(desk.work.orders.history(each.order), key=lambda move: move.position, reverse=True)
        binding = promise_for(desk.snapshot, commitments[each.order]).binding
        found.append(Late(each, names.get(order.buyer) or order.buyer, order.buyer, moves, tuple(map(_named, binding))))
    return sorted(found, key=lambda one: (-one.tracked.late_by, one.tracked.told, one.tracked.number))


def _named(binding: Binding) -> Binding:
    return replace(binding, subject=OWN_WORK) if binding.kind is BindingKind.OPERATION else binding


def causes(listed: Iterable[Late]) -> list[Cause]:
    """What the late orders have in common: the same event, and the same machine or part that keeps them; the worst first."""
    together: dict[tuple[str, str], list[Late]] = {}
    for each in listed:
        together.setdefault((each.cause, each.subject.en), []).append(each)
    found = []
    for (cause, _), orders in together.items():
        words, icon = CAUSES.get(cause, (Words("Not moved yet, but at risk", "尚未改期，但有风险"), "circle-alert"))
        days = sum((each.tracked.late_by for each in orders), timedelta()) / DAY
        who = len({each.buyer_id for each in orders})
        found.append(Cause(cause, words, icon, orders[0].subject, len(orders), who, days))
    return sorted(found, key=lambda one: (-one.days, -one.orders))
