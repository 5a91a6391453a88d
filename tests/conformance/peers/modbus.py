"""A Modbus TCP server for the conformance suite."""

import struct
from collections.abc import Mapping
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType as Registers
from pymodbus.simulator import SimData, SimDevice

from conformance.bench import MessageServer, free_port
from conformance.peers.loop import Loop
from conformance.peers.machine import LOGGED, log_record, machine_tags
from lotone.connect import Connection


class ModbusPeer:
    """A Modbus TCP server with a log ring; the log goes on while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = False  # registers are always numbers
    head, first, records, size = 100, 110, 200, 20
    addresses: Mapping[str, str] = {
        "temperature": "holding:10:float32",
        "count": "holding:12:int32",
        "ready": "holding:14:uint16",
        "speed": "holding:20:float32",
        "request": "holding:22:uint32",
    }

    def __init__(self, _server: MessageServer) -> None:
        self.port = free_port()
        names = [["sequence", "uint32"], ["time", "uint64"]] + [[self.addresses[name], kind] for name, kind in LOGGED]
        log = {"head": self.head, "first": self.first, "records": self.records, "size": self.size, "fields": names}
        self.connection = Connection("press-1", "modbus", f"modbus://127.0.0.1:{self.port}/3", {"log": log, "poll_ms": 50})
        self.tags = machine_tags("press-1", self.addresses)
        self.bank = [0] * (self.first + self.records * self.size)
        self.sequence = 0
        self.writes: list[dict[str, Any]] = []
        self.loop = Loop()
        self.server: Any = None

    def plug(self) -> None:
        async def start() -> None:
            block = [SimData(0, count=len(self.bank), datatype=Registers.REGISTERS)]
            bits = [SimData(0, values=[False] * 16, datatype=Registers.BITS)]
            device = SimDevice(3, simdata=(bits, list(bits), block, list(block)), action=self._accessed)
            self.server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
            await self.server.serve_forever(background=True)

        self.loop.run(start())

    def unplug(self) -> None:
        self.loop.run(self.server.shutdown())
        self.server = None

    async def _accessed(self, _function: int, start: int, address: int, count: int, registers: Any, written: Any) -> None:
        if written is not None:
            self.bank[address : address + count] = list(written)
            self.writes.append({"first": address, "words": list(written)})
        registers[address - start : address - start + count] = self.bank[address : address + count]

    def say(self, at: int, **values: Any) -> None:
        self.sequence += 1
        data = log_record(self.sequence, at, values)
        words = list(struct.unpack(f">{len(data) // 2}H", data))
        place = self.first + (self.sequence % self.records) * self.size
        self.bank[place : place + len(words)] = words
        self.bank[self.head : self.head + 2] = struct.unpack(">2H", struct.pack(">I", self.sequence))

    def written(self) -> list[dict[str, Any]]:
        """The registers of each write as values: speed is a float32 at 20, request a uint32 at 22."""
        given = []
        for write in self.writes:
            data = struct.pack(f">{len(write['words'])}H", *write["words"])
            if write["first"] == 20 and len(data) == 8:
                speed, request = struct.unpack(">fI", data)
                given.append({"speed": speed, "request": request})
            else:
                given.append(write)
        return given

    def close(self) -> None:
        if self.server is not None:
            self.unplug()
        self.loop.close()
