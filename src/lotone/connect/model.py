"""Connections and what comes through them: readings, drivers, states in words, limits, addresses and topics."""

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

from lotone.assets import DataType, Value, microseconds
from lotone.kernel import Conflict, Forbidden, Invalid, NotFound, Unavailable, Words

PAYLOAD_BYTES_MAX = 1024 * 1024
"""A longer message is kept out and noted in the quarantine."""
KEPT_BYTES = 4096
"""How much of a payload the quarantine keeps."""
TEXT_LENGTH_MAX = 4096
EARLIEST = microseconds(datetime(1990, 1, 1, tzinfo=UTC))
AHEAD_MAX = timedelta(days=1)
MARK = 1
"""`sequence` of samples that LotOne adds itself: a machine no longer answers, or answers again with the same value."""
INTEGER_MAX = 2**63 - 1


class WrongConnection(Invalid):
    """A connection that can't work as described."""


class ConnectionExists(Conflict):
    """There is already a connection with this id, or to this edge node."""


class UnknownConnection(NotFound):
    """There is no connection with this id in the organization."""


class NotWritable(Forbidden):
    """The tag is not one that may be written."""


class NotConnected(Unavailable):
    """The machine can't be reached at the moment."""


class WriteRefused(Conflict):
    """The machine answered, and said no."""


class WrongPush(Invalid):
    """A pushed payload that can't be taken; nothing of it was."""


class Misfit(ValueError):
    """A value that is not of the tag's data type."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class Way(StrEnum):
    """How a connection's machine is reached: the protocol."""

    SPARKPLUG = "sparkplug"
    MQTT = "mqtt"
    OPCUA = "opcua"
    MODBUS = "modbus"
    HTTP = "http"


PASSIVE = frozenset({Way.SPARKPLUG, Way.MQTT, Way.HTTP})
"""Protocols in which the machine comes to us."""


class Status(StrEnum):
    WAITING = "waiting"
    CONNECTED = "connected"
    LOST = "lost"
    OFF = "off"


@dataclass(frozen=True)
class Connection:
    """How one machine (or several behind one address) is reached. `id` is unique in the organization: `paint-1`."""

    id: str
    protocol: str
    address: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    words: Words = field(default_factory=lambda: Words(""))

    @property
    def way(self) -> Way:
        return Way(self.protocol)


@dataclass(frozen=True)
class ConnectionState:
    """How a connection is, in words for the engineer. Times are wall clock."""

    connection: str
    status: Status
    since: datetime | None
    last_message_at: datetime | None
    words: Words
    fault_words: Words | None = None
    """The last fault with what to do about it, also while connected again."""
    fault_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as a driver got it: `address` is the driver's own, the source time the machine's or None.

    With a bad quality the value may be None: the last one is then kept, marked with the quality.
    """

    address: str
    source_time: int | None
    value: Any
    quality: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one connection that arrived together. `receive_time` in microseconds since 1970, wall clock."""

    organization: str
    connection: str
    readings: Sequence[Reading]
    receive_time: int


Deliver = Callable[[Batch], Awaitable[None]]
"""Returns once the batch is on disk in the stream; waits and tries again as long as that takes."""


@dataclass(frozen=True)
class Node:
    """Something a machine offers, as found by browsing it."""

    address: str
    name: str
    data_type: DataType | None = None
    writable: bool = False
    value: Value | None = None
    unit: str = ""


@dataclass(frozen=True)
class Found:
    """What was found at an address before it is saved as a connection."""

    words: Words
    nodes: tuple[Node, ...] = ()


class Driver(Protocol):
    """One protocol's way to one connection. Every driver passes `tests/conformance/driver_suite.py`."""

    async def run(self, deliver: Deliver) -> None:
        """Connect, deliver what the machine says, reconnect for ever; ends only by being cancelled."""

    async def write(self, values: Mapping[str, Value]) -> None:
        """Write addresses in the order given. Raises NotConnected, WriteRefused, Misfit."""

    async def browse(self) -> list[Node]:
        """What the machine offers. Raises NotConnected."""


class Surroundings(Protocol):
    """What a driver is given by the gateway."""

    @property
    def organization(self) -> str: ...

    @property
    def connection(self) -> Connection: ...

    @property
    def addresses(self) -> Mapping[str, DataType]:
        """Addresses of the connection's tags."""

    def plant_time(self) -> int:
        """Plant clock in microseconds since 1970."""

    def receive_time(self) -> int:
        """Wall clock in microseconds since 1970."""

    def position(self) -> dict[str, Any]:
        """How far the machine's own log was read; what was changed in it is kept after the batch that moved it."""

    async def say(self, status: Status, words: Words) -> None:
        """Tell people how the connection is."""

    async def quarantine(self, subject: str, words: Words, *, count: int = 1) -> None:
        """Note something that was lost or can't be taken."""

    async def command(self, topic: str, payload: bytes) -> None:
        """Publish to a machine; returns once the message server has it. Raises NotConnected."""


