"""UVL, the Universal Variability Language: a file or a text becomes a model, or a list of faults."""

from decimal import Decimal
from pathlib import Path
from threading import Lock

from uvllang import _zig as native

from lotone.configure.model.fault import BrokenModel, Fault
from lotone.configure.model.features import Attribute, Feature, Group, GroupKind, Model, Rule, RuleKind
from lotone.configure.reading.survey import Survey, SurveyedFeature, SurveyedGroup

SIZE_MAX = 5_000_000
"""Bytes. The largest public models, cars with 18,616 features and Linux with 77,000, stay below it."""
PRICE = "Price"
_PRICE_MAX = Decimal(10_000_000)
_native_lock = Lock()
"""The native reader keeps its last error in a variable that all threads share."""


def read_model(source: Path | str, *, name: str | None = None) -> Model:
    """Read a UVL model from a file (a Path) or a text (a str). Raises BrokenModel with every fault, its line and column.

    Supported is the Boolean level of UVL with group ranges `[1..2]`, attributes and quoted names. The attribute `Price`
    is an amount in the currency of the product with at most two decimals: `{Price 129.50}`.

    >>> model = read_model("features\\n    Bike\\n        optional\\n            Rack {Price 49.90}\\n")
    >>> model.features["Rack"].price_cents
    4990
    """
    file = name or (source.name if isinstance(source, Path) else "model")
    text = _text_of(source, file)
    survey = Survey(text, file)
    if survey.faults or survey.root is None:
        raise BrokenModel(survey.faults)
    prices = {feature.name: _price(feature, survey) for feature in survey.features.values()}
    _ask_native(text, survey)
    if survey.faults:
        raise BrokenModel(survey.faults)
    constraints = (
        Rule(RuleKind.CONSTRAINT, constraint.text, constraint.line, constraint.expression) for constraint in survey.constraints
    )
    return Model(file, _feature(survey.root, prices), tuple(constraints), text)


def _text_of(source: Path | str, file: str) -> str:
    if isinstance(source, str):
        size, text = len(source), source
    else:
        size = _size_of(source, file)
        text = "" if size > SIZE_MAX else _decoded(source, file)
    if size > SIZE_MAX:
        raise _unreadable(file, f"expected at most {SIZE_MAX // 1_000_000} MB of text, found {size / 1_000_000:.1f} MB")
    if "\0" in text or "\x1b" in text:
        line = text[: text.index("\0" if "\0" in text else "\x1b")].count("\n") + 1
        raise _unreadable(file, "this is not a text: expected a feature model in UVL", line)
    return text.removeprefix("\ufeff")


def _size_of(path: Path, file: str) -> int:
    if not path.is_file():
        raise _unreadable(file, "no such file")
    return path.stat().st_size


def _decoded(path: Path, file: str) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except OSError as fault:
        raise _unreadable(file, f"the file can't be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise _unreadable(file, "this is not UTF-8 text: expected a feature model in UVL", line) from fault


def _unreadable(file: str, message: str, line: int = 0) -> BrokenModel:
    return BrokenModel([Fault(file, line, "", message)])


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

    It names no positions, knows no unknown features and ends the process on very deep nesting, so it comes second.
    Its class `UVL` makes clauses by distribution, exponential in the rule's length, so only the reading is used.
    """
    try:
        with _native_lock:
            read = native.parse_source_full(text)
    except ValueError as fault:
        reason = str(fault).rpartition(": ")[2]
        survey.fault(0, 0, f"the UVL reader does not accept this text ({reason}), though every line could be read by itself")
        return
    parents = {_bare(name): _bare(entry["parent"]) for name, entry in read["feature_hierarchy"].items()}
    ours = {feature.name: feature.parent or "" for feature in survey.features.values()}
    differing = [name for name in ours if parents.get(name) != ours[name]]
    if differing or len(parents) != len(ours):
        line = survey.features[differing[0]].line if differing else 0
        survey.fault(line, 1, "the UVL reader sees another tree here; expected blanks only, or tabs only, as indentation")
    elif len(read["boolean_constraints"]) != len(survey.constraints):
        survey.fault(0, 0, f"the UVL reader sees {len(read['boolean_constraints'])} rules, not {len(survey.constraints)}")


def _bare(name: str | None) -> str:
    return (name or "").strip('"')


def _feature(surveyed: SurveyedFeature, prices: dict[str, int]) -> Feature:
    attributes = {key: value for key, value in surveyed.attributes.items() if key not in (PRICE, "abstract")}
    return Feature(
        name=surveyed.name,
        line=surveyed.line,
        parent=surveyed.parent,
        abstract=surveyed.attributes.get("abstract", False) in (None, True),
        price_cents=prices[surveyed.name],
        attributes=attributes,
        groups=tuple(_group(group, surveyed.name, prices) for group in surveyed.groups),
    )


def _group(surveyed: SurveyedGroup, parent: str, prices: dict[str, int]) -> Group:
    size = len(surveyed.members)
    kind = GroupKind.RANGE if surveyed.heading.startswith("[") else GroupKind(surveyed.heading)
    low, high = {
        GroupKind.MANDATORY: (size, size),
        GroupKind.OPTIONAL: (0, size),
        GroupKind.ALTERNATIVE: (1, 1),
        GroupKind.OR: (1, size),
        GroupKind.RANGE: (surveyed.low, size if surveyed.high is None else min(surveyed.high, size)),
    }[kind]
    members = tuple(_feature(member, prices) for member in surveyed.members)
    return Group(kind, parent, members, surveyed.line, low, high)
