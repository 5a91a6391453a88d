"""The machine itself, without any protocol: states, jobs, breakdowns, signals and counters. Pure: time is handed in."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from lotone.demo.machines.model import DataType, Job, MachineSpec, Meaning, State, Stop, TagSpec, Value, microseconds
from lotone.demo.machines.signals import Sensor, is_fault, measured, rounded, sensors_of

MILLISECOND = 1_000
MINUTE = 60_000_000
HOUR = 60 * MINUTE
CYCLE_MINUTES = "cycle_minutes"
KILOWATTS = {"kW": 1.0, "W": 1000.0}
"""Power meters say what the energy counter counts."""
DONE_KEPT = 1_000
"""So many finished jobs are remembered: a request for one of them has no effect."""

Recorded = Callable[[int], Mapping[str, float]]
"""Recorded sensor values (by tag name) for a moment of plant time."""


class Refused(Exception):
    """A write of which the machine takes nothing. `reasons` by tag name: (kind, sentence); protocols answer by kind."""

    def __init__(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, (_, reason) in reasons.items()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Frame:
    """What the machine says of one instant: all values share the source time (µs since 1970, whole milliseconds)."""

    time: int
    values: Mapping[str, Value]


@dataclass
class Memory:
    """What survives a restart. Plain values only."""

    reached: int
    """Simulated up to here (µs)."""
    spoken: int = 0
    """The time of the last frame."""
    state: int = State.IDLE
    request: int = 0
    job: int = 0
    job_state: int = Job.NONE
    worked: float = 0.0
    """µs of work done on the job."""
    duration: float = 0.0
    """µs of work that the job takes."""
    load: float = 1.0
    """How hard the job is, about 1."""
    job_kwh: float = 0.0
    kwh: float = 0.0
    good: int = 0
    wear: float = 0.0
    """µs of running since the last repair."""
    until_failure: float | None = None
    """µs of running until the next random breakdown."""
    down_until: int = 0
    fault: str = ""
    breakdowns: int = 0
    stops_done: list[int] = field(default_factory=list)
    wanted: dict[str, Value] = field(default_factory=dict)
    """Parameters as they were written."""
    used: dict[str, Value] = field(default_factory=dict)
    """Parameters of the job that runs or ran last."""
    done: list[int] = field(default_factory=list)
    levels: dict[str, float] = field(default_factory=dict)
    checks: dict[str, Value] = field(default_factory=dict)
    said: dict[str, tuple[int, Value]] = field(default_factory=dict)
    """What each tag said last, and when."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Memory":
        names = {each.name for each in fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        said = {name: (int(time), value) for name, (time, value) in known.pop("said", {}).items()}
        return cls(**known, said=said)


class Machine:
    """One simulated machine.

    It obeys the job protocol: parameters and a request (a job's number) are written; an idle machine starts the requested job
    if it is neither its present one nor one it already did; a request that comes while it works waits. A breakdown
    interrupts the job and never loses it. Values are said when they change; when a job starts, its parameters are said again.
    """

    def __init__(self, spec: MachineSpec, memory: Memory, *, recorded: Recorded | None = None) -> None:
        self.spec = spec
        self.memory = memory
        self.recorded = recorded
        self.tags = {tag.name: tag for tag in spec.tags}
        self.sensors = sensors_of(spec.tags)
        self.always: frozenset[str] = frozenset()
        """Tags that every frame carries, changed or not."""
        self._cycle = next((tag.name for tag in spec.tags if _is_cycle(tag)), "")
        self._request = next(tag.name for tag in spec.tags if tag.meaning == Meaning.REQUEST)
        self._idle_kw, self._running_kw = _kilowatts(spec)
        for sensor in self.sensors:
            memory.levels.setdefault(sensor.tag.name, self._target(sensor))
        for tag in spec.tags:
            if _is_parameter(tag):
                memory.wanted.setdefault(tag.name, _first(tag))
        if memory.until_failure is None and spec.behaviour.hours_between_failures:
            memory.until_failure = self._draw_failure()

    # what others do with it

    def advance(self, now: int) -> list[Frame]:
        """Let time pass until `now` (µs, plant). Returns what was said: a frame for every event at its time, and one for now.

        Time never goes back: a `now` before what was reached changes nothing.
        """
        frames = []
        while True:
            event_at, event = self._next_event()
            if event_at > now:
                break
            self._pass(max(event_at, self.memory.reached))
            frames += self._say(forced=event())
        if now > self.memory.reached:
            self._pass(now)
            frames += self._say()
        return frames

    def write(self, values: Mapping[str, Value], now: int) -> list[Frame]:
        """Take parameters and a request, all or none. Raises Refused. Returns what the machine said."""
        taken, refused = {}, {}
        for name, value in values.items():
            try:
                taken[name] = self._accept(name, value)
            except _Wrong as fault:
                refused[name] = fault.args
        if refused:
            raise Refused(refused)
        frames = self.advance(now)
        for name, value in taken.items():
            if name == self._request:
                self.memory.request = int(value)
            else:
                self.memory.wanted[name] = value
        frames += self._say()
        return frames + self.advance(max(now, self.memory.reached))

    # events

    def _next_event(self) -> tuple[int, Callable[[], set[str]]]:
        """The next thing that happens by itself: when, and what does it. It returns the tags to say even if unchanged."""
        memory = self.memory
        events: list[tuple[int, Callable[[], set[str]]]] = []
        if memory.state == State.DOWN:
            events.append((memory.down_until, self._repaired))
        elif memory.state == State.IDLE and self._may_start(memory.request):
            events.append((memory.reached, self._start))
        elif memory.state == State.RUNNING:
            events.append((memory.reached + math.ceil(memory.duration - memory.worked), self._finish))
            if memory.until_failure is not None:
                events.append((memory.reached + math.ceil(memory.until_failure), self._fail_by_chance))
        if memory.state != State.DOWN:
            events += [(at, _call(self._stop, number)) for number, at in self._stops_ahead()]
        return min(events, key=lambda event: event[0], default=(2**63, set))

    def _may_start(self, request: int) -> bool:
        return request > 0 and request != self.memory.job and request not in self.memory.done

    def _stops_ahead(self) -> list[tuple[int, int]]:
        """Scripted stops whose moment is known: (number, time)."""
        ahead = []
        for number, stop in enumerate(self.spec.stops):
            if number in self.memory.stops_done:
                continue
            at = self._moment_of(stop)
            if at is not None:
                ahead.append((number, max(at, self.memory.reached)))
        return ahead

    def _moment_of(self, stop: Stop) -> int | None:
        memory = self.memory
        if stop.after_jobs is not None and memory.good < stop.after_jobs:
            return None
        earliest = memory.reached if stop.at is None else microseconds(stop.at)
        if not stop.progress:
            return earliest
        if memory.state != State.RUNNING:
            return None
        return max(earliest, memory.reached + math.ceil(memory.duration * stop.progress / 100 - memory.worked))

    def _start(self) -> set[str]:
        memory, behaviour = self.memory, self.spec.behaviour
        memory.job, memory.job_state, memory.state = memory.request, Job.RUNNING, State.RUNNING
        memory.used = dict(memory.wanted)
        memory.worked = memory.job_kwh = 0.0
        chance = self._chance("job", memory.job)
        planned = float(memory.used.get(self._cycle, 0)) or behaviour.default_minutes
        spread = math.sqrt(math.log(1 + behaviour.variation**2))
        factor = behaviour.mean_factor * chance.lognormvariate(-(spread**2) / 2, spread)
        memory.duration = max(planned * factor * MINUTE, MILLISECOND)
        memory.load = min(max(chance.gauss(1.0, 0.05), 0.8), 1.2)
        meanings = (Meaning.PARAMETER, Meaning.PROGRESS, Meaning.JOB_ENERGY)
        return {tag.name for tag in self.spec.tags if tag.meaning in meanings}

    def _finish(self) -> set[str]:
        memory = self.memory
        memory.worked = memory.duration
        memory.job_state, memory.state = Job.DONE, State.IDLE
        memory.good += 1
        memory.done = [*memory.done, memory.job][-DONE_KEPT:]
        chance = self._chance("check", memory.job)
        checks = [tag for tag in self.spec.tags if tag.meaning == Meaning.CHECK]
        memory.checks = {tag.name: measured(tag, chance) for tag in checks}
        return set(memory.checks)

    def _fail_by_chance(self) -> set[str]:
        chance = self._chance("repair", self.memory.breakdowns)
        minutes = self.spec.behaviour.repair_minutes * chance.lognormvariate(-0.08, 0.4)
        return self._go_down(minutes, f"F{chance.randint(100, 199)}")

    def _stop(self, number: int) -> set[str]:
        self.memory.stops_done.append(number)
        stop = self.spec.stops[number]
        return self._go_down(stop.minutes, stop.code)

    def _go_down(self, minutes: float, code: str) -> set[str]:
        memory = self.memory
        memory.state, memory.fault = State.DOWN, code
        memory.down_until = memory.reached + max(round(minutes * MINUTE), MILLISECOND)
        memory.breakdowns += 1
        return set()

    def _repaired(self) -> set[str]:
        memory = self.memory
        memory.state = State.RUNNING if memory.job_state == Job.RUNNING else State.IDLE
        memory.fault, memory.wear = "", 0.0
        if self.spec.behaviour.hours_between_failures:
            memory.until_failure = self._draw_failure()
        return set()

    def _draw_failure(self) -> float:
        hours = self.spec.behaviour.hours_between_failures or 0.0
        return self._chance("failure", self.memory.breakdowns).expovariate(1 / (hours * HOUR))

    # time passes

    def _pass(self, until: int) -> None:
        memory = self.memory
        passed = until - memory.reached
        memory.reached = until
        kwh = self._kilowatts() * passed / HOUR
        memory.kwh += kwh
        if memory.state == State.RUNNING:
            memory.worked = min(memory.worked + passed, memory.duration)
            memory.wear += passed
            memory.job_kwh += kwh
            if memory.until_failure is not None:
                memory.until_failure = max(memory.until_failure - passed, 0.0)
        for sensor in self.sensors:
            name = sensor.tag.name
            memory.levels[name] = sensor.settled(memory.levels[name], self._target(sensor), passed / 1e6)

    def _target(self, sensor: Sensor) -> float:
        memory = self.memory
        if sensor.tag.unit in KILOWATTS:
            return min(max(self._kilowatts() * KILOWATTS[sensor.tag.unit], sensor.low), sensor.high)
        return sensor.target(State(memory.state), used=memory.used, load=memory.load, wear_hours=memory.wear / HOUR)

    def _kilowatts(self) -> float:
        if self.memory.state == State.RUNNING:
            return self._running_kw * self.memory.load
        return self._idle_kw * (0.25 if self.memory.state == State.DOWN else 1.0)

    # speaking

    def _say(self, forced: set[str] | frozenset[str] = frozenset()) -> list[Frame]:
        memory = self.memory
        time = max(memory.reached // MILLISECOND * MILLISECOND, memory.spoken + MILLISECOND)
        values = self._read(time)
        said = memory.said
        new = {
            name: value
            for name, value in values.items()
            if name in forced or name in self.always or name not in said or said[name][1] != value
        }
        if not new:
            return []
        memory.spoken = time
        memory.reached = max(memory.reached, time)
        said.update({name: (time, value) for name, value in new.items()})
        return [Frame(time, new)]

    def _read(self, time: int) -> dict[str, Value]:
        chance = self._chance("noise", time)
        state = State(self.memory.state)
        values = {name: self._reads(name) for name, tag in self.tags.items() if tag.meaning != Meaning.SENSOR}
        for sensor in self.sensors:
            level = sensor.noisy(self.memory.levels[sensor.tag.name], state, chance)
            values[sensor.tag.name] = rounded(sensor.tag, level)
        for name, level in (self.recorded(time) if self.recorded else {}).items():
            values[name] = rounded(self.tags[name], level)
        for name, tag in self.tags.items():
            if name not in values:
                values[name] = self._other_sensor(tag, state)
        return values

    def _reads(self, name: str) -> Value:
        """What a tag that is no sensor says now."""
        tag, memory = self.tags[name], self.memory
        if tag.meaning == Meaning.PARAMETER:
            return (memory.used if memory.job_state == Job.RUNNING else memory.wanted).get(name, _first(tag))
        if tag.meaning == Meaning.CHECK:
            return memory.checks.get(name, _first(tag))
        progress = 100.0 * (memory.worked / memory.duration) if memory.duration else 0.0
        plain: dict[Meaning, float | int] = {
            Meaning.STATE: int(memory.state),
            Meaning.JOB: memory.job,
            Meaning.JOB_STATE: int(memory.job_state),
            Meaning.REQUEST: memory.request,
            Meaning.GOOD: memory.good,
            Meaning.SCRAP: 0,
            Meaning.PROGRESS: math.floor(progress * 10) / 10,  # 100 only when the job is done
            Meaning.JOB_ENERGY: round(memory.job_kwh, 4),
            Meaning.ENERGY: round(memory.kwh, 3),
        }
        value = plain[tag.meaning]
        return int(value) if tag.data_type == DataType.INTEGER else float(value)

    def _other_sensor(self, tag: TagSpec, state: State) -> Value:
        if is_fault(tag):
            code = self.memory.fault
            return code if tag.data_type == DataType.TEXT else int("".join(filter(str.isdigit, code)) or bool(code))
        return state == State.RUNNING if tag.data_type == DataType.BOOLEAN else _first(tag)

    def _accept(self, name: str, value: Value) -> Value:
        tag = self.tags.get(name)
        if tag is None:
            raise _Wrong("unknown", "the machine has no such tag")
        if tag.meaning not in (Meaning.PARAMETER, Meaning.REQUEST):
            raise _Wrong("read_only", "can't be written")
        return accepted(tag, value)

    def _chance(self, *what: object) -> random.Random:
        return random.Random(f"{self.spec.behaviour.seed}/{self.spec.machine}/{'/'.join(map(str, what))}")  # noqa: S311


class _Wrong(Exception):
    """(kind, reason) why a value is not taken."""


def accepted(tag: TagSpec, value: Value) -> Value:
    """The value in the tag's own type; raises when it is no such value or out of range."""
    if tag.data_type == DataType.TEXT:
        if not isinstance(value, str) or len(value) > 1_000:
            raise _Wrong("type", "must be a text of at most 1000 characters")
        return value
    if tag.data_type == DataType.BOOLEAN:
        if value not in (True, False):
            raise _Wrong("type", "must be true or false")
        return bool(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise _Wrong("type", "must be a number")
    if tag.data_type == DataType.INTEGER and (value != int(value) or abs(value) >= 2**53):
        raise _Wrong("type", "must be a whole number below 2^53")
    low = 0 if tag.meaning == Meaning.REQUEST else tag.low
    if (low is not None and value < low) or (tag.high is not None and value > tag.high):
        raise _Wrong("range", f"{value:g} is outside {low} to {tag.high}")
    return int(value) if tag.data_type == DataType.INTEGER else float(value)


def _first(tag: TagSpec) -> Value:
    """What a tag says before anything set it."""
    match tag.data_type:
        case DataType.TEXT:
            return ""
        case DataType.BOOLEAN:
            return False
        case DataType.INTEGER:
            return max(0, round(tag.low or 0))
        case _:
            return max(0.0, float(tag.low or 0))


def _kilowatts(spec: MachineSpec) -> tuple[float, float]:
    """What the machine draws when it is idle and when it runs."""
    highs = [tag.high / KILOWATTS[tag.unit] for tag in spec.tags if tag.unit in KILOWATTS and tag.high]
    high = max(highs, default=4.0)
    idle, running = spec.behaviour.idle_kw, spec.behaviour.running_kw
    return (0.04 * high if idle is None else idle, 0.6 * high if running is None else running)


def _is_parameter(tag: TagSpec) -> bool:
    return tag.meaning == Meaning.PARAMETER


def _is_cycle(tag: TagSpec) -> bool:
    numeric = tag.data_type in (DataType.NUMBER, DataType.INTEGER)
    return _is_parameter(tag) and numeric and tag.name.lower().replace("-", "_") == CYCLE_MINUTES


def _call(act: Callable[[int], set[str]], number: int) -> Callable[[], set[str]]:
    return lambda: act(number)
