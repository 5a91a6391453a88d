"""What the processes of an installation share: they stop on a signal, say when they are ready, and wait to be woken."""

import os
import signal
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
