"""Models written: reading what was written gives the same model, with the same configurations."""

import pytest
from hypothesis import given, settings
from pysat.solvers import Glucose4
from tests.configure.generated import texts

from lotone.configure import Feature, Model, NotBoolean, Unwritable, read_model, write_dimacs, write_uvl
from lotone.configure.reasoning.clauses import Clauses


def shape(feature: Feature) -> tuple[object, ...]:
    """Everything of a feature but the lines it stood in."""
    groups = [(group.kind, group.low, group.high, [shape(member) for member in group.members]) for group in feature.groups]
    return (
        feature.name, feature.type, feature.cardinality, feature.origin, feature.abstract, feature.price_cents,
        dict(feature.attributes), groups,
    )  # fmt: skip


def same(one: Model, other: Model) -> bool:
    rules = [[(rule.text, rule.expression) for rule in model.constraints] for model in (one, other)]
    return shape(one.root) == shape(other.root) and rules[0] == rules[1]


@given(texts(10, cloned=True))
@settings(max_examples=60, deadline=None)
def test_what_is_written_in_uvl_is_read_as_the_same_model(text: str) -> None:
    model = read_model(text)
    written = write_uvl(model)
    again = read_model(written)
    assert same(model, again)
    assert write_uvl(again) == written


def solutions(clauses: list[list[int]], named: set[int]) -> list[frozenset[int]]:
    with Glucose4(bootstrap_with=clauses) as solver:
        return [frozenset(literal for literal in found if literal in named) for found in solver.enum_models()]


@given(texts(7))
@settings(deadline=None)
def test_what_is_written_in_dimacs_has_the_same_configurations(text: str) -> None:
    model = read_model(text)
    clauses = Clauses(model)
    again = read_model(write_dimacs(model), name="x.dimacs")
    assert [name for name in again.features if name in model.features] == list(model.features)
    read = Clauses(again)
    ours = solutions(clauses.all(), set(range(1, len(clauses.names) + 1)))
    theirs = solutions(read.all(), {read.variable[name] for name in model.features})
    named = [frozenset(clauses.names[number - 1] for number in found) for found in ours]
    assert sorted(map(sorted, named)) == sorted(sorted(read.names[number - 1] for number in found) for found in theirs)


def test_everything_that_a_feature_has_is_written() -> None:
    text = """\
features
    Shop {abstract, Price 2, address {street 'High 5', number 5}, open [1, 2.5, true, 'x'], on}
        mandatory
            Integer Size
            String "Two words" {tag 'a'}
        [1..2]
            Bag cardinality [0..3] {Price 0.05}
                or
                    Red
                    "or"
            Bell
constraints
    Size > 3 & "Two words" == 'x' => Bell
    sum(Price) <= 10.5 | len("Two words") < 3
"""
    assert write_uvl(read_model(text)) == text


def test_a_price_that_was_changed_is_written() -> None:
    model = read_model("features\n    A {Price 1.5, W 2}\n")
    root = Feature("A", 2, price_cents=220, attributes=model.root.attributes)
    assert write_uvl(Model("x", root, ())) == "features\n    A {Price 2.2, W 2}\n"


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(NotBoolean, match=r"rules over numbers or texts \(Size\) have no form as clauses"):
        write_dimacs(read_model("features\n    A\n        mandatory\n            Integer Size\nconstraints\n    Size > 3\n"))
    with pytest.raises(Unwritable, match="no single quotes"):
        write_uvl(Model("x", Feature("A", 1, attributes={"a": "it's"}), ()))
