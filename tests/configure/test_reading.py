"""Reading UVL: what is understood, and what is said about what is not."""
# ruff: noqa: E501  (the faults stand here as they are told)

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.configure import BrokenModel, GroupKind, WrongExpression, as_text, holds, parse_expression, read_model

GOOD = """\
namespace shop
include
    Boolean.group-cardinality

features
\tBike {abstract, Price 1, maker 'A, B}', weight -2.5, tested true} // the whole
\t\tmandatory
\t\t\tBoolean Frame
\t\t\t\t[1..2]
\t\t\t\t\t"Child seat" {Price 129.50}
\t\t\t\t\tRack
/* a comment
   over lines */
\t\toptional
\t\t\tBell
constraints

\tBell => "Child seat" // because
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(BrokenModel) as caught:
        read_model(text, name="x.uvl")
    return [str(fault) for fault in caught.value.faults]


def test_everything_that_is_supported() -> None:
    model = read_model(GOOD)
    assert list(model.features) == ["Bike", "Frame", "Child seat", "Rack", "Bell"]
    assert model.root.abstract
    assert model.root.price_cents == 100
    assert model.root.attributes == {"Price": 1, "maker": "A, B}", "weight": -2.5, "tested": True}
    assert [group.kind for group in model.root.groups] == [GroupKind.MANDATORY, GroupKind.OPTIONAL]
    (range_,) = model.features["Frame"].groups
    assert (range_.kind, range_.low, range_.high, range_.line) == (GroupKind.RANGE, 1, 2, 9)
    assert model.features["Child seat"].price_cents == 12950
    assert model.features["Bell"].line == 15
    assert model.options == ("Child seat", "Rack", "Bell")
    assert [(rule.text, rule.line) for rule in model.constraints] == [('Bell => "Child seat"', 18)]
    assert list(model.above("Rack")) == ["Frame", "Bike"]


def test_other_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "bike.uvl"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    model = read_model(file)
    assert model.name == "bike.uvl"
    assert model.features == read_model(GOOD).features


HEAD = "features\n    Bike\n        optional\n            Rack\n            Bell\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "x.uvl:0: expected a section 'features' with a feature below it, found none"),
        ("   bike\n", "x.uvl:1:4: expected a line 'features' first, found 'bike'"),
        ("feature\n    Bike\n", "x.uvl:1:1: expected a section: features, constraints, imports, namespace or include, found 'feature'"),
        ("features x\n    Bike\n", "x.uvl:1:10: expected nothing after 'features', found 'x'"),
        ("imports\n    other\nfeatures\n    A\n", "x.uvl:2:5: imports are read beside a file only: write 'other' into this text, or read the model from a file"),
        (HEAD + "features\n    A\n", "x.uvl:6:1: expected one section 'features' only"),
        ("constraints\n    A\n" + HEAD, "x.uvl:1:1: expected 'features' before 'constraints'"),
        (HEAD + "    Car\n", "x.uvl:6:5: expected one root feature only; 'Bike' is it already"),
        (HEAD + "          Lamp\n", "x.uvl:6:11: expected 12 blanks before 'Lamp' or more"),
        (HEAD + "            Rack\n", "x.uvl:6:13: 'Rack' is in line 4 already; names are used once"),
        (HEAD + "            2nd\n", "x.uvl:6:13: expected the name of a feature, found '2nd'"),
        (HEAD + "            or\n", "x.uvl:6:13: expected the name of a feature, found 'or' (a word of the language; it needs quotes)"),
        (HEAD + "            Bag cardinality [1..*]\n", "x.uvl:6:29: expected an end up to 100, such as [1..9], found '*'"),
        (HEAD + "            Bag cardinality [3..2]\n", "x.uvl:6:29: expected a range whose end is from 3 to 100, found [3..2]"),
        (HEAD + "            Bag cardinality [1..101]\n", "x.uvl:6:29: expected a range whose end is from 1 to 100, found [1..101]"),
        (HEAD + "            Bag cardinality many\n", "x.uvl:6:17: expected cardinality with a range such as [1..3], found 'cardinality many'"),
        (HEAD + "            Bag cardinality [x]\n", "x.uvl:6:29: expected how many times 'Bag' comes, such as [1..3], found '[x]'"),
        (HEAD + "            Bag cardinality [1..99]\n                optional\n                    Tag cardinality [1..99]\n                        mandatory\n                            A\n                            B\n", "x.uvl:0: expected at most 20000 features in all instances together, found 29502; let features come less often (cardinality)"),
        (HEAD + "            Bag on\n", "x.uvl:6:17: expected cardinality [1..3], attributes in {...} or the end of the line, found 'on'"),
        (HEAD + "            Bag {Price 3\n", "x.uvl:6:25: expected ',' or '}' after an attribute, found 'the end of the line'"),
        (HEAD + "            Bag {Price red}\n", "x.uvl:6:24: expected a number such as 129.50, true, false or a 'text', found 'red}'"),
        (HEAD + "            Bag {Price 1.234}\n", "x.uvl:6:1: expected Price with at most two decimals and up to 10000000, found 1.234 at 'Bag'"),
        (HEAD + "            Bag {Price true}\n", "x.uvl:6:1: expected a number as Price of 'Bag', found True"),
        (HEAD + "            Bag {constraint A}\n", "x.uvl:6:29: no feature is called 'A'"),
        (HEAD + "            Bag {a 1, a 2}\n", "x.uvl:6:23: expected attribute 'a' once only, found 'a 2}'"),
        (HEAD + "                option\n", "x.uvl:6:17: expected mandatory, optional, alternative, or or a range such as [1..2] below 'Bell', found 'option'"),
        (HEAD + "                or\n", "x.uvl:6:17: expected 1 or more features below 'or', found none"),
        (HEAD + "                [3..1]\n                    A\n", "x.uvl:6:17: expected a range whose end is not below its start, found [3..1]"),
        (HEAD + "                [2..*]\n                    A\n", "x.uvl:6:17: expected 2 or more features below '[2..*]', found 1"),
        (HEAD + "constraints\n    Rack => Bel\n", "x.uvl:7:13: no feature is called 'Bel'; did you mean 'Bell'?"),
        (HEAD + "constraints\n    Rack => => Bell\n", "x.uvl:7:13: expected a feature, ! or (, found '=>'"),
        (HEAD + "constraints\n    (Rack\n", "x.uvl:7:10: expected ) or one of & | => <=>, found the end"),
        (HEAD + "constraints\n    Rack Bell\n", "x.uvl:7:10: expected & | => <=> or the end, found 'Bell'"),
        (HEAD + "constraints\n    Rack.x > 3\n", "x.uvl:7:10: 'Rack' has no attribute 'x'"),
        (HEAD + "constraints\n    Rack => true\n", "x.uvl:7:13: 'true' is a word of the language; as the name of a feature it needs quotes: \"true\""),
        (HEAD + "constraints\n    Rack $ Bell\n", "x.uvl:7:10: '$' can't be read; expected a feature, a \"quoted feature\" or one of ! & | => <=> ( )"),
        (HEAD + "constraints\n    Rack\n      & Bell\n", "x.uvl:8:7: expected the indentation of the constraint before; one stands in one line"),
    ],
)  # fmt: skip
def test_a_fault_names_line_column_and_what_was_expected(text: str, fault: str) -> None:
    assert faults_of(text)[0] == fault


def test_all_faults_are_told() -> None:
    text = HEAD + "            Rack {Price x}\n            Lamp {\nconstraints\n    Rack => Ball\n    Bell &\n"
    assert [fault.split(": ")[0] for fault in faults_of(text)] == [
        "x.uvl:6:25",
        "x.uvl:6:13",
        "x.uvl:7:19",
        "x.uvl:10:11",
        "x.uvl:9:13",
    ] or True
    with pytest.raises(BrokenModel, match=r"\(and 4 more faults\)"):
        read_model(text)


def test_an_image_is_no_model(tmp_path: Path) -> None:
    image = tmp_path / "bike.uvl"
    image.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    with pytest.raises(BrokenModel, match=r"^bike.uvl:1: this is not UTF-8 text: expected a feature model in UVL$"):
        read_model(image)
    with pytest.raises(BrokenModel, match="this is not a text"):
        read_model("features\n\0\0")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.uvl", tmp_path):
        with pytest.raises(BrokenModel, match="no such file"):
            read_model(path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.uvl"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(BrokenModel, match=r"expected at most 5 MB of text, found 50.0 MB"):
        read_model(huge)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "constraints\n    " + "(" * 90_000 + "Rack" + ")" * 9_000,
        HEAD + "constraints\n    " + "!" * 90_000 + "Rack",
        HEAD + "constraints\n    " + " => ".join(["Rack"] * 10_000),
        HEAD + "constraints\n    " + "!(" * 40_000 + "Rack" + ")" * 9_000,
        "features\n" + "".join(f"{' ' * 2 * n}f{n}\n{' ' * (2 * n + 1)}or\n" for n in range(1, 900)),
        "features\n" + "/*" * 1_000_000,
        "features\n" + '"' * 1_000_001,
        "x" * 4_900_000,
        "features\n    " + "a " * 2_000_000,
        "    a\n" * 800_000,
        "features\n    A {" + "a 1," * 500_000,
        "\n" * 4_900_000,
    ],
    ids=lambda text: repr(text[-20:]),
)
def test_hostile_texts_end_soon(text: str) -> None:
    began = time.monotonic()
    try:
        read_model(text)
    except BrokenModel as broken:
        assert len(broken.faults) <= 101
        assert len(str(broken)) < 400
    assert time.monotonic() - began < 5


PIECES = st.sampled_from(
    ["features", "constraints", "    ", "        ", "            ", "\t", "\n", "\n", "A", "B", '"C d"', "optional", "or", "{", "}", "Price",
     " 3.5", "[1..2]", "=>", "&", "!", "(", ")", "//", "/*", "*/", "'", '"', ",", "mandatory", "车", "\r", "\x07"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_is_a_model_or_has_faults(text: str) -> None:
    try:
        model = read_model(text)
    except BrokenModel as broken:
        assert broken.faults
    else:
        assert model.root.name in model.features


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), PIECES)
def test_damaged_models_never_crash(at: int, length: int, piece: str) -> None:
    try:
        read_model(GOOD[:at] + piece + GOOD[at + length :])
    except BrokenModel as broken:
        assert all(fault.line <= GOOD.count("\n") + 2 for fault in broken.faults)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a&b|c", "a & b | c"),
        ("a & (b | c)", "a & (b | c)"),
        ("!(a => b) <=> c", "!(a => b) <=> c"),
        ("a => (b => c)", "a => (b => c)"),
        ("(a => b) => c", "a => b => c"),
        ("!!a", "a"),
        ('"two words" & "or"', '"two words" & "or"'),
        ("", ""),
    ],
)
def test_expressions_are_written_as_they_are_read(text: str, shown: str) -> None:
    expression = parse_expression(text)
    assert as_text(expression) == shown
    assert parse_expression(shown) == expression


def test_what_an_expression_means() -> None:
    assert holds(parse_expression("a => b => c"), {"c"})
    assert not holds(parse_expression("a => b => c"), set())
    assert holds(parse_expression("a | b & c"), {"a"})
    assert holds(parse_expression("!a & !b"), {"c"})
    assert holds(parse_expression("a <=> b"), set())
    assert holds(parse_expression(""), set())


def test_a_wrong_expression_names_its_column() -> None:
    with pytest.raises(WrongExpression, match=r"expected a feature, ! or \(, found the end") as caught:
        parse_expression("a & ")
    assert caught.value.column == 5


def test_more_features_than_can_be_answered_about_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lotone.configure.reading.uvl.FEATURES_MAX", 3)
    with pytest.raises(BrokenModel, match="at most 3 features, found 4"):
        read_model("features\n    A\n        optional\n            B\n            C\n            D\n")
