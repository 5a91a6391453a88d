"""Addresses, types and blocks of an S7 controller's memory as plain values: see `s7.py` for what they mean."""

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import add

from lotone.assets import DataType, Value
from lotone.connect.drivers.joining import joined
from lotone.connect.model import Misfit, WrongConnection
from lotone.kernel import Words

BYTES_PER_REQUEST = 200
"""Fits into the smallest PDU that controllers agree to (240 bytes with its headers)."""
GAP_MAX = 16
"""Bytes between two tags that are read along rather than asked for in a second request."""
_FORMATS = {
    "BYTE": ">B", "USINT": ">B", "SINT": ">b", "WORD": ">H", "UINT": ">H", "INT": ">h", "DWORD": ">I", "UDINT": ">I",
    "DINT": ">i", "REAL": ">f", "LWORD": ">Q", "ULINT": ">Q", "LINT": ">q", "LREAL": ">d",
}  # fmt: skip
_PLAIN = {"B": "BYTE", "W": "WORD", "D": "DWORD"}
_WIDTHS = {"B": 1, "W": 2, "D": 4}
_AREAS = {"M": "M", "I": "I", "E": "I", "Q": "Q", "A": "Q"}
_DB = re.compile(r"DB([1-9]\d{0,4})\.DB(?:X(\d{1,5})\.([0-7])|([BWD])(\d{1,5})(?::([A-Z]+)(?:\[(\d{1,5})\])?)?)", re.ASCII)
_OTHER = re.compile(r"([MIEQA])(?:(\d{1,5})\.([0-7])|([BWD])(\d{1,5})(?::([A-Z]+)(?:\[(\d{1,5})\])?)?)", re.ASCII)


@dataclass(frozen=True, order=True)
class Place:
    """Where a value lies. `db` is 0 outside of data blocks, `bit` counts only for BOOL, `room` is a text's longest length."""

    area: str
    db: int
    byte: int
    bit: int = 0
    kind: str = "BOOL"
    room: int = 0

    @property
    def length(self) -> int:
        if self.kind == "STRING":
            return 2 + self.room
        return struct.calcsize(_FORMATS[self.kind]) if self.kind in _FORMATS else 1


def read_place(address: str) -> Place:
    """`DB1.DBD0:REAL`, `DB1.DBX0.3`, `MW10` and the like. Raises WrongConnection."""
    found, other = _DB.fullmatch(address), _OTHER.fullmatch(address)
    match = found or other
    if match is None:
        raise _wrong(address)
    first, byte, bit, width, start, kind, room = match.groups()
    area, db = ("DB", int(first)) if found else (_AREAS[first], 0)
    if byte is not None:
        return _within(Place(area, db, int(byte), int(bit)), address)
    place = Place(area, db, int(start), 0, kind or _PLAIN[width], int(room or 0))
    if place.kind == "STRING":
        fits = width == "B" and 1 <= place.room <= BYTES_PER_REQUEST - 2
    else:
        fits = place.kind in _FORMATS and room is None and (place.length == _WIDTHS[width] or width == "B")
    if not fits:
        raise _wrong(address)
    return _within(place, address)


def _within(place: Place, address: str) -> Place:
    if place.db > 65535 or place.byte + place.length > 65536:
        raise _wrong(address)
    return place


def _wrong(address: str) -> WrongConnection:
    return WrongConnection(
        f"'{address}' is no S7 address; write it like DB1.DBX0.3, DB1.DBW2:INT, DB1.DBD4:REAL, DB1.DBB8:LREAL, "
        f"DB1.DBB20:STRING[30] (1 to {BYTES_PER_REQUEST - 2}), M0.1, MW10, IW0 or QB4; types are {', '.join(_FORMATS)}"
    )


def type_of(place: Place) -> DataType:
    if place.kind == "BOOL":
        return DataType.BOOLEAN
    if place.kind == "STRING":
        return DataType.TEXT
    return DataType.NUMBER if place.kind in ("REAL", "LREAL") else DataType.INTEGER


def decode(data: bytes, place: Place) -> Value:
    """The value of exactly the place's bytes; a text is as long as it says, at most as long as its place."""
    if place.kind == "BOOL":
        return bool(data[0] >> place.bit & 1)
    if place.kind == "STRING":
        return data[2 : 2 + min(data[1], place.room)].decode("latin-1")
    value: Value = struct.unpack(_FORMATS[place.kind], data)[0]
    return value


def encode(value: Value, place: Place) -> bytes:
    """The bytes of a value; one byte, 0 or 1, for a bit. Raises Misfit when it does not fit."""
    if place.kind == "STRING":
        return _text(value, place)
    if isinstance(value, str):
        raise Misfit(Words(f"text can't be written to {place.kind}", f"文本无法写入 {place.kind}"))
    if place.kind == "BOOL":
        if value not in (0, 1):
            raise Misfit(Words("a bit takes true or false", "位只接受真或假"))
        return bytes([int(value)])
    number: float | int = value
    try:
        if place.kind not in ("REAL", "LREAL"):
            if number != int(number):
                raise Misfit(Words(f"{value} is not a whole number", f"{value} 不是整数"))
            number = int(number)
        return struct.pack(_FORMATS[place.kind], number)
    except (struct.error, OverflowError, ValueError) as fault:
        if isinstance(fault, Misfit):
            raise
        raise Misfit(Words(f"{value} does not fit into {place.kind}", f"{value} 超出 {place.kind} 的范围")) from None


def _text(value: Value, place: Place) -> bytes:
    try:
        data = str(value).encode("latin-1")
    except UnicodeEncodeError:
        raise Misfit(Words("an S7 STRING holds Latin letters only", "S7 STRING 只能保存拉丁字符")) from None
    if len(data) > place.room:
        raise Misfit(Words(f"the text is longer than {place.room} characters", f"文本超过 {place.room} 个字符"))
    return bytes([place.room, len(data)]) + data.ljust(place.room, b"\0")


@dataclass(frozen=True)
class Block:
    """Neighbouring places that are read together."""

    area: str
    db: int
    first: int
    count: int
    places: tuple[Place, ...]


def blocks_of(places: Iterable[Place]) -> list[Block]:
    """Few reads that cover all places, each within one PDU."""
    blocks: list[Block] = []
    for place in sorted(set(places)):
        last = blocks[-1] if blocks else None
        if last and (last.area, last.db) == (place.area, place.db) and place.byte - last.first - last.count <= GAP_MAX:
            count = max(last.count, place.byte + place.length - last.first)
            if count <= BYTES_PER_REQUEST:
                blocks[-1] = Block(last.area, last.db, last.first, count, (*last.places, place))
                continue
        blocks.append(Block(place.area, place.db, place.byte, place.length, (place,)))
    return blocks


def writes_of(values: Mapping[str, Value]) -> list[tuple[Place, bytes]]:
    """First place and bytes of each write; the last value given is at the end of the last one.

    Raises Misfit, WrongConnection.
    """
    pieces = [(place := read_place(address), encode(value, place)) for address, value in values.items()]
    return joined(pieces, continues=_continues, join=add)


def _continues(write: tuple[Place, bytes], place: Place, length: int) -> bool:
    first, data = write
    is_next = (first.area, first.db, first.byte + len(data)) == (place.area, place.db, place.byte)
    return is_next and "BOOL" not in (first.kind, place.kind) and len(data) + length <= BYTES_PER_REQUEST
