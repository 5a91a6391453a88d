"""What machines are told: plain data to and from JSON, with every fault named."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lotone import assets
from lotone.demo.machines import (
    Behaviour,
    Broker,
    MachineSpec,
    PlantTime,
    Recording,
    SpecFault,
    Stop,
    machine_specs,
    read_specs,
    write_specs,
)
from lotone.demo.machines.model import DataType, Job, Meaning, State, microseconds

CLOCK = PlantTime(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, 6, tzinfo=UTC), 60.0)


def test_machines_mean_the_same_as_the_platform() -> None:
    assert {state.name.lower(): int(state) for state in State} == {
        state.value: state.number for state in assets.MachineState if state is not assets.MachineState.UNKNOWN
    }
    assert {job.name.lower(): int(job) for job in Job} == {job.value: job.number for job in assets.JobState}
    assert set(Meaning) == {meaning.value for meaning in assets.Meaning}
    assert set(DataType) == {kind.value for kind in assets.DataType}


def test_a_spec_survives_its_file(lab: Any, tmp_path: Path) -> None:
    spec = lab.spec(
        behaviour=Behaviour(seed=3, hours_between_failures=4.5),
        stops=(Stop(30, "E1", at=datetime(2026, 3, 2, 9, tzinfo=UTC)), Stop(5, "E2", after_jobs=2, progress=40)),
        recordings={"m-1": Recording("x.csv", "time", ";", {"temperature": "T 1"})},
        settings={"log": {"head": 1}},
    )
    write_specs(tmp_path / "specs.json", [spec])
    assert read_specs(tmp_path / "specs.json") == {"m-1": spec}
    (tmp_path / "one.json").write_text(json.dumps(spec.as_json()))
    assert read_specs(tmp_path / "one.json") == {"m-1": spec}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tags": None}, "m-1"),
        ({"clock": {"speed": 1}}, "wall_anchor"),
        ({"clock": {"wall_anchor": "yesterday", "plant_anchor": "2026-01-01", "speed": 1}}, "yesterday"),
        ({"behaviour": {"seeds": 1}}, "seeds"),
        ({"interval_s": 0}, "above 0"),
        ({"broker": None}, "told no broker"),
    ],
)
def test_a_wrong_spec_is_refused_with_a_sentence(lab: Any, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecFault, match=sentence):
        MachineSpec.from_json({**lab.spec().as_json(), **change})


def test_wrong_tags_are_refused(lab: Any) -> None:
    good = lab.spec().as_json()
    with pytest.raises(SpecFault, match="means state"):
        MachineSpec.from_json({**good, "tags": [tag for tag in good["tags"] if tag["meaning"] != "state"]})
    with pytest.raises(SpecFault, match="fault is there twice"):
        MachineSpec.from_json({**good, "tags": [*good["tags"], next(tag for tag in good["tags"] if tag["name"] == "fault")]})
    with pytest.raises(SpecFault, match="wavelength"):
        MachineSpec.from_json({**good, "tags": [{**tag, "meaning": "wavelength"} for tag in good["tags"]]})


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecFault, match=r"nothing\.json can't be read"):
        read_specs(tmp_path / "nothing.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(SpecFault, match=r"bad\.json can't be read"):
        read_specs(tmp_path / "bad.json")


def plant(**more: Any) -> list[MachineSpec]:
    def tags(asset: str, connection: str) -> list[dict[str, Any]]:
        base = {"asset": asset, "connection": connection, "data_type": "integer"}
        names = {"state": "state", "job": "job", "job-state": "job_state", "request": "request", "rate": "check"}
        own = [{**base, "name": name, "address": f"machine/{name}", "meaning": meaning} for name, meaning in names.items()]
        return [*own, {**base, "name": "flow", "address": "flow", "meaning": "sensor", "connection": f"{asset}-rig"}]

    connections = [
        {"id": "leak-1", "protocol": "sparkplug", "address": "spBv1.0/demo/leak-1"},
        {"id": "leak-1-rig", "protocol": "mqtt", "address": "telemetry/demo/leak-1"},
        {"id": "oven-1", "protocol": "modbus", "address": "modbus://127.0.0.1:1502/1", "settings": {"poll_ms": 200}},
        {"id": "oven-1-rig", "protocol": "modbus", "address": "modbus://127.0.0.1:1502/1"},
    ]
    site = {"asset": "site", "connection": None, "name": "outside", "address": "", "data_type": "number", "meaning": "sensor"}
    return machine_specs(
        connections=connections,
        tags=[*tags("leak-1", "leak-1"), *tags("oven-1", "oven-1"), site],
        folder="/tmp/x",
        clock=CLOCK,
        broker=Broker("127.0.0.1", 1883, "demo", "x", "demo"),
        **more,
    )


def test_a_plant_becomes_one_machine_for_each_asset_that_takes_jobs() -> None:
    leak, oven = plant(behaviours={"*": Behaviour(seed=4), "oven-1": Behaviour(seed=5)}, stops={"oven-1": [Stop(5, "E1")]})
    assert (leak.machine, leak.protocol, oven.machine, oven.protocol) == ("leak-1", "sparkplug", "oven-1", "modbus")
    assert {tag.name for tag in leak.tags if tag.telemetry} == {"flow"}
    assert not any(tag.telemetry for tag in oven.tags)
    assert oven.settings == {"poll_ms": 200}
    assert (leak.behaviour.seed, oven.behaviour.seed) == (4, 5)
    assert oven.stops == (Stop(5, "E1"),)


def test_measured_checks_lie_within_all_limits() -> None:
    checks = [
        {"check": "rate", "low": 1, "high": None},
        {"check": "rate", "high": 5},
        {"check": "rate", "asset": "oven-1", "high": 3},
    ]
    leak, oven = plant(checks=checks)
    rate = {spec.machine: next(tag for tag in spec.tags if tag.name == "rate") for spec in (leak, oven)}
    assert (rate["leak-1"].low, rate["leak-1"].high) == (1, 5)
    assert (rate["oven-1"].low, rate["oven-1"].high) == (1, 3)


def test_a_missing_connection_is_named() -> None:
    tag = {"asset": "m", "name": "r", "address": "r", "data_type": "integer", "meaning": "request", "connection": "nowhere"}
    with pytest.raises(SpecFault, match="no connection nowhere"):
        machine_specs(connections=[], tags=[tag], folder="/tmp/x", clock=CLOCK)


def test_plant_time_runs_at_its_speed() -> None:
    start = CLOCK.wall_anchor.timestamp()
    assert CLOCK.at(start) == microseconds(CLOCK.plant_anchor)
    assert CLOCK.at(start + 10) - CLOCK.at(start) == 600_000_000
