"""Whether an expression is true for a configuration, and what a term amounts to; computed in exact fractions."""

import operator
from collections.abc import Callable, Mapping, Set
from fractions import Fraction
from math import ceil, floor

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
    Scalar,
    Term,
    Text,
    Value,
)
from lotone.kernel import Invalid

Values = Mapping[str, Scalar]
_NONE: Values = {}


class _Absent:
    """The value of what is not selected: 0 among numbers, no text among texts."""


ABSENT = _Absent()
Amount = Fraction | str | _Absent | None
"""None is no value at all: the average of nothing, a division by zero, or a typed feature whose value is not given."""
_SIGNS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_STEPS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Unbound(Invalid):
    """An expression over attributes that was not bound to a model, which knows their values."""


def exact(value: Scalar) -> Fraction:
    """The number as it is written: 0.1 is a tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(str(value))


def holds(expression: Expression, selected: Set[str], values: Values = _NONE) -> bool:
    """Is the expression true when exactly these features are selected, and typed features have these values?

    Raises Unbound for attributes that no model has given a value (`bound`).

    >>> from lotone.configure.model.parsing import parse_expression
    >>> holds(parse_expression("belt & !rack"), {"belt"})
    True
    >>> holds(parse_expression("inch * 2 > 50"), {"inch"}, {"inch": 26})
    True
    """
    match expression:
        case Name(feature):
            return feature in selected
        case Not(part):
            return not holds(part, selected, values)
        case And(parts):
            return all(holds(part, selected, values) for part in parts)
        case Or(parts):
            return any(holds(part, selected, values) for part in parts)
        case Implies(left, right):
            return not holds(left, selected, values) or holds(right, selected, values)
        case Equal(left, right):
            return holds(left, selected, values) == holds(right, selected, values)
        case Count(low, high, parts):
            return low <= sum(holds(part, selected, values) for part in parts) <= high
        case Compare(sign, left, right):
            return compares(sign, amount(left, selected, values), amount(right, selected, values))


def compares(sign: str, left: Amount, right: Amount) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) or isinstance(right, str):
        one, other = ("" if isinstance(side, _Absent) else side for side in (left, right))
        return (one == other) == (sign == "==") if sign in ("==", "!=") else False
    return _SIGNS[sign](_number(left), _number(right))


def _number(found: Fraction | _Absent) -> Fraction:
    return Fraction(0) if isinstance(found, _Absent) else found


def amount(term: Term, selected: Set[str], values: Values = _NONE) -> Amount:
    """What a term amounts to. Raises Unbound."""
    match term:
        case Number(number):
            return exact(number)
        case Text(text):
            return text
        case Value(feature):
            return _own_value(feature, values) if feature in selected else ABSENT
        case Attribute(feature, path, value):
            if value is None:
                raise Unbound(f"the attribute {'.'.join((feature, *path))} has no value without a model")
            return _plain(value) if any(holder in selected for holder in term.holders) else ABSENT
        case Aggregate():
            return _aggregate(term, selected, values)
        case Function(name, argument):
            return _function(name, amount(argument, selected, values))
        case Arithmetic(sign, left, right):
            return _arithmetic(sign, amount(left, selected, values), amount(right, selected, values))


def _plain(value: Scalar) -> Fraction | str:
    return value if isinstance(value, str) else exact(value)


def _own_value(feature: str, values: Values) -> Amount:
    """A feature without a value among `values` is a plain one and counts as 1."""
    return _plain(values[feature]) if feature in values else Fraction(1)


def _aggregate(term: Aggregate, selected: Set[str], values: Values) -> Amount:
    if term.entries is None:
        raise Unbound(f"{term.function}({', '.join('.'.join(path) for path in term.arguments)}) has no value without a model")
    brought = [
        _own_value(entry.feature, values) if entry.value is None else exact(entry.value)
        for entry in term.entries
        if entry.feature in selected
    ]
    total = sum((part for part in brought if isinstance(part, Fraction)), Fraction(0))
    if term.function == "sum":
        return total
    return total / len(brought) if brought else None


def _function(name: str, argument: Amount) -> Amount:
    if argument is None:
        return None
    if name == "len":
        return Fraction(len(argument)) if isinstance(argument, str) else Fraction(0)
    if isinstance(argument, str):
        return None
    return Fraction((floor if name == "floor" else ceil)(_number(argument)))


def _arithmetic(sign: str, left: Amount, right: Amount) -> Amount:
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return None
    one, other = _number(left), _number(right)
    if sign == "/":
        return None if other == 0 else one / other
    return _STEPS[sign](one, other)
