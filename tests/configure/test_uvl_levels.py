"""UVL beyond plain rules: what attributes, sums, instances and imports mean, against every selection of small models."""
# ruff: noqa: E501  (the models and the faults stand here as they are written)

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from pysat.solvers import Glucose4
from tests.configure.generated import texts

from lotone.configure import (
    BrokenModel,
    Compare,
    FeatureType,
    Model,
    Unbound,
    bound,
    features_of,
    holds,
    parse_expression,
    phrase,
    read_model,
    write_uvl,
)
from lotone.configure.reasoning import comparisons, gates
from lotone.configure.reasoning.clauses import Clauses

SHARED = Path(__file__).parents[3] / "shared" / "data" / "configuration"


def by_trying(model: Model) -> set[frozenset[str]]:
    """Every selection of features that keeps all rules."""
    names = list(model.features)
    selections = (
        frozenset(name for name, bit in zip(names, bits, strict=True) if bit) for bits in product((0, 1), repeat=len(names))
    )
    return {selected for selected in selections if all(holds(rule.expression, selected) for rule in model.rules)}


def by_clauses(model: Model) -> list[frozenset[str]]:
    """The features of every solution of the clauses; a selection that comes twice would count twice."""
    clauses = Clauses(model)
    assert not clauses.atoms
    with Glucose4(bootstrap_with=clauses.all()) as solver:
        return [
            frozenset(clauses.names[number - 1] for number in found if 0 < number <= len(clauses.names))
            for found in solver.enum_models()
        ]


@given(texts())
@settings(max_examples=60, deadline=None)
def test_clauses_have_one_solution_for_every_selection_that_keeps_the_rules(text: str) -> None:
    model = read_model(text)
    found = by_clauses(model)
    assert len(found) == len(set(found))
    assert set(found) == by_trying(model)


@given(texts(6))
@settings(deadline=None)
def test_sums_in_binary_say_the_same_as_diagrams(text: str) -> None:
    model = read_model(text)
    before = comparisons.DIAGRAM_MAX, gates._PAIRS_MAX, gates._COUNTER_MAX
    comparisons.DIAGRAM_MAX, gates._PAIRS_MAX, gates._COUNTER_MAX = 0, 1, 0
    try:
        found = by_clauses(model)
    finally:
        comparisons.DIAGRAM_MAX, gates._PAIRS_MAX, gates._COUNTER_MAX = before
    assert len(found) == len(set(found))
    assert set(found) == by_trying(model)


@given(texts(5, cloned=True))
@settings(deadline=None)
def test_instances_are_used_in_turn_and_keep_the_rules(text: str) -> None:
    model = read_model(text)
    found = by_clauses(model)
    assert set(found) == by_trying(model)
    assert len(found) == len(set(found))
    for selected in found:
        for feature in model.features.values():
            if feature.cardinality and feature.name in selected:
                used = [member.name in selected for member in feature.groups[0].members]
                assert used == sorted(used, reverse=True)
                assert feature.cardinality[0] <= sum(used) <= feature.cardinality[1]


PRICED = "features\n    A {Price 2}\n        optional\n            B {Price 2}\n            C {Price 5, tag 'x'}\n            D {Price 10.5, on}\n"


