"""Proofs about whole product lines, against trying every configuration."""

import json
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.configure import (
    ALWAYS,
    CheckRule,
    Configurator,
    DemandRules,
    Expression,
    Model,
    OperationRule,
    ParameterRule,
    PartRule,
    Quantity,
    TimeRule,
    Violation,
    ViolationKind,
    holds,
    parse_expression,
    prove,
    read_model,
)
from lotone.kernel import Words

CONSTRAINTS = ("", "Red => Rack", "!(Rack & Bell)", "Small | Bell", "Red <=> Small", "Bell => !Red")
TREE = """features
    Bike
        mandatory
            Colour
                alternative
                    Red
                    Blue
            Size
                alternative
                    Small
                    Large
        optional
            Rack
            Bell
"""
CONDITIONS = (
    "", "Red", "Blue", "Small", "Large", "Rack", "!Rack", "Bell", "!Bell", "Rack & Bell", "Rack | Bell", "!(Rack | Bell)",
    "Red & Small", "Red | Small", "Blue & !Rack", "Rack => Bell", "Red <=> Bell", "Rack & !Rack",
)  # fmt: skip
OPERATIONS = ("weld", "paint")
conditions = st.sampled_from(CONDITIONS).map(parse_expression)
operations = st.sampled_from(OPERATIONS)


def model_of(*constraints: str) -> Model:
    own = [f"    {constraint}\n" for constraint in constraints if constraint]
    return read_model(TREE + ("constraints\n" + "".join(own) if own else ""))


models = st.lists(st.sampled_from(CONSTRAINTS), max_size=2, unique=True).map(lambda own: model_of(*own))


@st.composite
def tables(draw: st.DrawFn) -> DemandRules:
    def operation(name: str) -> OperationRule:
        after = draw(st.lists(operations, max_size=1)) if draw(st.integers(0, 5)) == 0 else []
        return OperationRule(name, Words(name), "hall", draw(st.integers(1, 6)), tuple(after), when=draw(conditions))

    def rows(row: st.SearchStrategy[object], most: int) -> tuple[object, ...]:
        return tuple(draw(st.lists(row, max_size=most)))

    slot = st.sampled_from(["", "motor", "bag?"])
    part = st.builds(PartRule, st.sampled_from("abc"), st.just(1.0), operations, conditions, slot)
    value = st.builds(ParameterRule, operations, st.sampled_from(["speed", "angle"]), st.integers(0, 9), conditions)
    return DemandRules(
        tuple(operation(name) for name in OPERATIONS),
        rows(st.builds(TimeRule, operations, st.integers(-4, 3), conditions), 3),  # type: ignore[arg-type]
        rows(part, 4),  # type: ignore[arg-type]
        rows(value, 4),  # type: ignore[arg-type]
        rows(st.builds(CheckRule, operations, st.just("gap"), st.none(), st.just(1.0), conditions), 1),  # type: ignore[arg-type]
    )


def number(quantity: Quantity) -> float:
    """These tables have no formulas."""
    assert isinstance(quantity, int | float)
    return quantity


class Trial:
    """Everything about one configuration, found by looking at each row."""

    def __init__(self, rules: DemandRules, configuration: frozenset[str]) -> None:
        self.rules = rules
        self.configuration = configuration
        self.present = {rule.id for rule in rules.operations if self.has(rule.when)}
        self.minutes = {rule.id: number(rule.minutes) for rule in rules.operations if rule.id in self.present}
        for time in rules.times:
            if time.operation in self.present and self.has(time.when):
                self.minutes[time.operation] += number(time.add_minutes)

    def has(self, expression: Expression) -> bool:
        return holds(expression, self.configuration)

    def applies(self, table: str, place: int) -> bool:
        row = getattr(self.rules, table)[place]
        return self.has(row.when) and (table == "operations" or row.operation in self.present)

    def values(self, operation: str, parameter: str, last: int | None = None) -> int:
        """How many rows up to the last one give the parameter a value."""
        rows = enumerate(self.rules.parameters[: None if last is None else last + 1])
        own = (place for place, row in rows if (row.operation, row.parameter) == (operation, parameter))
        return sum(self.applies("parameters", place) for place in own)

    def filling(self, slot: str) -> set[str]:
        return {row.part for place, row in enumerate(self.rules.parts) if row.slot == slot and self.applies("parts", place)}

    def is_stuck(self) -> bool:
        return any(rule.id in self.present for rule in self.rules.operations if self.waits_for_itself(rule.id))

    def waits_for_itself(self, operation: str) -> bool:
        after = {rule.id: rule.after for rule in self.rules.operations}
        reached, waiting = set[str](), [*after[operation]]
        while waiting:
            step = waiting.pop()
            if step not in reached:
                reached.add(step)
                waiting += after[step]
        return operation in reached

    def broken(self, reached: set[tuple[str, int]]) -> Counter[ViolationKind]:
        """How often each rule is broken; a parameter or slot of which no row is ever reached is not asked for."""
        rules = self.rules
        own = {
            (row.operation, row.parameter) for place, row in enumerate(rules.parameters) if ("parameters", place) in reached
        }
        slots = {row.slot for place, row in enumerate(rules.parts) if row.slot and ("parts", place) in reached}
        counts = {key: self.values(*key) for key in own if key[0] in self.present}
        return Counter({
            ViolationKind.NO_VALUE: sum(count == 0 for count in counts.values()),
            ViolationKind.SECOND_VALUE: sum(count > 1 for count in counts.values()),
            ViolationKind.NO_PART: sum(not self.filling(slot) for slot in slots if not slot.endswith("?")),
            ViolationKind.SECOND_PART: sum(len(self.filling(slot)) > 1 for slot in slots),
            ViolationKind.TOO_SHORT: sum(minutes <= 0 for minutes in self.minutes.values()),
            ViolationKind.CIRCLE: int(self.is_stuck()),
        })  # fmt: skip


