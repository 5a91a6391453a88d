"""The cheapest configuration, exactly, by weighted MaxSAT: for models too large for a circuit."""

from collections.abc import Mapping, Sequence

from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF

from lotone.configure.reasoning.clauses import Clause


def cheapest(clauses: Sequence[Clause], assumptions: Sequence[int], cost: Mapping[int, int]) -> set[int] | None:
    """The true variables of a model in which their costs sum up to the least under the assumptions; None if there is none.

    `cost` is by variable, what is not listed costs nothing; costs may be negative.
    """
    formula = WCNF()
    formula.extend([*clauses, *([literal] for literal in assumptions)])
    for variable, amount in cost.items():
        if amount:
            formula.append([-variable if amount > 0 else variable], weight=abs(amount))
    with RC2Stratified(formula, solver="g4", adapt=True, exhaust=True) as solver:
        model: list[int] | None = solver.compute()
        return None if model is None else {literal for literal in model if literal > 0}
