"""A whole product line as one question to a solver: is there a configuration in which these conditions hold?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import lcm

import numpy as np

from lotone.configure.model.expression import Expression, Scalar, exact, holds
from lotone.configure.model.features import Model
from lotone.configure.reasoning.cheapest import cheapest
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.sat import Deadline, Solver
from lotone.configure.reasoning.typed import Typed

SMALLEST_MAX = 3_000
"""Features of a model up to which an example is the smallest there is; above, the solver is only asked for a small one."""
EXAMPLES_MAX = 25
"""So many examples are the smallest there are, further ones only small: who has that many faults looks at a few."""


@dataclass(frozen=True)
class Example:
    """A configuration, with the numbers and texts of its typed features as far as conditions and rules speak of them."""

    configuration: frozenset[str]
    values: Mapping[str, Scalar] = field(default_factory=dict)

    def holds(self, expression: Expression) -> bool:
        return holds(expression, self.configuration, self.values)


class Line:
    """All configurations of a model. Not thread-safe. Raises TooHard when all questions together take longer than the limits.

    Expressions must be bound to the model. Those over numbers and texts of typed features are asked of a solver for these.
    """

    def __init__(self, model: Model, limits: Limits | None = None) -> None:
        self.model = model
        self._limits = limits or Limits()
        self._deadline = Deadline(self._limits, f"whether every configuration of {model.name} is complete")
        self._clauses = Clauses(model)
        self._solver = Solver(self._clauses.all())
        self._known = len(self._clauses.definitions)
        self._literals: dict[Expression, int] = {}
        self._examples = 0
        self._typed: Typed | None = None

    def is_possible(self, *expressions: Expression) -> bool:
        """Is there a configuration in which all these hold?"""
        return self._is_possible([self._literal(expression) for expression in expressions])

    def example(self, *expressions: Expression) -> Example | None:
        """A configuration in which all these hold, with as few features as possible; None when there is none."""
        literals = [self._literal(expression) for expression in expressions]
        features = range(1, len(self._clauses.names) + 1)
        self._examples += 1
        if self._clauses.is_typed or (len(features) <= SMALLEST_MAX and self._examples <= EXAMPLES_MAX):
            return self._cheapest(literals, dict.fromkeys(features, 1))
        self._solver.prefer([-variable for variable in features])
        return self._named(self._solver.model()) if self._solver.solve(literals, self._deadline) else None

    def least(self, amounts: Mapping[Expression, float], *expressions: Expression) -> Example | None:
        """Where the amounts whose conditions hold have their least sum, of the configurations in which the expressions do."""
        fractions = {condition: exact(amount) for condition, amount in amounts.items()}
        scale = lcm(*(amount.denominator for amount in fractions.values()))
        cost: dict[int, int] = {}
        for condition, amount in fractions.items():
            literal, whole = self._literal(condition), int(amount * scale)
            # A cost of not having a variable is, but for a constant, a gain of having it.
            cost[abs(literal)] = cost.get(abs(literal), 0) + (whole if literal > 0 else -whole)
        return self._cheapest([self._literal(expression) for expression in expressions], cost)

    def close(self) -> None:
        self._solver.close()

    # inside

    def _literal(self, expression: Expression) -> int:
        literal = self._literals.get(expression)
        if literal is None:
            literal = self._literals[expression] = self._clauses.literal(expression)
            self._solver.add(self._clauses.definitions[self._known :])
            self._known = len(self._clauses.definitions)
        return literal

    def _is_possible(self, literals: list[int]) -> bool:
        # Comparisons are open variables for the SAT solver, so its "no" holds for typed models as well.
        if not self._solver.solve(literals, self._deadline):
            return False
        return not self._clauses.is_typed or self._of_values().is_possible(literals)

    def _cheapest(self, literals: list[int], cost: Mapping[int, int]) -> Example | None:
        if not self._is_possible(literals):
            return None
        if not self._clauses.is_typed:
            found = cheapest(self._clauses.all(), literals, cost, self._deadline)
            return None if found is None else self._named(found)
        costs = np.zeros(self._clauses.top + 1, dtype=np.int64)
        costs[list(cost)] = list(cost.values())
        typed = self._of_values()
        chosen = typed.cheapest(literals, costs)
        if chosen is None:
            return None
        exactly = [number if number in chosen else -number for number in range(1, self._clauses.top + 1)]
        solution = typed.solution(exactly)
        return None if solution is None else self._named(chosen, solution.values)

    def _of_values(self) -> Typed:
        """The solver for numbers and texts; made anew when expressions came in that it does not know yet."""
        self._deadline.check()
        if self._typed is None or self._typed.top < self._clauses.top:
            self._typed = Typed(self.model, self._clauses, self._limits)
        return self._typed

    def _named(self, literals: Iterable[int], values: Mapping[str, Scalar] | None = None) -> Example:
        names = self._clauses.names
        chosen = frozenset(names[literal - 1] for literal in literals if 0 < literal <= len(names))
        return Example(chosen, {name: value for name, value in (values or {}).items() if name in chosen})
