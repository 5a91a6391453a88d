"""Tables in files, row by row: what each cell says of which tag, see `files.py`."""

import csv
import io
import os
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO
from zoneinfo import ZoneInfo

import pyarrow
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from pyarrow import parquet

from lotone.assets import DataType, microseconds
from lotone.connect.drivers.mqtt_messages import time_of
from lotone.connect.drivers.telemetry import Unreadable
from lotone.connect.model import Connection, Misfit, Reading, fit
from lotone.kernel import HostileWorkbook, Words, check_workbook

ENDINGS = (".csv", ".txt", ".xlsx", ".parquet")
FILE_MAX = 512 * 1024 * 1024
UNPACKED_MAX = 128 * 1024 * 1024
CELLS_MAX = 1_000_000
"""Of a workbook: one row of it may take all of them, and a cell takes half a kilobyte while it is read."""
LINE_MAX = 4 * 1024 * 1024
"""Characters in a line of CSV."""
BATCH = 5_000
BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """Which columns mean what."""

    time: str
    zone: ZoneInfo
    tag: str
    value: str
    encoding: str

    @classmethod
    def of(cls, connection: Connection) -> "Layout":
        given = {name: str(value or "").strip() for name, value in connection.settings.items()}
        zone = ZoneInfo(given.get("time_zone") or "UTC")
        tag, value = given.get("tag", ""), given.get("value") or "value"
        return cls(given.get("time") or "time", zone, tag, value, given.get("encoding") or "utf-8-sig")


@dataclass(frozen=True)
class BadCell:
    """What could not be read; rows count from 1, with the header."""

    row: int
    column: str
    words: Words


def rows(file: BinaryIO, layout: Layout) -> Iterator[tuple[int, Row]]:
    """The rows of a file with their numbers, as a spreadsheet counts them. Raises Unreadable."""
    try:
        if os.fstat(file.fileno()).st_size > FILE_MAX:
            raise Unreadable(_LARGE)
        yield from _READ[Path(file.name).suffix.casefold()](file, layout)
    except UnicodeDecodeError:
        raise Unreadable(
            Words("it is not UTF-8: set the encoding, such as cp1252 or gb18030", "不是 UTF-8：请设置编码，如 gb18030")
        ) from None
    except (
        csv.Error,
        InvalidFileException,
        LookupError,
        ValueError,
        TypeError,
        pyarrow.ArrowException,
    ) as fault:
        if isinstance(fault, Unreadable):
            raise
        raise Unreadable(Words(f"it can't be read: {fault}"[:200], "文件无法读取：格式不符或已损坏")) from None


def _csv(file: BinaryIO, layout: Layout) -> Iterator[tuple[int, Row]]:
    with io.TextIOWrapper(file, layout.encoding, newline="") as text:
        separator = max(";\t,", key=next(_lines(text), "").count)
        text.seek(0)
        reader = csv.DictReader(_lines(text), delimiter=separator)
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        for row in reader:
            cells = {
                name: (cell or "").strip()
                for name, cell in row.items()
                if isinstance(name, str) and not isinstance(cell, list)
            }
            yield reader.line_num, cells if separator == "," else {name: _decimal(text) for name, text in cells.items()}


def _lines(text: TextIO) -> Iterator[str]:
    """Lines, but none that fills the memory. Raises Unreadable."""
    while line := text.readline(LINE_MAX):
        if len(line) == LINE_MAX:
            raise Unreadable(_LONG_LINE)
        yield line


def _decimal(text: str) -> str:
    """A number with a decimal comma as one with a point; anything else stays."""
    whole, comma, part = text.partition(",")
    return f"{whole}.{part}" if comma and part.isdecimal() and whole.lstrip("+-").isdecimal() else text


def _xlsx(file: BinaryIO, _layout: Layout) -> Iterator[tuple[int, Row]]:
    try:
        check_workbook(file, bytes_max=UNPACKED_MAX, cells_max=CELLS_MAX)
    except HostileWorkbook as fault:
        raise Unreadable(
            Words(f"it can't be read: {fault.message}"[:200], "无法读取：不是工作簿，或者过大：请分成较小的文件")
        ) from None
    book = load_workbook(file, read_only=True, data_only=True)
    try:
        lines = book.worksheets[0].iter_rows(values_only=True)
        header = [str(cell).strip() if cell is not None else "" for cell in next(lines, ())]
        for number, cells in enumerate(lines, 2):
            yield number, {name: cell for name, cell in zip(header, cells, strict=False) if name}
    finally:
        book.close()


