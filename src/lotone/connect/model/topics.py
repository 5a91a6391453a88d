"""MQTT topics: the subjects that the message server makes of them, and templates that say what each level means."""

import re
from dataclasses import dataclass
from typing import Any

from lotone.connect.model.faults import WrongConnection

_NAMED = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True)
class TopicTemplate:
    """`factory/{machine}/{tag}`: which topics are meant, and which of their levels make a tag's address."""

    levels: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, *, where: str | None = None) -> "TopicTemplate":
        """Raises WrongConnection."""
        levels = text.split("/")
        for place, level in enumerate(levels):
            is_last = place == len(levels) - 1
            if not (_NAMED.fullmatch(level) or level == "+" or (level == "#" and is_last) or not set(level) & set("+#{}\0")):
                raise WrongConnection(
                    f"'{level}' can't be a level of a topic; write names, +, a last #, or {{tag}} for what tells tags apart",
                    where=where,
                )
        return cls(tuple(levels))

    @property
    def filter(self) -> str:
        """What is subscribed to."""
        return "/".join("+" if _NAMED.fullmatch(level) else level for level in self.levels)

    def address(self, topic: str) -> str | None:
        """The named levels of a topic, or the whole topic when none is named; None when it is not one of these."""
        given = topic.split("/")
        if self.levels[-1] == "#":
            if len(given) < len(self.levels) - 1 or (self.levels == ("#",) and topic.startswith("$")):
                return None
        elif len(given) != len(self.levels):
            return None
        named = []
        for level, part in zip(self.levels, given, strict=False):
            if _NAMED.fullmatch(level):
                named.append(part)
            elif level not in ("+", "#", part):
                return None
        return "/".join(named) if named else topic


def topic_list(given: Any) -> list[str]:
    """Topics of a setting: a list, or a text with one in each line."""
    lines = given if isinstance(given, list | tuple) else str(given or "").splitlines()
    return [line for line in (str(each).strip() for each in lines) if line]


def topic_of(subject: str) -> str:
    """The MQTT topic behind a subject, as the message server maps them: `/` is `.`, `.` is `//`, an empty level `/`."""
    if "/" not in subject:
        return subject.replace(".", "/")
    characters = []
    position = 0
    while position < len(subject):
        pair = subject[position : position + 2]
        characters.append(_PAIRS[pair] if pair in _PAIRS else _SINGLES.get(pair[0], pair[0]))
        position += 2 if pair in _PAIRS else 1
    return "".join(characters)


_PAIRS = {"//": ".", "/.": "/"}
_SINGLES = {".": "/", "/": ""}


def subject_of(topic: str) -> str:
    """The subject that the message server uses for an MQTT topic without empty levels."""
    return ".".join(level.replace(".", "//") for level in topic.split("/"))
