"""What a buyer may choose, what it costs, why something does not go, and the nearest configuration with it."""

from datetime import UTC, datetime

import pytest

from lotone.configure import Product, configurator_of, read_model
from lotone.kernel import Words
from lotone.loader import Blueprint
from lotone.web.shop.choosing import State, changes_between, drop, sections_of, sheet, take, why_not

LAMP = """
features
    lamp {abstract}
        mandatory
            foot {abstract}
                alternative
                    oak {Price 40}
                    steel {Price 25}
        optional
            dimmer {Price 30}
                optional
                    remote {Price 20}
            shade {abstract}
                alternative
                    paper {Price 10}
                    glass {Price 60}
constraints
    glass => steel
"""


@pytest.fixture
def lamp() -> Product:
    return Product("lamp", Words("Lamp"), LAMP, start=("oak",))


@pytest.fixture
def bike(blueprint: Blueprint) -> Product:
    return blueprint.product


def test_a_model_is_read_as_questions(lamp: Product) -> None:
    foot, extras = sections_of(lamp, read_model(LAMP))
    assert [(question.is_single, question.is_optional, question.members) for question in foot.questions] == [
        (True, False, ("oak", "steel"))
    ]
    any_of, shade = extras.questions
    assert (any_of.is_single, any_of.members, any_of.below) == (False, ("dimmer", "remote"), {"remote"})
    assert (shade.is_single, shade.is_optional, shade.members) == (True, True, ("paper", "glass"))


def test_every_option_of_the_bicycle_is_asked_for_once(bike: Product) -> None:
    model = configurator_of(bike).model
    asked = [name for section in sections_of(bike, model) for question in section.questions for name in question.members]
    assert sorted(asked) == sorted(model.options)


def test_each_option_says_how_it_stands_and_what_it_changes(bike: Product) -> None:
    options = sheet(bike, bike.start).options
    assert options["trapeze"].state is State.CHOSEN
    assert options["sunflower"].state is State.FREE
    assert options["sunflower"].difference.cents == 4000
    assert options["diamond"].difference.cents == -3000
    assert options["belt"].state is State.BLOCKED
    assert options["belt"].difference is None
    assert options["tomato"].colour == "#c9382c"
    assert options["mid_65"].colour == ""


def test_price_differences_are_what_taking_the_option_really_changes(bike: Product) -> None:
    now = sheet(bike, bike.start)
    configurator = configurator_of(bike)
    for option in now.options.values():
        if option.state is State.FREE:
            then = sheet(bike, take(configurator, now.choices, option.name))
            assert then.price.cents - now.price.cents == option.difference.cents, option.name


def test_what_comes_along_says_why(bike: Product) -> None:
    choices = [name for name in bike.start if name not in ("derailleur", "chain")]
    frame = sheet(bike, [*choices, "hub_gear", "belt"]).options["split_frame"]
    assert frame.state is State.INCLUDED
    assert frame.reason == Words("Belt drive needs Split rear frame", "皮带传动需要可拆后叉")


def test_why_not_names_own_choices_the_rule_and_what_would_change(bike: Product) -> None:
    why = why_not(bike, bike.start, "belt")
    assert [words.en for words in why.against] == ["10-speed derailleur"]
    assert [rule.en for rule in why.rules] == ["Belt drive needs 8-speed hub or Stepless automatic hub"]
    told = [(change.words.en, [one.en for one in change.before], [one.en for one in change.after]) for change in why.changes]
    assert told == [
        ("If you like", [], ["Split rear frame"]),
        ("Gears", ["10-speed derailleur"], ["8-speed hub"]),
    ]
    assert sheet(bike, why.choices).price.cents - sheet(bike, bike.start).price.cents == why.difference.cents


def test_any_blocked_option_can_be_taken_anyway_and_leaves_a_whole_configuration(bike: Product) -> None:
    configurator = configurator_of(bike)
    now = sheet(bike, bike.start)
    blocked = [option.name for option in now.options.values() if option.state is State.BLOCKED]
    assert len(blocked) > 5
    for name in blocked:
        then = sheet(bike, take(configurator, now.choices, name))
        assert name in then.configuration
        assert configurator.check(then.configuration)


def test_taking_something_changes_no_more_than_it_must(bike: Product) -> None:
    configurator = configurator_of(bike)
    now = sheet(bike, bike.start)
    then = sheet(bike, take(configurator, now.choices, "mid_90"))
    assert [change.words.en for change in changes_between(now, then, besides="mid_90")] == ["Brakes"]
    assert then.configuration ^ now.configuration == {"mid_65", "mid_90", "disc_brakes", "four_piston_brakes"}


def test_broken_old_or_empty_addresses_still_show_something_whole(bike: Product) -> None:
    configurator = configurator_of(bike)
    for choices in ([], ["nonsense"], ["chain", "belt"], ["roller_brakes", "derailleur", "belt", "hub_45", "child_seat"]):
        assert configurator.check(sheet(bike, choices).configuration)
    assert sheet(bike, []).options["ocean"].state is State.CHOSEN


def test_leaving_an_option_leaves_what_refines_it(lamp: Product) -> None:
    model = read_model(LAMP)
    assert drop(model, ["oak", "dimmer", "remote"], "dimmer") == ["oak"]
    assert sheet(lamp, ["oak", "dimmer", "remote"]).price.cents == 9000
    assert sheet(lamp, drop(model, ["oak", "dimmer", "remote"], "remote")).price.cents == 7000


def test_versions_that_say_the_same_keep_their_numbers(lamp: Product) -> None:
    later = lamp.with_version(7, datetime(2026, 3, 2, tzinfo=UTC))
    assert sheet(lamp, ["oak"]).product.version == 0
    assert sheet(later, ["oak"]).product.version == 7
    assert sheet(later, ["oak"]).options == sheet(lamp, ["oak"]).options
