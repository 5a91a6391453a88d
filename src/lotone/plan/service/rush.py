"""Whether many change a plan at once: then who wants to change it waits for its turn, rather than working in vain."""

import time
from collections.abc import Hashable
from threading import Lock

LASTS_S = 2.0
"""So long after somebody was too late, others expect to be."""
FORGET_ABOVE = 1000


class Rush:
    """When somebody's change of each plan came too late last. Shared by all threads of a process."""

    def __init__(self) -> None:
        self._last: dict[Hashable, float] = {}
        self._lock = Lock()

    def note(self, plan: Hashable) -> None:
        with self._lock:
            if len(self._last) > FORGET_ABOVE:
                self._last.clear()
            self._last[plan] = time.monotonic()

    def is_on(self, plan: Hashable) -> bool:
        return time.monotonic() - self._last.get(plan, -LASTS_S) < LASTS_S
