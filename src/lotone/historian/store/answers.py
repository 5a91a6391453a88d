"""Answers as tables, cut where they are too long, and as series."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lotone.assets import Value
from lotone.historian.model import Buckets, Points, Series, WrongRange
from lotone.historian.store.columns import Kind, microseconds_of, value_of, values_of


@dataclass(frozen=True)
class Answer:
    """Rows in the order of time; everything before `until` is there."""

    table: pa.Table
    until: int

    def times(self) -> Any:
        """When the rows are, or start, in order."""
        name = "start" if "start" in self.table.column_names else "source_time"
        return self.table.column(name).cast(pa.int64()).to_numpy()


def cut(answer: Answer, limit: int, *, continues: bool = False) -> Answer:
    """At most so many rows, and all rows of each moment that is answered.

    Raises WrongRange when the first moment alone has more, unless the answer only `continues` another one.
    """
    if answer.table.num_rows <= limit:
        return answer
    times = answer.times()
    until = int(times[limit])
    rows = int(np.searchsorted(times, until))
    if not rows and not continues:
        raise WrongRange(f"more than {limit} samples share the moment {until}: ask for fewer tags at once, or a higher limit")
    return Answer(answer.table.slice(0, rows), until)


def series_of(answers: Sequence[Answer], tags: Sequence[int], start: int, end: int, width: int | None) -> Series:
    """Answers that follow each other as one series."""
    table = pa.concat_tables([answer.table for answer in answers])
    until = answers[-1].until
    if width is None:
        points = {tag: Points() for tag in tags} | {tag: _points(rows) for tag, rows in _by_tag(table)}
        return Series(start, end, until, points=points)
    buckets = {tag: Buckets() for tag in tags} | {tag: _buckets(rows) for tag, rows in _by_tag(table)}
    return Series(start, end, until, buckets=buckets, width=width)


def _by_tag(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    if not table.num_rows:
        return
    tags = table.column("tag").to_numpy()
    order = np.argsort(tags, kind="stable")
    ordered = table.take(order)
    found, starts = np.unique(tags[order], return_index=True)
    ends = np.append(starts[1:], len(tags))
    for tag, start, end in zip(found.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield tag, ordered.slice(start, end - start)


def _points(rows: pa.Table) -> Points:
    return Points(
        time=microseconds_of(rows.column("source_time")),
        value=values_of(rows),
        quality=rows.column("quality").to_pylist(),
        sequence=rows.column("sequence").to_pylist(),
        receive_time=microseconds_of(rows.column("receive_time")),
    )


def _buckets(rows: pa.Table) -> Buckets:
    columns = {name: rows.column(name).to_pylist() for name in ("start", "count", "min", "max", "mean", "quality")}
    return Buckets(**columns, first=_sent(rows, "first"), last=_sent(rows, "last"))


def _sent(rows: pa.Table, name: str) -> list[Value | None]:
    kinds = rows.column(f"{name}_kind")
    numbers = rows.column(f"{name}_number").to_pylist()
    if not kinds.null_count and not kinds.to_numpy().any():  # all are Kind.NUMBER
        return list(numbers)
    texts = rows.column(f"{name}_text").to_pylist()
    sent = zip(kinds.to_pylist(), numbers, texts, strict=True)
    return [None if kind is None else value_of(Kind(kind), number, text) for kind, number, text in sent]
