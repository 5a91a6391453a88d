"""Every work unit as the plant page shows it: state, job, a few live values, how its connection is, and today's figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from lotone.assets import DataType, Equipment, Level, MachineState, Meaning, Sample, Tag, microseconds
from lotone.connect import ConnectionState
from lotone.insight import StateNow, UnitTimes, together
from lotone.kernel import Unavailable
from lotone.make import UnitState, WorkOrder, WorkState
from lotone.web.plant.kept import Kept
from lotone.web.plant.values import Live, LiveValues, newest, worst
from lotone.wiring import Work

KEYS = 2
SPARK_HOURS = 2
SPARK_BUCKETS = 48
CALM_SHARE = 0.2
SERIALS_KEPT = 50_000
_SERIALS: dict[tuple[str, str, str], str] = {}
"""Serial numbers by database, organization and unit id: they never change."""
_TODAY: Kept[dict[str, UnitTimes]] = Kept(15.0)
_SPARKS: Kept[dict[int, str]] = Kept(6.0)


@dataclass(frozen=True)
class Job:
    """What a machine works on, or was sent."""

    work: WorkOrder
    serial: str | None
    percent: float
    has_begun: bool


@dataclass(frozen=True)
class Machine:
    """One work unit now."""

    unit: Equipment
    center: Equipment | None
    area: Equipment | None
    state: MachineState = MachineState.UNKNOWN
    since: datetime | None = None
    job: Job | None = None
    keys: tuple[Live, ...] = ()
    spark: str = ""
    """The first key value of the last hours, as points of a polyline in a box of 100 by 24."""
    connection: ConnectionState | None = None
    fault: str = ""
    back_at: datetime | None = None
    today: UnitTimes | None = None
    tag_count: int = 0
    good: Live | None = None


@dataclass(frozen=True)
class Group:
    """The machines of one work center; `area` is set where a new area begins."""

    center: Equipment | None
    area: Equipment | None
    machines: tuple[Machine, ...]


@dataclass(frozen=True)
class Floor:
    """The whole plant now."""

    groups: tuple[Group, ...]
    counts: Mapping[MachineState, int]
    today: UnitTimes | None
    missing: str = ""
    """Why there are no live values at the moment."""
    at: datetime | None = None

    @property
    def machines(self) -> list[Machine]:
        return [machine for group in self.groups for machine in group.machines]

    @property
    def down(self) -> list[Machine]:
        return [machine for machine in self.machines if machine.state is MachineState.DOWN]


@dataclass
class Look:
    """Gathers machines within one transaction, from what is asked once for all of them."""

    work: Work
    asset: str | None = None
    _known: dict[str, Equipment] = field(init=False)

    def __post_init__(self) -> None:
        self._known = {item.id: item for item in self.work.assets.equipment()}

    @property
    def organization(self) -> str:
        return self.work.organization

    @property
    def installation(self) -> str:
        return self.work.platform.database.url

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.work.platform.plan_settings.time_zone)

    @cached_property
    def now(self) -> datetime:
        return self.work.platform.plant()

    @cached_property
    def tags(self) -> dict[str, list[Tag]]:
        """The tags of every asset that is looked at."""
        found = sorted(self.work.assets.tags(self.asset), key=lambda tag: tag.asset)
        return {asset: list(group) for asset, group in groupby(found, key=lambda tag: tag.asset)}

    @cached_property
    def _newest(self) -> tuple[dict[int, Sample], str]:
        wanted = [tag for tags in self.tags.values() for tag in tags if self.asset is not None or is_shown(tag)]
        return newest(self.work.platform, self.organization, wanted)

    @property
    def missing(self) -> str:
        return self._newest[1]

    @cached_property
    def values(self) -> LiveValues:
        return LiveValues(self.work, (tag for tags in self.tags.values() for tag in tags), self._newest[0])

    @cached_property
    def jobs(self) -> dict[str, WorkOrder]:
        """What is on each machine; of a running and a waiting one the running."""
        found = self.work.make.work_orders(states=(WorkState.RELEASED, WorkState.RUNNING), limit=500)
        by_state = sorted(found, key=lambda each: each.state is WorkState.RUNNING)
        return {each.work_unit: each for each in by_state if each.work_unit}

    @cached_property
    def today(self) -> dict[str, UnitTimes]:
        """Times and energy of every machine since midnight in the plant."""
        key = (self.installation, self.organization)
        return _TODAY.get(key, self._ask_today)

    def _ask_today(self) -> dict[str, UnitTimes]:
        midnight = datetime.combine(self.now.astimezone(self.zone).date(), time(), self.zone)
        counters = [tag for tag in self.work.assets.tags() if tag.meaning is Meaning.ENERGY]
        try:
            return self.work.insight.times(midnight, self.now, tags=counters)
        except Unavailable:
            return self.work.insight.times(midnight, self.now)

    def machine(self, unit: Equipment, *, spark: str = "") -> Machine:
        center, area = self._parents(unit)
        tags = self.tags.get(unit.id, [])
        state = self._states.get(unit.id)
        work = self.jobs.get(unit.id)
        kind = state.state if state else MachineState.UNKNOWN
        connections = {tag.connection for tag in tags if tag.connection}
        by_meaning = {tag.meaning: tag for tag in tags}
        return Machine(
            unit=unit,
            center=center,
            area=area,
            state=kind,
            since=state.since if state else None,
            job=self._job(work, by_meaning.get(Meaning.PROGRESS)) if work else None,
            keys=tuple(self.values.of(tag) for tag in key_tags(tags)),
            spark=spark,
            connection=worst(one for name, one in self.values.states.items() if name in connections),
            fault=self._fault(tags) if kind is MachineState.DOWN else "",
            back_at=self._back_at(unit.id) if kind is MachineState.DOWN else None,
            today=self.today.get(unit.id),
            tag_count=len(tags),
            good=self.values.of(by_meaning[Meaning.GOOD]) if Meaning.GOOD in by_meaning else None,
        )

    @cached_property
    def _states(self) -> dict[str, StateNow]:
        return self.work.insight.states()

    def _parents(self, unit: Equipment) -> tuple[Equipment | None, Equipment | None]:
        found: dict[Level, Equipment] = {}
        above = self._known.get(unit.parent or "")
        while above is not None:
            found[above.level] = above
            above = self._known.get(above.parent or "")
        return found.get(Level.WORK_CENTER), found.get(Level.AREA)

    def _job(self, work: WorkOrder, progress: Tag | None) -> Job:
        has_begun = work.state is WorkState.RUNNING
        live = self.values.of(progress).number if progress and has_begun else None
        percent = work.progress if live is None else max(live, work.progress)
        return Job(work, self.serial(work.unit), min(100.0, percent), has_begun)

    def serial(self, unit: str) -> str | None:
        """The serial number of a unit by its id."""
        key = (self.installation, self.organization, unit)
        if key not in _SERIALS:
            if len(_SERIALS) > SERIALS_KEPT:
                _SERIALS.clear()
            self._learn(states=(UnitState.PLANNED, UnitState.IN_WORK))
        if key not in _SERIALS:
            self._learn(states=None)
        return _SERIALS.get(key)

    def _learn(self, states: Iterable[UnitState] | None) -> None:
        for unit in self.work.make.units(states=states, limit=2_000):
            _SERIALS[self.installation, self.organization, unit.id] = unit.serial

    def _fault(self, tags: Sequence[Tag]) -> str:
        tag = next((tag for tag in tags if tag.name == "fault_code"), None)
        sample = self.values.of(tag).sample if tag else None
        return str(sample.value) if sample is not None and sample.value else ""

    def _back_at(self, work_unit: str) -> datetime | None:
        resource = self.work.plan.snapshot().resources.get(work_unit)
        return resource.down_until if resource else None

    def floor(self) -> Floor:
        """The whole plant, in the order in which it was described."""
        sparks = self._sparks()
        units = self.work.assets.work_units()
        machines = [self.machine(unit, spark=sparks.get(self._first_key(unit), "")) for unit in units]
        order = {item: place for place, item in enumerate(self._known)}
        machines.sort(key=lambda each: (_place(order, each.area), _place(order, each.center), order[each.unit.id]))
        groups: list[Group] = []
        for (area, center), members in groupby(machines, key=lambda each: (each.area, each.center)):
            is_new = not groups or groups[-1].machines[0].area != area
            groups.append(Group(center, area if is_new else None, tuple(members)))
        counts = {state: sum(machine.state is state for machine in machines) for state in MachineState}
        times = [machine.today for machine in machines if machine.today]
        return Floor(tuple(groups), counts, together(times) if times else None, self.missing, self.now)

    def _first_key(self, unit: Equipment) -> int:
        keys = key_tags(self.tags.get(unit.id, []))
        return keys[0].number if keys else 0

    def _sparks(self) -> dict[int, str]:
        """The first key value of every machine as a line, asked for all of them at once."""
        return _SPARKS.get((self.installation, self.organization), self._ask_sparks)

    def _ask_sparks(self) -> dict[int, str]:
        known = [keys[0] for tags in self.tags.values() if (keys := key_tags(tags))]
        numbers = [tag.number for tag in known]
        if not numbers:
            return {}
        spans = {tag.number: tag.high - tag.low for tag in known if tag.low is not None and tag.high is not None}
        end = microseconds(self.now)
        start = end - SPARK_HOURS * 3_600_000_000
        try:
            series = self.work.platform.historian.read(self.organization, numbers, start, end, buckets=SPARK_BUCKETS)
        except Unavailable:
            return {}
        return {
            number: spark(
                [((at - start) / (end - start), mean) for at, mean in zip(one.start, one.mean, strict=True)], spans.get(number)
            )
            for number, one in series.buckets.items()
        }


def spark(points: Sequence[tuple[float, float | None]], reach: float | None = None) -> str:
    """Points of a polyline in a box of 100 by 24; nothing where there is no line to draw.

    With the tag's `reach` (its range) noise stays flat: at least a fifth of it fills the height.
    """
    known = [(place, value) for place, value in points if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = max(high - low, (reach or 0.0) * CALM_SHARE) or 1.0
    return " ".join(f"{place * 100:.1f},{22 - 20 * (value - low) / span:.1f}" for place, value in known)


def key_tags(tags: Iterable[Tag]) -> list[Tag]:
    """The values a machine is known by: its first measured numbers."""
    numbers = [tag for tag in tags if tag.meaning is Meaning.SENSOR and tag.data_type is DataType.NUMBER]
    others = [tag for tag in tags if tag.meaning is Meaning.SENSOR and tag.data_type is DataType.INTEGER]
    return (sorted(numbers, key=lambda tag: tag.number) + sorted(others, key=lambda tag: tag.number))[:KEYS]


def is_shown(tag: Tag) -> bool:
    """Whether the plant page shows something of this tag."""
    return tag.meaning in (Meaning.SENSOR, Meaning.PROGRESS, Meaning.GOOD)


def _place(order: Mapping[str, int], item: Equipment | None) -> int:
    return len(order) if item is None else order[item.id]
