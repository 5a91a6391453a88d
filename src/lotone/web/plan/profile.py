"""The load profile under the schedule: for each work center and stretch of time how much is open, booked, and set up."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lotone.plan import Booking, Resource, Snapshot
from lotone.web.plan.layers import milliseconds, setups
from lotone.web.plan.names import Names
from lotone.web.plan.plant_time import PlantTime

HOURLY_UP_TO = timedelta(days=4)
"""Of longer stretches days are shown."""
HOUR = timedelta(hours=1)


@dataclass
class Buckets:
    """Hours of one work center in each stretch between two edges."""

    edges: Sequence[datetime]
    open: list[float] = field(init=False)
    booked: list[float] = field(init=False)
    setup: list[float] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.edges) - 1
        self.open, self.booked, self.setup = [0.0] * count, [0.0] * count, [0.0] * count

    def add(self, to: list[float], start: datetime, end: datetime, weight: float = 1.0) -> None:
        """Spread a stretch of time over the buckets that it meets."""
        at = max(0, bisect_right(self.edges, start) - 1)
        while at < len(to) and self.edges[at] < end:
            share = min(end, self.edges[at + 1]) - max(start, self.edges[at])
            if share > timedelta():
                to[at] += share / HOUR * weight
            at += 1


def edges(plant: PlantTime, start: datetime, end: datetime) -> list[datetime]:
    """Whole hours of the plant for short stretches, its days for long ones."""
    if end - start > HOURLY_UP_TO:
        days = (end - start) // timedelta(days=1) + 3
        return plant.midnights(plant.day_of(start), days)
    first = start.replace(minute=0, second=0, microsecond=0)
    return [first + number * HOUR for number in range((end - first) // HOUR + 2)]


def profile(snapshot: Snapshot, bookings: Iterable[Booking], marks: Sequence[datetime]) -> dict[str, Buckets]:
    """By work center; batch machines count a batch once, machines with capacity what their work takes of it."""
    machines = {each.work_unit: each for each in snapshot.resources.values() if each.is_machine}
    found = {machine.work_center: Buckets(marks) for machine in machines.values()}
    for machine in machines.values():
        buckets = found[machine.work_center]
        for window in snapshot.calendars[machine.calendar].windows(marks[0], marks[-1]):
            buckets.add(buckets.open, window.start, window.end, _at_a_time(machine))
    before, batches = setups(snapshot), set()
    for booking in bookings:
        machine_of = machines.get(booking.work_unit)
        batch = (booking.work_unit, booking.start, booking.end)
        if machine_of is None or (machine_of.batch and batch in batches):
            continue
        batches.add(batch)
        buckets = found[machine_of.work_center]
        buckets.add(buckets.booked, booking.start, booking.end, _weight(snapshot, machine_of, booking))
        if booking.id in before:
            buckets.add(buckets.setup, booking.start - timedelta(milliseconds=before[booking.id]), booking.start)
    return found


def _at_a_time(machine: Resource) -> float:
    return 1.0 if machine.batch else float(machine.capacity)


def _weight(snapshot: Snapshot, machine: Resource, booking: Booking) -> float:
    commitment = snapshot.commitments.get(booking.commitment)
    return commitment.need(booking).size if commitment and machine.capacity > 1 and not machine.batch else 1.0


def answer(snapshot: Snapshot, names: Names, bookings: Iterable[Booking], marks: Sequence[datetime]) -> dict[str, Any]:
    """As web/src/gantt/profile.ts reads it: the edges in milliseconds, and for each work center its hours."""
    found = profile(snapshot, bookings, marks)
    return {
        "version": snapshot.version,
        "edges": [milliseconds(each) for each in marks],
        "rows": [
            {
                "id": center,
                "label": names.equipment(center),
                "open": [round(hours, 3) for hours in found[center].open],
                "booked": [round(hours, 3) for hours in found[center].booked],
                "setup": [round(hours, 3) for hours in found[center].setup],
            }
            for center in sorted(found, key=names.place)
        ],
    }
