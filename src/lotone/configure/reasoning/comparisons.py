"""Comparisons over attributes as literals: weighted sums of features as decision diagrams, or as adders where those grow."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import gcd, lcm

from lotone.configure.model.expression import Aggregate, Attribute, Compare, Value, amount, compares, features_of, terms_of
from lotone.configure.reasoning.gates import Gates
from lotone.configure.reasoning.linear import FLIPPED, In, Linear, Terms

DIAGRAM_MAX = 3_000
"""Most partial sums of one decision diagram; above it the sum is added up in binary, in linear size."""
TESTED_MAX = 10
"""Most features of a comparison that is no weighted sum and is tested case by case."""


def encode(compare: Compare, terms: Terms, gates: Gates, variable: Callable[[str], int]) -> int | None:
    """A literal that is true exactly when a comparison of attributes is; None when it takes more than clauses to say so."""

    def present(features: tuple[str, ...]) -> int:
        return gates.either([variable(feature) for feature in features])

    if _is_of_texts(compare):
        return _tested(compare, _involved(compare), gates, present)
    form = terms.form(compare)
    if not form.is_linear:
        involved = _involved(compare)
        return _tested(compare, involved, gates, present) if len(involved) <= TESTED_MAX else None

    def of(linear: Linear, sign: str) -> int:
        return _Sum(linear, gates, present).compared(sign)

    has_value = [of(divisor, "!=") for divisor in form.divisors]
    if not form.denominator.weights:
        sign = form.sign if form.denominator.constant > 0 else FLIPPED[form.sign]
        return gates.both([*has_value, of(form.difference, sign)])
    is_positive = of(form.denominator, ">")
    turned = of(form.difference, FLIPPED[form.sign])
    return gates.both([*has_value, gates.choice(is_positive, of(form.difference, form.sign), turned)])


def _is_of_texts(compare: Compare) -> bool:
    sides = [amount(side, frozenset(features_of(side))) for side in (compare.left, compare.right)]
    return any(isinstance(side, str) for side in sides)


def _involved(compare: Compare) -> list[tuple[str, ...]]:
    """The features that a comparison depends on; those in one tuple are instances, which bring the same."""
    found: dict[tuple[str, ...], None] = {}
    for side in (compare.left, compare.right):
        for term in terms_of(side):
            match term:
                case Attribute():
                    found[term.holders] = None
                case Value(feature):
                    found[feature,] = None
                case Aggregate(_, _, entries):
                    found.update(((entry.feature,), None) for entry in entries or ())
    return list(found)


def _tested(
    compare: Compare, involved: Sequence[tuple[str, ...]], gates: Gates, present: Callable[[tuple[str, ...]], int]
) -> int:
    """One case for each set of the features, joined into a decision diagram."""

    def of(selected: frozenset[str], rest: Sequence[tuple[str, ...]]) -> int:
        if rest:
            first, *others = rest
            return gates.choice(present(first), of(selected | {first[0]}, others), of(selected, others))
        left, right = amount(compare.left, selected), amount(compare.right, selected)
        return gates.constant(is_true=compares(compare.sign, left, right))

    return of(frozenset(), involved)


class _Sum:
    """A weighted sum of features, in whole numbers: `constant + weights`, heaviest first."""

    def __init__(self, linear: Linear, gates: Gates, present: Callable[[tuple[str, ...]], int]) -> None:
        factor = lcm(linear.constant.denominator, *(weight.denominator for _, weight in linear.weights))
        scaled = [(key.features, int(weight * factor)) for key, weight in linear.weights if isinstance(key, In)]
        self.constant = int(linear.constant * factor)
        self.weighted = sorted(((weight, present(names)) for names, weight in scaled), key=lambda part: -abs(part[0]))
        self.gates = gates
        lows = [min(weight, 0) for weight, _ in self.weighted]
        highs = [max(weight, 0) for weight, _ in self.weighted]
        self.low_from = [*accumulate(reversed(lows), initial=0)][::-1]
        self.high_from = [*accumulate(reversed(highs), initial=0)][::-1]

    def compared(self, sign: str) -> int:
        """A literal that is true exactly when the sum compares so with zero."""
        diagram = self._diagram(sign)
        return self._added(sign) if diagram is None else diagram

    def _decided(self, total: int, at: int, sign: str) -> bool | None:
        """Whether the comparison is true whatever the features from `at` on bring; None while it depends on them."""
        low, high = total + self.low_from[at], total + self.high_from[at]
        match sign:
            case "<" | "<=":
                limit = -1 if sign == "<" else 0
                return True if high <= limit else False if low > limit else None
            case ">" | ">=":
                limit = 1 if sign == ">" else 0
                return True if low >= limit else False if high < limit else None
        if low > 0 or high < 0:
            return sign == "!="
        return sign == "==" if low == high else None

    def _diagram(self, sign: str) -> int | None:
        """Layers of partial sums, joined from the last to the first; None where there are too many."""
        layers: list[set[int]] = [{self.constant}]
        size = 0
        for at, (weight, _) in enumerate(self.weighted):
            open_sums = [total for total in layers[-1] if self._decided(total, at, sign) is None]
            size += len(open_sums)
            if size > DIAGRAM_MAX:
                return None
            layers.append({total + brought for total in open_sums for brought in (0, weight)})
        literals: dict[int, int] = {}
        for at in range(len(self.weighted), -1, -1):
            literals = {total: self._literal(total, at, sign, literals) for total in layers[at]}
        return literals[self.constant]

    def _literal(self, total: int, at: int, sign: str, below: dict[int, int]) -> int:
        decided = self._decided(total, at, sign)
        if decided is not None:
            return self.gates.constant(is_true=decided)
        weight, variable = self.weighted[at]
        return self.gates.choice(variable, below[total + weight], below[total])

    def _added(self, sign: str) -> int:
        """All weights made positive by turning round the literals of negative ones, then added up in binary."""
        if sign in ("==", "!="):
            equal = self.gates.both([self._added(">="), self._added("<=")])
            return equal if sign == "==" else -equal
        if sign in ("<", "<="):
            return -self._added(">=" if sign == "<" else ">")
        bound = (1 if sign == ">" else 0) - self.constant - sum(weight for weight, _ in self.weighted if weight < 0)
        positive = [(abs(weight), literal if weight > 0 else -literal) for weight, literal in self.weighted]
        divisor = gcd(*(weight for weight, _ in positive)) or 1
        return self.gates.sum_reaches(-(-bound // divisor), [(weight // divisor, literal) for weight, literal in positive])
