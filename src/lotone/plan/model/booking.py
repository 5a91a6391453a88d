"""Machines, operators and tools, and the work booked on them.

**What may stand side by side.** Two bookings of one machine overlap only
- on a machine with `capacity` above one that is no batch machine: as long as the sizes of what runs at a moment add up to at
  most the capacity (`OperationNeed.size`);
- on a batch machine, in one batch: equal start and end, the same `OperationNeed.batch` (not ""), the same `setup` and the
  same `also`, sizes adding up to at most the capacity. Everything else on a batch machine, also what has no `batch`, stands
  by itself, whatever its size.

An operator or tool is taken by the bookings that have him in their `crew`, each from its start to its end, and takes at most
`capacity` of them at a time, each counted as one whatever its size. The bookings of one batch are one piece of work: they
have the same crew, and take it once.

**Setups** are derived, not booked. A machine with a setup matrix is set up for what the last booking before with a `setup`
needed, or for its `state` when there is none (for a batch machine a batch counts as one). An operation without `setup` needs
none and leaves the machine as it is. When the matrix says m minutes for the change to booking n, then the m minutes before
`n.start` are free of other bookings, and the machine is open, not repaired and not maintained without a break from
`n.start - m` until `n.end`. A crew is needed only from start to end. A change of the state of "" (nothing known) takes no
time. This holds for what waits; what began or ended happened, right or wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from lotone.kernel import Words
from lotone.plan.model.busy import Busy
from lotone.plan.model.fault import WrongResource


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


class ResourceKind(StrEnum):
    MACHINE = "machine"
    OPERATOR = "operator"
    """A person: has skills and a shift, and is absent instead of broken."""
    TOOL = "tool"
    """A mould, a gauge, a crane: something of which there are only a few."""


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
    crew: tuple[str, ...] = ()
    """The operators and tools it takes from start to end, by id, in the order of its need's `also`."""
    locked: bool = False
    """A planner put it there: only a planner moves it, or what makes its place impossible."""

    @property
    def takes(self) -> tuple[str, ...]:
        """Every resource it is booked on, the machine first."""
        return (self.work_unit, *self.crew)

    @cached_property
    def place(self) -> Place:
        return Place(self.commitment, self.unit, self.step)

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class Maintenance:
    """A stretch of time in which a machine is looked after and can't work; planned ahead, unlike a repair."""

    start: datetime
    end: datetime
    words: Words = field(default_factory=lambda: Words("maintenance", "维护"))

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise WrongResource(f"maintenance from {self.start} to {self.end} needs time zones and must end after it starts")


@dataclass(frozen=True)
class Resource:
    """A machine, an operator or a tool as the plan sees it: where it belongs, when it works, and whether it is down.

    For all three `work_unit` is the id. Operators and tools may belong to no work center (""); no operation is booked on
    them as its machine, they are taken by the skills that an operation names in `also`.
    """

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
    kind: ResourceKind = ResourceKind.MACHINE
    capacity: int = 1
    """How much it takes at a time."""
    batch: bool = False
    """What it does at a time begins and ends together, as in an oven."""
    skills: tuple[str, ...] = ()
    """What an operator can do, or a tool is good for."""
    setups: str = ""
    """The setup matrix it follows; "" when it needs no setups."""
    state: str = ""
    """What it is set up for now, before what is booked; "" when nobody knows or it does not matter."""
    maintenance: tuple[Maintenance, ...] = ()

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise WrongResource(f"{self.work_unit}: a capacity of {self.capacity} is not 1 or more", where=self.work_unit)
        if self.batch and self.kind is not ResourceKind.MACHINE:
            raise WrongResource(f"{self.work_unit}: only a machine can work in batches", where=self.work_unit)
        if self.setups and (self.kind is not ResourceKind.MACHINE or (self.capacity > 1 and not self.batch)):
            raise WrongResource(
                f"{self.work_unit}: only a machine that does one thing or one batch at a time can follow a setup matrix",
                where=self.work_unit,
            )

    @property
    def is_down(self) -> bool:
        return self.down_until is not None

    @property
    def is_machine(self) -> bool:
        return self.kind is ResourceKind.MACHINE

    @cached_property
    def is_plain(self) -> bool:
        """Does one thing after the other, and needs no setups between them."""
        return self.capacity == 1 and not self.batch and not self.setups

    @cached_property
    def is_blocked(self) -> bool:
        """Whether there is a repair or maintenance at all."""
        return self.down_until is not None or bool(self.maintenance)

    @cached_property
    def blocked(self) -> Busy:
        """Its repair and maintenance. Not to be changed: copy it first."""
        stretches = [(each.start, each.end) for each in self.maintenance]
        if self.down_from is not None and self.down_until is not None:
            stretches.append((self.down_from, self.down_until))
        return Busy(stretches)

    @property
    def name(self) -> Words:
        return self.words if self.words.en else Words(self.work_unit)


@dataclass(frozen=True)
class SetupMatrix:
    """How long it takes to set a machine up from one state for another: colours, tools."""

    id: str
    minutes: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By the state before and after."""
    default: float = 0.0
    """Minutes for changes that are not listed."""

    def __post_init__(self) -> None:
        if any(not 0 <= each < float("inf") for each in (self.default, *self.minutes.values())):
            raise WrongResource(f"setup matrix {self.id}: minutes can't be negative", where=self.id)

    def minutes_between(self, before: str, after: str) -> float:
        """0 between equal states, and when one of them is "" (see the module)."""
        if before == after or not before or not after:
            return 0.0
        return self.minutes.get((before, after), self.default)

    def as_json(self) -> dict[str, Any]:
        return {"default": self.default, "minutes": [[*states, minutes] for states, minutes in sorted(self.minutes.items())]}

    @classmethod
    def from_json(cls, matrix_id: str, values: Mapping[str, Any]) -> "SetupMatrix":
        listed = {(before, after): minutes for before, after, minutes in values["minutes"]}
        return cls(matrix_id, listed, values["default"])
