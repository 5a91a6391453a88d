"""Modbus TCP: polled registers, and the log ring of machines that keep their samples until they are read.

**Connection.** `modbus://host:port/unit`. Settings, all optional: `poll_ms` (500), `every_s` (10: how often a value that
stays the same is recorded), `word_order` (`big`, or `little` for machines that send the low word of a 32- or 64-bit value
first), `log` (the ring, below).

**Tag addresses.** `holding:<register>:<type>` or `input:<register>:<type>`, type one of `int16 uint16 int32 uint32 int64
uint64 float32 float64` (1, 1, 2, 2, 4, 4, 2, 4 registers); `coil:<number>`, `discrete:<number>`. Numbers count from 0, as
on the wire. Values of several registers have the high word first. Only `holding` and `coil` can be written.

**The log ring** lets a reader that was away fetch everything it missed. All of it lies in holding registers:

    {"log": {"head": 1000, "first": 1010, "records": 2000, "size": 24,
             "fields": [["sequence", "uint32"], ["time", "uint64"],
                        ["holding:10:uint16", "uint16"], ["holding:12:float32", "float32"]]}}

- `head`: register of a `uint32`, the sequence of the newest complete record; 0 while there is none. Sequences start with 1,
  grow by 1 and survive a restart of the machine (when the head is lower than what was read before, it is a new log).
- The record with sequence `s` lies at register `first + (s % records) * size`.
- `fields` lie one after the other from the start of the record, without gaps; registers left over up to `size` are unused.
  The first two are always `sequence` (`uint32`, equal to the record's own sequence: a reader sees by it whether the record was
  overwritten) and `time` (`uint64`, microseconds since 1970 UTC, the source time of every value in the record).
  The others are named by the address of the tag they carry; their type in the ring may differ from the type in the address.
- A `float32` or `float64` field that is NaN is absent from this record: records need not carry every tag.
- The machine writes the record first and the head after it.

Tags that have a field in the ring are not polled. A reader that was away for more than `records` records has lost the oldest;
the loss is kept in the quarantine with its count.

**Writing.** All values of one call go out in as few blocks as their registers allow, by ascending register, neighbours
together, and the last value given (the request) is always in the last block, at its end when it is the neighbour
of the others: put the request register directly behind the parameter registers and all of it arrives in one write.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from lotone.assets import Value
from lotone.connect.drivers.line import Line, Lost, keep_quiet
from lotone.connect.drivers.log_reader import LogReader
from lotone.connect.drivers.modbus_registers import (
    Block,
    LogRing,
    Place,
    blocks_of,
    decode,
    read_place,
    type_of,
    writes_of,
)
from lotone.connect.drivers.poller import Poller
from lotone.connect.model import (
    Deliver,
    Node,
    NotConnected,
    Status,
    Surroundings,
    WriteRefused,
    host_and_port,
    modbus_unit,
)
from lotone.kernel import Words

ANSWER_S = 3.0


class ModbusDriver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        keep_quiet("pymodbus")
        self.surroundings = surroundings
        connection = surroundings.connection
        self.host, self.port = host_and_port(connection.address, "modbus", 502)
        self.unit = modbus_unit(connection.address)
        self.word_order = str(connection.settings.get("word_order", "big"))
        self.tags = Poller(surroundings, protocol="Modbus", place_of=read_place, blocks_of=blocks_of, read=self._read_block)
        log = connection.settings.get("log")
        self.ring = LogRing.from_settings(log) if log else None
        self.log = LogReader(self.ring, surroundings, self._log_registers, self.word_order) if self.ring else None
        self.client: AsyncModbusTcpClient | None = None

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await self.tags.find_places(besides=self.ring.addresses if self.ring else frozenset())
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        client = AsyncModbusTcpClient(self.host, port=self.port, timeout=ANSWER_S, retries=0, reconnect_delay=0)
        try:
            if not await client.connect():
                raise Lost(self._unreachable())
            self.client = client
            self.tags.begin_anew()
            await self.tags.poll(line)
            if self.log:
                await self.log.read(line)
            await self.surroundings.say(Status.CONNECTED, Words("connected", "已连接"))
            await line.confirm(await self.log.newest_record() if self.log else [])
            while True:
                await asyncio.sleep(self.tags.pause_s)
                if self.log:
                    await self.log.read(line)
                await self.tags.poll(line)
        except (ModbusException, OSError, TimeoutError) as fault:
            raise Lost(self._broken(fault)) from None
        finally:
            self.client = None
            client.close()

    # reading

    async def _read_block(self, block: Block) -> dict[Place, Value]:
        client = self._client()
        if block.area in ("coil", "discrete"):
            read = client.read_coils if block.area == "coil" else client.read_discrete_inputs
            bits = _checked(await read(block.first, count=block.count, device_id=self.unit), block.area, block.first).bits
            return {place: bool(bits[place.register - block.first]) for place in block.places}
        words = await self._registers(block.area, block.first, block.count)
        return {
            place: decode(words[place.register - block.first :][: place.length], place.kind, self.word_order)
            for place in block.places
        }

    async def _registers(self, area: str, first: int, count: int) -> list[int]:
        client = self._client()
        read = client.read_holding_registers if area == "holding" else client.read_input_registers
        registers: list[int] = _checked(await read(first, count=count, device_id=self.unit), area, first).registers
        if len(registers) != count:
            raise Lost(Words("lost: the machine sent fewer registers than asked for", "连接丢失：设备返回的寄存器数量不足"))
        return registers

    async def _log_registers(self, first: int, count: int) -> list[int]:
        return await self._registers("holding", first, count)

    # writing

    async def write(self, values: Mapping[str, Value]) -> None:
        writes = writes_of(values, self.word_order)
        client = self.client
        if client is None:
            raise NotConnected(
                f"{self.surroundings.connection.id} can't be reached at {self.host}:{self.port}; nothing was written"
            )
        for area, first, words in writes:
            try:
                if area == "coil":
                    answer = await client.write_coils(first, [bool(word) for word in words], device_id=self.unit)
                else:
                    answer = await client.write_registers(first, words, device_id=self.unit)
            except (ModbusException, OSError, TimeoutError) as fault:
                raise NotConnected(
                    f"{self.surroundings.connection.id} did not answer while it was written to: {fault}"
                ) from None
            if answer.isError():
                raise WriteRefused(
                    f"{self.surroundings.connection.id} refused to write {len(words)} registers from {first}: {answer}"
                )

    async def browse(self) -> list[Node]:
        """Modbus has no names to browse: what the tags' own addresses hold now."""
        nodes = []
        for address in self.surroundings.addresses:
            place = read_place(address)
            try:
                value = (await self._read_block(Block(place.area, place.register, place.length, (place,))))[place]
            except (Lost, ModbusException, OSError, TimeoutError) as fault:
                raise NotConnected(f"{self.surroundings.connection.id} does not answer: {fault}") from None
            writable = place.area in ("holding", "coil")
            nodes.append(Node(address, address, type_of(place.kind), writable, value))
        return nodes

    def _client(self) -> AsyncModbusTcpClient:
        if self.client is None:
            raise NotConnected(f"{self.surroundings.connection.id} can't be reached at {self.host}:{self.port}")
        return self.client

    def _unreachable(self) -> Words:
        return Words(
            f"lost: nothing answers at {self.host}:{self.port}; check that the machine is on and in this network",
            f"连接丢失：{self.host}:{self.port} 无应答；请检查设备是否开机并在此网络中",
        )

    def _broken(self, fault: Exception) -> Words:
        return Words(
            f"lost: the machine at {self.host}:{self.port} stopped answering ({fault})"[:300],
            f"连接丢失：{self.host}:{self.port} 的设备停止应答",
        )


def _checked(answer: Any, area: str, first: int) -> Any:
    """The answer, unless the machine refused: then the tag list asks for something it does not have."""
    if answer.isError():
        raise Lost(
            Words(
                f"lost: the machine refuses to read {area} {first} ({answer}); check the tags' addresses"[:300],
                f"连接丢失：设备拒绝读取 {area} {first}；请检查标签地址",
            )
        )
    return answer
