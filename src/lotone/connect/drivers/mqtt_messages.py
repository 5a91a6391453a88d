"""Messages of a foreign broker: which tag's address each value has, and its time and quality, see `mqtt_client.py`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lotone.assets import GOOD, UNCERTAIN
from lotone.connect.drivers.telemetry import Unreadable, read_quality, read_scalar, read_time
from lotone.connect.model import Connection, Reading, TopicTemplate, topic_list
from lotone.kernel import Words

LEAVES_MAX = 500
"""Values of one JSON document."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def at_path(document: Any, path: str) -> Any:
    """What lies at a JSON path such as `$.data[0].v`, or None."""
    for name, place in _STEP.findall(path.removeprefix("$")):
        if name:
            document = document.get(name) if isinstance(document, dict) else None
        else:
            document = document[int(place)] if isinstance(document, list) and int(place) < len(document) else None
    return document


def leaves(document: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a JSON document with its path. Documents are as deep as orjson reads them, so at most 1024."""
    waiting = [(path, document)]
    while waiting:
        here, given = waiting.pop()
        if isinstance(given, dict):
            waiting += [(f"{here}.{name}" if here else str(name), each) for name, each in reversed(given.items())]
        elif isinstance(given, list):
            waiting += [(f"{here}[{place}]", each) for place, each in reversed(list(enumerate(given)))]
        else:
            yield here, given


def time_of(given: Any) -> int | None:
    """Microseconds since 1970 from a time in any usual unit. Raises Unreadable."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        for limit, times, parts in ((1e11, 1_000_000, 1), (1e14, 1_000, 1), (1e17, 1, 1), (2e20, 1, 1_000)):
            if abs(given) < limit:
                return round(given * times / parts) if isinstance(given, float) else given * times // parts
    return read_time(given)


@dataclass(frozen=True)
class MessageReader:
    """How the messages of one connection are read."""

    templates: tuple[TopicTemplate, ...]
    value: str = ""
    time: str = ""
    quality: str = ""

    @classmethod
    def of(cls, connection: Connection, addresses: Sequence[str] = ()) -> "MessageReader":
        """By the settings; without topics those of the tags, and everything when there are no tags either."""
        own = sorted({address.partition("#")[0] for address in addresses})
        topics = topic_list(connection.settings.get("topics")) or own or ["#"]
        paths = {name: str(connection.settings.get(name) or "").strip() for name in ("value", "time", "quality")}
        return cls(tuple(TopicTemplate.parse(topic) for topic in topics), **paths)

    def read(self, topic: str, payload: bytes, now: int, *, retained: bool = False) -> list[Reading]:
        """The readings of a message, of all its values; `now` is taken where it has no time. Raises Unreadable."""
        base = next((found for found in (one.address(topic) for one in self.templates) if found is not None), None)
        if base is None:
            return []
        given = read_scalar(payload)
        documents = given if isinstance(given, list) and all(isinstance(one, dict) for one in given) else [given]
        return [reading for document in documents for reading in self._document(base, document, now, retained)]

    def _document(self, base: str, given: Any, now: int, retained: bool) -> Iterator[Reading]:
        time = time_of(at_path(given, self.time) if self.time else _usual(given, "time", "timestamp", "ts"))
        quality = read_quality(at_path(given, self.quality)) if self.quality else GOOD
        if retained and time is None and quality == GOOD:
            quality = UNCERTAIN
        at = now if time is None else time
        value = at_path(given, self.value or "value") if isinstance(given, dict | list) else given
        if value is None or isinstance(value, dict | list):
            if self.value and value is None:
                raise Unreadable(Words(f"the JSON has nothing at {self.value}", f"JSON 中没有 {self.value}"))
        else:
            yield Reading(base, at, value, quality)
        if isinstance(given, dict | list):
            for number, (path, leaf) in enumerate(leaves(given)):
                if number == LEAVES_MAX:
                    return
                yield Reading(f"{base}#{path}", at, leaf, quality)


def _usual(given: Any, *names: str) -> Any:
    return next((given[name] for name in names if name in given), None) if isinstance(given, dict) else None
