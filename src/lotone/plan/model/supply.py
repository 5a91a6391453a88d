"""Material: what is there, what comes when, what is reserved for whom, and so when an operation can have its parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from lotone.kernel import Words
from lotone.plan.model.booking import Place
from lotone.plan.model.fault import NoSupply
from lotone.plan.model.settings import PlanSettings, whole_second

LATE_ARRIVAL = timedelta(hours=2)
"""An arrival this much overdue is no longer expected at any moment, but the next day."""
SMALL = 1e-9
"""Quantities are decimal fractions kept as floats: differences below this are rounding."""


@dataclass(frozen=True)
class Arrival:
    """Parts that were ordered and are on their way."""

    part: str
    quantity: float
    at: datetime
    supplier: Words | None = None


@dataclass(frozen=True)
class SupplierOffer:
    """Who would deliver a part, in how many days after it is ordered, and for how much a piece."""

    part: str
    supplier: str
    words: Words
    lead_time_days: float
    price: float
    currency: str = "EUR"
    least: float = 0.0
    """The least quantity of an order."""


@dataclass(frozen=True)
class Supply:
    """The plant's material at one moment: in stock, arriving, and how long it takes to get more."""

    on_hand: Mapping[str, float] = field(default_factory=dict)
    arriving: tuple[Arrival, ...] = ()
    lead_time_days: Mapping[str, float] = field(default_factory=dict)
    """Days from order to arrival, for parts that can be bought."""
    parts: Mapping[str, Words] = field(default_factory=dict)
    suppliers: Mapping[str, Words] = field(default_factory=dict)
    """Who would deliver each part, in words."""
    offers: tuple[SupplierOffer, ...] = ()
    """All that anybody offers; the plan counts on one of them for each part, what-if asks about the others."""

    @property
    def currency(self) -> str:
        """In which the plant buys; euros where nobody offers anything."""
        return next((each.currency for each in self.offers), "EUR")


@dataclass(frozen=True)
class Reservation:
    """A quantity of one part kept for one operation.

    `bought_by` is set when neither stock nor arrivals covered it: the date until which it can be bought.
    """

    place: Place
    part: str
    quantity: float
    bought_by: datetime | None = None


@dataclass(frozen=True)
class PartNeed:
    """Parts that an ordered unit still needs, for the time its operation is planned to start."""

    part: str
    quantity: float
    at: datetime
    order: str


@dataclass(frozen=True)
class Ready:
    """When parts can be there, and who brings them; `supplier` is None for what is in stock."""

    at: datetime
    part: str
    supplier: Words | None = None


class Stock:
    """The supply seen over time. What was reserved earlier is served first, from what comes first.

    So the n-th reservation of a part can be served at the first time at which stock and arrivals together reach the
    sum of the first n reservations: no part is counted twice, and a later promise never takes an earlier one's part.
    """

    def __init__(self, supply: Supply, now: datetime, settings: PlanSettings) -> None:
        self.supply = supply
        self.now = now
        self.settings = settings
        self._levels: dict[str, list[tuple[float, Ready]]] = {}
        self._served: dict[tuple[str, float], tuple[Ready, bool]] = {}

    def served_new(self, part: str, total: float) -> tuple[Ready, bool]:
        """As `served`, for something new: what nothing covers is ordered today. Raises NoSupply."""
        known = self._served.get((part, total))
        if known is None:
            ready, covered = self.served(part, total)
            if not covered:
                self.buy(part)
            known = self._served[part, total] = ready, covered
        return known

    def served(self, part: str, total: float, bought_by: datetime | None = None) -> tuple[Ready, bool]:
        """When supply reaches `total`, and whether that is covered by what is there or on its way."""
        for level, ready in self._levels_of(part):
            if level >= total - SMALL:
                return ready, True
        expected = bought_by if bought_by is not None and bought_by > self.now else self._bought(part)
        return Ready(expected, part, self.supply.suppliers.get(part)), False

    def _bought(self, part: str) -> datetime:
        """For what was reserved before: the plan goes on with a guess when nobody offers the part any more."""
        return self.buy(part) if part in self.supply.lead_time_days else self.settings.next_day(self.now)

    def buy(self, part: str) -> datetime:
        """When a part is there that is ordered today: a whole day's end, so that ordering and unpacking find their time.

        Raises NoSupply.
        """
        days = self.supply.lead_time_days.get(part)
        if days is None:
            raise NoSupply(part)
        return self.settings.next_day(self.now + timedelta(days=days))

    def _levels_of(self, part: str) -> list[tuple[float, Ready]]:
        if part not in self._levels:
            arriving = [arrival for arrival in self.supply.arriving if arrival.part == part]
            later = [(arrival.quantity, Ready(self._expected(arrival), part, arrival.supplier)) for arrival in arriving]
            steps = [(self.supply.on_hand.get(part, 0.0), Ready(self.now, part))]
            steps += sorted(later, key=lambda step: step[1].at)
            sums = accumulate(quantity for quantity, _ in steps)
            self._levels[part] = [(level, ready) for level, (_, ready) in zip(sums, steps, strict=True)]
        return self._levels[part]

    def _expected(self, arrival: Arrival) -> datetime:
        overdue = self.now - arrival.at > LATE_ARRIVAL
        return self.settings.next_day(self.now) if overdue else max(whole_second(arrival.at), self.now)


def pegs(stock: Stock, reserved: Mapping[str, Iterable[Reservation]], parts: Iterable[str]) -> dict[Place, Ready]:
    """For each operation that waits for one of these parts, the part that is there last. What is in stock is left out."""
    last: dict[Place, Ready] = {}
    for part in parts:
        total = 0.0
        for reservation in reserved.get(part, ()):
            total += reservation.quantity
            ready, _ = stock.served(part, total, reservation.bought_by)
            before = last.get(reservation.place)
            if ready.at > stock.now and (before is None or ready.at > before.at):
                last[reservation.place] = ready
    return last
