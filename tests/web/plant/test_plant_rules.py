"""What the machines' pages compute: how values read, what looks stale, strips, sparklines, what may be written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lotone.assets import BAD, STALE, DataType, MachineState, Meaning, Sample, Tag
from lotone.connect import NotWritable
from lotone.insight import Stretch
from lotone.kernel import Invalid, Words
from lotone.web.plant.kept import Kept
from lotone.web.plant.machines import spark
from lotone.web.plant.timeline import HEIGHT, WIDTH, strip
from lotone.web.plant.trend import from_milliseconds, numbers_of
from lotone.web.plant.values import Live, decimals, short_text, value_text
from lotone.web.plant.writing import WrongValue, read_value
from lotone.web.reader import Reader

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PRESSURE = Tag(
    7, "paint-1", "pressure", Words("Pressure"), DataType.NUMBER, Meaning.PARAMETER, "bar", 0.1, 0.5, 5, True, "c", "a"
)
STATE = replace(PRESSURE, name="state", data_type=DataType.INTEGER, meaning=Meaning.STATE, resolution=None, unit="")


def test_values_read_as_people_say_them() -> None:
    english, chinese = Reader("en"), Reader("zh")
    assert value_text(english, PRESSURE, 2.449) == "2.4"
    assert value_text(english, STATE, 3) == "down"
    assert value_text(chinese, STATE, 2) == "运行中"
    assert value_text(english, replace(STATE, meaning=Meaning.JOB), 1034) == "1034"
    assert value_text(english, replace(PRESSURE, data_type=DataType.BOOLEAN), value=False) == "no"
    assert value_text(english, PRESSURE, None) == "–"
    assert short_text(english, replace(PRESSURE, resolution=1e-6), 1.372258) == "1.37"
    assert short_text(english, replace(PRESSURE, resolution=1e-6), 0.0123456) == "0.0123"
    assert short_text(english, PRESSURE, 1057.04) == "1,057"


@pytest.mark.parametrize(("resolution", "digits"), [(None, 2), (1, 0), (0.5, 1), (0.05, 2), (0.0001, 4), (10, 0)])
def test_decimals_follow_the_resolution(resolution: float | None, digits: int) -> None:
    assert decimals(resolution) == digits


def test_quality_and_range_of_a_live_value() -> None:
    assert Live(PRESSURE, Sample(7, 0, 2.75)).share == pytest.approx(0.5)
    assert Live(PRESSURE, Sample(7, 0, 9.0)).is_outside
    assert not Live(PRESSURE, Sample(7, 0, 5.0)).is_outside
    assert Live(PRESSURE, Sample(7, 0, 1.0, STALE)).quality == "stale"
    assert Live(PRESSURE, Sample(7, 0, 1.0, BAD)).quality == "bad"
    assert Live(PRESSURE).quality == ""


def test_the_strip_covers_its_range_without_gaps() -> None:
    states = [MachineState.RUNNING, MachineState.DOWN, MachineState.IDLE]
    stretches = [
        Stretch(state, NOON + timedelta(hours=hour), NOON + timedelta(hours=hour + 1)) for hour, state in enumerate(states)
    ]
    drawn = strip(stretches, NOON, NOON + timedelta(hours=3))
    assert drawn.bars[0].x == 0
    assert sum(bar.width for bar in drawn.bars) == pytest.approx(WIDTH, abs=0.1)
    assert drawn.bars[1].height == HEIGHT, "what needs a person stands out by its height too"
    assert len({bar.height for bar in drawn.bars}) == 3
    assert all(0 < place < WIDTH and NOON < at < NOON + timedelta(hours=3) for place, at in drawn.marks)
    assert 3 <= len(drawn.marks) <= 12


def test_noise_stays_flat_in_a_sparkline() -> None:
    def height(points: str) -> float:
        ys = [float(pair.split(",")[1]) for pair in points.split()]
        return max(ys) - min(ys)

    noise: list[tuple[float, float | None]] = [(0.0, 1.0), (0.5, 1.2), (1.0, 1.1)]
    assert height(spark(noise)) == 20
    assert height(spark(noise, 100)) < 1
    assert spark([(0.0, None), (1.0, 2.0)]) == ""


def test_only_what_fits_may_be_written() -> None:
    assert read_value(PRESSURE, " 2,5 ") == 2.5
    assert read_value(replace(PRESSURE, data_type=DataType.BOOLEAN, low=None, high=None), "yes") is True
    for text in ("", "much", "nan", "inf", "0.4", "5.1", "1e400"):
        with pytest.raises(WrongValue):
            read_value(PRESSURE, text)
    with pytest.raises(WrongValue):
        read_value(replace(PRESSURE, data_type=DataType.INTEGER), "2.5")
    for forbidden in (replace(PRESSURE, writable=False), replace(PRESSURE, meaning=Meaning.REQUEST)):
        with pytest.raises(NotWritable):
            read_value(forbidden, "2")


def test_addresses_of_trends() -> None:
    assert numbers_of("7,8, 9") == [7, 8, 9]
    assert numbers_of("") == []
    for wrong in ("x", "1;2", "-1", "9" * 30):
        with pytest.raises(Invalid):
            numbers_of(wrong)
    with pytest.raises(Invalid):
        from_milliseconds(1e30)


def test_answers_are_kept_for_a_while() -> None:
    at = [0.0]
    asked: list[int] = []
    kept: Kept[int] = Kept(10, now=lambda: at[0])

    def ask() -> int:
        asked.append(1)
        return len(asked)

    assert [kept.get(("a",), ask), kept.get(("a",), ask), kept.get(("b",), ask)] == [1, 1, 2]
    at[0] = 11
    assert kept.get(("a",), ask) == 3
