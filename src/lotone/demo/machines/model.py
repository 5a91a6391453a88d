"""What a simulated machine is told before it starts: its tags, its address, how it behaves. Plain data, to and from JSON."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

Value = float | int | bool | str
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING: Mapping[str, Any] = MappingProxyType({})
TELEMETRY = "mqtt"
"""The protocol of tags that are published as plain MQTT values beside the machine's own protocol."""


class SpecFault(ValueError):
    """The description of a machine can't be used; the message names the machine and what is wrong."""


class State(IntEnum):
    """How machines send their state (the numbers of `assets.MachineState`)."""

    STOPPED = 0
    IDLE = 1
    RUNNING = 2
    DOWN = 3


class Job(IntEnum):
    """How machines send how far the job is (the numbers of `assets.JobState`)."""

    NONE = 0
    RUNNING = 1
    DONE = 2
    FAILED = 3


class Meaning(StrEnum):
    """What a tag is for (the words of `assets.Meaning`)."""

    STATE = "state"
    JOB = "job"
    JOB_STATE = "job_state"
    PROGRESS = "progress"
    JOB_ENERGY = "job_energy"
    ENERGY = "energy"
    GOOD = "good"
    SCRAP = "scrap"
    CHECK = "check"
    SENSOR = "sensor"
    PARAMETER = "parameter"
    REQUEST = "request"


class DataType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"


@dataclass(frozen=True)
class TagSpec:
    """One variable of the machine. `telemetry` tags are published as plain MQTT, whatever else the machine speaks."""

    name: str
    address: str
    data_type: DataType
    meaning: Meaning
    unit: str = ""
    low: float | None = None
    high: float | None = None
    resolution: float | None = None
    writable: bool = False
    telemetry: bool = False


@dataclass(frozen=True)
class Behaviour:
    """How the machine works. Times are plant time; chance comes from `seed`, the machine's name and the job's number alone."""

    seed: int = 1
    mean_factor: float = 1.0
    """What a job takes on average, as a part of the planned `cycle_minutes`."""
    variation: float = 0.1
    """Standard deviation of that, as a part of the mean (lognormal)."""
    default_minutes: float = 15.0
    """For jobs without `cycle_minutes`."""
    idle_kw: float | None = None
    running_kw: float | None = None
    """Without them, fitting the range of the machine's power meter."""
    hours_between_failures: float | None = None
    """Mean running hours between random breakdowns; none without."""
    repair_minutes: float = 30.0


@dataclass(frozen=True)
class Stop:
    """A breakdown that is sure to come: at a plant time, or when `after_jobs` jobs are done. With `progress` it waits
    until the job that then runs has come so far (percent)."""

    minutes: float
    code: str
    at: datetime | None = None
    after_jobs: int | None = None
    progress: float = 0.0


@dataclass(frozen=True)
class PlantTime:
    """The machine's clock: `speed` plant seconds a wall second, both starting at their anchors."""

    wall_anchor: datetime
    plant_anchor: datetime
    speed: float = 1.0

    def at(self, wall_seconds: float) -> int:
        """Plant time in microseconds since 1970 at a wall time in seconds since 1970."""
        passed = wall_seconds - self.wall_anchor.timestamp()
        return round(microseconds(self.plant_anchor) + passed * self.speed * 1e6)


@dataclass(frozen=True)
class Broker:
    """The MQTT server; `group` is the Sparkplug group and the second level of telemetry topics."""

    host: str
    port: int
    user: str
    password: str
    group: str


