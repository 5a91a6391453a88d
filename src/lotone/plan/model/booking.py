"""Machines and the work booked on them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from lotone.kernel import Words


class BookingState(StrEnum):
    HELD = "held"
    """Reserved for somebody who has not ordered yet."""
    PLANNED = "planned"
    RELEASED = "released"
    """Sent to its machine: it stays there, but may still be late."""
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def waits(self) -> bool:
        """Not begun yet, so its time can still change."""
        return self in (BookingState.HELD, BookingState.PLANNED, BookingState.RELEASED)

    @property
    def is_movable(self) -> bool:
        """It may still change its machine too."""
        return self in (BookingState.HELD, BookingState.PLANNED)

    @property
    def takes_time(self) -> bool:
        return self.waits or self is BookingState.STARTED


class Place(NamedTuple):
    """One step of one unit of a commitment: what a booking is about."""

    commitment: str
    unit: int
    step: str


@dataclass(frozen=True)
class Booking:
    """One operation's place in the schedule. `unit` counts the units of a demand from 1; times are plant times."""

    id: str
    commitment: str
    unit: int
    step: str
    work_center: str
    work_unit: str
    start: datetime
    end: datetime
    minutes: float
    """The planned duration on this machine; `end` also holds what is known better: a late start, a repair, an overrun."""
    state: BookingState = BookingState.HELD
    order: str | None = None

    @cached_property
    def place(self) -> Place:
        return Place(self.commitment, self.unit, self.step)

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class Resource:
    """A work unit as the plan sees it: where it belongs, when it works, and whether it is down."""

    work_unit: str
    work_center: str
    calendar: str
    words: Words = field(default_factory=lambda: Words(""))
    down_from: datetime | None = None
    down_until: datetime | None = None
    """When the repair is expected to be finished; set as long as the machine is down."""
    down_said_at: datetime | None = None
    down_minutes: float = 0.0
    """The repair time that was last said, and when."""
    up_at: datetime | None = None
    """When it last came back: stops reported late, from before this, are over."""

    @property
    def is_down(self) -> bool:
        return self.down_until is not None

    @property
    def name(self) -> Words:
        return self.words if self.words.en else Words(self.work_unit)
