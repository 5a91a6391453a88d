"""Runs, stops, what is told of them, and times per state."""

from datetime import timedelta

import pytest

from lotone.assets import BAD, EPOCH, STALE, UNCERTAIN, DataType, MachineState, Meaning, Sample, Tag, Value, moment
from lotone.insight.model import (
    Mark,
    News,
    Run,
    Stop,
    Stretch,
    UnitTimes,
    expected_minutes,
    mark_of,
    news,
    runs,
    seconds_per_state,
    stops,
    stretches,
    together,
    weightiest,
)
from lotone.kernel import Words

STOPPED, IDLE, RUNNING, DOWN, UNKNOWN = MachineState
TAG = Tag(7, "paint-1", "state", Words("State"), DataType.INTEGER, Meaning.STATE)


def mark(time: int, state: MachineState, *, sequence: int = 0, tag: int = 7, received: int = 0) -> Mark:
    return Mark(time, sequence, tag, state, received)


@pytest.mark.parametrize(
    ("value", "quality", "state"),
    [(2, 0, RUNNING), (2.0, UNCERTAIN, RUNNING), (3, 0, DOWN), (0, 0, STOPPED), (2, STALE, UNKNOWN), (2, BAD, UNKNOWN),
     (9, 0, UNKNOWN), ("running", 0, UNKNOWN)],
)  # fmt: skip
def test_what_a_sample_tells(value: Value, quality: int, state: MachineState) -> None:
    assert mark_of(TAG, Sample(7, 10, value, quality, 3, 11)) == Mark(10, 3, 7, state, 11)


def test_of_one_identity_the_mark_received_last_counts() -> None:
    early, late = mark(1, IDLE, received=5), mark(1, DOWN, received=6)
    assert weightiest([early, late]) == weightiest([late, early]) == {late.identity: late}


def test_repeated_states_are_one_run() -> None:
    marks = [mark(1, IDLE), mark(2, IDLE), mark(5, RUNNING), mark(6, RUNNING), mark(9, IDLE)]
    assert runs(None, marks, None) == [Run(IDLE, 1, 5), Run(RUNNING, 5, 9), Run(IDLE, 9, None)]


def test_a_run_goes_on() -> None:
    assert runs(IDLE, [mark(1, IDLE)], None) == []
    assert runs(IDLE, [mark(1, IDLE), mark(2, DOWN)], 7) == [Run(DOWN, 2, 7)]


def test_the_last_mark_of_a_moment_counts() -> None:
    assert runs(None, [mark(1, IDLE), mark(1, DOWN, sequence=1), mark(1, RUNNING, sequence=2)], None) == [Run(RUNNING, 1)]


def test_a_stop_lasts_until_the_machine_could_work_again() -> None:
    found = [Run(RUNNING, 0, 5), Run(DOWN, 5, 6), Run(UNKNOWN, 6, 7), Run(STOPPED, 7, 8), Run(DOWN, 8, 9), Run(IDLE, 9, None)]
    assert stops(None, found) == [Stop(5, 9)]


def test_being_switched_off_or_silent_is_no_stop() -> None:
    assert stops(None, [Run(RUNNING, 0, 5), Run(STOPPED, 5, 6), Run(UNKNOWN, 6, 7), Run(IDLE, 7, None)]) == []


def test_a_machine_first_heard_of_while_down_is_a_stop() -> None:
    assert stops(None, [Run(DOWN, 3, None)]) == [Stop(3)]


def test_a_stop_that_lasts_already() -> None:
    assert stops(Stop(1), [Run(DOWN, 5, 6), Run(RUNNING, 6, None)]) == [Stop(1, 6)]
    assert stops(Stop(1), []) == [Stop(1)]


def begins(stop: Stop, *, corrected: bool = False) -> News:
    return News(stop, stop.began, is_over=False, corrected=corrected)


def ends(stop: Stop, *, corrected: bool = False) -> News:
    assert stop.ended is not None
    return News(stop, stop.ended, is_over=True, corrected=corrected)


