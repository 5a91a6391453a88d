"""Many questions to one plan: what could be promised for each of some demands, each put into the plan by itself.

The plan is never copied. Demands that ask the same of machines and material have the same answer, and most options of a
product do: a colour changes a parameter, not an operation. So a shop asks about all its options at the price of a few.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from lotone.kernel import Words
from lotone.plan.model.binding import date_of_chain, promise_of_chain
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine, NoSupply
from lotone.plan.model.guest import GuestChain, GuestFloor, GuestWay, Memory
from lotone.plan.model.insert import Steps, place, ready_step, ready_steps
from lotone.plan.model.promise import Promise
from lotone.plan.model.snapshot import LONG_AGO, Commitment, Snapshot
from lotone.plan.model.supply import Ready

NoPromise = NoMachine | DoesNotFit | NoSupply | NoCapacity
"""What keeps the plan from promising a day."""
Entry = TypeVar("Entry")
GUEST = "quote"
KEPT = 16
SOON = timedelta(minutes=30)
"""However fast the plant's time passes, answers from longer ago are not used again."""
UNTOLD = Promise(LONG_AGO, 0.0, LONG_AGO, (), Words(""))


class _Known(NamedTuple):
    """An operation that was asked about: the number of its shape, and its part that is there last, if it must wait."""

    need: OperationNeed
    shape: int
    ready: Ready | None


def _ready(known: Iterable[_Known]) -> Steps:
    return {(1, each.need.step): each.ready for each in known if each.ready is not None}


class Asking:
    """Questions to one snapshot. What was answered once is not worked out again, whoever asks."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._promises: dict[Any, Promise | NoPromise] = {}
        self._dates: dict[Any, datetime | NoPromise] = {}
        self._memory = Memory()
        self._known: dict[int, _Known] = {}
        """By the operation itself, which is kept here so that no other can take its number."""

    def promise(self, demand: Demand) -> Promise | NoPromise:
        """What `hold` would promise for the demand, or the fault it would raise."""
        try:
            key, ready = self._key(demand)
        except NoSupply as fault:
            return fault
        answer = self._promises.get(key)
        if answer is None:
            placed = self._placed(demand, ready)
            answer = promise_of_chain(GuestChain(*placed)) if isinstance(placed, tuple) else placed
            self._promises[key] = answer
        return answer

    def date(self, demand: Demand) -> datetime | NoPromise:
        """The date of `promise`, in a fraction of its time."""
        try:
            key, ready = self._key(demand)
        except NoSupply as fault:
            return fault
        known = self._promises.get(key)
        if known is not None:
            return known.date if isinstance(known, Promise) else known
        answer = self._dates.get(key)
        if answer is None:
            placed = self._placed(demand, ready)
            answer = date_of_chain(GuestWay(*placed)) if isinstance(placed, tuple) else placed
            self._dates[key] = answer
        return answer

    def _key(self, demand: Demand) -> tuple[Any, Steps]:
        """What decides the answer, and when the demand's steps that must wait for parts can have them. Raises NoSupply."""
        known = [self._looked_at(need) for need in demand.in_order] if demand.is_simple else None
        ready = ready_steps(self.snapshot, demand) if known is None else _ready(known)
        shape = demand.shape if known is None else (demand.words, *(each.shape for each in known))
        return (shape, tuple(sorted(ready.items()))), ready

    def _looked_at(self, need: OperationNeed) -> "_Known":
        """The same operation is looked at once, in however many demands of one unit it stands."""
        known = self._known.get(id(need))
        if known is None:
            known = self._known[id(need)] = _Known(need, self._memory.shape(need), ready_step(self.snapshot, need))
        return known

    def _placed(self, demand: Demand, ready: Steps) -> tuple[Snapshot, Commitment, Steps, Memory] | NoPromise:
        """The demand as a guest who stands beside the plan, and what is needed to look at it there."""
        floor = GuestFloor(self.snapshot, self._memory) if demand.quantity == 1 else None
        try:
            bookings = place(self.snapshot, demand, GUEST, ready, lambda: str(next(self._memory.names)), on=floor)
        except (NoMachine, DoesNotFit, NoCapacity) as fault:
            return fault
        guest = Commitment(GUEST, self.snapshot.version + 1, demand, bookings, (), UNTOLD, UNTOLD.date)
        return self.snapshot, guest, ready, self._memory


class Recent:
    """The last look at each organization's plan that others may use for a moment.

    Shared by all threads that ask one database: they add answers, always the same.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[datetime, Asking]] = OrderedDict()
        self._lock = Lock()

    def recent(self, organization: str, wall: datetime, plant: datetime, age_s: float) -> Asking | None:
        """The look, if it is not older than so many seconds of wall time."""
        with self._lock:
            known = self._kept.get(organization)
        if known is None or abs((wall - known[0]).total_seconds()) >= age_s:
            return None
        return known[1] if abs(plant - known[1].snapshot.now) < SOON else None

    def keep(self, organization: str, wall: datetime, asking: Asking) -> None:
        with self._lock:
            _put(self._kept, organization, (wall, asking))


def _put(kept: OrderedDict[str, Entry], key: str, entry: Entry) -> None:
    kept[key] = entry
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
