"""Tables in files: what is read of which tag, and what is not."""

import contextlib
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from lotone.assets import DataType
from lotone.connect import Connection, Reading, WrongConnection
from lotone.connect.drivers.file_tables import LINE_MAX, BadCell, Layout, offered, readings
from lotone.connect.drivers.files import Folder
from lotone.connect.drivers.telemetry import Unreadable
from lotone.connect.model import check_connection

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = 1_772_452_800_000_000
KINDS = {"x": DataType.NUMBER, "on": DataType.BOOLEAN, "who": DataType.TEXT, "n": DataType.INTEGER}


def layout(**settings: str) -> Layout:
    return Layout.of(Connection("press", "files", "press-1", settings))


def read(path: Path, **settings: str) -> list[tuple[object, ...]]:
    with path.open("rb") as file:
        return [
            (one.address, one.source_time, one.value, one.sequence) if isinstance(one, Reading) else (one.row, one.column)
            for one in readings(file, layout(**settings), KINDS)
        ]


def write(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_text(text, encoding=encoding)
    return folder / name


def test_a_table_with_a_column_for_each_tag(tmp_path: Path) -> None:
    path = write(tmp_path, "time,x,on,who,other\n2026-03-02T12:00:00Z,1.5,yes,蓝,9\n2026-03-02T12:00:01+00:00,,,,\n")
    assert read(path) == [("x", AT, 1.5, 0), ("on", AT, True, 0), ("who", AT, "蓝", 0)]


def test_semicolons_decimal_commas_and_a_zone_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, "Zeit;x;who\n2026-03-02 13:00:00;1,5;a, b\n", encoding="cp1252")
    assert read(path, time="Zeit", time_zone="Europe/Berlin", encoding="cp1252") == [("x", AT, 1.5, 0), ("who", AT, "a, b", 0)]


def test_a_table_with_one_value_in_each_row(tmp_path: Path) -> None:
    path = write(tmp_path, "ts\ttag\tval\n1772452800\tn\t7\n1772452800000\tx\t2\n1772452800\tunknown\t2\n")
    assert read(path, time="ts", tag="tag", value="val") == [("n", AT, 7, 0), ("x", AT, 2.0, 0)]


def test_rows_of_one_moment_keep_their_order_and_never_look_like_our_own_marks(tmp_path: Path) -> None:
    path = write(tmp_path, "time,x\n" + "1772452800,1\n" * 3)
    assert [one[3] for one in read(path)] == [0, 2, 3]


def test_a_bad_cell_is_named_by_its_row_and_the_others_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, "time,x,n\n1772452800,hot,1\nyesterday,1,1\n1772452800,2,1.5\n")
    assert read(path) == [(2, "x"), ("n", AT, 1, 0), (3, "time"), ("x", AT, 2.0, 0), (4, "n")]


def test_workbooks_and_parquet_say_the_same(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["time", "x", "on"])
    book.active.append([NOON.replace(tzinfo=None), 1.5, True])
    book.save(tmp_path / "a.xlsx")
    parquet.write_table(pyarrow.table({"time": [NOON], "x": [1.5], "on": [True]}), tmp_path / "a.parquet")
    expected = [("x", AT, 1.5, 0), ("on", AT, True, 0)]
    assert read(tmp_path / "a.xlsx") == expected
    assert read(tmp_path / "a.parquet") == expected
    with (tmp_path / "a.xlsx").open("rb") as file:
        assert offered(file, layout()) == {"x": 1.5, "on": True}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"when,x\n1,2\n", "no column 'time' .there are: when, x"),
        ("a.csv", b"time,x\n1,\xff\n", "not UTF-8"),
        ("a.xlsx", b"hello", "can't be read"),
        ("a.parquet", b"PAR1 no", "can't be read"),
    ],
)
def test_a_file_that_is_none_says_why(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=words):
        read(tmp_path / name)


@given(st.binary(max_size=300), st.sampled_from(["csv", "xlsx", "parquet"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_breaks_the_reader(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"time,x\n" + content if ending == "csv" else content)
    with path.open("rb") as file, contextlib.suppress(Unreadable):
        assert all(isinstance(one, Reading | BadCell) for one in readings(file, layout(), KINDS))


def test_only_tables_that_are_meant_are_seen_and_nothing_is_written_over(tmp_path: Path) -> None:
    for name in ("press-2.csv", "press-1.csv", ".press.csv", "~$press.xlsx", "press.pdf", "oven.csv"):
        write(tmp_path, "time,x\n", name)
    (tmp_path / "press.csv").mkdir()
    folder = Folder(Connection("press", "files", tmp_path.name, {"pattern": "press*"}), tmp_path.parent)
    assert set(folder.look()) == {"press-1.csv", "press-2.csv"}
    folder.move("press-1.csv")
    write(tmp_path, "time,x\n", "press-1.csv")
    folder.move("press-1.csv")
    assert {one.name for one in (tmp_path / "done").iterdir()} == {"press-1.csv", "press-1-2.csv"}


def test_a_small_workbook_or_line_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"<sheetData><row>" + b"<c/>" * 1_000_001)
    (tmp_path / "a.csv").write_text("time,x\n" + "1" * LINE_MAX)
    for name, words in (("a.xlsx", "more than 1000000 cells"), ("a.csv", "no table")):
        with pytest.raises(Unreadable, match=words):
            read(tmp_path / name)


def test_addresses_and_settings_are_checked() -> None:
    check_connection(Connection("press", "files", "hall 2/press-1", {"time_zone": "Europe/Berlin"}), "demo")
    for wrong in (
        "/data",
        "file:///data",
        "a/../../other",
        "..",
        ".",
        "./a",
        "a//b",
        "a/",
        "C:\\\\data",
        "a\\\\..",
        "a\0",
        "",
    ):
        with pytest.raises(WrongConnection, match="no folder of this organization"):
            check_connection(Connection("press", "files", wrong), "demo")
    for setting in ({"time_zone": "Mars/Base"}, {"done": "burn"}, {"encoding": "klingon"}):
        with pytest.raises(WrongConnection):
            check_connection(Connection("press", "files", "press-1", setting), "demo")


def test_times_in_every_usual_form(tmp_path: Path) -> None:
    later = NOON + timedelta(seconds=1)
    path = write(tmp_path, f"time,x\n1772452800000000,1\n1772452801.0,2\n{later.isoformat()},3\n")
    assert [one[1] for one in read(path)] == [AT, AT + 1_000_000, AT + 1_000_000]
