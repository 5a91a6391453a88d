"""Numbers and settings in tables: as they are, or formulas over typed features and attributes, such as `=Inch * 0.02`."""

from collections.abc import Mapping, Set
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeGuard, get_args

from lotone.configure.model.binding import Binder
from lotone.configure.model.expression import Scalar, Term, Text, Values, amount, parse_term, term_text
from lotone.kernel import Invalid

Setting = bool | int | float | str
"""The value of a machine parameter."""
Quantity = float | Term
"""A number, or the formula that gives it."""
MARK = "="
"""What a formula begins with where a number or a setting could stand as well."""
NO_VALUES: Mapping[str, Scalar] = MappingProxyType({})
_TERMS = get_args(Term)


class NoAmount(Invalid):
    """A formula that has no value for a configuration: a division by zero, or the average of nothing."""


def is_formula(value: object) -> TypeGuard[Term]:
    return isinstance(value, _TERMS)


def number_of(quantity: Quantity, selected: Set[str], values: Values) -> float:
    """The number for a configuration, computed in exact fractions. Raises NoAmount, and Unbound for attributes of no model."""
    if isinstance(quantity, int | float):
        return quantity
    found = setting_of(quantity, selected, values)
    if isinstance(found, str):
        raise NoAmount(f"the formula {as_cell(quantity)} gives the text '{found}'; expected a number")
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
    return int(found) if found.denominator == 1 else float(found)


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
