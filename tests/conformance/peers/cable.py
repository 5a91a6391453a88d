"""The network between a machine and us: a port that leads to another one until the cable is pulled."""

import asyncio
import contextlib

from conformance.bench import free_port
from conformance.peers.loop import Loop


class Cable:
    """Forwards `port` to `target`, both on this computer, while it is plugged."""

    def __init__(self, loop: Loop, target: int) -> None:
        self.loop = loop
        self.target = target
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def plug(self) -> None:
        self.loop.run(self._plug())

    def unplug(self) -> None:
        self.loop.run(self._unplug())

    async def _plug(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)

    async def _unplug(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._open |= {writer, far_writer}
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
            self._open -= {writer, far_writer}
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
