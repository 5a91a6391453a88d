"""The one place for gap questions: when an operation fits on a machine, with a crew, beside all that stands there.

A `Floor` is the plant with what is booked. It is asked with `first` (any capable machine), `first_on` (one machine) and
`last_on` (the latest place that ends by a moment); `put` and `take` change what stands on it, for who places many things
one after the other. Asking changes nothing. The rules of what may stand side by side are in `booking.py`.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from lotone.plan.model.booking import Booking, BookingState, Resource, SetupMatrix
from lotone.plan.model.busy import Busy, Pile, first_fit
from lotone.plan.model.calendar import OpenHours
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.line import NO_SETUPS, SMALL, Block, Shared, Work
from lotone.plan.model.line import Sequence as InSequence
from lotone.plan.model.snapshot import LONG_AGO, Queue, Snapshot

SECOND = timedelta(seconds=1)
Line = InSequence | Shared
Standing = list[Busy | Pile]
"""The busy stretches of a plain resource: those of the plan, and what was put there since."""


class Fit(NamedTuple):
    """A place where an operation fits. `crew` is in the order of the need's `also`."""

    start: datetime
    end: datetime
    machine: Resource
    crew: tuple[str, ...] = ()


class Crew(NamedTuple):
    start: datetime
    members: tuple[str, ...]


Ready = Callable[[Resource], datetime]
"""From when on an operation may begin on a machine."""


