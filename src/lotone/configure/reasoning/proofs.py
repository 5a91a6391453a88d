"""Proofs that the tables of a product family fit its model: for every configuration that there can be, by the solver.

Each rule becomes the question whether there is a configuration that breaks it. The answer no is a proof for the whole
product line; the answer yes comes with such a configuration, the smallest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from lotone.configure.model.demand import (
    CheckRule,
    CircularRouting,
    DemandRules,
    OperationRule,
    ParameterRule,
    PartRule,
    TimeRule,
    in_working_order,
)
from lotone.configure.model.expression import ALWAYS, And, Expression, Not, Or, as_text, features_of, holds
from lotone.configure.model.features import unknown_names
from lotone.configure.model.violation import Violation, ViolationKind
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.reasoning.line import Line

Numbered = list[tuple[int, Expression]]
"""Places of rows with their conditions."""
AnyRow = OperationRule | TimeRule | PartRule | ParameterRule | CheckRule
TABLES = ("operations", "times", "parts", "parameters", "checks")


def prove(configurator: Configurator, rules: DemandRules) -> list[Violation]:
    """Everything that some configuration breaks, and every row that none needs; nothing is a proof for all of them.

    Every configuration gets a complete list: operations that have a work center, take more than no time and don't wait
    for each other; for each parameter that an operation has anywhere, exactly one value whenever the operation is there;
    exactly one part in each slot. Rows that name what does not exist are told and left out of the rest.
    Raises TooHard where the model is too hard for the solver.

    >>> from lotone.configure import parse_expression, read_model
    >>> model = read_model("features\\n    Lamp\\n        alternative\\n            Red\\n            Blue\\n")
    >>> from lotone.kernel import Words
    >>> paint = OperationRule("paint", Words("Paint"), "booth", 20)
    >>> red = ParameterRule("paint", "colour", 3000, parse_expression("Red"))
    >>> [str(found.words()) for found in prove(Configurator(model), DemandRules((paint,), parameters=(red,)))]
    ["'colour' of 'paint' gets no value, for example with Blue"]
    """
    line = Line(configurator.model)
    try:
        return _Prover(line, rules).run()
    finally:
        line.close()


class _Prover:
    def __init__(self, line: Line, rules: DemandRules) -> None:
        self.line = line
        self.model = line.model
        self.rules = rules
        self.found: list[Violation] = []
        self.exists: dict[str, Expression] = {}
        """The condition of each operation that some configuration has."""
        self.tables: dict[str, list[tuple[int, Any]]] = {table: list(enumerate(getattr(rules, table))) for table in TABLES}
        """The rows that are good by themselves, with their places."""

    def run(self) -> list[Violation]:
        if not self.line.is_possible():
            return [Violation(ViolationKind.VOID, "model", column="", subject=self.model.name)]
        for table, rows in self.tables.items():
            self.tables[table] = [(place, row) for place, row in rows if self.is_named_well(table, place, row)]
        routing = [row for _, row in self.tables["operations"]]
        for table, rows in self.tables.items():
            self.tables[table] = [(place, row) for place, row in rows if self.is_reached(table, place, row)]
        self.check_circle(routing)
        self.check_durations()
        self.check_parameters()
        self.check_slots()
        return self.found

    # rows by themselves

    def is_named_well(self, table: str, place: int, row: AnyRow) -> bool:
        """Does everything exist that the row names?"""
        before = len(self.found)
        for name in unknown_names(row.when, self.model.features):
            self.found.append(Violation(ViolationKind.UNKNOWN_FEATURE, table, place, subject=name))
        if isinstance(row, OperationRule):
            steps, column = row.after, "after"
            if not row.work_center:
                self.found.append(Violation(ViolationKind.NO_WORK_CENTER, table, place, "work_center", operation=row.id))
        else:
            steps, column = (row.operation,), "operation"
        for step in steps:
            if step not in self.operations:
                self.found.append(Violation(ViolationKind.UNKNOWN_OPERATION, table, place, column, step))
        return len(self.found) == before

    def is_reached(self, table: str, place: int, row: AnyRow) -> bool:
        """Is there a configuration that needs the row? Rows of an operation that none has go without saying."""
        if isinstance(row, OperationRule):
            if self.line.is_possible(row.when):
                self.exists[row.id] = row.when
                return True
            self.found.append(Violation(ViolationKind.UNREACHABLE, table, place, subject=as_text(row.when)))
            return False
        if row.operation not in self.exists:
            return False
        if self.line.is_possible(row.when, self.exists[row.operation]):
            return True
        kind = ViolationKind.LEFT_OUT if self.line.is_possible(row.when) else ViolationKind.UNREACHABLE
        self.found.append(Violation(kind, table, place, subject=as_text(row.when), operation=row.operation))
        return False

    @cached_property
    def operations(self) -> dict[str, int]:
        """The place of each operation's row."""
        return {rule.id: place for place, rule in enumerate(self.rules.operations)}

    # operations

    def check_circle(self, routing: Sequence[OperationRule]) -> None:
        """An operation that is left out hands on what it waits for, so one operation of a circle is enough to get stuck."""
        names = {rule.id for rule in routing}
        try:
            in_working_order(replace(rule, after=tuple(step for step in rule.after if step in names)) for rule in routing)
        except CircularRouting as circle:
            stuck = [self.exists[step] for step in circle.steps if step in self.exists]
            self.tell(ViolationKind.CIRCLE, "operations", self.operations[circle.steps[0]], "after",
                      subject=", ".join(circle.steps), broken=[Or(tuple(stuck))], involved=stuck)  # fmt: skip

    def check_durations(self) -> None:
        times: dict[str, dict[Expression, float]] = defaultdict(lambda: defaultdict(float))
        for _, row in self.tables["times"]:
            times[row.operation][row.when] += row.add_minutes
        for place, rule in self.tables["operations"]:
            amounts = times[rule.id]
            if rule.minutes + sum(amount for amount in amounts.values() if amount < 0) > 0:
                continue
            least = self.line.least(amounts, rule.when)
            if least is not None and rule.minutes + least.amount <= 0:
                found = Violation(
                    ViolationKind.TOO_SHORT, "operations", place, "minutes", operation=rule.id,
                    minutes=rule.minutes + least.amount, configuration=least.configuration,
                    choices=self.telling(least.configuration, [rule.when, *amounts]),
                )  # fmt: skip
                self.found.append(found)

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
                self.found.append(Violation(ViolationKind.MIXED_SLOT, "parts", place, "slot", slot, other=first))
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
                example = self.line.example(*broken) or frozenset()
                other, beside = next((other, beside) for other, beside in earlier if holds(beside, example))
                self.found.append(
                    Violation(kind, table, place, "when", subject, operation, other,
                              choices=self.telling(example, [when, beside]), configuration=example)
                )  # fmt: skip

    def check_any(
        self, rows: Numbered, exists: Expression, table: str, kind: ViolationKind, subject: str, operation: str
    ) -> None:
        """Always at least one of the rows."""
        conditions = [when for _, when in rows]
        self.tell(kind, table, rows[-1][0], "when", subject=subject, operation=operation,
                  broken=[exists, Not(_any(conditions))], involved=conditions)  # fmt: skip

    def tell(
        self,
        kind: ViolationKind,
        table: str,
        place: int,
        column: str,
        *,
        broken: Sequence[Expression],
        involved: Iterable[Expression],
        subject: str = "",
        operation: str = "",
    ) -> None:
        """Note a violation when some configuration has all that breaks the rule."""
        if not self.line.is_possible(*broken):
            return
        example = self.line.example(*broken) or frozenset()
        choices = self.telling(example, involved)
        self.found.append(
            Violation(kind, table, place, column, subject, operation, choices=choices, configuration=example)
        )  # fmt: skip

    def telling(self, configuration: frozenset[str], conditions: Iterable[Expression]) -> tuple[str, ...]:
        """The choices of a configuration of which the conditions speak, and what was chosen in the place of such."""
        named = {name for condition in conditions for name in features_of(condition)}
        groups = (self.model.group_of[name] for name in named if name in self.model.group_of)
        beside = {member.name for group in groups for member in group.members}
        return tuple(name for name in self.model.options if name in configuration & (named | beside))


def _any(conditions: Iterable[Expression]) -> Expression:
    return Or(tuple(dict.fromkeys(conditions)))
