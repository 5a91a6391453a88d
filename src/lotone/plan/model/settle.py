"""Settling: after something happened, what no longer fits is moved on, and nothing else."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush

from lotone.plan.model.booking import Booking, BookingState, Place, Resource
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import NoCapacity
from lotone.plan.model.fit import Fit, Floor
from lotone.plan.model.lane import Lane, start_of, without_setup
from lotone.plan.model.settings import whole_second
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Ready, pegs
from lotone.plan.model.touched import Touched, behind, everything, touched

SECOND = timedelta(seconds=1)
GAPS = 5
"""How many places of a batch machine are looked at for one that is really free."""
LEAVES = 3
"""How often those behind one place are called when a booking leaves it: two could call each other for ever."""
PUT_OFF = 20
"""How often an operation is put off because what follows it would come too long after it."""


def settle(
    snapshot: Snapshot,
    pull: Collection[str] = (),
    first: Sequence[str] = (),
    *,
    since: Snapshot | None = None,
    late: bool = False,
    left: Sequence[Booking] = (),
    avoid: str = "",
) -> Snapshot:
    """The plan with every waiting booking at a time that is possible now.

    Works like the plant itself would: bookings are taken in the order of their start. One that can begin as planned
    stays. One that can't (its machine or crew is busy or away, its predecessor or material is late, its time has passed)
    is moved to the first time it can, and takes its turn there; so the sequence on a machine stays. It goes to another
    machine when it would end earlier there by the settings' `move_minutes`, in a real gap. A held booking that has to
    move never pushes others, and a locked one stays where a planner put it as long as it can. What must not come long
    after another (`wait_most_minutes`) puts that off, unless it has begun: then the wait is broken, and the checker says so.

    With `since`, a plan in which everything was possible, only what differs from it is looked at, and what that touches:
    the bookings behind on the same machines, and those that follow. `late` looks besides at what should have begun by now
    and at what waits for parts, `left` at what stood behind bookings that are no longer there. Bookings in `pull` (ids)
    may also become earlier. Those in `first`, none before those it follows, take their places before all others that were
    not sent to their machines. Nothing goes to the machine `avoid` from another. Where nothing is open for something within
    a year, it stays where it is for the checker to find; without `since` NoCapacity is raised.
    """
    seeds = everything(snapshot) if since is None else touched(since, snapshot)
    seeds.left += left
    if late:
        more = behind(snapshot)
        seeds.waiting += more.waiting
        seeds.material = True
    settling = _Settling(snapshot, frozenset(pull).union(first), avoid=avoid, only_touched=since is not None)
    return settling.run(seeds, pull, first)


class _Settling:
    def __init__(self, snapshot: Snapshot, pull: frozenset[str], *, avoid: str, only_touched: bool) -> None:
        self.snapshot = snapshot
        self.only_touched = only_touched
        self.pull = pull
        self.avoid = avoid
        self.margin = timedelta(minutes=snapshot.settings.move_minutes)
        self.placed = Floor(snapshot, empty=True)
        """What stands for good: what began, and what had its turn. What is done counts too: the time of a hold may have
        passed meanwhile."""
        self.every = Floor(snapshot)
        """That, and what did not have its turn yet, where it was last thought to be."""
        self.lanes: dict[str, Lane] = {}
        self.known: dict[str, Booking] = {}
        """Bookings that were looked at, as the plan has them."""
        self.thought: dict[str, Booking] = {}
        """Bookings that were looked at, where they are thought to stand."""
        self.standing: set[str] = set()
        self.due: dict[str, datetime] = {}
        """Who has to be looked at, and when it has its turn."""
        self.turns: list[tuple[datetime, datetime, str]] = []
        self.not_before: dict[str, datetime] = {}
        self.put_off: dict[str, int] = {}
        self.left: dict[tuple[str, str, datetime], int] = {}
        self.arrived: dict[str, set[str]] = {}
        """By resource, what was moved there from elsewhere."""

    def run(self, seeds: Touched, pull: Collection[str], first: Sequence[str]) -> Snapshot:
        for booking in seeds.happened:
            self._happened(booking)
        for booking in seeds.left:
            self._leave(booking)
        self._look_at(seeds, pull)
        for name in first:
            self._go_first(name)
        while self.turns:
            turn, _, name = heappop(self.turns)
            if self.due.get(name) == turn:
                self._take_turn(self.known[name], turn)
        moved = [each for name, each in self.thought.items() if each != self.known[name]]
        return self.snapshot.with_bookings(moved) if moved else self.snapshot

    def _happened(self, booking: Booking) -> None:
        self._stand(booking)
        self._push(booking)
        self._call_followers(booking)

    def _look_at(self, seeds: Touched, pull: Collection[str]) -> None:
        pulled = [found for each in pull if (found := self.snapshot.booking(each)) is not None]
        waiting = [*seeds.waiting, *(self._without_material() if seeds.material else ()), *pulled]
        for booking in sorted((each for each in waiting if each.locked), key=start_of):
            self._keep_locked(booking)
        for booking in waiting:
            if booking.id not in self.standing:
                self._call(booking)

    def _without_material(self) -> list[Booking]:
        """What would begin before its parts are there."""
        commitments = self.snapshot.commitments
        found = [(commitments[place.commitment].by_place[place], ready) for place, ready in self.material.items()]
        return [booking for booking, ready in found if booking.start < whole_second(ready.at)]

    @cached_property
    def material(self) -> dict[Place, Ready]:
        return pegs(self.snapshot.stock, self.snapshot.commitments.reserved, self.snapshot.scarce)

    def _thought(self, booking: Booking) -> Booking:
        """A booking where it is thought to stand."""
        return self.thought.get(booking.id, booking)

    def _need(self, booking: Booking) -> OperationNeed:
        return self.snapshot.commitments[booking.commitment].need(booking)

    # what stands

    def _lane(self, unit: str) -> Lane:
        """What stands on a resource; from the first look on, what runs there and what is locked there is in the way."""
        lane = self.lanes.get(unit)
        if lane is None:
            queue = self.snapshot.queues.get(unit)
            bookings = queue.bookings if queue else ()
            lane = self.lanes[unit] = Lane([each for each in bookings if each.state.waits])
            for each in bookings:
                if not each.state.waits or (each.locked and each.id not in self.due):
                    self._stand(each)
        return lane

    def _stand(self, booking: Booking) -> None:
        if booking.id in self.standing:
            return
        self.standing.add(booking.id)
        need = self._need(booking)
        if booking.state is BookingState.DONE and need.setup:
            self.placed.put(booking, without_setup(need))  # what its machine is set up for since is in the machine's state
        else:
            self.placed.put(booking, need)

    def _advance(self, unit: str, turn: tuple[datetime, datetime, str]) -> None:
        """Let everything on a resource stand that nobody has to look at and whose turn would have come."""
        lane = self._lane(unit)
        waiting, index = lane.waiting, lane.next
        while index < len(waiting):
            each = waiting[index]
            if (each.start, each.start, each.id) >= turn:
                break
            if each.id not in self.due:
                self._stand(each)
            index += 1
        lane.next = index

    def _keep_locked(self, booking: Booking) -> None:
        """What is locked keeps its place before others have their turn, if it can stand there at all."""
        for unit in booking.takes:
            self._lane(unit)
        if booking.id in self.standing:
            self.placed.take(booking)
            self.standing.discard(booking.id)
        ready, _ = self._ready(booking, booking.work_center)
        if ready <= booking.start and self.placed.crew_at(self._need(booking), booking) == booking.crew:
            self._stand(booking)
            self.due.pop(booking.id, None)  # what left its machine may have called it already
            self._push(booking)

    # whose turn it is

    def _call(self, booking: Booking) -> None:
        """Have a booking looked at."""
        if booking.id in self.due or not booking.state.waits:
            return
        current = self._thought(booking)
        if booking.id in self.standing:
            self.standing.discard(booking.id)
            self.placed.take(current)
        self._queue(booking, current)

    def _queue(self, booking: Booking, current: Booking) -> None:
        self.known[booking.id] = booking
        self.thought[booking.id] = current
        self.due[booking.id] = current.start
        heappush(self.turns, (current.start, booking.start, booking.id))

    def _call_followers(self, booking: Booking) -> None:
        for each in self.snapshot.commitments[booking.commitment].after(booking):
            self._call(each)

    def _take_turn(self, booking: Booking, turn: datetime) -> None:
        current, need = self.thought[booking.id], self._need(booking)
        self._prepare(current.work_unit, need, (turn, booking.start, booking.id))
        self.every.take(current)
        del self.due[booking.id]
        if booking.state is BookingState.HELD and current.start < self.snapshot.now and self._can_pass(current, need):
            self._place(booking, current)
            return
        ready, certain = self._ready(booking, current.work_center)
        if not certain:
            self._wait(booking, current, max(ready, turn))
            return
        if ready <= turn and not self._is_pulled(booking):
            crew = self.placed.crew_at(need, current)
            if crew is not None:
                self._place(booking, self.snapshot.moved(current, current.work_unit, turn, crew))
                return
        self._move(booking, current, need, ready)

    def _move(self, booking: Booking, current: Booking, need: OperationNeed, ready: datetime) -> None:
        """Put a booking where it can be, or let it have another turn when it can be there."""
        machine = self.snapshot.resources[current.work_unit]
        fit = self.placed.first_on(need, machine, ready, current.duration)
        if fit is not None and fit.start <= current.start:
            self._place(booking, self._at(self.placed, current, need, fit))
            return
        away = self._away(booking, current, need, fit, ready) if booking.state.is_movable and not booking.locked else None
        if away is not None:
            self._place(booking, self._at(self.every, current, need, away))
        elif fit is None and self.only_touched:
            self._place(booking, current)  # what happened has happened: the checker says that this can't be
        elif fit is None:
            raise NoCapacity(f"{booking.work_unit} has no open hours for step {booking.step} within a year")
        elif booking.state is BookingState.HELD:
            gap = self._gap(current, need, machine, ready)
            self._place(
                booking, self._at(self.every, current, need, gap) if gap else self._at(self.placed, current, need, fit)
            )
        else:
            self._wait(booking, current, fit.start)

    def _prepare(self, unit: str, need: OperationNeed, turn: tuple[datetime, datetime, str]) -> None:
        self._advance(unit, turn)
        for skill in need.also:
            for each in self.snapshot.skilled(skill):
                self._advance(each.work_unit, turn)

    def _can_pass(self, current: Booking, need: OperationNeed) -> bool:
        """The time of a hold may pass while its buyer thinks. It is inserted anew when it is confirmed; until then it only
        makes room for what really happens."""
        return self.placed.crew_at(need, current) == current.crew

    def _ready(self, booking: Booking, work_center: str) -> tuple[datetime, bool]:
        """When a booking could begin as far as others than its machine allow, and whether that is certain already."""
        ready, certain = max(self.snapshot.now, self.not_before.get(booking.id, self.snapshot.now)), True
        material = self.material.get(booking.place)
        if material is not None:
            ready = max(ready, material.at)
        if not self._is_pulled(booking):
            ready = max(ready, booking.start)
        for before, wait in self.snapshot.commitments[booking.commitment].before(booking):
            if before.state is BookingState.CANCELLED:
                continue
            certain = certain and before.id not in self.due
            current = self._thought(before)
            ready = max(ready, current.end + wait + self.snapshot.transport_between(current.work_center, work_center))
        return whole_second(ready), certain

    def _is_pulled(self, booking: Booking) -> bool:
        """Whether it may become earlier: for that reason, or because it stands too long after what it follows."""
        if booking.id in self.pull:
            return True
        commitment = self.snapshot.commitments[booking.commitment]
        if not _must_follow(commitment.demand, booking.step):
            return False
        for before, _ in commitment.before(booking):
            most = commitment.need(before).wait_most
            if most is not None and booking.start > self._thought(before).end + most:
                return True
        return False

    def _away(self, booking: Booking, current: Booking, need: OperationNeed, fit: Fit | None, ready: datetime) -> Fit | None:
        """A place on another machine in nobody's way, if it ends there enough earlier."""
        worth_it = None if fit is None else fit.end - self.margin
        best: Fit | None = None
        for machine in self.snapshot.candidates(need):
            if machine.work_unit in (current.work_unit, self.avoid):
                continue
            if self.snapshot.transport:
                ready, _ = self._ready(booking, machine.work_center)
            limit = worth_it if best is None else best.end
            if limit is not None and ready + need.duration(machine.work_unit) > limit:
                continue
            gap = self._gap(current, need, machine, ready)
            if gap is not None and (best is None or gap.end < best.end):
                best = gap
        return best if best is not None and (worth_it is None or best.end <= worth_it) else None

    def _gap(self, current: Booking, need: OperationNeed, machine: Resource, ready: datetime) -> Fit | None:
        """A place that is in nobody's way. A batch that could be joined may have to move itself: then it is none."""
        duration = current.duration if machine.work_unit == current.work_unit else None
        for _ in range(GAPS if machine.batch else 1):
            gap = self.every.first_on(need, machine, ready, duration)
            if gap is None or not machine.batch:
                return gap
            there = self.snapshot.moved(current, machine.work_unit, gap.start, gap.crew)
            if self.placed.crew_at(need, there) is not None:
                return gap
            ready = gap.start + SECOND
        return None

    def _at(self, floor: Floor, current: Booking, need: OperationNeed, fit: Fit) -> Booking:
        """The booking in a place, with its own crew if that has time."""
        there = self.snapshot.moved(current, fit.machine.work_unit, fit.start)
        crew = floor.crew_at(need, there) if need.also else ()
        return self.snapshot.moved(current, fit.machine.work_unit, fit.start, fit.crew if crew is None else crew)

    def _go_first(self, name: str) -> None:
        """Place a booking before all that was not sent to a machine yet."""
        booking = self.snapshot.booking(name)
        if booking is None or not booking.state.is_movable or booking.locked:
            return
        self._call(booking)
        need, current = self._need(booking), self.thought[booking.id]
        for resource in (*self.snapshot.candidates(need), *(x for skill in need.also for x in self.snapshot.skilled(skill))):
            for each in self._lane(resource.work_unit).waiting:
                if each.state is BookingState.RELEASED and each.id not in self.due:
                    self._stand(each)
        fit = self._first_place(booking, current, need)
        if fit is not None:
            self.every.take(current)
            del self.due[booking.id]
            self._place(booking, self._at(self.placed, current, need, fit))

    def _first_place(self, booking: Booking, current: Booking, need: OperationNeed) -> Fit | None:
        """Where a booking ends first: on its own machine at the pace that this has now."""
        best: Fit | None = None
        for machine in self.snapshot.candidates(need):
            ready, _ = self._ready(booking, machine.work_center)
            duration = current.duration if machine.work_unit == current.work_unit else None
            fit = self.placed.first_on(need, machine, ready, duration)
            if fit is not None and (best is None or fit.end < best.end):
                best = fit
        return best

    # where it goes

    def _wait(self, booking: Booking, current: Booking, start: datetime) -> None:
        """Let a booking have its turn at a later time."""
        later = self.snapshot.moved(current, current.work_unit, start)
        self.every.put(later)
        self._queue(booking, later)
        self._leave(booking)
        if current != booking:
            self._leave(current)
        self._call_followers(booking)

    def _place(self, booking: Booking, new: Booking) -> None:
        late = self._too_long_after(booking, new)
        if late is not None:
            self._put_off(*late)
            self._wait(booking, new, new.start)
            return
        current = self.thought[booking.id]
        self.thought[booking.id] = new
        self.standing.add(booking.id)
        self.placed.put(new)
        self.every.put(new)
        self._push(new)
        if new.work_unit != booking.work_unit:
            self.arrived.setdefault(new.work_unit, set()).add(booking.id)
        for before in {(each.work_unit, each.start): each for each in (booking, current)}.values():
            if (new.work_unit, new.start) != (before.work_unit, before.start):
                self._leave(before)
        if (new.end, new.work_center) != (booking.end, booking.work_center):
            self._call_followers(booking)

    def _too_long_after(self, booking: Booking, new: Booking) -> tuple[Booking, datetime] | None:
        """What a booking would follow too late although it could still be put off, and when that has to end."""
        if booking.state is BookingState.HELD and new.start < self.snapshot.now:
            return None
        commitment = self.snapshot.commitments[booking.commitment]
        if not _must_follow(commitment.demand, booking.step):
            return None
        for before, _ in commitment.before(booking):
            most = commitment.need(before).wait_most
            if most is None or not before.state.waits or self.put_off.get(before.id, 0) >= PUT_OFF:
                continue
            if new.start > self._thought(before).end + most:
                return before, new.start - most
        return None

    def _put_off(self, booking: Booking, end: datetime) -> None:
        """Let a booking end not before a time; what followed it has its turn again."""
        self._call(booking)
        current = self.thought[booking.id]
        self.every.take(current)
        self.put_off[booking.id] = self.put_off.get(booking.id, 0) + 1
        self.not_before[booking.id] = end - current.duration
        self._wait(booking, current, max(end - current.duration, current.start))

    def _push(self, new: Booking) -> None:
        """Have everything looked at that a booking is in the way of now."""
        for unit in new.takes:
            lane, resource = self._lane(unit), self.snapshot.resources[unit]
            since = new.start - self._longest_setup(resource)
            for index in range(lane.next, len(lane.waiting)):
                each = lane.waiting[index]
                if each.start >= new.end and not resource.setups:
                    break
                stays = each.id in self.standing and (new.state.waits or not each.locked)
                if each.id in self.due or stays or each.end <= since:
                    continue
                self._call(each)
                if each.start >= new.end and self._need(each).setup:
                    break

    def _leave(self, place: Booking) -> None:
        """What stands behind a place that a booking leaves may need another setup: also what came there from elsewhere."""
        key = place.id, place.work_unit, place.start
        if not self._setups_of(place) or self.left.get(key, 0) >= LEAVES:
            return
        self.left[key] = self.left.get(key, 0) + 1
        lane, unit = self._lane(place.work_unit), place.work_unit
        behind = lane.waiting[lane.place_of(place.start) :]
        behind += [self.known[each] for each in self.arrived.get(unit, ()) if self.thought[each].start >= place.start]
        for each in sorted(behind, key=lambda known: self._thought(known).start):
            if each.id != place.id and self._thought(each).work_unit == unit:
                self._call(each)
                if self._need(each).setup:
                    break

    def _longest_setup(self, resource: Resource) -> timedelta:
        matrix = self.snapshot.setups.get(resource.setups)
        return timedelta(minutes=max(matrix.default, *matrix.minutes.values(), 0.0)) if matrix else timedelta()

    def _setups_of(self, booking: Booking) -> str:
        machine: Resource | None = self.snapshot.resources.get(booking.work_unit)
        return machine.setups if machine is not None else ""


def _must_follow(demand: Demand, step: str) -> bool:
    """Whether a step must not come too long after one that it follows."""
    return any(demand.by_step[each].wait_most is not None for each in demand.by_step[step].after)
