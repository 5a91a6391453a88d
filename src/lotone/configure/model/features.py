"""A product family as a feature model: the tree of features, its groups, and the rules across the tree."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from lotone.configure.model.expression import And, Expression, Implies, Name, Not, Or, as_text, features_of, quoted

Attribute = bool | int | float | str | None
"""The value of an attribute as it is written; None for one without a value, such as `abstract`."""


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
    groups: tuple[Group, ...] = ()

    def __iter__(self) -> Iterator["Feature"]:
        """The feature and everything below it, in the order of the file."""
        yield self
        for group in self.groups:
            for member in group.members:
                yield from member


class RuleKind(StrEnum):
    ROOT = "root"
    TREE = "tree"
    """A child needs its parent, a mandatory child comes with it."""
    GROUP = "group"
    CONSTRAINT = "constraint"


@dataclass(frozen=True)
class Rule:
    """One rule of a model, as its text says it."""

    kind: RuleKind
    text: str
    line: int
    expression: Expression
    group: Group | None = None
    """The group whose members are counted. For `[low..high]` the expression says less than the group."""

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

    @cached_property
    def features(self) -> dict[str, Feature]:
        """All features by name, in the order of the file."""
        return {feature.name: feature for feature in self.root}

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
        return (*_tree_rules(self.root), *self.constraints)

    def in_order(self, names: frozenset[str] | set[str]) -> tuple[str, ...]:
        return tuple(name for name in self.features if name in names)


def _tree_rules(root: Feature) -> Iterator[Rule]:
    yield Rule(RuleKind.ROOT, quoted(root.name), root.line, Name(root.name))
    for feature in root:
        for group in feature.groups:
            yield from _group_rules(group)


def _group_rules(group: Group) -> Iterator[Rule]:
    parent = Name(group.parent)
    members = tuple(Name(member.name) for member in group.members)
    for member, feature in zip(members, group.members, strict=True):
        needs_parent = Implies(member, parent)
        yield Rule(RuleKind.TREE, as_text(needs_parent), feature.line, needs_parent)
    if group.kind is GroupKind.MANDATORY:
        for member, feature in zip(members, group.members, strict=True):
            comes_along = Implies(parent, member)
            yield Rule(RuleKind.TREE, as_text(comes_along), feature.line, comes_along)
    elif group.kind is GroupKind.RANGE:
        yield Rule(RuleKind.GROUP, group.text, group.line, Implies(parent, Or(members)), group)
    elif group.kind is not GroupKind.OPTIONAL:
        yield Rule(RuleKind.GROUP, group.text, group.line, _counted(group, parent, members), group)


def _counted(group: Group, parent: Name, members: tuple[Name, ...]) -> Expression:
    at_least_one = Implies(parent, Or(members))
    if group.kind is GroupKind.OR:
        return at_least_one
    pairs = (
        Not(And((one, other))) for at, one in enumerate(members) for other in members[at + 1 :]
    )  # fmt: skip
    return And((at_least_one, *pairs))


def unknown_names(expression: Expression, known: Collection[str]) -> list[str]:
    """The features of an expression that a model does not have, each once."""
    return [name for name in dict.fromkeys(features_of(expression)) if name not in known]


def similar(name: str, known: Collection[str]) -> str:
    """A question for the end of a message about an unknown name: "; did you mean 'Rack'?", or nothing."""
    by_lower_case = {other.lower(): other for other in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f"; did you mean '{by_lower_case[close[0]]}'?" if close else ""
