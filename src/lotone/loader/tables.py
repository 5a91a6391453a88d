"""Tables as people keep them: CSV with a header, every fault noted with its line and the name of its column."""

import csv
import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TypeVar

from lotone.configure import (
    ALWAYS,
    Expression,
    Fault,
    Number,
    Quantity,
    Term,
    WrongExpression,
    parse_expression,
    parse_term,
    similar,
    unknown_names,
)
from lotone.kernel import Invalid, Words

SIZE_MAX = 20_000_000
"""Bytes of one table: a hundred thousand rows fit."""
FORMULA = "="
"""What a formula begins with."""
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
AnyChoice = TypeVar("AnyChoice", bound=StrEnum)


class Anything(Collection[str]):
    """Stands for names that could not be read: every name is known, so that the rest can be checked."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Faults:
    """The faults found so far."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, file: str, line: int, column: str, message: str, example: Sequence[str] = ()) -> None:
        self.found.append(Fault(file, line, column, message, tuple(example)))

    def in_order(self) -> list[Fault]:
        """By file and line, each once."""
        return sorted(set(self.found), key=lambda fault: (fault.file, fault.line, fault.column, fault.message))


class Row:
    """One row of a table. Whatever is wrong in it is noted, and `is_good` becomes false; a harmless value is returned."""

    def __init__(self, file: str, line: int, cells: dict[str, str], faults: Faults) -> None:
        self.file = file
        self.line = line
        self.cells = cells
        self.faults = faults
        self.is_good = True

    def fault(self, column: str, message: str, example: Sequence[str] = ()) -> None:
        self.is_good = False
        self.faults.add(self.file, self.line, column, message, example)

    def optional(self, column: str) -> str:
        return self.cells.get(column, "")

    def text(self, column: str) -> str:
        if not (text := self.optional(column)):
            self.fault(column, "expected a value, found nothing")
        return text

    def id(self, column: str, pattern: str = r"[a-z][a-z0-9-]{0,38}") -> str:
        text = self.text(column)
        if text and not re.fullmatch(pattern, text):
            expected = "a short id of lower case letters, digits and hyphens that begins with a letter"
            self.fault(column, f"expected {expected}, found '{text}'")
        return text

    def words(self, column: str = "name", *, required: bool = True) -> Words:
        return Words(self.text(column) if required else self.optional(column), self.optional(f"{column}_zh"))

    def number(self, column: str, *, default: float | None = None, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from `low` to `high`; an empty cell is the default, where there is one."""
        text = self.optional(column)
        if not text and default is not None:
            return default
        number = as_number(text)
        if number is None:
            self.fault(column, f"expected a number, found {_quoted(text)}")
            return default or 0.0
        if not low <= number <= high:
            limits = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
            self.fault(column, f"expected a number {limits}, found {text}")
        return number

    def limit(self, column: str) -> float | None:
        """A number, or nothing."""
        return self.number(column) if self.optional(column) else None

    def quantity(
        self, column: str, *, default: float | None = None, low: float = -math.inf, high: float = math.inf
    ) -> Quantity:
        """A number as in `number`, or a formula that begins with `=`."""
        if self.optional(column).startswith(FORMULA):
            return self.formula(column)
        return self.number(column, default=default, low=low, high=high)

    def formula(self, column: str) -> Term:
        text = self.optional(column)
        try:
            return parse_term(text[len(FORMULA) :])
        except WrongExpression as fault:
            self.fault(column, f"in '{text}' at character {fault.column + len(FORMULA)}: {fault.message}")
            return Number(0)

    def flag(self, column: str) -> bool:
        text = self.optional(column).lower()
        if text not in YES and text not in NO:
            self.fault(column, f"expected yes or nothing, found '{text}'")
        return text in YES

    def choice(self, column: str, kind: type[AnyChoice]) -> AnyChoice:
        text = self.text(column)
        try:
            return kind(text)
        except ValueError:
            if text:
                self.fault(column, f"expected one of {', '.join(kind)}, found '{text}'{similar(text, list(kind))}")
            return next(iter(kind))

    def reference(self, column: str, known: Collection[str], what: str) -> str:
        """The id of something that must exist; `what` says what it is."""
        text = self.text(column)
        if text:
            self.check_known(column, text, known, what)
        return text

    def references(self, column: str, known: Collection[str], what: str) -> tuple[str, ...]:
        """Ids separated by blanks, commas or semicolons; each once."""
        names = [name for name in re.split(r"[\s,;]+", self.optional(column)) if name]
        for name in names:
            self.check_known(column, name, known, what)
        return tuple(dict.fromkeys(names))

    def check_known(self, column: str, name: str, known: Collection[str], what: str) -> None:
        if name not in known:
            self.fault(column, f"there is no {what} '{name}'{similar(name, known)}")

    def expression(self, features: Collection[str], column: str = "when") -> Expression:
        """A condition over the features; an empty cell is always true."""
        text = self.optional(column)
        try:
            expression = parse_expression(text)
        except WrongExpression as fault:
            self.fault(column, f"in '{text}' at character {fault.column}: {fault.message}")
            return ALWAYS
        for name in unknown_names(expression, features):
            self.fault(column, f"in '{text}': the model has no feature '{name}'{similar(name, features)}")
        return expression

    def attempt(self, column: str, make: Callable[[], object]) -> None:
        """Note what a constructor or check of another room objects to."""
        try:
            make()
        except Invalid as fault:
            self.fault(column, fault.message)


def as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _quoted(text: str) -> str:
    return f"'{text}'" if text else "nothing"


def read_text(path: Path, faults: Faults) -> str | None:
    """A text file in UTF-8, or None with a fault."""
    try:
        if path.stat().st_size > SIZE_MAX:
            faults.add(path.name, 0, "", f"expected at most {SIZE_MAX // 1_000_000} MB")
            return None
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        faults.add(path.name, 0, "", "the file is missing")
    except OSError as fault:
        faults.add(path.name, 0, "", f"the file can't be read: {fault.strerror}")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        faults.add(path.name, line, "", "this is not UTF-8 text; save the table as CSV in UTF-8")
    return None


def read_table(
    path: Path, faults: Faults, *, required: Collection[str], optional: Collection[str] = (), may_be_missing: bool = False
) -> list[Row]:
    """The rows of a CSV table whose header has the required columns and no others than the optional ones."""
    if may_be_missing and not path.exists():
        return []
    text = read_text(path, faults)
    if text is None:
        return []
    records = _records(path.name, text, faults)
    header = next(records, None)
    if header is None:
        faults.add(path.name, 1, "", f"expected a header: {', '.join(required)}")
        return []
    columns = [column.strip() for column in header[1]]
    if not _is_header_good(path.name, columns, faults, required=required, optional=optional):
        return []
    rows = []
    for line, cells in records:
        if len(cells) > len(columns):
            faults.add(path.name, line, "", f"expected {len(columns)} cells as in the header, found {len(cells)}")
        elif any(cell.strip() for cell in cells):
            values = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
            rows.append(Row(path.name, line, values, faults))
    return rows


def _records(file: str, text: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as fault:
        faults.add(file, line, "", f"the row can't be read as CSV: {fault}")


def _is_header_good(
    file: str, columns: list[str], faults: Faults, *, required: Collection[str], optional: Collection[str]
) -> bool:
    before = len(faults.found)
    known = [*required, *optional]
    for column in required:
        if column not in columns:
            faults.add(file, 1, column, f"the column is missing; expected {', '.join(required)}")
    for column in columns:
        if column not in known:
            faults.add(file, 1, column, f"the table has no such column{similar(column, known)}")
        elif columns.count(column) > 1:
            faults.add(file, 1, column, "the column is there twice")
    return len(faults.found) == before


def unique(rows: Collection[Row], *columns: str) -> list[Row]:
    """The rows; those that say something about the same thing again are noted."""
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(row.optional(column) for column in columns)
        if key in seen:
            row.fault(columns[0], f"'{' '.join(key)}' is in line {seen[key].line} already")
        seen.setdefault(key, row)
    return list(rows)
