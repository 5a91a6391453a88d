"""The passes over a circuit in Python: slower, without limit to the size of costs, and with the native results."""

from collections.abc import Sequence
from math import log2

import numpy as np

from lotone.configure.reasoning.kernel.passes import COST_MAX, Counts, Found
from lotone.configure.reasoning.layout import Layout
from lotone.configure.reasoning.reasoner import NEVER, Costs

_MAY_BE_TRUE, _MAY_BE_FALSE, _MAY_BE_BOTH = 1, 2, 3
_DIGITS = 1000
"""Bits of a number that its logarithm is taken of."""


class Plain:
    """May be called from any thread: a call keeps what it works on to itself."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Found | None:
        run = _Run(self.layout, assumptions, cost)
        if not run.is_possible:
            return None
        high = _Run(self.layout, assumptions, -cost.astype(object))
        low, through = run.low[-1], run.through()
        can_be_in, can_be_out, low_with = run.spread(through)
        fits = int(np.abs(cost.astype(object)).sum()) <= COST_MAX
        return Found(
            can_be_in=np.array(can_be_in, dtype=np.bool_),
            can_be_out=np.array(can_be_out, dtype=np.bool_),
            low_with=np.array([NEVER if each is None else each for each in low_with], dtype=np.int64) if fits else None,
            low=0 if low is None else low,
            high=-(high.low[-1] or 0),
            log2_count=_log2(self.count(assumptions)),
        )

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        run = _Run(self.layout, assumptions, cost)
        return run.solution() if run.is_possible else None

    def count(self, assumptions: Sequence[int]) -> int:
        counts = self.counts(assumptions)
        return counts(self.layout.nodes - 1) if counts else 0

    def counts(self, assumptions: Sequence[int]) -> Counts | None:
        may, dead = _assume(self.layout, assumptions)
        lists = self.layout.lists
        found: list[int] = []
        for branches in lists.branches:
            total = 0
            for branch in branches:
                total += 0 if dead[branch] else _product(lists.children[branch], lists.free[branch], found, may)
            found.append(total)
        if not found or not found[-1] or 0 in may:
            return None
        return found.__getitem__


def _product(children: Sequence[int], free: Sequence[int], counts: Sequence[int], may: bytearray) -> int:
    product = 1 << sum(may[variable] == _MAY_BE_BOTH for variable in free)
    for child in children:
        product *= counts[child]
    return product


def _log2(number: int) -> float:
    spare = max(0, number.bit_length() - _DIGITS)
    return log2(number >> spare) + spare


def _assume(layout: Layout, assumptions: Sequence[int]) -> tuple[bytearray, bytearray]:
    """Which values each variable may have, and which branches an assumption contradicts."""
    may = bytearray([_MAY_BE_BOTH]) * (layout.variables + 1)
    dead = bytearray(layout.branches)
    for literal in assumptions:
        variable = abs(literal)
        if not 1 <= variable <= layout.variables:
            raise IndexError(f"there is no literal {literal}; variables are 1 to {layout.variables}")
        may[variable] &= _MAY_BE_TRUE if literal > 0 else _MAY_BE_FALSE
        opposite = 2 * variable + (literal > 0)
        for branch in layout.branches_with[layout.literal_branches[opposite] : layout.literal_branches[opposite + 1]].tolist():
            dead[branch] = 1
    return may, dead


class _Run:
    """The pass up for one question; None is the cost of what has no solution."""

    def __init__(
        self, layout: Layout, assumptions: Sequence[int], cost: "Costs | np.ndarray[tuple[int], np.dtype[np.object_]]"
    ) -> None:
        self.layout = layout
        self.lists = layout.lists
        self.price: list[int] = cost.tolist() + [0] * (layout.variables + 1 - len(cost))
        self.may, self.dead = _assume(layout, assumptions)
        self.low: list[int | None] = []
        self.cost: list[int | None] = []
        for branches in self.lists.branches:
            found = [self._of(branch) for branch in branches]
            self.cost += found
            self.low.append(min((each for each in found if each is not None), default=None))
        self.is_possible = bool(self.low) and self.low[-1] is not None and 0 not in self.may

    def _of(self, branch: int) -> int | None:
        if self.dead[branch]:
            return None
        total = sum(self.price[literal] for literal in self.lists.literals[branch] if literal > 0)
        total += sum(self.price[variable] for variable in self.lists.free[branch] if self._is_true(variable))
        for child in self.lists.children[branch]:
            low = self.low[child]
            if low is None:
                return None
            total += low
        return total

    def _is_true(self, variable: int) -> bool:
        """Whether a free variable is true in the cheapest solution."""
        may = self.may[variable]
        return may == _MAY_BE_TRUE or (may == _MAY_BE_BOTH and self.price[variable] < 0)

    def through(self) -> list[int | None]:
        """The pass down: for each branch the cost of the cheapest solution through it."""
        around: list[int | None] = [None] * self.layout.nodes
        through: list[int | None] = [None] * self.layout.branches
        around[-1] = 0
        for node in range(self.layout.nodes - 1, -1, -1):
            outside = around[node]
            for branch in self.lists.branches[node]:
                own = self.cost[branch]
                if outside is None or own is None:
                    continue
                total = through[branch] = outside + own
                for child in self.lists.children[branch]:
                    around[child] = _lesser(around[child], total - (self.low[child] or 0))
        return through

    def spread(self, through: Sequence[int | None]) -> tuple[list[bool], list[bool], list[int | None]]:
        """For each variable: can it be true, can it be false, and what the cheapest solution costs in which it is true."""
        places = self.layout.variables + 1
        can_be_out = [False] * places
        low_with: list[int | None] = [None] * places
        for branch, total in enumerate(through):
            if total is None:
                continue
            for literal in self.lists.literals[branch]:
                if literal > 0:
                    low_with[literal] = _lesser(low_with[literal], total)
                else:
                    can_be_out[-literal] = True
            for variable in self.lists.free[branch]:
                can_be_out[variable] |= bool(self.may[variable] & _MAY_BE_FALSE)
                if self.may[variable] & _MAY_BE_TRUE:
                    with_it = total if self._is_true(variable) else total + self.price[variable]
                    low_with[variable] = _lesser(low_with[variable], with_it)
        return [each is not None for each in low_with], can_be_out, low_with

    def solution(self) -> frozenset[int]:
        """The cheapest one: the first branch that costs least; a free variable is false unless that costs more."""
        true: list[int] = []
        waiting = [self.layout.nodes - 1]
        while waiting:
            node = waiting.pop()
            branch = next(each for each in self.lists.branches[node] if self.cost[each] == self.low[node])
            true += [literal for literal in self.lists.literals[branch] if literal > 0]
            true += [variable for variable in self.lists.free[branch] if self._is_true(variable)]
            waiting += self.lists.children[branch]
        return frozenset(true)


def _lesser(known: int | None, new: int) -> int:
    return new if known is None or new < known else known
