"""The native passes over a circuit: circuit.c, compiled for this platform, reached by ctypes. A call releases the GIL."""

import platform
from array import array
from collections.abc import Sequence
from ctypes import CDLL, POINTER, Structure, c_double, c_int, c_int64, c_void_p
from functools import cache
from math import log2
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from lotone.configure.reasoning.kernel.passes import Counts, Found, TooLarge
from lotone.configure.reasoning.layout import ARRAYS, Layout
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.reasoning.reasoner import Costs
from lotone.kernel import native_library

log = structlog.get_logger(__name__)

BUILT = Path(__file__).parent / "built"
_FOUND, _IMPOSSIBLE, _TOO_LARGE, _WRONG_LITERAL = range(4)
_NO_COST: Costs = np.zeros(0, dtype=np.int64)
_LIMB_BITS = 64
_LIMBS_MAX = 1 << 27
"""A gibibyte for exact numbers."""
_SCRATCH = {
    "may": ("variables", 1, np.int8),
    "dead": ("branches", 0, np.int8),
    "cost": ("branches", 0, np.int64),
    "low": ("nodes", 0, np.int64),
    "high": ("nodes", 0, np.int64),
    "share": ("nodes", 0, np.float64),
    "scale": ("nodes", 0, np.int64),
    "around": ("nodes", 0, np.int64),
}
"""What a call works on: places for each variable, branch or node, and how many more."""


class _Circuit(Structure):
    """As in circuit.c."""

    _fields_ = [
        ("variables", c_int64),
        ("nodes", c_int64),
        ("branches", c_int64),
        *((name, c_void_p) for name in ARRAYS),
    ]


class _Scratch(Structure):
    """As in circuit.c."""

    _fields_ = [
        *((name, c_void_p) for name in _SCRATCH),
        ("length", c_void_p),
        ("node_limbs", c_void_p),
        ("limbs", c_void_p),
        ("product", c_void_p),
        ("product_size", c_int64),
    ]


class _Summary(Structure):
    """As in circuit.c."""

    _fields_ = [("low", c_int64), ("high", c_int64), ("share", c_double), ("scale", c_int64)]


@cache
def library() -> CDLL | None:
    """The library for this platform; None, said once, where there is none."""
    try:
        loaded = native_library(BUILT)
        for call in (loaded.answer, loaded.cheapest, loaded.count):
            call.restype = c_int
    except (OSError, AttributeError) as fault:
        log.warning("no native circuit on this platform, answers are slower", platform=platform.platform(), reason=str(fault))
        return None
    question = (POINTER(_Circuit), POINTER(_Scratch), c_void_p, c_int64)
    loaded.answer.argtypes = (*question, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, POINTER(_Summary))
    loaded.cheapest.argtypes = (*question, c_void_p, c_int64, c_void_p)
    loaded.count.argtypes = question
    return loaded


class _Place:
    """Memory that one call at a time works on."""

    def __init__(self, layout: Layout) -> None:
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.zeros(getattr(layout, what) + more, dtype=kind) for name, (what, more, kind) in _SCRATCH.items()
        }
        self.scratch = _Scratch(**{name: each.ctypes.data for name, each in self.arrays.items()})
        self.summary = _Summary()

    def make_room(self, starts: NDArray[np.int64]) -> None:
        """For exact numbers too: they take more memory than all else, so only where they are asked for."""
        if "limbs" in self.arrays:
            return
        largest = int(np.diff(starts).max(initial=0)) + 3
        more: dict[str, NDArray[Any]] = {
            "node_limbs": starts,
            "limbs": np.zeros(int(starts[-1]) + 1, dtype=np.uint64),
            "length": np.zeros(len(starts) - 1, dtype=np.int32),
            "product": np.zeros(2 * largest, dtype=np.uint64),
        }
        self.arrays |= more
        for name, each in more.items():
            setattr(self.scratch, name, each.ctypes.data)
        self.scratch.product_size = largest


