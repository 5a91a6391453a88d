"""What the processes of an installation share: they stop on a signal, say when they are ready, and wait to be woken."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lotone.serve.folder import read_whole, write_whole


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """An event that is set when this process is asked to end (SIGTERM, or Ctrl-C)."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ready_file(run: Path, name: str) -> Path:
    return run / f"{name}.ready"


def say_ready(run: Path, name: str) -> None:
    """Tell whoever started this process that it can be used now."""
    write_whole(_ready_file(run, name), {"pid": os.getpid()})


def is_ready(run: Path, name: str, pid: int | None) -> bool:
    return pid is not None and read_whole(_ready_file(run, name)).get("pid") == pid


COLLECT_AFTER = 20_000
"""New objects between two collections: answers make thousands of short-lived ones."""
TURN_S = 0.001
"""How long a thread may compute before another has its turn; Python's own 5 ms let a request wait at every step."""


def answer_evenly() -> None:
    """Call it when a process has loaded what it needs: from then on no answer waits for work that is not its own.

    Collecting garbage looks at every object alive, a quarter of a second for the 300,000 of the loaded libraries; they
    never become garbage and are left out from now on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    sys.setswitchinterval(TURN_S)


GIVES_WAY = 5
"""Steps of priority down for programs that nobody waits for at a page; they still get their part of a busy computer."""


def give_way() -> None:
    """Let programs that answer people go first, where the system knows priorities."""
    if sys.platform != "win32":
        os.nice(GIVES_WAY)
