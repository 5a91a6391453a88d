"""Models with numbers and texts: answers against every selection and every value of small models."""
# ruff: noqa: E501  (the models stand here as they are written)

from collections.abc import Iterator
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.configure.generated import rules, trees

from lotone.configure import Configurator, Limits, Model, as_text, holds, parse_expression, read_model
from lotone.configure.model.expression import Values
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.reasoning.sat import Deadline
from lotone.configure.reasoning.typed import Typed
from lotone.configure.reasoning.typed_reasons import TypedReasons

NUMBERS = range(-2, 4)
WORDS = ["", "red", "blue", "abc", "x"]


@st.composite
def typed_models(draw: st.DrawFn) -> Model:
    """Up to five features, a whole number N from -2 to 3, a text T, and constraints over all of them."""
    lines, names = draw(trees(5))
    lines[0] = f"    {names[0]} {{W 2}}"
    lines += ["        optional", "            Integer N {constraint N >= -2 & N <= 3}", "            String T"]
    found = draw(st.lists(rules(names, values=("N",), texts=("T",)), min_size=1, max_size=3))
    return read_model("\n".join(["features", *lines, "constraints", *(f"    {rule}" for rule in found), ""]))


def by_trying(model: Model) -> Iterator[tuple[frozenset[str], Values]]:
    """Every selection and every value; the texts are those that rules mention, and others of three lengths."""
    names = list(model.features)
    for bits in product((False, True), repeat=len(names)):
        selected = frozenset(name for name, bit in zip(names, bits, strict=True) if bit)
        for number in NUMBERS if "N" in selected else [0]:
            for word in WORDS if "T" in selected else [""]:
                values = {"N": number, "T": word}
                if all(holds(rule.expression, selected, values) for rule in model.rules):
                    yield selected, values


def with_long_words(model: Model) -> bool:
    """Lengths beyond those of the words that are tried could make more possible; such models are left out."""
    return any("len" in rule.text for rule in model.constraints)


@given(typed_models())
@settings(max_examples=50, deadline=None)
def test_states_and_bounds_are_those_of_all_configurations(model: Model) -> None:
    typed = Typed(model, clauses := Clauses(model))
    known = list(by_trying(model))
    cost = np.zeros(clauses.top + 1, dtype=np.int64)
    cost[1 : len(clauses.names) + 1] = range(3, len(clauses.names) + 3)
    answer = typed.answer([], cost)
    if with_long_words(model):
        assert answer is not None or not known
        return
    if not known:
        assert answer is None
        return
    assert answer is not None
    for number, name in enumerate(clauses.names, start=1):
        assert answer.can_be_in[number] == any(name in selected for selected, _ in known), name
        assert answer.can_be_out[number] == any(name not in selected for selected, _ in known), name
    costs = [sum(int(cost[clauses.variable[name]]) for name in selected) for selected, _ in known]
    assert (answer.low, answer.high) == (min(costs), max(costs))
    assert typed.count([]) == len({selected for selected, _ in known})


