"""A compiled model (smooth d-DNNF): one pass up and one pass down answer about every variable at once, exactly.

After Darwiche, "A differential approach to inference" (2003): a derivative of every literal by one pass each way; here the
sums are replaced by minima for costs (min-plus) and kept for numbers of solutions.
"""

from collections.abc import Sequence
from functools import cached_property
from math import prod
from random import Random

import numpy as np

from lotone.configure.reasoning.kernel import Passes, Plain, passes_over
from lotone.configure.reasoning.kernel.passes import Counts, TooLarge
from lotone.configure.reasoning.layout import Layout
from lotone.configure.reasoning.reasoner import Answer, Costs


class Circuit:
    """A Reasoner over what `compile_clauses` made. Never changes, and may be asked from any thread.

    Costs may end before the last variable; the rest costs nothing. All answers are exact, `log2_count` to 12 digits. Where the
    costs together exceed 2^61, `low` and `high` still hold, and `low_with` is None.
    """

    def __init__(self, layout: Layout, passes: Passes | None = None) -> None:
        self.layout = layout
        self._passes = passes or passes_over(layout)

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Answer | None:
        """Everything about all variables at once; None when the assumptions contradict the clauses."""
        if not self.layout.nodes:
            return None
        cost = np.ascontiguousarray(cost, dtype=np.int64)
        try:
            found = self._passes.answer(assumptions, cost)
        except TooLarge:
            found = self._plain.answer(assumptions, cost)
        if found is None:
            return None
        return Answer(found.can_be_in, found.can_be_out, found.low, found.high, found.low_with, found.log2_count)

    def is_possible(self, assumptions: Sequence[int]) -> bool:
        """Whether there is a solution with the assumptions."""
        return self.cheapest(assumptions, _FREE_OF_COST) is not None

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        """The true variables of a cheapest solution, always the same one; None when there is none."""
        if not self.layout.nodes:
            return None
        cost = np.ascontiguousarray(cost, dtype=np.int64)
        try:
            return self._passes.cheapest(assumptions, cost)
        except TooLarge:
            return self._plain.cheapest(assumptions, cost)

    def count(self, assumptions: Sequence[int]) -> int:
        """The exact number of solutions."""
        return self._passes.count(assumptions) if self.layout.nodes else 0

    def sample(self, assumptions: Sequence[int], chance: Random) -> frozenset[int] | None:
        """The true variables of a solution, every one exactly equally likely; None when there is none."""
        counts = self._passes.counts(assumptions) if self.layout.nodes else None
        return None if counts is None else frozenset(self._drawn(_Assumed(self.layout, assumptions), counts, chance))

    def _drawn(self, assumed: "_Assumed", counts: Counts, chance: Random) -> list[int]:
        """From the root down, each branch as likely as it has solutions among those of its node."""
        lists = self.layout.lists
        true: list[int] = []
        waiting = [self.layout.nodes - 1]
        while waiting:
            node = waiting.pop()
            branch = assumed.branch(node, counts, chance)
            true += [literal for literal in lists.literals[branch] if literal > 0]
            true += [variable for variable in lists.free[branch] if assumed.is_true(variable, chance)]
            waiting += lists.children[branch]
        return true

    @cached_property
    def _plain(self) -> Plain:
        return Plain(self.layout)


_FREE_OF_COST: Costs = np.zeros(0, dtype=np.int64)


class _Assumed:
    """What the assumptions leave to chance."""

    def __init__(self, layout: Layout, assumptions: Sequence[int]) -> None:
        self._lists = layout.lists
        self._assumed = frozenset(assumptions)

    def branch(self, node: int, counts: Counts, chance: Random) -> int:
        branches = self._lists.branches[node]
        if len(branches) == 1:
            return branches[0]
        place = chance.randrange(counts(node))
        for branch in branches:
            place -= self._count(branch, counts)
            if place < 0:
                return branch
        raise AssertionError(f"the branches of node {node} have fewer solutions than the node")

    def is_true(self, variable: int, chance: Random) -> bool:
        if self._is_free(variable):
            return chance.getrandbits(1) == 1
        return variable in self._assumed

    def _is_free(self, variable: int) -> bool:
        return variable not in self._assumed and -variable not in self._assumed

    def _count(self, branch: int, counts: Counts) -> int:
        lists = self._lists
        if any(-literal in self._assumed for literal in lists.literals[branch]):
            return 0
        free = sum(self._is_free(variable) for variable in lists.free[branch])
        return prod(counts(child) for child in lists.children[branch]) << free
