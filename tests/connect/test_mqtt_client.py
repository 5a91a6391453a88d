"""How messages of foreign brokers are read: topics, JSON paths, times."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.assets import UNCERTAIN
from lotone.connect import Connection, WrongConnection
from lotone.connect.drivers.mqtt_messages import MessageReader, at_path, time_of
from lotone.connect.drivers.telemetry import Unreadable
from lotone.connect.model import TopicTemplate, check_connection

NOON = 1_772_452_800_000_000
NOW = NOON + 7


def reader(addresses: tuple[str, ...] = (), **settings: str) -> MessageReader:
    return MessageReader.of(Connection("hall", "mqtt_client", "mqtt://broker", settings), addresses)


@pytest.mark.parametrize(
    ("template", "topic", "address"),
    [
        ("a/b", "a/b", "a/b"),
        ("a/b", "a/c", None),
        ("a/{machine}/x/{tag}", "a/m1/x/t", "m1/t"),
        ("a/{tag}", "a/b/c", None),
        ("a/+/{tag}", "a/b/c", "c"),
        ("a/#", "a/b/c", "a/b/c"),
        ("a/#", "a", "a"),
        ("#", "$SYS/broker/uptime", None),
        ("{machine}/#", "m1/deep/down", "m1"),
    ],
)
def test_a_template_says_which_topics_and_which_address(template: str, topic: str, address: str | None) -> None:
    assert TopicTemplate.parse(template).address(topic) == address


@pytest.mark.parametrize("wrong", ["a/#/b", "a/b+", "a/{Tag}", "a/{tag", "#x"])
def test_a_wrong_template_is_refused_before_it_is_saved(wrong: str) -> None:
    with pytest.raises(WrongConnection, match="level of a topic"):
        check_connection(Connection("hall", "mqtt_client", "mqtt://broker:1883", {"topics": wrong}), "demo")


def test_a_broker_has_an_address_with_or_without_tls() -> None:
    for address in ("mqtt://broker", "mqtts://broker", "mqtt://10.0.0.5:1884"):
        check_connection(Connection("hall", "mqtt_client", address), "demo")
    for address in ("", "http://broker", "mqtt://"):
        with pytest.raises(WrongConnection):
            check_connection(Connection("hall", "mqtt_client", address), "demo")
    with pytest.raises(WrongConnection, match=r"5 or 3\.1\.1"):
        check_connection(Connection("hall", "mqtt_client", "mqtt://broker", {"version": "4"}), "demo")


def test_one_value_has_the_address_of_its_topic() -> None:
    for payload, value in ((b"21.5", 21.5), (b"true", True), (b"7", 7), (b" on ", "on"), (b'{"value": 3, "x": null}', 3)):
        (one, *_) = reader().read("hall/temperature", payload, NOW)
        assert (one.address, one.source_time, one.value) == ("hall/temperature", NOW, value)


def test_every_value_of_a_document_can_be_taken() -> None:
    payload = b'{"ts": 1772452800, "motor": {"current": 1.5, "phases": [1, 2]}, "on": false}'
    found = {one.address: (one.value, one.source_time) for one in reader().read("hall", payload, NOW)}
    assert found == {
        "hall#ts": (1772452800, NOON),
        "hall#motor.current": (1.5, NOON),
        "hall#motor.phases[0]": (1, NOON),
        "hall#motor.phases[1]": (2, NOON),
        "hall#on": (False, NOON),
    }


def test_paths_say_where_value_time_and_quality_are() -> None:
    mapped = reader(topics="p/{tag}", value="$.d[0].v", time="$.d[0].t", quality="q")
    payload = b'{"q": "uncertain", "d": [{"v": 4, "t": "2026-03-02T12:00:00Z"}]}'
    first = mapped.read("p/level", payload, NOW)[0]
    assert (first.address, first.value, first.source_time, first.quality) == ("level", 4, NOON, UNCERTAIN)
    with pytest.raises(Unreadable, match="nothing at"):
        mapped.read("p/level", b'{"d": []}', NOW)


def test_a_list_of_documents_is_read_one_by_one() -> None:
    found = reader().read("p", b'[{"value": 1, "time": 1772452800000}, {"value": 2, "time": 1772452801000}]', NOW)
    assert [(one.value, one.source_time) for one in found if one.address == "p"] == [(1, NOON), (2, NOON + 1_000_000)]


def test_a_retained_value_without_a_time_is_uncertain() -> None:
    assert reader().read("p", b"1", NOW, retained=True)[0].quality == UNCERTAIN
    assert reader().read("p", b'{"value": 1, "time": 1772452800000}', NOW, retained=True)[0].quality == 0


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_the_unit_of_a_time_is_seen_by_its_size(unit: int) -> None:
    assert time_of(1_772_452_800 * unit) == NOON
    assert time_of(float(1_772_452_800 * unit)) == NOON


def test_without_topics_those_of_the_tags_are_read() -> None:
    own = reader(("hall/a#x", "hall/a#y", "hall/b"))
    assert [one.filter for one in own.templates] == ["hall/a", "hall/b"]
    assert [one.filter for one in reader().templates] == ["#"]


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_payload_breaks_the_reader(payload: bytes, path: str) -> None:
    for mapped in (reader(), reader(value=path, time=path)):
        with contextlib.suppress(Unreadable):
            assert all(reading.address for reading in mapped.read("a/b", payload, NOW))


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner)))
def test_no_document_breaks_a_path(document: object) -> None:
    found = at_path(document, "$.a[0].b[1]")
    is_there = isinstance(document, dict) and isinstance(document.get("a"), list) and bool(document["a"])
    assert is_there or found is None
