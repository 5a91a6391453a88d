"""What exists in a plant: equipment after ISA-95, its tags and their samples, parts and the lots they come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from lotone.kernel import Words

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
"""Quality of a good sample. Qualities are OPC UA status codes (OPC 10000-4, 7.38): 0 good, 0x40000000 uncertain, 0x80000000 bad."""
UNCERTAIN = 0x40000000
BAD = 0x80000000
STALE = 0x80310000
"""Bad_NoCommunication: the machine no longer answers, what it said last may no longer be true."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """A moment as the samples carry it: microseconds since 1970, UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
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
