"""What the counts of visits say: the funnel, options, combinations, and what was lost for a date and by which cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from lotone.configure.model.interest import Cause
from lotone.kernel import Invalid, Money

KEEP_DAYS = 400
"""A year and a month: this month can be compared with the same one a year ago."""
KEEP_DAYS_MAX = 3660
SMALLEST = 5
"""Combinations that fewer visitors had are not shown: a rare one may tell who somebody is."""
SMALLEST_MAX = 1000


class WrongInterestSetting(Invalid):
    """A number of days or visitors that makes no sense."""


@dataclass(frozen=True)
class InterestSettings:
    """How long an organization keeps its counts, and how many visitors a combination needs to be shown."""

    keep_days: int = KEEP_DAYS
    smallest: int = SMALLEST

    def __post_init__(self) -> None:
        if not 1 <= self.keep_days <= KEEP_DAYS_MAX:
            raise WrongInterestSetting(f"counts are kept for 1 to {KEEP_DAYS_MAX} days", where="keep_days")
        if not 2 <= self.smallest <= SMALLEST_MAX:
            raise WrongInterestSetting(
                f"a combination is shown from 2 to {SMALLEST_MAX} visitors on; below 2 it could tell who somebody is",
                where="smallest",
            )


@dataclass(frozen=True)
class Funnel:
    """Visits that came at least so far; `chose` are those in which something was taken or ordered."""

    visits: int = 0
    looked: int = 0
    promised: int = 0
    quoted: int = 0
    ordered: int = 0
    chose: int = 0

    def __add__(self, other: "Funnel") -> "Funnel":
        return Funnel(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class OptionInterest:
    """Visits in which an option was looked at, taken, and what became of it. taken = ordered + dropped + lost."""

    option: str
    looked: int = 0
    taken: int = 0
    ordered: int = 0
    lost: int = 0
    dropped: int = 0
    dropped_price: int = 0
    dropped_date: int = 0
    held: int = 0
    """Visits at whose end it was among the choices, taken or not."""


@dataclass(frozen=True)
class PairInterest:
    """Two options that stood together in so many visits' last choices."""

    first: str
    second: str
    together: int
    lift: float
    """How many times more often than if the two had nothing to do with each other: P(both) / (P(first) P(second))."""


@dataclass(frozen=True)
class PromiseInterest:
    """Visits whose last promise was so many days ahead, for this cause."""

    days: int
    cause: Cause
    visits: int
    ordered: int
    lost: Money
    """What the shoppers would have paid who left without an order."""


@dataclass(frozen=True)
class LostBy:
    """What ended without an order after a late promise, by what bound it."""

    cause: Cause
    visits: int
    """Visits that were promised this late for this cause."""
    lost: int
    """Those of them that ended without an order."""
    value: Money
    days: float
    """How far away the promise was, on average of the lost ones."""


@dataclass(frozen=True)
class DateLoss:
    """What late dates cost. Who leaves after a late date may have left anyway: `likely` takes that into account."""

    late_days: int
    late: int
    """Visits whose last promise was further away than that."""
    late_ordered: int
    soon: int
    soon_ordered: int
    value: Money
    """Of all that ended without an order after a late promise."""

    @property
    def lost(self) -> int:
        return self.late - self.late_ordered

    @property
    def soon_rate(self) -> float | None:
        return self.soon_ordered / self.soon if self.soon else None

    @property
    def late_rate(self) -> float | None:
        return self.late_ordered / self.late if self.late else None

    @property
    def likely(self) -> float | None:
        """Orders there would have been more if those with late dates had ordered as often as the others; None if unknown."""
        rate = self.soon_rate
        return None if rate is None else max(0.0, self.late * rate - self.late_ordered)


