"""All tables of a draft as one workbook (XLSX): taken as a whole, or given back with a reason beside each bad row."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from lotone.configure.model.draft import Draft
from lotone.configure.model.expression import parse_expression
from lotone.configure.model.fault import BrokenModel, Fault, WrongExpression
from lotone.configure.model.features import Model, similar, unknown_names
from lotone.configure.model.formula import MARK, from_cell
from lotone.configure.model.picture import PictureStyle
from lotone.configure.model.rewriting import with_prices, with_rules
from lotone.configure.reading.model import read_model
from lotone.kernel import HostileWorkbook, Invalid, check_workbook

UNPACKED_MAX = 12_000_000
"""Bytes that a workbook may have when it is unpacked: a zip of a megabyte can hold gigabytes."""
CELLS_MAX = 250_000
ROWS_MAX = 20_000
COLUMNS_MAX = 40
WIDEST = 16_384
"""Columns that a sheet can have."""
CELL_MAX = 10_000
REASON = "reason"
PRICE_MAX = 10_000_000
_Cells = tuple[Any, ...]
_ID = re.compile(r"[a-z][a-z0-9_-]{0,38}")
_TAG = re.compile(r"[^\s,;]{1,80}")


class NoWorkbook(Invalid):
    """The file is no workbook, or a larger one than is read."""


class BadRows(Invalid):
    """Rows that can't be taken; nothing was. `workbook` is the same with a column of reasons, `faults` has them too."""

    def __init__(self, faults: list[Fault], workbook: bytes) -> None:
        first, *others = faults
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first}{more}; nothing was taken over", where=first.where)
        self.faults = faults
        self.workbook = workbook


