"""Numbers and settings in tables: as they are, or formulas over typed features and attributes, such as `=Inch * 0.02`."""

from collections.abc import Mapping, Set
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeGuard, get_args

from lotone.configure.model.binding import Binder
from lotone.configure.model.expression import (
    Aggregate,
    Arithmetic,
    Attribute,
    Entry,
    Function,
    Number,
    Scalar,
    Term,
    Text,
    Value,
    Values,
    amount,
    parse_term,
    term_text,
    terms_of,
)
from lotone.configure.model.features import FeatureType, Model
from lotone.kernel import Invalid

Setting = bool | int | float | str
"""The value of a machine parameter."""
Quantity = float | Term
"""A number, or the formula that gives it."""
MARK = "="
"""What a formula begins with where a number or a setting could stand as well."""
FORMULAS_MAX = 12
"""Rows of times of one operation beside formulas: a proof looks at all their combinations."""
LARGEST = 1e15
"""Of what a formula may give: no machine takes more, and the exact product of many factors fits into no float."""
NO_VALUES: Mapping[str, Scalar] = MappingProxyType({})
_TERMS = get_args(Term)


class NoAmount(Invalid):
    """A formula that has no value for a configuration: a division by zero, or the average of nothing."""


def is_formula(value: object) -> TypeGuard[Term]:
    """Is it computed for each configuration, rather than the same for all?"""
    return isinstance(value, _TERMS)


def number_of(quantity: Quantity, selected: Set[str], values: Values) -> float:
    """The number for a configuration, computed in exact fractions. Raises NoAmount, and Unbound for attributes of no model."""
    if isinstance(quantity, int | float):
        return quantity
    found = setting_of(quantity, selected, values)
    if isinstance(found, str):
        raise NoAmount(f"the formula {as_cell(quantity)} gives the text '{found[:40]}'; expected a number")
    return float(found)


def setting_of(value: Setting | Term, selected: Set[str], values: Values) -> Setting:
    """The setting for a configuration: a text, a whole number where it is one, else a number; 0 for what is not selected.
    Raises NoAmount, Unbound."""
    if isinstance(value, bool | int | float | str):
        return value
    found = amount(value, selected, values)
    if found is None:
        raise NoAmount(f"the formula {as_cell(value)} has no value here: it divides by zero, or averages nothing")
    if isinstance(found, str):
        return found
    if not isinstance(found, Fraction):
        return 0
    if abs(found) > LARGEST:
        raise NoAmount(f"the formula {as_cell(value)} gives a number over {LARGEST:g} here")
    return int(found) if found.denominator == 1 else float(found)


def term_of(value: Quantity) -> Term:
    """A number or formula as a term, to compare it."""
    return value if is_formula(value) else Number(value)  # type: ignore[arg-type]


def may_lack_value(term: Term) -> bool:
    """Can the formula have no value at all, since it divides or averages?"""
    parts = terms_of(term)
    return any(isinstance(part, Arithmetic) and part.operator == "/" for part in parts) or any(
        isinstance(part, Aggregate) and part.function == "avg" for part in terms_of(term)
    )


class FormulaKind(StrEnum):
    """What a formula gives."""

    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"


def formula_kind(term: Term, model: Model) -> FormulaKind:
    """What the formula gives, as far as its form shows it. Raises Unfit."""
    binder = Binder(model.features)
    found = binder.bind_term(term)
    if binder.is_text(found):
        return FormulaKind.TEXT
    return FormulaKind.WHOLE if is_whole(found, model) else FormulaKind.NUMBER


def is_whole(term: Term, model: Model) -> bool:
    """Does the formula give whole numbers only, as far as its form shows it?"""
    match term:
        case Number(value):
            return isinstance(value, int)
        case Value(feature):
            return model.features[feature].type in (FeatureType.INTEGER, FeatureType.BOOLEAN)
        case Attribute(_, _, value):
            return isinstance(value, int)
        case Function():
            return True
        case Aggregate("sum", _, entries):
            return all(is_whole(_entry(entry), model) for entry in entries or ())
        case Arithmetic("+" | "-" | "*", left, right):
            return is_whole(left, model) and is_whole(right, model)
    return False


def _entry(entry: Entry) -> Term:
    return Value(entry.feature) if entry.value is None else Number(entry.value)


def bound_to(value: Any, binder: Binder) -> Any:
    """The value with its formula bound to a model, which knows the attributes. Raises Unfit."""
    return binder.bind_term(value) if is_formula(value) else value


def as_cell(value: Any) -> Any:
    """The value as it is kept in tables; a text that looks like a formula becomes the formula of that text."""
    if is_formula(value):
        return f"{MARK}{term_text(value)}"
    if isinstance(value, str) and value.startswith(MARK):
        return f"{MARK}{term_text(Text(value))}"
    return value


def from_cell(value: Any) -> Any:
    """The reverse of `as_cell`. Raises WrongExpression, whose column counts after the `=`."""
    if isinstance(value, str) and value.startswith(MARK):
        return parse_term(value[len(MARK) :])
    return value
