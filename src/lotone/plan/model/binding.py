"""Why a promise is as late as it is: the chain of what waited for what, walked back from the last operation."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lotone.kernel import Words
from lotone.plan.model.booking import Booking, BookingState, Place, Resource, SetupMatrix
from lotone.plan.model.busy import Busy, first_fit
from lotone.plan.model.calibration import value_at
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.fit import Floor
from lotone.plan.model.promise import BANDS, Binding, BindingKind, Promise
from lotone.plan.model.reach import Curve, curve_of, late_at
from lotone.plan.model.reasons import reason
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Ready, pegs

NOTHING = timedelta()


def promise_for(snapshot: Snapshot, commitment: Commitment, material: Mapping[Place, Ready] | None = None) -> Promise:
    """What can be promised for a commitment whose bookings stand in the plan.

    `material` are the snapshot's pegs, for who asks for many commitments at once. The date is the expected completion,
    plus what may delay the binding chain at the settings' probability (see `curve_of`), as past promises taught, plus
    packing, rounded up to the next hand-over.
    """
    return promise_of_chain(Chain(snapshot, commitment, material))


def promise_of_chain(chain: "Chain") -> Promise:
    """What can be promised when this is what binds; see `promise_for`."""
    snapshot, settings = chain.snapshot, chain.snapshot.settings
    completion = chain.commitment.completion
    curve = curve_of(snapshot, chain.commitment, chain.way[::-1], chain.waits_for)
    spare = max(chance(snapshot, curve, settings.probability), NOTHING)
    bindings = tuple(sorted(chain.bindings, key=lambda each: (each.kind is BindingKind.OPERATION, -each.hours)))
    return Promise(
        date=settings.next_hand_over(completion + spare + settings.packing),
        probability=settings.probability,
        earliest=completion,
        binding=bindings,
        reason=reason(bindings, snapshot.now, settings),
        buffer_minutes=spare.total_seconds() / 60,
        bands={name: completion + chance(snapshot, curve, share) for name, share in BANDS.items()},
        curve=curve,
    )


def date_of_chain(chain: "Chain") -> datetime:
    """The date of `promise_of_chain`, and nothing else of it."""
    snapshot, settings = chain.snapshot, chain.snapshot.settings
    deviate = snapshot.learned.calibration.deviate(settings.probability)
    spare = max(timedelta(seconds=round(chain.late_s(deviate))), NOTHING)
    return settings.next_hand_over(chain.commitment.completion + spare + settings.packing)


def chance(snapshot: Snapshot, curve: Curve, probability: float) -> timedelta:
    """How much later than planned a completion may be at a probability, corrected by how past promises came out."""
    return timedelta(seconds=round(value_at(curve, snapshot.learned.calibration.deviate(probability))))


def _material(snapshot: Snapshot, commitment: Commitment) -> Mapping[Place, Ready]:
    """The pegs of one commitment's parts."""
    parts = {each.part for each in commitment.reservations}
    return pegs(snapshot.stock, snapshot.commitments.reserved, sorted(parts.intersection(snapshot.scarce)))


