"""A SAT solver that gives up at its deadline and lets other threads run while it thinks."""

from collections.abc import Iterable, Sequence
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Glucose4

from lotone.configure.reasoning.limits import Limits, TooHard

CONFLICTS = 2_000
PROPAGATIONS = 5_000_000
"""Between two looks at the clock: a fraction of a second of work, also on a million clauses."""


class Deadline:
    """A moment by which an answer must be there."""

    def __init__(self, limits: Limits, question: str) -> None:
        self.limits = limits
        self.question = question
        self.at = monotonic() + limits.seconds

    @property
    def left_s(self) -> float:
        return self.at - monotonic()

    def check(self) -> None:
        """Raises TooHard when it has passed."""
        if self.left_s <= 0:
            raise TooHard(f"no answer within {self.limits.seconds:g} s: {self.question}")


class Solver:
    """Glucose over some clauses. Not thread-safe: its owner holds a lock."""

    def __init__(self, clauses: Iterable[Sequence[int]]) -> None:
        self._glucose = Glucose4(bootstrap_with=clauses)

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        self._glucose.append_formula(clauses)

    def solve(self, assumptions: Sequence[int], deadline: Deadline) -> bool:
        """Whether there is a model with the assumptions. Raises TooHard."""
        while True:
            deadline.check()
            self._glucose.conf_budget(CONFLICTS)
            self._glucose.prop_budget(PROPAGATIONS)
            # `expect_interrupt` releases Python's lock while the solver runs.
            found: bool | None = self._glucose.solve_limited(assumptions=assumptions, expect_interrupt=True)
            if found is not None:
                return found

    def propagated(self, assumptions: Sequence[int]) -> list[int] | None:
        """The literals that follow by unit propagation alone; None when they contradict the clauses already."""
        holds, literals = self._glucose.propagate(assumptions=assumptions)
        return list(literals) if holds else None

    def prefer(self, literals: Sequence[int]) -> None:
        """Try these values first, where the solver is free to choose."""
        self._glucose.set_phases(literals)

    def model(self) -> list[int]:
        """The literals of the model found last."""
        return list(self._glucose.get_model() or ())

    def true(self, variables: int) -> NDArray[np.bool_]:
        """Which variables are true in the model found last, at their own index."""
        found = np.zeros(variables + 1, dtype=np.bool_)
        literals = np.array(self.model()[:variables], dtype=np.int64)
        found[1 : len(literals) + 1] = literals > 0
        return found

    def core(self) -> list[int]:
        """Assumptions that contradict the clauses together, after `solve` found no model."""
        return list(self._glucose.get_core() or ())

    def close(self) -> None:
        self._glucose.delete()
