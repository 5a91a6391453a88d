"""Unit propagation over many clauses at once: what one literal alone decides, decided before a compiler begins."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
"""Clauses one after the other, each ended by 0."""


def propagated(numbers: Numbers, variables: int) -> Numbers | None:
    """Clauses with the same solutions: literals that are decided stand alone, and in no other clause; None when there is no
    solution. Clauses must be neither empty nor always true.

    A model's tree says of every feature that it needs its parent; where the parent is decided these clauses say nothing more,
    but d4 takes five times as long with them (2.4 s instead of 0.45 s for 2,514 features).
    """
    decided = np.zeros(variables + 1, np.int8)
    while True:
        ends = numbers == 0
        starts = np.flatnonzero(np.r_[True, ends[:-1]])
        alone = numbers[starts[np.diff(np.r_[starts, numbers.size]) == 2]]
        known = decided[np.abs(alone)]
        if np.any(known == -np.sign(alone)) or np.intersect1d(alone, -alone).size:
            return None
        decided[np.abs(alone)] = np.sign(alone)
        if not np.any(known == 0):
            return _with(numbers, decided)
        value = decided[np.abs(numbers)] * np.sign(numbers)
        satisfied = np.logical_or.reduceat(value > 0, starts)
        kept = ~np.repeat(satisfied, np.diff(np.r_[starts, numbers.size])) & (value >= 0)
        numbers = numbers[kept]
        if numbers.size and (numbers[0] == 0 or np.any((numbers[1:] == 0) & (numbers[:-1] == 0))):
            return None
        if not numbers.size:
            return _with(numbers, decided)


def _with(numbers: Numbers, decided: NDArray[np.int8]) -> Numbers:
    variables = np.flatnonzero(decided).astype(np.int32)
    alone = np.zeros(2 * variables.size, np.int32)
    alone[::2] = variables * decided[variables]
    return np.concatenate([alone, numbers])
