"""One operation of the schedule with its thread: whose it is, planned and actual times, what it waits for, what follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.kernel import NotFound, Words
from lotone.make import Unit, WorkOrder
from lotone.plan import Booking, BookingState, Promise, Snapshot
from lotone.plan.model.binding import promise_for
from lotone.plan.model.snapshot import Commitment
from lotone.web.plan.names import Names
from lotone.web.plan.promises import Standing
from lotone.web.plan.waits import Wait, waits
from lotone.wiring import Work


class UnknownOperation(NotFound):
    """The schedule has no booking with this id."""


@dataclass(frozen=True)
class Step:
    """One operation of the same unit."""

    booking: Booking
    name: str
    machine: str
    is_this: bool


@dataclass(frozen=True)
class Operation:
    """A booking and everything that hangs on it."""

    booking: Booking
    name: str
    machine: str
    center: str
    number: str
    product: Words | None
    quantity: int
    unit: Unit | None
    work: WorkOrder | None
    """How the floor sees it, once its order has units."""
    waits: list[Wait]
    steps: list[Step]
    told: Promise | None
    """What the buyer was told."""
    likely: Promise | None
    """What would be told now."""
    first: datetime | None
    expected: datetime | None
    """When the order is expected to be packed."""
    standing: Standing | None
    machines: list[tuple[str, str]]
    """The machines that could do it, by id and name; empty when it can't be moved any more."""
    crew: list[str]
    """The operators and tools it takes."""

    @property
    def is_over(self) -> bool:
        return self.booking.state in (BookingState.DONE, BookingState.CANCELLED)

    @property
    def has_begun(self) -> bool:
        return self.booking.state in (BookingState.STARTED, BookingState.DONE)

    @property
    def planned(self) -> tuple[datetime, datetime] | None:
        """What was planned when it was sent to its machine."""
        work = self.work
        return (work.planned_start, work.planned_end) if work and work.planned_start and work.planned_end else None

    @property
    def actual_minutes(self) -> float | None:
        return self.booking.duration / timedelta(minutes=1) if self.booking.state is BookingState.DONE else None

    @property
    def begun_late(self) -> timedelta | None:
        """How much later it began than was planned when it was sent; negative is earlier."""
        return self.booking.start - self.planned[0] if self.planned and self.has_begun else None


def operation(work: Work, snapshot: Snapshot, names: Names, booking_id: str) -> Operation:
    """Raises UnknownOperation."""
    booking = work.plan.booking(booking_id)
    if booking is None:
        raise UnknownOperation(f"there is no booking {booking_id} in the schedule; it may have been a quote that ran out")
    commitment = snapshot.commitments.get(booking.commitment)
    unit, orders = _on_the_floor(work, booking)
    steps = _steps(work, names, booking, commitment, orders)
    promise = promise_for(snapshot, commitment) if commitment and commitment.order else None
    told = commitment.told if commitment and commitment.order else None
    first = names.first_promised(booking.order) if booking.order else None
    return Operation(
        booking=booking,
        name=next((step.name for step in steps if step.is_this), names.step(booking.step)),
        machine=names.machine(booking.work_unit),
        center=names.equipment(booking.work_center),
        number=names.order(booking.order),
        product=commitment.demand.words if commitment else None,
        quantity=commitment.demand.quantity if commitment else max(step.booking.unit for step in steps),
        unit=unit,
        work=orders.get(booking.id),
        waits=waits(snapshot, booking),
        steps=steps,
        told=told,
        likely=promise,
        first=first,
        expected=commitment.completion + snapshot.settings.packing if commitment else None,
        standing=_standing(told, promise, first),
        machines=_machines(snapshot, names, commitment, booking),
        crew=[names.machine(each) for each in booking.crew],
    )


def _machines(snapshot: Snapshot, names: Names, commitment: Commitment | None, booking: Booking) -> list[tuple[str, str]]:
    if commitment is None or booking.state is not BookingState.PLANNED:
        return []
    return [(each.work_unit, names.machine(each.work_unit)) for each in snapshot.candidates(commitment.need(booking))]


def _on_the_floor(work: Work, booking: Booking) -> tuple[Unit | None, dict[str, WorkOrder]]:
    """The unit that the booking is about, and the last attempt of each of its operations."""
    units = work.make.units_of(booking.order) if booking.order else []
    unit = next((each for each in units if each.index == booking.unit), None)
    return unit, {each.booking: each for each in work.make.work_of(unit.serial)} if unit else {}


def _steps(
    work: Work, names: Names, booking: Booking, commitment: Commitment | None, orders: dict[str, WorkOrder]
) -> list[Step]:
    """The operations of the same unit, by begin."""
    found = commitment.bookings if commitment else work.plan.bookings_of(booking.order) if booking.order else [booking]
    mine = sorted((each for each in found if each.unit == booking.unit), key=lambda each: (each.start, each.id))

    def name(each: Booking) -> str:
        known = orders.get(each.id)
        return names.reader.words(known.words) if known and known.words.en else names.step(each.step)

    return [Step(each, name(each), names.machine(each.work_unit), each.id == booking.id) for each in mine]


def _standing(told: Promise | None, likely: Promise | None, first: datetime | None) -> Standing | None:
    if told is None or likely is None:
        return None
    if first is not None and told.date > first:
        return Standing.LATE
    return Standing.TIGHT if likely.date > told.date else Standing.ON_TIME
