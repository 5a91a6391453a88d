"""Expressions as they are written in a model, with no more parentheses than needed."""

from lotone.configure.model.parsing import KEYWORDS, NAME
from lotone.configure.model.syntax import (
    Aggregate,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Count,
    Equal,
    Expression,
    Function,
    Implies,
    Name,
    Not,
    Number,
    Or,
    Path,
    Term,
    Text,
    Value,
)

_STRENGTH: dict[type, int] = {Equal: 1, Implies: 2, Or: 3, And: 4, Compare: 5, Not: 6, Name: 7, Count: 7}
_NOT = 6


def quoted(feature: str) -> str:
    """A feature's name as it is written in a model."""
    return feature if NAME.fullmatch(feature) and feature not in KEYWORDS else f'"{feature}"'


def as_text(expression: Expression) -> str:
    """The expression as it is written in a model, with no more parentheses than needed."""
    match expression:
        case Name(feature):
            return quoted(feature)
        case Not(part):
            return f"!{_enclosed(part, _NOT)}"
        case And(parts):
            return " & ".join(_enclosed(part, 4) for part in parts)
        case Or(parts):
            return " | ".join(_enclosed(part, 3) for part in parts)
        case Implies(left, right):
            return f"{_enclosed(left, 2)} => {_enclosed(right, 3)}"
        case Equal(left, right):
            return f"{_enclosed(left, 1)} <=> {_enclosed(right, 2)}"
        case Count(low, high, parts):
            return f"[{low}..{high}]({', '.join(as_text(part) for part in parts)})"
        case Compare(sign, left, right):
            return f"{term_text(left)} {sign} {term_text(right)}"


def _enclosed(part: Expression, strength: int) -> str:
    weaker = _STRENGTH[type(part)] < strength
    return f"({as_text(part)})" if weaker else as_text(part)


def term_text(term: Term) -> str:
    match term:
        case Number(value):
            return number_text(value)
        case Text(value):
            return f"'{value}'"
        case Value(feature):
            return quoted(feature)
        case Attribute(feature, path):
            return _path_text((feature, *path))
        case Aggregate(function, arguments):
            return f"{function}({', '.join(_path_text(path) for path in arguments)})"
        case Function(name, argument):
            return f"{name}({term_text(argument)})"
        case Arithmetic(operator, left, right):
            strength = 1 if operator in "+-" else 2
            return f"{_enclosed_term(left, strength)} {operator} {_enclosed_term(right, strength + 1)}"


def number_text(value: int | float) -> str:
    """A number as UVL writes it: never with an exponent."""
    shown = repr(value)
    return f"{value:.20f}".rstrip("0") + "0" if "e" in shown else shown


def _path_text(path: Path) -> str:
    return ".".join(quoted(name) for name in path)


def _enclosed_term(term: Term, strength: int) -> str:
    is_weaker = isinstance(term, Arithmetic) and (1 if term.operator in "+-" else 2) < strength
    return f"({term_text(term)})" if is_weaker else term_text(term)
