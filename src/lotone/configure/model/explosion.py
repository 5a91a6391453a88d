"""From a configuration to what it needs: the tables of a product family, made ready once and read for each unit."""

from collections.abc import Iterable, Sequence, Set
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.demand import (
    AnyRule,
    CheckNeed,
    Demand,
    DemandRules,
    OperationNeed,
    PartNeed,
    Setting,
    in_working_order,
)
from lotone.configure.model.expression import And, Expression, Implies, Name, Not, Or, features_of, holds

TERMS_MAX = 16
"""A condition that is no longer than so many conjunctions is looked up; a longer one is evaluated by itself."""

Truth = NDArray[np.bool_]
Term = frozenset[int]
"""A conjunction: places in the table of literals."""


class _Conditions:
    """All distinct conditions of a family, evaluated at once: each as a few conjunctions over one array of literals.

    Literal 0 is always true; after it come every feature that a condition speaks of, and its negation beside it.
    """

    def __init__(self, conditions: Iterable[Expression]) -> None:
        self.number = {condition: number for number, condition in enumerate(dict.fromkeys(conditions))}
        names = dict.fromkeys(name for condition in self.number for name in features_of(condition))
        self._place = {name: 1 + 2 * place for place, name in enumerate(names)}
        self._long: list[tuple[int, Expression]] = []
        terms: list[Term] = []
        of_term: list[int] = []
        for condition, number in self.number.items():
            own = self._terms(condition, negated=False)
            if own is None:
                self._long.append((number, condition))
            else:
                terms += own
                of_term += [number] * len(own)
        literals = [sorted(term) or [0] for term in terms]
        self._literals = np.fromiter(chain.from_iterable(literals), np.intp)
        self._starts = np.cumsum([0, *(len(term) for term in literals)], dtype=np.intp)[:-1]
        self._of_term = np.array(of_term, np.intp)

    def _terms(self, condition: Expression, *, negated: bool) -> set[Term] | None:
        """The condition, or its negation, as an or of conjunctions; None where there are too many or it is of no such kind."""
        match condition, negated:
            case Name(name), _:
                return {frozenset([self._place[name] + negated])}
            case Not(part), _:
                return self._terms(part, negated=not negated)
            case (And(parts), False) | (Or(parts), True):
                return self._product([self._terms(part, negated=negated) for part in parts])
            case (Or(parts), False) | (And(parts), True):
                return _short([self._terms(part, negated=negated) for part in parts])
            case Implies(left, right), _:
                return self._terms(Or((Not(left), right)), negated=negated)
        return None

    def _product(self, factors: Sequence[set[Term] | None]) -> set[Term] | None:
        product: set[Term] = {frozenset()}
        for factor in factors:
            if factor is None:
                return None
            joined = (one | other for one in product for other in factor)
            product = {term for term in joined if not self._is_contradiction(term)}
            if len(product) > TERMS_MAX:
                return None
        return product

    def _is_contradiction(self, term: Term) -> bool:
        return any(place % 2 and place + 1 in term for place in term)

    def truth(self, selected: Set[str]) -> Truth:
        """Which conditions hold, by their numbers."""
        literals = np.zeros(1 + 2 * len(self._place), np.bool_)
        literals[0] = True
        literals[2::2] = True
        places = np.array([self._place[name] for name in selected if name in self._place], np.intp)
        literals[places] = True
        literals[places + 1] = False
        truth = np.zeros(len(self.number), np.bool_)
        if self._literals.size:
            truth[self._of_term[np.logical_and.reduceat(literals[self._literals], self._starts)]] = True
        for number, condition in self._long:
            truth[number] = holds(condition, selected)
        return truth


def _short(alternatives: Sequence[set[Term] | None]) -> set[Term] | None:
    terms: set[Term] = set()
    for alternative in alternatives:
        if alternative is None:
            return None
        terms |= alternative
    return terms if len(terms) <= TERMS_MAX else None