@dataclass
class _Row:
    """One row while it is read; reasons make it a bad one."""

    line: int
    cells: Mapping[str, Any]
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def bad(self, column: str, reason: str) -> None:
        self.reasons.append((column, reason))

    def text(self, column: str, *, required: bool = True) -> str:
        value = self.cells.get(column)
        if isinstance(value, datetime | date | time):
            self.bad(column, "expected a text, found a date; format the cell as text")
        text = "" if value is None else _as_text(value).strip()
        if required and not text:
            self.bad(column, "expected a value, found nothing")
        if len(text) > CELL_MAX:
            self.bad(column, f"expected at most {CELL_MAX} characters")
        return text

    def id(self, column: str, pattern: re.Pattern[str] = _ID) -> str:
        text = self.text(column)
        if text and not pattern.fullmatch(text):
            self.bad(column, f"expected a short id of lower case letters, digits, hyphens, found '{text[:40]}'")
        return text

    def number(self, column: str, *, low: float = -1e9, high: float = 1e9, default: float | None = None) -> float:
        value = self.cells.get(column)
        if value is None or value == "":
            if default is None:
                self.bad(column, "expected a number, found nothing")
            return default or 0.0
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            self.bad(column, f"expected a number, found '{str(value)[:40]}'")
            return 0.0
        if not low <= number <= high:
            self.bad(column, f"expected a number from {low:g} to {high:g}, found {number:g}")
        return number

    def quantity(self, column: str, *, low: float = -1e9, high: float = 1e9, default: float | None = None) -> float | str:
        """A number, or a formula such as `=Inch * 0.02`."""
        value = self.cells.get(column)
        if not (isinstance(value, str) and value.strip().startswith(MARK)):
            return self.number(column, low=low, high=high, default=default)
        try:
            from_cell(value.strip())
        except WrongExpression as fault:
            self.bad(column, f"at character {fault.column} of the formula: {fault.message}")
        return value.strip()

    def limit(self, column: str) -> float | str | None:
        return None if self.cells.get(column) in (None, "") else self.quantity(column)

    def names(self, column: str) -> list[str]:
        return [name for name in re.split(r"[\s,;]+", self.text(column, required=False)) if name]


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Reading:
    """Reads the sheets one after the other; knows the model as it will be."""

    def __init__(self, features: Collection[str] | None) -> None:
        self.features = features

    def feature(self, row: _Row, column: str = "feature") -> str:
        name = row.text(column)
        if name and self.features is not None and name not in self.features:
            row.bad(column, f"the model has no feature '{name}'{similar(name, self.features)}")
        return name

    def when(self, row: _Row) -> str:
        text = row.text("when", required=False)
        try:
            expression = parse_expression(text)
        except WrongExpression as fault:
            row.bad("when", f"at character {fault.column}: {fault.message}")
            return ""
        if self.features is not None:
            for name in unknown_names(expression, self.features):
                row.bad("when", f"the model has no feature '{name}'{similar(name, self.features)}")
        return text

    def words(self, row: _Row) -> dict[str, Any]:
        name = {"en": row.text("name"), "zh": row.text("name_zh", required=False)}
        hint = {"en": row.text("hint", required=False), "zh": row.text("hint_zh", required=False)}
        return {"feature": self.feature(row), "name": name, "hint": hint}

    def operation(self, row: _Row) -> dict[str, Any]:
        return {
            "id": row.id("operation"),
            "words": {"en": row.text("name"), "zh": row.text("name_zh", required=False)},
            "work_center": row.text("work_center"),
            "minutes": row.quantity("minutes", low=0.01, high=10_080),
            "after": row.names("after"),
            "wait_after_minutes": row.quantity("wait_after_minutes", low=0, high=10_080, default=0.0),
            "work_units": row.names("work_units") or None,
            "when": self.when(row),
            **self.ways_of_working(row),
        }

    def ways_of_working(self, row: _Row) -> dict[str, Any]:
        """What most operations leave empty: setup, batch, size, crew, longest wait."""
        longest = row.cells.get("wait_most_minutes")
        made = {
            "setup": row.text("setup", required=False),
            "batch": row.names("batch"),
            "size": row.number("size", low=0.001, high=1e6, default=1.0),
            "also": row.names("also"),
            "wait_most_minutes": None if longest in (None, "") else row.number("wait_most_minutes", low=0, high=10_080),
        }
        return {name: value for name, value in made.items() if value not in ("", [], None) and (name, value) != ("size", 1.0)}

    def time(self, row: _Row) -> dict[str, Any]:
        minutes = row.quantity("add_minutes", low=-10_080, high=10_080)
        return {"operation": row.id("operation"), "add_minutes": minutes, "when": self.when(row)}

    def part(self, row: _Row) -> dict[str, Any]:
        made = {"part": row.text("part"), "quantity": row.quantity("quantity", low=0.001, high=1e6)}
        slot = row.text("slot", required=False)
        return {**made, "operation": row.id("operation"), "when": self.when(row), **({"slot": slot} if slot else {})}

    def parameter(self, row: _Row) -> dict[str, Any]:
        value = row.cells.get("value")
        if value is None or value == "":
            row.bad("value", "expected a value, found nothing")
        elif isinstance(value, datetime | date | time):
            row.bad("value", "expected a number, a text, true or false, found a date; format the cell as text")
        elif isinstance(value, str) and value.strip().lower() in ("true", "false"):
            value = value.strip().lower() == "true"
        elif isinstance(value, str) and value.strip().startswith(MARK):
            value = row.quantity("value")
        return {
            "operation": row.id("operation"),
            "parameter": row.id("parameter", _TAG),
            "value": value if isinstance(value, bool | int | float) else str(value).strip(),
            "when": self.when(row),
        }

    def check(self, row: _Row) -> dict[str, Any]:
        low, high = row.limit("low"), row.limit("high")
        if low is None and high is None:
            row.bad("low", "expected a limit in low, high or both")
        elif isinstance(low, float) and isinstance(high, float) and low > high:
            row.bad("high", f"expected at least low ({low:g}), found {high:g}")
        names = {"operation": row.id("operation"), "check": row.id("check", _TAG)}
        return {**names, "low": low, "high": high, "when": self.when(row)}

    def style(self, row: _Row) -> dict[str, Any]:
        style = {"property": row.text("property"), "value": row.text("value"), "when": self.when(row)}
        try:
            PictureStyle(style["property"], style["value"])
        except Invalid as fault:
            row.bad("value" if "value of" in fault.message else "property", fault.message)
        return style


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "prices": ("feature", "name", "price"),
    "rules": ("rule",),
    "words": ("feature", "name", "name_zh", "hint", "hint_zh"),
    "operations": (
        "operation", "name", "name_zh", "work_center", "work_units", "after", "minutes", "wait_after_minutes", "when",
        "setup", "batch", "size", "also", "wait_most_minutes",
    ),
    "times": ("operation", "add_minutes", "when"),
    "parts": ("part", "quantity", "operation", "slot", "when"),
    "parameters": ("operation", "parameter", "value", "when"),
    "checks": ("operation", "check", "low", "high", "when"),
    "start": ("feature",),
    "styles": ("property", "value", "when"),
}  # fmt: skip
"""The sheets and their columns. A sheet that is missing leaves its table as it is."""
_OPTIONAL = frozenset(
    {"name_zh", "hint", "hint_zh", "work_units", "after", "wait_after_minutes", "when", "slot", "low", "high"}
    | {"setup", "batch", "size", "also", "wait_most_minutes"}
)
_DEMAND: Mapping[str, Callable[[_Reading, _Row], dict[str, Any]]] = {
    "operations": _Reading.operation,
    "times": _Reading.time,
    "parts": _Reading.part,
    "parameters": _Reading.parameter,
    "checks": _Reading.check,
}


