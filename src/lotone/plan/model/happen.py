"""What happens in the plant, as changes of the plan: each may be said twice, and late, without harm.

Every function returns the same snapshot when there is nothing to change, so callers can tell by identity.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from lotone.plan.model.beginning import is_ordered, set_up_for
from lotone.plan.model.booking import Booking, BookingState, Resource
from lotone.plan.model.fault import UnknownWorkUnit
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import LONG_AGO, Commitment, CommitmentState, Snapshot, open_state

OVERRUN = 0.1
"""An operation that should have ended is expected to take this share of its duration longer, again and again: with a
coefficient of variation of 0.1 that is about one standard deviation."""
SHORTEST_OVERRUN = timedelta(minutes=2)
LONGER_REPAIR = 0.5
"""A repair that should have ended is expected to take this share of its time longer: repair times have heavy tails."""
SMALL_PROGRESS = timedelta(minutes=1)
"""Progress that changes the expected end by less than this, or by less than a twentieth of the duration, changes nothing."""


def machine_down(snapshot: Snapshot, work_unit: str, at: datetime, expected_minutes: float) -> Snapshot:
    """The machine stands still from `at` for an expected time. What it works on goes on afterwards."""
    machine = _machine(snapshot, work_unit)
    if machine.up_at is not None and at <= machine.up_at:
        return snapshot
    if machine.is_down and _was_said(machine, at, expected_minutes):
        return snapshot
    since = machine.down_from or at
    until = max(whole_second(at + timedelta(minutes=expected_minutes)), snapshot.now)
    stopped = replace(machine, down_from=since, down_until=until, down_said_at=at, down_minutes=expected_minutes)
    return _shift_started(snapshot.with_resource(stopped), work_unit, until - (machine.down_until or at))


def _was_said(machine: Resource, at: datetime, expected_minutes: float) -> bool:
    said_at = machine.down_said_at or at
    return at < said_at or (at == said_at and machine.down_minutes == expected_minutes)


def machine_up(snapshot: Snapshot, work_unit: str, at: datetime) -> Snapshot:
    """The machine works again. Remembered even when it was not known to be down: the stop may still be on its way."""
    machine = _machine(snapshot, work_unit)
    if machine.up_at is not None and at <= machine.up_at:
        return snapshot
    if machine.down_until is None or machine.down_from is None or at <= machine.down_from:
        return snapshot.with_resource(replace(machine, up_at=at))
    repaired = replace(machine, down_from=None, down_until=None, down_said_at=None, down_minutes=0.0, up_at=at)
    return _shift_started(snapshot.with_resource(repaired), work_unit, at - machine.down_until)


def _machine(snapshot: Snapshot, work_unit: str) -> Resource:
    if work_unit not in snapshot.resources:
        raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
    return snapshot.resources[work_unit]


def _shift_started(snapshot: Snapshot, work_unit: str, by: timedelta) -> Snapshot:
    """Let the operation on a machine end later or earlier, but not before now."""
    queue = snapshot.queues.get(work_unit)
    started = [booking for booking in queue.bookings if booking.state is BookingState.STARTED] if queue else []
    return snapshot.with_bookings(
        replace(booking, end=whole_second(max(booking.end + by, snapshot.now, booking.start))) for booking in started
    )


def released(snapshot: Snapshot, booking: Booking) -> Snapshot:
    """The booking was sent to its machine."""
    if booking.state is not BookingState.PLANNED:
        return snapshot
    return snapshot.with_bookings([replace(booking, state=BookingState.RELEASED)])


def progressed(snapshot: Snapshot, booking: Booking, percent: float, at: datetime) -> Snapshot:
    """The machine said how far it is; changes the expected end when that differs noticeably."""
    if booking.state is not BookingState.STARTED or snapshot.resources[booking.work_unit].is_down:
        return snapshot
    left = booking.minutes * (1 - min(max(percent, 0.0), 100.0) / 100)
    end = max(whole_second(at) + timedelta(seconds=ceil(left * 60)), snapshot.now)
    noticeable = max(SMALL_PROGRESS, timedelta(minutes=booking.minutes / 20))
    if abs(end - booking.end) < noticeable:
        return snapshot
    return snapshot.with_bookings([replace(booking, end=end)])


def finished(snapshot: Snapshot, booking: Booking, at: datetime, free_since: datetime | None = None) -> Snapshot:
    """The operation is done. Material that is still reserved for it was not needed.

    When nobody said that it began, it began its planned duration ago, or when the machine was last done (`free_since`).
    """
    if booking.state in (BookingState.DONE, BookingState.CANCELLED):
        return snapshot
    start = booking.start
    if booking.state.waits:
        start = max(at - timedelta(minutes=booking.minutes), free_since or LONG_AGO)
        snapshot = set_up_for(snapshot, booking)
    done = replace(booking, state=BookingState.DONE, start=min(start, at), end=at)
    commitment = snapshot.commitments[booking.commitment].with_bookings([done])
    return snapshot.with_commitments([_closed_if_done(_without_material(commitment, booking))])


def _closed_if_done(commitment: Commitment) -> Commitment:
    return commitment if open_state(commitment.bookings) else replace(commitment, state=CommitmentState.CLOSED)


def _without_material(commitment: Commitment, booking: Booking, parts: Iterable[str] | None = None) -> Commitment:
    taken = None if parts is None else set(parts)
    kept = tuple(r for r in commitment.reservations if r.place != booking.place or (taken is not None and r.part not in taken))
    return commitment if len(kept) == len(commitment.reservations) else replace(commitment, reservations=kept)


def material_taken(snapshot: Snapshot, booking: Booking, parts: Iterable[str] | None = None) -> Snapshot:
    """Parts left the stock for this booking, so they are no longer reserved; None means all its parts."""
    before = snapshot.commitments[booking.commitment]
    after = _without_material(before, booking, parts)
    return snapshot if after is before else snapshot.with_commitments([after])


def cancelled(snapshot: Snapshot, commitment: Commitment) -> Snapshot:
    """The order is no longer wanted: what has not begun is given free, what has is finished."""
    if commitment.state is not CommitmentState.FIRM:
        return snapshot
    bookings = [replace(each, state=BookingState.CANCELLED) for each in commitment.bookings if each.state.waits]
    begun = {each.place for each in commitment.bookings if each.state is BookingState.STARTED}
    kept = tuple(each for each in commitment.reservations if each.place in begun)
    changed = replace(commitment.with_bookings(bookings), reservations=kept, state=CommitmentState.ENDING)
    return snapshot.with_commitments([_closed_if_done(changed)])


def overrun(snapshot: Snapshot) -> Snapshot:
    """What should have ended by now and did not is expected to last a little longer: operations and repairs."""
    for machine in snapshot.resources.values():
        if machine.down_until is not None and machine.down_until <= snapshot.now:
            more = max(timedelta(minutes=machine.down_minutes * LONGER_REPAIR), SHORTEST_OVERRUN)
            until = whole_second(snapshot.now + more)
            snapshot = snapshot.with_resource(replace(machine, down_until=until))
            snapshot = _shift_started(snapshot, machine.work_unit, until - machine.down_until)
    late = [each for queue in snapshot.queues.values() for each in queue.bookings if _overruns(each, snapshot.now)]
    return snapshot.with_bookings(replace(each, end=_new_end(each, snapshot.now)) for each in late)


def _overruns(booking: Booking, now: datetime) -> bool:
    return booking.state is BookingState.STARTED and booking.end <= now


def _new_end(booking: Booking, now: datetime) -> datetime:
    return whole_second(now + max(timedelta(minutes=booking.minutes * OVERRUN), SHORTEST_OVERRUN))


def is_behind(snapshot: Snapshot) -> bool:
    """Whether time has made the plan untrue: something did not start, did not end, or was not repaired when it should."""
    if any(each.down_until is not None and each.down_until <= snapshot.now for each in snapshot.resources.values()):
        return True
    late_since = snapshot.now - timedelta(minutes=snapshot.settings.late_minutes)
    return any(
        _overruns(booking, snapshot.now) or (is_ordered(booking) and booking.start < late_since)
        for queue in snapshot.queues.values()
        for booking in queue.bookings
    )
