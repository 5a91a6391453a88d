"""A machine that is slower than its routings say, or as fast as usual again.

As in `happen`, it may be said twice without harm, and gives back the same snapshot when nothing changes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from math import ceil

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.fault import UnknownWorkUnit, WrongResource
from lotone.plan.model.fit import Floor
from lotone.plan.model.line import NO_SETUPS
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import Commitment, Snapshot

A_SECOND = 1 / 60
MINUTE = timedelta(minutes=1)


def slower(snapshot: Snapshot, work_unit: str, factor: float) -> Snapshot:
    """Everything that is booked on a machine takes `factor` times what its routing says; 1 is the usual pace again.

    What would no longer fit into the machine's hours with the longest setup before it goes to another machine that can do
    it. What no other can do, or was sent to this one or locked there, is planned for as long as the hours leave room for.
    """
    if not 0 < factor < float("inf"):
        raise WrongResource(f"{work_unit} can't take {factor} times as long; say a number above 0", where="factor")
    if work_unit not in snapshot.resources:
        raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
    queue = snapshot.queues.get(work_unit)
    own = [each for each in queue.bookings if each.work_unit == work_unit] if queue else []
    pace = _Pace(snapshot, snapshot.resources[work_unit], factor)
    changed = [new for old in own if (new := pace.of(old)) != old]
    return snapshot.with_bookings(changed) if changed else snapshot


def check_waits(before: Snapshot, after: Snapshot) -> None:
    """Raises WrongResource when something comes too long after what it follows that did not before."""
    for _, old, new in after.commitments.differences(before.commitments):
        known = set(_too_late(old)) if old else set()
        late = next((each for each in (_too_late(new) if new else ()) if each not in known), None)
        if new is not None and late is not None:
            words = (
                f"step {late.step} of unit {late.unit} of {new.order or 'a hold'} would come too long after what it follows"
            )
            raise WrongResource(f"{words}, whenever that is done; open more hours or move it first", where="factor")


def _too_late(commitment: Commitment) -> Iterator[Place]:
    for booking in commitment.bookings:
        for earlier, _ in commitment.before(booking) if booking.state.waits else ():
            most = commitment.need(earlier).wait_most
            if most is not None and earlier.state.waits and booking.start > earlier.end + most:
                yield booking.place


class _Pace:
    """How long a machine takes for what is booked on it."""

    def __init__(self, snapshot: Snapshot, machine: Resource, factor: float) -> None:
        self.snapshot = snapshot
        self.machine = machine
        self.factor = factor
        self.floor = Floor(snapshot, empty=True)

    def of(self, booking: Booking) -> Booking:
        """A booking with the time it takes now, on another machine if it has to go."""
        need = self.snapshot.commitments[booking.commitment].need(booking)
        usual = need.minutes_on.get(booking.work_unit, need.minutes)
        minutes = usual * self.factor
        if abs(minutes - booking.minutes) < A_SECOND:
            return booking
        if booking.state is BookingState.STARTED:
            end = booking.end + timedelta(minutes=minutes - booking.minutes)
            return replace(booking, minutes=minutes, end=whole_second(max(end, self.snapshot.now, booking.start)))
        if self._fits(need, self.machine, _duration(minutes)):
            return _taking(booking, minutes)
        other = self._elsewhere(need) if booking.state.is_movable and not booking.locked else None
        if other is not None:
            return self.snapshot.moved(booking, other.work_unit, booking.start)
        return self._as_long_as_can_be(booking, need, usual, minutes)

    def _as_long_as_can_be(self, booking: Booking, need: OperationNeed, usual: float, minutes: float) -> Booking:
        room = self.snapshot.hours(booking.work_unit).longest - self._longest_setup(self.machine, need)[0]
        minutes = max(min(minutes, room / MINUTE), min(minutes, usual), A_SECOND)
        return _taking(booking, minutes) if self._fits(need, self.machine, _duration(minutes)) else booking

    def _elsewhere(self, need: OperationNeed) -> Resource | None:
        """The quickest other machine on which an operation fits."""
        others = [each for each in self.snapshot.candidates(need) if each.work_unit != self.machine.work_unit]
        can = (each for each in others if self._fits(need, each, need.duration(each.work_unit)))
        return min(can, key=lambda each: need.duration(each.work_unit), default=None)

    def _fits(self, need: OperationNeed, machine: Resource, takes: timedelta) -> bool:
        """Whether a machine and a crew are ever there together for so long, whatever the machine did before."""
        setup, before = self._longest_setup(machine, need)
        if setup:
            machine = replace(machine, state=before)
        return self.floor.first_on(need, machine, self.snapshot.now, takes) is not None

    def _longest_setup(self, machine: Resource, need: OperationNeed) -> tuple[timedelta, str]:
        """How long a machine can take to be set up for an operation, and after what."""
        matrix = self.snapshot.setups.get(machine.setups, NO_SETUPS)
        states = {machine.state, *self.states, *(state for pair in matrix.minutes for state in pair)}
        minutes, before = max((matrix.minutes_between(each, need.setup), each) for each in states)
        return timedelta(seconds=ceil(minutes * 60)), before

    @cached_property
    def states(self) -> set[str]:
        """What machines of this kind are set up for by what is planned."""
        needs = (need for each in self.snapshot.commitments.values() for need in each.demand.operations)
        return {need.setup for need in needs if need.work_center == self.machine.work_center}


def _taking(booking: Booking, minutes: float) -> Booking:
    return replace(booking, minutes=minutes, end=booking.start + _duration(minutes))


def _duration(minutes: float) -> timedelta:
    """Whole seconds, not a second more because of how fractions are kept."""
    return timedelta(seconds=max(ceil(minutes * 60 - 1e-6), 1))
