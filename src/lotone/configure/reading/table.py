"""Variant tables from CSV and XLSX files: one header row, then one combination in each row."""

import csv
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from lotone.configure.model.fault import BrokenModel, Fault
from lotone.configure.model.table import Cell, TableRow, VariantTable, WrongTable
from lotone.configure.reading.text import text_of

SIZE_MAX = 20_000_000
UNPACKED_MAX = 200_000_000
"""Bytes of a workbook once it is unpacked: a small file can hold gigabytes of nothing."""
ROWS_MAX = 100_000
COLUMNS_MAX = 200
CELL_MAX = 2_000
_FAULTS_MAX = 100
_ANY = frozenset({"", "*", "any", "all", "任意"})
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)?\s*(?:\.\.|…)\s*(-?\d+(?:\.\d+)?)?")
_FORBIDDEN = re.compile(r"forbid|exclu|not.?allowed|verboten|禁", re.IGNORECASE)
Row = Sequence[object]


def read_table(source: Path, *, sheet: str | None = None, is_allowed: bool | None = None) -> VariantTable:
    """Read a CSV or XLSX file; of a workbook the sheet with this name, or the first one. Raises WrongTable with every fault.

    The first row has the columns: features, or words of your own. Below, a cell has a value, several (`A|B`), none of several
    (`!A|B`), numbers (`20..28`, `20..`), or anything (`*`, or empty). A column headed by a feature may have yes and no.
    Rows are allowed combinations, or forbidden ones where the sheet's or file's name says so ("forbidden colours.csv");
    `is_allowed` decides otherwise. `Model.with_tables` makes the table a rule of a model.
    """
    with closing(_tables(source, is_allowed, sheet)) as tables:
        found = next(tables, None)
    if found is None:
        raise _wrong(
            source.name, 0, "", f"expected a sheet '{sheet}', found none" if sheet else "expected a table, found nothing"
        )
    return found


def read_tables(source: Path, *, is_allowed: bool | None = None) -> tuple[VariantTable, ...]:
    """Every sheet of a workbook that has anything in it, or the one table of a CSV file. Raises WrongTable."""
    return tuple(_tables(source, is_allowed, None))


def _tables(source: Path, is_allowed: bool | None, sheet: str | None) -> Generator[VariantTable, None, None]:
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        with closing(_sheets(source, sheet)) as sheets:
            for title, rows in sheets:
                found = _Reader(f"{source.name} [{title}]", title, is_allowed, letters=True).table(rows)
                if found is not None:
                    yield found
        return
    table = _Reader(source.name, source.stem, is_allowed, letters=False).table(_csv_rows(source))
    if table is not None:
        yield table


def _csv_rows(source: Path) -> Iterator[Row]:
    try:
        text = text_of(source, source.name, "a table in CSV or XLSX", SIZE_MAX)
    except BrokenModel as broken:
        raise WrongTable(broken.faults) from broken
    header = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        yield from csv.reader(text.splitlines(), delimiter=delimiter)
    except csv.Error as fault:
        raise _wrong(source.name, 0, "", f"this is not a table in CSV: {fault}") from fault


def _sheets(source: Path, sheet: str | None) -> Generator[tuple[str, Iterable[Row]], None, None]:
    _check_archive(source)
    try:
        book = load_workbook(source, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError, TypeError) as fault:
        raise _wrong(source.name, 0, "", "expected a workbook (XLSX); it can't be opened") from fault
    try:
        for found in book.worksheets:
            if sheet is None or found.title == sheet:
                yield found.title, found.iter_rows(values_only=True, max_col=COLUMNS_MAX + 1)
    finally:
        book.close()


def _check_archive(source: Path) -> None:
    if not source.is_file():
        raise _wrong(source.name, 0, "", "no such file")
    size = source.stat().st_size
    if size > SIZE_MAX:
        raise _wrong(source.name, 0, "", f"expected at most {SIZE_MAX // 1_000_000} MB, found {size / 1_000_000:.1f} MB")
    try:
        with ZipFile(source) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (BadZipFile, OSError) as fault:
        raise _wrong(source.name, 0, "", "expected a workbook (XLSX); this is none") from fault
    if unpacked > UNPACKED_MAX:
        raise _wrong(source.name, 0, "", f"expected at most {UNPACKED_MAX // 1_000_000} MB unpacked; this workbook is larger")


