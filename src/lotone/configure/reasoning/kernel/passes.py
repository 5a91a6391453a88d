"""What the passes over a circuit promise, whoever makes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lotone.configure.reasoning.reasoner import Costs, Marks

COST_MAX = 1 << 61
"""Sums of costs up to here are exact in 64 bits, differences of two of them too."""


class TooLarge(Exception):
    """The costs together, without their signs, exceed COST_MAX."""


@dataclass(frozen=True)
class Found:
    """All that one pass up and one pass down find."""

    can_be_in: Marks
    can_be_out: Marks
    low_with: Costs | None
    """None when the costs are too large for it."""
    low: int
    high: int
    log2_count: float


Counts = Callable[[int], int]
"""The number of solutions of each node."""


class Passes(Protocol):
    """Assumptions are literals; costs are by variable and may end early. Raises IndexError for a literal that is none,
    TooLarge, and gives None when there is no solution."""

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Found | None: ...

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None: ...

    def count(self, assumptions: Sequence[int]) -> int: ...

    def counts(self, assumptions: Sequence[int]) -> Counts | None: ...
