"""The strip that shows what state a machine was in when: a drawing whose states differ in height as well as in colour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.assets import MachineState
from lotone.insight import Stretch

WIDTH = 1000.0
HEIGHT = 40.0
HEIGHTS = {
    MachineState.RUNNING: 26.0,
    MachineState.IDLE: 10.0,
    MachineState.STOPPED: 4.0,
    MachineState.DOWN: 40.0,
    MachineState.UNKNOWN: 0.0,
}
"""Of 40: what needs a person stands out, what runs is a calm band."""
STEPS_HOURS = (0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0)
LABELS_MOST = 9


@dataclass(frozen=True)
class Bar:
    """One stretch in the strip's own units."""

    state: MachineState
    x: float
    width: float
    y: float
    height: float
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Strip:
    """A range of time with its bars and the moments that are written under it (with their place, 0 to 1000)."""

    start: datetime
    end: datetime
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, datetime], ...]
    width: float = WIDTH
    height: float = HEIGHT


def strip(stretches: list[Stretch], start: datetime, end: datetime) -> Strip:
    """The drawing of stretches between two moments."""
    scale = WIDTH / max((end - start).total_seconds(), 1.0)
    bars = [
        Bar(
            each.state,
            round((each.start - start).total_seconds() * scale, 2),
            round(max(each.seconds * scale, 1.0), 2),
            HEIGHT - HEIGHTS[each.state],
            HEIGHTS[each.state],
            each.start,
            each.end,
        )
        for each in stretches
    ]
    return Strip(start, end, tuple(bars), tuple(_marks(start, end, scale)))


def _marks(start: datetime, end: datetime, scale: float) -> list[tuple[float, datetime]]:
    """Round times of day, few enough to be read."""
    hours = (end - start).total_seconds() / 3600
    step = timedelta(hours=next((each for each in STEPS_HOURS if hours / each <= LABELS_MOST), STEPS_HOURS[-1]))
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step * (((start - midnight) // step) + 1)
    found = []
    while at < end:
        place = (at - start).total_seconds() * scale
        if 25 < place < WIDTH - 25:
            found.append((round(place, 1), at))
        at += step
    return found