def every_configuration(model: Model) -> list[frozenset[str]]:
    found = []
    for colour, size, rack, bell in product(("Red", "Blue"), ("Small", "Large"), ("Rack", ""), ("Bell", "")):
        chosen = frozenset({"Bike", "Colour", "Size", colour, size, rack, bell} - {""})
        if all(holds(rule.expression, chosen) for rule in model.rules):
            found.append(chosen)
    return found


UNREACHED = {ViolationKind.UNREACHABLE, ViolationKind.LEFT_OUT}


@given(models, tables())
def test_a_proof_says_what_every_configuration_says(model: Model, rules: DemandRules) -> None:
    trials = [Trial(rules, configuration) for configuration in every_configuration(model)]
    found = prove(Configurator(model), rules)
    if not trials:
        assert [one.kind for one in found] == [ViolationKind.VOID]
        return
    rows = [(table, place) for table in ("operations", "times", "parts", "parameters", "checks")
            for place in range(len(getattr(rules, table)))]  # fmt: skip
    reached = {(table, place) for table, place in rows if any(trial.applies(table, place) for trial in trials)}
    broken = sum((trial.broken(reached) for trial in trials), Counter[ViolationKind]())
    shown = {one.kind for one in found} - UNREACHED
    assert shown == {kind for kind, count in broken.items() if count}
    dead_operations = {rules.operations[place].id for table, place in rows if table == "operations"} - {
        rules.operations[place].id for table, place in reached if table == "operations"
    }
    silent = {key for key in rows if key[0] != "operations" and getattr(rules, key[0])[key[1]].operation in dead_operations}
    assert {(one.table, one.place) for one in found if one.kind in UNREACHED} == set(rows) - reached - silent
    for one in found:
        check_example(one, rules, trials)


def check_example(one: Violation, rules: DemandRules, trials: list[Trial]) -> None:
    """The configuration that is shown breaks the rule, and none with fewer features does."""
    assert json.loads(json.dumps(one.as_json()))["kind"] == one.kind
    if one.kind in UNREACHED:
        assert one.configuration is None
        return
    breaking = [trial.configuration for trial in trials if breaks(trial, one)]
    assert one.configuration in breaking
    if one.kind is ViolationKind.TOO_SHORT:
        least = min(trial.minutes[one.operation] for trial in trials if one.operation in trial.present)
        assert one.minutes == pytest.approx(least)
    else:
        assert len(one.configuration or ()) == min(map(len, breaking))


def breaks(trial: Trial, one: Violation) -> bool:
    place = one.place or 0
    match one.kind:
        case ViolationKind.NO_VALUE:
            return one.operation in trial.present and trial.values(one.operation, one.subject) == 0
        case ViolationKind.SECOND_VALUE:
            return trial.applies("parameters", place) and trial.values(one.operation, one.subject, place) > 1
        case ViolationKind.NO_PART:
            return not trial.filling(one.subject)
        case ViolationKind.SECOND_PART:
            rows = trial.rules.parts
            own, earlier = rows[place].part, {row.part for row in rows[:place] if row.slot_name == one.subject}
            filled = trial.filling(one.subject) | trial.filling(f"{one.subject}?")
            return own in filled and bool(filled & earlier)
        case ViolationKind.TOO_SHORT:
            return one.operation in trial.present and trial.minutes[one.operation] <= 0
    return one.kind is ViolationKind.CIRCLE and trial.is_stuck()


PAINT = OperationRule("paint", Words("Paint"), "booth", 20)


def told(rules: DemandRules, *constraints: str) -> list[str]:
    return [one.words().en for one in prove(Configurator(model_of(*constraints)), rules)]


def value(number: int, when: str) -> ParameterRule:
    return ParameterRule("paint", "colour", number, parse_expression(when))


def part(name: str, slot: str, when: str = "", operation: str = "paint") -> PartRule:
    return PartRule(name, 1, operation, parse_expression(when), slot)


