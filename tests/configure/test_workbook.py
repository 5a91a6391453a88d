"""Tables as a workbook: out and back without a difference, bad rows with their reasons, and nothing taken over by halves."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bike_family import BIKE, MODEL
from lotone.configure import (
    BadRows,
    CheckRule,
    Draft,
    NoWorkbook,
    OptionWords,
    ParameterRule,
    Picture,
    PictureStyle,
    parse_expression,
    read_model,
    read_workbook,
    renamed,
    with_prices,
    with_rules,
    write_workbook,
)
from lotone.kernel import Words

FULL = replace(
    BIKE,
    demand=replace(
        BIKE.demand,
        parameters=(
            ParameterRule("build", "torque", 12, parse_expression("belt | chain")),
            ParameterRule("build", "quick", True),
        ),
        checks=(CheckRule("build", "play", 0.0, 0.8),),
    ),
    option_words={"belt": OptionWords(Words("Belt", "皮带"), Words("=quiet"))},
    picture=Picture('<svg><path data-when="rack &amp; belt" d="M0 0"/></svg>', (PictureStyle("--paint", "red"),)),
)
DRAFT = Draft("bike", 3, FULL.content())


def changed(change: Callable[[Any], None]) -> bytes:
    book = load_workbook(BytesIO(write_workbook(DRAFT)))
    change(book)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def test_out_and_back_is_the_same() -> None:
    assert {**DRAFT.content, **read_workbook(write_workbook(DRAFT), DRAFT)} == DRAFT.content


def test_prices_and_rules_change_their_lines_only() -> None:
    def change(book: Any) -> None:
        prices = {row[0].value: row[2] for row in book["prices"].iter_rows(min_row=2)}
        prices["belt"].value, prices["chain"].value, prices["bag"].value = 99.5, 10, 25
        book["rules"]["A2"].value = "bag => rack & belt"

    text = read_workbook(changed(change), DRAFT)["model"]
    expected = MODEL.replace("Price 90}", "Price 99.50}").replace("chain\n", "chain {Price 10}\n")
    expected = expected.replace("Price 20,", "Price 25,").replace("    bag => rack\n", "    bag => rack & belt\n")
    assert text == expected


def test_bad_rows_come_back_with_their_reasons_and_nothing_is_taken() -> None:
    def change(book: Any) -> None:
        book["prices"].append(["wings", "", 5])
        book["prices"]["C2"].value = "dear"
        book["parts"].append(["bag", -1, "buld", "", "bag & !nothing"])
        book["rules"].append(["belt => => rack"])

    with pytest.raises(BadRows, match="nothing was taken over") as bad:
        read_workbook(changed(change), DRAFT)
    told = {(fault.file, fault.line, fault.column) for fault in bad.value.faults}
    assert told >= {("prices", 2, "price"), ("prices", 7, "feature"), ("parts", 3, "quantity"), ("parts", 3, "when")}
    assert ("parts", 3, "operation") in told
    back = load_workbook(BytesIO(bad.value.workbook))
    assert "did you mean 'build'?" in back["parts"]["F3"].value
    assert back["parts"]["F2"].value is None
    assert back["prices"]["D1"].value == "reason"
    assert "reason" not in [cell.value for cell in back["words"][1]]
    with pytest.raises(BadRows):
        read_workbook(bad.value.workbook, DRAFT)


def test_a_rule_that_can_not_be_read_is_told_at_its_row() -> None:
    with pytest.raises(BadRows) as bad:
        read_workbook(changed(lambda book: book["rules"].append(["belt => => rack"])), DRAFT)
    assert [(fault.file, fault.line) for fault in bad.value.faults] == [("rules", 3)]


@pytest.mark.parametrize("file", [b"", b"PK\x03\x04 no", b"feature,price\n"])
def test_what_is_no_workbook_is_refused(file: bytes) -> None:
    with pytest.raises(NoWorkbook):
        read_workbook(file, DRAFT)


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    assert len(target.getvalue()) < 100_000
    with pytest.raises(NoWorkbook, match="larger than 12 MB"):
        read_workbook(target.getvalue(), DRAFT)


def patched(change: Callable[[bytes], bytes], part: str = "xl/worksheets/sheet1.xml") -> bytes:
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(write_workbook(DRAFT))) as packed,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in packed.namelist():
            out.writestr(name, change(packed.read(name)) if name == part else packed.read(name))
    return target.getvalue()


BOMBS = {
    "cells": patched(lambda xml: xml.replace(b"</row>", b"</row><row>" + b"<c/>" * 1_000_000 + b"</row>", 1)),
    "named cells": patched(lambda xml: xml.replace(b"</row>", b"</row><row>" + b"<x:c />" * 1_000_000 + b"</row>", 1)),
    "texts": patched(lambda xml: xml.replace(b"</sheetData>", b"<si/>" * 1_000_000 + b"</sheetData>")),
    "styles": patched(lambda xml: xml.replace(b"</cellXfs>", b"<xf/>" * 100_000 + b"</cellXfs>"), "xl/styles.xml"),
    "entities": patched(lambda xml: b'<!DOCTYPE a [<!ENTITY b "c">]>' + xml),
    "other letters": patched(lambda xml: xml.decode().encode("utf-16")),
    "rows": patched(
        lambda xml: xml.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>')
    ),
    "columns": patched(lambda xml: xml.replace(b"</row>", b'<c r="AZ1"><v>1</v></c></row>', 1)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_would_fill_the_memory_is_refused(bomb: str) -> None:
    assert len(BOMBS[bomb]) < 100_000
    with pytest.raises(NoWorkbook):
        read_workbook(BOMBS[bomb], DRAFT)


def test_merged_cells_are_not_looked_at() -> None:
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    book = patched(lambda xml: xml.replace(b"</sheetData>", merged))
    assert {**DRAFT.content, **read_workbook(book, DRAFT)} == DRAFT.content


def test_sheets_with_other_columns_or_none_of_ours_are_refused() -> None:
    book = Workbook()
    target = BytesIO()
    book.save(target)
    with pytest.raises(NoWorkbook, match="none of the sheets"):
        read_workbook(target.getvalue(), DRAFT)
    with pytest.raises(NoWorkbook, match="no column 'prize'; did you mean 'price'"):
        read_workbook(changed(lambda book: book["prices"].cell(1, 4, "prize")), DRAFT)


def test_a_missing_sheet_leaves_its_table_and_a_broken_model_keeps_others() -> None:
    changes = read_workbook(changed(lambda book: book.remove(book["parts"])), DRAFT)
    assert changes["demand"]["parts"] == DRAFT.content["demand"]["parts"]
    broken = Draft("bike", 3, {**DRAFT.content, "model": "featurs"})
    assert "prices" not in load_workbook(BytesIO(write_workbook(broken))).sheetnames
    assert "model" not in read_workbook(write_workbook(broken), broken)
    with pytest.raises(NoWorkbook, match="repair it first"):
        read_workbook(write_workbook(DRAFT), broken)


def test_texts_that_look_like_formulas_stay_texts() -> None:
    cell = load_workbook(BytesIO(write_workbook(DRAFT)))["words"]["D2"]
    assert (cell.value, cell.data_type) == ("=quiet", "s") or cell.data_type != "f"


def test_lines_are_rewritten_and_comments_stay() -> None:
    members = "            \"b c\" {abstract} // two\n            d {Price 5, x 'y'}\n"
    text = "features\n    a // the root\n        optional\n" + members
    model = read_model(text)
    priced = with_prices(model, {"a": 100, "b c": 250, "d": 700})
    assert priced == text.replace("a //", "a {Price 1} //").replace("{abstract}", "{Price 2.50, abstract}").replace(
        "Price 5", "Price 7"
    )
    ruled = with_rules(model, ['d => "b c"'])
    assert ruled == text + 'constraints\n    d => "b c"\n'
    assert with_rules(read_model(ruled), []) == text
    both = with_rules(read_model(ruled), ["!d", 'd => "b c"'])
    assert [rule.text for rule in read_model(both).constraints] == ['d => "b c"', "!d"]


def test_a_new_name_reaches_words_tables_and_picture() -> None:
    content = renamed(FULL.content(), "belt", "tooth belt")
    assert content["option_words"].keys() == {"tooth belt"}
    assert content["demand"]["parameters"][0]["when"] == '"tooth belt" | chain'
    assert 'data-when="rack &amp; &quot;tooth belt&quot;"' in content["picture"]["svg"]
    assert renamed(FULL.content(), "bel", "x") == {name: FULL.content()[name] for name in content}
