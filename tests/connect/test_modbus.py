"""Registers, blocks, writes and the log ring, as pure values."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.assets import DataType
from lotone.connect import Misfit, WrongConnection
from lotone.connect.drivers.modbus_registers import (
    REGISTERS_PER_READ,
    LogRing,
    Place,
    blocks_of,
    decode,
    encode,
    read_place,
    type_of,
    writes_of,
)
from lotone.connect.model import REGISTERS

RANGES = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


@given(st.sampled_from(sorted(RANGES)), st.sampled_from(["big", "little"]), st.data())
def test_whole_numbers_come_back(kind: str, word_order: str, data: Any) -> None:
    low, high = RANGES[kind]
    number = data.draw(st.integers(low, high))
    registers = encode(number, kind, word_order)
    assert len(registers) == REGISTERS[kind]
    assert decode(registers, kind, word_order) == number
    with pytest.raises(Misfit):
        encode(high + 1, kind, word_order)


@given(st.floats(width=32, allow_nan=False), st.sampled_from(["float32", "float64"]))
def test_numbers_come_back(number: float, kind: str) -> None:
    assert decode(encode(number, kind, "big"), kind, "big") == number


def test_words_lie_high_word_first_unless_told_otherwise() -> None:
    assert encode(0x00010002, "uint32", "big") == [1, 2]
    assert encode(0x00010002, "uint32", "little") == [2, 1]


NO_ADDRESSES = (
    *("", "holding", "holding:1", "holding:x:int16", "holding:1:int8", "coil:1:int16", "holding:65536:int16"),
    *("holding:-1:int16", "register:1:int16", "holding:²:int16"),
)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    with pytest.raises(WrongConnection):
        read_place(address)


def test_addresses_are_read() -> None:
    assert read_place("input:7:float32") == Place("input", 7, "float32")
    assert read_place("coil:3") == Place("coil", 3)
    assert [type_of(kind) for kind in ("float64", "uint16", "")] == [DataType.NUMBER, DataType.INTEGER, DataType.BOOLEAN]


@given(
    st.lists(
        st.tuples(st.sampled_from(["holding", "input"]), st.integers(0, 400), st.sampled_from(sorted(REGISTERS))), max_size=40
    )
)
def test_blocks_cover_every_place_within_the_limit(places: list[tuple[str, int, str]]) -> None:
    wanted = {Place(*one) for one in places}
    blocks = blocks_of(wanted)
    assert {place for block in blocks for place in block.places} == wanted
    for block in blocks:
        assert block.count <= REGISTERS_PER_READ
        for place in block.places:
            assert block.first <= place.register
            assert place.register + place.length <= block.first + block.count


def test_neighbours_and_the_request_behind_them_are_one_write() -> None:
    values = {"holding:22:uint16": 5, "holding:20:float32": 1.5, "holding:23:uint32": 7}
    assert writes_of(values, "big") == [("holding", 20, [*struct.unpack(">2H", struct.pack(">f", 1.5)), 5, 0, 7])]


def test_a_request_elsewhere_is_written_last() -> None:
    values = {"holding:50:uint16": 1, "coil:3": True, "holding:10:uint16": 2, "holding:20:uint16": 9}
    assert writes_of(values, "big") == [("coil", 3, [1]), ("holding", 10, [2]), ("holding", 50, [1]), ("holding", 20, [9])]


@pytest.mark.parametrize("values", [{"input:1:int16": 1}, {"holding:1:int16": "x"}, {"holding:1:int16": 1.5}, {"coil:1": 2}])
def test_values_that_cannot_be_written_are_refused(values: Any) -> None:
    with pytest.raises(Misfit):
        writes_of(values, "big")


RING = LogRing(
    0,
    100,
    10,
    12,
    (("sequence", "uint32"), ("time", "uint64"), ("holding:1:float32", "float32"), ("holding:3:int16", "int16")),
)


def test_records_lie_by_their_sequence() -> None:
    assert [RING.register(sequence) for sequence in (1, 9, 10, 21)] == [112, 208, 100, 112]
    assert RING.addresses == {"holding:1:float32", "holding:3:int16"}
    assert [RING.stretch(1, 50), RING.stretch(8, 50), RING.stretch(3, 4)] == [9, 2, 2]


def test_a_field_that_is_absent_is_left_out() -> None:
    words = struct.unpack(">9H", struct.pack(">IQfh", 7, 1_000_000, float("nan"), -3))
    assert RING.values([*words, 0, 0, 0], "big") == {"sequence": 7, "time": 1_000_000, "holding:3:int16": -3}
