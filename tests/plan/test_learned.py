"""What the plan learns: distributions that add up, beliefs drawn to what is known of more, and what its own changes teach."""

from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt
from random import Random
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.plan import Demand, OperationNeed
from lotone.plan.model.distribution import Varying, events, lognormal, sigma_of
from lotone.plan.model.learned import RATIO_MOST, Arrived, Learned, Recorded, Stop, Tally

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
HOURS = st.floats(0.01, 100)
SPREADS = st.floats(0.01, 1.5)


def tally(ratios: list[float], minutes: float = 60) -> Tally:
    return sum((Tally.of_one(minutes, minutes * ratio) for ratio in ratios), Tally())


def one(minutes: float = 60) -> Demand:
    return Demand((OperationNeed("cure", "curing", minutes),))


# distributions


@given(HOURS, SPREADS, st.lists(st.floats(-4, 4), min_size=2, max_size=5).map(sorted))
def test_a_quantile_is_never_less_at_a_higher_deviate(hours: float, spread: float, deviates: list[float]) -> None:
    varying = lognormal(log(hours), sigma_of(spread)).plus(events(0.1, lognormal(0, 1)))
    values = [varying.at(each) for each in deviates]
    assert values == sorted(values)


@given(HOURS, SPREADS, st.floats(0.1, 10))
def test_what_takes_longer_varies_in_proportion(hours: float, spread: float, factor: float) -> None:
    varying = lognormal(log(hours), sigma_of(spread))
    assert varying.times(factor).at(1.3) == pytest.approx(factor * varying.at(1.3), rel=1e-6)


def test_a_sum_has_the_quantiles_of_what_is_drawn() -> None:
    chance = Random(5)
    sigma = sigma_of(0.4)
    parts = [1.0, 2.0, 0.5]
    varying = Varying()
    for part in parts:
        varying = varying.plus(lognormal(log(part), sigma))
    drawn = sorted(sum(part * exp(chance.gauss(0, sigma)) for part in parts) for _ in range(20_000))
    for share, deviate in ((0.5, 0.0), (0.8, 0.8416), (0.95, 1.6449)):
        assert varying.at(deviate) == pytest.approx(drawn[int(share * len(drawn))], rel=0.015)


def test_events_by_chance_have_the_moments_of_what_is_drawn() -> None:
    chance, each = Random(3), lognormal(0, 0.5)
    found = events(0.3, each).repeated(10)
    totals = []
    for _ in range(20_000):
        left, total = chance.expovariate(0.3), 0.0
        while left < 10:
            total += exp(chance.gauss(0, 0.5))
            left += chance.expovariate(0.3)
        totals.append(total)
    assert found.mean == pytest.approx(mean(totals), rel=0.03)
    assert sqrt(found.variance) == pytest.approx(stdev(totals), rel=0.03)


def test_nothing_varies_without_a_spread() -> None:
    assert Varying(2.0).at(3.0) == 2.0
    assert lognormal(log(2), 0).variance == 0


# beliefs


def test_where_nothing_was_recorded_the_routing_is_believed() -> None:
    learned = Learned(spread=0.2)
    longer = learned.longer("cut", "saw-1", 1.0)
    assert longer.mean == pytest.approx(0.0, abs=0.02)
    assert sqrt(longer.variance) == pytest.approx(0.2, rel=0.2)


@given(st.floats(0.5, 2.0))
def test_one_operation_changes_little_and_many_change_all(ratio: float) -> None:
    few = Learned(Recorded({("cut", "saw-1"): tally([ratio])}))
    many = Learned(Recorded({("cut", "saw-1"): tally([ratio] * 300)}))
    near, far = few.operations()["cut", "saw-1"].ratio, many.operations()["cut", "saw-1"].ratio
    assert abs(log(near)) <= abs(log(ratio)) + 0.05
    assert far == pytest.approx(ratio, rel=0.05)


def test_a_new_machine_is_believed_to_be_as_the_others_are_with_that_step() -> None:
    learned = Learned(Recorded({("cut", "saw-1"): tally([1.3] * 50), ("mill", "mill-1"): tally([0.9] * 50)}))
    assert learned.longer("cut", "saw-2", 1.0).mean == pytest.approx(0.3, abs=0.05)
    assert 0.0 < learned.longer("drill", "drill-1", 1.0).mean < 0.3


def test_machines_that_stop_and_steps_that_are_scrapped_take_longer() -> None:
    base = Tally(100, 0, 0.5, 100, 100)
    stops = tuple(Stop("saw-1", NOW + timedelta(hours=n), NOW + timedelta(hours=n + 1)) for n in range(20))
    calm = Learned(Recorded({("cut", "saw-1"): base}))
    stopping = Learned(Recorded({("cut", "saw-1"): base}, stops, {"saw-1": 20}))
    spoiling = Learned(Recorded({("cut", "saw-1"): base + Tally(scrapped=20)}))
    assert stopping.machines()["saw-1"].stops_per_hour == pytest.approx(0.2, rel=0.4)
    assert stopping.machines()["saw-1"].repair_hours == pytest.approx(1.0, rel=0.4)
    assert spoiling.operations()["cut", "saw-1"].scrap == pytest.approx(0.2, rel=0.4)
    for worse in (stopping, spoiling):
        assert worse.longer("cut", "saw-1", 2.0).mean > calm.longer("cut", "saw-1", 2.0).mean + 0.2
        assert worse.longer("cut", "saw-1", 2.0).variance > calm.longer("cut", "saw-1", 2.0).variance


