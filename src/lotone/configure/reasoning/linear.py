"""Comparisons as linear forms: a weighted sum of what features bring, compared with zero, exactly."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from lotone.configure.model.expression import (
    Aggregate,
    Arithmetic,
    Attribute,
    Compare,
    Function,
    Number,
    Term,
    Value,
    amount,
    exact,
)


@dataclass(frozen=True, slots=True)
class In:
    """1 while one or more of the features are in, else 0."""

    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Own:
    """The number of a typed feature."""

    feature: str


@dataclass(frozen=True, slots=True)
class Computed:
    """The length of a feature's text, or its number rounded down or up."""

    function: str
    feature: str


@dataclass(frozen=True, slots=True)
class Product:
    left: "Linear"
    right: "Linear"


Key = In | Own | Computed | Product


@dataclass(frozen=True)
class Linear:
    """A constant and weighted keys."""

    constant: Fraction = Fraction(0)
    weights: tuple[tuple[Key, Fraction], ...] = ()

    def __add__(self, other: "Linear") -> "Linear":
        weights = dict(self.weights)
        for key, weight in other.weights:
            weights[key] = weights.get(key, Fraction(0)) + weight
        return Linear(self.constant + other.constant, tuple((key, weight) for key, weight in weights.items() if weight))

    def times(self, factor: Fraction) -> "Linear":
        if not factor:
            return Linear()
        return Linear(self.constant * factor, tuple((key, weight * factor) for key, weight in self.weights))

    def __mul__(self, other: "Linear") -> "Linear":
        if not other.weights:
            return self.times(other.constant)
        if not self.weights:
            return other.times(self.constant)
        return Linear(weights=((Product(self, other), Fraction(1)),))

    @property
    def is_linear(self) -> bool:
        return not any(isinstance(key, Product) for key, _ in self.weights)


ONE = Linear(Fraction(1))


@dataclass(frozen=True)
class Ratio:
    """A numerator over a denominator. It has a value while nothing of `divisors` is zero."""

    numerator: Linear
    denominator: Linear = ONE
    divisors: tuple[Linear, ...] = ()


@dataclass(frozen=True)
class Form:
    """A comparison as `difference sign 0`, turned round where `denominator` is negative; false where a divisor is zero."""

    sign: str
    difference: Linear
    denominator: Linear
    divisors: tuple[Linear, ...]

    @property
    def is_linear(self) -> bool:
        return all(part.is_linear for part in (self.difference, self.denominator, *self.divisors))


FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Terms:
    """Terms as linear forms; `is_typed` says which features have a value of their own, `is_whole` whose is a whole number."""

    def __init__(self, is_typed: Callable[[str], bool], is_whole: Callable[[str], bool]) -> None:
        self.is_typed = is_typed
        self.is_whole = is_whole

    def form(self, compare: Compare) -> Form:
        left, right = self.ratio(compare.left), self.ratio(compare.right)
        difference = left.numerator * right.denominator + (right.numerator * left.denominator).times(Fraction(-1))
        divisors = (*left.divisors, *right.divisors)
        return Form(compare.sign, difference, left.denominator * right.denominator, divisors)

    def ratio(self, term: Term) -> Ratio:
        match term:
            case Number(value):
                return Ratio(Linear(exact(value)))
            case Value(feature):
                return Ratio(_one(self._own(feature)))
            case Attribute():
                return Ratio(_one(In(term.holders)).times(_known(term)))
            case Aggregate():
                return self._aggregate(term)
            case Function(name, Value(feature)) if name == "len" or (self.is_typed(feature) and not self.is_whole(feature)):
                return Ratio(_one(Computed(name, feature)))
            case Function(_, Value(feature)):
                return Ratio(_one(self._own(feature)))
            case Function(_, Attribute() as attribute):
                return Ratio(_one(In(attribute.holders)).times(_known(term)))
            case Arithmetic(operator, left, right):
                return _joined(operator, self.ratio(left), self.ratio(right))
        raise TypeError(f"not a number: {term}")

    def _own(self, feature: str) -> Key:
        return Own(feature) if self.is_typed(feature) else In((feature,))

    def _aggregate(self, term: Aggregate) -> Ratio:
        total = _sum(
            (self._own(entry.feature), Fraction(1)) if entry.value is None else (In((entry.feature,)), exact(entry.value))
            for entry in term.entries or ()
        )
        if term.function == "sum":
            return Ratio(total)
        count = _sum((In((entry.feature,)), Fraction(1)) for entry in term.entries or ())
        return Ratio(total, count, (count,))


def _one(key: Key) -> Linear:
    return Linear(weights=((key, Fraction(1)),))


def _sum(parts: Iterable[tuple[Key, Fraction]]) -> Linear:
    weights: dict[Key, Fraction] = {}
    for key, weight in parts:
        weights[key] = weights.get(key, Fraction(0)) + weight
    return Linear(weights=tuple((key, weight) for key, weight in weights.items() if weight))


def _known(term: Attribute | Function) -> Fraction:
    """What an attribute amounts to while its feature is in."""
    attribute = term.argument if isinstance(term, Function) else term
    assert isinstance(attribute, Attribute)
    found = amount(term, set(attribute.holders))
    assert isinstance(found, Fraction)
    return found


def _joined(operator: str, left: Ratio, right: Ratio) -> Ratio:
    divisors = (*left.divisors, *right.divisors)
    match operator:
        case "*":
            return Ratio(left.numerator * right.numerator, left.denominator * right.denominator, divisors)
        case "/":
            over = left.numerator * right.denominator
            return Ratio(over, left.denominator * right.numerator, (*divisors, right.numerator))
    sign = Fraction(1 if operator == "+" else -1)
    total = left.numerator * right.denominator + (right.numerator * left.denominator).times(sign)
    return Ratio(total, left.denominator * right.denominator, divisors)
