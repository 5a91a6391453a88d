"""The whole plan at one version: who was promised what, which machine does what when. Immutable, so it is shared freely."""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from math import ceil
from typing import Any

from lotone.plan.model.booking import Booking, BookingState, Place, Resource, SetupMatrix
from lotone.plan.model.busy import Busy
from lotone.plan.model.calendar import Calendar, OpenHours, open_hours
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.layered import Layered
from lotone.plan.model.learned import Learned
from lotone.plan.model.promise import Promise
from lotone.plan.model.settings import PlanSettings, whole_second
from lotone.plan.model.supply import SMALL, Reservation, Stock, Supply


class CommitmentState(StrEnum):
    HELD = "held"
    FIRM = "firm"
    ENDING = "ending"
    """The order was cancelled, but a machine is still at it."""
    CLOSED = "closed"
    """Nothing is left to be done."""
    DROPPED = "dropped"
    """The hold was released or ran out."""

    @property
    def is_open(self) -> bool:
        return self in (CommitmentState.HELD, CommitmentState.FIRM, CommitmentState.ENDING)


@dataclass(frozen=True)
class Commitment:
    """What the plan keeps for one buyer: a demand, its bookings, its material, and the promise that was told."""

    id: str
    sequence: int
    """Who came first: material is given out in this order."""
    demand: Demand
    bookings: tuple[Booking, ...]
    reservations: tuple[Reservation, ...]
    told: Promise
    """The promise that stands."""
    first_date: datetime
    """The date that was told first: what the buyer counts on, and what the improvement tries to get back."""
    state: CommitmentState = CommitmentState.HELD
    order: str | None = None
    expires_at: datetime | None = None
    """When a hold runs out, on the wall clock."""
    moves: int = 0
    """How often the told promise was moved."""

    @cached_property
    def by_place(self) -> dict[Place, Booking]:
        return {booking.place: booking for booking in self.bookings}

    @property
    def completion(self) -> datetime:
        return max(booking.end for booking in self.bookings)

    def need(self, booking: Booking) -> OperationNeed:
        return self.demand.by_step[booking.step]

    def before(self, booking: Booking) -> list[tuple[Booking, timedelta]]:
        """The bookings that must end before this one starts, with the wait after each."""
        steps = self.demand.preceding[booking.step]
        return [(self.by_place[Place(self.id, booking.unit, step)], wait) for step, wait in steps]

    def after(self, booking: Booking) -> list[Booking]:
        steps = self.demand.followers[booking.step]
        return [self.by_place[Place(self.id, booking.unit, step)] for step in steps]

    def with_bookings(self, changed: Iterable[Booking]) -> "Commitment":
        by_id = {booking.id: booking for booking in changed}
        return replace(self, bookings=tuple(by_id.get(booking.id, booking) for booking in self.bookings))

    def is_expired(self, wall: datetime) -> bool:
        return self.state is CommitmentState.HELD and self.expires_at is not None and self.expires_at <= wall


