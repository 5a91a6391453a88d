"""Random plants with everything a plan knows, and a random life in them: orders, stops, absences, scrap, hurry, hand moves."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from lotone.kernel import Database, Fact, Words
from lotone.plan import (
    Arrival,
    Booking,
    BookingState,
    Calendar,
    CalendarException,
    Demand,
    DoesNotFit,
    HoldLost,
    Maintenance,
    NoCapacity,
    OperationNeed,
    PlanService,
    PlanSettings,
    PromiseMoved,
    Resource,
    ResourceKind,
    ScheduleChanged,
    SetupMatrix,
    Shift,
    Snapshot,
    Store,
    Supply,
    Violation,
    WrongResource,
    check,
    double_booked,
)
from lotone.plan.model.hand import CantMove
from lotone.plan.service.hand import Hand
from lotone.plan.solvers import solve

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
WEEKDAYS = ("Mon-Fri", "Mon-Sat", "Mon-Sun", "Tue,Thu,Sun")
HOURS = (("06:00", "14:00"), ("06:00", "22:00"), ("00:00", "24:00"), ("22:00", "06:00"), ("09:30", "17:15"))
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", "UTC")
STATES = ("red", "blue", "white")
SKILLS = ("weld", "inspect", "mould")
PLANNER = Hand("user_1", "Planner")
EVENTS = {
    "hold": 2, "order": 4, "confirm": 1, "cancel": 1, "expire": 1, "work": 8, "pass": 4, "tick": 2, "down": 2, "up": 2,
    "absent": 2, "back": 2, "slower": 1, "scrap": 2, "rush": 2, "maintain": 1, "call_off": 1, "arrive": 1, "delay": 1,
    "improve": 1, "hand": 2, "lock": 1, "twice": 2,
}  # fmt: skip
"""What happens, and how often of all."""
REFUSED = (NoCapacity, DoesNotFit)
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Plant:
    """A plant as it is set up."""

    calendars: tuple[Calendar, ...]
    resources: tuple[Resource, ...]
    setups: tuple[SetupMatrix, ...]
    transport: dict[tuple[str, str], float]

    @property
    def centers(self) -> list[str]:
        return sorted({each.work_center for each in self.resources if each.is_machine})


def random_plant(chance: Random) -> Plant:
    """Machines with capacity, batches, setups and maintenance; operators and tools; ways; calendars of any kind."""
    calendars = [_calendar(chance, f"cal{number}") for number in range(3)]
    always = Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
    centers = [f"c{number}" for number in range(chance.randint(1, 4))]
    machines = [each for center in centers for each in _machines(chance, center, calendars)]
    people = [_person(chance, number, [always, *calendars]) for number in range(chance.randint(2, 4))]
    mould = Resource("mould-1", "", "always", kind=ResourceKind.TOOL, capacity=chance.choice((1, 2)), skills=("mould",))
    able = Resource("op-all", "", "always", kind=ResourceKind.OPERATOR, skills=("weld", "inspect"))
    pairs = [(one, other) for one in centers for other in centers if one != other]
    ways = {pair: float(chance.choice((3, 12.5, 40))) for pair in pairs if chance.random() < 0.4}
    return Plant((always, *calendars), (*machines, *people, mould, able), (_matrix(chance),), ways)


def _calendar(chance: Random, name: str) -> Calendar:
    shifts = tuple(Shift.from_text(chance.choice(WEEKDAYS), *chance.choice(HOURS)) for _ in range(chance.choice((1, 1, 2))))
    day = MONDAY + timedelta(days=chance.randint(0, 9))
    exceptions = [CalendarException(day, day + timedelta(hours=chance.choice((3, 24))), is_open=chance.random() < 0.4)]
    calendar = Calendar(
        name, chance.choice(ZONES), shifts, tuple(exceptions if chance.random() < 0.5 else ()),
        overtime=(Shift.from_text("Sat", "06:00", "12:00"),), overtime_cost_per_hour=30.0,
    )  # fmt: skip
    return calendar.with_overtime(MONDAY, MONDAY + timedelta(days=7)) if chance.random() < 0.2 else calendar


def _machines(chance: Random, center: str, calendars: list[Calendar]) -> Iterator[Resource]:
    kind = chance.choice(("plain", "plain", "shared", "batch", "setups", "setups", "batch with setups"))
    for number in range(chance.randint(1, 3)):
        start = MONDAY + timedelta(hours=chance.randint(2, 90))
        yield Resource(
            f"{center}-{number}",
            center,
            chance.choice(calendars).id,
            capacity=chance.choice((2, 3)) if kind in ("shared", "batch", "batch with setups") else 1,
            batch="batch" in kind,
            setups="colours" if "setups" in kind else "",
            state=chance.choice(("", *STATES)) if "setups" in kind else "",
            maintenance=(Maintenance(start, start + timedelta(hours=2)),) if chance.random() < 0.2 else (),
        )


def _person(chance: Random, number: int, calendars: list[Calendar]) -> Resource:
    skills = tuple(chance.sample(("weld", "inspect"), chance.choice((1, 1, 2))))
    return Resource(f"op-{number}", "", chance.choice(calendars).id, kind=ResourceKind.OPERATOR, skills=skills)


def _matrix(chance: Random) -> SetupMatrix:
    """Minutes that need not obey the triangle inequality."""
    pairs = [(one, other) for one in STATES for other in STATES if one != other]
    return SetupMatrix("colours", {pair: float(chance.choice((0, 5, 17.5, 60))) for pair in pairs[:-1]}, 25.0)


def random_demand(chance: Random, centers: list[str]) -> Demand:
    """A routing of one to six steps: lines, trees, and things between."""
    needs: list[OperationNeed] = []
    for number in range(chance.randint(1, 6)):
        wait = chance.choice((0, 0, 0, 45.5))
        needs.append(
            OperationNeed(
                f"s{number}",
                chance.choice(centers),
                chance.choice((1, 10, 33.3, 60, 60, 120, 400)),
                after=tuple(need.step for need in needs if chance.random() < 0.4),
                wait_after_minutes=wait,
                wait_most_minutes=wait + chance.choice((60, 240, 3000)) if chance.random() < 0.2 else None,
                parts={chance.choice("ABC"): float(chance.randint(1, 2))} if chance.random() < 0.3 else {},
                setup=chance.choice(("", *STATES)),
                batch=chance.choice(("", "hot", "hot")),
                size=chance.choice((0.5, 1.0, 1.0, 2.0)),
                also=tuple(chance.sample(SKILLS, chance.choice((0, 0, 0, 1, 1, 2)))),
            )
        )
    return Demand(tuple(needs), Words("thing"), chance.choice((1, 1, 1, 2)), chance.choice((1.0, 3.0)))


@dataclass
class Life:
    """A plant with chance events, which works as machines and people do: only what is ready, no more than they can."""

    seed: int
    database: Database
    now: datetime = MONDAY
    wall: datetime = MONDAY
    facts: list[Fact] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    orders: dict[str, frozenset[str]] = field(default_factory=dict)
    """The bookings of each order, as they were when it was confirmed."""
    counts: Counter[str] = field(default_factory=Counter)
    settings: PlanSettings = field(default_factory=PlanSettings)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.supply = Supply({"A": 20.0, "B": 3.0}, (), {"A": 1.0, "B": 3.0, "C": 2.0})
        self.plant = random_plant(self.chance)
        self.again: Callable[[PlanService], object] = lambda plan: None
        with self.plan() as plan:
            plan.set_calendars(self.plant.calendars)
            plan.set_setups(self.plant.setups)
            plan.set_resources(self.plant.resources)
            plan.set_transport(self.plant.transport)
        self.machines = [each.work_unit for each in self.plant.resources if each.is_machine]
        self.people = [each.work_unit for each in self.plant.resources if not each.is_machine]

    @contextmanager
    def plan(self) -> Iterator[PlanService]:
        with self.database.work() as connection:
            told: list[Fact] = []
            yield PlanService(
                Store(connection, "demo"), lambda: self.now, lambda: self.wall, told.append, lambda: self.supply, self.settings
            )
        self.facts += told

    def snapshot(self) -> Snapshot:
        with self.plan() as plan:
            return plan.snapshot()

    def live(self, events: int) -> None:
        """So many events by chance, each checked."""
        names, weights = list(EVENTS), list(EVENTS.values())
        for event in self.chance.choices(names, weights, k=events):
            self.happen(event)
            self.check()

    def happen(self, event: str) -> None:
        self.counts[event] += 1
        getattr(self, f"_{event}")()

    def _do(self, act: Callable[[PlanService], object]) -> None:
        with self.plan() as plan:
            act(plan)
        self.again = act

    # buyers

    def _hold(self) -> None:
        demand = random_demand(self.chance, self.plant.centers)
        try:
            with self.plan() as plan:
                held = plan.hold(demand)
        except REFUSED:
            self.counts["refused"] += 1
            return
        self.holds.append(held.id)

    def _confirm(self) -> None:
        if not self.holds:
            return
        hold, order = self.holds.pop(0), f"order-{len(self.orders)}"
        try:
            self._do(lambda plan: plan.confirm(hold, order))
        except (HoldLost, *REFUSED):
            self.counts["lost"] += 1
            return
        with self.plan() as plan:
            self.orders[order] = frozenset(each.id for each in plan.bookings_of(order))

    def _order(self) -> None:
        before = len(self.holds)
        self._hold()
        if len(self.holds) > before:
            self.holds.insert(0, self.holds.pop())
            self._confirm()

    def _cancel(self) -> None:
        if self.orders and self.chance.random() < 0.5:
            order = self.chance.choice(list(self.orders))
            self._do(lambda plan: plan.cancel(order))

    def _expire(self) -> None:
        self.wall += timedelta(minutes=16)
        self.holds.clear()
        self._do(lambda plan: plan.drop_expired())

    # time

    def _pass(self) -> None:
        time = timedelta(minutes=self.chance.choice((1, 7, 20, 61.7, 500)))
        self.now, self.wall = self.now + time, self.wall + time

    def _tick(self) -> None:
        now = self.now
        self._do(lambda plan: plan.right_shift(now))

    def _twice(self) -> None:
        """The last thing again, and once more: nothing changes."""
        with self.plan() as plan:
            self.again(plan)
            version = plan.version()
            self.again(plan)
            assert plan.version() == version, "said twice, it changed the plan again"

    # the floor

    def _work(self) -> None:
        """Each machine ends what it does, or begins what is ready."""
        for unit in self.machines:
            snapshot = self.snapshot()
            if snapshot.resources[unit].is_down or self.chance.random() < 0.2:
                continue
            queue = snapshot.queues[unit].bookings if unit in snapshot.queues else ()
            started = [each for each in queue if each.state is BookingState.STARTED]
            ready = [each for each in queue if each.order is not None and self._may_begin(snapshot, each, started)]
            if started and (not ready or self.chance.random() < 0.6):
                self._end(self.chance.choice(started))
            elif ready:
                self._begin(ready[0])

    def _may_begin(self, snapshot: Snapshot, booking: Booking, started: list[Booking]) -> bool:
        commitment, machine = snapshot.commitments[booking.commitment], snapshot.resources[booking.work_unit]
        need, now = commitment.need(booking), self.now
        needs_setup = bool(machine.setups and need.setup and need.setup != machine.state)
        if not booking.state.waits or (booking.start > now and (need.parts or needs_setup)):
            return False
        load = sum(snapshot.commitments[each.commitment].need(each).size for each in started)
        if started and (machine.is_plain or machine.batch or machine.setups or load + need.size > machine.capacity):
            return False
        busy = {name for each in snapshot.open_bookings() if each.state is BookingState.STARTED for name in each.crew}
        if any(name in busy or snapshot.resources[name].is_down for name in booking.crew):
            return False
        before = commitment.before(booking)
        return all(each.state is BookingState.DONE and each.end + wait <= now for each, wait in before)

    def _begin(self, booking: Booking) -> None:
        at = self.now
        self._do(lambda plan: plan.released(booking.id, at))
        if self.chance.random() < 0.8:
            self._do(lambda plan: plan.started(booking.id, at))

    def _end(self, booking: Booking) -> None:
        at = self.now
        if at <= booking.start:
            return
        if self.chance.random() < 0.3:
            percent = self.chance.random() * 100
            self._do(lambda plan: plan.progressed(booking.id, percent, at))
        else:
            self._do(lambda plan: plan.material_taken(booking.id))
            self._do(lambda plan: plan.finished(booking.id, at))

    def _scrap(self) -> None:
        made = [each for each in self._bookings() if each.state in (BookingState.STARTED, BookingState.DONE)]
        if made:
            booking, at, parts = self.chance.choice(made), self.now, self.chance.random() < 0.5
            self._do(lambda plan: plan.scrapped(booking.id, at, with_parts=parts))

    def _bookings(self) -> list[Booking]:
        return [each for commitment in self.snapshot().commitments.values() for each in commitment.bookings]

    # machines and people

    def _down(self) -> None:
        unit, minutes = self.chance.choice(self.machines), self.chance.choice((5, 90, 600))
        at = self.now - timedelta(seconds=self.chance.randint(0, 90))
        self._do(lambda plan: plan.machine_down(unit, at, minutes))

    def _up(self) -> None:
        unit, at = self.chance.choice(self.machines), self.now
        self._do(lambda plan: plan.machine_up(unit, at))

    def _absent(self) -> None:
        name, minutes, at = self.chance.choice(self.people), self.chance.choice((30, 480)), self.now
        self._do(lambda plan: plan.absent(name, at, minutes))

    def _back(self) -> None:
        name, at = self.chance.choice(self.people), self.now
        self._do(lambda plan: plan.back(name, at))

    def _slower(self) -> None:
        unit, factor, at = self.chance.choice(self.machines), self.chance.choice((0.8, 1.0, 1.3, 2.0)), self.now
        try:
            self._do(lambda plan: plan.slower(unit, factor, at))
        except WrongResource:
            self.counts["refused slower"] += 1

    def _maintain(self) -> None:
        unit, start = self.chance.choice(self.machines), self.now + timedelta(minutes=self.chance.randint(0, 3000))
        minutes = self.chance.choice((15, 240))
        self._do(lambda plan: plan.advise_maintenance(unit, start, minutes))

    def _call_off(self) -> None:
        known = [(name, each.start) for name, x in self.snapshot().resources.items() for each in x.maintenance]
        if known:
            unit, start = self.chance.choice(known)
            self._do(lambda plan: plan.call_off_maintenance(unit, start))

    # material

    def _arrive(self) -> None:
        due = Arrival("B", 4.0, self.now + timedelta(days=self.chance.randint(0, 3)), Words("K"))
        self.supply = replace(self.supply, arriving=(*self.supply.arriving[-3:], due))
        self._do(lambda plan: plan.material_changed())

    def _delay(self) -> None:
        later = (replace(each, at=each.at + timedelta(days=1)) for each in self.supply.arriving)
        self.supply = replace(self.supply, arriving=tuple(later))
        self._do(lambda plan: plan.material_changed())

    # planners

    def _rush(self) -> None:
        if self.orders:
            order = self.chance.choice(list(self.orders))
            with self.plan() as plan:
                plan.rush(order)

    def _improve(self) -> None:
        with self.plan() as plan:
            plan.improve(0.05, solve)

    def _hand(self) -> None:
        movable = [each for each in self._bookings() if each.state is BookingState.PLANNED]
        if movable:
            booking = self.chance.choice(movable)
            start = self.now + timedelta(minutes=self.chance.randint(0, 2000))
            try:
                with self.plan() as plan:
                    plan.move(booking.id, booking.work_unit, start, PLANNER)
                self.counts["moved by hand"] += 1
            except CantMove:
                self.counts["refused by hand"] += 1

    def _lock(self) -> None:
        movable = [each for each in self._bookings() if each.state is BookingState.PLANNED]
        if movable:
            booking = self.chance.choice(movable)
            with self.plan() as plan:
                (plan.unlock if booking.locked else plan.lock)(booking.id, PLANNER)

    # what must hold

    def check(self) -> None:
        """Nothing is planned that can't be, promises are kept or told anew, nothing is lost or doubled."""
        with self.plan() as plan:
            plan.right_shift(self.now)
            snapshot = plan.snapshot()
        faults = [f"{each.kind}: {each.words} {each.bookings}" for each in self._faults(snapshot)]
        assert not faults, "; ".join(faults)
        self._check_promises(snapshot)
        self._check_nothing_lost()

    def _faults(self, snapshot: Snapshot) -> list[Violation]:
        """Without what may be a little late, and longest waits after what has begun: nobody can change these any more."""
        begun = {
            each.id for commitment in snapshot.commitments.values() for each in commitment.bookings if not each.state.waits
        }
        patience = self.now - timedelta(minutes=self.settings.late_minutes)
        fresh = {each.id for each in snapshot.open_bookings() if each.start >= patience}
        found = [each for each in check(snapshot) if each.kind != "past" or each.bookings[0] not in fresh]
        broken = [each for each in found if each.kind == "wait" and each.bookings[0] in begun]
        self.counts["broken waits seen"] += len(broken)
        return [each for each in found if each not in broken]

    def _check_promises(self, snapshot: Snapshot) -> None:
        told = {each.order: each.after for each in self.facts if isinstance(each, PromiseMoved)}
        moves = Counter(each.order for each in self.facts if isinstance(each, PromiseMoved))
        with self.plan() as plan:
            tracked = plan.promises()
        for each in tracked:
            assert each.completion + self.settings.packing <= each.told.date, f"nobody told {each.order} that it is late"
            assert each.moves == moves[each.order]
            assert told.get(each.order, each.told.date) == each.told.date

    def _check_nothing_lost(self) -> None:
        with self.plan() as plan:
            everything, snapshot = plan.schedule(*EVER), plan.snapshot()
            for order, bookings in self.orders.items():
                own = plan.bookings_of(order)
                assert {each.id for each in own} == bookings
                assert len({each.place for each in own}) == len(own)
        needs = {x.id: commitment.need(x) for commitment in snapshot.commitments.values() for x in commitment.bookings}
        sizes = {name: need.size for name, need in needs.items()}
        known = [each for each in everything if each.id in sizes or snapshot.resources[each.work_unit].is_plain]
        doubled = [str(each) for each in double_booked(known, snapshot.resources, sizes)]
        assert not doubled, "; ".join(doubled)

    def reports(self) -> Counter[str]:
        """How often the plan told what."""
        causes = Counter(each.cause for each in self.facts if isinstance(each, ScheduleChanged))
        causes["promises moved"] = sum(isinstance(each, PromiseMoved) for each in self.facts)
        return causes
