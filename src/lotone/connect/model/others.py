"""Drivers that others install: found by the entry point group `lotone.drivers`, one `DriverKind` each."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

import structlog

from lotone.connect.model.connection import Way
from lotone.connect.model.driver import DriverKind

GROUP = "lotone.drivers"
PROTOCOL_LENGTH_MAX = 20
log = structlog.get_logger(__name__)


@cache
def other_drivers() -> Mapping[str, DriverKind]:
    """The installed drivers by protocol. One that can't be loaded is left out and logged: the others must go on."""
    found: dict[str, DriverKind] = {}
    for point in entry_points(group=GROUP):
        try:
            kind = point.load()
        except Exception:  # whatever a stranger's module does while it is imported
            log.exception("drivers.not_loaded", protocol=point.name, module=point.value)
            continue
        fault = _fault(point.name, kind, found)
        if fault:
            log.error("drivers.refused", protocol=point.name, module=point.value, fault=fault)
        else:
            found[point.name] = kind
    return found


def _fault(name: str, kind: object, found: Mapping[str, DriverKind]) -> str:
    if not isinstance(kind, DriverKind):
        return "it is no lotone.connect.DriverKind"
    if len(name) > PROTOCOL_LENGTH_MAX:
        return f"its name is longer than {PROTOCOL_LENGTH_MAX} characters"
    return "there is a driver of this name already" if name in found or name in set(Way) else ""
