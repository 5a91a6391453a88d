"""What expressions are made of: features and rules over them, numbers, texts, and terms that are computed and compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Scalar = int | float | str
"""The value of a typed feature: a whole number, a real number or a text."""
Sign = Literal["==", "!=", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]
FunctionName = Literal["len", "floor", "ceil"]
AggregateName = Literal["sum", "avg"]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    feature: str


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; without parts it is always true."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Implies:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Equal:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Count:
    """From `low` to `high` of the parts are true: what a group says, in a length that grows with its members only."""

    low: int
    high: int
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Value:
    """The number or text of a typed feature; a plain feature counts as 1. Of one that is not selected: 0, or no text."""

    feature: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a feature while it is selected, else 0 or no text. `value` is known once it is bound to a model."""

    feature: str
    path: Path
    value: Scalar | None = None
    instances: tuple[str, ...] = ()
    """Of a feature that comes several times: what its instances are called, of which one or more must be selected."""

    @property
    def holders(self) -> tuple[str, ...]:
        """The features of which one must be selected."""
        return self.instances or (self.feature,)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one feature brings into an aggregate while it is selected: a number, or (None) its own value."""

    feature: str
    value: int | float | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A sum or average over the selected features. `entries` are known once it is bound to a model."""

    function: AggregateName
    arguments: tuple[Path, ...]
    entries: tuple[Entry, ...] | None = None


@dataclass(frozen=True, slots=True)
class Function:
    name: FunctionName
    argument: "Term"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: Operator
    left: "Term"
    right: "Term"


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison. It is false where a side has no value: the average of nothing, or a division by zero."""

    sign: Sign
    left: "Term"
    right: "Term"


Term = Number | Text | Value | Attribute | Aggregate | Function | Arithmetic
Expression = Name | Not | And | Or | Implies | Equal | Count | Compare
ALWAYS = And(())
"""The expression of an empty `when`."""


def features_of(expression: Expression | Term) -> Iterator[str]:
    """The features an expression speaks of, in the order they are written; one written twice comes twice.

    An aggregate that is bound to a model speaks of all features that bring something into it.
    """
    match expression:
        case Name(feature) | Value(feature):
            yield feature
        case Attribute():
            yield from expression.holders
        case Not(part) | Function(_, part):
            yield from features_of(part)
        case And(parts) | Or(parts) | Count(_, _, parts):
            for part in parts:
                yield from features_of(part)
        case Implies(left, right) | Equal(left, right) | Compare(_, left, right) | Arithmetic(_, left, right):
            yield from features_of(left)
            yield from features_of(right)
        case Aggregate(_, _, entries):
            yield from (entry.feature for entry in entries or ())


def comparisons_of(expression: Expression) -> Iterator[Compare]:
    """The comparisons in an expression, in the order they are written."""
    match expression:
        case Compare():
            yield expression
        case Not(part):
            yield from comparisons_of(part)
        case And(parts) | Or(parts) | Count(_, _, parts):
            for part in parts:
                yield from comparisons_of(part)
        case Implies(left, right) | Equal(left, right):
            yield from comparisons_of(left)
            yield from comparisons_of(right)


def terms_of(term: Term) -> Iterator[Term]:
    """A term and everything it is made of."""
    yield term
    match term:
        case Function(_, argument):
            yield from terms_of(argument)
        case Arithmetic(_, left, right):
            yield from terms_of(left)
            yield from terms_of(right)
