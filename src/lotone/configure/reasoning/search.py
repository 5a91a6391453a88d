"""Answers by search, for models that do not compile: models found before, unit propagation, and SAT for what is left."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from threading import BoundedSemaphore, Lock

import numpy as np
from numpy.typing import NDArray

from lotone.configure.reasoning.cheapest import cheapest
from lotone.configure.reasoning.limits import Limits, TooHard
from lotone.configure.reasoning.pool import Pool
from lotone.configure.reasoning.reasoner import Answer, Costs
from lotone.configure.reasoning.sat import Deadline, Solver

Marks = NDArray[np.bool_]

CLICK = Limits(seconds=10.0)
"""What one answer may take."""
BOUND = Limits(seconds=0.5)
"""What the exact bounds of the cost may take, together; after that the bounds are those of the sum."""
BOUND_CLAUSES_MAX = 50_000
WAITING_MAX = 16
"""Threads that may wait for one search: more would hold up what others ask of this process."""
LEARNT_MAX = 50_000
WARM_MODELS = 64


class Search:
    """A Reasoner over clauses that are too hard to compile. Exact like a circuit, but it neither counts nor says what
    each option costs, its bounds of the cost may be wider than attained (`Answer.attained`), and its samples are random,
    not uniform.
    """

    is_uniform = False

    def __init__(
        self, clauses: Sequence[Sequence[int]], variables: int, limits: Limits | None = None, *, name: str = "the model"
    ) -> None:
        self.variables = variables
        self.limits = limits or CLICK
        self.name = name
        self._clauses = clauses
        self._solver = Solver(clauses)
        self._pool = Pool(clauses, variables)
        self._chance = Random(1)  # noqa: S311 (models that differ, no secrets)
        self._lock, self._costing = Lock(), Lock()
        self._waiting = BoundedSemaphore(WAITING_MAX)
        self._learnt = 0
        self._always: NDArray[np.int64] | None = None
        self.bounds_are_exact = len(clauses) <= BOUND_CLAUSES_MAX

    # asking

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Answer | None:
        """What is open, exactly. `low` and `high` are attained where `Answer.attained`. Raises TooHard."""
        with self._alone("what the choices leave open") as deadline:
            found = self._open(assumptions, deadline)
        if found is None:
            return None
        can_be_in, can_be_out = found
        cost = np.pad(cost, (0, self.variables + 1 - len(cost)))  # what has no cost in the list costs nothing
        low, high, attained = self._bounds(assumptions, cost, can_be_in, can_be_out)
        return Answer(can_be_in, can_be_out, low, high, attained=attained)

    def is_possible(self, assumptions: Sequence[int]) -> bool:
        with self._alone("whether the choices go together") as deadline:
            return self._example(assumptions, deadline) is not None

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        """By MaxSAT. Raises TooHard."""
        with self._alone("the cheapest configuration", is_costing=True) as deadline:
            found = cheapest(self._clauses, assumptions, _by_variable(cost), deadline)
        return None if found is None else frozenset(variable for variable in found if variable <= self.variables)

    def count(self, assumptions: Sequence[int]) -> int | None:
        """Not counted: always None."""
        return None

    def sample(self, assumptions: Sequence[int], chance: Random) -> frozenset[int] | None:
        """Some solution with randomly preferred values: every one can come, but not every one equally often."""
        with self._alone("a random configuration") as deadline:
            self._solver.prefer(_random_literals(self.variables, chance))
            if not self._solver.solve(assumptions, deadline):
                return None
            return frozenset(np.flatnonzero(self._solver.true(self.variables)).tolist())

    # inside; the lock is held

    @contextmanager
    def _alone(self, question: str, *, is_costing: bool = False) -> Iterator[Deadline]:
        """One thread at a time, within the limits, waiting included; costs are reckoned beside."""
        lock = self._costing if is_costing else self._lock
        deadline = Deadline(self.limits, f"{self.name}: {question}")
        if not self._waiting.acquire(blocking=False):
            raise TooHard(f"{self.name} is asked more than it can answer; try again in a moment")
        try:
            if not lock.acquire(timeout=self.limits.seconds):
                raise TooHard(f"{self.name} is busy with harder questions; try again in a moment")
            try:
                yield deadline
            finally:
                lock.release()
        finally:
            self._waiting.release()

    def _example(self, assumptions: Sequence[int], deadline: Deadline) -> Marks | None:
        """A model with the assumptions, from the pool or found and put there."""
        known = self._pool.example(assumptions)
        if known is not None:
            return known
        return self._found() if self._solver.solve(assumptions, deadline) else None

    def _found(self) -> Marks:
        true = self._solver.true(self.variables)
        self._pool.add(true)
        return true

    def _open(self, assumptions: Sequence[int], deadline: Deadline) -> tuple[Marks, Marks] | None:
        """Which variables can be in and which can be out; None when the assumptions contradict the clauses."""
        always = self._warm_up(deadline) if self._always is None else self._always
        implied = self._solver.propagated(assumptions)
        if implied is None or self._example(assumptions, deadline) is None:
            return None
        can_be_in, can_be_out = self._pool.proven(assumptions)
        settled = can_be_in & can_be_out
        for fixed in (always, np.array([*implied, *assumptions], dtype=np.int64)):
            settled[np.abs(fixed)] = True
        candidates = np.flatnonzero(~settled)[1:]
        self._decide(assumptions, np.where(can_be_in[candidates], candidates, -candidates), can_be_in, can_be_out, deadline)
        return can_be_in, can_be_out

    def _decide(
        self,
        assumptions: Sequence[int],
        candidates: NDArray[np.int64],
        can_be_in: Marks,
        can_be_out: Marks,
        deadline: Deadline,
    ) -> None:
        """Find for every candidate, a literal not yet seen false, a model in which it is false, or prove that there is none.

        Every model is asked to make as many other candidates false as it can.
        """
        proven = list(assumptions)
        for literal in candidates[::-1].tolist():
            if can_be_in[abs(literal)] and can_be_out[abs(literal)]:
                continue
            if not self._solver.solve([*proven, -literal], deadline):
                self._learn(proven, literal)
                continue
            self._found()
            also_in, also_out = self._pool.proven_by_newest(assumptions)
            can_be_in |= also_in
            can_be_out |= also_out
            candidates = candidates[~(can_be_in & can_be_out)[np.abs(candidates)]]
            self._solver.prefer((-candidates).tolist())

    def _learn(self, assumptions: list[int], literal: int) -> None:
        """Keep what was proven: as a clause that follows from the others, so that propagation finds it the next time."""
        if self._learnt < LEARNT_MAX:
            self._learnt += 1
            self._solver.add([[literal, *(-other for other in self._solver.core() if other != -literal)]])
        else:
            assumptions.append(literal)

    def _warm_up(self, deadline: Deadline) -> NDArray[np.int64]:
        """Some models that differ much, and what is the same in all models, computed once."""
        always: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        if self._solver.solve([], deadline):
            self._found()
            for _ in range(WARM_MODELS):
                self._solver.prefer(_random_literals(self.variables, self._chance))
                self._solver.solve([], deadline)
                self._found()
            can_be_in, can_be_out = self._pool.proven([])
            candidates = np.flatnonzero(~(can_be_in & can_be_out))[1:]
            self._decide([], np.where(can_be_in[candidates], candidates, -candidates), can_be_in, can_be_out, deadline)
            fixed = np.flatnonzero(~(can_be_in & can_be_out))[1:]
            always = np.where(can_be_in[fixed], fixed, -fixed)
        self._always = always
        return always

    # costs

    def _bounds(self, assumptions: Sequence[int], cost: Costs, can_be_in: Marks, can_be_out: Marks) -> tuple[int, int, bool]:
        """Lowest and highest cost, and whether there are solutions that cost just that."""
        certain = int(cost[can_be_in & ~can_be_out].sum())
        open_ = cost[can_be_in & can_be_out]
        low, high = certain + int(open_[open_ < 0].sum()), certain + int(open_[open_ > 0].sum())
        if low == high:
            return low, high, True
        if not self.bounds_are_exact:
            return low, high, False
        deadline = Deadline(BOUND, f"{self.name}: the bounds of the price")
        try:
            lowest, highest = (cheapest(self._clauses, assumptions, _by_variable(each), deadline) for each in (cost, -cost))
        except TooHard:
            self.bounds_are_exact = False
            return low, high, False
        low, high = (sum(int(cost[variable]) for variable in found or ()) for found in (lowest, highest))
        return low, high, True


def _by_variable(cost: Costs) -> dict[int, int]:
    return {int(variable): int(cost[variable]) for variable in np.flatnonzero(cost) if variable}


def _random_literals(variables: int, chance: Random) -> list[int]:
    bits = chance.getrandbits(variables + 1)
    return [variable if bits >> variable & 1 else -variable for variable in range(1, variables + 1)]
