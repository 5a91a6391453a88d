"""MQTT as a client of any other broker, 5 or 3.1.1: machines that publish to a broker which is not ours.

**Connection.** `mqtt://host:1883`, or `mqtts://host:8883` for TLS. Settings, all optional: `user`, `password`, `version` (`5`,
or `3.1.1`), `client_id`, `ca` (the PEM text of the authority that signed the broker's certificate), and how messages are read:

- `topics`: what is subscribed to, one in each line; `+` and a last `#` as everywhere in MQTT. A level in braces is part of the
  tag's address: with `factory/{machine}/{tag}` the topic `factory/press-1/temperature` has the address
  `press-1/temperature`. Without braces the whole topic is the address. Left out, the topics of the tags are subscribed to.
- `value`, `time`, `quality`: JSON paths such as `$.data.v` or `readings[0].v`.

**Tag addresses.** A payload that is one value has the address of its topic; so has `{"value": 21.5, "time": ...}`, and what
lies at the path `value`. Any other part of a JSON document is behind a `#`: `factory/press-1#motor.current`.
Times are ISO 8601 with a zone, or seconds, milli-, micro- or nanoseconds since 1970, told apart by their size; without one
the time of arrival is taken. A retained message without a time is of uncertain quality: nobody knows how old it is.

**Nothing is lost**: we subscribe with QoS 1 and a session that the broker keeps for a week while we are away, and
acknowledge a message only when it is on disk in our stream. (Publishers must use QoS 1 too, and the broker must be set up to
queue enough: mosquitto keeps 1,000 messages unless `max_queued_messages` says otherwise.) A broker that forgot our session is
noted as a gap.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import uuid4

from paho.mqtt.client import MQTTMessage

from lotone.assets import DataType, Value
from lotone.connect.drivers.line import Line, Lost
from lotone.connect.drivers.mqtt_broker import Broker
from lotone.connect.drivers.mqtt_messages import MessageReader
from lotone.connect.drivers.telemetry import Unreadable
from lotone.connect.model import (
    Connection,
    Deliver,
    Found,
    Node,
    NotConnected,
    Reading,
    Status,
    Surroundings,
    WriteRefused,
)
from lotone.kernel import Words

SETTLED_S = 1.0
"""After this long without a message, what the broker had kept for us has arrived."""
HEARD_MAX = 10_000
LISTEN_S = 8.0
GATHER_S = 1.5
"""A trial waits for the first message so long, and then so long for more."""


class MqttClientDriver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.connection = surroundings.connection
        self.reader = MessageReader.of(self.connection, list(surroundings.addresses))
        own = f"lotone-{surroundings.organization}-{self.connection.id}"
        self.client_id = str(self.connection.settings.get("client_id") or own)
        self.last: dict[str, Reading] = {}
        self.heard: dict[str, Node] = {}
        self._newest = 0

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        broker = Broker(self.connection, self.client_id, keep=True)
        position = self.surroundings.position()
        try:
            is_kept = await broker.open()
            await self._subscribe(broker, is_kept)
            position["met"] = True
            await self.surroundings.say(Status.CONNECTED, Words("connected", "已连接"))
            await self._listen(line, broker, is_kept)
        finally:
            await broker.close()

    async def _subscribe(self, broker: Broker, is_kept: bool) -> None:
        position = self.surroundings.position()
        wanted = list(dict.fromkeys(one.filter for one in self.reader.templates))
        before = position.get("topics")
        if before and not is_kept:
            await self._note(_FORGOTTEN, self.connection.id)
        known = (before or []) if is_kept else []
        gone = [topic for topic in known if topic not in wanted]
        if gone:
            broker.client.unsubscribe(gone)
        await broker.subscribe([topic for topic in wanted if topic not in known])
        position["topics"] = wanted

    async def _listen(self, line: Line, broker: Broker, is_kept: bool) -> None:
        """Hand on what comes; when all that was kept for us has come, values that are the same as before are valid again."""
        position, is_confirmed = self.surroundings.position(), False
        while True:
            if not await broker.wait(SETTLED_S) and not is_confirmed:
                await line.confirm(list(self.last.values()) if is_kept else [])
                is_confirmed = True
            messages = broker.take()
            readings = await self._read(messages)
            await line.deliver(readings)
            if readings and not is_confirmed and broker.ended:
                position["stale_at"] = None  # they came after the last mark: they go stale with this loss
            broker.acknowledge(messages)
            if broker.dropped:
                dropped, broker.dropped = broker.dropped, 0
                await self.surroundings.quarantine(f"{self.connection.id} QoS 0", _DROPPED, count=dropped)

    async def _read(self, messages: Sequence[MQTTMessage]) -> list[Reading]:
        """Readings of our tags; what can't be read is noted once for all of them."""
        readings: list[Reading] = []
        faults: Counter[tuple[str, Words]] = Counter()
        for message in messages:
            try:
                found = self.reader.read(message.topic, bytes(message.payload), self._now(), retained=message.retain)
            except Unreadable as fault:
                faults[message.topic, fault.words] += 1
                continue
            for one in found:
                if one.address in self.surroundings.addresses:
                    readings.append(one)
                    self._remember(one)
                if len(self.heard) < HEARD_MAX or one.address in self.heard:
                    self.heard[one.address] = node_of(one)
        for (topic, words), count in faults.items():
            await self._note(words, f"{self.connection.id} {topic}", count)
        return readings

    def _remember(self, one: Reading) -> None:
        known = self.last.get(one.address)
        if known is None or (one.source_time or 0) >= (known.source_time or 0):
            self.last[one.address] = one

    def _now(self) -> int:
        """The plant's time, never the same twice: two values of one tag that arrive together are two."""
        self._newest = max(self.surroundings.plant_time(), self._newest + 1)
        return self._newest

    async def _note(self, words: Words, subject: str, count: int = 1) -> None:
        await self.surroundings.quarantine(subject, words, count=count)

    async def write(self, values: Mapping[str, Value]) -> None:
        raise WriteRefused(
            f"{self.connection.id} only sends: what it means to publish to another broker is not agreed upon; "
            "use Sparkplug B, OPC UA or Modbus to write"
        )

    async def browse(self) -> list[Node]:
        """What was heard since the driver runs, at most `HEARD_MAX` values."""
        return [self.heard[address] for address in sorted(self.heard)]


