"""Plain MQTT telemetry: one value per topic, or several in one JSON document.

- `telemetry/<organization>/<asset>/<tag>`: a number, true or false, or text; or JSON
  `{"value": 21.5, "time": ..., "quality": ...}`
- `telemetry/<organization>/<asset>`: JSON `{"time": ..., "values": {"<tag>": 21.5, ...}}`, or a list of such documents
- a machine that can't choose its topics is added as an `mqtt` connection whose address is the prefix of its topics; the
  rest of the topic is then the tag's address.

`time` is ISO 8601 with a zone, or milliseconds since 1970; without it the time of arrival is taken. `quality` is `good`,
`uncertain`, `bad`, `stale` or an OPC UA status code. Publish with QoS 1: QoS 0 may be lost on the way.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from lotone.assets import BAD, GOOD, STALE, UNCERTAIN, Sample, Value, microseconds
from lotone.connect.directory import Directory, Target
from lotone.connect.model import (
    AHEAD_MAX,
    EARLIEST,
    NOTHING_YET,
    Deliver,
    Node,
    Reading,
    Status,
    Surroundings,
    WriteRefused,
    misfit_words,
    time_fault,
)
from lotone.connect.streams import Heard
from lotone.connect.taking import Taking
from lotone.kernel import Words

QUALITIES = {"good": GOOD, "uncertain": UNCERTAIN, "bad": BAD, "stale": STALE}
QUALITY_MAX = 2**32 - 1
AHEAD = AHEAD_MAX // timedelta(microseconds=1)
SHAPES_MAX = 10_000


class Unreadable(ValueError):
    """A payload that says nothing we understand."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


def read_time(time: Any) -> int | None:
    """Microseconds since 1970 from ISO 8601 with a zone or from milliseconds; None stays None. Raises Unreadable."""
    if time is None:
        return None
    if isinstance(time, bool):
        raise Unreadable(_TIME)
    if isinstance(time, int | float):
        if not abs(time) < 2**53:
            raise Unreadable(_TIME)
        return round(time * 1000)
    try:
        moment = datetime.fromisoformat(time)
        return microseconds(moment)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(_TIME) from None


def read_quality(quality: Any) -> int:
    """Raises Unreadable."""
    if quality is None:
        return GOOD
    if isinstance(quality, str) and quality in QUALITIES:
        return QUALITIES[quality]
    if isinstance(quality, int) and not isinstance(quality, bool) and 0 <= quality <= QUALITY_MAX:
        return quality
    raise Unreadable(
        Words(
            "the quality is neither good, uncertain, bad, stale nor a status code",
            "质量既不是 good、uncertain、bad、stale，也不是状态码",
        )
    )


