"""Connections, how they are, what they brought that could not be taken, and what a machine needs to reach us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lotone.kernel import Words

PAYLOAD_BYTES_MAX = 1024 * 1024
"""A longer message is kept out and noted in the quarantine."""
KEPT_BYTES = 4096
"""How much of a payload the quarantine keeps."""


class Way(StrEnum):
    """How a connection's machine is reached: the protocol."""

    SPARKPLUG = "sparkplug"
    MQTT = "mqtt"
    OPCUA = "opcua"
    MODBUS = "modbus"
    S7 = "s7"
    HTTP = "http"
    MQTT_CLIENT = "mqtt_client"
    MTCONNECT = "mtconnect"
    FILES = "files"


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
    def way(self) -> Way | None:
        """None when the protocol is not ours but that of an installed driver, see `model/others.py`."""
        return _WAYS.get(self.protocol)


_WAYS: Mapping[str, Way] = {way.value: way for way in Way}


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
    """What has to be entered on an MQTT machine so that it reaches us.

    The machine's client id is its own choice, without spaces and dots; topics must not hold spaces either: the message server
    closes the connection of who uses them. MQTT 3.1.1; QoS 1 for everything that must arrive.
    """

    host: str
    port: int
    user: str
    password: str
    sparkplug_group: str
    telemetry_topic: str


def machine_user(organization: str, password: str, *, host: str, port: int) -> MachineUser:
    """What the machines of an organization enter to reach this installation."""
    return MachineUser(host, port, organization, password, organization, f"telemetry/{organization}/<machine>/<tag>")
