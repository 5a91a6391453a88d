"""Which product, which days, and what counts as late: the same question from a page's address and from a program."""

from dataclasses import dataclass
from datetime import date, timedelta

from lotone.configure import Interest, Product
from lotone.kernel import Invalid, NotFound
from lotone.wiring import Work

USUAL_DAYS = 28
RANGES = (7, 28, 90, 365)
DAYS_MAX = 3660
LATE_MAX = 365


class NotCounted(NotFound):
    """A product that is not sold, and of which nothing was counted."""


@dataclass(frozen=True)
class Asked:
    """A product and the days from `start` to `end`, both included."""

    product: str
    start: date
    end: date

    @property
    def count(self) -> int:
        return (self.end - self.start).days + 1


def asked_of(product: str, start: date | None, end: date | None, today: date) -> Asked:
    """What was asked for; without days, the last four weeks. Raises Invalid for days that make no range."""
    end = end or (start + timedelta(days=USUAL_DAYS - 1) if start else today)
    start = start or end - timedelta(days=USUAL_DAYS - 1)
    if not 0 <= (end - start).days < DAYS_MAX:
        raise Invalid(f"the days from {start} to {end} are no range; the first must come first", where="from")
    return Asked(product, start, end)


def sold_and_counted(work: Work) -> dict[str, Product | None]:
    """All products one can ask about; those no longer sold have no words any more."""
    sold = {product.id: product for product in work.configure.products()}
    return {**sold, **{name: None for name in work.interest.products() if name not in sold}}


def interest_of(work: Work, asked: Asked) -> Interest:
    """The counts asked for. Raises NotCounted."""
    if asked.product not in sold_and_counted(work):
        raise NotCounted(f"there is no product {asked.product}, and nothing was counted of it")
    return work.interest.interest(asked.product, asked.start, asked.end)


def usual_late(found: Interest) -> int:
    """What is later than the promise that half of the visits were shown, or a sooner one."""
    by_days = found.by_days()
    half = sum(visits for _, visits, _ in by_days) / 2
    seen = 0
    for days, visits, _ in by_days:
        seen += visits
        if seen >= half:
            return days
    return 7
