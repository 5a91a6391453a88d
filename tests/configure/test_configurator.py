"""The configurator's answers against trying every configuration."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pysat.solvers import Glucose4
from uvllang import UVL

from lotone.configure import (
    Configurator,
    Contradiction,
    Explanation,
    Group,
    GroupKind,
    Incomplete,
    Model,
    Rule,
    RuleKind,
    UnknownFeature,
    holds,
    parse_expression,
    phrase,
    read_model,
)
from lotone.configure.reasoning.bounds import price_bound
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.search import Search
from lotone.configure.reasoning.wishes import UnknownAttribute
from lotone.kernel import Money

BIKE = """features
    Bike {abstract}
        mandatory
            Frame {Price 400}
                alternative
                    Small
                    Large {Price 20.50}
            Drive
                alternative
                    Belt {Price 190}
                    Chain {Price 80}
        optional
            "Child seat" {Price 120}
            Rack {Price 45}
            Lights
                [1..2]
                    Front {Price 30}
                    Rear {Price 20}
                    Brake {Price 60}
constraints
    "Child seat" => Rack
    Belt => Large
    !(Rack & Brake)
"""


KINDS = ("mandatory", "optional", "alternative", "or", "[1..2]", "[0..1]", "[2]", "[1..*]")


@st.composite
def trees(draw: st.DrawFn, most: int = 9) -> tuple[list[str], list[str]]:
    """The lines of a section `features`, and the names in it."""
    count = draw(st.integers(1, most))
    names = [f"f{number}" if number % 4 else f"the {number}" for number in range(count)]
    lines, used = [], [names[0]]

    def feature(name: str, depth: int) -> None:
        price = draw(st.sampled_from(["", " {Price 3}", " {Price 1.25}", " {abstract, Price -2}", " {note 'a, b'}"]))
        lines.append("    " * depth + (f'"{name}"' if " " in name else name) + price)
        while len(used) < count and draw(st.booleans()):
            heading = draw(st.sampled_from(KINDS))
            size = min(draw(st.integers(1, 4)), count - len(used))
            if heading == "[2]" and size < 2:
                heading = "or"
            members = names[len(used) : len(used) + size]
            used.extend(members)
            lines.append("    " * (depth + 1) + heading)
            for member in members:
                feature(member, depth + 2)

    feature(names[0], 1)
    return lines, list(used)


@st.composite
def expressions(draw: st.DrawFn, names: list[str], depth: int = 3) -> str:
    kind = draw(
        st.sampled_from(["name", "not", "and", "or", "implies", "equal", "enclosed"] if depth else ["name", "not name"])
    )
    name = draw(st.sampled_from(names))
    written = f'"{name}"' if " " in name else name
    if kind == "name":
        return written
    if kind == "not name":
        return f"!{written}"
    one = draw(expressions(names, depth - 1))
    if kind == "enclosed":
        return f"({one})"
    if kind == "not":
        return f"!({one})"
    other = draw(expressions(names, depth - 1))
    sign = {"and": "&", "or": "|", "implies": "=>", "equal": "<=>"}[kind]
    return f"({one}) {sign} ({other})" if draw(st.booleans()) else f"{one} {sign} {other}"


@st.composite
def model_texts(draw: st.DrawFn, most: int = 9) -> str:
    lines, names = draw(trees(most))
    rules = draw(st.lists(expressions(names), max_size=4))
    section = ["constraints", *("    " + rule for rule in rules)] if rules else []
    return "\n".join(["features", *lines, *section]) + "\n"


def configurations(model: Model) -> list[frozenset[str]]:
    """All valid configurations, by trying every subset."""
    names = list(model.features)
    subsets = (frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size))
    return [subset for subset in subsets if is_valid(model, subset)]


def is_valid(model: Model, chosen: frozenset[str]) -> bool:
    if model.root.name not in chosen:
        return False
    if any(feature.parent not in chosen for feature in model.features.values() if feature.name in chosen and feature.parent):
        return False
    groups = [group for feature in model.root for group in feature.groups if feature.name in chosen]
    return all(_is_obeyed(group, chosen) for group in groups) and all(
        holds(rule.expression, chosen) for rule in model.constraints
    )


def _is_obeyed(group: Group, chosen: frozenset[str]) -> bool:
    count = sum(member.name in chosen for member in group.members)
    size = len(group.members)
    limits = {
        GroupKind.MANDATORY: (size, size),
        GroupKind.OPTIONAL: (0, size),
        GroupKind.ALTERNATIVE: (1, 1),
        GroupKind.OR: (1, size),
        GroupKind.RANGE: (group.low, group.high),
    }
    low, high = limits[group.kind]
    return low <= count <= high


def configurator_of(model: Model, is_searched: bool) -> Configurator:
    """One that has compiled the model, or one that answers by search."""
    configurator = Configurator(model)
    if is_searched:
        configurator.use(configurator.formula.search())
    return configurator


@pytest.fixture(scope="module")
def bike() -> Configurator:
    return Configurator(read_model(BIKE, name="bike.uvl"))


def price_of(model: Model, configuration: frozenset[str]) -> int:
    return sum(model.features[name].price_cents for name in configuration)


@st.composite
def models_and_choices(draw: st.DrawFn) -> tuple[Model, list[str], list[str]]:
    model = read_model(draw(model_texts()))
    names = st.lists(st.sampled_from(list(model.features)), unique=True, max_size=3)
    choices = draw(names)
    return model, choices, [name for name in draw(names) if name not in choices]


@given(models_and_choices(), st.booleans())
def test_options_are_those_of_all_configurations(case: tuple[Model, list[str], list[str]], is_searched: bool) -> None:
    """Nothing shown that is not possible, nothing possible hidden; bounds of the price attained; by circuit and by search."""
    model, choices, refused = case
    valid = [chosen for chosen in configurations(model) if chosen.issuperset(choices) and chosen.isdisjoint(refused)]
    configurator = configurator_of(model, is_searched)
    if not valid:
        with pytest.raises(Contradiction):
            configurator.options(choices, refused)
        return
    always, ever = frozenset.intersection(*valid), frozenset.union(*valid)
    options = configurator.options(choices, refused)
    assert set(options.selected) == set(choices)
    assert set(options.forced) == always - set(choices)
    assert set(options.impossible) == set(model.features) - ever
    assert set(options.possible) == ever - always
    assert options.configuration == always
    assert options.is_complete == (len(valid) == 1)
    assert [*model.features] == sorted(
        [*options.selected, *options.forced, *options.possible, *options.impossible], key=[*model.features].index
    )
    prices = [price_of(model, chosen) for chosen in valid]
    assert options.price.cents == price_of(model, always)
    assert options.is_price_attained
    assert (options.price_min.cents, options.price_max.cents) == (min(prices), max(prices))
    assert options.count == (None if is_searched else len(valid))
    assert configurator.count(choices, refused) == options.count
    with_each = {name: min(price_of(model, chosen) for chosen in valid if name in chosen) for name in ever}
    assert is_searched or {name: price.cents for name, price in options.price_with.items()} == with_each
    bounds = [price_bound(model.root, always, set(options.impossible), lowest=lowest) for lowest in (True, False)]
    assert bounds[0] <= min(prices) <= max(prices) <= bounds[1]


@given(models_and_choices())
def test_switchable_needs_only_another_choice_beside_it(case: tuple[Model, list[str], list[str]]) -> None:
    model, choices, refused = case
    valid = [chosen for chosen in configurations(model) if chosen.isdisjoint(refused)]
    configurator = Configurator(model)
    if not any(chosen.issuperset(choices) for chosen in valid):
        return
    options = configurator.options(choices, refused)
    for name in options.impossible:
        path = [name, *model.above(name)]
        groups = [(own, model.group_of[own]) for own in path if own in model.group_of]
        beside = {
            below.name
            for own, group in groups
            for member in group.members
            for below in member
            if group.kind is GroupKind.ALTERNATIVE and member.name != own
        }
        kept = [choice for choice in choices if choice not in beside]
        fits = any(chosen.issuperset([*kept, name]) for chosen in valid)
        assert (name in options.switchable) == (len(kept) < len(choices) and fits)


@given(models_and_choices(), st.booleans())
def test_complete_is_the_cheapest_and_valid(case: tuple[Model, list[str], list[str]], is_searched: bool) -> None:
    model, choices, refused = case
    valid = [chosen for chosen in configurations(model) if chosen.issuperset(choices) and chosen.isdisjoint(refused)]
    configurator = configurator_of(model, is_searched)
    if not valid:
        with pytest.raises(Contradiction):
            configurator.complete(choices, refused)
        return
    completed = configurator.complete(choices, refused)
    best = min((price_of(model, chosen), len(chosen)) for chosen in valid)
    assert completed in valid
    assert (price_of(model, completed), len(completed)) == best
    assert configurator.check(completed) == completed
    assert configurator.price(completed) == Money(best[0])


@given(models_and_choices(), st.booleans(), st.data())
def test_complete_by_other_amounts(case: tuple[Model, list[str], list[str]], is_searched: bool, data: st.DataObject) -> None:
    """The least sum of what is given, then the least price, then the fewest features."""
    model, choices, refused = case
    valid = [chosen for chosen in configurations(model) if chosen.issuperset(choices) and chosen.isdisjoint(refused)]
    assume(valid)
    amounts = data.draw(st.dictionaries(st.sampled_from(list(model.features)), st.sampled_from([-2, 0.5, 1, 1.125, 3])))

    def rank(chosen: frozenset[str]) -> tuple[float, int, int]:
        return sum(amounts.get(name, 0) for name in chosen), price_of(model, chosen), len(chosen)

    completed = configurator_of(model, is_searched).complete(choices, refused, amounts)
    assert completed in valid
    assert rank(completed) == min(map(rank, valid))


@given(models_and_choices(), st.booleans(), st.data())
def test_nearest_is_nearest(case: tuple[Model, list[str], list[str]], is_searched: bool, data: st.DataObject) -> None:
    model, choices, refused = case
    every = configurations(model)
    wanted = data.draw(st.sampled_from(list(model.features)))
    configurator = configurator_of(model, is_searched)
    suitable = [chosen for chosen in every if wanted in chosen and chosen.isdisjoint(refused)]
    if not suitable:
        with pytest.raises(Contradiction):
            configurator.nearest(choices, wanted, refused)
        return
    own = [chosen for chosen in every if chosen.issuperset(choices)]
    present = frozenset.intersection(*own) if own else frozenset(choices)
    if own and data.draw(st.booleans()):
        present = data.draw(st.sampled_from(own))
        choices = list(present)

    def rank(chosen: frozenset[str]) -> tuple[int, int]:
        return len(chosen ^ present), price_of(model, chosen)

    found = configurator.nearest(choices, wanted, refused)
    assert found in suitable
    assert rank(found) == min(map(rank, suitable))


@given(models_and_choices())
def test_any_order_and_undo_give_the_same_answer(case: tuple[Model, list[str], list[str]]) -> None:
    model, choices, refused = case
    one, other = configurator_of(model, False), configurator_of(model, True)
    for configurator in (one, other):
        answers = []
        for order in permutations(choices):
            for clicks in (order[:1], order[:2], order, order[1:], order):
                try:
                    options = configurator.options(clicks, refused)
                except Contradiction:
                    options = None
            answers.append(options)
        assert all(answer == answers[0] for answer in answers)


@given(models_and_choices(), st.booleans(), st.data())
def test_explanations_are_minimal_and_sufficient(
    case: tuple[Model, list[str], list[str]], is_searched: bool, data: st.DataObject
) -> None:
    model, choices, _ = case
    wanted = data.draw(st.sampled_from(list(model.features)))
    choices = [choice for choice in choices if choice != wanted]
    valid = configurations(model)

    def fits(kept: list[str]) -> bool:
        return any(chosen.issuperset([*kept, wanted]) for chosen in valid)

    why = configurator_of(model, is_searched).explain(choices, wanted)
    smallest = next(
        (size for size in range(len(choices) + 1) for gone in combinations(choices, size)
         if fits([choice for choice in choices if choice not in gone])),
        None,
    )  # fmt: skip
    if smallest is None:
        assert why.is_never_possible
        assert why.rules
    else:
        assert len(why.take_back) == smallest
        assert fits([choice for choice in choices if choice not in why.take_back])
        assert why.is_possible == (smallest == 0)
        assert bool(why.rules) == (smallest > 0)
    for rule in why.rules:
        assert phrase(rule, model).en
        assert phrase(rule, model).zh


@given(model_texts(most=8))
def test_rules_of_an_explanation_suffice_by_themselves(text: str) -> None:
    """What the explanation names contradicts itself, without any help from rules that it does not name."""
    model = read_model(text)
    names = list(model.features)
    configurator = Configurator(model)
    for wanted in names:
        why = configurator.explain([name for name in names if name != wanted], wanted)
        if why.is_possible:
            continue
        subsets = (frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size))
        asked = {wanted} if why.is_never_possible else {wanted, *why.choices}
        assert not any(all(_holds(rule, chosen) for rule in why.rules) for chosen in subsets if asked <= chosen)
        return


def _holds(rule: Rule, chosen: frozenset[str]) -> bool:
    """A group says how many of its members there are at most, also without the parent: then there is none of them."""
    if rule.group is None:
        return holds(rule.expression, chosen)
    count = sum(member.name in chosen for member in rule.group.members)
    high = len(rule.group.members) if rule.group.kind is GroupKind.OR else rule.group.high
    return count <= high and (rule.group.parent not in chosen or _is_obeyed(rule.group, chosen))


@given(model_texts())
def test_clauses_agree_with_those_of_uvllang(text: str) -> None:
    """A second, independent reader and translator allows the same configurations."""
    assume("[" not in text)
    model = read_model(text)
    uvl = UVL(from_str=text)
    cnf = uvl.to_cnf()
    dimacs = uvl._zig_dimacs.decode().splitlines()
    names = dict(line.split(" ", 2)[1:] for line in dimacs if line.startswith("c "))
    with Glucose4(bootstrap_with=cnf.clauses) as solver:
        found = {
            frozenset(names[str(literal)].strip('"') for literal in solution if str(literal) in names)
            for solution in solver.enum_models()
        }
    free = set(model.features) - {names[str(abs(literal))].strip('"') for clause in cnf.clauses for literal in clause}
    assert not free
    assert found == set(configurations(model))


@given(model_texts(most=6), st.data())
def test_example_makes_an_expression_true(text: str, data: st.DataObject) -> None:
    model = read_model(text)
    expression = parse_expression(data.draw(expressions(list(model.features))))
    valid = configurations(model)
    configurator = Configurator(model)
    example = configurator.example([expression])
    assert (example is None) == (not any(holds(expression, chosen) for chosen in valid))
    assert example is None or (example in valid and holds(expression, example))
    if valid:
        always = frozenset.intersection(*valid)
        assert set(configurator.options([]).forced) == always


def test_the_choice_beside_it_can_be_switched(bike: Configurator) -> None:
    options = bike.options(["Small", "Chain"])
    assert options.switchable == ("Large",)
    assert set(options.impossible) == {"Large", "Belt"}
    assert bike.choose(["Small", "Chain"], "Large") == ("Chain", "Large")


def test_choosing_against_another_choice_explains(bike: Configurator) -> None:
    with pytest.raises(Contradiction) as caught:
        bike.choose(["Small", "Chain"], "Belt")
    explanation = caught.value.explanation
    assert explanation.take_back == ("Small",)
    assert explanation.constraints == ("Frame: alternative of Small, Large", "Belt => Large")


def test_an_explanation_in_words(bike: Configurator) -> None:
    why = bike.explain(["Small"], "Belt")
    assert why.take_back == ("Small",)
    assert [rule.text for rule in why.reasons] == ["Frame: alternative of Small, Large", "Belt => Large"]
    assert phrase(why.reasons[0], bike.model).en == "Frame: only one of Small, Large"
    assert phrase(why.reasons[1], bike.model).zh == "Belt需要Large"
    assert why.as_json()["rules"][1] == {"kind": "constraint", "text": "Belt => Large", "line": 22}


def test_refusing(bike: Configurator) -> None:
    options = bike.options([], refused=["Rack"])
    assert set(options.impossible) == {"Rack", "Child seat"}
    with pytest.raises(Contradiction, match="take back"):
        bike.options(["Child seat"], refused=["Rack"])


def test_a_configuration_must_be_complete(bike: Configurator) -> None:
    with pytest.raises(Incomplete, match="Drive: alternative of Belt, Chain"):
        bike.check(["Bike", "Frame", "Small", "Drive"])
    with pytest.raises(Incomplete, match="Bike"):
        bike.check(["Small", "Chain"])
    complete = ["Bike", "Frame", "Small", "Drive", "Chain"]
    assert bike.check(complete) == set(complete)


def test_unknown_choice(bike: Configurator) -> None:
    with pytest.raises(UnknownFeature, match=r"bike.uvl has no feature 'rack'; did you mean 'Rack'\?"):
        bike.options(["rack"])


def test_a_model_without_configuration() -> None:
    never = Configurator(read_model("features\n    A\n        mandatory\n            B\nconstraints\n    !B\n"))
    with pytest.raises(Contradiction, match="!B") as caught:
        never.options([])
    assert caught.value.explanation.is_never_possible
    assert {rule.kind for rule in caught.value.explanation.rules} == {RuleKind.CONSTRAINT, RuleKind.TREE, RuleKind.ROOT}


def test_as_json(bike: Configurator) -> None:
    answer = bike.options(["Belt"]).as_json()
    assert answer["forced"] == ["Bike", "Frame", "Large", "Drive"]
    assert answer["price"] == 610.5
    assert answer["price_min"] <= answer["price"] <= answer["price_max"]
    assert answer["complete"] is False
    assert answer["count"] == "15"
    assert answer["price_with"]["Child seat"] == 775.5
    assert answer["price_attained"] is True


def test_a_huge_count_is_exact() -> None:
    model = read_model("features\n    A\n        optional\n" + "".join(f"            o{number}\n" for number in range(90)))
    options = Configurator(model).options([])
    assert options.count == 2**90
    assert options.as_json()["count"] == str(2**90)


def test_a_model_that_does_not_compile_still_answers() -> None:
    """By itself, and at once when no time is given for compiling."""
    random = Random(7)
    names = [f"f{number}" for number in range(120)]
    rules = []
    for _ in range(360):
        signs = [random.choice(["", "!"]) for _ in range(3)]
        rules.append(" | ".join(sign + name for sign, name in zip(signs, random.sample(names, 3), strict=True)))
    text = "\n".join(["features", "    A", "        optional", *("            " + name for name in names), "constraints"])
    model = read_model(text + "\n" + "\n".join("    " + rule for rule in rules) + "\n")
    configurator = Configurator(model, limits=Limits(seconds=0))
    options = configurator.options([])
    assert isinstance(configurator.reasoner, Search)
    assert options.count is None
    assert not configurator.samples_are_uniform
    for name in options.possible[:5]:
        sample = configurator.sample([name], seed=1)
        assert name in configurator.check(sample)


def test_a_search_gives_the_bounds_of_the_tree_where_it_has_no_better(bike: Configurator) -> None:
    compiled = bike.options(["Belt"])
    searched = Configurator(bike.model)
    search = searched.formula.search()
    search.bounds_are_exact = False
    searched.use(search)
    other = searched.options(["Belt"])
    assert not other.is_price_attained
    assert other.price_min <= compiled.price_min < compiled.price_max <= other.price_max
    assert (other.possible, other.forced, other.switchable) == (compiled.possible, compiled.forced, compiled.switchable)
    assert dict(other.price_with) == {}


def test_samples_are_uniform(bike: Configurator) -> None:
    """By chi-square: a fixed seed, and a bound that a uniform sampler exceeds once in ten thousand."""
    valid = configurations(bike.model)
    draws = 200 * len(valid)
    drawn = Counter(bike.sample(seed=number) for number in range(draws))
    assert set(drawn) == set(valid)
    expected = draws / len(valid)
    statistic = sum((drawn[chosen] - expected) ** 2 / expected for chosen in valid)
    freedom = len(valid) - 1
    assert statistic < freedom * (1 - 2 / (9 * freedom) + 3.719 * (2 / (9 * freedom)) ** 0.5) ** 3  # Wilson and Hilferty
    assert bike.sample(["Belt"], seed=5) == bike.sample(["Belt"], seed=5) >= {"Belt", "Large"}


def test_complete_by_an_attribute() -> None:
    model = read_model(
        "features\n    Bike\n        alternative\n            Steel {Price 100, Days 2, Footprint 9.5}\n"
        "            Carbon {Price 300, Days 9, Footprint 30}\n            Bamboo {Price 200, Days 14, Footprint 1.25}\n"
    )
    configurator = Configurator(model)
    assert "Steel" in configurator.complete([])
    assert "Steel" in configurator.complete([], cost="days")
    assert "Bamboo" in configurator.complete([], cost="Footprint")
    assert "Carbon" in configurator.complete([], ["Steel"], cost="Days")
    with pytest.raises(UnknownAttribute, match="no feature of model has the attribute 'Weight' as a number; it has"):
        configurator.complete([], cost="Weight")


def test_change_it_anyway(bike: Configurator) -> None:
    present = bike.complete(["Small", "Chain"])
    assert bike.nearest(present, "Belt") == present - {"Small", "Chain"} | {"Large", "Belt"}


def test_nothing_stands_against_it(bike: Configurator) -> None:
    assert bike.explain(["Chain"], "Rack") == Explanation(("Rack",))


@pytest.mark.parametrize("is_searched", [False, True])
def test_many_threads_get_the_same_answers(is_searched: bool) -> None:
    """The first of them make the reasoner."""
    bike = configurator_of(read_model(BIKE, name="bike.uvl"), is_searched)
    cases = [["Belt"], ["Small"], ["Child seat"], ["Brake", "Chain"], []] * 20
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(bike.options, cases))
    assert together == [bike.options(choices) for choices in cases]
