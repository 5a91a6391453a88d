"""Proofs that the tables fit the model and the machines for every configuration that there can be, by the solver."""

from collections import defaultdict
from collections.abc import Iterable

from lotone.assets import DataType, Meaning, Tag
from lotone.configure import (
    ALWAYS,
    CheckRule,
    Configurator,
    Expression,
    Not,
    Or,
    ParameterRule,
    PartRule,
    Setting,
    TimeRule,
    features_of,
)
from lotone.loader.plant import Plant, check_machines
from lotone.loader.product import DemandReader
from lotone.loader.tables import Faults, Row

CYCLE_MINUTES = "cycle_minutes"
"""A parameter that work orders bring along: the planned minutes of the job."""

ParameterRows = list[tuple[Row, ParameterRule]]


class Proof:
    """Checks across tables. Only rows that are good by themselves are looked at."""

    def __init__(self, reader: DemandReader, configurator: Configurator, plant: Plant, faults: Faults) -> None:
        self.reader = reader
        self.configurator = configurator
        self.plant = plant
        self.faults = faults
        self.parameters: dict[tuple[str, str], ParameterRows] = defaultdict(list)
        for row, rule in reader.sources.conditions:
            if isinstance(rule, ParameterRule):
                self.parameters[rule.operation, rule.parameter].append((row, rule))

    def run(self) -> None:
        self.check_conditions()
        self.check_minutes()
        used = {unit for operation in self.reader.operations for unit in self.reader.units_for(operation)}
        check_machines(self.plant, self.faults, sorted(used))
        for (operation, parameter), rows in self.parameters.items():
            self.check_parameter_tags(operation, parameter, rows)
            self.check_one_value(operation, parameter, rows)
        for operation in self.reader.operations:
            self.check_nothing_stays(operation)
        for row, rule in self.reader.sources.conditions:
            if isinstance(rule, CheckRule):
                self.check_check_tags(row, rule)

    def check_conditions(self) -> None:
        """A row whose condition is never true says nothing: somebody meant something else."""
        for row, rule in self.reader.sources.conditions:
            if not self.configurator.is_possible([rule.when]):
                row.fault("when", f"no configuration has '{row.optional('when')}'")

    def check_minutes(self) -> None:
        less: dict[str, float] = defaultdict(float)
        for _, rule in self.reader.sources.conditions:
            if isinstance(rule, TimeRule) and rule.add_minutes < 0:
                less[rule.operation] += rule.add_minutes
        for operation, minutes in less.items():
            if self.reader.operations[operation].minutes + minutes <= 0:
                self.reader.sources.operations[operation].fault(
                    "minutes", f"times.csv can take off {-minutes:g}: nothing is left"
                )

    # parameters

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
                if objection := _objection(rule.value, tag):
                    row.fault("value", f"{tag.path} {objection}, found '{row.optional('value')}'")

    def check_one_value(self, operation: str, parameter: str, rows: ParameterRows) -> None:
        """Whatever is chosen, exactly one value: never two, never none."""
        exists = self.reader.operations[operation].when
        for at, (row, rule) in enumerate(rows):
            for earlier, other in rows[:at]:
                if self.configurator.is_possible([exists, rule.when, other.when]):
                    both = self._example([exists, rule.when, other.when], rule, other)
                    row.fault("when", f"'{parameter}' gets a second value beside line {earlier.line}, for example with {both}")
        missing = [exists, Not(Or(tuple(rule.when for _, rule in rows)))]
        if all(rule.when != ALWAYS for _, rule in rows) and self.configurator.is_possible(missing):
            example = self._example(missing, *(rule for _, rule in rows))
            rows[-1][0].fault("when", f"'{parameter}' of '{operation}' gets no value, for example with {example}")

    def _example(self, expressions: list[Expression], *rules: ParameterRule) -> str:
        """The choices of an example, of those that the conditions speak of and what could be chosen in their place."""
        model = self.configurator.model
        named = {name for rule in rules for name in features_of(rule.when)}
        beside = {member.name for name in named if name in model.group_of for member in model.group_of[name].members}
        found = (self.configurator.example(expressions) or frozenset()) & (named | beside)
        return ", ".join(name for name in model.options if name in found) or "none of them chosen"

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
    for row, rule in reader.sources.conditions:
        if isinstance(rule, PartRule) and rule.part not in offered:
            left = f"once its {stock.get(rule.part, 0):g} are used, there are no more"
            row.fault("part", f"no supplier offers '{rule.part}' in offers.csv: {left}")
