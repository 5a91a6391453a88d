"""Reading expressions: `belt & !rack => sum(Price) < 900`, with the column of every fault and what was expected there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from lotone.configure.model.fault import WrongExpression
from lotone.configure.model.syntax import (
    ALWAYS,
    Aggregate,
    AggregateName,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Equal,
    Expression,
    Function,
    FunctionName,
    Implies,
    Name,
    Not,
    Number,
    Operator,
    Or,
    Path,
    Sign,
    Term,
    Text,
    Value,
)

DEPTH_MAX = 60
"""Deepest nesting of parentheses and arrows: people write up to five, and native readers crash on many thousands."""
TERMS_MAX = 200
LENGTH_MAX = 100_000
DIGITS_MAX = 15
"""More digits than a number of a product has; they stay exact in every kind of number."""

_SECTION_WORDS = {"features", "constraints", "imports", "include", "namespace", "as", "constraint"}
_GROUP_WORDS = {"mandatory", "optional", "alternative", "or", "cardinality"}
_AGGREGATES = ("sum", "avg")
_FUNCTIONS = ("len", "floor", "ceil")
_VALUE_WORDS = {"true", "false", "String", "Integer", "Real", "Boolean", *_AGGREGATES, *_FUNCTIONS}
KEYWORDS = frozenset(_SECTION_WORDS | _GROUP_WORDS | _VALUE_WORDS)
"""Words of UVL that can't be the name of a feature unless they are quoted."""
NAME = re.compile(r"[^\W\d][\w#§%?;]*")
_TOKEN = re.compile(
    rf"""(?P<sign><=>|=>|==|!=|<=|>=|[!&|()<>+*/,.-]) | "(?P<quoted>[^"\r\n.]+)" | '(?P<text>[^'\r\n]*)'
    | (?P<number>\d*\.\d+(?![\w.])|\d+(?![\w.])) | (?P<name>{NAME.pattern})""".replace("#", r"\#"),
    re.VERBOSE,
)
_BLANKS = re.compile(r"\s*")
_SIGNS = ("==", "!=", "<", "<=", ">", ">=")
_ORDERED = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class _Token:
    sign: str
    """An operator, the word of a function, or the kind: name, number, text, end."""
    content: str
    column: int


