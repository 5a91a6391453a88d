"""What a configuration needs: tables evaluated for one unit."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.configure import (
    CheckNeed,
    CheckRule,
    CircularRouting,
    Configurator,
    Contradiction,
    Demand,
    DemandRules,
    Incomplete,
    NoAmount,
    OperationRule,
    ParameterRule,
    PartNeed,
    PartRule,
    Quantity,
    Tables,
    TimeRule,
    explode,
    from_cell,
    holds,
    in_working_order,
    parse_expression,
    read_model,
)
from lotone.kernel import LotOneError, Words

MODEL = read_model("""features
    Bike
        alternative
            Red
            Raw
        optional
            Rack
""")
RULES = DemandRules(
    operations=(
        OperationRule("pack", Words(en="Pack", zh="包装"), "packing", 10, after=("rack", "dry")),
        OperationRule("weld", Words(en="Weld"), "frames", 20, work_units=("weld-1",)),
        OperationRule("paint", Words(en="Paint"), "painting", 30, ("weld",), 15, when=parse_expression("Red")),
        OperationRule("dry", Words(en="Dry"), "ovens", 40, ("paint",), when=parse_expression("!Raw")),
        OperationRule("rack", Words(en="Rack"), "racks", 5, ("weld",), when=parse_expression("Rack")),
    ),
    times=(TimeRule("weld", 2.5, parse_expression("Rack")), TimeRule("weld", -30, parse_expression("Raw & !Rack"))),
    parts=(
        PartRule("tube", 2, "weld"),
        PartRule("tube", 1, "weld", parse_expression("Rack")),
        PartRule("paint", 0.4, "paint"),
    ),
    parameters=(
        ParameterRule("paint", "colour", 3000, parse_expression("Red")),
        ParameterRule("weld", "program", "long", parse_expression("Rack")),
        ParameterRule("weld", "program", "short", parse_expression("!Rack")),
    ),
    checks=(CheckRule("paint", "thickness", 60, None),),
)


def test_everything_chosen() -> None:
    demand = explode(RULES, {"Bike", "Red", "Rack"})
    assert [operation.step for operation in demand.operations] == ["weld", "paint", "dry", "rack", "pack"]
    assert demand.parts == (PartNeed("tube", 3, "weld"), PartNeed("paint", 0.4, "paint"))
    weld, paint = demand.operation("weld"), demand.operation("paint")
    assert (weld.minutes, weld.work_units, weld.parameters) == (22.5, ("weld-1",), {"program": "long"})
    assert (paint.wait_after_minutes, paint.parameters) == (15, {"colour": 3000})
    assert paint.checks == (CheckNeed("thickness", 60, None),)
    assert demand.operation("pack").after == ("rack", "dry")
    assert demand.minutes == 107.5


def test_operations_left_out_pass_on_what_they_waited_for() -> None:
    demand = explode(RULES, {"Bike", "Raw"})
    assert [operation.step for operation in demand.operations] == ["weld", "pack"]
    assert demand.operation("pack").after == ("weld",)
    assert demand.operation("weld").minutes == 0
    assert demand.parts == (PartNeed("tube", 2, "weld"),)


def test_limits_of_a_check() -> None:
    assert CheckNeed("x", 1, 2).is_passed(1)
    assert not CheckNeed("x", 1, 2).is_passed(2.01)
    assert CheckNeed("x", None, 2).is_passed(-5)
    assert not CheckNeed("x", 1, None).is_passed(0)


def test_only_a_complete_and_valid_configuration_is_exploded() -> None:
    configurator = Configurator(MODEL, RULES)
    assert configurator.explode(["Bike", "Raw"]).minutes == 10
    with pytest.raises(Incomplete):
        configurator.explode(["Bike"])
    with pytest.raises(Contradiction):
        configurator.explode(["Bike", "Red", "Raw"])


def test_circles_are_named() -> None:
    circle = DemandRules((
        OperationRule("a", Words(en="A"), "x", 1, ("b",)),
        OperationRule("b", Words(en="B"), "x", 1, ("a",)),
    ))  # fmt: skip
    with pytest.raises(CircularRouting, match="a, b wait for each other"):
        explode(circle, {"Bike"})


def test_rules_and_demands_survive_json() -> None:
    assert DemandRules.from_json(json.loads(json.dumps(RULES.as_json()))) == RULES
    demand = explode(RULES, {"Bike", "Red", "Rack"})
    assert Demand.from_json(json.loads(json.dumps(demand.as_json()))) == demand


# formulas

CABIN = read_model("""features
    Cabin
        mandatory
            Integer Width
            String Sign
        optional
            Rack {Weight 4.5}
            Shelf {Weight 1.25}
