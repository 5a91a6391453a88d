"""UVL written: reading what was written gives the same model."""

from collections.abc import Iterator, Mapping

from lotone.configure.model.expression import LENGTH_MAX, And, Expression, as_text, number_text, quoted
from lotone.configure.model.features import PRICE, Attribute, Feature, Group, Model
from lotone.configure.model.table import VariantTable
from lotone.kernel import Invalid

_INDENT = "    "


class Unwritable(Invalid):
    """Something that UVL has no way to write: a quote in a text, or a table that is too long for one constraint."""


def write_uvl(model: Model) -> str:
    """The model in UVL. Features that come several times are written once, with their cardinality; constraints as they were.

    Variant tables, which UVL does not have, are written as constraints, so the text stands for itself. Raises Unwritable.

    >>> from lotone.configure.reading.uvl import read_uvl
    >>> model = read_uvl("features\\n  Bike\\n    optional\\n      Rack {Price 9.50, red}\\nconstraints\\n  !Rack")
    >>> print(write_uvl(model), end="")
    features
        Bike
            optional
                Rack {Price 9.5, red}
    constraints
        !Rack
    """
    lines = ["features", *_feature(model.root)]
    constraints = [*(rule.text for rule in model.constraints), *_tables(model)]
    if constraints:
        lines += ["constraints", *(_INDENT + constraint for constraint in constraints)]
    return "\n".join(lines) + "\n"


def _feature(root: Feature) -> Iterator[str]:
    waiting: list[tuple[int, Feature | Group]] = [(1, root)]
    while waiting:
        level, node = waiting.pop()
        if isinstance(node, Group):
            yield _INDENT * level + node.heading
            waiting += [(level + 1, member) for member in reversed(node.members)]
        else:
            declared = node if node.cardinality is None else node.groups[0].members[0]
            yield _INDENT * level + _declaration(declared, node.cardinality)
            waiting += [(level + 1, group) for group in reversed(declared.groups)]


def _declaration(feature: Feature, cardinality: tuple[int, int] | None) -> str:
    name = quoted(feature.name if feature.origin is None else feature.origin)
    kind = f"{feature.type.value} " if feature.is_typed else ""
    times = "" if cardinality is None else f" cardinality [{cardinality[0]}..{cardinality[1]}]"
    attributes = _attributes(feature)
    return f"{kind}{name}{times}{' ' + attributes if attributes else ''}"


def _attributes(feature: Feature) -> str:
    values = dict(feature.attributes)
    if feature.price_cents or PRICE in values:
        written = values.get(PRICE)
        is_same = isinstance(written, int | float) and round(written * 100) == feature.price_cents
        if not is_same:
            values[PRICE] = feature.price_cents // 100 if feature.price_cents % 100 == 0 else feature.price_cents / 100
    parts = ["abstract"] if feature.abstract else []
    parts += [_pair(key, value) for key, value in values.items()]
    return f"{{{', '.join(parts)}}}" if parts else ""


def _pair(key: str, value: Attribute) -> str:
    name = quoted(key)
    return name if value is None else f"{name} {_value(value)}"


def _value(value: Attribute) -> str:
    match value:
        case None:
            raise Unwritable("a list in UVL has a value in every place; found none")
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case str():
            if any(sign in value for sign in "'\r\n"):
                raise Unwritable(f"UVL has no single quotes and no line breaks in texts; found them in {value[:40]!r}")
            return f"'{value}'"
        case Mapping():
            return f"{{{', '.join(_pair(key, inner) for key, inner in value.items())}}}"
        case tuple():
            return f"[{', '.join(_value(inner) for inner in value)}]"


def _tables(model: Model) -> Iterator[str]:
    for table in model.tables:
        for expression in _parts(table):
            text = as_text(expression)
            if len(text) > LENGTH_MAX:
                raise Unwritable(
                    f"table {table.name} is too long for one constraint of {LENGTH_MAX} characters; keep it as a table"
                )
            yield text


def _parts(table: VariantTable) -> tuple[Expression, ...]:
    match table.expression:
        case And(parts) if not table.is_allowed:
            return parts
    return (table.expression,)
