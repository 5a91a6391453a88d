"""Working calendars: weekly shifts in the plant's own time zone, exceptions, and the open windows they make in UTC."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lotone.kernel import Words
from lotone.plan.model.fault import WrongCalendar

DAY_MINUTES = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD = timedelta(days=400)
"""How far ahead the plan looks for a free place."""


class Window(NamedTuple):
    """A stretch of time, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Shift:
    """Open hours on some weekdays (0 is Monday), in minutes after local midnight; an end past 1440 lies on the next day."""

    weekdays: tuple[int, ...]
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.weekdays or any(day not in range(7) for day in self.weekdays):
            raise WrongCalendar(f"weekdays must be 0 (Monday) to 6 (Sunday), not {self.weekdays}")
        if not 0 <= self.start < DAY_MINUTES or not self.start < self.end <= self.start + DAY_MINUTES:
            raise WrongCalendar(f"a shift can't go from minute {self.start} to minute {self.end} of the day")

    @classmethod
    def from_text(cls, weekdays: str, start: str, end: str) -> "Shift":
        """A shift such as ("Mon-Sat", "06:00", "22:00"); 24:00 is midnight, an end before the start is on the next day.

        >>> Shift.from_text("Sat,Sun", "22:00", "06:00")
        Shift(weekdays=(5, 6), start=1320, end=1800)
        """
        opens, closes = _minute(start), _minute(end)
        return cls(_weekdays(weekdays), opens, closes if closes > opens else closes + DAY_MINUTES)


def _minute(text: str) -> int:
    hours, colon, minutes = text.strip().partition(":")
    if not colon or not hours.isdecimal() or not minutes.isdecimal() or int(minutes) > 59:
        raise WrongCalendar(f"{text!r} is not a time of the day such as 06:00")
    minute = int(hours) * 60 + int(minutes)
    if minute > DAY_MINUTES:
        raise WrongCalendar(f"{text!r} is later than 24:00")
    return minute


def _weekdays(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for item in text.replace(";", ",").replace(" ", ",").split(","):
        first, dash, last = item.lower().partition("-")
        if item:
            days.update(_days_from(_weekday(first), _weekday(last) if dash else _weekday(first)))
    return tuple(sorted(days))


def _weekday(text: str) -> int:
    if text[:3] not in WEEKDAYS:
        raise WrongCalendar(f"{text!r} is not a weekday such as Mon")
    return WEEKDAYS.index(text[:3])


def _days_from(first: int, last: int) -> Iterator[int]:
    return (day % 7 for day in range(first, last + 1 if last >= first else last + 8))


@dataclass(frozen=True)
class CalendarException:
    """Time that is closed (a holiday) or open (a Sunday worked) against the weekly shifts."""

    start: datetime
    end: datetime
    is_open: bool = False
    words: Words = field(default_factory=lambda: Words("closed", "停工"))

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise WrongCalendar(f"an exception from {self.start} to {self.end} needs time zones and must end after it starts")


OVERTIME = Words("overtime", "加班")


@dataclass(frozen=True)
class Calendar:
    """When machines may start and finish operations. Shifts are kept in local time, so they follow summer time."""

    id: str
    time_zone: str
    shifts: tuple[Shift, ...]
    exceptions: tuple[CalendarException, ...] = ()
    overtime: tuple[Shift, ...] = ()
    """Hours that may be opened at a cost; closed unless an exception opens them."""
    overtime_cost_per_hour: float = 0.0
    """What such an hour of one machine costs, in the organization's currency."""

    def __post_init__(self) -> None:
        if not 0 <= self.overtime_cost_per_hour < float("inf"):
            raise WrongCalendar(f"calendar {self.id}: an hour of overtime can't cost {self.overtime_cost_per_hour}")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as fault:
            raise WrongCalendar(f"calendar {self.id}: {self.time_zone!r} is not a time zone such as Europe/Berlin") from fault

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """The open windows between two moments, in UTC, merged and cut at both ends.

        Where the clocks are put forward, a shift that begins in the hour that does not exist begins an hour later on the
        clock; where they are put back, an ambiguous hour means its first occurrence.
        """
        opened = [*self._shift_windows(start, end), *(Window(x.start, x.end) for x in self.exceptions if x.is_open)]
        closed = [Window(x.start, x.end) for x in self.exceptions if not x.is_open]
        limits = Window(start.astimezone(UTC), end.astimezone(UTC))
        return [cut for window in _without(_merged(opened), _merged(closed)) if (cut := _cut(window, limits))]

    def overtime_windows(self, start: datetime, end: datetime) -> list[Window]:
        """The overtime that touches a stretch of time, opened or not, in UTC; whole windows."""
        return [each for each in self._windows_of(self.overtime, start, end) if each.start < end and each.end > start]

    def with_overtime(self, start: datetime, end: datetime) -> "Calendar":
        """The calendar with the overtime that touches a stretch of time opened; holidays stay closed."""
        opened = {(each.start, each.end) for each in self.exceptions if each.is_open}
        more = [each for each in self.overtime_windows(start, end) if each not in opened]
        exceptions = (CalendarException(each.start, each.end, is_open=True, words=OVERTIME) for each in more)
        return replace(self, exceptions=(*self.exceptions, *exceptions))

    def _shift_windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        return self._windows_of(self.shifts, start, end)

    def _windows_of(self, shifts: tuple[Shift, ...], start: datetime, end: datetime) -> Iterator[Window]:
        zone = ZoneInfo(self.time_zone)
        day, last = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
        while day <= last:
            for shift in shifts:
                if day.weekday() in shift.weekdays:
                    window = Window(_moment(day, shift.start, zone), _moment(day, shift.end, zone))
                    if window.start < window.end:
                        yield window
            day += timedelta(days=1)

    def as_json(self) -> dict[str, Any]:
        return {
            "time_zone": self.time_zone,
            "shifts": _shifts_json(self.shifts),
            "overtime": _shifts_json(self.overtime),
            "overtime_cost_per_hour": self.overtime_cost_per_hour,
            "exceptions": [
                [each.start.isoformat(), each.end.isoformat(), each.is_open, each.words.as_dict()] for each in self.exceptions
            ],
        }

    @classmethod
    def from_json(cls, calendar_id: str, values: dict[str, Any]) -> "Calendar":
        exceptions = tuple(
            CalendarException(datetime.fromisoformat(start), datetime.fromisoformat(end), is_open, Words.from_dict(words))
            for start, end, is_open, words in values["exceptions"]
        )
        return cls(
            calendar_id,
            values["time_zone"],
            _shifts(values["shifts"]),
            exceptions,
            _shifts(values.get("overtime", ())),
            values.get("overtime_cost_per_hour", 0.0),
        )


def _shifts_json(shifts: tuple[Shift, ...]) -> list[list[Any]]:
    return [[list(shift.weekdays), shift.start, shift.end] for shift in shifts]


def _shifts(listed: Iterable[Any]) -> tuple[Shift, ...]:
    return tuple(Shift(tuple(days), start, end) for days, start, end in listed)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minute)).astimezone(UTC)


