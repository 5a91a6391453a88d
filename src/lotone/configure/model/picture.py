"""A product's picture that follows the choices: an SVG whose parts say when they are drawn, and styles that say how."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from lotone.configure.model.expression import ALWAYS, Expression, as_text, features_of, holds, parse_expression
from lotone.configure.model.fault import WrongExpression
from lotone.kernel import Invalid

WHEN = "data-when"
_SHAPES = {"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "text", "tspan", "title", "desc"}
_PAINTS = {"defs", "linearGradient", "radialGradient", "stop", "use", "symbol", "clipPath", "mask", "pattern"}
_FILTERS = {"filter", "feGaussianBlur", "feOffset", "feMerge", "feMergeNode", "feFlood", "feComposite", "feBlend"}
_ELEMENTS = frozenset(_SHAPES | _PAINTS | _FILTERS | {"feColorMatrix", "feTurbulence", "feDropShadow"})
"""A picture stands in the middle of pages, so it may draw, and nothing else: no script, no style sheet, no foreign address."""
_INNER_ADDRESS = re.compile(r"(url\(\s*['\"]?)#")
_OUTER_ADDRESS = re.compile(r"url\(\s*['\"]?(?!#)|javascript:|expression\(|@import", re.IGNORECASE)
DRAWN_MAX = 20_000
"""Elements that are drawn, those that are used again (`<use>`) counted each time: ten levels of ten are ten billion."""
_LEVELS_MAX = 200
_PREFIX = "\ue000"
"""Stands for the prefix that `draw` is given: a character for private use, which no drawing needs."""
_PROPERTY = re.compile(r"--[a-z][a-z0-9-]*")
_VALUE = re.compile(r"[\w#.,()% +-]{1,100}")


class WrongPicture(Invalid):
    """A picture that can't be drawn or must not be; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, where=f"picture.svg:{line}")
        self.line = line


@dataclass(frozen=True)
class PictureStyle:
    """A CSS custom property that a choice sets, such as `--paint: #b3001b` for a red frame."""

    property: str
    value: str
    when: Expression = ALWAYS

    def __post_init__(self) -> None:
        if not _PROPERTY.fullmatch(self.property):
            raise Invalid(f"expected a custom property such as --paint, found '{self.property}'")
        if not _VALUE.fullmatch(self.value) or _OUTER_ADDRESS.search(self.value):
            raise Invalid(f"expected a colour, length or number as value of {self.property}, found '{self.value}'")


@dataclass
class _Element:
    """An element, its tag written but for `>` or `/>`, with `_PREFIX` before every id."""

    tag: str
    written: str
    line: int
    when: Expression = ALWAYS
    children: list["_Element | str"] = field(default_factory=list)
    uses: tuple[str, ...] = ()
    """The ids of what is drawn here once more."""


@dataclass(frozen=True)
class Picture:
    """An SVG with `data-when` expressions on its elements, and styles for its root.

    >>> svg = '<svg><rect fill="var(--paint)"/><path data-when="Rack" d="M0 0"/></svg>'
    >>> Picture(svg, (PictureStyle("--paint", "red", parse_expression("Red")),)).draw({"Red"})
    '<svg style="--paint:red"><rect fill="var(--paint)"/></svg>'
    """

    svg: str = field(repr=False)
    styles: tuple[PictureStyle, ...] = ()

    @cached_property
    def _root(self) -> _Element:
        return _Reader(self.svg).root()

    def check(self) -> None:
        """Raises WrongPicture when the SVG can't be drawn or does more than draw."""
        _ = self._root

    def features(self) -> Iterator[tuple[str, int]]:
        """The features that the SVG speaks of, each with the line."""

        def below(element: _Element) -> Iterator[tuple[str, int]]:
            yield from ((name, element.line) for name in features_of(element.when))
            for child in element.children:
                if isinstance(child, _Element):
                    yield from below(child)

        return below(self._root)

    def properties(self, configuration: Set[str]) -> dict[str, str]:
        """The custom properties for a configuration; of several rows for one property the last that applies counts."""
        return {style.property: style.value for style in self.styles if holds(style.when, configuration)}

    def draw(self, configuration: Set[str], *, prefix: str = "") -> str:
        """The SVG for a configuration (or for choices so far), ready to stand in a page.

        Give each picture of one page its own `prefix`: it goes before the ids inside, which must differ in a page.
        """
        style = ";".join(f"{name}:{value}" for name, value in self.properties(configuration).items())
        parts: list[str] = []
        _draw(self._root, configuration, f" style={quoteattr(style)}" if style else "", parts)
        return "".join(parts).replace(_PREFIX, prefix)

    def as_json(self) -> dict[str, Any]:
        styles = [{"property": row.property, "value": row.value, "when": as_text(row.when)} for row in self.styles]
        return {"svg": self.svg, "styles": styles}

    @classmethod
    def from_json(cls, picture: Mapping[str, Any]) -> "Picture":
        styles = (PictureStyle(row["property"], row["value"], parse_expression(row["when"])) for row in picture["styles"])
        return cls(picture["svg"], tuple(styles))


