"""Noting what a change of the plan says about how long things take, and which promises it kept or broke."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool

from lotone.kernel import Clock
from lotone.plan.model.booking import Booking, BookingState, Resource, ResourceKind
from lotone.plan.model.kept import ToldPromise
from lotone.plan.model.learned import Learned, Stop, Tally
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot
from lotone.plan.store.learned import LearnedStore

AGE = timedelta(seconds=30)
"""What was learned is read again when it is older, on the wall clock: a promise does not hang on the newest operation."""
SHORTEST = timedelta(minutes=1)

_READ: "WeakKeyDictionary[Pool, dict[str, tuple[datetime, float, Learned]]]" = WeakKeyDictionary()
"""By the pool of the database: connections with options of their own have engines of their own."""
_LOCK = Lock()


class Notebook:
    """Compares the plan before and after a change: whatever reaction made it, what began, ended, broke or was made again is
    noted once, in the transaction of the change."""

    def __init__(self, connection: Connection, organization: str, wall_clock: Clock) -> None:
        self.store = LearnedStore(connection, organization)
        self.wall_clock = wall_clock

    def learned(self, spread: float) -> Learned:
        """What is believed now: kept in memory for a while, so that readers on the way to a quote ask no database."""
        database, wall = self.store.connection.engine.pool, self.wall_clock()
        known = _READ.get(database, {}).get(self.store.organization)
        if known is not None and known[1] == spread and abs(wall - known[0]) < AGE:
            return known[2]
        found = Learned(self.store.recorded(), spread)
        with _LOCK:
            _READ.setdefault(database, {})[self.store.organization] = wall, spread, found
        return found

    def forget_read(self) -> None:
        """Read again what was learned the next time it is asked for."""
        with _LOCK:
            _READ.get(self.store.connection.engine.pool, {}).pop(self.store.organization, None)

    def note(self, before: Snapshot, after: Snapshot, cause: str) -> None:
        """Everything that a change says."""
        self._note_stops(before, after)
        for _, old, commitment in after.commitments.differences(before.commitments):
            if commitment is not None:
                self._note_commitment(old, commitment, after, cause)

    def _note_stops(self, before: Snapshot, after: Snapshot) -> None:
        if after.resources is before.resources:
            return
        for unit, machine in after.resources.items():
            stop = _ended_stop(before.resources.get(unit), machine)
            if stop is not None:
                self.store.add_stop(stop)

    def _note_commitment(self, old: Commitment | None, new: Commitment, after: Snapshot, cause: str) -> None:
        if new.order is None:
            return
        if old is None or old.order is None or new.moves > old.moves:
            packing = after.settings.packing_minutes
            self.store.keep(ToldPromise(new.order, new.moves, after.now, new.told, packing))
        if old is None or old.order is None:
            return
        for was, booking in _changed(old, new):
            if was.state is BookingState.STARTED and booking.state is BookingState.DONE:
                self._note_done(booking, after)
        for was in _spoiled(old, new):
            self.store.add(was.step, was.work_unit, Tally(scrapped=1.0))
        self._note_promise(old, new, after, cause)

    def _note_done(self, booking: Booking, after: Snapshot) -> None:
        worked = booking.end - booking.start - self._stood_still(booking, after)
        if worked >= SHORTEST:
            seen = Tally.of_one(booking.minutes, worked / timedelta(minutes=1))
            self.store.add(booking.step, booking.work_unit, seen)

    def _stood_still(self, booking: Booking, after: Snapshot) -> timedelta:
        """How much of an operation's time its machine was down: stops are learned by themselves."""
        stops = self.store.stops_of(booking.work_unit, booking.start, booking.end)
        machine = after.resources.get(booking.work_unit)
        if machine is not None and machine.down_from is not None:
            stops.append(Stop(booking.work_unit, machine.down_from, booking.end))
        overlaps = (min(each.ended_at, booking.end) - max(each.began_at, booking.start) for each in stops)
        return sum((max(each, timedelta()) for each in overlaps), timedelta())

    def _note_promise(self, old: Commitment, new: Commitment, after: Snapshot, cause: str) -> None:
        assert new.order is not None
        if old.state is CommitmentState.FIRM and new.state is not CommitmentState.FIRM:
            if new.state is CommitmentState.CLOSED and not _is_cancelled(new):
                self.store.complete(new.order, new.completion)
            else:
                self.store.forget(new.order)
        if new.completion > old.completion and new.state in (CommitmentState.FIRM, CommitmentState.CLOSED):
            limits = ToldPromise(new.order, old.moves, after.now, old.told, after.settings.packing_minutes).limits
            crossed = {band: cause for band, limit in limits.items() if old.completion <= limit < new.completion}
            if crossed:
                self.store.broke(new.order, old.moves, crossed)


def _changed(old: Commitment, new: Commitment) -> Iterator[tuple[Booking, Booking]]:
    known = {booking.id: booking for booking in old.bookings}
    for booking in new.bookings:
        was = known.get(booking.id)
        if was is not None and was is not booking:
            yield was, booking


def _spoiled(old: Commitment, new: Commitment) -> list[Booking]:
    """What had begun or ended and must be made again, without what follows it: that was not spoiled by its own machine."""
    again = {was.place: was for was, booking in _changed(old, new) if _has_begun(was) and booking.state.waits}
    return [was for was in again.values() if not any(before.place in again for before, _ in old.before(was))]


def _has_begun(booking: Booking) -> bool:
    return booking.state in (BookingState.STARTED, BookingState.DONE)


def _is_cancelled(commitment: Commitment) -> bool:
    return any(booking.state is BookingState.CANCELLED for booking in commitment.bookings)


def _ended_stop(before: Resource | None, machine: Resource) -> Stop | None:
    if before is None or before.down_from is None or machine.is_down or machine.up_at is None:
        return None
    if machine.kind is not ResourceKind.MACHINE or machine.up_at <= before.down_from:
        return None
    return Stop(machine.work_unit, before.down_from, machine.up_at)
