"""Attributes of a feature, `{Price 129.50, abstract, supplier 'Mahle'}`, read with the column of every fault."""

import re

from lotone.configure.model.fault import WrongExpression
from lotone.configure.model.features import Attribute

_KEY = re.compile(r'\s*(?:"([^"\r\n.]+)"|([^\W\d][\w#§%?;]*))')
_NUMBER = re.compile(r"-?\d+(\.\d+)?(?=[\s,}\]]|$)")
_TEXT = re.compile(r"'([^'\r\n]*)'")
_WORD = re.compile(r"true|false")


class WrongAttribute(WrongExpression):
    """Attributes that can't be read; `column` counts from the opening brace."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1

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

    def all(self) -> dict[str, Attribute]:
        attributes: dict[str, Attribute] = {}
        if not self.takes("}"):
            self.one(attributes)
            while self.takes(","):
                self.one(attributes)
            if not self.takes("}"):
                raise self.fault("',' or '}' after an attribute")
        self.skip_blanks()
        if self.at < len(self.text):
            raise self.fault("the end of the line after '}'")
        return attributes

    def one(self, attributes: dict[str, Attribute]) -> None:
        self.skip_blanks()
        key = _KEY.match(self.text, self.at)
        if key is None:
            raise self.fault("the name of an attribute")
        name = key[1] or key[2]
        if name in ("constraint", "constraints"):
            raise self.fault("constraints in a section of their own, not as an attribute")
        if name in attributes:
            raise self.fault(f"attribute '{name}' once only")
        self.at = key.end()
        attributes[name] = self.value()

    def value(self) -> Attribute:
        self.skip_blanks()
        if self.text[self.at : self.at + 1] in ("", ",", "}"):
            return None
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return float(number[0]) if number[1] else int(number[0])
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return word[0] == "true"
        if text := _TEXT.match(self.text, self.at):
            self.at = text.end()
            return text[1]
        raise self.fault("a number such as 129.50, true, false or a 'text'")


def read_attributes(text: str) -> dict[str, Attribute]:
    """Read `{key value, key value}`. Raises WrongAttribute."""
    return _Reader(text).all()