def node_of(one: Reading) -> Node:
    """A value that was heard, as something that can be ticked."""
    kinds = {bool: DataType.BOOLEAN, int: DataType.NUMBER, float: DataType.NUMBER, str: DataType.TEXT}
    kind = kinds.get(type(one.value))
    return Node(one.address, one.address.replace("#", "/"), kind, value=one.value if kind else None)


async def probe(connection: Connection) -> Found:
    """Listen for a few seconds, and read what comes as the settings say. Raises NotConnected."""
    reader = MessageReader.of(connection)
    broker = Broker(connection, f"lotone-trial-{uuid4().hex[:8]}", keep=False)
    nodes: dict[str, Node] = {}
    example, fault = "", None
    try:
        await broker.open()
        await broker.subscribe(list(dict.fromkeys(one.filter for one in reader.templates)))
        await broker.wait(LISTEN_S)
        await asyncio.sleep(GATHER_S if broker.inbox else 0)
        messages = list(broker.inbox)
        for message in messages:
            example = f"{message.topic} {bytes(message.payload)[:200].decode('utf-8', errors='replace')}"
            try:
                nodes |= {one.address: node_of(one) for one in reader.read(message.topic, bytes(message.payload), 0)}
            except Unreadable as unreadable:
                fault = unreadable.words
    except Lost as lost:
        raise NotConnected(lost.words.en.removeprefix("lost: ")) from None
    finally:
        await broker.close()
    return Found(_found_words(len(messages), example, fault), tuple(nodes[name] for name in sorted(nodes)[:HEARD_MAX]))


def _found_words(count: int, example: str, fault: Words | None) -> Words:
    if not count:
        return Words(
            f"an MQTT broker; nothing was published on these topics in {LISTEN_S:g} s: check the topics, or try again while "
            "the machine sends",
            f"MQTT 代理；{LISTEN_S:g} 秒内这些主题没有消息：请检查主题，或在设备发送时重试",
        )
    more = Words(f"; some can't be read: {fault.en}", f"；部分无法读取：{fault.zh}") if fault else Words("")
    return Words(
        f"an MQTT broker; {count} messages in a moment, the last one: {example}{more.en}",
        f"MQTT 代理；片刻内收到 {count} 条消息，最后一条：{example}{more.zh}",
    )


_FORGOTTEN = Words(
    "the broker forgot our session, so what was published while we were away is lost: let it keep sessions on disk "
    "(mosquitto: persistence true)",
    "代理丢失了我们的会话，离线期间发布的消息已丢失：请让代理将会话保存到磁盘（mosquitto：persistence true）",
)
_DROPPED = Words(
    "messages with QoS 0 came faster than they could be kept: publish with QoS 1, which waits",
    "QoS 0 消息到达过快，未能保存：请使用 QoS 1 发布，代理会等待",
)
