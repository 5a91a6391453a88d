"""Literals for parts of expressions: each added variable is defined in both directions, so counts stay as they are."""

from collections.abc import Sequence

Clause = list[int]
_PAIRS_MAX = 400
_ALL_PAIRS_MAX = 500_000
"""Up to here "at most one" is told pair by pair, of one list and of all together: compilers like pairs best (automotive2_4:
5.7 s, with chains 6.6 s). Others take a chain, whose length grows with the members only."""
_COUNTER_MAX = 4_000
"""Largest counter (members times wanted); larger ones become sums of binary numbers."""


class Gates:
    """Variables up to `top`; those that are added are defined by `definitions` (after Tseitin), equal ones once."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.definitions: list[Clause] = []
        self._defined: dict[tuple[str, frozenset[int] | tuple[int, ...]], int] = {}
        self._true = 0
        self._pairs = 0

    def new(self) -> int:
        self.top += 1
        return self.top

    def constant(self, *, is_true: bool) -> int:
        if not self._true:
            self._true = self.new()
            self.definitions.append([self._true])
        return self._true if is_true else -self._true

    def is_constant(self, literal: int) -> bool:
        return self._true != 0 and abs(literal) == self._true

    def both(self, literals: Sequence[int]) -> int:
        """True exactly when all literals are."""
        if self._true:
            if -self._true in literals:
                return -self._true
            literals = [literal for literal in literals if literal != self._true]
        distinct = frozenset(literals)
        if not distinct or any(-literal in distinct for literal in distinct):
            return self.constant(is_true=not distinct)
        if len(distinct) == 1:
            return next(iter(distinct))
        key = ("and", distinct)
        if key not in self._defined:
            every = self._defined[key] = self.new()
            in_order = list(dict.fromkeys(literals))
            self.definitions += [[-every, literal] for literal in in_order]
            self.definitions.append([every, *(-literal for literal in in_order)])
        return self._defined[key]

    def either(self, literals: Sequence[int]) -> int:
        return -self.both([-literal for literal in literals])

    def same(self, one: int, other: int) -> int:
        if abs(one) == abs(other):
            return self.constant(is_true=one == other)
        if self.is_constant(one) or self.is_constant(other):
            known, open_one = (one, other) if self.is_constant(one) else (other, one)
            return open_one if known == self._true else -open_one
        sign = 1 if (one > 0) == (other > 0) else -1
        left, right = sorted((abs(one), abs(other)))
        key = ("equal", (left, right))
        if key not in self._defined:
            same = self._defined[key] = self.new()
            self.definitions += [[-same, -left, right], [-same, left, -right], [same, left, right], [same, -left, -right]]
        return sign * self._defined[key]

    def choice(self, condition: int, then: int, otherwise: int) -> int:
        """`then` while the condition is true, else `otherwise`."""
        if then == otherwise:
            return then
        if self.is_constant(then):
            return self.either([condition, otherwise]) if then == self._true else self.both([-condition, otherwise])
        if self.is_constant(otherwise):
            return self.either([-condition, then]) if otherwise == self._true else self.both([condition, then])
        if then == -otherwise:
            return self.same(condition, then)
        key = ("choice", (condition, then, otherwise))
        if key not in self._defined:
            found = self._defined[key] = self.new()
            self.definitions += [[-found, -condition, then], [found, -condition, -then]]
            self.definitions += [[-found, condition, otherwise], [found, condition, -otherwise]]
        return self._defined[key]

    def at_least(self, wanted: int, literals: Sequence[int]) -> int:
        """True exactly when `wanted` or more of the literals are: a counter, row by row, or a sum of binary numbers."""
        if wanted <= 0 or wanted > len(literals):
            return self.constant(is_true=wanted <= 0)
        if wanted * len(literals) > _COUNTER_MAX:
            return self.sum_reaches(wanted, [(1, literal) for literal in literals])
        row: list[int] = []
        for literal in literals:
            before = row[:wanted]
            row = [self.either([before[0], literal]) if before else literal]
            for count in range(1, len(before) + 1):
                one_more = self.both([before[count - 1], literal])
                row.append(self.either([before[count], one_more]) if count < len(before) else one_more)
        return row[wanted - 1]

    def at_most_one(self, literals: Sequence[int]) -> list[Clause]:
        """Clauses: pairs for a few literals, else a chain of "one was seen before", defined in both directions."""
        pairs = len(literals) * (len(literals) - 1) // 2
        if len(literals) <= _PAIRS_MAX and self._pairs + pairs <= _ALL_PAIRS_MAX:
            self._pairs += pairs
            return [[-one, -other] for at, one in enumerate(literals) for other in literals[at + 1 :]]
        clauses = []
        seen = literals[0]
        for literal in literals[1:]:
            clauses.append([-seen, -literal])
            seen = self.either([seen, literal])
        return clauses

    def sum_reaches(self, bound: int, weighted: Sequence[tuple[int, int]]) -> int:
        """True exactly when the weights (positive) of the true literals reach the bound: adders, then a comparison.

        Clauses grow with the number of literals times the digits of the weights (Eén and Sörensson 2006, section 5.3).
        """
        if bound <= 0:
            return self.constant(is_true=True)
        columns: list[list[int]] = [[] for _ in range(sum(weight for weight, _ in weighted).bit_length() + 1)]
        for weight, literal in weighted:
            for place in range(weight.bit_length()):
                if weight >> place & 1:
                    columns[place].append(literal)
        digits = [self._added(columns, place) for place in range(len(columns))]
        if bound.bit_length() > len(digits):
            return self.constant(is_true=False)
        reached = self.constant(is_true=True)
        for place, digit in enumerate(digits):
            reached = self.both([digit, reached]) if bound >> place & 1 else self.either([digit, reached])
        return reached

    def _added(self, columns: list[list[int]], place: int) -> int:
        """Adds up one column of digits; what is carried goes into the next column."""
        column = columns[place]
        while len(column) > 1:
            one, two = column.pop(), column.pop()
            three = column.pop(0) if column else self.constant(is_true=False)
            differ = -self.same(one, two)
            column.append(self._differ(differ, three))
            carried = self.choice(differ, three, one)
            if carried != self.constant(is_true=False):
                columns[place + 1].append(carried)
        return column[0] if column else self.constant(is_true=False)

    def _differ(self, one: int, other: int) -> int:
        if self.is_constant(other):
            return -one if other == self._true else one
        return -self.same(one, other)
