"""Rules of what exists: the equipment tree, tags, exact quantities, oldest lot first."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone import assets
from lotone.assets.model import Share, oldest_first
from lotone.kernel import Words

SITE = assets.Equipment("berlin", assets.Level.SITE, None, Words("Berlin"))
HALL = assets.Equipment("hall", assets.Level.AREA, "berlin", Words("Hall"))
CENTER = assets.Equipment("paint", assets.Level.WORK_CENTER, "hall", Words("Paint"))
UNIT = assets.Equipment("paint-1", assets.Level.WORK_UNIT, "paint", Words("Paint booth 1"))
TAG = assets.Tag(0, "paint-1", "state", Words("State"), assets.DataType.INTEGER, assets.Meaning.STATE)


def test_a_tree_in_any_order_is_fine() -> None:
    assets.check_equipment([UNIT, CENTER, HALL, SITE])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(UNIT, parent="nowhere"), "nowhere"),
        (replace(UNIT, parent="berlin", level=assets.Level.SITE), "can't be part of"),
        (replace(HALL, parent="paint"), "can't be part of"),
        (replace(UNIT, id="Paint 1"), "lower case"),
        (replace(UNIT, parent="paint-1"), "can't be part of"),
    ],
)
def test_what_is_no_tree_is_refused(wrong: assets.Equipment, says: str) -> None:
    others = [item for item in (SITE, HALL, CENTER, UNIT) if item.id != wrong.id]
    with pytest.raises(assets.WrongEquipment, match=says):
        assets.check_equipment([*others, wrong])


def test_a_machine_has_one_state() -> None:
    with pytest.raises(assets.WrongTag, match="two tags that mean state"):
        assets.check_tags("paint-1", [TAG, replace(TAG, name="mode")])


def test_a_machine_may_have_many_sensors() -> None:
    sensor = replace(TAG, name="flow", meaning=assets.Meaning.SENSOR)
    assets.check_tags("paint-1", [TAG, sensor, replace(sensor, name="temperature")])


@pytest.mark.parametrize("name", ["", "Flow", "a/b", "a b", "1st", "a" * 64])
def test_a_tag_name_must_fit_into_a_path(name: str) -> None:
    with pytest.raises(assets.WrongTag):
        assets.check_tags("paint-1", [replace(TAG, name=name)])


@pytest.mark.parametrize("quantity", [0.0, -1.0, float("nan"), float("inf"), 0.0004])
def test_what_is_no_quantity_is_refused(quantity: float) -> None:
    with pytest.raises(assets.WrongQuantity):
        assets.thousandths(quantity)


@given(st.integers(1, 10**12))
def test_quantities_round_trip(counted: int) -> None:
    assert assets.thousandths(assets.quantity_of(counted)) == counted


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_sums_do_not_drift(counts: list[int]) -> None:
    exact = sum((Decimal(count) / 1000 for count in counts), Decimal(0))
    assert sum(assets.thousandths(count / 1000) for count in counts) == exact * 1000


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(1, 200))
def test_oldest_lots_are_used_up_first(left: list[int], wanted: int) -> None:
    lots = [Share(f"lot-{number}", counted) for number, counted in enumerate(left)]
    if sum(left) < wanted:
        with pytest.raises(assets.NotEnough):
            oldest_first("motor", wanted, lots)
        return
    shares = {share.lot: share.counted for share in oldest_first("motor", wanted, lots)}
    assert sum(shares.values()) == wanted
    remaining = [lot.counted - shares.get(lot.lot, 0) for lot in lots]
    assert min(remaining) >= 0
    touched_last = max(number for number, lot in enumerate(lots) if lot.lot in shares)
    assert sum(remaining[:touched_last]) == 0


def test_lot_ids_can_be_read_on_a_label() -> None:
    assert assets.material_lot("motor-250w", date(2026, 1, 5), 3) == "motor-250w-260105-03"


def test_states_travel_as_numbers() -> None:
    for state in assets.MachineState:
        assert assets.MachineState.from_number(state.number) is state
    assert assets.MachineState.from_number(77) is assets.MachineState.UNKNOWN
    for job_state in assets.JobState:
        assert assets.JobState.from_number(job_state.number) is job_state
