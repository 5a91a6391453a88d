"""Counting what shoppers look at, take and leave: visits in the memory of a process, their sums in the database."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Lock

from lotone.configure.model.demanded import Funnel, Interest, InterestSettings, pairs_shown
from lotone.configure.model.interest import Tally, Visit
from lotone.configure.store_interest import InterestStore

QUIET_S = 30 * 60.0
"""A visit in which nothing happened for so long is over."""
VISITS_MAX = 20_000
"""Visits that a process follows at the same time; beyond, of the organization that has most, the one that is quiet for
longest ends early: a crowd in one shop does not cut short the visits to another."""

Today = Callable[[], date]


class Visits:
    """The visits that last, of all organizations of a process, and the counts of those that ended. For any threads.

    Who a visitor is goes in only to tell her clicks from others': it is hashed with a key that this process made up and
    nobody else knows, and is gone when the visit ends. What ended is handed out by `take` to be added to the database every
    few seconds; what a killed process had not yet handed out (its running visits, and some seconds of ended ones) is lost.
    Processes count independently and their counts add up; a visitor whose clicks reach two of them is a visit in each.
    """

    def __init__(
        self,
        today: Today,
        *,
        clock: Callable[[], float] = time.monotonic,
        quiet_s: float = QUIET_S,
        most: int = VISITS_MAX,
    ) -> None:
        self._today = today
        self._clock = clock
        self._quiet_s = quiet_s
        self._most = most
        self._secret = secrets.token_bytes(16)
        self._lock = Lock()
        self._visits: dict[str, OrderedDict[bytes, tuple[float, Visit]]] = {}
        self._ended: dict[str, list[Visit]] = {}
        self._given_back: dict[str, Tally] = {}

    @contextmanager
    def visit(self, organization: str, product: str, who: str) -> Iterator[Visit]:
        """The visit of somebody to a product; begun when she has none. Nobody else changes it inside the block."""
        mark = self._mark(product, who)
        with self._lock:
            known = self._taken_out(organization, mark)
            visit = known[1] if known else Visit(product, self._today())
            try:
                yield visit
            finally:
                self._visits.setdefault(organization, OrderedDict())[mark] = (self._clock(), visit)
                if len(self) > self._most:
                    crowded = max(self._visits, key=lambda one: len(self._visits[one]))
                    self._end(crowded, next(iter(self._visits[crowded])))

    def end(self, organization: str, product: str, who: str) -> None:
        """The visit is over: she ordered, or said that she leaves. Without a visit nothing happens."""
        with self._lock:
            self._end(organization, self._mark(product, who))

    def take(self, *, everything: bool = False) -> dict[str, Tally]:
        """The counts of visits that ended since the last time, by organization; `everything` ends those that last."""
        with self._lock:
            limit = self._clock() - self._quiet_s
            for organization, visits in self._visits.items():
                while visits and (everything or next(iter(visits.values()))[0] <= limit):
                    self._end(organization, next(iter(visits)))
            self._visits = {organization: visits for organization, visits in self._visits.items() if visits}
            ended, self._ended = self._ended, {}
            tallies, self._given_back = self._given_back, {}
        for organization, over in ended.items():  # outside of the lock: no click waits for sums
            tally = tallies.setdefault(organization, Tally())
            for visit in over:
                tally.count(visit)
        return tallies

    def give_back(self, organization: str, tally: Tally) -> None:
        """Counts that could not be kept now: the next `take` hands them out again."""
        with self._lock:
            self._given_back.setdefault(organization, Tally()).update(tally)

    def forget(self, organization: str) -> None:
        """Drop everything of an organization, running visits too."""
        with self._lock:
            self._ended.pop(organization, None)
            self._given_back.pop(organization, None)
            self._visits.pop(organization, None)

    def __len__(self) -> int:
        """How many visits last."""
        return sum(map(len, self._visits.values()))

    def _end(self, organization: str, mark: bytes) -> None:
        found = self._taken_out(organization, mark)
        if found is not None:
            self._ended.setdefault(organization, []).append(found[1])

    def _taken_out(self, organization: str, mark: bytes) -> tuple[float, Visit] | None:
        visits = self._visits.get(organization)
        return None if visits is None else visits.pop(mark, None)

    def _mark(self, product: str, who: str) -> bytes:
        return hashlib.blake2b(f"{product}\n{who}".encode(), key=self._secret, digest_size=12).digest()


class InterestService:
    """What shoppers of one organization wanted, in numbers."""

    def __init__(self, store: InterestStore, today: Today) -> None:
        self.store = store
        self.today = today

    def count(self, tally: Tally) -> None:
        """Add the counts of visits that ended."""
        self.store.add(tally)

    def interest(self, product: str, start: date, end: date) -> Interest:
        """The counts of a product from one day to another, both included; empty where nothing was counted."""
        settings = self.store.settings()
        days = self.store.visits(product, start, end)
        funnel = sum((one for _, one in days), Funnel())
        options = self.store.options(product, start, end)
        held = {one.option: one.held for one in options}
        pairs, hidden = pairs_shown(self.store.pairs(product, start, end), held, funnel.chose, settings.smallest)
        return Interest(
            product=product,
            start=start,
            end=end,
            funnel=funnel,
            days=tuple(days),
            options=tuple(options),
            pairs=pairs,
            pairs_hidden=hidden,
            promises=tuple(self.store.promises(product, start, end)),
            settings=settings,
        )

    def products(self) -> list[str]:
        """Every product of which something was counted, also those no longer sold."""
        return self.store.products()

    def extent(self) -> tuple[int, date | None, date | None]:
        """On how many days something was counted, the first of them and the last."""
        return self.store.extent()

    def settings(self) -> InterestSettings:
        return self.store.settings()

    def change_settings(self, settings: InterestSettings) -> None:
        """Keep counts for another time, or show combinations from another number on. What is too old goes at once."""
        self.store.save_settings(settings)
        self.forget_old()

    def has_old(self) -> bool:
        """Whether there are counts older than the organization keeps them; only reads."""
        return self.store.has_before(self._kept_since())

    def forget_old(self) -> None:
        """Delete counts older than the organization keeps them."""
        self.store.forget(self._kept_since())

    def forget_everything(self) -> None:
        """Delete all counts; the settings stay."""
        self.store.forget()

    def _kept_since(self) -> date:
        return self.today() - timedelta(days=self.store.settings().keep_days - 1)
