"""Proofs about formulas and conditions over numbers and texts, against trying every value."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.configure import (
    CheckRule,
    Configurator,
    DemandRules,
    NoAmount,
    OperationRule,
    ParameterRule,
    PartRule,
    Range,
    Tables,
    TimeRule,
    Violation,
    ViolationKind,
    from_cell,
    parse_expression,
    prove,
    read_model,
)
from lotone.kernel import Words

CABIN = """features
    Cabin
        mandatory
            Integer Width
        optional
            Rack {Weight 4.5}
            Shelf {Weight 1.5}
            String Sign
constraints
    Width >= 60
    Width <= 240
    Rack => Width > 100
"""
SAW = OperationRule("saw", Words("Saw"), "saws", 10)


def found(rules: DemandRules, text: str = CABIN, **more: object) -> list[Violation]:
    return prove(Configurator(read_model(text)), rules, **more)  # type: ignore[arg-type]


def told(rules: DemandRules, text: str = CABIN) -> list[str]:
    return [one.words().en for one in found(rules, text)]


def beam(quantity: object, when: str = "") -> DemandRules:
    return DemandRules((SAW,), parts=(PartRule("beam", from_cell(quantity), "saw", parse_expression(when)),))


def test_quantities_are_more_than_nothing_for_every_width() -> None:
    assert told(beam("=Width * 0.02 - 1")) == []
    assert told(beam("=(Width - 70) * 0.02", "Rack")) == []
    (one,) = found(beam("=(Width - 70) * 0.02"))
    assert (one.kind, one.table, one.place, one.column) == (ViolationKind.TOO_SMALL, "parts", 0, "quantity")
    assert 60 <= int(one.values["Width"]) <= 70
    assert one.words().en.startswith("=(Width - 70) * 0.02 is too small, for example with Width = ")
    assert one.words().en.endswith("; expected more than 0")
    assert one.example(read_model(CABIN).features) == ("Cabin", f"Width = {one.values['Width']}")
    assert json.loads(json.dumps(one.as_json()))["values"] == one.values


def test_a_division_by_zero_is_found_before_it_happens() -> None:
    assert told(beam("=5 / (Width - 50)")) == []
    (one,) = found(beam("=500 / (Width - 100)", "Width >= 100"))
    assert one.kind is ViolationKind.NO_AMOUNT
    assert one.values == {"Width": 100}
    assert "it divides by zero" in one.words().en
    assert [one.kind for one in found(beam("=avg(Weight)"))] == [ViolationKind.NO_AMOUNT]
    assert told(beam("=avg(Weight)", "Rack | Shelf")) == []


def test_conditions_over_numbers_share_a_parameter_without_gap_or_overlap() -> None:
    def program(*conditions: str) -> DemandRules:
        rows = (ParameterRule("saw", "program", at, parse_expression(when)) for at, when in enumerate(conditions))
        return DemandRules((SAW,), parameters=tuple(rows))

    assert told(program("Width < 100", "Width >= 100 & Width < 200", "Width >= 200")) == []
    assert told(program("Width < 100", "Width > 100")) == ["'program' of 'saw' gets no value, for example with Width = 100"]
    assert told(program("Width <= 100", "Width >= 100")) == [
        "'program' gets a second value beside row 2, for example with Width = 100"
    ]
    assert told(program("Width < 60", "Width >= 60")) == ["no configuration has 'Width < 60'"]
    assert told(program("Rack & Width < 99", "")) == ["no configuration has 'Rack & Width < 99'"]


def test_durations_with_formulas() -> None:
    saw = OperationRule("saw", Words("Saw"), "saws", from_cell("=Width / 20"))
    faster = TimeRule("saw", -4, parse_expression("Rack"))
    assert told(DemandRules((saw,), (faster,))) == [], "a rack needs more than 100, so at least 5.05 minutes"
    (one,) = found(DemandRules((saw,), (faster, TimeRule("saw", from_cell("=0 - 2 * len(Sign)"), parse_expression("Sign")))))
    assert one.kind is ViolationKind.TOO_SHORT
    assert one.minutes is not None
    assert one.minutes <= 0
    minutes = (
        int(one.values["Width"]) / 20 - (4 if "Rack" in (one.configuration or ()) else 0) - 2 * len(str(one.values["Sign"]))
    )
    assert minutes == pytest.approx(one.minutes)


def test_settings_lie_in_the_range_that_the_machine_takes() -> None:
    rules = DemandRules((SAW,), parameters=(ParameterRule("saw", "width", from_cell("=Width * 10")),))
    assert found(rules, ranges={("saw", "width"): [Range("saw-1/width", 600, 2400)]}) == []
    (one,) = found(rules, ranges={("saw", "width"): [Range("saw-1/width", 600, 2000)]})
    assert one.kind is ViolationKind.OUT_OF_RANGE
    assert int(one.values["Width"]) > 200
    assert one.words().en.startswith("=Width * 10 is no value that saw-1/width takes, for example with Width = 2")
    assert one.words().en.endswith("; expected 600 to 2000")


def test_limits_of_checks_do_not_cross() -> None:
    def gap(low: object, high: object) -> list[ViolationKind]:
        check = CheckRule("saw", "gap", from_cell(low), from_cell(high))
        return [one.kind for one in found(DemandRules((SAW,), checks=(check,)))]

    assert gap("=Width - 1", "=Width + 1") == []
    assert gap("=Width", 240) == []
    assert gap("=Width", 239) == [ViolationKind.CROSSED]
    assert gap(3, 2) == [ViolationKind.CROSSED]


def test_what_does_not_fit_the_model() -> None:
    assert told(beam("=Hight * 2")) == ["no feature is called 'Hight'"]
    assert told(beam("=Rack.Wieght * 2")) == ["'Rack' has no attribute 'Wieght'; did you mean 'Weight'?"]
    assert told(beam("=Sign")) == ["expected a number here, found a text"]
    assert [one.column for one in found(beam("=Rack.Wieght * 2"))] == ["quantity"]
    assert told(beam(-2)) == ["-2 is too small, for example with none of them chosen; expected more than 0"]
    assert told(DemandRules((SAW, SAW))) == ["there is an operation 'saw' in row 2 already"]


SMALL = """features
    Box
        mandatory
            Integer Width
        optional
            Lid {Weight 2}
            Lock {Weight 3}
