"""How often one network address may change something as a guest: without cookies anybody is a new guest, from the same one."""

from collections import OrderedDict
from datetime import datetime
from math import ceil
from threading import Lock

from lotone.identity import caller_of
from lotone.kernel import Clock, Forbidden

KEPT = 10_000
"""Callers that are remembered; of more, those that were quiet for the longest time begin anew."""


class TooFast(Forbidden):
    """A guest asks for more than people do: wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"this is more than we can do for one address at a time; try again in {wait_s} s, or sign in")
        self.wait_s = wait_s


class Pace:
    """A bucket of tokens for each caller in each shop, refilled evenly; 0 a minute is no limit. Safe for threads.

    Each process of the web counts for itself.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        self.clock = clock
        self._left: OrderedDict[tuple[str, str], tuple[float, datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, shop: str, address: str) -> None:
        """Count one change. Raises TooFast."""
        if not self.per_minute:
            return
        key, now = (shop, caller_of(address)), self.clock()
        with self._lock:
            left, at = self._left.pop(key, (float(self.per_minute), now))
            left = min(self.per_minute, left + max(0.0, (now - at).total_seconds()) * self.per_minute / 60)
            self._left[key] = (left - 1 if left >= 1 else left), now
            while len(self._left) > KEPT:
                self._left.popitem(last=False)
        if left < 1:
            raise TooFast(ceil((1 - left) * 60 / self.per_minute))
