"""What limits the plan: the plan made anew with an hour more and an hour less of each resource, and what that is worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lotone.kernel import LotOneError, Words
from lotone.plan.model.altering import opened_hours, with_hours, with_needs
from lotone.plan.model.booking import Resource
from lotone.plan.model.calendar import Calendar, CalendarException, open_hours
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.scenario import Improve, Value, resolved, value_of
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot

HOUR = timedelta(hours=1)
HORIZON = timedelta(days=28)
"""Hours are added and taken away as far ahead as there is work, but not further than this."""
BUSY = 0.3
"""A resource that is booked for less of its open time until the plan's end can't limit it."""
MOST = 12
NEVER_CLOSED = 24 / 25
"""A machine that never rests has an hour more a day when its work takes this share of its time."""


@dataclass(frozen=True)
class Worth:
    """One resource: how full it is, and what one hour more and one hour less a day of it change.

    Differences are the changed plan's minus today's, each planned anew with the same effort: with an hour more they are
    gains when they are negative.
    """

    work_unit: str
    words: Words
    work_center: str
    load: float
    """Booked share of its open time until its last booking ends."""
    added_hours: float
    """All hours that one more a day adds over the horizon."""
    taken_hours: float
    more_tardiness: float
    """Change of weighted hours of lateness with an hour more a day."""
    more_mean: float
    """Change of the mean hours until orders are packed."""
    less_tardiness: float | None
    """None when the plan can't be kept at all without the hours."""
    less_mean: float | None

    @property
    def tardiness_per_hour(self) -> float:
        """Weighted hours of lateness that one hour more saves."""
        return max(0.0, -self.more_tardiness / self.added_hours) if self.added_hours else 0.0

    @property
    def mean_per_hour(self) -> float:
        """By how many hours orders are packed sooner on average, for one hour more."""
        return -self.more_mean / self.added_hours if self.more_mean and self.added_hours else 0.0

    def money_per_hour(self, late_cost: float) -> float:
        """What one hour more saves, when a weighted hour of lateness costs so much."""
        return self.tardiness_per_hour * late_cost


@dataclass(frozen=True)
class Report:
    """What limits the plan, most first, and how that was found."""

    version: int
    now: datetime
    before: Value
    """Today's plan, planned anew with the same effort."""
    worths: tuple[Worth, ...]
    left_out: tuple[str, ...]
    """Resources that time did not suffice for, or whose changed plan could not be made."""
    seconds: float
    late_cost: float
    """What a weighted hour of lateness costs, as the planner says; 0 when nobody said."""

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "now": self.now.isoformat(),
            "before": [self.before.tardiness_hours, self.before.mean_hours],
            "worths": [{**vars(each), "words": each.words.as_dict()} for each in self.worths],
            "left_out": list(self.left_out),
            "seconds": self.seconds,
            "late_cost": self.late_cost,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Report":
        worths = (Worth(**{**each, "words": Words.from_dict(each["words"])}) for each in values["worths"])
        return cls(
            values["version"],
            datetime.fromisoformat(values["now"]),
            Value(*values["before"]),
            tuple(worths),
            tuple(values["left_out"]),
            values["seconds"],
            values["late_cost"],
        )


def candidates(snapshot: Snapshot) -> list[tuple[Resource, float]]:
    """The resources that may limit the plan with how full they are, the fullest first."""
    found = []
    for unit, queue in snapshot.queues.items():
        if not queue.bookings or unit not in snapshot.resources:
            continue
        ends = max(each.end for each in queue.bookings)
        opened = snapshot.hours(unit).total(snapshot.now, max(ends, snapshot.now + HOUR))
        opened -= _repair(snapshot, unit, ends)
        booked = sum((min(each.end, ends) - max(each.start, snapshot.now) for each in queue.bookings), timedelta())
        share = booked / opened / snapshot.resources[unit].capacity if opened > timedelta() else 1.0
        if share >= BUSY:
            found.append((snapshot.resources[unit], share))
    return sorted(found, key=lambda each: (-each[1], each[0].work_unit))


def _repair(snapshot: Snapshot, unit: str, end: datetime) -> timedelta:
    repair = snapshot.repair(unit)
    stretches = zip(repair.starts, repair.ends, strict=True)
    return sum((max(min(high, end) - max(low, snapshot.now), timedelta()) for low, high in stretches), timedelta())


def bottleneck(
    snapshot: Snapshot,
    improve: Improve | None,
    *,
    clock: Callable[[], float],
    seconds: float,
    told: Callable[[int, int], None] | None = None,
    late_cost: float = 0.0,
) -> Report:
    """What one hour more a day of each candidate is worth, from planning anew each time.

    `improve` is a solver; `clock` counts seconds, and candidates that do not find their turn within `seconds` are left
    out, named in the report. `told(done, all)` hears how far it is. A better plan that is found with more hours but
    stands without them too counts as today's plan, so that luck in searching is not taken for what an hour is worth.
    """
    begun = clock()
    everything = candidates(snapshot)
    chosen = everything[:MOST]
    best = resolved(settle(snapshot), improve)
    before = value_of(best)
    tried: list[_Tried] = []
    left_out = [each.work_unit for each, _ in everything[MOST:]]
    for number, (resource, load) in enumerate(chosen):
        if told:
            told(number, len(chosen))
        attempt = _try(best, resource, load, improve) if clock() - begun < seconds else None
        if attempt is None:
            left_out.append(resource.work_unit)
        else:
            tried.append(attempt)
    before = min([before, *(each.back for each in tried)])
    worths = sorted((each.worth(before) for each in tried), key=_rank)
    return Report(snapshot.version, snapshot.now, before, tuple(worths), tuple(left_out), clock() - begun, late_cost)


