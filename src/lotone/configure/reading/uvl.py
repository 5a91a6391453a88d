"""UVL, the Universal Variability Language: a file or a text becomes a model, or a list of faults."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Lock

from uvllang import _zig as native

from lotone.configure.model.binding import Binder, Unfit
from lotone.configure.model.expression import as_text, comparisons_of
from lotone.configure.model.fault import BrokenModel
from lotone.configure.model.features import (
    PRICE,
    Attribute,
    Feature,
    FeatureType,
    Group,
    GroupKind,
    Model,
    Rule,
    RuleKind,
    similar,
    unknown_names,
)
from lotone.configure.reading.imports import Composition, Placed
from lotone.configure.reading.instances import UNROLLED_MAX, Env, Instances, TooManyInstances
from lotone.configure.reading.survey import Survey, SurveyedFeature, SurveyedGroup
from lotone.configure.reading.text import text_of

_PRICE_MAX = Decimal(10_000_000)
_native_lock = Lock()
"""The native reader keeps its last error in a variable that all threads share."""

FEATURES_MAX = 120_000
"""The largest public model, Linux, has 77,000; of twice as many the clauses alone take half a minute."""


def read_uvl(source: Path | str, *, name: str | None = None) -> Model:
    """Read a UVL model from a file (a Path) or a text (a str). Raises BrokenModel with every fault, its line and column.

    All levels of the language are read: groups and ranges `[1..2]`, attributes with maps, lists and constraints, typed
    features, comparisons with `sum`, `avg`, `len`, `floor`, `ceil`, imports of files beside the model's own, and features
    that come several times, which become instances `Bag[1]`, `Bag[2]` (up to 100 of one, 20,000 features in all). The
    attribute `Price` is an amount in the currency of the product with at most two decimals: `{Price 129.50}`.
    Grammar: github.com/Universal-Variability-Language/uvl-parser; meaning: Benavides et al., JSS 2024.

    >>> model = read_uvl("features\\n    Bike\\n        optional\\n            Rack {Price 49.90}\\n")
    >>> model.features["Rack"].price_cents
    4990
    """
    file = name or (source.name if isinstance(source, Path) else "model")
    text = text_of(source, file)
    survey = Survey(text, file)
    composition = Composition(survey, source.parent if isinstance(source, Path) else None, text_of)
    _raise_faults(composition)
    assert composition.root is not None
    if len(composition.features) > FEATURES_MAX:
        survey.fault(0, 0, f"expected at most {FEATURES_MAX} features, found {len(composition.features)}")
        _raise_faults(composition)
    instances = Instances(composition.root)
    if instances.added > UNROLLED_MAX:
        expected = f"expected at most {UNROLLED_MAX} features in all instances together"
        survey.fault(0, 0, f"{expected}, found {instances.added}; let features come less often (cardinality)")
        _raise_faults(composition)
    prices = {feature.name: _price(feature, survey) for feature in composition.features.values()}
    _raise_faults(composition)
    root = _Builder(instances, prices).feature(composition.root, None, {})
    features = {feature.name: feature for feature in root}
    if instances.high and len(features) < sum(1 for _ in root):
        survey.fault(0, 0, "expected no feature that is called as an instance of another is, such as 'Bag[1]'")
    constraints = tuple(_constraints(composition, instances, features))
    if not survey.faults:
        _ask_native(text, survey)
    _raise_faults(composition)
    return Model(file, root, constraints, text)


def _raise_faults(composition: Composition) -> None:
    faults = [fault for survey in composition.surveys for fault in survey.faults]
    if faults:
        raise BrokenModel(faults)


def _constraints(composition: Composition, instances: Instances, features: dict[str, Feature]) -> Iterator[Rule]:
    binder = Binder(features)
    for placed in composition.placed:
        rule = _constraint(placed, composition, instances, binder)
        if rule is not None:
            yield rule


def _constraint(placed: Placed, composition: Composition, instances: Instances, binder: Binder) -> Rule | None:
    constraint, survey = placed.constraint, placed.survey
    unknown = unknown_names(placed.expression, composition.features)
    for name in unknown:
        message = f"no feature is called '{name}'{similar(name, composition.features)}"
        survey.fault_about(name.rpartition("/")[2], constraint, message)
    if unknown:
        return None
    try:
        expression = binder.bind(instances.meant(placed.expression))
    except Unfit as unfit:
        survey.fault_about(unfit.name, constraint, unfit.message)
        return None
    except TooManyInstances as many:
        survey.fault_about("", constraint, str(many))
        return None
    is_as_written = placed.expression is constraint.expression
    text = constraint.text if is_as_written else as_text(placed.expression)
    return Rule(RuleKind.CONSTRAINT, text, constraint.line.number, expression)


def _price(feature: SurveyedFeature, survey: Survey) -> int:
    price: Attribute = feature.attributes.get(PRICE, 0)
    if isinstance(price, bool) or not isinstance(price, int | float):
        survey.fault(feature.line, 1, f"expected a number as {PRICE} of '{feature.name}', found {price}")
        return 0
    cents = Decimal(str(price)) * 100
    if cents != cents.to_integral_value() or abs(cents) > _PRICE_MAX * 100:
        expected = f"expected {PRICE} with at most two decimals and up to {_PRICE_MAX}"
        survey.fault(feature.line, 1, f"{expected}, found {price} at '{feature.name}'")
        return 0
    return int(cents)


def _ask_native(text: str, survey: Survey) -> None:
    """Let the native reader of `uvllang` read the same text: what we accept is UVL that other tools read the same way.

    It names no positions, knows no unknown features and ends the process on very deep nesting, so it comes second; some of
    what lies beyond plain rules it can't read at all. Its class `UVL` makes clauses by distribution, exponential in the
    rule's length, so only the reading is used.
    """
    try:
        with _native_lock:
            read = native.parse_source_full(text)
    except ValueError as fault:
        if not _is_plain(survey):
            return
        reason = str(fault).rpartition(": ")[2]
        survey.fault(0, 0, f"the UVL reader does not accept this text ({reason}), though every line could be read by itself")
        return
    if survey.has_joined_lines or survey.imports:
        return
    parents = {_bare(name): _bare(entry["parent"]) for name, entry in read["feature_hierarchy"].items()}
    ours = {feature.name: feature.parent or "" for feature in survey.features.values()}
    differing = [name for name in ours if parents.get(name) != ours[name]]
    rules = len(read["boolean_constraints"]) + len(read["arithmetic_constraints"])
    if differing or len(parents) != len(ours):
        line = survey.features[differing[0]].line if differing else 0
        survey.fault(line, 1, "the UVL reader sees another tree here; expected blanks only, or tabs only, as indentation")
    elif rules != len(survey.constraints):
        survey.fault(0, 0, f"the UVL reader sees {rules} rules, not {len(survey.constraints)}")


def _is_plain(survey: Survey) -> bool:
    """Whether the text has nothing but plain features, attributes and rules."""
    has_more = survey.has_joined_lines or survey.imports or survey.own_constraints
    typed = any(feature.type is not FeatureType.BOOLEAN or feature.cardinality for feature in survey.features.values())
    compared = any(True for constraint in survey.constraints for _ in comparisons_of(constraint.expression))
    nested = any(isinstance(value, tuple | dict) for item in survey.features.values() for value in item.attributes.values())
    return not (has_more or typed or compared or nested)


def _bare(name: str | None) -> str:
    return (name or "").strip('"')


@dataclass
class _Builder:
    """Features of the model from those of the text; one that comes several times gets its instances below it."""

    instances: Instances
    prices: dict[str, int]

    def feature(self, surveyed: SurveyedFeature, parent: str | None, env: Env) -> Feature:
        high = self.instances.high.get(surveyed.name)
        if high is None or surveyed.name in env:
            return self.plain(surveyed, parent, env)
        name = self.instances.name(surveyed.name, env)
        envs = ({**env, surveyed.name: number} for number in range(1, high + 1))
        members = tuple(self.plain(surveyed, name, inner) for inner in envs)
        low = surveyed.cardinality[0] if surveyed.cardinality else 0
        group = Group(GroupKind.RANGE, name, members, surveyed.line, low, high)
        return Feature(
            name, surveyed.line, parent, groups=(group,), cardinality=(low, high), origin=surveyed.name if env else None
        )

    def plain(self, surveyed: SurveyedFeature, parent: str | None, env: Env) -> Feature:
        name = self.instances.name(surveyed.name, env) if env else surveyed.name
        return Feature(
            name=name,
            line=surveyed.line,
            parent=parent,
            abstract=surveyed.attributes.get("abstract", False) in (None, True),
            price_cents=self.prices[surveyed.name],
            attributes={key: value for key, value in surveyed.attributes.items() if key != "abstract"},
            groups=tuple(self.group(group, name, env) for group in surveyed.groups),
            type=surveyed.type,
            origin=surveyed.name if env else None,
        )

    def group(self, surveyed: SurveyedGroup, parent: str, env: Env) -> Group:
        size = len(surveyed.members)
        kind = GroupKind.RANGE if surveyed.heading.startswith("[") else GroupKind(surveyed.heading)
        low, high = {
            GroupKind.MANDATORY: (size, size),
            GroupKind.OPTIONAL: (0, size),
            GroupKind.ALTERNATIVE: (1, 1),
            GroupKind.OR: (1, size),
            GroupKind.RANGE: (surveyed.low, size if surveyed.high is None else min(surveyed.high, size)),
        }[kind]
        members = tuple(self.feature(member, parent, env) for member in surveyed.members)
        return Group(kind, parent, members, surveyed.line, low, high)
