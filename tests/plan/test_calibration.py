"""Promises are corrected by how past ones came out, kept beside what happened, and counted honestly."""

from datetime import UTC, datetime, timedelta
from math import sqrt
from random import Random
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.kernel import Words
from lotone.plan import Demand, OperationNeed, Promise
from lotone.plan.model.calibration import DEVIATES, MODEL_COUNTS, Calibration, deviate_of, value_at, wilson
from lotone.plan.model.distribution import lognormal, sigma_of
from lotone.plan.model.kept import LONGER, TOLD, ToldPromise, broken_by, kept_rates
from lotone.plan.model.promise import BANDS, buffer

NORMAL = NormalDist()
SCORES = st.lists(st.floats(-5, 8), max_size=60)
CURVES = st.lists(st.floats(0.01, 5000), min_size=len(DEVIATES), max_size=len(DEVIATES)).map(
    lambda steps: tuple(sum(steps[: place + 1]) - 3000 for place in range(len(steps)))
)
NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


# calibration


@given(SCORES, st.lists(st.floats(0.02, 0.98), min_size=2, max_size=4).map(sorted))
def test_a_higher_probability_never_has_a_lower_deviate(scores: list[float], shares: list[float]) -> None:
    calibration = Calibration(scores)
    deviates = [calibration.deviate(share) for share in shares]
    assert deviates == sorted(deviates)


@given(st.floats(0.02, 0.98))
def test_without_past_promises_the_model_is_believed(share: float) -> None:
    assert Calibration().deviate(share) == pytest.approx(NORMAL.inv_cdf(share))


@given(SCORES, st.floats(0.05, 0.95))
def test_a_few_promises_move_the_model_by_no_more_than_they_count(scores: list[float], share: float) -> None:
    """Between the model's quantiles with all of the scores on the one side and all on the other."""
    weight = len(scores)
    deviate = Calibration(scores).deviate(share)
    lowest = (share * (MODEL_COUNTS + weight) - weight) / MODEL_COUNTS
    highest = share * (MODEL_COUNTS + weight) / MODEL_COUNTS
    if lowest > 0.001:
        assert deviate >= NORMAL.inv_cdf(lowest) - 1e-6
    if highest < 0.999:
        assert deviate <= NORMAL.inv_cdf(highest) + 1e-6


def test_with_many_promises_the_model_does_not_matter() -> None:
    chance = Random(2)
    scores = [chance.gauss(3, 2) for _ in range(4000)]
    for share in BANDS.values():
        assert Calibration(scores).deviate(share) == pytest.approx(3 + 2 * NORMAL.inv_cdf(share), abs=0.35)


def test_newer_promises_count_more() -> None:
    assert Calibration([0.0] * 400 + [2.0] * 400).deviate(0.5) > 1.5
    assert Calibration([2.0] * 400 + [0.0] * 400).deviate(0.5) < 0.5


@given(CURVES, st.floats(-4, 6))
def test_the_deviate_of_a_curves_value_is_where_it_was_read(curve: tuple[float, ...], deviate: float) -> None:
    assert deviate_of(curve, value_at(curve, deviate)) == pytest.approx(deviate, abs=1e-4)


def test_on_a_flat_stretch_the_least_deviate_counts() -> None:
    curve = (0.0, 0.0, 0.0, 0.0, 10.0, 20.0, 30.0)
    assert value_at(curve, deviate_of(curve, 5.0)) == pytest.approx(5.0)
    assert deviate_of(curve, 0.0) == DEVIATES[0]


def test_a_wrong_model_is_kept_as_often_as_it_says_after_a_while() -> None:
    """Reality is later and varies three times as much as the model says, and is skewed."""
    chance, scores, kept = Random(7), list[float](), dict.fromkeys(BANDS, 0)
    rounds, learning = 1500, 300
    curve = DEVIATES
    for number in range(rounds):
        calibration = Calibration(scores)
        actual = chance.gammavariate(1.5, 3.0) - 0.5
        for band, share in BANDS.items():
            if number >= learning:
                kept[band] += actual <= value_at(curve, calibration.deviate(share))
        scores.append(deviate_of(curve, actual))
    for band, share in BANDS.items():
        assert kept[band] / (rounds - learning) == pytest.approx(share, abs=0.035)


def test_the_anchor_does_what_the_plan_did_before() -> None:
    hours = lognormal(0, sigma_of(0.1))
    assert buffer([timedelta(hours=1)], 0.95, 0.1).total_seconds() / 3600 == pytest.approx(
        hours.at(1.6449) - hours.mean, abs=0.02
    )


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_interval_holds_what_was_seen(kept: int, broken: int) -> None:
    low, high = wilson(kept, kept + broken)
    assert 0 <= low <= high <= 1
    if kept + broken:
        assert low - 1e-9 <= kept / (kept + broken) <= high + 1e-9