def _draw(element: _Element, configuration: Set[str], style: str, parts: list[str]) -> None:
    parts.append(element.written)
    parts.append(style)
    if not element.children:
        parts.append("/>")
        return
    parts.append(">")
    for child in element.children:
        if isinstance(child, str):
            parts.append(child)
        elif child.when is ALWAYS or holds(child.when, configuration):
            _draw(child, configuration, "", parts)
    parts.append(f"</{element.tag}>")


def _with_prefix(name: str, value: str) -> str:
    if name == "id":
        return _PREFIX + value
    if name in ("href", "xlink:href"):
        return f"#{_PREFIX}{value.removeprefix('#')}"
    return _INNER_ADDRESS.sub(rf"\1#{_PREFIX}", value) if "url(" in value else value


class _Reader:
    """Builds the tree with the line of every element; refuses what is not drawing."""

    def __init__(self, svg: str) -> None:
        self.svg = svg
        self.open: list[_Element] = []
        self.result: _Element | None = None
        self.called: dict[str, list[_Element]] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype

    def root(self) -> _Element:
        try:
            self.parser.Parse(self.svg, True)
        except expat.ExpatError as fault:
            raise WrongPicture(f"this is not well-formed SVG: {expat.ErrorString(fault.code)}", fault.lineno) from fault
        if self.result is None or self.result.tag != "svg":
            raise WrongPicture("expected <svg> as the outermost element", 1)
        self.drawn(self.result, {}, 0)
        return self.result

    def drawn(self, element: _Element, known: dict[int, int], level: int) -> int:
        """How many elements are drawn for this one. Raises WrongPicture when they are too many, or never end."""
        if id(element) not in known:
            below = [child for child in element.children if isinstance(child, _Element)]
            again = [one for name in element.uses for one in self.called.get(name, ())]
            is_endless = level > _LEVELS_MAX
            count = 1 if is_endless else 1 + sum(self.drawn(one, known, level + 1) for one in (*below, *again))
            if is_endless or count > DRAWN_MAX:
                raise WrongPicture(f"expected at most {DRAWN_MAX} elements, those of <use> counted each time", element.line)
            known[id(element)] = count
        return known[id(element)]

    def fault(self, message: str) -> WrongPicture:
        return WrongPicture(message, self.parser.CurrentLineNumber)

    def doctype(self, *_: object) -> None:
        raise self.fault("a picture has no document type")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag not in _ELEMENTS:
            raise self.fault(f"<{tag}> is not allowed in a picture")
        if len(self.open) > 50:
            raise self.fault("expected at most 50 levels of elements")
        for name, value in attributes.items():
            self.check(name, value)
        when = self.when(attributes.pop(WHEN, ""))
        written = "".join(f" {name}={quoteattr(_with_prefix(name, value))}" for name, value in attributes.items())
        element = _Element(tag, f"<{tag}{written}", self.parser.CurrentLineNumber, when)
        if tag == "use":
            element.uses = tuple(attributes[name].removeprefix("#") for name in ("href", "xlink:href") if name in attributes)
        if "id" in attributes:
            self.called.setdefault(attributes["id"], []).append(element)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.result = element
        self.open.append(element)

    def check(self, name: str, value: str) -> None:
        is_foreign = name in ("href", "xlink:href") and not value.startswith("#")
        if name.lower().startswith("on") or is_foreign or (name != WHEN and _OUTER_ADDRESS.search(value)):
            raise self.fault(f'{name}="{value[:40]}" is not allowed in a picture')

    def when(self, text: str) -> Expression:
        try:
            return parse_expression(text)
        except WrongExpression as fault:
            raise self.fault(f'{WHEN}="{text}", column {fault.column}: {fault.message}') from fault

    def end(self, _tag: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        if text.strip():
            self.open[-1].children.append(escape(text))
