"""Plain MQTT telemetry and batches: what is taken, what is kept out, and that nothing whatsoever raises."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.readers import AT, NOW, Bench, reasons, samples, tags_of, told
from lotone.assets import microseconds
from lotone.connect import Batch, Connection, Reading, WrongPush
from lotone.connect.drivers.samples import messages_of, read_push
from lotone.connect.model import PAYLOAD_BYTES_MAX

RIG = Connection("rig", "mqtt", "rig")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(
        st.sampled_from(["value", "values", "time", "quality", "temperature", "count", "t", "r", "x"]), children, max_size=5
    ),
    max_leaves=20,
)  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    return Bench(RIG, tags=tags_of("rig", "rig"))


@pytest.mark.parametrize(
    ("tag", "payload", "value"),
    [
        ("temperature", b"21.5", 21.5),
        ("temperature", b" 7 ", 7.0),
        ("temperature", b"+7.5", 7.5),
        ("temperature", b'{"value": 3}', 3.0),
        ("count", b"12", 12),
        ("ready", b"true", True),
        ("recipe", b"blue 7", "blue 7"),
        ("recipe", b'"blue"', "blue"),
        ("recipe", "蓝".encode(), "蓝"),
    ],
)
def test_single_values(bench: Bench, tag: str, payload: bytes, value: object) -> None:
    taking = bench.hear(f"telemetry/demo/rig/{tag}", payload)
    assert (told(taking), reasons(taking)) == ({f"rig/{tag}": value}, [])
    assert samples(taking, f"rig/{tag}")[0].source_time == AT


def test_documents_carry_several_values_of_one_moment(bench: Bench) -> None:
    document: dict[str, Any] = {"time": "2026-03-01T12:00:00+01:00", "values": {"temperature": 1, "count": 2, "recipe": "x"}}
    taking = bench.hear("telemetry/demo/rig", orjson.dumps([document, {"time": 1_772_000_000_000, "values": {"count": 3}}]))
    assert told(taking) == {"rig/temperature": 1.0, "rig/count": 3, "rig/recipe": "x"}
    assert [one.source_time for one in samples(taking, "rig/count")] == [
        microseconds(datetime.fromisoformat("2026-03-01T11:00:00+00:00")),
        1_772_000_000_000_000,
    ]


def test_the_time_of_arrival_is_plant_time(bench: Bench) -> None:
    fast = Bench(RIG, tags=tags_of("rig", "rig"), speed=60)
    taking = fast.hear("telemetry/demo/rig/count", b"1", at=AT + 1_000_000)
    sample = samples(taking, "rig/count")[0]
    assert (sample.source_time, sample.receive_time) == (AT + 60_000_000, AT + 1_000_000)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("telemetry/demo/rig/temperature", b"hot", "the value is a text"),
        ("telemetry/demo/rig/temperature", b"\xff\xfe", "neither JSON nor text"),
        ("telemetry/demo/rig/temperature", b"", "empty"),
        ("telemetry/demo/rig/temperature", b"NaN", "not a finite number"),
        ("telemetry/demo/rig/temperature", b"1e999", "not a finite number"),
        ("telemetry/demo/rig/temperature", b"[1, 2]", "the value is a list"),
        ("telemetry/demo/rig/temperature", b"null", "no value"),
        ("telemetry/demo/rig/temperature", b'{"time": 1}', 'no "value"'),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": "yesterday"}', "ISO 8601"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": "2026-03-01T12:00:00"}', "has no zone|ISO 8601"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": true}', "ISO 8601"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": 1e300}', "ISO 8601"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": "2099-01-01T00:00:00Z"}', "a day ahead"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "time": 0}', "before 1990"),
        ("telemetry/demo/rig/temperature", b'{"value": 1, "quality": "so so"}', "quality"),
        ("telemetry/demo/rig/nothing", b"1", "there is no tag rig/nothing"),
        ("telemetry/demo/rig", b"not json", "not JSON"),
        ("telemetry/demo/rig", b"[]x", "not JSON"),
        ("telemetry/demo/rig", b'{"values": 3}', 'no "values"'),
        ("telemetry/demo/rig", b'{"values": {"nothing": 1}}', "there is no tag rig/nothing"),
        ("telemetry/demo", b"1", "neither which machine"),
        ("telemetry/demo/rig/temperature", b"1" * (PAYLOAD_BYTES_MAX + 1), "longer than"),
    ],
)
def test_what_cannot_be_taken_goes_to_the_quarantine_with_a_reason(
    bench: Bench, topic: str, payload: bytes, reason: str
) -> None:
    taking = bench.hear(topic, payload)
    assert told(taking) == {}
    (refused,) = taking.refused.values()
    assert any(part in refused.reason.en for part in reason.split("|"))
    assert refused.reason.zh
    assert (refused.size, refused.count) == (len(payload), 1)


def test_a_wrong_value_does_not_keep_out_its_neighbours(bench: Bench) -> None:
    taking = bench.hear("telemetry/demo/rig", b'{"values": {"temperature": "hot", "count": 2, "new": 1}}')
    assert told(taking) == {"rig/count": 2}
    assert len(taking.refused) == 2


def test_bad_quality_may_come_without_a_value(bench: Bench) -> None:
    bench.hear("telemetry/demo/rig/temperature", b"4")
    taking = bench.hear("telemetry/demo/rig/temperature", b'{"value": null, "quality": "bad"}')
    assert [(one.value, one.quality) for one in samples(taking, "rig/temperature")] == [(4.0, 0x80000000)]


def test_telemetry_cannot_set_tags_of_other_protocols() -> None:
    press = Connection("press", "opcua", "opc.tcp://a:1")
    bench = Bench(RIG, press, tags=tags_of("press", "press", lambda name: f"ns=2;s={name}"))
    taking = bench.hear("telemetry/demo/press/temperature", b"1")
    assert told(taking) == {}
    assert "belongs to the connection press" in reasons(taking)[0]


def test_machines_with_topics_of_their_own_are_found_by_the_prefix() -> None:
    rig = Connection("rig", "mqtt", "telemetry/demo/hall-3/line.2")
    bench = Bench(rig, tags=tags_of("rig", "rig", lambda name: f"plc/{name}"))
    assert told(bench.hear("telemetry/demo/hall-3/line.2/plc/temperature", b"5")) == {"rig/temperature": 5.0}
    taking = bench.hear("telemetry/demo/hall-3/line.2", b'{"values": {"plc/count": 9}}')
    assert told(taking) == {"rig/count": 9}


def test_a_tag_that_was_added_meanwhile_is_found(bench: Bench) -> None:
    bench.hear("telemetry/demo/rig/count", b"1")
    more = tags_of("rig", "rig") + tags_of("other", None, base=10)
    bench.plan = type(bench.plan)(more, [RIG])
    bench.reader.rooms["demo"].directory.loaded_at = float("-inf")
    assert told(bench.hear("telemetry/demo/other/count", b"2")) == {"other/count": 2}


def test_organizations_are_kept_apart(bench: Bench) -> None:
    plans = {"demo": bench.plan, "other": type(bench.plan)(tags_of("rig", "rig", base=100), [RIG])}
    bench.reader.load = plans.__getitem__
    first, second = bench.hear("telemetry/demo/rig/count", b"1"), bench.hear("telemetry/other/rig/count", b"2")
    assert [one.tag for one in samples(first, "rig/count")] == [2]
    assert [one.tag for one in samples(second, "rig/count", "other")] == [102]


# batches


def test_batches_come_back_as_they_were() -> None:
    press = Connection("press", "opcua", "opc.tcp://a:1")
    bench = Bench(press, tags=tags_of("press", "press", lambda name: f"ns=2;s={name}"))
    readings = [
        Reading("ns=2;s=temperature", AT - 5, 20.5, 0x40000000, 3),
        Reading("ns=2;s=count", None, 7),
        Reading("ns=2;s=recipe", AT, "x\udc00y"),
        Reading("ns=2;s=ready", AT, None, 0x80310000, 1),
    ]
    (payload,) = messages_of(Batch("demo", "press", readings, AT + 9))
    taking = bench.hear("samples/demo/press", payload)
    one = samples(taking, "press/temperature")[0]
    assert (one.source_time, one.value, one.quality, one.sequence, one.receive_time) == (AT - 5, 20.5, 0x40000000, 3, AT + 9)
    assert told(taking) == {"press/temperature": 20.5, "press/count": 7, "press/recipe": "x?y", "press/ready": False}
    assert reasons(taking) == []


def test_large_batches_are_split() -> None:
    readings = [Reading(f"a{number}", AT, "x" * 1000) for number in range(6000)]
    payloads = list(messages_of(Batch("demo", "press", readings, AT)))
    assert max(map(len, payloads)) < PAYLOAD_BYTES_MAX
    assert sum(len(orjson.loads(payload)["r"]) for payload in payloads) == 6000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\x00", "can't be one"),
        ([1], "can't be one"),
        (float("nan"), "no value"),
        ("21", "the value is a text"),
        (None, "no value"),
    ],
)
def test_wrong_values_of_drivers_are_kept_out(value: object, reason: str) -> None:
    press = Connection("press", "opcua", "opc.tcp://a:1")
    bench = Bench(press, tags=tags_of("press", "press"))
    (payload,) = messages_of(Batch("demo", "press", [Reading("temperature", AT, value), Reading("new", AT, 1)], AT))
    taking = bench.hear("samples/demo/press", payload)
    assert told(taking) == {}
    assert sorted(map(len, (reasons(taking),))) == [2]
    assert any(reason in given for given in reasons(taking))


def test_pushes_are_read_whole_or_refused_whole() -> None:
    batch = read_push("demo", "press", b'[{"time": 1772000000000, "values": {"a": 1}}, {"values": {"b": "x"}}]', AT)
    assert [(one.address, one.source_time, one.value) for one in batch.readings] == [
        ("a", 1_772_000_000_000_000, 1),
        ("b", None, "x"),
    ]
    for payload, reason in (
        (b"{", "not JSON"),
        (b'[{"values": {"a": 1}}, 7]', 'no "values"'),
        (b'{"time": "now", "values": {}}', "ISO 8601"),
        (b" " * (PAYLOAD_BYTES_MAX + 1), "send it in parts"),
    ):
        with pytest.raises(WrongPush, match=reason):
            read_push("demo", "press", payload, AT)


# garbage


@given(
    st.binary(max_size=300), st.sampled_from(["telemetry/demo/rig", "telemetry/demo/rig/count", "samples/demo/rig", "x/y/z"])
)
def test_any_bytes_are_taken_or_kept_out(payload: bytes, topic: str) -> None:
    _taken_or_refused(topic, payload)


@given(
    JSON,
    st.sampled_from(["telemetry/demo/rig", "telemetry/demo/rig/temperature", "telemetry/demo/rig/recipe", "samples/demo/rig"]),
)
def test_any_json_is_taken_or_kept_out(document: Any, topic: str) -> None:
    _taken_or_refused(topic, orjson.dumps(document))


@given(st.lists(st.tuples(st.text(max_size=8), JSON, JSON, JSON, JSON), max_size=4))
def test_any_batch_is_taken_or_kept_out(rows: list[Any]) -> None:
    _taken_or_refused("samples/demo/rig", orjson.dumps({"t": AT, "r": rows}), may_be_empty=not rows)


@given(st.text(max_size=60))
def test_any_topic_is_taken_or_kept_out(topic: str) -> None:
    bench = Bench(RIG, tags=tags_of("rig", "rig"))
    bench.hear(topic.encode("utf-8", "replace").decode(), b"1")


def test_very_deep_json_is_kept_out() -> None:
    _taken_or_refused("telemetry/demo/rig", b"[" * 100_000)


def _taken_or_refused(topic: str, payload: bytes, *, may_be_empty: bool = False) -> None:
    bench = Bench(RIG, tags=tags_of("rig", "rig"))
    taking = bench.hear(topic, payload)
    nothing = not taking.refused and not any(taking.samples.values())
    said_nothing = b'"values":{}' in payload or payload == b"[]" or b'"r":[]' in payload
    assert may_be_empty or said_nothing or not nothing
    limit = microseconds(NOW + timedelta(days=1))
    for _tag, sample in taking.samples.get("demo", []):
        assert sample.source_time <= limit
        assert sample.value == sample.value  # no NaN


def test_batches_of_a_connection_that_was_removed_are_shown(bench: Bench) -> None:
    (payload,) = messages_of(Batch("demo", "gone", [Reading("a", AT, 1), Reading("b", AT, 2)], AT))
    taking = bench.hear("samples/demo/gone", payload)
    assert (taking.samples, taking.signs) == ({}, {})
    assert [(one.count, one.reason.en) for one in taking.refused.values()] == [(2, "there is no such connection (any more)")]