@dataclass(frozen=True)
class Interest:
    """The counts of one product from one day to another, both included."""

    product: str
    start: date
    end: date
    funnel: Funnel
    days: tuple[tuple[date, Funnel], ...]
    options: tuple[OptionInterest, ...]
    pairs: tuple[PairInterest, ...]
    pairs_hidden: int
    """Combinations that fewer visitors had than `settings.smallest`."""
    promises: tuple[PromiseInterest, ...]
    settings: InterestSettings

    @property
    def is_empty(self) -> bool:
        return self.funnel.visits == 0

    def lost_by(self, late_days: int) -> list[LostBy]:
        """What was lost after promises further away than so many days, the most valuable cause first."""
        groups: dict[tuple[str, ...], list[PromiseInterest]] = {}
        for one in self.promises:
            if one.days > late_days:
                name = (one.cause.kind, one.cause.subject.en, one.cause.supplier.en, one.lost.currency)
                groups.setdefault(name, []).append(one)
        found = [_lost_by(group) for group in groups.values()]
        return sorted((one for one in found if one.lost), key=lambda one: (-one.value.cents, -one.lost, one.cause.subject.en))

    def date_loss(self, late_days: int) -> DateLoss:
        """Visits with late promises beside the others. The value is of the currency that most visits saw."""
        late = [one for one in self.promises if one.days > late_days]
        soon = [one for one in self.promises if one.days <= late_days]
        return DateLoss(
            late_days=late_days,
            late=sum(one.visits for one in late),
            late_ordered=sum(one.ordered for one in late),
            soon=sum(one.visits for one in soon),
            soon_ordered=sum(one.ordered for one in soon),
            value=_sum(one.lost for one in late),
        )

    def by_days(self) -> list[tuple[int, int, int]]:
        """(days ahead, visits, orders) of the promises shown last, the soonest first."""
        found: dict[int, tuple[int, int]] = {}
        for one in self.promises:
            visits, ordered = found.get(one.days, (0, 0))
            found[one.days] = (visits + one.visits, ordered + one.ordered)
        return [(days, *counts) for days, counts in sorted(found.items())]

    def as_json(self, late_days: int) -> dict[str, Any]:
        """Everything as plain values."""
        loss = self.date_loss(late_days)
        return {
            "product": self.product,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "funnel": vars(self.funnel),
            "days": [{"day": day.isoformat(), **vars(funnel)} for day, funnel in self.days],
            "options": [vars(one) for one in self.options],
            "combinations": [vars(one) for one in self.pairs],
            "combinations_hidden": self.pairs_hidden,
            "smallest": self.settings.smallest,
            "promises": [
                {"days": days, "visits": visits, "ordered": ordered} for days, visits, ordered in self.by_days()
            ],
            "late": {
                "days": late_days, "visits": loss.late, "ordered": loss.late_ordered, "lost": loss.lost,
                "value": loss.value.cents / 100, "currency": loss.value.currency, "likely_orders_lost": loss.likely,
            },
            "lost": [
                {
                    "kind": one.cause.kind, "subject": one.cause.subject.as_dict(), "supplier": one.cause.supplier.as_dict(),
                    "visits": one.visits, "lost": one.lost, "value": one.value.cents / 100, "currency": one.value.currency,
                    "days": one.days,
                }
                for one in self.lost_by(late_days)
            ],
        }  # fmt: skip


def _lost_by(group: Sequence[PromiseInterest]) -> LostBy:
    lost = sum(one.visits - one.ordered for one in group)
    days = sum(one.days * (one.visits - one.ordered) for one in group) / lost if lost else 0.0
    return LostBy(group[-1].cause, sum(one.visits for one in group), lost, _sum(one.lost for one in group), days)


def _sum(amounts: Iterable[Money]) -> Money:
    totals: dict[str, int] = {}
    for one in amounts:
        totals[one.currency] = totals.get(one.currency, 0) + one.cents
    if not totals:
        return Money(0)
    currency = max(totals, key=lambda name: totals[name])
    return Money(totals[currency], currency)


def pairs_shown(
    together: Iterable[tuple[str, str, int]], held: dict[str, int], visits: int, smallest: int
) -> tuple[tuple[PairInterest, ...], int]:
    """The combinations that enough visitors had, the most frequent first; and how many others there are."""
    found, hidden = [], 0
    for first, second, count in together:
        if count < smallest:
            hidden += 1
            continue
        expected = held.get(first, 0) * held.get(second, 0)
        found.append(PairInterest(first, second, count, count * visits / expected if expected else 0.0))
    return tuple(sorted(found, key=lambda one: (-one.together, one.first, one.second))), hidden
