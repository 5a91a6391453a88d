"""A model compiled once into a decision circuit (d-DNNF), over which counts and price bounds are exact sums.

Exhaustive search with components that are solved apart and remembered, as sharpSAT does it (Thurley 2006), keeping the
trace (Darwiche 2004). Models of consumer products compile in milliseconds to some hundred nodes; others exceed the budget.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Literals = tuple[int, ...]

WORK_MAX = 4_000_000
"""Clauses that may be looked at before we give up: about a second."""
DEPTH_MAX = 150
"""Decisions in a row."""


class TooLarge(Exception):
    """The model does not compile within the budget."""


@dataclass(frozen=True)
class Branch:
    """One way: these literals hold, each of these nodes is solved by itself, these variables may be anything."""

    literals: Literals
    nodes: tuple[int, ...]
    free: Literals


class Circuit:
    """Nodes in an order in which each comes after those it uses; a node is the choice between its branches.

    Raises TooLarge. A model without any configuration has no root.
    """

    def __init__(self, clauses: Sequence[Sequence[int]], variables: int, *, work_max: int = WORK_MAX) -> None:
        self.nodes: list[tuple[Branch, ...]] = []
        self._known: dict[frozenset[Literals], int | None] = {}
        self._work_left = work_max
        units = [clause[0] for clause in clauses if len(clause) == 1]
        others = [tuple(dict.fromkeys(clause)) for clause in clauses if len(clause) > 1]
        propagated = self._propagated(others, units)
        everything = frozenset(range(1, variables + 1))
        self.root = self._branch(*propagated, everything, depth=0) if propagated else None
        self._known.clear()

    # making

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
            left = []
            self._work_left -= len(clauses)
            if self._work_left < 0:
                raise TooLarge
            for clause in clauses:
                if literal in clause:
                    continue
                if -literal in clause:
                    clause = tuple(other for other in clause if other != -literal)
                    if len(clause) == 1:
                        waiting.append(clause[0])
                        continue
                left.append(clause)
            clauses = left
        return implied, clauses

    def _branch(self, implied: set[int], clauses: list[Literals], variables: frozenset[int], *, depth: int) -> Branch | None:
        if depth > DEPTH_MAX:
            raise TooLarge
        nodes = []
        seen = {abs(literal) for literal in implied}
        for component in _components(clauses):
            node = self._node(component, depth=depth + 1)
            if node is None:
                return None
            nodes.append(node)
            seen.update(abs(literal) for clause in component for literal in clause)
        return Branch(tuple(implied), tuple(nodes), tuple(sorted(variables - seen)))

    def _node(self, clauses: list[Literals], *, depth: int) -> int | None:
        key = frozenset(clauses)
        if key not in self._known:
            weight: dict[int, float] = defaultdict(float)
            for clause in key:
                for literal in clause:
                    weight[abs(literal)] += len(clause) ** -0.5
            variable = max(weight, key=lambda each: (weight[each], -each))
            ways = (self._propagated(clauses, [literal]) for literal in (variable, -variable))
            found = (self._branch(*way, frozenset(weight), depth=depth) for way in ways if way)
            branches = tuple(branch for branch in found if branch)
            self._known[key] = self._added(branches) if branches else None
        return self._known[key]

    def _added(self, branches: tuple[Branch, ...]) -> int:
        self.nodes.append(branches)
        return len(self.nodes) - 1

    # asking

    def count(self, excluded: Collection[int]) -> int:
        """How many models there are without the excluded literals."""
        if self.root is None:
            return 0
        counts: list[int] = []
        for branches in self.nodes:
            counts.append(sum(self._count(branch, counts, excluded) for branch in branches))
        return self._count(self.root, counts, excluded)

    def _count(self, branch: Branch, counts: list[int], excluded: Collection[int]) -> int:
        if any(literal in excluded for literal in branch.literals):
            return 0
        product = 1
        for node in branch.nodes:
            product *= counts[node]
        for variable in branch.free:
            product *= (variable not in excluded) + (-variable not in excluded)
        return product

    def cheapest(self, excluded: Collection[int], cost: Mapping[int, int]) -> set[int] | None:
        """The true variables of a model without the excluded literals in which their costs sum up to the least; None if
        there is no such model."""
        best: list[tuple[int, Branch] | None] = []
        for branches in self.nodes:
            best.append(self._best(branches, best, excluded, cost))
        top = self._best((self.root,), best, excluded, cost) if self.root else None
        return None if top is None else self._chosen(top[1], best, excluded, cost)

    def _best(
        self,
        branches: Sequence[Branch],
        best: list[tuple[int, Branch] | None],
        excluded: Collection[int],
        cost: Mapping[int, int],
    ) -> tuple[int, Branch] | None:
        found: tuple[int, Branch] | None = None
        for branch in branches:
            total = self._sum(branch, best, excluded, cost)
            if total is not None and (found is None or total < found[0]):
                found = total, branch
        return found

    def _sum(
        self, branch: Branch, best: list[tuple[int, Branch] | None], excluded: Collection[int], cost: Mapping[int, int]
    ) -> int | None:
        total = 0
        for literal in branch.literals:
            if literal in excluded:
                return None
            total += cost.get(literal, 0)
        for node in branch.nodes:
            part = best[node]
            if part is None:
                return None
            total += part[0]
        for variable in branch.free:
            value = _cheaper(variable, excluded, cost)
            if value in excluded:
                return None
            total += cost.get(value, 0)
        return total

    def _chosen(
        self, branch: Branch, best: list[tuple[int, Branch] | None], excluded: Collection[int], cost: Mapping[int, int]
    ) -> set[int]:
        literals = {*branch.literals, *(_cheaper(variable, excluded, cost) for variable in branch.free)}
        chosen = {literal for literal in literals if literal > 0}
        for node in branch.nodes:
            part = best[node]
            if part is not None:
                chosen |= self._chosen(part[1], best, excluded, cost)
        return chosen


def _cheaper(variable: int, excluded: Collection[int], cost: Mapping[int, int]) -> int:
    """The literal of a free variable that is allowed and costs less."""
    if variable in excluded or (cost.get(variable, 0) >= 0 and -variable not in excluded):
        return -variable
    return variable


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
