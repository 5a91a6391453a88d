"""What a machine did lately and does next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.make import WorkOrder, WorkState
from lotone.plan import Booking, BookingState
from lotone.web.plant.machines import Look

DONE_SHOWN = 8
NEXT_SHOWN = 6
LOOK_BACK = timedelta(days=2)
READ_BACK = 600


@dataclass(frozen=True)
class Done:
    """A finished (or failed) operation."""

    work: WorkOrder
    serial: str | None
    ended_at: datetime


@dataclass(frozen=True)
class Next:
    """A booked operation."""

    booking: Booking
    serial: str | None


def done(look: Look, work_unit: str) -> list[Done]:
    """The newest finished jobs of a machine."""
    over = look.work.make.work_orders(states=(WorkState.DONE, WorkState.FAILED), limit=READ_BACK)
    mine = [each for each in over if each.work_unit == work_unit and each.ended_at is not None]
    newest_first = sorted(mine, key=lambda each: each.ended_at or look.now, reverse=True)[:DONE_SHOWN]
    return [Done(each, look.serial(each.unit), each.ended_at or look.now) for each in newest_first]


def following(look: Look, work_unit: str) -> list[Next]:
    """What is booked on a machine and has not begun, in sequence."""
    if work_unit not in look.work.plan.snapshot().resources:
        return []
    waiting = [each for each in look.work.plan.next_bookings(work_unit) if each.state is not BookingState.STARTED]
    return [Next(each, _serial(look, each)) for each in waiting[:NEXT_SHOWN]]


def _serial(look: Look, booking: Booking) -> str | None:
    if booking.order is None:
        return None
    units = look.work.make.units_of(booking.order)
    return next((unit.serial for unit in units if unit.index == booking.unit), None)
