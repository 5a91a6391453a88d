"""Machines that are Modbus TCP servers: a register block of present values, and a ring of records that keeps every sample.

A tag's address is `holding:<register>:<type>` or `input:<register>:<type>`. The connection's settings describe the ring:
`{"log": {"head": .., "first": .., "records": .., "size": .., "fields": [[name or address, type], ..]}}`. A record's sequence
is the number of its frame in the journal, so the ring survives a restart.
"""

import asyncio
import logging
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType as Registers
from pymodbus.simulator import SimData, SimDevice

from lotone.demo.machines.beat import beat
from lotone.demo.machines.core import Frame, Refused
from lotone.demo.machines.model import DataType, MachineSpec, SpecFault, TagSpec, Value
from lotone.demo.machines.station import Said, Station

log = logging.getLogger("lotone.machine")

FORMATS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
HOLDING, INPUT = "holding", "input"
_READ_INPUT = 4
_HIGHEST = 65_536
LAST_WORDS_S = 1.5
"""A machine that is stopped stays reachable for so long: readers fetch what it said last."""


@dataclass(frozen=True)
class Slot:
    """Where a value lies: its register, and how it is written in it."""

    space: str
    register: int
    type: str
    high_word_first: bool = True

    @property
    def size(self) -> int:
        return struct.calcsize(">" + FORMATS[self.type]) // 2

    @property
    def can_be_absent(self) -> bool:
        return self.type.startswith("float")

    def packed(self, value: Value | None) -> list[int]:
        """The value as registers; none is NaN. A value that does not fit is cut to the type's range."""
        if self.can_be_absent:
            raw = struct.pack(">" + FORMATS[self.type], math.nan if value is None else float(value))
        else:
            bits, signed = self.size * 16, not self.type.startswith("u")
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            raw = struct.pack(">" + FORMATS[self.type], min(max(round(float(value or 0)), low), high))
        words = list(struct.unpack(f">{self.size}H", raw))
        return words if self.high_word_first else words[::-1]

    def unpacked(self, words: list[int]) -> float | int:
        raw = struct.pack(f">{self.size}H", *(words if self.high_word_first else words[::-1]))
        value: float | int = struct.unpack(">" + FORMATS[self.type], raw)[0]
        return value


@dataclass(frozen=True)
class Ring:
    """The log ring: where its head and records lie, and the tags of a record's fields after sequence and time."""

    head: Slot
    first: int
    records: int
    size: int
    fields: tuple[tuple[str, Slot], ...]
    """Tag and place in the record, counted from the record's start."""

    @property
    def end(self) -> int:
        return self.first + self.records * self.size

    def record(self, number: int, frame: Frame) -> tuple[int, list[int]]:
        """Where the frame's record lies, and its registers."""
        high_word_first = self.head.high_word_first
        words = Slot(HOLDING, 0, "uint32", high_word_first).packed(number)
        words += Slot(HOLDING, 0, "uint64", high_word_first).packed(frame.time)
        for tag, slot in self.fields:
            words += slot.packed(frame.values.get(tag))
        return self.first + number % self.records * self.size, words


