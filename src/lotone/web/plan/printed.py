"""The schedule on paper: for each day and work center a picture of its machines and the list of what they do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from lotone.plan import Booking, Snapshot
from lotone.web.plan.layers import setups
from lotone.web.plan.names import Names
from lotone.web.plan.plant_time import PlantTime

EDGE = timedelta(minutes=30)
"""So much room is left before the first and after the last operation of a day."""
HOURS_WRITTEN = 12
"""Of longer days every second hour is written."""


class Paper(StrEnum):
    A4 = "a4"
    A3 = "a3"


@dataclass(frozen=True)
class Line:
    """One operation of one machine."""

    booking: Booking
    left: float
    """Its place in the picture, in percent of the day that is shown."""
    width: float
    setup: float
    """Width of the setup before it."""


@dataclass(frozen=True)
class Sheet:
    """One work center on one day."""

    center: str
    day: datetime
    start: datetime
    end: datetime
    machines: dict[str, list[Line]]
    hours: list[tuple[float, datetime]]
    """Where full hours are written."""

    @property
    def lines(self) -> list[Line]:
        """Everything the center does that day, by begin."""
        return sorted((line for lines in self.machines.values() for line in lines), key=lambda each: each.booking.start)


def sheets(
    snapshot: Snapshot, names: Names, plant: PlantTime, bookings: list[Booking], *, first: date, days: int, center: str = ""
) -> list[Sheet]:
    """Days in their order, work centers as the plant describes itself; those that do nothing are left out."""
    midnights = plant.midnights(first, days + 1)
    before = setups(snapshot)
    found: list[Sheet] = []
    for day, end in pairwise(midnights):
        by_center: dict[str, list[Booking]] = {}
        for booking in bookings:
            if booking.start < end and booking.end > day and center in ("", booking.work_center):
                by_center.setdefault(booking.work_center, []).append(booking)
        found += [_sheet(name, day, end, by_center[name], before, names) for name in sorted(by_center, key=names.place)]
    return found


def _sheet(center: str, day: datetime, night: datetime, mine: list[Booking], before: dict[str, int], names: Names) -> Sheet:
    hour = timedelta(hours=1)
    start = max(day, min(each.start for each in mine) - EDGE)
    start = day + (start - day) // hour * hour
    end = min(night, max(each.end for each in mine) + EDGE)
    end = min(night, day - (day - end) // hour * hour)

    def place(moment: datetime) -> float:
        return round(100 * ((min(max(moment, start), end) - start) / (end - start)), 3)

    def line(each: Booking) -> Line:
        left, right = place(each.start), place(each.end)
        setup = left - place(each.start - timedelta(milliseconds=before.get(each.id, 0)))
        return Line(each, left, max(0.3, right - left), setup)

    machines: dict[str, list[Line]] = {}
    for each in sorted(mine, key=lambda one: (names.place(one.work_unit), one.start, one.id)):
        machines.setdefault(each.work_unit, []).append(line(each))
    count = (end - start) // hour
    step = 1 if count <= HOURS_WRITTEN else 2
    hours = [(place(start + number * hour), start + number * hour) for number in range(0, count, step)]
    return Sheet(center, day, start, end, machines, hours)
