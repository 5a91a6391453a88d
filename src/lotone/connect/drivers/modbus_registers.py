"""Registers, addresses and the log ring of Modbus as plain values: see `modbus.py` for what they mean."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add
from typing import Any

from lotone.assets import DataType, Value
from lotone.connect.drivers.joining import joined
from lotone.connect.model import REGISTERS, Misfit, WrongConnection
from lotone.kernel import Words

AREAS = ("holding", "input", "coil", "discrete")
REGISTERS_PER_READ = 125
REGISTERS_PER_WRITE = 123
GAP_MAX = 8
"""Registers between two tags that are read along rather than asked for in a second request."""
_FORMATS = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
    "int64": ">q", "uint64": ">Q", "float32": ">f", "float64": ">d",
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Place:
    """Where a value lies. `kind` is empty for coils and discrete inputs."""

    area: str
    register: int
    kind: str = ""

    @property
    def length(self) -> int:
        return REGISTERS.get(self.kind, 1)


def read_place(address: str) -> Place:
    """`holding:10:float32` and the like. Raises WrongConnection."""
    parts = address.split(":")
    area, is_bit = parts[0], parts[0] in ("coil", "discrete")
    numbers = len(parts) == (2 if is_bit else 3) and parts[1].isdecimal() and int(parts[1]) < 65536
    if area not in AREAS or not numbers or (not is_bit and parts[2] not in REGISTERS):
        raise WrongConnection(
            f"'{address}' is no Modbus address; write holding:<register>:<type>, input:<register>:<type> with one of the "
            f"types {', '.join(REGISTERS)}, or coil:<number>, discrete:<number>"
        )
    return Place(area, int(parts[1]), "" if is_bit else parts[2])


def decode(registers: Sequence[int], kind: str, word_order: str) -> Value:
    words = registers if word_order == "big" else list(reversed(registers))
    value: Value = struct.unpack(_FORMATS[kind], struct.pack(f">{len(words)}H", *words))[0]
    return value


def encode(value: Value, kind: str, word_order: str) -> list[int]:
    """Raises Misfit when the value does not fit into the registers."""
    if isinstance(value, str):
        raise Misfit(Words("text can't be written to Modbus registers", "文本无法写入 Modbus 寄存器"))
    number: float | int = value
    if not kind.startswith("float"):
        if isinstance(number, float) and not number.is_integer():
            raise Misfit(
                Words(f"{number} is not a whole number, the register is {kind}", f"{number} 不是整数，寄存器类型为 {kind}")
            )
        number = int(number)
    try:
        data = struct.pack(_FORMATS[kind], number)
    except (struct.error, OverflowError):
        raise Misfit(Words(f"{value} does not fit into {kind}", f"{value} 超出 {kind} 的范围")) from None
    words = list(struct.unpack(f">{len(data) // 2}H", data))
    return words if word_order == "big" else list(reversed(words))


@dataclass(frozen=True)
class Block:
    """Neighbouring places that are read together."""

    area: str
    first: int
    count: int
    places: tuple[Place, ...]


def blocks_of(places: Iterable[Place]) -> list[Block]:
    """Few reads that cover all places."""
    blocks: list[Block] = []
    for place in sorted(set(places)):
        last = blocks[-1] if blocks else None
        limit = REGISTERS_PER_READ if place.kind else 2000
        if last and last.area == place.area and place.register - last.first - last.count <= GAP_MAX:
            count = max(last.count, place.register + place.length - last.first)
            if count <= limit:
                blocks[-1] = Block(last.area, last.first, count, (*last.places, place))
                continue
        blocks.append(Block(place.area, place.register, place.length, (place,)))
    return blocks


def writes_of(values: Mapping[str, Value], word_order: str) -> list[tuple[str, int, list[int]]]:
    """Area, first register and contents of each write; the last value given is at the end of the last write.

    Raises Misfit, WrongConnection.
    """
    pieces = [(place := read_place(address), encode_at(place, value, word_order)) for address, value in values.items()]
    return [(place.area, place.register, words) for place, words in joined(pieces, continues=_continues, join=add)]


def encode_at(place: Place, value: Value, word_order: str) -> list[int]:
    if place.area == "coil":
        if value not in (0, 1):
            raise Misfit(Words("a coil takes true or false", "线圈只接受真或假"))
        return [int(value)]
    if place.area != "holding":
        raise Misfit(Words(f"{place.area} registers can't be written", f"{place.area} 寄存器不可写"))
    return encode(value, place.kind, word_order)


def _continues(write: tuple[Place, list[int]], place: Place, length: int) -> bool:
    first, words = write
    is_next = (first.area, first.register + len(words)) == (place.area, place.register)
    return is_next and len(words) + length <= REGISTERS_PER_WRITE


@dataclass(frozen=True)
class LogRing:
    """The log ring of a machine, as the connection's settings describe it."""

    head: int
    first: int
    records: int
    size: int
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def from_settings(cls, log: Mapping[str, Any]) -> "LogRing":
        fields = tuple((str(name), str(kind)) for name, kind in log["fields"])
        return cls(log["head"], log["first"], log["records"], log["size"], fields)

    @property
    def addresses(self) -> frozenset[str]:
        """Tags whose values come by the log."""
        return frozenset(name for name, _ in self.fields[2:])

    def register(self, sequence: int) -> int:
        return self.first + (sequence % self.records) * self.size

    def stretch(self, sequence: int, newest: int) -> int:
        """How many records from `sequence` on lie side by side and fit into one read."""
        until_end = self.records - sequence % self.records
        return min(newest - sequence + 1, until_end, max(1, REGISTERS_PER_READ // self.size))

    def values(self, registers: Sequence[int], word_order: str) -> dict[str, Value]:
        """One record by field name; fields that are absent (NaN) are left out."""
        values = {}
        at = 0
        for name, kind in self.fields:
            value = decode(registers[at : at + REGISTERS[kind]], kind, word_order)
            at += REGISTERS[kind]
            if not (isinstance(value, float) and math.isnan(value)):
                values[name] = value
        return values


def type_of(kind: str) -> DataType:
    if not kind:
        return DataType.BOOLEAN
    return DataType.NUMBER if kind.startswith("float") else DataType.INTEGER