""")
MADE_TO_MEASURE = DemandRules(
    operations=(
        OperationRule("saw", Words(en="Saw"), "saws", from_cell("=12 + 0.1 * Width"), (), from_cell("=len(Sign)")),
        OperationRule("mark", Words(en="Mark"), "lasers", from_cell("=0.5 * len(Sign)"), when=parse_expression("Width > 90")),
    ),
    times=(TimeRule("saw", from_cell("=Width / 50"), parse_expression("Rack")),),
    parts=(
        PartRule("beam", from_cell("=Width * 0.02"), "saw"),
        PartRule("beam", 1, "saw", parse_expression("Rack")),
        PartRule("screw", from_cell("=sum(Weight) * 4"), "saw"),
    ),
    parameters=(
        ParameterRule("saw", "width", from_cell("=Width")),
        ParameterRule("saw", "load", from_cell("=sum(Weight) + Rack.Weight")),
        ParameterRule("mark", "text", from_cell("=Sign")),
    ),
    checks=(CheckRule("saw", "width", from_cell("=Width - 0.5"), from_cell("=Width + 0.5")),),
)


def test_formulas_are_computed_exactly() -> None:
    tables = Tables(MADE_TO_MEASURE.bound(CABIN))
    demand = tables.explode({"Cabin", "Width", "Sign", "Rack", "Shelf"}, {"Width": 110, "Sign": "Ada"})
    saw, mark = demand.operation("saw"), demand.operation("mark")
    assert (saw.minutes, saw.wait_after_minutes, mark.minutes) == (25.2, 3.0, 1.5)
    assert demand.parts == (PartNeed("beam", 3.2, "saw"), PartNeed("screw", 23.0, "saw"))
    assert saw.parameters == {"width": 110, "load": 10.25}
    assert isinstance(saw.parameters["width"], int)
    assert mark.parameters == {"text": "Ada"}
    assert saw.checks == (CheckNeed("width", 109.5, 110.5),)


def test_conditions_over_numbers_and_what_is_not_selected() -> None:
    demand = Tables(MADE_TO_MEASURE.bound(CABIN)).explode({"Cabin", "Width", "Sign"}, {"Width": 90, "Sign": ""})
    assert [operation.step for operation in demand.operations] == ["saw"]
    assert demand.parts == (PartNeed("beam", 1.8, "saw"),), "nothing weighs anything, so there are no screws"
    assert demand.operation("saw").parameters == {"width": 90, "load": 0}


def test_a_unit_made_to_measure() -> None:
    model = read_model(CABIN.text + "constraints\n    Width <= 300\n    Rack => Width >= 80\n")
    cabin = Configurator(model, MADE_TO_MEASURE)
    chosen = ["Cabin", "Width", "Sign", "Rack"]
    assert cabin.explode(chosen, {"Width": 110, "Sign": "Ada"}).operation("saw").parameters["width"] == 110
    assert cabin.explode(chosen, {"Width": "110", "Sign": "Ada"}).operation("saw").parameters["width"] == 110
    with pytest.raises(Incomplete, match="still missing: a value for Sign"):
        cabin.explode(chosen, {"Width": 110})
    with pytest.raises(LotOneError):
        cabin.explode(chosen, {"Width": 79, "Sign": "Ada"})


def test_a_formula_without_a_value_is_told() -> None:
    rules = DemandRules((OperationRule("saw", Words(en="Saw"), "saws", from_cell("=12 / (Width - 90)")),))
    with pytest.raises(NoAmount, match=r"the formula =12 / \(Width - 90\) has no value here: it divides by zero"):
        explode(rules, {"Width"}, {"Width": 90})
    with pytest.raises(NoAmount, match="gives the text 'Ada'; expected a number"):
        explode(DemandRules((OperationRule("saw", Words(en="Saw"), "saws", from_cell("=Sign")),)), {"Sign"}, {"Sign": "Ada"})


def test_a_product_of_many_large_numbers_is_told_as_well() -> None:
    large = from_cell("=" + "*".join(["999999999999999"] * 199))
    saw = OperationRule("saw", Words(en="Saw"), "saws", 1.0)
    for rules in (
        DemandRules((OperationRule("saw", Words(en="Saw"), "saws", large),)),
        DemandRules((saw,), parameters=(ParameterRule("saw", "load", large),)),
    ):
        with pytest.raises(NoAmount, match="gives a number over 1e"):
            explode(rules, set())


def test_formulas_survive_json() -> None:
    plain = json.loads(json.dumps(MADE_TO_MEASURE.as_json()))
    assert DemandRules.from_json(plain) == MADE_TO_MEASURE
    assert plain["parts"][0]["quantity"] == "=Width * 0.02"
    looks_like_one = DemandRules((), parameters=(ParameterRule("saw", "text", "=Ada"),))
    again = DemandRules.from_json(json.loads(json.dumps(looks_like_one.as_json())))
    assert again.parameters[0].value == from_cell("='=Ada'"), "a text that begins with = stays that text"


def test_content_that_was_stored_before_formulas_and_slots_is_read() -> None:
    stored: dict[str, list[dict[str, Any]]] = {
        "operations": [{"id": "saw", "words": {"en": "Saw"}, "work_center": "saws", "minutes": 5.0, "after": [],
                        "wait_after_minutes": 0.0, "work_units": None, "when": ""}],
        "times": [],
        "parts": [{"part": "beam", "quantity": 2.0, "operation": "saw", "when": "Rack"}],
        "parameters": [{"operation": "saw", "parameter": "width", "value": "wide", "when": ""}],
        "checks": [{"operation": "saw", "check": "gap", "low": None, "high": 0.5, "when": ""}],
    }  # fmt: skip
    rules = DemandRules.from_json(stored)
    assert rules.parts == (PartRule("beam", 2.0, "saw", parse_expression("Rack")),)
    assert rules.as_json()["parts"] == stored["parts"], "what says nothing new is written as before"


NAMES = ("a", "b", "c", "d")
CONDITIONS = ("", "a", "!b", "a & !b", "a | b", "!(a | c)", "(a | b) & (c | d)", "a => b", "a <=> c", "!(a => b)",
              "(a <=> b) | (c & !d)", "a & !a", "(a | b) & (b | c) & (c | d) & (d | a) & (!a | !b)")  # fmt: skip
conditions = st.sampled_from(CONDITIONS).map(parse_expression)
steps = st.sampled_from(["one", "two", "three"])


@st.composite
def random_tables(draw: st.DrawFn) -> DemandRules:
    operations = tuple(
        OperationRule(name, Words(name), "hall", draw(st.integers(1, 9)), after, when=draw(conditions))
        for name, after in (("one", ()), ("two", ("one",)), ("three", ("one", "two")))
    )
    return DemandRules(
        operations,
        tuple(draw(st.lists(st.builds(TimeRule, steps, st.integers(-5, 5), conditions), max_size=5))),
        tuple(draw(st.lists(st.builds(PartRule, st.sampled_from("xyz"), st.integers(1, 3), steps, conditions), max_size=8))),
        tuple(draw(st.lists(st.builds(ParameterRule, steps, st.sampled_from("pq"), st.integers(), conditions), max_size=6))),
    )


def number(quantity: Quantity) -> float:
    assert isinstance(quantity, int | float)
    return quantity


@given(random_tables(), st.sets(st.sampled_from(NAMES)))
def test_all_conditions_at_once_are_each_condition_by_itself(rules: DemandRules, selected: set[str]) -> None:
    demand = explode(rules, selected)
    present = [rule for rule in in_working_order(rules.operations) if holds(rule.when, selected)]
    assert [need.step for need in demand.operations] == [rule.id for rule in present]
    quantities: dict[tuple[str, str], float] = {}
    for row in rules.parts:
        if holds(row.when, selected) and row.operation in {rule.id for rule in present}:
            quantities[row.part, row.operation] = quantities.get((row.part, row.operation), 0) + number(row.quantity)
    assert demand.parts == tuple(PartNeed(part, quantity, step) for (part, step), quantity in quantities.items())
    for need, rule in zip(demand.operations, present, strict=True):
        times = (number(row.add_minutes) for row in rules.times if row.operation == rule.id and holds(row.when, selected))
        assert need.minutes == max(0, number(rule.minutes) + sum(times))
        own = (row for row in rules.parameters if row.operation == rule.id and holds(row.when, selected))
        assert need.parameters == {row.parameter: row.value for row in own}


@given(random_tables(), st.lists(st.sets(st.sampled_from(NAMES)), min_size=2, max_size=6))
def test_what_is_kept_from_earlier_configurations_changes_no_later_one(rules: DemandRules, asked: list[set[str]]) -> None:
    tables = Tables(rules)
    for selected in [*asked, *asked]:
        assert tables.explode(selected) == Tables(rules).explode(selected)
