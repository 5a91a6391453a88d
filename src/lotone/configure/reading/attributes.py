"""Attributes of a feature, `{Price 129.50, abstract, maker 'Mahle'}`, read with the column of every fault."""

import re
from dataclasses import dataclass, field

from lotone.configure.model.fault import WrongExpression
from lotone.configure.model.features import Attribute

_KEY = re.compile(r'\s*(?:"([^"\r\n.]+)"|([^\W\d][\w#§%?;]*))')
_NUMBER = re.compile(r"-?(\d*\.\d+|\d+)(?=[\s,}\]]|$)")
_TEXT = re.compile(r"'([^'\r\n]*)'")
_WORD = re.compile(r"(?:true|false)(?!\w)")
_QUOTED = re.compile(r"'[^'\r\n]*'|\"[^\"\r\n]*\"")
_DEPTH_MAX = 10
_DIGITS_MAX = 15


class WrongAttribute(WrongExpression):
    """Attributes that can't be read; `column` counts from the opening brace."""


@dataclass
class Attributes:
    """What stands in the braces: values, and the constraints of the feature with the column where each begins."""

    values: dict[str, Attribute] = field(default_factory=dict)
    constraints: list[tuple[str, int]] = field(default_factory=list)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1
        self.depth = 0
        self.constraints: list[tuple[str, int]] = []

    def fault(self, expected: str) -> WrongAttribute:
        self.skip_blanks()
        found = self.text[self.at : self.at + 12] or "the end of the line"
        return WrongAttribute(f"expected {expected}, found '{found}'", self.at + 1)

    def skip_blanks(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def takes(self, sign: str) -> bool:
        self.skip_blanks()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def whole(self) -> Attributes:
        values = self.all()
        self.skip_blanks()
        if self.at < len(self.text):
            raise self.fault("the end of the line after '}'")
        return Attributes(values, self.constraints)

    def all(self) -> dict[str, Attribute]:
        attributes: dict[str, Attribute] = {}
        self.deeper()
        if not self.takes("}"):
            self.one(attributes)
            while self.takes(","):
                self.one(attributes)
            if not self.takes("}"):
                raise self.fault("',' or '}' after an attribute")
        self.depth -= 1
        return attributes

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise self.fault(f"at most {_DEPTH_MAX} levels of attributes")

    def one(self, attributes: dict[str, Attribute]) -> None:
        self.skip_blanks()
        key = _KEY.match(self.text, self.at)
        if key is None:
            raise self.fault("the name of an attribute")
        name = key[1] or key[2]
        if key[2] in ("constraint", "constraints"):
            self.own_constraints(key)
            return
        if name in attributes:
            raise self.fault(f"attribute '{name}' once only")
        self.at = key.end()
        attributes[name] = self.value()

    def value(self) -> Attribute:
        self.skip_blanks()
        if self.text[self.at : self.at + 1] in ("", ",", "}", "]"):
            return None
        return self.given()

    def given(self) -> Attribute:
        self.skip_blanks()
        if number := _NUMBER.match(self.text, self.at):
            if len(number[0]) > _DIGITS_MAX + 2:
                raise self.fault(f"a number of at most {_DIGITS_MAX} digits")
            self.at = number.end()
            return float(number[0]) if "." in number[0] else int(number[0])
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return word[0] == "true"
        if text := _TEXT.match(self.text, self.at):
            self.at = text.end()
            return text[1]
        if self.takes("{"):
            return self.all()
        if self.takes("["):
            return self.listed()
        raise self.fault("a number such as 129.50, true, false or a 'text'")

    def listed(self) -> tuple[Attribute, ...]:
        self.deeper()
        values: list[Attribute] = []
        if not self.takes("]"):
            values.append(self.given())
            while self.takes(","):
                values.append(self.given())
            if not self.takes("]"):
                raise self.fault("',' or ']' after a value")
        self.depth -= 1
        return tuple(values)

    def own_constraints(self, key: re.Match[str]) -> None:
        if self.depth > 1:
            raise self.fault("constraints beside the feature's own attributes, not inside of others")
        self.at = key.end()
        if key[2] == "constraint":
            self.constraint()
            return
        if not self.takes("["):
            raise self.fault("[ after 'constraints'")
        if not self.takes("]"):
            self.constraint()
            while self.takes(","):
                self.constraint()
            if not self.takes("]"):
                raise self.fault("',' or ']' after a constraint")

    def constraint(self) -> None:
        """Everything up to the comma or bracket that ends it."""
        self.skip_blanks()
        began = self.at
        depth = 0
        while self.at < len(self.text):
            sign = self.text[self.at]
            if depth == 0 and sign in ",}]":
                break
            depth += (sign == "(") - (sign == ")")
            quoted = _QUOTED.match(self.text, self.at)
            self.at = quoted.end() if quoted else self.at + 1
        if not self.text[began : self.at].strip():
            raise self.fault("a constraint")
        self.constraints.append((self.text[began : self.at].rstrip(), began + 1))


def read_attributes(text: str) -> Attributes:
    """Read `{key value, key value}`. Raises WrongAttribute."""
    return _Reader(text).whole()
