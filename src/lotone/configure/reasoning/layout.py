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


ARRAYS = tuple(name for name in Layout.__dataclass_fields__ if name != "variables")


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
