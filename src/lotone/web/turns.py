"""Turns for answers that mostly compute: one after the other each is ready sooner than all of them at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

PATIENCE_S = 0.1
"""Nobody waits longer for a turn: one question that takes long must not hold up other shops."""


class Turns:
    """One answer is computed at a time, first come, first served; whoever has waited `PATIENCE_S` goes on beside it.

    Python computes in one thread at a time whatever they do. Ten answers of 10 ms that share it are all ready after 100 ms,
    and each switch between them costs; in turns the first is ready after 10 ms and the last after 100.
    """

    def __init__(self) -> None:
        self._free = Semaphore()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = self._free.acquire(timeout=PATIENCE_S)
        try:
            yield
        finally:
            if mine:
                self._free.release()
