"""What begins on a machine: it is set up for it, the rest of a batch begins too, and what it can't do meanwhile has ended."""

from dataclasses import replace
from datetime import datetime, timedelta

from lotone.plan.model.booking import Booking, BookingState, Resource
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import SMALL


def started(snapshot: Snapshot, booking: Booking, at: datetime) -> Snapshot:
    """The machine began. What it was believed to work on before and can't do at the same time has ended.

    A batch is one run of its machine: what is planned in it, is ordered, and follows nothing unfinished begins with it.
    """
    if not booking.state.waits:
        return snapshot
    machine = snapshot.resources[booking.work_unit]
    batch = [booking, *_mates(snapshot, machine, booking)]
    others = _replaced(snapshot, machine, batch)
    end = max(whole_second(at + timedelta(minutes=booking.minutes)), snapshot.now)
    end = min([end, *(other.start for other in others if other.start > at)])
    begun = [replace(each, state=BookingState.STARTED, start=at, end=end) for each in batch]
    ended = [replace(other, end=at) for other in others if other.start <= at < other.end]
    return set_up_for(snapshot.with_bookings([*ended, *begun]), booking)


def set_up_for(snapshot: Snapshot, booking: Booking) -> Snapshot:
    """The plan with a booking's machine set up as the booking needs it."""
    machine, state = snapshot.resources[booking.work_unit], _need(snapshot, booking).setup
    if not machine.setups or not state or state == machine.state:
        return snapshot
    return snapshot.with_resource(replace(machine, state=state))


def _need(snapshot: Snapshot, booking: Booking) -> OperationNeed:
    return snapshot.commitments[booking.commitment].need(booking)


def _kind(need: OperationNeed) -> tuple[str, str, tuple[str, ...]]:
    """Only what has the same may share a batch."""
    return need.batch, need.setup, need.also


def _mates(snapshot: Snapshot, machine: Resource, booking: Booking) -> list[Booking]:
    """What is planned to run in one batch with a booking and may begin with it."""
    need = _need(snapshot, booking)
    if not machine.batch or not need.batch:
        return []
    run = booking.start, booking.end, booking.crew, _kind(need)
    found = []
    for other in snapshot.queues[machine.work_unit].bookings:
        commitment = snapshot.commitments[other.commitment]
        is_mate = run == (other.start, other.end, other.crew, _kind(commitment.need(other))) and other.id != booking.id
        if is_mate and is_ordered(other) and all(_is_over(each) for each, _ in commitment.before(other)):
            found.append(other)
    return found


def is_ordered(booking: Booking) -> bool:
    """It waits, and not only for a buyer's decision."""
    return booking.state in (BookingState.PLANNED, BookingState.RELEASED)


def _is_over(booking: Booking) -> bool:
    return booking.state in (BookingState.DONE, BookingState.CANCELLED)


def _replaced(snapshot: Snapshot, machine: Resource, begun: list[Booking]) -> list[Booking]:
    """What a machine was believed to work on and can't do together with what begins: the first to end goes first."""
    running = [each for each in snapshot.queues[machine.work_unit].bookings if each.state is BookingState.STARTED]
    if machine.capacity == 1 and not machine.batch:
        return running
    kind = _kind(_need(snapshot, begun[0]))
    strangers = [each for each in running if machine.batch and (not kind[0] or _kind(_need(snapshot, each)) != kind)]
    room = machine.capacity - sum(_need(snapshot, each).size for each in begun)
    for each in sorted((each for each in running if each not in strangers), key=lambda each: each.end, reverse=True):
        room -= _need(snapshot, each).size
        if room < -SMALL:
            strangers.append(each)
    return strangers
