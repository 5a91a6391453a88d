"""MTConnect: machine tools whose agent tells, over HTTP, what they do.

**Connection.** `http://host:5000`, or `http://host:5000/<device>` for one device of several. Nothing is set.

**Tag addresses** are the ids of the agent's data items (`Xact`); browsing shows them with their names, kinds and units. A
number is read as one where the tag is one. A condition is a text: `normal`, `warning: ...`, `fault: ...`. `UNAVAILABLE` is a
value of bad quality. A time series becomes one value for each of its moments. Nothing can be written: the standard only reads.

**Nothing is lost** as long as the agent's buffer lasts: observations have sequence numbers, and we go on with the one
after the last that is on disk in our stream. When the buffer was overrun before we came back, or the agent was restarted, the
gap is noted with what is known of it.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from lotone.assets import BAD, DataType, Value, microseconds
from lotone.connect.drivers.line import Line, Lost, keep_quiet
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

ANSWER_S = 5.0
INTERVAL_MS = 200
HEARTBEAT_MS = 2_000
SILENCE_S = 6.0
"""An agent that sends not even heartbeats for this long is lost."""
COUNT = 1_000
DOCUMENT_MAX = 32 * 1024 * 1024
UNAVAILABLE = "UNAVAILABLE"
SEPARATE = frozenset({"Normal", "Warning", "Fault", "Unavailable"})
NUMERIC_EVENTS = frozenset({"PART_COUNT", "PATH_FEEDRATE_OVERRIDE", "ROTARY_VELOCITY_OVERRIDE", "LINE_NUMBER", "TOOL_NUMBER"})
BOOLEANS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}
UNITS = {
    "MILLIMETER": "mm", "CELSIUS": "°C", "REVOLUTION/MINUTE": "1/min", "PERCENT": "%", "AMPERE": "A", "VOLT": "V", "WATT": "W",
    "MILLIMETER/SECOND": "mm/s", "SECOND": "s", "DEGREE": "°", "HERTZ": "Hz", "NEWTON": "N", "NEWTON_METER": "Nm",
    "PASCAL": "Pa", "WATT_SECOND": "Ws", "KILOGRAM": "kg", "LITER": "l",
}  # fmt: skip


class NoAgent(ValueError):
    """What answers does not speak MTConnect."""


@dataclass(frozen=True)
class Observations:
    """One document of an agent: observations `readings`, of which `next` is the sequence after the last."""

    instance: str
    first: int
    next: int
    readings: Sequence[Reading]


def parse(document: bytes, kinds: Mapping[str, DataType]) -> Observations:
    """The observations of our data items in a streams document. Raises NoAgent."""
    root = _root(document, "MTConnectStreams")
    header = next((one for one in root if _name(one) == "Header"), None)
    try:
        assert header is not None
        numbers = header.attrib["instanceId"], int(header.attrib["firstSequence"]), int(header.attrib["nextSequence"])
    except (AssertionError, KeyError, ValueError):
        raise NoAgent("its answer has no header with instanceId and sequences") from None
    items = [one for one in root.iter() if one.attrib.get("dataItemId") in kinds and "timestamp" in one.attrib]
    items.sort(key=lambda one: int(one.attrib.get("sequence", "0")) if one.attrib.get("sequence", "0").isdecimal() else 0)
    return Observations(*numbers, [each for one in items for each in _readings(one, kinds[one.attrib["dataItemId"]])])


def _root(document: bytes, wanted: str) -> Any:
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise NoAgent(f"its answer is no XML that can be read: {fault}"[:200]) from None
    if _name(root) == "MTConnectError":
        raise NoAgent("; ".join(str(one.text) for one in root.iter() if _name(one) == "Error")[:200] or "it says only: error")
    if _name(root) != wanted:
        raise NoAgent(f"its answer is a {_name(root)[:40]}, not a {wanted}")
    return root


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _readings(item: Any, kind: DataType) -> Iterator[Reading]:
    address, text, name = item.attrib["dataItemId"], (item.text or "").strip(), _name(item)
    try:
        at = microseconds(datetime.fromisoformat(item.attrib["timestamp"]))
    except (ValueError, OverflowError):
        yield Reading(address, -1, text)  # a time that can't be: kept out with its reason
        return
    if name in SEPARATE:
        level, words = name.casefold(), text or item.attrib.get("nativeCode", "")
        is_there = name != "Unavailable"
        yield Reading(address, at, f"{level}: {words}" if words else level) if is_there else Reading(address, at, None, BAD)
    elif text == UNAVAILABLE or not text:
        yield Reading(address, at, None, BAD)
    elif "sampleCount" in item.attrib:
        yield from _series(address, at, text, item.attrib.get("sampleRate", ""), kind)
    else:
        yield Reading(address, at, _value(text, kind))


def _series(address: str, at: int, text: str, rate: str, kind: DataType) -> Iterator[Reading]:
    """The timestamp is that of the last value; without a rate nobody knows when the others were."""
    values = text.split()
    try:
        step = 1e6 / float(rate)
    except (ValueError, ZeroDivisionError):
        step, values = 0.0, values[-1:]
    for place, value in enumerate(values):
        yield Reading(address, at - round((len(values) - 1 - place) * step), _value(value, kind))


def _value(text: str, kind: DataType) -> Any:
    """In the tag's type where it can be; else the text, which is then refused with its reason."""
    if kind is DataType.TEXT:
        return text
    if kind is DataType.BOOLEAN:
        return BOOLEANS.get(text.casefold(), text)
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


