"""Choices in a few letters: what goes in comes out, and what was not made by us is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.configure import Model, read_model
from lotone.web.shop.shortly import WrongCode, choices_of, code_of, version_of

NAMES = [f"option_{number}" for number in range(700)]
MODEL = read_model("features\n    root\n        optional\n" + "".join(f"            {name}\n" for name in NAMES))


@pytest.fixture(scope="module")
def model() -> Model:
    return MODEL


@given(chosen=st.sets(st.sampled_from(NAMES)), version=st.integers(1, 999_999))
def test_what_goes_in_comes_out(chosen: set[str], version: int) -> None:
    code = code_of(MODEL, version, chosen)
    assert version_of(code) == version
    assert set(choices_of(MODEL, code)) == chosen
    assert code.replace("-", "").replace("_", "").isalnum()


def test_twenty_choices_fit_on_a_line(model: Model) -> None:
    assert len(code_of(model, 3, NAMES[::35])) < 40


@given(letters=st.text(max_size=30))
def test_what_was_not_made_by_us_is_refused_or_harmless(letters: str) -> None:
    try:
        assert set(choices_of(MODEL, f"1-{letters}")) <= set(MODEL.features)
    except WrongCode as fault:
        assert fault.where == "k"


@pytest.mark.parametrize("code", ["", "x", "-", "1e3-AA", "9999999-AA", "\N{SUPERSCRIPT TWO}-AA"])
def test_a_version_is_a_number(code: str) -> None:
    with pytest.raises(WrongCode):
        version_of(code)


@pytest.mark.parametrize("letters", ["!!", "gA", "_____w8", "a"])
def test_letters_that_say_too_much_or_too_little(letters: str, model: Model) -> None:
    with pytest.raises(WrongCode):
        choices_of(model, f"1-{letters}")
