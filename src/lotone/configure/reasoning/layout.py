"""The arrays that a compiled circuit (d-DNNF) is made of; nobody writes to them, so threads and processes share them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Layout:
    """Nodes, each a choice between branches of which no two hold together (Darwiche and Marquis 2002: smooth d-DNNF).

    In a branch its literals hold, its children (nodes) hold, and its free variables may be anything; no two of these speak of
    one variable. Nodes come after those they use, the last one is the root; without nodes there is no solution. Arrays named
    `x_y` have one place more than there are x and say where the y of each begin.
    """

    variables: int
    node_branches: Numbers
    branch_children: Numbers
    children: Numbers
    branch_literals: Numbers
    literals: Numbers
    """As indices: 2 * variable, plus 1 where negated."""
    branch_free: Numbers
    free: Numbers
    literal_branches: Numbers
    branches_with: Numbers
    """The branches in which a literal stands, for each literal by its index."""

    @property
    def nodes(self) -> int:
        return len(self.node_branches) - 1

    @property
    def branches(self) -> int:
        return len(self.branch_children) - 1

    @cached_property
    def lists(self) -> "Lists":
        """The same as Python lists, for what is done in Python."""
        return Lists(self)

    def is_sound(self) -> bool:
        """Whether every number is within what it counts, so that the passes read nothing else."""
        return (
            _divides(self.node_branches, self.branches)
            and all(_divides(starts, len(values)) for starts, values in self._parts())
            and all(len(starts) == self.branches + 1 for starts, _ in self._parts()[:3])
            and len(self.literal_branches) == 2 * self.variables + 3
            and _within(self.children, 0, self.nodes)
            and bool((self.children < np.repeat(self._node_of_branch(), np.diff(self.branch_children))).all())
            and _within(self.literals, 2, 2 * self.variables + 2)
            and _within(self.free, 1, self.variables + 1)
            and _within(self.branches_with, 0, self.branches)
        )

    def _parts(self) -> list[tuple[Numbers, Numbers]]:
        return [
            (self.branch_children, self.children),
            (self.branch_literals, self.literals),
            (self.branch_free, self.free),
            (self.literal_branches, self.branches_with),
        ]

    def _node_of_branch(self) -> Numbers:
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.node_branches))


ARRAYS = tuple(name for name in Layout.__dataclass_fields__ if name != "variables")


def _divides(starts: Numbers, length: int) -> bool:
    return len(starts) > 0 and starts[0] == 0 and starts[-1] == length and bool((np.diff(starts) >= 0).all())


def _within(values: Numbers, low: int, end: int) -> bool:
    return not len(values) or bool(values.min() >= low and values.max() < end)


class Lists:
    """Branches of nodes, and children, literals (negative where negated) and free variables of branches."""

    def __init__(self, layout: Layout) -> None:
        self.branches = [range(first, after) for first, after in _bounds(layout.node_branches)]
        self.children = _parts(layout.branch_children, layout.children)
        signs = 1 - 2 * (layout.literals & 1)
        self.literals = _parts(layout.branch_literals, (layout.literals >> 1) * signs)
        self.free = _parts(layout.branch_free, layout.free)


def _bounds(starts: Numbers) -> list[tuple[int, int]]:
    values = starts.tolist()
    return list(pairwise(values))


def _parts(starts: Numbers, values: Numbers) -> list[list[int]]:
    flat = values.tolist()
    return [flat[first:after] for first, after in _bounds(starts)]


class Drawing:
    """A circuit while it is made, node by node from below; `layout` is what it became."""

    def __init__(self, variables: int) -> None:
        self.variables = variables
        self._node_branches = [0]
        self._children: list[int] = []
        self._branch_children = [0]
        self._literals: list[int] = []
        self._branch_literals = [0]
        self._free: list[int] = []
        self._branch_free = [0]

    def branch(self, literals: list[int], children: list[int], free: list[int]) -> None:
        """One more branch of the node that is next."""
        self._children += children
        self._branch_children.append(len(self._children))
        self._literals += literals
        self._branch_literals.append(len(self._literals))
        self._free += free
        self._branch_free.append(len(self._free))

    def node(self) -> int:
        """The branches since the last node make one; its number."""
        self._node_branches.append(len(self._branch_children) - 1)
        return len(self._node_branches) - 2

    def layout(self) -> Layout:
        literals = _array(self._literals)
        literals = (2 * np.abs(literals) + (literals < 0)).astype(np.int32)
        branches = np.repeat(np.arange(len(self._branch_children) - 1, dtype=np.int32), np.diff(self._branch_literals))
        order = np.argsort(literals, kind="stable")
        starts = np.searchsorted(literals[order], np.arange(2 * self.variables + 3))
        return Layout(
            variables=self.variables,
            node_branches=_array(self._node_branches),
            branch_children=_array(self._branch_children),
            children=_array(self._children),
            branch_literals=_array(self._branch_literals),
            literals=literals,
            branch_free=_array(self._branch_free),
            free=_array(self._free),
            literal_branches=starts.astype(np.int32),
            branches_with=branches[order],
        )


def _array(values: list[int]) -> Numbers:
    return np.array(values, dtype=np.int32)
