"""A model as clauses for a SAT solver: one variable for each feature, one switch for each rule."""

from itertools import chain

from lotone.configure.model.expression import And, Equal, Expression, Implies, Name, Not, Or
from lotone.configure.model.features import Group, GroupKind, Model

Clause = list[int]


class Clauses:
    """Variables 1..n are the features in the order of the file; more variables stand for parts of long expressions.

    `of_rule` has the clauses of each rule of `model.rules`, in their order; `definitions` say what the added variables mean.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names = list(model.features)
        self.variable = {name: number for number, name in enumerate(self.names, start=1)}
        self.top = len(self.names)
        self.definitions: list[Clause] = []
        self._defined: dict[tuple[str, frozenset[int]], int] = {}
        self.of_rule = [
            self._of_range(rule.group) if rule.group and rule.group.kind is GroupKind.RANGE else self.of(rule.expression)
            for rule in model.rules
        ]

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

    def _flat(self, expression: Expression, *, negated: bool) -> dict[int, None]:
        """The literals of which one must be true, in the order written, so that equal models give equal clauses."""
        match expression, negated:
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
                return self._both([self.literal(part) for part in parts])
            case Or(parts):
                return -self._both([-self.literal(part) for part in parts])
            case Implies(left, right):
                return -self._both([self.literal(left), -self.literal(right)])
            case Equal(left, right):
                return self._same(self.literal(left), self.literal(right))

    def _new(self) -> int:
        self.top += 1
        return self.top

    def _both(self, literals: list[int]) -> int:
        key = ("and", frozenset(literals))
        if key not in self._defined:
            every = self._defined[key] = self._new()
            self.definitions += [[-every, literal] for literal in literals]
            self.definitions.append([every, *(-literal for literal in literals)])
        return self._defined[key]

    def _same(self, one: int, other: int) -> int:
        key = ("equal", frozenset((one, other)))
        if key not in self._defined:
            same = self._defined[key] = self._new()
            self.definitions += [[-same, -one, other], [-same, one, -other], [same, one, other], [same, -one, -other]]
        return self._defined[key]

    def _of_range(self, group: Group) -> list[Clause]:
        """The parent is needed for the lower bound only, as its children need it anyway."""
        members = [self.variable[member.name] for member in group.members]
        clauses = [] if group.high >= len(members) else [[-self._at_least(group.high + 1, members)]]
        if group.low > 0:
            clauses.append([-self.variable[group.parent], self._at_least(group.low, members)])
        return clauses

    def _at_least(self, wanted: int, literals: list[int]) -> int:
        """A literal that is true exactly when at least `wanted` (one or more) of the literals are: a counter, row by row."""
        row: list[int] = []
        for literal in literals:
            before = row[:wanted]
            row = [self._either(before[0], literal) if before else literal]
            for count in range(1, len(before) + 1):
                one_more = self._both([before[count - 1], literal])
                row.append(self._either(before[count], one_more) if count < len(before) else one_more)
        return row[wanted - 1]

    def _either(self, one: int, other: int) -> int:
        return -self._both([-one, -other])
