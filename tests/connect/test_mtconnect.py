"""Documents of MTConnect agents: what is read from them, and what is not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.assets import BAD, DataType
from lotone.connect import Connection, Reading, WrongConnection
from lotone.connect.drivers.mtconnect import NoAgent, parse, parse_probe
from lotone.connect.model import check_connection

NOON = 1_772_452_800_000_000
AT = 'timestamp="2026-03-02T12:00:00Z"'
KINDS = {"x": DataType.NUMBER, "on": DataType.BOOLEAN, "alarm": DataType.TEXT}


def streams(*items: str) -> bytes:
    header = '<Header instanceId="7" firstSequence="1" nextSequence="9"/>'
    return f"<MTConnectStreams xmlns='u'>{header}<Streams>{''.join(items)}</Streams></MTConnectStreams>".encode()


def readings(*items: str) -> list[tuple[object, ...]]:
    return [(one.address, one.value, one.quality) for one in parse(streams(*items), KINDS).readings]


def test_observations_are_read_in_their_order_and_type() -> None:
    found = parse(
        streams(f'<B dataItemId="on" {AT} sequence="3">ON</B>', f'<A dataItemId="x" {AT} sequence="2">1.5</A>', "<C/>"), KINDS
    )
    assert (found.instance, found.first, found.next) == ("7", 1, 9)
    assert list(found.readings) == [Reading("x", NOON, 1.5), Reading("on", NOON, True)]


def test_conditions_say_their_level_and_words() -> None:
    assert readings(f'<Fault dataItemId="alarm" {AT} nativeCode="401">axis</Fault>', f'<Normal dataItemId="alarm" {AT}/>') == [
        ("alarm", "fault: axis", 0),
        ("alarm", "normal", 0),
    ]


def test_what_is_unavailable_has_a_bad_quality() -> None:
    assert readings(f'<A dataItemId="x" {AT}>UNAVAILABLE</A>', f'<Unavailable dataItemId="alarm" {AT}/>') == [
        ("x", None, BAD),
        ("alarm", None, BAD),
    ]


def test_a_time_series_is_one_value_for_each_moment() -> None:
    found = parse(streams(f'<A dataItemId="x" {AT} sampleCount="3" sampleRate="100">1 2 3</A>'), KINDS).readings
    assert [(one.source_time, one.value) for one in found] == [(NOON - 20_000, 1), (NOON - 10_000, 2), (NOON, 3)]
    assert readings(f'<A dataItemId="x" {AT} sampleCount="3">1 2 3</A>') == [("x", 3, 0)]


def test_text_for_a_number_and_a_wrong_time_are_left_for_the_quarantine() -> None:
    assert readings(f'<A dataItemId="x" {AT}>hot</A>') == [("x", "hot", 0)]
    (one,) = parse(streams('<A dataItemId="x" timestamp="noon">1</A>'), KINDS).readings
    assert one.source_time == -1


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"<html/>", "a html"),
        (b"hello", "no XML"),
        (b"<MTConnectError><Errors><Error>no such device</Error></Errors></MTConnectError>", "no such device"),
        (b"<MTConnectStreams/>", "header"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><MTConnectStreams>&a;</MTConnectStreams>', "no XML"),
    ],
)
def test_what_is_no_agent_is_said(document: bytes, words: str) -> None:
    with pytest.raises(NoAgent, match=words):
        parse(document, KINDS)


def test_browsing_shows_names_kinds_and_units() -> None:
    nodes = parse_probe(
        b'<MTConnectDevices><Devices><Device name="mill"><Components><Linear id="l" name="X"><DataItems>'
        b'<DataItem id="x" category="SAMPLE" type="POSITION" units="MILLIMETER"/>'
        b'<DataItem id="m" category="EVENT" type="MODE"/>'
        b"</DataItems></Linear></Components></Device></Devices></MTConnectDevices>"
    )
    assert [(one.address, one.name, one.data_type, one.unit) for one in nodes] == [
        ("x", "mill/X/position", DataType.NUMBER, "mm"),
        ("m", "mill/X/mode", DataType.TEXT, ""),
    ]


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;ab= \"'", max_size=60).map(lambda text: streams(text)))
def test_no_document_breaks_the_reader(document: bytes) -> None:
    for read in (lambda: parse(document, KINDS), lambda: parse_probe(document)):
        with contextlib.suppress(NoAgent):
            read()


def test_addresses_are_checked() -> None:
    check_connection(Connection("mill", "mtconnect", "http://10.0.0.5:5000/mill"), "demo")
    for wrong in ("10.0.0.5", "http://", "http://a:5000/?x=1", "opc.tcp://a:1"):
        with pytest.raises(WrongConnection):
            check_connection(Connection("mill", "mtconnect", wrong), "demo")
