"""What a change of the plan can have made impossible: only this has to be looked at again, not all that is planned."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lotone.plan.model.beginning import is_ordered
from lotone.plan.model.booking import Booking, BookingState, Resource
from lotone.plan.model.snapshot import Commitment, Snapshot

OVER = (BookingState.STARTED, BookingState.DONE)
PLANT = ("calendars", "transport", "setups")
SHAPE = ("calendar", "capacity", "batch", "setups", "kind", "skills", "work_center")


@dataclass
class Touched:
    """What may have to move, and why."""

    waiting: list[Booking] = field(default_factory=list)
    """Must be looked at again."""
    happened: list[Booking] = field(default_factory=list)
    """Began or ended, or did so at another time: others give way."""
    left: list[Booking] = field(default_factory=list)
    """Stood somewhere before: what comes after it may need another setup."""
    material: bool = False
    """Parts may come later than they were expected, or be kept for others."""


def everything(snapshot: Snapshot) -> Touched:
    found = Touched(material=True)
    for commitment in snapshot.commitments.values():
        found.waiting += [each for each in commitment.bookings if each.state.waits]
        found.happened += [each for each in commitment.bookings if each.state in OVER]
    return found


def touched(before: Snapshot, after: Snapshot) -> Touched:
    """What the difference between two plans touches; everything when the hours of the plant changed."""
    if any(getattr(before, each) is not getattr(after, each) for each in PLANT):
        return everything(after)
    found = Touched()
    for _, old, new in after.commitments.differences(before.commitments):
        _compare(found, old, new)
    if before.resources is not after.resources:
        for unit, resource in after.resources.items():
            known = before.resources.get(unit)
            if known is not resource and known != resource:
                found.waiting += _on_changed(after, known, resource)
    return found


def behind(snapshot: Snapshot) -> Touched:
    """What should have begun by now, and everything that waits for parts."""
    late = [each for each in snapshot.open_bookings() if is_ordered(each) and each.start < snapshot.now]
    return Touched(waiting=late, material=True)


def _compare(found: Touched, old: Commitment | None, new: Commitment | None) -> None:
    known = {each.id: each for each in old.bookings} if old else {}
    for booking in new.bookings if new else ():
        earlier = known.pop(booking.id, None)
        if earlier is booking:
            continue
        if earlier is None or _stands_elsewhere(earlier, booking):
            found.left += [] if earlier is None else [earlier]
            found.waiting += [booking, *new.after(booking)] if booking.state.waits and new else []
        if booking.state in OVER:
            found.happened.append(booking)
    found.left += known.values()
    if new is not None and (old is None or not set(new.reservations) <= set(old.reservations)):
        found.material = True


def _stands_elsewhere(earlier: Booking, booking: Booking) -> bool:
    if earlier.state.waits != booking.state.waits:
        return True
    return (earlier.start, earlier.end, earlier.takes) != (booking.start, booking.end, booking.takes)


def _on_changed(snapshot: Snapshot, known: Resource | None, resource: Resource) -> Iterable[Booking]:
    """What a change of a machine, an operator or a tool touches of what stands on it."""
    queue = snapshot.queues.get(resource.work_unit)
    waiting = [each for each in queue.bookings if each.state.waits] if queue else []
    if known is None or any(getattr(known, each) != getattr(resource, each) for each in SHAPE):
        return waiting
    stopped = (known.down_from, known.down_until, known.maintenance) != (
        resource.down_from, resource.down_until, resource.maintenance
    )  # fmt: skip
    if stopped and resource.setups:
        return waiting
    if stopped:
        return _hit(resource, waiting)
    return _until_set_up(snapshot, waiting) if known.state != resource.state else ()


def _hit(resource: Resource, waiting: Iterable[Booking]) -> Iterator[Booking]:
    blocked = resource.blocked
    return (each for each in waiting if blocked.first(each.start, each.duration) != each.start)


def _until_set_up(snapshot: Snapshot, waiting: Iterable[Booking]) -> Iterator[Booking]:
    """Up to the first that the machine is set up for: what comes then does not depend on what it was before."""
    for booking in waiting:
        yield booking
        if snapshot.commitments[booking.commitment].need(booking).setup:
            return
