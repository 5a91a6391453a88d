"""Units and their work orders: what is made, operation by operation, and what went into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from lotone.assets import Value, moment
from lotone.configure import CheckNeed, Demand
from lotone.kernel import Conflict, NotFound, Words
from lotone.make.model.job import Job

ATTEMPTS_MAX = 3
"""An operation is tried this often by itself; then a person decides."""
CYCLE_MINUTES = "cycle_minutes"
"""Parameter of every machine that has such a tag: the planned minutes of the job."""


class UnknownUnit(NotFound):
    """No unit has this serial number or id."""


class UnknownWorkOrder(NotFound):
    """No work order has this number."""


class NotFailed(Conflict):
    """Only a work order that failed can be tried again."""


class NotMade(Conflict):
    """Only what has begun, of a unit that is still in work, can be spoiled and made again."""


class UnitState(StrEnum):
    PLANNED = "planned"
    IN_WORK = "in_work"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Unit:
    """One physical product. `index` counts the units of its order from 1."""

    id: str
    serial: str
    order: str
    index: int
    product: str
    version: int
    configuration: tuple[str, ...]
    demand: Demand
    created_at: datetime
    state: UnitState = UnitState.PLANNED
    completed_at: datetime | None = None

    def parts_at(self, step: str) -> dict[str, float]:
        """What goes in at a step."""
        needed: dict[str, float] = {}
        for need in self.demand.parts:
            if need.operation == step:
                needed[need.part] = needed.get(need.part, 0.0) + need.quantity
        return needed


def serial_number(product: str, year: int, number: int) -> str:
    """The serial number that stands on the unit: `EB-2026-000042` for the 42nd ebike of 2026."""
    letters = [character for character in product.upper() if character.isalnum() and character.isascii()]
    return f"{''.join(letters[:2]) or 'U'}-{year}-{number:06d}"


class WorkState(StrEnum):
    WAITING = "waiting"
    RELEASED = "released"
    """Sent to its machine, which has not begun yet."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_on_machine(self) -> bool:
        return self in (WorkState.RELEASED, WorkState.RUNNING)

    @property
    def is_over(self) -> bool:
        return self in (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED)


@dataclass(frozen=True)
class OpenJob:
    """As much of a work order as dispatch needs of all that are not over."""

    number: int
    booking: str
    state: WorkState
    attempt: int
    work_unit: str | None
    sent_at: datetime | None


@dataclass(frozen=True)
class WorkOrder:
    """One operation of one unit as the floor sees it. `number` is the job number that machines know.

    Times are plant times; planned ones are those of the moment of release.
    """

    number: int
    unit: str
    step: str
    words: Words
    booking: str
    work_center: str
    parts: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[CheckNeed, ...] = ()
    attempt: int = 1
    state: WorkState = WorkState.WAITING
    work_unit: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What was sent to the machine."""
    minutes: float | None = None
    """Planned minutes on its machine."""
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    released_at: datetime | None = None
    sent_at: datetime | None = None
    """When it was last sent, on the wall clock; sent again until the machine reports its number."""
    sends: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: float = 0.0
    energy_kwh: float | None = None
    used: Mapping[str, Value] = field(default_factory=dict)
    """The parameters as the machine read them back."""
    results: Mapping[str, Value] = field(default_factory=dict)
    """The measured values of the checks."""
    reported_at: datetime | None = None
    """When the machine was first heard to be finished, on the wall clock."""
    has_parts: bool = False
    """The parts it needs are booked to the unit."""
    problem: Words | None = None
    """What stands in its way, for people to see."""

    @property
    def is_done(self) -> bool:
        return self.state is WorkState.DONE

    @property
    def actual_minutes(self) -> float | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds() / 60

    @property
    def expected_checks(self) -> frozenset[str]:
        return frozenset(check.check for check in self.checks)

    def retried_as(self, number: int) -> "WorkOrder":
        """The same operation once more. Its parts are in the unit already."""
        return WorkOrder(
            number=number,
            unit=self.unit,
            step=self.step,
            words=self.words,
            booking=self.booking,
            work_center=self.work_center,
            parts=self.parts,
            checks=self.checks,
            attempt=self.attempt + 1,
            has_parts=self.has_parts,
        )

    def with_report(self, job: Job) -> "WorkOrder":
        """What the machine said about it, without judging it."""
        return replace(
            self,
            started_at=moment(job.started_at),
            energy_kwh=self.energy_kwh if job.energy_kwh is None else job.energy_kwh,
            used=dict(self.used) | {name: job.parameters[name] for name in self.parameters if name in job.parameters},
            results={name: value for name, value in job.standing_checks.items() if name in self.expected_checks},
        )
