"""Versions of a product: released now, later or not at all, rolled back; what differs, and the effect on what people hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bike_family import BIKE, DEARER, MODEL, Wall
from lotone.configure import (
    AlreadyReleased,
    ChangeKind,
    ConfigureService,
    DemandRules,
    Held,
    NothingNew,
    OperationRule,
    OptionWords,
    PartRule,
    Picture,
    PictureStyle,
    Product,
    ProductPublished,
    ProductReleased,
    Store,
    UnknownProduct,
    VersionState,
    WrongMoment,
    difference,
    effect_of,
    parse_expression,
    read_model,
)
from lotone.kernel import Database, Money, Words


@pytest.fixture
def wall(now: datetime) -> Wall:
    return Wall(now)


@pytest.fixture
def service(database: Database, wall: Wall) -> Iterator[ConfigureService]:
    with database.work() as connection:
        yield ConfigureService(Store(connection, "demo"), wall, wall.facts.append)


def states(service: ConfigureService) -> dict[int, str]:
    return {one.number: one.state.value for one in service.versions("bike")}


def test_a_version_becomes_current_at_its_moment(service: ConfigureService, wall: Wall) -> None:
    service.publish(BIKE)
    service.publish(DEARER, at=wall.now + timedelta(days=3), by="ada", note="for spring")
    assert service.product("bike").version == 1
    assert states(service) == {2: "scheduled", 1: "current"}
    assert wall.facts == [ProductPublished("bike", 1), ProductReleased("bike", 1), ProductPublished("bike", 2)]
    assert not service.has_news()
    wall.now += timedelta(days=3)
    assert service.product("bike").version == 2
    assert [one.version for one in service.products()] == [2]
    assert states(service) == {2: "current", 1: "past"}
    assert service.has_news()
    service.tell_releases()
    service.tell_releases()
    assert wall.facts[3:] == [ProductReleased("bike", 2)]
    assert service.version("bike", 2).note == "for spring"


def test_what_is_released_last_is_sold_whatever_its_number(service: ConfigureService, wall: Wall) -> None:
    service.publish(BIKE)
    service.publish(DEARER, at=wall.now + timedelta(days=3))
    service.publish(replace(BIKE, start=()))
    assert service.product("bike").version == 3
    wall.now += timedelta(days=3)
    assert service.product("bike").version == 2


def test_a_product_that_is_not_released_yet_is_not_sold(service: ConfigureService, wall: Wall) -> None:
    service.publish(BIKE, at=wall.now + timedelta(days=1))
    assert service.products() == []
    with pytest.raises(UnknownProduct):
        service.product("bike")
    assert service.product("bike", 1).start == ("chain",)


def test_a_release_is_withdrawn_and_made_after_all(service: ConfigureService, wall: Wall) -> None:
    service.publish(BIKE)
    service.publish(DEARER, at=wall.now + timedelta(days=3))
    assert service.withdraw("bike", 2).state is VersionState.WITHDRAWN
    wall.now += timedelta(days=4)
    assert service.product("bike").version == 1
    assert not service.has_news()
    assert service.release("bike", 2, wall.now + timedelta(hours=1)).state is VersionState.SCHEDULED
    assert service.release("bike", 2).state is VersionState.CURRENT
    with pytest.raises(AlreadyReleased, match="roll back to it"):
        service.withdraw("bike", 2)
    with pytest.raises(AlreadyReleased):
        service.release("bike", 1)


def test_nothing_is_released_in_the_past(service: ConfigureService, wall: Wall) -> None:
    with pytest.raises(WrongMoment):
        service.publish(BIKE, at=wall.now - timedelta(minutes=1))
    service.publish(BIKE)
    service.publish(DEARER, at=wall.now + timedelta(days=3))
    with pytest.raises(WrongMoment):
        service.release("bike", 2, wall.now - timedelta(minutes=1))


def test_rolling_back_is_a_new_version_that_says_so(service: ConfigureService, wall: Wall) -> None:
    service.publish(BIKE)
    service.publish(DEARER)
    with pytest.raises(NothingNew):
        service.roll_back("bike", 2)
    back = service.roll_back("bike", 1, by="ada")
    assert (back.version, back.digest) == (3, BIKE.digest)
    assert service.product("bike").model_text == BIKE.model_text
    assert (service.version("bike", 3).back_to, service.version("bike", 3).published_by) == (1, "ada")
    assert wall.facts[-1] == ProductReleased("bike", 3)
    with pytest.raises(UnknownProduct):
        service.roll_back("bike", 9)


def test_introducing_again_leaves_what_people_changed(service: ConfigureService) -> None:
    service.introduce(BIKE)
    service.publish(DEARER)
    service.introduce(BIKE)
    assert service.product("bike").version == 2
    service.introduce(replace(BIKE, start=()))
    assert service.product("bike").version == 3


def test_organizations_have_their_own_versions(database: Database, wall: Wall) -> None:
    with database.work() as connection:
        service = ConfigureService(Store(connection, "demo"), wall)
        service.publish(BIKE)
        service.publish(DEARER, at=wall.now + timedelta(days=1))
        other = ConfigureService(Store(connection, "other"), wall)
        for act in (lambda: other.release("bike", 2), lambda: other.withdraw("bike", 2), lambda: other.roll_back("bike", 1)):
            with pytest.raises(UnknownProduct):
                act()
        assert other.all_versions() == {}
        assert service.version("bike", 2).state is VersionState.SCHEDULED


def changes(before: Product, after: Product) -> set[tuple[str, str, str, str, str]]:
    models = [read_model(product.model_text) for product in (before, after)]
    return {(one.what, one.kind.value, one.name, one.before, one.after) for one in difference(before, after, *models)}


def test_the_difference_names_every_thing_that_changed() -> None:
    text = (
        MODEL.replace("            rack {Price 45}\n", "")
        .replace("bag => rack", "bag => belt")
        .replace("litres 12", "litres 14")
    )
    after = replace(
        BIKE,
        model_text=text.replace("chain\n", "chain\n            shaft {Price 300}\n").replace("Price 90}", "Price 95}"),
        demand=DemandRules(
            operations=(OperationRule("build", Words("Build", "组装"), "assembly", 25.0),),
            parts=(PartRule("bag", 2.0, "build", parse_expression("bag")),),
        ),
        start=("belt",),
        option_words={"belt": OptionWords(Words("Belt", "皮带"))},
        words=Words("Bicycle", "自行车"),
        picture=Picture("<svg/>", (PictureStyle("--paint", "red"),)),
    )
    build = "words Build, work_center assembly, minutes"
    assert changes(BIKE, after) == {
        ("feature", "removed", "rack", "optional in bike", ""),
        ("feature", "added", "shaft", "", "alternative in bike"),
        ("price", "added", "shaft", "", "300.00"),
        ("price", "changed", "belt", "90.00", "95.00"),
        ("attribute", "changed", "bag.litres", "12", "14"),
        ("rule", "removed", "bag => rack", "bag => rack", ""),
        ("rule", "added", "bag => belt", "", "bag => belt"),
        (
            "operations",
            "changed",
            "build",
            f"{build} 20",
            f"{build} 25",
        ),
        ("parts", "removed", "rack · build · rack", "quantity 1", ""),
        ("parts", "added", "bag · build · bag", "", "quantity 2"),
        ("start", "changed", "bike", "chain", "belt"),
        ("words", "added", "belt", "", "Belt · 皮带"),
        ("name", "changed", "bike", "Bike · 自行车", "Bicycle · 自行车"),
        ("picture", "changed", "bike", "0 characters", "6 characters"),
        ("styles", "added", "--paint", "", "value red"),
    }
    assert changes(BIKE, BIKE) == set()


def test_models_that_can_not_be_read_are_compared_as_lines() -> None:
    after = replace(BIKE, model_text=MODEL.replace("belt", "be lt"))
    found = difference(BIKE, after, read_model(MODEL), None)
    assert [(one.kind, one.name) for one in found] == [
        (ChangeKind.REMOVED, "belt {Price 90}"),
        (ChangeKind.ADDED, "be lt {Price 90}"),
    ]


def test_the_effect_says_what_stays_valid_at_which_price_and_why_not() -> None:
    text = (
        MODEL.replace("Price 90}", "Price 95}")
        .replace("            rack {Price 45}\n", "")
        .replace("bag => rack", "!(bag & chain)")
    )
    held = [
        Held("q1", "quote", ("bike", "chain"), is_whole=True),
        Held("q2", "quote", ("bike", "belt"), is_whole=True, price=Money(99000)),
        Held("q3", "quote", ("bike", "chain", "rack"), is_whole=True),
        Held("s1", "saved", ("bag", "chain")),
    ]
    effect = effect_of(BIKE, replace(BIKE, model_text=text), held)
    assert {one.held.id: one.reasons for one in effect.broken} == {"q3": ("'rack' is gone",), "s1": ("!(bag & chain)",)}
    assert [(one.held.id, one.cents) for one in effect.repriced] == [("q2", 500)]
    assert effect.unchanged == 1
    more = text.replace("        optional\n", "        mandatory\n            bell\n        optional\n")
    (without,) = effect_of(BIKE, replace(BIKE, model_text=more), held[:1]).broken
    assert "bike => bell" in without.reasons
    assert effect.as_json()["invalid"] == 2
