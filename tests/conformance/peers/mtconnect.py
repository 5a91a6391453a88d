"""An MTConnect agent with a machine tool, for the conformance suite: probe, current, and sample as a stream."""

import asyncio
import contextlib
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from conformance.bench import MessageServer, free_port
from conformance.peers.loop import Loop
from conformance.peers.machine import machine_tags
from lotone.assets import moment
from lotone.connect import Connection

ITEMS = {
    "temperature": ("SAMPLE", "Temperature", "TEMPERATURE", "CELSIUS"),
    "count": ("EVENT", "PartCount", "PART_COUNT", ""),
    "ready": ("EVENT", "DoorState", "X_READY", ""),
    "recipe": ("EVENT", "Program", "PROGRAM", ""),
    "speed": ("SAMPLE", "RotaryVelocity", "ROTARY_VELOCITY", "REVOLUTION/MINUTE"),
    "request": ("EVENT", "Line", "LINE_NUMBER", ""),
}


class MtConnectPeer:
    """Its buffer holds `size` observations, and goes on being filled while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, _server: MessageServer | None = None, *, size: int = 1024) -> None:
        self.port = free_port()
        self.size = size
        self.instance = time.time_ns()
        self.connection = Connection("press-1", "mtconnect", f"http://127.0.0.1:{self.port}/mill")
        self.tags = machine_tags("press-1", {name: f"id_{name}" for name in ITEMS})
        self.buffer: list[tuple[int, str, int, str]] = []
        self.next = 1
        self.loop = Loop()
        self.said = asyncio.Condition()
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    @property
    def first(self) -> int:
        return max(1, self.next - self.size)

    def plug(self) -> None:
        async def start() -> None:
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

        self.loop.run(start())

    def unplug(self) -> None:
        async def stop() -> None:
            if self.server is not None:
                self.server.close()
                self.server = None
            for writer in self.writers:
                writer.transport.abort()

        self.loop.run(stop())

    def restart(self) -> None:
        """Another instance with an empty buffer."""
        self.unplug()
        self.instance, self.buffer, self.next = self.instance + 1, [], 1
        self.plug()

    def say(self, at: int, **values: Any) -> None:
        async def keep() -> None:
            async with self.said:
                for name, value in values.items():
                    text = str(value).lower() if isinstance(value, bool) else str(value)
                    self.buffer.append((self.next, name, at, text))
                    self.next += 1
                self.buffer = self.buffer[-self.size :]
                self.said.notify_all()

        self.loop.run(keep())

    def written(self) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        self.unplug()
        self.loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                await self._answer(line.decode().split()[1], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(target)
        wish = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        if parts.path == "/mill/probe":
            await self._send(writer, _devices())
        elif parts.path == "/mill/current":
            newest = {name: (sequence, name, at, text) for sequence, name, at, text in self.buffer}
            await self._send(writer, self._streams(list(newest.values()), self.next))
        elif parts.path == "/mill/sample" and self.first <= wish["from"] <= self.next:
            await self._stream(writer, wish)
        else:
            await self._send(writer, '<MTConnectError><Errors><Error errorCode="X">not so</Error></Errors></MTConnectError>')

    async def _stream(self, writer: asyncio.StreamWriter, wish: dict[str, int]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b7\r\n\r\n")
        start = wish["from"]
        while True:
            async with self.said:
                if start == self.next:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.said.wait(), wish["heartbeat"] / 1000)
                taken = [one for one in self.buffer if one[0] >= start][: wish["count"]]
                start = taken[-1][0] + 1 if taken else start
            document = self._streams(taken, start).encode()
            head = f"--b7\r\nContent-type: text/xml\r\nContent-length: {len(document)}\r\n\r\n"
            writer.write(head.encode() + document + b"\r\n")
            await writer.drain()
            await asyncio.sleep(min(wish["interval"], 20) / 1000)

    async def _send(self, writer: asyncio.StreamWriter, text: str) -> None:
        body = text.encode()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    def _streams(self, observations: list[tuple[int, str, int, str]], after: int) -> str:
        items = "".join(
            f'<{ITEMS[name][1]} dataItemId="id_{name}" sequence="{sequence}" '
            f'timestamp="{moment(at).isoformat().replace("+00:00", "Z")}">{escape(text)}</{ITEMS[name][1]}>'
            for sequence, name, at, text in observations
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.8">'
            f'<Header instanceId="{self.instance}" bufferSize="{self.size}" firstSequence="{self.first}" '
            f'lastSequence="{self.next - 1}" nextSequence="{after}"/><Streams><DeviceStream name="mill">'
            f'<ComponentStream component="Axes"><Samples>{items}</Samples></ComponentStream>'
            "</DeviceStream></Streams></MTConnectStreams>"
        )


def _devices() -> str:
    items = "".join(
        f'<DataItem category="{category}" id="id_{name}" name="{name}" type="{kind}" units="{unit}"/>'
        for name, (category, _element, kind, unit) in ITEMS.items()
    )
    return (
        '<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.8"><Header/><Devices><Device id="d" name="mill">'
        f'<DataItems>{items}</DataItems><Components><Controller id="c" name="control"><DataItems>'
        '<DataItem category="CONDITION" id="system" type="SYSTEM"/></DataItems></Controller></Components>'
        "</Device></Devices></MTConnectDevices>"
    )
