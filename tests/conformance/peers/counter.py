"""A driver as somebody else writes it: counts aloud, and lets itself be set. Found by entry point in the tests."""

import asyncio
from collections.abc import Mapping

from lotone.assets import DataType, Value
from lotone.connect import (
    Batch,
    Connection,
    Deliver,
    DriverKind,
    Found,
    Node,
    NotConnected,
    Reading,
    Status,
    Surroundings,
    WrongConnection,
)
from lotone.kernel import Words

OFFERED = Node("count", "Count", DataType.INTEGER, writable=True)


class Counter:
    """Counts from what was set last, a hundred times a second."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.next = 1

    async def run(self, deliver: Deliver) -> None:
        around = self.surroundings
        await around.say(Status.CONNECTED, Words("counting", "正在计数"))
        while True:
            reading = Reading("count", around.plant_time(), self.next)
            await deliver(Batch(around.organization, around.connection.id, [reading], around.receive_time()))
            self.next += 1
            await asyncio.sleep(0.01)

    async def write(self, values: Mapping[str, Value]) -> None:
        self.next = int(values["count"])

    async def browse(self) -> list[Node]:
        return [OFFERED]


def check(connection: Connection) -> None:
    if not connection.address.startswith("counter:"):
        raise WrongConnection("write counter: and a name", where=connection.id)


async def probe(connection: Connection) -> Found:
    if connection.address == "counter:off":
        raise NotConnected("the counter is off; switch it on")
    return Found(Words("a counter", "计数器"), (OFFERED,))


KIND = DriverKind(Words("Counter", "计数器"), Words("Counts.", "计数。"), "counter:one", Counter, check, probe)