# out


def rows_of(draft: Draft) -> dict[str, list[dict[str, Any]]]:
    """Every table of a draft as rows by column; prices and rules only where the model can be read."""
    content = draft.content
    tables: dict[str, list[dict[str, Any]]] = {}
    model = model_of(draft)
    words = content["option_words"]
    if model is not None:
        tables["prices"] = [
            {"feature": name, "name": words.get(name, {}).get("name", {}).get("en", ""), "price": feature.price_cents / 100}
            for name, feature in model.features.items()
            if not feature.abstract or feature.price_cents
        ]
        tables["rules"] = [{"rule": rule.text} for rule in model.constraints]
    tables["words"] = [
        {
            "feature": name,
            "name": own["name"]["en"],
            "name_zh": own["name"]["zh"],
            "hint": own["hint"]["en"],
            "hint_zh": own["hint"]["zh"],
        }
        for name, own in words.items()
    ]
    for table in _DEMAND:
        tables[table] = [_flat(row) for row in content["demand"][table]]
    tables["start"] = [{"feature": name} for name in content["start"]]
    if content["picture"]:
        tables["styles"] = [dict(row) for row in content["picture"]["styles"]]
    return tables


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat = {key: " ".join(value) if isinstance(value, list) else value for key, value in row.items() if key != "words"}
    if "words" in row:
        flat |= {"operation": row["id"], "name": row["words"]["en"], "name_zh": row["words"]["zh"]}
    return flat


def model_of(draft: Draft) -> Model | None:
    try:
        return read_model(draft.model_text, name="model")
    except BrokenModel:
        return None


def write_workbook(draft: Draft) -> bytes:
    """Every table on its own sheet, ready to be changed and read again."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in rows_of(draft).items():
        sheet = book.create_sheet(name)
        sheet.append(list(COLUMNS[name]))
        for number, row in enumerate(rows, start=2):
            for at, column in enumerate(COLUMNS[name], start=1):
                _put(sheet.cell(number, at), row.get(column))
        _dress(sheet, COLUMNS[name])
    return _bytes(book)


def _put(cell: Any, value: object) -> None:
    """A text that begins like a formula stays a text: nothing in it is ever calculated."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _dress(sheet: Any, columns: tuple[str, ...]) -> None:
    sheet.freeze_panes = "A2"
    for at, column in enumerate(columns, start=1):
        sheet.cell(1, at).font = Font(bold=True)
        widths = {"when": 44, "rule": 70, "hint": 44, "hint_zh": 36, "name": 28, "name_zh": 22}
        sheet.column_dimensions[get_column_letter(at)].width = widths.get(column, 18)


