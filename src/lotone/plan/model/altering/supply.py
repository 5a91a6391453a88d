"""Material on a copy of the plan: a supplier lost or slower, stock that is not there, parts bought now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from lotone.kernel import Words
from lotone.plan.model.altering.change import Called, Change, WrongChange, change_kind
from lotone.plan.model.reasons import day
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Arrival, SupplierOffer, Supply


@change_kind
@dataclass(frozen=True)
class SupplierAway(Change):
    """A supplier who delivers nothing any more: what is on its way from there does not come, others are asked."""

    kind: ClassVar[str] = "supplier_lost"
    supplier: str

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        words = supplier_words(supply, self.supplier)
        offers = tuple(each for each in supply.offers if each.supplier != self.supplier)
        arriving = tuple(each for each in supply.arriving if each.supplier != words)
        return with_supply(snapshot, offered(replace(supply, offers=offers, arriving=arriving)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = supplier_words(snapshot.supply, self.supplier)
        return Words(f"supplier {name.en} is lost", f"失去供应商{name.in_language('zh')}")


@change_kind
@dataclass(frozen=True)
class SupplierSlower(Change):
    """A supplier who needs more days (fewer when negative) for everything, also for what is on its way."""

    kind: ClassVar[str] = "supplier_slower"
    supplier: str
    days: float

    def __post_init__(self) -> None:
        if not -365 <= self.days <= 365 or self.days == 0:
            raise WrongChange(f"a supplier can be -365 to 365 days slower, not {self.days:g}", where="days")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        words, more = supplier_words(supply, self.supplier), timedelta(days=self.days)
        offers = tuple(
            replace(each, lead_time_days=max(0.0, each.lead_time_days + self.days)) if each.supplier == self.supplier else each
            for each in supply.offers
        )
        arriving = tuple(
            replace(each, at=each.at + more) if each.supplier == words else each for each in supply.arriving
        )  # fmt: skip
        return with_supply(snapshot, offered(replace(supply, offers=offers, arriving=arriving)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, days = supplier_words(snapshot.supply, self.supplier), abs(self.days)
        english, chinese = ("later", "晚") if self.days > 0 else ("sooner", "早")
        return Words(
            f"supplier {name.en} delivers {days:g} days {english}", f"供应商{name.in_language('zh')}交货{chinese}{days:g}天"
        )


@change_kind
@dataclass(frozen=True)
class StockLost(Change):
    """A quantity of a part in stock that is not there (or unfit), all of it when no quantity is given."""

    kind: ClassVar[str] = "stock_lost"
    part: str
    quantity: float = 0.0

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise WrongChange("the quantity that is lost can't be negative", where="quantity")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        if self.part not in supply.parts and self.part not in supply.on_hand:
            raise WrongChange(f"the plan knows no part {self.part!r}", where="part")
        there = supply.on_hand.get(self.part, 0.0)
        left = max(0.0, there - self.quantity) if self.quantity else 0.0
        return with_supply(snapshot, replace(supply, on_hand={**supply.on_hand, self.part: left}))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = snapshot.supply.parts.get(self.part, Words(self.part))
        amount, amount_zh = (f"{self.quantity:g} of ", f"{self.quantity:g}") if self.quantity else ("all of ", "全部")
        return Words(f"{amount}{name.en} in stock is lost", f"库存损失：{name.in_language('zh')} {amount_zh}")


@change_kind
@dataclass(frozen=True)
class Buy(Change):
    """A quantity of a part that is ordered now from one supplier, whoever the plan counts on otherwise."""

    kind: ClassVar[str] = "buy"
    part: str
    supplier: str
    quantity: float

    def __post_init__(self) -> None:
        if not self.quantity > 0:
            raise WrongChange("the quantity to buy must be more than 0", where="quantity")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply, offer = snapshot.supply, self._offer(snapshot.supply)
        arrival = Arrival(self.part, self.quantity, arrives(snapshot, offer), offer.words)
        return with_supply(snapshot, replace(supply, arriving=(*supply.arriving, arrival)))

    def _offer(self, supply: Supply) -> SupplierOffer:
        found = next((each for each in supply.offers if (each.part, each.supplier) == (self.part, self.supplier)), None)
        if found is None:
            raise WrongChange(f"supplier {self.supplier!r} does not offer part {self.part!r}", where="supplier")
        return found

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        offer, part = self._offer(snapshot.supply), snapshot.supply.parts.get(self.part, Words(self.part))
        on = day(arrives(snapshot, offer), snapshot.settings)
        return Words(
            f"{self.quantity:g} × {part.en} from {offer.words.en}, here by {on.en}",
            f"向{offer.words.in_language('zh')}采购{part.in_language('zh')} {self.quantity:g}，{on.zh}前到货",
        )

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        offer = self._offer(before.supply)
        return max(self.quantity, offer.least) * offer.price


def arrives(snapshot: Snapshot, offer: SupplierOffer) -> datetime:
    """When what is ordered now is there: by the end of a day, so that ordering and unpacking find their time."""
    return snapshot.settings.next_day(snapshot.now + timedelta(days=offer.lead_time_days))


def with_supply(snapshot: Snapshot, supply: Supply) -> Snapshot:
    return replace(snapshot, material=lambda: supply)


def supplier_words(supply: Supply, supplier: str) -> Words:
    found = next((each.words for each in supply.offers if each.supplier == supplier), None)
    if found is None:
        raise WrongChange(f"no supplier {supplier!r} offers anything that the plan knows of", where="supplier")
    return found


def offered(supply: Supply) -> Supply:
    """The supply whose lead times and suppliers are those of the fastest offers, the cheapest of equals; a part that
    nobody offers any more can't be bought."""
    best = {}
    for offer in sorted(supply.offers, key=lambda each: (each.lead_time_days, each.price, each.supplier), reverse=True):
        best[offer.part] = offer
    return replace(
        supply,
        lead_time_days={part: offer.lead_time_days for part, offer in best.items()},
        suppliers={part: offer.words for part, offer in best.items()},
    )
