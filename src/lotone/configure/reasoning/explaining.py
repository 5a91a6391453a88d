"""Why choices do not go together: the fewest to take back, and a minimal set of rules that stand against them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock

import numpy as np

from lotone.configure.model.features import Model
from lotone.configure.model.options import Explanation
from lotone.configure.reasoning.limits import Limits, TooHard
from lotone.configure.reasoning.picking import Formula
from lotone.configure.reasoning.reasoner import Reasoner
from lotone.configure.reasoning.reasons import Reasons
from lotone.configure.reasoning.sat import Deadline
from lotone.configure.reasoning.typed_reasons import TypedReasons


class Explainer:
    """Explains for one model, from any thread. Raises TooHard where what to take back is not found within the limits."""

    def __init__(self, model: Model, formula: Formula, limits: Limits) -> None:
        self.model = model
        self.formula = formula
        self.limits = limits
        self._lock = Lock()

    def explain(self, reasoner: Reasoner, choices: Sequence[int], wanted: Sequence[int]) -> Explanation:
        """What stands against the wanted literals among the choices. What is to be taken back is the least by number."""
        if reasoner.is_possible([*choices, *wanted]):
            return Explanation(self._names(wanted))
        take_back = self._take_back(reasoner, choices, wanted)
        if take_back is None:
            return self._explanation(wanted, (), [self._core(wanted)], never=True)
        kept = [choice for choice in choices if choice not in take_back]
        # None of what is taken back could stay, as fewer would do then: each has a reason of its own.
        return self._explanation(wanted, take_back, [self._core([*kept, each, *wanted]) for each in take_back])

    def _take_back(self, reasoner: Reasoner, choices: Sequence[int], wanted: Sequence[int]) -> list[int] | None:
        cost = np.zeros(self.formula.variables + 1, dtype=np.int64)
        for literal in choices:
            cost[abs(literal)] += -1 if literal > 0 else 1
        found = reasoner.cheapest(wanted, cost)
        return None if found is None else [literal for literal in choices if (literal > 0) != (abs(literal) in found)]

    def _core(self, literals: Sequence[int]) -> list[int]:
        """Without any rule where none is found in time: that something is not possible is certain all the same."""
        deadline = Deadline(self.limits, f"{self.model.name}: why this is not possible")
        with self._lock:
            try:
                return self._reasons.core(literals, deadline)
            except TooHard:
                return list(literals)

    @cached_property
    def _reasons(self) -> Reasons | TypedReasons:
        if self.formula.clauses.is_typed:
            return TypedReasons(self.model, self.formula.clauses)
        return Reasons(self.formula.clauses.of_rule, self.formula.definitions, self.formula.variables)

    def _explanation(
        self, wanted: Sequence[int], take_back: Sequence[int], cores: Sequence[Sequence[int]], *, never: bool = False
    ) -> Explanation:
        own = {name for core in cores for name in self._names(core)}
        numbers = sorted({number for core in cores for number in self._reasons.rules_in(core)})
        return Explanation(
            wanted=self._names(wanted),
            take_back=self._names(take_back),
            rules=tuple(self.model.rules[number] for number in numbers),
            is_never_possible=never,
            choices=self.model.in_order(own - set(self._names(wanted))),
        )

    def _names(self, literals: Iterable[int]) -> tuple[str, ...]:
        names = self.formula.clauses.names
        return tuple(names[abs(literal) - 1] for literal in literals if abs(literal) <= len(names))