@given(typed_models(), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_what_is_found_keeps_all_rules(model: Model, seed: int) -> None:
    typed = Typed(model, clauses := Clauses(model))
    cost = np.ones(clauses.top + 1, dtype=np.int64)
    for found in (
        typed.solution([]),
        typed.solution([clauses.variable["N"]]),
        typed.solution([], {"N": 1, "T": "quite other"}),
    ):
        if found is not None:
            selected = {name for number, name in enumerate(clauses.names, start=1) if found.is_in[number]}
            broken = [as_text(rule.expression) for rule in model.rules if not holds(rule.expression, selected, found.values)]
            assert not broken
    sample, cheapest = typed.sample([], Random(seed)), typed.cheapest([], cost)
    assert (sample is None) is (cheapest is None) is (typed.solution([]) is None)


SIZED = read_model("""
features
    Bike {W 1}
        mandatory
            Integer Inch {constraint Inch >= 12 & Inch <= 29}
        optional
            Real Load
            String Name
            Kids {W 2}
            Rack {Price 10}
constraints
    Kids <=> Inch < 20
    Load * 2 <= Inch + 0.5
    Load > 0 => Rack
    Load == 10.25 => Kids
    Inch * Inch != 400
    Name == 'Max' | Name == 'Moritz' | !Name
    floor(Load) == 7 => ceil(Load) == 8 & Kids
    sum(Load, Inch) < 40
""")


@pytest.fixture(scope="module")
def bike() -> Typed:
    return Typed(SIZED, Clauses(SIZED))


def number_of(name: str) -> int:
    return list(SIZED.features).index(name) + 1


def test_values_and_choices_restrict_each_other(bike: Typed) -> None:
    assert bike.is_possible([number_of("Kids")], {"Inch": 16})
    assert not bike.is_possible([number_of("Kids")], {"Inch": 26})
    assert not bike.is_possible([], {"Inch": 20})
    assert not bike.is_possible([], {"Inch": 16.5})
    assert not bike.is_possible([], {"Name": "Witwe Bolte"})
    assert bike.is_possible([], {"Name": "Moritz"})
    assert not bike.is_possible([], {"Load": 10.25})
    assert bike.is_possible([], {"Load": 10.249, "Inch": 26})
    assert not bike.is_possible([-number_of("Rack")], {"Load": 0.001})
    assert not bike.is_possible([-number_of("Kids")], {"Load": 7.5})
    assert not bike.is_possible([], {"Load": 0.0001})


def test_domains(bike: Typed) -> None:
    inch = bike.domain("Inch")
    assert inch is not None
    assert (inch.low, inch.high) == (12, 29)
    kids = bike.domain("Inch", [number_of("Kids")])
    assert kids is not None
    assert (kids.low, kids.high) == (12, 19)
    load = bike.domain("Load", [], {"Inch": 25})
    assert load is not None
    assert (load.low, load.high) == (-1_000_000, 12.75)
    name = bike.domain("Name")
    assert name is not None
    assert (name.texts, name.has_others) == (("Max", "Moritz"), False)
    assert bike.domain("Rack") is None


def test_reasons_are_minimal() -> None:
    clauses = Clauses(SIZED)
    reasons = TypedReasons(SIZED, clauses)
    never = [clauses.literal(parse_expression("Load > 0")), -number_of("Rack")]
    core = reasons.core([*never, number_of("Name")], Deadline(Limits(), "why"))
    assert {literal for literal in core if abs(literal) <= clauses.top} == set(never)
    assert [SIZED.rules[number].text for number in reasons.rules_in(core)] == ["Load > 0 => Rack"]
    model = read_model(
        "features\n    A\n        optional\n            B\n            C\n            Integer D\nconstraints\n    B => D > 5\n    C => D < 3\n    D < 9\n"
    )
    why = Configurator(model).explain(["B"], "C")
    assert why.take_back == ("B",)
    assert [rule.text for rule in why.rules] == ["B => D > 5", "C => D < 3"]


def test_texts_of_features_are_compared_with_each_other() -> None:
    model = read_model(
        "features\n    A\n        mandatory\n            String X\n            String Y\n            String Z\n        optional\n            B\n"
        "constraints\n    X != Y & Y != Z & X != Z\n    len(X) == 1 & len(Y) == 1 & len(Z) == 4\n    B => X == 'a' & Y == 'b'\n    B => Z == 'c'\n"
    )
    typed = Typed(model, Clauses(model))
    found = typed.solution([])
    assert found is not None
    assert sorted(len(str(text)) for text in found.values.values()) == [1, 1, 4]
    assert len(set(found.values.values())) == 3
    assert not typed.is_possible([list(model.features).index("B") + 1])


def test_the_configurator_answers_by_it() -> None:
    configurator = Configurator(SIZED)
    assert isinstance(configurator.reasoner, Typed)
    assert configurator.options(["Kids"]).forced == ("Bike", "Inch")
    assert configurator.options([]).count == 16


def test_numbers_that_grow_too_large_are_told() -> None:
    model = read_model(
        "features\n    A\n        mandatory\n            Real X\n            Real Y\nconstraints\n    X * 1234567890.125 + Y / 3 > 0.1234567890123\n"
    )
    with pytest.raises(TooHard, match="grow beyond"):
        Typed(model, Clauses(model)).is_possible([])
