"""Samples as columns, for the store and back."""

from collections.abc import Sequence
from enum import IntEnum
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from lotone.assets import Sample, Value
from lotone.historian.model import EARLIEST, LATEST, Revision, WrongSample


class Kind(IntEnum):
    """How a value was sent; numbers, integers and booleans share the column `number`."""

    NUMBER = 0
    INTEGER = 1
    BOOLEAN = 2
    TEXT = 3


_KINDS: dict[type, int] = {float: Kind.NUMBER, int: Kind.INTEGER, bool: Kind.BOOLEAN, str: Kind.TEXT}
_EXACT = 2**53
"""Integers from here on don't fit a DOUBLE exactly; they are also kept as text."""

Column = np.ndarray[Any, Any]
_VALUE_TYPES = [("kind", pa.uint8()), ("number", pa.float64()), ("text", pa.string())]
SCHEMA = pa.schema(
    [
        ("organization", pa.string()),
        ("tag", pa.int32()),
        ("source_time", pa.timestamp("us")),
        ("sequence", pa.int64()),
        ("receive_time", pa.timestamp("us")),
        ("quality", pa.uint32()),
        *_VALUE_TYPES,
        ("revision", pa.int32()),
    ]
)


class Batch:
    """Samples of one organization as columns, in the order they came in. Raises WrongSample, naming the first wrong one."""

    def __init__(self, organization: str, samples: Sequence[Sample]) -> None:
        self.organization = organization
        self.samples = samples
        self.tag = self._integers("tag", 1, 2**31 - 1)
        self.time = self._integers("source_time", EARLIEST, LATEST - 1)
        self.sequence = self._integers("sequence", -(2**63), 2**63 - 1)
        self.receive_time = self._integers("receive_time", EARLIEST, LATEST - 1)
        self.quality = self._integers("quality", 0, 2**32 - 1)
        values = [sample.value for sample in samples]
        self.kind = self._kinds(values)
        self.number = self._numbers(values)
        self.text = self._texts(values)

    def __len__(self) -> int:
        return len(self.samples)

    def _integers(self, name: str, least: int, most: int) -> Column:
        try:
            column = np.fromiter(map(attrgetter(name), self.samples), "i8", len(self.samples))
            if ((column >= least) & (column <= most)).all():
                return column
        except (OverflowError, TypeError, ValueError):
            pass  # the first wrong one is found below
        for sample in self.samples:
            value = getattr(sample, name)
            if not (isinstance(value, int) and least <= value <= most):
                raise self._wrong(sample, f"{name} {value!r} is not a whole number from {least} to {most}")
        raise AssertionError(f"no wrong {name} found")

    def _kinds(self, values: list[Value]) -> Column:
        try:
            return np.fromiter(map(_KINDS.__getitem__, map(type, values)), "u1", len(values))
        except KeyError:
            sample = next(sample for sample in self.samples if type(sample.value) not in _KINDS)
            raise self._wrong(sample, f"a {type(sample.value).__name__} is not a number, boolean or text") from None

    def _numbers(self, values: list[Value]) -> Column:
        if (self.kind == Kind.TEXT).any():
            values = [0.0 if isinstance(value, str) else value for value in values]
        try:
            numbers = np.array(values, "f8")
        except OverflowError:
            sample = next(sample for sample in self.samples if isinstance(sample.value, int) and abs(sample.value) > 1e300)
            raise self._wrong(sample, "the value has more than 300 digits") from None
        if not np.isfinite(numbers).all():
            sample = self.samples[int(np.argmin(np.isfinite(numbers)))]
            raise self._wrong(sample, f"{sample.value} is not a finite number")
        return numbers

    def _texts(self, values: list[Value]) -> list[str | None] | None:
        large = (self.kind == Kind.INTEGER) & (np.abs(self.number) >= _EXACT)
        rows = np.flatnonzero((self.kind == Kind.TEXT) | large)
        if not len(rows):
            return None
        texts: list[str | None] = [None] * len(values)
        for row in rows.tolist():
            texts[row] = str(values[row])
            if not _is_unicode(str(values[row])):
                raise self._wrong(self.samples[row], "the text is not valid Unicode")
        return texts

    @staticmethod
    def _wrong(sample: Sample, fault: str) -> WrongSample:
        return WrongSample(f"tag {sample.tag!r} at {sample.source_time!r}: {fault}")

    def table(self, rows: Column, revisions: Column) -> pa.Table:
        """Some of the rows as the store keeps them."""
        count = len(rows)
        text = pa.nulls(count, pa.string())
        if self.text is not None:
            text = pa.array([self.text[row] for row in rows.tolist()], pa.string())
        columns = [
            pa.array([self.organization] * count, pa.string()),
            pa.array(self.tag[rows].astype("i4")),
            pa.array(self.time[rows]).view(pa.timestamp("us")),
            pa.array(self.sequence[rows]),
            pa.array(self.receive_time[rows]).view(pa.timestamp("us")),
            pa.array(self.quality[rows].astype("u4")),
            pa.array(self.kind[rows]),
            pa.array(self.number[rows], mask=self.kind[rows] == Kind.TEXT),
            text,
            pa.array(revisions.astype("i4")),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)

    def identities(self, rows: Column) -> pa.Table:
        columns = [
            pa.array(self.tag[rows].astype("i4")),
            pa.array(self.time[rows]).view(pa.timestamp("us")),
            pa.array(self.sequence[rows]),
        ]
        return pa.Table.from_arrays(columns, names=["tag", "source_time", "sequence"])


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def value_of(kind: int, number: float | None, text: str | None) -> Value:
    """A value as it was sent."""
    if kind == Kind.TEXT:
        return text or ""
    if kind == Kind.INTEGER:
        return int(text) if text else int(number or 0)
    return bool(number) if kind == Kind.BOOLEAN else number or 0.0


def values_of(table: pa.Table) -> list[Value]:
    """The values of a table's rows as they were sent."""
    kinds = table.column("kind").to_numpy()
    numbers = table.column("number")
    if not kinds.any():
        return list(numbers.to_pylist())
    texts = table.column("text").to_pylist()
    return [value_of(*sent) for sent in zip(kinds.tolist(), numbers.to_pylist(), texts, strict=True)]


def microseconds_of(column: Any) -> list[int]:
    """A column of moments as microseconds since 1970."""
    return list(column.cast(pa.int64()).to_pylist())


def samples_of(table: pa.Table) -> list[Sample]:
    columns = (
        table.column("tag").to_pylist(),
        microseconds_of(table.column("source_time")),
        values_of(table),
        table.column("quality").to_pylist(),
        table.column("sequence").to_pylist(),
        microseconds_of(table.column("receive_time")),
    )
    return [Sample(*row) for row in zip(*columns, strict=True)]


Identity = tuple[int, int, int]
"""Tag, source time and sequence."""


def revisions_of(table: pa.Table) -> dict[Identity, list[Revision]]:
    revisions: dict[Identity, list[Revision]] = {}
    for sample, number in zip(samples_of(table), table.column("revision").to_pylist(), strict=True):
        identity = (sample.tag, sample.source_time, sample.sequence)
        revision = Revision(number, sample.receive_time, sample.value, sample.quality)
        revisions.setdefault(identity, []).append(revision)
    return revisions
