"""A demand that is asked about and does not stand in the plan: its places and its chain, seen beside all that stands there."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge

from lotone.plan.model.binding import Chain
from lotone.plan.model.booking import Booking, Place, Resource
from lotone.plan.model.busy import Busy
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.fit import Fit, Floor
from lotone.plan.model.fit import Ready as ReadyOn
from lotone.plan.model.insert import Steps
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Ready


class Memory:
    """What was found about one plan as it stands: gaps, and when machines are free."""

    def __init__(self) -> None:
        self.fits: dict[tuple[int, datetime], Fit | None] = {}
        """By the operation's own number; who asks keeps the operation, so that no other can take its number."""
        self.booked: dict[tuple[int, datetime, str], Booking] = {}
        self.firsts: dict[tuple[str, datetime, timedelta], datetime | None] = {}
        self.machines: dict[int, list[Resource]] = {}


class GuestFloor(Floor):
    """The plan's floor for one guest. A question about machines that the guest does not use yet has the same answer for all
    guests, and is looked up."""

    def __init__(self, snapshot: Snapshot, memory: Memory) -> None:
        super().__init__(snapshot)
        self.memory = memory
        self._later: list[tuple[Booking, OperationNeed | None]] = []
        self._taken: set[str] = set()

    def first(self, need: OperationNeed, ready: datetime | ReadyOn, duration: timedelta | None = None) -> Fit | None:
        if need.also or duration is not None or not isinstance(ready, datetime) or self._uses(need):
            self._put_all()
            return super().first(need, ready, duration)
        key = id(need), ready
        if key not in self.memory.fits:
            self.memory.fits[key] = super().first(need, ready)
        return self.memory.fits[key]

    def _uses(self, need: OperationNeed) -> bool:
        machines = self.memory.machines.get(id(need))
        if machines is None:
            machines = self.memory.machines[id(need)] = self.snapshot.candidates(need)
        return any(machine.work_unit in self._taken for machine in machines)

    def booked(self, need: OperationNeed, found: Fit, make: Callable[[OperationNeed, Fit], Booking]) -> Booking:
        if need.also:
            return make(need, found)
        key = id(need), found.start, found.machine.work_unit
        known = self.memory.booked.get(key)
        if known is None or known.end != found.end:
            known = self.memory.booked[key] = make(need, found)
        return known

    def put(self, booking: Booking, need: OperationNeed | None = None) -> None:
        self._later.append((booking, need))
        self._taken.update(booking.takes)

    def take(self, booking: Booking, need: OperationNeed | None = None) -> None:
        self._put_all()
        super().take(booking, need)

    def _put_all(self) -> None:
        for booking, need in self._later:
            super().put(booking, need)
        self._later.clear()


class GuestChain(Chain):
    """The chain of bookings that do not stand in the plan: what stands there and the guest's own are seen side by side."""

    def __init__(self, snapshot: Snapshot, guest: Commitment, ready: Steps, memory: Memory) -> None:
        self.memory = memory
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

    def work_of(self, unit: str) -> Iterable[Booking]:
        return (*super().work_of(unit), *(each for each in self.commitment.bookings if unit in each.takes))

    def floor_without(self, booking: Booking) -> Floor:
        floor = Floor(self.snapshot)
        for each in self.commitment.bookings:
            if each is not booking:
                floor.put(each, self.commitment.need(each))
        return floor

    def before_on_machine(self, booking: Booking) -> Iterator[Booking]:
        queue = self.snapshot.queues.get(booking.work_unit)
        standing = queue.bookings if queue else ()
        own = sorted((each for each in self.own[booking.work_unit] if each.start < booking.start), key=_start)
        earlier = (standing[index] for index in range(bisect_left(standing, booking.start, key=_start) - 1, -1, -1))
        return merge(earlier, reversed(own), key=_start, reverse=True)


class GuestWay(GuestChain):
    """Only what is on the chain: nothing is noted about what keeps it waiting."""

    def _first(self, booking: Booking, ready: datetime) -> datetime:
        if len(self.own[booking.work_unit]) > 1 or not self._is_simple(booking):
            return super()._first(booking, ready)
        key = booking.work_unit, ready, booking.duration
        known = self.memory.firsts.get(key)
        if known is None:
            found = self.first_free(booking, ready)
            if found is None:
                return booking.start
            known = self.memory.firsts[key] = found
        return min(known, booking.start)

    def _note_waits(self, booking: Booking, ready: datetime) -> None:
        pass

    def _note_material(self, material: Ready) -> None:
        pass

    def _note_work(self) -> None:
        pass


def _start(booking: Booking) -> datetime:
    return booking.start
