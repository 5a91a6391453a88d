"""A product family as a feature model: the tree of features, its groups, and the rules across the tree."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from lotone.configure.model.expression import And, Count, Expression, Implies, Name, Or, as_text, features_of, quoted
from lotone.configure.model.table import VariantTable

Attribute = bool | int | float | str | tuple["Attribute", ...] | Mapping[str, "Attribute"] | None
"""The value of an attribute as it is written; None for one without a value, such as `abstract`."""
PRICE = "Price"
"""The attribute that is an amount in the currency of the product."""


class FeatureType(StrEnum):
    BOOLEAN = "Boolean"
    """A plain feature: in or out."""
    INTEGER = "Integer"
    """A feature that has a whole number as well, while it is in."""
    REAL = "Real"
    STRING = "String"


class GroupKind(StrEnum):
    MANDATORY = "mandatory"
    """Every member comes with the parent."""
    OPTIONAL = "optional"
    ALTERNATIVE = "alternative"
    """Exactly one member."""
    OR = "or"
    """At least one member."""
    RANGE = "range"
    """From `low` to `high` members: `[1..2]`."""


@dataclass(frozen=True)
class Group:
    """Features that hang below one parent under one heading."""

    kind: GroupKind
    parent: str
    members: tuple["Feature", ...]
    line: int
    low: int = 0
    high: int = 0
    """How many members a configuration with the parent has; kept for all kinds."""

    @property
    def text(self) -> str:
        members = ", ".join(quoted(member.name) for member in self.members)
        return f"{quoted(self.parent)}: {self.heading} of {members}"

    @property
    def heading(self) -> str:
        return f"[{self.low}..{self.high}]" if self.kind is GroupKind.RANGE else self.kind.value


@dataclass(frozen=True)
class Feature:
    """A feature with what hangs below it, in the order of the file."""

    name: str
    line: int
    parent: str | None = None
    abstract: bool = False
    """A heading only: it groups others and is nothing one could choose."""
    price_cents: int = 0
    """The attribute `Price`, an amount such as 129.50, in cents."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """All attributes but `abstract`, `Price` too, as they are written."""
    groups: tuple[Group, ...] = ()
    type: FeatureType = FeatureType.BOOLEAN
    cardinality: tuple[int, int] | None = None
    """From how many to how many times it comes. Its only group has the instances, `Bag[1]`, `Bag[2]`, used in this order."""
    origin: str | None = None
    """What a feature of an instance is called in the text: `Bag[2]` comes from `Bag`."""

    def __iter__(self) -> Iterator["Feature"]:
        """The feature and everything below it, in the order of the file."""
        waiting = [self]
        while waiting:
            feature = waiting.pop()
            yield feature
            for group in reversed(feature.groups):
                waiting.extend(reversed(group.members))

    def attribute(self, path: Sequence[str]) -> Attribute:
        """The attribute with this name, or inside of maps with these names; None where there is none, or no value."""
        found: Attribute = self.attributes
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    @property
    def is_typed(self) -> bool:
        return self.type is not FeatureType.BOOLEAN


class RuleKind(StrEnum):
    ROOT = "root"
    TREE = "tree"
    """A child needs its parent, a mandatory child comes with it."""
    GROUP = "group"
    CONSTRAINT = "constraint"
    TABLE = "table"
    """A table of combinations that are allowed, or of those that are forbidden."""


@dataclass(frozen=True)
class Rule:
    """One rule of a model, as its text says it."""

    kind: RuleKind
    text: str
    line: int
    expression: Expression
    group: Group | None = None
    """The group whose members are counted."""
    table: VariantTable | None = None

    def as_json(self) -> dict[str, str | int]:
        return {"kind": self.kind.value, "text": self.text, "line": self.line}


@dataclass(frozen=True)
class Model:
    """A feature model that was read and found consistent in itself: every name is known, none is used twice."""

    name: str
    """Where it was read from: the file, or the root feature."""
    root: Feature
    constraints: tuple[Rule, ...]
    text: str = field(repr=False, default="")
    tables: tuple[VariantTable, ...] = field(repr=False, default=())

    @cached_property
    def features(self) -> dict[str, Feature]:
        """All features by name, in the order of the file."""
        return {feature.name: feature for feature in self.root}

    @cached_property
    def typed(self) -> frozenset[str]:
        """The features that have a number or a text."""
        return frozenset(name for name, feature in self.features.items() if feature.is_typed)

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group in which each feature stands; the root stands in none."""
        return {
            member.name: group
            for feature in self.root
            for group in feature.groups
            for member in group.members
        }  # fmt: skip

    @cached_property
    def options(self) -> tuple[str, ...]:
        """What a buyer can choose: features that are more than a heading and don't come by themselves."""
        return tuple(
            feature.name
            for feature in self.features.values()
            if not feature.abstract and self._is_open(feature.name)
        )  # fmt: skip

    def _is_open(self, name: str) -> bool:
        group = self.group_of.get(name)
        return group is not None and group.low < len(group.members)

    def above(self, name: str) -> Iterator[str]:
        """The features above one, from its parent to the root."""
        parent = self.features[name].parent
        while parent is not None:
            yield parent
            parent = self.features[parent].parent

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Everything that a configuration must obey: the tree's own rules, then the constraints."""
        return (*_tree_rules(self.root), *self.constraints, *(_table_rule(table) for table in self.tables))

    def with_tables(self, tables: Sequence[VariantTable]) -> "Model":
        """The model with these tables as further rules. Raises WrongTable for a cell that does not fit the model."""
        return replace(self, tables=(*self.tables, *(table.bound(self.features, similar) for table in tables)))

    def in_order(self, names: frozenset[str] | set[str]) -> tuple[str, ...]:
        return tuple(name for name in self.features if name in names)