class Native:
    """May be called from any thread: each call takes a place to work on, of which there are as many as calls at once."""

    def __init__(self, layout: Layout, native: CDLL) -> None:
        self.layout = layout
        self._native = native
        self._places: list[_Place] = []
        self._circuit = _Circuit(
            variables=layout.variables,
            nodes=layout.nodes,
            branches=layout.branches,
            **{name: getattr(layout, name).ctypes.data for name in ARRAYS},
        )
        self._size = layout.variables + 1
        self._lock = Lock()
        self._limbs: NDArray[np.int64] | None = None

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Found | None:
        literals = array("i", assumptions)
        can_be_in, can_be_out = np.empty(self._size, dtype=np.bool_), np.empty(self._size, dtype=np.bool_)
        low_with = np.empty(self._size, dtype=np.int64)
        place = self._take()
        try:
            result = self._native.answer(
                self._circuit,
                place.scratch,
                literals.buffer_info()[0],
                len(literals),
                cost.ctypes.data,
                min(len(cost), self._size),
                can_be_in.ctypes.data,
                can_be_out.ctypes.data,
                low_with.ctypes.data,
                place.summary,
            )
            summary = place.summary
            low, high, bits = summary.low, summary.high, summary.scale + log2(summary.share or 1.0)
        finally:
            self._places.append(place)
        if not self._is_found(result, assumptions):
            return None
        return Found(can_be_in, can_be_out, low_with, low, high, bits)

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        literals = array("i", assumptions)
        true = np.empty(self._size, dtype=np.bool_)
        place = self._take()
        try:
            result = self._native.cheapest(
                self._circuit,
                place.scratch,
                literals.buffer_info()[0],
                len(literals),
                cost.ctypes.data,
                min(len(cost), self._size),
                true.ctypes.data,
            )
        finally:
            self._places.append(place)
        return frozenset(np.flatnonzero(true).tolist()) if self._is_found(result, assumptions) else None

    def count(self, assumptions: Sequence[int]) -> int:
        place = self._take()
        try:
            root = self.layout.nodes - 1
            return self._number(place, root) if self._counted(place, assumptions) else 0
        finally:
            self._places.append(place)

    def counts(self, assumptions: Sequence[int]) -> Counts | None:
        place = self._take()  # kept: the numbers are read from it while the caller goes on
        return (lambda node: self._number(place, node)) if self._counted(place, assumptions) else None

    def _take(self) -> _Place:
        try:
            return self._places.pop()
        except IndexError:
            return _Place(self.layout)

    def _counted(self, place: _Place, assumptions: Sequence[int]) -> bool:
        literals = array("i", assumptions)
        place.make_room(self._node_limbs())
        result = self._native.count(self._circuit, place.scratch, literals.buffer_info()[0], len(literals))
        return self._is_found(result, assumptions)

    def _number(self, place: _Place, node: int) -> int:
        first, length = int(place.arrays["node_limbs"][node]), int(place.arrays["length"][node])
        return int.from_bytes(place.arrays["limbs"][first : first + length].tobytes(), "little")

    def _node_limbs(self) -> NDArray[np.int64]:
        """Where each node's number of solutions starts: room for the number that it has without assumptions."""
        with self._lock:
            if self._limbs is None:
                self._limbs = self._measure()
            return self._limbs

    def _measure(self) -> NDArray[np.int64]:
        place, marks = _Place(self.layout), np.empty(self._size, dtype=np.bool_)
        self._native.cheapest(self._circuit, place.scratch, 0, 0, _NO_COST.ctypes.data, 0, marks.ctypes.data)
        limbs = (place.arrays["scale"] + 2) // _LIMB_BITS + 1  # the pass up leaves the scale of every node's number
        starts = np.concatenate(([0], np.cumsum(limbs))).astype(np.int64)
        if starts[-1] > _LIMBS_MAX:
            raise TooHard(f"the exact number of configurations takes {starts[-1] >> 17} MiB; its logarithm is known")
        return starts

    def _is_found(self, result: int, assumptions: Sequence[int]) -> bool:
        if result == _TOO_LARGE:
            raise TooLarge
        if result == _WRONG_LITERAL:
            raise IndexError(f"one of {list(assumptions)[:20]} is no literal; variables are 1 to {self.layout.variables}")
        return result == _FOUND
