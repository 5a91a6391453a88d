"""What was learned from what was recorded: how long operations take, how often machines stop and for how long, what is
scrapped, how late suppliers are. Few data are drawn towards what is known of more: the plant, and at last the routing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from math import log, sqrt
from typing import NamedTuple

from lotone.plan.model.calibration import Calibration
from lotone.plan.model.distribution import Varying, events, lognormal, sigma_of

RATIO_MOST = 5.0
"""An operation that took more than this many times its planned time, or less than that part of it, was reported late or by
mistake: it counts as this."""
MEAN_COUNTS = 4.0
"""What is known of more counts as much as so many observations of one step or machine, for the mean ..."""
SPREAD_COUNTS = 10.0
"""... and for the spread, which needs more of them to be known."""
KEEP_MOST = 300.0
"""Older observations fade when there are more than this: tools wear, people learn."""
FIRST_STOPS, FIRST_HOURS = 0.2, 200.0
"""Of a plant of which nothing is known a stop in a thousand busy hours is expected ..."""
FIRST_REPAIR_HOURS, REPAIR_SIGMA, REPAIR_SIGMA_MOST = 0.5, 0.8, 1.2
"""... of half an hour in the middle (the median; the logarithm has this standard deviation)."""
MACHINE_HOURS = 100.0
"""What the plant's machines show together counts as much as so many busy hours of one machine."""
FIRST_SCRAPPED, FIRST_DONE = 0.1, 100.0
"""One of a thousand operations is expected to be done again where nothing is known."""
STEP_DONE = 50.0
SUPPLIER_HOURS = 2.0
"""Suppliers of whom nothing is known are expected in time, with this standard deviation."""
SUPPLIER_SKEW = 1.0
"""Deliveries are more often much too late than much too early."""
REPAIR_LEFT_SIGMA = 0.3
"""Standard deviation, in hours, of what is left of a repair that is expected to take another hour; of n hours sqrt(n) times
as much, as if each were its own."""


class Bell(NamedTuple):
    """What is believed of a normal variable: mean, variance, and how many observations each counts as."""

    mean: float
    variance: float
    mean_counts: float = MEAN_COUNTS
    spread_counts: float = SPREAD_COUNTS

    def with_data(self, count: float, total: float, squares: float) -> "Bell":
        """What is believed after `count` observations with this sum and sum of squares.

        The conjugate update of a normal-inverse-gamma distribution (Gelman and others, "Bayesian Data Analysis", 3rd ed.,
        section 3.3): means are averaged by their counts, and so are variances, with the distance of the means.
        """
        if count <= 0:
            return self
        seen = total / count
        counts, spread_counts = self.mean_counts + count, self.spread_counts + count
        apart = self.mean_counts * count / counts * (seen - self.mean) ** 2
        squared = max(0.0, squares - count * seen**2)
        mean = (self.mean_counts * self.mean + total) / counts
        variance = (self.spread_counts * self.variance + squared + apart) / spread_counts
        return Bell(mean, variance, counts, spread_counts)

    def as_prior(self) -> "Bell":
        """The same belief for one member of the group, that counts as much as any group's."""
        return Bell(self.mean, self.variance)

    @property
    def predicted(self) -> tuple[float, float]:
        """Mean and variance of the next observation, with what is not known of the mean itself."""
        return self.mean, self.variance * (1 + 1 / self.mean_counts)


@dataclass(frozen=True)
class Tally:
    """What was recorded of one step on one machine: sufficient statistics of log(actual / planned), and counts."""

    count: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    hours: float = 0.0
    """Busy hours, without stops."""
    done: float = 0.0
    scrapped: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
            self.hours + other.hours,
            self.done + other.done,
            self.scrapped + other.scrapped,
        )

    def faded(self) -> "Tally":
        """Before one more is added: older durations count less once there are many. Rates are for the whole time."""
        if self.count < KEEP_MOST:
            return self
        keep = 1 - 1 / KEEP_MOST
        return replace(self, count=self.count * keep, total=self.total * keep, squares=self.squares * keep)

    @classmethod
    def of_one(cls, planned_minutes: float, actual_minutes: float) -> "Tally":
        """One operation that took so long while its machine worked."""
        ratio = min(max(actual_minutes / planned_minutes, 1 / RATIO_MOST), RATIO_MOST)
        return cls(1.0, log(ratio), log(ratio) ** 2, actual_minutes / 60, 1.0)


