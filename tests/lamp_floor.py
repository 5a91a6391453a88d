"""The floor of the lamp factory: machines that do what they are sent and report it, and a clockwork that runs them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from lamp_factory import CENTERS, WORK_UNITS, LampFactory, Work
from lotone import assets, historian, insight, make, orders
from lotone.assets import DataType, JobState, MachineState, Meaning, Sample, Tag, Value
from lotone.kernel import Fact, Words
from lotone.make.model.passport import Signals

Pair = tuple[Tag, Sample]
COMMON = (
    ("state", DataType.INTEGER, Meaning.STATE),
    ("job", DataType.INTEGER, Meaning.JOB),
    ("job_state", DataType.INTEGER, Meaning.JOB_STATE),
    ("progress", DataType.NUMBER, Meaning.PROGRESS),
    ("job_energy", DataType.NUMBER, Meaning.JOB_ENERGY),
    ("good", DataType.INTEGER, Meaning.GOOD),
    ("request", DataType.INTEGER, Meaning.REQUEST),
    ("cycle_minutes", DataType.NUMBER, Meaning.PARAMETER),
    ("vibration", DataType.NUMBER, Meaning.SENSOR),
)
OWN = {
    "cutting": (("length", DataType.INTEGER, Meaning.PARAMETER),),
    "paint": (("colour", DataType.INTEGER, Meaning.PARAMETER), ("pressure", DataType.NUMBER, Meaning.PARAMETER)),
    "assembly": (("voltage", DataType.NUMBER, Meaning.CHECK), ("leakage", DataType.NUMBER, Meaning.CHECK)),
}
GOOD_RESULTS = {"voltage": 230.0, "leakage": 0.1}


def tags_of(work_unit: str) -> list[Tag]:
    described = COMMON + OWN[WORK_UNITS[work_unit]]
    return [
        Tag(
            0, work_unit, name, Words(name), data_type, meaning,
            resolution=0.1 if name == "pressure" else None,
            writable=meaning in (Meaning.PARAMETER, Meaning.REQUEST),
        )
        for name, data_type, meaning in described
    ]  # fmt: skip


def no_signals(_work_unit: str, _start: datetime, _end: datetime) -> Mapping[str, make.Summary]:
    return {}


@dataclass
class FloorWork(Work):
    """A transaction in which things are made too."""

    @property
    def floor(self) -> "LampFloor":
        assert isinstance(self.factory, LampFloor)
        return self.factory

    @property
    def signals(self) -> Signals:
        if self.floor.recorder is None:
            return no_signals
        return make.SensorSignals(self.floor.recorder, self.organization, self.assets)

    @cached_property
    def insight(self) -> insight.InsightService:
        store = insight.Store(self.connection, self.organization)
        return insight.InsightService(store, self.factory.clock, self.facts.append)

    @cached_property
    def make(self) -> make.MakeService:
        return make.MakeService(
            make.Store(self.connection, self.organization),
            clock=self.factory.clock,
            wall=self.factory.wall_clock,
            tell=self.facts.append,
            assets=self.assets,
            configure=self.configure,
            insight=self.insight,
            market=self.market,
            plan=self.plan,
            orders=self.orders,
            signals=self.signals,
        )

    def observe(self, pairs: Iterable[Pair]) -> None:
        """As the recorder does: both read the same samples in one transaction."""
        known = list(pairs)
        self.insight.observe(known)
        self.make.observe(known)

    def react(self) -> None:
        """What wiring makes of facts; every reaction may tell more."""
        done = 0
        while done < len(self.facts):
            fact = self.facts[done]
            done += 1
            match fact:
                case orders.OrderPlaced():
                    self.make.create_units(fact.order)
                case orders.OrderCancelled():
                    self.make.cancel_units(fact.order)
                case make.OperationStarted():
                    self.orders.work_began(fact.order)
                case make.UnitCompleted():
                    self.orders.unit_completed(fact.order, fact.at, left=fact.left)


@dataclass
class Machine:
    """A machine after the job protocol. It keeps its own time in microseconds, which only grows."""

    work_unit: str
    tags: dict[str, Tag]
    time: int = 0
    job: int = 0
    energy: float = 0.0
    good: int = 0
    settings: dict[str, Value] = field(default_factory=dict)

    def say(self, at: datetime, **values: Value) -> list[Pair]:
        """All tags of one instant share one source time."""
        self.time = max(assets.microseconds(at), self.time + 1)
        return [(self.tags[name], Sample(self.tags[name].number, self.time, value)) for name, value in values.items()]

    def wake(self, at: datetime, state: MachineState = MachineState.IDLE) -> list[Pair]:
        return self.say(at, state=state.number, job=self.job, job_state=0)

    def begin(self, release: make.Release, at: datetime) -> list[Pair]:
        """Start what was requested; the parameters are read back as this machine keeps them."""
        number = release.values[release.request]
        assert isinstance(number, int)
        self.job, self.energy = number, 0.0
        self.settings = {name: self._kept(name, value) for name, value in release.values.items() if name != release.request}
        running = {"state": MachineState.RUNNING.number, "job_state": JobState.RUNNING.number}
        return self.say(at, job=self.job, progress=0.0, job_energy=0.0, **running, **self.settings)

    def _kept(self, name: str, value: Value) -> Value:
        if name == "pressure" and isinstance(value, float):
            return round(value, 1)
        return value

    def go_on(self, at: datetime, percent: float) -> list[Pair]:
        self.energy = percent / 100
        return self.say(at, progress=percent, job_energy=self.energy, vibration=percent / 10, **self.settings)

    def end(self, at: datetime, results: Mapping[str, Value] | None = None, state: JobState = JobState.DONE) -> list[Pair]:
        self.good += state is JobState.DONE
        own = {name for name, _type, meaning in OWN[WORK_UNITS[self.work_unit]] if meaning is Meaning.CHECK}
        measured = {name: value for name, value in (GOOD_RESULTS if results is None else results).items() if name in own}
        return self.say(
            at,
            state=MachineState.IDLE.number,
            job_state=state.number,
            progress=100.0,
            job_energy=1.0,
            good=self.good,
            **measured,
        )

    def whole_job(self, release: make.Release, at: datetime, minutes: float, **more: Any) -> list[Pair]:
        begun = self.begin(release, at)
        quarters = [self.go_on(at + timedelta(minutes=minutes * share / 4), 25.0 * share) for share in (1, 2, 3)]
        ended = self.end(at + timedelta(minutes=minutes), **more)
        return [pair for pairs in (begun, *quarters, ended) for pair in pairs]


@dataclass
class LampFloor(LampFactory):
    """The factory with its machines."""

    machines: dict[str, Machine] = field(default_factory=dict)
    recorder: historian.Historian | None = None
    heard: list[Pair] = field(default_factory=list)

    @contextmanager
    def work(self, organization: str | None = None) -> Iterator[FloorWork]:
        with self.database.work() as connection:
            work = FloorWork(self, connection, organization or self.organization, [])
            yield work
            work.react()
        self.facts += work.facts

    def start_machines(self) -> "LampFloor":
        with self.work() as work:
            for work_unit in WORK_UNITS:
                tags = work.assets.add_tags(tags_of(work_unit))
                self.machines[work_unit] = Machine(work_unit, {tag.name: tag for tag in tags})
        self.observe(pair for machine in self.machines.values() for pair in machine.wake(self.now - timedelta(minutes=1)))
        return self

    def observe(self, pairs: Iterable[Pair]) -> None:
        known = list(pairs)
        self.heard += known
        with self.work() as work:
            work.observe(known)

    def dispatch(self) -> list[make.Release]:
        """What the planner does as time passes, in two transactions as it does."""
        with self.work() as work:
            work.market.deliver_due(self.now)
            work.plan.right_shift(self.now)
            work.orders.hand_over(self.now)
        with self.work() as work:
            return work.make.dispatch(self.now)

    def run(self, chance: Random, *, until_done: int, days: int = 14, failing: float = 0.0) -> None:
        """Let machines do what is dispatched, in random times, with some repeated, late and shuffled reports."""
        ends: dict[str, datetime] = {}
        late: list[Pair] = []
        limit = self.now + timedelta(days=days)
        while self.now < limit:
            for release in self.dispatch():
                machine = self.machines[release.work_unit]
                if machine.job == release.work_order:
                    continue
                minutes = float(release.values["cycle_minutes"]) * chance.uniform(0.85, 1.15)
                ends[release.work_unit] = self.now + timedelta(minutes=minutes)
                self.observe(_muddled(chance, machine.begin(release, self.now), late))
                half = self.now + timedelta(minutes=minutes / 2)
                late += machine.go_on(half, 50.0)
            with self.work() as work:
                for stuck in work.make.problems():
                    if stuck.state is make.WorkState.FAILED:
                        work.make.retry(stuck.number)
                if work.make.count_units().get(make.UnitState.COMPLETED, 0) >= until_done:
                    break
            self._advance(ends)
            for work_unit in [unit for unit, end in ends.items() if end <= self.now]:
                end = ends.pop(work_unit)
                results = {"voltage": 260.0, "leakage": 0.1} if chance.random() < failing else None
                self.observe(_muddled(chance, self.machines[work_unit].end(end, results), late))
        self.observe(_muddled(chance, [], late))

    def _advance(self, ends: Mapping[str, datetime]) -> None:
        step = timedelta(minutes=10 if ends else 60)
        then = min([self.now + step, *ends.values()])
        minutes = max((then - self.now).total_seconds() / 60, 0.05)
        self.pass_time(minutes)

    def state(self) -> dict[str, Any]:
        """Everything that must be the same however the reports were heard."""
        with self.work() as work:
            units = {unit.id: unit for unit in work.make.units()}
            return {
                "units": {unit.serial: (unit.state, unit.completed_at) for unit in units.values()},
                "work": {
                    each.number: (
                        units[each.unit].serial, each.step, each.attempt, each.state, each.work_unit, each.started_at,
                        each.ended_at, each.energy_kwh, dict(each.used), dict(each.results), each.has_parts, each.problem,
                    )
                    for each in work.make.work_orders()
                },
                "parts": {
                    unit.serial: [(used.step, used.part, used.lot, used.quantity) for used in work.make.lots_of(unit.serial)]
                    for unit in units.values()
                },
                "stock": {lot.id: lot.left for lot in work.assets.lots()},
                "orders": {order.number: order.state for order in work.orders.orders()},
                "bookings": {
                    (order.number, booking.unit, booking.step): (booking.work_unit, booking.state)
                    for order in work.orders.orders()
                    for booking in work.plan.bookings_of(order.id)
                },
            }  # fmt: skip


def _muddled(chance: Random, pairs: list[Pair], late: list[Pair]) -> list[Pair]:
    """Reports with what came late and a few once more, in a random order."""
    heard = [*pairs, *late, *chance.sample(pairs, k=min(2, len(pairs)))]
    late.clear()
    chance.shuffle(heard)
    return heard


def told(facts: Iterable[Fact], *kinds: type[Fact]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, kinds)]


__all__ = ["CENTERS", "FloorWork", "LampFloor", "Machine", "Pair", "told"]
