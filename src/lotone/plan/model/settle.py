"""Settling: after something happened, what no longer fits is moved on, and nothing else."""

from collections.abc import Collection
from datetime import datetime, timedelta
from heapq import heappop, heappush

from lotone.plan.model.booking import Booking, BookingState, Place
from lotone.plan.model.busy import Busy, Pile, first_fit
from lotone.plan.model.fault import NoCapacity
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Ready, pegs


def settle(snapshot: Snapshot, pull: Collection[str] = (), first: Collection[str] = ()) -> Snapshot:
    """The plan with every waiting booking at a time that is possible now.

    Works like the plant itself would: bookings are taken in the order of their start. One that can begin as planned
    stays. One that can't (its machine is busy or down, its predecessor or material is late, its time has passed) is
    moved to the first time it can, and takes its turn there; so the sequence on a machine stays. It goes to another
    machine when it would end earlier there by the settings' `move_minutes`, in a real gap. A held booking that has to
    move never pushes others. Bookings in `pull` (ids) may also become earlier. Those in `first`, none before those it follows,
    take their places before all others that were not sent to their machines yet. Raises NoCapacity.
    """
    return _Settling(snapshot, frozenset(pull), list(first)).run()


class _Settling:
    def __init__(self, snapshot: Snapshot, pull: frozenset[str], first: list[str]) -> None:
        self.snapshot = snapshot
        self.pull = pull.union(first)
        self.first = first
        self.margin = timedelta(minutes=snapshot.settings.move_minutes)
        self.material: dict[Place, Ready] = pegs(snapshot.stock, snapshot.commitments.reserved, snapshot.scarce)
        self.hours = {unit: snapshot.hours(unit) for unit in snapshot.resources}
        self.placed = {unit: snapshot.repair(unit) for unit in snapshot.resources}
        """What stands for good, and repairs. What is done counts too: the time of a hold may have passed meanwhile."""
        self.waiting = {unit: Pile() for unit in snapshot.resources}
        """What did not have its turn yet, where it was last thought to be."""
        self.ends: dict[Place, datetime] = {}
        self.tentative: dict[Place, datetime] = {}
        self.certain: dict[str, datetime] = {}
        """When bookings whose predecessors stand for good are ready."""
        self.turns: list[tuple[datetime, datetime, str, Booking]] = []
        self.moved: list[Booking] = []
        for commitment in snapshot.commitments.values():
            self._set_up(commitment)

    def _set_up(self, commitment: Commitment) -> None:
        for booking in commitment.bookings:
            if booking.state.waits:
                self._queue(booking, booking.start)
                continue
            cancelled = booking.state is BookingState.CANCELLED
            self.ends[booking.place] = self.snapshot.now if cancelled else booking.end
            if not cancelled:
                self.placed[booking.work_unit].add(booking.start, booking.end)

    def _queue(self, booking: Booking, start: datetime) -> None:
        """Let a booking have its turn at a time."""
        self.tentative[booking.place] = start + booking.duration
        self.waiting[booking.work_unit].put(start, start + booking.duration)
        heappush(self.turns, (start, booking.start, booking.id, booking))

    def run(self) -> Snapshot:
        for name in self.first:
            self._go_first(name)
        while self.turns:
            turn, _, _, booking = heappop(self.turns)
            if booking.place in self.ends:
                continue
            self.waiting[booking.work_unit].take(turn, turn + booking.duration)
            self._take_turn(booking, turn)
        return self.snapshot.with_bookings(self.moved) if self.moved else self.snapshot

    def _go_first(self, name: str) -> None:
        booking = self.snapshot.booking(name)
        if booking is None or not booking.state.is_movable:
            return
        need = self.snapshot.commitments[booking.commitment].need(booking)
        ready, _ = self._ready(booking)
        best: tuple[datetime, str, datetime] | None = None
        for machine in self.snapshot.candidates(need):
            start = self._first(machine.work_unit, ready, need.duration(machine.work_unit), *self._sent(machine.work_unit))
            if start is not None and (best is None or start + need.duration(machine.work_unit) < best[0]):
                best = (start + need.duration(machine.work_unit), machine.work_unit, start)
        if best is not None:
            self.waiting[booking.work_unit].take(booking.start, booking.end)
            self._place(booking, best[1], best[2], best[0] - best[2])

    def _sent(self, work_unit: str) -> tuple[Busy, Busy]:
        """What stands for good on a machine, and what was sent to it."""
        queue = self.snapshot.queues.get(work_unit)
        sent = (each for each in queue.bookings if each.state is BookingState.RELEASED) if queue else ()
        return self.placed[work_unit], Busy((each.start, each.end) for each in sent)

    def _take_turn(self, booking: Booking, turn: datetime) -> None:
        if self._is_passing_hold(booking):
            self._place(booking, booking.work_unit, booking.start, booking.duration)
            return
        ready = self.certain.get(booking.id)
        if ready is None:
            ready, certain = self._ready(booking)
            if not certain:
                self._queue(booking, max(ready, turn))
                return
            self.certain[booking.id] = ready
        start = self._first(booking.work_unit, ready, booking.duration, self.placed[booking.work_unit])
        if start is not None and start <= turn:
            self._place(booking, booking.work_unit, start, booking.duration)
        elif booking.state.is_movable and self._move_away(booking, ready, start):
            return
        elif start is None:
            raise NoCapacity(f"{booking.work_unit} has no open hours for step {booking.step} within a year")
        elif booking.state is BookingState.HELD:
            gap = self._gap(booking.work_unit, ready, booking.duration)
            self._place(booking, booking.work_unit, gap or start, booking.duration)
        else:
            self._queue(booking, start)

    def _is_passing_hold(self, booking: Booking) -> bool:
        """The time of a hold may pass while its buyer thinks. It is inserted anew when it is confirmed; until then it only
        makes room for what really happens."""
        if booking.state is not BookingState.HELD or booking.start >= self.snapshot.now:
            return False
        return self.placed[booking.work_unit].first(booking.start, booking.duration) == booking.start

    def _ready(self, booking: Booking) -> tuple[datetime, bool]:
        """When a booking could begin as far as others than its machine allow, and whether that is certain already."""
        ready, certain = self.snapshot.now, True
        material = self.material.get(booking.place)
        if material is not None:
            ready = max(ready, material.at)
        if booking.id not in self.pull:
            ready = max(ready, booking.start)
        for step, wait in self.snapshot.commitments[booking.commitment].demand.preceding[booking.step]:
            place = Place(booking.commitment, booking.unit, step)
            end = self.ends.get(place)
            if end is None:
                end, certain = self.tentative[place], False
            ready = max(ready, end + wait)
        return whole_second(ready), certain

    def _first(self, work_unit: str, ready: datetime, duration: timedelta, *busy: Busy | Pile) -> datetime | None:
        return first_fit(self.hours[work_unit], busy, ready, duration)

    def _gap(self, work_unit: str, ready: datetime, duration: timedelta) -> datetime | None:
        """A place that is in nobody's way."""
        return self._first(work_unit, ready, duration, self.placed[work_unit], self.waiting[work_unit])

    def _move_away(self, booking: Booking, ready: datetime, start: datetime | None) -> bool:
        """Put a booking on another machine if it ends there enough earlier."""
        need = self.snapshot.commitments[booking.commitment].need(booking)
        worth_it = None if start is None else start + booking.duration - self.margin
        best: tuple[datetime, str, datetime] | None = None
        for machine in self.snapshot.candidates(need):
            duration = need.duration(machine.work_unit)
            too_slow = worth_it is not None and ready + duration > worth_it
            if too_slow or machine.work_unit == booking.work_unit:
                continue
            gap = self._gap(machine.work_unit, ready, duration)
            if gap is not None and (best is None or gap + duration < best[0]):
                best = (gap + duration, machine.work_unit, gap)
        if best is None or (worth_it is not None and best[0] > worth_it):
            return False
        end, work_unit, gap = best
        self._place(booking, work_unit, gap, end - gap)
        return True

    def _place(self, booking: Booking, work_unit: str, start: datetime, duration: timedelta) -> None:
        end = start + duration
        self.placed[work_unit].add(start, end)
        self.ends[booking.place] = end
        if (work_unit, start) != (booking.work_unit, booking.start):
            self.moved.append(self.snapshot.moved(booking, work_unit, start))