def test_nothing_to_object_to() -> None:
    rules = DemandRules((PAINT,), (), (part("front", "axle", "Small"), part("rear", "axle", "Large")),
                        (value(1, "Red"), value(2, "Blue")))  # fmt: skip
    assert told(rules) == []


def test_what_is_told() -> None:
    assert told(DemandRules((PAINT,), parameters=(value(1, "Red"),))) == [
        "'colour' of 'paint' gets no value, for example with Blue"
    ]
    assert told(DemandRules((PAINT,), parameters=(value(1, ""), value(2, "Rack")))) == [
        "'colour' gets a second value beside row 2, for example with Rack"
    ]
    assert told(DemandRules((PAINT,), parts=(part("a", "axle", "Red"), part("b", "axle", "Blue | Rack")))) == [
        "'axle' gets a second part beside row 2, for example with Red, Rack"
    ]
    assert told(DemandRules((PAINT,), parts=(part("a", "axle", "Rack"),))) == [
        "no part fills 'axle', for example with none of them chosen"
    ]
    assert told(DemandRules((PAINT,), (TimeRule("paint", -12, parse_expression("Red")),
                                       TimeRule("paint", -8, parse_expression("Rack"))))) == [
        "'paint' takes 0 minutes, for example with Red, Rack; expected more than 0"
    ]  # fmt: skip
    assert told(DemandRules((PAINT,), parts=(part("a", "", "Red & Blue"),))) == ["no configuration has 'Red & Blue'"]


def test_durations_are_not_summed_up_blindly() -> None:
    times = (TimeRule("paint", -12, parse_expression("Red")), TimeRule("paint", -12, parse_expression("Blue")))
    assert told(DemandRules((PAINT,), times)) == []
    times = (TimeRule("paint", -12, parse_expression("Red")), TimeRule("paint", -12, parse_expression("Rack & Bell")))
    assert told(DemandRules((PAINT,), times), "!(Rack & Red)", "Rack & Bell | Red | Small") == []
    assert told(DemandRules((PAINT,), times)) == [
        "'paint' takes -4 minutes, for example with Red, Rack, Bell; expected more than 0"
    ]


def test_rows_that_are_left_out() -> None:
    only_red = OperationRule("paint", Words("Paint"), "booth", 20, when=parse_expression("Red"))
    assert told(DemandRules((only_red,), parts=(part("a", "", "Blue"),))) == [
        "whenever 'Blue' is true, the operation 'paint' is left out"
    ]
    never = OperationRule("paint", Words("Paint"), "booth", 20, when=parse_expression("Red & Blue"))
    assert told(DemandRules((never,), parts=(part("a", ""),), parameters=(value(1, "Red"),))) == [
        "no configuration has 'Red & Blue'"
    ]


def test_a_slot_that_may_stay_empty() -> None:
    assert told(DemandRules((PAINT,), parts=(part("a", "bag?", "Rack"), part("b", "bag?", "!Rack & Bell")))) == []
    assert told(DemandRules((PAINT,), parts=(part("a", "bag?", "Rack"), part("b", "bag", "!Rack")))) == [
        "'bag' is written with a question mark here and without one in row 2"
    ]
    more = (part("a", "axle"), part("a", "axle", "Rack"))
    assert told(DemandRules((PAINT,), parts=more)) == [], "rows of the same part are its quantities"


def test_names_of_nothing() -> None:
    lost = OperationRule("pack", Words("Pack"), "", 5, ("glue",), when=ALWAYS)
    rules = DemandRules((PAINT, lost), parts=(part("a", "", "Green"), part("b", "", "", "drill")))
    assert sorted(told(rules)) == [
        "'pack' has no work center",
        "the model has no feature 'Green'",
        "there is no operation 'drill'",
        "there is no operation 'glue'",
    ]


def test_operations_that_wait_for_each_other() -> None:
    one = OperationRule("paint", Words("Paint"), "booth", 20, ("dry",), when=parse_expression("Red"))
    other = OperationRule("dry", Words("Dry"), "oven", 20, ("paint",), when=parse_expression("Rack"))
    pack = OperationRule("pack", Words("Pack"), "packing", 5, ("dry",))
    # One that is left out hands on what it waits for, so paint alone waits for itself; nothing waits for pack.
    assert told(DemandRules((one, other, pack))) == ["the operations paint, dry wait for each other, for example with Red"]


def test_a_model_without_configuration() -> None:
    found = prove(Configurator(model_of("Red & Blue")), DemandRules((PAINT,)))
    assert [(one.kind, one.table) for one in found] == [(ViolationKind.VOID, "model")]


def test_in_both_languages_and_in_the_words_of_the_shop() -> None:
    (one,) = prove(Configurator(model_of()), DemandRules((PAINT,), parameters=(value(1, "Red"),)))
    words = one.words({"Blue": Words("Sky blue", "天蓝")}, lambda table, row: Words(f"line {row + 2}"))
    assert words.en == "'colour' of 'paint' gets no value, for example with Sky blue"
    assert words.zh == "工序“paint”的参数“colour”没有值，例如选择天蓝时"
