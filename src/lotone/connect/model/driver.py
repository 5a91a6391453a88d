"""What a driver gives and is given: readings in batches, and the surroundings it runs in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lotone.assets import DataType, Value
from lotone.connect.model.connection import Connection, Status
from lotone.kernel import Words


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


@dataclass(frozen=True)
class DriverKind:
    """A protocol as others add it: the entry point group `lotone.drivers` names one of these, its name is the protocol."""

    words: Words
    """The protocol's name on the page."""
    hint: Words
    """For which machines it is, in a sentence."""
    example: str
    """An address as it has to be written."""
    make: Callable[["Surroundings"], Driver]
    check: Callable[[Connection], None]
    """Raises WrongConnection that says what to change."""
    probe: Callable[[Connection], Awaitable[Found]]
    """Tries an address that is not saved yet. Raises NotConnected that says what to do."""


class Surroundings(Protocol):
    """What a driver is given by the gateway."""

    @property
    def organization(self) -> str: ...

    @property
    def connection(self) -> Connection: ...

    @property
    def files(self) -> Path:
        """The organization's own folder for files that machines write: nothing else may be read for it."""

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
