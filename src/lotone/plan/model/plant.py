"""What is wrong with a plant's data, each thing named, before anything is planned with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lotone.kernel import Words
from lotone.plan.model.booking import Resource, SetupMatrix
from lotone.plan.model.calendar import LOOK_AHEAD
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import DoesNotFit
from lotone.plan.model.insert import why_nowhere
from lotone.plan.model.snapshot import Snapshot


@dataclass(frozen=True)
class PlantFault:
    """One thing that keeps work from being planned, or from being planned right.

    `kind` says what `subject` is the id of: `calendar` (one that never opens, or is missing), `resource` (a machine whose
    matrix is missing), `setups` (a matrix that lacks a state), `transport` (a way to a work center that is not there),
    `step` (an operation that no machine can do), `skill` (an operation's skill that nobody has).
    """

    kind: str
    subject: str
    words: Words

    def __str__(self) -> str:
        return self.words.en


def faults(snapshot: Snapshot, demands: Iterable[Demand] | None = None) -> list[PlantFault]:
    """Everything that is wrong with the calendars, machines, operators, tools, setups and ways of a plan, and with the
    routings of some demands (those of everything planned unless they are given). Empty when all is well."""
    if demands is None:
        demands = {each.demand.shape: each.demand for each in snapshot.commitments.values()}.values()
    needs = {need.shape: need for demand in demands for need in demand.in_order}
    found = [*_calendars(snapshot), *_resources(snapshot), *_ways(snapshot), *_routings(snapshot, needs.values())]
    return list(dict.fromkeys(found))


def _calendars(snapshot: Snapshot) -> Iterator[PlantFault]:
    for calendar in snapshot.calendars.values():
        if not calendar.windows(snapshot.now, snapshot.now + LOOK_AHEAD):
            yield PlantFault(
                "calendar",
                calendar.id,
                Words(f"calendar {calendar.id} never opens; give it a shift", f"日历 {calendar.id} 从不开放，请添加班次"),
            )


def _resources(snapshot: Snapshot) -> Iterator[PlantFault]:
    for each in snapshot.resources.values():
        if each.calendar not in snapshot.calendars:
            said = f"{each.work_unit} works by calendar {each.calendar}, which is not there; add the calendar"
            yield PlantFault("calendar", each.calendar, Words(said, f"{each.work_unit} 所用的日历 {each.calendar} 不存在"))
        if not each.setups:
            continue
        matrix = snapshot.setups.get(each.setups)
        if matrix is None:
            said = f"{each.work_unit} follows the setup matrix {each.setups}, which is not there; add the matrix"
            yield PlantFault("resource", each.work_unit, Words(said, f"{each.work_unit} 所用的换型表 {each.setups} 不存在"))
        elif _lacks(matrix, each.state):
            yield _lacking(matrix, each.state, each.work_unit)


def _lacks(matrix: SetupMatrix, state: str) -> bool:
    """Whether changes from and to a state take no time only because nobody said how long they take."""
    known = {name for pair in matrix.minutes for name in pair}
    return bool(state) and matrix.default == 0 and state not in known


def _lacking(matrix: SetupMatrix, state: str, who: str) -> PlantFault:
    said = f"setup matrix {matrix.id} has no minutes from or to {state}, as {who} needs; add them or a default"
    return PlantFault("setups", matrix.id, Words(said, f"换型表 {matrix.id} 缺少 {who} 所需的状态 {state} 的时间"))


def _ways(snapshot: Snapshot) -> Iterator[PlantFault]:
    centers = {each.work_center for each in snapshot.resources.values() if each.is_machine}
    for center in dict.fromkeys(name for way in snapshot.transport for name in way):
        if center not in centers:
            said = f"a way leads from or to work center {center}, which has no machine; correct the way"
            yield PlantFault("transport", center, Words(said, f"运输路线涉及的工作中心 {center} 没有设备"))


def _routings(snapshot: Snapshot, needs: Iterable[OperationNeed]) -> Iterator[PlantFault]:
    for need in needs:
        machines = snapshot.candidates(need)
        for skill in need.also:
            if not snapshot.skilled(skill):
                said = f"nobody and no tool has the skill {skill} that step {need.step} needs; add an operator or a tool"
                yield PlantFault("skill", skill, Words(said, f"工序 {need.step} 需要技能 {skill}，但无人或工具具备"))
        if any(each.calendar not in snapshot.calendars for each in machines):
            continue  # said already
        why = why_nowhere(snapshot, _alone(need))
        if not machines or isinstance(why, DoesNotFit):
            yield PlantFault("step", need.step, Words(why.message, f"没有设备能完成工序 {need.step}：{why.message}"))
        yield from _states(snapshot, need, machines)


def _alone(need: OperationNeed) -> OperationNeed:
    """The step without its crew, which is spoken of by itself."""
    return OperationNeed(
        need.step, need.work_center, need.minutes, work_units=need.work_units, minutes_on=need.minutes_on,
        batch=need.batch, size=need.size,
    )  # fmt: skip


def _states(snapshot: Snapshot, need: OperationNeed, machines: Iterable[Resource]) -> Iterator[PlantFault]:
    for machine in machines:
        matrix = snapshot.setups.get(machine.setups)
        if matrix is not None and _lacks(matrix, need.setup):
            yield _lacking(matrix, need.setup, need.step)
