"""Tags of protocols that tell nothing by themselves: polled, and told when they change and now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Set
from typing import Generic, TypeVar

from lotone.assets import Value
from lotone.connect.drivers.line import Line
from lotone.connect.model import Reading, Surroundings, WrongConnection
from lotone.kernel import Words

POLL_MS = 500
POLL_MS_MIN = 20
EVERY_S = 10.0
Place = TypeVar("Place")
"""Where a protocol's value lies, as read from a tag's address."""
Block = TypeVar("Block")
"""Places that are read together."""


class Poller(Generic[Place, Block]):
    """Polls the tags of a connection, by its settings `poll_ms` and `every_s`.

    `place_of` reads a tag's address and raises WrongConnection; `blocks_of` makes few reads of many places; `read` gives the
    value of each place of a block, and raises what the connection's end is told by.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        protocol: str,
        place_of: Callable[[str], Place],
        blocks_of: Callable[[Iterable[Place]], Iterable[Block]],
        read: Callable[[Block], Awaitable[Mapping[Place, Value]]],
    ) -> None:
        settings = surroundings.connection.settings
        self.pause_s = max(float(settings.get("poll_ms", POLL_MS)), POLL_MS_MIN) / 1000
        self.every_s = float(settings.get("every_s", EVERY_S))
        self.surroundings = surroundings
        self.places: dict[str, Place] = {}
        self._protocol = protocol
        self._place_of = place_of
        self._blocks_of = blocks_of
        self._read = read
        self._told: dict[str, tuple[Value, float]] = {}

    async def find_places(self, *, besides: Set[str]) -> None:
        """Take all tags `besides` some; one whose address can't be one is noted and left out."""
        for address in self.surroundings.addresses:
            if address in besides:
                continue
            try:
                self.places[address] = self._place_of(address)
            except WrongConnection as fault:
                words = Words(str(fault), f"“{address}”不是 {self._protocol} 地址")
                await self.surroundings.quarantine(address, words)

    def begin_anew(self) -> None:
        """Of a new session every value is news."""
        self._told = {}

    async def poll(self, line: Line) -> None:
        """Ask for all of them; deliver those that changed, and each of them now and then."""
        if not self.places:
            return
        values: dict[Place, Value] = {}
        for block in self._blocks_of(self.places.values()):
            values |= await self._read(block)
        now, at = asyncio.get_running_loop().time(), self.surroundings.plant_time()
        fresh = [
            Reading(address, at, values[place])
            for address, place in self.places.items()
            if self._is_news(address, values[place], now)
        ]
        await line.deliver(fresh)
        self._told |= {one.address: (one.value, now) for one in fresh}

    def _is_news(self, address: str, value: Value, now: float) -> bool:
        known = self._told.get(address)
        return known is None or known[0] != value or now - known[1] >= self.every_s
