"""How a plant works: operators and tools, setups, ways between work centers, maintenance, holidays."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from lotone.kernel import Words
from lotone.loader.plant import Plant
from lotone.loader.tables import Faults, Row, read_table, unique
from lotone.plan import (
    Calendar,
    CalendarException,
    Demand,
    Maintenance,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Snapshot,
    faults,
)

EVERY_OTHER = "*"
MINUTES_MAX = 7 * 24 * 60.0
CAPACITY_MAX = 10_000
Made = TypeVar("Made")


@dataclass(frozen=True)
class Working:
    """What the plan must know beyond machines and calendars, with the rows it stands in, to point at."""

    calendars: dict[str, Calendar]
    resources: tuple[Resource, ...]
    crew: tuple[Resource, ...]
    setups: dict[str, SetupMatrix]
    transport: dict[tuple[str, str], float]
    rows: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    """By the kind and subject of a fault of the plan."""

    @property
    def skills(self) -> set[str]:
        return {skill for each in self.crew for skill in each.skills}

    def snapshot(self) -> Snapshot:
        """The plant as a plan without work."""
        resources = {each.work_unit: each for each in (*self.resources, *self.crew)}
        made = Snapshot(calendars=self.calendars, resources=resources, transport=self.transport, setups=self.setups)
        return replace(made, now=datetime.now(UTC))


def read_working(folder: Path, noted: Faults, plant: Plant) -> Working:
    return _Reader(folder, noted, plant).read()


class _Reader:
    def __init__(self, folder: Path, noted: Faults, plant: Plant) -> None:
        self.folder = folder
        self.noted = noted
        self.plant = plant
        self.rows: dict[tuple[str, str], Row] = {("resource", unit): row for unit, row in plant.unit_rows.items()}
        self.rows |= {("calendar", name): row for name, row in plant.calendar_rows.items()}

    def read(self) -> Working:
        calendars = self.holidays()
        setups = self.setups()
        machines = {each.work_unit: each for each in self.machines(setups)}
        crew = {each.work_unit: each for each in self.crew(calendars)}
        self.maintenance(machines, crew, calendars)
        return Working(calendars, tuple(machines.values()), tuple(crew.values()), setups, self.transport(), self.rows)

    def table(self, file: str, *required: str, optional: Collection[str] = ()) -> list[Row]:
        return read_table(self.folder / file, self.noted, required=required, optional=optional, may_be_missing=True)

    def holidays(self) -> dict[str, Calendar]:
        """The calendars with what is closed or open against their shifts."""
        calendars = dict(self.plant.calendars)
        for row in self.table("holidays.csv", "calendar", "start", "end", optional=("open", "name", "name_zh")):
            name = row.reference("calendar", calendars, "calendar")
            if name not in calendars:
                continue
            known = calendars[name]
            words = row.words(required=False) if row.optional("name") else Words("closed", "停工")
            start, end = (moment(row, column, known.time_zone) for column in ("start", "end"))
            if start is not None and end is not None:
                made = built(row, "end", partial(CalendarException, start, end, row.flag("open"), words))
                if made is not None:
                    calendars[name] = replace(known, exceptions=(*known.exceptions, made))
        return calendars

    def setups(self) -> dict[str, SetupMatrix]:
        """The matrices: minutes by the state before and after; a row with * in both says the rest."""
        matrices: dict[str, SetupMatrix] = {}
        for row in unique(self.table("setups.csv", "matrix", "before", "after", "minutes"), "matrix", "before", "after"):
            name, pair = row.id("matrix"), (row.text("before"), row.text("after"))
            minutes = row.number("minutes", low=0, high=MINUTES_MAX)
            known = matrices.setdefault(name, SetupMatrix(name))
            self.rows.setdefault(("setups", name), row)
            if not row.is_good:
                continue
            if pair == (EVERY_OTHER, EVERY_OTHER):
                matrices[name] = replace(known, default=minutes)
            elif EVERY_OTHER in pair:
                row.fault("before", f"expected a state before and after, or {EVERY_OTHER} in both for all changes not listed")
            else:
                matrices[name] = replace(known, minutes={**known.minutes, pair: minutes})
        return matrices

    def machines(self, setups: Collection[str]) -> tuple[Resource, ...]:
        """The work units as the plan sees them."""
        made = []
        for plain in self.plant.resources:
            row = self.plant.unit_rows[plain.work_unit]
            capacity, matrix = _capacity(row), row.optional("setups")
            if matrix:
                row.check_known("setups", matrix, setups, "setup matrix")
            more = {"capacity": capacity, "batch": row.flag("batch"), "setups": matrix, "state": row.optional("state")}
            machine = built(row, "capacity", partial(replace, plain, **more))
            made.append(machine or plain)
        return tuple(made)

    def crew(self, calendars: Collection[str]) -> list[Resource]:
        """Operators and tools."""
        rows = self.table(
            "crew.csv", "id", "kind", "name", "calendar", "skills", optional=("name_zh", "capacity", "work_center")
        )
        made = []
        for row in unique(rows, "id"):
            member = Resource(
                row.id("id"),
                row.reference("work_center", self.plant.work_centers, "work center") if row.optional("work_center") else "",
                row.reference("calendar", calendars, "calendar"),
                row.words(),
                kind=self.kind(row),
                capacity=_capacity(row),
                skills=_skills(row),
            )
            if member.work_unit in self.plant.equipment:
                row.fault("id", f"'{member.work_unit}' is in equipment.csv already; everything has its own id")
            self.rows["resource", member.work_unit] = row
            made.append(member)
        return made

    def kind(self, row: Row) -> ResourceKind:
        kind = row.choice("kind", ResourceKind)
        if kind is ResourceKind.MACHINE and row.optional("kind"):
            row.fault("kind", "machines are work units of equipment.csv; expected operator or tool")
        return kind

    def maintenance(self, machines: dict[str, Resource], crew: dict[str, Resource], calendars: Mapping[str, Calendar]) -> None:
        """Put what is planned on each machine, operator or tool."""
        for row in self.table("maintenance.csv", "resource", "start", "end", optional=("name", "name_zh")):
            name = row.reference("resource", {**machines, **crew}, "work unit, operator or tool")
            home = machines if name in machines else crew
            if name not in home or home[name].calendar not in calendars:
                continue
            zone = calendars[home[name].calendar].time_zone
            start, end = moment(row, "start", zone), moment(row, "end", zone)
            words = row.words(required=False) if row.optional("name") else Words("maintenance", "维护")
            if start is not None and end is not None:
                window = built(row, "end", partial(Maintenance, start, end, words))
                if window is not None:
                    home[name] = replace(home[name], maintenance=(*home[name].maintenance, window))

    def transport(self) -> dict[tuple[str, str], float]:
        ways = {}
        for row in unique(self.table("transport.csv", "before", "after", "minutes"), "before", "after"):
            before, after = (row.reference(column, self.plant.work_centers, "work center") for column in ("before", "after"))
            ways[before, after] = row.number("minutes", low=0, high=MINUTES_MAX)
            self.rows.setdefault(("transport", before), row)
            self.rows.setdefault(("transport", after), row)
        return ways


def built(row: Row, column: str, make: Callable[[], Made]) -> Made | None:
    """What a constructor makes, or None with what it objects to."""
    made: list[Made] = []
    row.attempt(column, lambda: made.append(make()))
    return made[0] if made else None


def moment(row: Row, column: str, time_zone: str) -> datetime | None:
    """A day or a moment such as 2026-12-24 or 2026-12-24 14:00, in local time; a day is its first moment."""
    text = row.text(column)
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        row.fault(column, f"expected a day or a moment such as 2026-12-24 14:00, found '{text}'")
        return None
    if at is None or at.tzinfo is not None:
        return at
    return at.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def _capacity(row: Row) -> int:
    number = row.number("capacity", default=1.0, low=1, high=CAPACITY_MAX)
    if number != int(number):
        row.fault("capacity", f"expected a whole number, found {number:g}")
    return max(1, int(number))


def _skills(row: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.text("skills").replace(",", " ").replace(";", " ").split()))


def check_working(working: Working, noted: Faults, operations: Mapping[str, tuple[Row, Sequence[OperationNeed]]]) -> None:
    """What the plan itself objects to in the plant and its operations, said at the row it comes from."""
    rows = dict(working.rows)
    for step, (row, needs) in operations.items():
        rows["step", step] = row
        rows.update({("skill", skill): row for need in needs for skill in need.also})
    demands = [Demand((need,)) for _, needs in operations.values() for need in needs]
    for fault in faults(working.snapshot(), demands):
        at = rows.get((fault.kind, fault.subject))
        if at is None:
            noted.add(_FILES.get(fault.kind, "equipment.csv"), 0, _COLUMNS[fault.kind], fault.words.en)
        elif at.is_good:
            at.fault(_COLUMNS[fault.kind], fault.words.en)


_FILES = {"calendar": "calendars.csv", "setups": "setups.csv", "transport": "transport.csv", "step": "operations.csv"}
_COLUMNS = {
    "calendar": "calendar",
    "resource": "setups",
    "setups": "matrix",
    "skill": "also",
    "step": "minutes",
    "transport": "before",
}
