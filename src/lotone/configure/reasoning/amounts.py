"""Proofs about numbers in tables: durations, quantities, limits and settings, plain ones and formulas."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lotone.configure.model.demand import CheckRule, OperationRule, ParameterRule, PartRule, TimeRule
from lotone.configure.model.expression import Arithmetic, Compare, Expression, Not, Number, Or, Term, exact
from lotone.configure.model.formula import FORMULAS_MAX, Quantity, as_cell, is_formula, may_lack_value, number_of, term_of
from lotone.configure.model.syntax import Sign
from lotone.configure.model.violation import ViolationKind
from lotone.configure.reasoning.breaches import Breaches
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.reasoning.line import Example
from lotone.kernel import Words

_ZERO = Number(0)
POSITIVE = Words("more than 0", "大于0")
NOT_NEGATIVE = Words("at least 0", "不小于0")


@dataclass(frozen=True)
class Range:
    """What a machine takes as a parameter: numbers from `low` to `high`; None is no limit on that side."""

    who: str
    low: float | None = None
    high: float | None = None

    @property
    def words(self) -> Words:
        if self.high is None:
            return Words(f"at least {self.low:g}", f"不小于{self.low:g}")
        if self.low is None:
            return Words(f"at most {self.high:g}", f"不大于{self.high:g}")
        return Words(f"{self.low:g} to {self.high:g}", f"在{self.low:g}到{self.high:g}之间")


class Amounts:
    """`exists` are the conditions of operations; all rows are bound to the model and reached by some configuration."""

    def __init__(self, breaches: Breaches, exists: Mapping[str, Expression]) -> None:
        self.breaches = breaches
        self.line = breaches.line
        self.exists = exists

    def check_quantities(self, parts: Iterable[tuple[int, PartRule]]) -> None:
        for place, row in parts:
            self._has_value("parts", place, "quantity", row, row.quantity)
            self._is_above("parts", place, "quantity", row, row.quantity, "<=", POSITIVE)

    def check_times(self, times: Iterable[tuple[int, TimeRule]]) -> None:
        for place, row in times:
            self._has_value("times", place, "add_minutes", row, row.add_minutes)

    def check_operations(self, operations: Iterable[tuple[int, OperationRule]]) -> None:
        for place, row in operations:
            self._has_value("operations", place, "minutes", row, row.minutes)
            self._has_value("operations", place, "wait_after_minutes", row, row.wait_after_minutes)
            self._is_above("operations", place, "wait_after_minutes", row, row.wait_after_minutes, "<", NOT_NEGATIVE)

    def check_limits(self, checks: Iterable[tuple[int, CheckRule]]) -> None:
        for place, row in checks:
            for column, limit in (("low", row.low), ("high", row.high)):
                if limit is not None:
                    self._has_value("checks", place, column, row, limit)
            if row.low is None or row.high is None:
                continue
            if is_formula(row.low) or is_formula(row.high) or row.low > row.high:  # type: ignore[operator]
                crossed = Compare(">", term_of(row.low), term_of(row.high))
                self.breaches.ask(ViolationKind.CROSSED, "checks", place, "high",
                                  broken=[*self._always(row), crossed], involved=[row.when, crossed])  # fmt: skip

    def check_settings(
        self, parameters: Iterable[tuple[int, ParameterRule]], ranges: Mapping[tuple[str, str], Sequence[Range]]
    ) -> None:
        """Formulas only: a plain value is known without a proof."""
        for place, row in parameters:
            if not is_formula(row.value):
                continue
            self._has_value("parameters", place, "value", row, row.value)
            for taken in ranges.get((row.operation, row.parameter), ()):
                outside = Or(tuple(
                    Compare(sign, row.value, Number(limit))
                    for sign, limit in ((_LESS, taken.low), (_MORE, taken.high)) if limit is not None
                ))  # fmt: skip
                if outside.parts:
                    self.breaches.ask(
                        ViolationKind.OUT_OF_RANGE, "parameters", place, "value", subject=as_cell(row.value),
                        operation=taken.who, expected=taken.words,
                        broken=[*self._always(row), outside], involved=[row.when, outside],
                    )  # fmt: skip

    def check_durations(self, operations: Iterable[tuple[int, OperationRule]], times: Iterable[tuple[int, TimeRule]]) -> None:
        """More than no time, whatever is chosen: the least sum over all configurations, not the sum of the least."""
        added: dict[str, list[TimeRule]] = defaultdict(list)
        for _, row in times:
            added[row.operation].append(row)
        for place, rule in operations:
            rows = added[rule.id]
            found = self._least(rule, rows) if self._is_plain(rule, rows) else self._too_short(rule, rows)
            if found is not None and (minutes := _minutes(rule, rows, found)) <= 0:
                self.breaches.show(
                    ViolationKind.TOO_SHORT, "operations", place, "minutes", found,
                    [rule.when, *(row.when for row in rows), *(Compare("<", term_of(amount), _ZERO) for amount in
                                                               (rule.minutes, *(row.add_minutes for row in rows)))],
                    operation=rule.id, minutes=minutes,
                )  # fmt: skip

    # inside

    def _always(self, row: PartRule | CheckRule | ParameterRule | TimeRule | OperationRule) -> list[Expression]:
        """What holds wherever the row applies."""
        return [row.when] if isinstance(row, OperationRule) else [self.exists[row.operation], row.when]

    def _has_value(
        self, table: str, place: int, column: str,
        row: PartRule | CheckRule | ParameterRule | TimeRule | OperationRule, value: object,
    ) -> None:  # fmt: skip
        if is_formula(value) and may_lack_value(value):
            is_zero, is_not = Compare("==", value, _ZERO), Compare("!=", value, _ZERO)
            self.breaches.ask(
                ViolationKind.NO_AMOUNT, table, place, column, subject=as_cell(value),
                broken=[*self._always(row), Not(is_zero), Not(is_not)], involved=[row.when, is_zero],
            )  # fmt: skip

    def _is_above(
        self, table: str, place: int, column: str, row: PartRule | OperationRule, amount: Quantity, sign: Sign,
        expected: Words,
    ) -> None:  # fmt: skip
        if not is_formula(amount) and not (amount < 0 or (amount == 0 and sign == "<=")):  # type: ignore[operator]
            return
        below = Compare(sign, term_of(amount), _ZERO)
        self.breaches.ask(
            ViolationKind.TOO_SMALL, table, place, column, subject=str(as_cell(amount)), expected=expected,
            broken=[*self._always(row), below], involved=[row.when, below],
        )  # fmt: skip

    def _is_plain(self, rule: OperationRule, rows: Sequence[TimeRule]) -> bool:
        return not is_formula(rule.minutes) and not any(is_formula(row.add_minutes) for row in rows)

    def _least(self, rule: OperationRule, rows: Sequence[TimeRule]) -> Example | None:
        amounts: dict[Expression, float] = defaultdict(float)
        for row in rows:
            amounts[row.when] += row.add_minutes  # type: ignore[operator]
        if rule.minutes + sum(amount for amount in amounts.values() if amount < 0) > 0:  # type: ignore[operator]
            return None
        return self.line.least(amounts, rule.when)

    def _too_short(self, rule: OperationRule, rows: Sequence[TimeRule]) -> Example | None:
        """A configuration in which formulas leave no time: for each combination of conditions one comparison."""
        if len(rows) > FORMULAS_MAX:
            raise TooHard(f"operation '{rule.id}' has more than {FORMULAS_MAX} rows of times beside formulas")

        def search(at: int, conditions: list[Expression], minutes: Term) -> Example | None:
            if at == len(rows):
                none_left: Expression = Compare("<=", minutes, _ZERO)
                return self.line.example(*conditions, none_left) if self.line.is_possible(*conditions, none_left) else None
            row = rows[at]
            with_row, without = [*conditions, row.when], [*conditions, Not(row.when)]
            longer = Arithmetic("+", minutes, term_of(row.add_minutes))
            found = search(at + 1, with_row, longer) if self.line.is_possible(*with_row) else None
            if found is None and self.line.is_possible(*without):
                found = search(at + 1, without, minutes)
            return found

        return search(0, [rule.when], term_of(rule.minutes))


_LESS: Sign = "<"
_MORE: Sign = ">"


def _minutes(rule: OperationRule, rows: Sequence[TimeRule], example: Example) -> float:
    amounts = [rule.minutes, *(row.add_minutes for row in rows if example.holds(row.when))]
    return float(sum(exact(number_of(amount, example.configuration, example.values)) for amount in amounts))
