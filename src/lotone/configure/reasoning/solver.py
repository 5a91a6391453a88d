"""One SAT solver for a model: which features are always in, never in, or open under assumptions."""

from collections.abc import Iterable, Sequence

from pysat.examples.hitman import Hitman
from pysat.solvers import Glucose4

from lotone.configure.reasoning.clauses import Clause, Clauses


class Solver:
    """Not thread-safe: its owner holds a lock. Variables up to `features` are features, later ones are internal."""

    def __init__(self, clauses: Clauses) -> None:
        self.features = len(clauses.names)
        self._glucose = Glucose4(bootstrap_with=clauses.all())

    def model(self, assumptions: Sequence[int]) -> list[int] | None:
        """A configuration (literal of feature n at index n - 1) under the assumptions, or None."""
        if not self._glucose.solve(assumptions=assumptions):
            return None
        literals: list[int] = self._glucose.get_model()
        return literals[: self.features]

    def add(self, clauses: Iterable[Clause]) -> None:
        """Add definitions of further internal variables."""
        self._glucose.append_formula(list(clauses))

    def is_possible(self, assumptions: Sequence[int]) -> bool:
        return bool(self._glucose.solve(assumptions=assumptions))

    def fixed(self, assumptions: Sequence[int]) -> set[int] | None:
        """The literals of features that are true in every configuration under the assumptions; None if there is none.

        One configuration is a first list of candidates; every further one, asked to differ, strikes out what differs.
        """
        first = self.model(assumptions)
        if first is None:
            return None
        _, implied = self._glucose.propagate(assumptions=assumptions)
        proven = {literal for literal in implied if abs(literal) <= self.features}
        candidates = [literal for literal in first if literal not in proven]
        base = list(assumptions)
        while candidates:
            literal = candidates.pop()
            self._glucose.set_phases([-candidate for candidate in candidates])
            other = self.model([*base, -literal])
            if other is None:
                proven.add(literal)
                base.append(literal)
            else:
                candidates = [candidate for candidate in candidates if other[abs(candidate) - 1] == candidate]
        return proven

    def close(self) -> None:
        self._glucose.delete()


class Reasons:
    """The same model with a switch for every rule, to find out which rules and choices stand against each other."""

    def __init__(self, clauses: Clauses) -> None:
        self.first_switch = clauses.top + 1
        self.switches = [self.first_switch + number for number in range(len(clauses.of_rule))]
        self._glucose = Glucose4(bootstrap_with=clauses.definitions)
        for switch, of_rule in zip(self.switches, clauses.of_rule, strict=True):
            for clause in of_rule:
                self._glucose.add_clause([*clause, -switch])

    def core(self, literals: Iterable[int]) -> list[int]:
        """A minimal set of literals and switches that can't hold together; of several, one with few own literals.

        The literals must be impossible with all rules. Switches are tried for removal last, so the reason names
        as few choices as possible and then as few rules.
        """
        self._glucose.solve(assumptions=[*literals, *self.switches])
        core: list[int] = self._glucose.get_core()
        for literal in sorted(core, key=self._is_switch):
            without = [other for other in core if other != literal]
            if literal in core and not self._glucose.solve(assumptions=without):
                core = self._glucose.get_core() or []
        return core

    def _is_switch(self, literal: int) -> bool:
        return abs(literal) >= self.first_switch

    def rules_in(self, core: Iterable[int]) -> list[int]:
        """The numbers of the rules whose switches are in a core."""
        return [literal - self.first_switch for literal in core if literal >= self.first_switch]

    def close(self) -> None:
        self._glucose.delete()


def smallest_hitting_set(sets: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The fewest elements of which every set has one."""
    with Hitman(bootstrap_with=sets, solver="g4", htype="sorted") as hitman:
        return tuple(hitman.get() or ())
