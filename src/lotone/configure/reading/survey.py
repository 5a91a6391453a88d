"""What a UVL text says, line by line: the tree of features and the constraints, every fault with its line and column."""

import re
from dataclasses import dataclass, field

from lotone.configure.model.expression import KEYWORDS, NAME, Expression, parse_expression
from lotone.configure.model.fault import Fault, WrongExpression
from lotone.configure.model.features import Attribute, FeatureType, similar, unknown_names
from lotone.configure.reading.attributes import Attributes, WrongAttribute, read_attributes
from lotone.configure.reading.lines import Line, lines_of

FEATURE_DEPTH_MAX = 100
"""Deepest tree: the deepest public models have some twenty levels, and pages and tools walk down one by one."""
INSTANCES_MAX = 100
"""How often one feature can come."""
FAULTS_MAX = 100
"""A text that is no model at all has a fault in every line; more than these help nobody."""
_GROUPS = ("mandatory", "optional", "alternative", "or")
_RANGE = re.compile(r"\[\s*(\d{1,6})\s*(?:\.\.\s*(\d{1,6}|\*)\s*)?\]")
_PART = rf'(?:"[^"\r\n.]+"|{NAME.pattern})'
_FEATURE = re.compile(
    rf'(?:(?P<type>Boolean|String|Integer|Real)\s+)?(?P<name>(?:"(?P<quoted>[^"\r\n.]+)"|(?P<plain>{NAME.pattern}))(?:\.{_PART})*)'
)
_CARDINALITY = re.compile(r"cardinality\s*(\[[^\]]*\])\s*")
_IMPORT = re.compile(rf"(?P<path>{_PART}(?:\.{_PART})*)(?:\s+as\s+(?P<alias>{_PART}(?:\.{_PART})*))?")
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
    type: FeatureType = FeatureType.BOOLEAN
    cardinality: tuple[int, int] | None = None
    reference: tuple[str, ...] | None = None
    """The path of an imported feature that stands here with everything below it."""
    groups: list[SurveyedGroup] = field(default_factory=list)


@dataclass(frozen=True)
class SurveyedConstraint:
    text: str
    line: Line
    column: int
    """Where the text begins, counted from the start of the line's first line."""
    expression: Expression


