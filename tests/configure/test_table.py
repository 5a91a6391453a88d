"""Variant tables: what CSV and XLSX files say, and faults that name sheet, row and column."""

from itertools import product
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from lotone.configure import Configurator, WrongTable, holds, phrase, read_model, read_table, read_tables, write_uvl
from lotone.configure.model.table import Cell, TableRow, VariantTable

MODEL = read_model("""
features
    Bike
        mandatory
            Frame
                alternative
                    Steel
                    Carbon
                    "Carbon pro"
            Inch
                alternative
                    "20"
                    "26"
                    "28 inch"
        optional
            Rack
            Real Load
            String Engraving
""")


def table_of(tmp_path: Path, text: str, name: str = "frames.csv") -> VariantTable:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_table(tmp_path / name)


def test_cells_mean_values_lists_ranges_and_anything(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Frame;Inch;Rack\nsteel;20..26;yes\nCarbon|Carbon pro;*;no\n!Steel;28 inch;\n")
    model = MODEL.with_tables([table])
    rule = model.rules[-1]
    assert rule.text == "table frames: allowed combinations of Frame, Inch, Rack"
    assert holds(rule.expression, {"Steel", "26", "Rack"})
    assert not holds(rule.expression, {"Steel", "26"})
    assert not holds(rule.expression, {"Steel", "28 inch", "Rack"})
    assert holds(rule.expression, {"Carbon pro", "20"})
    assert not holds(rule.expression, {"Carbon", "20", "Rack"})
    assert holds(rule.expression, {"Carbon", "28 inch", "Rack"})
    assert phrase(rule, model).en == "Table frames allows only some combinations of Frame, Inch, Rack"


def test_a_table_is_one_rule_of_the_answers(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Frame,Inch\nSteel,20|26\nCarbon,28 inch\n")
    configurator = Configurator(MODEL.with_tables([table]))
    options = configurator.options(["Carbon"])
    assert {"28 inch"} <= set(options.forced)
    assert "Carbon pro" in configurator.options([]).impossible
    why = configurator.explain(["Carbon"], "26")
    assert why.take_back == ("Carbon",)
    assert "table frames: allowed combinations of Frame, Inch" in why.constraints


def test_a_forbidden_table_says_so_by_its_name(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Frame\tInch\nSteel\t20\nCarbon\t26\n", "forbidden frames.csv")
    assert not table.is_allowed
    model = MODEL.with_tables([table])
    assert "20" in Configurator(model).options(["Steel"]).impossible
    assert read_table(tmp_path / "forbidden frames.csv", is_allowed=True).is_allowed
    assert write_uvl(model).endswith('constraints\n    !(Steel & "20")\n    !(Carbon & "26")\n')


def test_typed_features_have_numbers_and_texts_in_their_columns(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Frame,Load,Engraving\nSteel,..150,\nCarbon,80.5|90,Max|Moritz\nCarbon pro,,\n")
    (rule,) = MODEL.with_tables([table]).rules[-1:]
    assert holds(rule.expression, {"Steel", "Load"}, {"Load": 150})
    assert not holds(rule.expression, {"Steel", "Load"}, {"Load": 150.001})
    assert holds(rule.expression, {"Carbon", "Load", "Engraving"}, {"Load": 80.5, "Engraving": "Max"})
    assert not holds(rule.expression, {"Carbon", "Load", "Engraving"}, {"Load": 80.5, "Engraving": "Witwe"})
    configurator = Configurator(MODEL.with_tables([table]))
    assert {"Load", "Engraving"} <= set(configurator.options(["Carbon"]).forced)


def test_every_sheet_of_a_workbook_is_a_table(tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "Frames"
    first.append([None])
    first.append(["Frame", "Inch", "Rack", None])
    first.append(["Steel", 26.0, True])
    first.append([None, None, None])
    first.append(["Carbon", "*", False])
    second = book.create_sheet("Excluded")
    second.append(["Inch", "Rack"])
    second.append([20, "x"])
    book.create_sheet("Empty")
    book.save(tmp_path / "variants.xlsx")
    frames, excluded = read_tables(tmp_path / "variants.xlsx")
    assert (frames.name, frames.columns, frames.is_allowed, excluded.is_allowed) == (
        "Frames",
        ("Frame", "Inch", "Rack"),
        True,
        False,
    )
    assert [row.line for row in frames.rows] == [3, 5]
    assert frames.rows[0].cells == (Cell(("Steel",)), Cell(("26",)), Cell(("yes",)))
    assert read_table(tmp_path / "variants.xlsx", sheet="Excluded") == excluded
    model = MODEL.with_tables([frames, excluded])
    assert Configurator(model).options(["20"]).impossible == ("Steel", "Carbon pro", "26", "28 inch", "Rack")
    with pytest.raises(WrongTable, match="expected a sheet 'None of them', found none"):
        read_table(tmp_path / "variants.xlsx", sheet="None of them")


def test_faults_name_sheet_row_and_column(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Frames"
    sheet.append(["Frame", "Inch", "Rack", "Load"])
    sheet.append(["Stele", "1..3", "perhaps", "heavy"])
    book.save(tmp_path / "variants.xlsx")
    with pytest.raises(WrongTable) as caught:
        MODEL.with_tables([read_table(tmp_path / "variants.xlsx")])
    assert [str(fault) for fault in caught.value.faults] == [
        "variants.xlsx [Frames]:2:A (Frame): no feature is called 'Stele' below 'Frame'; did you mean 'Steel'?",
        "variants.xlsx [Frames]:2:B (Inch): expected features below 'Inch' that are numbers in this range, found none",
        "variants.xlsx [Frames]:2:C (Rack): no feature is called 'perhaps' below 'Rack'",
        "variants.xlsx [Frames]:2:D (Load): expected a number, a range such as 20..28, or * for 'Load', found 'heavy'",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected a table, found nothing"),
        ("Frame,Inch\n", "frames.csv:1: expected a row below the header, found none"),
        ("Frame,,Rack\nSteel,,\n", "frames.csv:1:B: expected the name of a column, found an empty cell"),
        ("Frame,Frame\nSteel,\n", "frames.csv:1:B: expected every column once, found 'Frame' again"),
        ("Frame\nSteel,26\n", "frames.csv:2:B: expected 1 cells, as the header has, found more"),
        ("Frame,Inch\nSteel|,26..20\n", "frames.csv:2:Frame: expected a value on both sides of |, found 'Steel|'"),
        ("Inch\n26..20\n", "frames.csv:2:Inch: expected a range whose end is not below its start, found 26..20"),
        ("Frame\n" + "x" * 3000 + "\n", "frames.csv:2:Frame: expected at most 2000 characters, found 3000"),
        ("Fr\0ame\n", "frames.csv:1: this is not a text: expected a table in CSV or XLSX"),
    ],
)
def test_faults_of_files(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(WrongTable) as caught:
        table_of(tmp_path, text)
    assert fault in str(caught.value.faults[0])


def test_hostile_workbooks_are_refused_unread(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with ZipFile(bomb, "w", ZIP_DEFLATED, compresslevel=9) as archive, archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
        for _ in range(210):
            sheet.write(b"\0" * 1_000_000)
    with pytest.raises(WrongTable, match="expected at most 200 MB unpacked"):
        read_table(bomb)
    (tmp_path / "image.xlsx").write_bytes(b"\x89PNG")
    with pytest.raises(WrongTable, match="expected a workbook"):
        read_table(tmp_path / "image.xlsx")
    with pytest.raises(WrongTable, match="no such file"):
        read_table(tmp_path / "none.xlsx")
    with ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(WrongTable, match="can't be opened"):
        read_table(tmp_path / "other.xlsx")


FRAMES = ["Steel", "Carbon", "Carbon pro", ""]
INCHES = ["20", "26", "28 inch", ""]


@given(
    st.lists(
        st.tuples(st.sampled_from(FRAMES), st.sampled_from(INCHES), st.sampled_from(["yes", "no", ""])), min_size=1, max_size=6
    ),
    st.booleans(),
)
@settings(deadline=None)
def test_a_table_allows_just_its_rows(rows: list[tuple[str, str, str]], is_allowed: bool) -> None:
    cells = [TableRow(tuple(Cell((value,) if value else ()) for value in row)) for row in rows]
    (rule,) = MODEL.with_tables([VariantTable("t", ("Frame", "Inch", "Rack"), tuple(cells), is_allowed)]).rules[-1:]
    for frame, inch, rack in product(FRAMES[:3], INCHES[:3], ("yes", "no")):
        fits = any(row[0] in ("", frame) and row[1] in ("", inch) and row[2] in ("", rack) for row in rows)
        selected = {"Bike", "Frame", "Inch", frame, inch} | ({"Rack"} if rack == "yes" else set())
        assert holds(rule.expression, selected) is (fits == is_allowed)
