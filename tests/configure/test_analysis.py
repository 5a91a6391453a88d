"""Analysis of models, against every configuration of small generated models one by one."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.configure import Analysis, FindingKind, Limits, Model, Rule, RuleKind, analyse, holds, read_model

TREE = """features
    Bike
        mandatory
            Frame
                alternative
                    Steel
                    Carbon
        optional
            Belt
            Rack
                optional
                    Bag
            Light
        or
            Disc
            Rim
"""
PLACES = ["Steel", "Carbon", "Belt", "Rack", "Bag", "Light", "Disc", "Rim"]


def with_rules(*rules: str) -> Model:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return read_model(TREE + (f"constraints\n{lines}" if rules else ""))


def is_kept(rule: Rule, selected: frozenset[str]) -> bool:
    """That there are not more than so many of a group is true with its parent or without, as for an alternative."""
    if rule.group is not None and rule.group.kind == "range":
        count = sum(member.name in selected for member in rule.group.members)
        return count <= rule.group.high and (rule.group.parent not in selected or rule.group.low <= count)
    return holds(rule.expression, selected)


def all_selections(model: Model) -> list[frozenset[str]]:
    names = list(model.features)
    return [
        frozenset(name for name, is_in in zip(names, bits, strict=True) if is_in)
        for bits in product((False, True), repeat=len(names))
    ]


def configurations(rules: Iterable[Rule], selections: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    rules = list(rules)
    return [selected for selected in selections if all(is_kept(rule, selected) for rule in rules)]


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Trees of up to nine features with every kind of group, and up to six constraints of up to three features."""
    kinds = ["mandatory", "optional", "alternative", "or", "range"]
    names = [f"f{number}" for number in range(draw(st.integers(3, 9)))]
    groups: list[tuple[str, str, list[str]]] = []
    for at, name in enumerate(names[1:], start=1):
        if groups and draw(st.booleans()):
            draw(st.sampled_from(groups))[2].append(name)
        else:
            groups.append((draw(st.sampled_from(names[:at])), draw(st.sampled_from(kinds)), [name]))

    def feature(name: str, indent: int) -> list[str]:
        lines = [" " * indent + name]
        for parent, kind, members in groups:
            if parent == name:
                low = draw(st.integers(0, len(members)))
                high = draw(st.integers(max(low, 1), len(members)))
                lines.append(" " * (indent + 4) + (f"[{low}..{high}]" if kind == "range" else kind))
                for member in members:
                    lines += feature(member, indent + 8)
        return lines

    reachable = feature(names[0], 4)
    known = [line.strip() for line in reachable if line.strip() in names]
    atom = st.sampled_from(known).flatmap(lambda name: st.sampled_from([name, f"!{name}"]))
    rule = st.one_of(
        st.builds("{} => {}".format, atom, atom),
        st.builds("{} & {} => {}".format, atom, atom, atom),
        st.builds("{} | {}".format, atom, atom),
        st.builds("{} <=> {}".format, atom, atom),
        st.builds("!({} & {})".format, atom, atom),
        atom,
    )
    rules = draw(st.lists(rule, max_size=6))
    text = "features\n" + "\n".join(reachable) + "\n"
    return read_model(text + ("constraints\n" + "".join(f"    {one}\n" for one in rules) if rules else ""))


def is_minimal(reason: Sequence[Rule], selections: Sequence[frozenset[str]], *extra: object) -> bool:
    """Without any one of the rules it would be possible, with all of them it is not."""

    def possible(rules: Iterable[Rule]) -> bool:
        return any(all(test(selected) for test in extra) for selected in configurations(rules, selections))  # type: ignore[operator]

    return not possible(reason) and all(possible(rule for rule in reason if rule is not left) for left in reason)


