"""What the floor does and reports: units, work orders, dispatch to machines, parts in units, checks, the unit's passport.

`MakeService.create_units` gives an order its units, each with a serial number and a work order per operation. `dispatch`
names the next job of every idle machine; `observe` reads from machines' samples what became of the jobs, whatever their
order and however often they come; parts leave their lots when an operation begins. `passport` is the record of a unit as
configured, as built and as tested, and says where these differ; `lots_of` and `units_with` follow material both ways.
"""

from lotone.make.facts import (
    OperationDone,
    OperationFailed,
    OperationReleased,
    OperationScrapped,
    OperationStarted,
    PartsShort,
    UnitCompleted,
    UnitsCreated,
)
from lotone.make.model.compare import CheckResult, Difference, DifferenceKind, PartUsed
from lotone.make.model.dispatch import CannotSend, Release
from lotone.make.model.passport import BuiltPart, Choice, OperationRecord, Passport, Signal, Summary
from lotone.make.model.unit import (
    NotFailed,
    NotMade,
    Unit,
    UnitState,
    UnknownUnit,
    UnknownWorkOrder,
    WorkOrder,
    WorkState,
)
from lotone.make.service import MakeService
from lotone.make.service.signals import SensorSignals
from lotone.make.store import Store

__all__ = [
    "BuiltPart",
    "CannotSend",
    "CheckResult",
    "Choice",
    "Difference",
    "DifferenceKind",
    "MakeService",
    "NotFailed",
    "NotMade",
    "OperationDone",
    "OperationFailed",
    "OperationRecord",
    "OperationReleased",
    "OperationScrapped",
    "OperationStarted",
    "PartUsed",
    "PartsShort",
    "Passport",
    "Release",
    "SensorSignals",
    "Signal",
    "Store",
    "Summary",
    "Unit",
    "UnitCompleted",
    "UnitState",
    "UnitsCreated",
    "UnknownUnit",
    "UnknownWorkOrder",
    "WorkOrder",
    "WorkState",
]
