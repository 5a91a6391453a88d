"""The cheapest configuration, exactly, by weighted MaxSAT."""

from collections.abc import Mapping, Sequence

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from lotone.configure.reasoning.clauses import Clauses


def cheapest(clauses: Clauses, assumptions: Sequence[int], cost: Mapping[int, int]) -> list[int] | None:
    """The features' literals of a configuration with the smallest sum of costs under the assumptions; None if there is none.

    `cost` is by variable, what is not listed costs nothing; costs may be negative.
    """
    formula = WCNF()
    formula.extend([*clauses.all(), *([literal] for literal in assumptions)])
    for variable, amount in cost.items():
        if amount:
            formula.append([-variable if amount > 0 else variable], weight=abs(amount))
    with RC2Stratified(formula, solver="g4", adapt=True, exhaust=True) as solver:
        model: list[int] | None = solver.compute()
        return None if model is None else model[: len(clauses.names)]
