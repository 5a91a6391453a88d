"""From a configuration to what it needs: the tables of a product family, made ready once and read for each unit."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import fields
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.demand import (
    CheckNeed,
    CheckRule,
    Demand,
    DemandRules,
    OperationNeed,
    OperationRule,
    ParameterRule,
    PartNeed,
    PartRule,
    TimeRule,
    in_working_order,
)
from lotone.configure.model.expression import And, Expression, Implies, Name, Not, Or, Values, features_of, holds
from lotone.configure.model.formula import NO_VALUES, Quantity, Setting, is_formula, number_of, setting_of

TERMS_MAX = 16
"""A condition that is no longer than so many conjunctions is looked up; a longer one is evaluated by itself."""

KEPT_MAX = 20_000
"""So many operations are kept as they were needed."""

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

    def truth(self, selected: Set[str], values: Values) -> Truth:
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
            truth[number] = holds(condition, selected, values)
        return truth


def _short(alternatives: Sequence[set[Term] | None]) -> set[Term] | None:
    terms: set[Term] = set()
    for alternative in alternatives:
        if alternative is None:
            return None
        terms |= alternative
    return terms if len(terms) <= TERMS_MAX else None


AnyRow = TypeVar("AnyRow", TimeRule, PartRule, ParameterRule, CheckRule)
AnyRule = TimeRule | PartRule | ParameterRule | CheckRule


class _Step(NamedTuple):
    """An operation as some configurations need it, and its parts with the places of their rows."""

    operation: OperationNeed
    parts: tuple[tuple[int, PartNeed], ...]


_Key = tuple[int, bytes, bytes] | None
"""An operation's place, which of the conditions about it hold, and which operations are there."""


class _Rows:
    """Where the rows of one table have their condition and their operation."""

    def __init__(self, rows: Sequence[AnyRow], conditions: _Conditions, operation: dict[str, int]) -> None:
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

    def __init__(self, rules: DemandRules, *, typed: Set[str] = frozenset()) -> None:
        self._rules = rules
        self.typed = frozenset(rules.features() & typed)
        """The features, of those given, whose values conditions or formulas speak of."""
        self._routing = in_working_order(rules.operations)
        self._conditions = _Conditions(rules.conditions())
        self._exists = np.array([self._conditions.number[rule.when] for rule in self._routing], np.intp)
        operation = {rule.id: place for place, rule in enumerate(self._routing)}
        self._times = _Rows(rules.times, self._conditions, operation)
        self._parts = _Rows(rules.parts, self._conditions, operation)
        self._parameters = _Rows(rules.parameters, self._conditions, operation)
        self._checks = _Rows(rules.checks, self._conditions, operation)
        self._part_needs = [
            PartNeed(row.part, row.quantity, row.operation) if isinstance(row.quantity, int | float) else None
            for row in rules.parts
        ]
        keys: dict[tuple[str, str], int] = {}
        self._part_keys = [keys.setdefault((row.part, row.operation), len(keys)) for row in rules.parts]
        self._deciding = [self._deciding_of(rule) for rule in self._routing]
        self._kept: dict[_Key, _Step] = {}

    def _deciding_of(self, operation: OperationRule) -> NDArray[np.intp] | None:
        """The conditions of all rows about an operation; None where a formula computes something for each configuration."""
        tables: tuple[Sequence[AnyRule], ...] = (
            self._rules.times, self._rules.parts, self._rules.parameters, self._rules.checks,
        )  # fmt: skip
        rows = [row for table in tables for row in table if row.operation == operation.id]
        if any(is_formula(getattr(row, each.name)) for row in (operation, *rows) for each in fields(row)):
            return None
        return np.array(sorted({self._conditions.number[row.when] for row in rows}), np.intp)

    def explode(self, selected: Set[str], values: Values = NO_VALUES) -> Demand:
        """What a complete configuration needs; the operations in an order in which they can be done.

        `values` are the numbers and texts of its typed features. Configurations that need an operation just so share what
        is said of it. Raises NoAmount where a formula has no value.
        """
        truth = self._conditions.truth(selected, values)
        present = truth[self._exists]
        keys = self._keys(truth, present)
        steps = [self._kept.get(key) for key in keys]
        if not all(steps):
            made = self._made(_Unit(self._rules, selected, values), truth, present)
            self._keep(keys, made)
            steps = list(made)
        parts = sorted((row for step in steps if step for row in step.parts), key=itemgetter(0))
        return Demand(tuple(need for _, need in parts), tuple(step.operation for step in steps if step))

    def _keys(self, truth: Truth, present: Truth) -> list["_Key"]:
        """For each operation that is there, what decides how it is done; None where a formula does."""
        there = present.tobytes()
        return [
            None if rows is None else (place, truth[rows].tobytes(), there)
            for place, rows in ((place, self._deciding[place]) for place in np.flatnonzero(present).tolist())
        ]

    def _keep(self, keys: Sequence["_Key"], steps: Sequence["_Step"]) -> None:
        if len(self._kept) > KEPT_MAX:
            self._kept = {}
        self._kept.update((key, step) for key, step in zip(keys, steps, strict=True) if key is not None)

    def _made(self, unit: "_Unit", truth: Truth, present: Truth) -> list["_Step"]:
        rules = [self._routing[place] for place in np.flatnonzero(present).tolist()]
        minutes = unit.minutes(rules, self._times.applying(truth, present))
        parameters = unit.parameters(rules, self._parameters.applying(truth, present))
        checks = unit.checks(rules, self._checks.applying(truth, present))
        before = self._before(minutes.keys())
        parts = self._needed_parts(unit, self._parts.applying(truth, present))
        return [
            _Step(
                OperationNeed(
                    step=rule.id,
                    words=rule.words,
                    work_center=rule.work_center,
                    minutes=max(0.0, minutes[rule.id]),
                    after=before[rule.id],
                    wait_after_minutes=unit.number(rule.wait_after_minutes),
                    work_units=rule.work_units,
                    parameters=parameters[rule.id],
                    checks=tuple(checks[rule.id]),
                    setup=rule.setup_of(parameters[rule.id]),
                    batch=rule.batch_of(parameters[rule.id]),
                    size=rule.size,
                    also=rule.also,
                    wait_most_minutes=rule.wait_most_minutes,
                ),
                tuple((place, need) for place, need in parts if need.operation == rule.id),
            )
            for rule in rules
        ]

    def _needed_parts(self, unit: "_Unit", places: Iterable[int]) -> list[tuple[int, PartNeed]]:
        """One need for each part and operation, with the place of the first of its rows."""
        needs: dict[int, tuple[int, PartNeed]] = {}
        for place in places:
            need, key = self._part_needs[place] or unit.part(place), self._part_keys[place]
            known = needs.get(key)
            if known is None:
                needs[key] = place, need
            else:
                first, sum_of = known
                needs[key] = first, PartNeed(need.part, sum_of.quantity + need.quantity, need.operation)
        return [each for each in needs.values() if each[1].quantity > 0]

    def _before(self, present: Set[str]) -> dict[str, tuple[str, ...]]:
        """What each operation waits for; one that is left out hands on what it waited for itself."""
        waits: dict[str, tuple[str, ...]] = {}
        for rule in self._routing:
            steps = ((step,) if step in present else waits[step] for step in rule.after)
            waits[rule.id] = tuple(dict.fromkeys(chain.from_iterable(steps)))
        return waits


