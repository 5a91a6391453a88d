"""Addresses and settings of connections: what each protocol needs, checked before anything is saved."""

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lotone.connect.model.connection import Connection, Way
from lotone.connect.model.faults import WrongConnection
from lotone.connect.model.others import other_drivers
from lotone.connect.model.topics import TopicTemplate, topic_list

_STEP = re.compile(r"[^./\\:\x00-\x1f][^/\\:\x00-\x1f]{0,200}")
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}")


def check_connection(connection: Connection, organization: str) -> Connection:
    """The connection if it can work, with a tidied address. Raises WrongConnection that says what to change."""
    if not _SLUG.fullmatch(connection.id):
        raise WrongConnection(
            f"'{connection.id}' can't be a connection's id: use 2 to 39 small letters, digits and hyphens, a letter first"
        )
    if connection.way is not None:
        _CHECKS[connection.way](connection, organization)
        return connection
    other = other_drivers().get(connection.protocol)
    if other is None:
        known = ", ".join([*Way, *other_drivers()])
        raise WrongConnection(f"there is no protocol '{connection.protocol}'; it is one of {known}", where=connection.id)
    other.check(connection)
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


def _check_s7(connection: Connection, _organization: str) -> None:
    host_and_port(connection.address, "s7", 102, where=connection.id)
    s7_rack_and_slot(connection.address, where=connection.id)
    log = connection.settings.get("log")
    if log is not None:
        check_log_ring(log, where=connection.id)
        if not isinstance(log.get("db"), int) or not 1 <= log["db"] <= 65535:
            raise WrongConnection("the log ring needs the number of its data block as db", where=connection.id)
        if log["first"] + log["records"] * log["size"] > 32768 or log["head"] > 32766:
            raise WrongConnection("the log ring does not fit into a data block of 65536 bytes", where=connection.id)


def _check_http(_connection: Connection, _organization: str) -> None:
    """The machine pushes to us: there is nothing to check."""


def _check_mqtt_client(connection: Connection, _organization: str) -> None:
    scheme = "mqtts" if connection.address.startswith("mqtts:") else "mqtt"
    host_and_port(connection.address, scheme, BROKER_PORTS[scheme], where=connection.id)
    for topic in topic_list(connection.settings.get("topics")):
        TopicTemplate.parse(topic, where=connection.id)
    if "BEGIN CERTIFICATE" not in str(connection.settings.get("ca") or "BEGIN CERTIFICATE"):
        raise WrongConnection("the authority's certificate is a text that starts with BEGIN CERTIFICATE", where=connection.id)
    if str(connection.settings.get("version", "5")) not in ("5", "3.1.1"):
        raise WrongConnection("the MQTT version is 5 or 3.1.1", where=connection.id)


def _check_mtconnect(connection: Connection, _organization: str) -> None:
    scheme = "https" if connection.address.startswith("https:") else "http"
    host_and_port(connection.address, scheme, 443 if scheme == "https" else 5000, where=connection.id)
    if urlsplit(connection.address).query:
        raise WrongConnection("an agent's address ends with its port or the device's name", where=connection.id)


def _check_files(connection: Connection, _organization: str) -> None:
    folder_names(connection.address, where=connection.id)
    zone = str(connection.settings.get("time_zone") or "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongConnection(f"there is no time zone {zone}; write it like Europe/Berlin", where=connection.id) from None
    if str(connection.settings.get("done") or "remember") not in ("remember", "move"):
        raise WrongConnection("done is remember or move", where=connection.id)
    encoding = str(connection.settings.get("encoding") or "utf-8")
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise WrongConnection(f"there is no encoding {encoding}; write it like utf-8", where=connection.id) from None


def folder_names(address: str, *, where: str | None = None) -> tuple[str, ...]:
    """The steps of `hall-2/press-1` below the organization's own folder. Raises WrongConnection."""
    names = tuple(address.split("/"))
    if not all(_STEP.fullmatch(name) for name in names):
        raise WrongConnection(
            f"'{address}' is no folder of this organization; write it like press-1 or hall-2/press-1, without / at the start, "
            "and let the operator make or mount it there",
            where=where,
        )
    return names


BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}
_CHECKS: Mapping[Way, Callable[[Connection, str], None]] = {
    Way.SPARKPLUG: _check_sparkplug,
    Way.MQTT: _check_mqtt,
    Way.OPCUA: _check_opcua,
    Way.MODBUS: _check_modbus,
    Way.S7: _check_s7,
    Way.HTTP: _check_http,
    Way.MQTT_CLIENT: _check_mqtt_client,
    Way.MTCONNECT: _check_mtconnect,
    Way.FILES: _check_files,
}


def host_and_port(address: str, scheme: str, default_port: int | None, *, where: str | None = None) -> tuple[str, int]:
    """Host and port of an address such as `opc.tcp://host:4840/path`. Raises WrongConnection."""
    example = f"{scheme}://10.0.0.5:{default_port or 4840}"
    try:
        parts = urlsplit(address)
        port = parts.port if parts.port is not None else default_port
    except ValueError as fault:
        raise WrongConnection(f"'{address}' is not an address: {fault}; write it like {example}", where=where) from None
    if parts.password is not None:
        raise WrongConnection("everybody sees an address: user and password are settings of their own", where=where)
    if parts.scheme != scheme or not parts.hostname or not port:
        raise WrongConnection(f"'{address}' is not such an address; write it like {example}", where=where)
    return parts.hostname, port


def modbus_unit(address: str, *, where: str | None = None) -> int:
    """The unit of `modbus://host:port/unit`, 1 when it is left out. Raises WrongConnection."""
    text = urlsplit(address).path.strip("/") or "1"
    if not text.isdecimal() or not 0 <= int(text) <= 255:
        raise WrongConnection(f"the unit in '{address}' must be a number from 0 to 255", where=where)
    return int(text)


def s7_rack_and_slot(address: str, *, where: str | None = None) -> tuple[int, int]:
    """Rack and slot of `s7://host:port/rack/slot`, 0 and 1 when they are left out. Raises WrongConnection."""
    steps = (urlsplit(address).path.strip("/") or "0/1").split("/")
    numbers = [int(step) for step in steps if step.isascii() and step.isdecimal() and len(step) <= 2]
    if len(steps) != 2 or len(numbers) != 2 or numbers[0] > 7 or numbers[1] > 31:
        raise WrongConnection(
            f"'{address}' must end with rack and slot, /0/1 for an S7-1200 or S7-1500 and /0/2 for an S7-300; "
            "racks go to 7, slots to 31",
            where=where,
        )
    return numbers[0], numbers[1]


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
