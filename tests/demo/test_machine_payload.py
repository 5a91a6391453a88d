"""The hand-written Sparkplug B payload: it comes back as it was, and garbage is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lotone.connect.drivers import sparkplug_b_pb2
from lotone.demo.machines.payload import Metric, Payload, PayloadFault, Type, packed, unpacked

NUMBER = st.integers(0, 2**63 - 1)
VALUE = st.one_of(
    st.tuples(st.just(Type.BOOLEAN), st.booleans()),
    st.tuples(st.just(Type.INT64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(Type.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(st.just(Type.STRING), st.text(max_size=50)),
    st.tuples(st.just(Type.DOUBLE), st.none()),
)


def metric(name: str, alias: int | None, time: int | None, typed: tuple[Type, object], is_historical: bool) -> Metric:
    kind, value = typed
    return Metric(name, alias, value, kind, time, is_historical)  # type: ignore[arg-type]


METRIC = st.builds(metric, st.text(max_size=20), st.none() | NUMBER, st.none() | NUMBER, VALUE, st.booleans())


@given(metrics=st.lists(METRIC, max_size=6), time=NUMBER, seq=st.none() | st.integers(0, 255))
def test_what_was_packed_comes_back(metrics: list[Metric], time: int, seq: int | None) -> None:
    assert unpacked(packed(metrics, time=time, seq=seq)) == Payload(tuple(metrics), time, seq)


@given(data=st.binary(max_size=200))
@example(b"\x12\x05\x08")
@example(b"\xff" * 12)
@example(b"GET / HTTP/1.1")
def test_garbage_is_refused_or_read_but_never_a_crash(data: bytes) -> None:
    try:
        unpacked(data)
    except PayloadFault as fault:
        assert "Sparkplug" in str(fault)


@given(metrics=st.lists(METRIC, min_size=1, max_size=3), cut=st.integers(1, 30))
def test_a_cut_payload_is_refused_or_shorter(metrics: list[Metric], cut: int) -> None:
    whole = packed(metrics, time=1, seq=2)
    try:
        assert unpacked(whole[:-cut]) != Payload(tuple(metrics), 1, 2)
    except PayloadFault:
        return


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Type.INT8, 0xFFFFFFFB, -5),
        (Type.INT16, 0xFFFB, -5),
        (Type.INT32, 0xFFFFFFFB, -5),
        (Type.UINT32, 0xFFFFFFFB, 0xFFFFFFFB),
    ],
)
def test_numbers_of_other_edge_nodes_and_hosts_are_understood(kind: Type, raw: int, value: int) -> None:
    """Small signed numbers come as two's complement of 8, 16 or 32 bits in the field `int_value`."""
    inner = b"\x0a\x01x" + b"\x20" + bytes([kind]) + b"\x50" + _varint(raw)
    assert unpacked(b"\x12" + bytes([len(inner)]) + inner).metrics[0].value == value


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


@given(metrics=st.lists(METRIC, max_size=4), time=NUMBER, seq=st.none() | st.integers(0, 255))
def test_the_platforms_generated_classes_read_the_same(metrics: list[Metric], time: int, seq: int | None) -> None:
    read = sparkplug_b_pb2.Payload.FromString(packed(metrics, time=time, seq=seq))
    assert (read.timestamp, read.seq if read.HasField("seq") else None) == (time, seq)
    for theirs, ours in zip(read.metrics, metrics, strict=True):
        assert (theirs.name, theirs.datatype, theirs.is_historical) == (ours.name, ours.type, ours.is_historical)
        assert (theirs.alias if theirs.HasField("alias") else None) == ours.alias
        assert (theirs.timestamp if theirs.HasField("timestamp") else None) == ours.time
        which = theirs.WhichOneof("value")
        value = getattr(theirs, which) if which else None
        if which == "long_value" and value >= 2**63:
            value -= 2**64
        assert value == ours.value
    assert unpacked(read.SerializeToString()) == Payload(tuple(metrics), time, seq)
