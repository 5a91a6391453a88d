"""Siemens S7-300/400/1200/1500 by the classic PUT/GET protocol: polled memory, and the log ring as over Modbus.

**Connection.** `s7://host:port/rack/slot`; port 102, rack 0 and slot 1 when left out. S7-1200 and 1500 are `/0/1`, S7-300 is
`/0/2`, S7-400 as its hardware configuration says. Settings, all optional: `poll_ms` (500), `every_s` (10: how often a value
that stays the same is recorded), `log` (below).

**In the controller.** S7-1200 and 1500: allow "PUT/GET communication from remote partner" under Protection, and switch off
"Optimized block access" of every data block that is read: optimized blocks have no addresses.

**Tag addresses.** As in STEP 7: `DB1.DBX0.3` a bit, `DB1.DBB0`, `DB1.DBW2`, `DB1.DBD4` a byte, word, double word; `M0.3`,
`MB0`, `MW10`, `MD4` memory; the same with `I` (or `E`) for inputs, `Q` (or `A`) for outputs. A type may follow:
`DB1.DBD4:REAL`, `DB1.DBW2:INT`; without one the value is unsigned. Types of 8 bytes and texts start at a byte:
`DB1.DBB8:LREAL`, `DB1.DBB20:STRING[30]`. Inputs can't be written.

**The log ring** is the one of `modbus.py`, in a data block of its own: `{"log": {"db": 10, "head": ..., ...}}`. Its numbers
count words: register 100 is byte 200. Tags that have a field in the ring are not polled, and a value that is only polled is
lost while nobody polls.

**Writing.** As over Modbus: by ascending address, neighbours together, the last value given (the request) at the end of the
last write.

The library blocks, for at most 5 s: each connection has a worker thread of its own, so that silent controllers hold up nobody.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from snap7 import Client
from snap7.error import S7Error, S7ProtocolError
from snap7.type import Area, WordLen

from lotone.assets import Value
from lotone.connect.drivers.line import Line, Lost, keep_quiet
from lotone.connect.drivers.log_reader import LogReader
from lotone.connect.drivers.modbus_registers import LogRing
from lotone.connect.drivers.poller import Poller
from lotone.connect.drivers.s7_places import Block, Place, blocks_of, decode, read_place, type_of, writes_of
from lotone.connect.model import (
    Connection,
    Deliver,
    Found,
    Misfit,
    Node,
    NotConnected,
    Status,
    Surroundings,
    WriteRefused,
    host_and_port,
    s7_rack_and_slot,
)
from lotone.kernel import Words

TROUBLE = (S7Error, OSError, TimeoutError)
_AREAS = {"DB": Area.DB, "M": Area.MK, "I": Area.PE, "Q": Area.PA}


class Controller:
    """One connection to a controller; requests go out one after the other. Each raises one of TROUBLE."""

    def __init__(self, address: str) -> None:
        keep_quiet("snap7")
        self.host, self.port = host_and_port(address, "s7", 102)
        self.rack, self.slot = s7_rack_and_slot(address)
        self._client = Client()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="s7")

    async def connect(self) -> None:
        await self._ask(lambda: self._client.connect(self.host, self.rack, self.slot, self.port))

    async def close(self) -> None:
        try:
            await self._ask(self._client.disconnect)
        finally:
            self._worker.shutdown(wait=False)

    async def read(self, area: str, db: int, first: int, count: int) -> bytes:
        return bytes(await self._ask(lambda: self._client.read_area(_AREAS[area], db, first, count)))

    async def write(self, place: Place, data: bytes) -> None:
        bit = place.kind == "BOOL"
        start, unit = (place.byte * 8 + place.bit, WordLen.Bit) if bit else (place.byte, WordLen.Byte)
        await self._ask(lambda: self._client.write_area(_AREAS[place.area], place.db, start, bytearray(data), unit))

    async def _ask(self, question: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._worker, question)

    def unreachable(self, fault: Exception) -> Words:
        """Why it can't be connected to: the port is closed, or there is no CPU in this rack and slot."""
        cause = fault.__cause__ or fault.__context__ or fault
        if isinstance(cause, OSError) or "TCP" in str(fault):
            return Words(
                f"lost: nothing answers at {self.host}:{self.port}; check that the controller is on and in this network",
                f"连接丢失：{self.host}:{self.port} 无应答；请检查控制器是否开机并在此网络中",
            )
        return Words(
            f"lost: {self.host} answers, but has no CPU for us in rack {self.rack}, slot {self.slot} ({fault}); S7-1200 and "
            "1500 are /0/1, S7-300 is /0/2; an S7-1200 or 1500 must allow PUT/GET"[:300],
            f"连接丢失：{self.host} 有应答，但机架 {self.rack} 插槽 {self.slot} 没有可用的 CPU；S7-1200/1500 为 /0/1，"
            "S7-300 为 /0/2；S7-1200/1500 须允许 PUT/GET",
        )