def test_a_supplier_that_is_late_is_expected_late_and_others_a_little() -> None:
    late = tuple(Arrived("K", "motor", NOW, NOW + timedelta(hours=10)) for _ in range(20))
    learned = Learned(Recorded(arrivals=late))
    assert learned.late("K").mean == pytest.approx(10, abs=0.5)
    assert Learned().late("K").mean == 0.0
    assert 0.0 < learned.late("L").mean <= learned.late("K").mean


def test_a_report_that_came_days_late_does_not_spoil_what_is_known() -> None:
    assert Tally.of_one(10, 10_000).total == pytest.approx(log(RATIO_MOST))
    assert Tally.of_one(10, 0.01).total == pytest.approx(-log(RATIO_MOST))


def test_older_durations_fade_once_there_are_many() -> None:
    known = tally([1.0] * 300)
    for _ in range(600):
        known = known.faded() + Tally.of_one(60, 90)
    assert known.count < 310
    assert exp(known.total / known.count) > 1.4
    assert known.done == 900


# what the plan's own changes teach


def make(plant: Any, name: str, minutes: float) -> str:
    """An hour's operation is ordered and takes so many minutes on the clock; returns its booking."""
    plant.order(name, one())
    with plant.plan() as plan:
        booking = plan.bookings_of(name)[0]
        plan.started(booking.id, plant.now)
    plant.later(minutes=minutes)
    with plant.plan() as plan:
        plan.finished(booking.id, plant.now)
    return str(booking.id)


def learned(plant: Any) -> Learned:
    with plant.plan() as plan:
        found: Learned = plan.learned()
        return found


def test_finished_operations_teach_how_long_they_take(plant: Any) -> None:
    for number in range(5):
        make(plant, f"order-{number}", 90)
    found = learned(plant).operations()["cure", "oven-1"]
    assert found.count == 5
    assert 1.1 < found.ratio < 1.5


def test_what_a_machine_stood_still_is_a_stop_and_no_longer_duration(plant: Any) -> None:
    plant.order("order", one())
    with plant.plan() as plan:
        booking = plan.bookings_of("order")[0]
        plan.started(booking.id, plant.now)
    plant.later(minutes=20)
    with plant.plan() as plan:
        plan.machine_down("oven-1", plant.now, 30)
    plant.later(minutes=45)
    with plant.plan() as plan:
        plan.machine_up("oven-1", plant.now)
    plant.later(minutes=40)
    with plant.plan() as plan:
        plan.finished(booking.id, plant.now)
    found = learned(plant)
    assert found.recorded.tallies["cure", "oven-1"].total == pytest.approx(0.0, abs=0.02)
    assert [round(stop.hours, 2) for stop in found.recorded.stops] == [0.75]
    assert found.machines()["oven-1"].count == 1


def test_what_is_scrapped_is_counted_once_and_not_what_follows_it(plant: Any, wanted: Any) -> None:
    plant.order("order", wanted())
    with plant.plan() as plan:
        paint, cure = plan.bookings_of("order")[:2]
    for booking in (paint, cure):
        with plant.plan() as plan:
            plan.started(booking.id, plant.now)
        plant.later(minutes=30)
        with plant.plan() as plan:
            plan.finished(booking.id, plant.now)
    for _ in range(2):
        with plant.plan() as plan:
            plan.scrapped(paint.id, plant.now)
    tallies = learned(plant).recorded.tallies
    assert {key[0]: each.scrapped for key, each in tallies.items()} == {"paint": 1.0, "cure": 0.0}


def test_a_purchase_is_learned_once(plant: Any) -> None:
    for _ in range(2):
        with plant.plan() as plan:
            plan.purchase_arrived("buy-1", "K", "motor", plant.now, plant.now + timedelta(hours=30))
    assert [each.hours_late for each in learned(plant).recorded.arrivals] == [30.0]


def test_what_was_said_only_afterwards_teaches_nothing(plant: Any) -> None:
    plant.order("order", one())
    plant.later(hours=5)
    with plant.plan() as plan:
        plan.finished(plan.bookings_of("order")[0].id, plant.now)
    assert learned(plant).recorded.tallies == {}


def test_a_plant_that_takes_longer_promises_later(plant: Any) -> None:
    before = bands(plant)
    for number in range(8):
        make(plant, f"order-{number}", 100)
    plant.wall += timedelta(minutes=5)
    after = bands(plant)
    assert after["50"] > before["50"] + timedelta(minutes=10)
    assert after["50"] < after["80"] < after["95"]


def bands(plant: Any) -> dict[str, timedelta]:
    """From the plan's expected completion of an order to each band."""
    with plant.plan() as plan:
        promise = plan.promise(one())
    return {name: at - promise.earliest for name, at in promise.bands.items()}
