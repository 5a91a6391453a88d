"""Adding a machine: what is proposed for each value that it offers, and saving all of it in one step."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

from lotone.assets import DataType, Equipment, Level, Meaning, Tag, UnknownEquipment, Value
from lotone.connect import Connection, Node
from lotone.kernel import Conflict, Invalid, Words
from lotone.wiring import Work

FIRST_CENTER = "workshop"
FIRST_CENTER_WORDS = Words("Workshop", "车间")
NAME_LENGTH = 63
ID_LENGTH = 39
_MEANINGS: Mapping[str, tuple[Meaning, DataType]] = {
    "state": (Meaning.STATE, DataType.INTEGER),
    "job": (Meaning.JOB, DataType.INTEGER),
    "job_state": (Meaning.JOB_STATE, DataType.INTEGER),
    "progress": (Meaning.PROGRESS, DataType.NUMBER),
    "job_energy": (Meaning.JOB_ENERGY, DataType.NUMBER),
    "energy": (Meaning.ENERGY, DataType.NUMBER),
    "good": (Meaning.GOOD, DataType.INTEGER),
    "scrap": (Meaning.SCRAP, DataType.INTEGER),
    "request": (Meaning.REQUEST, DataType.INTEGER),
}
"""Values that are called so, and have this type, mean so: the names of our own machines."""
_UNITS: Sequence[tuple[str, str]] = (
    (r"temperature|temp\b|_temp", "°C"),
    (r"humidity", "%"),
    (r"pressure", "bar"),
    (r"energy", "kWh"),
    (r"power", "kW"),
    (r"voltage", "V"),
    (r"current", "A"),
    (r"frequency", "Hz"),
    (r"vibration", "mm/s"),
    (r"rpm|speed_of_rotation|spindle_speed", "1/min"),
    (r"torque", "Nm"),
)
_MEASURED = re.compile(r"temperature|humidity|vibration|level$|actual|measured")
"""Called so, a value is measured even where a careless server would let us write it."""
_OWN = re.compile(r"i=\d+$")
"""Nodes of OPC UA's own namespace: about the server, not the machine."""
_NUMERIC = frozenset({DataType.NUMBER, DataType.INTEGER})


class MachineExists(Conflict):
    """There is already a machine or a connection with this id."""


class WrongMachine(Invalid):
    """What was entered for a new machine can't be saved; `where` names the field."""


@dataclass(frozen=True)
class Offer:
    """One value that a machine offers, with what is proposed for its tag."""

    address: str
    label: str
    name: str
    data_type: DataType | None
    meaning: Meaning
    unit: str = ""
    writable: bool = False
    value: Value | None = None
    is_taken: bool = False
    """There is a tag for it already."""

    @property
    def is_possible(self) -> bool:
        return self.data_type is not None

    @property
    def row(self) -> str:
        """Names the row of this address in a form, also when the list has changed meanwhile."""
        return f"{crc32(self.address.encode()):08x}"


@dataclass(frozen=True)
class NewTag:
    """A tag as it was ticked or sent."""

    address: str
    name: str
    data_type: DataType
    meaning: Meaning = Meaning.SENSOR
    unit: str = ""
    writable: bool = False
    words: Words = field(default_factory=lambda: Words(""))
    low: float | None = None
    high: float | None = None
    resolution: float | None = None


@dataclass(frozen=True)
class NewMachine:
    """A machine with its connection, ready to be saved."""

    connection: Connection
    work_unit: str
    words: Words
    work_center: str = ""
    """The id of an existing one; empty takes the first there is, or makes one."""
    tags: tuple[NewTag, ...] = ()


def tag_name(text: str, taken: Iterable[str] = ()) -> str:
    """A tag's name from whatever a machine calls it: `Press/Oil temp.` becomes `press_oil_temp`."""
    plain = re.sub(r"[^a-z0-9]+", "_", _split_words(text).casefold()).strip("_") or "value"
    name = (plain if plain[0].isalpha() else f"v_{plain}")[:NAME_LENGTH].rstrip("_")
    used, tried, number = set(taken), name, 2
    while tried in used:
        ending = f"_{number}"
        tried, number = f"{name[: NAME_LENGTH - len(ending)]}{ending}", number + 1
    return tried


