"""Reading a machine's log ring from where it was left, over whatever protocol gives its registers: see `modbus.py`."""

from collections.abc import Awaitable, Callable

from lotone.connect.drivers.line import Line
from lotone.connect.drivers.modbus_registers import LogRing, decode
from lotone.connect.model import Reading, Surroundings
from lotone.kernel import Words

DELIVER_MAX = 2_000
"""Readings from the log that are put into the stream together."""
Registers = Callable[[int, int], Awaitable[list[int]]]
"""Gives as many 16-bit registers of the log as asked for, from the first one on; raises Lost."""


class LogReader:
    """Keeps how far the ring was read as `sequence` in the connection's position."""

    def __init__(self, ring: LogRing, surroundings: Surroundings, registers: Registers, word_order: str = "big") -> None:
        self.ring = ring
        self.surroundings = surroundings
        self.word_order = word_order
        self._registers = registers

    async def read(self, line: Line) -> None:
        """Read what the log has that was not read before, and note how far that was."""
        ring = self.ring
        position = self.surroundings.position()
        while True:
            newest = await self._newest()
            done = position.get("sequence", 0)
            if newest < done:
                done = 0  # a new log: the machine was replaced or emptied
            oldest = max(1, newest - ring.records + 1)
            if done and done + 1 < oldest:
                await self._note_lost(oldest - done - 1)
            sequence = max(done + 1, oldest)
            if sequence > newest:
                return
            readings, reached = await self._read_records(sequence, newest)
            await line.deliver(readings)
            position["sequence"] = reached

    async def newest_record(self) -> list[Reading]:
        """What the log said last; empty while it has nothing."""
        newest = await self._newest()
        return (await self._read_records(newest, newest))[0] if newest else []

    async def _newest(self) -> int:
        return int(decode(await self._registers(self.ring.head, 2), "uint32", self.word_order))

    async def _read_records(self, sequence: int, newest: int) -> tuple[list[Reading], int]:
        """Readings of records from `sequence` on, and the last sequence among them or known to be lost."""
        ring = self.ring
        readings: list[Reading] = []
        while sequence <= newest and len(readings) < DELIVER_MAX:
            count = ring.stretch(sequence, newest)
            words = await self._registers(ring.register(sequence), count * ring.size)
            for number in range(count):
                values = ring.values(words[number * ring.size : (number + 1) * ring.size], self.word_order)
                if values.pop("sequence") != sequence + number:
                    await self._note_lost(1)  # written over while it was read
                    continue
                at = int(values.pop("time"))
                readings += [Reading(address, at, value) for address, value in values.items()]
            sequence += count
        return readings, sequence - 1

    async def _note_lost(self, count: int) -> None:
        words = Words(
            "records of the machine's log were written over before they were read: make the log longer, or find out why "
            "the machine was not reached",
            "设备日志记录在读取前已被覆盖：请加大日志容量，或查明设备无法连接的原因",
        )
        await self.surroundings.quarantine(f"{self.surroundings.connection.id} log", words, count=count)
