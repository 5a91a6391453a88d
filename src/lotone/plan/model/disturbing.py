"""What upsets a plan beside stops: work that was spoiled, and a maintenance. How fast a machine is, is in `pace`.

As in `happen`, every function may be called twice without harm, and gives back the same snapshot when nothing changes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from lotone.kernel import Words
from lotone.plan.model.booking import Booking, BookingState, Maintenance, Place, Resource
from lotone.plan.model.fault import UnknownWorkUnit
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot
from lotone.plan.model.supply import Reservation

HAPPENED = (BookingState.STARTED, BookingState.DONE)


def scrapped(snapshot: Snapshot, booking: Booking, at: datetime, *, with_parts: bool) -> Snapshot:
    """What was made is spoiled: the operation, and what was done to the unit after it, is made again.

    `with_parts` says that the parts that went in are spoiled too: they are needed again. A report about an attempt that was
    made again since changes nothing.
    """
    commitment = snapshot.commitments[booking.commitment]
    if booking.state not in HAPPENED or at < booking.start or commitment.state is not CommitmentState.FIRM:
        return snapshot
    spoiled = [each for each in (booking, *_following(commitment, booking)) if each.state in HAPPENED]
    again = [_again(snapshot, commitment, each) for each in spoiled]
    changed = commitment.with_bookings(again)
    if with_parts:
        kept = {(each.place, each.part) for each in commitment.reservations}
        more = [each for each in _parts_again(snapshot, commitment, again) if (each.place, each.part) not in kept]
        changed = replace(changed, reservations=(*commitment.reservations, *more))
    return snapshot.with_commitments([changed])


def _following(commitment: Commitment, booking: Booking) -> Iterator[Booking]:
    """What follows a booking directly or not, each once."""
    seen: set[Place] = set()
    waiting = [booking]
    while waiting:
        for each in commitment.after(waiting.pop()):
            if each.place not in seen:
                seen.add(each.place)
                waiting.append(each)
                yield each


def _again(snapshot: Snapshot, commitment: Commitment, booking: Booking) -> Booking:
    """The booking as it was before it began, from now on; where a planner had locked it has passed."""
    need = commitment.need(booking)
    minutes = need.minutes_on.get(booking.work_unit, need.minutes)
    start = max(snapshot.now, booking.start)
    end = start + need.duration(booking.work_unit)
    return replace(booking, state=BookingState.PLANNED, start=start, end=end, minutes=minutes, locked=False)


def _parts_again(snapshot: Snapshot, commitment: Commitment, again: list[Booking]) -> Iterator[Reservation]:
    totals = dict(snapshot.commitments.reserved_total)
    for booking in again:
        for part, quantity in commitment.need(booking).parts.items():
            totals[part] = total = totals.get(part, 0.0) + quantity
            ready, is_covered = snapshot.stock.served(part, total)
            yield Reservation(booking.place, part, quantity, None if is_covered else ready.at)


def maintained(snapshot: Snapshot, work_unit: str, start: datetime, minutes: float, words: Words) -> Snapshot:
    """A machine is looked after for some minutes from a time on. What was said before in the same words, and has not
    begun, was another estimate of the same."""
    machine = _resource(snapshot, work_unit)
    window = Maintenance(whole_second(start), whole_second(start + timedelta(minutes=minutes)), words)
    if window.end <= snapshot.now or window in machine.maintenance:
        return snapshot
    kept = [each for each in machine.maintenance if each.end > snapshot.now and not _is_estimate_of(each, window, snapshot)]
    windows = sorted([*kept, window], key=lambda each: (each.start, each.end))
    return snapshot.with_resource(replace(machine, maintenance=tuple(windows)))


def _is_estimate_of(earlier: Maintenance, window: Maintenance, snapshot: Snapshot) -> bool:
    return earlier.words == window.words and earlier.start > snapshot.now


def not_maintained(snapshot: Snapshot, work_unit: str, start: datetime) -> Snapshot:
    """The maintenance that was to begin at a time is called off, or is over earlier."""
    machine = _resource(snapshot, work_unit)
    kept = tuple(each for each in machine.maintenance if each.start != whole_second(start))
    return snapshot if kept == machine.maintenance else snapshot.with_resource(replace(machine, maintenance=kept))


def _resource(snapshot: Snapshot, work_unit: str) -> Resource:
    if work_unit not in snapshot.resources:
        raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
    return snapshot.resources[work_unit]
