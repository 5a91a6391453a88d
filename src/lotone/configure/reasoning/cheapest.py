"""The cheapest configuration, exactly, by weighted MaxSAT: for models too large for a circuit."""

from collections.abc import Iterable, Mapping, Sequence

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.sat import CONFLICTS, PROPAGATIONS, Deadline, Solver

ADAPTED_MAX = 2_000
"""Looking for sets of costs that exclude each other pays for few costs only: it takes all pairs."""


class _Bounded(RC2Stratified):  # type: ignore[misc]
    """RC2 (Ignatiev, Morgado, Marques-Silva 2019) whose every call of the solver ends at a deadline."""

    def __init__(self, formula: WCNF, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(formula, solver="g4", adapt=len(formula.soft) < ADAPTED_MAX, exhaust=True)

    def _call_oracle(self, assumptions: Sequence[int] = (), expect_interrupt: bool = False) -> bool:
        found: bool | None = None
        while found is None:
            self._deadline.check()
            self.oracle.conf_budget(CONFLICTS)
            self.oracle.prop_budget(PROPAGATIONS)
            found = self.oracle.solve_limited(assumptions=list(assumptions), expect_interrupt=True)
        return found


def cheapest(
    clauses: Iterable[Sequence[int]],
    assumptions: Sequence[int],
    cost: Mapping[int, int],
    deadline: Deadline | None = None,
) -> set[int] | None:
    """The true variables of a model in which their costs sum up to the least under the assumptions; None if there is none.

    `cost` is by variable, what is not listed costs nothing; costs may be negative. Raises TooHard.
    """
    deadline = deadline or Deadline(Limits(), "the cheapest solution")
    formula = WCNF()
    formula.extend([*clauses, *([literal] for literal in assumptions)])
    for variable, amount in cost.items():
        if amount:
            formula.append([-variable if amount > 0 else variable], weight=abs(amount))
    if not formula.soft:
        return _any(formula.hard, deadline)
    with _Bounded(formula, deadline) as solver:
        model: list[int] | None = solver.compute()
        return None if model is None else {literal for literal in model if literal > 0}


def _any(clauses: Iterable[Sequence[int]], deadline: Deadline) -> set[int] | None:
    """All are equally cheap."""
    solver = Solver(clauses)
    try:
        return {literal for literal in solver.model() if literal > 0} if solver.solve([], deadline) else None
    finally:
        solver.close()