class Chain:
    """From the last operation back to the first cause. An operation's start is bound by what its machine or material
    allows when it would start no earlier even with all its predecessors ready at once; else by its latest predecessor."""

    def __init__(self, snapshot: Snapshot, commitment: Commitment, material: Mapping[Place, Ready] | None) -> None:
        self.snapshot = snapshot
        self.commitment = commitment
        self.material = _material(snapshot, commitment) if material is None else material
        self.bindings: list[Binding] = []
        self.way: list[Booking] = []
        """Everything on the chain that can take longer, from the last: own operations, and others' work right before."""
        self._walk()

    def _walk(self) -> None:
        booking: Booking | None = max(self.commitment.bookings, key=lambda each: (each.end, each.start))
        while booking is not None:
            self.way.append(booking)
            booking = self._bound_by(booking)
        self._note_work()

    def _note_work(self) -> None:
        work = sum((each.end - each.start for each in self.commitment.bookings), NOTHING)
        self._note(BindingKind.OPERATION, self.commitment.demand.words, self.commitment.completion, work)

    @property
    def waits_for(self) -> Ready | None:
        """What the first thing on the chain waits for, if it is of this commitment."""
        first = self.way[-1]
        return self.material.get(first.place) if first.commitment == self.commitment.id else None

    def late_s(self, deviate: float) -> float:
        """How many seconds later than planned the last operation may end, see `curve_of`."""
        return late_at(self.snapshot, self.commitment, self.way[::-1], self.waits_for, deviate)

    def _bound_by(self, booking: Booking) -> Booking | None:
        """Note what kept a booking from starting earlier; returns the booking before it when that is what binds."""
        if not booking.state.waits:
            self._note_repair_of_started(booking)
            return None
        material = self.material.get(booking.place)
        ready = max(self.snapshot.now, material.at) if material else self.snapshot.now
        if self._first(booking, ready) >= booking.start:
            if material:
                self._note_material(material)
            self._note_waits(booking, ready)
            self._add_queue_before(booking)
            return None
        way = self.snapshot.transport_between
        before = [
            (each.end + wait + way(each.work_center, booking.work_center), each)
            for each, wait in self.commitment.before(booking)
        ]
        if not before:
            return None
        at, previous = max(before, key=lambda each: each[0])
        self._note_waits(booking, max(ready, at))
        return previous

    def _first(self, booking: Booking, ready: datetime) -> datetime:
        """When the booking could start on its machine, at the latest when it does."""
        found = self.first_free(booking, ready)
        return booking.start if found is None else min(found, booking.start)

    def first_free(self, booking: Booking, ready: datetime) -> datetime | None:
        """When the booking's machine and crew could first begin it, after a moment."""
        if self._is_simple(booking):
            busy = (*self.others(booking), self._machine(booking).blocked)
            return first_fit(self.snapshot.hours(booking.work_unit), busy, ready, booking.duration)
        return self._first_on_floor(booking, self.commitment.need(booking), ready)

    def _is_simple(self, booking: Booking) -> bool:
        """Whether it takes nothing but a machine that does one thing after the other."""
        return self._machine(booking).is_plain and not booking.crew

    def _machine(self, booking: Booking) -> Resource:
        return self.snapshot.resources[booking.work_unit]

    def _first_on_floor(self, booking: Booking, need: OperationNeed, ready: datetime) -> datetime | None:
        found = self.floor_without(booking).first_on(need, self._machine(booking), ready, booking.duration)
        return found.start if found else None

    def floor_without(self, booking: Booking) -> Floor:
        """All that stands in the plant, but this booking."""
        floor = Floor(self.snapshot)
        floor.take(booking, self.commitment.need(booking))
        return floor

    def others(self, booking: Booking) -> Sequence[Busy]:
        """What else a booking's machine does."""
        busy = self.snapshot.busy(booking.work_unit).copy()
        busy.free(booking.start, booking.end)
        return (busy,)

    def before_on_machine(self, booking: Booking) -> Iterator[Booking]:
        """What stands on a booking's machine before it, the latest first."""
        standing = self.snapshot.queues[booking.work_unit].bookings
        return (standing[index] for index in range(bisect_left(standing, booking.start, key=_start) - 1, -1, -1))

    def _fit(self, booking: Booking, ready: datetime, *busy: Busy) -> datetime:
        found = first_fit(self.snapshot.hours(booking.work_unit), busy, ready, booking.duration)
        return booking.start if found is None else min(found, booking.start)

    def _note_waits(self, booking: Booking, ready: datetime) -> None:
        """Split the wait before a booking into closed hours, repair, other work on the machine, and other work of its crew."""
        machine = self._machine(booking)
        opened = self._fit(booking, ready)
        repaired = self._fit(booking, ready, machine.blocked)
        free = max(repaired, self._machine_free(booking, ready))
        self._note(BindingKind.CALENDAR, machine.name, opened, opened - ready)
        self._note(BindingKind.REPAIR, machine.name, repaired, repaired - opened)
        self._note(BindingKind.MACHINE, machine.name, free, free - repaired)
        if booking.crew:
            there = self._first(booking, ready)
            self._note(BindingKind.MACHINE, self._busiest(booking, ready).name, there, there - free)

    def _machine_free(self, booking: Booking, ready: datetime) -> datetime:
        """When the machine alone could begin the booking, at the latest when it does."""
        if not booking.crew:
            return self._first(booking, ready)
        found = self._first_on_floor(booking, replace(self.commitment.need(booking), also=()), ready)
        return booking.start if found is None else min(found, booking.start)

    def _busiest(self, booking: Booking, ready: datetime) -> Resource:
        """Who of the crew has work the longest without a break, up to the booking."""

        def free_since(unit: str) -> datetime:
            ends = (each.end for each in self.work_of(unit) if each is not booking and ready < each.end <= booking.start)
            return max(ends, default=ready)

        return self.snapshot.resources[max(booking.crew, key=free_since)]

    def work_of(self, unit: str) -> Iterable[Booking]:
        """All that a machine, operator or tool does."""
        queue = self.snapshot.queues.get(unit)
        return queue.bookings if queue else ()

    def _note_material(self, material: Ready) -> None:
        words = self.snapshot.supply.parts.get(material.part, Words(material.part))
        self._note(BindingKind.MATERIAL, words, material.at, material.at - self.snapshot.now, material.supplier)

    def _note_repair_of_started(self, booking: Booking) -> None:
        resource = self.snapshot.resources[booking.work_unit]
        if booking.state is BookingState.STARTED and resource.down_until is not None:
            self._note(BindingKind.REPAIR, resource.name, resource.down_until, resource.down_until - self.snapshot.now)

    def _note(
        self, kind: BindingKind, subject: Words, until: datetime, time: timedelta, supplier: Words | None = None
    ) -> None:
        if time > NOTHING:
            self.bindings.append(Binding(kind, subject, until, time.total_seconds() / 3600, supplier))

    def _add_queue_before(self, booking: Booking) -> None:
        """The work that stands on the machine before a booking with nothing but setups between: when it takes longer, the
        booking is late. Where things are done side by side, nothing stands before another."""
        machine = self._machine(booking)
        if machine.capacity > 1 or machine.batch:
            return
        matrix = self.snapshot.setups.get(machine.setups)
        follower = booking
        for other in self.before_on_machine(booking):
            end = other.end if matrix is None else other.end + self._setup(matrix, other, follower)
            if end < follower.start:
                return
            self.way.append(other)
            follower = other

    def _setup(self, matrix: SetupMatrix, before: Booking, after: Booking) -> timedelta:
        return timedelta(minutes=matrix.minutes_between(self._state(before), self._state(after)))

    def _state(self, booking: Booking) -> str:
        if booking.commitment == self.commitment.id:
            return self.commitment.need(booking).setup
        return self.snapshot.commitments[booking.commitment].need(booking).setup


def _start(booking: Booking) -> datetime:
    return booking.start
