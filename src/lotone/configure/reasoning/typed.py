"""Answers about models with numbers and texts that a buyer gives, by a constraint solver (CP-SAT of OR-Tools)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from lotone.configure.model.expression import Scalar
from lotone.configure.model.features import Model
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import Limits, TooHard
from lotone.configure.reasoning.reasoner import Answer, Costs
from lotone.configure.reasoning.sat import Deadline, Solver
from lotone.configure.reasoning.theory import Program, Theory, Variable

COUNTED_MAX = 128
"""Selections of features that are counted one by one; of more there is no count."""
_POOL_MAX = 2_000
Values = Mapping[str, Scalar]
_NONE: Values = {}


@dataclass(frozen=True)
class Solution:
    """One configuration: which variables are true, by number, and the values of typed features."""

    is_in: NDArray[np.bool_]
    values: Values


@dataclass
class Domain:
    """What a typed feature can be: from `low` to `high`, or one of `texts` (or others, where `has_others`)."""

    low: int | float | None = None
    high: int | float | None = None
    texts: tuple[str, ...] = ()
    has_others: bool = False


@dataclass
class _Question:
    """What is asked: literals that hold, values that are given, and until when there must be an answer."""

    assumptions: Sequence[int]
    values: Values
    deadline: Deadline
    clause: Sequence[int] = field(default=())


class Typed:
    """A reasoner about clauses together with the comparisons that need numbers and texts (`Clauses.atoms`).

    Exact: all rules, comparisons of whole numbers and texts, lengths, sums and averages, the states of all features, the
    lowest and highest cost. Bounded: whole numbers go from -10^9 to 10^9; real ones are multiples of 0.001 from -10^6 to
    10^6; products of two numbers that are both open stay below 10^15 steps, their factors below 10^9; texts have up to
    10,000 characters. What needs more is called impossible, so keep numbers of products in these bounds. Selections of
    features are counted up to 128 (each once, however many values go with it); samples are random but not uniform.

    A solution found once answers for all later questions that it fits; only what no known solution shows is asked of the
    solver, for all features at once. Raises TooHard where an answer takes longer than the limits.
    """

    is_uniform = False

    def __init__(self, model: Model, clauses: Clauses, limits: Limits | None = None) -> None:
        self.model = model
        self.limits = limits or Limits()
        self.clauses = clauses
        self.features = len(clauses.names)
        self.top = clauses.top
        self._names = clauses.names
        self._pool: list[Solution] = []
        self._lock = Lock()
        self._relaxed = Solver(clauses.all())
        """The clauses alone: what they exclude is impossible whatever the numbers, and found out much faster."""
        self._relaxed_lock = Lock()

    @cached_property
    def theory(self) -> Theory:
        return Theory(self.model, self.clauses)

    # -- the answers of every reasoner

    def answer(self, assumptions: Sequence[int], cost: Costs, values: Values = _NONE) -> Answer | None:
        """Everything about all features; variables beyond the features are called open where no known solution fixes them."""
        asked = self._question(assumptions, values, "what is still possible")
        marks = self._marks(asked)
        if marks is None:
            return None
        low, high = (self._bound(asked, cost, sign) for sign in (1, -1))
        return Answer(can_be_in=marks[0], can_be_out=marks[1], low=low, high=high)

    def is_possible(self, assumptions: Sequence[int], values: Values = _NONE) -> bool:
        return self.solution(assumptions, values) is not None

    def cheapest(self, assumptions: Sequence[int], cost: Costs, values: Values = _NONE) -> frozenset[int] | None:
        asked = self._question(assumptions, values, "the cheapest configuration")
        found = self._solve(asked, cost)
        return None if found is None else _true(found)

    def count(self, assumptions: Sequence[int], values: Values = _NONE) -> int | None:
        """How many selections of features there are, each counted once; None for more than 128."""
        found = self._selections(self._question(assumptions, values, "how many configurations there are"))
        return None if found is None else len(found)

    def sample(self, assumptions: Sequence[int], chance: Random, values: Values = _NONE) -> frozenset[int] | None:
        """A random solution: of up to 128 selections each is equally likely, of more they are not."""
        asked = self._question(assumptions, values, "a random configuration")
        selections = self._selections(asked)
        if selections is None:
            cost = np.array([0, *(chance.randint(-1000, 1000) for _ in range(self.top))], dtype=np.int64)
            cost[self.features + 1 :] = 0
            found = self._solve(asked, cost)
            return None if found is None else _true(found)
        return _true(chance.choice(selections)) if selections else None

    # -- values

    def solution(self, assumptions: Sequence[int], values: Values = _NONE) -> Solution | None:
        """A configuration with values for all its typed features that a rule compares; None when there is none."""
        for known in self._fitting(assumptions, values):
            return known
        return self._solve(self._question(assumptions, values, "a configuration"))

    def domain(self, feature: str, assumptions: Sequence[int] = (), values: Values = _NONE) -> Domain | None:
        """What the value of a feature can be while it is in; None when it can't be in, or when no rule says anything."""
        asked = self._question(assumptions, values, f"what {feature} can be")
        asked.assumptions = [*assumptions, self._names.index(feature) + 1]
        if feature in self.theory.texts:
            return self._texts(feature, asked)
        if feature not in self.theory.numbers:
            return None
        number = self.theory.numbers[feature]
        ends = [self._solve(asked, goal=(number, sign)) for sign in (1, -1)]
        if ends[0] is None or ends[1] is None:
            return None
        low, high = (end.values[feature] for end in ends if end is not None)
        return Domain(low=_number(low), high=_number(high))

    def _texts(self, feature: str, asked: _Question) -> Domain | None:
        tokens = self.theory.tokens
        found = [text for text in tokens if self.is_possible(asked.assumptions, {**asked.values, feature: text})]
        others = _Question(asked.assumptions, asked.values, asked.deadline)
        has_others = self._solve(others, goal=(self.theory.texts[feature], -1))
        is_other = has_others is not None and has_others.values[feature] not in tokens
        return Domain(texts=tuple(found), has_others=is_other) if found or is_other else None

    # -- inside

    def _question(self, assumptions: Sequence[int], values: Values, what: str) -> _Question:
        return _Question(list(assumptions), values, Deadline(self.limits, f"{self.model.name}: {what}"))

    def _fitting(self, assumptions: Sequence[int], values: Values) -> list[Solution]:
        with self._lock:
            pool = list(self._pool)
        return [
            known
            for known in pool
            if all(known.is_in[abs(literal)] == (literal > 0) for literal in assumptions)
            and all(name in known.values and known.values[name] == value for name, value in values.items())
        ]

    def _marks(self, asked: _Question) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Which variables can be true, and which can be false; None when there is no solution."""
        rows = [known.is_in for known in self._fitting(asked.assumptions, asked.values)]
        if not rows:
            first = self._solve(asked)
            if first is None:
                return None
            rows = [first.is_in]
        can_be_in, can_be_out = np.logical_or.reduce(rows), ~np.logical_and.reduce(rows)
        while unseen := self._unseen(can_be_in, can_be_out):
            other = self._solve(_Question(asked.assumptions, asked.values, asked.deadline, unseen))
            if other is None:
                break
            can_be_in, can_be_out = can_be_in | other.is_in, can_be_out | ~other.is_in
        can_be_in[self.features + 1 :] = True
        can_be_out[self.features + 1 :] = True
        can_be_in[0] = can_be_out[0] = False
        return can_be_in, can_be_out

    def _unseen(self, can_be_in: NDArray[np.bool_], can_be_out: NDArray[np.bool_]) -> list[int]:
        """The literals of features that no solution has shown yet."""
        numbers = range(1, self.features + 1)
        return [number for number in numbers if not can_be_in[number]] + [
            -number for number in numbers if not can_be_out[number]
        ]

    def _bound(self, asked: _Question, cost: Costs, sign: int) -> int:
        if not cost.any():
            return 0
        found = self._solve(asked, cost * sign)
        assert found is not None
        return int(cost[found.is_in].sum())

    def _selections(self, asked: _Question) -> list[Solution] | None:
        """Every selection of features once; None when there are more than `COUNTED_MAX`."""
        found: list[Solution] = []
        blocked: list[list[int]] = []
        while (one := self._solve(asked, blocked=blocked)) is not None:
            found.append(one)
            if len(found) > COUNTED_MAX:
                return None
            blocked.append([-number if one.is_in[number] else number for number in range(1, self.features + 1)])
        return found

    def _solve(
        self,
        asked: _Question,
        cost: Costs | None = None,
        *,
        goal: tuple[Variable, int] | None = None,
        blocked: Sequence[Sequence[int]] = (),
    ) -> Solution | None:
        """A solution, of several the cheapest, or the one with the lowest (or highest) goal. Raises TooHard."""
        if not self._fits_clauses(asked):
            return None
        theory = self.theory
        program: Program = theory.program.clone()
        program.add_bool_and([theory.truth(literal) for literal in asked.assumptions])
        for clause in (*blocked, *([asked.clause] if asked.clause else ())):
            program.add_bool_or([theory.truth(literal) for literal in clause])
        if not theory.fix(program, asked.values):
            return None
        if cost is not None:
            paid = np.flatnonzero(cost)
            program.minimize(cp_model.LinearExpr.weighted_sum([theory.truths[at] for at in paid], cost[paid].tolist()))
        elif goal is not None:
            program.minimize(goal[0] * goal[1])
        for literal in asked.clause:
            program.add_hint(theory.truths[abs(literal)], literal > 0)
        return self._solved(program, asked.deadline)

    def _fits_clauses(self, asked: _Question) -> bool:
        given = [self.clauses.variable[name] for name in asked.values]
        with self._relaxed_lock:
            return self._relaxed.solve([*asked.assumptions, *given], asked.deadline)

    def _solved(self, program: Program, deadline: Deadline) -> Solution | None:
        deadline.check()
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = max(deadline.left_s, 0.01)
        solver.parameters.max_memory_in_mb = self.limits.megabytes
        status = solver.solve(program)
        if status == cp_model.INFEASIBLE:
            return None
        if status != cp_model.OPTIMAL and not (status == cp_model.FEASIBLE and not program.has_objective()):
            raise TooHard(f"no answer within {self.limits.seconds:g} s: {deadline.question}")
        is_in = np.array([bool(solver.value(truth)) for truth in self.theory.truths])
        selected = frozenset(name for name, chosen in zip(self._names, is_in[1:], strict=False) if chosen)
        found = Solution(is_in, self.theory.values(solver.value, selected))
        with self._lock:
            self._pool = [*self._pool[-_POOL_MAX + 1 :], found]
        return found


def _true(solution: Solution) -> frozenset[int]:
    return frozenset(np.flatnonzero(solution.is_in).tolist())


def _number(value: Scalar) -> int | float:
    assert not isinstance(value, str)
    return value
