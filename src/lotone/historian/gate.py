"""The gate: many may read the files at once; before files go away, readers who may need them are waited for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Counts who is reading, and how often what they read was moved."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reading: set[int] = set()
        self._next = 0
        self._closed = False
        self.moves = 0

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Yields the number of moves so far: if it is another one after reading, the answer may be torn."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            ticket = self._next
            self._next += 1
            self._reading.add(ticket)
            moves = self.moves
        try:
            yield moves
        finally:
            with self._changed:
                self._reading.discard(ticket)
                self._changed.notify_all()

    @contextmanager
    def moving(self) -> Iterator[None]:
        """What is read moves inside: new readers wait, and those who read already will find out afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self.moves += 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody reads inside: new readers wait, and those who read already are waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._reading)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

    def earlier_are_done(self, timeout_s: float) -> bool:
        """Wait for those who began to read before now; False if one of them still reads when the time is over."""
        with self._changed:
            now = self._next
            deadline = time.monotonic() + timeout_s
            return self._changed.wait_for(
                lambda: all(ticket >= now for ticket in self._reading), max(0.0, deadline - time.monotonic())
            )
