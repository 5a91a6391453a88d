"""The file in which machines are described."""

import json
from collections.abc import Iterable
from pathlib import Path

from lotone.demo.machines.model import MachineSpec, SpecFault


def write_specs(path: Path, specs: Iterable[MachineSpec]) -> None:
    """Readable by this user only: the broker's password is in it."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps([spec.as_json() for spec in specs], indent=1, ensure_ascii=False), encoding="utf-8")


def read_specs(path: Path) -> dict[str, MachineSpec]:
    """The machines of a file with one description or a list of them, by name. Raises SpecFault."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise SpecFault(f"{path} can't be read: {fault}") from fault
    specs = [MachineSpec.from_json(values) for values in (found if isinstance(found, list) else [found])]
    return {spec.machine: spec for spec in specs}