def withdrawn(stop: Stop) -> News:
    return News(stop, stop.began, is_over=True, withdrawn=True)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([], [Stop(5)], [begins(Stop(5))], id="a stop begins"),
        pytest.param([Stop(5)], [Stop(5)], [], id="nothing new"),
        pytest.param([Stop(5)], [Stop(5, 9)], [ends(Stop(5, 9))], id="it ends"),
        pytest.param([], [Stop(5, 9)], [begins(Stop(5, 9)), ends(Stop(5, 9))], id="both at once"),
        pytest.param([Stop(5, 9)], [Stop(5, 7)], [ends(Stop(5, 7), corrected=True)], id="it ended earlier"),
        pytest.param([Stop(5, 9)], [Stop(5)], [begins(Stop(5), corrected=True)], id="it is not over after all"),
        pytest.param([Stop(5)], [], [withdrawn(Stop(5))], id="it never was"),
        pytest.param([Stop(5, 9)], [], [withdrawn(Stop(5, 9))], id="it never was, but was said to be over"),
        pytest.param([Stop(5)], [Stop(3)], [withdrawn(Stop(5)), begins(Stop(3))], id="it began earlier"),
        pytest.param([Stop(5)], [Stop(7)], [withdrawn(Stop(5)), begins(Stop(7))], id="it began later"),
        pytest.param(
            [Stop(5)], [Stop(2, 3), Stop(5)], [begins(Stop(2, 3)), ends(Stop(2, 3)), begins(Stop(5), corrected=True)],
            id="an earlier one is heard of while one lasts",
        ),
        pytest.param(
            [Stop(5)], [Stop(2, 3)], [withdrawn(Stop(5)), begins(Stop(2, 3)), ends(Stop(2, 3))], id="it was another one",
        ),
        pytest.param(
            [Stop(2, 3), Stop(5)], [Stop(2)], [withdrawn(Stop(5)), begins(Stop(2), corrected=True)], id="two are one",
        ),
        pytest.param(
            [Stop(2, 3), Stop(5)], [Stop(5)], [withdrawn(Stop(2, 3)), begins(Stop(5), corrected=True)],
            id="an earlier one never was while one lasts",
        ),
    ],
)  # fmt: skip
def test_what_is_told(before: list[Stop], after: list[Stop], told: list[News]) -> None:
    assert news(before, after) == told


def test_the_expected_duration_is_the_median_of_the_past() -> None:
    minute = 60_000_000
    assert expected_minutes([Stop(0, 5 * minute), Stop(0, 90 * minute), Stop(0, 7 * minute), Stop(3)], 120) == 7
    assert expected_minutes([Stop(3)], 120) == 120


def test_stretches_cover_the_range() -> None:
    found = [Run(IDLE, 0, 10), Run(RUNNING, 10, 30), Run(DOWN, 30, None)]
    assert stretches(found, 5, 40) == [
        Stretch(IDLE, moment(5), moment(10)), Stretch(RUNNING, moment(10), moment(30)), Stretch(DOWN, moment(30), moment(40)),
    ]  # fmt: skip
    assert stretches(found[:2], -5, 40) == [
        Stretch(UNKNOWN, moment(-5), moment(0)), Stretch(IDLE, moment(0), moment(10)),
        Stretch(RUNNING, moment(10), moment(30)), Stretch(UNKNOWN, moment(30), moment(40)),
    ]  # fmt: skip
    assert stretches([], 5, 9) == [Stretch(UNKNOWN, moment(5), moment(9))]
    assert stretches(found, 5, 5) == []


def test_availability_and_times_after_iso_22400() -> None:
    hours = {RUNNING: 6 * 3600.0, IDLE: 3600.0, DOWN: 1800.0, STOPPED: 7200.0, UNKNOWN: 60.0}
    times = UnitTimes(EPOCH, EPOCH + timedelta(days=1), hours, 4.0)
    assert times.actual_production_time == 21_600
    assert times.actual_unit_delay_time == 3_600
    assert times.actual_unit_down_time == 1_800
    assert times.planned_busy_time == 27_000
    assert times.availability == 0.8
    assert not times.complete


def test_no_planned_time_has_no_availability() -> None:
    assert UnitTimes(EPOCH, EPOCH, {STOPPED: 10.0}).availability is None


def test_units_together_weigh_by_their_time() -> None:
    one = UnitTimes(EPOCH, EPOCH + timedelta(hours=1), {RUNNING: 100.0, DOWN: 0.0}, 1.5)
    other = UnitTimes(EPOCH, EPOCH + timedelta(hours=2), {RUNNING: 100.0, DOWN: 200.0})
    both = together([one, other])
    assert both.availability == 0.5
    assert (both.start, both.end, both.energy_kwh, both.complete) == (EPOCH, EPOCH + timedelta(hours=2), 1.5, True)


def test_seconds_per_state() -> None:
    covered = stretches(
        [Run(IDLE, 0, 10_000_000), Run(DOWN, 10_000_000, 11_500_000), Run(IDLE, 11_500_000, None)], 0, 12_000_000
    )
    assert seconds_per_state(covered) == {STOPPED: 0, IDLE: 10.5, RUNNING: 0, DOWN: 1.5, UNKNOWN: 0}
