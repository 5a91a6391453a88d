"""How fast machines' data comes in: MQTT publishers with QoS 1, message server, stream, intake, record; points a second.

Each message carries ten values of one moment, as Sparkplug B (aliases) or as JSON telemetry. The intake is timed on a stream
that is already full, with a record in memory and with the historian; and live, while the publishers send. The anchor, in the
same run on the same stream, is the Python client fetching the messages without reading them: the rest is our own work.
Processor time is of this process, which other work on the machine changes less than the time on the wall.
"""

import argparse
import json
import multiprocessing
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from nats.js.api import AckPolicy, ConsumerConfig

from lotone.assets import DataType, Meaning, Sample, Tag
from lotone.connect import Connection, ConnectService, Intake, Plan, ServerConfig, Store, prepare
from lotone.connect.drivers.sparkplug_b_pb2 import Payload
from lotone.connect.streams import INGEST
from lotone.historian import Historian
from lotone.kernel import Database, Messages, PlantClock, Words, wall_clock
from lotone.kernel.log import start_logging

VALUES = 10
MACHINES = 4
WINDOW = 200
PASSWORD = "benchmark"
START_MS = 1_772_000_000_000
FETCH = 1000


@dataclass(frozen=True)
class Sizes:
    """Messages a machine sends in a round."""

    messages: int


FULL, QUICK = Sizes(20_000), Sizes(1_500)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# publishers: MQTT 3.1.1 on a plain socket, because the clients of Python are slower than the server


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _packet(first: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, low = rest >> 7, rest & 127
        length += bytes([low | (128 if rest else 0)])
        if not rest:
            return bytes([first]) + length + body


def publish(port: int, machine: int, topic: str, births: list[tuple[str, bytes]], bodies: list[bytes]) -> None:
    """Send all and wait until all is acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        who = _text(f"bench{machine}-{time.time_ns()}") + _text("demo") + _text(PASSWORD)
        line.sendall(_packet(0x10, _text("MQTT") + bytes([4, 0xC2, 0, 60]) + who))
        assert line.recv(4)[3] == 0, "the message server refuses us"
        everything = [*births, *((topic, body) for body in bodies)]
        sent, acknowledged, rest = 0, 0, 0
        while acknowledged < len(everything):
            packets = []
            while sent < len(everything) and sent - acknowledged < WINDOW:
                to, body = everything[sent]
                packets.append(_packet(0x32, _text(to) + struct.pack(">H", sent % 65535 + 1) + body))
                sent += 1
            line.sendall(b"".join(packets))
            rest += len(line.recv(65536))
            acknowledged, rest = acknowledged + rest // 4, rest % 4


def sparkplug(machine: int, first: int, count: int) -> tuple[str, list[tuple[str, bytes]], list[bytes]]:
    """Topic, births and data of a round."""
    node, device = Payload(timestamp=START_MS, seq=0), Payload(timestamp=START_MS, seq=1)
    node.metrics.add(name="bdSeq", datatype=8, long_value=first)
    for value in range(VALUES):
        device.metrics.add(name=f"v{value}", alias=value, datatype=10, is_null=True)
    births = [
        (f"spBv1.0/demo/NBIRTH/m{machine}", node.SerializeToString()),
        (f"spBv1.0/demo/DBIRTH/m{machine}/machine", device.SerializeToString()),
    ]
    bodies = []
    for number in range(count):
        payload = Payload(timestamp=START_MS + first + number, seq=(number + 2) % 256)
        for value in range(VALUES):
            payload.metrics.add(alias=value, double_value=round(20 + value + number % 100 / 10, 3))
        bodies.append(payload.SerializeToString())
    return f"spBv1.0/demo/DDATA/m{machine}/machine", births, bodies


def telemetry(machine: int, first: int, count: int) -> tuple[str, list[tuple[str, bytes]], list[bytes]]:
    bodies = [
        orjson.dumps(
            {
                "time": START_MS + first + number,
                "values": {f"v{value}": round(20 + value + number % 100 / 10, 3) for value in range(VALUES)},
            }
        )
        for number in range(count)
    ]
    return f"telemetry/demo/m{machine}", [], bodies


class Counter:
    """A record that only counts, and says when a number is reached."""

    def __init__(self) -> None:
        self.count = 0
        self.wanted = 0
        self.reached = threading.Event()

    def __call__(self, _organization: str, samples: list[tuple[Tag, Sample]]) -> None:
        self.count += sum(1 for _tag, sample in samples if sample.quality == 0)
        if self.count >= self.wanted:
            self.reached.set()

    def expect(self, points: int) -> None:
        self.count, self.wanted = 0, points
        self.reached.clear()


class Bench:
    """A message server, a database and four machines."""

    def __init__(self, folder: Path, protocol: str) -> None:
        self.folder = folder
        self.config = ServerConfig(free_port(), free_port(), folder / "streams", PASSWORD, {"demo": PASSWORD})
        prepare(self.config, folder)
        with (folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(self.config.command(folder), stdout=log, stderr=subprocess.STDOUT)
        self.messages = Messages(self.config.url, name="bench")
        self.messages.connect()
        self.database = Database(f"sqlite:///{folder / 'state.sqlite3'}")
        self.database.create_tables()
        self.make = sparkplug if protocol == "sparkplug" else telemetry
        self.plan = self._plan("sparkplug" if protocol == "sparkplug" else "mqtt")
        self.sent = 0

    def _plan(self, protocol: str) -> Plan:
        names = [f"m{machine}" for machine in range(MACHINES)]
        connections = [
            Connection(name, protocol, f"spBv1.0/demo/{name}" if protocol == "sparkplug" else name) for name in names
        ]
        with self.database.work() as transaction:
            for connection in connections:
                ConnectService(Store(transaction, "demo"), wall_clock, lambda _fact: None).add_connection(connection)
        address = "machine/v{}" if protocol == "sparkplug" else ""
        tags = [
            Tag(
                machine * VALUES + value + 1, name, f"v{value}", Words("v"), DataType.NUMBER, Meaning.SENSOR, resolution=0.001,
                connection=name, address=address.format(value),
            )
            for machine, name in enumerate(names)
            for value in range(VALUES)
        ]  # fmt: skip
        return Plan(tags, connections)

    def send(self, count: int) -> Callable[[], float]:
        """Start the publishers; the answer waits for them and gives the seconds from the first to the last."""
        rounds = [self.make(machine, self.sent, count) for machine in range(MACHINES)]
        self.sent += count
        context = multiprocessing.get_context("fork")
        workers = [
            context.Process(target=publish, args=(self.config.mqtt_port, machine, *given), daemon=True)
            for machine, given in enumerate(rounds)
        ]
        started = time.perf_counter()
        for worker in workers:
            worker.start()

        def wait() -> float:
            for worker in workers:
                worker.join()
                assert worker.exitcode == 0, "a publisher failed"
            return time.perf_counter() - started

        return wait

    def intake(self, record: Callable[[str, list[tuple[Tag, Sample]]], None]) -> Intake:
        now = datetime.now(UTC)
        return Intake(
            self.messages, self.database, load=lambda _name: self.plan, record=record, plant_clock=PlantClock(now, now)
        )

    def close(self) -> None:
        self.messages.close()
        self.server.terminate()
        self.server.wait(10)
        self.database.close()


async def fetch_only(messages: Messages, count: int) -> float:
    """The anchor: the client's own fetch, acknowledging each thousand, reading nothing."""
    streams = messages.client.jetstream(timeout=10)
    config = ConsumerConfig(ack_policy=AckPolicy.ALL, max_ack_pending=20_000, inactive_threshold=60)
    info = await streams.add_consumer(INGEST, config)
    subscription = await streams.pull_subscribe_bind(consumer=info.name, stream=INGEST)
    seen, started = 0, time.perf_counter()
    while seen < count:
        batch = await subscription.fetch(FETCH, timeout=10)
        await batch[-1].ack()
        seen += len(batch)
    taken = time.perf_counter() - started
    await subscription.unsubscribe()
    await streams.delete_consumer(INGEST, info.name)
    return taken


def measure(protocol: str, sizes: Sizes) -> dict[str, Any]:
    messages_sent = sizes.messages * MACHINES
    points = messages_sent * VALUES
    result: dict[str, Any] = {"messages": messages_sent, "points": points}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), protocol)
        try:
            seconds = bench.send(sizes.messages)()
            result["published_and_acknowledged_messages_per_second"] = messages_sent / seconds
            births = messages_sent + (2 * MACHINES if protocol == "sparkplug" else 0)
            processor = time.process_time()
            fetched = bench.messages.run(fetch_only(bench.messages, births))
            result["anchor_processor_us_per_message"] = 1e6 * (time.process_time() - processor) / births
            result["anchor_fetch_messages_per_second"] = births / fetched

            counter = Counter()
            counter.expect(points)
            processor = time.process_time()
            backlog = timed_intake(bench, counter, counter)
            result["intake_processor_us_per_message"] = 1e6 * (time.process_time() - processor) / births
            result["intake_points_per_second"] = points / backlog
            result["intake_share_of_anchor"] = fetched / backlog

            intake = bench.intake(counter)
            counter.expect(points)
            intake.start()
            started = time.perf_counter()
            wait = bench.send(sizes.messages)
            wait()
            assert counter.reached.wait(300), "the live values did not all arrive"
            result["live_points_per_second"] = points / (time.perf_counter() - started)
            intake.stop()
            result["historian_points_per_second"] = with_historian(bench, sizes, points)
        finally:
            bench.close()
    return result


