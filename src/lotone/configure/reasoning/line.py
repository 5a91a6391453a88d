"""A whole product line as one question to a solver: is there a configuration in which these conditions hold?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pysat.solvers import Glucose4

from lotone.configure.model.expression import Expression, holds
from lotone.configure.model.features import Model
from lotone.configure.reasoning.cheapest import cheapest
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import TooHard

CONFLICTS_MAX = 500_000
"""What one question may cost the solver: some seconds. Models of products need a few hundred."""
SMALLEST_MAX = 3_000
"""Features of a model up to which an example is the smallest there is; above, the solver is only asked for a small one."""
EXAMPLES_MAX = 25
"""So many examples are the smallest there are, further ones only small: who has that many faults looks at a few."""


@dataclass(frozen=True)
class Least:
    """The least sum of some amounts over all configurations, and a configuration that has it."""

    amount: float
    configuration: frozenset[str]


class Line:
    """All configurations of a model. Not thread-safe. Raises TooHard where a question is too much for the solver."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._clauses = Clauses(model)
        self._glucose = Glucose4(bootstrap_with=self._clauses.all())
        self._known = len(self._clauses.definitions)
        self._literals: dict[Expression, int] = {}
        self._examples = 0

    def is_possible(self, *expressions: Expression) -> bool:
        """Is there a configuration in which all these hold?"""
        return self._solved([self._literal(expression) for expression in expressions])

    def example(self, *expressions: Expression) -> frozenset[str] | None:
        """A configuration in which all these hold, with as few features as possible; None when there is none."""
        literals = [self._literal(expression) for expression in expressions]
        features = range(1, len(self._clauses.names) + 1)
        self._examples += 1
        if len(features) <= SMALLEST_MAX and self._examples <= EXAMPLES_MAX:
            return self._cheapest(literals, dict.fromkeys(features, 1))
        self._glucose.set_phases([-variable for variable in features])
        return self._named(self._glucose.get_model()) if self._solved(literals) else None

    def least(self, amounts: Mapping[Expression, float], *expressions: Expression) -> Least | None:
        """The least sum of the amounts whose conditions hold, of the configurations in which the expressions do."""
        exact = {condition: Fraction(repr(amount)) for condition, amount in amounts.items()}
        scale = lcm(*(amount.denominator for amount in exact.values()))
        cost: dict[int, int] = {}
        for condition, amount in exact.items():
            literal, whole = self._literal(condition), int(amount * scale)
            # A cost of not having a variable is, but for a constant, a gain of having it.
            cost[abs(literal)] = cost.get(abs(literal), 0) + (whole if literal > 0 else -whole)
        found = self._cheapest([self._literal(expression) for expression in expressions], cost)
        if found is None:
            return None
        total = sum(amount for condition, amount in exact.items() if holds(condition, found))
        return Least(float(total), found)

    def close(self) -> None:
        self._glucose.delete()

    # inside

    def _literal(self, expression: Expression) -> int:
        literal = self._literals.get(expression)
        if literal is None:
            literal = self._literals[expression] = self._clauses.literal(expression)
            self._glucose.append_formula(self._clauses.definitions[self._known :])
            self._known = len(self._clauses.definitions)
        return literal

    def _solved(self, literals: list[int]) -> bool:
        self._glucose.conf_budget(CONFLICTS_MAX)
        answer: bool | None = self._glucose.solve_limited(assumptions=literals)
        if answer is None:
            raise TooHard(f"{self.model.name} is too hard to prove: one question took {CONFLICTS_MAX:,} conflicts")
        return answer

    def _cheapest(self, literals: list[int], cost: Mapping[int, int]) -> frozenset[str] | None:
        if not self._solved(literals):
            return None
        found = cheapest(self._clauses.all(), literals, cost)
        return None if found is None else self._named(found)

    def _named(self, literals: Iterable[int]) -> frozenset[str]:
        names = self._clauses.names
        return frozenset(names[literal - 1] for literal in literals if 0 < literal <= len(names))
