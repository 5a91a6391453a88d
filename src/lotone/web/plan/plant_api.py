"""How the plant works, for programs: operators and tools, setups, batches, ways, maintenance, overtime, and its faults."""

from dataclasses import replace
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.plan import Calendar, Maintenance, Resource, ResourceKind, SetupMatrix, Shift, UnknownWorkUnit, faults
from lotone.web.access import needs, platform_of
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1/plan/plant", tags=["plan"])
Name = Annotated[str, Field(min_length=1, max_length=80)]
State = Annotated[str, Field(max_length=80)]
Minutes = Annotated[float, Field(ge=0, le=7 * 24 * 60)]
MOST = 5_000


class Text(BaseModel):
    en: str = Field(max_length=200)
    zh: str = Field("", max_length=200)

    @classmethod
    def of(cls, words: Words) -> Self:
        return cls(en=words.en, zh=words.in_language("zh"))

    def words(self) -> Words:
        return Words(self.en, self.zh)


class OneMaintenance(BaseModel):
    start: AwareDatetime
    end: AwareDatetime
    words: Text = Text(en="maintenance", zh="维护")


class OneMember(BaseModel):
    id: Name
    kind: ResourceKind = Field(description="operator or tool")
    name: Text
    calendar: Name
    skills: list[Name] = Field(min_length=1, max_length=100)
    capacity: int = Field(1, ge=1, le=10_000, description="How many operations it can take part in at a time.")
    work_center: str = ""


class HowItWorks(BaseModel):
    capacity: int = Field(1, ge=1, le=10_000, description="How much the machine takes at a time.")
    batch: bool = Field(False, description="What it does at a time begins and ends together.")
    setups: str = Field("", max_length=80, description="The setup matrix it follows; empty when it needs no setups.")


class OneMachine(HowItWorks):
    id: str
    work_center: str
    name: Text
    calendar: str
    state: str = Field(description="What it is set up for now; empty when nobody knows.")
    maintenance: list[OneMaintenance]


class OneChange(BaseModel):
    before: State
    after: State
    minutes: Minutes


class OneMatrix(BaseModel):
    id: Name
    default: Minutes = Field(0.0, description="Minutes for changes that are not listed.")
    changes: list[OneChange] = Field(default_factory=list, max_length=MOST)


class OneWay(BaseModel):
    before: Name
    after: Name
    minutes: Minutes


class OneShift(BaseModel):
    weekdays: list[int] = Field(description="0 is Monday.")
    start: int = Field(description="Minutes after local midnight.")
    end: int = Field(description="Past 1440 it lies on the next day.")

    @classmethod
    def of(cls, shift: Shift) -> Self:
        return cls(weekdays=list(shift.weekdays), start=shift.start, end=shift.end)


class OneCalendar(BaseModel):
    id: str
    time_zone: str
    shifts: list[OneShift]
    overtime: list[OneShift] = Field(description="Hours that may be opened at a cost.")
    overtime_cost_per_hour: float


class OneFault(BaseModel):
    kind: str
    subject: str
    words: Text


class Plant(BaseModel):
    machines: list[OneMachine]
    crew: list[OneMember] = Field(description="Operators and tools.")
    setups: list[OneMatrix]
    transport: list[OneWay] = Field(description="Minutes from work center to work center; none where nothing is listed.")
    calendars: list[OneCalendar]
    faults: list[OneFault] = Field(description="What keeps work from being planned, or from being planned right.")


class Overtime(BaseModel):
    start: AwareDatetime
    end: AwareDatetime


@router.get("")
def plant(request: Request, actor: Actor = needs("plan.read")) -> Plant:
    """Everything the plan knows of how the plant works, and what is wrong with it."""
    with platform_of(request).work(actor.organization) as work:
        return _plant(work)


@router.put("/crew")
def set_crew(request: Request, members: list[OneMember], actor: Actor = needs("plan.write")) -> Plant:
    """All operators and tools; who is not listed is taken out, unless he has work booked."""
    with platform_of(request).work(actor.organization) as work:
        machines = [each for each in work.plan.resources() if each.is_machine]
        work.plan.set_resources([*machines, *(_member(each) for each in members)])
        return _plant(work)


@router.put("/machines/{work_unit}")
def set_machine(request: Request, work_unit: str, said: HowItWorks, actor: Actor = needs("plan.write")) -> Plant:
    """How much a machine does at a time, whether in batches, and which setup matrix it follows."""
    with platform_of(request).work(actor.organization) as work:
        known = work.plan.resources()
        if work_unit not in {each.work_unit for each in known if each.is_machine}:
            raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
        work.plan.set_resources([_working(each, said) if each.work_unit == work_unit else each for each in known])
        return _plant(work)