def parse_probe(document: bytes) -> list[Node]:
    """The data items of a devices document. Raises NoAgent."""
    nodes: list[Node] = []
    waiting = [(one, "") for one in _root(document, "MTConnectDevices")]
    while waiting:
        element, path = waiting.pop()
        name = element.attrib.get("name") or element.attrib.get("id") or _name(element)
        if _name(element) == "DataItem":
            if element.attrib.get("id"):
                nodes.append(_node(element.attrib, path))
            continue
        is_step = _name(element) not in ("Devices", "Components", "DataItems", "Header", "Description")
        below = f"{path}{name}/" if is_step else path
        waiting += [(child, below) for child in reversed(element)]
    return nodes


def _node(item: Mapping[str, str], path: str) -> Node:
    category, kind = item.get("category", ""), item.get("type", "")
    is_number = category == "SAMPLE" or kind in NUMERIC_EVENTS or (category == "EVENT" and bool(item.get("units")))
    if item.get("units", "").endswith("_3D"):
        is_number = False
    data_type = DataType.NUMBER if is_number else DataType.TEXT
    unit = item.get("units", "")
    name = path + (item.get("name") or kind.casefold() or item["id"])
    return Node(item["id"], name, data_type, unit=UNITS.get(unit, unit.casefold()))


class Agent:
    """Requests to one agent. All raise Lost, with what to do."""

    def __init__(self, address: str) -> None:
        keep_quiet("httpx")
        self.address = address.rstrip("/")
        self.client = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_S, read=SILENCE_S), trust_env=False)

    async def close(self) -> None:
        await self.client.aclose()

    async def get(self, what: str) -> bytes:
        try:
            answer = await self.client.get(f"{self.address}/{what}")
        except (httpx.HTTPError, OSError) as fault:
            raise Lost(self.unreachable(fault)) from None
        if answer.status_code >= 500:
            raise Lost(self.wrong(f"it answers {answer.status_code}"))
        return answer.content

    async def current(self, kinds: Mapping[str, DataType]) -> Observations:
        return self.parsed(await self.get("current"), kinds)

    async def devices(self) -> list[Node]:
        try:
            return parse_probe(await self.get("probe"))
        except NoAgent as fault:
            raise Lost(self.wrong(str(fault))) from None

    def parsed(self, document: bytes, kinds: Mapping[str, DataType]) -> Observations:
        try:
            return parse(document, kinds)
        except NoAgent as fault:
            raise Lost(self.wrong(str(fault))) from None

    async def stream(self, start: int, kinds: Mapping[str, DataType]) -> AsyncIterator[Observations]:
        """Documents from a sequence on, as the agent gets them; heartbeats too. Ends by raising Lost."""
        wish = f"{self.address}/sample?from={start}&count={COUNT}&interval={INTERVAL_MS}&heartbeat={HEARTBEAT_MS}"
        try:
            async with self.client.stream("GET", wish) as answer:
                if not answer.headers.get("content-type", "").startswith("multipart/"):
                    await answer.aread()
                    self.parsed(answer.content, kinds)
                    raise Lost(self.wrong("it does not stream samples"))
                async for document in _parts(answer.aiter_raw()):
                    yield self.parsed(document, kinds)
        except NoAgent as fault:
            raise Lost(self.wrong(str(fault))) from None
        except (httpx.HTTPError, OSError) as fault:
            raise Lost(self.unreachable(fault)) from None

    def unreachable(self, fault: Exception) -> Words:
        if isinstance(fault, httpx.ReadTimeout | httpx.RemoteProtocolError | httpx.ReadError):
            return Words(
                f"lost: the agent at {self.address} stopped answering; check that the machine is on",
                f"连接丢失：{self.address} 的代理程序停止应答；请检查设备是否开机",
            )
        return Words(
            f"lost: nothing answers at {self.address}; check the address (the port is often 5000) and that the agent runs",
            f"连接丢失：{self.address} 无应答；请检查地址（端口通常为 5000）以及代理程序是否运行",
        )

    def wrong(self, reason: str) -> Words:
        return Words(
            f"lost: what answers at {self.address} is no MTConnect agent with this device ({reason}); check port and device",
            f"连接丢失：{self.address} 的应答不是含有该设备的 MTConnect 代理程序；请检查端口和设备名称",
        )


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The documents of a multipart stream by their stated lengths. Raises NoAgent."""
    held = b""
    async for chunk in chunks:
        held += chunk
        while True:
            head, end, rest = held.partition(b"\r\n\r\n")
            if not end:
                break
            length = _length(head)
            if len(rest) < length:
                break
            yield rest[:length]
            held = rest[length:].lstrip(b"\r\n")
        if len(held) > DOCUMENT_MAX:
            raise NoAgent(f"a document is longer than {DOCUMENT_MAX} bytes")


def _length(head: bytes) -> int:
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    raise NoAgent("a part of its stream does not say how long it is")


class MtConnectDriver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.last: dict[str, Reading] = {}

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        agent, kinds = Agent(self.surroundings.connection.address), self.surroundings.addresses
        position = self.surroundings.position()
        try:
            now = await agent.current(kinds)
            start = await self._start(now)
            self._remember(now.readings)
            await line.deliver(now.readings)  # with their own times, so it is no harm where they are known; tags may be new
            position.update(instance=now.instance, next=start)
            await self.surroundings.say(Status.CONNECTED, Words("connected", "已连接"))
            position["met"] = True
            is_confirmed = False
            async for one in agent.stream(start, kinds):
                if one.instance != now.instance:
                    raise Lost(_RESTARTED)
                await self._take(line, one)
                if not is_confirmed and one.next >= now.next:
                    await line.confirm(list(self.last.values()))
                    is_confirmed = True
            raise Lost(agent.unreachable(httpx.ReadError("the stream ended")))
        finally:
            await agent.close()

    async def _start(self, now: Observations) -> int:
        """Where to go on: after what was read before, else now. What is lost in between is noted."""
        position, subject = self.surroundings.position(), f"{self.surroundings.connection.id} buffer"
        instance, done = position.get("instance"), int(position.get("next", 0))
        if instance is None:
            return now.next
        if instance != now.instance:
            await self.surroundings.quarantine(subject, _OTHER_BUFFER)
            return now.first
        if done < now.first:
            await self.surroundings.quarantine(subject, _OVERRUN, count=now.first - done)
        return min(max(done, now.first), now.next)

    async def _take(self, line: Line, one: Observations) -> None:
        self._remember(one.readings)
        await line.deliver(one.readings)
        self.surroundings.position().update(instance=one.instance, next=one.next)

    def _remember(self, readings: Sequence[Reading]) -> None:
        for one in readings:
            known = self.last.get(one.address)
            if known is None or (one.source_time or 0) >= (known.source_time or 0):
                self.last[one.address] = one

    async def write(self, values: Mapping[str, Value]) -> None:
        raise WriteRefused(
            f"{self.surroundings.connection.id} only sends: MTConnect can't write; many controllers have OPC UA for that"
        )

    async def browse(self) -> list[Node]:
        return await look(self.surroundings.connection.address)


async def look(address: str) -> list[Node]:
    """What an agent's devices offer, with the values of now. Raises NotConnected."""
    agent = Agent(address)
    try:
        nodes = await agent.devices()
        kinds = {node.address: node.data_type for node in nodes if node.data_type}
        values = {one.address: one.value for one in (await agent.current(kinds)).readings}
    except Lost as fault:
        raise NotConnected(fault.words.en.removeprefix("lost: ")) from None
    finally:
        await agent.close()
    return [Node(one.address, one.name, one.data_type, value=values.get(one.address), unit=one.unit) for one in nodes]


async def probe(connection: Connection) -> Found:
    """Raises NotConnected."""
    nodes = await look(connection.address)
    return Found(
        Words(f"an MTConnect agent with {len(nodes)} data items", f"MTConnect 代理程序，共 {len(nodes)} 个数据项"),
        tuple(nodes),
    )


_RESTARTED = Words("lost: the agent was restarted", "连接丢失：代理程序已重新启动")
_OTHER_BUFFER = Words(
    "the agent was restarted with an empty buffer: what it held and we had not read is lost",
    "代理程序重启后缓冲区为空：尚未读取的数据已丢失",
)
_OVERRUN = Words(
    "the agent's buffer was overrun before it was read: make it larger (BufferSize), or find out why it was not reached",
    "代理程序的缓冲区在读取前已溢出：请加大缓冲区（BufferSize），或查明无法连接的原因",
)
