"""What a plant may set about its promises and its plan."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lotone.plan.model.objective import Objective


@dataclass(frozen=True)
class PlanSettings:
    """Defaults suit a plant that hands over finished goods at the end of each working day."""

    time_zone: str = "Europe/Berlin"
    hand_over: time = time(18, 0)
    hand_over_days: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    """Weekdays on which goods are handed over, 0 is Monday."""
    packing_minutes: float = 60.0
    probability: float = 0.9
    spread: float = 0.1
    """Coefficient of variation of a duration, until it is learned from what machines took."""
    late_minutes: float = 2.0
    """A booking that did not start this long after its time is moved on."""
    move_minutes: float = 15.0
    """A booking changes its machine only when it gains this much: people and parts are already on their way."""
    better_days: float = 1.0
    """A date that was moved before is told again when it gets better by more than this."""
    freeze_minutes: float = 60.0
    """The improvement leaves alone what starts within this time: it is being prepared, and searching takes time too."""
    improve_operations: int = 2000
    """The improvement looks at this many of the next operations at a time."""
    repair_operations: int = 2500
    """As many, when promises are broken and a plan is searched that keeps them."""
    objective: Objective = field(default_factory=Objective)
    """What the improvement weighs against what."""

    def __post_init__(self) -> None:
        if not self.hand_over_days or any(day not in range(7) for day in self.hand_over_days):
            raise ValueError("hand_over_days must name at least one weekday, 0 (Monday) to 6 (Sunday)")
        if not 0 < self.probability < 1 or self.spread < 0 or self.packing_minutes < 0:
            raise ValueError("probability must lie between 0 and 1, spread and packing_minutes must not be negative")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def packing(self) -> timedelta:
        return timedelta(minutes=self.packing_minutes)

    def next_hand_over(self, moment: datetime) -> datetime:
        """The first hand-over at or after a moment."""
        local = moment.astimezone(self.zone)
        for days in range(8):
            at = datetime.combine(local.date() + timedelta(days=days), self.hand_over, self.zone).astimezone(UTC)
            if at >= moment and at.astimezone(self.zone).weekday() in self.hand_over_days:
                return at
        raise AssertionError("a week has a hand-over day")

    def next_day(self, moment: datetime) -> datetime:
        """The midnight that ends the plant's day."""
        day = moment.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def whole_second(moment: datetime) -> datetime:
    """The moment, or the next whole second: everything planned is planned in whole seconds."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)
