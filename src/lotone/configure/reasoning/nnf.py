"""Reads the text that the compiler d4 writes of a d-DNNF, and lays it out for the passes.

d4 writes lines `o 3 0` (or), `a 2 0` (and), `t 4 0` (true), `f 5 0` (false) for nodes and `3 4 1 -2 0` for arcs: from node 3
to node 4, where the literals 1 and -2 hold. Node 1 is the root. A variable that an arc does not speak of though its
neighbours do may be anything there; so may one that the root does not speak of.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lotone.configure.reasoning.layout import Drawing, Layout

_KINDS = {"o": -1, "a": -2, "t": -3, "f": -4}
_OR, _AND, _TRUE, _FALSE = _KINDS.values()
_ROOT = 1


def layout_of(text: str, variables: int) -> Layout:
    """The circuit that d4 wrote about variables 1..n."""
    graph = _Graph(text)
    drawing = Drawing(variables)
    if not graph.is_possible[_ROOT]:
        return drawing.layout()
    _Plan(graph, drawing).draw()
    return drawing.layout()


class _Graph:
    """The text as nodes and arcs, without what is impossible. Arcs of nodes and literals of arcs are ranges of arrays."""

    def __init__(self, text: str) -> None:
        for letter, number in _KINDS.items():
            text = text.replace(f"{letter} ", f"{number} ")
        numbers = np.fromstring(text, dtype=np.int64, sep=" ")
        ends = np.flatnonzero(numbers == 0)
        starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)
        is_node = numbers[starts] < 0
        nodes = starts[is_node]
        self.kind = np.zeros(int(numbers[nodes + 1].max(initial=_ROOT)) + 1, dtype=np.int64)
        self.kind[numbers[nodes + 1]] = numbers[nodes]
        arcs, after = starts[~is_node], ends[~is_node]
        order = np.argsort(numbers[arcs], kind="stable")
        arcs, after = arcs[order], after[order]
        self.child: list[int] = numbers[arcs + 1].tolist()
        self._values = numbers
        self._flat: list[int] = numbers.tolist()
        self._first: list[int] = (arcs + 2).tolist()
        self._after: list[int] = after.tolist()
        arcs_of = np.searchsorted(numbers[arcs], np.arange(len(self.kind) + 1)).tolist()
        self.kinds: list[int] = self.kind.tolist()
        self.arcs: list[Sequence[int]] = [range(arcs_of[node], arcs_of[node + 1]) for node in range(len(self.kinds))]
        self.order = self._from_below()
        self.is_possible = self._possible()
        self.parents = self._count_parents()

    def literals(self, arc: int) -> list[int]:
        return self._flat[self._first[arc] : self._after[arc]]

    def _from_below(self) -> list[int]:
        """The nodes that the root uses, each after those it uses itself."""
        order: list[int] = []
        seen = bytearray(len(self.kinds))
        seen[_ROOT] = 1
        waiting: list[tuple[int, Iterator[int]]] = [(_ROOT, iter(self.arcs[_ROOT]))]
        while waiting:
            node, arcs = waiting[-1]
            for arc in arcs:
                child = self.child[arc]
                if not seen[child]:
                    seen[child] = 1
                    waiting.append((child, iter(self.arcs[child])))
                    break
            else:
                order.append(node)
                waiting.pop()
        return order

    def _possible(self) -> bytearray:
        possible = bytearray(len(self.kinds))
        for node in self.order:
            kind = self.kinds[node]
            arcs = [arc for arc in self.arcs[node] if possible[self.child[arc]]]
            possible[node] = kind == _TRUE or (
                bool(arcs) if kind == _OR else kind == _AND and len(arcs) == len(self.arcs[node])
            )
            self.arcs[node] = arcs
        return possible

    def _count_parents(self) -> list[int]:
        parents = [0] * len(self.kinds)
        for node in self.order:
            if self.is_possible[node]:
                for arc in self.arcs[node]:
                    parents[self.child[arc]] += 1
        return parents


class _Plan:
    """Nodes that are no choice and that only one branch uses become part of that branch; what is free is found on the way.

    Sets of variables are bits of one integer: a union of thousands of variables is one operation.
    """

    def __init__(self, graph: _Graph, drawing: Drawing) -> None:
        self.graph = graph
        self.drawing = drawing
        self.number: dict[int, int] = {}
        self.speaks_of: dict[int, int] = {}
        self._uses_left = list(graph.parents)

    def draw(self) -> None:
        graph = self.graph
        for node in graph.order:
            if graph.is_possible[node] and node != _ROOT and not self._is_inside(node):
                self._draw_node(node)
        self._draw_root()

    def _is_inside(self, node: int) -> bool:
        """Whether the node is part of the branch that uses it."""
        kind = self.graph.kinds[node]
        return kind == _TRUE or ((kind == _AND or len(self.graph.arcs[node]) == 1) and self.graph.parents[node] == 1)

    def _draw_node(self, node: int) -> None:
        branches = self._branches(node)
        speaks_of = [self._variables(literals, children) for literals, children in branches]
        everything = _union(speaks_of)
        for (literals, children), own in zip(branches, speaks_of, strict=True):
            self.drawing.branch(literals, self._numbers(children), _members(everything & ~own))
        self.number[node] = self.drawing.node()
        self.speaks_of[node] = everything

    def _draw_root(self) -> None:
        """The root's branches, and around them what no clause speaks of."""
        self._draw_node(_ROOT)
        unsaid = ((1 << (self.drawing.variables + 1)) - 2) & ~self.speaks_of[_ROOT]
        if unsaid:
            self.drawing.branch([], [self.number[_ROOT]], _members(unsaid))
            self.drawing.node()

    def _branches(self, node: int) -> list[tuple[list[int], list[int]]]:
        graph = self.graph
        if graph.kinds[node] == _OR:
            return [self._together([arc]) for arc in graph.arcs[node]]
        return [self._together(graph.arcs[node])]

    def _together(self, arcs: Sequence[int]) -> tuple[list[int], list[int]]:
        """The literals and the drawn children of what holds together along these arcs."""
        graph = self.graph
        literals: list[int] = []
        children: list[int] = []
        waiting = list(arcs)
        while waiting:
            arc = waiting.pop()
            literals += graph.literals(arc)
            child = graph.child[arc]
            if self._is_inside(child):
                waiting += graph.arcs[child]
            else:
                children.append(child)
        return literals, children

    def _numbers(self, children: list[int]) -> list[int]:
        """The numbers of drawn nodes; the variables of a node that nobody will use again are forgotten."""
        for child in children:
            self._uses_left[child] -= 1
            if not self._uses_left[child]:
                del self.speaks_of[child]
        return [self.number[child] for child in children]

    def _variables(self, literals: list[int], children: list[int]) -> int:
        return _union([self.speaks_of[child] for child in children]) | _bits(literals)


_FEW = 24
"""Literals up to which setting bit after bit is faster than by arrays."""


def _bits(literals: list[int]) -> int:
    if len(literals) <= _FEW:
        found = 0
        for literal in literals:
            found |= 1 << abs(literal)
        return found
    variables = np.abs(np.array(literals))
    marks = np.zeros(int(variables.max()) + 1, dtype=np.uint8)
    marks[variables] = 1
    return int.from_bytes(np.packbits(marks, bitorder="little").tobytes(), "little")


def _union(sets: list[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found


def _members(bits: int) -> list[int]:
    if not bits:
        return []
    data: NDArray[np.uint8] = np.frombuffer(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), dtype=np.uint8)
    members: list[int] = np.flatnonzero(np.unpackbits(data, bitorder="little")).tolist()
    return members