class RegisterMap:
    """The registers of a machine, as its tags' addresses and the connection's settings lay them out. Raises SpecFault."""

    def __init__(self, spec: MachineSpec) -> None:
        self.machine = spec.machine
        self.high_word_first = spec.settings.get("word_order", "big") == "big"
        self.tags = {tag.name: tag for tag in spec.tags}
        self.slots = {tag.name: self._slot(tag) for tag in spec.tags}
        self.ring = self._ring(spec.settings.get("log"), {tag.address: tag.name for tag in spec.tags})
        highest = [slot.register + slot.size for slot in self.slots.values()]
        self.size = max([*highest, self.ring.end if self.ring else 1])
        if self.size > _HIGHEST:
            raise SpecFault(f"machine {self.machine}: needs {self.size} registers, and there are only {_HIGHEST}")
        self.bank = {HOLDING: [0] * self.size, INPUT: [0] * self.size}

    def _slot(self, tag: TagSpec) -> Slot:
        space, _, rest = tag.address.partition(":")
        register, _, kind = rest.partition(":")
        if space not in (HOLDING, INPUT) or not register.isdecimal() or kind not in FORMATS:
            raise SpecFault(f"machine {self.machine}: {tag.address!r} of {tag.name} is no address such as holding:10:float32")
        if tag.data_type == DataType.TEXT:
            raise SpecFault(f"machine {self.machine}: {tag.name} is a text, which registers can't hold")
        if tag.writable and space != HOLDING:
            raise SpecFault(f"machine {self.machine}: {tag.name} is writable and must be a holding register")
        return Slot(space, int(register), kind, self.high_word_first)

    def _ring(self, settings: Mapping[str, Any] | None, tag_at: Mapping[str, str]) -> Ring | None:
        if not settings:
            return None
        try:
            names = [(str(name), str(kind)) for name, kind in settings["fields"]]
            head, first, records, size = (int(settings[key]) for key in ("head", "first", "records", "size"))
        except (KeyError, TypeError, ValueError) as fault:
            raise SpecFault(f"machine {self.machine}: the settings of the log are wrong: {fault!r}") from fault
        if names[:2] != [("sequence", "uint32"), ("time", "uint64")]:
            raise SpecFault(f"machine {self.machine}: the first fields of the log must be sequence (uint32) and time (uint64)")
        fields, place = [], 6
        for name, kind in names[2:]:
            tag = tag_at.get(name, name)
            if tag not in self.tags or kind not in FORMATS:
                raise SpecFault(f"machine {self.machine}: the log has a field {name} of type {kind}, which is no tag's")
            fields.append((tag, Slot(HOLDING, place, kind, self.high_word_first)))
            place += fields[-1][1].size
        missing = sorted(set(self.tags) - {tag for tag, _ in fields})
        if missing or place > size:
            what = f"has no field for {missing[0]}" if missing else f"needs {place} registers a record, not {size}"
            raise SpecFault(f"machine {self.machine}: the log {what}")
        return Ring(Slot(HOLDING, head, "uint32", self.high_word_first), first, records, size, tuple(fields))

    @property
    def always(self) -> frozenset[str]:
        """Tags that are in every record because their type can't say that there is no value."""
        return frozenset(tag for tag, slot in self.ring.fields if not slot.can_be_absent) if self.ring else frozenset()

    def show(self, tag: str, value: Value) -> None:
        slot = self.slots[tag]
        self.put(slot, slot.packed(value))

    def put(self, slot: Slot, words: list[int]) -> None:
        self.bank[slot.space][slot.register : slot.register + len(words)] = words

    def keep(self, number: int, frame: Frame) -> None:
        """The record first, the head after it."""
        if self.ring:
            at, words = self.ring.record(number, frame)
            self.put(Slot(HOLDING, at, "uint16"), words)
            self.put(self.ring.head, self.ring.head.packed(number))

    def written(self, register: int, words: list[int]) -> dict[str, Value] | None:
        """The tags that a write gives a value, in the order of their registers; None if it touches anything else."""
        values: dict[str, Value] = {}
        covered = 0
        own = [(tag, slot) for tag, slot in self.slots.items() if self.tags[tag].writable]
        for tag, slot in sorted(own, key=lambda each: each[1].register):
            place = slot.register - register
            if place >= 0 and place + slot.size <= len(words):
                found = slot.unpacked(words[place : place + slot.size])
                values[tag] = bool(found) if self.tags[tag].data_type == DataType.BOOLEAN else found
                covered += slot.size
        return values if covered == len(words) else None


class ModbusMachine:
    """A machine as a Modbus TCP server. Everything happens on one event loop."""

    def __init__(self, spec: MachineSpec) -> None:
        url = urlparse(spec.address)
        unit = url.path.strip("/") or "1"
        if url.scheme != "modbus" or not url.hostname or not url.port or not unit.isdecimal():
            raise SpecFault(f"machine {spec.machine}: {spec.address!r} is no address such as modbus://127.0.0.1:1502/1")
        self.spec = spec
        self.host, self.port, self.unit = url.hostname, url.port, int(unit)
        self.registers = RegisterMap(spec)
        self.station = Station(spec, always=self.registers.always)

    async def run(self) -> None:
        """Work until stopped."""
        self._remember()
        block = [SimData(0, count=self.registers.size, datatype=Registers.REGISTERS)]
        bits = [SimData(0, values=[False] * 16, datatype=Registers.BITS)]
        device = SimDevice(self.unit, simdata=(bits, list(bits), block, list(block)), action=self._accessed)
        server: Any = ModbusTcpServer(device, address=(self.host, self.port))
        await server.serve_forever(background=True)
        log.info("%s is ready at %s", self.spec.machine, self.spec.address)
        await beat(self.station, self._show, last_words_s=LAST_WORDS_S)
        await server.shutdown()
        self.station.close()

    def _remember(self) -> None:
        """Fill the registers with what the machine said before it was started again."""
        for tag, (_, value) in self.station.latest().items():
            self.registers.show(tag, value)
        if self.registers.ring:
            newest, records = self.station.journal.newest, self.registers.ring.records
            for number, frame in self.station.journal.after(newest - records, records):
                self.registers.keep(number, frame)

    async def _show(self, said: list[Said]) -> None:
        for each in said:
            for tag, value in each.frame.values.items():
                self.registers.show(tag, value)
            self.registers.keep(each.number, each.frame)

    async def _accessed(
        self, function: int, start: int, address: int, count: int, registers: list[int], written: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        """Called by the server before it answers: registers are copied out of our bank, and writes go to the machine."""
        if len(registers) < self.registers.size:  # coils and discrete inputs: there are none
            return ExcCodes.ILLEGAL_ADDRESS
        if written is not None:
            return await self._written(address, [int(word) for word in written])
        bank = self.registers.bank[INPUT if function == _READ_INPUT else HOLDING]
        registers[address - start : address - start + count] = bank[address : address + count]
        return None

    async def _written(self, address: int, words: list[int]) -> ExcCodes | None:
        values = self.registers.written(address, words)
        if values is None:
            return ExcCodes.ILLEGAL_ADDRESS
        try:
            await self._show(self.station.write(values))
        except Refused as refused:
            log.warning("%s refuses a write: %s", self.spec.machine, refused)
            return ExcCodes.ILLEGAL_VALUE
        return None


def run(spec: MachineSpec) -> None:
    asyncio.run(ModbusMachine(spec).run())
