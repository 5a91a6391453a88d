"""Reading DIMACS: clauses become a flat model with the same solutions; faults name line and column."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.configure import BrokenModel, as_text, holds, parse_expression, read_model

CLAUSES = st.lists(st.lists(st.integers(-5, 5).filter(bool), max_size=4), max_size=8)


@given(CLAUSES)
@settings(deadline=None)
def test_the_constraints_say_what_the_clauses_say(clauses: list[list[int]]) -> None:
    text = f"c a comment\np cnf 5 {len(clauses)}\n" + "".join(" ".join(map(str, [*clause, 0])) + "\n" for clause in clauses)
    model = read_model(text, name="m.cnf")
    assert list(model.features) == ["m", "x1", "x2", "x3", "x4", "x5"]
    for bits in product((False, True), repeat=5):
        selected = {f"x{number}" for number in range(1, 6) if bits[number - 1]} | {"m"}
        wanted = all(any(bits[abs(literal) - 1] == (literal > 0) for literal in clause) for clause in clauses)
        assert all(holds(rule.expression, selected) for rule in model.constraints) is wanted
        assert all(holds(parse_expression(rule.text), selected) for rule in model.constraints) is wanted


def test_names_lines_and_clauses_over_several_lines() -> None:
    model = read_model(
        'c 1 Belt\nc 2 My "big" rack.v2\nc 3 Belt\np cnf 4 3\n-1\n2 0 -1 -2 0\n1 2 3\n4 0\n%\n0\n', name="bike.dimacs"
    )
    assert list(model.features) == ["bike", "Belt", "My _big_ rack_v2", "Belt_3", "x4"]
    assert [(rule.text, rule.line) for rule in model.constraints] == [
        ('Belt => "My _big_ rack_v2"', 5),
        ('!(Belt & "My _big_ rack_v2")', 6),
        ('Belt | "My _big_ rack_v2" | Belt_3 | x4', 7),
    ]
    assert all(as_text(rule.expression) == rule.text for rule in model.constraints)


def test_the_root_has_a_name_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "Belt.cnf"
    file.write_text("c 1 Belt\np cnf 1 1\n0\n")
    model = read_model(file)
    assert list(model.features) == ["Belt model", "Belt"]
    assert [rule.text for rule in model.constraints] == ['!"Belt model"']


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", " expected a line 'p cnf VARIABLES CLAUSES', found none"),
        ("1 2 0\n", "1:1: expected a line 'p cnf VARIABLES CLAUSES' before the first clause, found '1 2 0'"),
        ("p cnf x 3\n", "1:1: expected 'p cnf VARIABLES CLAUSES', such as 'p cnf 76 141', found 'p cnf x 3'"),
        ("p cnf 2 1\np cnf 2 1\n", "2:1: expected one line 'p cnf' only, found 'p cnf 2 1'"),
        ("p cnf 999999999999 1\n", "1:1: expected at most 200000 variables, found 999999999999"),
        ("p cnf 2 1\n1 3 0\n", "2:3: expected a variable up to 2, found 3"),
        ("p cnf 2 1\n1 two 0\n", "2:3: expected the number of a variable, found 'two'"),
        ("p cnf 2 1\n1 2\n", "2: expected 0 at the end of the last clause, found the end of the file"),
        ("p cnf 2 2\n1 2 0\n", " expected 2 clauses, as 'p cnf' says, found 1"),
        ("p cnf 2 1\n1 \0 0\n", "2: this is not a text: expected clauses in DIMACS"),
    ],
)
def test_a_fault_names_line_and_column(text: str, fault: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        read_model(text, name="x.cnf")
    assert str(caught.value.faults[0]) == f"x.cnf:{fault}"


@given(st.text(st.sampled_from("pcnf 0123-\n%x"), max_size=80))
@settings(deadline=None)
def test_any_text_is_clauses_or_has_faults(text: str) -> None:
    try:
        model = read_model(text, name="x.cnf")
    except BrokenModel as broken:
        assert broken.faults
    else:
        assert model.features
