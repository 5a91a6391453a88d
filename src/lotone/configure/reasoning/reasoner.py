"""What answers about clauses: a compiled circuit, a search, or a solver for numbers and texts; the configurator asks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.int64]
"""What a variable costs where it is true, at its own index; index 0 is unused. Costs may be negative."""
Marks = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max
"""The cost of what is not possible."""


@dataclass(frozen=True)
class Answer:
    """What some assumptions leave open. Arrays have one place for each variable, at its own index; index 0 is unused."""

    can_be_in: Marks
    """There is a solution in which the variable is true."""
    can_be_out: Marks
    low: int
    """The cost of the cheapest solution."""
    high: int
    """The cost of the dearest solution."""
    low_with: Costs | None = None
    """The cost of the cheapest solution in which the variable is true, NEVER where there is none; None when not known."""
    log2_count: float | None = None
    """Binary logarithm of the number of solutions, to at least six digits; None when not counted."""
    attained: bool = True
    """There are solutions that cost just `low` and `high`; otherwise no solution costs less or more, and that is all."""


class Reasoner(Protocol):
    """Answers about one set of clauses. Literals are variables 1..n, negated ones negative. All methods may be called
    from any thread. Raises TooHard where an answer is not found within the limits it was given."""

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Answer | None:
        """Everything about all variables at once; None when the assumptions contradict the clauses."""

    def is_possible(self, assumptions: Sequence[int]) -> bool:
        """Whether there is a solution with the assumptions."""

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        """The true variables of a cheapest solution; None when there is none."""

    def count(self, assumptions: Sequence[int]) -> int | None:
        """The exact number of solutions; None where this reasoner can't count."""

    def sample(self, assumptions: Sequence[int], chance: Random) -> frozenset[int] | None:
        """The true variables of a solution, every one equally likely; None when there is none."""
