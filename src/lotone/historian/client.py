"""The historian's door in a process that does not own its files."""

from collections.abc import Sequence
from typing import Any

import orjson

from lotone.assets import Sample
from lotone.historian import wire
from lotone.historian.model import Series, bucket_width
from lotone.historian.store.answers import Answer, series_of
from lotone.kernel import Messages

TAGS_MAX = 5_000
"""Tags in one question for last samples."""


class HistorianClient:
    """Asks the owner of the samples over messages. Raises what the owner raises, and Unavailable when nobody answers."""

    def __init__(self, messages: Messages, *, timeout_s: float = 30.0) -> None:
        self._messages = messages
        self._timeout_s = timeout_s

    def read(
        self, organization: str, tags: Sequence[int], start: int, end: int, *, buckets: int | None = None, limit: int = 100_000
    ) -> Series:
        """See `Historian.read`. A large answer comes in parts: what is kept meanwhile may be in the later ones."""
        width = None if buckets is None else bucket_width(start, end, buckets)
        question = {"organization": organization, "tags": list(tags), "end": end, "origin": start, "width": width}
        answers: list[Answer] = []
        until, left = start, limit
        while True:
            answer = wire.answer_from_bytes(self._ask("read", {**question, "start": until, "limit": left}))
            answers.append(answer)
            until, left = answer.until, left - answer.table.num_rows
            if until >= end or left < 1 or not answer.table.num_rows:
                break
        return series_of(answers, tags, start, end, width)

    def last(self, organization: str, tags: Sequence[int]) -> dict[int, Sample]:
        """See `Historian.last`."""
        found: dict[int, Sample] = {}
        left = list(tags)
        while left:
            answer = self._ask("last", {"organization": organization, "tags": left[:TAGS_MAX]})
            samples, asked = wire.samples_from_bytes(answer)
            found |= {sample.tag: sample for sample in samples}
            left = left[asked:]
        return found

    def count(self, organization: str, tags: Sequence[int] | None = None, *, sequence_max: int | None = None) -> int:
        """See `Historian.count`."""
        asked = None if tags is None else list(tags)
        question = {"organization": organization, "tags": asked, "sequence_max": sequence_max}
        return int(orjson.loads(self._ask("count", question)))

    def increase(self, organization: str, tags: Sequence[int], start: int, end: int) -> dict[int, float]:
        """See `Historian.increase`."""
        question = {"organization": organization, "tags": list(tags), "start": start, "end": end}
        return {int(tag): float(amount) for tag, amount in orjson.loads(self._ask("increase", question))}

    def _ask(self, verb: str, question: dict[str, Any]) -> bytes:
        return self._messages.request_bytes(f"{wire.SUBJECT}.{verb}", orjson.dumps(question), timeout_s=self._timeout_s)
