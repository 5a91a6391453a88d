"""What came of shoppers' visits, as counts: one visit while it lasts, and the sums of many. No names, no row per person.

What the words mean:

- A **visit** is what one shopper does with one product, until she orders, says that she leaves, or was quiet for half an
  hour. Only consumers and guests are counted; people of the company who try the shop are not. It counts for the plant's
  day on which it began.
- An option is **looked at** in a visit when the shopper's window showed it for a second, when she asked why it is not
  possible, or when she took it.
- An option is **taken** when she herself chose it: not when the shop opened with it, nor when it came with another choice.
- At the end of the visit, what she had taken is one of three: **ordered**; **dropped**, when it is no longer among her
  choices; or **lost**, when she still had it and left without an order. So taken = ordered + dropped + lost, always.
- Dropped **after the price** means that the price shown rose when she took it; dropped **after the date**, that the day
  promised became later. A drop may be both, or neither.
- A **combination** is two options that stood together in a visit's last choices, among visits in which something was taken
  or ordered.
- A visit that ended **without an order** is held against the last promise it was shown: how many days ahead that was, and
  what bound it most. From how many days on a promise is late is for the reader of the counts to say.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from itertools import combinations

from lotone.kernel import Words

DAYS_MAX = 365
"""Promises further away count as this far."""
PAIRED_MAX = 40
"""So many choices of one visit are paired; a visit of thousands would be millions of pairs."""


class Stage(IntEnum):
    """How far a visit came. A later stage includes the earlier ones."""

    VISITED = 0
    LOOKED = 1
    PROMISED = 2
    QUOTED = 3
    ORDERED = 4


@dataclass(frozen=True)
class Cause:
    """What bound a promise most: a machine that was busy, closed or in repair, a part that had to come, or the work itself."""

    kind: str
    """`machine`, `calendar`, `repair`, `material` or `operation`."""
    subject: Words
    supplier: Words = field(default_factory=lambda: Words(""))


@dataclass
class Taken:
    """An option that the shopper took, and what changed on her page when she did. None is what she was not shown."""

    cents_before: int | None
    days_before: int | None
    cents_after: int | None = None
    days_after: int | None = None
    is_dropped: bool = False

    @property
    def costs_more(self) -> bool:
        return self.cents_before is not None and self.cents_after is not None and self.cents_after > self.cents_before

    @property
    def comes_later(self) -> bool:
        return self.days_before is not None and self.days_after is not None and self.days_after > self.days_before


@dataclass
class Visit:
    """One visit while it lasts. It says nothing of who it is."""

    product: str
    day: date
    """The plant's day on which it began."""
    stage: Stage = Stage.VISITED
    choices: tuple[str, ...] = ()
    looked_at: set[str] = field(default_factory=set)
    taken: dict[str, Taken] = field(default_factory=dict)
    cents: int | None = None
    """The price shown last."""
    currency: str = ""
    days: int | None = None
    """How far away the promise shown last is."""
    cause: Cause | None = None

    def look(self, options: Iterable[str]) -> None:
        """The shopper looked at options."""
        self.looked_at.update(options)
        if self.looked_at:
            self._reach(Stage.LOOKED)

    def take(self, options: Iterable[str]) -> None:
        """She took options; those that she has already are no news."""
        for option in options:
            if option not in self.taken or self.taken[option].is_dropped:
                self.taken[option] = Taken(self.cents, self.days)
            self.look((option,))

    def choose(self, choices: Iterable[str], cents: int, currency: str, *, taken: Iterable[str] | None = None) -> None:
        """Her choices stand so, at this price. `taken` are those she chose by herself; without it, all that are new."""
        now = tuple(choices)
        self.take(set(now).difference(self.choices) if taken is None else taken)
        self.choices = now
        self.cents, self.currency = cents, currency
        held = set(now)
        for option, one in self.taken.items():
            one.is_dropped = option not in held
            if one.cents_after is None:
                one.cents_after = cents

    def promise(self, days: int, cause: Cause) -> None:
        """She was shown a promise so many days ahead."""
        self.days, self.cause = max(0, min(days, DAYS_MAX)), cause
        for one in self.taken.values():
            if one.days_after is None:
                one.days_after = self.days
        self._reach(Stage.PROMISED)

    def quote(self) -> None:
        """Price and date were held for her."""
        self._reach(Stage.QUOTED)

    def order(self) -> None:
        """She ordered."""
        self._reach(Stage.ORDERED)

    def _reach(self, stage: Stage) -> None:
        self.stage = max(self.stage, stage)

    @property
    def is_ordered(self) -> bool:
        return self.stage is Stage.ORDERED


@dataclass(frozen=True)
class Cell:
    """What a count is about: a product on a day."""

    product: str
    day: date


@dataclass(frozen=True)
class OptionCell(Cell):
    option: str


@dataclass(frozen=True)
class PromiseCell(Cell):
    """Visits by the promise that they were shown last."""

    days: int
    cause: Cause
    currency: str


@dataclass
class Tally:
    """Counts of many visits. Tallies add up, whoever counted them."""

    cells: dict[Cell, Counter[str]] = field(default_factory=dict)
    pairs: dict[Cell, Counter[tuple[str, str]]] = field(default_factory=dict)
    """For each product and day, how many visits had two options together; the names of a pair are in order."""

    def add(self, cell: Cell, **counts: int) -> None:
        self.cells.setdefault(cell, Counter()).update(counts)

    def update(self, other: "Tally") -> None:
        for cell, counts in other.cells.items():
            self.cells.setdefault(cell, Counter()).update(counts)
        for cell, pairs in other.pairs.items():
            self.pairs.setdefault(cell, Counter()).update(pairs)

    def count(self, visit: Visit) -> None:
        """Add a visit that is over."""
        self._count_visit(visit)
        self._count_options(visit)
        self._count_promise(visit)
        if _chose(visit):
            together = combinations(sorted(set(visit.choices))[:PAIRED_MAX], 2)
            self.pairs.setdefault(Cell(visit.product, visit.day), Counter()).update(together)

    def _count_visit(self, visit: Visit) -> None:
        reached = {stage.name.lower(): 1 for stage in Stage if Stage.VISITED < stage <= visit.stage}
        self.add(Cell(visit.product, visit.day), visits=1, chose=int(_chose(visit)), **reached)

    def _count_options(self, visit: Visit) -> None:
        held = set(visit.choices) if _chose(visit) else set()
        for option in visit.looked_at | held:
            one = visit.taken.get(option)
            counts = {"looked": int(option in visit.looked_at), "taken": int(one is not None), "held": int(option in held)}
            if one is not None:
                counts["ordered"] = int(visit.is_ordered and not one.is_dropped)
                counts["lost"] = int(not visit.is_ordered and not one.is_dropped)
                counts["dropped"] = int(one.is_dropped)
                counts["dropped_price"] = int(one.is_dropped and one.costs_more)
                counts["dropped_date"] = int(one.is_dropped and one.comes_later)
            self.add(OptionCell(visit.product, visit.day, option), **counts)

    def _count_promise(self, visit: Visit) -> None:
        if visit.days is None or visit.cause is None:
            return
        cell = PromiseCell(visit.product, visit.day, visit.days, visit.cause, visit.currency)
        lost_cents = 0 if visit.is_ordered else visit.cents or 0
        self.add(cell, visits=1, ordered=int(visit.is_ordered), lost_cents=lost_cents)


def _chose(visit: Visit) -> bool:
    return bool(visit.taken) or visit.is_ordered
