"""An S7 controller for the conformance suite: the server of python-snap7, with a log ring in a data block."""

import struct
from collections.abc import Mapping
from typing import Any

from snap7.server import Server
from snap7.type import SrvArea

from conformance.bench import MessageServer, free_port
from conformance.peers.machine import LOGGED, log_record, machine_tags
from lotone.connect import Connection


class WatchedServer(Server):
    """Notes what is written to it."""

    def __init__(self) -> None:
        super().__init__(log=False)
        self.writes: list[tuple[int, bytes]] = []
        self.requests: list[bytes] = []

    def _process_request(self, request_data: bytes, client_address: tuple[str, int]) -> bytes | None:
        self.requests.append(request_data)
        return super()._process_request(request_data, client_address)

    def _write_to_memory_area(self, area: Any, db_number: int, start: int, write_data: bytearray) -> bool:
        taken = super()._write_to_memory_area(area, db_number, start, write_data)
        if taken:
            self.writes.append((start, bytes(write_data)))
        return taken


class S7Peer:
    """DB1 is the process, DB10 the log; the log goes on while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = False  # memory is always bytes
    head, first, records, size = 0, 10, 200, 20
    addresses: Mapping[str, str] = {
        "temperature": "DB1.DBD0:REAL",
        "count": "DB1.DBD4:DINT",
        "ready": "DB1.DBX8.3",
        "speed": "DB1.DBD20:REAL",
        "request": "DB1.DBD24",
    }

    def __init__(self, _server: MessageServer | None = None) -> None:
        self.port = free_port()
        names = [["sequence", "uint32"], ["time", "uint64"]] + [[self.addresses[name], kind] for name, kind in LOGGED]
        log = {"db": 10, "head": self.head, "first": self.first, "records": self.records, "size": self.size, "fields": names}
        self.connection = Connection("press-1", "s7", f"s7://127.0.0.1:{self.port}/0/1", {"log": log, "poll_ms": 50})
        self.tags = machine_tags("press-1", self.addresses)
        self.process = bytearray(100)
        self.memory = bytearray(100)
        self.log = bytearray(2 * (self.first + self.records * self.size))
        self.sequence = 0
        self.server: WatchedServer | None = None
        self.writes: list[tuple[int, bytes]] = []

    def plug(self) -> None:
        self.server = WatchedServer()
        self.server.writes = self.writes
        self.server.register_area(SrvArea.DB, 1, self.process)
        self.server.register_area(SrvArea.DB, 10, self.log)
        self.server.register_area(SrvArea.MK, 0, self.memory)
        self.server.start_to("127.0.0.1", self.port)

    def unplug(self) -> None:
        assert self.server is not None
        self.server.stop()
        self.server = None

    def say(self, at: int, **values: Any) -> None:
        self.sequence += 1
        data = log_record(self.sequence, at, values)
        place = 2 * (self.first + (self.sequence % self.records) * self.size)
        self.log[place : place + len(data)] = data
        self.log[2 * self.head : 2 * self.head + 4] = struct.pack(">I", self.sequence)

    def written(self) -> list[dict[str, Any]]:
        """The bytes of each write as values: speed is a REAL at 20, request a DWORD at 24."""
        given: list[dict[str, Any]] = []
        for start, data in self.writes:
            if start == 20 and len(data) == 8:
                speed, request = struct.unpack(">fI", data)
                given.append({"speed": speed, "request": request})
            else:
                given.append({"first": start, "bytes": data})
        return given

    def close(self) -> None:
        if self.server is not None:
            self.unplug()
