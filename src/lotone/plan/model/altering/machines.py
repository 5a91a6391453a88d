"""Machines, people and tools on a copy of the plan: one more like another, one that is away for a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from lotone.kernel import Words
from lotone.plan.model.altering.change import LONGEST_DAYS, Called, Change, WrongChange, change_kind
from lotone.plan.model.altering.places import known, place_words
from lotone.plan.model.altering.work import with_needs
from lotone.plan.model.booking import Maintenance, Resource
from lotone.plan.model.demand import OperationNeed
from lotone.plan.model.reasons import moment
from lotone.plan.model.snapshot import Snapshot


@change_kind
@dataclass(frozen=True)
class AddMachine(Change):
    """A machine (or person, or tool) more, that can do all that another can."""

    kind: ClassVar[str] = "machine"
    like: str
    count: int = 1
    cost_per_day: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 20:
            raise WrongChange(f"1 to 20 machines can be added, not {self.count}", where="count")

    def on(self, snapshot: Snapshot) -> Snapshot:
        model = known(snapshot, self.like, "like")
        free = (f"{self.like}+{number}" for number in range(1, 1000) if f"{self.like}+{number}" not in snapshot.resources)
        twins = [_twin(model, name) for _, name in zip(range(self.count), free, strict=False)]
        resources = {**snapshot.resources, **{each.work_unit: each for each in twins}}
        names = [each.work_unit for each in twins]
        return with_needs(replace(snapshot, resources=resources), lambda need: _also_on(need, self.like, names))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.like)
        return Words(f"{self.count} more like {name.en}", f"增加{self.count}台{name.in_language('zh')}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        return max((end - before.now).total_seconds() / 86400, 0.0) * self.cost_per_day * self.count


def _twin(model: Resource, name: str) -> Resource:
    number = name.rpartition("+")[2]
    words = Words(f"{model.name.en} (new {number})", f"{model.name.in_language('zh')}（新{number}）")
    return replace(
        model, work_unit=name, words=words, down_from=None, down_until=None, down_said_at=None, down_minutes=0.0, up_at=None
    )


def _also_on(need: OperationNeed, like: str, names: list[str]) -> OperationNeed:
    minutes = dict(need.minutes_on)
    if like in minutes:
        minutes.update(dict.fromkeys(names, minutes[like]))
    units = need.work_units
    if units is not None and like in units:
        units = (*units, *names)
    if units == need.work_units and minutes == need.minutes_on:
        return need
    return replace(need, work_units=units, minutes_on=minutes)


@change_kind
@dataclass(frozen=True)
class Away(Change):
    """A machine, a person or a tool that is not there for a time: a repair, a holiday, an illness."""

    kind: ClassVar[str] = "away"
    work_unit: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start or self.end - self.start > timedelta(days=LONGEST_DAYS):
            raise WrongChange(f"away from {self.start} to {self.end}: it must end later, within a year", where="end")

    def on(self, snapshot: Snapshot) -> Snapshot:
        there = known(snapshot, self.work_unit, "work_unit")
        gone = Maintenance(self.start, self.end, Words("away", "不在"))
        return snapshot.with_resource(replace(there, maintenance=(*there.maintenance, gone)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.work_unit)
        start, end = (moment(each, snapshot.now, snapshot.settings) for each in (self.start, self.end))
        return Words(f"{name.en} away from {start.en} to {end.en}", f"{name.in_language('zh')}{start.zh}至{end.zh}不在")