def _bytes(book: Workbook) -> bytes:
    target = BytesIO()
    book.save(target)
    return target.getvalue()


# in


def read_workbook(file: bytes, draft: Draft) -> dict[str, Any]:
    """The parts of the draft's content that the workbook changes. Raises NoWorkbook, or BadRows with the same workbook."""
    sheets = _sheets(file)
    if not sheets:
        raise NoWorkbook(f"the workbook has none of the sheets {', '.join(COLUMNS)}", where="file")
    rows = {name: list(_rows(name, lines)) for name, lines in sheets.items()}
    changes = _changes(rows, draft)
    faults = [
        Fault(name, row.line, column, reason) for name, own in rows.items() for row in own for column, reason in row.reasons
    ]
    if faults:
        raise BadRows(faults, _with_reasons(sheets, rows))
    return changes


def _sheets(file: bytes) -> dict[str, list[_Cells]]:
    """Our sheets with all their rows, as values: nothing else of a stranger's workbook is looked at. Raises NoWorkbook."""
    opened = BytesIO(file)
    try:
        check_workbook(opened, bytes_max=UNPACKED_MAX, cells_max=CELLS_MAX)
        book = load_workbook(opened, read_only=True, data_only=True, keep_links=False)
        titles = {title.strip().lower(): title for title in reversed(book.sheetnames)}
        return {name: _lines(name, book[titles[name]]) for name in COLUMNS if name in titles}
    except HostileWorkbook as fault:
        raise NoWorkbook(fault.message, where="file") from fault
    except (
        InvalidFileException, KeyError, IndexError, ValueError, TypeError, OSError, SyntaxError, AttributeError, OverflowError
    ) as fault:  # fmt: skip
        raise NoWorkbook("this is no workbook; expected a file that ends with .xlsx", where="file") from fault


def _lines(name: str, sheet: Any) -> list[_Cells]:
    limits = f"{ROWS_MAX} rows and {COLUMNS_MAX} columns"
    first = next(sheet.iter_rows(values_only=True, max_row=1, max_col=WIDEST), ())
    lines = list(sheet.iter_rows(values_only=True, max_row=ROWS_MAX + 1, max_col=COLUMNS_MAX))
    if len(lines) > ROWS_MAX or any(cell is not None for cell in first[COLUMNS_MAX:]):
        raise NoWorkbook(f"sheet {name}: expected at most {limits}, found more", where="file")
    return lines


def _rows(name: str, lines: Sequence[_Cells]) -> Iterator[_Row]:
    header = _header(lines)
    known = {*COLUMNS[name], REASON, ""}
    for column in COLUMNS[name]:
        if column not in header and column not in _OPTIONAL and not (name == "prices" and column == "name"):
            raise NoWorkbook(f"sheet {name} has no column '{column}'; it has {', '.join(filter(None, header))}", where="file")
    for column in header:
        if column not in known:
            raise NoWorkbook(f"sheet {name}: there is no column '{column}'{similar(column, COLUMNS[name])}", where="file")
    for number, cells in enumerate(lines[1:], start=2):
        values = {column: cell for column, cell in zip(header, cells, strict=False) if column and column != REASON}
        if any(value not in (None, "") for value in values.values()):
            yield _Row(number, values)


def _changes(rows: Mapping[str, list[_Row]], draft: Draft) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    model = model_of(draft)
    if "prices" in rows or "rules" in rows:
        if model is None:
            raise NoWorkbook(
                "the draft's model can't be read, so prices and rules have no place; repair it first", where="file"
            )
        changes["model"] = _model_text(rows, model)
    reading = _Reading(model.features if model else None)
    if "words" in rows:
        made = [reading.words(row) for row in rows["words"]]
        changes["option_words"] = {one["feature"]: {"name": one["name"], "hint": one["hint"]} for one in made}
        _once(rows["words"], "feature")
    demand = {**draft.content["demand"]}
    for table, read in _DEMAND.items():
        if table in rows:
            demand[table] = [read(reading, row) for row in rows[table]]
    changes["demand"] = demand
    _once(rows.get("operations", []), "operation")
    _references(rows, demand)
    if "start" in rows:
        changes["start"] = [reading.feature(row) for row in rows["start"]]
    if "styles" in rows and draft.content["picture"]:
        styles = [reading.style(row) for row in rows["styles"]]
        changes["picture"] = {**draft.content["picture"], "styles": styles}
    return changes


