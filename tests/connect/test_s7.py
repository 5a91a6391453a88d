"""Addresses, values, blocks and writes of S7 controllers as pure values."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lotone.assets import DataType
from lotone.connect import Connection, Misfit, WrongConnection
from lotone.connect.drivers.s7_places import (
    BYTES_PER_REQUEST,
    Place,
    blocks_of,
    decode,
    encode,
    read_place,
    type_of,
    writes_of,
)
from lotone.connect.model import check_connection

RANGES = {
    "SINT": (-(2**7), 2**7 - 1),
    "BYTE": (0, 2**8 - 1),
    "INT": (-(2**15), 2**15 - 1),
    "WORD": (0, 2**16 - 1),
    "DINT": (-(2**31), 2**31 - 1),
    "DWORD": (0, 2**32 - 1),
    "LINT": (-(2**63), 2**63 - 1),
}
PLACES = st.builds(
    lambda db, byte, kind: Place("DB", db, byte, 0, kind), st.integers(1, 3), st.integers(0, 900), st.sampled_from([*RANGES])
)


@pytest.mark.parametrize(
    ("address", "place", "kind"),
    [
        ("DB1.DBD0:REAL", Place("DB", 1, 0, 0, "REAL"), DataType.NUMBER),
        ("DB1.DBX0.3", Place("DB", 1, 0, 3), DataType.BOOLEAN),
        ("MW10", Place("M", 0, 10, 0, "WORD"), DataType.INTEGER),
        ("IW0", Place("I", 0, 0, 0, "WORD"), DataType.INTEGER),
        ("EW0:INT", Place("I", 0, 0, 0, "INT"), DataType.INTEGER),
        ("A4.7", Place("Q", 0, 4, 7), DataType.BOOLEAN),
        ("DB2.DBB8:LREAL", Place("DB", 2, 8, 0, "LREAL"), DataType.NUMBER),
        ("DB2.DBB20:STRING[30]", Place("DB", 2, 20, 0, "STRING", 30), DataType.TEXT),
    ],
)
def test_addresses_are_written_as_in_step_7(address: str, place: Place, kind: DataType) -> None:
    assert read_place(address) == place
    assert type_of(place) is kind


@pytest.mark.parametrize(
    "address",
    [
        *("", "DB0.DBD0", "DB1.DBX0.8", "DB1.DBX0", "DB1.DBD0:INT", "DB1.DBW0:REAL", "DB1.DBB0:STRING", "DB1.DBB0:STRING[0]"),
        *("DB1.DBB0:STRING[199]", "DB99999.DBB0", "DB1.DBD65533", "MW10:BOOL", "T1", "DB1.DBW٣", "MB1:BYTE[3]"),
    ],
)
def test_other_addresses_are_refused_with_examples(address: str) -> None:
    with pytest.raises(WrongConnection, match="write it like DB1"):
        read_place(address)


@given(st.one_of(st.text(), st.from_regex(r"DB\d+\.DB[XBWD]\d+(\.\d|:[A-Z]+\[\d+\])?", fullmatch=True)))
def test_any_text_is_a_place_or_refused(address: str) -> None:
    try:
        place = read_place(address)
    except WrongConnection:
        return
    assert 1 <= place.length <= BYTES_PER_REQUEST
    assert place.byte + place.length <= 65536


@given(st.sampled_from([*RANGES]), st.integers(-(2**64), 2**64))
def test_whole_numbers_come_back_or_do_not_fit(kind: str, number: int) -> None:
    least, most = RANGES[kind]
    place = Place("DB", 1, 0, 0, kind)
    if least <= number <= most:
        assert decode(encode(number, place), place) == number
    else:
        with pytest.raises(Misfit):
            encode(number, place)


@given(st.binary(min_size=32, max_size=32))
def test_whatever_bytes_a_text_has_it_is_read_within_its_place(data: bytes) -> None:
    value = decode(data, Place("DB", 1, 0, 0, "STRING", 30))
    assert isinstance(value, str)
    assert len(value) == min(data[1], 30)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=30))
def test_texts_come_back(text: str) -> None:
    place = Place("DB", 1, 0, 0, "STRING", 30)
    assert decode(encode(text, place), place) == text
    assert len(encode(text, place)) == place.length


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("蓝", Place("DB", 1, 0, 0, "STRING", 30)),
        ("blue", Place("DB", 1, 0, 0, "STRING", 3)),
        ("1", Place("DB", 1, 0, 0, "INT")),
        (1.5, Place("DB", 1, 0, 0, "INT")),
        (math.inf, Place("DB", 1, 0, 0, "INT")),
        (math.nan, Place("DB", 1, 0, 0, "INT")),
        (1e39, Place("DB", 1, 0, 0, "REAL")),
        (2, Place("M", 0, 0, 1)),
    ],
)
def test_values_that_do_not_fit_are_refused(value: object, place: Place) -> None:
    with pytest.raises(Misfit):
        encode(value, place)  # type: ignore[arg-type]


@given(st.lists(PLACES, max_size=40))
def test_blocks_hold_every_place_once_and_fit_into_a_pdu(places: list[Place]) -> None:
    blocks = blocks_of(places)
    assert sorted(place for block in blocks for place in block.places) == sorted(set(places))
    for block in blocks:
        assert block.count <= BYTES_PER_REQUEST
        for place in block.places:
            assert block.first <= place.byte
            assert place.byte + place.length <= block.first + block.count


def test_neighbours_are_written_together_with_the_request_at_the_end() -> None:
    ((place, data),) = writes_of({"DB1.DBW2": 2, "DB1.DBW0": 1, "DB1.DBW4": 3})
    assert (place.byte, data) == (0, b"\0\1\0\2\0\3")
    assert [place.byte for place, _ in writes_of({"DB1.DBW4": 2, "DB1.DBX8.1": 1, "DB1.DBW0": 3})] == [4, 8, 0]


@given(st.lists(PLACES, min_size=1, max_size=8))
def test_the_request_ends_the_last_write(places: list[Place]) -> None:
    assume(len({place.byte // 8 for place in places}) == len(places))
    names = {1: "B", 2: "W", 4: "D", 8: "B"}
    written = writes_of({f"DB{one.db}.DB{names[one.length]}{one.byte}:{one.kind}": 1 for one in places})
    first, data = written[-1]
    assert first.byte + len(data) == places[-1].byte + places[-1].length


@pytest.mark.parametrize("tail", ["/0", "/8/1", "/0/32", "/a/1", "/0/1/2"])
def test_rack_and_slot_are_checked(tail: str) -> None:
    check_connection(Connection("press-1", "s7", "s7://10.0.0.5"), "demo")
    with pytest.raises(WrongConnection, match="rack and slot"):
        check_connection(Connection("press-1", "s7", f"s7://10.0.0.5:102{tail}"), "demo")