def _parquet(source: BinaryIO, _layout: Layout) -> Iterator[tuple[int, Row]]:
    number = 1
    with parquet.ParquetFile(source) as file:
        for batch in file.iter_batches(BATCH):
            for row in batch.to_pylist():
                number += 1
                yield number, row


_READ = {".csv": _csv, ".txt": _csv, ".xlsx": _xlsx, ".parquet": _parquet}


def readings(file: BinaryIO, layout: Layout, addresses: Mapping[str, DataType]) -> Generator[Reading | BadCell, None, None]:
    """What a file says of our tags, and what could not be read. Raises Unreadable when that is the whole file."""
    seen: Counter[tuple[str, int]] = Counter()
    for number, row in rows(file, layout):
        if layout.time not in row:
            raise Unreadable(_no_column(layout.time, row))
        if layout.tag and (layout.tag not in row or layout.value not in row):
            raise Unreadable(_no_column(layout.value if layout.tag in row else layout.tag, row))
        if all(_is_empty(cell) for cell in row.values()):
            continue
        try:
            at = moment_of(row[layout.time], layout.zone)
        except Unreadable as fault:
            yield BadCell(number, layout.time, fault.words)
            continue
        for address, cell in _cells(row, layout):
            kind = addresses.get(address)
            if kind is None or _is_empty(cell):
                continue
            try:
                value = typed(cell, kind)
            except Misfit as fault:
                yield BadCell(number, address, fault.words)
                continue
            known = seen[address, at]
            seen[address, at] += 1
            yield Reading(address, at, value, 0, known + 1 if known else 0)  # 1 is the mark of what we add ourselves


def _cells(row: Row, layout: Layout) -> Iterator[tuple[str, Any]]:
    if layout.tag:
        yield str(row[layout.tag]), row[layout.value]
    else:
        yield from ((name, cell) for name, cell in row.items() if name != layout.time)


def offered(file: BinaryIO, layout: Layout, most: int = 1_000) -> dict[str, Any]:
    """Addresses with the last value among the first rows. Raises Unreadable."""
    found: dict[str, Any] = {}
    for number, row in rows(file, layout):
        if layout.time not in row:
            raise Unreadable(_no_column(layout.time, row))
        if layout.tag and (layout.tag not in row or layout.value not in row):
            raise Unreadable(_no_column(layout.value if layout.tag in row else layout.tag, row))
        found |= {address: cell for address, cell in _cells(row, layout) if address not in found or not _is_empty(cell)}
        if number > most:
            break
    return found


def moment_of(given: Any, zone: ZoneInfo) -> int:
    """Microseconds since 1970 of a cell; a time without a zone is one of `zone`. Raises Unreadable."""
    if isinstance(given, str):
        try:
            given = float(given)
        except ValueError:
            try:
                given = datetime.fromisoformat(given)
            except ValueError:
                return time_of(given) or 0  # raises, and says how times are written
    if isinstance(given, datetime):
        try:
            return microseconds(given if given.tzinfo else given.replace(tzinfo=zone))
        except (ValueError, OverflowError):
            raise Unreadable(_NO_TIME) from None
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    at = time_of(given)
    if at is None:
        raise Unreadable(_NO_TIME)
    return at


def typed(cell: Any, kind: DataType) -> Any:
    """A cell in the tag's type. Raises Misfit."""
    if isinstance(cell, str) and kind is DataType.BOOLEAN:
        cell = BOOLEANS.get(cell.casefold(), cell)
    elif isinstance(cell, str) and kind is not DataType.TEXT:
        cell = number_of(cell)
    elif kind is DataType.TEXT and not isinstance(cell, str):
        cell = str(cell)
    return fit(cell, kind)


def number_of(text: str) -> int | float | str:
    """The number that a text is, or the text."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() and len(text) < 20 else float(text)
    except ValueError:
        return text


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == ""


def _no_column(name: str, row: Row) -> Words:
    there = ", ".join(str(one) for one in list(row)[:12])
    return Words(
        f"there is no column '{name}' (there are: {there}): set the name of the column"[:400],
        f"没有名为“{name}”的列（现有：{there}）：请设置列名"[:400],
    )


_LARGE = Words("the file is too large: write smaller ones, such as one each hour", "文件过大：请分成较小的文件，如每小时一个")
_LONG_LINE = Words("it has a line of more than four million characters: it is no table", "有一行超过四百万个字符：不是表格")
_NO_TIME = Words("the row has no time", "该行没有时间")