@dataclass(frozen=True)
class Quarantined:
    """Something that could not be taken. The same fault of the same subject is one entry with a count."""

    id: str
    subject: str
    reason: Words
    payload: str
    encoding: str
    """`text` or `base64`."""
    size: int
    first_at: datetime
    received_at: datetime
    count: int


@dataclass(frozen=True)
class MachineUser:
    """What has to be entered on an MQTT machine so that it reaches us."""

    host: str
    port: int
    user: str
    password: str
    sparkplug_group: str
    telemetry_topic: str


def machine_user(organization: str, password: str, *, host: str, port: int) -> MachineUser:
    """What the machines of an organization enter to reach this installation."""
    return MachineUser(host, port, organization, password, organization, f"telemetry/{organization}/<machine>/<tag>")


# values


def fit(value: object, data_type: DataType) -> Value:
    """The value in the tag's data type: integers become numbers, 0 and 1 become booleans. Raises Misfit."""
    fitted = _FITS[data_type](value)
    if fitted is None:
        raise Misfit(misfit_words(value, data_type))
    return fitted


def converter(data_type: DataType) -> Callable[[object], Value | None]:
    """`fit` for one data type and many values: gives None instead of raising."""
    return _FITS[data_type]


def misfit_words(value: object, data_type: DataType) -> Words:
    """Why a value can't be of a data type."""
    if value is None:
        return Words("there is no value", "没有数值")
    if isinstance(value, float) and not math.isfinite(value):
        return Words("the value is not a finite number", "数值不是有限数")
    wanted, given = data_type.value, _KINDS.get(type(value), type(value).__name__)
    return Words(
        f"the tag is a {wanted}, the value is a {given} that can't be one", f"标签类型为 {wanted}，收到的 {given} 值无法转换"
    )


_KINDS: Mapping[type, str] = {str: "text", int: "integer", float: "number", bool: "boolean", list: "list", dict: "structure"}


def _number(value: object) -> float | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return float(value) if isinstance(value, int) and abs(value) <= INTEGER_MAX else None


def _integer(value: object) -> int | None:
    if isinstance(value, int):
        return int(value) if abs(value) <= INTEGER_MAX else None
    if isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX:
        return int(value)
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX else None


_FITS: Mapping[DataType, Callable[[object], Value | None]] = {
    DataType.NUMBER: _number,
    DataType.INTEGER: _integer,
    DataType.BOOLEAN: _boolean,
    DataType.TEXT: _text,
}
NOTHING_YET: Mapping[DataType, Value] = {
    DataType.NUMBER: 0.0,
    DataType.INTEGER: 0,
    DataType.BOOLEAN: False,
    DataType.TEXT: "",
}
"""Stands in for the last value of a tag that never had one, in samples of bad quality."""


def time_fault(source_time: int, plant_now: int) -> Words | None:
    """Why a source time can't be right, or None."""
    if source_time < EARLIEST:
        return Words("its time is before 1990: set the machine's clock", "时间早于 1990 年：请校准设备时钟")
    if source_time > plant_now + AHEAD_MAX // timedelta(microseconds=1):
        return Words("its time is more than a day ahead: set the machine's clock", "时间超前一天以上：请校准设备时钟")
    return None


# topics and subjects


def topic_of(subject: str) -> str:
    """The MQTT topic behind a subject, as the message server maps them: `/` is `.`, `.` is `//`, an empty level `/`."""
    if "/" not in subject:
        return subject.replace(".", "/")
    characters = []
    position = 0
    while position < len(subject):
        pair = subject[position : position + 2]
        characters.append(_PAIRS[pair] if pair in _PAIRS else _SINGLES.get(pair[0], pair[0]))
        position += 2 if pair in _PAIRS else 1
    return "".join(characters)


_PAIRS = {"//": ".", "/.": "/"}
_SINGLES = {".": "/", "/": ""}


def subject_of(topic: str) -> str:
    """The subject that the message server uses for an MQTT topic without empty levels."""
    return ".".join(level.replace(".", "//") for level in topic.split("/"))


# addresses of connections

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}")


def check_connection(connection: Connection, organization: str) -> Connection:
    """The connection if it can work, with a tidied address. Raises WrongConnection that says what to change."""
    if not _SLUG.fullmatch(connection.id):
        raise WrongConnection(
            f"'{connection.id}' can't be a connection's id: use 2 to 39 small letters, digits and hyphens, a letter first"
        )
    try:
        way = connection.way
    except ValueError:
        raise WrongConnection(
            f"there is no protocol '{connection.protocol}'; it is one of {', '.join(Way)}", where=connection.id
        ) from None
    _CHECKS[way](connection, organization)
    return connection


def edge_node_of(connection: Connection) -> str:
    """The Sparkplug edge node that a connection stands for: from its address, else its id."""
    levels = connection.address.split("/")
    return levels[2] if len(levels) >= 3 and levels[2] else connection.id


