"""Looking: the schedule, the work of a machine or an order, promises, load."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.plan.model.binding import promise_for
from lotone.plan.model.booking import Booking, Resource
from lotone.plan.model.calendar import Calendar, open_hours
from lotone.plan.model.fault import UnknownOrder
from lotone.plan.model.promise import Promise, TrackedPromise
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.plan.model.supply import PartNeed
from lotone.plan.service.desk import Desk


@dataclass(frozen=True)
class Load:
    """How much of a work center's open time is booked."""

    work_center: str
    open_hours: float
    booked_hours: float

    @property
    def utilization(self) -> float:
        return self.booked_hours / self.open_hours if self.open_hours else 0.0


class Views(Desk):
    """Everything here only reads."""

    def version(self) -> int:
        """The plan's version; it grows with every change."""
        return self.store.snapshot().version

    def schedule(self, start: datetime, end: datetime) -> list[Booking]:
        """What machines did and will do between two moments, by start; held bookings too, cancelled ones not."""
        return self.store.bookings(start, end, self.wall_clock())

    def next_bookings(self, work_unit: str) -> list[Booking]:
        """What a machine works on and will work on for orders, in sequence."""
        queue = self.store.snapshot().queues.get(work_unit)
        return [booking for booking in queue.bookings if booking.order is not None] if queue else []

    def booking(self, booking_id: str) -> Booking | None:
        """One booking in whatever state."""
        return self.store.booking(booking_id)

    def bookings_of(self, order: str) -> list[Booking]:
        """The bookings of an order by start, done and cancelled ones too; empty when nothing is planned for it."""
        commitment = self.store.commitment_of(order)
        return sorted(commitment.bookings, key=lambda each: (each.start, each.id)) if commitment else []

    def promises(self) -> list[TrackedPromise]:
        """What was told to the buyers of all orders that are not finished, and how it looks now; the next due first."""
        firm = (each for each in self.store.snapshot().commitments.values() if each.state is CommitmentState.FIRM)
        tracked = [TrackedPromise(each.order or "", each.told, each.completion, each.moves) for each in firm]
        return sorted(tracked, key=lambda each: (each.told.date, each.order))

    def told(self, order: str) -> Promise:
        """The promise that stands for an order. Raises UnknownOrder."""
        return self._commitment_of(order).told

    def outlook(self, order: str) -> Promise:
        """What would be promised for an order as the plan stands, and why; what was told is in `told`. Raises UnknownOrder."""
        snapshot = self.snapshot()
        commitment = self._commitment_of(order)
        current = snapshot.commitments.get(commitment.id)
        return commitment.told if current is None else promise_for(snapshot, current)

    def _commitment_of(self, order: str) -> Commitment:
        found = self.store.commitment_of(order)
        if found is None:
            raise UnknownOrder(f"nothing is planned for order {order}")
        return found

    def part_needs(self) -> list[PartNeed]:
        """The parts that are reserved for orders, by the time they are needed: what must be in stock or bought."""
        needs = []
        for commitment in self.store.snapshot().commitments.values():
            if commitment.state is CommitmentState.FIRM:
                for kept in commitment.reservations:
                    at = commitment.by_place[kept.place].start
                    needs.append(PartNeed(kept.part, kept.quantity, at, commitment.order or ""))
        return sorted(needs, key=lambda need: (need.at, need.part, need.order))

    def load(self, start: datetime, end: datetime) -> list[Load]:
        """Open and booked hours of every work center between two moments (not more than a year ahead); a machine that does
        several things at a time has the hours of so many."""
        snapshot = self.store.snapshot()
        machines = [each for each in snapshot.resources.values() if each.is_machine]
        opened = {each.work_center: timedelta() for each in machines}
        booked = dict(opened)
        for machine in machines:
            hours = open_hours(snapshot.calendars[machine.calendar], start)
            opened[machine.work_center] += hours.total(start, end) * machine.capacity
        for booking in self.schedule(start, end):
            if booking.work_center in booked:
                booked[booking.work_center] += min(booking.end, end) - max(booking.start, start)
        return [Load(center, _hours(opened[center]), _hours(booked[center])) for center in sorted(opened)]

    def calendars(self) -> list[Calendar]:
        """All calendars."""
        return list(self.store.snapshot().calendars.values())

    def resources(self) -> list[Resource]:
        """All machines that the plan knows, and whether they are down."""
        return list(self.store.snapshot().resources.values())


def _hours(time: timedelta) -> float:
    return time.total_seconds() / 3600
