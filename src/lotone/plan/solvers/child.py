"""A process of low priority that improves and repairs plans for another one, and may be killed at any moment.

It has no database: it is given a problem and answers with a solution, so the plan stands as it stood until the answer is
applied. Questions go to its input as frames, answers come from its output, in any order; it ends when its input does
(`work.py` is what runs there).
"""

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any, BinaryIO, NamedTuple

import structlog

from lotone.plan.model.tasks import Problem, Solution

log = structlog.get_logger(__name__)

GRACE_S = 20.0
"""How much longer than asked a search may take (it is started, and reads the problem) before it counts as lost."""
LENGTH = struct.Struct("!Q")
COMMAND = (sys.executable, "-P", "-m", "lotone.plan.solvers.work")
BELOW_NORMAL = 0x4000
"""Windows' priority class; elsewhere the process itself steps back."""


class Question(NamedTuple):
    number: int
    use: str
    """`solve` or `repair`."""
    problem: Problem
    seconds: float


class Answer(NamedTuple):
    number: int
    solution: Solution | None
    fault: str


Asked = dict[int, "Future[Solution | None]"]
"""Who waits for an answer of one process."""


class Child:
    """The solver in another process, started when it is first asked and again after it died. May be used by any thread."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self.command = command
        self.process: subprocess.Popen[bytes] | None = None
        self.is_closed = False
        self._asked: Asked = {}
        self._numbers = count(1)
        self._lock = threading.Lock()

    def solve(self, problem: Problem, seconds: float) -> Solution | None:
        """As `solvers.solve`; None also when the process died meanwhile."""
        return self._ask("solve", problem, seconds)

    def repair(self, problem: Problem, seconds: float) -> Solution | None:
        """As `solvers.repair`; None also when the process died meanwhile."""
        return self._ask("repair", problem, seconds)

    def start(self) -> None:
        """Start the process now, so that the first answer need not wait for it."""
        with self._lock:
            self._alive()

    def close(self) -> None:
        """End the process for good; who waits for an answer or asks later gets none."""
        self.is_closed = True
        self._kill()

    def _kill(self) -> None:
        with self._lock:
            process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def _ask(self, use: str, problem: Problem, seconds: float) -> Solution | None:
        answer: Future[Solution | None] = Future()
        number = next(self._numbers)
        with self._lock:
            if self.is_closed:
                return None
            process, asked = self._alive(), self._asked
            asked[number] = answer
            try:
                _write(process.stdin, Question(number, use, problem, seconds))
            except OSError:
                asked.pop(number, None)
                log.warning("plan.solver_lost", use=use)
                return None
        try:
            return answer.result(seconds + GRACE_S)
        except (ChildLost, TimeoutError) as fault:
            log.warning("plan.solver_lost", use=use, reason=str(fault) or "it takes too long")
            if isinstance(fault, TimeoutError):
                self._kill()
            return None
        finally:
            asked.pop(number, None)

    def _alive(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.process, self._asked = _started(self.command), {}
            reader = threading.Thread(target=_hand_out, args=(self.process, self._asked), name="answers", daemon=True)
            reader.start()
        return self.process


def _hand_out(process: subprocess.Popen[bytes], asked: Asked) -> None:
    """Hand out answers until the process ends; who still waits then is told."""
    while (answer := _read(process.stdout)) is not None:
        waiting = asked.pop(answer.number, None)
        if answer.fault:
            log.warning("plan.solver_failed", fault=answer.fault)
        if waiting is not None:
            waiting.set_result(answer.solution)
    process.wait()
    while asked:
        with suppress(KeyError):
            asked.popitem()[1].set_exception(ChildLost(f"it ended with {process.returncode}"))
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()


class ChildLost(Exception):
    """The process ended before it answered."""


def _started(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    flags = BELOW_NORMAL if sys.platform == "win32" else 0
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=flags)


def _write(pipe: Any, frame: object) -> None:
    data = pickle.dumps(frame, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(LENGTH.pack(len(data)) + data)
    pipe.flush()


def _read(pipe: Any) -> Any:
    """The next frame; None at the end."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = pipe.read(length)
    return pickle.loads(data) if len(data) == length else None  # noqa: S301 (from a process of our own)


def serve(questions: BinaryIO, answers: BinaryIO, uses: dict[str, Callable[[Problem, float], Solution | None]]) -> None:
    """Answer questions, each on a thread of its own, until there are no more; then end without waiting for what runs."""
    lock = threading.Lock()
    if sys.platform != "win32":
        os.nice(10)

    def work(question: Question) -> None:
        try:
            answer = Answer(question.number, uses[question.use](question.problem, question.seconds), "")
        except Exception as fault:
            answer = Answer(question.number, None, f"{type(fault).__name__}: {fault}")
        with lock:
            _write(answers, answer)

    while (question := _read(questions)) is not None:
        threading.Thread(target=work, args=(question,), daemon=True).start()
    answers.flush()


def own_output() -> BinaryIO:
    """Standard output for frames only: whatever else would print there goes to standard error."""
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return frames
