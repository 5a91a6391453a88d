"""Many questions to one plan: what could be promised for each of some demands, each put into the plan by itself.

The plan is never copied. Demands that ask the same of machines and material have the same answer, and most options of a
product do: a colour changes a parameter, not an operation. So a shop asks about all its options at the price of a few.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from lotone.kernel import Words
from lotone.plan.model.binding import Chain, promise_of_chain
from lotone.plan.model.booking import Booking, Place
from lotone.plan.model.busy import Busy
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine, NoSupply
from lotone.plan.model.insert import Steps, place, ready_steps
from lotone.plan.model.promise import Promise
from lotone.plan.model.snapshot import LONG_AGO, Commitment, Snapshot
from lotone.plan.model.supply import Ready, Supply

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
        self._answers: dict[Any, Promise | NoPromise] = {}
        self._known: dict[int, _Known] = {}
        """By the operation itself, which is kept here so that no other can take its number."""
        self._shapes: dict[Any, int] = {}

    def promise(self, demand: Demand) -> Promise | NoPromise:
        """What `hold` would promise for the demand, or the fault it would raise."""
        try:
            known = [self._looked_at(need) for need in demand.in_order] if demand.is_simple else None
            ready = ready_steps(self.snapshot, demand) if known is None else _ready(known)
        except NoSupply as fault:
            return fault
        shape = demand.shape if known is None else (demand.words, *(each.shape for each in known))
        key = shape, tuple(sorted(ready.items()))
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._asked(demand, ready)
        return answer

    def _looked_at(self, need: OperationNeed) -> "_Known":
        """The same operation is looked at once, in however many demands of one unit it stands."""
        known = self._known.get(id(need))
        if known is None:
            last = ready_steps(self.snapshot, Demand((replace(need, after=()),))).get((1, need.step))
            known = self._known[id(need)] = _Known(need, self._shapes.setdefault(need.shape, len(self._shapes)), last)
        return known

    def _asked(self, demand: Demand, ready: Steps) -> Promise | NoPromise:
        numbers = count(1)
        try:
            bookings = place(self.snapshot, demand, GUEST, ready, lambda: str(next(numbers)))
        except (NoMachine, DoesNotFit, NoCapacity) as fault:
            return fault
        guest = Commitment(GUEST, self.snapshot.version + 1, demand, bookings, (), UNTOLD, UNTOLD.date)
        return promise_of_chain(_GuestChain(self.snapshot, guest, ready))


class Recent:
    """What was asked a moment ago, by the version of the plan, and the material of each organization as it was then.

    Shared by all threads that ask one database: they add answers, always the same.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[datetime, Asking]] = OrderedDict()
        self._material: OrderedDict[str, tuple[datetime, Supply]] = OrderedDict()
        self._lock = Lock()

    def material(self, organization: str, wall: datetime, age_s: float, read: Callable[[], Supply]) -> Supply:
        """The material as it was up to so many seconds of wall time ago, read now if nobody did."""
        with self._lock:
            known = self._material.get(organization)
        if known is not None and abs((wall - known[0]).total_seconds()) < age_s:
            return known[1]
        supply = read()
        with self._lock:
            _put(self._material, organization, (wall, supply))
        return supply

    def recent(self, stored: Snapshot, wall: datetime, plant: datetime, age_s: float) -> Asking | None:
        with self._lock:
            known = self._kept.get(stored.stamp)
        if known is None or abs((wall - known[0]).total_seconds()) >= age_s:
            return None
        return known[1] if abs(plant - known[1].snapshot.now) < SOON else None

    def keep(self, stored: Snapshot, wall: datetime, asking: Asking) -> None:
        if not stored.stamp:
            return  # an organization without a plan: the next one's stock is another
        with self._lock:
            _put(self._kept, stored.stamp, (wall, asking))


def _put(kept: OrderedDict[str, Entry], key: str, entry: Entry) -> None:
    kept[key] = entry
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)


class _GuestChain(Chain):
    """The chain of bookings that do not stand in the plan: what stands there and the guest's own are seen side by side."""

    def __init__(self, snapshot: Snapshot, guest: Commitment, ready: Steps) -> None:
        self.own: dict[str, list[Booking]] = {}
        for booking in guest.bookings:
            self.own.setdefault(booking.work_unit, []).append(booking)
        material = {Place(guest.id, unit, step): last for (unit, step), last in ready.items()}
        super().__init__(snapshot, guest, material)

    def others(self, booking: Booking) -> Sequence[Busy]:
        standing = self.snapshot.busy(booking.work_unit)
        own = self.own[booking.work_unit]
        if len(own) == 1:
            return (standing,)
        return standing, Busy((each.start, each.end) for each in own if each is not booking)

    def before_on_machine(self, booking: Booking) -> Iterator[Booking]:
        queue = self.snapshot.queues.get(booking.work_unit)
        standing = queue.bookings if queue else ()
        own = sorted((each for each in self.own[booking.work_unit] if each.start < booking.start), key=_start)
        earlier = (standing[index] for index in range(bisect_left(standing, booking.start, key=_start) - 1, -1, -1))
        return merge(earlier, reversed(own), key=_start, reverse=True)


def _start(booking: Booking) -> datetime:
    return booking.start
