"""Suppliers, what they offer, what was bought from them, and what is short."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.assets import quantity_of, thousandths
from lotone.kernel import Conflict, Invalid, Money, NotFound, Words


class UnknownSupplier(NotFound):
    """No supplier has this id."""


class UnknownPurchase(NotFound):
    """No purchase has this id."""


class NothingOffered(NotFound):
    """No supplier offers this part."""

    def __init__(self, part: str) -> None:
        super().__init__(f"no supplier offers part {part}; add an offer for it")
        self.part = part


class WrongOffer(Invalid):
    """An offer's price or lead time is negative."""


class KeyUsed(Conflict):
    """The idempotency key belongs to another purchase."""


@dataclass(frozen=True)
class Supplier:
    """Who delivers parts. What an `automatic` supplier delivers arrives by itself when it is due: for simulated plants."""

    id: str
    words: Words
    automatic: bool = False


@dataclass(frozen=True)
class Offer:
    """A supplier's standing offer for a part: price of one unit, days from order to arrival, least quantity per order."""

    supplier: str
    part: str
    price: Money
    lead_time_days: float
    least: float = 0.0

    def arrives(self, ordered_at: datetime) -> datetime:
        return ordered_at + timedelta(days=self.lead_time_days)


@dataclass(frozen=True)
class Purchase:
    """Parts ordered from a supplier, open until they arrived."""

    id: str
    number: str
    supplier: str
    part: str
    quantity: float
    price: Money
    """Of the whole purchase."""
    ordered_at: datetime
    due_at: datetime
    needed_by: datetime | None = None
    arrived_at: datetime | None = None
    lot: str | None = None

    @property
    def in_time(self) -> bool | None:
        """Whether it arrived on the day it was due or earlier (days in UTC); None while it has not arrived."""
        return None if self.arrived_at is None else self.arrived_at.date() <= self.due_at.date()


@dataclass(frozen=True)
class Score:
    """How reliable a supplier's deliveries were."""

    arrived: int = 0
    in_time: int = 0

    @property
    def share(self) -> float | None:
        """Share of deliveries that came in time, None before the first."""
        return self.in_time / self.arrived if self.arrived else None


def scored(deliveries: Iterable[Purchase]) -> dict[str, Score]:
    """The score of every supplier that has delivered."""
    scores: dict[str, Score] = {}
    for delivery in deliveries:
        before = scores.get(delivery.supplier, Score())
        scores[delivery.supplier] = Score(before.arrived + 1, before.in_time + int(bool(delivery.in_time)))
    return scores


@dataclass(frozen=True)
class Need:
    """A quantity of a part that must be in stock at a time."""

    part: str
    quantity: float
    at: datetime


def check_offer(offer: Offer) -> None:
    """Raises WrongOffer."""
    if offer.price.cents < 0 or not 0 <= offer.lead_time_days <= 3650 or offer.least < 0:
        fault = "the price and the least quantity must not be negative, the lead time must be 0 to 3650 days"
        raise WrongOffer(f"offer of {offer.supplier} for {offer.part}: {fault}", where=f"{offer.supplier}/{offer.part}")


def best(offers: Iterable[Offer], *, now: datetime, needed_by: datetime | None, scores: Mapping[str, Score]) -> Offer | None:
    """The cheapest offer that arrives when it is needed; when none does, or no time is given, the fastest.

    Between equals the more reliable supplier is taken, then the first by name.
    """

    def unreliable(offer: Offer) -> float:
        share = scores.get(offer.supplier, Score()).share
        return 1 - (1.0 if share is None else share)

    def fastest(offer: Offer) -> tuple[float, int, float, str]:
        return (offer.lead_time_days, offer.price.cents, unreliable(offer), offer.supplier)

    def cheapest(offer: Offer) -> tuple[int, float, float, str]:
        return (offer.price.cents, unreliable(offer), offer.lead_time_days, offer.supplier)

    known = list(offers)
    in_time = [offer for offer in known if needed_by is not None and offer.arrives(now) <= needed_by]
    return min(in_time, key=cheapest) if in_time else min(known, key=fastest, default=None)


def short(needs: Iterable[Need], supply: Mapping[str, float]) -> list[Need]:
    """What the supply (stock and everything that was ordered) does not cover: one need per part, for the time of the
    first need that goes without. Needs are served in the order of their times."""
    left = {part: thousandths(quantity) for part, quantity in supply.items() if quantity > 0}
    missing: dict[str, tuple[int, datetime]] = {}
    for need in sorted(needs, key=lambda need: (need.at, need.part)):
        counted = thousandths(need.quantity)
        covered = min(left.get(need.part, 0), counted)
        left[need.part] = left.get(need.part, 0) - covered
        if covered < counted:
            before, since = missing.get(need.part, (0, need.at))
            missing[need.part] = (before + counted - covered, since)
    return [Need(part, quantity_of(counted), since) for part, (counted, since) in sorted(missing.items())]
