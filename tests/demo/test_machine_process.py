"""The machine's process: what it loads, and what it says when it can't work."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lotone.demo.machines import is_reachable, read_specs, write_specs

HEAVY = ("sqlalchemy", "asyncua", "pymodbus", "paho", "nats", "duckdb", "fastapi", "ortools", "pysat", "structlog", "lotone")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lotone.demo.machines", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.journey
@pytest.mark.parametrize(("protocol", "library"), [("sparkplug", "paho"), ("opcua", "asyncua"), ("modbus", "pymodbus")])
def test_a_machine_loads_only_its_own_protocol(protocol: str, library: str) -> None:
    code = f"import json, sys, lotone.demo.machines.{protocol}; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30).stdout)
    roots = {name.partition(".")[0] for name in loaded}
    assert roots & set(HEAVY) == {library, "lotone"}
    rooms = {name.split(".")[1] for name in loaded if name.startswith("lotone.")}
    assert rooms == {"demo"}, "the demo's own __init__ must stay light"


@pytest.mark.journey
def test_faults_end_it_with_a_sentence(lab: Any, tmp_path: Path) -> None:
    spec = lab.spec("modbus", address="modbus://127.0.0.1:1/1")
    file = tmp_path / "specs.json"
    write_specs(file, [spec])
    plain = json.loads(file.read_text())
    strange = {**plain[0], "machine": "m-2", "protocol": "telepathy"}
    bad_address = {**plain[0], "machine": "m-3", "protocol": "opcua", "address": "nowhere"}
    file.write_text(json.dumps([*plain, strange, bad_address]))
    expected = {
        "m-1": "'machine/state' of state is no address such as holding:10:float32",
        "m-2": "no protocol telepathy, only sparkplug, opcua, modbus",
        "m-3": "'nowhere' is no address such as opc.tcp://127.0.0.1:4840",
        "m-4": "describes m-1, m-2, m-3, but no m-4",
    }
    for machine, sentence in expected.items():
        ended = run("--machine", machine, "--spec", str(file))
        assert ended.returncode == 2
        assert sentence in ended.stderr
        assert "Traceback" not in ended.stderr
    assert "can't be read" in run("--machine", "m-1", "--spec", str(tmp_path / "none.json")).stderr


@pytest.mark.journey
def test_a_port_that_is_taken_is_named(lab: Any, free_port: Callable[[], int], tmp_path: Path) -> None:
    spec = lab.spec("opcua", address=f"opc.tcp://127.0.0.1:{free_port()}", addresses=lambda name: name)
    assert not is_reachable(spec)
    first = lab.run(spec)
    until = time.monotonic() + 20
    while not is_reachable(spec):
        assert time.monotonic() < until
        time.sleep(0.05)
    (other,) = read_specs(tmp_path / "m-1.json").values()
    second = {**other.as_json(), "machine": "m-2", "folder": str(tmp_path / "second")}
    (tmp_path / "second.json").write_text(json.dumps(second))
    ended = run("--machine", "m-2", "--spec", str(tmp_path / "second.json"))
    assert ended.returncode == 2
    assert "address already in use" in ended.stderr
    assert first.poll() is None


@pytest.mark.journey
def test_a_machine_is_reachable_when_the_server_has_heard_it(lab: Any, message_server: Any) -> None:
    spec = lab.spec(broker=message_server.broker, interval_s=0.05)
    assert not is_reachable(spec)
    lab.run(spec)
    until = time.monotonic() + 20
    while not is_reachable(spec):
        assert time.monotonic() < until
        time.sleep(0.05)
