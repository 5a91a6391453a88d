"""What exists in a plant: equipment after ISA-95, its tags and their samples, parts and the lots they come in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite

from lotone.kernel import Conflict, Invalid, NotFound, Words

Value = float | int | bool | str
"""The value of a sample."""


class Level(StrEnum):
    """Levels of the equipment hierarchy (ISA-95 part 1); the enterprise is the organization itself."""

    SITE = "site"
    AREA = "area"
    WORK_CENTER = "work_center"
    WORK_UNIT = "work_unit"


@dataclass(frozen=True)
class Equipment:
    """One node of the equipment hierarchy. `id` is unique in its organization and short: `paint-1`."""

    id: str
    level: Level
    parent: str | None
    words: Words
    calendar: str | None = None
    """The working calendar, on work units."""


class DataType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"


class Meaning(StrEnum):
    """What a tag tells the platform; everything that is only recorded and looked at is a SENSOR."""

    STATE = "state"
    """The machine's state, a `MachineState` number."""
    JOB = "job"
    """The number of the work order the machine works on; 0 is none."""
    JOB_STATE = "job_state"
    """How far that job is, a `JobState` number."""
    PROGRESS = "progress"
    """Percent of the job done."""
    JOB_ENERGY = "job_energy"
    """Energy used by this job so far, in kWh."""
    ENERGY = "energy"
    """Energy counter of the machine, in kWh."""
    GOOD = "good"
    SCRAP = "scrap"
    CHECK = "check"
    """A measured result of a quality check of the job."""
    SENSOR = "sensor"
    PARAMETER = "parameter"
    """Written before a job starts; read back while it runs, it says what the machine really used."""
    REQUEST = "request"
    """Written last: the number of the work order to start. The machine starts when it changes."""


class MachineState(StrEnum):
    """States of a machine; `number` is how machines send them."""

    STOPPED = "stopped"
    IDLE = "idle"
    RUNNING = "running"
    DOWN = "down"
    UNKNOWN = "unknown"

    @property
    def number(self) -> int:
        return _STATE_NUMBERS[self]

    @classmethod
    def from_number(cls, number: Value) -> "MachineState":
        return next((state for state, known in _STATE_NUMBERS.items() if known == number), cls.UNKNOWN)


_STATE_NUMBERS = {
    MachineState.STOPPED: 0,
    MachineState.IDLE: 1,
    MachineState.RUNNING: 2,
    MachineState.DOWN: 3,
    MachineState.UNKNOWN: -1,
}


class JobState(StrEnum):
    """How far a machine is with the job it was sent; `number` is how machines send it."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def number(self) -> int:
        return list(JobState).index(self)

    @classmethod
    def from_number(cls, number: Value) -> "JobState":
        states = list(cls)
        return states[int(number)] if isinstance(number, int | float) and 0 <= number < len(states) else cls.NONE


@dataclass(frozen=True)
class Tag:
    """One measured (or written) variable of an asset.

    `number` is the tag's number in this installation (never reused, the historian's key); `connection` and `address`
    say how it is reached: the address is the driver's own, such as a Sparkplug metric or an OPC UA node id.
    """

    number: int
    asset: str
    name: str
    words: Words
    data_type: DataType
    meaning: Meaning
    unit: str = ""
    resolution: float | None = None
    low: float | None = None
    high: float | None = None
    writable: bool = False
    connection: str | None = None
    address: str = ""

    @property
    def path(self) -> str:
        return f"{self.asset}/{self.name}"


GOOD = 0
"""Quality of a good sample.

Qualities are OPC UA status codes (OPC 10000-4, 7.38): 0 good, 0x40000000 uncertain, 0x80000000 bad.
"""
UNCERTAIN = 0x40000000
BAD = 0x80000000
STALE = 0x80310000
"""Bad_NoCommunication: the machine no longer answers, what it said last may no longer be true."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """A moment as the samples carry it: microseconds since 1970, UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    """The moment behind the time of a sample."""
    return EPOCH + timedelta(microseconds=microseconds_since_epoch)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a tag. Times are microseconds since 1970 (UTC): `source_time` is the machine's (plant time),
    `receive_time` ours (wall time). (tag, source_time, sequence) identifies it: the same again is a duplicate,
    the same with another value a correction."""

    tag: int
    source_time: int
    value: Value
    quality: int = GOOD
    sequence: int = 0
    receive_time: int = 0


@dataclass(frozen=True)
class Part:
    """A kind of thing that goes into a product."""

    id: str
    words: Words
    unit: str = "piece"


@dataclass(frozen=True)
class Lot:
    """A quantity of one part that arrived together."""

    id: str
    part: str
    quantity: float
    received_at: datetime
    supplier: str | None = None
    left: float = 0.0
    """What of it is still in stock."""


@dataclass(frozen=True)
class Taken:
    """A quantity taken from a lot."""

    part: str
    lot: str
    quantity: float


@dataclass(frozen=True)
class Plant:
    """Everything that exists in one organization's plant, as the blueprint or a spreadsheet describes it."""

    equipment: tuple[Equipment, ...] = ()
    tags: tuple[Tag, ...] = ()
    parts: tuple[Part, ...] = ()
    stock: Mapping[str, float] = field(default_factory=dict)


