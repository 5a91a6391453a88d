"""The machines of the shipped blueprint can all be simulated as they are described there."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lotone.demo.machines import Broker, MachineSpec, PlantTime, machine_specs
from lotone.demo.machines.core import CYCLE_MINUTES, Machine, Memory
from lotone.demo.machines.modbus import RegisterMap
from lotone.loader import read_blueprint

FIELDS = ("asset", "name", "connection", "address", "data_type", "meaning", "unit", "low", "high", "resolution", "writable")
START = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.fixture
def specs(tmp_path: Path) -> list[MachineSpec]:
    folder = Path(str(files("lotone") / "blueprints" / "ebike"))
    servers = [each.id for each in read_blueprint(folder, organization="demo").connections]
    ports = {name: 43_000 + number for number, name in enumerate(servers)}
    blueprint = read_blueprint(folder, ports, organization="demo")
    return machine_specs(
        connections=[
            {"id": each.id, "protocol": each.protocol, "address": each.address, "settings": dict(each.settings)}
            for each in blueprint.connections
        ],
        tags=[{name: getattr(tag, name) for name in FIELDS} for tag in blueprint.tags],
        checks=[{"check": rule.check, "low": rule.low, "high": rule.high} for rule in blueprint.product.demand.checks],
        folder=tmp_path,
        clock=PlantTime(START, START, 60.0),
        broker=Broker("127.0.0.1", 1883, "demo", "secret", "demo"),
    )


def test_every_machine_does_a_job_whose_checks_pass(specs: list[MachineSpec]) -> None:
    assert len(specs) == 12
    start = int(START.timestamp() * 1e6)
    for spec in specs:
        machine = Machine(spec, Memory(reached=start))
        assert any(tag.name == CYCLE_MINUTES for tag in spec.tags), spec.machine
        request = next(tag.name for tag in spec.tags if tag.meaning == "request")
        machine.write({CYCLE_MINUTES: 20.0, request: 5}, start)
        said: dict[str, Any] = {}
        for frame in machine.advance(start + 3_600_000_000):
            said.update(frame.values)
        assert machine.memory.done == [5]
        for tag in spec.tags:
            assert tag.name in machine.memory.said, f"{spec.machine} never says {tag.name}"
            if tag.meaning == "check":
                assert (tag.low or 0) <= said[tag.name] <= (tag.high or 0), f"{spec.machine} {tag.name}"


def test_the_modbus_machines_fit_into_their_registers(specs: list[MachineSpec]) -> None:
    rings = [RegisterMap(spec).ring for spec in specs if spec.protocol == "modbus"]
    assert rings
    assert all(ring is not None and ring.records >= 600 for ring in rings)
