"""What an operation waits for: those before it, its machine, the plant's hours, a repair, its parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Words
from lotone.plan import BindingKind, Booking, BookingState, Snapshot
from lotone.plan.model.busy import first_fit
from lotone.plan.model.supply import pegs


@dataclass(frozen=True)
class Wait:
    """One thing that keeps an operation from beginning before a time."""

    kind: BindingKind
    until: datetime
    booking: Booking | None = None
    """The operation that must end first."""
    subject: Words | None = None
    """The part that has to arrive."""
    supplier: Words | None = None
    binds: bool = False
    """Nothing else keeps it longer."""


def waits(snapshot: Snapshot, booking: Booking) -> list[Wait]:
    """What the operation waits for, what keeps it longest first; nothing for what has begun or can begin now."""
    if not booking.state.waits or booking.commitment not in snapshot.commitments:
        return []
    found = [wait for wait in _found(snapshot, booking) if wait.until > snapshot.now]
    ready = max((wait.until for wait in found), default=snapshot.now)
    opened = first_fit(snapshot.hours(booking.work_unit), (), ready, booking.duration)
    if opened is not None and opened > ready:
        found.append(Wait(BindingKind.CALENDAR, opened))
    found.sort(key=lambda wait: wait.until, reverse=True)
    return [
        Wait(wait.kind, wait.until, wait.booking, wait.subject, wait.supplier, wait.until == found[0].until) for wait in found
    ]


def _found(snapshot: Snapshot, booking: Booking) -> Iterator[Wait]:
    for previous, wait in snapshot.commitments[booking.commitment].before(booking):
        if previous.state is not BookingState.CANCELLED:
            yield Wait(BindingKind.OPERATION, previous.end + wait, previous)
    before = _before_on_machine(snapshot, booking)
    if before is not None:
        yield Wait(BindingKind.MACHINE, before.end, before)
    machine = snapshot.resources[booking.work_unit]
    if machine.down_until is not None:
        yield Wait(BindingKind.REPAIR, machine.down_until)
    parts = snapshot.commitments[booking.commitment].need(booking).parts.keys() & set(snapshot.scarce)
    material = pegs(snapshot.stock, snapshot.commitments.reserved, parts).get(booking.place)
    if material is not None:
        words = snapshot.supply.parts.get(material.part, Words(material.part))
        yield Wait(BindingKind.MATERIAL, material.at, subject=words, supplier=material.supplier)


def _before_on_machine(snapshot: Snapshot, booking: Booking) -> Booking | None:
    """The operation that stands on the same machine right before it."""
    queue = snapshot.queues.get(booking.work_unit)
    earlier = [each for each in queue.bookings if each.id != booking.id and each.end <= booking.start] if queue else []
    return max(earlier, key=lambda each: each.end, default=None)
