"""What a work center does next, as the plan has it: for who stands there."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Words
from lotone.plan import Booking, BookingState
from lotone.plan.model.supply import pegs
from lotone.web.plan.desk import Desk
from lotone.web.plan.layers import setups

SHOWN = 12


@dataclass(frozen=True)
class Upcoming:
    """One operation on one machine."""

    booking: Booking
    name: str
    product: Words
    setup_minutes: float
    setup: str
    """What the machine must be set up for."""
    crew: list[str]
    parts: list[tuple[Words, float]]
    missing: Words | None
    """The part that is not there yet, if one is not."""
    told: datetime | None

    @property
    def runs(self) -> bool:
        return self.booking.state is BookingState.STARTED


def upcoming(desk: Desk, center: str) -> dict[str, list[Upcoming]]:
    """By machine, as the plant names them: what runs and what comes, the first few."""
    snapshot = desk.snapshot
    machines = [each for each in snapshot.resources.values() if each.is_machine and each.work_center == center]
    machines.sort(key=lambda each: desk.names.place(each.work_unit))
    queues = {each.work_unit: _ordered(desk, each.work_unit)[:SHOWN] for each in machines}
    desk.names.know_orders(each.order for queue in queues.values() for each in queue if each.order is not None)
    before = setups(snapshot)
    material = pegs(snapshot.stock, snapshot.commitments.reserved, snapshot.scarce)
    parts = snapshot.supply.parts

    def one(booking: Booking) -> Upcoming:
        commitment = snapshot.commitments[booking.commitment]
        need = commitment.need(booking)
        late = material.get(booking.place)
        return Upcoming(
            booking=booking,
            name=desk.names.step(booking.step),
            product=commitment.demand.words,
            setup_minutes=before.get(booking.id, 0) / 60_000,
            setup=need.setup,
            crew=[desk.names.machine(each) for each in booking.crew],
            parts=[(parts.get(part, Words(part)), quantity) for part, quantity in need.parts.items()],
            missing=parts.get(late.part, Words(late.part)) if late else None,
            told=commitment.told.date if commitment.order else None,
        )

    return {unit: [one(booking) for booking in queue] for unit, queue in queues.items()}


def _ordered(desk: Desk, work_unit: str) -> list[Booking]:
    queue = desk.snapshot.queues.get(work_unit)
    return [each for each in queue.bookings if each.order is not None] if queue else []


def centers(desk: Desk) -> list[str]:
    """All work centers that have machines."""
    found = dict.fromkeys(each.work_center for each in desk.snapshot.resources.values() if each.is_machine)
    return sorted(found, key=desk.names.place)