def _split_words(text: str) -> str:
    """`oilTemperature` is two words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)


def machine_id(text: str, taken: Iterable[str] = ()) -> str:
    """An id for equipment and connections from a name: `Press 7 (hall B)` becomes `press-7-hall-b`."""
    plain = re.sub(r"[^a-z0-9]+", "-", _split_words(text).casefold()).strip("-") or "machine"
    name = (plain if plain[0].isalpha() else f"m-{plain}")[: ID_LENGTH - 3].rstrip("-")
    name = name if len(name) > 1 else f"{name}-1"
    used, tried, number = set(taken), name, 2
    while tried in used:
        tried, number = f"{name}-{number}", number + 1
    return tried


def offers(nodes: Iterable[Node], known: Iterable[Tag] = ()) -> list[Offer]:
    """What a machine offers, with proposals: names as short as they can be told apart, types, units, meanings."""
    found = [node for node in nodes if not _OWN.match(node.address)]
    tags = {tag.address or tag.name: tag for tag in known}
    taken = {tag.name for tag in tags.values()}
    prefix = _shared_path([node.name for node in found])
    proposed = []
    for node in found:
        tag = tags.get(node.address)
        short = node.name[len(prefix) :] or node.name
        name = tag.name if tag else tag_name(short, taken)
        taken.add(name)
        proposed.append(
            Offer(
                address=node.address,
                label=node.name,
                name=name,
                data_type=tag.data_type if tag else node.data_type,
                meaning=tag.meaning if tag else meaning_of(name, node.data_type, node.writable),
                unit=tag.unit if tag else node.unit or unit_of(name, node.data_type),
                writable=tag.writable if tag else node.writable and not _MEASURED.search(name),
                value=node.value,
                is_taken=tag is not None,
            )
        )
    return proposed


def _shared_path(names: Sequence[str]) -> str:
    """The part of the path that all names begin with: `Press/`."""
    if len(names) < 2:
        return names[0].rpartition("/")[0] + "/" if names and "/" in names[0] else ""
    paths = [name.split("/")[:-1] for name in names]
    shared = []
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return "/".join(shared) + "/" if shared else ""


def meaning_of(name: str, data_type: DataType | None, writable: bool) -> Meaning:
    """What a value probably means, by its name; a writable one is a parameter, anything else a sensor."""
    known = _MEANINGS.get(name)
    if known is not None and (data_type is known[1] or (data_type in _NUMERIC and known[1] is DataType.NUMBER)):
        return known[0]
    return Meaning.PARAMETER if writable and not _MEASURED.search(name) else Meaning.SENSOR


def unit_of(name: str, data_type: DataType | None) -> str:
    """A likely unit for a number, by its name; a person sees and corrects it."""
    if data_type not in _NUMERIC:
        return ""
    return next((unit for pattern, unit in _UNITS if re.search(pattern, name)), "")


def as_measured(found: Iterable[Offer]) -> list[Offer]:
    """Offers of a machine that doesn't tell what can be set: nothing is proposed to be set."""
    return [
        each
        if each.is_taken
        else replace(each, writable=False, meaning=Meaning.SENSOR if each.meaning is Meaning.PARAMETER else each.meaning)
        for each in found
    ]


def add_machine(work: Work, machine: NewMachine) -> Connection:
    """Save equipment (if it is new), connection and tags. Raises MachineExists, WrongMachine, WrongConnection, WrongTag..."""
    equipment = {item.id: item for item in work.assets.equipment()}
    known = equipment.get(machine.work_unit)
    if known is not None and known.level is not Level.WORK_UNIT:
        raise MachineExists(
            f"{machine.work_unit} is already the id of a {known.level.value.replace('_', ' ')}", where="machine"
        )
    if known is None:
        center = _work_center(work, equipment, machine.work_center)
        words = machine.words if machine.words.en else Words(machine.work_unit)
        work.assets.add_equipment([Equipment(machine.work_unit, Level.WORK_UNIT, center, words)])
    connection = machine.connection
    if not connection.words.en:
        connection = replace(connection, words=machine.words if machine.words.en else Words(machine.work_unit))
    saved = work.connect.add_connection(connection)
    add_tags(work, saved, machine.work_unit, machine.tags)
    return saved


def _work_center(work: Work, equipment: Mapping[str, Equipment], wanted: str) -> str | None:
    """Where the machine stands; a plant without work centers gets its first."""
    if wanted:
        if wanted not in equipment:
            raise UnknownEquipment(f"there is no work center {wanted}", where="work_center")
        return wanted
    centers = [item.id for item in equipment.values() if item.level is Level.WORK_CENTER]
    if centers:
        return centers[0]
    work.assets.add_equipment([Equipment(FIRST_CENTER, Level.WORK_CENTER, None, FIRST_CENTER_WORDS)])
    return FIRST_CENTER


def add_tags(work: Work, connection: Connection, asset: str, wanted: Iterable[NewTag]) -> list[Tag]:
    """Add tags of a connection to an asset. Raises MachineExists (a name another connection uses), WrongTag."""
    known = {tag.name: tag for tag in work.assets.tags(asset)}
    new = []
    for each in wanted:
        other = known.get(each.name)
        if other is not None and other.connection not in (None, connection.id):
            raise MachineExists(f"{other.path} already comes from the connection {other.connection}; choose another name")
        new.append(
            Tag(
                number=0,
                asset=asset,
                name=each.name,
                words=each.words if each.words.en else Words(words_of(each.name)),
                data_type=each.data_type,
                meaning=each.meaning,
                unit=each.unit,
                resolution=each.resolution,
                low=each.low,
                high=each.high,
                writable=each.writable,
                connection=connection.id,
                address=each.address,
            )
        )
    names = [tag.name for tag in new]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongMachine(f"two values are called {twice[0]}; give one of them another name", where="tags")
    return work.assets.add_tags(new)


def words_of(name: str) -> str:
    """A tag's name as a person writes it: `oil_temp` is `Oil temp`."""
    return name.replace("_", " ").replace("-", " ").strip().capitalize()


def tags_from_form(form: Mapping[str, Any]) -> tuple[NewTag, ...]:
    """The ticked rows of a form: fields `take-3`, `address-3`, `name-3`, `type-3`, `unit-3`, ... Raises WrongMachine."""
    rows = [key.removeprefix("take-") for key in form if key.startswith("take-")]
    return tuple(_row(form, row) for row in rows)


def _row(form: Mapping[str, Any], row: str) -> NewTag:
    def text(field_name: str) -> str:
        return str(form.get(f"{field_name}-{row}", "")).strip()

    address, label = text("address"), text("label")
    name = text("name") or tag_name(label or address)
    if not address:
        raise WrongMachine("every ticked value needs an address", where=f"address-{row}")
    try:
        data_type = DataType(text("type"))
        meaning = Meaning(text("meaning") or "sensor")
    except ValueError:
        raise WrongMachine(f"'{text('type')}' is no type of a value", where=f"type-{row}") from None
    title = label.rpartition("/")[2]
    words = Words(title) if title and tag_name(title) == name else Words("")
    return NewTag(address, name, data_type, meaning, text("unit"), bool(text("writable")), words)
