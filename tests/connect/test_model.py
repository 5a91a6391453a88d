"""Values, topics and addresses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.assets import DataType
from lotone.connect import Connection, Misfit, WrongConnection, machine_user
from lotone.connect.model import check_connection, edge_node_of, fit, subject_of, time_fault, topic_of

LEVEL = st.text(st.characters(codec="utf-8", exclude_characters="/+#> *\0"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("value", "data_type", "fitted"),
    [
        (3, DataType.NUMBER, 3.0),
        (True, DataType.NUMBER, 1.0),
        (2.0, DataType.INTEGER, 2),
        (1, DataType.BOOLEAN, True),
        (0.0, DataType.BOOLEAN, False),
        ("", DataType.TEXT, ""),
    ],
)
def test_values_become_the_tags_type(value: object, data_type: DataType, fitted: object) -> None:
    given_back = fit(value, data_type)
    assert (given_back, type(given_back)) == (fitted, type(fitted))


@pytest.mark.parametrize(
    ("value", "data_type", "reason"),
    [
        ("21", DataType.NUMBER, "the value is a text"),
        (math.nan, DataType.NUMBER, "not a finite number"),
        (math.inf, DataType.INTEGER, "not a finite number"),
        (1.5, DataType.INTEGER, "the value is a number"),
        (2**63, DataType.INTEGER, "the value is a integer"),
        (10**400, DataType.NUMBER, "the value is a integer"),
        (2, DataType.BOOLEAN, "the tag is a boolean"),
        (7, DataType.TEXT, "the tag is a text"),
        ("x" * 5000, DataType.TEXT, "the tag is a text"),
        (None, DataType.NUMBER, "no value"),
        ([1], DataType.NUMBER, "the value is a list"),
    ],
)
def test_other_values_are_refused_with_a_reason(value: object, data_type: DataType, reason: str) -> None:
    with pytest.raises(Misfit, match=reason):
        fit(value, data_type)


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())),
    st.sampled_from(DataType),
)
def test_whatever_comes_fits_or_is_refused(value: object, data_type: DataType) -> None:
    try:
        fitted = fit(value, data_type)
    except Misfit as fault:
        assert fault.words.en
        assert fault.words.zh
    else:
        kinds = {DataType.NUMBER: float, DataType.INTEGER: int, DataType.BOOLEAN: bool, DataType.TEXT: str}
        assert type(fitted) is kinds[data_type]
        assert fitted == (float(value) if isinstance(value, int) and data_type is DataType.NUMBER else value)


@given(st.lists(LEVEL, min_size=1, max_size=6))
def test_a_topic_comes_back_from_its_subject(levels: list[str]) -> None:
    topic = "/".join(levels)
    assert topic_of(subject_of(topic)) == topic


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("spBv1//0.G.DDATA.N.D", "spBv1.0/G/DDATA/N/D"),
        ("a./.c", "a//c"),
        ("/.x", "/x"),
        ("x./", "x/"),
        ("a//b.c", "a.b/c"),
    ],
)
def test_subjects_are_read_as_the_message_server_writes_them(subject: str, topic: str) -> None:
    """Seen with nats-server 2.15.1."""
    assert topic_of(subject) == topic


def test_times_that_cannot_be_right_are_named() -> None:
    now = 1_772_000_000_000_000
    assert time_fault(now, now) is None
    assert time_fault(now + 86_400_000_000, now) is None
    assert "a day ahead" in str(time_fault(now + 86_400_000_001, now))
    assert "before 1990" in str(time_fault(0, now))


@pytest.mark.parametrize(
    ("connection", "reason"),
    [
        (Connection("Paint 1", "opcua", "opc.tcp://a:1"), "can't be a connection's id"),
        (Connection("paint-1", "profinet", ""), "there is no protocol 'profinet'"),
        (Connection("paint-1", "opcua", "http://a:1"), "opc.tcp://"),
        (Connection("paint-1", "opcua", "opc.tcp://a"), "opc.tcp://"),
        (Connection("paint-1", "opcua", "opc.tcp://a:99999"), "Port out of range"),
        (Connection("paint-1", "modbus", "modbus://a:502/300"), "0 to 255"),
        (Connection("paint-1", "modbus", "modbus://a/1", {"log": {"head": 1}}), "whole numbers"),
        (Connection("paint-1", "sparkplug", "spBv1.0/other/paint-1"), "must be the organization's id: demo"),
        (Connection("paint-1", "sparkplug", "demo/paint-1"), "spBv1.0/demo/paint-1"),
        (Connection("paint-1", "sparkplug", "spBv1.0/demo/paint 1"), "spaces"),
        (Connection("paint-1", "mqtt", "telemetry/other/paint-1"), "telemetry/demo/"),
        (Connection("paint-1", "mqtt", "paint/#"), "no spaces"),
    ],
)
def test_a_connection_that_cannot_work_is_refused(connection: Connection, reason: str) -> None:
    with pytest.raises(WrongConnection, match=reason):
        check_connection(connection, "demo")


def test_a_log_ring_must_fit_into_the_registers() -> None:
    fields = [["sequence", "uint32"], ["time", "uint64"], ["holding:1:float32", "float32"]]
    log = {"head": 0, "first": 10, "records": 1000, "size": 8, "fields": fields}
    check_connection(Connection("oven-1", "modbus", "modbus://a/1", {"log": log}), "demo")
    for change, reason in (
        ({"size": 7}, "8 to 125"),
        ({"size": 126}, "8 to 125"),
        ({"records": 8200}, "65536"),
        ({"fields": fields[1:]}, "must start with"),
        ({"fields": [*fields, ["x", "bit"]]}, "'?bit'? is none of"),
    ):
        with pytest.raises(WrongConnection, match=reason):
            check_connection(Connection("oven-1", "modbus", "modbus://a/1", {"log": log | change}), "demo")


def test_an_edge_node_is_named_by_the_address_or_the_id() -> None:
    assert edge_node_of(Connection("paint-1", "sparkplug", "spBv1.0/demo/Line.3/machine")) == "Line.3"
    assert edge_node_of(Connection("paint-1", "sparkplug", "")) == "paint-1"


def test_what_a_machine_needs_to_reach_us_is_complete() -> None:
    user = machine_user("demo", "secret", host="10.0.0.1", port=1883)
    assert (user.user, user.sparkplug_group, user.telemetry_topic) == ("demo", "demo", "telemetry/demo/<machine>/<tag>")