@dataclass(frozen=True)
class SurveyedImport:
    path: tuple[str, ...]
    alias: tuple[str, ...]
    line: int
    column: int


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
        self.own_constraints: list[SurveyedConstraint] = []
        """Those that stand among the attributes of a feature."""
        self.imports: list[SurveyedImport] = []
        self.has_joined_lines = False
        self._levels: list[_Level] = []
        self._indent_of_constraints: int | None = None
        self._skips_below: int | None = None
        self.has_gaps = False
        self._read(text)

    def fault(self, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, str(column), message))

    def _read(self, text: str) -> None:
        section = ""
        for line in lines_of(text):
            self.has_joined_lines |= bool(line.starts)
            if len(self.faults) >= FAULTS_MAX:
                return
            if line.indent == 0:
                section = self._section(line, section)
            elif section == "features":
                self._feature_or_group(line)
            elif section == "constraints":
                self._constraint(line)
            elif section == "imports":
                self._import(line)
            elif not section:
                self.fault(line.number, line.column, f"expected a line 'features' first, found '{_start(line.text)}'")
        self._leave_levels(0)
        if self.root is None and not self.faults:
            self.fault(0, 0, "expected a section 'features' with a feature below it, found none")
        if self.faults and not self.imports and not self.has_gaps:
            self._check_names()

    def _section(self, line: Line, before: str) -> str:
        word, _, rest = line.text.partition(" ")
        if word not in _SECTIONS:
            expected = "a section: features, constraints, imports, namespace or include"
            self.fault(line.number, 1, f"expected {expected}, found '{_start(line.text)}'")
            return before or "unknown"
        if rest.strip() and word != "namespace":
            self.fault(line.number, len(word) + 2, f"expected nothing after '{word}', found '{_start(rest.strip())}'")
        elif (word == "features" and self.root is not None) or (word == "constraints" and self.root is None):
            expected = "one section 'features' only" if word == "features" else "'features' before 'constraints'"
            self.fault(line.number, 1, f"expected {expected}")
        return word

    def _feature_or_group(self, line: Line) -> None:
        if self._skips_below is not None and line.indent > self._skips_below:
            return
        self._skips_below = None
        neighbour = self._leave_levels(line.indent)
        above = self._levels[-1].node if self._levels else None
        if above is not None and neighbour not in (None, line.indent):
            self.fault(line.number, line.column, f"expected {neighbour} blanks before '{_start(line.text)}' or more")
        node = self._group(line, above) if isinstance(above, SurveyedFeature) else self._feature(line, above)
        if node is None:
            self._skips_below, self.has_gaps = line.indent, True
        else:
            self._levels.append(_Level(line.indent, node))

    def _leave_levels(self, indent: int) -> int | None:
        """Leave the levels that end before a line with this indentation; returns that of the neighbour above."""
        neighbour = None
        while self._levels and self._levels[-1].indent >= indent:
            level = self._levels.pop()
            neighbour = level.indent
            if isinstance(level.node, SurveyedGroup) and not self.has_gaps:
                self._check_size(level.node, level.indent + 1)
        return neighbour

    def _check_size(self, group: SurveyedGroup, column: int) -> None:
        expected = max(group.low, 1)
        if len(group.members) < expected:
            found = len(group.members) or "none"
            self.fault(group.line, column, f"expected {expected} or more features below '{group.heading}', found {found}")

    def _group(self, line: Line, parent: SurveyedFeature) -> SurveyedGroup | None:
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

    def _feature(self, line: Line, group: SurveyedGroup | None) -> SurveyedFeature | None:
        if group is None and self.root is not None:
            self.fault(line.number, line.column, f"expected one root feature only; '{self.root.name}' is it already")
            return None
        if len(self._levels) >= 2 * FEATURE_DEPTH_MAX:
            self.fault(line.number, line.column, f"expected at most {FEATURE_DEPTH_MAX} levels of features")
            return None
        parent = self._levels[-2].node if len(self._levels) > 1 else None
        declared = self._declared(line)
        if declared is None:
            return None
        feature, column = declared
        feature.parent = parent.name if isinstance(parent, SurveyedFeature) else None
        if feature.name in self.features:
            known = self.features[feature.name].line
            self.fault(line.number, column, f"'{feature.name}' is in line {known} already; names are used once")
        self.features.setdefault(feature.name, feature)
        if group is None:
            self.root = feature
        else:
            group.members.append(feature)
        return feature

    def _declared(self, line: Line) -> tuple[SurveyedFeature, int] | None:
        """The feature that a line declares, and the column of its name."""
        match = _FEATURE.match(line.text)
        if match is None or (match["name"] in KEYWORDS):
            hint = " (a word of the language; it needs quotes)" if match else ""
            self.fault(line.number, line.column, f"expected the name of a feature, found '{_start(line.text)}'{hint}")
            return None
        name = match["quoted"] or match["plain"]
        feature = SurveyedFeature(name, line.number, None, {}, FeatureType(match["type"] or "Boolean"))
        if match["name"] not in (match["plain"], f'"{match["quoted"]}"'):
            feature.reference = _path(match["name"])
            feature.name = "/".join(feature.reference)
        at = match.end()
        if cardinality := _CARDINALITY.match(line.text, _after_blanks(line.text, at)):
            feature.cardinality = self._cardinality(cardinality, line, name)
            at = cardinality.end()
        attributes = self._attributes(line, at)
        feature.attributes = attributes.values
        return feature, line.column + match.start("name")

    def _cardinality(self, found: re.Match[str], line: Line, name: str) -> tuple[int, int] | None:
        column = line.column + found.start(1)
        range_ = _RANGE.fullmatch(found[1])
        if range_ is None:
            self.fault(
                line.number, column, f"expected how many times '{name}' comes, such as [1..3], found '{_start(found[1])}'"
            )
            return None
        low, high = int(range_[1]), range_[2] or range_[1]
        if high == "*":
            self.fault(line.number, column, f"expected an end up to {INSTANCES_MAX}, such as [{low}..{low + 8}], found '*'")
        elif not low <= int(high) <= INSTANCES_MAX or int(high) == 0:
            expected = f"expected a range whose end is from {max(low, 1)} to {INSTANCES_MAX}"
            self.fault(line.number, column, f"{expected}, found {_start(found[1])}")
        else:
            return None if (low, int(high)) == (1, 1) else (low, int(high))
        return None

    def _attributes(self, line: Line, at: int) -> Attributes:
        rest = line.text[at:]
        column = line.column + at + len(rest) - len(rest.lstrip())
        rest = rest.strip()
        if rest.startswith("cardinality"):
            self.fault(*line.place(column), f"expected cardinality with a range such as [1..3], found '{_start(rest)}'")
        elif rest.startswith("{"):
            try:
                attributes = read_attributes(rest)
            except WrongAttribute as fault:
                self.fault(*line.place(column + fault.column - 1), fault.message)
            else:
                for text, start in attributes.constraints:
                    self._parsed(text, line, column + start - 1, self.own_constraints)
                return attributes
        elif rest:
            expected = "cardinality [1..3], attributes in {...} or the end of the line"
            self.fault(*line.place(column), f"expected {expected}, found '{_start(rest)}'")
        return Attributes()

    def _import(self, line: Line) -> None:
        match = _IMPORT.fullmatch(line.text)
        if match is None:
            expected = "expected a model to import, such as 'parts.wheel as wheel'"
            self.fault(line.number, line.column, f"{expected}, found '{_start(line.text)}'")
            return
        path = _path(match["path"])
        self.imports.append(SurveyedImport(path, _path(match["alias"]) if match["alias"] else path, line.number, line.column))

    def _constraint(self, line: Line) -> None:
        if self._indent_of_constraints not in (None, line.indent):
            self.fault(line.number, line.column, "expected the indentation of the constraint before; one stands in one line")
            return
        self._indent_of_constraints = line.indent
        self._parsed(line.text, line, line.column, self.constraints)

    def _parsed(self, text: str, line: Line, column: int, into: list[SurveyedConstraint]) -> None:
        try:
            into.append(SurveyedConstraint(text, line, column, parse_expression(text)))
        except WrongExpression as fault:
            self.fault(*line.place(column + fault.column - 1), fault.message)

    def _check_names(self) -> None:
        """Unknown names beside other faults; without others the whole model is known before names are looked up."""
        for constraint in (*self.constraints, *self.own_constraints):
            for name in unknown_names(constraint.expression, self.features):
                self.fault_about(name, constraint, f"no feature is called '{name}'{similar(name, self.features)}")

    def fault_about(self, name: str, constraint: SurveyedConstraint, message: str) -> None:
        """A fault of a constraint, at the place where it names something."""
        self.fault(*constraint.line.place(constraint.column + _column_of(name, constraint.text)), message)


def _path(text: str) -> tuple[str, ...]:
    return tuple(part.strip('"') for part in text.split("."))


def _after_blanks(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())


def _start(text: str) -> str:
    """The beginning of something unexpected, fit to be shown."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:24])
    return shown + ("..." if len(text) > 24 else "")


def _column_of(name: str, text: str) -> int:
    found = re.search(rf'"{re.escape(name)}"|(?<!\w){re.escape(name)}(?!\w)', text)
    return found.start() if found else 0
