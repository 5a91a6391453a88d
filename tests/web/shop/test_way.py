"""A unit's way as a picture: order, lanes, lines."""

from datetime import UTC, datetime, timedelta

import pytest

from lotone.kernel import Words
from lotone.orders import Step, StepState
from lotone.web.shop.way import Report, way_of

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
AFTER = {"paint": ("frame",), "assemble": ("paint", "wheels"), "frame": (), "wheels": ()}


def step(name: str, hour: int, state: StepState = StepState.LATER) -> Step:
    start = NINE + timedelta(hours=hour)
    return Step(1, name, Words(name), state, f"{name}-1", start, start + timedelta(hours=1))


@pytest.fixture
def steps() -> list[Step]:
    return [
        step("assemble", 3),
        step("wheels", 1, StepState.RUNNING),
        step("paint", 2, StepState.NEXT),
        step("frame", 0, StepState.DONE),
    ]


def test_steps_stand_in_time_and_parts_on_their_own_lanes(steps: list[Step]) -> None:
    way = way_of(steps, AFTER, {"frame-1": Words("Frame cell")}, {"wheels": Report(0.4, None)})
    assert [stop.step.step for stop in way.stops] == ["frame", "wheels", "paint", "assemble"]
    frame, wheels, paint, assemble = way.stops
    assert frame.x == paint.x == assemble.x < wheels.x < way.width
    assert frame.y < wheels.y < paint.y < assemble.y < way.height
    assert frame.machine.en == "Frame cell"
    assert wheels.machine.en == "wheels-1"
    assert (wheels.percent, paint.progress) == (40, None)


def test_a_line_joins_each_step_with_those_before_it(steps: list[Step]) -> None:
    way = way_of(steps, AFTER, {}, {})
    assert len(way.lines) == 3
    assert [line.is_done for line in way.lines] == [True, False, False]


def test_a_step_that_began_too_early_still_stands_below_the_one_before_it() -> None:
    way = way_of([step("paint", 0), step("frame", 5)], AFTER, {}, {})
    assert [stop.step.step for stop in way.stops] == ["frame", "paint"]


def test_nothing_is_a_way_too() -> None:
    assert way_of([], AFTER, {}, {}).stops == ()
