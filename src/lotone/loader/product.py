"""The product: feature model, words, picture, and the tables of what a configuration needs."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from lotone.assets import DataType, Part
from lotone.configure import (
    ANYTHING,
    BrokenModel,
    CheckRule,
    Configurator,
    DemandRules,
    Model,
    OperationRule,
    OptionWords,
    ParameterRule,
    PartRule,
    Picture,
    PictureStyle,
    Setting,
    Term,
    TimeRule,
    WrongPicture,
    read_model,
    setting_text,
    similar,
)
from lotone.kernel import Invalid
from lotone.loader.plant import TAG_NAME, Plant
from lotone.loader.tables import FORMULA, Faults, Row, as_number, read_table, read_text, unique
from lotone.plan import OperationNeed

MODEL, PICTURE = "product.uvl", "picture.svg"
MINUTES_MAX = 7 * 24 * 60
WAYS_OF_WORKING = ("setup", "batch", "size", "also", "wait_most_minutes")
_OPERATION = r"[a-z][a-z0-9_-]{0,38}"
_SLOT = _OPERATION + r"\??"
AnyRule = TypeVar("AnyRule", OperationRule, TimeRule, PartRule, ParameterRule, CheckRule)


Rule = OperationRule | TimeRule | PartRule | ParameterRule | CheckRule


@dataclass
class Sources:
    """The rules that are good by themselves, each with the row it was made from, to point at."""

    operations: dict[str, Row] = field(default_factory=dict)
    """The row of each operation."""
    conditions: list[tuple[Row, Rule]] = field(default_factory=list)

    def of(self, kind: type[AnyRule]) -> list[tuple[Row, AnyRule]]:
        return [(row, rule) for row, rule in self.conditions if isinstance(rule, kind)]

    @property
    def rules(self) -> DemandRules:
        def only(kind: type[AnyRule]) -> tuple[AnyRule, ...]:
            return tuple(rule for _, rule in self.of(kind))

        return DemandRules(only(OperationRule), only(TimeRule), only(PartRule), only(ParameterRule), only(CheckRule))

    def row(self, table: str, place: int) -> Row:
        """The row of a rule by its place in the table of `rules`."""
        kinds = {
            "operations": OperationRule, "times": TimeRule, "parts": PartRule,
            "parameters": ParameterRule, "checks": CheckRule,
        }  # fmt: skip
        return [row for row, rule in self.conditions if isinstance(rule, kinds[table])][place]


def read_features(folder: Path, faults: Faults) -> Model | None:
    try:
        return read_model(folder / MODEL)
    except BrokenModel as broken:
        faults.found.extend(broken.faults)
        return None


def read_option_words(folder: Path, faults: Faults, features: Collection[str]) -> dict[str, OptionWords]:
    rows = read_table(
        folder / "words.csv",
        faults,
        required=("feature", "name"),
        optional=("name_zh", "hint", "hint_zh"),
        may_be_missing=True,
    )
    words = {}
    for row in unique(rows, "feature"):
        name = row.reference("feature", features, "feature")
        words[name] = OptionWords(row.words(), row.words("hint", required=False))
    return words


def read_picture(folder: Path, faults: Faults, features: Collection[str]) -> Picture | None:
    rows = read_table(folder / "picture.csv", faults, required=("property", "value"), optional=("when",), may_be_missing=True)
    styles = []
    for row in rows:
        when = row.expression(features)
        try:
            styles.append(PictureStyle(row.optional("property"), row.optional("value"), when))
        except Invalid as fault:
            row.fault("value" if "value of" in fault.message else "property", fault.message)
    svg = read_text(folder / PICTURE, faults) if (folder / PICTURE).exists() else None
    if svg is None:
        return None
    picture = Picture(svg, tuple(styles))
    try:
        for name, line in picture.features():
            if name not in features:
                faults.add(PICTURE, line, "data-when", f"the model has no feature '{name}'{similar(name, features)}")
    except WrongPicture as wrong:
        faults.add(PICTURE, wrong.line, "", wrong.message)
        return None
    return picture


class DemandReader:
    """Reads the tables of what a configuration needs, against the model, the plant and the parts."""

    def __init__(
        self,
        folder: Path,
        faults: Faults,
        *,
        features: Collection[str],
        plant: Plant,
        parts: dict[str, Part],
        skills: Collection[str] = (),
    ) -> None:
        self.folder = folder
        self.faults = faults
        self.features = features
        self.plant = plant
        self.parts = parts
        self.skills = skills
        self.sources = Sources()
        self.operations: dict[str, OperationRule] = {}

    def read(self) -> DemandRules:
        self.read_operations()
        demand = self.read_rules()
        self.check_ways_of_working()
        return demand

    def read_rules(self) -> DemandRules:
        return DemandRules(
            operations=tuple(self.operations.values()),
            times=tuple(self.time(row) for row in self.table("times.csv", "when", "add_minutes", may_be_missing=True)),
            parts=tuple(self.part(row) for row in self.table("demand.csv", "part", "quantity", optional=("when", "slot"))),
            parameters=tuple(
                self.parameter(row)
                for row in self.table("parameters.csv", "parameter", "value", optional=("when",), may_be_missing=True)
            ),
            checks=tuple(
                self.check(row)
                for row in self.table("checks.csv", "check", optional=("low", "high", "when"), may_be_missing=True)
            ),
        )

    def table(self, file: str, *required: str, optional: Collection[str] = (), may_be_missing: bool = False) -> list[Row]:
        return read_table(
            self.folder / file,
            self.faults,
            required=("operation", *required),
            optional=optional,
            may_be_missing=may_be_missing,
        )

    def operation_of(self, row: Row) -> str:
        return row.reference("operation", self.operations, "operation")

    def units_for(self, operation: str) -> tuple[str, ...]:
        """The machines that can do an operation."""
        rule = self.operations[operation]
        return self.plant.units_of(rule.work_center) if rule.work_units is None else rule.work_units

    def read_operations(self) -> None:
        rows = unique(
            self.table(
                "operations.csv",
                "name",
                "work_center",
                "minutes",
                optional=("name_zh", "work_units", "after", "wait_after_minutes", "when", *WAYS_OF_WORKING),
            ),
            "operation",
        )
        names = {row.optional("operation") for row in rows}
        for row in rows:
            center = row.reference("work_center", self.plant.work_centers, "work center")
            units = row.references("work_units", [unit.id for unit in self.plant.work_units], "work unit")
            self.check_capable(row, center, units)
            rule = OperationRule(
                id=row.id("operation", _OPERATION),
                words=row.words(),
                work_center=center,
                minutes=row.quantity("minutes", low=0.01, high=MINUTES_MAX),
                after=row.references("after", names, "operation"),
                wait_after_minutes=row.quantity("wait_after_minutes", default=0.0, low=0, high=MINUTES_MAX),
                work_units=units or None,
                when=row.expression(self.features),
                setup=row.optional("setup"),
                batch=tuple(row.optional("batch").replace(",", " ").split()),
                size=row.number("size", default=1.0, low=0.001, high=1e6),
                also=row.references("also", self.skills, "skill"),
                wait_most_minutes=self.longest_wait(row),
            )
            self.keep(row, rule)
            self.operations.setdefault(rule.id, rule)
            self.sources.operations.setdefault(rule.id, row)
        if not rows:
            self.faults.add("operations.csv", 0, "operation", "expected at least one operation")

    def longest_wait(self, row: Row) -> float | None:
        if not row.optional("wait_most_minutes"):
            return None
        longest = row.number("wait_most_minutes", low=0, high=MINUTES_MAX)
        least = as_number(row.optional("wait_after_minutes") or "0")
        if least is not None and longest < least:
            row.fault("wait_most_minutes", f"expected at least the wait after it ({least:g}), found {longest:g}")
        return longest

    def check_ways_of_working(self) -> None:
        """Setups and batches are named by parameters that the operation has."""
        for operation, rule in self.operations.items():
            row = self.sources.operations[operation]
            known = {each.parameter for _, each in self.sources.of(ParameterRule) if each.operation == operation}
            if rule.setup:
                row.check_known("setup", rule.setup, known, f"parameter of {operation}")
            for name in rule.batch if rule.batch != (ANYTHING,) else ():
                row.check_known("batch", name, known, f"parameter of {operation}")

    def planned(self) -> dict[str, tuple[Row, list[OperationNeed]]]:
        """Each operation with its row, as the plan would have it: once for every state its machine may have to be in."""
        made = {}
        for operation, rule in self.operations.items():
            row = self.sources.operations[operation]
            if not row.is_good:
                continue
            named = (x for _, x in self.sources.of(ParameterRule) if (x.operation, x.parameter) == (operation, rule.setup))
            states = {setting_text(each.value) for each in named if isinstance(each.value, str | int | float)}
            minutes = rule.minutes if isinstance(rule.minutes, int | float) else 1.0
            need = OperationNeed(
                operation, rule.work_center, minutes, work_units=rule.work_units, batch="any" if rule.batch else "",
                size=rule.size, also=rule.also,
            )  # fmt: skip
            made[operation] = row, [replace(need, setup=state) for state in sorted(states)] or [need]
        return made

    def check_capable(self, row: Row, center: str, units: tuple[str, ...]) -> None:
        own = self.plant.units_of(center)
        for unit in units:
            if row.is_good and unit not in own:
                row.fault("work_units", f"'{unit}' is not in work center '{center}'; it has {', '.join(own) or 'none'}")
        if row.is_good and not own:
            row.fault("work_center", f"work center '{center}' has no work unit, so nothing can do this operation")

    def keep(self, row: Row, rule: Rule) -> None:
        if row.is_good:
            self.sources.conditions.append((row, rule))

    def time(self, row: Row) -> TimeRule:
        rule = TimeRule(
            self.operation_of(row),
            row.quantity("add_minutes", low=-MINUTES_MAX, high=MINUTES_MAX),
            row.expression(self.features),
        )
        self.keep(row, rule)
        return rule

    def part(self, row: Row) -> PartRule:
        rule = PartRule(
            row.reference("part", self.parts, "part"),
            row.quantity("quantity", low=0.001, high=1e6),
            self.operation_of(row),
            row.expression(self.features),
            self.slot(row),
        )
        self.keep(row, rule)
        return rule

    def slot(self, row: Row) -> str:
        """The place in the unit that a part fills, with a question mark where it may stay empty; or nothing."""
        slot = row.optional("slot")
        if slot and not re.fullmatch(_SLOT, slot):
            expected = "a slot such as motor, or basket? where it may stay empty"
            row.fault("slot", f"expected {expected}, found '{slot}'")
        return slot

    def parameter(self, row: Row) -> ParameterRule:
        operation, parameter, text = self.operation_of(row), row.id("parameter", TAG_NAME), row.text("value")
        value: Setting | Term
        if text.startswith(FORMULA):
            value = row.formula("value")
        else:
            value = text if self.is_text(operation, parameter) else as_setting(text)
        rule = ParameterRule(operation, parameter, value, row.expression(self.features))
        self.keep(row, rule)
        return rule

    def is_text(self, operation: str, parameter: str) -> bool:
        """Do the machines that do the operation take the parameter as a text?"""
        units = self.units_for(operation) if operation in self.operations else ()
        tags = (tag for unit in units for tag in self.plant.tags_of(unit) if tag.name == parameter)
        return any(tag.data_type is DataType.TEXT for tag in tags)

    def check(self, row: Row) -> CheckRule:
        low, high = (row.quantity(column) if row.optional(column) else None for column in ("low", "high"))
        if low is None and high is None:
            row.fault("low", "expected a limit in low, high or both")
        elif isinstance(low, float) and isinstance(high, float) and low > high:
            row.fault("high", f"expected a number of at least low ({low:g}), found {high:g}")
        rule = CheckRule(self.operation_of(row), row.id("check", TAG_NAME), low, high, row.expression(self.features))
        self.keep(row, rule)
        return rule


def as_setting(text: str) -> Setting:
    """A cell as the value of a parameter: true, false, a number, else a text."""
    if text in ("true", "false"):
        return text == "true"
    number = as_number(text)
    if number is None:
        return text
    return int(text) if text.lstrip("-").isdigit() else number


def check_model(model: Model, faults: Faults) -> Configurator | None:
    """A configurator, when the model has a configuration at all; options that nobody can ever choose are noted."""
    configurator = Configurator(model)
    if not configurator.is_possible():
        rules = ", ".join(configurator.explain((), model.root.name).constraints)
        faults.add(MODEL, model.root.line, "1", f"no configuration is possible: {rules}")
        return None
    for name in configurator.options(()).impossible:
        rules = ", ".join(configurator.explain((), name).constraints)
        faults.add(MODEL, model.features[name].line, "1", f"'{name}' can never be chosen: {rules}")
    return configurator