def _once(rows: list[_Row], column: str) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        name = str(row.cells.get(column) or "").strip()
        if name in seen:
            row.bad(column, f"'{name}' is in row {seen[name]} already")
        seen.setdefault(name, row.line)


def _references(rows: Mapping[str, list[_Row]], demand: Mapping[str, list[dict[str, Any]]]) -> None:
    known = [row["id"] for row in demand["operations"]]
    for table in _DEMAND:
        for row in rows.get(table, []):
            named = row.names("after") if table == "operations" else [str(row.cells.get("operation") or "").strip()]
            for name in named:
                if name and name not in known:
                    column = "after" if table == "operations" else "operation"
                    row.bad(column, f"there is no operation '{name}'{similar(name, known)}")


def _model_text(rows: Mapping[str, list[_Row]], model: Model) -> str:
    reading = _Reading(model.features)
    cents = {}
    for row in rows.get("prices", []):
        name, price = reading.feature(row), row.number("price", low=-PRICE_MAX, high=PRICE_MAX)
        if abs(price * 100 - round(price * 100)) > 1e-6:
            row.bad("price", f"expected at most two decimals, found {price}")
        cents[name] = round(price * 100)
    _once(rows.get("prices", []), "feature")
    if any(row.reasons for row in rows.get("prices", [])):
        return model.text
    text = with_prices(model, cents)
    return _with_rules(rows["rules"], read_model(text, name="model")) if "rules" in rows else text


def _with_rules(rows: list[_Row], model: Model) -> str:
    """The text with the rules of the sheet; what the reader objects to is said beside the row it came from."""
    texts = [row.text("rule") for row in rows]
    for row, rule in zip(rows, texts, strict=True):
        if "\n" in rule or "//" in rule or "/*" in rule:
            row.bad("rule", "expected one rule in one line, without comments")
    if any(row.reasons for row in rows):
        return model.text
    text = with_rules(model, texts)
    try:
        read_model(text, name="model")
    except BrokenModel as broken:
        lines = text.split("\n")
        for fault in broken.faults:
            said = lines[fault.line - 1].strip() if 0 < fault.line <= len(lines) else ""
            at = texts.index(said) if said in texts else 0
            rows[at].bad("rule", fault.message)
    return text


def _header(lines: Sequence[_Cells]) -> list[str]:
    header = [str(cell).strip() if cell is not None else "" for cell in (lines[0] if lines else ())]
    while header and not header[-1]:
        header.pop()
    return header


def _with_reasons(sheets: Mapping[str, Sequence[_Cells]], rows: Mapping[str, list[_Row]]) -> bytes:
    """The same rows, with a last column that says what is wrong with a row, and these rows marked."""
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet, header = book.create_sheet(name), _header(lines)
        for number, line in enumerate(lines, start=1):
            for at, value in enumerate(line, start=1):
                if value is not None and (at > len(header) or header[at - 1] != REASON):
                    _put(sheet.cell(number, at), value)
        _dress(sheet, tuple(header))
        if any(row.reasons for row in rows[name]):
            _tell(sheet, header, rows[name])
    return _bytes(book)


def _tell(sheet: Any, header: list[str], rows: list[_Row]) -> None:
    mark = PatternFill("solid", fgColor="FFE3E3")
    at = header.index(REASON) + 1 if REASON in header else len(header) + 1
    sheet.cell(1, at).value = REASON
    sheet.cell(1, at).font = Font(bold=True)
    sheet.column_dimensions[get_column_letter(at)].width = 70
    for row in rows:
        told = "; ".join(f"{column}: {reason}" for column, reason in row.reasons)
        if told:
            _put(sheet.cell(row.line, at), told)
            for cell in sheet[row.line]:
                cell.fill = mark
