"""Where one machine has time: its busy stretches, and the first gap in which something fits."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from lotone.plan.model.calendar import OpenHours


class Busy:
    """Sorted stretches of time that don't overlap, in which a machine can't take anything else."""

    __slots__ = ("ends", "starts")

    def __init__(self, stretches: Iterable[tuple[datetime, datetime]] = ()) -> None:
        self.starts: list[datetime] = []
        self.ends: list[datetime] = []
        for start, end in sorted(stretches):
            self.add(start, end)

    @classmethod
    def of_sorted(cls, stretches: Iterable[tuple[datetime, datetime]]) -> "Busy":
        """As the constructor, but quick, for stretches in the order of their start."""
        made = cls()
        starts, ends = made.starts, made.ends
        for start, end in stretches:
            if ends and start < ends[-1]:
                ends[-1] = max(ends[-1], end)
            elif start < end:
                starts.append(start)
                ends.append(end)
        return made

    def copy(self) -> "Busy":
        twin = Busy()
        twin.starts, twin.ends = self.starts.copy(), self.ends.copy()
        return twin

    def add(self, start: datetime, end: datetime) -> None:
        """Block a stretch; what it overlaps becomes one stretch with it."""
        if end <= start:
            return
        first, past = bisect_right(self.ends, start), bisect_left(self.starts, end)
        if first < past:
            start, end = min(start, self.starts[first]), max(end, self.ends[past - 1])
        self.starts[first:past] = [start]
        self.ends[first:past] = [end]

    def free(self, start: datetime, end: datetime) -> None:
        """Give a stretch free again; what was blocked around it stays blocked."""
        first, past = bisect_right(self.ends, start), bisect_left(self.starts, end)
        kept = [(self.starts[index], self.ends[index]) for index in range(first, past)]
        left = [(low, min(high, start)) for low, high in kept if low < start]
        right = [(max(low, end), high) for low, high in kept if high > end]
        self.starts[first:past] = [low for low, _ in left + right]
        self.ends[first:past] = [high for _, high in left + right]

    def first(self, earliest: datetime, duration: timedelta) -> datetime:
        """The first moment from `earliest` that begins a gap of at least this duration."""
        starts, ends, start = self.starts, self.ends, earliest
        for index in range(bisect_right(ends, earliest), len(starts)):
            if starts[index] >= start + duration:
                break
            start = ends[index]
        return start


class Pile:
    """Stretches of time that may overlap, each put in and taken out by itself."""

    __slots__ = ("longest", "stretches")

    def __init__(self) -> None:
        self.stretches: list[tuple[datetime, datetime]] = []
        self.longest = timedelta()

    def put(self, start: datetime, end: datetime) -> None:
        insort(self.stretches, (start, end))
        self.longest = max(self.longest, end - start)

    def take(self, start: datetime, end: datetime) -> None:
        del self.stretches[bisect_left(self.stretches, (start, end))]

    def first(self, earliest: datetime, duration: timedelta) -> datetime:
        """The first moment from `earliest` that begins a gap of at least this duration."""
        start = earliest
        for index in range(bisect_left(self.stretches, (earliest - self.longest, earliest)), len(self.stretches)):
            low, high = self.stretches[index]
            if low >= start + duration:
                break
            start = max(start, high)
        return start


def first_fit(hours: OpenHours, busy: Sequence[Busy | Pile], earliest: datetime, duration: timedelta) -> datetime | None:
    """The first moment from `earliest` at which the duration fits into one open window and hits nothing that is busy.

    Every question can only move the moment on, so asking in turns until none moves it gives the least moment.
    """
    start = earliest
    while True:
        opened = hours.first(start, duration)
        if opened is None:
            return None
        moved = opened
        for each in busy:
            moved = each.first(moved, duration)
        if moved == opened:
            return opened
        start = moved