class _Rows:
    """Where the rows of one table have their condition and their operation."""

    def __init__(self, rows: Sequence[AnyRule], conditions: _Conditions, operation: dict[str, int]) -> None:
        known = [(place, row) for place, row in enumerate(rows) if row.operation in operation]
        self.place = np.array([place for place, _ in known], np.intp)
        self.condition = np.array([conditions.number[row.when] for _, row in known], np.intp)
        self.operation = np.array([operation[row.operation] for _, row in known], np.intp)

    def applying(self, truth: Truth, present: Truth) -> list[int]:
        """The places of the rows that apply, in the order of the table; a row of an operation that is left out does not."""
        places: list[int] = self.place[truth[self.condition] & present[self.operation]].tolist()
        return places


class Tables:
    """The tables of a product family, made ready for any number of units. Raises CircularRouting."""

    def __init__(self, rules: DemandRules) -> None:
        self._rules = rules
        self._routing = in_working_order(rules.operations)
        self._conditions = _Conditions(rules.conditions())
        self._exists = np.array([self._conditions.number[rule.when] for rule in self._routing], np.intp)
        operation = {rule.id: place for place, rule in enumerate(self._routing)}
        self._times = _Rows(rules.times, self._conditions, operation)
        self._parts = _Rows(rules.parts, self._conditions, operation)
        self._parameters = _Rows(rules.parameters, self._conditions, operation)
        self._checks = _Rows(rules.checks, self._conditions, operation)
        self._part_needs = [PartNeed(row.part, row.quantity, row.operation) for row in rules.parts]
        keys: dict[tuple[str, str], int] = {}
        self._part_keys = [keys.setdefault((row.part, row.operation), len(keys)) for row in rules.parts]
        self._check_needs = [CheckNeed(row.check, row.low, row.high) for row in rules.checks]

    def explode(self, selected: Set[str]) -> Demand:
        """What a complete configuration needs; the operations in an order in which they can be done."""
        truth = self._conditions.truth(selected)
        present = truth[self._exists]
        rules = [self._routing[place] for place in np.flatnonzero(present).tolist()]
        minutes = {rule.id: rule.minutes for rule in rules}
        parameters: dict[str, dict[str, Setting]] = {rule.id: {} for rule in rules}
        checks: dict[str, list[CheckNeed]] = {rule.id: [] for rule in rules}
        for place in self._times.applying(truth, present):
            time = self._rules.times[place]
            minutes[time.operation] += time.add_minutes
        for place in self._parameters.applying(truth, present):
            row = self._rules.parameters[place]
            parameters[row.operation][row.parameter] = row.value
        for place in self._checks.applying(truth, present):
            checks[self._rules.checks[place].operation].append(self._check_needs[place])
        before = self._before(minutes.keys())
        operations = (
            OperationNeed(
                step=rule.id,
                words=rule.words,
                work_center=rule.work_center,
                minutes=max(0.0, minutes[rule.id]),
                after=before[rule.id],
                wait_after_minutes=rule.wait_after_minutes,
                work_units=rule.work_units,
                parameters=parameters[rule.id],
                checks=tuple(checks[rule.id]),
            )
            for rule in rules
        )
        return Demand(self._needed_parts(self._parts.applying(truth, present)), tuple(operations))

    def _needed_parts(self, places: Iterable[int]) -> tuple[PartNeed, ...]:
        """One need for each part and operation, where the first of its rows stands."""
        needs: dict[int, PartNeed] = {}
        for place in places:
            need, key = self._part_needs[place], self._part_keys[place]
            first = needs.setdefault(key, need)
            if first is not need:
                needs[key] = PartNeed(need.part, first.quantity + need.quantity, need.operation)
        return tuple(need for need in needs.values() if need.quantity > 0)

    def _before(self, present: Set[str]) -> dict[str, tuple[str, ...]]:
        """What each operation waits for; one that is left out hands on what it waited for itself."""
        waits: dict[str, tuple[str, ...]] = {}
        for rule in self._routing:
            steps = ((step,) if step in present else waits[step] for step in rule.after)
            waits[rule.id] = tuple(dict.fromkeys(chain.from_iterable(steps)))
        return waits


def explode(rules: DemandRules, configuration: Set[str]) -> Demand:
    """Evaluate the tables for one complete configuration; for many, keep the `Tables`. Raises CircularRouting."""
    return Tables(rules).explode(configuration)
