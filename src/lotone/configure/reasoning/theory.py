"""Numbers and texts of typed features as a constraint program: variables for them, and comparisons joined to Booleans."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import lcm

from ortools.sat.python import cp_model

from lotone.configure.model.expression import Attribute, Compare, Function, Scalar, Term, Text, Value, exact, terms_of
from lotone.configure.model.features import FeatureType, Model
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.reasoning.linear import FLIPPED, Computed, In, Key, Linear, Own, Product, Terms

REAL_STEPS = 1_000
"""Real numbers are multiples of a thousandth."""
STEPS_MAX = 10**9
"""Whole numbers lie from -10^9 to 10^9, real ones from -10^6 to 10^6."""
PRODUCT_MAX = 10**15
"""Largest product of two numbers, in their steps."""
LENGTH_MAX = 10_000
"""Longest text."""
_TOTAL_MAX = 2**62

Program = cp_model.CpModel
Variable = cp_model.IntVar
Sum = cp_model.LinearExpr
Truth = cp_model.LiteralT


class Theory:
    """The constraint program of a model: `truths` are the variables of the clauses, by number; index 0 is unused.

    A text is a number: of one that the model mentions, or of one other text for each feature with a text, as long as need
    be. So equalities and lengths of texts are exact.
    """

    def __init__(self, model: Model, clauses: Clauses, *, with_rules: bool = True) -> None:
        self.model = model
        self.program = Program()
        self.clauses = clauses
        self.truths = [self.program.new_bool_var(str(number)) for number in range(clauses.top + 1)]
        self.program.add(self.truths[0] == 0)
        self.numbers: dict[str, Variable] = {}
        self.texts: dict[str, Variable] = {}
        self._lengths: dict[str, Variable] = {}
        self._known: dict[Key | tuple[str, ...], Variable] = {}
        self._terms = Terms(lambda name: model.features[name].is_typed, self._is_whole)
        self.tokens = _tokens(clauses.atoms)
        self._own_token = self._other_texts(clauses.atoms)
        self.other_lengths: list[Variable] = []
        self.add_clauses(clauses.all() if with_rules else clauses.definitions)
        for compare, number in clauses.atoms.items():
            self._compare(compare, self.truths[number])

    def add_clauses(self, clauses: Iterable[Iterable[int]], switch: Truth | None = None) -> None:
        """Clauses that hold; with a switch, while that is true."""
        extra = [] if switch is None else [~switch]
        for clause in clauses:
            self.program.add_bool_or([*(self.truth(literal) for literal in clause), *extra])

    def truth(self, literal: int) -> Truth:
        found = self.truths[abs(literal)]
        return found if literal > 0 else found.negated()

    def index(self, literal: int) -> int:
        """How the program itself calls a literal."""
        index = self.truths[abs(literal)].index
        return index if literal > 0 else -index - 1

    def _is_in(self, feature: str) -> Variable:
        return self.truths[self.clauses.variable[feature]]

    def _is_whole(self, feature: str) -> bool:
        return self.model.features[feature].type is FeatureType.INTEGER

    def steps(self, feature: str) -> int:
        return 1 if self._is_whole(feature) else REAL_STEPS

    # -- values of features

    def number(self, feature: str) -> Variable:
        """The number of a feature in steps; 0 while it is out."""
        if feature not in self.numbers:
            found = self.numbers[feature] = self.program.new_int_var(-STEPS_MAX, STEPS_MAX, f"{feature}.number")
            self.program.add(found == 0).only_enforce_if(self._is_in(feature).negated())
        return self.numbers[feature]

    def text(self, feature: str) -> Variable:
        """The number of a feature's text; 0, the empty one, while it is out."""
        if feature not in self.texts:
            allowed = [*range(len(self.tokens)), len(self.tokens) + self._own_token[feature]]
            if feature in self._paired:
                allowed += [len(self.tokens) + self._own_token[other] for other in self._paired]
            domain = cp_model.Domain.from_values(allowed)
            found = self.texts[feature] = self.program.new_int_var_from_domain(domain, f"{feature}.text")
            self.program.add(found == 0).only_enforce_if(self._is_in(feature).negated())
        return self.texts[feature]

    def _length(self, feature: str) -> Variable:
        if feature not in self._lengths:
            if not self.other_lengths:
                self.other_lengths = [self.program.new_int_var(1, LENGTH_MAX, "length") for _ in self._own_token]
            found = self._lengths[feature] = self.program.new_int_var(0, LENGTH_MAX, f"{feature}.length")
            lengths: list[int | Variable] = [*(len(text) for text in self.tokens), *self.other_lengths]
            self.program.add_element(self.text(feature), lengths, found)
        return self._lengths[feature]

    def _other_texts(self, atoms: Iterable[Compare]) -> dict[str, int]:
        """One text of its own for each feature with a text; features that are compared with each other may share theirs."""
        found: dict[str, int] = {}
        self._paired: set[str] = set()
        for compare in atoms:
            named = [name for side in (compare.left, compare.right) for name in _texts_in(side, self.model)]
            for name in named:
                found.setdefault(name, len(found))
            if isinstance(compare.left, Value) and isinstance(compare.right, Value) and len(named) > 1:
                self._paired.update(named)
        return found

    # -- comparisons

    def _compare(self, compare: Compare, truth: Variable) -> None:
        if self._is_text(compare.left) or self._is_text(compare.right):
            left, right = self._token(compare.left), self._token(compare.right)
            self._reify(left - right, compare.sign, truth)
            return
        form = self._terms.form(compare)
        defined = [self._sign(divisor, "!=") for divisor in form.divisors]
        if not form.denominator.weights:
            sign = form.sign if form.denominator.constant > 0 else FLIPPED[form.sign]
            found = self._sign(form.difference, sign)
        else:
            is_positive = self._sign(form.denominator, ">")
            found = self.program.new_bool_var("")
            for condition, sign in ((is_positive, form.sign), (is_positive.negated(), FLIPPED[form.sign])):
                self.program.add(found == self._sign(form.difference, sign)).only_enforce_if(condition)
        self.program.add_bool_and([*defined, found]).only_enforce_if(truth)
        self.program.add_bool_or([truth, *(one.negated() for one in (*defined, found))])

    def _is_text(self, term: Term) -> bool:
        match term:
            case Text():
                return True
            case Value(feature):
                return self.model.features[feature].type is FeatureType.STRING
            case Attribute(_, _, value):
                return isinstance(value, str)
        return False

    def _token(self, term: Term) -> Sum:
        match term:
            case Text(text):
                return self.program.new_constant(self.tokens.index(text))
            case Value(feature):
                return self.text(feature)
            case Attribute(_, _, str() as text):
                return self._any_in(term.holders) * self.tokens.index(text)
        raise TypeError(f"not a text: {term}")

    def _any_in(self, features: tuple[str, ...]) -> Variable:
        if len(features) == 1:
            return self._is_in(features[0])
        if features not in self._known:
            found = self._known[features] = self.program.new_bool_var("")
            self.program.add_max_equality(found, [self._is_in(feature) for feature in features])
        return self._known[features]

    def _sign(self, linear: Linear, sign: str) -> Variable:
        truth = self.program.new_bool_var("")
        expression, _, _ = self._whole(linear)
        self._reify(expression, sign, truth)
        return truth

    def _reify(self, expression: Sum, sign: str, truth: Variable) -> None:
        """`truth` is true exactly when the expression compares so with zero."""
        compared: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "==": (lambda: expression == 0, lambda: expression != 0),
            "!=": (lambda: expression != 0, lambda: expression == 0),
            "<": (lambda: expression <= -1, lambda: expression >= 0),
            "<=": (lambda: expression <= 0, lambda: expression >= 1),
            ">": (lambda: expression >= 1, lambda: expression <= 0),
            ">=": (lambda: expression >= 0, lambda: expression <= -1),
        }
        then, otherwise = compared[sign]
        self.program.add(then()).only_enforce_if(truth)  # type: ignore[arg-type]
        self.program.add(otherwise()).only_enforce_if(truth.negated())  # type: ignore[arg-type]

    def _whole(self, linear: Linear) -> tuple[Sum, int, int]:
        """The linear form times a factor that makes it whole, the factor, and the largest amount it can have."""
        parts = [
            (variable, weight / steps, bound) for key, weight in linear.weights for variable, steps, bound in [self._key(key)]
        ]
        factor = lcm(linear.constant.denominator, *(weight.denominator for _, weight, _ in parts))
        weights = [int(weight * factor) for _, weight, _ in parts]
        constant = int(linear.constant * factor)
        largest = abs(constant) + sum(abs(weight) * bound for weight, (_, _, bound) in zip(weights, parts, strict=True))
        if largest > _TOTAL_MAX:
            raise TooHard(f"{self.model.name}: numbers in a comparison grow beyond 2^62; use smaller or less precise ones")
        variables = [variable for variable, _, _ in parts]
        return Sum.weighted_sum(variables, weights) + constant, factor, largest

    def _key(self, key: Key) -> tuple[Variable, Fraction, int]:
        """The variable of a key, how many steps make one, and the largest amount of the variable."""
        match key:
            case In(features):
                return self._any_in(features), Fraction(1), 1
            case Own(feature):
                return self.number(feature), Fraction(self.steps(feature)), STEPS_MAX
            case Computed("len", feature):
                return self._length(feature), Fraction(1), LENGTH_MAX
            case Computed():
                return self._rounded(key), Fraction(1), STEPS_MAX // REAL_STEPS
            case Product(left, right):
                return self._product(key, left, right)

    def _rounded(self, key: Computed) -> Variable:
        if key not in self._known:
            limit = STEPS_MAX // REAL_STEPS
            found = self._known[key] = self.program.new_int_var(-limit, limit, f"{key.feature}.{key.function}")
            rest = self.number(key.feature) - found * REAL_STEPS
            self.program.add_linear_constraint(
                rest, *((0, REAL_STEPS - 1) if key.function == "floor" else (1 - REAL_STEPS, 0))
            )
        return self._known[key]

    def _product(self, key: Product, left: Linear, right: Linear) -> tuple[Variable, Fraction, int]:
        (one, factor, _), (other, other_factor, _) = self._whole(left), self._whole(right)
        if key not in self._known:
            found = self._known[key] = self.program.new_int_var(-PRODUCT_MAX, PRODUCT_MAX, "product")
            self.program.add_multiplication_equality(found, [self._bounded(one), self._bounded(other)])
        return self._known[key], Fraction(factor * other_factor), PRODUCT_MAX

    def _bounded(self, expression: Sum) -> Variable:
        found = self.program.new_int_var(-STEPS_MAX, STEPS_MAX, "factor")
        self.program.add(found == expression)
        return found

    # -- given and found values

    def fix(self, program: Program, values: Mapping[str, Scalar]) -> bool:
        """Let features have these values; whether they can."""
        for name, value in values.items():
            program.add_bool_and([self._is_in(name)])
            if name in self.texts:
                token = self.token_of(str(value))
                if token is not None:
                    program.add(self.texts[name] == token)
                elif not self._fix_other(program, name, str(value)):
                    return False
            elif name in self.numbers:
                steps = exact(value) * self.steps(name)
                if steps.denominator != 1 or abs(steps) > STEPS_MAX:
                    return False
                program.add(self.numbers[name] == int(steps))
        return True

    def token_of(self, text: str) -> int | None:
        return self.tokens.index(text) if text in self.tokens else None

    def _fix_other(self, program: Program, name: str, text: str) -> bool:
        """A text that the model does not mention: equal to no other, and as long as it is."""
        program.add(self.texts[name] == len(self.tokens) + self._own_token[name])
        if self.other_lengths:
            program.add(self.other_lengths[self._own_token[name]] == len(text))
        return len(text) <= LENGTH_MAX

    def values(self, value_of: Callable[[Variable], int], selected: frozenset[str]) -> dict[str, Scalar]:
        """The values of selected features in a solution."""
        found: dict[str, Scalar] = {}
        for name, variable in self.numbers.items():
            if name in selected:
                steps = value_of(variable)
                found[name] = steps if self._is_whole(name) else steps / REAL_STEPS
        for name, variable in self.texts.items():
            if name in selected:
                found[name] = self._text_of(value_of(variable), value_of)
        return found

    def _text_of(self, token: int, value_of: Callable[[Variable], int]) -> str:
        if token < len(self.tokens):
            return self.tokens[token]
        number = token - len(self.tokens)
        length = value_of(self.other_lengths[number]) if self.other_lengths else 0
        used = set(self.tokens)
        start = ord("a") + number
        while chr(start) * max(length, 1) in used:
            start += len(self._own_token)
        return chr(start) * max(length, 1)


def _tokens(atoms: Iterable[Compare]) -> list[str]:
    """All texts that comparisons mention, the empty one first."""
    found = {"": None}
    for compare in atoms:
        for side in (compare.left, compare.right):
            for term in terms_of(side):
                match term:
                    case Text(text) | Attribute(_, _, str() as text):
                        found[text] = None
    return list(found)


def _texts_in(side: Term, model: Model) -> list[str]:
    named = [
        term.feature
        for term in terms_of(side)
        if isinstance(term, Value) and not isinstance(term, Function)
    ]  # fmt: skip
    return [name for name in named if model.features[name].type is FeatureType.STRING]
