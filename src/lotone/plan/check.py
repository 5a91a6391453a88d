"""The independent checker: whether a plan can be carried out. It shares no code with what makes plans."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lotone.plan.model.booking import Booking, BookingState
from lotone.plan.model.calendar import Calendar
from lotone.plan.model.snapshot import Commitment, Snapshot

NOT_BEGUN = (BookingState.HELD, BookingState.PLANNED, BookingState.RELEASED)
TINY = 1e-6


@dataclass(frozen=True)
class Violation:
    """One thing in a plan that can't be: `kind` is overlap, calendar, repair, order, material or past."""

    kind: str
    subject: str
    bookings: tuple[str, ...]
    words: str


def check(snapshot: Snapshot) -> list[Violation]:
    """Everything in a plan that can't be carried out, seen from the snapshot's `now`.

    What began or ended is what happened, right or wrong: for it only overlaps are looked at.
    """
    return [*_overlaps(snapshot), *_times(snapshot), *_orders(snapshot), *_materials(snapshot)]


@dataclass(frozen=True)
class DoubleBooking:
    """Two bookings that want the same machine at the same time, for so many seconds."""

    longest: Booking
    booking: Booking
    seconds: float

    def __str__(self) -> str:
        both = " and ".join(
            f"{each.unit} {each.step} ({each.state}, {each.start.isoformat()} to {each.end.isoformat()})"
            for each in (self.longest, self.booking)
        )
        return f"{self.booking.work_unit} for {self.seconds:.1f} s: {both}"


def double_booked(bookings: Iterable[Booking]) -> list[DoubleBooking]:
    """Where machines would have to do two things at once; empty for any real plan."""
    found = []
    for queue in _by_machine(bookings).values():
        longest = queue[0]
        for booking in queue[1:]:
            if booking.start < min(longest.end, booking.end):
                seconds = (min(longest.end, booking.end) - booking.start).total_seconds()
                found.append(DoubleBooking(longest, booking, seconds))
            longest = max(longest, booking, key=lambda each: each.end)
    return found


def double_booked_hours(bookings: Iterable[Booking]) -> float:
    """Hours that machines would have to do two things at once; 0 for any real plan."""
    return sum(each.seconds for each in double_booked(bookings)) / 3600


def _by_machine(bookings: Iterable[Booking]) -> dict[str, list[Booking]]:
    machines: dict[str, list[Booking]] = {}
    for booking in sorted(bookings, key=lambda each: (each.start, each.end)):
        if booking.state is not BookingState.CANCELLED:
            machines.setdefault(booking.work_unit, []).append(booking)
    return machines


def _all(snapshot: Snapshot) -> Iterator[tuple[Commitment, Booking]]:
    for commitment in snapshot.commitments.values():
        for booking in commitment.bookings:
            yield commitment, booking


def _overlaps(snapshot: Snapshot) -> Iterator[Violation]:
    for unit, queue in _by_machine(booking for _, booking in _all(snapshot)).items():
        longest = queue[0]
        for booking in queue[1:]:
            if booking.start < longest.end:
                words = f"{unit} has two bookings at {booking.start}"
                yield Violation("overlap", unit, (longest.id, booking.id), words)
            longest = max(longest, booking, key=lambda each: each.end)


def _times(snapshot: Snapshot) -> Iterator[Violation]:
    """Waiting bookings must lie in the future (a hold's time may pass), in open hours, and not in a repair."""
    for _, booking in _all(snapshot):
        if booking.state not in NOT_BEGUN:
            continue
        machine = snapshot.resources[booking.work_unit]
        if booking.start < snapshot.now and booking.state is not BookingState.HELD:
            yield Violation("past", booking.work_unit, (booking.id,), f"{booking.id} should have begun at {booking.start}")
        if not is_open(snapshot.calendars[machine.calendar], booking.start, booking.end):
            words = f"{booking.id} is booked from {booking.start} to {booking.end}, when {booking.work_unit} is closed"
            yield Violation("calendar", booking.work_unit, (booking.id,), words)
        since, until = machine.down_from, machine.down_until
        if since is not None and until is not None and booking.start < until and booking.end > since:
            words = f"{booking.id} is booked while {booking.work_unit} is repaired"
            yield Violation("repair", booking.work_unit, (booking.id,), words)


