"""Recorded signals in CSV files: read with every fault named by file and line, and played back as sensor values."""

import csv
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lotone.demo.machines.model import Meaning, Recording, SpecFault, TagSpec, microseconds

FAULTS_KEPT = 1_000
_TIME_NAMES = ("time", "datetime", "timestamp", "date", "ts")


class RecordingFault(ValueError):
    """The file can't be used at all; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    time: datetime
    values: Mapping[str, float | str]


@dataclass
class CsvRecording:
    """A CSV file of a time column and value columns, read row by row.

    `faults` collects what was wrong with rows as `file:line: sentence`: such rows are left out, single bad values too, and
    `bad_rows` and `bad_values` count them all. Empty cells are no values and no fault.
    """

    path: Path
    time_column: str = ""
    delimiter: str = ""
    faults: list[str] = field(default_factory=list)
    bad_rows: int = 0
    bad_values: int = 0

    def __post_init__(self) -> None:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                first = file.readline()
        except (OSError, UnicodeDecodeError) as fault:
            raise RecordingFault(f"{self.path}:1: can't be read as text: {fault}") from fault
        if "\0" in first or not first.strip():
            raise RecordingFault(f"{self.path}:1: there is no header line with column names")
        self.delimiter = self.delimiter or max(",;\t|", key=first.count)
        names = next(csv.reader([first], delimiter=self.delimiter))
        self.columns = [name.strip() for name in names]
        self.time_index = self._find_time()
        self.tags = {place: tag_name(name) for place, name in enumerate(self.columns) if place != self.time_index}
        twice = sorted({tag for tag in self.tags.values() if list(self.tags.values()).count(tag) > 1})
        if not self.tags or not all(self.tags.values()) or twice:
            what = f"two columns are called {twice[0]}" if twice else "there must be named value columns beside the time"
            raise RecordingFault(f"{self.path}:1: {what}")

    def _find_time(self) -> int:
        lower = [name.lower() for name in self.columns]
        wanted = [self.time_column.lower()] if self.time_column else _TIME_NAMES
        found = next((lower.index(name) for name in wanted if name in lower), None)
        if found is not None:
            return found
        if self.time_column:
            raise RecordingFault(f"{self.path}:1: there is no column {self.time_column}, only {', '.join(self.columns)}")
        return 0

    def rows(self) -> Iterator[Row]:
        """The good rows, in the file's order."""
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as fault:
                    self._bad_row(reader.line_num, str(fault))
                    continue
                row = self._row(reader.line_num, cells) if cells else None
                if row:
                    yield row

    def _row(self, line: int, cells: list[str]) -> Row | None:
        if len(cells) != len(self.columns):
            self._bad_row(line, f"{len(cells)} cells where the header has {len(self.columns)}")
            return None
        moment = parsed_time(cells[self.time_index])
        if moment is None:
            self._bad_row(line, f"{cells[self.time_index]!r} is no time")
            return None
        values: dict[str, float | str] = {}
        for place, tag in self.tags.items():
            text = cells[place].strip()
            if not text:
                continue
            value = parsed_value(text)
            if value is None:
                self.bad_values += 1
                self._fault(line, f"{text!r} in column {self.columns[place]} is no value that can be kept")
            else:
                values[tag] = value
        if not values:
            self._bad_row(line, "no values")
            return None
        return Row(line, moment, values)

    def _bad_row(self, line: int, why: str) -> None:
        self.bad_rows += 1
        self._fault(line, why)

    def _fault(self, line: int, why: str) -> None:
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(f"{self.path}:{line}: {why}")


def tag_name(column: str) -> str:
    """A column's name as a tag's name: `Volume Flow RateRMS` becomes `volume-flow-raterms`."""
    return re.sub(r"[^a-z0-9]+", "-", column.lower()).strip("-")


def parsed_time(text: str) -> datetime | None:
    """ISO 8601 (UTC where it names no zone), or seconds, milliseconds or microseconds since 1970."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    if not math.isfinite(number):
        return None
    seconds = number / (1 if abs(number) < 1e11 else 1e3 if abs(number) < 1e14 else 1e6)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def parsed_value(text: str) -> float | str | None:
    """A number, or a text; None for a number that is not finite."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else None


class Recorder:
    """Recorded columns as signals of a machine: the first row plays at `start`, and after the last one it begins again."""

    def __init__(self, recording: Recording, tags: Iterable[TagSpec], *, start: datetime) -> None:
        source = CsvRecording(Path(recording.path), recording.time_column, recording.delimiter)
        columns = list(source.tags.values())
        sensors = [tag.name for tag in tags if tag.meaning == Meaning.SENSOR]
        wanted = {name: tag_name(recording.columns.get(name, name)) for name in sensors}
        self.wanted = {name: column for name, column in wanted.items() if column in columns}
        if not self.wanted:
            raise SpecFault(f"{recording.path}: none of its columns {', '.join(columns)} is a sensor of the machine")
        rows = sorted(source.rows(), key=lambda row: row.time)
        if not rows:
            raise SpecFault(f"{recording.path}: not one good row; {'; '.join(source.faults[:3])}")
        first = rows[0].time
        self.offsets = [(row.time - first) // timedelta(microseconds=1) for row in rows]
        self.columns = {name: [row.values.get(column) for row in rows] for name, column in self.wanted.items()}
        self.period = self.offsets[-1] + max(self.offsets[-1] // max(len(rows) - 1, 1), 1_000_000)
        self.start = microseconds(start)

    def at(self, time: int) -> dict[str, float]:
        """The recorded values at a moment of plant time (µs): of the row at or before it."""
        place = bisect_right(self.offsets, (time - self.start) % self.period) - 1
        found = {name: column[place] for name, column in self.columns.items()}
        return {name: value for name, value in found.items() if isinstance(value, float)}
