"""Questions and answers as they travel between processes: questions as JSON, answers as Arrow streams that fit a message."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lotone.assets import Sample
from lotone.historian.model import WrongRange
from lotone.historian.store.answers import Answer, cut
from lotone.historian.store.columns import Batch, samples_of

SUBJECT = "historian"
BYTES_MAX = 4 * 1024 * 1024
"""Answers are split at this size, or earlier where the message server takes less."""
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def question_from(payload: bytes, names: Sequence[str]) -> dict[str, Any]:
    """A question from its JSON. Raises WrongRange when it is none."""
    try:
        question = orjson.loads(payload)
        return {name: question[name] for name in names}
    except (orjson.JSONDecodeError, KeyError, TypeError) as fault:
        raise WrongRange(f"this is not a question to the historian: it needs {', '.join(names)}") from fault


def answer_to_bytes(answer: Answer, bytes_max: int) -> bytes:
    """As much of an answer as fits, from its beginning. Raises WrongRange when not even one moment fits."""
    content = _stream(answer.table, {"until": str(answer.until)})
    while len(content) > bytes_max:
        rows = answer.table.num_rows
        answer = cut(answer, min(rows - 1, int(0.9 * rows * bytes_max / len(content))))
        content = _stream(answer.table, {"until": str(answer.until)})
    return content


def answer_from_bytes(content: bytes) -> Answer:
    table = _table(content)
    return Answer(table, int(table.schema.metadata[b"until"]))


def samples_to_bytes(organization: str, tags: Sequence[int], samples: dict[int, Sample], bytes_max: int) -> bytes:
    """The samples of as many of the tags as fit, from the first, and how many these are. Raises WrongRange when none fits."""
    asked = len(tags)
    while True:
        rows = [samples[tag] for tag in tags[:asked] if tag in samples]
        content = _stream(_rows(organization, rows), {"asked": str(asked)})
        if len(content) <= bytes_max:
            return content
        if asked == 1:
            raise WrongRange(f"the newest sample of tag {tags[0]} is larger than a message may be")
        asked //= 2


def samples_from_bytes(content: bytes) -> tuple[list[Sample], int]:
    """Samples, and for how many of the tags that were asked for they answer."""
    table = _table(content)
    return samples_of(table), int(table.schema.metadata[b"asked"])


def _rows(organization: str, samples: list[Sample]) -> pa.Table:
    return Batch(organization, samples).table(np.arange(len(samples)), np.zeros(len(samples), "i8"))


def _stream(table: pa.Table, metadata: dict[str, str]) -> bytes:
    sink = pa.BufferOutputStream()
    table = table.replace_schema_metadata(metadata)
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _table(content: bytes) -> pa.Table:
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()