def is_open(calendar: Calendar, start: datetime, end: datetime) -> bool:
    """Whether a calendar is open without a break between two moments; read from its shifts day by day."""
    if any(not each.is_open and each.start < end and each.end > start for each in calendar.exceptions):
        return False
    moment = start
    while moment < end:
        until = _open_until(calendar, moment)
        if until is None:
            return False
        moment = until
    return True


def _open_until(calendar: Calendar, moment: datetime) -> datetime | None:
    """The end of a shift or exception that is open at a moment."""
    zone = ZoneInfo(calendar.time_zone)
    today = moment.astimezone(zone).date()
    ends = [each.end for each in calendar.exceptions if each.is_open and each.start <= moment < each.end]
    for day in (today - timedelta(days=1), today):
        midnight = datetime.combine(day, time(), zone)
        for shift in calendar.shifts:
            opens = (midnight + timedelta(minutes=shift.start)).astimezone(UTC)
            closes = (midnight + timedelta(minutes=shift.end)).astimezone(UTC)
            if day.weekday() in shift.weekdays and opens <= moment < closes:
                ends.append(closes)
    return max(ends, default=None)


def _orders(snapshot: Snapshot) -> Iterator[Violation]:
    """No waiting booking begins before what it follows has ended and waited."""
    for commitment, booking in _all(snapshot):
        if booking.state not in NOT_BEGUN:
            continue
        siblings = {each.step: each for each in commitment.bookings if each.unit == booking.unit}
        steps = {need.step: need for need in commitment.demand.operations}
        for step in steps[booking.step].after:
            before = siblings[step]
            ready = before.end + timedelta(minutes=steps[step].wait_after_minutes)
            if before.state is not BookingState.CANCELLED and booking.start < ready:
                words = f"{booking.id} begins at {booking.start}, but {step} before it ends at {ready}"
                yield Violation("order", commitment.id, (before.id, booking.id), words)


def _materials(snapshot: Snapshot) -> Iterator[Violation]:
    """At no time do the operations begun until then need more of a part than came until then.

    What is reserved beyond stock and arrivals still has to be bought: it comes at the first date it was reserved for.
    """
    uses: dict[str, list[tuple[datetime, float]]] = {}
    bought: dict[str, list[datetime]] = {}
    for commitment in snapshot.commitments.values():
        starts = {(booking.unit, booking.step): booking.start for booking in commitment.bookings}
        for kept in commitment.reservations:
            uses.setdefault(kept.part, []).append((starts[kept.place.unit, kept.place.step], kept.quantity))
            if kept.bought_by is not None:
                bought.setdefault(kept.part, []).append(kept.bought_by)
    for part, used in uses.items():
        yield from _short(snapshot, part, sorted(used), bought.get(part, []))


def _short(snapshot: Snapshot, part: str, used: list[tuple[datetime, float]], bought: list[datetime]) -> Iterator[Violation]:
    comes = [(snapshot.now, snapshot.supply.on_hand.get(part, 0.0))]
    comes += [(arrival.at, arrival.quantity) for arrival in snapshot.supply.arriving if arrival.part == part]
    missing = sum(quantity for _, quantity in used) - sum(quantity for _, quantity in comes)
    if missing > TINY and bought:
        comes.append((min(bought), missing))
    need = 0.0
    for index, (at, quantity) in enumerate(used):
        need += quantity
        there = sum(amount for when, amount in comes if when <= max(at, snapshot.now))
        is_last_at_this_time = index + 1 == len(used) or used[index + 1][0] > at
        if is_last_at_this_time and need > there + TINY:
            words = f"{need:g} of {part} are needed by {at}, but only {there:g} can be there"
            yield Violation("material", part, (), words)
