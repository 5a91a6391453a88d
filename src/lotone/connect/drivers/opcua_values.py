"""OPC UA values, times, node ids and data types as ours, and back."""

import math
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from lotone.assets import BAD, DataType, Value, microseconds
from lotone.connect.model import Misfit, Reading
from lotone.kernel import Words

_WHOLE = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}
_NUMBERS = (ua.VariantType.Float, ua.VariantType.Double)
_TEXTS = (ua.VariantType.String, ua.VariantType.LocalizedText)
TAG_TYPES = (
    dict.fromkeys(_WHOLE, DataType.INTEGER)
    | dict.fromkeys(_NUMBERS, DataType.NUMBER)
    | dict.fromkeys(_TEXTS, DataType.TEXT)
    | {ua.VariantType.Boolean: DataType.BOOLEAN, ua.VariantType.DateTime: DataType.TEXT}
)
"""Variant types that a tag can take."""


def node_id(address: str) -> ua.NodeId:
    """Raises Misfit when the address is no node id."""
    try:
        found = ua.NodeId.from_string(address)
    except (UaError, ValueError, TypeError, AttributeError) as fault:
        raise Misfit(
            Words(f"'{address}' is no node id such as ns=2;s=Temperature: {fault}"[:300], f"“{address}”不是节点标识")
        ) from None
    return found


def reading_of(address: str, given: ua.DataValue) -> Reading:
    """A value with its status and source time; without one, the server's time is taken."""
    status = int(given.StatusCode.value) if given.StatusCode is not None else 0
    moment = given.SourceTimestamp or given.ServerTimestamp
    value = plain(given.Value.Value) if given.Value is not None else None
    if value is None and status == 0:
        status = BAD
    return Reading(address, time_of(moment), value, status)


def time_of(moment: datetime | None) -> int | None:
    if moment is None or moment.year < 1900:
        return None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def plain(value: Any) -> Any:
    """Scalars as they are, texts of localized texts, times in ISO 8601; the rest stays what it is and fits no tag."""
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, bool | int | float | str):
        return value
    return None if value is None else [str(value)[:200]]


def variant(value: Value, kind: ua.VariantType) -> ua.Variant:
    """The value in the node's data type. Raises Misfit."""
    if kind in _WHOLE:
        low, high = _WHOLE[kind]
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(whole, str | float) or not low <= whole <= high:
            raise Misfit(Words(f"the node takes integers from {low} to {high}", f"节点只接受 {low} 到 {high} 的整数"))
        return ua.Variant(int(whole), kind)
    if kind in _NUMBERS:
        if isinstance(value, str) or not math.isfinite(value):
            raise Misfit(Words("the node takes numbers", "节点只接受数字"))
        return ua.Variant(float(value), kind)
    if kind is ua.VariantType.Boolean:
        if value not in (0, 1):
            raise Misfit(Words("the node takes true or false", "节点只接受真或假"))
        return ua.Variant(bool(value), kind)
    if kind is ua.VariantType.LocalizedText:
        return ua.Variant(ua.LocalizedText(str(value)), kind)
    if kind is ua.VariantType.String:
        return ua.Variant(str(value), kind)
    raise Misfit(Words(f"nodes of type {kind.name} can't be written", f"无法写入类型为 {kind.name} 的节点"))
