"""Turns: one at a time, first come first served, and nobody is held up for long."""

import threading
import time

import pytest

from lotone.web import turns
from lotone.web.turns import Turns

FOREVER_S = 30.0


def test_only_one_computes_at_a_time() -> None:
    ours, inside, most = Turns(), 0, 0
    lock = threading.Lock()

    def answer() -> None:
        nonlocal inside, most
        with ours.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.002)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FOREVER_S)
    assert most == 1


def test_who_waits_too_long_goes_on_beside_the_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    ours, may_end, answered = Turns(), threading.Event(), threading.Event()

    def slow() -> None:
        with ours.turn():
            may_end.wait(FOREVER_S)

    def quick() -> None:
        with ours.turn():
            answered.set()

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for thread in threads:
        thread.start()
    assert answered.wait(FOREVER_S)
    may_end.set()
    for thread in threads:
        thread.join(FOREVER_S)


def test_a_turn_that_fails_is_given_back() -> None:
    ours = Turns()
    with pytest.raises(ZeroDivisionError), ours.turn():
        raise ZeroDivisionError
    begun = time.monotonic()
    with ours.turn():
        assert time.monotonic() - begun < turns.PATIENCE_S