class Stop(NamedTuple):
    """A machine stood still."""

    work_unit: str
    began_at: datetime
    ended_at: datetime

    @property
    def hours(self) -> float:
        return (self.ended_at - self.began_at).total_seconds() / 3600


class Arrived(NamedTuple):
    """A purchase that was due at a time and came at another. `supplier` is the name, in English."""

    supplier: str
    part: str
    due_at: datetime
    arrived_at: datetime

    @property
    def hours_late(self) -> float:
        return (self.arrived_at - self.due_at).total_seconds() / 3600


Operation = tuple[str, str]
"""A step and the machine that does it."""


@dataclass(frozen=True)
class Recorded:
    """What the plan keeps of the past."""

    tallies: Mapping[Operation, Tally] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    """The newest ones, for how long they last; how many there were in all is in `stop_counts`."""
    stop_counts: Mapping[str, int] = field(default_factory=dict)
    arrivals: tuple[Arrived, ...] = ()
    scores: tuple[float, ...] = ()
    """How past promises came out, the newest last: see `Calibration`."""


@dataclass(frozen=True)
class OperationLearned:
    """What one step on one machine takes. `ratio` and `spread` are of actual to planned minutes, `count` says from how
    many; `scrap` is the share that is done again."""

    ratio: float
    spread: float
    scrap: float
    count: float


@dataclass(frozen=True)
class MachineLearned:
    """How often a machine stops in a busy hour, for how many hours in the mean, and from how many stops that is known."""

    stops_per_hour: float
    repair_hours: float
    count: int
    busy_hours: float


