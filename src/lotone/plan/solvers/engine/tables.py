"""An instance as the kernel reads it: flat arrays, operations numbered from 1, 0 for none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lotone.plan.model.instance import Instance, Operation

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Arc = tuple[int, int]
"""Another operation, from 1, or 0 for none; and the least time between."""

ARRAYS = (
    "mode_start",
    "mode_machine",
    "mode_duration",
    "before",
    "before_lag",
    "after",
    "after_lag",
    "more_before_start",
    "more_before",
    "more_before_lag",
    "more_after_start",
    "more_after",
    "more_after_lag",
)
"""In the order of the kernel's structure."""
OPERATIONS_MAX = 1 << 24
"""Some 100 bytes for each of them and for each worker."""


@dataclass(frozen=True)
class Tables:
    """What engine.h calls a Problem; `mode_number` says which mode of its operation each of the modes was."""

    operations: int
    machines: int
    modes: int
    plain: int
    mode_start: Ints
    mode_machine: Ints
    mode_duration: Longs
    mode_number: Ints
    before: Ints
    before_lag: Longs
    after: Ints
    after_lag: Longs
    more_before_start: Ints
    more_before: Ints
    more_before_lag: Longs
    more_after_start: Ints
    more_after: Ints
    more_after_lag: Longs
    order: Ints
    first_mode: Ints


def fits(instance: Instance) -> bool:
    """Whether the engine can take it: makespan, machines for one operation at a time that are always open."""
    return (
        instance.objective == "makespan"
        and len(instance.operations) < OPERATIONS_MAX
        and all(each.capacity == 1 and not each.closed and not each.setup and not each.batch for each in instance.resources)
        and all(_fits(operation) for operation in instance.operations)
    )


def _fits(operation: Operation) -> bool:
    return all(len(mode.takes) == 1 for mode in operation.modes) and all(after.most is None for after in operation.after)


def tables_of(instance: Instance) -> Tables:
    """An instance that fits and has operations, as arrays."""
    modes = [list(_modes_of(operation)) for operation in instance.operations]
    before: list[list[Arc]] = [_arcs_before(operation) for operation in instance.operations]
    after: list[list[Arc]] = [[] for _ in instance.operations]
    for index, arcs in enumerate(before):
        for other, lag in arcs:
            if other:
                after[other - 1].append((index + 1, lag))
    mode_start = _starts(modes)
    first_before, more_before = _arrays(before)
    first_after, more_after = _arrays(after)
    flat = [mode for each in modes for mode in each]
    return Tables(
        operations=len(modes),
        machines=len(instance.resources),
        modes=len(flat),
        plain=int(not len(more_before[1]) and not len(more_after[1])),
        mode_start=mode_start,
        mode_machine=_ints(machine for _, machine, _ in flat),
        mode_duration=_longs(duration for _, _, duration in flat),
        mode_number=_ints(number for number, _, _ in flat),
        before=first_before[0],
        before_lag=first_before[1],
        after=first_after[0],
        after_lag=first_after[1],
        more_before_start=more_before[0],
        more_before=more_before[1],
        more_before_lag=more_before[2],
        more_after_start=more_after[0],
        more_after=more_after[1],
        more_after_lag=more_after[2],
        order=_ints(index + 1 for index in instance.order),
        first_mode=mode_start[:-1].copy(),
    )


def _modes_of(operation: Operation) -> Iterator[tuple[int, int, int]]:
    """Number, machine and duration of each; of several on one machine only the shortest."""
    best: dict[int, tuple[int, int]] = {}
    for number, mode in enumerate(operation.modes):
        if mode.machine not in best or mode.duration < best[mode.machine][0]:
            best[mode.machine] = (mode.duration, number)
    return ((number, machine, duration) for machine, (duration, number) in best.items())


def _arcs_before(operation: Operation) -> list[Arc]:
    """Its predecessors, each once with its greatest lag; a release is a lag from time 0."""
    least: dict[int, int] = {}
    for after in operation.after:
        least[after.operation + 1] = max(after.least, least.get(after.operation + 1, 0))
    if operation.release:
        least[0] = operation.release
    return list(least.items())


def _arrays(arcs: list[list[Arc]]) -> tuple[tuple[Ints, Longs], tuple[Ints, Ints, Longs]]:
    """The first arc of each operation, and the further ones one after the other."""
    first = [(0, 0), *(each[0] if each else (0, 0) for each in arcs)]
    more = [each[1:] for each in arcs]
    flat = [arc for each in more for arc in each]
    return (
        (_ints(other for other, _ in first), _longs(lag for _, lag in first)),
        (_starts(more), _ints(other for other, _ in flat), _longs(lag for _, lag in flat)),
    )


def _starts(lists: list[list[Arc]] | list[list[tuple[int, int, int]]]) -> Ints:
    """Where the entries of each operation start in the flat array; a place for none and one for the end."""
    return np.concatenate(([0, 0], np.cumsum([len(each) for each in lists]))).astype(np.int32)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int32)


def _longs(values: Iterable[int]) -> Longs:
    return np.fromiter(values, dtype=np.int64)
