"""Compiles clauses into a circuit, within limits of time and memory, in a process that is killed when it exceeds them."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.layout import Layout
from lotone.configure.reasoning.limits import Limits, NoCompiler, TooHard
from lotone.configure.reasoning.nnf import layout_of
from lotone.configure.reasoning.small import WORK_MAX, compile_small
from lotone.configure.reasoning.units import propagated

COMPILER = "d4 1.0.0"
"""What makes circuits, as a part of the keys of stored ones."""
_PROCESS = Path(__file__).with_name("d4.py")
_OUT_OF_MEMORY = 3
_WORK_ALONE = 8_000_000
"""What we try ourselves where there is no d4: one or two seconds."""
_LOOK_S = 0.05
"""How often a compilation is looked at."""
_TEXT_SHARE = 48
"""A circuit as text may take this part of the memory: by default 32 MiB, read in some seconds with half a gigabyte."""
_NO_SOLUTION = "f 1 0\n"
_NOTHING_TO_SAY = "o 1 0\nt 2 0\n1 2 0\n"


class _Exceeded(Exception):
    """A limit, in words."""


def compile_clauses(clauses: Sequence[Sequence[int]], variables: int, limits: Limits | None = None) -> Circuit:
    """The circuit that has exactly the solutions of the clauses over the variables 1..n.

    Small models are compiled here and others by d4. Raises TooHard when that takes more time or memory than the limits
    allow, NoCompiler where d4 does not run.
    """
    small = compile_small(clauses, variables, work_max=WORK_MAX if is_available() else _WORK_ALONE)
    return Circuit(compile_with_d4(clauses, variables, limits or Limits()) if small is None else small)


def compile_with_d4(clauses: Sequence[Sequence[int]], variables: int, limits: Limits) -> Layout:
    """The same as a layout, by d4 alone, whatever the size. Raises as `compile_clauses` does."""
    if not is_available():
        raise NoCompiler("this platform has no wheel of d4, the compiler of large models (PyPI: d4Solver)")
    if not all(clauses):
        return layout_of(_NO_SOLUTION, variables)
    numbers = np.array(_flat(clauses), dtype=np.int32)
    largest = int(np.abs(numbers).max(initial=0))
    if largest > variables:
        raise IndexError(f"a clause speaks of variable {largest}, there are {variables}")
    if not largest:
        return layout_of(_NOTHING_TO_SAY, variables)
    decided = propagated(numbers, variables)
    if decided is None:
        return layout_of(_NO_SOLUTION, variables)
    text = _run(decided.tobytes(), variables, limits)
    if len(text) * _TEXT_SHARE > limits.megabytes << 20:
        raise _too_hard(variables, f"its circuit takes {len(text) >> 20} MiB as text, more than {limits.megabytes} MiB allow")
    return layout_of(text, variables)


def is_available() -> bool:
    """Whether this platform has the compiler."""
    return importlib.util.find_spec("py_d4") is not None


def _flat(clauses: Sequence[Sequence[int]]) -> list[int]:
    """The clauses, each ended by 0, without those that are always true and without literals written twice."""
    flat: list[int] = []
    for clause in clauses:
        if len(set(map(abs, clause))) == len(clause):
            flat += clause
        else:
            literals = set(clause)
            if any(-literal in literals for literal in literals):
                continue
            flat += literals
        flat.append(0)
    return flat


def _run(clauses: bytes, variables: int, limits: Limits) -> str:
    seconds = max(limits.seconds, 0.0)
    command = [sys.executable, "-P", str(_PROCESS), *map(str, (variables, ceil(seconds) + 1, limits.megabytes, os.getpid()))]
    with TemporaryFile() as given:  # not a pipe: one that is full when we look at the process would never be written on
        given.write(clauses)
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = _watched(process, seconds, limits.megabytes)
    except _Exceeded as limit:
        raise _too_hard(variables, str(limit)) from None
    finally:  # an interrupt must not leave it working
        process.kill()
        process.communicate()
    if process.returncode == 0:
        return out.decode("ascii")
    if process.returncode == _OUT_OF_MEMORY:
        raise _too_hard(variables, f"it takes more than {limits.megabytes} MiB")
    said = err.decode(errors="replace").strip().splitlines()
    why = said[-1] if said else "the compiler broke down"
    raise _too_hard(variables, f"{why} (it ended with {process.returncode})")


def _watched(process: "subprocess.Popen[bytes]", seconds: float, megabytes: int) -> tuple[bytes, bytes]:
    """What the process says when it ends by itself; its time and its memory are looked at meanwhile."""
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        try:
            return process.communicate(timeout=max(0.0, min(left, _LOOK_S)))
        except subprocess.TimeoutExpired:
            pass
        if left <= 0:
            raise _Exceeded(f"it does not compile within {seconds:g} seconds")
        if _memory(process.pid) > megabytes << 20:
            raise _Exceeded(f"it takes more than {megabytes} MiB")


def _memory(pid: int) -> int:
    """Bytes that a process has in memory; 0 where the platform does not tell, the process has a limit of its own then."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError, AttributeError):
        return 0


def _too_hard(variables: int, why: str) -> TooHard:
    return TooHard(f"the model of {variables} variables can't be compiled: {why}; a search answers instead")