def timed_intake(bench: Bench, record: Callable[[str, list[tuple[Tag, Sample]]], None], counter: Counter) -> float:
    """Seconds until a full stream is recorded."""
    intake = bench.intake(record)
    started = time.perf_counter()
    intake.start()
    assert counter.reached.wait(300), f"only {counter.count} of {counter.wanted} values arrived"
    taken = time.perf_counter() - started
    intake.stop()
    assert counter.count == counter.wanted, "a value came twice"
    return taken


def with_historian(bench: Bench, sizes: Sizes, points: int) -> float:
    historian = Historian(bench.folder / "historian")
    counter = Counter()
    counter.expect(points)

    def record(organization: str, samples: list[tuple[Tag, Sample]]) -> None:
        historian.append(organization, [sample for _tag, sample in samples])
        counter(organization, samples)

    bench.send(sizes.messages)()
    seconds = timed_intake(bench, record, counter)
    marks = 0 if bench.make is telemetry else MACHINES * VALUES
    assert points <= historian.count("demo") <= points + marks, "the historian has what was sent"
    historian.close()
    return points / seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="a small round")
    chosen = parser.parse_args()
    start_logging("bench", level="error")
    sizes = QUICK if chosen.quick else FULL
    result = {protocol: measure(protocol, sizes) for protocol in ("sparkplug", "telemetry")}
    text = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
