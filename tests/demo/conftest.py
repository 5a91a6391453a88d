"""A machine to try things on, and the processes and servers of its journeys."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lotone.demo.machines import Behaviour, Broker, MachineSpec, PlantTime, Stop, machine_specs, write_specs
from lotone.demo.machines.core import Frame, Machine, Memory

PLANT_START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def tag(name: str, data_type: str, meaning: str, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"asset": "m-1", "connection": "m-1", "name": name, "address": name, "data_type": data_type} | {
        "meaning": meaning,
        "unit": unit,
        **more,
    }


TAGS = [
    tag("state", "integer", "state"),
    tag("job", "integer", "job"),
    tag("job-state", "integer", "job_state"),
    tag("progress", "number", "progress", "%"),
    tag("job-energy", "number", "job_energy", "kWh"),
    tag("energy", "number", "energy", "kWh"),
    tag("good", "integer", "good"),
    tag("scrap", "integer", "scrap"),
    tag("temperature", "number", "sensor", "°C", low=10, high=90, resolution=0.1),
    tag("vibration", "number", "sensor", "mm/s", low=0, high=10, resolution=0.01),
    tag("power", "number", "sensor", "kW", low=0, high=8, resolution=0.01),
    tag("door-closed", "boolean", "sensor"),
    tag("fault", "text", "sensor"),
    tag("thickness", "number", "check", "µm", low=60, high=90, resolution=0.1),
    tag("cycle_minutes", "number", "parameter", "min", low=0, high=600, resolution=0.1, writable=True),
    tag("bake_temperature", "number", "parameter", "°C", low=20, high=90, resolution=0.1, writable=True),
    tag("colour", "text", "parameter", writable=True),
    tag("request", "integer", "request", writable=True),
]


@dataclass
class Lab:
    """Makes machines and runs their processes; ends what it started."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spec(
        self,
        protocol: str = "sparkplug",
        *,
        address: str = "spBv1.0/demo/m-1",
        speed: float = 600.0,
        tags: list[dict[str, Any]] | None = None,
        addresses: Callable[[str], str] = lambda name: f"machine/{name}",
        settings: Mapping[str, Any] | None = None,
        behaviour: Behaviour | None = None,
        stops: tuple[Stop, ...] = (),
        broker: Broker | None = None,
        **more: Any,
    ) -> MachineSpec:
        own = [{**each, "address": addresses(each["name"])} for each in (TAGS if tags is None else tags)]
        (made,) = machine_specs(
            connections=[{"id": "m-1", "protocol": protocol, "address": address, "settings": settings or {}}],
            tags=own,
            folder=self.folder,
            clock=PlantTime(datetime.now(UTC), PLANT_START, speed),
            broker=broker or Broker("127.0.0.1", 1, "demo", "secret", "demo"),
            behaviours={"*": behaviour or Behaviour()},
            stops={"m-1": stops},
            **more,
        )
        return made

    def machine(self, spec: MachineSpec | None = None) -> Machine:
        spec = spec or self.spec()
        return Machine(spec, Memory(reached=self.start))

    @property
    def start(self) -> int:
        return int(PLANT_START.timestamp() * 1e6)

    def run(self, spec: MachineSpec) -> subprocess.Popen[bytes]:
        """The machine in a process of its own."""
        file = self.folder / f"{spec.machine}.json"
        write_specs(file, [spec])
        command = [sys.executable, "-m", "lotone.demo.machines", "--machine", spec.machine, "--spec", str(file)]
        with (self.folder / f"{spec.machine}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def log(self, machine: str = "m-1") -> str:
        return (self.folder / f"{machine}.log").read_text()

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.end()


@pytest.fixture
def restarted() -> Callable[[Machine], Machine]:
    """The machine as it comes back from its journal."""

    def again(machine: Machine) -> Machine:
        kept = json.loads(json.dumps(machine.memory.as_json()))
        return Machine(machine.spec, Memory.from_json(kept))

    return again


@pytest.fixture
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@dataclass
class MessageServer:
    """A nats-server with an MQTT listener, as LotOne starts one."""

    folder: Path
    nats_port: int
    mqtt_port: int
    process: subprocess.Popen[bytes] | None = None
    password: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def url(self) -> str:
        return f"nats://lotone:{self.password}@127.0.0.1:{self.nats_port}"

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self.mqtt_port, "demo", self.password, "demo")

    def start(self) -> None:
        allowed = '{publish: ["spBv1//0.demo.>", "telemetry.demo.>", "$MQTT.>"], subscribe: ["spBv1//0.demo.>", "$MQTT.>"]}'
        config = f"""
            listen: 127.0.0.1:{self.nats_port}
            server_name: lab
            jetstream {{ store_dir: "{self.folder}/jetstream" }}
            mqtt {{ listen: "127.0.0.1:{self.mqtt_port}" }}
            accounts {{ plant {{ jetstream: enabled, users: [
                {{user: lotone, password: "{self.password}"}},
                {{user: demo, password: "{self.password}", permissions: {allowed}}} ] }} }}
        """
        file = self.folder / "nats.conf"
        file.write_text(config)
        program = Path(sys.executable).with_name("nats-server")
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen([str(program), "-c", str(file)], stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                for port in (self.nats_port, self.mqtt_port):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "nats.log").read_text())

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@pytest.fixture
def message_server(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[MessageServer]:
    server = MessageServer(tmp_path, free_port(), free_port())
    server.start()
    yield server
    server.kill()


@dataclass
class Told:
    """Collects what a machine says, as a reader would keep it."""

    samples: dict[tuple[str, int], Any] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)

    def hear(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.frames.append(frame)
            for name, value in frame.values.items():
                key = (name, frame.time)
                assert key not in self.samples, f"{key} was said twice"
                self.samples[key] = value

    def of(self, name: str) -> list[Any]:
        """Everything that a tag said, in the order of time."""
        return [
            value for (tag_name, _), value in sorted(self.samples.items(), key=lambda each: each[0][1]) if tag_name == name
        ]

    def last(self, name: str) -> Any:
        return self.of(name)[-1]


@pytest.fixture
def told() -> Told:
    return Told()