def _merged(windows: Iterable[Window]) -> list[Window]:
    """Sorted, with windows that overlap or touch made into one."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(Window(window.start.astimezone(UTC), window.end.astimezone(UTC)))
    return merged


def _without(opened: list[Window], closed: list[Window]) -> Iterator[Window]:
    for window in opened:
        start = window.start
        for hole in closed:
            if hole.end <= start or hole.start >= window.end:
                continue
            if start < hole.start:
                yield Window(start, hole.start)
            start = max(start, hole.end)
        if start < window.end:
            yield Window(start, window.end)


def _cut(window: Window, limits: Window) -> Window | None:
    start, end = max(window.start, limits.start), min(window.end, limits.end)
    return Window(start, end) if start < end else None


class OpenHours:
    """A calendar's open windows over a long time, ready for quick questions."""

    __slots__ = ("ends", "longest", "starts")

    def __init__(self, windows: Iterable[Window]) -> None:
        listed = list(windows)
        self.starts = [window.start for window in listed]
        self.ends = [window.end for window in listed]
        self.longest = max((window.end - window.start for window in listed), default=timedelta())

    def first(self, earliest: datetime, duration: timedelta) -> datetime | None:
        """The first moment from `earliest` at which something of this duration fits into one window."""
        for index in range(bisect_right(self.ends, earliest), len(self.ends)):
            start = max(earliest, self.starts[index])
            if start + duration <= self.ends[index]:
                return start
        return None

    def gaps(self, start: datetime, end: datetime) -> Iterator[Window]:
        """The closed stretches between two moments."""
        closed_from = start
        for index in range(bisect_right(self.ends, start), len(self.starts)):
            if self.starts[index] >= end:
                break
            if closed_from < self.starts[index]:
                yield Window(closed_from, self.starts[index])
            closed_from = self.ends[index]
        if closed_from < end:
            yield Window(closed_from, end)

    def total(self, start: datetime, end: datetime) -> timedelta:
        """Open time between two moments."""
        return (end - start) - sum((gap.end - gap.start for gap in self.gaps(start, end)), timedelta())


@lru_cache(maxsize=512)
def _open_hours(calendar: Calendar, since: date) -> OpenHours:
    start = datetime.combine(since, time(), UTC)
    return OpenHours(calendar.windows(start, start + LOOK_AHEAD))


def open_hours(calendar: Calendar, now: datetime) -> OpenHours:
    """The open windows from at least a week before `now` to more than a year after it; made once a week."""
    day = now.astimezone(UTC).date()
    return _open_hours(calendar, day - timedelta(days=day.weekday() + 7))