def is_right(model: Model, found: Analysis) -> None:
    selections = all_selections(model)
    valid = configurations(model.rules, selections)
    assert found.is_void is (not valid)
    assert found.is_complete
    if not valid:
        assert {one.kind for one in found.findings} == {FindingKind.VOID}
        assert all(is_minimal(one.rules, selections) for one in found.findings)
        return
    dead = {name for name in model.features if not any(name in selected for selected in valid)}
    assert found.dead == dead
    false_optional = {
        name
        for name, group in model.group_of.items()
        if group.low < len(group.members)
        and name not in dead
        and all(name in selected for selected in valid if group.parent in selected)
    }
    assert found.false_optional == false_optional
    redundant = [
        rule
        for rule in model.constraints
        if len(configurations((other for other in model.rules if other is not rule), selections)) == len(valid)
    ]
    assert sorted(map(id, found.redundant)) == sorted(map(id, redundant))
    for one in found.of(FindingKind.DEAD):
        assert is_minimal(one.rules, selections, lambda selected, name=one.feature: name in selected)
    for one in found.of(FindingKind.FALSE_OPTIONAL):
        away = (lambda selected, name=one.feature, parent=one.parent: parent in selected and name not in selected,)
        assert is_minimal(one.rules, selections, *away)
    for one in found.of(FindingKind.REDUNDANT):
        assert one.rule not in [rule for rule in one.rules if rule is one.rule]
        assert is_minimal(one.rules, selections, lambda selected, rule=one.rule: not is_kept(rule, selected))
    for one in found.of(FindingKind.CONFLICTING):
        assert len(one.rules) > 1
        assert set(one.also) <= dead


@settings(max_examples=120, deadline=None)
@given(models())
def test_findings_are_exactly_what_all_configurations_say_and_reasons_are_minimal(model: Model) -> None:
    is_right(model, analyse(model, Limits(seconds=60)))


@pytest.mark.parametrize(
    ("rules", "kinds"),
    [
        ((), []),
        (("Belt => !Belt",), ["dead"]),
        (("Belt => Carbon", "Belt => Steel"), ["conflicting", "dead"]),
        (("Steel => Light", "Carbon => Light"), ["false_optional"]),
        (("Belt => Rack", "Belt => Rack"), ["redundant", "redundant"]),
        (("Bag => Rack",), ["redundant"]),
        (("Steel", "Carbon"), ["void"]),
        (("!Bike",), ["void"]),
    ],
)
def test_every_kind_has_its_name_line_and_reason(rules: tuple[str, ...], kinds: list[str]) -> None:
    model = with_rules(*rules)
    found = analyse(model)
    assert [one.kind.value for one in found.findings] == kinds
    is_right(model, found)
    for one in found.as_json(model)["findings"]:
        assert one["line"] > 0
        assert one["words"]["en"]
        assert one["words"]["zh"]
        assert one["reasons"]


def test_two_contradictions_are_told_at_once() -> None:
    found = analyse(with_rules("Belt & !Belt", "Rack => Light", "Rim & !Rim"))
    assert [[rule.text for rule in one.rules] for one in found.findings] == [["Belt & !Belt"], ["Rim & !Rim"]]
    assert found.is_void


def test_what_dies_below_a_dead_feature_is_told_with_it() -> None:
    (dead,) = analyse(with_rules("!Rack")).findings
    assert (dead.feature, dead.also) == ("Rack", ("Bag",))
    assert analyse(with_rules("!Rack")).dead == {"Rack", "Bag"}


def test_what_there_was_no_time_for_is_counted() -> None:
    found = analyse(with_rules("Belt => Rack", "Belt => Rack", "!Light"), Limits(seconds=-1))
    assert not found.is_complete
    assert found.unlooked[FindingKind.REDUNDANT] == 3
    assert not found.redundant


def test_the_bicycle_has_nothing_that_nobody_meant() -> None:
    folder = Path(__file__).parents[2] / "src" / "lotone" / "blueprints" / "ebike"
    found = analyse(read_model(folder / "product.uvl"))
    assert found.is_complete
    assert not found.is_void
    assert not found.dead


def test_rules_in_reasons_are_those_of_the_model() -> None:
    model = with_rules("Belt => Carbon", "Belt => Steel")
    found = analyse(model)
    conflict = found.of(FindingKind.CONFLICTING)[0]
    assert [rule.line for rule in conflict.rules] == [18, 19]
    assert all(rule.kind is RuleKind.CONSTRAINT for rule in conflict.rules)
    assert conflict.also == ("Belt",)


def test_comparisons_of_numbers_are_taken_as_open() -> None:
    """What is found is true whatever the numbers are; that they were not looked at is said."""
    typed = read_model(
        TREE.replace("            Light\n", "            Integer Light\n") + "constraints\n    Light > 3\n    !Rack\n"
    )
    found = analyse(typed)
    assert found.dead == {"Rack", "Bag"}
    assert (found.comparisons, found.is_complete) == (1, False)
