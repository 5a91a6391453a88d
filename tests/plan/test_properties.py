"""Whatever happens: nothing impossible is planned, promises are kept or told anew, and nothing is lost or doubled."""

from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.kernel import Database
from lotone.plan import BookingState, Snapshot, Supply, check
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.insert import insert
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import Commitment
from plan.plants import EVENTS, MONDAY, REFUSED, Life, random_demand, random_plant

ORDERS = 8


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_insertion_into_any_plant_can_be_carried_out(seed: int) -> None:
    chance = Random(seed)
    plant = random_plant(chance)
    empty = Snapshot(
        calendars={each.id: each for each in plant.calendars},
        resources={each.work_unit: each for each in plant.resources},
        setups={each.id: each for each in plant.setups},
        transport=plant.transport,
    )
    supply = Supply({"A": 9.0, "B": 3.0}, (), {"A": 1.0, "B": 3.0, "C": 2.0})
    snapshot = empty.at(MONDAY, lambda: supply, PlanSettings())
    for number in range(ORDERS):
        demand = random_demand(chance, plant.centers)
        names = (f"b{number}-{each}" for each in count())
        try:
            found = insert(snapshot, demand, f"c{number}", lambda: next(names))  # noqa: B023 (called at once)
        except REFUSED:
            continue
        new = Commitment(f"c{number}", number, demand, found.bookings, found.reservations, UNTOLD, UNTOLD.date)
        snapshot = snapshot.with_commitments([new])
        assert check(snapshot) == []
        assert {each.state for each in found.bookings} == {BookingState.HELD}


@pytest.mark.parametrize("block", range(4))
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32), events=st.lists(st.sampled_from(sorted(EVENTS)), min_size=10, max_size=30))
def test_any_life_of_any_plant(block: int, seed: int, events: list[str]) -> None:
    """The benchmark `plan_events` lives thousands of such events."""
    database = Database("sqlite://")
    database.create_tables()
    try:
        life = Life(seed, database)
        for event in events:
            life.happen(event)
            life.check()
    finally:
        database.close()
