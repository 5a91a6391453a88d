"""When and where it is made, and what may be promised.

`PlanService` answers in milliseconds when a demand can be finished, by inserting its operations into the schedule as it
stands (calendars, machines, repairs, material), says what binds that date, holds the capacity, and makes it firm. It
reacts to what happens in the plant by moving what no longer fits and telling whose promise changes. `problem` and
`apply` let a solver improve the schedule: the one we ship is `lotone.plan.solvers.solve`, not imported here because
loading OR-Tools costs every process half a second and 100 MB that only the planner needs. `check` is an independent
checker of whole plans.

Scheduling problems in files (`read_instance`, docs/plan.md) need no installation; `verify` judges their schedules and
`gantt` draws them.
"""

from lotone.plan.check import DoubleBooking, Violation, check, double_booked, double_booked_hours
from lotone.plan.drawing import gantt
from lotone.plan.facts import PromiseMoved, ScheduleChanged
from lotone.plan.formats import read_instance, write_instance
from lotone.plan.model.asking import NoPromise
from lotone.plan.model.booking import Booking, BookingState, Maintenance, Resource, ResourceKind, SetupMatrix
from lotone.plan.model.calendar import Calendar, CalendarException, Shift, Window
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.fault import (
    DoesNotFit,
    HoldTaken,
    NoCapacity,
    NoMachine,
    NoSupply,
    PlanBusy,
    UnknownBooking,
    UnknownHold,
    UnknownOrder,
    UnknownWorkUnit,
    WorkUnitInUse,
    WrongCalendar,
    WrongDemand,
    WrongResource,
)
from lotone.plan.model.hand import CantMove, Delayed, Effect, Obstacle, ObstacleKind, Pushed
from lotone.plan.model.problem import Improvement, Problem, Solution, Solver
from lotone.plan.model.promise import Binding, BindingKind, Hold, HoldLost, Promise, TrackedPromise
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Arrival, PartNeed, SupplierOffer, Supply
from lotone.plan.model.undoing import CantUndo, HandChange, HandKind
from lotone.plan.service import PlanService
from lotone.plan.service.hand import Hand, NothingToUndo
from lotone.plan.service.views import Load
from lotone.plan.store import Store
from lotone.plan.verify import ScheduleFault, Verdict, verify

__all__ = [
    "Arrival",
    "Binding",
    "BindingKind",
    "Booking",
    "BookingState",
    "Calendar",
    "CalendarException",
    "CantMove",
    "CantUndo",
    "Delayed",
    "Demand",
    "DoesNotFit",
    "DoubleBooking",
    "Effect",
    "Hand",
    "HandChange",
    "HandKind",
    "Hold",
    "HoldLost",
    "HoldTaken",
    "Improvement",
    "Load",
    "Maintenance",
    "NoCapacity",
    "NoMachine",
    "NoPromise",
    "NoSupply",
    "NothingToUndo",
    "Obstacle",
    "ObstacleKind",
    "OperationNeed",
    "PartNeed",
    "PlanBusy",
    "PlanService",
    "PlanSettings",
    "Problem",
    "Promise",
    "PromiseMoved",
    "Pushed",
    "Resource",
    "ResourceKind",
    "ScheduleChanged",
    "ScheduleFault",
    "SetupMatrix",
    "Shift",
    "Snapshot",
    "Solution",
    "Solver",
    "Store",
    "SupplierOffer",
    "Supply",
    "TrackedPromise",
    "UnknownBooking",
    "UnknownHold",
    "UnknownOrder",
    "UnknownWorkUnit",
    "Verdict",
    "Violation",
    "Window",
    "WorkUnitInUse",
    "WrongCalendar",
    "WrongDemand",
    "WrongResource",
    "check",
    "double_booked",
    "double_booked_hours",
    "gantt",
    "read_instance",
    "verify",
    "write_instance",
]
