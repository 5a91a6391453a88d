"""Parts that the plan needs by when, for who buys them: what is short first, with what is on its way and who offers it."""

from dataclasses import dataclass, field
from datetime import datetime

from lotone.kernel import Money, Words
from lotone.market import Offer, Purchase
from lotone.plan import PartNeed
from lotone.web.plan.desk import Desk

TINY = 1e-9


@dataclass(frozen=True)
class Offered:
    """Who would deliver a part: when, if it were ordered now, and for how much each."""

    supplier: str
    words: Words
    price: Money
    arrives: datetime
    least: float


@dataclass
class PartLine:
    """One part."""

    part: str
    words: Words
    unit: str
    needed: float
    on_hand: float
    first_need: datetime
    needs: list[PartNeed]
    coming: list[Purchase] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    short: float = 0.0
    """What neither stock nor purchases cover, or cover too late."""
    short_at: datetime | None = None
    """The first time at which it is not there."""

    @property
    def is_short(self) -> bool:
        return self.short > TINY

    @property
    def best(self) -> Offered | None:
        """The cheapest offer that is in time, else the fastest."""
        if not self.offers:
            return None
        in_time = [each for each in self.offers if self.short_at is None or each.arrives <= self.short_at]
        return min(in_time, key=lambda each: each.price.cents) if in_time else min(self.offers, key=lambda each: each.arrives)


def needs(desk: Desk) -> list[PartLine]:
    """Every part that orders still need: short ones first, then by when they are needed."""
    work = desk.work
    parts, on_hand = work.assets.parts(), work.assets.on_hand()
    lines: dict[str, PartLine] = {}
    for need in work.plan.part_needs():
        known = parts.get(need.part)
        line = lines.setdefault(
            need.part,
            PartLine(
                need.part, known.words if known else Words(need.part), known.unit if known else "", 0.0,
                on_hand.get(need.part, 0.0), need.at, [],
            ),
        )  # fmt: skip
        line.needed += need.quantity
        line.needs.append(need)
    for purchase in work.market.purchases(limit=1000):
        if purchase.arrived_at is None and purchase.part in lines:
            lines[purchase.part].coming.append(purchase)
    suppliers = {supplier.id: supplier.words for supplier in work.market.suppliers()}
    for offer in work.market.offers():
        if offer.part in lines:
            lines[offer.part].offers.append(_offered(offer, suppliers, desk.snapshot.now))
    for line in lines.values():
        _find_short(line, desk.snapshot.now)
    return sorted(lines.values(), key=lambda each: (not each.is_short, each.short_at or each.first_need, each.part))


def _offered(offer: Offer, suppliers: dict[str, Words], now: datetime) -> Offered:
    words = suppliers.get(offer.supplier, Words(offer.supplier))
    return Offered(offer.supplier, words, offer.price, offer.arrives(now), offer.least)


def _find_short(line: PartLine, now: datetime) -> None:
    """Walk through the needs as they come, with what is there by then."""
    line.coming.sort(key=lambda purchase: purchase.due_at)
    need = 0.0
    for each in line.needs:
        need += each.quantity
        there = line.on_hand + sum(one.quantity for one in line.coming if one.due_at <= max(each.at, now))
        if need - there > max(TINY, line.short):
            line.short = need - there
            line.short_at = line.short_at or each.at
