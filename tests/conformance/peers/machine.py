"""What every machine of the conformance suite can do, and the tags that all of them have."""

import struct
from collections.abc import Mapping
from typing import Any, Protocol

from conformance.bench import tag
from lotone.assets import DataType, Meaning, Tag
from lotone.connect import Connection

ASSET = "press-1"
LOGGED = (
    ("temperature", "float32"),
    ("count", "float64"),
    ("ready", "float32"),
    ("speed", "float32"),
    ("request", "float64"),
)
"""What a log ring holds of each moment, and how."""


class Peer(Protocol):
    """One machine. `plug` and `unplug` connect it to the network; it goes on working while it is unplugged."""

    connection: Connection
    tags: list[Tag]
    keeps_what_it_says: bool
    """Whether what it said while it was unplugged arrives afterwards."""
    takes_writes: bool
    can_be_browsed: bool
    notices_wrong_types: bool

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def say(self, at: int, **values: Any) -> None:
        """Publish values of one moment, µs since 1970."""

    def written(self) -> list[dict[str, Any]]:
        """What was written, write by write, in the order of the values."""


def machine_tags(connection: str, addresses: Mapping[str, str]) -> list[Tag]:
    """The same tags for every protocol."""
    kinds = {
        "temperature": (DataType.NUMBER, Meaning.SENSOR, False),
        "count": (DataType.INTEGER, Meaning.GOOD, False),
        "ready": (DataType.BOOLEAN, Meaning.SENSOR, False),
        "recipe": (DataType.TEXT, Meaning.SENSOR, False),
        "speed": (DataType.NUMBER, Meaning.PARAMETER, True),
        "request": (DataType.INTEGER, Meaning.REQUEST, True),
    }
    return [
        tag(f"{ASSET}/{name}", connection, addresses[name], data_type=kind, meaning=meaning, writable=writable)
        for name, (kind, meaning, writable) in kinds.items()
        if name in addresses
    ]


def log_record(sequence: int, at: int, values: Mapping[str, Any]) -> bytes:
    """One record of a log ring; NaN stands for what is not said."""
    data = struct.pack(">IQ", sequence, at)
    for name, kind in LOGGED:
        value = values.get(name)
        data += struct.pack(">f" if kind == "float32" else ">d", float("nan") if value is None else float(value))
    return data
