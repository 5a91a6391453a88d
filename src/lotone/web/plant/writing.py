"""Writing to a machine: what exactly is sent where, and what it reads back."""

import time
from dataclasses import dataclass

import structlog

from lotone.assets import DataType, Meaning, Sample, Tag, Value
from lotone.connect import Misfit, NotWritable
from lotone.connect.model import fit
from lotone.identity import Actor
from lotone.kernel import Invalid, Unavailable
from lotone.wiring import Platform

log = structlog.get_logger(__name__)
READ_BACK_S = 2.5
LOOK_EVERY_S = 0.1
CLOSE = 1e-6
TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


class WrongValue(Invalid):
    """A value that can't be written to this tag."""


@dataclass(frozen=True)
class Written:
    """What became of a write: whether the machine has said the value back, and after how long."""

    tag: Tag
    value: Value
    read_back: Sample | None
    seconds: float

    @property
    def agrees(self) -> bool:
        return self.read_back is not None and _same(self.read_back.value, self.value)


def is_offered(tag: Tag) -> bool:
    """Whether a person may set this tag by hand: never the request, which would start a job that nobody planned."""
    return tag.writable and bool(tag.connection) and tag.meaning is not Meaning.REQUEST


def read_value(tag: Tag, text: str) -> Value:
    """The value a person typed, within the tag's type and range. Raises NotWritable, WrongValue."""
    if not is_offered(tag):
        raise NotWritable(f"the tag {tag.path} is not one that may be set by hand")
    given = text.strip()
    try:
        value = fit(_parsed(tag, given), tag.data_type)
    except (ValueError, Misfit):
        raise WrongValue(f"'{given[:40]}' is no {tag.data_type.value}", where="value") from None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is not None and tag.low is not None and number < tag.low:
        raise WrongValue(f"{number:g} is below the least allowed value, {tag.low:g} {tag.unit}".rstrip(), where="value")
    if number is not None and tag.high is not None and number > tag.high:
        raise WrongValue(f"{number:g} is above the greatest allowed value, {tag.high:g} {tag.unit}".rstrip(), where="value")
    return value


def _parsed(tag: Tag, text: str) -> Value:
    if tag.data_type is DataType.TEXT:
        return text
    if tag.data_type is DataType.BOOLEAN:
        if text.casefold() in TRUE | FALSE:
            return text.casefold() in TRUE
        raise ValueError(text)
    number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    return int(number) if tag.data_type is DataType.INTEGER and number.is_integer() else number


def write(platform: Platform, actor: Actor, tag: Tag, value: Value) -> Written:
    """Send a value and wait a moment for the machine to say it back. Raises what `Writer.write` raises."""
    begun = time.monotonic()
    before = _newest(platform, actor.organization, tag)
    platform.writer.write(actor.organization, tag.asset, {tag.name: value})
    log.info("plant.written", organization=actor.organization, by=actor.user, tag=tag.path, value=value)
    while time.monotonic() - begun < READ_BACK_S:
        now = _newest(platform, actor.organization, tag)
        if now is not None and now != before and _same(now.value, value):
            return Written(tag, value, now, time.monotonic() - begun)
        time.sleep(LOOK_EVERY_S)
    return Written(tag, value, _newest(platform, actor.organization, tag), time.monotonic() - begun)


def _newest(platform: Platform, organization: str, tag: Tag) -> Sample | None:
    try:
        return platform.historian.last(organization, [tag.number]).get(tag.number)
    except Unavailable:
        return None


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(float(one) - float(other)) <= CLOSE * max(1.0, abs(float(other)))
