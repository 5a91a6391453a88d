"""The beat of machines that are servers: they tick on an event loop until they are told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from lotone.demo.machines.station import Said, Station


async def beat(station: Station, show: Callable[[list[Said]], Awaitable[None]], *, last_words_s: float) -> None:
    """Tick and show what was said until SIGTERM or SIGINT; then stay reachable for a while, so that readers fetch what was
    said last."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    loop.add_signal_handler(signal.SIGINT, stopping.set)
    next_tick = loop.time()
    while not stopping.is_set():
        await show(station.tick())
        next_tick = max(next_tick + station.spec.interval_s, loop.time())
        await _wait(stopping, next_tick - loop.time())
    station.end()
    await asyncio.sleep(last_words_s)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
