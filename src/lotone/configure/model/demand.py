"""What a configuration needs: tables of parts, operations, times, parameters and checks, each row with its condition."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lotone.configure.model.binding import Binder
from lotone.configure.model.expression import ALWAYS, Expression, Term, as_text, features_of, parse_expression
from lotone.configure.model.features import Model
from lotone.configure.model.formula import Quantity, Setting, as_cell, bound_to, from_cell, is_formula
from lotone.kernel import Invalid, Words


@dataclass(frozen=True)
class OperationRule:
    """One step of the routing of a product family."""

    id: str
    words: Words
    work_center: str
    minutes: Quantity
    after: tuple[str, ...] = ()
    """The operations that must be finished before; one that a configuration leaves out passes on its own."""
    wait_after_minutes: Quantity = 0.0
    """How long the unit must rest afterwards, such as paint that dries."""
    work_units: tuple[str, ...] | None = None
    """The only machines that can do it; None is every one of the work center."""
    when: Expression = ALWAYS
    setup: str = ""
    """The parameter whose value says what the machine must be set up for, such as a colour."""
    batch: tuple[str, ...] = ()
    """The parameters that must be equal for units to share a batch, such as a temperature; ANYTHING when all may."""
    size: float = 1.0
    """How much of a batch, or of a machine that does several things at a time, it takes."""
    also: tuple[str, ...] = ()
    """Skills: an operator or tool with each is needed too."""
    wait_most_minutes: float | None = None
    """The longest that the unit may rest afterwards."""

    def setup_of(self, parameters: Mapping[str, Setting]) -> str:
        """What the machine must be set up for, with these values of its parameters."""
        return setting_text(parameters[self.setup]) if self.setup in parameters else ""

    def batch_of(self, parameters: Mapping[str, Setting]) -> str:
        """The same for units that may share a batch."""
        if self.batch == (ANYTHING,):
            return ANYTHING
        return " ".join(f"{name}={setting_text(parameters[name])}" for name in self.batch if name in parameters)


ANYTHING = "*"


def setting_text(value: Setting) -> str:
    """The value of a parameter as a word: 9016, true, 2.5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


_LATER = {"setup": "", "batch": (), "size": 1.0, "also": (), "wait_most_minutes": None}
"""Columns of operations that most leave as they are; they are not written then."""


@dataclass(frozen=True)
class TimeRule:
    """Minutes that a choice adds to an operation, or takes off."""

    operation: str
    add_minutes: Quantity
    when: Expression = ALWAYS


@dataclass(frozen=True)
class PartRule:
    part: str
    quantity: Quantity
    operation: str
    when: Expression = ALWAYS
    slot: str = ""
    """The place in the unit that the part fills, such as `motor`: parts of one slot never come together, and every
    configuration fills it; a slot written with a question mark, `basket?`, may stay empty."""

    @property
    def slot_name(self) -> str:
        return self.slot.rstrip("?")

    @property
    def may_be_empty(self) -> bool:
        return self.slot.endswith("?")


@dataclass(frozen=True)
class ParameterRule:
    operation: str
    parameter: str
    value: Setting | Term
    when: Expression = ALWAYS


@dataclass(frozen=True)
class CheckRule:
    operation: str
    check: str
    low: Quantity | None
    high: Quantity | None
    when: Expression = ALWAYS


AnyRule = TypeVar("AnyRule", OperationRule, TimeRule, PartRule, ParameterRule, CheckRule)


@dataclass(frozen=True)
class DemandRules:
    """The tables of one product family."""

    operations: tuple[OperationRule, ...] = ()
    times: tuple[TimeRule, ...] = ()
    parts: tuple[PartRule, ...] = ()
    parameters: tuple[ParameterRule, ...] = ()
    checks: tuple[CheckRule, ...] = ()

    def conditions(self) -> Iterator[Expression]:
        """The `when` of every row of every table."""
        for name in _KINDS:
            yield from (rule.when for rule in getattr(self, name))

    def features(self) -> set[str]:
        """Every feature that a condition or a formula speaks of; those in sums only once they are bound to a model."""
        found = {name for condition in set(self.conditions()) for name in features_of(condition)}
        for table, kind in _KINDS.items():
            for rule in getattr(self, table):
                formulas = (getattr(rule, name) for name in FORMULAS[kind])
                found.update(name for formula in formulas if is_formula(formula) for name in features_of(formula))
        return found

    def bound(self, model: Model) -> "DemandRules":
        """The tables with the attributes of the model in their conditions and formulas, so that they can be evaluated.
        Raises Unfit."""
        binder = Binder(model.features)
        return replace(self, **{name: tuple(bound_rule(rule, binder) for rule in getattr(self, name)) for name in _KINDS})

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [_row(rule) for rule in getattr(self, name)] for name in _KINDS}

    @classmethod
    def from_json(cls, tables: Mapping[str, list[dict[str, Any]]]) -> "DemandRules":
        return cls(**{name: tuple(_rule(kind, row) for row in tables[name]) for name, kind in _KINDS.items()})


_KINDS: dict[str, type] = {
    "operations": OperationRule,
    "times": TimeRule,
    "parts": PartRule,
    "parameters": ParameterRule,
    "checks": CheckRule,
}