@dataclass(frozen=True)
class Recording:
    """A CSV file whose columns are the machine's sensor signals: a column becomes the tag whose name is the column's in slug
    form; `columns` maps others (tag name: column)."""

    path: str
    time_column: str = ""
    delimiter: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MachineSpec:
    """Everything a machine process needs to know. `folder` keeps its journal."""

    machine: str
    protocol: str
    address: str
    tags: tuple[TagSpec, ...]
    folder: str
    clock: PlantTime
    broker: Broker | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    behaviour: Behaviour = Behaviour()
    stops: tuple[Stop, ...] = ()
    recording: Recording | None = None
    interval_s: float = 0.25
    """Wall seconds between two samples."""

    def __post_init__(self) -> None:
        names = [tag.name for tag in self.tags]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SpecFault(f"machine {self.machine}: tag {twice[0]} is there twice")
        for meaning in (Meaning.STATE, Meaning.JOB, Meaning.JOB_STATE, Meaning.REQUEST):
            if sum(tag.meaning == meaning for tag in self.tags) != 1:
                raise SpecFault(f"machine {self.machine} needs exactly one tag that means {meaning}")
        if self.interval_s <= 0 or self.clock.speed <= 0:
            raise SpecFault(f"machine {self.machine}: interval and speed must be above 0")
        if self.broker is None and (self.protocol == "sparkplug" or any(tag.telemetry for tag in self.tags)):
            raise SpecFault(f"machine {self.machine} publishes over MQTT but was told no broker")

    @property
    def journal_path(self) -> Path:
        return Path(self.folder) / f"{self.machine}.sqlite3"

    def tag(self, meaning: Meaning) -> TagSpec | None:
        """The first tag with this meaning."""
        return next((tag for tag in self.tags if tag.meaning == meaning), None)

    def as_json(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_plain))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "MachineSpec":
        """Raises SpecFault."""
        machine = str(values.get("machine", "?"))
        try:
            return cls(
                **{
                    **_known(cls, values),
                    "tags": tuple(_tag(tag) for tag in values["tags"]),
                    "clock": _with_moments(PlantTime, values["clock"]),
                    "broker": Broker(**values["broker"]) if values.get("broker") else None,
                    "behaviour": Behaviour(**values.get("behaviour", {})),
                    "stops": tuple(_with_moments(Stop, stop) for stop in values.get("stops", ())),
                    "recording": Recording(**values["recording"]) if values.get("recording") else None,
                }
            )
        except KeyError as fault:
            raise SpecFault(f"machine {machine}: {fault} is missing") from fault
        except SpecFault:
            raise
        except (TypeError, ValueError) as fault:
            raise SpecFault(f"machine {machine}: {fault}") from fault


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds_since_epoch)


def machine_specs(
    *,
    connections: Iterable[Mapping[str, Any]],
    tags: Iterable[Mapping[str, Any]],
    folder: str | Path,
    clock: PlantTime,
    broker: Broker | None = None,
    checks: Iterable[Mapping[str, Any]] = (),
    behaviours: Mapping[str, Behaviour] = NOTHING,
    stops: Mapping[str, Iterable[Stop]] = NOTHING,
    recordings: Mapping[str, Recording] = NOTHING,
    interval_s: float = 0.25,
) -> list[MachineSpec]:
    """The machines of a plant: one for every asset that has a tag which starts jobs, spoken to over that tag's connection.

    `connections`: id, protocol, address (ports filled in), settings. `tags`: asset, name, connection, address, data_type,
    meaning, unit, low, high, resolution, writable. `checks`: check (a tag name), low, high, optionally asset: measured results
    lie within all limits given for them. `behaviours`, `stops`, `recordings` are per asset; behaviour `*` is for all others.
    Raises SpecFault.
    """
    known = {connection["id"]: connection for connection in connections}
    limits = list(checks)
    of_asset: dict[str, list[Mapping[str, Any]]] = {}
    for tag in tags:
        of_asset.setdefault(tag["asset"], []).append(tag)
    specs = []
    for asset, own in of_asset.items():
        request = next((tag for tag in own if tag["meaning"] == Meaning.REQUEST), None)
        if request is None:
            continue
        if request.get("connection") not in known:
            raise SpecFault(f"machine {asset}: there is no connection {request.get('connection')}")
        connection = known[request["connection"]]
        telemetry = {name for name, other in known.items() if other["protocol"] == TELEMETRY}
        specs.append(
            MachineSpec(
                machine=asset,
                protocol=connection["protocol"],
                address=connection["address"],
                settings=dict(connection.get("settings") or {}),
                tags=tuple(_within(_tag(tag, telemetry=tag.get("connection") in telemetry), asset, limits) for tag in own),
                folder=str(folder),
                clock=clock,
                broker=broker,
                behaviour=behaviours.get(asset) or behaviours.get("*") or Behaviour(),
                stops=tuple(stops.get(asset, ())),
                recording=recordings.get(asset),
                interval_s=interval_s,
            )
        )
    return specs


def _within(tag: TagSpec, asset: str, checks: Iterable[Mapping[str, Any]]) -> TagSpec:
    """A check's measured values must pass every limit that the routing knows for it."""
    if tag.meaning != Meaning.CHECK:
        return tag
    own = [check for check in checks if check["check"] == tag.name and check.get("asset") in (None, asset)]
    lows = [low for low in (tag.low, *(check.get("low") for check in own)) if low is not None]
    highs = [high for high in (tag.high, *(check.get("high") for check in own)) if high is not None]
    return replace(tag, low=max(lows, default=None), high=min(highs, default=None))


def _tag(values: Mapping[str, Any], **more: Any) -> TagSpec:
    known = {**_known(TagSpec, values), **more}
    return TagSpec(**{**known, "data_type": DataType(values["data_type"]), "meaning": Meaning(values["meaning"])})


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def _with_moments(kind: Any, values: Mapping[str, Any]) -> Any:
    moments = ("at", "wall_anchor", "plant_anchor")
    return kind(
        **{
            name: datetime.fromisoformat(value) if name in moments and isinstance(value, str) else value
            for name, value in values.items()
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} is not plain data")