class Floor:
    """What stands on every machine, operator and tool of a plan, to be asked for gaps and changed by itself.

    `empty` begins with nothing but repairs, maintenance and closed hours, for who puts everything there himself.
    """

    def __init__(self, snapshot: Snapshot, *, empty: bool = False) -> None:
        self.snapshot = snapshot
        self.is_empty = empty
        self._standing: dict[str, Standing] = {}
        self._lines: dict[str, Line] = {}

    def first(self, need: OperationNeed, ready: datetime | Ready, duration: timedelta | None = None) -> Fit | None:
        """Where an operation ends first, from a moment on; between equals the first machine by name. None when nowhere as
        far as the plan looks ahead. `ready` may differ by machine; `duration` is the need's own unless it is given."""
        best: Fit | None = None
        for machine in self.snapshot.candidates(need):
            begins = ready if isinstance(ready, datetime) else ready(machine)
            takes = duration or need.duration(machine.work_unit)
            if best is None or begins + takes < best.end:
                found = self.first_on(need, machine, begins, takes)
                if found is not None and (best is None or found.end < best.end):
                    best = found
        return best

    def first_on(
        self, need: OperationNeed, machine: Resource, earliest: datetime, duration: timedelta | None = None
    ) -> Fit | None:
        """The first place of an operation on one machine from a moment on, with a crew; None when there is none."""
        takes = duration or need.duration(machine.work_unit)
        if machine.is_plain and not need.also:
            hours = self.snapshot.hours_of(machine.calendar)
            start = first_fit(hours, self._busy(machine), earliest, takes)
            return None if start is None else Fit(start, start + takes, machine)
        return self._first_with_crew(need, machine, earliest, takes)

    def last_on(
        self,
        need: OperationNeed,
        machine: Resource,
        earliest: datetime,
        end_by: datetime,
        duration: timedelta | None = None,
    ) -> Fit | None:
        """The last place of an operation on one machine that begins not before `earliest` and ends by `end_by`; to the
        second. Later starts are asked for by halving: the first place from a moment on never lies before that from an
        earlier moment on."""
        takes = duration or need.duration(machine.work_unit)
        low, high = 0, int((end_by - takes - earliest).total_seconds())
        best = self.first_on(need, machine, earliest, takes) if high >= 0 else None
        if best is None or best.end > end_by:
            return None
        while low < high:
            middle = (low + high + 1) // 2
            found = self.first_on(need, machine, earliest + middle * SECOND, takes)
            if found is None or found.end > end_by:
                high = middle - 1
            else:
                best, low = found, max(middle, int((found.start - earliest).total_seconds()))
        return best

    def crew_at(self, need: OperationNeed, booking: Booking) -> tuple[str, ...] | None:
        """With whom a booking can stand exactly where and when it does: its own crew where that has time, else another, in a
        batch the batch's. None when its machine or everybody is taken. Its setup may have begun before now."""
        machine = self.snapshot.resources[booking.work_unit]
        line = None if machine.is_plain else self._line(machine)
        batch = line.batch_of(Work(booking, need)) if isinstance(line, InSequence) else None
        if batch is not None:
            return batch.crew if self._may_share(batch, need, machine, booking) else None
        if not self._has_room(need, machine, line, booking):
            return None
        start, duration = booking.start, booking.duration
        own = [self.snapshot.resources[name] for name in booking.crew if name in self.snapshot.resources]
        can_do = [skill for skill, each in zip(need.also, own, strict=False) if skill in each.skills]
        if len(can_do) == len(need.also) and all(self._first_of(each, start, duration) == start for each in own):
            return booking.crew
        crew = self._crew_first(need.also, start, duration)
        return crew.members if crew is not None and crew.start == start else None

    def _may_share(self, batch: Block, need: OperationNeed, machine: Resource, booking: Booking) -> bool:
        """Whether a booking may run in the batch that stands where it does. One that was sent is shared by what was too."""
        if not batch.is_open and booking.state is not BookingState.RELEASED:
            return False
        if batch.load + need.size > machine.capacity + SMALL:
            return False
        hours, start = self.snapshot.hours(machine.work_unit), booking.start
        return first_fit(hours, (machine.blocked,), start, booking.duration) == start

    def _has_room(self, need: OperationNeed, machine: Resource, line: Line | None, booking: Booking) -> bool:
        start, duration = booking.start, booking.duration
        hours, blocked = self.snapshot.hours(machine.work_unit), machine.blocked
        if isinstance(line, InSequence):
            return line.first(need, start, duration, LONG_AGO, hours, blocked) == start
        return self._machine_first(need, machine, line, start, duration, hours, blocked) == start

    def booked(self, need: OperationNeed, found: Fit, make: Callable[[OperationNeed, Fit], Booking]) -> Booking:
        """The booking of an operation at a place that was found."""
        return make(need, found)

    def put(self, booking: Booking, need: OperationNeed | None = None) -> None:
        """Let a booking stand on its machine and take its crew."""
        wanted = need or self._need(booking)
        for unit in booking.takes:
            resource = self.snapshot.resources[unit]
            if resource.is_plain:
                self._own(unit).put(booking.start, booking.end)
            else:
                _put(self.snapshot, self._own_line(resource), Work(booking, wanted), resource)

    def take(self, booking: Booking, need: OperationNeed | None = None) -> None:
        """Take away what stands there: exactly this booking, where and with whom it was put."""
        wanted = need or self._need(booking)
        for unit in booking.takes:
            resource = self.snapshot.resources[unit]
            if resource.is_plain:
                self._only_piles(unit).take(booking.start, booking.end)
            else:
                line = self._own_line(resource)
                if isinstance(line, Shared):
                    line.take(_once(self.snapshot, resource, booking))
                else:
                    line.take(Work(booking, wanted))

    def _need(self, booking: Booking) -> OperationNeed:
        return self.snapshot.commitments[booking.commitment].need(booking)

    def _queue(self, unit: str) -> Queue | None:
        return None if self.is_empty else self.snapshot.queues.get(unit)

    def _own(self, unit: str) -> Pile:
        """What was put on a plain resource since."""
        standing = self._standing.get(unit)
        if standing is None:
            queue = self._queue(unit)
            standing = self._standing[unit] = [Pile(), queue.busy] if queue else [Pile()]
        pile = standing[0]
        assert isinstance(pile, Pile)
        return pile

    def _only_piles(self, unit: str) -> Pile:
        """What stands on a plain resource, each by itself so that it can be taken away."""
        pile = self._own(unit)
        if len(self._standing[unit]) > 1:
            queue = self._queue(unit)
            for each in queue.bookings if queue else ():
                pile.put(each.start, each.end)
            self._standing[unit] = [pile]
        return pile

    def _own_line(self, resource: Resource) -> Line:
        line = self._lines.get(resource.work_unit)
        if line is None:
            line = self._lines[resource.work_unit] = self._kept_line(resource).copy()
        return line

    def _busy(self, resource: Resource) -> Standing:
        """The busy stretches of a plain resource, repair and maintenance too. Not to be changed."""
        standing = self._standing.get(resource.work_unit)
        if standing is None:
            queue = self._queue(resource.work_unit)
            standing = [queue.busy] if queue else []
        return [*standing, resource.blocked] if resource.is_blocked else standing

    def _line(self, resource: Resource) -> Line:
        return self._lines.get(resource.work_unit) or self._kept_line(resource)

    def _kept_line(self, resource: Resource) -> Line:
        """What stands on a resource that is not plain, made once for all who look at this queue. Not to be changed."""
        queue = self._queue(resource.work_unit)
        matrix = self.snapshot.setups.get(resource.setups, NO_SETUPS)
        if queue is None:
            return _empty_line(resource, matrix)
        known = queue.kept.get("line")
        if known is None or known[0] is not resource or known[1] is not matrix:
            line = _empty_line(resource, matrix)
            for booking in queue.bookings:
                _put(self.snapshot, line, Work(booking, self._need(booking)), resource)
            known = queue.kept["line"] = resource, matrix, line
        found: Line = known[2]
        return found

    def _first_with_crew(self, need: OperationNeed, machine: Resource, earliest: datetime, duration: timedelta) -> Fit | None:
        """Machine and crew are asked in turns until neither moves the moment on; a batch that can be joined has its crew."""
        hours, blocked = self.snapshot.hours_of(machine.calendar), machine.blocked
        line = None if machine.is_plain else self._line(machine)
        batch = line.to_join(need, earliest, duration) if isinstance(line, InSequence) else None
        moment = earliest
        while True:
            start = self._machine_first(need, machine, line, moment, duration, hours, blocked)
            if batch is not None and (start is None or batch.start <= start):
                return Fit(batch.start, batch.end, machine, batch.crew)
            if start is None:
                return None
            crew = self._crew_first(need.also, start, duration)
            if crew is None:
                return None if batch is None else Fit(batch.start, batch.end, machine, batch.crew)
            if crew.start == start:
                return Fit(start, start + duration, machine, crew.members)
            moment = crew.start

    def _machine_first(
        self,
        need: OperationNeed,
        machine: Resource,
        line: Line | None,
        earliest: datetime,
        duration: timedelta,
        hours: OpenHours,
        blocked: Busy,
    ) -> datetime | None:
        if line is None:
            return first_fit(hours, self._busy(machine), earliest, duration)
        if isinstance(line, Shared):
            if need.size > line.capacity:
                return None
            return first_fit(hours, (line.busy(need.size), blocked), earliest, duration)
        if machine.batch and need.batch and need.size > machine.capacity:
            return None
        return line.first(need, earliest, duration, self.snapshot.now, hours, blocked)

    def _crew_first(self, skills: Sequence[str], earliest: datetime, duration: timedelta) -> Crew | None:
        """The first moment at which somebody else has time for each skill."""
        if not skills:
            return Crew(earliest, ())
        moment = earliest
        while True:
            free = [list(self._free(skill, moment, duration)) for skill in skills]
            firsts = [min((at for at, _ in each), default=None) for each in free]
            if any(at is None for at in firsts):
                return None
            latest = max(at for at in firsts if at is not None)
            if latest == moment:
                members = _distinct([sorted(name for at, name in each if at == moment) for each in free])
                if members is not None:
                    return Crew(moment, members)
                later = [at for each in free for at, _ in each if at > moment]
                if not later:
                    return None
                latest = min(later)
            moment = latest

    def _free(self, skill: str, earliest: datetime, duration: timedelta) -> Iterator[tuple[datetime, str]]:
        """When each who has a skill has time first."""
        for resource in self.snapshot.skilled(skill):
            start = self._first_of(resource, earliest, duration)
            if start is not None:
                yield start, resource.work_unit

    def _first_of(self, resource: Resource, earliest: datetime, duration: timedelta) -> datetime | None:
        """When an operator or a tool has time first."""
        if resource.is_plain:
            busy: Sequence[Busy | Pile] = self._busy(resource)
        else:
            line = self._line(resource)
            assert isinstance(line, Shared)
            busy = (line.busy(1.0), resource.blocked)
        return first_fit(self.snapshot.hours_of(resource.calendar), busy, earliest, duration)


def _empty_line(resource: Resource, matrix: SetupMatrix) -> Line:
    if resource.batch or resource.setups:
        return InSequence(resource, matrix)
    return Shared(resource.capacity)


def _put(snapshot: Snapshot, line: Line, work: Work, resource: Resource) -> None:
    if isinstance(line, Shared):
        size = work.need.size if resource.is_machine else 1.0
        line.put(_once(snapshot, resource, work.booking), work.booking.start, work.booking.end, size)
    else:
        line.put(work)


def _once(snapshot: Snapshot, resource: Resource, booking: Booking) -> Hashable:
    """What counts once: a booking, but for the crew of a batch the whole batch."""
    if resource.is_machine or not snapshot.resources[booking.work_unit].batch:
        return booking.id
    return booking.work_unit, booking.start, booking.end


def _distinct(choices: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """One of each, all different: the first such by name; None when there is none."""
    if not choices:
        return ()
    for name in choices[0]:
        rest = _distinct([[each for each in others if each != name] for others in choices[1:]])
        if rest is not None:
            return (name, *rest)
    return None
