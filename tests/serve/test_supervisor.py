"""The supervisor restarts what dies, says so, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lotone.serve.supervisor import DidNotStart, Program, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

pytestmark = pytest.mark.journey


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    running = Supervisor(said.append)
    yield running
    running.stop()


def wait_for(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)


def test_a_killed_program_comes_back(supervisor: Supervisor, said: list[str], tmp_path: Path) -> None:
    program = Program("sleeper", SLEEP, tmp_path / "sleeper.log")
    supervisor.start(program)
    assert program.process
    first = program.process.pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: program.is_alive and program.process is not None and program.process.pid != first)
    assert said == ["sleeper ended (signal SIGKILL); starting it again"]


def test_a_program_that_cannot_start_is_reported_with_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('the port is taken'); raise SystemExit(3)"]
    with pytest.raises(DidNotStart, match="the port is taken"):
        supervisor.start(Program("broken", command, tmp_path / "broken.log", ready=lambda: False), timeout_s=20)


def test_stop_ends_even_a_stubborn_program(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _: None)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    log = tmp_path / "stubborn.log"
    stubborn = Program("stubborn", [sys.executable, "-c", code], log, ready=lambda: b"deaf" in log.read_bytes())
    supervisor.start(stubborn)
    supervisor.end(stubborn, timeout_s=0.3)
    assert not stubborn.is_alive
    supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end children with their parent")
def test_programs_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from lotone.kernel.log import start_logging
from lotone.serve.supervisor import Program, Supervisor
start_logging("parent")
program = Program("child", {SLEEP!r}, Path({str(tmp_path / "child.log")!r}))
Supervisor(print).start(program)
print(program.process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not _is_running(child))


def _is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