class _Unit:
    """The numbers and settings of one configuration."""

    def __init__(self, rules: DemandRules, selected: Set[str], values: Values) -> None:
        self.rules = rules
        self.selected = selected
        self.values = values

    def number(self, quantity: Quantity) -> float:
        return number_of(quantity, self.selected, self.values)

    def minutes(self, rules: Sequence[OperationRule], times: Iterable[int]) -> dict[str, float]:
        found = {rule.id: self.number(rule.minutes) for rule in rules}
        for place in times:
            row = self.rules.times[place]
            found[row.operation] += self.number(row.add_minutes)
        return found

    def part(self, place: int) -> PartNeed:
        row = self.rules.parts[place]
        return PartNeed(row.part, self.number(row.quantity), row.operation)

    def parameters(self, rules: Sequence[OperationRule], places: Iterable[int]) -> dict[str, dict[str, Setting]]:
        found: dict[str, dict[str, Setting]] = {rule.id: {} for rule in rules}
        for place in places:
            row = self.rules.parameters[place]
            found[row.operation][row.parameter] = setting_of(row.value, self.selected, self.values)
        return found

    def checks(self, rules: Sequence[OperationRule], places: Iterable[int]) -> dict[str, list[CheckNeed]]:
        found: dict[str, list[CheckNeed]] = {rule.id: [] for rule in rules}
        for place in places:
            row = self.rules.checks[place]
            low, high = (None if limit is None else self.number(limit) for limit in (row.low, row.high))
            found[row.operation].append(CheckNeed(row.check, low, high))
        return found


def explode(rules: DemandRules, configuration: Set[str], values: Values = NO_VALUES) -> Demand:
    """Evaluate the tables for one complete configuration; for many, keep the `Tables`. Raises CircularRouting, NoAmount."""
    return Tables(rules).explode(configuration, values)
