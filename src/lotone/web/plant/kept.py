"""Answers that are dear and change slowly, kept for some seconds so that many open pages ask once."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
MOST = 1_000


class Kept(Generic[Answer]):
    """`get(key, ask)` answers from memory while that is not older than `seconds`."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.now = now
        self._answers: dict[tuple[str, ...], tuple[float, Answer]] = {}
        self._asking = threading.Lock()

    def get(self, key: tuple[str, ...], ask: Callable[[], Answer]) -> Answer:
        """`key` begins with the installation's and the organization's name, so that nobody gets another's answer."""
        known = self._answers.get(key)
        if known is not None and self.now() - known[0] < self.seconds:
            return known[1]
        answer = ask()
        with self._asking:
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[key] = (self.now(), answer)
        return answer