@pytest.mark.parametrize(
    ("rule", "selected"),
    [
        ("sum(Price) == 7", [{"A", "C"}]),
        ("avg(Price) == 3.5", [{"A", "C"}]),
        ("sum(Price, B) == 2", [{"A", "B"}, {"A", "B", "C"}, {"A", "B", "D"}, {"A", "B", "C", "D"}]),
        ("sum(B, Price) == 2 & sum(Price) < 5", [{"A", "B"}]),
        ("floor(D.Price) == 10", [{"A", "D"}, {"A", "B", "D"}, {"A", "C", "D"}, {"A", "B", "C", "D"}]),
        ("B + C + D == 3", [{"A", "B", "C", "D"}]),
        ("D.on & C.tag == 'x' & !B", [{"A", "C", "D"}]),
        ("C.Price / B.Price == 2.5", [{"A", "B", "C"}, {"A", "B", "C", "D"}]),
        ("avg(Price, D) > 1000", []),
        ("!(C.Price / B.Price != 0) & C & D", [{"A", "C", "D"}]),
    ],
)
def test_what_sums_and_attributes_mean(rule: str, selected: list[set[str]]) -> None:
    model = read_model(f"{PRICED}constraints\n    {rule}\n")
    assert sorted(map(sorted, by_clauses(model))) == sorted(map(sorted, selected))


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("sum(Weight) < 3", "8:9: no attribute and no feature is called 'Weight'"),
        ("B.Prise < 3", "8:7: 'B' has no attribute 'Prise'; did you mean 'Price'?"),
        ("C.tag < 3", "8:5: expected two numbers or two texts, found a number and a text to compare"),
        ("sum(tag) < 3", "8:9: expected numbers as 'tag' to add up, found a text at 'C'"),
        ("C.tag + 1 == 3", "8:5: expected a number here, found a text"),
        ("B.Price < ", "8:14: expected a feature, ! or (, found the end"),
        ("B.Price + C", "8:16: expected a comparison such as == or < with this number or text, found the end"),
        ("sum(Price < 3", "8:15: expected , or ), found '<'"),
        ("B < (C | D)", "8:9: expected a number, a text or a feature with a value here, found a rule"),
        ("B.Price < 1 < 2", "8:17: expected one comparison only; join several by &, found '<'"),
        ("C.tag > 'x'", "8:13: texts are compared by == and != only, not by >"),
        ("B == 1234567890123456", "8:10: expected a number of at most 15 digits, found 123456789012345..."),
        ("3x > 1", "8:5: '3x > 1' can't be read; expected a number such as 129.50, or a name that begins with a letter"),
        ("C.tag == 'x", "8:14: expected a closing ' in this line"),
        ("len(B) > 1", "8:9: expected a text here, found a number"),
    ],
)
def test_faults_of_comparisons_name_line_column_and_what_was_expected(rule: str, fault: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        read_model(f"{PRICED}constraints\n    {rule}\n", name="x")
    assert str(caught.value.faults[0]) == f"x:{fault}"


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ("{a {b 1}", "3:15: expected ',' or '}' after an attribute, found 'the end of the line'"),
        ("{a [1, }", "3:14: expected a number such as 129.50, true, false or a 'text', found '}'"),
        ("{constraint }", "3:19: expected a constraint, found '}'"),
        ("{constraints A}", "3:20: expected [ after 'constraints', found 'A}'"),
        ("{constraint A => }", "3:23: expected a feature, ! or (, found the end"),
        ("{constraints [A, B]}", "3:24: no feature is called 'B'"),
        ("{a " + "{a " * 10 + "1}", "3:38: expected at most 10 levels of attributes"),
    ],
)
def test_faults_of_attributes(attributes: str, fault: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        read_model(f"features\n\n    A {attributes}\n", name="x")
    assert str(caught.value.faults[0]).startswith(f"x:{fault}"[:60])


def test_nested_attributes_lines_in_brackets_and_typed_features() -> None:
    model = read_model("""
features
    Shop {
        address {street 'High', number 5},
        open [1, 2.5, true, ['x']],
        constraint Size > 3
            & sum(number) == 0
    }
        mandatory
            Integer Size {number 0}
            Real Width
            String Sign
constraints
    (Size <
        Shop.address.number)
""")
    assert model.root.attributes == {"address": {"street": "High", "number": 5}, "open": (1, 2.5, True, ("x",))}
    assert [feature.type for feature in model.features.values()] == list(FeatureType)
    assert [(rule.text, rule.line) for rule in model.constraints] == [
        ("(Size < Shop.address.number)", 14),
        ("Size > 3 & sum(number) == 0", 3),
    ]
    assert all(holds(rule.expression, {"Shop", "Size"}, {"Size": 4}) for rule in model.constraints)
    assert not all(holds(rule.expression, {"Shop", "Size"}, {"Size": 5}) for rule in model.constraints)


def test_a_fault_in_joined_lines_names_its_own_line() -> None:
    with pytest.raises(BrokenModel) as caught:
        read_model("features\n    A {\n        a 1,\n        b red}\n", name="x")
    assert str(caught.value.faults[0]).startswith("x:4:11: expected a number")


def test_constraints_of_what_comes_several_times() -> None:
    head = "features\n    R\n        optional\n            A cardinality [1..2]\n                optional\n                    B\n                    C\n            D\nconstraints\n"
    within = read_model(head + "    B => C\n")
    assert set(within.features) == {"R", "A", "A[1]", "B[1]", "C[1]", "A[2]", "B[2]", "C[2]", "D"}
    assert all({"B[1]"} - selected or "C[1]" in selected for selected in by_clauses(within))
    assert any("B[1]" in selected and "C[2]" not in selected and "A[2]" in selected for selected in by_clauses(within))
    across = read_model(head + "    D => B\n")
    with_d = [selected for selected in by_clauses(across) if "D" in selected]
    assert with_d
    assert all({"B[1]", "B[2]"} & selected for selected in with_d)


def test_submodels_are_read_from_files_beside_the_model(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "wheel.uvl").write_text(
        "features\n    Wheel\n        or\n            Rim {W 3}\n            Tyre\nconstraints\n    Rim => Tyre\n"
    )
    bike = tmp_path / "bike.uvl"
    bike.write_text(
        "imports\n    parts.wheel as wheel\nfeatures\n    Bike\n        optional\n            wheel.Wheel\n            Rim\n"
        "constraints\n    Rim <=> wheel.Rim\n    wheel.Rim.W + 1 > 1 => wheel.Tyre\n"
    )
    model = read_model(bike)
    assert list(model.features) == ["Bike", "wheel/Wheel", "wheel/Rim", "wheel/Tyre", "Rim"]
    assert [rule.text for rule in model.constraints] == [
        '"wheel/Rim" => "wheel/Tyre"',
        'Rim <=> "wheel/Rim"',
        '"wheel/Rim".W + 1 > 1 => "wheel/Tyre"',
    ]
    assert {frozenset(model.features), frozenset({"Bike"}), frozenset({"Bike", "wheel/Wheel", "wheel/Tyre"})} == set(
        by_clauses(model)
    )
    assert by_trying(read_model(write_uvl(model))) == by_trying(model)


@pytest.mark.parametrize(
    ("imports", "fault"),
    [
        ("other", "2:5: expected a file other.uvl beside this one, found none"),
        ('"../secret"', "2:5: expected a model to import"),
        ('"/etc/x"', "2:5: expected a file /etc/x.uvl beside this one, found none"),
        ("bike", "2:5: expected at most 100 files, 8 levels, none of which imports itself; importing 'bike' passes that"),
        ("2x", "2:5: expected a model to import, such as 'parts.wheel as wheel', found '2x'"),
    ],
)
def test_faults_of_imports(imports: str, fault: str, tmp_path: Path) -> None:
    bike = tmp_path / "bike.uvl"
    bike.write_text(f"imports\n    {imports}\nfeatures\n    Bike\n        optional\n            bike.Bike\n")
    with pytest.raises(BrokenModel) as caught:
        read_model(bike)
    assert any(fault in str(found) for found in caught.value.faults)


def test_expressions_with_values() -> None:
    rule = parse_expression("Size * 2 >= 10 & len(Sign) < 3")
    assert holds(rule, {"Size", "Sign"}, {"Size": 5, "Sign": "ab"})
    assert not holds(rule, {"Size", "Sign"}, {"Size": 4.5, "Sign": "ab"})
    assert list(features_of(rule)) == ["Size", "Sign"]
    with pytest.raises(Unbound, match="has no value without a model"):
        holds(parse_expression("A.Price > 3"), {"A"})
    model = read_model(PRICED)
    assert holds(bound(parse_expression("sum(Price) == 12.5"), model), {"A", "D"})
    assert isinstance(parse_expression("A.on"), Compare)


def test_comparisons_in_words() -> None:
    model = read_model(f"{PRICED}constraints\n    B => sum(Price) <= 9.5\n    avg(Price, A) > C.Price * 2 | !D.on\n")
    first, second = (phrase(rule, model) for rule in model.constraints)
    assert first.en == "If B, then the sum of Price is at most 9.5"
    assert first.in_language("zh") == "如果B，则Price之和不超过9.5"
    assert second.en == "The average of Price below A is more than Price of C × 2 or no on of D"


def test_a_long_sum_stays_linear_in_size() -> None:
    sizes = []
    for many in (1000, 2000):
        lines = "".join(f"            f{number} {{W {number * 7919 % 10007}.{number % 97:02d}}}\n" for number in range(many))
        model = read_model(f"features\n    A\n        optional\n{lines}constraints\n    sum(W) > 1234567.89\n")
        sizes.append(len(Clauses(model).all()))
    assert sizes[1] < 2.3 * sizes[0] < 1_000_000


def test_a_large_alternative_stays_linear_in_size() -> None:
    lines = "".join(f"            f{number}\n" for number in range(20_000))
    model = read_model(f"features\n    A\n        alternative\n{lines}")
    assert len(Clauses(model).all()) < 200_000


def test_many_sums_over_many_features_are_refused() -> None:
    features = "".join(f"            f{number} {{W {number}.{number % 89}1}}\n" for number in range(2_000))
    rules = "".join(f"    sum(W) > {number}.5\n" for number in range(101))
    with pytest.raises(
        BrokenModel, match="expected sums over at most 200000 features in all together; let fewer rules add up 'W'"
    ):
        read_model(f"features\n    A\n        optional\n{features}constraints\n{rules}")


def test_a_deep_tree_is_refused() -> None:
    lines = []
    for level in range(10_000):
        lines += [f"{' ' * (2 * level + 1)}f{level}", f"{' ' * (2 * level + 2)}optional"] if level < 300 else []
    with pytest.raises(BrokenModel, match="expected at most 100 levels of features"):
        read_model("features\n" + "\n".join(lines))


@pytest.mark.parametrize(
    "name",
    ["bike.uvl", "Horcas2025_Icecream.uvl", "generated_fm0_typed.uvl", "busybox-1.18.0.uvl", "uClinux-distribution.uvl"],
)
def test_public_models_are_read_and_written(name: str) -> None:
    if not (SHARED / name).is_file():
        pytest.skip("the public models are not there")
    model = read_model(SHARED / name)
    again = read_model(write_uvl(model), name=name)
    assert list(again.features) == list(model.features)
    assert [rule.expression for rule in again.constraints] == [rule.expression for rule in model.constraints]
