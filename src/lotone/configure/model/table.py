"""Variant tables as companies keep them: rows of combinations, allowed or forbidden ones; one table is one rule."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property

from lotone.configure.model.expression import And, Expression, Name, Not, Or
from lotone.configure.model.fault import Fault, Faulty


class WrongTable(Faulty):
    """A variant table that can't be read, or that speaks of features that the model does not have."""


@dataclass(frozen=True)
class Cell:
    """One cell: one of these features is in, or none of them with `is_out`. Without features it allows everything."""

    features: tuple[str, ...] = ()
    is_out: bool = False
    column: str = ""
    """Where it was read: the name of its column."""

    @property
    def is_any(self) -> bool:
        return not self.features

    @cached_property
    def expression(self) -> Expression:
        names = tuple(Name(feature) for feature in self.features)
        found: Expression = names[0] if len(names) == 1 else Or(names)
        return Not(found) if self.is_out else found


@dataclass(frozen=True)
class TableRow:
    cells: tuple[Cell, ...]
    line: int = 0

    @cached_property
    def expression(self) -> Expression:
        parts = tuple(cell.expression for cell in self.cells if not cell.is_any)
        return parts[0] if len(parts) == 1 else And(parts)


@dataclass(frozen=True)
class VariantTable:
    """Rows of combinations. With `is_allowed` every configuration fits one of the rows, else it fits none of them.

    A table of allowed rows holds while the features that it is about, if any are given in `applies_to`, are in.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...] = field(repr=False)
    is_allowed: bool = True
    applies_to: str | None = None
    """The feature without which the table says nothing."""
    file: str = ""

    @property
    def text(self) -> str:
        word = "allowed" if self.is_allowed else "forbidden"
        return f"table {self.name}: {word} combinations of {', '.join(self.columns)}"

    @cached_property
    def expression(self) -> Expression:
        rows = tuple(dict.fromkeys(row.expression for row in self.rows))
        if not self.is_allowed:
            found: Expression = And(tuple(Not(row) for row in rows))
        else:
            found = Or(rows)
        return found if self.applies_to is None else Or((Not(Name(self.applies_to)), found))

    def check(self, known: Collection[str], similar: Callable[[str, Collection[str]], str]) -> None:
        """Raises WrongTable for features that are not known."""
        faults = [
            Fault(self.file or self.name, row.line, cell.column, f"no feature is called '{name}'{similar(name, known)}")
            for row in self.rows
            for cell in row.cells
            for name in cell.features
            if name not in known
        ]
        if self.applies_to is not None and self.applies_to not in known:
            message = f"no feature is called '{self.applies_to}'{similar(self.applies_to, known)}"
            faults.insert(0, Fault(self.file or self.name, 0, "", message))
        if faults:
            raise WrongTable(faults[:100])