@router.put("/machines/{work_unit}/state")
def set_state(
    request: Request, work_unit: str, state: Annotated[str, Query(max_length=80)], actor: Actor = needs("plan.write")
) -> Plant:
    """What a machine is set up for now, when somebody changed it by hand."""
    with platform_of(request).work(actor.organization) as work:
        work.plan.set_state(work_unit, state)
        return _plant(work)


@router.put("/resources/{work_unit}/maintenance")
def set_maintenance(
    request: Request, work_unit: str, windows: list[OneMaintenance], actor: Actor = needs("plan.write")
) -> Plant:
    """All maintenance of a machine, operator or tool; work is moved out of the way."""
    with platform_of(request).work(actor.organization) as work:
        work.plan.set_maintenance(work_unit, [Maintenance(each.start, each.end, each.words.words()) for each in windows])
        return _plant(work)


@router.put("/setups")
def set_setups(request: Request, matrices: list[OneMatrix], actor: Actor = needs("plan.write")) -> Plant:
    """All setup matrices."""
    with platform_of(request).work(actor.organization) as work:
        work.plan.set_setups(
            SetupMatrix(each.id, {(one.before, one.after): one.minutes for one in each.changes}, each.default)
            for each in matrices
        )
        return _plant(work)


@router.put("/transport")
def set_transport(request: Request, ways: list[OneWay], actor: Actor = needs("plan.write")) -> Plant:
    """All ways between work centers."""
    with platform_of(request).work(actor.organization) as work:
        work.plan.set_transport({(each.before, each.after): each.minutes for each in ways})
        return _plant(work)


@router.post("/calendars/{calendar}/overtime")
def open_overtime(request: Request, calendar: str, said: Overtime, actor: Actor = needs("plan.write")) -> Plant:
    """Work the overtime of a calendar that touches a stretch of time."""
    with platform_of(request).work(actor.organization) as work:
        work.plan.open_overtime(calendar, said.start, said.end)
        return _plant(work)


def _member(said: OneMember) -> Resource:
    return Resource(
        said.id,
        said.work_center,
        said.calendar,
        said.name.words(),
        kind=said.kind,
        capacity=said.capacity,
        skills=tuple(dict.fromkeys(said.skills)),
    )


def _working(machine: Resource, said: HowItWorks) -> Resource:
    return replace(machine, capacity=said.capacity, batch=said.batch, setups=said.setups)


def _plant(work: Work) -> Plant:
    snapshot = work.plan.snapshot()
    everybody = snapshot.resources.values()
    return Plant(
        machines=[_machine(each) for each in everybody if each.is_machine],
        crew=[_one_member(each) for each in everybody if not each.is_machine],
        setups=[_matrix(each) for each in snapshot.setups.values()],
        transport=[
            OneWay(before=before, after=after, minutes=minutes) for (before, after), minutes in snapshot.transport.items()
        ],
        calendars=[_calendar(each) for each in snapshot.calendars.values()],
        faults=[OneFault(kind=each.kind, subject=each.subject, words=Text.of(each.words)) for each in faults(snapshot)],
    )


def _machine(each: Resource) -> OneMachine:
    return OneMachine(
        id=each.work_unit,
        work_center=each.work_center,
        name=Text.of(each.name),
        calendar=each.calendar,
        capacity=each.capacity,
        batch=each.batch,
        setups=each.setups,
        state=each.state,
        maintenance=[OneMaintenance(start=one.start, end=one.end, words=Text.of(one.words)) for one in each.maintenance],
    )


def _one_member(each: Resource) -> OneMember:
    return OneMember(
        id=each.work_unit,
        kind=each.kind,
        name=Text.of(each.name),
        calendar=each.calendar,
        skills=list(each.skills),
        capacity=each.capacity,
        work_center=each.work_center,
    )


def _matrix(each: SetupMatrix) -> OneMatrix:
    changes = [OneChange(before=before, after=after, minutes=minutes) for (before, after), minutes in each.minutes.items()]
    return OneMatrix(id=each.id, default=each.default, changes=changes)


def _calendar(each: Calendar) -> OneCalendar:
    return OneCalendar(
        id=each.id,
        time_zone=each.time_zone,
        shifts=[OneShift.of(one) for one in each.shifts],
        overtime=[OneShift.of(one) for one in each.overtime],
        overtime_cost_per_hour=each.overtime_cost_per_hour,
    )
