"""Live values: the newest sample of every tag, how old it is, and whether it may still be believed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import log10

from lotone.assets import BAD, STALE, UNCERTAIN, DataType, JobState, MachineState, Meaning, Sample, Tag, Value, moment
from lotone.connect import ConnectionState, Status, Way
from lotone.kernel import Unavailable, Words
from lotone.web.reader import Reader
from lotone.wiring import Platform, Work

SILENT_AFTER = timedelta(minutes=5)
"""Machines that only send (plain MQTT, HTTP) can't say that they are gone; silent for so long, their values look stale."""
FIGURES = 3
STATE_WORDS = {
    MachineState.RUNNING: Words("running", "运行中"),
    MachineState.IDLE: Words("idle", "空闲"),
    MachineState.STOPPED: Words("stopped", "已停机"),
    MachineState.DOWN: Words("down", "故障"),
    MachineState.UNKNOWN: Words("unknown", "未知"),
}
JOB_WORDS = {
    JobState.NONE: Words("none", "无"),
    JobState.RUNNING: Words("running", "进行中"),
    JobState.DONE: Words("done", "已完成"),
    JobState.FAILED: Words("failed", "失败"),
}
YES_NO = {True: Words("yes", "是"), False: Words("no", "否")}
GONE = Words("the machine does not answer: this is what it said last", "设备无应答：此为最后一次上报的值")
CALLED_BAD = Words("the machine itself calls this value bad", "设备自身标记该值为坏值")
IS_OFF = Words("the connection is switched off: this is what it said last", "连接已关闭：此为最后一次上报的值")
IS_SILENT = Words("nothing has come from this machine for minutes", "设备已数分钟没有上报数据")


@dataclass(frozen=True)
class Live:
    """One tag and what is known of it now."""

    tag: Tag
    sample: Sample | None = None
    doubt: Words | None = None
    """Why the value may no longer be true."""

    @property
    def at(self) -> datetime | None:
        """When the machine says it measured this (plant time)."""
        return None if self.sample is None else moment(self.sample.source_time)

    @property
    def received_at(self) -> datetime | None:
        return None if self.sample is None else moment(self.sample.receive_time)

    @property
    def number(self) -> float | None:
        """The value, where it is one to draw."""
        value = None if self.sample is None else self.sample.value
        return None if value is None or isinstance(value, str) else float(value)

    @property
    def quality(self) -> str:
        """`good`, `uncertain`, `bad`, `stale` or, where there is no sample, nothing."""
        if self.sample is None:
            return ""
        if self.sample.quality == STALE:
            return "stale"
        return "bad" if self.sample.quality >= BAD else "uncertain" if self.sample.quality >= UNCERTAIN else "good"

    @cached_property
    def share(self) -> float | None:
        """Where the value lies in the tag's range, 0 to 1."""
        low, high = self.tag.low, self.tag.high
        if self.number is None or low is None or high is None or high <= low:
            return None
        return min(1.0, max(0.0, (self.number - low) / (high - low)))

    @property
    def is_outside(self) -> bool:
        """Beyond the tag's range."""
        low, high = self.tag.low, self.tag.high
        return self.number is not None and (
            (low is not None and self.number < low) or (high is not None and self.number > high)
        )


def value_text(reader: Reader, tag: Tag, value: Value | None) -> str:
    """A value as people read it, without its unit: states as words, numbers with the tag's decimals."""
    if value is None:
        return "–"
    if tag.meaning is Meaning.STATE:
        return reader.words(STATE_WORDS[MachineState.from_number(value)])
    if tag.meaning is Meaning.JOB_STATE:
        return reader.words(JOB_WORDS[JobState.from_number(value)])
    if tag.data_type is DataType.BOOLEAN:
        return reader.words(YES_NO[bool(value)])
    if isinstance(value, str):
        return value or "–"
    if tag.data_type is DataType.INTEGER:
        return reader.number(value, digits=0) if tag.unit else str(int(value))
    return reader.number(value, digits=decimals(tag.resolution))


def short_text(reader: Reader, tag: Tag, value: Value | None) -> str:
    """A value to be seen from afar: three figures that matter, never more decimals than the tag has."""
    if isinstance(value, float) and value and tag.data_type is DataType.NUMBER:
        figures = max(0, FIGURES - 1 - int(log10(abs(value)) // 1))
        return reader.number(value, digits=min(decimals(tag.resolution), figures))
    return value_text(reader, tag, value)


def decimals(resolution: float | None) -> int:
    """How many decimals a resolution asks for: 0.05 needs two."""
    if resolution is None or resolution <= 0:
        return 2
    return next((digits for digits in range(7) if abs(resolution * 10**digits - round(resolution * 10**digits)) < 1e-9), 6)


class LiveValues:
    """The newest samples of an organization's tags, with what speaks against believing them."""

    def __init__(self, work: Work, tags: Iterable[Tag], samples: Mapping[int, Sample]) -> None:
        self.tags = list(tags)
        self.samples = samples
        self.now = work.platform.wall()
        self.states = work.connect.states()
        self.ways = {each.id: each.way for each in work.connect.connections()}

    def of(self, tag: Tag) -> Live:
        sample = self.samples.get(tag.number)
        return Live(tag, sample, self._doubt(tag, sample))

    def all(self) -> list[Live]:
        return [self.of(tag) for tag in self.tags]

    def with_meaning(self, meaning: Meaning) -> Live | None:
        found = next((tag for tag in self.tags if tag.meaning is meaning), None)
        return None if found is None else self.of(found)

    def _doubt(self, tag: Tag, sample: Sample | None) -> Words | None:
        if sample is None:
            return None
        if sample.quality == STALE:
            return GONE
        if sample.quality >= BAD:
            return CALLED_BAD
        state = self.states.get(tag.connection or "")
        if state is not None and state.status is Status.LOST:
            return GONE
        if state is not None and state.status is Status.OFF:
            return IS_OFF
        is_silent = self.now - moment(sample.receive_time) > SILENT_AFTER
        return IS_SILENT if is_silent and self.ways.get(tag.connection or "") in (Way.MQTT, Way.HTTP) else None


def newest(platform: Platform, organization: str, tags: Iterable[Tag]) -> tuple[dict[int, Sample], str]:
    """The newest samples; nothing and a sentence while the historian does not answer, so that pages can go on without."""
    numbers = [tag.number for tag in tags]
    if not numbers:
        return {}, ""
    try:
        return platform.historian.last(organization, numbers), ""
    except Unavailable as fault:
        return {}, fault.message


def worst(states: Iterable[ConnectionState]) -> ConnectionState | None:
    """Of a machine's connections the one that most needs a person."""
    order = (Status.LOST, Status.OFF, Status.WAITING, Status.CONNECTED)
    return min(states, key=lambda each: order.index(each.status), default=None)