constraints
    Width >= 1
    Width <= 4
    Lock => Lid
"""
FORMULAS = ("=Width", "=Width - 1", "=2 - Width", "=6 / (Width - 3)", "=Width * Width - 2 * Width", "=sum(Weight)",
            "=avg(Weight)", "=Width - Lid.Weight", "=Width / (sum(Weight) - 5)")  # fmt: skip
WHENS = ("", "Lid", "!Lock", "Width > 2", "Width != 3", "Lid & Width < 3", "Width == 2 | Lock", "sum(Weight) > 4", "Width > 4")
SELECTIONS = (frozenset({"Box", "Width"}), frozenset({"Box", "Width", "Lid"}), frozenset({"Box", "Width", "Lid", "Lock"}))
formulas = st.sampled_from(FORMULAS).map(from_cell)
whens = st.sampled_from(WHENS).map(parse_expression)


@settings(max_examples=40, deadline=None)
@given(
    formulas, st.lists(st.builds(TimeRule, st.just("cut"), formulas | st.integers(-3, 2), whens), max_size=2),
    st.lists(st.builds(PartRule, st.just("board"), formulas, st.just("cut"), whens), max_size=2), whens,
)  # fmt: skip
def test_a_proof_about_formulas_says_what_every_value_says(
    minutes: float, times: list[TimeRule], parts: list[PartRule], when: object
) -> None:
    model = read_model(SMALL)
    rules = DemandRules((OperationRule("cut", Words("Cut"), "saws", minutes, when=when),), tuple(times), tuple(parts))  # type: ignore[arg-type]
    every = [(selected, {"Width": width}) for selected in SELECTIONS for width in range(1, 5)]
    breaking = [case for case in every if is_broken(rules, model, *case)]
    shown = [one for one in prove(Configurator(model), rules) if one.configuration is not None]
    assert bool(shown) == bool(breaking)
    for one in shown:
        assert (one.configuration, dict(one.values)) in breaking


def is_broken(rules: DemandRules, model: object, selected: frozenset[str], values: dict[str, int]) -> bool:
    """Looks at each row by itself, so that one part's gain does not hide another's lack."""
    bound = rules.bound(model)  # type: ignore[arg-type]
    for part in bound.parts:
        try:
            one = Tables(DemandRules(bound.operations, (), (part, PartRule("other", 1, "cut", part.when)))).explode(
                selected, values
            )
        except NoAmount:
            return True
        if one.parts and one.parts[0].part == "other":
            return True
    try:
        (operation,) = bound.operations
        demand = Tables(DemandRules((operation,), bound.times)).explode(selected, values)
    except NoAmount:
        return True
    return any(Fraction(str(need.minutes)) <= 0 for need in demand.operations)