class Learned:
    """What is believed, from what was recorded. Answers are kept: asked again they cost nothing. Shared by threads, which
    only ever add the same answers."""

    def __init__(self, recorded: Recorded | None = None, spread: float = 0.1) -> None:
        """`spread` is the coefficient of variation of a duration where nothing was recorded."""
        self.recorded = recorded or Recorded()
        self.spread = spread
        self.calibration = Calibration(self.recorded.scores)
        self._longer: dict[tuple[str, str], tuple[Varying, Varying]] = {}
        self._late: dict[str, Varying] = {}

    def longer(self, step: str, work_unit: str, hours: float) -> Varying:
        """How much longer than its planned hours an operation takes: its own duration, stops of its machine, and being
        done again."""
        known = self._longer.get((step, work_unit))
        if known is None:
            known = self._duration_and_scrap(step, work_unit), self._stops_in_an_hour(work_unit)
            self._longer[step, work_unit] = known
        own, stops = known
        return Varying(
            own.mean * hours + stops.mean * hours,
            own.variance * hours**2 + stops.variance * hours,
            own.third * hours**3 + stops.third * hours,
        )

    def _duration_and_scrap(self, step: str, work_unit: str) -> Varying:
        """Of an operation of one hour."""
        mean, variance = self._ratio(step, work_unit).predicted
        takes = lognormal(mean, sqrt(variance))
        again = events(self._scrap(step, work_unit), takes)
        return Varying(takes.mean - 1, takes.variance, takes.third).plus(again)

    @cached_property
    def _plant(self) -> Bell:
        """log(actual / planned) of all operations of the plant; the routing is believed to be right in the mean."""
        sigma = sigma_of(self.spread)
        seen = self._everything
        return Bell(-(sigma**2) / 2, sigma**2).with_data(seen.count, seen.total, seen.squares)

    @cached_property
    def _everything(self) -> Tally:
        return sum(self.recorded.tallies.values(), Tally())

    @cached_property
    def _steps(self) -> dict[str, Tally]:
        steps: dict[str, Tally] = {}
        for (step, _), tally in self.recorded.tallies.items():
            steps[step] = steps.get(step, Tally()) + tally
        return steps

    def _ratio(self, step: str, work_unit: str) -> Bell:
        """Plant, then the step on all machines, then the step on this one."""
        of_step = self._steps.get(step)
        if of_step is None:
            return self._plant
        pooled = self._plant.as_prior().with_data(of_step.count, of_step.total, of_step.squares)
        own = self.recorded.tallies.get((step, work_unit))
        return pooled.as_prior().with_data(own.count, own.total, own.squares) if own else pooled

    def _scrap(self, step: str, work_unit: str) -> float:
        """The mean of a beta distribution for the plant, which is the prior for the step, which is it for the machine."""
        share = (FIRST_SCRAPPED + self._everything.scrapped) / (FIRST_DONE + self._everything.done)
        for tally in (self._steps.get(step), self.recorded.tallies.get((step, work_unit))):
            if tally is not None:
                share = (STEP_DONE * share + tally.scrapped) / (STEP_DONE + tally.done)
        return min(share, 0.9)

    def _stops_in_an_hour(self, work_unit: str) -> Varying:
        return events(self._stop_rate(work_unit), self._repair(work_unit))

    @cached_property
    def _busy_hours(self) -> dict[str, float]:
        busy: dict[str, float] = {}
        for (_, unit), tally in self.recorded.tallies.items():
            busy[unit] = busy.get(unit, 0.0) + tally.hours
        return busy

    @cached_property
    def _stops(self) -> dict[str, list[float]]:
        """Hours of each stop, by machine."""
        found: dict[str, list[float]] = {}
        for stop in self.recorded.stops:
            found.setdefault(stop.work_unit, []).append(stop.hours)
        return found

    def _stop_rate(self, work_unit: str) -> float:
        """Stops in a busy hour: the mean of a gamma distribution, the machine's drawn to the plant's."""
        hours, counts = self._everything.hours, self.recorded.stop_counts
        of_plant = (FIRST_STOPS + sum(counts.values())) / (FIRST_HOURS + hours)
        own_hours, own_stops = self._busy_hours.get(work_unit, 0.0), counts.get(work_unit, 0)
        return (MACHINE_HOURS * of_plant + own_stops) / (MACHINE_HOURS + own_hours)

    @cached_property
    def _plant_repair(self) -> Bell:
        return _with_logs(
            Bell(log(FIRST_REPAIR_HOURS), REPAIR_SIGMA**2), (hours for unit in self._stops.values() for hours in unit)
        )

    def _repair(self, work_unit: str) -> Varying:
        mean, variance = _with_logs(self._plant_repair.as_prior(), self._stops.get(work_unit, ())).predicted
        return lognormal(mean, min(sqrt(variance), REPAIR_SIGMA_MOST))

    def late(self, supplier: str) -> Varying:
        """How many hours after its day a delivery comes; `supplier` by the English name."""
        known = self._late.get(supplier)
        if known is None:
            known = self._late[supplier] = self._lateness(supplier)
        return known

    def _lateness(self, supplier: str) -> Varying:
        everybody = [each.hours_late for each in self.recorded.arrivals]
        own = [each.hours_late for each in self.recorded.arrivals if each.supplier == supplier]
        mean, variance = _with(_with(Bell(0.0, SUPPLIER_HOURS**2), everybody).as_prior(), own).predicted
        return Varying(mean, variance, SUPPLIER_SKEW * variance**1.5)

    def operations(self) -> dict[Operation, OperationLearned]:
        """What is believed of every step on every machine that something was recorded of."""
        return {key: self._operation(*key, tally) for key, tally in self.recorded.tallies.items()}

    def _operation(self, step: str, work_unit: str, tally: Tally) -> OperationLearned:
        mean, variance = self._ratio(step, work_unit).predicted
        takes = lognormal(mean, sqrt(variance))
        return OperationLearned(takes.mean, sqrt(takes.variance) / takes.mean, self._scrap(step, work_unit), tally.count)

    def machines(self) -> dict[str, MachineLearned]:
        """What is believed of every machine that something was recorded of."""
        counts = self.recorded.stop_counts
        units = self._busy_hours.keys() | counts.keys()
        return {
            unit: MachineLearned(
                self._stop_rate(unit),
                self._repair(unit).mean,
                counts.get(unit, 0),
                self._busy_hours.get(unit, 0.0),
            )
            for unit in units
        }


def _with(belief: Bell, seen: Iterable[float]) -> Bell:
    values = list(seen)
    return belief.with_data(len(values), sum(values), sum(value**2 for value in values))


def _with_logs(belief: Bell, hours: Iterable[float]) -> Bell:
    return _with(belief, (log(max(each, 1 / 60)) for each in hours))
