"""Moving an operation by hand: whether it can stand there, what it pushes, and whose promise moves; nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from lotone.kernel import Conflict, Words
from lotone.plan.model.booking import Booking, BookingState, Resource
from lotone.plan.model.busy import Busy, first_fit
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.fault import NoCapacity, UnknownBooking, UnknownWorkUnit
from lotone.plan.model.fit import Floor
from lotone.plan.model.reasons import joined, moment
from lotone.plan.model.retell import Retold, retell
from lotone.plan.model.settings import whole_second
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import pegs


class ObstacleKind(StrEnum):
    """Why an operation can't stand somewhere."""

    STATE = "state"
    """It has begun, was sent to its machine, or is only held for a quote."""
    MACHINE = "machine"
    """The machine can't do it."""
    PAST = "past"
    OPERATION = "operation"
    """What it follows is not finished yet."""
    LONGEST_WAIT = "longest_wait"
    """It would begin too long after what it follows."""
    MATERIAL = "material"
    CALENDAR = "calendar"
    REPAIR = "repair"
    """A repair or a maintenance."""
    TAKEN = "taken"
    """Something stands there that can't be pushed."""
    LOCKED = "locked"
    """It would push what a planner has locked."""
    CREW = "crew"
    """Nobody with a skill that it needs, or no tool, is free."""
    PLAN = "plan"
    """Anything else: a setup, capacity."""


@dataclass(frozen=True)
class Obstacle:
    """One reason why an operation can't stand somewhere, and until when it lasts, where that is known."""

    kind: ObstacleKind
    words: Words
    until: datetime | None = None


@dataclass(frozen=True)
class Pushed:
    """Another operation that would stand elsewhere."""

    before: Booking
    after: Booking


@dataclass(frozen=True)
class Delayed:
    """An order that would be finished at another time; `told` is its date, `tells` the new one where it must be told anew."""

    order: str
    before: datetime
    after: datetime
    told: datetime
    tells: datetime | None


@dataclass(frozen=True)
class Effect:
    """What moving one operation by hand would do. `after` is where it would stand; with obstacles nothing else is known."""

    before: Booking
    after: Booking
    obstacles: tuple[Obstacle, ...] = ()
    possible_from: datetime | None = None
    """From when on it could stand on that machine, where that is known; only given with obstacles."""
    pushed: tuple[Pushed, ...] = ()
    orders: tuple[Delayed, ...] = ()
    plan: Snapshot | None = None
    """The plan as it would be; None with obstacles."""

    @property
    def is_possible(self) -> bool:
        return not self.obstacles

    @property
    def promises(self) -> tuple[Delayed, ...]:
        """The orders whose date would be told anew."""
        return tuple(each for each in self.orders if each.tells is not None)


class CantMove(Conflict):
    """An operation can't be put there; `effect` holds the reasons."""

    def __init__(self, effect: Effect) -> None:
        self.effect = effect
        self.words = joined([each.words for each in effect.obstacles])
        super().__init__(f"{effect.before.step} can't be put there: {self.words.en}; nothing was changed")


def try_move(snapshot: Snapshot, booking_id: str, work_unit: str, start: datetime) -> Effect:
    """What would happen if an operation were put on a machine at a time and locked there.

    What stands there and began to run by plan at least half of its time before is kept before it: then it begins right
    after that. What else is in its way is pushed behind it, and what depends on that is moved on. Raises UnknownBooking,
    UnknownWorkUnit.
    """
    booking = snapshot.booking(booking_id)
    if booking is None:
        raise UnknownBooking(f"there is no booking {booking_id} that could still be moved")
    if work_unit not in snapshot.resources:
        raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
    return _Trial(snapshot, booking, snapshot.resources[work_unit], whole_second(start)).run()


