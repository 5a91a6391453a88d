"""The whole plan at one version: who was promised what, which machine does what when. Immutable, so it is shared freely."""

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
        return Busy((booking.start, booking.end) for booking in self.bookings)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What others derive from these bookings and keep here, by their own word."""
        return {}

    def with_changes(self, gone: set[str], added: Iterable[Booking]) -> "Queue":
        kept = [booking for booking in self.bookings if booking.id not in gone]
        return Queue(tuple(sorted([*kept, *added], key=lambda booking: (booking.start, booking.id))))


class Commitments(dict[str, Commitment]):
    """The commitments of a plan by id, with what is often asked of all of them. Not to be changed once it is made."""

    @cached_property
    def home(self) -> dict[str, str]:
        """Which commitment each booking belongs to."""
        return {booking.id: each.id for each in self.values() for booking in each.bookings}

    @cached_property
    def reserved(self) -> dict[str, list[Reservation]]:
        """What is reserved of each part, first come first."""
        by_part: dict[str, list[Reservation]] = {}
        for commitment in sorted(self.values(), key=lambda commitment: (commitment.sequence, commitment.id)):
            for reservation in commitment.reservations:
                by_part.setdefault(reservation.part, []).append(reservation)
        return by_part

    @cached_property
    def reserved_total(self) -> dict[str, float]:
        total: dict[str, float] = {}
        for commitment in self.values():
            for reservation in commitment.reservations:
                total[reservation.part] = total.get(reservation.part, 0.0) + reservation.quantity
        return total


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

    def at(self, now: datetime, material: Callable[[], Supply], settings: PlanSettings) -> "Snapshot":
        """The same plan as it looks at a moment of plant time (the next whole second of it). The material is asked for
        when it is needed, and then only once."""
        return replace(self, now=whole_second(now), material=cache(material), settings=settings)

    @property
    def supply(self) -> Supply:
        return self.material()

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
        return open_hours(self.calendars[self.resources[work_unit].calendar], self.now)

    def repair(self, work_unit: str) -> Busy:
        """The repair of a machine that is down, and its maintenance. A new one at each call, so it may be changed."""
        return self.resources[work_unit].blocked.copy()

    def busy(self, work_unit: str) -> Busy:
        queue = self.queues.get(work_unit)
        return queue.busy if queue else Busy()

    def candidates(self, need: OperationNeed) -> list[Resource]:
        """The machines that can do an operation, by name."""
        if need.work_units is None:
            return self._centers.get(need.work_center, [])
        known = (self.resources[each] for each in sorted(need.work_units) if each in self.resources)
        return [each for each in known if each.is_machine]

    def skilled(self, skill: str) -> list[Resource]:
        """The operators and tools with a skill, by name."""
        return self._skills.get(skill, [])

    @cached_property
    def _skills(self) -> dict[str, list[Resource]]:
        skills: dict[str, list[Resource]] = {}
        for name in sorted(self.resources):
            resource = self.resources[name]
            for skill in () if resource.is_machine else resource.skills:
                skills.setdefault(skill, []).append(resource)
        return skills

    def transport_between(self, before: str, after: str) -> timedelta:
        """The way from one work center to another, in whole seconds."""
        minutes = self.transport.get((before, after), 0.0) if self.transport else 0.0
        return timedelta(seconds=ceil(minutes * 60))

    @cached_property
    def _centers(self) -> dict[str, list[Resource]]:
        centers: dict[str, list[Resource]] = {}
        for name in sorted(self.resources):
            if self.resources[name].is_machine:
                centers.setdefault(self.resources[name].work_center, []).append(self.resources[name])
        return centers

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
        listed = list(changed)
        if not listed:
            return self
        commitments, queues = Commitments(self.commitments), dict(self.queues)
        gone: dict[str, set[str]] = {}
        added: dict[str, list[Booking]] = {}
        for commitment in listed:
            before = commitments.get(commitment.id)
            _note_differences(before.bookings if before else (), commitment.bookings, gone, added)
            commitments[commitment.id] = commitment
        for unit in gone.keys() | added.keys():
            queues[unit] = queues.get(unit, Queue()).with_changes(gone.get(unit, set()), added.get(unit, ()))
        return replace(self, commitments=commitments, queues=queues)

    def with_bookings(self, changed: Iterable[Booking]) -> "Snapshot":
        by_commitment: dict[str, list[Booking]] = {}
        for booking in changed:
            by_commitment.setdefault(booking.commitment, []).append(booking)
        return self.with_commitments(self.commitments[home].with_bookings(moved) for home, moved in by_commitment.items())

    def without(self, commitments: Iterable[str]) -> "Snapshot":
        """The plan without some commitments: their bookings and material are free."""
        gone = set(commitments)
        if not gone:
            return self
        freed = self.with_commitments(
            replace(self.commitments[each], bookings=(), reservations=()) for each in gone if each in self.commitments
        )
        kept = Commitments((key, each) for key, each in freed.commitments.items() if key not in gone)
        return replace(freed, commitments=kept)


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