def _wrong(file: str, line: int, column: str, message: str) -> WrongTable:
    return WrongTable([Fault(file, line, column, message)])


class _Reader:
    def __init__(self, file: str, name: str, is_allowed: bool | None, *, letters: bool) -> None:
        self.file = file
        self.name = name
        self.is_allowed = not _FORBIDDEN.search(name) if is_allowed is None else is_allowed
        self.letters = letters
        self.faults: list[Fault] = []

    def table(self, rows: Iterable[Row]) -> VariantTable | None:
        """The table; None for a sheet with nothing in it."""
        numbered = ((number, [_shown(cell) for cell in row]) for number, row in enumerate(rows, start=1))
        filled = ((number, cells) for number, cells in islice(numbered, ROWS_MAX + 2) if any(cells))
        first = next(filled, None)
        if first is None:
            return None
        line, header = first
        while header and not header[-1]:
            header.pop()
        columns = self._columns(line, header)
        places = tuple(
            f"{get_column_letter(at)} ({name})" if self.letters else name for at, name in enumerate(columns, start=1)
        )
        found = tuple(self._row(number, cells, places) for number, cells in filled)
        if not found and not self.faults:
            self.fault(line, "", "expected a row below the header, found none")
        if found and found[-1].line > ROWS_MAX + 1:
            self.fault(ROWS_MAX + 2, "", f"expected at most {ROWS_MAX} rows")
        if self.faults:
            raise WrongTable(self.faults)
        return VariantTable(self.name, columns, found, self.is_allowed, self.file, places)

    def fault(self, line: int, column: str, message: str) -> None:
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(Fault(self.file, line, column, message))

    def _columns(self, line: int, header: list[str]) -> tuple[str, ...]:
        if len(header) > COLUMNS_MAX:
            self.fault(line, "", f"expected at most {COLUMNS_MAX} columns")
        for at, name in enumerate(header):
            place = get_column_letter(at + 1)
            if not name:
                self.fault(line, place, "expected the name of a column, found an empty cell")
            elif name in header[:at]:
                self.fault(line, place, f"expected every column once, found '{name}' again")
        return tuple(header)

    def _row(self, line: int, cells: list[str], places: Sequence[str]) -> TableRow:
        if any(cells[len(places) :]):
            self.fault(
                line, get_column_letter(len(places) + 1), f"expected {len(places)} cells, as the header has, found more"
            )
        cells = [*cells[: len(places)], *[""] * (len(places) - len(cells))]
        return TableRow(tuple(self._cell(line, cell, place) for cell, place in zip(cells, places, strict=True)), line)

    def _cell(self, line: int, text: str, place: str) -> Cell:
        if text.lower() in _ANY:
            return Cell()
        if len(text) > CELL_MAX:
            self.fault(line, place, f"expected at most {CELL_MAX} characters, found {len(text)}")
            return Cell()
        found = _RANGE.fullmatch(text)
        if found and (found[1] or found[2]):
            return self._range(line, place, *(float(end) if end else None for end in found.groups()))
        is_not = text.startswith("!")
        values = tuple(part.strip() for part in text.removeprefix("!").split("|"))
        if not all(values):
            self.fault(line, place, f"expected a value on both sides of |, found '{text[:24]}'")
        return Cell(values, is_not)

    def _range(self, line: int, place: str, low: float | None, high: float | None) -> Cell:
        if low is not None and high is not None and high < low:
            self.fault(line, place, f"expected a range whose end is not below its start, found {low:g}..{high:g}")
        return Cell(low=low, high=high)


def _shown(cell: object) -> str:
    """A cell as somebody sees it: 26 for 26.0, yes for a tick."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell).strip()
