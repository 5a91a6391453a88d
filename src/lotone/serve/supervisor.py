"""The supervisor: starts programs in order, restarts those that die, and stops all of them together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog

from lotone.kernel import Unavailable

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.2
LAST_WAIT_S = 10.0
CALM_AFTER_S = 20.0
"""A program that lived this long is restarted at once when it dies; one that keeps dying waits longer each time."""
STOP_TIMEOUT_S = 8.0
_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG


class DidNotStart(Unavailable):
    """A program ended, or gave no sign of being ready in time, while the installation was starting."""


@dataclass
class Program:
    """One program to keep alive. `ready` says whether it can be used yet; `restart` False lets it end in peace."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    restart: bool = True
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    deaths: int = 0
    wait_s: float = FIRST_WAIT_S

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps programs alive from `start` until `stop`. `said` hears what happens, in short sentences."""

    def __init__(self, said: Callable[[str], None]) -> None:
        self.programs: dict[str, Program] = {}
        self.said = said
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self, program: Program, *, timeout_s: float = 60.0) -> None:
        """Start a program and wait until it is ready. Raises DidNotStart with the end of its log."""
        self.launch(program)
        self.wait_until_ready(program, timeout_s=timeout_s)

    def launch(self, program: Program) -> None:
        """Start a program without waiting for it."""
        with self._lock:
            self.programs[program.name] = program
            self._spawn(program)
        if not self._watcher.is_alive():
            self._watcher.start()

    def wait_until_ready(self, program: Program, *, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not program.ready():
            if program.deaths > 2 or time.monotonic() > deadline or self._stopping.is_set():
                raise DidNotStart(f"{program.name} did not start; the end of its log:\n{tail(program.log)}")
            time.sleep(0.05)

    def _spawn(self, program: Program) -> None:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as out:
            program.process = _open(program, out)
        program.started_at = time.monotonic()
        program.restart_at = None
        log.info("supervisor.started", program=program.name, pid=program.process.pid)

    def _watch(self) -> None:
        while not self._stopping.wait(0.05):
            with self._lock:
                for program in self.programs.values():
                    self._look_after(program)

    def _look_after(self, program: Program) -> None:
        now = time.monotonic()
        if program.restart_at is not None:
            if now >= program.restart_at and not self._stopping.is_set():
                self._spawn(program)
            return
        if program.process is None or program.is_alive or not program.restart:
            return
        program.deaths += 1
        program.wait_s = FIRST_WAIT_S if now - program.started_at > CALM_AFTER_S else min(program.wait_s * 2, LAST_WAIT_S)
        program.restart_at = now + program.wait_s
        self.said(f"{program.name} ended ({_ending(program.process.returncode)}); starting it again")

    def stop(self) -> None:
        """Stop everything, last started first; what does not end in time is killed."""
        self._stopping.set()
        with self._lock:
            programs = list(reversed(self.programs.values()))
        for program in programs:
            self.end(program)

    def end(self, program: Program, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Stop one program for good."""
        with self._lock:
            program.restart = False
            program.restart_at = None
        if program.process is None or not program.is_alive:
            return
        with contextlib.suppress(ProcessLookupError):
            program.process.send_signal(signal.SIGTERM)
        try:
            program.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            log.warning("supervisor.killed", program=program.name)
            program.process.kill()
            program.process.wait(5)


def _open(program: Program, out: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(program.command),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        env={**os.environ, **program.environment},
        start_new_session=True,  # Ctrl-C in the terminal reaches only the supervisor, which then stops them in order
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    """On Linux a program ends when the supervisor is killed, so that nothing is left behind holding ports and files."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def tail(path: Path, lines: int = 15) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return "(no log)"
