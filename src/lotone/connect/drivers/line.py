"""What drivers that call the machine have in common: reconnecting for ever, marking values stale, and confirming them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import structlog

from lotone.assets import STALE
from lotone.connect.model import MARK, Batch, Deliver, Reading, Status, Surroundings
from lotone.kernel import LotOneError, Words

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.25
LAST_WAIT_S = 5.0
LONGER = 1.6


def keep_quiet(library: str) -> None:
    """A protocol library's own log says what we say already, in words that help nobody: let only the worst through."""
    logging.getLogger(library).setLevel(logging.CRITICAL)


class Lost(Exception):
    """The machine can't be reached; `words` say why and what to do."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class Line:
    """One connection as its driver sees it: delivers readings and keeps the `stale_at` mark in the position."""

    def __init__(self, surroundings: Surroundings, deliver: Deliver) -> None:
        self.surroundings = surroundings
        self._deliver = deliver

    async def keep_up(self, session: Callable[[], Awaitable[None]]) -> None:
        """Run sessions one after the other, for ever; a session raises Lost when the machine is gone."""
        wait_s = FIRST_WAIT_S
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await session()
                words = Words("lost: the machine closed the connection", "连接丢失：设备关闭了连接")
            except Lost as fault:
                words = fault.words
            except LotOneError as fault:
                words = Words(str(fault))
            except Exception as fault:  # a machine that says something unheard-of must not end its driver
                log.exception("driver.failed", connection=self.surroundings.connection.id)
                words = Words(f"lost: {type(fault).__name__}: {fault}"[:300], f"连接丢失：{type(fault).__name__}"[:300])
            await self.surroundings.say(Status.LOST, words)
            await self.mark_stale()
            if asyncio.get_running_loop().time() - started > LAST_WAIT_S:
                wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * LONGER, LAST_WAIT_S)

    async def deliver(self, readings: Sequence[Reading]) -> None:
        """Returns once the readings are in the stream."""
        if readings:
            around = self.surroundings
            await self._deliver(Batch(around.organization, around.connection.id, readings, around.receive_time()))

    async def mark_stale(self) -> None:
        """Mark every tag, once, from the moment a machine that was reached before could not be reached."""
        position = self.surroundings.position()
        if position.get("met") and position.get("stale_at") is None:
            at = self.surroundings.plant_time()
            await self.deliver([Reading(address, at, None, STALE, MARK) for address in self.surroundings.addresses])
            position["stale_at"] = at

    async def confirm(self, current: Sequence[Reading]) -> None:
        """The machine was reached: values that are older than their stale mark are valid again, so say so with a sample
        of this moment."""
        position = self.surroundings.position()
        position["met"] = True
        stale_at = position.get("stale_at")
        if stale_at is None:
            return
        at = max(self.surroundings.plant_time(), stale_at + 1)
        again = [
            Reading(one.address, at, one.value, one.quality, MARK)
            for one in current
            if one.source_time is not None and one.source_time <= stale_at
        ]
        await self.deliver(again)
        position["stale_at"] = None
