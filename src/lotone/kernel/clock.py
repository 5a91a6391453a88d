"""Clocks: what time it is for people, and what time it is in the plant (simulated plants run faster)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The time for people: sessions, holds, receive times. Always in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class PlantClock:
    """The time in the plant: equal to the wall clock for a real plant, faster for a simulated one.

    At wall time `wall_anchor` the plant's time is `plant_anchor`; from there `speed` plant seconds pass a wall second.
    All processes of one installation share the same three values, so their plant times agree.
    """

    wall_anchor: datetime
    plant_anchor: datetime
    speed: float = 1.0
    wall: Clock = wall_clock

    def __call__(self) -> datetime:
        return self.plant_anchor + (self.wall() - self.wall_anchor) * self.speed

    def wall_seconds(self, plant: timedelta) -> float:
        """How many wall seconds a stretch of plant time takes."""
        return plant.total_seconds() / self.speed

    def wall_time(self, plant: datetime) -> datetime:
        """The wall time at which the plant's clock shows `plant`."""
        return self.wall_anchor + (plant - self.plant_anchor) / self.speed