def _tree_rules(root: Feature) -> Iterator[Rule]:
    yield Rule(RuleKind.ROOT, quoted(root.name), root.line, Name(root.name))
    for feature in root:
        for group in feature.groups:
            yield from _group_rules(group, in_turn=feature.cardinality is not None)


def _group_rules(group: Group, *, in_turn: bool = False) -> Iterator[Rule]:
    parent = Name(group.parent)
    members = tuple(Name(member.name) for member in group.members)
    for member, feature in zip(members, group.members, strict=True):
        yield _tree_rule(member, parent, feature)
    if in_turn:
        for before, member, feature in zip(members, members[1:], group.members[1:], strict=False):
            yield _tree_rule(member, before, feature)
    if group.kind is GroupKind.MANDATORY:
        for member, feature in zip(members, group.members, strict=True):
            yield _tree_rule(parent, member, feature)
    elif group.kind is GroupKind.OR:
        yield Rule(RuleKind.GROUP, group.text, group.line, Implies(parent, Or(members)), group)
    elif group.kind is not GroupKind.OPTIONAL:
        yield Rule(RuleKind.GROUP, group.text, group.line, _counted(group, parent, members), group)


def _counted(group: Group, parent: Name, members: tuple[Name, ...]) -> Expression:
    """At least so many while the parent is in, and never more than so many."""
    size = len(members)
    at_least: Expression = Or(members) if group.low == 1 else Count(group.low, size, members)
    enough, not_too_many = Implies(parent, at_least), Count(0, group.high, members)
    if group.high >= size:
        return enough
    return And((enough, not_too_many)) if group.low else not_too_many


def _tree_rule(left: Name, right: Name, feature: Feature) -> Rule:
    needs = Implies(left, right)
    return Rule(RuleKind.TREE, as_text(needs), feature.line, needs)


def _table_rule(table: VariantTable) -> Rule:
    return Rule(RuleKind.TABLE, table.text, 0, table.expression, table=table)


def unknown_names(expression: Expression, known: Collection[str]) -> list[str]:
    """The features of an expression that a model does not have, each once."""
    return [name for name in dict.fromkeys(features_of(expression)) if name not in known]


def similar(name: str, known: Collection[str]) -> str:
    """A question for the end of a message about an unknown name: "; did you mean 'Rack'?", or nothing."""
    by_lower_case = {other.lower(): other for other in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f"; did you mean '{by_lower_case[close[0]]}'?" if close else ""
