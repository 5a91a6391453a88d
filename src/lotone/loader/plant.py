"""The plant: equipment, calendars, connections, and the tags of every machine."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from lotone.assets import DataType, Equipment, Level, Meaning, Tag
from lotone.configure import similar
from lotone.connect.model import Connection, Way, check_connection
from lotone.kernel import Invalid, Words
from lotone.loader.tables import Faults, Row, read_table, unique
from lotone.plan import Calendar, Resource, Shift, WrongCalendar

EVERY_UNIT = "*"
TAG_NAME = r"[a-z][a-z0-9_-]{0,62}"
WORKING = ("capacity", "batch", "setups", "state")
"""Columns that say how a work unit works."""
_ANY_WEEK = datetime(2026, 1, 5, tzinfo=UTC)
_CHECK_PORT = 4840
"""Stands for a port that was not given, so that the rest of an address can be checked."""
_MODBUS_ADDRESS = re.compile(
    r"(holding|input):\d{1,5}:u?(int16|int32|int64)|(holding|input):\d{1,5}:float(32|64)|(coil|discrete):\d{1,5}"
)
_ABOVE = {Level.SITE: None, Level.AREA: Level.SITE, Level.WORK_CENTER: Level.AREA, Level.WORK_UNIT: Level.WORK_CENTER}


@dataclass(frozen=True)
class Plant:
    equipment: dict[str, Equipment]
    calendars: dict[str, Calendar]
    connections: dict[str, Connection]
    tags: tuple[Tag, ...]
    tag_rows: Mapping[tuple[str, str], Row]
    """The row of each tag, by asset and name, to point at."""
    unit_rows: Mapping[str, Row] = field(default_factory=dict)
    calendar_rows: Mapping[str, Row] = field(default_factory=dict)

    def units_of(self, work_center: str) -> tuple[str, ...]:
        """The work units of a work center."""
        return tuple(item.id for item in self.work_units if item.parent == work_center)

    @property
    def work_units(self) -> list[Equipment]:
        return [item for item in self.equipment.values() if item.level is Level.WORK_UNIT]

    @property
    def work_centers(self) -> list[str]:
        return [item.id for item in self.equipment.values() if item.level is Level.WORK_CENTER]

    def tags_of(self, asset: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.asset == asset]

    @property
    def resources(self) -> tuple[Resource, ...]:
        return tuple(
            Resource(item.id, item.parent or "", item.calendar or "", item.words) for item in self.work_units
        )  # fmt: skip


def read_plant(folder: Path, faults: Faults, *, ports: Mapping[str, int], organization: str) -> Plant:
    calendars, calendar_rows = read_calendars(folder, faults)
    equipment, unit_rows = read_equipment(folder, faults, calendars)
    units = [item for item in equipment.values() if item.level is Level.WORK_UNIT]
    connections, of_unit = read_connections(folder, faults, units, ports=ports, organization=organization)
    tags, rows = read_tags(folder, faults, equipment, connections, of_unit)
    return Plant(equipment, calendars, connections, tags, rows, unit_rows, calendar_rows)


def read_calendars(folder: Path, faults: Faults) -> tuple[dict[str, Calendar], dict[str, Row]]:
    """The calendars, and the first row of each."""
    rows = read_table(
        folder / "calendars.csv",
        faults,
        required=("calendar", "weekdays", "start", "end", "time_zone"),
        optional=("overtime", "overtime_cost_per_hour"),
    )
    calendars: dict[str, Calendar] = {}
    first: dict[str, Row] = {}
    for row in rows:
        name, zone = row.id("calendar"), row.text("time_zone")
        first.setdefault(name, row)
        try:
            shift = Shift.from_text(row.text("weekdays"), row.text("start"), row.text("end"))
            calendar = calendars.get(name) or Calendar(name, zone, ())
        except WrongCalendar as fault:
            row.fault("calendar", fault.message)
            calendars.setdefault(name, Calendar(name, "UTC", ()))
            continue
        if calendar.time_zone != zone:
            row.fault("time_zone", f"calendar {name} is in {calendar.time_zone} already; it has one time zone")
        calendars[name] = _with_shift(row, calendar, shift)
    for name, calendar in calendars.items():
        if first[name].is_good and not calendar.windows(_ANY_WEEK, _ANY_WEEK + timedelta(days=8)):
            first[name].fault("calendar", f"calendar {name} never opens")
    return calendars, first


def _with_shift(row: Row, calendar: Calendar, shift: Shift) -> Calendar:
    """The calendar with a shift, or with overtime that may be worked at a cost."""
    cost = row.number("overtime_cost_per_hour", default=0.0, low=0, high=1e6)
    if row.flag("overtime"):
        return replace(calendar, overtime=(*calendar.overtime, shift), overtime_cost_per_hour=cost)
    if cost:
        row.fault("overtime_cost_per_hour", "only overtime has a cost; write yes in the column overtime")
    return replace(calendar, shifts=(*calendar.shifts, shift))


def read_equipment(
    folder: Path, faults: Faults, calendars: Mapping[str, Calendar]
) -> tuple[dict[str, Equipment], dict[str, Row]]:
    """The equipment, and the row of each work unit."""
    rows = unique(
        read_table(
            folder / "equipment.csv",
            faults,
            required=("id", "level", "parent", "name"),
            optional=("name_zh", "calendar", *WORKING),
        ),
        "id",
    )
    equipment: dict[str, Equipment] = {}
    units: dict[str, Row] = {}
    for row in rows:
        level = row.choice("level", Level)
        item = Equipment(row.id("id"), level, row.optional("parent") or None, row.words(), row.optional("calendar") or None)
        if level is Level.WORK_UNIT:
            units.setdefault(item.id, row)
        if level is Level.WORK_UNIT and row.is_good:
            row.reference("calendar", calendars, "calendar")
        elif level is not Level.WORK_UNIT:
            for column in ("calendar", *WORKING):
                if row.optional(column):
                    row.fault(column, f"only work units have a {column}")
        equipment.setdefault(item.id, item)
    for row in rows:
        _check_parent(row, equipment)
    if not any(item.level is Level.WORK_UNIT for item in equipment.values()):
        faults.add("equipment.csv", 0, "level", "expected at least one work_unit")
    return equipment, units


def _check_parent(row: Row, equipment: Mapping[str, Equipment]) -> None:
    item = equipment.get(row.optional("id"))
    if item is None or not row.is_good:
        return
    above = _ABOVE[item.level]
    if above is None:
        if item.parent:
            row.fault("parent", f"a {item.level} has no parent, found '{item.parent}'")
        return
    parent = equipment.get(row.reference("parent", equipment, above.value))
    if parent is not None and parent.level is not above:
        row.fault("parent", f"expected a {above} here; '{parent.id}' is of level {parent.level}")


def read_connections(
    folder: Path, faults: Faults, units: Collection[Equipment], *, ports: Mapping[str, int], organization: str
) -> tuple[dict[str, Connection], dict[str, list[str]]]:
    """The connections by id, and for each work unit the connections that list it."""
    rows = read_table(
        folder / "connections.csv",
        faults,
        required=("connection", "protocol", "address", "work_units"),
        optional=("settings", "name", "name_zh"),
    )
    names = {unit.id: unit.words for unit in units}
    connections: dict[str, Connection] = {}
    of_unit: dict[str, list[str]] = {unit: [] for unit in names}
    for row in unique(rows, "connection"):
        name = row.id("connection", r"[a-z][a-z0-9-]{1,38}")
        listed = row.references("work_units", names, "work unit")
        if not listed:
            row.fault("work_units", "expected the work units that are reached over this connection")
        words = row.words(required=False) if row.optional("name") else names.get(next(iter(listed), ""), Words(""))
        protocol, settings = row.choice("protocol", Way), _settings(row)
        address = row.optional("address").replace("{organization}", organization)
        connection = Connection(
            name, protocol.value, address.replace("{port}", str(ports.get(name, "{port}"))), settings, words=words
        )
        checked = replace(connection, address=address.replace("{port}", str(_CHECK_PORT)))
        if row.is_good:
            row.attempt("address", partial(check_connection, checked, organization))
        connections[name] = connection
        for unit in listed:
            of_unit.setdefault(unit, []).append(name)
    for name in ports:
        if name not in connections:
            faults.add("connections.csv", 0, "connection", f"a port was given for '{name}'{similar(name, connections)}")
    return connections, of_unit


def _settings(row: Row) -> dict[str, Any]:
    text = row.optional("settings") or "{}"
    try:
        settings = json.loads(text)
    except ValueError as fault:
        row.fault("settings", f"expected JSON: {fault}")
        return {}
    if not isinstance(settings, dict):
        row.fault("settings", f"expected a JSON object such as {{}}, found {text[:20]}")
        return {}
    return settings


_TAG_COLUMNS = ("asset", "tag", "type", "meaning", "name")
_MORE_TAG_COLUMNS = ("unit", "resolution", "low", "high", "writable", "connection", "address", "name_zh")


def read_tags(
    folder: Path,
    faults: Faults,
    equipment: Mapping[str, Equipment],
    connections: Mapping[str, Connection],
    of_unit: Mapping[str, list[str]],
) -> tuple[tuple[Tag, ...], dict[tuple[str, str], Row]]:
    """Every tag of every work unit. A row for one work unit goes before one for its work center, that before one for all."""
    rows = unique(read_table(folder / "tags.csv", faults, required=_TAG_COLUMNS, optional=_MORE_TAG_COLUMNS), "asset", "tag")
    units = [item for item in equipment.values() if item.level is Level.WORK_UNIT]
    selectors = {EVERY_UNIT, *(item.id for item in equipment.values() if item.level in (Level.WORK_UNIT, Level.WORK_CENTER))}
    by_selector: dict[str, dict[str, tuple[Row, Tag]]] = {}
    for row in rows:
        selector = row.optional("asset")
        row.check_known("asset", selector, selectors, "work unit or work center")
        tag = _tag(row)
        if row.is_good:
            by_selector.setdefault(selector, {})[tag.name] = (row, tag)
    tags, row_of = [], {}
    for unit in units:
        for row, tag in _tags_of(unit, by_selector).values():
            placed = _placed(row, replace(tag, asset=unit.id), connections, of_unit.get(unit.id, []))
            tags.append(placed)
            row_of[unit.id, tag.name] = row
    return tuple(tags), row_of


def _tags_of(unit: Equipment, by_selector: Mapping[str, dict[str, tuple[Row, Tag]]]) -> dict[str, tuple[Row, Tag]]:
    found: dict[str, tuple[Row, Tag]] = {}
    for selector in (EVERY_UNIT, unit.parent or "", unit.id):
        found.update(by_selector.get(selector, {}))
    return found


def _tag(row: Row) -> Tag:
    tag = Tag(
        number=0,
        asset=row.optional("asset"),
        name=row.id("tag", TAG_NAME),
        words=row.words(),
        data_type=row.choice("type", DataType),
        meaning=row.choice("meaning", Meaning),
        unit=row.optional("unit"),
        resolution=row.number("resolution", low=1e-12) if row.optional("resolution") else None,
        low=row.limit("low"),
        high=row.limit("high"),
        writable=row.flag("writable"),
        connection=row.optional("connection") or None,
        address=row.optional("address"),
    )
    if tag.low is not None and tag.high is not None and tag.low >= tag.high:
        row.fault("high", f"expected a number above low ({tag.low:g}), found {tag.high:g}")
    if tag.meaning in (Meaning.PARAMETER, Meaning.REQUEST) and not tag.writable:
        row.fault("writable", f"a {tag.meaning} is written by LotOne; expected yes")
    return tag


def _placed(row: Row, tag: Tag, connections: Mapping[str, Connection], listed: list[str]) -> Tag:
    """The tag with its connection, the first that lists its work unit unless the row names another, and its address there."""
    name = tag.connection or next(iter(listed), None)
    if name is None:
        row.fault("connection", f"no connection lists {tag.asset}")
        return tag
    if name not in listed:
        row.fault("connection", f"connection '{name}' does not list {tag.asset}{similar(name, listed)}")
        return tag
    protocol = connections[name].way
    address = tag.address or _default_address(protocol, tag.name)
    if protocol is Way.MODBUS:
        _check_modbus(row, replace(tag, address=address))
    if protocol is Way.S7 and not address:
        row.fault("address", f"expected the address of {tag.path} such as DB1.DBD0:REAL")
    return replace(tag, connection=name, address=address)


def _default_address(protocol: Way | None, tag: str) -> str:
    """Where machines of our own making keep a tag, as each driver documents it. Modbus and S7 have none."""
    known: dict[Way | None, str] = {Way.SPARKPLUG: f"machine/{tag}", Way.OPCUA: f"ns=2;s={tag}", Way.MODBUS: "", Way.S7: ""}
    return known.get(protocol, tag)


def _check_modbus(row: Row, tag: Tag) -> None:
    if not _MODBUS_ADDRESS.fullmatch(tag.address):
        row.fault("address", f"expected the register of {tag.path} such as holding:20:float32, found '{tag.address}'")
    elif tag.data_type is DataType.TEXT:
        row.fault("type", f"{tag.path} is a text, which registers can't hold; expected number, integer or boolean")
    elif tag.writable and not tag.address.startswith(("holding", "coil")):
        row.fault("address", f"{tag.path} is written, so it must be a holding register or a coil")


def check_machines(plant: Plant, faults: Faults, used: Iterable[str]) -> None:
    """The machines that operations need must have the tags by which jobs are started and followed."""
    needed = (Meaning.STATE, Meaning.JOB, Meaning.JOB_STATE, Meaning.REQUEST)
    for unit in used:
        tags = plant.tags_of(unit)
        for meaning in needed:
            own = [tag for tag in tags if tag.meaning is meaning]
            if not own:
                faults.add("tags.csv", 0, "meaning", f"{unit} has no tag that means {meaning}; jobs need one")
            for tag in own[1:]:
                row = plant.tag_rows[unit, tag.name]
                row.fault("meaning", f"{unit} has two tags that mean {meaning}: {own[0].name} and {tag.name}")


def ports_missing(connections: Iterable[Connection]) -> list[str]:
    return [connection.id for connection in connections if "{port}" in connection.address]


def check_ports(connections: Iterable[Connection]) -> None:
    """Raises Invalid when an address still has no port."""
    missing = ports_missing(connections)
    if missing:
        raise Invalid(f"connections {', '.join(missing)} have no port yet: give read_blueprint their ports")
