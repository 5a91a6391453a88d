"""The kernel of plants: C, compiled for this platform, reached by ctypes. A call releases the GIL."""

import platform
from ctypes import CDLL, POINTER, Structure, c_double, c_int, c_int64, c_uint64, c_void_p
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotone.kernel import Unavailable
from lotone.plan.solvers.plant.shop import ARRAYS, Tables

BUILT = Path(__file__).parent / "kernel" / "built"
LIBRARIES = {
    ("Linux", "x86_64"): "linux-x86_64.so",
    ("Linux", "aarch64"): "linux-aarch64.so",
    ("Darwin", "x86_64"): "macos-x86_64.dylib",
    ("Darwin", "arm64"): "macos-arm64.dylib",
    ("Windows", "AMD64"): "windows-x86_64.dll",
}
_COUNTS = ("operations", "jobs", "resources", "families", "sites", "makespan")
_PRICES = ("late", "broken", "over", "complete", "flow", "setup", "moved", "changed")
_CACHE_LINE = 64
BY_DUE_DATE, BY_TARDINESS_COST = 0.0, 1.0


class NoPlantEngine(Unavailable):
    """The kernel was not built, or not for this platform."""


class _Shop(Structure):
    """As in plant.c."""

    _fields_ = [
        *((name, c_int64) for name in _COUNTS),
        *((name, c_void_p) for name in ARRAYS),
        *((f"price_{name}", c_double) for name in _PRICES),
    ]


class _Numbers(Structure):
    """As in plant.c."""

    _fields_ = [
        (name, c_double)
        for name in (
            "late", "broken", "over", "complete", "flow", "setups", "rates", "change", "makespan", "total", "unplaced",
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """What a plan costs, by part; `unplaced` counts operations without a place."""

    late: float
    broken: float
    over: float
    complete: float
    flow: float
    setups: float
    rates: float
    change: float
    makespan: float
    total: float
    unplaced: float


@dataclass(frozen=True)
class Layout:
    """A whole plan: for each operation its mode (counted over all operations) and start, for each role its member."""

    modes: NDArray[np.int32]
    starts: NDArray[np.int64]
    crew: NDArray[np.int32]
    cost: float


@cache
def library() -> CDLL:
    """The library for this platform. Raises NoPlantEngine."""
    name = LIBRARIES.get((platform.system(), platform.machine()), "")
    try:
        loaded = CDLL(str(BUILT / name))
        doors = {each: getattr(loaded, each) for each in _DOORS}
    except (OSError, AttributeError) as fault:
        reason = f"no search for plants on {platform.platform()}: {fault}; build it with `python build_hook.py`"
        raise NoPlantEngine(reason) from fault
    for each, (result, *arguments) in _DOORS.items():
        doors[each].restype, doors[each].argtypes = result, arguments
    return loaded


_DOORS: dict[str, tuple[Any, ...]] = {
    "room_of": (c_int64, POINTER(_Shop)),
    "open_plan": (c_void_p, POINTER(_Shop), c_void_p, c_uint64),
    "dispatch": (c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_int64),
    "set_plan": (None, c_void_p, c_void_p, c_void_p, c_void_p),
    "get_plan": (c_double, c_void_p, c_void_p, c_void_p, c_void_p),
    "return_to_best": (None, c_void_p),
    "search": (c_double, c_void_p, c_int64, c_double),
    "send_home": (c_double, c_void_p),
    "numbers_of": (None, c_void_p, POINTER(_Numbers)),
}
_CHANCE_BYTES = 40
"""Of what dispatching notes for each operation."""


class Plan:
    """One plan in the kernel's memory. One call at a time; different plans may be used by different threads."""

    def __init__(self, tables: Tables, seed: int) -> None:
        """Only what stays is placed. Raises NoPlantEngine."""
        self.tables, self._native = tables, library()
        shop = tables.shop
        counts = (tables.operations, len(shop.wanted), len(shop.machines), tables.families, len(shop.transport), shop.makespan)
        self._shop = _Shop(
            **dict(zip(_COUNTS, counts, strict=True)),
            **{name: tables.arrays[name].ctypes.data for name in ARRAYS},
            **{f"price_{name}": getattr(shop.prices, name) for name in _PRICES},
        )
        self._memory = np.zeros(self._native.room_of(self._shop) + _CACHE_LINE, dtype=np.uint8)
        aligned = -(-self._memory.ctypes.data // _CACHE_LINE) * _CACHE_LINE
        self._plan = c_void_p(self._native.open_plan(self._shop, aligned, seed))

    def dispatch(self, rule: float, left: NDArray[np.float64], *, look_ahead: float = 2.0, setup: float = 0.5) -> bool:
        """Place everything by a dispatching rule, on a plan on which nothing was placed yet; False: not possible.

        `left`: for each operation the least time from its start to the end of its job.
        """
        durations = self.tables.arrays["duration"]
        mean = float(durations.mean()) if len(durations) else 1.0
        rules = np.array([rule, look_ahead, setup, max(mean, 1.0)])
        chances = np.zeros(max(self.tables.operations, 1) * _CHANCE_BYTES, dtype=np.uint8)
        steps = 50 * self.tables.operations + 1000
        return bool(self._native.dispatch(self._plan, rules.ctypes.data, left.ctypes.data, chances.ctypes.data, steps))

    def place(self, layout: Layout) -> None:
        """Let every operation that may move stand as given; it must be possible."""
        modes, starts, crew = (np.ascontiguousarray(each) for each in (layout.modes, layout.starts, layout.crew))
        self._native.set_plan(self._plan, modes.ctypes.data, starts.ctypes.data, crew.ctypes.data)

    def best(self) -> Layout:
        """The best plan found so far."""
        modes = np.empty(self.tables.operations, dtype=np.int32)
        starts = np.empty(self.tables.operations, dtype=np.int64)
        crew = np.empty(max(self.tables.roles, 1), dtype=np.int32)
        cost = float(self._native.get_plan(self._plan, modes.ctypes.data, starts.ctypes.data, crew.ctypes.data))
        return Layout(modes, starts, crew, cost)

    def return_to_best(self) -> None:
        self._native.return_to_best(self._plan)

    def search(self, rounds: int, temperature: float) -> float:
        """Take operations out and put them back, so many times; gives the best cost. A round that makes the plan worse by
        x is kept with probability exp(-x / temperature)."""
        return float(self._native.search(self._plan, rounds, temperature))

    def send_home(self) -> float:
        """Let what was moved without a gain stand where it stood; gives the best cost."""
        return float(self._native.send_home(self._plan))

    def numbers(self) -> Numbers:
        """What the plan that stands costs."""
        numbers = _Numbers()
        self._native.numbers_of(self._plan, numbers)
        return Numbers(**{each.name: getattr(numbers, each.name) for each in fields(Numbers)})
