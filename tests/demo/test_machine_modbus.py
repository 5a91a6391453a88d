"""Modbus machines against a real client: registers, jobs, refusals, and a ring that gives every sample to late readers."""

import asyncio
import math
import os
import signal
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient

from lotone.demo.machines import Behaviour, MachineSpec, SpecFault, count_published, hush
from lotone.demo.machines.core import Frame
from lotone.demo.machines.modbus import FORMATS, RegisterMap, Slot

INTEGERS = {"int16": 15, "uint16": 16, "int32": 31, "uint32": 32, "int64": 63, "uint64": 64}
RECORDS = 600


def layout(tags: list[dict[str, Any]], *, integers_as: str = "float64") -> tuple[dict[str, str], dict[str, Any]]:
    """Addresses and ring for these tags: read-only values from register 10, writable ones from 100, the request last."""
    addresses, read_only, writable = {}, 10, 100
    for tag in sorted(tags, key=lambda tag: tag["meaning"] == "request"):
        kind = "float32" if tag["data_type"] == "number" else "uint32"
        place, read_only, writable = (
            (writable, read_only, writable + 2) if tag.get("writable") else (read_only, read_only + 2, writable)
        )
        addresses[tag["name"]] = f"holding:{place}:{kind}"
    kinds = {tag["name"]: "float64" if tag["data_type"] == "number" else integers_as for tag in tags}
    fields = [["sequence", "uint32"], ["time", "uint64"], *([addresses[name], kind] for name, kind in kinds.items())]
    size = sum(struct.calcsize(">" + FORMATS[kind]) // 2 for _, kind in fields)
    return addresses, {"log": {"head": 1000, "first": 1010, "records": RECORDS, "size": size, "fields": fields}}


@pytest.fixture
def modbus_spec(lab: Any, free_port: Callable[[], int]) -> Callable[..., MachineSpec]:
    def make(*, integers_as: str = "float64", word_order: str = "big", **more: Any) -> MachineSpec:
        tags = _tags(lab)
        addresses, settings = layout(tags, integers_as=integers_as)
        address = f"modbus://127.0.0.1:{free_port()}/1"
        made: MachineSpec = lab.spec(
            "modbus",
            address=address,
            tags=tags,
            addresses=addresses.__getitem__,
            settings={**settings, "word_order": word_order},
            **more,
        )
        return made

    return make


def _tags(lab: Any) -> list[dict[str, Any]]:
    plain = lab.spec().as_json()["tags"]
    return [{**tag, "asset": "m-1", "connection": "m-1"} for tag in plain if tag["data_type"] != "text"]


@given(kind=st.sampled_from(sorted(INTEGERS)), number=st.integers(-(2**63), 2**64), big=st.booleans())
def test_whole_numbers_come_back_or_are_cut_to_the_types_range(kind: str, number: int, big: bool) -> None:
    bits, low = INTEGERS[kind], 0 if kind.startswith("u") else -(2 ** INTEGERS[kind])
    slot = Slot("holding", 0, kind, big)
    exact = int(float(number))
    assert slot.unpacked(slot.packed(number)) == min(max(exact, low), 2**bits - 1)


def test_absent_values_are_nan() -> None:
    slot = Slot("holding", 0, "float64")
    assert math.isnan(slot.unpacked(slot.packed(None)))


def test_the_low_word_can_come_first() -> None:
    assert Slot("holding", 0, "uint32", high_word_first=False).packed(0x12345678) == [0x5678, 0x1234]


def test_whole_number_fields_are_in_every_record(modbus_spec: Callable[..., MachineSpec]) -> None:
    registers = RegisterMap(modbus_spec(integers_as="uint32"))
    assert registers.always >= {"state", "job", "job-state", "request"}
    assert "temperature" not in registers.always
    assert RegisterMap(modbus_spec()).always == frozenset()


def test_a_write_must_cover_whole_writable_values(modbus_spec: Callable[..., MachineSpec]) -> None:
    registers = RegisterMap(modbus_spec())
    words = list(struct.unpack(">6H", struct.pack(">ffI", 20.0, 80.0, 7)))
    assert list(registers.written(100, words) or {}) == ["cycle_minutes", "bake_temperature", "request"]
    assert registers.written(100, words) == {"cycle_minutes": 20.0, "bake_temperature": 80.0, "request": 7}
    assert registers.written(101, words[1:]) is None
    assert registers.written(10, words[:2]) is None
    assert registers.written(100, [*words, 0]) is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fields": [["time", "uint64"]]}, "must be sequence"),
        ({"size": 7}, "needs .* registers a record, not 7"),
        ({"records": 60_000}, "only 65536"),
        ({"head": "x"}, "settings of the log are wrong"),
        ({"fields": [["sequence", "uint32"], ["time", "uint64"], ["holding:999:uint16", "uint16"]]}, "which is no tag's"),
        ({"fields": [["sequence", "uint32"], ["time", "uint64"]]}, "has no field for"),
    ],
)
def test_a_wrong_ring_is_named(modbus_spec: Callable[..., MachineSpec], change: dict[str, Any], sentence: str) -> None:
    plain = modbus_spec().as_json()
    plain["settings"]["log"].update(change)
    with pytest.raises(SpecFault, match=sentence):
        RegisterMap(MachineSpec.from_json(plain))


@pytest.mark.parametrize("address", ["temperature", "holding:x:float32", "holding:1:float16", "coil:1"])
def test_a_wrong_address_is_named(modbus_spec: Callable[..., MachineSpec], address: str) -> None:
    plain = modbus_spec().as_json()
    plain["tags"][0]["address"] = address
    with pytest.raises(SpecFault, match="is no address such as holding:10:float32"):
        RegisterMap(MachineSpec.from_json(plain))


