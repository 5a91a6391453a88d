"""What machines send that nobody takes yet: found in the quarantine, offered as tags."""

import json
import re
from collections.abc import Iterable
from typing import Any

from lotone.assets import DataType, Value
from lotone.connect import Birth, Connection, Node, Quarantined, Way
from lotone.connect.drivers.sparkplug import nodes_of
from lotone.connect.drivers.telemetry import Unreadable, read_scalar
from lotone.connect.model import edge_node_of

NO_TAG = re.compile(r"there is no tag |the connection has no tag |is no tag of ")
READ_BACK = 2_000


def heard_by(connection: Connection, organization: str, refused: Iterable[Quarantined], births: Iterable[Birth]) -> list[Node]:
    """What this connection's machine has offered so far: announced metrics, or values that found no tag."""
    if connection.way is Way.SPARKPLUG:
        return list(nodes_of([birth for birth in births if birth.node == edge_node_of(connection)]))
    waiting = [each for each in refused if NO_TAG.search(each.reason.en)]
    if connection.way is Way.MQTT:
        first = f"telemetry/{organization}/"
        prefix = first + (connection.address.removeprefix(first).strip("/") or connection.id) + "/"
    else:
        prefix = f"{connection.id} "
    found: dict[str, Node] = {}
    for each in waiting:
        if each.subject.startswith(prefix) and (address := each.subject[len(prefix) :]) not in found:
            value = value_in(each, address)
            found[address] = Node(address, address, type_of(value), False, value)
    return [found[address] for address in sorted(found)]


def machines_heard(organization: str, refused: Iterable[Quarantined]) -> list[str]:
    """Machines that send plain MQTT telemetry of which no tag is known, the newest first."""
    first = f"telemetry/{organization}/"
    names = [
        each.subject.removeprefix(first).partition("/")[0]
        for each in refused
        if each.subject.startswith(first) and NO_TAG.search(each.reason.en)
    ]
    return list(dict.fromkeys(name for name in names if name))


def value_in(refused: Quarantined, address: str) -> Value | None:
    """The value that came for an address, as far as the kept payload tells."""
    if refused.encoding != "text":
        return None
    try:
        given = read_scalar(refused.payload.encode())
    except Unreadable:
        return None
    return _plain(_within(given, address))


def _within(given: Any, address: str) -> Any:
    if isinstance(given, list):
        return next((value for value in (_within(one, address) for one in reversed(given)) if value is not None), None)
    if not isinstance(given, dict):
        return given
    if isinstance(given.get("values"), dict):
        return given["values"].get(address, given["values"].get(address.rpartition("/")[2]))
    if isinstance(given.get("r"), list):  # a batch as it lies in the stream: address, time, value, ...
        return next((row[2] for row in reversed(given["r"]) if isinstance(row, list) and row[:1] == [address]), None)
    return given.get("value")


def _plain(value: Any) -> Value | None:
    return value if isinstance(value, bool | int | float | str) else None


def type_of(value: Value | None) -> DataType | None:
    """The type that takes this value and others like it; numbers are numbers, because 20 may be 20.5 next time."""
    if isinstance(value, bool):
        return DataType.BOOLEAN
    if isinstance(value, int | float):
        return DataType.NUMBER
    return DataType.TEXT if isinstance(value, str) else DataType.NUMBER if value is None else None


def example(connection: Connection) -> str:
    """A body that this machine could push."""
    return json.dumps({"values": {"temperature": 21.5}})
