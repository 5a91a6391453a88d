"""Expressions bound to a model: attributes get their values, sums their entries; what does not fit is a fault."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from lotone.configure.model.expression import (
    Aggregate,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Count,
    Entry,
    Equal,
    Expression,
    Function,
    Implies,
    Not,
    Or,
    Scalar,
    Term,
    Text,
    Value,
    comparisons_of,
)
from lotone.configure.model.fault import WrongExpression
from lotone.configure.model.features import Feature, FeatureType, Model, similar

ENTRIES_MAX = 200_000
"""Most features that the sums and averages of a model go over, all together: each takes a fraction of a millisecond."""


class Unfit(WrongExpression):
    """An expression that does not fit a model; `name` is the feature or attribute that it is about."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message, 1)
        self.name = name


class Binder:
    """Binds expressions to features; the values of each attribute are collected once."""

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self.features = features
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._added = 0

    @cached_property
    def _of_origin(self) -> dict[str, list[Feature]]:
        """The instances of features that come several times, by the name that the text gives all of them."""
        found: dict[str, list[Feature]] = {}
        for feature in self.features.values():
            if feature.origin is not None:
                found.setdefault(feature.origin, []).append(feature)
        return found

    @cached_property
    def _attributes(self) -> dict[str, list[Feature]]:
        """The features that have each attribute."""
        found: dict[str, list[Feature]] = {}
        for feature in self.features.values():
            for key in feature.attributes:
                found.setdefault(key, []).append(feature)
        return found

    def bind(self, expression: Expression) -> Expression:
        """Raises Unfit."""
        if not any(True for _ in comparisons_of(expression)):
            return expression
        match expression:
            case Compare(sign, left, right):
                return self._compare(Compare(sign, self._term(left), self._term(right)))
            case Not(part):
                return Not(self.bind(part))
            case And(parts):
                return And(tuple(self.bind(part) for part in parts))
            case Or(parts):
                return Or(tuple(self.bind(part) for part in parts))
            case Count(low, high, parts):
                return Count(low, high, tuple(self.bind(part) for part in parts))
            case Implies(left_part, right_part):
                return Implies(self.bind(left_part), self.bind(right_part))
            case Equal(left_part, right_part):
                return Equal(self.bind(left_part), self.bind(right_part))
        return expression

    def bind_term(self, term: Term) -> Term:
        """A formula instead of an expression. Raises Unfit."""
        return self._term(term)

    def is_text(self, term: Term) -> bool:
        """Does a formula give a text?"""
        return self._is_text(term)

    def _compare(self, compare: Compare) -> Compare:
        kinds = {self._is_text(compare.left), self._is_text(compare.right)}
        name = next((term.feature for term in (compare.left, compare.right) if isinstance(term, Value | Attribute)), "")
        if len(kinds) > 1:
            raise Unfit("expected two numbers or two texts, found a number and a text to compare", name)
        if kinds == {True} and compare.sign not in ("==", "!="):
            raise Unfit(f"texts are compared by == and != only, not by {compare.sign}", name)
        return compare

    def _is_text(self, term: Term) -> bool:
        match term:
            case Text():
                return True
            case Value(feature):
                return self._known(feature).type is FeatureType.STRING
            case Attribute(_, _, value):
                return isinstance(value, str)
        return False

    def _term(self, term: Term) -> Term:
        match term:
            case Value(feature):
                self._known(feature)
            case Attribute():
                return self._attribute(term)
            case Aggregate():
                found_sum = self._aggregate(term)
                self._added += len(found_sum.entries or ())
                if self._added > ENTRIES_MAX:
                    expected = f"expected sums over at most {ENTRIES_MAX} features in all together"
                    raise Unfit(f"{expected}; let fewer rules add up '{term.arguments[0][0]}'", term.arguments[0][0])
                return found_sum
            case Function(name, argument):
                found = self._term(argument)
                self._expect(found, is_text=name == "len")
                return Function(name, found)
            case Arithmetic(operator, left, right):
                one, other = self._term(left), self._term(right)
                self._expect(one, is_text=False)
                self._expect(other, is_text=False)
                return Arithmetic(operator, one, other)
        return term

    def _expect(self, term: Term, *, is_text: bool) -> None:
        if self._is_text(term) != is_text:
            name = term.feature if isinstance(term, Value | Attribute) else ""
            raise Unfit("expected a text here, found a number" if is_text else "expected a number here, found a text", name)

    def _known(self, name: str) -> Feature:
        feature = self.features.get(name) or next(iter(self._of_origin.get(name, ())), None)
        if feature is None:
            raise Unfit(f"no feature is called '{name}'{similar(name, self.features)}", name)
        return feature

    def _attribute(self, term: Attribute) -> Attribute:
        feature = self._known(term.feature)
        if feature.cardinality is not None:
            feature = feature.groups[0].members[0]
        holder = feature.attribute(term.path[:-1])
        if not isinstance(holder, Mapping) or term.path[-1] not in holder:
            known = similar(term.path[-1], holder) if isinstance(holder, Mapping) else ""
            raise Unfit(f"'{term.feature}' has no attribute '{'.'.join(term.path)}'{known}", term.path[-1])
        return replace(term, value=self._scalar(holder[term.path[-1]], term))

    def _scalar(self, found: object, term: Attribute) -> Scalar:
        if found is None or isinstance(found, bool):
            return int(found is not False)
        if isinstance(found, int | float | str):
            return found
        name = ".".join((term.feature, *term.path))
        raise Unfit(f"expected a number or a text as '{name}', found a map or a list", term.path[-1])

    def _aggregate(self, term: Aggregate) -> Aggregate:
        first, *others = term.arguments
        below = others[0] if others else ()
        if first[-1] not in self._attributes and below and below[-1] in self._attributes and len(first) == 1:
            first, below = below, first
        if len(first) > 1:
            return replace(term, entries=self._single(Attribute(first[0], first[1:])))
        if first[0] in self._attributes:
            return replace(term, entries=self._of_attribute(first[0], below))
        entries = tuple(Entry(feature.name) for path in term.arguments for feature in self._numbers(path))
        return replace(term, entries=entries)

    def _single(self, term: Attribute) -> tuple[Entry, ...]:
        value = self._attribute(term).value
        if value is None or isinstance(value, str):
            raise Unfit(f"expected a number as '{'.'.join((term.feature, *term.path))}', found a text", term.path[-1])
        return (Entry(term.feature, value),)

    def _of_attribute(self, key: str, below: tuple[str, ...]) -> tuple[Entry, ...]:
        if key not in self._entries:
            self._entries[key] = tuple(self._entry(feature, key) for feature in self._attributes[key])
        if not below:
            return self._entries[key]
        inside = {feature.name for feature in self._known(".".join(below))}
        return tuple(entry for entry in self._entries[key] if entry.feature in inside)

    def _entry(self, feature: Feature, key: str) -> Entry:
        value = self._scalar(feature.attributes[key], Attribute(feature.name, (key,)))
        if isinstance(value, str):
            raise Unfit(f"expected numbers as '{key}' to add up, found a text at '{feature.name}'", key)
        return Entry(feature.name, value)

    def _numbers(self, path: tuple[str, ...]) -> list[Feature]:
        """A feature whose own value is added up, or all its instances."""
        name = path[0]
        if len(path) > 1 or (name not in self.features and name not in self._of_origin):
            known = {**self._attributes, **self.features}
            raise Unfit(f"no attribute and no feature is called '{name}'{similar(name, known)}", name)
        found = self._of_origin.get(name) or [self.features[name]]
        if any(feature.type is FeatureType.STRING for feature in found):
            raise Unfit(f"expected numbers to add up, found the texts of '{name}'", name)
        return found


def bound(expression: Expression, model: Model) -> Expression:
    """The expression with the values of the model's attributes, so that it can be tested. Raises Unfit."""
    return Binder(model.features).bind(expression)
