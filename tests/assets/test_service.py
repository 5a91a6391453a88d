"""What exists, in a real database: adding again changes nothing, stock is exact, organizations are apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotone import assets
from lotone.kernel import Database, Words, new_id

SITE = assets.Equipment("berlin", assets.Level.SITE, None, Words("Berlin", "柏林"))
CENTER = assets.Equipment("paint", assets.Level.WORK_CENTER, "berlin", Words("Paint"))
UNIT = assets.Equipment("paint-1", assets.Level.WORK_UNIT, "paint", Words("Paint booth 1"), calendar="two-shifts")
FLOW = assets.Tag(
    0, "paint-1", "flow", Words("Flow", "流量"), assets.DataType.NUMBER, assets.Meaning.SENSOR,
    unit="L/min", resolution=0.1, low=0.5, high=3.0, writable=False, connection="paint", address="paint-1/flow",
)  # fmt: skip
MOTOR = assets.Part("motor", Words("Motor", "电机"))
PAINT = assets.Part("paint", Words("Paint", "漆"), unit="L")


@contextmanager
def working(database: Database, now: datetime, organization: str = "demo") -> Iterator[assets.AssetService]:
    with database.work() as connection:
        yield assets.AssetService(assets.Store(connection, organization), lambda: now)


def test_equipment_comes_back_as_it_was_described(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_equipment([UNIT, SITE, CENTER])
        plant.add_equipment([CENTER, SITE, replace(UNIT, words=Words("Booth"))])
        assert plant.equipment() == [replace(UNIT, words=Words("Booth")), SITE, CENTER]
        assert plant.work_units() == [replace(UNIT, words=Words("Booth"))]
        assert plant.equipment_called("paint") == CENTER
        with pytest.raises(assets.UnknownEquipment):
            plant.equipment_called("paint-9")


def test_a_child_without_parent_is_refused(database: Database, now: datetime) -> None:
    with working(database, now) as plant, pytest.raises(assets.WrongEquipment):
        plant.add_equipment([UNIT])


def test_tags_keep_their_numbers(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_equipment([SITE, CENTER, UNIT])
        first, second = plant.add_tags([FLOW, replace(FLOW, name="pressure")])
        assert first == replace(FLOW, number=first.number)
        assert 0 < first.number < second.number
        (again,) = plant.add_tags([replace(FLOW, high=4.0)])
        assert (again.number, again.high) == (first.number, 4.0)
        (renamed,) = plant.add_tags([replace(first, name="flow_rate")])
        assert renamed.number == first.number
        assert plant.tag("paint-1/flow_rate").number == first.number
        assert [tag.name for tag in plant.tags("paint-1")] == ["flow_rate", "pressure"]
        assert plant.tags_numbered([first.number, second.number, 999]).keys() == {first.number, second.number}
        with pytest.raises(assets.UnknownTag):
            plant.tag("paint-1/flow")
        with pytest.raises(assets.UnknownEquipment):
            plant.add_tags([replace(FLOW, asset="paint-9")])


def test_a_second_state_tag_is_refused(database: Database, now: datetime) -> None:
    state = replace(FLOW, name="state", meaning=assets.Meaning.STATE, data_type=assets.DataType.INTEGER)
    with working(database, now) as plant:
        plant.add_equipment([SITE, CENTER, UNIT])
        plant.add_tags([state])
        with pytest.raises(assets.WrongTag):
            plant.add_tags([replace(state, name="mode")])


def test_tag_numbers_are_never_reused_between_organizations(database: Database, now: datetime) -> None:
    numbers = []
    for organization in ("demo", "other"):
        with working(database, now, organization) as plant:
            plant.add_equipment([SITE, CENTER, UNIT])
            numbers += [tag.number for tag in plant.add_tags([FLOW])]
    assert numbers[0] != numbers[1]
    with working(database, now, "other") as plant:
        assert plant.tags_numbered(numbers).keys() == {numbers[1]}
        with pytest.raises(assets.UnknownTag):
            plant.add_tags([replace(FLOW, name="stolen", number=numbers[0])])


def test_the_oldest_lot_is_taken_first(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_parts([MOTOR, PAINT])
        late = plant.receive("motor", 2, at=now + timedelta(days=1), supplier="bafang")
        early = plant.receive("motor", 3, at=now)
        assert (late.id, early.id) == ("motor-260303-01", "motor-260302-01")
        assert plant.on_hand() == {"motor": 5.0, "paint": 0.0}
        assert plant.take("motor", 4) == [assets.Taken("motor", early.id, 3.0), assets.Taken("motor", late.id, 1.0)]
        assert plant.on_hand()["motor"] == 1.0
        with pytest.raises(assets.NotEnough) as fault:
            plant.take("motor", 2)
        assert (fault.value.part, fault.value.wanted, fault.value.on_hand) == ("motor", 2, 1.0)
        assert plant.on_hand()["motor"] == 1.0
        assert {lot.id: lot.left for lot in plant.lots("motor")} == {early.id: 0.0, late.id: 1.0}
        assert plant.lot(late.id).supplier == "bafang"


def test_several_parts_are_taken_together_or_not_at_all(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_parts([MOTOR, PAINT])
        plant.receive("motor", 1)
        plant.receive("motor", 2)
        plant.receive("paint", 0.7)
        for wanted in ({"motor": 2, "paint": 0.8}, {"paint": 0.1, "motor": 4}):
            with pytest.raises(assets.NotEnough):
                plant.take_all(wanted)
        with pytest.raises(assets.UnknownPart):
            plant.take_all({"motor": 1, "bell": 1})
        assert plant.on_hand() == {"motor": 3.0, "paint": 0.7}
        taken = plant.take_all({"motor": 2, "paint": 0.1})
        assert [(each.lot, each.quantity) for each in taken] == [
            ("motor-260302-01", 1.0),
            ("motor-260302-02", 1.0),
            ("paint-260302-01", 0.1),
        ]
        assert plant.take_all({}) == []
        assert plant.on_hand() == {"motor": 1.0, "paint": 0.6}


def test_an_arrival_with_a_lot_id_is_booked_once(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_parts([MOTOR, PAINT])
        plant.receive("motor", 3, lot="delivery-7")
        assert plant.receive("motor", 3, lot="delivery-7").received_at == now
        assert plant.on_hand()["motor"] == 3.0
        with pytest.raises(assets.LotExists):
            plant.receive("motor", 4, lot="delivery-7")
        plant.take("motor", 1)
        assert plant.receive("motor", 3, lot="delivery-7").left == 2.0


def test_lot_ids_do_not_collide_with_given_ones(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        plant.add_parts([MOTOR])
        plant.receive("motor", 1, lot="motor-260302-02")
        assert [plant.receive("motor", 1).id for _ in range(3)] == [
            "motor-260302-03",
            "motor-260302-04",
            "motor-260302-05",
        ]


def test_an_unknown_part_is_refused(database: Database, now: datetime) -> None:
    with working(database, now) as plant:
        with pytest.raises(assets.UnknownPart):
            plant.receive("motor", 1)
        with pytest.raises(assets.UnknownPart):
            plant.take("motor", 1)
        with pytest.raises(assets.UnknownLot):
            plant.lot("motor-1")


def test_organizations_do_not_share_stock(database: Database, now: datetime) -> None:
    with working(database, now, "demo") as plant:
        plant.add_parts([MOTOR])
        plant.receive("motor", 5, lot="first")
    with working(database, now, "other") as plant:
        plant.add_parts([MOTOR])
        assert plant.on_hand() == {"motor": 0.0}
        assert plant.lots() == []
        with pytest.raises(assets.NotEnough):
            plant.take("motor", 1)
        plant.receive("motor", 2, lot="first")
        plant.take("motor", 2)
    with working(database, now, "demo") as plant:
        assert plant.on_hand() == {"motor": 5.0}


def test_numbers_have_no_gaps_and_belong_to_their_organization(database: Database, now: datetime) -> None:
    with working(database, now, "demo") as plant:
        assert [plant.next_number("orders") for _ in range(3)] == [1, 2, 3]
        assert plant.next_number("units-2026") == 1
    with working(database, now, "other") as plant:
        assert plant.next_number("orders") == 1
    with working(database, now, "demo") as plant:
        assert plant.next_number("orders") == 4


moves = st.lists(st.tuples(st.booleans(), st.integers(1, 5000)), max_size=15)


@given(moves)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_stock_is_exact_and_never_negative(database: Database, now: datetime, moves: list[tuple[bool, int]]) -> None:
    expected = Fraction(0)
    with working(database, now, new_id("org")) as plant:
        plant.add_parts([PAINT])
        for arrives, counted in moves:
            quantity = counted / 1000
            if arrives:
                plant.receive("paint", quantity)
                expected += Fraction(counted, 1000)
            elif Fraction(counted, 1000) <= expected:
                taken = plant.take("paint", quantity)
                assert sum(Fraction(assets.thousandths(share.quantity), 1000) for share in taken) == Fraction(counted, 1000)
                expected -= Fraction(counted, 1000)
            else:
                with pytest.raises(assets.NotEnough):
                    plant.take("paint", quantity)
            assert Fraction(assets.thousandths(plant.on_hand()["paint"] + 1), 1000) - 1 == expected
            assert all(lot.left >= 0 for lot in plant.lots())
