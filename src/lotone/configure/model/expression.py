"""Expressions over features, `belt & !(small | "light frame") => rack`: read, evaluated and put into words."""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from lotone.configure.model.fault import WrongExpression

DEPTH_MAX = 60
"""Deepest nesting of parentheses and arrows: people write up to five, and native readers crash on many thousands."""


@dataclass(frozen=True)
class Name:
    feature: str


@dataclass(frozen=True)
class Not:
    part: "Expression"


@dataclass(frozen=True)
class And:
    """All of the parts; without parts it is always true."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Or:
    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Implies:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Equal:
    left: "Expression"
    right: "Expression"


Expression = Name | Not | And | Or | Implies | Equal
ALWAYS = And(())
"""The expression of an empty `when`."""


def holds(expression: Expression, selected: Set[str]) -> bool:
    """Is the expression true when exactly these features are selected?

    >>> holds(parse_expression("belt & !rack"), {"belt"})
    True
    """
    match expression:
        case Name(feature):
            return feature in selected
        case Not(part):
            return not holds(part, selected)
        case And(parts):
            return all(holds(part, selected) for part in parts)
        case Or(parts):
            return any(holds(part, selected) for part in parts)
        case Implies(left, right):
            return not holds(left, selected) or holds(right, selected)
        case Equal(left, right):
            return holds(left, selected) == holds(right, selected)


def features_of(expression: Expression) -> Iterator[str]:
    """The features an expression speaks of, in the order they are written; one written twice comes twice."""
    match expression:
        case Name(feature):
            yield feature
        case Not(part):
            yield from features_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from features_of(part)
        case Implies(left, right) | Equal(left, right):
            yield from features_of(left)
            yield from features_of(right)


_SECTION_WORDS = {"features", "constraints", "imports", "include", "namespace", "as", "constraint"}
_GROUP_WORDS = {"mandatory", "optional", "alternative", "or", "cardinality"}
_VALUE_WORDS = {"true", "false", "String", "Integer", "Real", "Boolean", "sum", "avg", "len", "floor", "ceil"}
KEYWORDS = frozenset(_SECTION_WORDS | _GROUP_WORDS | _VALUE_WORDS)
"""Words of UVL that can't be the name of a feature unless they are quoted."""
NAME = re.compile(r"[^\W\d][\w#§%?;]*")
_TOKEN = re.compile(rf'(?P<sign><=>|=>|[!&|()])|"(?P<quoted>[^"\r\n.]+)"|(?P<name>{NAME.pattern})')
_BLANKS = re.compile(r"\s*")
_NUMBERS = re.compile(r"[=!<>+*/\d'\[\].-]")
LENGTH_MAX = 100_000


@dataclass(frozen=True)
class _Token:
    sign: str
    feature: str
    column: int


def _tokens(text: str) -> list[_Token]:
    tokens = []
    if len(text) > LENGTH_MAX:
        raise WrongExpression(f"expected at most {LENGTH_MAX} characters, found {len(text)}", LENGTH_MAX)
    at = _after_blanks(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match["name"] in KEYWORDS):
            raise WrongExpression(_unreadable(text[at : at + 1], match), at + 1)
        tokens.append(_Token(match["sign"] or "", match["quoted"] or match["name"] or "", at + 1))
        at = _after_blanks(text, match.end())
    tokens.append(_Token("end", "", at + 1))
    return tokens


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _unreadable(rest: str, match: re.Match[str] | None) -> str:
    if match is not None:
        return f"'{match['name']}' is a word of the language; as the name of a feature it needs quotes: \"{match['name']}\""
    if _NUMBERS.match(rest):
        return f"'{rest}' can't be used here: rules speak of features only, numbers and attributes are not supported"
    shown = rest if rest.isprintable() else f"character {ord(rest)}"
    return f"'{shown}' can't be read; expected a feature, a \"quoted feature\" or one of ! & | => <=> ( )"


class _Parser:
    """Recursive descent; from weak to strong: <=>, =>, |, &, !. Arrows group from the left, as in the UVL grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Expression:
        expression = self.equal()
        if self.sign != "end":
            raise self.fault("expected & | => <=> or the end")
        return expression

    @property
    def sign(self) -> str:
        return self.tokens[self.at].sign

    def fault(self, expected: str) -> WrongExpression:
        token = self.tokens[self.at]
        found = "the end" if token.sign == "end" else f"'{token.sign or token.feature}'"
        return WrongExpression(f"{expected}, found {found}", token.column)

    def takes(self, sign: str) -> bool:
        found = self.sign == sign
        self.at += found
        return found

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.fault(f"expected at most {DEPTH_MAX} levels of nesting")

    def equal(self) -> Expression:
        left = self.implies()
        while self.takes("<=>"):
            self.deeper()
            left = Equal(left, self.implies())
        return left

    def implies(self) -> Expression:
        left = self.either()
        while self.takes("=>"):
            self.deeper()
            left = Implies(left, self.either())
        return left

    def either(self) -> Expression:
        parts = self.listed("|", self.both)
        return parts[0] if len(parts) == 1 else Or(parts)

    def both(self) -> Expression:
        parts = self.listed("&", self.single)
        return parts[0] if len(parts) == 1 else And(parts)

    def listed(self, sign: str, part: Callable[[], Expression]) -> tuple[Expression, ...]:
        parts = [part()]
        while self.takes(sign):
            parts.append(part())
        return tuple(parts)

    def single(self) -> Expression:
        negated = 0
        while self.takes("!"):
            negated += 1
            if negated > DEPTH_MAX:
                raise self.fault(f"expected at most {DEPTH_MAX} negations of one part")
        expression = self.enclosed() if self.takes("(") else self.named()
        return Not(expression) if negated % 2 else expression

    def enclosed(self) -> Expression:
        before = self.depth
        self.deeper()
        expression = self.equal()
        if not self.takes(")"):
            raise self.fault("expected ) or one of & | => <=>")
        self.depth = before
        return expression

    def named(self) -> Expression:
        token = self.tokens[self.at]
        if not token.feature:
            raise self.fault("expected a feature, ! or (")
        self.at += 1
        return Name(token.feature)


def parse_expression(text: str) -> Expression:
    """Read an expression; an empty text is always true. Raises WrongExpression with the column and what was expected there.

    >>> parse_expression("a => !b")
    Implies(left=Name(feature='a'), right=Not(part=Name(feature='b')))
    """
    return _Parser(text).whole() if text.strip() else ALWAYS


def quoted(feature: str) -> str:
    """A feature's name as it is written in a model."""
    return feature if NAME.fullmatch(feature) and feature not in KEYWORDS else f'"{feature}"'


_STRENGTH: dict[type, int] = {Equal: 1, Implies: 2, Or: 3, And: 4, Not: 5, Name: 6}


def as_text(expression: Expression) -> str:
    """The expression as it is written in a model, with no more parentheses than needed."""
    match expression:
        case Name(feature):
            return quoted(feature)
        case Not(part):
            return f"!{_enclosed(part, 5)}"
        case And(parts):
            return " & ".join(_enclosed(part, 4) for part in parts)
        case Or(parts):
            return " | ".join(_enclosed(part, 3) for part in parts)
        case Implies(left, right):
            return f"{_enclosed(left, 2)} => {_enclosed(right, 3)}"
        case Equal(left, right):
            return f"{_enclosed(left, 1)} <=> {_enclosed(right, 2)}"


def _enclosed(part: Expression, strength: int) -> str:
    weaker = _STRENGTH[type(part)] < strength
    return f"({as_text(part)})" if weaker else as_text(part)
