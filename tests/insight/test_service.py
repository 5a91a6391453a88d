"""Machines' states from samples in any order, and what is told of their stops."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from lotone.assets import EPOCH, STALE, DataType, MachineState, Meaning, Sample, Tag, microseconds, moment
from lotone.insight import InsightService, MachineRecovered, MachineStopped, StateNow, StopPeriod, Store, Stretch
from lotone.insight.model import Mark, runs, stops, weightiest
from lotone.insight.store import MARK
from lotone.kernel import Database, Fact, Words

STOPPED, IDLE, RUNNING, DOWN, UNKNOWN = MachineState
NOW = EPOCH + timedelta(days=20_000)
START = microseconds(NOW) - 3_600_000_000
PAINT = Tag(7, "paint-1", "state", Words("State"), DataType.INTEGER, Meaning.STATE)
OVEN = Tag(8, "oven-1", "state", Words("State"), DataType.INTEGER, Meaning.STATE)
SPEED = Tag(9, "paint-1", "speed", Words("Speed"), DataType.NUMBER, Meaning.SENSOR)
ENERGY = Tag(10, "paint-1", "energy", Words("Energy"), DataType.NUMBER, Meaning.ENERGY)


def said(second: float, state: MachineState, *, tag: Tag = PAINT, received: int = 0, sequence: int = 0) -> tuple[Tag, Sample]:
    return tag, Sample(tag.number, START + int(second * 1e6), state.number, sequence=sequence, receive_time=received)


def silent(second: float, tag: Tag = PAINT) -> tuple[Tag, Sample]:
    return tag, Sample(tag.number, START + int(second * 1e6), RUNNING.number, quality=STALE)


def at(second: float) -> datetime:
    return moment(START + int(second * 1e6))


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.work() as opened:
        yield opened


@pytest.fixture
def told() -> list[Fact]:
    return []


@pytest.fixture
def insight(connection: Connection, told: list[Fact]) -> InsightService:
    return InsightService(Store(connection, "demo"), lambda: NOW, told.append, repair_minutes=90)


def states(insight: InsightService, work_unit: str = "paint-1") -> list[tuple[MachineState, datetime]]:
    return [(stretch.state, stretch.start) for stretch in insight.timeline(work_unit, at(0), NOW)]


def test_states_follow_the_samples(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, IDLE), said(10, RUNNING), said(10, IDLE, tag=OVEN), (SPEED, Sample(9, START, 3.0))])
    insight.observe([said(60, IDLE)])
    assert insight.states() == {"paint-1": StateNow(IDLE, at(60)), "oven-1": StateNow(IDLE, at(10))}
    assert insight.timeline("paint-1", at(5), at(100)) == [
        Stretch(IDLE, at(5), at(10)), Stretch(RUNNING, at(10), at(60)), Stretch(IDLE, at(60), at(100)),
    ]  # fmt: skip
    assert told == []


def test_nothing_is_known_before_the_first_sample_nor_after_now(insight: InsightService) -> None:
    insight.observe([said(100, IDLE)])
    covered = insight.timeline("paint-1", at(0), NOW + timedelta(days=1))
    assert covered == [Stretch(UNKNOWN, at(0), at(100)), Stretch(IDLE, at(100), NOW)]
    assert insight.timeline("paint-1", NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == []
    assert insight.timeline("nobody", at(0), at(1)) == [Stretch(UNKNOWN, at(0), at(1))]


def test_a_stop_and_its_end_are_told_once(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING)])
    for _ in range(2):
        insight.observe([said(60, DOWN)])
    assert told == [MachineStopped("paint-1", at(60), "down", "breakdown", 90)]
    for _ in range(2):
        insight.observe([said(61, DOWN), said(360, RUNNING)])
    assert told[1:] == [MachineRecovered("paint-1", at(360), at(60), 5)]
    assert insight.stops(at(0), NOW) == [StopPeriod("paint-1", at(60), at(360))]


def test_all_of_a_machine_in_one_batch_is_told_in_the_order_of_time(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(50, IDLE), said(10, DOWN), said(0, RUNNING), said(30, DOWN, tag=OVEN)])
    assert [(type(fact), fact.work_unit, fact.at) for fact in told if isinstance(fact, MachineStopped | MachineRecovered)] == [
        (MachineStopped, "oven-1", at(30)), (MachineStopped, "paint-1", at(10)), (MachineRecovered, "paint-1", at(50)),
    ]  # fmt: skip


def test_the_next_stop_is_expected_to_last_as_long_as_earlier_ones(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING), said(100, DOWN), said(160, RUNNING), said(200, DOWN), said(500, RUNNING)])
    insight.observe([said(600, DOWN), said(600, DOWN, tag=OVEN)])
    expected = {
        fact.work_unit: fact.expected_minutes for fact in told if isinstance(fact, MachineStopped) and fact.at == at(600)
    }
    assert expected == {"paint-1": 3, "oven-1": 90}


def test_a_silent_machine_is_in_no_known_state(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING), silent(10)])
    assert insight.states()["paint-1"] == StateNow(UNKNOWN, at(10))
    insight.observe([said(30, RUNNING)])
    assert states(insight) == [(RUNNING, at(0)), (UNKNOWN, at(10)), (RUNNING, at(30))]
    assert told == []


def test_a_machine_that_falls_silent_while_down_is_still_down(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING), said(10, DOWN), silent(20), said(30, DOWN), said(40, IDLE)])
    assert told == [
        MachineStopped("paint-1", at(10), "down", "breakdown", 90),
        MachineRecovered("paint-1", at(40), at(10), 0.5),
    ]


def test_late_samples_find_their_place(insight: InsightService) -> None:
    insight.observe([said(0, IDLE), said(50, IDLE), said(100, IDLE)])
    insight.observe([said(20, RUNNING)])
    assert states(insight) == [(IDLE, at(0)), (RUNNING, at(20)), (IDLE, at(50))]
    insight.observe([said(30, DOWN), said(10, IDLE)])
    assert states(insight) == [(IDLE, at(0)), (RUNNING, at(20)), (DOWN, at(30)), (IDLE, at(50))]


def test_a_late_correction_that_removes_a_stop_withdraws_it(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING), said(60, DOWN)])
    insight.observe([said(60, RUNNING, received=5)])
    assert told[1:] == [MachineRecovered("paint-1", at(60), at(60), 0, withdrawn=True)]
    assert insight.stops(at(0), NOW) == []
    assert states(insight) == [(RUNNING, at(0))]


def test_a_correction_received_earlier_does_not_count(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(60, RUNNING, received=5)])
    insight.observe([said(60, DOWN, received=3)])
    assert told == []
    assert insight.states()["paint-1"].state is RUNNING


def test_a_recovery_that_was_none_is_put_right(insight: InsightService, told: list[Fact]) -> None:
    insight.observe([said(0, RUNNING), said(60, DOWN), said(120, RUNNING)])
    insight.observe([said(120, DOWN, received=5)])
    assert told[2:] == [MachineStopped("paint-1", at(60), "down", "breakdown", 90, corrected=True)]


def test_organizations_never_see_each_other(connection: Connection, insight: InsightService, told: list[Fact]) -> None:
    other = InsightService(Store(connection, "other"), lambda: NOW, told.append)
    insight.observe([said(0, RUNNING), said(10, DOWN)])
    assert other.states() == {}
    assert other.timeline("paint-1", at(0), at(20)) == [Stretch(UNKNOWN, at(0), at(20))]
    assert other.stops(at(0), NOW) == []
    assert other.times(at(0), NOW) == {}
    other.observe([said(5, IDLE)])
    assert other.tidy(timedelta(0)) == 0
    assert states(insight) == [(RUNNING, at(0)), (DOWN, at(10))]


def test_what_is_said_of_the_future_is_not_now(insight: InsightService) -> None:
    insight.observe([said(0, IDLE), said(3600 + 30, RUNNING), said(3600 + 7200, DOWN)])
    assert insight.states()["paint-1"].state is RUNNING  # within a minute of now: the machine's clock may be ahead
    assert [state for state, _ in states(insight)] == [IDLE]


def test_times_per_state_and_energy(connection: Connection, told: list[Fact]) -> None:
    asked: list[Any] = []

    def increase(tags: list[int], start: int, end: int) -> dict[int, float]:
        asked.append((tags, start, end))
        return {10: 4.5}

    insight = InsightService(Store(connection, "demo"), lambda: NOW, told.append, increase=increase)
    insight.observe([said(0, RUNNING), said(600, DOWN), said(900, IDLE), said(0, IDLE, tag=OVEN)])
    times = insight.times(at(300), at(1200), tags=[PAINT, SPEED, ENERGY])
    paint = times["paint-1"]
    assert (paint.actual_production_time, paint.actual_unit_down_time, paint.actual_unit_delay_time) == (300, 300, 300)
    assert paint.availability == pytest.approx(1 / 3)
    assert (paint.energy_kwh, times["oven-1"].energy_kwh) == (4.5, None)
    assert paint.complete
    assert asked == [([10], START + 300_000_000, START + 1_200_000_000)]


def test_the_present_is_the_end_of_every_range(insight: InsightService) -> None:
    insight.observe([said(0, RUNNING)])
    times = insight.times(at(0), NOW + timedelta(days=1))["paint-1"]
    assert times.end == NOW
    assert times.actual_production_time == 3600


def test_repeated_samples_are_forgotten_after_a_while(connection: Connection, insight: InsightService) -> None:
    insight.observe([said(second, IDLE if second < 50 else RUNNING) for second in range(100)])
    before = states(insight)
    assert insight.tidy(timedelta(minutes=59)) == 58  # the first minute, but for the two with which runs begin
    assert connection.execute(select(func.count()).select_from(MARK)).scalar() == 42
    insight.observe([said(second, IDLE if second < 50 else RUNNING) for second in range(100)])
    assert states(insight) == before


UNITS = count(1)
STATES = st.sampled_from([STOPPED, IDLE, RUNNING, RUNNING, DOWN, DOWN, UNKNOWN])
MARKS = st.lists(
    st.builds(Mark, time=st.integers(0, 12), sequence=st.integers(0, 1), tag=st.integers(7, 8), state=STATES,
              receive_time=st.integers(0, 2)),
    min_size=1, max_size=20,
)  # fmt: skip


@given(marks=MARKS, data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_does_not_matter(connection: Connection, marks: list[Mark], data: st.DataObject) -> None:
    """However the samples are shuffled, repeated and cut into batches, the timeline is that of the samples put in order."""
    arrived = data.draw(st.permutations(marks + data.draw(st.lists(st.sampled_from(marks), max_size=10))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(arrived)), max_size=6)))
    unit, told = f"unit-{next(UNITS)}", []
    store = Store(connection, "demo")
    insight = InsightService(store, lambda: NOW, told.append)
    for first, last in zip([0, *cuts], [*cuts, len(arrived)], strict=True):
        insight.observe([_sample(unit, mark) for mark in arrived[first:last]])

    in_order = [mark for _, mark in sorted(weightiest(marks).items())]
    expected = runs(None, in_order, None)
    assert [run for _, run in store.runs_within(-1, 100, unit)] == expected
    assert [stop for _, stop in store.stops_within(-1, 100, unit)] == stops(None, expected)
    _check_told(told, stops(None, expected))


def _sample(unit: str, mark: Mark) -> tuple[Tag, Sample]:
    tag = Tag(mark.tag, unit, f"state-{mark.tag}", Words("State"), DataType.INTEGER, Meaning.STATE)
    return tag, Sample(mark.tag, mark.time, mark.state.number, 0, mark.sequence, mark.receive_time)


def _check_told(told: list[Fact], found: list[Any]) -> None:
    """Whoever follows the facts knows in the end what is true: which stops there are, and whether the machine is down."""
    known: dict[datetime, datetime | None] = {}
    for fact in told:
        if isinstance(fact, MachineStopped):
            assert fact.corrected == (fact.at in known), "a stop is told once, or said to be a correction"
            known[fact.at] = None
        elif isinstance(fact, MachineRecovered):
            assert fact.stopped_at in known
            known[fact.stopped_at] = fact.at
            if fact.withdrawn:
                del known[fact.stopped_at]
    assert known == {moment(stop.began): None if stop.ended is None else moment(stop.ended) for stop in found}
    is_down = bool(found) and found[-1].ended is None
    assert is_down == (bool(told) and isinstance(told[-1], MachineStopped))
