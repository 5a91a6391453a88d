"""What a stretch of messages came to: samples, faults for the quarantine, births, signs of life, wishes for a rebirth."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lotone.assets import Sample, Tag, moment
from lotone.connect.model import KEPT_BYTES, Status
from lotone.connect.store import Birth, Refused
from lotone.connect.streams import Heard
from lotone.kernel import Words

Recorded = list[tuple[Tag, Sample]]
Record = Callable[[str, Recorded], None]
"""`record(organization, samples)` returns once the samples are on disk; called again with the same after a failure."""


@dataclass
class Sign:
    """What the messages said about a connection; `status` None when they only carried data."""

    heard_at: int
    status: Status | None = None
    words: Words | None = None


@dataclass
class Taking:
    """Filled by the readers of the protocols, emptied by the intake."""

    samples: dict[str, Recorded] = field(default_factory=dict)
    refused: dict[tuple[str, str, str], Refused] = field(default_factory=dict)
    births: dict[tuple[str, str, str], Birth] = field(default_factory=dict)
    signs: dict[tuple[str, str], Sign] = field(default_factory=dict)
    rebirths: set[tuple[str, str]] = field(default_factory=set)

    def samples_of(self, organization: str) -> Recorded:
        return self.samples.setdefault(organization, [])

    def refuse(self, organization: str, subject: str, reason: Words, heard: Heard, *, count: int = 1) -> None:
        """Keep something out, with the message that brought it."""
        key = (organization, subject, reason.en)
        known = self.refused.get(key)
        payload, encoding = shown(heard.payload)
        total = count + (known.count if known else 0)
        at: datetime = moment(heard.at)
        self.refused[key] = Refused(
            printable(subject), _printable_words(reason), payload, encoding, len(heard.payload), at, total
        )

    def sign(
        self, organization: str, connection: str, heard_at: int, status: Status | None = None, words: Words | None = None
    ) -> None:
        known = self.signs.get((organization, connection))
        if known is None:
            self.signs[organization, connection] = Sign(heard_at, status, words)
            return
        known.heard_at = max(known.heard_at, heard_at)
        if status is not None:
            known.status, known.words = status, words


def shown(payload: bytes) -> tuple[str, str]:
    """The beginning of a payload as people can read it, and how it is encoded."""
    kept = payload[:KEPT_BYTES]
    try:
        text = kept.decode("utf-8") if len(payload) <= KEPT_BYTES else kept.decode("utf-8", errors="ignore")
    except UnicodeDecodeError:
        return base64.b64encode(kept).decode(), "base64"
    if all(character.isprintable() or character in "\r\n\t" for character in text):
        return text, "text"
    return base64.b64encode(kept).decode(), "base64"


def printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _printable_words(words: Words) -> Words:
    return Words(printable(words.en), printable(words.zh))
