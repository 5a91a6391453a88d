"""Features that come several times: each becomes a row of instances, `Bag[1]`, `Bag[2]`, with all that hangs below it."""

from collections.abc import Iterator, Mapping
from itertools import takewhile

from lotone.configure.model.expression import (
    Aggregate,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Equal,
    Expression,
    Function,
    Implies,
    Name,
    Not,
    Or,
    Term,
    Value,
    terms_of,
)
from lotone.configure.reading.survey import SurveyedFeature
from lotone.kernel import Invalid

UNROLLED_MAX = 20_000
"""Most features that instances may add to a model."""
PARTS_MAX = 100_000
"""Most parts that constraints may grow to for all instances."""
Env = Mapping[str, int]
"""Which instance of each feature that comes several times is meant."""


class TooManyInstances(Invalid):
    """Constraints over more instances than are unrolled."""


class Instances:
    """Who comes several times, and what a constraint then says.

    A constraint that speaks of the features of one such feature only holds within each of its instances. Any other
    constraint that names one of them means "some instance has it".
    """

    def __init__(self, root: SurveyedFeature) -> None:
        self.high: dict[str, int] = {}
        self.inside: dict[str, tuple[str, ...]] = {}
        """The features that come several times above each feature, and itself, from the outside in."""
        self.added = 0
        self.parts = 0
        waiting: list[tuple[SurveyedFeature, tuple[str, ...], int]] = [(root, (), 1)]
        while waiting:
            feature, above, times = waiting.pop()
            if feature.cardinality is not None:
                above, times = (*above, feature.name), times * feature.cardinality[1]
                self.high[feature.name] = feature.cardinality[1]
            if above:
                self.inside[feature.name] = above
                self.added += times
            waiting += [(member, above, times) for group in feature.groups for member in group.members]

    def name(self, feature: str, env: Env) -> str:
        """What a feature is called in an instance; without a number for itself, what all its instances hang below."""
        numbers = takewhile(env.__contains__, self.inside.get(feature, ()))
        return feature + "".join(f"[{env[above]}]" for above in numbers)

    def meant(self, expression: Expression) -> Expression:
        """What a constraint says about instances."""
        return self._meant(expression, {}) if self.high else expression

    def _meant(self, expression: Expression, env: Env) -> Expression:
        common = self._common(expression, env)
        if common is None:
            return self._some(expression, env)
        parts = []
        for number in range(1, self.high[common] + 1):
            self._grow()
            inner = {**env, common: number}
            parts.append(Implies(Name(self.name(common, inner)), self._meant(expression, inner)))
        return And(tuple(parts))

    def _grow(self) -> None:
        self.parts += 1
        if self.parts > PARTS_MAX:
            raise TooManyInstances(
                f"expected constraints over at most {PARTS_MAX} instances in all; let features come less often"
            )

    def _common(self, expression: Expression, env: Env) -> str | None:
        """The feature that comes several times and has in it all that the expression names, and more than itself."""
        named = set(_named(expression))
        if not named:
            return None
        outermost = {next((above for above in self.inside.get(name, ()) if above not in env), None) for name in named}
        return next(iter(outermost)) if len(outermost) == 1 and named != outermost else None

    def _some(self, expression: Expression, env: Env) -> Expression:
        match expression:
            case Name(feature):
                names = [self.name(feature, found) for found in self._instances(feature, env, itself=False)]
                return Name(names[0]) if len(names) == 1 else Or(tuple(Name(name) for name in names))
            case Not(part):
                return Not(self._some(part, env))
            case And(parts):
                return And(tuple(self._some(part, env) for part in parts))
            case Or(parts):
                return Or(tuple(self._some(part, env) for part in parts))
            case Implies(left, right):
                return Implies(self._some(left, env), self._some(right, env))
            case Equal(left, right):
                return Equal(self._some(left, env), self._some(right, env))
            case Compare():
                return self._comparison(expression, env)
        return expression

    def _instances(self, feature: str, env: Env, *, itself: bool) -> Iterator[Env]:
        """The instances in which a feature is, one by one."""
        above = self.inside.get(feature, ())
        if not itself and feature in self.high:
            above = above[:-1]
        yield from self._numbered([name for name in above if name not in env], env)

    def _numbered(self, names: list[str], env: Env) -> Iterator[Env]:
        if not names:
            yield env
            return
        for number in range(1, self.high[names[0]] + 1):
            self._grow()
            yield from self._numbered(names[1:], {**env, names[0]: number})

    def _comparison(self, compare: Compare, env: Env) -> Expression:
        """Some instances of what it names are there, and for them the comparison is true."""
        open_names = [
            above
            for name in dict.fromkeys(_values_in(compare))
            for above in self.inside.get(name, ())
            if above not in env
        ]  # fmt: skip
        open_names = list(dict.fromkeys(open_names))
        parts: list[Expression] = []
        for found in self._numbered(open_names, env):
            there = tuple(Name(self.name(name, found)) for name in open_names)
            one = Compare(compare.sign, self._term(compare.left, found), self._term(compare.right, found))
            parts.append(And((*there, one)) if there else one)
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _term(self, term: Term, env: Env) -> Term:
        match term:
            case Value(feature):
                return Value(self.name(feature, env))
            case Attribute(feature, path):
                names = tuple(self.name(feature, found) for found in self._instances(feature, env, itself=True))
                return Attribute(names[0], path) if len(names) == 1 else Attribute(feature, path, instances=names)
            case Function(function, argument):
                return Function(function, self._term(argument, env))
            case Arithmetic(operator, left, right):
                return Arithmetic(operator, self._term(left, env), self._term(right, env))
            case Aggregate(function, arguments):
                within = tuple((self.name(path[0], env), *path[1:]) for path in arguments)
                return Aggregate(function, within)
        return term


def _values_in(compare: Compare) -> Iterator[str]:
    """The features whose own values a comparison needs; an attribute is the same in all instances."""
    for side in (compare.left, compare.right):
        yield from (term.feature for term in terms_of(side) if isinstance(term, Value))


def _named(expression: Expression) -> Iterator[str]:
    """What an expression names; sums go over all instances."""
    match expression:
        case Compare(_, left, right):
            for side in (left, right):
                for term in terms_of(side):
                    match term:
                        case Value(feature) | Attribute(feature):
                            yield feature
        case Name(feature):
            yield feature
        case Not(part):
            yield from _named(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _named(part)
        case Implies(one, other) | Equal(one, other):
            yield from _named(one)
            yield from _named(other)
