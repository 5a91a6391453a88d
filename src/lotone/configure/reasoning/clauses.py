"""A model as clauses for a SAT solver: one variable for each feature, and defined ones for parts of expressions."""

from itertools import chain

from lotone.configure.model.expression import (
    Aggregate,
    And,
    Compare,
    Count,
    Equal,
    Expression,
    Function,
    Implies,
    Name,
    Not,
    Or,
    Value,
    terms_of,
)
from lotone.configure.model.features import FeatureType, Group, GroupKind, Model, Rule, RuleKind
from lotone.configure.reasoning.comparisons import encode
from lotone.configure.reasoning.gates import Clause, Gates
from lotone.configure.reasoning.linear import Terms

__all__ = ["Clause", "Clauses"]


class Clauses:
    """Variables 1..n are the features in the order of the file; more variables stand for parts of long expressions.

    `of_rule` has the clauses of each rule of `model.rules`, in their order; `definitions` say what the added variables
    mean, in both directions: every configuration has exactly one solution. Sums over attributes become clauses as well.
    `atoms` are the comparisons that clauses can't express, those with numbers and texts of typed features; each is one
    variable that is left open here, and a solver for numbers must make it true exactly when the comparison is.
    The number of clauses grows linearly with the text of the model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names = list(model.features)
        self.variable = {name: number for number, name in enumerate(self.names, start=1)}
        self.atoms: dict[Compare, int] = {}
        self._gates = Gates(len(self.names))
        self._terms = Terms(self._has_value, lambda name: model.features[name].type is FeatureType.INTEGER)
        self.of_rule = [self._of_rule(rule) for rule in model.rules]

    @property
    def top(self) -> int:
        return self._gates.top

    @property
    def definitions(self) -> list[Clause]:
        return self._gates.definitions

    @property
    def is_typed(self) -> bool:
        """Whether some rules need a solver for numbers and texts."""
        return bool(self.atoms)

    def all(self) -> list[Clause]:
        return [*chain.from_iterable(self.of_rule), *self.definitions]

    def of(self, expression: Expression) -> list[Clause]:
        """Clauses that make an expression true."""
        match expression:
            case And(parts):
                return list(chain.from_iterable(self.of(part) for part in parts))
            case Implies(left, And(parts)):
                return list(chain.from_iterable(self.of(Implies(left, part)) for part in parts))
            case Not(Or(parts)):
                return list(chain.from_iterable(self.of(Not(part)) for part in parts))
        clause = self._flat(expression, negated=False)
        return [] if any(-literal in clause for literal in clause) else [list(clause)]

    def _of_rule(self, rule: Rule) -> list[Clause]:
        match rule:
            case Rule(kind=RuleKind.TREE, expression=Implies(Name(left), Name(right))):
                return [[-self.variable[left], self.variable[right]]]
            case Rule(kind=RuleKind.GROUP, group=Group() as group):
                return self._of_group(group)
        return self.of(rule.expression)

    def _of_group(self, group: Group) -> list[Clause]:
        """The parent is needed for the lower bound only, as its children need it anyway."""
        parent = self.variable[group.parent]
        members = [self.variable[member.name] for member in group.members]
        if group.kind is GroupKind.OR:
            return [[-parent, *members]]
        if group.kind is GroupKind.ALTERNATIVE:
            return [[-parent, *members], *self._gates.at_most_one(members)]
        clauses = [] if group.high >= len(members) else [[-self._gates.at_least(group.high + 1, members)]]
        if group.low > 0:
            clauses.append([-parent, self._gates.at_least(group.low, members)])
        return clauses

    def _flat(self, expression: Expression, *, negated: bool) -> dict[int, None]:
        """The literals of which one must be true, in the order written, so that equal models give equal clauses."""
        match expression, negated:
            case Name(feature), _:
                return {-self.variable[feature] if negated else self.variable[feature]: None}
            case Not(part), _:
                return self._flat(part, negated=not negated)
            case (Or(parts), False) | (And(parts), True):
                return {literal: None for part in parts for literal in self._flat(part, negated=negated)}
            case Implies(left, right), False:
                return self._flat(left, negated=True) | self._flat(right, negated=False)
        literal = self.literal(expression)
        return {-literal if negated else literal: None}

    def literal(self, expression: Expression) -> int:
        """One literal that is true exactly when the expression is (after Tseitin): no expression explodes."""
        match expression:
            case Name(feature):
                return self.variable[feature]
            case Not(part):
                return -self.literal(part)
            case And(parts):
                return self._gates.both([self.literal(part) for part in parts])
            case Or(parts):
                return self._gates.either([self.literal(part) for part in parts])
            case Implies(left, right):
                return self._gates.either([-self.literal(left), self.literal(right)])
            case Equal(left, right):
                return self._gates.same(self.literal(left), self.literal(right))
            case Count(low, high, parts):
                literals = [self.literal(part) for part in parts]
                at_least = self._gates.at_least
                return self._gates.both([at_least(low, literals), -at_least(high + 1, literals)])
            case Compare():
                return self._compared(expression)

    def _compared(self, compare: Compare) -> int:
        if compare in self.atoms:
            return self.atoms[compare]
        literal = None if self._needs_values(compare) else encode(compare, self._terms, self._gates, self.variable.__getitem__)
        if literal is None:
            literal = self.atoms[compare] = self._gates.new()
        return literal

    def _has_value(self, feature: str) -> bool:
        return self.model.features[feature].is_typed

    def _needs_values(self, compare: Compare) -> bool:
        for side in (compare.left, compare.right):
            for term in terms_of(side):
                match term:
                    case Value(feature) | Function(_, Value(feature)):
                        if self._has_value(feature):
                            return True
                    case Aggregate(_, _, entries):
                        if any(entry.value is None and self._has_value(entry.feature) for entry in entries or ()):
                            return True
        return False