class UnknownEquipment(NotFound):
    """No equipment has this id."""


class UnknownTag(NotFound):
    """No tag has this path or number."""


class UnknownPart(NotFound):
    """No part has this id."""


class UnknownLot(NotFound):
    """No lot has this id."""


class WrongEquipment(Invalid):
    """The equipment would not make a tree after ISA-95."""


class WrongTag(Invalid):
    """The tag's name or meaning breaks a rule."""


class WrongQuantity(Invalid):
    """A quantity must be positive and is counted in thousandths of the part's unit."""


class LotExists(Conflict):
    """A lot with this id arrived before, with something else in it."""


class NotEnough(Conflict):
    """There is less of a part in stock than is to be taken; nothing was taken."""

    def __init__(self, part: str, wanted: float, on_hand: float) -> None:
        super().__init__(
            f"{wanted:g} of part {part} are needed and {on_hand:g} are in stock; order more or wait for a delivery"
        )
        self.part = part
        self.wanted = wanted
        self.on_hand = on_hand


_SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}")
_TAG_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_DEPTH = {Level.SITE: 0, Level.AREA: 1, Level.WORK_CENTER: 2, Level.WORK_UNIT: 3}
ONE_OF_A_KIND = frozenset(
    (Meaning.STATE, Meaning.JOB, Meaning.JOB_STATE, Meaning.PROGRESS, Meaning.JOB_ENERGY, Meaning.REQUEST)
)
"""A machine has at most one tag of each of these meanings: two would contradict each other."""


def check_equipment(items: Iterable[Equipment]) -> None:
    """All equipment of an organization must be a tree whose levels go down. Raises WrongEquipment."""
    known = {item.id: item for item in items}
    for item in known.values():
        if not _SLUG.fullmatch(item.id):
            raise WrongEquipment(
                f"equipment id {item.id!r} must be lower case letters, digits and hyphens, at most 39", where=item.id
            )
        if item.parent is None:
            continue
        parent = known.get(item.parent)
        if parent is None:
            raise WrongEquipment(f"equipment {item.id} is part of {item.parent}, which does not exist", where=item.id)
        if _DEPTH[parent.level] >= _DEPTH[item.level]:
            raise WrongEquipment(f"{item.id} ({item.level}) can't be part of {parent.id} ({parent.level})", where=item.id)


def check_tags(asset: str, tags: Iterable[Tag]) -> None:
    """All tags of one asset: names fit for paths, and one tag for each meaning that exists once. Raises WrongTag."""
    seen: dict[Meaning, str] = {}
    for tag in tags:
        if not _TAG_NAME.fullmatch(tag.name):
            raise WrongTag(f"tag name {tag.name!r} must be lower case letters, digits, _ and -, at most 63", where=tag.path)
        if tag.meaning in ONE_OF_A_KIND and tag.meaning in seen:
            raise WrongTag(f"{asset} has two tags that mean {tag.meaning}: {seen[tag.meaning]} and {tag.name}", where=tag.path)
        seen[tag.meaning] = tag.name


def thousandths(quantity: float) -> int:
    """A quantity as stock is counted: whole thousandths of the part's unit, so that sums are exact. Raises WrongQuantity."""
    if not isfinite(quantity):
        raise WrongQuantity(f"{quantity} is no quantity")
    counted = int((Decimal(str(quantity)) * 1000).to_integral_value())
    if counted <= 0:
        raise WrongQuantity(f"a quantity must be positive, at least 0.001; this one is {quantity:g}")
    return counted


def quantity_of(counted: int) -> float:
    """A quantity from its thousandths."""
    return counted / 1000


def material_lot(part: str, arrived: date, number: int) -> str:
    """The id of the lot of a part that arrived as the `number`th on a day, readable on a label: `motor-250w-260105-01`."""
    return f"{part}-{arrived:%y%m%d}-{number:02d}"


@dataclass(frozen=True)
class Share:
    """So many thousandths out of one lot."""

    lot: str
    counted: int


def oldest_first(part: str, counted: int, lots: Iterable[Share]) -> list[Share]:
    """Which lots to take from, given what is left in each in the order of arrival. Raises NotEnough."""
    available = list(lots)
    shares: list[Share] = []
    missing = counted
    for lot in available:
        if missing == 0:
            break
        share = min(lot.counted, missing)
        if share > 0:
            shares.append(Share(lot.lot, share))
            missing -= share
    if missing:
        raise NotEnough(part, quantity_of(counted), quantity_of(sum(lot.counted for lot in available)))
    return shares