def test_the_record_is_there_before_the_head(modbus_spec: Callable[..., MachineSpec]) -> None:
    registers = RegisterMap(modbus_spec())
    registers.keep(RECORDS + 3, Frame(1_772_431_200_000_000, {"state": 2, "temperature": 21.5}))
    at = 1010 + 3 * registers.ring.size if registers.ring else 0
    holding = registers.bank["holding"]
    assert holding[1000:1002] == [0, RECORDS + 3]
    assert holding[at : at + 2] == [0, RECORDS + 3]
    assert struct.unpack(">Q", struct.pack(">4H", *holding[at + 2 : at + 6]))[0] == 1_772_431_200_000_000


@dataclass
class Reader:
    """What a client keeps that follows the log ring."""

    spec: MachineSpec
    samples: dict[tuple[str, int], float] = field(default_factory=dict)
    seen: int = 0
    client: Any = None

    async def connect(self) -> None:
        until = time.monotonic() + 20
        port = int(self.spec.address.rpartition(":")[2].partition("/")[0])
        while True:
            self.client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=2, retries=0, reconnect_delay=0)
            if await self.client.connect():
                return
            self.client.close()
            assert time.monotonic() < until, "the machine is not reachable"
            await asyncio.sleep(0.05)

    async def registers(self, start: int, count: int) -> list[int]:
        answer = await self.client.read_holding_registers(start, count=count, device_id=1)
        assert not answer.isError(), answer
        return list(answer.registers)

    async def follow(self) -> None:
        settings = self.spec.settings["log"]
        head = unpacked("uint32", await self.registers(settings["head"], 2))
        names = {tag.address: tag.name for tag in self.spec.tags}
        while self.seen < head:
            at = settings["first"] + (self.seen + 1) % settings["records"] * settings["size"]
            words = await self.registers(at, settings["size"])
            place, values = 0, {}
            for name, kind in settings["fields"]:
                size = struct.calcsize(">" + FORMATS[kind]) // 2
                values[name] = unpacked(kind, words[place : place + size])
                place += size
            assert values.pop("sequence") == self.seen + 1, "overwritten"
            moment = int(values.pop("time"))
            for address, value in values.items():
                if not math.isnan(value):
                    key = (names[address], moment)
                    assert key not in self.samples
                    self.samples[key] = value
            self.seen += 1

    async def until(self, name: str, value: float, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while self.last(name) != value:
            assert time.monotonic() < until, "waited in vain"
            await self.follow()
            await asyncio.sleep(0.05)

    def last(self, name: str) -> float | None:
        values = {at: value for (tag, at), value in self.samples.items() if tag == name}
        return values[max(values)] if values else None

    async def order(self, number: int, minutes: float = 20.0, heat: float = 80.0) -> Any:
        words = struct.unpack(">6H", struct.pack(">ffI", minutes, heat, number))
        return await self.client.write_registers(100, list(words), device_id=1)

    def lose(self) -> None:
        if self.client:
            self.client.close()


def unpacked(kind: str, words: list[int]) -> float:
    found: float = struct.unpack(">" + FORMATS[kind], struct.pack(f">{len(words)}H", *words))[0]
    return found


@pytest.fixture
async def readers() -> AsyncIterator[Callable[[MachineSpec], Reader]]:
    made: list[Reader] = []

    def make(spec: MachineSpec) -> Reader:
        made.append(Reader(spec))
        return made[-1]

    yield make
    for reader in made:
        reader.lose()


@pytest.mark.journey
@pytest.mark.parametrize("integers_as", ["float64", "uint32"])
async def test_a_job_over_modbus(lab: Any, modbus_spec: Callable[..., MachineSpec], readers: Any, integers_as: str) -> None:
    spec = modbus_spec(integers_as=integers_as, behaviour=Behaviour(variation=0.05))
    machine = lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    assert not (await reader.order(7)).isError()
    await reader.until("job-state", 2)
    assert reader.last("good") == 1
    state = RegisterMap(spec).slots["state"].register
    assert unpacked("uint32", await reader.registers(state, 2)) == 1
    assert (await reader.order(8, heat=500.0)).exception_code == 3
    assert (await reader.client.write_registers(state, [0, 2], device_id=1)).exception_code == 2
    assert (await reader.client.read_holding_registers(65_000, count=10, device_id=1)).exception_code == 2
    assert (await reader.client.read_coils(0, count=1, device_id=1)).exception_code == 2
    hush(lab.folder)
    await asyncio.sleep(0.5)
    await reader.follow()
    assert reader.last("job") == 7
    assert len(reader.samples) == count_published(lab.folder)["m-1"]
    machine.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(machine.wait, 10) == 0
    assert "refuses a write: bake_temperature: 500 is outside 20 to 90" in lab.log()


@pytest.mark.journey
async def test_kills_lose_and_double_nothing(lab: Any, modbus_spec: Callable[..., MachineSpec], readers: Any) -> None:
    spec = modbus_spec(speed=300.0, interval_s=0.1)
    machine = lab.run(spec)
    reader = readers(spec)
    await reader.connect()
    for number in range(1, 4):
        await reader.order(number, minutes=15.0)
        await reader.until("job", number)
        os.kill(machine.pid, signal.SIGKILL)
        machine.wait(10)
        reader.lose()
        machine = lab.run(spec)
        await asyncio.sleep(1)  # the reader is away, the machine goes on
        await reader.connect()
        await reader.until("good", number)
    hush(lab.folder)
    await asyncio.sleep(0.5)
    await reader.follow()
    assert sorted(value for (tag, _), value in reader.samples.items() if tag == "good") == [0, 1, 2, 3]
    assert len(reader.samples) == count_published(lab.folder)["m-1"]
