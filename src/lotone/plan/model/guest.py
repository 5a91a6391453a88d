"""A demand that is asked about and does not stand in the plan: its places and its chain, seen beside all that stands there."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from typing import Any, NamedTuple

from lotone.plan.model.binding import Chain
from lotone.plan.model.booking import Booking, Place, Resource
from lotone.plan.model.busy import Busy
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.fit import Fit, Floor
from lotone.plan.model.fit import Ready as ReadyOn
from lotone.plan.model.insert import Steps
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Ready


class Reach(NamedTuple):
    """What an operation could be done by: its machines, and the names of all of them and of everybody with its skills."""

    machines: list[Resource]
    names: frozenset[str]


class Memory:
    """What was found about one plan as it stands: gaps, bookings in them, and when machines are free.

    Operations of one shape share it. What stands beside is told by the numbers of the guest's own bookings: they are kept
    here, so that no other booking can take their numbers. Threads may share a memory: they find the same.
    """

    def __init__(self) -> None:
        self.names = count(1)
        self.fits: dict[tuple[Any, ...], Fit | None] = {}
        self.booked: dict[tuple[Any, ...], Booking] = {}
        self.firsts: dict[tuple[Any, ...], datetime | None] = {}
        self.late: dict[tuple[Any, ...], float] = {}
        self._numbers = count(1)
        self._shapes: dict[Any, int] = {}
        self._of_need: dict[int, tuple[int, OperationNeed]] = {}
        self._reach: dict[int, Reach] = {}

    def shape(self, need: OperationNeed) -> int:
        """The same number for operations that ask the same of machines."""
        known = self._of_need.get(id(need))
        if known is None:
            number = self._shapes.setdefault(need.shape, next(self._numbers))  # never the same for two, whatever threads do
            known = self._of_need[id(need)] = number, need
        return known[0]

    def reach(self, snapshot: Snapshot, need: OperationNeed, shape: int) -> Reach:
        known = self._reach.get(shape)
        if known is None:
            machines = snapshot.candidates(need)
            able = (each.work_unit for skill in need.also for each in snapshot.skilled(skill))
            names = frozenset((*(machine.work_unit for machine in machines), *able))
            known = self._reach[shape] = Reach(machines, names)
        return known


def _beside(own: Iterable[Booking], names: frozenset[str]) -> tuple[int, ...]:
    """The guest's own bookings that a question about some resources depends on, by their numbers."""
    return tuple(id(each) for each in own if not names.isdisjoint(each.takes))


class GuestFloor(Floor):
    """The plan's floor for one guest. A question that was asked when the same stood there has the same answer, and is
    looked up."""

    def __init__(self, snapshot: Snapshot, memory: Memory) -> None:
        super().__init__(snapshot)
        self.memory = memory
        self._own_bookings: list[Booking] = []
        self._later: list[tuple[Booking, OperationNeed | None]] = []

    def first(self, need: OperationNeed, ready: datetime | ReadyOn, duration: timedelta | None = None) -> Fit | None:
        shape = self.memory.shape(need)
        reach = self.memory.reach(self.snapshot, need, shape)
        moments = ready if isinstance(ready, datetime) else tuple(ready(machine) for machine in reach.machines)
        beside = _beside(self._own_bookings, reach.names)
        key = shape, moments, beside, duration
        if key not in self.memory.fits:
            if beside:
                self._put_all()
            self.memory.fits[key] = super().first(need, ready, duration)
        return self.memory.fits[key]

    def booked(self, need: OperationNeed, found: Fit, make: Callable[[OperationNeed, Fit], Booking]) -> Booking:
        key = self.memory.shape(need), found.start, found.end, found.machine.work_unit, found.crew
        known = self.memory.booked.get(key)
        return self.memory.booked.setdefault(key, make(need, found)) if known is None else known

    def put(self, booking: Booking, need: OperationNeed | None = None) -> None:
        self._own_bookings.append(booking)
        self._later.append((booking, need))

    def take(self, booking: Booking, need: OperationNeed | None = None) -> None:
        self._put_all()
        self._own_bookings = [each for each in self._own_bookings if each is not booking]
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
        if key not in self.memory.firsts:
            self.memory.firsts[key] = self.first_free(booking, ready)
        found = self.memory.firsts[key]
        return booking.start if found is None else min(found, booking.start)

    def _first_on_floor(self, booking: Booking, need: OperationNeed, ready: datetime) -> datetime | None:
        shape = self.memory.shape(need)
        names = self.memory.reach(self.snapshot, need, shape).names
        beside = _beside((each for each in self.commitment.bookings if each is not booking), names)
        key = shape, booking.work_unit, ready, beside
        if key not in self.memory.firsts:
            self.memory.firsts[key] = super()._first_on_floor(booking, need, ready)
        return self.memory.firsts[key]

    def late_s(self, deviate: float) -> float:
        key = deviate, self.waits_for, *map(id, self.way)
        if key not in self.memory.late:
            self.memory.late[key] = super().late_s(deviate)
        return self.memory.late[key]

    def _note_waits(self, booking: Booking, ready: datetime) -> None:
        pass

    def _note_material(self, material: Ready) -> None:
        pass

    def _note_work(self) -> None:
        pass


def _start(booking: Booking) -> datetime:
    return booking.start
