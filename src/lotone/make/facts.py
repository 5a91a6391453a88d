"""What becomes true on the floor. Units are named by their serial number, times are plant times."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class UnitsCreated(Fact):
    """An order has its units: each has a serial number, work orders, and a passport that begins to fill."""

    order: str
    serials: list[str]


@dataclass(frozen=True)
class OperationReleased(Fact):
    """A work order is on its way to its machine."""

    work_order: int
    order: str
    unit: str
    step: str
    work_unit: str
    attempt: int


@dataclass(frozen=True)
class OperationStarted(Fact):
    """The machine began."""

    work_order: int
    order: str
    unit: str
    step: str
    work_unit: str
    at: datetime


@dataclass(frozen=True)
class OperationDone(Fact):
    """The machine finished and every check was passed."""

    work_order: int
    order: str
    unit: str
    step: str
    work_unit: str
    at: datetime
    minutes: float
    planned_minutes: float
    energy_kwh: float | None


@dataclass(frozen=True)
class OperationFailed(Fact):
    """The machine gave up, or a check was not passed. `retried_as` tries again; None: a person decides."""

    work_order: int
    order: str
    unit: str
    step: str
    work_unit: str
    at: datetime
    reason_en: str
    reason_zh: str
    retried_as: int | None


@dataclass(frozen=True)
class OperationScrapped(Fact):
    """A person said that what was made is spoiled: it, and what was done to the unit after it, is made again."""

    work_order: int
    order: str
    unit: str
    step: str
    work_unit: str
    at: datetime
    reason: str
    with_parts: bool
    """The parts that went in are spoiled too."""
    made_again_as: list[int]


@dataclass(frozen=True)
class PartsShort(Fact):
    """An operation began for which the parts are not in stock; booking them is tried again until they are."""

    work_order: int
    order: str
    unit: str
    part: str
    wanted: float
    on_hand: float


@dataclass(frozen=True)
class UnitCompleted(Fact):
    """All operations of the unit are done. `left` counts the units of its order that are not completed yet."""

    unit: str
    order: str
    at: datetime
    left: int
