"""Proofs that the tables of a product family fit its model: for every configuration that there can be, by the solver.

Each rule becomes the question whether there is a configuration that breaks it. The answer no is a proof for the whole
product line; the answer yes comes with such a configuration, the smallest.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from lotone.configure.model.binding import Binder, Unfit
from lotone.configure.model.demand import (
    FORMULAS,
    CheckRule,
    CircularRouting,
    DemandRules,
    OperationRule,
    ParameterRule,
    PartRule,
    TimeRule,
    bound_rule,
    in_working_order,
)
from lotone.configure.model.expression import ALWAYS, And, Expression, Not, Or, as_text
from lotone.configure.model.features import unknown_names
from lotone.configure.model.formula import is_formula
from lotone.configure.model.violation import Violation, ViolationKind
from lotone.configure.reasoning.amounts import Amounts, Range
from lotone.configure.reasoning.breaches import Breaches
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.line import Example, Line

Numbered = list[tuple[int, Expression]]
"""Places of rows with their conditions."""
AnyRow = OperationRule | TimeRule | PartRule | ParameterRule | CheckRule
Ranges = Mapping[tuple[str, str], Sequence[Range]]
TABLES = ("operations", "times", "parts", "parameters", "checks")
_NO_RANGES: Ranges = {}


def prove(
    configurator: Configurator, rules: DemandRules, *, ranges: Ranges = _NO_RANGES, limits: Limits | None = None
) -> list[Violation]:
    """Everything that some configuration breaks, and every row that none needs; nothing is a proof for all of them.

    Every configuration gets a complete list: operations that have a work center, take more than no time and don't wait
    for each other; for each parameter that an operation has anywhere, exactly one value whenever the operation is there;
    exactly one part in each slot; every formula a value, quantities more than 0. Rows that name what does not exist are
    told and left out of the rest. `ranges` are what machines take, by operation and parameter, to prove formulas against.
    Raises TooHard where the model is too hard for the solver within the limits.

    >>> from lotone.configure import parse_expression, read_model
    >>> model = read_model("features\\n    Lamp\\n        alternative\\n            Red\\n            Blue\\n")
    >>> from lotone.kernel import Words
    >>> paint = OperationRule("paint", Words("Paint"), "booth", 20)
    >>> red = ParameterRule("paint", "colour", 3000, parse_expression("Red"))
    >>> [str(found.words()) for found in prove(Configurator(model), DemandRules((paint,), parameters=(red,)))]
    ["'colour' of 'paint' gets no value, for example with Blue"]
    """
    line = Line(configurator.model, limits)
    try:
        return _Prover(line, rules, ranges).run()
    finally:
        line.close()


class _Prover:
    def __init__(self, line: Line, rules: DemandRules, ranges: Ranges) -> None:
        self.line = line
        self.model = line.model
        self.rules = rules
        self.ranges = ranges
        self.breaches = Breaches(line)
        self.binder = Binder(self.model.features)
        self.exists: dict[str, Expression] = {}
        """The condition of each operation that some configuration has."""
        self.tables: dict[str, list[tuple[int, Any]]] = {}
        """The rows that are good by themselves and reached by some configuration, with their places."""

    def run(self) -> list[Violation]:
        if not self.line.is_possible():
            return [Violation(ViolationKind.VOID, "model", column="", subject=self.model.name)]
        bound = {table: [*self.fitting(table)] for table in TABLES}
        routing = [row for _, row in bound["operations"] if isinstance(row, OperationRule)]
        for table, rows in bound.items():
            self.tables[table] = [(place, row) for place, row in rows if self.is_reached(table, place, row)]
        self.check_circle(routing)
        self.check_parameters()
        self.check_slots()
        amounts = Amounts(self.breaches, self.exists)
        amounts.check_operations(self.tables["operations"])
        amounts.check_times(self.tables["times"])
        amounts.check_quantities(self.tables["parts"])
        amounts.check_settings(self.tables["parameters"], self.ranges)
        amounts.check_limits(self.tables["checks"])
        amounts.check_durations(self.tables["operations"], self.tables["times"])
        return self.breaches.found

    # rows by themselves

    def fitting(self, table: str) -> Iterable[tuple[int, AnyRow]]:
        """The rows that name only what exists, bound to the model."""
        for place, row in enumerate(getattr(self.rules, table)):
            before = len(self.breaches.found)
            self.check_names(table, place, row)
            if len(self.breaches.found) == before:
                yield place, bound_rule(row, self.binder)

    def check_names(self, table: str, place: int, row: AnyRow) -> None:
        note = self.breaches.note
        for name in unknown_names(row.when, self.model.features):
            note(ViolationKind.UNKNOWN_FEATURE, table, place, "when", name)
            return
        self.check_fit(table, place, row)
        if isinstance(row, OperationRule):
            steps, column = row.after, "after"
            if not row.work_center:
                note(ViolationKind.NO_WORK_CENTER, table, place, "work_center", operation=row.id)
            if self.operations[row.id] != place:
                note(ViolationKind.SECOND_OPERATION, table, place, "operation", row.id, other=self.operations[row.id])
        else:
            steps, column = (row.operation,), "operation"
        for step in steps:
            if step not in self.operations:
                note(ViolationKind.UNKNOWN_OPERATION, table, place, column, step)

    def check_fit(self, table: str, place: int, row: AnyRow) -> None:
        """Do the condition and the formulas fit the model? Numbers are expected everywhere but in parameters."""
        formulas = {name: getattr(row, name) for name in FORMULAS[type(row)] if is_formula(getattr(row, name))}
        column = "when"
        try:
            self.binder.bind(row.when)
            for column, formula in formulas.items():  # noqa: B007  (the column of the fault)
                is_text = self.binder.is_text(self.binder.bind_term(formula))
                if is_text and not isinstance(row, ParameterRule):
                    raise Unfit("expected a number here, found a text", "")
        except Unfit as fault:
            self.breaches.note(ViolationKind.UNFIT, table, place, column, fault.message)

    def is_reached(self, table: str, place: int, row: AnyRow) -> bool:
        """Is there a configuration that needs the row? Rows of an operation that none has go without saying."""
        if isinstance(row, OperationRule):
            if self.line.is_possible(row.when):
                self.exists[row.id] = row.when
                return True
            self.breaches.note(ViolationKind.UNREACHABLE, table, place, "when", as_text(row.when))
            return False
        if row.operation not in self.exists:
            return False
        if self.line.is_possible(row.when, self.exists[row.operation]):
            return True
        kind = ViolationKind.LEFT_OUT if self.line.is_possible(row.when) else ViolationKind.UNREACHABLE
        self.breaches.note(kind, table, place, "when", as_text(row.when), row.operation)
        return False

    @cached_property
    def operations(self) -> dict[str, int]:
        """The place of each operation's first row."""
        return {rule.id: place for place, rule in reversed([*enumerate(self.rules.operations)])}

    # operations

    def check_circle(self, routing: Sequence[OperationRule]) -> None:
        """An operation that is left out hands on what it waits for, so one operation of a circle is enough to get stuck."""
        names = {rule.id for rule in routing}
        try:
            in_working_order(replace(rule, after=tuple(step for step in rule.after if step in names)) for rule in routing)
        except CircularRouting as circle:
            stuck = [self.exists[step] for step in circle.steps if step in self.exists]
            self.breaches.ask(
                ViolationKind.CIRCLE, "operations", self.operations[circle.steps[0]], "after",
                subject=", ".join(circle.steps), broken=[Or(tuple(stuck))], involved=stuck,
            )  # fmt: skip

    # what must be there exactly once

    def check_parameters(self) -> None:
        values: dict[tuple[str, str], Numbered] = defaultdict(list)
        for place, row in self.tables["parameters"]:
            values[row.operation, row.parameter].append((place, row.when))
        for (operation, parameter), rows in values.items():
            exists = self.exists[operation]
            self.check_once(rows, exists, "parameters", ViolationKind.SECOND_VALUE, parameter, operation)
            self.check_any(rows, exists, "parameters", ViolationKind.NO_VALUE, parameter, operation)

    def check_slots(self) -> None:
        """Parts of one slot never come together; rows of the same part are its quantities, which add up."""
        slots: dict[str, list[tuple[int, PartRule]]] = defaultdict(list)
        for place, row in self.tables["parts"]:
            if row.slot_name:
                slots[row.slot_name].append((place, row))
        for slot, rows in slots.items():
            first, is_optional = rows[0][0], rows[0][1].may_be_empty
            mixed = [place for place, row in rows if row.may_be_empty != is_optional]
            for place in mixed:
                self.breaches.note(ViolationKind.MIXED_SLOT, "parts", place, "slot", slot, other=first)
            uses: dict[str, Numbered] = defaultdict(list)
            for place, row in rows:
                uses[row.part].append((place, And((self.exists[row.operation], row.when))))
            parts = [(own[0][0], _any(when for _, when in own)) for own in uses.values()]
            self.check_once(parts, ALWAYS, "parts", ViolationKind.SECOND_PART, slot, "")
            if not is_optional and not mixed:
                self.check_any(parts, ALWAYS, "parts", ViolationKind.NO_PART, slot, "")

    def check_once(
        self, rows: Numbered, exists: Expression, table: str, kind: ViolationKind, subject: str, operation: str
    ) -> None:
        """No two of the rows together: each is asked for beside any of those before it."""
        for at in range(1, len(rows)):
            place, when = rows[at]
            earlier = rows[:at]
            broken = [exists, when, _any(other for _, other in earlier)]
            if self.line.is_possible(*broken):
                example = self.line.example(*broken) or Example(frozenset())
                other, beside = next((other, beside) for other, beside in earlier if example.holds(beside))
                self.breaches.show(
                    kind, table, place, "when", example, [when, beside], subject=subject, operation=operation, other=other
                )

    def check_any(
        self, rows: Numbered, exists: Expression, table: str, kind: ViolationKind, subject: str, operation: str
    ) -> None:
        """Always at least one of the rows."""
        conditions = [when for _, when in rows]
        self.breaches.ask(
            kind, table, rows[-1][0], "when", subject=subject, operation=operation,
            broken=[exists, Not(_any(conditions))], involved=conditions,
        )  # fmt: skip


def _any(conditions: Iterable[Expression]) -> Expression:
    return Or(tuple(dict.fromkeys(conditions)))