class _Trial:
    def __init__(self, snapshot: Snapshot, booking: Booking, machine: Resource, start: datetime) -> None:
        self.snapshot = snapshot
        self.booking = booking
        self.machine = machine
        self.commitment: Commitment = snapshot.commitments[booking.commitment]
        self.need: OperationNeed = self.commitment.need(booking)
        queue = snapshot.queues.get(machine.work_unit)
        self.others = [each for each in queue.bookings if each.id != booking.id] if queue else []
        self.target = replace(snapshot.moved(booking, machine.work_unit, self._behind(start)), locked=True)

    def run(self) -> Effect:
        barred = [*self._barred()]
        if barred:
            return self._refused(barred)
        floors = [*self._floors()]
        obstacles = [each for each in floors if each.until is not None and each.until > self.target.start]
        obstacles += self._too_late()
        obstacles += self._no_room() if not obstacles else ()
        obstacles += self._followers()
        if obstacles:
            return self._refused(obstacles, floors)
        return self._carried_out()

    def _refused(self, obstacles: Sequence[Obstacle], floors: Sequence[Obstacle] | None = None) -> Effect:
        possible = None if floors is None else self._possible_from(floors)
        return Effect(self.booking, self.target, tuple(obstacles), possible)

    # where it would stand

    def _behind(self, start: datetime) -> datetime:
        """A start after those that stand on the machine before it."""
        if not self._is_single:
            return start
        before = [each for each in self.others if each.start + each.duration / 2 <= start and not self._is_mate(each, start)]
        if not before:
            return start
        last = max(before, key=lambda each: each.end)
        return max(start, last.end + self._setup_after(before))

    @property
    def _is_single(self) -> bool:
        """Whether the machine does one thing (or one batch) after the other."""
        return self.machine.capacity == 1 or self.machine.batch

    def _is_mate(self, other: Booking, start: datetime) -> bool:
        """Whether it would share a batch with another."""
        need = self._need_of(other)
        is_same = (need.batch, need.setup, need.also) == (self.need.batch, self.need.setup, self.need.also)
        return self.machine.batch and bool(need.batch) and is_same and other.start == start

    def _setup_after(self, before: Sequence[Booking]) -> timedelta:
        """How long the machine is set up for it after those before it."""
        states = [state for each in before if (state := self._need_of(each).setup)]
        return self._setup(states[-1] if states else self.machine.state, self.need.setup)

    def _setup(self, before: str, after: str) -> timedelta:
        matrix = self.snapshot.setups.get(self.machine.setups)
        return timedelta(seconds=ceil(matrix.minutes_between(before, after) * 60)) if matrix else timedelta()

    def _need_of(self, booking: Booking) -> OperationNeed:
        return self.snapshot.commitments[booking.commitment].need(booking)

    # what speaks against it

    def _barred(self) -> Iterator[Obstacle]:
        """What no other time would change."""
        if self.booking.state is not BookingState.PLANNED:
            yield Obstacle(ObstacleKind.STATE, FIXED_WORDS[self.booking.state])
        elif self.machine.work_unit not in {each.work_unit for each in self.snapshot.candidates(self.need)}:
            name, step = self.machine.name, self._step(self.need)
            words = Words(f"{name.en} can't do {step.en}", f"{name.in_language('zh')}不能做{step.in_language('zh')}")
            yield Obstacle(ObstacleKind.MACHINE, words)

    def _floors(self) -> Iterator[Obstacle]:
        """What it can't begin before, each with its moment."""
        now = self.snapshot.now
        yield Obstacle(ObstacleKind.PAST, Words("that time has passed", "该时间已过"), now)
        for before, wait in self.commitment.before(self.booking):
            if before.state is not BookingState.CANCELLED:
                way = self.snapshot.transport_between(before.work_center, self.target.work_center)
                yield self._until(ObstacleKind.OPERATION, self._step(self._need_of(before)), before.end + wait + way)
        wanted = self.need.parts.keys() & set(self.snapshot.scarce)
        ready = pegs(self.snapshot.stock, self.snapshot.commitments.reserved, wanted).get(self.booking.place)
        if ready is not None:
            part = self.snapshot.supply.parts.get(ready.part, Words(ready.part))
            yield self._until(ObstacleKind.MATERIAL, part, ready.at)

    def _until(self, kind: ObstacleKind, subject: Words, until: datetime) -> Obstacle:
        when = self._moment(until)
        name, name_zh = subject.en, subject.in_language("zh")
        if kind is ObstacleKind.MATERIAL:
            words = Words(f"{name} arrives only on {when.en}", f"{name_zh}{when.zh}才到货")
        else:
            words = Words(f"{name} before it is ready only on {when.en}", f"前面的{name_zh}{when.zh}才完成")
        return Obstacle(kind, words, until)

    def _too_late(self) -> Iterator[Obstacle]:
        for before, _ in self.commitment.before(self.booking):
            most = self._need_of(before).wait_most
            if most is not None and before.state is not BookingState.CANCELLED and self.target.start > before.end + most:
                step, latest = self._step(self._need_of(before)), self._moment(before.end + most)
                words = Words(
                    f"after {step.en} it must begin by {latest.en}",
                    f"{step.in_language('zh')}之后最迟{latest.zh}必须开始",
                )
                yield Obstacle(ObstacleKind.LONGEST_WAIT, words)

    def _no_room(self) -> Iterator[Obstacle]:
        """Closed hours, repairs, and what can't be pushed."""
        unit, start, length = self.machine.work_unit, self.target.start, self.target.duration
        opened = first_fit(self.snapshot.hours(unit), (), start, length)
        if opened != start:
            words = Words(f"{self.machine.name.en} does not work then", f"{self.machine.name.in_language('zh')}届时不工作")
            yield Obstacle(ObstacleKind.CALENDAR, words, opened)
        elif self.snapshot.repair(unit).first(start, length) != start:
            name = self.machine.name
            words = Words(f"{name.en} is being repaired or maintained then", f"{name.in_language('zh')}届时在维修或保养")
            yield Obstacle(ObstacleKind.REPAIR, words, self.snapshot.repair(unit).first(start, length))
        else:
            for other in self._in_the_way():
                if not _can_be_pushed(other):
                    what = LOCKED_WORDS if other.locked and other.state.is_movable else TAKEN_WORDS[other.state]
                    yield Obstacle(ObstacleKind.TAKEN, what, other.end)

    def _in_the_way(self) -> list[Booking]:
        """Those that can't stay where they are, by start."""
        target = self.target
        over = [x for x in self.others if x.start < self._free_for(x) and x.end > target.start]
        if self._is_single:
            return [each for each in over if not self._is_mate(each, target.start)]
        room = self.machine.capacity - self.need.size
        stays: list[Booking] = []
        for other in sorted(over, key=lambda each: (_can_be_pushed(each), each.start)):
            size = self._need_of(other).size
            if size <= room:
                room -= size
                stays.append(other)
        return [each for each in over if each not in stays]

    def _free_for(self, other: Booking) -> datetime:
        """From when on another may begin after it: its setup comes between."""
        return self.target.end + self._setup(self.need.setup, self._need_of(other).setup)

    def _followers(self) -> Iterator[Obstacle]:
        for follower in self.commitment.after(self.booking):
            way = self.snapshot.transport_between(self.target.work_center, follower.work_center)
            if follower.start >= self.target.end + self.need.wait + way or follower.state is BookingState.CANCELLED:
                continue
            if follower.locked or not follower.state.waits:
                step = self._step(self._need_of(follower))
                words = Words(
                    f"{step.en}, which follows it, is locked at {self._moment(follower.start).en}",
                    f"其后的{step.in_language('zh')}已锁定在{self._moment(follower.start).zh}",
                )
                yield Obstacle(ObstacleKind.LOCKED, words)

    def _possible_from(self, floors: Sequence[Obstacle]) -> datetime | None:
        ready = max([self.target.start, *(each.until for each in floors if each.until is not None)])
        fixed = Busy((each.start, each.end) for each in self.others if not _can_be_pushed(each))
        unit = self.machine.work_unit
        return first_fit(self.snapshot.hours(unit), (self.snapshot.repair(unit), fixed), ready, self.target.duration)

    # what it does

    def _carried_out(self) -> Effect:
        in_the_way = self._in_the_way()
        missing = self._take_crew(in_the_way)
        if missing is not None:
            return missing
        behind = [self.snapshot.moved(x, x.work_unit, max(x.start, self._free_for(x))) for x in in_the_way]
        try:
            settled = settle(self.snapshot.with_bookings([self.target, *behind]), since=self.snapshot)
        except NoCapacity as fault:
            return self._refused([Obstacle(ObstacleKind.PLAN, Words(str(fault)))])
        stands = settled.booking(self.booking.id)
        if stands is None or (stands.work_unit, stands.start) != (self.target.work_unit, self.target.start):
            return self._elsewhere(stands or self.target)
        pushed = [each for each in moves(self.snapshot, settled) if each.before.id != self.booking.id]
        locked = [each for each in pushed if each.before.locked]
        if locked:
            names = Words(f"it would push {len(locked)} locked operations", f"会推移{len(locked)}道已锁定的工序")
            return self._refused([Obstacle(ObstacleKind.LOCKED, names)])
        after, retold = retell(self.snapshot, settled)
        told = {each.order: each for each in retold}
        return Effect(self.booking, stands, (), None, tuple(pushed), tuple(_delayed(self.snapshot, after, told)), settled)

    def _take_crew(self, in_the_way: Sequence[Booking]) -> Effect | None:
        """Give it a crew that is free then; what is refused instead when there is none, or no room for its setup."""
        floor = Floor(self.snapshot)
        for each in (self.booking, *in_the_way):
            floor.take(each)
        crew = floor.crew_at(self.need, self.target)
        if crew is not None:
            self.target = replace(self.target, crew=crew)
            return None
        alone = replace(self.need, also=())
        fit = floor.first_on(self.need, self.machine, self.target.start, self.target.duration)
        if fit is None or floor.crew_at(alone, replace(self.target, crew=())) is None:
            return self._elsewhere(replace(self.target, start=fit.start) if fit else self.target)
        skills = ", ".join(self.need.also)
        words = Words(f"nobody (or no tool) for {skills} is free then", f"届时没有空闲的{skills}")
        return Effect(self.booking, self.target, (Obstacle(ObstacleKind.CREW, words, fit.start),), fit.start)

    def _elsewhere(self, stands: Booking) -> Effect:
        where = self._moment(stands.start)
        words = Words(
            f"with its setup and crew it could begin there only on {where.en}", f"考虑换型和人员，最早{where.zh}才能开始"
        )
        return Effect(self.booking, self.target, (Obstacle(ObstacleKind.PLAN, words, stands.start),), stands.start)

    def _moment(self, at: datetime) -> Words:
        return moment(at, self.snapshot.now, self.snapshot.settings)

    def _step(self, need: OperationNeed) -> Words:
        return need.words if need.words.en else Words(need.step)


