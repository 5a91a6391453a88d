"""The Sparkplug B payload, written and read by hand: machines share no code with the platform that must understand them.

Field numbers are those of `sparkplug_b.proto` of Eclipse Tahu (Sparkplug 3.0, 6.4). Only what simulated machines need is
written; everything else is skipped when it is read.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from lotone.demo.machines.model import Value

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_2_64 = 1 << 64


class Type(IntEnum):
    """Sparkplug data types (6.4.16)."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15


_SIGNED_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}


class PayloadFault(ValueError):
    """The bytes are no Sparkplug B payload."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One value. `time` in milliseconds; a metric without a value is null."""

    name: str = ""
    alias: int | None = None
    value: Value | None = None
    type: int = 0
    time: int | None = None
    is_historical: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    metrics: tuple[Metric, ...]
    time: int | None = None
    seq: int | None = None


def type_of(value: Value) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int):
        return Type.INT64
    return Type.DOUBLE if isinstance(value, float) else Type.STRING


def packed(metrics: Iterable[Metric], *, time: int | None = None, seq: int | None = None) -> bytes:
    """The payload as bytes; `time` in milliseconds."""
    parts = [] if time is None else [_number(1, time)]
    for metric in metrics:
        inner = _metric(metric)
        parts += (_tag(2, _BYTES), _varint(len(inner)), inner)
    if seq is not None:
        parts.append(_number(3, seq))
    return b"".join(parts)


def unpacked(data: bytes) -> Payload:
    """Raises PayloadFault."""
    metrics: list[Metric] = []
    time = seq = None
    try:
        for field, value in _fields(data):
            if field == 1 and isinstance(value, int):
                time = value
            elif field == 2 and isinstance(value, bytes):
                metrics.append(_read_metric(value))
            elif field == 3 and isinstance(value, int):
                seq = value
    except (IndexError, struct.error, UnicodeDecodeError) as fault:
        raise PayloadFault(f"no Sparkplug B payload: {fault}") from fault
    return Payload(tuple(metrics), time, seq)


def _metric(metric: Metric) -> bytes:
    parts = []
    if metric.name:
        parts.append(_text(1, metric.name))
    if metric.alias is not None:
        parts.append(_number(2, metric.alias))
    if metric.time is not None:
        parts.append(_number(3, metric.time))
    if metric.type:
        parts.append(_number(4, metric.type))
    if metric.is_historical:
        parts.append(_number(5, 1))
    value = metric.value
    if value is None:
        parts.append(_number(7, 1))
    elif isinstance(value, bool):
        parts.append(_number(14, int(value)))
    elif isinstance(value, int):
        parts.append(_number(11, value % _2_64))  # signed 64-bit numbers as two's complement
    elif isinstance(value, float):
        parts.append(_tag(13, _FIXED64) + struct.pack("<d", value))
    else:
        parts.append(_text(15, value))
    return b"".join(parts)


def _read_metric(data: bytes) -> Metric:
    found = dict(_fields(data))
    name, alias, time, kind = found.get(1, b""), found.get(2), found.get(3), found.get(4, 0)
    if not isinstance(name, bytes) or not all(isinstance(number, int | None) for number in (alias, time, kind)):
        raise PayloadFault("no Sparkplug B payload: a metric's field has the wrong wire type")
    return Metric(
        name=name.decode(),
        alias=alias if isinstance(alias, int) else None,
        value=None if found.get(7) else _read_value(found, kind if isinstance(kind, int) else 0),
        type=kind if isinstance(kind, int) else 0,
        time=time if isinstance(time, int) else None,
        is_historical=bool(found.get(5)),
    )


def _read_value(found: dict[int, int | bytes], kind: int) -> Value | None:
    match next(((field, found[field]) for field in range(10, 16) if field in found), None):
        case (10 | 11, int(number)):
            if kind == Type.BOOLEAN:
                return bool(number)
            bits = next((bits for known, bits in _SIGNED_BITS.items() if known == kind), 0)
            number = number % (1 << bits) if bits else number
            return number - (1 << bits) if bits and number >> (bits - 1) else number
        case (12, bytes(raw)) if len(raw) == 4:
            return float(struct.unpack("<f", raw)[0])
        case (13, bytes(raw)) if len(raw) == 8:
            return float(struct.unpack("<d", raw)[0])
        case (14, int(number)):
            return bool(number)
        case (15, bytes(raw)):
            return raw.decode()
        case None:
            return None
    raise PayloadFault("no Sparkplug B payload: a value has the wrong wire type")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        tag, place = _read_varint(data, place)
        field, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            number, place = _read_varint(data, place)
            yield field, number
            continue
        if wire == _BYTES:
            length, place = _read_varint(data, place)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise PayloadFault(f"no Sparkplug B payload: wire type {wire} at byte {place}")
        if place + length > len(data):
            raise PayloadFault("no Sparkplug B payload: it ends in the middle of a field")
        yield field, data[place : place + length]
        place += length


def _tag(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    raw = value.encode()
    return _tag(field, _BYTES) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise PayloadFault("no Sparkplug B payload: a number is too long")
