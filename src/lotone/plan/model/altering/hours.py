"""More hours on a copy of the plan: another shift week after week, overtime on given days."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from lotone.kernel import Words
from lotone.plan.model.altering.change import LONGEST_DAYS, Called, Change, WrongChange, change_kind
from lotone.plan.model.altering.places import place_words, places
from lotone.plan.model.calendar import DAY_MINUTES, Calendar, CalendarException, Shift, open_hours
from lotone.plan.model.reasons import WEEKDAYS, WEEKDAYS_ZH, day
from lotone.plan.model.snapshot import Snapshot


def with_hours(snapshot: Snapshot, where: str, alter: Callable[[Calendar], Calendar]) -> Snapshot:
    """The plan in which `alter` changed the hours of a place. A calendar that others keep too is copied for it.

    Raises WrongChange when nobody would ever work there.
    """
    machines = {each.work_unit for each in places(snapshot, where)}
    calendars, resources = dict(snapshot.calendars), dict(snapshot.resources)
    for name in sorted({resources[each].calendar for each in machines}):
        changed = alter(calendars[name])
        users = {each.work_unit for each in resources.values() if each.calendar == name}
        if not users <= machines:
            changed = replace(changed, id=f"{name}/{where}"[:80])
        if not open_hours(changed, snapshot.now).starts:
            raise WrongChange(f"calendar {name} would never open; leave some of its hours", where="where")
        calendars[changed.id] = changed
        for unit in users & machines:
            resources[unit] = replace(resources[unit], calendar=changed.id)
    return replace(snapshot, calendars=calendars, resources=resources)


def opened_hours(before: Snapshot, after: Snapshot, end: datetime) -> float:
    """Machine hours that are open until a moment in one plan and not in the other."""
    total = timedelta()
    for unit in after.resources.keys() & before.resources.keys():
        old, new = (each.calendars[each.resources[unit].calendar] for each in (before, after))
        if old is not new and end > before.now:
            hours = open_hours(new, before.now).total(before.now, end) - open_hours(old, before.now).total(before.now, end)
            total += max(hours, timedelta())
    return total.total_seconds() / 3600


def _clock(minute: int) -> str:
    return f"{minute % DAY_MINUTES // 60:02d}:{minute % 60:02d}"


def _check_span(start: int, end: int) -> None:
    if not 0 <= start < DAY_MINUTES or not start < end <= start + DAY_MINUTES:
        raise WrongChange(f"hours can't go from minute {start} to minute {end} of a day", where="end")


@change_kind
@dataclass(frozen=True)
class AddShift(Change):
    """Open hours on some weekdays, week after week: a second shift. Minutes after local midnight."""

    kind: ClassVar[str] = "shift"
    where: str
    weekdays: tuple[int, ...]
    start: int
    end: int
    cost_per_hour: float = 0.0

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)
        if not self.weekdays or any(each not in range(7) for each in self.weekdays):
            raise WrongChange("a shift needs weekdays from 0 (Monday) to 6 (Sunday)", where="weekdays")

    def on(self, snapshot: Snapshot) -> Snapshot:
        shift = Shift(tuple(sorted(set(self.weekdays))), self.start, self.end)
        return with_hours(snapshot, self.where, lambda each: replace(each, shifts=(*each.shifts, shift)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, span = place_words(snapshot, self.where, called), f"{_clock(self.start)}-{_clock(self.end)}"
        english = " ".join(WEEKDAYS[each] for each in sorted(set(self.weekdays)))
        chinese = "、".join(f"周{WEEKDAYS_ZH[each]}" for each in sorted(set(self.weekdays)))
        return Words(f"another shift at {name.en}: {english} {span}", f"{name.in_language('zh')}加班次：{chinese} {span}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        return opened_hours(before, after, end) * self.cost_per_hour


@change_kind
@dataclass(frozen=True)
class Overtime(Change):
    """Hours opened on given days (dates of the plant), in minutes after local midnight; without `end` those that the
    calendar keeps for overtime, at its cost."""

    kind: ClassVar[str] = "overtime"
    where: str
    days: tuple[date, ...]
    start: int = 0
    end: int = 0
    cost_per_hour: float = 0.0

    def __post_init__(self) -> None:
        if self.end:
            _check_span(self.start, self.end)
        if not 0 < len(self.days) <= LONGEST_DAYS:
            raise WrongChange(f"overtime needs 1 to {LONGEST_DAYS} days", where="days")

    def on(self, snapshot: Snapshot) -> Snapshot:
        return with_hours(snapshot, self.where, self._with_days)

    def _with_days(self, calendar: Calendar) -> Calendar:
        zone = ZoneInfo(calendar.time_zone)
        if not self.end:
            if not calendar.overtime:
                raise WrongChange(f"calendar {calendar.id} keeps no hours for overtime; say from when to when", where="end")
            for each in sorted(set(self.days)):
                calendar = calendar.with_overtime(_at(each, 0, zone), _at(each, DAY_MINUTES, zone))
            return calendar
        opened = tuple(
            CalendarException(_at(each, self.start, zone), _at(each, self.end, zone), True, Words("overtime", "加班"))
            for each in sorted(set(self.days))
        )
        return replace(calendar, exceptions=(*calendar.exceptions, *opened))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, days = place_words(snapshot, self.where, called), sorted(set(self.days))
        span, span_zh = (f", {_clock(self.start)}-{_clock(self.end)}", f"，{_clock(self.start)}-{_clock(self.end)}")
        span, span_zh = (span, span_zh) if self.end else ("", "")
        first, last = _day_words(days[0], snapshot), _day_words(days[-1], snapshot)
        english = first.en if len(days) == 1 else f"{len(days)} days, {first.en} to {last.en}"
        chinese = first.zh if len(days) == 1 else f"{first.zh}至{last.zh}共{len(days)}天"
        return Words(f"overtime at {name.en}: {english}{span}", f"{name.in_language('zh')}加班：{chinese}{span_zh}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        machines = places(before, self.where)
        last = datetime.combine(max(self.days), time(), before.settings.zone) + timedelta(days=2)
        usual = {before.calendars[each.calendar].overtime_cost_per_hour for each in machines}
        return opened_hours(before, after, max(end, last)) * (self.cost_per_hour or max(usual))


def _at(on: date, minute: int, zone: ZoneInfo) -> datetime:
    return (datetime.combine(on, time(), zone) + timedelta(minutes=minute)).astimezone(UTC)


def _day_words(on: date, snapshot: Snapshot) -> Words:
    return day(datetime.combine(on, time(12), snapshot.settings.zone), snapshot.settings)