@dataclass(frozen=True)
class Queue:
    """The open bookings that take one machine, operator or tool, in the order of their start."""

    bookings: tuple[Booking, ...] = ()

    @cached_property
    def busy(self) -> Busy:
        """Not to be changed: copy it first."""
        return Busy.of_sorted((booking.start, booking.end) for booking in self.bookings)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What others derive from these bookings and keep here, by their own word."""
        return {}

    def with_changes(self, gone: set[str], added: Iterable[Booking]) -> "Queue":
        kept = [booking for booking in self.bookings if booking.id not in gone] if gone else list(self.bookings)
        for booking in added:
            insort(kept, booking, key=_by_start)
        return Queue(tuple(kept))


def _by_start(booking: Booking) -> tuple[datetime, str]:
    return booking.start, booking.id


class Commitments(Layered[str, Commitment]):
    """The commitments of a plan by id, with what is often asked of all of them.

    What was found out about all is carried on to the next version, changed by what changed.
    """

    __slots__ = ("_index",)

    def __init__(self, items: Mapping[str, Commitment] | Iterable[tuple[str, Commitment]] = ()) -> None:
        super().__init__(items)
        self._index: _Index | None = None

    def with_changes(self, put: Mapping[str, Commitment], gone: Iterable[str] = ()) -> "Commitments":
        twin = Commitments()
        self._lay(twin, put, gone)
        if self._index is not None:
            keys = dict.fromkeys([*put, *gone])
            twin._index = self._index.with_changes([(self.get(key), twin.get(key)) for key in keys])
        return twin

    @property
    def _known(self) -> "_Index":
        if self._index is None:
            self._index = _Index().with_changes([(None, each) for each in self.values()])
        return self._index

    @property
    def home(self) -> Mapping[str, str]:
        """Which commitment each booking belongs to."""
        return self._known.home

    @property
    def reserved(self) -> "Reserved":
        """What is reserved of each part, first come first."""
        return self._known.reserved

    @property
    def reserved_total(self) -> Mapping[str, float]:
        return self._known.total

    @property
    def holds(self) -> Iterable[Commitment]:
        """Those that are only held."""
        return self._known.holds.values()

    @property
    def shut(self) -> Iterable[str]:
        """The ids of those that are no longer open."""
        return self._known.shut


class Reserved(Mapping[str, list[Reservation]]):
    """The reservations of each part, first come first; put in order when a part is asked for."""

    def __init__(self, by_part: Mapping[str, Layered[str, "Commitment"]]) -> None:
        self.by_part = by_part
        self._listed: dict[str, list[Reservation]] = {}

    def __getitem__(self, part: str) -> list[Reservation]:
        listed = self._listed.get(part)
        if listed is None:
            coming = sorted(self.by_part[part].values(), key=lambda each: (each.sequence, each.id))
            listed = self._listed[part] = [kept for each in coming for kept in each.reservations if kept.part == part]
        return listed

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_part)

    def __len__(self) -> int:
        return len(self.by_part)


@dataclass(frozen=True)
class _Index:
    """What is known of all commitments of a version."""

    home: Layered[str, str] = field(default_factory=Layered)
    reserved: Reserved = field(default_factory=lambda: Reserved({}))
    total: Mapping[str, float] = field(default_factory=dict)
    holds: Mapping[str, Commitment] = field(default_factory=dict)
    shut: frozenset[str] = frozenset()

    def with_changes(self, changed: Iterable[tuple[Commitment | None, Commitment | None]]) -> "_Index":
        pairs = [(old, new) for old, new in changed if old is not new]
        reserved, total = self._material(pairs)
        gone = [old.id for old, _ in pairs if old is not None]
        holds = {key: each for key, each in self.holds.items() if key not in gone} if gone else dict(self.holds)
        holds |= {new.id: new for _, new in pairs if new is not None and new.state is CommitmentState.HELD}
        shut = self.shut.difference(gone) | {new.id for _, new in pairs if new is not None and not new.state.is_open}
        return _Index(self._home(pairs), reserved, total, holds, shut)

    def _home(self, pairs: Iterable[tuple[Commitment | None, Commitment | None]]) -> Layered[str, str]:
        gone: dict[str, None] = {}
        put: dict[str, str] = {}
        for old, new in pairs:
            before = {each.id for each in old.bookings} if old else set()
            after = {each.id for each in new.bookings} if new else set()
            gone |= dict.fromkeys(before - after)
            put |= {each: new.id for each in after - before if new}
        return self.home.with_changes(put, gone) if put or gone else self.home

    def _material(self, pairs: Iterable[tuple[Commitment | None, Commitment | None]]) -> tuple[Reserved, Mapping[str, float]]:
        """Totals are rounded to the ninth digit, so that adding and taking away leaves no dust."""
        kept = [(old, new) for old, new in pairs if (old.reservations if old else ()) != (new.reservations if new else ())]
        if not kept:
            return self.reserved, self.total
        total = dict(self.total)
        put: dict[str, dict[str, Commitment]] = {}
        gone: dict[str, set[str]] = {}
        for old, new in kept:
            for each in old.reservations if old else ():
                total[each.part] = round(total[each.part] - each.quantity, 9)
                gone.setdefault(each.part, set()).add(each.place.commitment)
            for each in new.reservations if new else ():
                total[each.part] = round(total.get(each.part, 0.0) + each.quantity, 9)
                if new:
                    put.setdefault(each.part, {})[new.id] = new
        by_part = dict(self.reserved.by_part)
        for part in dict.fromkeys([*gone, *put]):
            changed = by_part.get(part, Layered[str, Commitment]()).with_changes(put.get(part, {}), sorted(gone.get(part, ())))
            by_part[part] = changed
            if not changed:
                del by_part[part], total[part]
        return Reserved(by_part), total


class Resources(dict[str, Resource]):
    """Machines, operators and tools by id, shared by all versions of a plan between which none changes. Not to be changed."""

    @cached_property
    def centers(self) -> dict[str, list[Resource]]:
        """The machines of each work center, by name."""
        centers: dict[str, list[Resource]] = {}
        for name in sorted(self):
            if self[name].is_machine:
                centers.setdefault(self[name].work_center, []).append(self[name])
        return centers

    @cached_property
    def skills(self) -> dict[str, list[Resource]]:
        """The operators and tools with each skill, by name."""
        skills: dict[str, list[Resource]] = {}
        for name in sorted(self):
            for skill in () if self[name].is_machine else self[name].skills:
                skills.setdefault(skill, []).append(self[name])
        return skills


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Snapshot:
    """The plan at a version. `now`, `material` and `settings` are what it is looked at with: see `at`."""

    version: int = 0
    stamp: str = ""
    """Unguessable name of this very version, which no rolled back change can share."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    commitments: Commitments = field(default_factory=Commitments)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    """By work unit; those of operators and tools hold the bookings that need them, so a booking with a crew stands in
    several queues: see `open_bookings`."""
    transport: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Minutes from one work center to another, on top of the wait after an operation; 0 for what is not listed."""
    setups: Mapping[str, SetupMatrix] = field(default_factory=dict)
    now: datetime = LONG_AGO
    material: Callable[[], Supply] = Supply
    settings: PlanSettings = field(default_factory=PlanSettings)
    learned: Learned = field(default_factory=Learned, compare=False)

    def at(
        self, now: datetime, material: Callable[[], Supply], settings: PlanSettings, learned: Learned | None = None
    ) -> "Snapshot":
        """The same plan as it looks at a moment of plant time (the next whole second of it). The material is asked for
        when it is needed, and then only once."""
        known = learned or self.learned
        return replace(self, now=whole_second(now), material=cache(material), settings=settings, learned=known)

    @property
    def supply(self) -> Supply:
        return self.material()

    @property
    def _resources(self) -> "Resources":
        resources = self.resources
        assert isinstance(resources, Resources)
        return resources

    def __post_init__(self) -> None:
        if not isinstance(self.resources, Resources):
            object.__setattr__(self, "resources", Resources(self.resources))

    def booking(self, booking_id: str) -> Booking | None:
        home = self.commitments.home.get(booking_id)
        return None if home is None else next(each for each in self.commitments[home].bookings if each.id == booking_id)

    @cached_property
    def stock(self) -> Stock:
        return Stock(self.supply, self.now, self.settings)

    @cached_property
    def scarce(self) -> list[str]:
        """Reserved parts of which there is less in stock than reserved."""
        on_hand = self.supply.on_hand
        return [part for part, total in self.commitments.reserved_total.items() if total > on_hand.get(part, 0.0) + SMALL]

    def open_bookings(self) -> Iterator[Booking]:
        """Everything that takes time on a machine, each booking once, machine by machine in the order of its start."""
        for unit, queue in self.queues.items():
            for booking in queue.bookings:
                if booking.work_unit == unit:
                    yield booking

    def hours(self, work_unit: str) -> OpenHours:
        return self.hours_of(self.resources[work_unit].calendar)

    def hours_of(self, calendar: str) -> OpenHours:
        """A calendar's open hours around now; looked up once, because a calendar with many exceptions is long to compare."""
        known = self._hours.get(calendar)
        if known is None:
            known = self._hours[calendar] = open_hours(self.calendars[calendar], self.now)
        return known

    @cached_property
    def _hours(self) -> dict[str, OpenHours]:
        return {}

    def repair(self, work_unit: str) -> Busy:
        """The repair of a machine that is down, and its maintenance. A new one at each call, so it may be changed."""
        return self.resources[work_unit].blocked.copy()

    def busy(self, work_unit: str) -> Busy:
        queue = self.queues.get(work_unit)
        return queue.busy if queue else Busy()

    def candidates(self, need: OperationNeed) -> list[Resource]:
        """The machines that can do an operation, by name."""
        if need.work_units is None:
            return self._resources.centers.get(need.work_center, [])
        known = (self.resources[each] for each in sorted(need.work_units) if each in self.resources)
        return [each for each in known if each.is_machine]

    def skilled(self, skill: str) -> list[Resource]:
        """The operators and tools with a skill, by name."""
        return self._resources.skills.get(skill, [])

    def transport_between(self, before: str, after: str) -> timedelta:
        """The way from one work center to another, in whole seconds."""
        minutes = self.transport.get((before, after), 0.0) if self.transport else 0.0
        return timedelta(seconds=ceil(minutes * 60))

    def moved(self, booking: Booking, work_unit: str, start: datetime, crew: tuple[str, ...] | None = None) -> Booking:
        """A booking at another time, and maybe on another machine, which may take longer or shorter, or with another crew."""
        work_center, minutes, duration = booking.work_center, booking.minutes, booking.duration
        if work_unit != booking.work_unit:
            need = self.commitments[booking.commitment].need(booking)
            work_center, duration = self.resources[work_unit].work_center, need.duration(work_unit)
            minutes = need.minutes_on.get(work_unit, need.minutes)
        # Written out because `replace` takes three times as long, and a stop may move a thousand bookings.
        return Booking(
            booking.id, booking.commitment, booking.unit, booking.step, work_center, work_unit, start, start + duration,
            minutes, booking.state, booking.order, booking.crew if crew is None else crew, booking.locked,
        )  # fmt: skip

    def with_resource(self, resource: Resource) -> "Snapshot":
        return replace(self, resources={**self.resources, resource.work_unit: resource})

    def with_commitments(self, changed: Iterable[Commitment]) -> "Snapshot":
        """The plan with commitments added or replaced; the same plan when there are none."""
        put: dict[str, Commitment] = {}
        gone: dict[str, set[str]] = {}
        added: dict[str, list[Booking]] = {}
        for commitment in changed:
            before = put.get(commitment.id) or self.commitments.get(commitment.id)
            _note_differences(before.bookings if before else (), commitment.bookings, gone, added)
            put[commitment.id] = commitment
        if not put:
            return self
        return replace(self, commitments=self.commitments.with_changes(put), queues=self._queues_with(gone, added))

    def _queues_with(self, gone: Mapping[str, set[str]], added: Mapping[str, list[Booking]]) -> Mapping[str, Queue]:
        if not gone and not added:
            return self.queues
        queues = dict(self.queues)
        for unit in dict.fromkeys([*gone, *added]):
            queues[unit] = queues.get(unit, Queue()).with_changes(gone.get(unit, set()), added.get(unit, ()))
        return queues

    def with_bookings(self, changed: Iterable[Booking]) -> "Snapshot":
        by_commitment: dict[str, list[Booking]] = {}
        for booking in changed:
            by_commitment.setdefault(booking.commitment, []).append(booking)
        return self.with_commitments(self.commitments[home].with_bookings(moved) for home, moved in by_commitment.items())

    def without(self, commitments: Iterable[str]) -> "Snapshot":
        """The plan without some commitments: their bookings and material are free."""
        out = [each for each in dict.fromkeys(commitments) if each in self.commitments]
        if not out:
            return self
        gone: dict[str, set[str]] = {}
        for each in out:
            _note_differences(self.commitments[each].bookings, (), gone, {})
        return replace(self, commitments=self.commitments.with_changes({}, out), queues=self._queues_with(gone, {}))


def _note_differences(
    before: Iterable[Booking], after: Iterable[Booking], gone: dict[str, set[str]], added: dict[str, list[Booking]]
) -> None:
    known = {booking.id: booking for booking in before}
    for booking in after:
        old = known.pop(booking.id, None)
        if old is booking:
            continue
        if old is not None:
            _note_gone(old, gone)
        if booking.state.takes_time:
            for unit in booking.takes:
                added.setdefault(unit, []).append(booking)
    for old in known.values():
        _note_gone(old, gone)


def _note_gone(booking: Booking, gone: dict[str, set[str]]) -> None:
    for unit in booking.takes:
        gone.setdefault(unit, set()).add(booking.id)


def open_state(bookings: Iterable[Booking]) -> bool:
    """Whether any of these bookings is still to be done."""
    return any(booking.state not in (BookingState.DONE, BookingState.CANCELLED) for booking in bookings)
