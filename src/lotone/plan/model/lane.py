"""What waits on one machine, operator or tool while a plan is settled."""

from bisect import bisect_left
from dataclasses import replace
from datetime import datetime

from lotone.plan.model.booking import Booking
from lotone.plan.model.demand import OperationNeed


class Lane:
    """The waiting bookings that stand on one resource, by start; those before `next` had their turn."""

    __slots__ = ("next", "waiting")

    def __init__(self, waiting: list[Booking]) -> None:
        self.waiting = waiting
        self.next = 0

    def place_of(self, start: datetime) -> int:
        return bisect_left(self.waiting, start, key=start_of)


def start_of(booking: Booking) -> datetime:
    return booking.start


def without_setup(need: OperationNeed) -> OperationNeed:
    """The same operation, which leaves its machine as it is."""
    return replace(need, setup="")