LOCKED_WORDS = Words("a locked operation stands there", "该处有已锁定的工序")
TAKEN_WORDS = {
    BookingState.STARTED: Words("an operation is running there", "该处有正在进行的工序"),
    BookingState.RELEASED: Words("an operation that was sent to the machine stands there", "该处有已下达到设备的工序"),
    BookingState.HELD: Words("capacity is held there for a quote", "该处产能已为报价预留"),
    BookingState.PLANNED: Words("another operation stands there", "该处有其他工序"),
}
FIXED_WORDS = {
    BookingState.HELD: Words(
        "it is only held for a quote; it can be moved when it is ordered", "它只是为报价预留，下单后才能移动"
    ),
    BookingState.RELEASED: Words("it was already sent to its machine", "它已下达到设备"),
    BookingState.STARTED: Words("it has begun", "它已开始"),
    BookingState.DONE: Words("it is done", "它已完成"),
    BookingState.CANCELLED: Words("it was cancelled", "它已取消"),
}


def _can_be_pushed(booking: Booking) -> bool:
    return booking.state.is_movable and not booking.locked


def moves(before: Snapshot, after: Snapshot) -> Iterator[Pushed]:
    """The bookings that stand elsewhere in a later plan."""
    for _, old, commitment in after.commitments.differences(before.commitments):
        known = {each.id: each for each in old.bookings} if old else {}
        for now in commitment.bookings if commitment else ():
            was = known.get(now.id)
            if was is not None and (was.takes, was.start) != (now.takes, now.start):
                yield Pushed(was, now)


def _delayed(before: Snapshot, after: Snapshot, told: dict[str, Retold]) -> Iterator[Delayed]:
    for _, old, commitment in after.commitments.differences(before.commitments):
        if old is None or commitment is None or commitment.order is None:
            continue
        retold = told.get(commitment.order)
        if retold is not None or commitment.completion != old.completion:
            tells = retold.promise.date if retold else None
            yield Delayed(commitment.order, old.completion, commitment.completion, old.told.date, tells)
