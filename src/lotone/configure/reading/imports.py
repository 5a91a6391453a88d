"""Submodels: the features and constraints of imported files, put where the importing model names them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lotone.configure.model.expression import (
    Aggregate,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Equal,
    Expression,
    Function,
    Implies,
    Name,
    Not,
    Number,
    Or,
    Term,
    Value,
)
from lotone.configure.model.features import similar
from lotone.configure.reading.survey import Survey, SurveyedConstraint, SurveyedFeature, SurveyedImport

IMPORTS_MAX = 100
"""Most files of one model."""
_DEPTH_MAX = 8


@dataclass(frozen=True)
class Placed:
    """A constraint with the full names of what it speaks of, and the survey of the file that it stands in."""

    constraint: SurveyedConstraint
    expression: Expression
    survey: Survey


class Composition:
    """The surveys of a model and of what it imports, as one tree. Faults are told by the survey of the file they are in.

    A feature of a submodel is called by the import's alias, a slash, and its own name: `wheel/Rim`.
    """

    def __init__(self, survey: Survey, folder: Path | None, text_of: Callable[[Path, str], str]) -> None:
        self.surveys = [survey]
        self.folder = folder
        self.text_of = text_of
        self.features: dict[str, SurveyedFeature] = {}
        self.placed: list[Placed] = []
        self._own: list[Placed] = []
        if survey.root is not None and not survey.faults:
            self._compose(survey, "", folder, ())
            self.placed += self._own

    @property
    def root(self) -> SurveyedFeature | None:
        return self.surveys[0].root

    def _compose(self, survey: Survey, prefix: str, folder: Path | None, above: tuple[Path, ...]) -> None:
        parts = {imported.alias: self._imported(imported, survey, prefix, folder, above) for imported in survey.imports}
        for name, feature in survey.features.items():
            feature.name = prefix + name
            if feature.reference is None:
                self._add(feature, survey)
            else:
                self._put(feature, parts, survey)
        for feature in survey.features.values():
            for group in feature.groups:
                for member in group.members:
                    member.parent = feature.name
        self._place(survey, prefix)

    def _add(self, feature: SurveyedFeature, survey: Survey) -> None:
        if feature.name in self.features:
            survey.fault(feature.line, 1, f"'{feature.name}' comes from an import already; names are used once")
        self.features[feature.name] = feature

    def _imported(
        self, imported: SurveyedImport, survey: Survey, prefix: str, folder: Path | None, above: tuple[Path, ...]
    ) -> Survey | None:
        shown = ".".join(imported.path)
        if folder is None:
            message = f"imports are read beside a file only: write '{shown}' into this text, or read the model from a file"
            survey.fault(imported.line, imported.column, message)
            return None
        path = folder.joinpath(*imported.path[:-1], f"{imported.path[-1]}.uvl")
        if not all(part.strip() and "/" not in part and "\\" not in part for part in imported.path) or not path.is_file():
            survey.fault(
                imported.line, imported.column, f"expected a file {'/'.join(imported.path)}.uvl beside this one, found none"
            )
            return None
        if path in above or len(above) >= _DEPTH_MAX or len(self.surveys) >= IMPORTS_MAX:
            expected = f"at most {IMPORTS_MAX} files, {_DEPTH_MAX} levels, none of which imports itself"
            survey.fault(imported.line, imported.column, f"expected {expected}; importing '{shown}' passes that")
            return None
        file = "/".join((*imported.path[:-1], path.name))
        part = Survey(self.text_of(path, file), file)
        self.surveys.append(part)
        if not part.faults:
            self._compose(part, f"{prefix}{'/'.join(imported.alias)}/", path.parent, (*above, path))
        return part

    def _put(self, feature: SurveyedFeature, parts: dict[tuple[str, ...], Survey | None], survey: Survey) -> None:
        """Let a feature that names an import be the root of that submodel."""
        reference = feature.reference or ()
        if reference[:-1] not in parts:
            known = [".".join(alias) for alias in parts]
            hint = similar(".".join(reference[:-1]), known)
            survey.fault(feature.line, 1, f"no import is called '{'.'.join(reference[:-1])}'{hint}; names have no dots")
            return
        part = parts[reference[:-1]]
        if part is None or part.root is None:
            return
        own = part.root
        if own.name.rpartition("/")[2] != reference[-1]:
            root = own.name.rpartition("/")[2]
            survey.fault(feature.line, 1, f"expected '{root}', the root feature of that model, found '{reference[-1]}'")
            return
        feature.groups, feature.name, feature.type = [*own.groups, *feature.groups], own.name, own.type
        feature.attributes = {**own.attributes, **feature.attributes}
        feature.cardinality = feature.cardinality or own.cardinality
        self.features[own.name] = feature

    def _place(self, survey: Survey, prefix: str) -> None:
        names = _Names(self.features, prefix)
        for constraints, into in ((survey.constraints, self.placed), (survey.own_constraints, self._own)):
            into += [Placed(constraint, names.full(constraint.expression), survey) for constraint in constraints]


class _Names:
    """Gives what an expression names its full name."""

    def __init__(self, features: dict[str, SurveyedFeature], prefix: str) -> None:
        self.features = features
        self.prefix = prefix
        self.is_plain = not prefix and not any(feature.reference or "/" in name for name, feature in features.items())

    def full(self, expression: Expression) -> Expression:
        return expression if self.is_plain else self._full(expression)

    def _path(self, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """The feature that the longest part of a path names, and the rest."""
        for length in range(len(path), 0, -1):
            name = self.prefix + "/".join(path[:length])
            if name in self.features:
                return name, path[length:]
        return self.prefix + path[0], path[1:]

    def _full(self, expression: Expression) -> Expression:
        match expression:
            case Name(feature):
                return Name(self._path((feature,))[0])
            case Not(part):
                return Not(self._full(part))
            case And(parts):
                return And(tuple(self._full(part) for part in parts))
            case Or(parts):
                return Or(tuple(self._full(part) for part in parts))
            case Implies(left, right):
                return Implies(self._full(left), self._full(right))
            case Equal(left, right):
                return Equal(self._full(left), self._full(right))
            case Compare(sign, left_term, right_term):
                one, other = self._term(left_term), self._term(right_term)
                is_name = sign == "!=" and other == Number(0) and isinstance(one, Value) and isinstance(left_term, Attribute)
                return Name(one.feature) if is_name and isinstance(one, Value) else Compare(sign, one, other)
        return expression

    def _term(self, term: Term) -> Term:
        match term:
            case Value(feature):
                return Value(self._path((feature,))[0])
            case Attribute(feature, path):
                name, rest = self._path((feature, *path))
                return Attribute(name, rest) if rest else Value(name)
            case Function(function, argument):
                return Function(function, self._term(argument))
            case Arithmetic(operator, left, right):
                return Arithmetic(operator, self._term(left), self._term(right))
            case Aggregate(function, arguments):
                return Aggregate(function, tuple(self._argument(path) for path in arguments))
        return term

    def _argument(self, path: tuple[str, ...]) -> tuple[str, ...]:
        name, rest = self._path(path)
        return (name, *rest) if name in self.features else path
