"""Which rules of a model and which choices stand against each other: minimal reasons."""

from collections.abc import Iterable, Sequence

from pysat.examples.hitman import Hitman

from lotone.configure.reasoning.sat import Deadline, Solver


class Reasons:
    """The model with a switch for every rule. Not thread-safe: its owner holds a lock."""

    def __init__(self, of_rule: Sequence[Sequence[Sequence[int]]], definitions: Sequence[Sequence[int]], top: int) -> None:
        self.first_switch = top + 1
        self.switches = [self.first_switch + number for number in range(len(of_rule))]
        self._solver = Solver(definitions)
        for switch, clauses in zip(self.switches, of_rule, strict=True):
            self._solver.add([*clause, -switch] for clause in clauses)

    def are_possible(self, literals: Iterable[int], deadline: Deadline) -> bool:
        """Whether the literals can hold together with all rules."""
        return self._solver.solve([*literals, *self.switches], deadline)

    def core(self, literals: Iterable[int], deadline: Deadline) -> list[int]:
        """A minimal set of literals and switches that can't hold together; of several, one with few own literals.

        The literals must be impossible with all rules. Switches are tried for removal last, so the reason names
        as few choices as possible and then as few rules.
        """
        self._solver.solve([*literals, *self.switches], deadline)
        core = self._solver.core()
        for literal in sorted(core, key=self._is_switch):
            if literal in core and not self._solver.solve([other for other in core if other != literal], deadline):
                core = self._solver.core()
        return core

    def _is_switch(self, literal: int) -> bool:
        return abs(literal) >= self.first_switch

    def rules_in(self, core: Iterable[int]) -> list[int]:
        """The numbers of the rules whose switches are in a core."""
        return [literal - self.first_switch for literal in core if literal >= self.first_switch]


def smallest_hitting_set(sets: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The fewest elements of which every set has one."""
    with Hitman(bootstrap_with=sets, solver="g4", htype="sorted") as hitman:
        return tuple(hitman.get() or ())
