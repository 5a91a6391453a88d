"""The independent checker: whether a plan can be carried out. It shares no code with what makes plans."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from lotone.plan.model.booking import Booking, BookingState, Resource, ResourceKind
from lotone.plan.model.calendar import Calendar
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.snapshot import LONG_AGO, Snapshot

NOT_BEGUN = (BookingState.HELD, BookingState.PLANNED, BookingState.RELEASED)
TINY = 1e-6


@dataclass(frozen=True)
class Violation:
    """One thing in a plan that can't be. `kind` is one of

    overlap (two things at once), capacity (more than goes in), batch (different things in one batch), setup (no time to
    change over), crew (somebody missing, unskilled, away or busy), calendar (closed), repair, maintenance, order (before what
    it follows), wait (too long after what it follows), material (parts not there yet), past.
    """

    kind: str
    subject: str
    bookings: tuple[str, ...]
    words: str


def check(snapshot: Snapshot) -> list[Violation]:
    """Everything in a plan that can't be carried out, seen from the snapshot's `now`.

    What began or ended is what happened, right or wrong: for it only overlaps on its machine are looked at. A longest wait
    that is over although what it follows has ended is found too: nobody can keep it any more, and everybody should know.
    """
    uses = list(_uses(snapshot))
    return [
        *_machines(snapshot, uses),
        *_crews(snapshot, uses),
        *_times(snapshot, uses),
        *_orders(snapshot),
        *_materials(snapshot),
    ]


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


def double_booked(
    bookings: Iterable[Booking], resources: Mapping[str, Resource] | None = None, sizes: Mapping[str, float] | None = None
) -> list[DoubleBooking]:
    """Where machines would have to do more at once than they can; empty for any real plan.

    A machine does one thing at a time unless `resources` say that it takes more, or works in batches; `sizes` are by
    booking, 1 where nothing is said.
    """
    machines: dict[str, list[Booking]] = {}
    for booking in sorted(bookings, key=lambda each: (each.start, each.end)):
        if booking.state is not BookingState.CANCELLED:
            machines.setdefault(booking.work_unit, []).append(booking)
    known, amounts = resources or {}, sizes or {}
    return [found for unit, queue in machines.items() for found in _doubled(queue, known.get(unit), amounts)]


def _doubled(queue: list[Booking], machine: Resource | None, sizes: Mapping[str, float]) -> Iterator[DoubleBooking]:
    takes_one = machine is None or (machine.capacity <= 1 and not machine.batch)
    room = 1.0 if machine is None or takes_one else float(machine.capacity)
    running: list[Booking] = []
    for booking in queue:
        running = [each for each in running if each.end > booking.start]
        taken = sum(1.0 if takes_one else sizes.get(each.id, 1.0) for each in (*running, booking))
        is_strange = machine is not None and machine.batch and not all(_may_run_together(each, booking) for each in running)
        if running and (taken > room + TINY or is_strange):
            longest = max(running, key=lambda each: each.end)
            seconds = (min(longest.end, booking.end) - booking.start).total_seconds()
            if seconds > 0:
                yield DoubleBooking(longest, booking, seconds)
        running.append(booking)


def _may_run_together(one: Booking, other: Booking) -> bool:
    """In a batch all begin and end together; what has begun may have begun and ended a little apart."""
    have_begun = one.state not in NOT_BEGUN and other.state not in NOT_BEGUN
    return have_begun or (one.start, one.end) == (other.start, other.end)


def double_booked_hours(
    bookings: Iterable[Booking], resources: Mapping[str, Resource] | None = None, sizes: Mapping[str, float] | None = None
) -> float:
    """Hours in which machines would have to do more at once than they can; 0 for any real plan."""
    return sum(each.seconds for each in double_booked(bookings, resources, sizes)) / 3600


@dataclass(frozen=True)
class _Use:
    """A booking, with what it asks of its machine."""

    booking: Booking
    need: OperationNeed

    @property
    def id(self) -> str:
        return self.booking.id

    @property
    def start(self) -> datetime:
        return self.booking.start

    @property
    def end(self) -> datetime:
        return self.booking.end

    @property
    def waits(self) -> bool:
        return self.booking.state in NOT_BEGUN


def _uses(snapshot: Snapshot) -> Iterator[_Use]:
    for commitment in snapshot.commitments.values():
        needs = {need.step: need for need in commitment.demand.operations}
        for booking in commitment.bookings:
            if booking.state is not BookingState.CANCELLED:
                yield _Use(booking, needs[booking.step])


def _by_time(use: _Use) -> tuple[datetime, datetime, str]:
    return use.start, use.end, use.id


def _machines(snapshot: Snapshot, uses: Iterable[_Use]) -> Iterator[Violation]:
    """On every machine: no more at once than it can take, and time to change over between."""
    queues: dict[str, list[_Use]] = {}
    for use in sorted(uses, key=_by_time):
        queues.setdefault(use.booking.work_unit, []).append(use)
    for unit, queue in queues.items():
        machine = snapshot.resources[unit]
        if machine.batch:
            yield from _batches(machine, queue)
        else:
            yield from _at_once(machine, queue)
        if machine.setups:
            yield from _setups(snapshot, machine, queue)


def _at_once(machine: Resource, queue: list[_Use]) -> Iterator[Violation]:
    """What runs at the same time, one thing on most machines, must fit in."""
    running: list[_Use] = []
    for use in queue:
        running = [each for each in running if each.end > use.start]
        amount = _size(machine, use)
        if use.waits and amount > machine.capacity + TINY:
            words = f"{use.id} takes {amount:g} of {machine.work_unit}, which has {machine.capacity}"
            yield Violation("capacity", machine.work_unit, (use.id,), words)
        elif running and sum(_size(machine, each) for each in running) + amount > machine.capacity + TINY:
            kind = "overlap" if machine.capacity <= 1 else "capacity"
            others = tuple(each.id for each in running)
            yield Violation(kind, machine.work_unit, (*others, use.id), _too_much(machine, use.start, len(others) + 1))
        running.append(use)


def _size(machine: Resource, use: _Use) -> float:
    return use.need.size if machine.capacity > 1 else 1.0


def _too_much(machine: Resource, at: datetime, count: int) -> str:
    if machine.capacity == 1 and not machine.batch:
        return f"{machine.work_unit} has two bookings at {at}"
    return f"{machine.work_unit} has {count} bookings at {at} and takes {machine.capacity}"


def _batches(machine: Resource, queue: list[_Use]) -> Iterator[Violation]:
    """What runs together begins and ends together, is of one kind, and goes in; what has begun may end when it likes."""
    batch: list[_Use] = []
    for use in queue:
        batch = [each for each in batch if each.end > use.start]
        ids = (*(each.id for each in batch), use.id)
        if not all(_together(each, use) for each in batch):
            words = f"{use.id} runs with {ids[0]} on {machine.work_unit} without being of its batch"
            yield Violation("batch", machine.work_unit, ids, words)
        elif batch and sum(each.need.size for each in (*batch, use)) > machine.capacity + TINY:
            yield Violation("capacity", machine.work_unit, ids, _too_much(machine, use.start, len(ids)))
        batch.append(use)


def _together(one: _Use, other: _Use) -> bool:
    """Whether two bookings are of one batch: they ask the same, run at the same time, and have the same crew."""
    one_kind, other_kind = ((each.need.batch, each.need.setup, each.need.also) for each in (one, other))
    if not one.need.batch or one_kind != other_kind:
        return False
    have_begun = not one.waits and not other.waits
    is_one_run = (one.start, one.end, one.booking.crew) == (other.start, other.end, other.booking.crew)
    return have_begun or is_one_run


def _setups(snapshot: Snapshot, machine: Resource, queue: list[_Use]) -> Iterator[Violation]:
    """Between two bookings the machine has time to be changed over, in hours in which it is open.

    What ended is in the machine's state; it only has to be over before the change begins.
    """
    state, free = machine.state, LONG_AGO
    for use in queue:
        is_over = use.booking.state is BookingState.DONE
        after = state if is_over else use.need.setup or state
        since = use.start - _changeover(snapshot, machine, state, after)
        if use.waits and since < use.start:
            if since < free:
                words = f"{machine.work_unit} is not free from {since} to be changed from {state} to {after}"
                yield Violation("setup", machine.work_unit, (use.id,), words)
            yield from _closed(snapshot, machine, since, use.start, (use.id,))
        state, free = after, max(free, use.end)


def _changeover(snapshot: Snapshot, machine: Resource, before: str, after: str) -> timedelta:
    if not before or not after or before == after:
        return timedelta()
    matrix = snapshot.setups[machine.setups]
    return _minutes(matrix.minutes.get((before, after), matrix.default))


def _minutes(minutes: float) -> timedelta:
    """Minutes as planned: in whole seconds, rounded up."""
    return timedelta(seconds=ceil(minutes * 60))


def _crews(snapshot: Snapshot, uses: Iterable[_Use]) -> Iterator[Violation]:
    """Whoever an operation needs is there, can do it, and does nothing else meanwhile."""
    busy: dict[str, list[_Use]] = {}
    for use in sorted(uses, key=_by_time):
        if use.waits:
            yield from _crew_of(snapshot, use)
        for name in use.booking.crew:
            busy.setdefault(name, []).append(use)
    for name, queue in busy.items():
        capacity = snapshot.resources[name].capacity if name in snapshot.resources else 1
        running: list[_Use] = []
        for use in queue:
            running = [each for each in running if each.end > use.start]
            if any(_is_one_batch(snapshot, each, use) for each in running):
                continue
            if len(running) >= capacity and (use.waits or any(each.waits for each in running)):
                ids = (*(each.id for each in running), use.id)
                yield Violation("crew", name, ids, f"{name} is needed for {len(ids)} operations at {use.start}")
            running.append(use)


def _is_one_batch(snapshot: Snapshot, one: _Use, other: _Use) -> bool:
    """The bookings of a batch are one piece of work."""
    unit = one.booking.work_unit
    return unit == other.booking.work_unit and snapshot.resources[unit].batch and _together(one, other)


def _crew_of(snapshot: Snapshot, use: _Use) -> Iterator[Violation]:
    crew = use.booking.crew
    if len(crew) != len(use.need.also) or len(set(crew)) != len(crew):
        words = f"{use.id} needs {', '.join(use.need.also) or 'nobody'} and has {', '.join(crew) or 'nobody'}"
        yield Violation("crew", use.booking.work_unit, (use.id,), words)
    for name, skill in zip(crew, use.need.also, strict=False):
        member = snapshot.resources.get(name)
        if member is None or member.kind is ResourceKind.MACHINE or skill not in member.skills:
            yield Violation("crew", name, (use.id,), f"{name} can't do {skill} for {use.id}")
        elif list(_closed(snapshot, member, use.start, use.end, (use.id,))):
            yield Violation("crew", name, (use.id,), f"{name} is away between {use.start} and {use.end}")


def _times(snapshot: Snapshot, uses: Iterable[_Use]) -> Iterator[Violation]:
    """Waiting bookings lie in the future (a hold's time may pass), in open hours, in no repair and no maintenance."""
    for use in uses:
        if not use.waits:
            continue
        booking = use.booking
        if booking.start < snapshot.now and booking.state is not BookingState.HELD:
            yield Violation("past", booking.work_unit, (booking.id,), f"{booking.id} should have begun at {booking.start}")
        yield from _closed(snapshot, snapshot.resources[booking.work_unit], booking.start, booking.end, (booking.id,))


def _closed(
    snapshot: Snapshot, resource: Resource, start: datetime, end: datetime, ids: tuple[str, ...]
) -> Iterator[Violation]:
    """Why a resource can't be used without a break between two moments."""
    unit, time_words = resource.work_unit, f"{', '.join(ids)} needs {resource.work_unit} from {start} to {end}"
    if not is_open(snapshot.calendars[resource.calendar], start, end):
        yield Violation("calendar", unit, ids, f"{time_words}, when it is closed")
    since, until = resource.down_from, resource.down_until
    if since is not None and until is not None and start < until and end > since:
        yield Violation("repair", unit, ids, f"{time_words}, while it is repaired")
    if any(start < each.end and end > each.start for each in resource.maintenance):
        yield Violation("maintenance", unit, ids, f"{time_words}, during its maintenance")


def is_open(calendar: Calendar, start: datetime, end: datetime) -> bool:
    """Whether a calendar is open without a break between two moments; read from its shifts day by day.

    Overtime counts only where an exception has opened it.
    """
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
    """No waiting booking begins before what it follows has ended, waited and been brought, nor too long after it."""
    for commitment in snapshot.commitments.values():
        steps = {need.step: need for need in commitment.demand.operations}
        places = {(booking.unit, booking.step): booking for booking in commitment.bookings}
        for booking in commitment.bookings:
            if booking.state not in NOT_BEGUN:
                continue
            for step in steps[booking.step].after:
                before = places[booking.unit, step]
                if before.state is not BookingState.CANCELLED:
                    yield from _follows(snapshot, commitment.id, steps[step], before, booking)


def _follows(snapshot: Snapshot, home: str, need: OperationNeed, before: Booking, booking: Booking) -> Iterator[Violation]:
    way = snapshot.transport.get((before.work_center, booking.work_center), 0.0)
    ready = before.end + _minutes(need.wait_after_minutes) + _minutes(way)
    if booking.start < ready:
        words = f"{booking.id} begins at {booking.start}, but {need.step} before it allows that from {ready} on"
        yield Violation("order", home, (before.id, booking.id), words)
    if need.wait_most_minutes is not None and booking.start > before.end + timedelta(minutes=need.wait_most_minutes):
        words = f"{booking.id} begins at {booking.start}, more than {need.wait_most_minutes:g} minutes after {before.end}"
        yield Violation("wait", home, (before.id, booking.id), words)


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
