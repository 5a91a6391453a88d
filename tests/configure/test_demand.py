"""What a configuration needs: tables evaluated for one unit."""

import json

import pytest

from lotone.configure import (
    CheckNeed,
    CheckRule,
    CircularRouting,
    Configurator,
    Contradiction,
    Demand,
    DemandRules,
    Incomplete,
    OperationRule,
    ParameterRule,
    PartNeed,
    PartRule,
    TimeRule,
    explode,
    parse_expression,
    read_model,
)
from lotone.kernel import Words

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
