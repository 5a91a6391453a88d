"""Sparkplug machines against a real message server with a durable stream: births, commands, kills, and not one sample lost."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
import pytest
from nats.js.api import StorageType

from lotone.demo.machines import Behaviour, MachineSpec, count_published, hush
from lotone.demo.machines.model import microseconds
from lotone.demo.machines.payload import Metric, Payload, packed, type_of, unpacked

pytestmark = pytest.mark.journey

DCMD = "spBv1//0.demo.DCMD.m-1.machine"
NCMD = "spBv1//0.demo.NCMD.m-1"


@dataclass
class Stream:
    """The durable stream that a recorder would read, and what is in it so far."""

    client: Any
    subscription: Any
    messages: list[tuple[str, bytes]]

    async def read(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                fetched = await self.subscription.fetch(500, timeout=0.3)
            except TimeoutError:  # also what nats raises, which is a kind of it
                continue
            for message in fetched:
                if "CMD." not in message.subject:  # commands are in the stream too
                    self.messages.append((message.subject.removeprefix("spBv1//0.demo."), message.data))
                await message.ack()

    async def read_until(self, done: Any, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while not done(self):
            assert time.monotonic() < until, f"waited {seconds} s in vain; got {[kind for kind, _ in self.payloads()][-20:]}"
            await self.read(0.3)

    def payloads(self) -> list[tuple[str, Payload]]:
        return [
            (subject.split(".")[0], unpacked(data)) for subject, data in self.messages if not subject.startswith("telemetry")
        ]

    def samples(self, spec: MachineSpec) -> dict[tuple[str, int], Any]:
        """What a recorder keeps: each tag and time once; the same again must be the same value."""
        found: dict[tuple[str, int], Any] = {}
        names = {number: tag.name for number, tag in enumerate(spec.tags, start=1)}
        for _, payload in self.payloads():
            for metric in payload.metrics:
                if metric.alias is None:
                    continue
                key = (names[metric.alias], (metric.time or 0) * 1_000)
                assert found.setdefault(key, metric.value) == metric.value, f"{key} has two values"
        for subject, data in self.messages:
            if subject == "telemetry.demo.m-1":
                told = json.loads(data)
                at = microseconds(datetime.fromisoformat(told["time"]))
                found.update({(name, at): value for name, value in told["values"].items()})
        return found

    def last(self, spec: MachineSpec, name: str) -> Any:
        values = {at: value for (tag, at), value in self.samples(spec).items() if tag == name}
        return values[max(values)] if values else None


@asynccontextmanager
async def durable_stream(server: Any, *, make: bool = True) -> AsyncIterator[Stream]:
    async def quiet(_fault: Exception) -> None:
        return

    client = await nats.connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=quiet)
    stream = client.jetstream()
    if make:
        await stream.add_stream(name="INGEST", subjects=["spBv1//0.>", "telemetry.>"], storage=StorageType.FILE)
    subscription = await stream.pull_subscribe("", durable="recorder", stream="INGEST")
    try:
        yield Stream(client, subscription, [])
    finally:
        await client.close()


def command(**values: Any) -> bytes:
    return packed([Metric(name, None, value, type_of(value)) for name, value in values.items()], time=1)


def stopped(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(15)


async def test_a_job_over_sparkplug(lab: Any, message_server: Any) -> None:
    spec = lab.spec(broker=message_server.broker, behaviour=Behaviour(variation=0.05))
    async with durable_stream(message_server) as stream:
        machine = lab.run(spec)
        await stream.read_until(lambda it: any(kind == "DDATA" for kind, _ in it.payloads()))
        kinds = [kind for kind, _ in stream.payloads()]
        assert kinds[:2] == ["NBIRTH", "DBIRTH"]
        assert set(kinds[2:]) == {"DDATA"}
        node, device = (payload for _, payload in stream.payloads()[:2])
        assert {metric.name for metric in node.metrics} == {"bdSeq", "Node Control/Rebirth"}
        assert {metric.name for metric in device.metrics} == {tag.name for tag in spec.tags}
        assert all(metric.alias and metric.time and metric.type for metric in device.metrics)

        await stream.client.publish(DCMD, command(cycle_minutes=30.0, bake_temperature=80.0, colour="red", request=7))
        await stream.read_until(lambda it: it.last(spec, "job-state") == 2)
        samples = stream.samples(spec)
        started = next(at for (tag, at), value in samples.items() if tag == "job" and value == 7)
        done = next(at for (tag, at), value in samples.items() if tag == "job-state" and value == 2)
        assert samples["colour", started] == "red"
        assert samples["progress", done] == 100.0
        assert 60 < samples["thickness", done] < 90

        await stream.client.publish(NCMD, packed([Metric("Node Control/Rebirth", None, True, 11)], time=1))
        await stream.read_until(lambda it: [kind for kind, _ in it.payloads()].count("DBIRTH") == 2)
        await stream.client.publish(DCMD, b"\xff\xff garbage")
        await stream.client.publish(DCMD, command(bake_temperature=5000.0, request=8))
        await stream.client.publish(DCMD, command(nonsense=1.0, request=9))
        await stream.read(1.5)
        assert stream.last(spec, "job") == 7
        stopped(machine)
        await stream.read(1)
    assert machine.returncode == 0
    log = lab.log()
    assert "refuses a command: bake_temperature: 5000 is outside 20 to 90" in log
    assert "refuses a command: nonsense: the machine has no such tag" in log
    assert "is no Sparkplug B payload" in log
    in_order(stream)
    assert stream.payloads()[-1][0] == "NDEATH"
    assert len(stream.samples(spec)) == sum(count_published(lab.folder).values())


async def test_kills_of_machine_and_server_lose_and_double_nothing(lab: Any, message_server: Any) -> None:
    spec = lab.spec(broker=message_server.broker, speed=300.0, interval_s=0.1)
    async with durable_stream(message_server) as stream:
        machine = lab.run(spec)
        await stream.read_until(lambda it: bool(it.samples(spec)))
        for number in range(1, 4):
            await stream.client.publish(DCMD, command(cycle_minutes=15.0, colour="red", request=number))
            await stream.read_until(lambda it, job=number: it.last(spec, "job") == job)
            os.kill(machine.pid, signal.SIGKILL)
            machine.wait(10)
            machine = lab.run(spec)
            await stream.read(0.7)
            message_server.kill()
            await asyncio.sleep(0.5)
            message_server.start()
            await stream.read_until(lambda it, job=number: it.last(spec, "good") == job)
        stopped(machine)
        await stream.read(1.5)
    samples = stream.samples(spec)
    assert sorted(value for (tag, _), value in samples.items() if tag == "good") == [0, 1, 2, 3]
    assert len(samples) == sum(count_published(lab.folder).values())
    births = [payload for kind, payload in stream.payloads() if kind == "NBIRTH"]
    numbers = [next(metric.value for metric in birth.metrics if metric.name == "bdSeq") for birth in births]
    assert len(set(numbers)) >= 7, "every connection has a number of its own"
    assert any(metric.is_historical for kind, payload in stream.payloads() if kind == "DDATA" for metric in payload.metrics)


async def test_a_machine_works_while_the_server_is_away(lab: Any, message_server: Any) -> None:
    message_server.kill()
    spec = lab.spec(broker=message_server.broker, interval_s=0.1)
    machine = lab.run(spec)
    await asyncio.sleep(2.5)
    alone = count_published(lab.folder)["m-1"]
    assert alone > 60, "it ticks on"
    message_server.start()
    async with durable_stream(message_server) as stream:
        await stream.read_until(lambda it: len(it.samples(spec)) > alone)
        stopped(machine)
        await stream.read(1)
        assert len(stream.samples(spec)) == count_published(lab.folder)["m-1"]


async def test_some_tags_are_plain_telemetry(lab: Any, message_server: Any) -> None:
    made = lab.spec(broker=message_server.broker)
    tags = [{**tag, "telemetry": tag["meaning"] == "sensor"} for tag in made.as_json()["tags"]]
    spec = MachineSpec.from_json({**made.as_json(), "tags": tags})
    async with durable_stream(message_server) as stream:
        machine = lab.run(spec)
        await stream.read_until(lambda it: sum(subject.startswith("telemetry") for subject, _ in it.messages) > 5)
        stopped(machine)
        await stream.read(1)
    device = next(payload for kind, payload in stream.payloads() if kind == "DBIRTH")
    assert "temperature" not in {metric.name for metric in device.metrics}
    assert stream.last(spec, "temperature") > 10
    in_order(stream)
    assert len(stream.samples(spec)) == count_published(lab.folder)["m-1"]


async def test_a_quiet_machine_says_nothing_new_and_all_of_it_arrives(lab: Any, message_server: Any) -> None:
    spec = lab.spec(broker=message_server.broker, interval_s=0.05)
    async with durable_stream(message_server) as stream:
        machine = lab.run(spec)
        await stream.read_until(lambda it: len(it.samples(spec)) > 100)
        hush(lab.folder)
        await asyncio.sleep(0.3)
        published = count_published(lab.folder)["m-1"]
        await stream.read(1.5)
        assert count_published(lab.folder)["m-1"] == published == len(stream.samples(spec))
        assert machine.poll() is None
        stopped(machine)


async def test_a_server_that_acknowledges_nothing_is_left(lab: Any, message_server: Any) -> None:
    spec = lab.spec(broker=message_server.broker, interval_s=0.05)
    async with durable_stream(message_server) as stream:
        machine = lab.run(spec)
        await stream.read_until(lambda it: len(it.samples(spec)) > 50)
        os.kill(message_server.process.pid, signal.SIGSTOP)
        await asyncio.sleep(13)
        os.kill(message_server.process.pid, signal.SIGCONT)
        assert "acknowledges nothing; connecting again" in lab.log()
        told = count_published(lab.folder)["m-1"]
        await stream.read_until(lambda it: len(it.samples(spec)) >= told)
        stopped(machine)
        await stream.read(1)
        assert len(stream.samples(spec)) == count_published(lab.folder)["m-1"]


async def test_a_wrong_password_is_said_and_tried_again(lab: Any, message_server: Any) -> None:
    broker = message_server.broker
    spec = lab.spec(broker=type(broker)(broker.host, broker.port, "demo", "wrong", "demo"))
    machine = lab.run(spec)
    await asyncio.sleep(2)
    assert machine.poll() is None
    stopped(machine)
    assert "the MQTT server refuses" in lab.log()


def in_order(stream: Stream) -> None:
    """Sequence numbers run from every NBIRTH without a gap, and a death carries its birth's number."""
    expected, born = None, None
    for kind, payload in stream.payloads():
        numbers = {metric.name: metric.value for metric in payload.metrics}
        if kind == "NDEATH":
            assert numbers["bdSeq"] == born
            continue
        if kind == "NBIRTH":
            expected, born = 0, numbers["bdSeq"]
        assert payload.seq == expected, f"{kind} has number {payload.seq} where {expected} was due"
        expected = (payload.seq + 1) % 256