async def probe(connection: Connection) -> Found:
    """Raises NotConnected."""
    controller = Controller(connection.address)
    try:
        await controller.connect()
    except TROUBLE as fault:
        raise NotConnected(controller.unreachable(fault).en.removeprefix("lost: ")) from None
    finally:
        await controller.close()
    return Found(
        Words(
            "an S7 controller; it has no names: take the addresses from its program",
            "S7 控制器；其数据没有名称：请从控制程序查找地址",
        )
    )


class S7Driver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        settings = surroundings.connection.settings
        self.tags = Poller(surroundings, protocol="S7", place_of=read_place, blocks_of=blocks_of, read=self._read_block)
        log = settings.get("log")
        self.log_db = int(log["db"]) if log else 0
        self.log = LogReader(LogRing.from_settings(log), surroundings, self._log_registers) if log else None
        self.controller: Controller | None = None

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await self.tags.find_places(besides=self.log.ring.addresses if self.log else frozenset())
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        controller = Controller(self.surroundings.connection.address)
        try:
            try:
                await controller.connect()
            except TROUBLE as fault:
                raise Lost(controller.unreachable(fault)) from None
            self.controller = controller
            self.tags.begin_anew()
            await self._look(line)
            await self.surroundings.say(Status.CONNECTED, Words("connected", "已连接"))
            await line.confirm(await self.log.newest_record() if self.log else [])
            while True:
                await asyncio.sleep(self.tags.pause_s)
                await self._look(line)
        finally:
            self.controller = None
            await controller.close()

    async def _look(self, line: Line) -> None:
        if self.log:
            await self.log.read(line)
        await self.tags.poll(line)

    async def _read_block(self, block: Block) -> dict[Place, Value]:
        data = await self._bytes(block.area, block.db, block.first, block.count)
        return {place: decode(data[place.byte - block.first :][: place.length], place) for place in block.places}

    async def _log_registers(self, first: int, count: int) -> list[int]:
        data = await self._bytes("DB", self.log_db, first * 2, count * 2)
        return list(struct.unpack(f">{count}H", data))

    async def _bytes(self, area: str, db: int, first: int, count: int) -> bytes:
        """Raises Lost, NotConnected."""
        if self.controller is None:
            raise NotConnected(f"{self.surroundings.connection.id} can't be reached")
        try:
            return await self.controller.read(area, db, first, count)
        except TROUBLE as fault:
            raise Lost(_unread(fault, f"DB{db}" if area == "DB" else area, first, count)) from None

    async def write(self, values: Mapping[str, Value]) -> None:
        name, controller = self.surroundings.connection.id, self.controller
        writes = writes_of(values)
        if any(place.area == "I" for place, _ in writes):
            raise Misfit(Words("inputs can't be written", "输入不可写"))
        if controller is None:
            raise NotConnected(f"{name} can't be reached; nothing was written")
        for place, data in writes:
            try:
                await controller.write(place, data)
            except S7ProtocolError as fault:
                raise WriteRefused(
                    f"{name} refused to write {len(data)} bytes from {place.area}{place.db or ''} byte {place.byte}: {fault}; "
                    "check that the block exists, is long enough, not write-protected and not optimized"
                ) from None
            except TROUBLE as fault:
                raise NotConnected(f"{name} did not answer while it was written to: {fault}") from None

    async def browse(self) -> list[Node]:
        """S7 has no names to browse: what the tags' own addresses hold now."""
        nodes = []
        for address in self.surroundings.addresses:
            place = read_place(address)
            try:
                value = (await self._read_block(Block(place.area, place.db, place.byte, place.length, (place,))))[place]
            except Lost as fault:
                raise NotConnected(f"{self.surroundings.connection.id}: {fault}") from None
            nodes.append(Node(address, address, type_of(place), place.area != "I", value))
        return nodes


def _unread(fault: Exception, where: str, first: int, count: int) -> Words:
    if isinstance(fault, S7ProtocolError):
        return Words(
            f"lost: the controller refuses to read {where}, bytes {first} to {first + count - 1} ({fault}); check that "
            "the block exists and is long enough, that its optimized access is off, and that PUT/GET is allowed",
            f"连接丢失：控制器拒绝读取 {where} 的字节 {first} 至 {first + count - 1}；请检查数据块是否存在且足够长、"
            "是否已关闭优化访问、是否允许 PUT/GET",
        )
    return Words(f"lost: the controller stopped answering ({fault})"[:300], "连接丢失：控制器停止应答")
