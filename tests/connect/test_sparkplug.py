"""What the host application makes of births, data and deaths, over restarts, gaps and garbage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.readers import AT, Bench, reasons, samples, tags_of, told
from lotone.assets import BAD, STALE, DataType
from lotone.connect import MARK, Connection, Misfit, Status
from lotone.connect.drivers.sparkplug_b_pb2 import Metric, Payload
from lotone.connect.drivers.sparkplug_codec import command_payload, put_value, read_payload, value_of
from lotone.connect.store import Announced

PRESS = Connection("press", "sparkplug", "spBv1.0/demo/Node.1/machine")
ALIASES = {"temperature": 1, "count": 2, "ready": 3, "recipe": 4}
TYPES = {"temperature": 10, "count": 4, "ready": 11, "recipe": 12}
MS = AT // 1000


def make_bench() -> Bench:
    return Bench(PRESS, tags=tags_of("press", "press", lambda name: f"machine/{name}"))


@pytest.fixture
def bench() -> Bench:
    return make_bench()


def metric(payload: Payload, name: str, value: Any, *, named: bool = False, at: int | None = None, **more: Any) -> None:
    one = payload.metrics.add(alias=ALIASES[name], **more)
    if named:
        one.name = name
    if at is not None:
        one.timestamp = at
    if value is not None:
        put_value(one, value, TYPES[name])


def node_birth(bench: Bench, *, bd_seq: int = 0, at: int = AT) -> Any:
    payload = Payload(timestamp=at // 1000, seq=0)
    payload.metrics.add(name="bdSeq", datatype=8, long_value=bd_seq)
    return bench.hear("spBv1.0/demo/NBIRTH/Node.1", payload.SerializeToString(), at=at)


def device_birth(bench: Bench, *, seq: int = 1, at: int = AT, **values: Any) -> Any:
    payload = Payload(timestamp=at // 1000, seq=seq)
    given = {"temperature": 20.0, "count": 0, "ready": False, "recipe": "none"} | values
    for name, value in given.items():
        metric(payload, name, value, named=True, at=MS - 1000)
    return bench.hear("spBv1.0/demo/DBIRTH/Node.1/machine", payload.SerializeToString(), at=at)


def data(bench: Bench, seq: int, *, at: int = AT, **values: Any) -> Any:
    payload = Payload(timestamp=at // 1000, seq=seq)
    for name, value in values.items():
        metric(payload, name, value, at=at // 1000)
    return bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString(), at=at)


def death(bench: Bench, *, bd_seq: int = 0, at: int = AT) -> Any:
    payload = Payload(timestamp=at // 1000)
    payload.metrics.add(name="bdSeq", datatype=8, long_value=bd_seq)
    return bench.hear("spBv1.0/demo/NDEATH/Node.1", payload.SerializeToString(), at=at)


def test_births_are_values_and_announce_aliases(bench: Bench) -> None:
    node_birth(bench)
    birth = device_birth(bench, temperature=21.0)
    assert told(birth) == {"press/temperature": 21.0, "press/count": 0, "press/ready": False, "press/recipe": "none"}
    assert {one.source_time for one in samples(birth, "press/temperature")} == {(MS - 1000) * 1000}
    assert birth.signs["demo", "press"].status is Status.CONNECTED
    taking = data(bench, 2, temperature=-1.5, count=-7, ready=True, recipe="蓝")
    assert told(taking) == {"press/temperature": -1.5, "press/count": -7, "press/ready": True, "press/recipe": "蓝"}
    assert (reasons(taking), taking.rebirths) == ([], set())


def test_a_restarted_recorder_understands_data_at_once(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench)
    data(bench, 2, count=1)
    bench.restart()
    taking = data(bench, 3, count=2)
    assert (told(taking), reasons(taking), taking.rebirths) == ({"press/count": 2}, [], set())
    assert data(bench, 4, count=3).rebirths == set()


def test_a_gap_asks_for_a_rebirth_once_and_still_records(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench)
    taking = data(bench, 5, count=1)
    assert (told(taking), taking.rebirths) == ({"press/count": 1}, {("demo", "Node.1")})
    assert "a message was lost" in reasons(taking)[0]
    assert data(bench, 6, count=2).rebirths == set()


def test_numbers_begin_again_after_255_and_a_repetition_is_no_gap(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench)
    for number in range(2, 300):
        assert data(bench, number % 256, count=number).rebirths == set()
    assert data(bench, 299 % 256, count=299).rebirths == set()


def test_an_alias_nobody_announced_is_kept_out_and_asked_about(bench: Bench) -> None:
    taking = data(bench, 9, temperature=1.0)
    assert (told(taking), taking.rebirths) == ({}, {("demo", "Node.1")})
    assert "alias that no birth announced" in reasons(taking)[0]


def test_named_metrics_are_taken_even_without_a_birth(bench: Bench) -> None:
    payload = Payload(timestamp=MS, seq=0)
    payload.metrics.add(name="temperature", datatype=9, float_value=2.5)
    taking = bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())
    assert (told(taking), taking.rebirths) == ({"press/temperature": 2.5}, {("demo", "Node.1")})


def test_a_death_marks_everything_stale_with_the_last_value(bench: Bench) -> None:
    node_birth(bench, bd_seq=4)
    device_birth(bench)
    data(bench, 2, temperature=55.5)
    taking = death(bench, bd_seq=4, at=AT + 9_000_000)
    marks = [(tag.path, one.value, one.quality, one.source_time, one.sequence) for tag, one in taking.samples["demo"]]
    assert ("press/temperature", 55.5, STALE, AT + 9_000_000, MARK) in marks
    assert len(marks) == 4
    assert taking.signs["demo", "press"].status is Status.LOST
    assert not bench.births["Node.1", "machine"].online


def test_the_will_of_an_earlier_session_is_ignored(bench: Bench) -> None:
    node_birth(bench, bd_seq=4)
    device_birth(bench)
    node_birth(bench, bd_seq=5)
    device_birth(bench)
    taking = death(bench, bd_seq=4)
    assert (taking.samples, taking.signs) == ({}, {})


def test_values_that_did_not_change_are_confirmed_after_a_death_also_over_a_restart(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench)
    death(bench, at=AT + 1_000_000)
    bench.restart()
    node_birth(bench, bd_seq=1, at=AT + 5_000_000)
    birth = device_birth(bench, at=AT + 5_000_000)
    found = [(one.source_time, one.quality, one.sequence) for one in samples(birth, "press/temperature")]
    assert found == [((MS - 1000) * 1000, 0, 0), (AT + 5_000_000, 0, MARK)]
    again = device_birth(bench, seq=2, at=AT + 6_000_000)
    assert len(samples(again, "press/temperature")) == 1


def test_a_device_death_leaves_other_devices_alone() -> None:
    more = tags_of("robot", "press", lambda name: f"robot/{name}", base=10)
    bench = Bench(PRESS, tags=tags_of("press", "press", lambda name: f"machine/{name}") + more)
    node_birth(bench)
    device_birth(bench)
    payload = Payload(timestamp=MS, seq=2)
    taking = bench.hear("spBv1.0/demo/DDEATH/Node.1/machine", payload.SerializeToString())
    assert {tag.asset for tag, _ in taking.samples["demo"]} == {"press"}


def test_null_and_bad_metrics_keep_the_last_value_with_their_quality(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench, temperature=8.0)
    payload = Payload(timestamp=MS, seq=2)
    metric(payload, "temperature", None, is_null=True)
    metric(payload, "count", 3)
    payload.metrics[1].properties.keys.append("Quality")
    payload.metrics[1].properties.values.add(type=3, int_value=500)
    taking = bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())
    assert [(one.value, one.quality) for one in samples(taking, "press/temperature")] == [(8.0, BAD)]
    assert [(one.value, one.quality) for one in samples(taking, "press/count")] == [(3, STALE)]


def test_historical_values_are_recorded_but_are_not_the_last_ones(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench, temperature=8.0)
    payload = Payload(timestamp=MS, seq=2)
    metric(payload, "temperature", 3.0, at=MS - 60_000, is_historical=True)
    assert told(bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())) == {"press/temperature": 3.0}
    assert samples(death(bench), "press/temperature")[0].value == 8.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"string_value": "hot", "datatype": 12}, "the value is a text"),
        ({"double_value": float("nan"), "datatype": 10}, "not a finite number"),
        ({"dataset_value": b"\x08\x01", "datatype": 16}, "data sets"),
        ({"template_value": b"", "datatype": 19}, "data sets"),
        ({"bytes_value": b"x", "datatype": 17}, "data sets"),
        ({"double_value": 1.0, "timestamp": MS + 2 * 86_400_000}, "a day ahead"),
        ({"double_value": 1.0, "timestamp": 1}, "before 1990"),
        ({"double_value": 1.0, "timestamp": 2**64 - 1}, "a day ahead"),
    ],
)
def test_values_that_cannot_be_taken_are_kept_out(bench: Bench, change: dict[str, Any], reason: str) -> None:
    node_birth(bench)
    device_birth(bench)
    payload = Payload(timestamp=MS, seq=2)
    payload.metrics.add(alias=1, **change)
    metric(payload, "count", 5)
    taking = bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())
    assert told(taking) == {"press/count": 5}
    assert reason in reasons(taking)[0]


def test_a_metric_without_a_tag_is_shown_and_found_once_the_tag_is_added(bench: Bench) -> None:
    node_birth(bench)
    device_birth(bench)
    payload = Payload(timestamp=MS, seq=2)
    payload.metrics.add(name="pressure", alias=9, datatype=10, double_value=3.0)
    taking = bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())
    assert "'machine/pressure' is no tag of press" in reasons(taking)[0]
    known = tags_of("press", "press", lambda name: f"machine/{name}")
    added = type(known[0])(9, "press", "pressure", known[0].words, DataType.NUMBER, known[0].meaning, connection="press",
                           address="machine/pressure")  # fmt: skip
    bench.plan = type(bench.plan)([*known, added], [PRESS])
    bench.reader.rooms["demo"].directory.loaded_at = float("-inf")
    payload.seq = 3
    taking = bench.hear("spBv1.0/demo/DDATA/Node.1/machine", payload.SerializeToString())
    assert told(taking) == {"press/pressure": 3.0}


def test_an_edge_node_nobody_added_is_remembered_but_not_recorded() -> None:
    bench = Bench(tags=[])
    node_birth(bench)
    taking = device_birth(bench)
    assert taking.samples == {}
    assert "no machine is added for the edge node 'Node.1'" in reasons(taking)[0]
    assert {metric.name for metric in bench.births["Node.1", "machine"].metrics} == set(ALIASES)


def test_a_connection_that_is_switched_off_is_not_recorded() -> None:
    off = Connection("press", "sparkplug", PRESS.address, enabled=False)
    bench = Bench(off, tags=tags_of("press", "press", lambda name: f"machine/{name}"))
    assert "switched off" in reasons(node_birth(bench))[0]


@pytest.mark.parametrize("topic", ["NCMD/Node.1", "DCMD/Node.1/machine"])
def test_our_own_commands_in_the_stream_are_passed_over(bench: Bench, topic: str) -> None:
    taking = bench.hear(f"spBv1.0/demo/{topic}", b"\xff")
    assert (taking.samples, taking.refused) == ({}, {})
    assert bench.hear("spBv1.0/STATE/lotone", b"{}").refused == {}


@pytest.mark.parametrize("topic", ["NOTHING/Node.1", "DDATA/Node.1", "NDATA/Node.1/machine", "NBIRTH", "x"])
def test_other_topics_are_kept_out(bench: Bench, topic: str) -> None:
    assert len(bench.hear(f"spBv1.0/demo/{topic}", b"").refused) == 1


@given(st.binary(max_size=200), st.sampled_from(["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"]))
def test_any_bytes_are_taken_or_kept_out(payload: bytes, kind: str) -> None:
    bench = make_bench()
    node_birth(bench)
    device_birth(bench)
    bench.hear(f"spBv1.0/demo/{kind}/Node.1" + ("/machine" if kind[0] == "D" else ""), payload)


METRICS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["temperature", "count", "recipe", "bdSeq", "new", ""]),
        "alias": st.integers(0, 2**64 - 1) | st.integers(0, 6),
        "timestamp": st.integers(0, 2**64 - 1),
        "datatype": st.integers(0, 2**32 - 1) | st.integers(0, 40),
        "is_null": st.booleans(),
        "is_historical": st.booleans(),
    },
)
VALUES = st.sampled_from(
    [
        {"int_value": 2**32 - 1},
        {"long_value": 2**64 - 1},
        {"double_value": float("inf")},
        {"string_value": "\0"},
        {"boolean_value": True},
        {"bytes_value": b"\0"},
        {"dataset_value": b"\xff"},
        {},
    ]
)


@given(
    st.lists(st.tuples(METRICS, VALUES), max_size=6),
    st.integers(0, 2**64 - 1),
    st.sampled_from(["NBIRTH", "DBIRTH", "DDATA", "NDEATH"]),
)
def test_any_payload_is_taken_or_kept_out(metrics: list[Any], seq: int, kind: str) -> None:
    bench = make_bench()
    node_birth(bench)
    device_birth(bench)
    payload = Payload(timestamp=MS, seq=seq, metrics=[Metric(**given, **value) for given, value in metrics])
    bench.hear(f"spBv1.0/demo/{kind}/Node.1" + ("/machine" if kind[0] == "D" else ""), payload.SerializeToString())
    data(bench, 9, count=1)
    bench.restart()
    data(bench, 10, count=1)


# values on the wire


@pytest.mark.parametrize(
    ("kind", "low", "high"), [(1, -128, 127), (2, -(2**15), 2**15 - 1), (3, -(2**31), 2**31 - 1), (4, -(2**63), 2**63 - 1),
                              (5, 0, 255), (6, 0, 65535), (7, 0, 2**32 - 1), (8, 0, 2**64 - 1)]
)  # fmt: skip
@given(data=st.data())
def test_integers_come_back_from_the_wire(kind: int, low: int, high: int, data: Any) -> None:
    number = data.draw(st.integers(low, high))
    for in_long in (False, True):
        one = Metric()
        put_value(one, number, kind, in_long=in_long)
        assert value_of(one, kind) == (number, True)
    for beyond in (low - 1, high + 1):
        with pytest.raises(Misfit):
            put_value(Metric(), beyond, kind)


def test_negative_integers_of_senders_that_extend_the_sign_are_read_too() -> None:
    assert value_of(Metric(int_value=2**32 - 3), 1) == (-3, True)
    assert value_of(Metric(int_value=253), 1) == (-3, True)
    assert value_of(Metric(long_value=2**64 - 3), 2) == (-3, True)


def test_commands_come_in_the_types_of_the_birth_and_in_their_order() -> None:
    announced = {"speed": Announced("speed", 5, 9), "request": Announced("request", 6, 7, True)}
    types = {"speed": DataType.NUMBER, "note": DataType.TEXT, "request": DataType.INTEGER}
    payload = read_payload(command_payload({"speed": 2, "note": "x", "request": 7}, announced, types, 1000))
    assert [(one.name, one.datatype, one.WhichOneof("value")) for one in payload.metrics] == [
        ("speed", 9, "float_value"),
        ("note", 12, "string_value"),
        ("request", 7, "long_value"),
    ]
    with pytest.raises(Misfit):
        command_payload({"request": "seven"}, announced, types, 1000)


def test_births_that_are_too_large_are_kept_out(bench: Bench) -> None:
    payload = Payload(timestamp=MS, seq=0)
    payload.metrics.add(name="x" * 201)
    taking = bench.hear("spBv1.0/demo/NBIRTH/Node.1", payload.SerializeToString())
    assert "too large" in reasons(taking)[0]
