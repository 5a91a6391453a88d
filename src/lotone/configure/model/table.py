"""Variant tables as companies keep them: rows of combinations, allowed or forbidden ones; one table is one rule."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from lotone.configure.model.expression import ALWAYS, And, Compare, Expression, Name, Not, Number, Or, Text, Value
from lotone.configure.model.fault import Fault, Faulty

YES = frozenset({"yes", "x", "✓", "✔", "true", "ja", "是"})
NO = frozenset({"no", "-", "–", "false", "nein", "否"})
_FAULTS_MAX = 100
_LEADING = re.compile(r"-?\d+(?:\.\d+)?(?![\w.])")


class WrongTable(Faulty):
    """A variant table that can't be read, or that does not fit the model; every fault names row and column."""


class Known(Protocol):
    """What a table must know of a feature; iterating gives the feature and everything below it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def is_typed(self) -> bool: ...
    def __iter__(self) -> "Iterator[Known]": ...


@dataclass(frozen=True)
class Cell:
    """One cell as it is written: one of `values`, or a number from `low` to `high`. Without either it allows everything."""

    values: tuple[str, ...] = ()
    is_not: bool = False
    """None of the values: `!A|B`."""
    low: float | None = None
    high: float | None = None

    @property
    def is_any(self) -> bool:
        return not self.values and not self.is_range

    @property
    def is_range(self) -> bool:
        return self.low is not None or self.high is not None

    def contains(self, number: float) -> bool:
        return (self.low is None or self.low <= number) and (self.high is None or number <= self.high)


@dataclass(frozen=True)
class TableRow:
    cells: tuple[Cell, ...]
    line: int = 0


@dataclass(frozen=True)
class VariantTable:
    """Rows of combinations: every configuration fits one of the allowed rows, or (`is_allowed` false) none of the rows.

    A column is headed by a feature, with what stands below it in the cells, or with yes and no; or by a typed feature, with
    its numbers or texts; or by any other word, with features in the cells. `expression` is there once a model has the table.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...] = field(repr=False)
    is_allowed: bool = True
    file: str = ""
    places: tuple[str, ...] = field(repr=False, default=())
    """What each column is called in faults, such as `B (Colour)`."""
    expression: Expression = field(repr=False, default=ALWAYS)

    @property
    def text(self) -> str:
        word = "allowed" if self.is_allowed else "forbidden"
        return f"table {self.name}: {word} combinations of {', '.join(self.columns)}"

    def bound(self, features: Mapping[str, Known], similar: Callable[[str, Collection[str]], str]) -> "VariantTable":
        """The table with its expression over these features. Raises WrongTable with every cell that does not fit."""
        binder = _Binder(self, features, similar)
        rows = tuple(dict.fromkeys(binder.row(row) for row in self.rows))
        if binder.faults:
            raise WrongTable(binder.faults)
        return replace(self, expression=Or(rows) if self.is_allowed else And(tuple(Not(row) for row in rows)))


class _Unfit(Exception):
    """Why a cell does not fit its column."""


class _Binder:
    def __init__(
        self, table: VariantTable, features: Mapping[str, Known], similar: Callable[[str, Collection[str]], str]
    ) -> None:
        self.table = table
        self.features = features
        self.similar = similar
        self.faults: list[Fault] = []
        self._below = {column: self._members(column) for column in table.columns}
        self._cells: dict[tuple[str, Cell], Expression] = {}

    def _members(self, column: str) -> dict[str, str]:
        """What may stand in a column headed by a feature, by lower case: the features below it; else all features."""
        head = self.features.get(column)
        names = self.features if head is None or head.is_typed else [feature.name for feature in head][1:]
        return {name.lower(): name for name in names}

    def row(self, row: TableRow) -> Expression:
        parts = []
        for at, (column, cell) in enumerate(zip(self.table.columns, row.cells, strict=True)):
            if cell.is_any:
                continue
            try:
                parts.append(self._known_cell(column, cell))
            except _Unfit as unfit:
                if len(self.faults) < _FAULTS_MAX:
                    place = self.table.places[at] if self.table.places else column
                    self.faults.append(Fault(self.table.file or self.table.name, row.line, place, str(unfit)))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _known_cell(self, column: str, cell: Cell) -> Expression:
        key = (column, cell)
        if key not in self._cells:
            self._cells[key] = self._cell(column, cell)
        return self._cells[key]

    def _cell(self, column: str, cell: Cell) -> Expression:
        head = self.features.get(column)
        if head is not None and head.is_typed:
            found = self._of_value(head, cell)
        elif cell.is_range:
            found = self._of_range(column, cell)
        elif head is not None and len(cell.values) == 1 and cell.values[0].lower() in YES | NO - self._below[column].keys():
            found = Name(column) if cell.values[0].lower() in YES else Not(Name(column))
        else:
            found = _one_of([Name(self._named(column, value)) for value in cell.values])
        return Not(found) if cell.is_not else found

    def _named(self, column: str, value: str) -> str:
        below = self._below[column]
        if value in self.features and value.lower() in below:
            return value
        if value.lower() in below:
            return below[value.lower()]
        where = f" below '{column}'" if column in self.features else ""
        raise _Unfit(f"no feature is called '{value}'{where}{self.similar(value, below.values())}")

    def _of_range(self, column: str, cell: Cell) -> Expression:
        """The features of a column whose names begin with a number in the range, such as `26` or `26 inch`."""
        numbers = {name: found for name in self._below[column].values() if (found := _LEADING.match(name))}
        names = [name for name, found in numbers.items() if cell.contains(float(found[0]))]
        if column not in self.features or not names:
            raise _Unfit(f"expected features below '{column}' that are numbers in this range, found none")
        return _one_of([Name(name) for name in names])

    def _of_value(self, head: Known, cell: Cell) -> Expression:
        value = Value(head.name)
        if head.type == "String":
            if cell.is_range:
                raise _Unfit(f"expected texts of '{head.name}', found a range")
            return And((Name(head.name), _one_of([Compare("==", value, Text(text)) for text in cell.values])))
        if cell.is_range:
            low = () if cell.low is None else (Compare(">=", value, _number(cell.low)),)
            high = () if cell.high is None else (Compare("<=", value, _number(cell.high)),)
            return And((Name(head.name), *low, *high))
        return And((Name(head.name), _one_of([Compare("==", value, self._parsed(head, text)) for text in cell.values])))

    def _parsed(self, head: Known, text: str) -> Number:
        try:
            return _number(float(text))
        except ValueError:
            raise _Unfit(f"expected a number, a range such as 20..28, or * for '{head.name}', found '{text[:24]}'") from None


def _number(value: float) -> Number:
    return Number(int(value) if value == int(value) else value)


def _one_of(parts: list[Name] | list[Compare]) -> Expression:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))