def _check_sparkplug(connection: Connection, organization: str) -> None:
    levels = connection.address.split("/") if connection.address else []
    if not levels:
        return
    if levels[0] != "spBv1.0" or len(levels) not in (3, 4):
        raise WrongConnection(
            f"a Sparkplug address is spBv1.0/<group>/<edge node>, such as spBv1.0/{organization}/{connection.id}",
            where=connection.id,
        )
    if levels[1] != organization:
        raise WrongConnection(
            f"the Sparkplug group must be the organization's id: {organization}, not {levels[1]}; set it on the machine too",
            where=connection.id,
        )
    if any(character in connection.address for character in " #+"):
        raise WrongConnection(
            "spaces, # and + can't be in a Sparkplug id that comes over the message server; rename the edge node",
            where=connection.id,
        )


def _check_mqtt(connection: Connection, organization: str) -> None:
    if any(character in connection.address for character in " #+"):
        raise WrongConnection("a topic prefix has no spaces, # or +", where=connection.id)
    first = f"telemetry/{organization}/"
    if connection.address.startswith(("telemetry/", "/")) and not f"{connection.address}/".startswith(first):
        raise WrongConnection(f"an MQTT topic of this organization starts with {first}", where=connection.id)


def _check_opcua(connection: Connection, _organization: str) -> None:
    host_and_port(connection.address, "opc.tcp", None, where=connection.id)


def _check_modbus(connection: Connection, _organization: str) -> None:
    host_and_port(connection.address, "modbus", 502, where=connection.id)
    modbus_unit(connection.address, where=connection.id)
    log = connection.settings.get("log")
    if log is not None:
        check_log_ring(log, where=connection.id)


def _check_http(_connection: Connection, _organization: str) -> None:
    """The machine pushes to us: there is nothing to check."""


_CHECKS: Mapping[Way, Callable[[Connection, str], None]] = {
    Way.SPARKPLUG: _check_sparkplug,
    Way.MQTT: _check_mqtt,
    Way.OPCUA: _check_opcua,
    Way.MODBUS: _check_modbus,
    Way.HTTP: _check_http,
}


def host_and_port(address: str, scheme: str, default_port: int | None, *, where: str | None = None) -> tuple[str, int]:
    """Host and port of an address such as `opc.tcp://host:4840/path`. Raises WrongConnection."""
    example = f"{scheme}://10.0.0.5:{default_port or 4840}"
    try:
        parts = urlsplit(address)
        port = parts.port if parts.port is not None else default_port
    except ValueError as fault:
        raise WrongConnection(f"'{address}' is not an address: {fault}; write it like {example}", where=where) from None
    if parts.scheme != scheme or not parts.hostname or not port:
        raise WrongConnection(f"'{address}' is not such an address; write it like {example}", where=where)
    return parts.hostname, port


def modbus_unit(address: str, *, where: str | None = None) -> int:
    """The unit of `modbus://host:port/unit`, 1 when it is left out. Raises WrongConnection."""
    text = urlsplit(address).path.strip("/") or "1"
    if not text.isdecimal() or not 0 <= int(text) <= 255:
        raise WrongConnection(f"the unit in '{address}' must be a number from 0 to 255", where=where)
    return int(text)


REGISTERS = {"int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "int64": 4, "uint64": 4, "float32": 2, "float64": 4}
"""Modbus register types and how many registers each takes."""


def check_log_ring(log: Any, *, where: str | None = None) -> None:
    """See `drivers/modbus.py` for what a log ring is. Raises WrongConnection."""
    numbers = ("head", "first", "records", "size")
    if not isinstance(log, Mapping) or not all(isinstance(log.get(name), int) for name in numbers):
        raise WrongConnection("the log ring needs the whole numbers head, first, records and size", where=where)
    fields: Any = log.get("fields")
    is_list = isinstance(fields, list) and all(isinstance(one, list) and len(one) == 2 for one in fields)
    if not is_list or fields[:2] != [["sequence", "uint32"], ["time", "uint64"]]:
        raise WrongConnection("the log ring's fields must start with ['sequence','uint32'], ['time','uint64']", where=where)
    unknown = [kind for _, kind in fields if kind not in REGISTERS]
    if unknown:
        raise WrongConnection(f"the log ring's field type {unknown[0]} is none of {', '.join(REGISTERS)}", where=where)
    needed = sum(REGISTERS[kind] for _, kind in fields)
    if not needed <= log["size"] <= 125:
        raise WrongConnection(f"the log ring's size must be {needed} to 125 registers, it is {log['size']}", where=where)
    if log["records"] < 1 or log["first"] < 0 or log["head"] < 0 or log["first"] + log["records"] * log["size"] > 65536:
        raise WrongConnection("the log ring does not fit into 65536 registers", where=where)