def _rank(worth: Worth) -> tuple[float, float, float, str]:
    return -worth.tardiness_per_hour, -worth.mean_per_hour, -worth.load, worth.work_unit


@dataclass(frozen=True)
class _Tried:
    resource: Resource
    load: float
    added: float
    gained: Value
    back: Value
    """The plan that was found with more hours, settled in today's hours: what would have been found without them."""
    taken: float = 0.0
    lost: Value | None = None

    def worth(self, before: Value) -> Worth:
        gained = min(self.gained, before)  # with more hours today's plan still stands
        lost = None if self.lost is None else max(self.lost, before)
        return Worth(
            self.resource.work_unit,
            self.resource.name,
            self.resource.work_center,
            self.load,
            self.added,
            self.taken,
            gained.tardiness_hours - before.tardiness_hours,
            gained.mean_hours - before.mean_hours,
            None if lost is None else lost.tardiness_hours - before.tardiness_hours,
            None if lost is None else lost.mean_hours - before.mean_hours,
        )


def _try(best: Snapshot, resource: Resource, load: float, improve: Improve | None) -> _Tried | None:
    try:
        more, added = with_more(best, resource)
        found = resolved(settle(more), improve)
        today = replace(found, calendars=best.calendars, resources=best.resources)
        back = value_of(settle(with_needs(today, lambda need: _as_before(need, resource, best, more))))
    except LotOneError:
        return None
    tried = _Tried(resource, load, added, value_of(found), back)
    try:
        less, taken = with_less(best, resource)
        return replace(tried, taken=taken, lost=value_of(resolved(settle(less), improve)))
    except LotOneError:
        return tried  # the plan can't be kept at all with fewer hours: there is nothing to compare


def _as_before(need: OperationNeed, resource: Resource, best: Snapshot, more: Snapshot) -> OperationNeed:
    """The operation as long as it was: only a resource that never rests got faster instead of more hours."""
    if more.resources is not best.resources or resource.work_unit not in need.minutes_on:
        return need
    minutes = need.minutes_on[resource.work_unit] / NEVER_CLOSED
    return replace(need, minutes_on={**need.minutes_on, resource.work_unit: minutes})


def _end(snapshot: Snapshot) -> datetime:
    last = max((each.end for each in snapshot.open_bookings()), default=snapshot.now)
    return min(max(last, snapshot.now + timedelta(days=1)), snapshot.now + HORIZON)


def with_more(snapshot: Snapshot, resource: Resource) -> tuple[Snapshot, float]:
    """The plan with one hour more each working day of a resource, and all hours that were added.

    The hour follows the day's last; a resource that never rests works faster instead, so that a day's work takes an hour
    less.
    """
    end = _end(snapshot)
    edges = _closings(snapshot, resource, end)
    if not edges:
        return _quicker(snapshot, resource), (end - snapshot.now).total_seconds() / 86400
    opened = tuple(
        CalendarException(at, min(at + HOUR, opens), True, Words("one hour more", "增加一小时")) for at, opens in edges
    )
    more = with_hours(snapshot, resource.work_unit, lambda each: _also(each, opened))
    return more, opened_hours(snapshot, more, end + HOUR)


def with_less(snapshot: Snapshot, resource: Resource) -> tuple[Snapshot, float]:
    """The plan with one hour less each working day of a resource, and all hours that were taken away."""
    end = _end(snapshot)
    edges = _closings(snapshot, resource, end)
    if not edges:
        midnights = (snapshot.now + timedelta(days=number) for number in range((end - snapshot.now).days))
        edges = [(each + HOUR, each + HOUR) for each in midnights]
    closed = tuple(
        CalendarException(at - HOUR, at, False, Words("one hour less", "减少一小时")) for at, _ in edges if at > snapshot.now
    )
    less = with_hours(snapshot, resource.work_unit, lambda each: _also(each, closed))
    return less, opened_hours(less, snapshot, end + HOUR)


def _closings(snapshot: Snapshot, resource: Resource, end: datetime) -> list[tuple[datetime, datetime]]:
    """When the resource closes each day (for at least a while), and when it opens again."""
    hours = open_hours(snapshot.calendars[resource.calendar], snapshot.now)
    zone = snapshot.settings.zone
    last: dict[object, tuple[datetime, datetime]] = {}
    for gap in hours.gaps(snapshot.now, end):
        if gap.start > snapshot.now:
            last[gap.start.astimezone(zone).date()] = (gap.start, gap.end)
    return list(last.values())


def _also(calendar: Calendar, exceptions: tuple[CalendarException, ...]) -> Calendar:
    return replace(calendar, exceptions=(*calendar.exceptions, *exceptions))


def _quicker(snapshot: Snapshot, resource: Resource) -> Snapshot:
    def altered(need: OperationNeed) -> OperationNeed:
        if resource.work_unit not in {each.work_unit for each in snapshot.candidates(need)}:
            return need
        minutes = need.minutes_on.get(resource.work_unit, need.minutes) * NEVER_CLOSED
        return replace(need, minutes_on={**need.minutes_on, resource.work_unit: minutes})

    return with_needs(snapshot, altered)
