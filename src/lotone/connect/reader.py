"""From messages to samples: finds the organization and the protocol of each message and hands it to their reader."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from lotone.assets import Value, microseconds
from lotone.connect.directory import Directory, Load
from lotone.connect.drivers.samples import SamplesReader
from lotone.connect.drivers.sparkplug_host import Host
from lotone.connect.drivers.telemetry import TelemetryReader
from lotone.connect.model import PAYLOAD_BYTES_MAX, topic_of
from lotone.connect.store import Birth
from lotone.connect.streams import Heard
from lotone.connect.taking import Taking
from lotone.kernel import PlantClock, Words

log = structlog.get_logger(__name__)

ORGANIZATION_LENGTH_MAX = 40
TOPICS_MAX = 100_000


class ProtocolReader(Protocol):
    """Takes the messages of one protocol of one organization."""

    def hear(self, topic: str, levels: list[str], heard: Heard, *, plant_at: int, plant_now: int, taking: Taking) -> None: ...


@dataclass
class Room:
    """What the reader knows of one organization."""

    directory: Directory
    readers: dict[str, ProtocolReader]
    host: Host


class Reader:
    """Turns messages into a `Taking`, and never raises over what a message says.

    `load` gives an organization's tags and connections, `births` what its edge nodes said at birth.
    """

    def __init__(self, load: Load, births: Callable[[str], list[Birth]], plant_clock: PlantClock) -> None:
        self.load = load
        self.births = births
        self.plant_clock = plant_clock
        self.rooms: dict[str, Room] = {}
        self.last: dict[int, Value] = {}
        self._topics: dict[str, tuple[str, list[str]]] = {}
        self._wall_anchor = microseconds(plant_clock.wall_anchor)
        self._plant_anchor = microseconds(plant_clock.plant_anchor)

    def read(self, messages: list[Heard]) -> Taking:
        """Take messages in their order. Raises only what loading from the database raises."""
        taking = Taking()
        plant_now = microseconds(self.plant_clock())
        for heard in messages:
            topic, levels = self._topic(heard.subject)
            organization = levels[1][:ORGANIZATION_LENGTH_MAX] if len(levels) > 1 else ""
            if len(heard.payload) > PAYLOAD_BYTES_MAX:
                taking.refuse(organization, topic, _TOO_LONG, heard)
                continue
            reader = self.room(organization).readers.get(levels[0])
            if reader is None or len(levels) < 3:
                taking.refuse(organization, topic, _NO_TOPIC, heard)
                continue
            self._hear(reader, topic, levels, heard, plant_now, taking)
        return taking

    def _hear(
        self, reader: ProtocolReader, topic: str, levels: list[str], heard: Heard, plant_now: int, taking: Taking
    ) -> None:
        try:
            reader.hear(topic, levels, heard, plant_at=self.plant_time(heard.at), plant_now=plant_now, taking=taking)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as fault:
            # A payload nobody thought of: it is kept for the engineer, and the next message is read.
            log.exception("reader.failed", topic=topic)
            reason = Words(f"this could not be read: {type(fault).__name__}", f"无法读取：{type(fault).__name__}")
            taking.refuse(levels[1][:ORGANIZATION_LENGTH_MAX], topic, reason, heard)

    def plant_time(self, wall: int) -> int:
        """What the plant's clock showed at a time of the wall clock."""
        return self._plant_anchor + round((wall - self._wall_anchor) * self.plant_clock.speed)

    def _topic(self, subject: str) -> tuple[str, list[str]]:
        """The topic behind a subject, and its levels: machines repeat theirs, so the answer is kept."""
        known = self._topics.get(subject)
        if known is None:
            topic = topic_of(subject)
            known = (topic, topic.split("/"))
            if len(self._topics) < TOPICS_MAX:
                self._topics[subject] = known
        return known

    def room(self, organization: str) -> Room:
        """Known tags and readers of an organization, brought up to date every few seconds."""
        room = self.rooms.get(organization)
        if room is None:
            directory = Directory(organization, self.load)
            host = Host(directory, self.births(organization), self.last)
            telemetry, samples = TelemetryReader(directory, self.last), SamplesReader(directory, self.last)
            room = Room(directory, {"spBv1.0": host, "telemetry": telemetry, "samples": samples}, host)
            self.rooms[organization] = room
        room.directory.refresh()
        return room


_TOO_LONG = Words(
    f"the message is longer than {PAYLOAD_BYTES_MAX} bytes: send less at a time",
    f"消息超过 {PAYLOAD_BYTES_MAX} 字节：请分批发送",
)
_NO_TOPIC = Words("the topic says neither which machine nor which tag this is", "主题未说明是哪台设备或哪个标签")
