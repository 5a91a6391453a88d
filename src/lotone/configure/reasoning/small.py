"""Compiles small models here, at once and on every platform: consumer products in milliseconds, 1,000 features in 0.1 s.

Exhaustive search with components that are solved apart and remembered, as sharpSAT does it (Thurley 2006), keeping the
trace (Darwiche 2004). What exceeds the budget is for d4.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lotone.configure.reasoning.layout import Drawing, Layout

Literals = tuple[int, ...]

WORK_MAX = 500_000
"""Clauses that may be looked at before we give up: about a tenth of a second."""
_LOOKS = 100
"""How often each clause must at least be looked at: with less work allowed it is not worth the try."""
_DEPTH_MAX = 150
"""Decisions in a row."""


class _TooLarge(Exception):
    """The model does not compile within the budget."""


def compile_small(clauses: Sequence[Sequence[int]], variables: int, *, work_max: int = WORK_MAX) -> Layout | None:
    """The circuit of the clauses over the variables 1..n; None when that takes more work than a small model may."""
    if len(clauses) * _LOOKS > work_max:
        return None
    largest = max((abs(literal) for clause in clauses for literal in clause), default=0)
    if largest > variables:
        raise IndexError(f"a clause speaks of variable {largest}, there are {variables}")
    try:
        return _Search(variables, work_max).layout(clauses)
    except _TooLarge:
        return None


@dataclass(frozen=True)
class _Branch:
    """One way: these literals hold, each of these nodes is solved by itself, these variables may be anything."""

    literals: Literals
    nodes: tuple[int, ...]
    free: Literals


class _Search:
    def __init__(self, variables: int, work_max: int) -> None:
        self._drawing = Drawing(variables)
        self._everything = frozenset(range(1, variables + 1))
        self._known: dict[frozenset[Literals], int | None] = {}
        self._work_left = work_max

    def layout(self, clauses: Sequence[Sequence[int]]) -> Layout:
        plain = [tuple(dict.fromkeys(clause)) for clause in clauses if not _is_always_true(clause)]
        literals = [clause[0] for clause in plain if len(clause) == 1]
        others = [clause for clause in plain if len(clause) > 1]
        propagated = self._propagated(others, literals) if all(plain) else None
        root = self._branch(*propagated, self._everything, depth=0) if propagated else None
        if root is None:
            return Drawing(self._drawing.variables).layout()
        self._node_of([root])
        return self._drawing.layout()

    def _propagated(self, clauses: list[Literals], literals: Sequence[int]) -> tuple[set[int], list[Literals]] | None:
        """What follows from the literals by unit propagation, and the clauses that are left; None is a contradiction."""
        implied: set[int] = set()
        waiting = list(literals)
        while waiting:
            literal = waiting.pop()
            if -literal in implied:
                return None
            if literal in implied:
                continue
            implied.add(literal)
            clauses = self._without(clauses, literal, waiting)
        return implied, clauses

    def _without(self, clauses: list[Literals], literal: int, waiting: list[int]) -> list[Literals]:
        """The clauses that are left where the literal holds; those of one literal go to what is waiting."""
        self._work_left -= len(clauses)
        if self._work_left < 0:
            raise _TooLarge
        left = []
        for clause in clauses:
            if literal in clause:
                continue
            if -literal in clause:
                clause = tuple(other for other in clause if other != -literal)
                if len(clause) == 1:
                    waiting.append(clause[0])
                    continue
            left.append(clause)
        return left

    def _branch(self, implied: set[int], clauses: list[Literals], variables: frozenset[int], *, depth: int) -> _Branch | None:
        if depth > _DEPTH_MAX:
            raise _TooLarge
        nodes = []
        seen = {abs(literal) for literal in implied}
        for component in _components(clauses):
            node = self._node(component, depth=depth + 1)
            if node is None:
                return None
            nodes.append(node)
            seen.update(abs(literal) for clause in component for literal in clause)
        return _Branch(tuple(implied), tuple(nodes), tuple(sorted(variables - seen)))

    def _node(self, clauses: list[Literals], *, depth: int) -> int | None:
        key = frozenset(clauses)
        if key not in self._known:
            weight: dict[int, float] = defaultdict(float)
            for clause in clauses:
                for literal in clause:
                    weight[abs(literal)] += len(clause) ** -0.5
            variable = max(weight, key=lambda each: (weight[each], -each))
            ways = (self._propagated(clauses, [literal]) for literal in (variable, -variable))
            found = (self._branch(*way, frozenset(weight), depth=depth) for way in ways if way)
            branches = [branch for branch in found if branch]
            self._known[key] = self._node_of(branches) if branches else None
        return self._known[key]

    def _node_of(self, branches: list[_Branch]) -> int:
        for branch in branches:
            self._drawing.branch(list(branch.literals), list(branch.nodes), list(branch.free))
        return self._drawing.node()


def _is_always_true(clause: Sequence[int]) -> bool:
    literals = set(clause)
    return any(-literal in literals for literal in literals)


def _components(clauses: list[Literals]) -> list[list[Literals]]:
    """The clauses in groups that share no variable, by union and find."""
    above: dict[int, int] = {}

    def top(variable: int) -> int:
        while above[variable] != variable:
            above[variable] = variable = above[above[variable]]
        return variable

    for clause in clauses:
        first = abs(clause[0])
        above.setdefault(first, first)
        for literal in clause[1:]:
            other = abs(literal)
            above.setdefault(other, other)
            above[top(other)] = top(first)
    groups: dict[int, list[Literals]] = defaultdict(list)
    for clause in clauses:
        groups[top(abs(clause[0]))].append(clause)
    return list(groups.values())