def test_more_promises_say_it_more_closely() -> None:
    few, many = wilson(8, 10), wilson(800, 1000)
    assert many[1] - many[0] < (few[1] - few[0]) / sqrt(20)


# bands and what becomes of them


def two(paint: float, assemble: float) -> Demand:
    return Demand((OperationNeed("paint", "paint", paint), OperationNeed("assemble", "assembly", assemble, after=("paint",))))


def one(minutes: float = 60) -> Demand:
    return Demand((OperationNeed("cure", "curing", minutes),))


def test_a_promise_has_its_bands_in_order_and_keeps_them_in_json(plant: Any, wanted: Any) -> None:
    with plant.plan() as plan:
        promise = plan.promise(wanted())
    assert list(promise.bands) == list(BANDS)
    assert promise.bands["50"] < promise.bands["80"] < promise.bands["95"] < promise.date
    assert Promise.from_json(promise.as_json()) == promise


def test_a_promise_of_before_there_were_bands_can_still_be_read(plant: Any, wanted: Any) -> None:
    with plant.plan() as plan:
        values = plan.promise(wanted()).as_json()
    del values["bands"], values["curve"]
    assert Promise.from_json(values).bands == {}


def test_closed_hours_swallow_a_delay_and_a_late_operation_waits_for_the_next_day(plant: Any) -> None:
    """The first operation of a day is not later because that of the evening before was; one that just fits into the evening
    may have to wait for the morning."""
    plant.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # 19:00 in Berlin, open until 22:00
    with plant.plan() as plan:
        over_night, just_fits = plan.promise(two(170, 60)), plan.promise(two(120, 55))
    assert (over_night.bands["95"] - over_night.earliest) < timedelta(minutes=25)
    assert just_fits.earliest.day == 2
    assert (just_fits.bands["95"] - just_fits.earliest) > timedelta(hours=8)


def kept(plant: Any) -> Any:
    with plant.plan() as plan:
        return plan.kept()


def test_a_promise_is_measured_when_its_order_is_complete(plant: Any) -> None:
    plant.order("order", one())
    assert (kept(plant).waiting, kept(plant).promises) == (1, ())
    with plant.plan() as plan:
        booking = plan.bookings_of("order")[0]
        plan.started(booking.id, plant.now)
    plant.later(minutes=61)
    with plant.plan() as plan:
        plan.finished(booking.id, plant.now)
    found = kept(plant)
    assert found.waiting == 0
    assert found.promises[0].completed_at == plant.now
    assert {rate.band: rate.kept for rate in found.rates} == {"50": 0, "80": 1, "95": 1, TOLD: 1}
    with plant.plan() as plan:
        assert 0 < plan.learned().calibration.scores[0] < 1


def test_what_broke_a_promise_is_kept_with_it(plant: Any) -> None:
    plant.order("order", one())
    with plant.plan() as plan:
        booking = plan.bookings_of("order")[0]
        plan.started(booking.id, plant.now)
        plan.machine_down("oven-1", plant.now, 24 * 60)
    plant.later(hours=24)
    with plant.plan() as plan:
        plan.machine_up("oven-1", plant.now)
    plant.later(hours=1)
    with plant.plan() as plan:
        plan.finished(booking.id, plant.now)
    found = kept(plant)
    assert [rate.kept for rate in found.rates] == [0, 0, 0, 0]
    assert found.broken_by == (("machine_down", 1),)
    assert found.promises[0].number == 0


def test_a_cancelled_order_says_nothing_about_promises(plant: Any) -> None:
    plant.order("order", one())
    with plant.plan() as plan:
        plan.cancel("order")
    assert (kept(plant).waiting, kept(plant).promises) == (0, ())


def told(hours_late: float, broken: dict[str, str]) -> ToldPromise:
    bands = {name: NOW + timedelta(hours=at) for name, at in (("50", 0), ("80", 1), ("95", 2))}
    promise = Promise(NOW + timedelta(hours=4), 0.9, NOW, (), Words(""), 0.0, bands, DEVIATES)
    return ToldPromise("order", 0, NOW, promise, 60, broken, NOW + timedelta(hours=hours_late))


def test_rates_count_what_is_complete_and_the_hand_over_leaves_time_for_packing() -> None:
    found = {rate.band: rate.kept for rate in kept_rates([told(0.5, {}), told(1.5, {}), told(3.5, {})], 0.9)}
    assert found == {"50": 0, "80": 1, "95": 2, TOLD: 2}


def test_a_cause_that_was_not_seen_is_that_of_the_next_lower_band_or_the_work_itself() -> None:
    late = told(5, {"50": "scrapped"})
    assert late.cause("80") == "scrapped"
    assert late.cause(TOLD) == "scrapped"
    assert told(5, {}).cause("95") == LONGER
    assert broken_by([late, told(5, {}), told(0, {})]) == [("scrapped", 1), (LONGER, 1)]
