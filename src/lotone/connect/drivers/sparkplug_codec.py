"""Values in and out of Sparkplug B metrics (Sparkplug 3.0, 6.4.16: data types and the fields that carry them)."""

import math
from collections.abc import Mapping
from enum import IntEnum

from google.protobuf.message import DecodeError

from lotone.assets import BAD, GOOD, STALE, DataType, Value
from lotone.connect.drivers.sparkplug_b_pb2 import Metric, Payload
from lotone.connect.model import Misfit
from lotone.connect.store import Announced
from lotone.kernel import Words

REBIRTH = "Node Control/Rebirth"
BD_SEQ = "bdSeq"


class SparkplugType(IntEnum):
    """Data types by their numbers in the standard."""

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
    DATE_TIME = 13
    TEXT = 14
    UUID = 15
    DATA_SET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19


Scalar = float | int | bool | str | None
OTHER_VALUES = frozenset({"bytes_value", "dataset_value", "template_value", "extension_value"})
_SIGNED_BITS = {
    int(SparkplugType.INT8): 8,
    int(SparkplugType.INT16): 16,
    int(SparkplugType.INT32): 32,
    int(SparkplugType.INT64): 64,
}
_RANGES = {
    SparkplugType.INT8: (-(2**7), 2**7 - 1),
    SparkplugType.INT16: (-(2**15), 2**15 - 1),
    SparkplugType.INT32: (-(2**31), 2**31 - 1),
    SparkplugType.INT64: (-(2**63), 2**63 - 1),
    SparkplugType.UINT8: (0, 2**8 - 1),
    SparkplugType.UINT16: (0, 2**16 - 1),
    SparkplugType.UINT32: (0, 2**32 - 1),
    SparkplugType.UINT64: (0, 2**64 - 1),
    SparkplugType.DATE_TIME: (0, 2**64 - 1),
}
_IN_LONG = frozenset({SparkplugType.INT64, SparkplugType.UINT64, SparkplugType.DATE_TIME})
_QUALITIES = {0: BAD, 192: GOOD, 500: STALE}
"""The property `Quality` of a metric (Sparkplug 3.0, 6.4.14)."""
TAG_TYPES = {
    SparkplugType.FLOAT: DataType.NUMBER,
    SparkplugType.DOUBLE: DataType.NUMBER,
    SparkplugType.BOOLEAN: DataType.BOOLEAN,
    SparkplugType.STRING: DataType.TEXT,
    SparkplugType.TEXT: DataType.TEXT,
    SparkplugType.UUID: DataType.TEXT,
} | dict.fromkeys(_RANGES, DataType.INTEGER)
_DEFAULT_TYPES = {
    DataType.NUMBER: SparkplugType.DOUBLE,
    DataType.INTEGER: SparkplugType.INT64,
    DataType.BOOLEAN: SparkplugType.BOOLEAN,
    DataType.TEXT: SparkplugType.STRING,
}


class NotSparkplug(ValueError):
    """The bytes are no Sparkplug B payload."""


def read_payload(data: bytes) -> Payload:
    """Raises NotSparkplug."""
    try:
        return Payload.FromString(data)
    except DecodeError as fault:
        raise NotSparkplug(str(fault)) from None


def value_of(metric: Metric, data_type: int) -> tuple[Scalar, bool]:
    """The metric's value (None when it has none), and whether it is of a kind we take: data sets and the like are not."""
    carrier = metric.WhichOneof("value")
    if carrier == "double_value":  # by far the most frequent one
        return (None if metric.is_null else metric.double_value), True
    if carrier is None or metric.is_null:
        return None, True
    if carrier in OTHER_VALUES:
        return None, False
    value: Scalar = getattr(metric, carrier)
    bits = _SIGNED_BITS.get(data_type)
    if bits and isinstance(value, int) and not isinstance(value, bool):
        value &= (1 << bits) - 1  # some senders extend the sign to the whole field, others do not
        value -= (value >> (bits - 1)) << bits
    return value, True


def quality_of(metric: Metric) -> int:
    if not metric.HasField("properties"):
        return GOOD
    keys = list(metric.properties.keys)
    if "Quality" not in keys or keys.index("Quality") >= len(metric.properties.values):
        return GOOD
    given = metric.properties.values[keys.index("Quality")]
    carrier = given.WhichOneof("value")
    number = getattr(given, carrier) if carrier in ("int_value", "long_value") else 192
    return _QUALITIES.get(number, GOOD)


def tag_type(data_type: int) -> DataType | None:
    """The data type of a tag for a metric; None when no tag can take it."""
    return next((ours for theirs, ours in TAG_TYPES.items() if theirs == data_type), None)


def put_value(metric: Metric, value: Value, data_type: int, *, in_long: bool = False) -> None:
    """Set a metric's value and type. Raises Misfit when the value is not one of the type.

    Implementations differ in whether a UInt32 travels in `int_value` or `long_value`, and understand only their own way
    (those of Eclipse Tahu for Java and JavaScript take `long_value`): `in_long` says which.
    """
    metric.datatype = data_type
    if data_type in _RANGES:
        low, high = _RANGES[SparkplugType(data_type)]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or not low <= value <= high:
            raise Misfit(Words(f"the machine takes integers from {low} to {high}", f"设备只接受 {low} 到 {high} 的整数"))
        if data_type in _IN_LONG or in_long:
            metric.long_value = value % (2**64 if data_type in _IN_LONG else 2**32)
        else:
            metric.int_value = value % 2**32
    elif data_type in (SparkplugType.FLOAT, SparkplugType.DOUBLE):
        if isinstance(value, str) or not math.isfinite(value):
            raise Misfit(Words("the machine takes numbers", "设备只接受数字"))
        if data_type == SparkplugType.FLOAT:
            metric.float_value = value
        else:
            metric.double_value = value
    elif data_type == SparkplugType.BOOLEAN:
        if value not in (0, 1):
            raise Misfit(Words("the machine takes true or false", "设备只接受真或假"))
        metric.boolean_value = bool(value)
    elif data_type in (SparkplugType.STRING, SparkplugType.TEXT, SparkplugType.UUID):
        metric.string_value = str(value)
    else:
        raise Misfit(
            Words(f"values of Sparkplug type {data_type} can't be written", f"无法写入 Sparkplug 类型 {data_type} 的数值")
        )


def command_payload(
    values: Mapping[str, Value], announced: Mapping[str, Announced], tag_types: Mapping[str, DataType], time_ms: int
) -> bytes:
    """A command with one metric per name, in the order given, in the types of the birth. Raises Misfit."""
    payload = Payload(timestamp=time_ms)
    for name, value in values.items():
        metric = payload.metrics.add(name=name, timestamp=time_ms)
        known = announced.get(name)
        data_type = known.data_type if known and known.data_type else _DEFAULT_TYPES[tag_types[name]]
        put_value(metric, value, data_type, in_long=bool(known and known.in_long))
    return payload.SerializeToString()


def rebirth_payload(time_ms: int) -> bytes:
    payload = Payload(timestamp=time_ms)
    payload.metrics.add(name=REBIRTH, timestamp=time_ms, datatype=SparkplugType.BOOLEAN, boolean_value=True)
    return payload.SerializeToString()


def is_reserved(name: str) -> bool:
    return name == BD_SEQ or name.startswith(("Node Control/", "Device Control/"))
