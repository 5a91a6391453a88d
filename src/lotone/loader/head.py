"""`blueprint.toml`: what the blueprint is called, its currency and time zone, and the product's words."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lotone.configure import similar
from lotone.kernel import LANGUAGES, Words
from lotone.loader.tables import Faults, read_text

FILE = "blueprint.toml"
_KEYS = ("id", "name", "name_zh", "currency", "time_zone", "language", "product")
_PRODUCT_KEYS = ("id", "name", "name_zh", "hint", "hint_zh", "start")
_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True)
class Head:
    id: str = "unknown"
    words: Words = field(default_factory=lambda: Words(""))
    currency: str = "EUR"
    time_zone: str = "UTC"
    language: str = "en"
    product: str = "unknown"
    product_words: Words = field(default_factory=lambda: Words(""))
    product_hint: Words = field(default_factory=lambda: Words(""))
    start: tuple[str, ...] = ()


class _Section:
    """One section of the file; faults name the key as column and the line where it stands."""

    def __init__(self, name: str, values: dict[str, Any], text: str, faults: Faults) -> None:
        self.name = name
        self.values = values
        self.text = text
        self.faults = faults

    def fault(self, key: str, message: str) -> None:
        begin = self.text.find(f"[{self.name}]") if self.name else 0
        found = re.compile(rf"^\s*{re.escape(key)}\s*=", re.MULTILINE).search(self.text, max(begin, 0))
        line = self.text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1 if found else 0
        self.faults.add(FILE, line, key, message)

    def check_keys(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                self.fault(key, f"there is no setting '{key}'{similar(key, known)}")

    def text_of(self, key: str, *, pattern: str = r".+", expected: str = "a text", default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or (value != default and not re.fullmatch(pattern, value)):
            self.fault(key, f"expected {expected}, found {'nothing' if value is None else repr(value)}")
            return default or ""
        return value

    def words(self, key: str, *, default: str | None = None) -> Words:
        return Words(self.text_of(key, default=default), self.text_of(f"{key}_zh", default=""))


def read_head(folder: Path, faults: Faults) -> Head:
    text = read_text(folder / FILE, faults)
    if text is None:
        return Head()
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        place = _PLACE.search(str(fault))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        column = place[2] if place and place[2] else ""
        faults.add(FILE, line, column, f"this is not TOML: {_PLACE.sub('', str(fault)).strip()}")
        return Head()
    top = _Section("", values, text, faults)
    top.check_keys(_KEYS)
    product = values.get("product")
    if not isinstance(product, dict):
        top.fault("product", "expected a section [product]")
        product = {"id": "unknown", "name": "unknown"}
    return _head(top, _Section("product", product, text, faults))


def _head(top: _Section, product: _Section) -> Head:
    product.check_keys(_PRODUCT_KEYS)
    slug, a_slug = r"[a-z][a-z0-9-]{1,38}", "a short id of lower case letters, digits and hyphens"
    zone = top.text_of("time_zone", default="UTC")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        top.fault("time_zone", f"'{zone}' is no time zone such as Europe/Berlin")
    language = top.text_of("language", default="en")
    if language not in LANGUAGES:
        top.fault("language", f"expected one of {', '.join(LANGUAGES)}, found '{language}'")
    start = product.values.get("start", [])
    if not isinstance(start, list) or not all(isinstance(choice, str) for choice in start):
        product.fault("start", "expected a list of features")
        start = []
    return Head(
        id=top.text_of("id", pattern=slug, expected=a_slug),
        words=top.words("name"),
        currency=top.text_of("currency", pattern="[A-Z]{3}", expected="a currency such as EUR", default="EUR"),
        time_zone=zone,
        language=language,
        product=product.text_of("id", pattern=slug, expected=a_slug),
        product_words=product.words("name"),
        product_hint=product.words("hint", default=""),
        start=tuple(start),
    )