FORMULAS: dict[type, tuple[str, ...]] = {
    OperationRule: ("minutes", "wait_after_minutes"),
    TimeRule: ("add_minutes",),
    PartRule: ("quantity",),
    ParameterRule: ("value",),
    CheckRule: ("low", "high"),
}
"""The columns of each table in which a formula may stand."""


def bound_rule(rule: AnyRule, binder: Binder) -> AnyRule:
    """The row with the attributes of the model in its condition and formulas. Raises Unfit."""
    columns = {name: bound_to(getattr(rule, name), binder) for name in FORMULAS[type(rule)]}
    changed = {"when": binder.bind(rule.when), **columns}
    return rule if all(getattr(rule, name) is value for name, value in changed.items()) else replace(rule, **changed)


def _row(rule: Any) -> dict[str, Any]:
    row = dict(vars(rule))
    for name in FORMULAS[type(rule)]:
        row[name] = as_cell(row[name])
    row["when"] = as_text(rule.when)
    if isinstance(rule, OperationRule):
        row["words"] = rule.words.as_dict()
        row = {name: value for name, value in row.items() if name not in _LATER or value != _LATER[name]}
    if isinstance(rule, PartRule) and not rule.slot:
        del row["slot"]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}


def _rule(kind: type, row: Mapping[str, Any]) -> Any:
    values = {**row, "when": parse_expression(row["when"])}
    for name in FORMULAS[kind]:
        if name in values:
            values[name] = from_cell(values[name])
    if kind is OperationRule:
        values["words"] = Words.from_dict(row["words"])
        values["after"] = tuple(row["after"])
        values["work_units"] = None if row["work_units"] is None else tuple(row["work_units"])
        values |= {name: tuple(row[name]) for name in ("batch", "also") if name in row}
    return kind(**values)


@dataclass(frozen=True)
class PartNeed:
    """A quantity of a part that goes into the unit at an operation."""

    part: str
    quantity: float
    operation: str


@dataclass(frozen=True)
class CheckNeed:
    """A measured result that must lie from `low` to `high`; None is no limit on that side."""

    check: str
    low: float | None
    high: float | None

    def is_passed(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class OperationNeed:
    """One operation that a unit needs, with everything that its machine must know."""

    step: str
    words: Words
    work_center: str
    minutes: float
    after: tuple[str, ...] = ()
    wait_after_minutes: float = 0.0
    work_units: tuple[str, ...] | None = None
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    checks: tuple[CheckNeed, ...] = ()
    setup: str = ""
    """What its machine must be set up for; "" when it does not matter."""
    batch: str = ""
    """The same for what may share a batch; "" when it runs by itself."""
    size: float = 1.0
    also: tuple[str, ...] = ()
    wait_most_minutes: float | None = None


@dataclass(frozen=True)
class Demand:
    """Parts and operations that one unit of a configuration needs; the operations in an order in which they can be done."""

    parts: tuple[PartNeed, ...] = ()
    operations: tuple[OperationNeed, ...] = ()

    @property
    def minutes(self) -> float:
        """Working time of all operations together."""
        return sum(operation.minutes for operation in self.operations)

    def operation(self, step: str) -> OperationNeed:
        return next(operation for operation in self.operations if operation.step == step)

    def as_json(self) -> dict[str, Any]:
        operations = [
            {
                **vars(operation),
                "words": operation.words.as_dict(),
                "after": list(operation.after),
                "work_units": None if operation.work_units is None else list(operation.work_units),
                "parameters": dict(operation.parameters),
                "checks": [vars(check) for check in operation.checks],
                "also": list(operation.also),
            }
            for operation in self.operations
        ]
        return {"parts": [vars(part) for part in self.parts], "operations": operations}

    @classmethod
    def from_json(cls, demand: Mapping[str, Any]) -> "Demand":
        operations = (
            OperationNeed(
                **{
                    **row,
                    "words": Words.from_dict(row["words"]),
                    "after": tuple(row["after"]),
                    "work_units": None if row["work_units"] is None else tuple(row["work_units"]),
                    "checks": tuple(CheckNeed(**check) for check in row["checks"]),
                    "also": tuple(row.get("also", ())),
                }
            )
            for row in demand["operations"]
        )
        return cls(tuple(PartNeed(**row) for row in demand["parts"]), tuple(operations))


class CircularRouting(Invalid):
    """Operations of which each waits for another: `steps`."""

    def __init__(self, steps: Iterable[str]) -> None:
        self.steps = tuple(steps)
        super().__init__(f"the operations {', '.join(self.steps)} wait for each other")


def in_working_order(operations: Iterable[OperationRule]) -> list[OperationRule]:
    """The operations so that each comes after those it waits for, else in the order given. Raises CircularRouting."""
    waiting = list(operations)
    ordered: list[OperationRule] = []
    done: set[str] = set()
    while waiting:
        ready = next((rule for rule in waiting if done.issuperset(rule.after)), None)
        if ready is None:
            raise CircularRouting(_circle(waiting))
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.id)
    return ordered


def _circle(waiting: list[OperationRule]) -> list[str]:
    """Of operations that can't begin, those that others of them wait for in turn; the rest only comes after them."""
    steps = {rule.id for rule in waiting}
    while True:
        awaited = {step for rule in waiting if rule.id in steps for step in rule.after} & steps
        if awaited == steps:
            return [rule.id for rule in waiting if rule.id in steps]
        steps = awaited