def _tokens(text: str) -> list[_Token]:
    tokens = []
    if len(text) > LENGTH_MAX:
        raise WrongExpression(f"expected at most {LENGTH_MAX} characters, found {len(text)}", LENGTH_MAX)
    at = _after_blanks(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise WrongExpression(_unreadable(text, at), at + 1)
        tokens.append(_token(match, at + 1))
        at = _after_blanks(text, match.end())
    tokens.append(_Token("end", "", at + 1))
    return tokens


def _token(match: re.Match[str], column: int) -> _Token:
    kind = cast(str, match.lastgroup)
    found = match[kind]
    if kind == "sign":
        return _Token(found, found, column)
    if kind == "name" and found in KEYWORDS:
        if found not in _AGGREGATES and found not in _FUNCTIONS:
            hint = f'as the name of a feature it needs quotes: "{found}"'
            raise WrongExpression(f"'{found}' is a word of the language; {hint}", column)
        return _Token(found, found, column)
    if kind == "number" and len(found) > DIGITS_MAX:
        raise WrongExpression(f"expected a number of at most {DIGITS_MAX} digits, found {found[:DIGITS_MAX]}...", column)
    return _Token("name" if kind == "quoted" else kind, found, column)


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _unreadable(text: str, at: int) -> str:
    found = text[at]
    if found.isdigit():
        return f"'{text[at : at + 12]}' can't be read; expected a number such as 129.50, or a name that begins with a letter"
    if found in "'\"":
        return f"expected a closing {found} in this line" + (", and no '.' in a name" if found == '"' else "")
    shown = found if found.isprintable() else f"character {ord(found)}"
    return f"'{shown}' can't be read; expected a feature, a \"quoted feature\" or one of ! & | => <=> ( )"


class _Parser:
    """Recursive descent; from weak to strong: <=>, =>, |, &, !, comparisons, + and -, * and /.

    Arrows group from the left, as in the UVL grammar. A name is a term until it stands where something is true or false.
    """

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Expression:
        expression = self.equal()
        if self.sign != "end":
            raise self.fault("expected & | => <=> or the end")
        return self.truth(expression)

    @property
    def sign(self) -> str:
        return self.tokens[self.at].sign

    def fault(self, expected: str) -> WrongExpression:
        token = self.tokens[self.at]
        found = "the end" if token.sign == "end" else f"'{token.content}'"
        return WrongExpression(f"{expected}, found {found}", token.column)

    def takes(self, sign: str) -> bool:
        found = self.sign == sign
        self.at += found
        return found

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.fault(f"expected at most {DEPTH_MAX} levels of nesting")

    def truth(self, found: Expression | Term) -> Expression:
        """What is true or false; a term that can only be computed is a fault."""
        match found:
            case Value(feature):
                return Name(feature)
            case Attribute():
                return Compare("!=", found, Number(0))
            case Number() | Text() | Aggregate() | Function() | Arithmetic():
                raise self.fault("expected a comparison such as == or < with this number or text")
        return found

    def term(self, found: Expression | Term, column: int) -> Term:
        match found:
            case Number() | Text() | Value() | Attribute() | Aggregate() | Function() | Arithmetic():
                return found
        raise WrongExpression("expected a number, a text or a feature with a value here, found a rule", column)

    @property
    def column(self) -> int:
        return self.tokens[self.at].column

    def equal(self) -> Expression | Term:
        left = self.implies()
        while self.takes("<=>"):
            self.deeper()
            left = Equal(self.truth(left), self.truth(self.implies()))
        return left

    def implies(self) -> Expression | Term:
        left = self.either()
        while self.takes("=>"):
            self.deeper()
            left = Implies(self.truth(left), self.truth(self.either()))
        return left

    def either(self) -> Expression | Term:
        parts = self.listed("|", self.both)
        return parts[0] if len(parts) == 1 else Or(tuple(self.truth(part) for part in parts))

    def both(self) -> Expression | Term:
        parts = self.listed("&", self.single)
        return parts[0] if len(parts) == 1 else And(tuple(self.truth(part) for part in parts))

    def listed(self, sign: str, part: Callable[[], Expression | Term]) -> tuple[Expression | Term, ...]:
        parts = [part()]
        while self.takes(sign):
            parts.append(part())
        return tuple(parts)

    def single(self) -> Expression | Term:
        negated = 0
        while self.takes("!"):
            negated += 1
            if negated > DEPTH_MAX:
                raise self.fault(f"expected at most {DEPTH_MAX} negations of one part")
        expression = self.compared()
        if not negated:
            return expression
        return Not(self.truth(expression)) if negated % 2 else self.truth(expression)

    def compared(self) -> Expression | Term:
        column = self.column
        left = self.summed()
        if self.sign not in _SIGNS:
            return left
        sign = cast(Sign, self.sign)
        one = self.term(left, column)
        self.at += 1
        column = self.column
        other = self.term(self.summed(), column)
        if sign in _ORDERED and (isinstance(one, Text) or isinstance(other, Text)):
            raise WrongExpression(f"texts are compared by == and != only, not by {sign}", column)
        if self.sign in _SIGNS:
            raise self.fault("expected one comparison only; join several by &")
        return Compare(sign, one, other)

    def summed(self) -> Expression | Term:
        return self.computed(("+", "-"), self.multiplied)

    def multiplied(self) -> Expression | Term:
        return self.computed(("*", "/"), self.primary)

    def computed(self, signs: tuple[str, ...], part: Callable[[], Expression | Term]) -> Expression | Term:
        column = self.column
        left = part()
        joined = 0
        while self.sign in signs:
            joined += 1
            if joined > TERMS_MAX:
                raise self.fault(f"expected at most {TERMS_MAX} terms joined by {' and '.join(signs)}; sum(...) adds many")
            operator = cast(Operator, self.sign)
            one = self.term(left, column)
            self.at += 1
            column = self.column
            left = Arithmetic(operator, one, self.term(part(), column))
        return left

    def primary(self) -> Expression | Term:
        token = self.tokens[self.at]
        match token.sign:
            case "(":
                return self.enclosed()
            case "number" | "-":
                return self.number()
            case "text":
                self.at += 1
                return Text(token.content)
            case "sum" | "avg":
                return self.aggregate()
            case "len" | "floor" | "ceil":
                return self.function()
        path = self.path("expected a feature, ! or (")
        return Value(path[0]) if len(path) == 1 else Attribute(path[0], path[1:])

    def enclosed(self) -> Expression | Term:
        before = self.depth
        self.at += 1
        self.deeper()
        expression = self.equal()
        if not self.takes(")"):
            raise self.fault("expected ) or one of & | => <=>")
        self.depth = before
        return expression

    def number(self) -> Number:
        factor = -1 if self.takes("-") else 1
        token = self.tokens[self.at]
        if token.sign != "number":
            raise self.fault("expected a number after '-'")
        self.at += 1
        return Number(factor * (float(token.content) if "." in token.content else int(token.content)))

    def path(self, expected: str) -> Path:
        names = [self.named(expected)]
        while self.takes("."):
            names.append(self.named("expected the name of an attribute after '.'"))
        return tuple(names)

    def named(self, expected: str) -> str:
        token = self.tokens[self.at]
        if token.sign != "name":
            raise self.fault(expected)
        self.at += 1
        return token.content

    def opened(self, word: str) -> None:
        self.at += 1
        if not self.takes("("):
            raise self.fault(f"expected ( after '{word}'")

    def aggregate(self) -> Aggregate:
        word = cast(AggregateName, self.sign)
        self.opened(word)
        arguments = [self.path("expected an attribute, such as Price")]
        if self.takes(","):
            arguments.append(self.path("expected the feature below which to add up"))
        if not self.takes(")"):
            raise self.fault(f"expected ) after what {word} is of" if len(arguments) > 1 else "expected , or )")
        return Aggregate(word, tuple(arguments))

    def function(self) -> Function:
        word = cast(FunctionName, self.sign)
        self.opened(word)
        path = self.path("expected a feature or an attribute")
        if not self.takes(")"):
            raise self.fault("expected )")
        return Function(word, Value(path[0]) if len(path) == 1 else Attribute(path[0], path[1:]))


def parse_expression(text: str) -> Expression:
    """Read an expression; an empty text is always true. Raises WrongExpression with the column and what was expected there.

    >>> parse_expression("a => !b")
    Implies(left=Name(feature='a'), right=Not(part=Name(feature='b')))
    >>> parse_expression("inch >= 22")
    Compare(sign='>=', left=Value(feature='inch'), right=Number(value=22))
    """
    return _Parser(text).whole() if text.strip() else ALWAYS


def parse_term(text: str) -> Term:
    """Read a formula, something that is computed. Raises WrongExpression with the column and what was expected there.

    >>> parse_term("inch * 0.02")
    Arithmetic(operator='*', left=Value(feature='inch'), right=Number(value=0.02))
    """
    parser = _Parser(text)
    found = parser.term(parser.summed(), 1)
    if parser.sign != "end":
        raise parser.fault("expected one of + - * / or the end")
    return found
