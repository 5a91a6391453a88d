"""Publishing products and answering about them."""

from dataclasses import replace
from datetime import datetime

import pytest

from lotone.configure import (
    BrokenModel,
    ConfigureService,
    Contradiction,
    DemandRules,
    OptionWords,
    PartRule,
    Picture,
    Product,
    Store,
    UnknownProduct,
    WrongPicture,
    WrongProduct,
    from_cell,
    parse_expression,
)
from lotone.kernel import Database, Words

MODEL = """features
    Bike
        optional
            Rack {Price 45}
"""
BIKE = Product(
    id="bike",
    words=Words("Bike", "自行车"),
    model_text=MODEL,
    hint=Words("Yours alone"),
    currency="CNY",
    demand=DemandRules(parts=(PartRule("rack", 1, "assemble", parse_expression("Rack")),)),
    option_words={"Rack": OptionWords(Words("Rack", "货架"), Words("Carries 25 kg"))},
    start=("Rack",),
    picture=Picture("<svg/>"),
)


def test_published_products_are_found_again(database: Database, now: datetime) -> None:
    with database.work() as connection:
        published = ConfigureService(Store(connection, "demo"), lambda: now).publish(BIKE)
    assert (published.version, published.published_at) == (1, now)
    with database.look() as connection:
        service = ConfigureService(Store(connection, "demo"), lambda: now)
        assert service.products() == [published]
        found = service.product("bike")
        assert found == published
        assert found.words_of("Rack").zh == "货架"
        assert found.words_of("Bike").zh == ""
        configurator = service.configurator("bike")
        assert str(configurator.price(["Rack"])) == "45.00 CNY"
        assert configurator is service.configurator("bike", 1)


def test_the_same_again_is_no_new_version(database: Database, now: datetime) -> None:
    with database.work() as connection:
        service = ConfigureService(Store(connection, "demo"), lambda: now)
        assert service.publish(BIKE) == service.publish(BIKE)
        second = service.publish(replace(BIKE, start=()))
        assert second.version == 2
        assert service.product("bike").start == ()
        assert service.product("bike", 1).start == ("Rack",)
        assert service.publish(BIKE).version == 3


def test_organizations_do_not_see_each_other(database: Database, now: datetime) -> None:
    with database.work() as connection:
        ConfigureService(Store(connection, "demo"), lambda: now).publish(BIKE)
        other = ConfigureService(Store(connection, "other"), lambda: now)
        assert other.products() == []
        with pytest.raises(UnknownProduct):
            other.product("bike")
        assert other.publish(BIKE).version == 1


def test_unknown_products(database: Database, now: datetime) -> None:
    with database.work() as connection:
        service = ConfigureService(Store(connection, "demo"), lambda: now)
        service.publish(BIKE)
        with pytest.raises(UnknownProduct, match=r"there is no product bikes; did you mean 'bike'\?"):
            service.product("bikes")
        with pytest.raises(UnknownProduct, match="there is no product bike version 7"):
            service.configurator("bike", 7)


@pytest.mark.parametrize(
    ("product", "fault"),
    [
        (replace(BIKE, model_text="features\n"), BrokenModel),
        (replace(BIKE, start=("Rack",), model_text=MODEL + "constraints\n    !Rack\n"), Contradiction),
        (replace(BIKE, picture=Picture("<script/>")), WrongPicture),
        (replace(BIKE, picture=Picture('<svg data-when="Bag"/>')), WrongProduct),
        (replace(BIKE, option_words={"Bag": OptionWords(Words("Bag"))}), WrongProduct),
        (replace(BIKE, demand=DemandRules(parts=(PartRule("a", 1, "b", parse_expression("Bag")),))), WrongProduct),
        (replace(BIKE, demand=DemandRules(parts=(PartRule("a", from_cell("=2 * Bag"), "b"),))), WrongProduct),
        (replace(BIKE, demand=DemandRules(parts=(PartRule("a", from_cell("=sum(Weight)"), "b"),))), WrongProduct),
    ],
)
def test_what_can_not_be_sold_is_not_published(
    database: Database, now: datetime, product: Product, fault: type[Exception]
) -> None:
    with database.work() as connection:
        service = ConfigureService(Store(connection, "demo"), lambda: now)
        with pytest.raises(fault):
            service.publish(product)
        assert service.products() == []
