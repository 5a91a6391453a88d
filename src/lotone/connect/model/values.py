"""Values and times of samples: what fits a tag, and what can't be right."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from lotone.assets import DataType, Value, microseconds
from lotone.connect.model.faults import Misfit
from lotone.kernel import Words

TEXT_LENGTH_MAX = 4096
EARLIEST = microseconds(datetime(1990, 1, 1, tzinfo=UTC))
AHEAD_MAX = timedelta(days=1)
MARK = 1
"""`sequence` of samples that LotOne adds itself: a machine no longer answers, or answers again with the same value."""
INTEGER_MAX = 2**63 - 1


def fit(value: object, data_type: DataType) -> Value:
    """The value in the tag's data type: integers become numbers, 0 and 1 become booleans. Raises Misfit."""
    fitted = _FITS[data_type](value)
    if fitted is None:
        raise Misfit(misfit_words(value, data_type))
    return fitted


def converter(data_type: DataType) -> Callable[[object], Value | None]:
    """`fit` for one data type and many values: gives None instead of raising."""
    return _FITS[data_type]


def misfit_words(value: object, data_type: DataType) -> Words:
    """Why a value can't be of a data type."""
    if value is None:
        return Words("there is no value", "没有数值")
    if isinstance(value, float) and not math.isfinite(value):
        return Words("the value is not a finite number", "数值不是有限数")
    wanted, given = data_type.value, _KINDS.get(type(value), type(value).__name__)
    return Words(
        f"the tag is a {wanted}, the value is a {given} that can't be one", f"标签类型为 {wanted}，收到的 {given} 值无法转换"
    )


_KINDS: Mapping[type, str] = {str: "text", int: "integer", float: "number", bool: "boolean", list: "list", dict: "structure"}


def _number(value: object) -> float | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return float(value) if isinstance(value, int) and abs(value) <= INTEGER_MAX else None


def _integer(value: object) -> int | None:
    if isinstance(value, int):
        return int(value) if abs(value) <= INTEGER_MAX else None
    if isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX:
        return int(value)
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX else None


_FITS: Mapping[DataType, Callable[[object], Value | None]] = {
    DataType.NUMBER: _number,
    DataType.INTEGER: _integer,
    DataType.BOOLEAN: _boolean,
    DataType.TEXT: _text,
}
NOTHING_YET: Mapping[DataType, Value] = {
    DataType.NUMBER: 0.0,
    DataType.INTEGER: 0,
    DataType.BOOLEAN: False,
    DataType.TEXT: "",
}
"""Stands in for the last value of a tag that never had one, in samples of bad quality."""


def time_fault(source_time: int, plant_now: int) -> Words | None:
    """Why a source time can't be right, or None."""
    if source_time < EARLIEST:
        return Words("its time is before 1990: set the machine's clock", "时间早于 1990 年：请校准设备时钟")
    if source_time > plant_now + AHEAD_MAX // timedelta(microseconds=1):
        return Words("its time is more than a day ahead: set the machine's clock", "时间超前一天以上：请校准设备时钟")
    return None
