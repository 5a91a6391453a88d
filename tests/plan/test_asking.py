"""Many demands asked at once have the answers that each has alone, and nothing is kept of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotone.kernel import Database, LotOneError, Words
from lotone.plan import Calendar, Demand, NoMachine, NoSupply, OperationNeed, Promise, Resource, Shift, Supply
from lotone.plan.model.asking import Asking, Recent
from plan.plants import Life, random_demand

WEEKDAYS = ("Mon-Fri", "Mon-Sat", "Mon-Sun")
HOURS = (("06:00", "14:00"), ("06:00", "22:00"), ("22:00", "06:00"))


def some_demand(chance: Random) -> Demand:
    needs: list[OperationNeed] = []
    for number in range(chance.randint(1, 5)):
        before = tuple(need.step for need in needs if chance.random() < 0.4)
        parts = {part: float(chance.randint(1, 3)) for part in "ABC" if chance.random() < 0.3}
        minutes = chance.choice((10, 33.3, 120, 400))
        center = f"c{chance.randrange(3)}"
        needs.append(OperationNeed(f"s{number}", center, minutes, after=before, wait_after_minutes=45.5, parts=parts))
    return Demand(tuple(needs), Words("thing"), chance.choice((1, 1, 2, 3)))


def fill(plant: Any, chance: Random) -> None:
    calendars = [
        Calendar(f"k{n}", "Europe/Berlin", (Shift.from_text(chance.choice(WEEKDAYS), *chance.choice(HOURS)),)) for n in (0, 1)
    ]
    machines = [Resource(f"c{n % 3}-{n}", f"c{n % 3}", chance.choice(calendars).id) for n in range(chance.randint(3, 6))]
    plant.supply = Supply({"A": 20.0, "B": 3.0}, (), {"A": 1.0, "B": 3.0, "C": 2.0})
    with plant.plan() as plan:
        plan.set_calendars(calendars)
        plan.set_resources(machines)
    for number in range(chance.randint(0, 8)):
        plant.order(f"o{number}", some_demand(chance))
    if chance.random() < 0.5:
        with plant.plan() as plan:
            plan.machine_down(machines[0].work_unit, plant.now, chance.choice((30.0, 900.0)))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 10**9))
def test_many_answers_are_what_holds_promise_one_by_one(make_plant: Callable[[Database], Any], seed: int) -> None:
    chance = Random(seed)
    database = Database("sqlite://")
    database.create_tables()
    plant = make_plant(database)
    fill(plant, chance)
    demands = [some_demand(chance) for _ in range(6)]
    demands += demands[:2]
    with plant.plan() as plan:
        answers = plan.promise_many(demands)
        dates = plan.dates(demands)
    for demand, answer, date in zip(demands, answers, dates, strict=True):
        with plant.plan() as plan:
            hold = plan.hold(demand)
            plan.release(hold.id)
        assert answer == hold.promise
        assert date == hold.promise.date
    database.close()


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_so_it_is_with_setups_batches_crews_and_ways(seed: int) -> None:
    database = Database("sqlite://")
    database.create_tables()
    life = Life(seed, database)
    life.live(8)
    demands = [random_demand(Random(seed), life.plant.centers) for _ in range(3)]
    with life.plan() as plan:
        answers, dates = plan.promise_many(demands), plan.dates(demands)
    for demand, answer, date in zip(demands, answers, dates, strict=True):
        with life.plan() as plan:
            try:
                hold = plan.hold(demand)
            except LotOneError as fault:
                assert type(answer) is type(date) is type(fault)
            else:
                plan.release(hold.id)
                assert answer == hold.promise
                assert date == hold.promise.date
    database.close()


def test_each_is_asked_as_if_the_others_were_not(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.supply = Supply({"motor": 1.0}, (), {"motor": 6.0})
    with plant.plan() as plan:
        first, second = plan.promise_many([wanted(parts={"motor": 1.0})] * 2)
        assert first is second
        hold = plan.hold(wanted(parts={"motor": 1.0}))
        later = plan.promise_many([wanted(parts={"motor": 1.0})])[0]
    assert isinstance(first, Promise)
    assert isinstance(later, Promise)
    assert hold.promise == first
    assert later.date > first.date


def test_what_can_not_be_promised_says_why_in_its_place(plant: Any, wanted: Callable[..., Demand]) -> None:
    homeless = Demand((OperationNeed("polish", "nowhere", 10),), Words("bike"))
    with plant.plan() as plan:
        good, unknown, unsold = plan.promise_many([wanted(), homeless, wanted(parts={"gold": 1.0})])
        assert isinstance(good, Promise)
        assert isinstance(unknown, NoMachine)
        assert isinstance(unsold, NoSupply)
        with pytest.raises(NoSupply):
            plan.promise(wanted(parts={"gold": 1.0}))


def test_asking_writes_nothing(plant: Any, wanted: Callable[..., Demand]) -> None:
    before = plant.snapshot()
    with plant.plan() as plan:
        plan.promise_many([wanted(), wanted(paint=60)])
    assert plant.snapshot().stamp == before.stamp
    assert plant.facts == []


def test_the_same_work_under_another_name_is_asked_once(plant: Any, wanted: Callable[..., Demand]) -> None:
    renamed = replace(wanted(), operations=tuple(replace(need, words=Words("other")) for need in wanted().operations))
    with plant.plan() as plan:
        one, other, longer = plan.promise_many([wanted(), renamed, wanted(paint=600)])
    assert one is other
    assert longer.earliest > one.earliest > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_look_is_used_for_a_moment_and_only_by_its_organization(plant: Any) -> None:
    recent, asking = Recent(), Asking(plant.snapshot())
    recent.keep("one", plant.now, asking)
    assert recent.recent("one", plant.now + timedelta(seconds=0.9), plant.now, 1.0) is asking
    assert recent.recent("one", plant.now + timedelta(seconds=1.1), plant.now, 1.0) is None
    assert recent.recent("one", plant.now, plant.now + timedelta(hours=2), 1.0) is None, "the plant's time has moved on"
    assert recent.recent("other", plant.now, plant.now, 1.0) is None
