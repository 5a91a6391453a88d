"""OPC UA machines against a real client: jobs, refusals, history, and kills that lose nothing."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.ua.uaerrors import (
    BadInvalidState,
    BadNodeIdUnknown,
    BadNotWritable,
    BadOutOfRange,
    BadTypeMismatch,
    BadWriteNotSupported,
)

from conformance.foreign import FOLDER, install
from lotone.demo.machines import Behaviour, MachineSpec, count_published, hush
from lotone.demo.machines.model import microseconds, moment

pytestmark = [
    pytest.mark.journey,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:asyncua"),
]


@dataclass
class Reader:
    """What a client keeps that subscribes with source times and fetches from the history what it missed."""

    spec: MachineSpec
    samples: dict[tuple[str, int], Any] = field(default_factory=dict)
    client: Client | None = None

    def datachange_notification(self, node: Any, _value: Any, data: Any) -> None:
        self.keep(node.nodeid.Identifier, data.monitored_item.Value)

    def keep(self, name: str, value: ua.DataValue) -> None:
        assert value.SourceTimestamp is not None
        key = (name, microseconds(value.SourceTimestamp))
        assert self.samples.setdefault(key, value.Value.Value) == value.Value.Value

    def last(self, name: str) -> Any:
        values = {at: value for (tag, at), value in self.samples.items() if tag == name}
        return values[max(values)] if values else None

    def node(self, name: str) -> Any:
        assert self.client
        return self.client.get_node(f"ns=2;s={name}")

    async def connect(self) -> None:
        until = time.monotonic() + 20
        while True:
            self.client = Client(self.spec.address, timeout=4)
            try:
                await self.client.connect()
                break
            except OSError:
                assert time.monotonic() < until, "the machine is not reachable"
                await asyncio.sleep(0.05)
        missed_since = {tag.name: self.newest(tag.name) for tag in self.spec.tags}  # before new values come in
        subscription = await self.client.create_subscription(100, self)
        wanted = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        await subscription._subscribe([self.node(name) for name in missed_since], mfilter=wanted)
        for name, since in missed_since.items():
            for value in await self.node(name).read_raw_history(moment(since), None):
                self.keep(name, value)

    def newest(self, name: str) -> int:
        return max((at for tag, at in self.samples if tag == name), default=0)

    async def lose(self) -> None:
        if self.client:
            await self.client.disconnect()

    async def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, "waited in vain"
            await asyncio.sleep(0.05)

    async def order(self, number: int, minutes: float = 20.0, colour: str = "red") -> None:
        assert self.client
        values = {"cycle_minutes": minutes, "bake_temperature": 80.0, "colour": colour, "request": number}
        await self.client.write_values(
            [self.node(name) for name in values], [ua.DataValue(variant(value)) for value in values.values()]
        )


def variant(value: Any) -> ua.Variant:
    types = {bool: ua.VariantType.Boolean, int: ua.VariantType.Int64, float: ua.VariantType.Double, str: ua.VariantType.String}
    return ua.Variant(value, types[type(value)])


@pytest.fixture
async def readers() -> AsyncIterator[Callable[[MachineSpec], Reader]]:
    made: list[Reader] = []

    def make(spec: MachineSpec) -> Reader:
        made.append(Reader(spec))
        return made[-1]

    yield make
    for reader in made:
        await reader.lose()


@pytest.fixture
def opcua_spec(lab: Any, free_port: Callable[[], int]) -> Callable[..., MachineSpec]:
    def make(**more: Any) -> MachineSpec:
        address = f"opc.tcp://127.0.0.1:{free_port()}"
        made: MachineSpec = lab.spec("opcua", address=address, addresses=lambda name: f"ns=2;s={name}", **more)
        return made

    return make


async def test_a_job_over_opcua(lab: Any, opcua_spec: Callable[..., MachineSpec], readers: Any) -> None:
    spec = opcua_spec(behaviour=Behaviour(variation=0.05))
    machine = lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    assert await reader.node("state").read_value() == 1
    await reader.order(7)
    assert await reader.node("job").read_value() == 7
    assert await reader.node("colour").read_value() == "red"
    await reader.until(lambda: reader.last("job-state") == 2)
    done = next(at for (tag, at), value in reader.samples.items() if tag == "job-state" and value == 2)
    assert reader.samples["progress", done] == 100.0
    assert 60 < reader.samples["thickness", done] < 90
    await asyncio.sleep(0.5)
    hush(lab.folder)
    await asyncio.sleep(0.7)
    assert len(reader.samples) == count_published(lab.folder)["m-1"]
    machine.send_signal(signal.SIGTERM)
    assert machine.wait(10) == 0


async def test_wrong_writes_are_answered_and_change_nothing(
    lab: Any, opcua_spec: Callable[..., MachineSpec], readers: Any
) -> None:
    spec = opcua_spec()
    lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    wrong: list[tuple[str, Any, type[Exception]]] = [
        ("state", 2, BadNotWritable),
        ("temperature", 5.0, BadNotWritable),
        ("cycle_minutes", 1e9, BadOutOfRange),
        ("cycle_minutes", "soon", BadTypeMismatch),
        ("colour", 3.0, BadTypeMismatch),
        ("request", -4, BadOutOfRange),
        ("nonsense", 3.0, BadNodeIdUnknown),
    ]
    for name, value, answer in wrong:
        with pytest.raises(answer):
            await reader.node(name).write_value(ua.DataValue(variant(value)))
    with pytest.raises(BadWriteNotSupported):
        await reader.node("request").write_attribute(ua.AttributeIds.DisplayName, ua.DataValue(ua.LocalizedText("x")))
    with pytest.raises(BadTypeMismatch):
        await reader.node("cycle_minutes").write_value(ua.DataValue(ua.Variant([1.0, 2.0], ua.VariantType.Double)))
    both = ua.WriteParameters()
    for name, value in (("cycle_minutes", 1e9), ("request", 5)):
        item = ua.WriteValue()
        item.NodeId, item.AttributeId = reader.node(name).nodeid, ua.AttributeIds.Value
        item.Value = ua.DataValue(variant(value))
        both.NodesToWrite.append(item)
    assert reader.client
    answers = await reader.client.uaclient.write(both)
    assert [answer.value for answer in answers] == [BadOutOfRange.code, BadInvalidState.code]
    assert await reader.node("job").read_value() == 0
    assert await reader.node("request").read_value() == 0


async def test_history_is_read_in_parts_and_backwards(lab: Any, opcua_spec: Callable[..., MachineSpec], readers: Any) -> None:
    spec = opcua_spec(interval_s=0.01)
    lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    await asyncio.sleep(2)
    vibration = reader.node("vibration")
    whole = await vibration.read_raw_history(datetime.fromisoformat("1990-01-01T00:00Z"), None)
    assert len(whole) > 100
    times = [value.SourceTimestamp for value in whole]
    assert times == sorted(set(times))
    part = await vibration.read_raw_history(times[10], times[30])
    assert [value.SourceTimestamp for value in part] == times[10:31]
    assert [value.SourceTimestamp for value in await vibration.read_raw_history(times[30], times[10])] == times[10:31][::-1]
    assert [value.SourceTimestamp for value in await vibration.read_raw_history(None, times[30], 5)] == times[26:31][::-1]
    details = ua.ReadRawModifiedDetails(StartTime=times[0], EndTime=times[99], NumValuesPerNode=30)
    first = await vibration.history_read(details)
    assert [value.SourceTimestamp for value in first.HistoryData.DataValues] == times[:30]
    second = await vibration.history_read(details, first.ContinuationPoint)
    assert [value.SourceTimestamp for value in second.HistoryData.DataValues] == times[30:60]


async def test_kills_lose_and_double_nothing(lab: Any, opcua_spec: Callable[..., MachineSpec], readers: Any) -> None:
    spec = opcua_spec(speed=300.0, interval_s=0.1)
    machine = lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    for number in range(1, 4):
        await reader.order(number, minutes=15.0)
        await reader.until(lambda job=number: reader.last("job") == job)
        os.kill(machine.pid, signal.SIGKILL)
        machine.wait(10)
        await reader.lose()
        machine = lab.run(spec)
        await reader.connect()
        await reader.until(lambda job=number: reader.last("good") == job)
    hush(lab.folder)
    await asyncio.sleep(0.7)
    assert sorted(value for (tag, _), value in reader.samples.items() if tag == "good") == [0, 1, 2, 3]
    assert len(reader.samples) == count_published(lab.folder)["m-1"]


async def test_a_client_that_nobody_here_wrote_reads_a_machine(
    lab: Any, opcua_spec: Callable[..., MachineSpec], readers: Any
) -> None:
    """node-opcua, an OPC UA stack of its own, gets the same values and source times of every tag after a job."""
    install()
    spec = opcua_spec()
    lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    await reader.order(12, colour="green")
    await reader.until(lambda: reader.last("job-state") == 2)
    hush(lab.folder)
    steady = ("job", "job-state", "colour", "bake_temperature", "state")
    nodes = {name: f"ns=2;s={name}" for name in steady}
    script = await asyncio.create_subprocess_exec(
        "node", str(FOLDER / "opcua_client.js"), spec.address, *nodes.values(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await asyncio.wait_for(script.communicate(), 60)
    assert script.returncode == 0, error.decode()
    line = next(line for line in out.decode().splitlines() if line.startswith('{"event"'))
    given = json.loads(line)["values"]
    for name, node in nodes.items():
        ours = await reader.node(name).read_data_value()
        assert (given[node]["status"], given[node]["value"]) == ("Good", ours.Value.Value)
        assert datetime.fromisoformat(given[node]["time"]) == milliseconds(ours.SourceTimestamp)
    assert [given[nodes[name]]["value"] for name in ("job", "job-state", "colour")] == [12, 2, "green"]


def milliseconds(at: datetime) -> datetime:
    """As JavaScript keeps a moment."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
