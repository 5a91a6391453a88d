"""The lines of a UVL text: comments taken out, tree of features built, every fault with its line and column."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lotone.configure.model.expression import KEYWORDS, NAME, Expression, parse_expression
from lotone.configure.model.fault import Fault, WrongExpression
from lotone.configure.model.features import Attribute, similar, unknown_names
from lotone.configure.reading.attributes import WrongAttribute, read_attributes

FEATURE_DEPTH_MAX = 60
FAULTS_MAX = 100
"""A text that is no model at all has a fault in every line; more than these help nobody."""
_GROUPS = ("mandatory", "optional", "alternative", "or")
_RANGE = re.compile(r"\[\s*(\d{1,6})\s*(?:\.\.\s*(\d{1,6}|\*)\s*)?\]")
_FEATURE = re.compile(rf'(?:(?P<type>Boolean|String|Integer|Real)\s+)?(?:"(?P<quoted>[^"\r\n.]+)"|(?P<name>{NAME.pattern}))')
_COMMENT = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
"""Texts in quotes and comments. A comment that is never closed reaches to the end, which keeps the search linear."""
_SECTIONS = ("features", "constraints", "namespace", "include", "imports")


@dataclass
class SurveyedGroup:
    heading: str
    line: int
    low: int = 0
    high: int | None = None
    members: list["SurveyedFeature"] = field(default_factory=list)


@dataclass
class SurveyedFeature:
    name: str
    line: int
    parent: str | None
    attributes: dict[str, Attribute]
    groups: list[SurveyedGroup] = field(default_factory=list)


@dataclass(frozen=True)
class SurveyedConstraint:
    text: str
    line: int
    column: int
    expression: Expression


@dataclass(frozen=True)
class _Line:
    number: int
    indent: int
    text: str

    @property
    def column(self) -> int:
        return self.indent + 1


@dataclass
class _Level:
    indent: int
    node: SurveyedFeature | SurveyedGroup


class Survey:
    """What a UVL text says, line by line. `faults` is empty when the text is a model that we understand."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.root: SurveyedFeature | None = None
        self.features: dict[str, SurveyedFeature] = {}
        self.constraints: list[SurveyedConstraint] = []
        self._levels: list[_Level] = []
        self._indent_of_constraints: int | None = None
        self._skips_below: int | None = None
        self._has_gaps = False
        self._read(text)

    def fault(self, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, str(column), message))

    def _read(self, text: str) -> None:
        section = ""
        for line in _lines(text):
            if len(self.faults) >= FAULTS_MAX:
                return
            if line.indent == 0:
                section = self._section(line, section)
            elif section == "features":
                self._feature_or_group(line)
            elif section == "constraints":
                self._constraint(line)
            elif not section:
                self.fault(line.number, line.column, f"expected a line 'features' first, found '{_start(line.text)}'")
        self._leave_levels(0)
        if self.root is None and not self.faults:
            self.fault(0, 0, "expected a section 'features' with a feature below it, found none")
        self._check_constraints()

    def _section(self, line: _Line, before: str) -> str:
        word, _, rest = line.text.partition(" ")
        if word not in _SECTIONS:
            expected = "a section: features, constraints, namespace or include"
            self.fault(line.number, 1, f"expected {expected}, found '{_start(line.text)}'")
            return before or "unknown"
        if word == "imports":
            self.fault(line.number, 1, "imports are not supported: write the whole model into one file")
        elif rest.strip() and word != "namespace":
            self.fault(line.number, len(word) + 2, f"expected nothing after '{word}', found '{_start(rest.strip())}'")
        elif (word == "features" and self.root is not None) or (word == "constraints" and self.root is None):
            expected = "one section 'features' only" if word == "features" else "'features' before 'constraints'"
            self.fault(line.number, 1, f"expected {expected}")
        return word

    def _feature_or_group(self, line: _Line) -> None:
        if self._skips_below is not None and line.indent > self._skips_below:
            return
        self._skips_below = None
        neighbour = self._leave_levels(line.indent)
        above = self._levels[-1].node if self._levels else None
        if above is not None and neighbour not in (None, line.indent):
            self.fault(line.number, line.column, f"expected {neighbour} blanks before '{_start(line.text)}' or more")
        node = self._group(line, above) if isinstance(above, SurveyedFeature) else self._feature(line, above)
        if node is None:
            self._skips_below, self._has_gaps = line.indent, True
        else:
            self._levels.append(_Level(line.indent, node))

    def _leave_levels(self, indent: int) -> int | None:
        """Leave the levels that end before a line with this indentation; returns that of the neighbour above."""
        neighbour = None
        while self._levels and self._levels[-1].indent >= indent:
            level = self._levels.pop()
            neighbour = level.indent
            if isinstance(level.node, SurveyedGroup) and not self._has_gaps:
                self._check_size(level.node, level.indent + 1)
        return neighbour

    def _check_size(self, group: SurveyedGroup, column: int) -> None:
        expected = max(group.low, 1)
        if len(group.members) < expected:
            found = len(group.members) or "none"
            self.fault(group.line, column, f"expected {expected} or more features below '{group.heading}', found {found}")

    def _group(self, line: _Line, parent: SurveyedFeature) -> SurveyedGroup | None:
        group = SurveyedGroup(line.text, line.number)
        range_ = _RANGE.fullmatch(line.text)
        if range_ is not None:
            group.low = int(range_[1])
            group.high = None if range_[2] == "*" else int(range_[2] or range_[1])
            if group.high is not None and group.high < group.low:
                self.fault(line.number, line.column, f"expected a range whose end is not below its start, found {line.text}")
        elif line.text not in _GROUPS:
            expected = f"{', '.join(_GROUPS)} or a range such as [1..2]"
            self.fault(line.number, line.column, f"expected {expected} below '{parent.name}', found '{_start(line.text)}'")
            return None
        parent.groups.append(group)
        return group

    def _feature(self, line: _Line, group: SurveyedGroup | None) -> SurveyedFeature | None:
        if group is None and self.root is not None:
            self.fault(line.number, line.column, f"expected one root feature only; '{self.root.name}' is it already")
            return None
        if len(self._levels) >= 2 * FEATURE_DEPTH_MAX:
            self.fault(line.number, line.column, f"expected at most {FEATURE_DEPTH_MAX} levels of features")
            return None
        parent = self._levels[-2].node if len(self._levels) > 1 else None
        name, rest, column = self._name(line)
        if name is None:
            return None
        if name in self.features:
            self.fault(line.number, column, f"'{name}' is in line {self.features[name].line} already; names are used once")
        attributes = self._attributes(line, rest)
        feature = SurveyedFeature(name, line.number, parent.name if isinstance(parent, SurveyedFeature) else None, attributes)
        self.features.setdefault(name, feature)
        if group is None:
            self.root = feature
        else:
            group.members.append(feature)
        return feature

    def _name(self, line: _Line) -> tuple[str | None, int, int]:
        """The name that a line declares, where the rest of the line begins, and the column of the name."""
        match = _FEATURE.match(line.text)
        word = match and match["name"]
        if match is None or (word in KEYWORDS):
            hint = " (a word of the language; it needs quotes)" if word else ""
            self.fault(line.number, line.column, f"expected the name of a feature, found '{_start(line.text)}'{hint}")
            return None, 0, 0
        if match["type"] not in (None, "Boolean"):
            self.fault(line.number, line.column, f"{match['type']} features are not supported; expected a plain feature")
        return match["quoted"] or match["name"], match.end(), line.column + match.start("name" if word else "quoted")

    def _attributes(self, line: _Line, at: int) -> dict[str, Attribute]:
        rest = line.text[at:]
        column = line.column + at + len(rest) - len(rest.lstrip())
        rest = rest.strip()
        if rest.startswith("cardinality"):
            self.fault(line.number, column, "features that come several times (cardinality) are not supported")
        elif rest.startswith("{"):
            try:
                return read_attributes(rest)
            except WrongAttribute as fault:
                self.fault(line.number, column + fault.column - 1, fault.message)
        elif rest:
            self.fault(line.number, column, f"expected attributes in {{...}} or the end of the line, found '{_start(rest)}'")
        return {}

    def _constraint(self, line: _Line) -> None:
        if self._indent_of_constraints not in (None, line.indent):
            self.fault(line.number, line.column, "expected the indentation of the constraint before; one stands in one line")
            return
        self._indent_of_constraints = line.indent
        try:
            self.constraints.append(SurveyedConstraint(line.text, line.number, line.column, parse_expression(line.text)))
        except WrongExpression as fault:
            self.fault(line.number, line.indent + fault.column, fault.message)

    def _check_constraints(self) -> None:
        for constraint in () if self._has_gaps else self.constraints:
            for name in unknown_names(constraint.expression, self.features):
                column = constraint.column + _column_of(name, constraint.text)
                self.fault(constraint.line, column, f"no feature is called '{name}'{similar(name, self.features)}")


def _lines(text: str) -> Iterator[_Line]:
    bare = _COMMENT.sub(_without_comment, text.replace("\r\n", "\n").replace("\r", "\n"))
    for number, line in enumerate(bare.split("\n"), start=1):
        wide = line.expandtabs(4)
        if wide.strip():
            yield _Line(number, len(wide) - len(wide.lstrip()), wide.strip())


def _without_comment(match: re.Match[str]) -> str:
    """A comment leaves its line breaks, so that lines keep their numbers; what only looks like one in quotes stays."""
    found = match[0]
    return found if found[0] in "\"'" else "\n" * found.count("\n")


def _start(text: str) -> str:
    """The beginning of something unexpected, fit to be shown."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:24])
    return shown + ("..." if len(text) > 24 else "")


def _column_of(name: str, text: str) -> int:
    found = re.search(rf'"{re.escape(name)}"|(?<!\w){re.escape(name)}(?!\w)', text)
    return found.start() if found else 0
