"""Machine states over time: pure rules from samples to runs of one state, stops, and times per state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from lotone.assets import BAD, MachineState, Sample, Tag, moment

BACK = frozenset({MachineState.RUNNING, MachineState.IDLE})
"""A stop lasts until one of these: a machine that is switched off, or silent, while it is down is still down."""


@dataclass(frozen=True)
class Mark:
    """What a machine said of its state at a moment (microseconds since 1970, plant time)."""

    time: int
    sequence: int
    tag: int
    state: MachineState
    receive_time: int = 0

    @property
    def identity(self) -> tuple[int, int, int]:
        """Also the order of marks: the last one of a moment counts."""
        return self.time, self.sequence, self.tag

    def outweighs(self, other: "Mark") -> bool:
        """Of marks with one identity the one received last counts; the state decides only between those received together."""
        return (self.receive_time, self.state.number) > (other.receive_time, other.state.number)


def mark_of(tag: Tag, sample: Sample) -> Mark:
    """The state that a sample tells; a value of bad quality, as when nothing is heard any more, tells none."""
    state = MachineState.UNKNOWN if sample.quality >= BAD else MachineState.from_number(sample.value)
    return Mark(sample.source_time, sample.sequence, tag.number, state, sample.receive_time)


def weightiest(marks: Iterable[Mark]) -> dict[tuple[int, int, int], Mark]:
    """One mark for each identity."""
    found: dict[tuple[int, int, int], Mark] = {}
    for mark in marks:
        known = found.get(mark.identity)
        if known is None or mark.outweighs(known):
            found[mark.identity] = mark
    return found


@dataclass(frozen=True)
class Run:
    """A machine is in one state from `start` until before `end`; None is until now, as far as is known."""

    state: MachineState
    start: int
    end: int | None = None


def runs(before: MachineState | None, marks: Sequence[Mark], end: int | None) -> list[Run]:
    """The runs that begin at one of the marks (in their order), after a state, and until a run that follows them."""
    changes: list[tuple[int, MachineState]] = []
    last_of_moment = {mark.time: mark.state for mark in marks}
    for time, state in last_of_moment.items():
        if state is not before:
            changes.append((time, state))
            before = state
    starts = [time for time, _ in changes]
    return [Run(state, time, until) for (time, state), until in zip(changes, [*starts[1:], end], strict=False)]


@dataclass(frozen=True)
class Stop:
    """A machine is down from `began` until it runs or idles again."""

    began: int
    ended: int | None = None

    def covers(self, time: int) -> bool:
        return self.began <= time and (self.ended is None or time < self.ended)


def stops(open_stop: Stop | None, later: Iterable[Run]) -> list[Stop]:
    """The stops in runs that follow each other, of which the first may find the machine down already."""
    found: list[Stop] = []
    began = open_stop.began if open_stop else None
    for run in later:
        if began is None and run.state is MachineState.DOWN:
            began = run.start
        elif began is not None and run.state in BACK:
            found.append(Stop(began, run.start))
            began = None
    return found if began is None else [*found, Stop(began)]


@dataclass(frozen=True)
class News:
    """Something to tell of a stop: that it began, or (with `at` its end) that it is over."""

    stop: Stop
    at: int
    is_over: bool
    corrected: bool = False
    withdrawn: bool = False


def news(before: Sequence[Stop], after: Sequence[Stop]) -> list[News]:
    """What to tell when what is known of stops changes: each stop once, and its end once, in the order of time.

    What was told wrongly is put right: first, stops that never were are withdrawn; another end is told as corrected; a stop
    that isn't over after all is told again. While a machine is down the last thing told is that stop, if need be again.
    """
    known = {stop.began: stop for stop in before}
    remaining = {stop.began for stop in after}
    withdrawn = [News(stop, stop.began, is_over=True, withdrawn=True) for stop in before if stop.began not in remaining]
    changed = [item for stop in after for item in _news_of(known.get(stop.began), stop)]
    told = [*withdrawn, *sorted(changed, key=lambda item: item.at)]
    if told and told[-1].is_over and after and after[-1].ended is None:
        told.append(News(after[-1], after[-1].began, is_over=False, corrected=True))
    return told


def _news_of(known: Stop | None, stop: Stop) -> list[News]:
    over = (
        []
        if stop.ended is None
        else [News(stop, stop.ended, is_over=True, corrected=known is not None and known.ended is not None)]
    )
    if known is None:
        return [News(stop, stop.began, is_over=False), *over]
    if known.ended == stop.ended:
        return []
    return over or [News(stop, stop.began, is_over=False, corrected=True)]


def expected_minutes(past: Sequence[Stop], default: float) -> float:
    """The median of what stops lasted."""
    lasted = [stop.ended - stop.began for stop in past if stop.ended is not None]
    return median(lasted) / 60_000_000 if lasted else default


@dataclass(frozen=True)
class StateNow:
    """The state a machine is in, and since when."""

    state: MachineState
    since: datetime


@dataclass(frozen=True)
class Stretch:
    """A machine was in one state from `start` to `end` (plant time)."""

    state: MachineState
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / timedelta(seconds=1)


@dataclass(frozen=True)
class StopPeriod:
    """A stop of a machine; `ended` is None while it lasts."""

    work_unit: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True)
class UnitTimes:
    """How long a work unit was in each state within a range of time, in the terms of ISO 22400-2.

    A first time model: there is no calendar in it yet. Time switched off (stopped) counts as not planned, and time of which
    nothing is known is left out; `unknown_seconds` says how much that is.
    """

    start: datetime
    end: datetime
    seconds: Mapping[MachineState, float] = field(default_factory=dict)
    energy_kwh: float | None = None
    """None where no energy counter is known."""

    def _seconds(self, state: MachineState) -> float:
        return self.seconds.get(state, 0.0)

    @property
    def actual_production_time(self) -> float:
        """APT: the unit was running."""
        return self._seconds(MachineState.RUNNING)

    @property
    def actual_unit_delay_time(self) -> float:
        """ADET: the unit could have run, and idled."""
        return self._seconds(MachineState.IDLE)

    @property
    def actual_unit_down_time(self) -> float:
        """ADOT."""
        return self._seconds(MachineState.DOWN)

    @property
    def planned_busy_time(self) -> float:
        """PBT: production, delay and down time."""
        return self.actual_production_time + self.actual_unit_delay_time + self.actual_unit_down_time

    @property
    def availability(self) -> float | None:
        """APT / PBT; None where no time was planned."""
        return self.actual_production_time / self.planned_busy_time if self.planned_busy_time else None

    @property
    def unknown_seconds(self) -> float:
        return self._seconds(MachineState.UNKNOWN)

    @property
    def complete(self) -> bool:
        """Is the state known at every moment of the range?"""
        return self.unknown_seconds == 0


def together(times: Sequence[UnitTimes]) -> UnitTimes:
    """Several units, or ranges, as one: times are added, so ratios weigh each of them by its time. There is at least one."""
    seconds = {state: sum(each.seconds.get(state, 0.0) for each in times) for state in MachineState}
    energies = [each.energy_kwh for each in times if each.energy_kwh is not None]
    return UnitTimes(
        min(each.start for each in times), max(each.end for each in times), seconds, sum(energies) if energies else None
    )


def stretches(found: Iterable[Run], start: int, end: int) -> list[Stretch]:
    """Runs that follow each other, cut to a range; before the first and after the last nothing is known."""
    covered: list[Stretch] = []
    at = start
    for run in found:
        begins, ends = max(run.start, start), end if run.end is None else min(run.end, end)
        if begins >= ends:
            continue
        if at < begins:
            covered.append(Stretch(MachineState.UNKNOWN, moment(at), moment(begins)))
        covered.append(Stretch(run.state, moment(begins), moment(ends)))
        at = ends
    return [*covered, Stretch(MachineState.UNKNOWN, moment(at), moment(end))] if at < end else covered


def seconds_per_state(covered: Iterable[Stretch]) -> dict[MachineState, float]:
    seconds = dict.fromkeys(MachineState, 0.0)
    for stretch in covered:
        seconds[stretch.state] += stretch.seconds
    return seconds
