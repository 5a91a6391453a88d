"""Compiles clauses to a d-DNNF with d4 (Lagniez and Marquis 2017) in a process of its own, started by compiling.py as a file.

It imports nothing of LotOne, so it starts at once. Clauses come in as 32-bit numbers on the standard input, each clause
ended by 0; the d-DNNF goes out as d4's text. Whatever happens, the process ends by itself when its time is over or, on
Linux, when its parent dies: neither needs Python to be running, which d4 does not let it.

    python d4.py VARIABLES SECONDS MEGABYTES PARENT
"""

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
from array import array

import py_d4
from py_d4.options import dump_options_to_dict, load_options_from_dict

if sys.platform != "win32":
    import resource

OUT_OF_MEMORY = 3
_PR_SET_PDEATHSIG = 1
_MEBIBYTE = 1 << 20
_LARGE = 5_000
"""Clauses from which on d4 is told to take its first tree decomposition: looking for a better one of 350,687 clauses took four
of five seconds, and the circuit was the same."""
_NEVER_TOUCHED = 2048
"""Mebibytes of addresses that d4 takes and does not use: the limit of addresses is only the last resort, see compiling.py."""


def main() -> int:
    variables, seconds, megabytes, parent = (int(argument) for argument in sys.argv[1:])
    end_in_time(seconds, parent)
    limit_memory(megabytes)
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # d4 prints what it is doing
    try:
        text = compiled(clauses(sys.stdin.buffer.read()), variables)
    except MemoryError:
        return OUT_OF_MEMORY
    with os.fdopen(answer, "wb") as out:
        out.write(text.encode("ascii"))
    return 0


def end_in_time(seconds: int, parent: int) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=os.open(os.devnull, os.O_WRONLY))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)


def limit_memory(megabytes: int) -> None:
    if sys.platform != "win32":
        addresses = (megabytes + _NEVER_TOUCHED) * _MEBIBYTE
        resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clauses(data: bytes) -> list[list[int]]:
    numbers = array("i")
    numbers.frombytes(data)
    found: list[list[int]] = []
    clause: list[int] = []
    for number in numbers:
        if number:
            clause.append(number)
        else:
            found.append(clause)
            clause = []
    return found


def compiled(formula: list[list[int]], variables: int) -> str:
    solver = py_d4.Solver(formula, variables)
    options = dump_options_to_dict(solver.getOptions())
    if len(formula) > _LARGE:
        options["branching"]["partialOrder"]["budget"] = 1
    pages = options["cache"]["bucket"]
    pages["sizeFirstPage"], pages["sizeAdditionalPage"] = str(64 * _MEBIBYTE), str(32 * _MEBIBYTE)  # 4 GiB, else
    solver.setOptions(load_options_from_dict(options))
    text: str = solver.compile().getNNFString()
    return text


if __name__ == "__main__":
    sys.exit(main())