def read_scalar(payload: bytes) -> Any:
    """The value of a single-value payload: JSON, else the text itself. Raises Unreadable."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        pass
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Unreadable(Words("the payload is neither JSON nor text", "负载既不是 JSON 也不是文本")) from None
    if not text:
        raise Unreadable(Words("the payload is empty", "负载为空"))
    try:
        return float(text)
    except ValueError:
        return text


def read_documents(payload: bytes | str) -> list[Mapping[str, Any]]:
    """The documents of a payload, one or a list of them, each with a mapping `values`. Raises Unreadable."""
    try:
        given = orjson.loads(payload)
    except orjson.JSONDecodeError as fault:
        raise Unreadable(Words(f"this is not JSON: {fault}"[:200], "不是有效的 JSON")) from None
    documents = given if isinstance(given, list) else [given]
    for document in documents:
        if not isinstance(document, dict) or not isinstance(document.get("values"), dict):
            raise Unreadable(Words('the JSON has no "values" with a value per tag', "JSON 中缺少按标签给出数值的 “values”"))
    return documents


def readings_of(payload: bytes | str) -> list[Reading]:
    """The readings of documents with values by address. Raises Unreadable; then nothing of the payload is taken."""
    readings = []
    for document in read_documents(payload):
        time, quality = read_time(document.get("time")), read_quality(document.get("quality"))
        readings += [Reading(address, time, value, quality) for address, value in document["values"].items()]
    return readings


@dataclass(frozen=True, slots=True)
class Arrived:
    """One telemetry message."""

    topic: str
    heard: Heard
    plant_at: int
    plant_now: int
    taking: Taking


class TelemetryReader:
    """Of one organization. `last` holds the last value of each tag, shared with the other readers."""

    def __init__(self, directory: Directory, last: dict[int, Value]) -> None:
        self.directory = directory
        self.organization = directory.organization
        self.last = last
        self._shapes: dict[tuple[str, tuple[str, ...]], list[Target | None]] = {}
        self._version = -1

    def hear(self, topic: str, levels: list[str], heard: Heard, *, plant_at: int, plant_now: int, taking: Taking) -> None:
        """Take one message; `levels` are the topic's, `telemetry` and the organization first."""
        arrived = Arrived(topic, heard, plant_at, plant_now, taking)
        if self._version != self.directory.version:
            self._shapes.clear()
            self._version = self.directory.version
        try:
            rest = "/".join(levels[2:])
            if len(levels) == 3:
                self._documents(rest, arrived)
            else:
                self._single(rest, arrived)
        except Unreadable as fault:
            taking.refuse(self.organization, topic, fault.words, heard)

    def _single(self, rest: str, arrived: Arrived) -> None:
        if rest not in self.directory.by_path and self._is_machine(rest):
            return self._documents(rest, arrived)
        given = read_scalar(arrived.heard.payload)
        time, quality = None, GOOD
        if isinstance(given, dict):
            if isinstance(given.get("values"), dict):
                return self._documents(rest, arrived)
            if "value" not in given:
                raise Unreadable(Words('the JSON has no "value"', "JSON 中缺少 “value”"))
            time, quality, given = read_time(given.get("time")), read_quality(given.get("quality")), given["value"]
        target = self._target(rest)
        if target is None:
            arrived.taking.refuse(self.organization, arrived.topic, self._no_tag(rest), arrived.heard)
            return None
        return self._take([(target, given)], time, quality, arrived)

    def _is_machine(self, rest: str) -> bool:
        """Whether the whole rest of the topic is the prefix of an MQTT connection, which then sends documents."""
        return any(rest == prefix for prefix, _ in self.directory.topics)

    def _documents(self, asset: str, arrived: Arrived) -> None:
        for document in read_documents(arrived.heard.payload):
            values = document["values"]
            targets = self._targets(asset, tuple(values))
            pairs = []
            for (name, value), target in zip(values.items(), targets, strict=True):
                if target is None:
                    topic = f"telemetry/{self.organization}/{asset}/{name}"
                    arrived.taking.refuse(self.organization, topic, self._no_tag(f"{asset}/{name}"), arrived.heard)
                else:
                    pairs.append((target, value))
            self._take(pairs, read_time(document.get("time")), read_quality(document.get("quality")), arrived)

    def _targets(self, asset: str, names: tuple[str, ...]) -> list[Target | None]:
        """The tags of a document: publishers repeat the same names, so the answer is kept."""
        known = self._shapes.get((asset, names))
        if known is None:
            known = [self._target(f"{asset}/{name}") for name in names]
            if None not in known and len(self._shapes) < SHAPES_MAX:
                self._shapes[asset, names] = known
        return known

    def _target(self, rest: str) -> Target | None:
        target = self._look_up(rest)
        if target is None and self.directory.refresh_for_unknown():
            target = self._look_up(rest)
        return target

    def _look_up(self, rest: str) -> Target | None:
        target = self.directory.by_path.get(rest)
        if target is not None:
            return target if self.directory.may_come_as_telemetry(target.tag) else None
        for prefix, connection in self.directory.topics:
            if rest.startswith(f"{prefix}/") and connection.enabled:
                found = self.directory.targets(connection.id).get(rest[len(prefix) + 1 :])
                if found is not None:
                    return found
        return None

    def _no_tag(self, rest: str) -> Words:
        taken = self.directory.by_path.get(rest)
        if taken is not None:
            other = taken.tag.connection
            return Words(
                f"the tag {rest} belongs to the connection {other}, which has its own protocol; plain telemetry can't set it",
                f"标签 {rest} 属于使用其他协议的连接 {other}，不接受普通遥测数据",
            )
        return Words(f"there is no tag {rest}: add it to record its values", f"没有标签 {rest}：添加后即可记录其数值")

    def _take(self, pairs: Iterable[tuple[Target, Any]], time: int | None, quality: int, arrived: Arrived) -> None:
        samples = arrived.taking.samples_of(self.organization)
        at = arrived.plant_at if time is None else time
        in_time = EARLIEST <= at <= arrived.plant_now + AHEAD
        for target, value in pairs:
            fitted = target.convert(value)
            marked = quality
            if fitted is None and value is None and quality >= BAD:
                fitted = self.last.get(target.number, NOTHING_YET[target.data_type])
            if fitted is None or not in_time:
                reason = time_fault(at, arrived.plant_now) or misfit_words(value, target.data_type)
                arrived.taking.refuse(self.organization, f"{arrived.topic} {target.tag.path}", reason, arrived.heard)
                continue
            self.last[target.number] = fitted
            samples.append((target.tag, Sample(target.number, at, fitted, marked, 0, arrived.heard.at)))
            if target.tag.connection:
                arrived.taking.sign(self.organization, target.tag.connection, arrived.heard.at, Status.CONNECTED, _HEARD)


_TIME = Words(
    "the time is neither ISO 8601 with a zone, such as 2026-03-01T12:00:00Z, nor milliseconds since 1970",
    "时间既不是带时区的 ISO 8601（如 2026-03-01T12:00:00Z），也不是自 1970 年起的毫秒数",
)
_HEARD = Words("connected: data arrives", "已连接：正在接收数据")


class PassiveDriver:
    """For machines that come to us, over MQTT or HTTP: there is nothing to run, and nothing can be written to them."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings

    async def run(self, deliver: Deliver) -> None:
        await self.surroundings.say(Status.WAITING, Words("waiting for the machine's first message", "等待设备的第一条消息"))
        await asyncio.Event().wait()

    async def write(self, values: Mapping[str, Value]) -> None:
        raise WriteRefused(
            f"{self.surroundings.connection.id} only sends: plain MQTT and HTTP machines can't be written to; "
            "use Sparkplug B, OPC UA or Modbus"
        )

    async def browse(self) -> list[Node]:
        return []
