"""The engine's kernel: C, compiled for this platform, reached by ctypes. A call releases the GIL."""

import platform
from ctypes import CDLL, POINTER, Structure, addressof, c_double, c_int32, c_int64, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotone.kernel import Unavailable, native_library
from lotone.plan.solvers.engine.tables import ARRAYS, Tables

BUILT = Path(__file__).parent / "kernel" / "built"
_CACHE_LINE = 64


class NoEngine(Unavailable):
    """The kernel was not built, or not for this platform."""


class _Problem(Structure):
    """As in engine.h."""

    _fields_ = [
        *((name, c_int64) for name in ("operations", "machines", "modes", "plain")),
        *((name, c_void_p) for name in ARRAYS),
    ]


class _Solution(Structure):
    """As in engine.h."""

    _fields_ = [("order", c_void_p), ("mode", c_void_p), ("makespan", c_int64), ("moves", c_int64)]


@cache
def library() -> CDLL:
    """The library for this platform. Raises NoEngine."""
    try:
        loaded = native_library(BUILT)
        doors = {each: getattr(loaded, each) for each in _DOORS}
    except (OSError, AttributeError) as fault:
        raise NoEngine(f"no native search for {platform.platform()}: {fault}; build it with `python build_hook.py`") from fault
    for each, (result, *arguments) in _DOORS.items():
        doors[each].restype, doors[each].argtypes = result, arguments
    return loaded


_PROBLEM, _SOLUTION = POINTER(_Problem), POINTER(_Solution)
_DOORS: dict[str, tuple[Any, ...]] = {
    "bytes_needed": (c_int64, _PROBLEM),
    "open_state": (c_void_p, _PROBLEM, c_void_p, c_uint64),
    "dispatch": (None, _PROBLEM, c_void_p, _SOLUTION, c_double),
    "improve": (c_int64, _PROBLEM, c_void_p, _SOLUTION, c_int64, c_int64, c_void_p),
    "straighten": (None, _PROBLEM, c_void_p, _SOLUTION),
    "merge": (None, _PROBLEM, c_void_p, _SOLUTION, _SOLUTION, c_double, _SOLUTION),
    "starts": (None, _PROBLEM, c_void_p, _SOLUTION, c_void_p),
    "difference": (c_int64, _PROBLEM, c_void_p, _SOLUTION, _SOLUTION),
}


class Solution:
    """An order of all operations and a mode for each: every machine takes its operations in that order."""

    def __init__(self, order: NDArray[np.int32], mode: NDArray[np.int32]) -> None:
        self.order, self.mode = order.copy(), mode.copy()
        self.raw = _Solution(order=self.order.ctypes.data, mode=self.mode.ctypes.data)

    @property
    def makespan(self) -> int:
        return int(self.raw.makespan)

    def copy(self) -> "Solution":
        twin = Solution(self.order, self.mode)
        twin.raw.makespan = self.raw.makespan
        return twin


class Worker:
    """One search at a time on its own memory; its calls may run in a thread of their own."""

    def __init__(self, tables: Tables, seed: int, stop: c_int32) -> None:
        """`stop`: when somebody sets it, a call ends within a move. Raises NoEngine."""
        self.tables, self._stop = tables, stop
        self._native = library()
        self._problem = _Problem(
            **{name: getattr(tables, name) for name in ("operations", "machines", "modes", "plain")},
            **{name: getattr(tables, name).ctypes.data for name in ARRAYS},
        )
        self._memory = np.empty(self._native.bytes_needed(self._problem) + _CACHE_LINE, dtype=np.uint8)
        aligned = -(-self._memory.ctypes.data // _CACHE_LINE) * _CACHE_LINE
        self._state = c_void_p(self._native.open_state(self._problem, aligned, seed % (1 << 63)))

    def dispatch(self, noise: float) -> Solution:
        """A schedule by most work remaining, each operation's urgency raised by up to `noise` times itself."""
        solution = Solution(self.tables.order, self.tables.first_mode)
        self._native.dispatch(self._problem, self._state, solution.raw, noise)
        return solution

    def improve(self, solution: Solution, patience: int, target: int) -> int:
        """Make it better in place, until `patience` moves found nothing or the target is reached; returns the moves."""
        stop = c_void_p(addressof(self._stop))
        moves = int(self._native.improve(self._problem, self._state, solution.raw, patience, target, stop))
        self._native.straighten(self._problem, self._state, solution.raw)
        return moves

    def merge(self, one: Solution, other: Solution, share: float) -> Solution:
        """A schedule between two that were improved; `share` of the first."""
        between = Solution(one.order, one.mode)
        self._native.merge(self._problem, self._state, one.raw, other.raw, share, between.raw)
        return between

    def difference(self, one: Solution, other: Solution) -> int:
        """How many operations have another predecessor on their machine, or another mode."""
        return int(self._native.difference(self._problem, self._state, one.raw, other.raw))

    def starts(self, solution: Solution) -> NDArray[np.int64]:
        """When each operation starts, in the order of the instance."""
        start = np.empty(self.tables.operations, dtype=np.int64)
        self._native.starts(self._problem, self._state, solution.raw, start.ctypes.data)
        return start
