"""Proofs that the tables fit the model, for every configuration that there can be, and the machines and offers."""

from collections import defaultdict
from collections.abc import Iterable

from lotone.assets import DataType, Meaning, Tag
from lotone.configure import (
    CheckRule,
    Configurator,
    FormulaKind,
    ParameterRule,
    PartRule,
    Range,
    Setting,
    Term,
    ViolationKind,
    WrongExpression,
    formula_kind,
    prove,
)
from lotone.kernel import Words
from lotone.loader.plant import Plant, check_machines
from lotone.loader.product import DemandReader
from lotone.loader.tables import Faults, Row

CYCLE_MINUTES = "cycle_minutes"
"""A parameter that work orders bring along: the planned minutes of the job."""

_GIVES = {FormulaKind.TEXT: "text", FormulaKind.WHOLE: "number", FormulaKind.NUMBER: "number that may have decimals"}
ParameterRows = list[tuple[Row, ParameterRule]]


class Proof:
    """Checks across tables. Only rows that are good by themselves are looked at."""

    def __init__(self, reader: DemandReader, configurator: Configurator, plant: Plant, faults: Faults) -> None:
        self.reader = reader
        self.configurator = configurator
        self.plant = plant
        self.faults = faults
        self.parameters: dict[tuple[str, str], ParameterRows] = defaultdict(list)
        for row, rule in reader.sources.of(ParameterRule):
            self.parameters[rule.operation, rule.parameter].append((row, rule))

    def run(self) -> None:
        self.check_line()
        used = {unit for operation in self.reader.operations for unit in self.reader.units_for(operation)}
        check_machines(self.plant, self.faults, sorted(used))
        for (operation, parameter), rows in self.parameters.items():
            self.check_parameter_tags(operation, parameter, rows)
        for operation in self.reader.operations:
            self.check_nothing_stays(operation)
        for row, rule in self.reader.sources.of(CheckRule):
            self.check_check_tags(row, rule)

    def check_line(self) -> None:
        """What the solver finds for the whole product line, each with the row that it is about."""
        sources = self.reader.sources

        def called(table: str, place: int) -> Words:
            return Words(f"line {sources.row(table, place).line}")

        for found in prove(self.configurator, sources.rules, ranges=self.ranges()):
            # A row that names an operation whose own row is bad: that row has its fault already.
            if found.place is not None and found.kind is not ViolationKind.UNKNOWN_OPERATION:
                example = found.example(self.configurator.model.features)
                sources.row(found.table, found.place).fault(found.column, found.words(called=called).en, example)

    # parameters

    def ranges(self) -> dict[tuple[str, str], list[Range]]:
        """What the machines of each operation take as its parameters."""
        found: dict[tuple[str, str], list[Range]] = defaultdict(list)
        for operation, parameter in self.parameters:
            for _, tag in self.tags(operation, parameter, Meaning.PARAMETER):
                if tag is not None and tag.data_type in (DataType.NUMBER, DataType.INTEGER):
                    found[operation, parameter].append(Range(tag.path, tag.low, tag.high))
        return found

    def tags(self, operation: str, name: str, meaning: Meaning) -> Iterable[tuple[str, Tag | None]]:
        for unit in self.reader.units_for(operation):
            own = (tag for tag in self.plant.tags_of(unit) if tag.name == name and tag.meaning is meaning)
            yield unit, next(own, None)

    def check_parameter_tags(self, operation: str, parameter: str, rows: ParameterRows) -> None:
        for unit, tag in self.tags(operation, parameter, Meaning.PARAMETER):
            if tag is None:
                rows[0][0].fault(
                    "parameter", f"{unit}, which can do '{operation}', has no tag '{parameter}' that means parameter"
                )
                continue
            for row, rule in rows:
                if objection := self.objection(rule.value, tag):
                    row.fault("value", f"{tag.path} {objection}, found '{row.optional('value')}'")

    def objection(self, value: Setting | Term, tag: Tag) -> str:
        """What a tag has against a value or a formula, or nothing; limits of formulas are proved with the line."""
        if isinstance(value, bool | int | float | str):
            return _objection(value, tag)
        try:
            kind = formula_kind(value, self.configurator.model)
        except WrongExpression:
            return ""  # told with the line, which says what does not fit
        fits = {
            DataType.TEXT: kind is FormulaKind.TEXT,
            DataType.BOOLEAN: False,
            DataType.INTEGER: kind is FormulaKind.WHOLE,
            DataType.NUMBER: kind is not FormulaKind.TEXT,
        }
        return "" if fits[tag.data_type] else f"takes a value of type {tag.data_type}; the formula gives a {_GIVES[kind]}"

    def check_nothing_stays(self, operation: str) -> None:
        """A parameter that an operation does not set would keep the value of the unit made before."""
        row = self.reader.sources.operations[operation]
        for unit in self.reader.units_for(operation):
            for tag in self.plant.tags_of(unit):
                is_set = tag.name == CYCLE_MINUTES or (operation, tag.name) in self.parameters
                if tag.meaning is Meaning.PARAMETER and not is_set:
                    row.fault(
                        "operation", f"no row of parameters.csv sets {tag.path}: it would keep the value of the unit before"
                    )

    def check_check_tags(self, row: Row, rule: CheckRule) -> None:
        for unit, tag in self.tags(rule.operation, rule.check, Meaning.CHECK):
            if tag is None:
                row.fault("check", f"{unit}, which can do '{rule.operation}', has no tag '{rule.check}' that means check")


def _objection(value: Setting, tag: Tag) -> str:
    """What a tag has against a value, or nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        DataType.TEXT: True,
        DataType.BOOLEAN: isinstance(value, bool),
        DataType.INTEGER: is_number and float(value) == int(value),
        DataType.NUMBER: is_number,
    }
    if not fits[tag.data_type]:
        return f"takes a value of type {tag.data_type}"
    if tag.data_type in (DataType.INTEGER, DataType.NUMBER):
        low, high = tag.low, tag.high
        if (low is not None and float(value) < low) or (high is not None and float(value) > high):
            return f"takes values from {low} to {high}"
    return ""


def check_materials(reader: DemandReader, offered: set[str], stock: dict[str, float], faults: Faults) -> None:
    """A part that is needed must be offered by somebody: stock ends."""
    for row, rule in reader.sources.of(PartRule):
        if rule.part not in offered:
            left = f"once its {stock.get(rule.part, 0):g} are used, there are no more"
            row.fault("part", f"no supplier offers '{rule.part}' in offers.csv: {left}")
