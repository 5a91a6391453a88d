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
from lotone.plan.model.altering import (
    AddMachine,
    AddShift,
    Away,
    Buy,
    Change,
    Faster,
    Overtime,
    StockLost,
    SupplierAway,
    SupplierSlower,
    WrongChange,
    change_of,
)
from lotone.plan.model.asking import NoPromise
from lotone.plan.model.booking import Booking, BookingState, Maintenance, Resource, ResourceKind, SetupMatrix
from lotone.plan.model.bottleneck import Report, Worth, bottleneck
from lotone.plan.model.calendar import Calendar, CalendarException, Shift, Window
from lotone.plan.model.comparing import Outlook, outlook_of, side_by_side
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
from lotone.plan.model.going_first import GoFirst, NewOrder
from lotone.plan.model.hand import CantMove, Delayed, Effect, Obstacle, ObstacleKind, Pushed
from lotone.plan.model.levers import Lever, Levers
from lotone.plan.model.objective import Costs, Objective
from lotone.plan.model.plant import PlantFault, faults
from lotone.plan.model.problem import Broken, Improvement, Problem, Solution, Solver
from lotone.plan.model.promise import Binding, BindingKind, Hold, HoldLost, Promise, TrackedPromise
from lotone.plan.model.scenario import Scenario
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Arrival, PartNeed, SupplierOffer, Supply
from lotone.plan.model.undoing import CantUndo, HandChange, HandKind
from lotone.plan.service import PlanService
from lotone.plan.service.bottlenecks import BottleneckService
from lotone.plan.service.hand import Hand, NothingToUndo
from lotone.plan.service.scenarios import ScenarioService, UnknownScenario, WrongScenario
from lotone.plan.service.views import Load
from lotone.plan.store import Store
from lotone.plan.store.scenarios import ScenarioStore
from lotone.plan.verify import ScheduleFault, Verdict, verify

__all__ = [
    "AddMachine",
    "AddShift",
    "Arrival",
    "Away",
    "Binding",
    "BindingKind",
    "Booking",
    "BookingState",
    "BottleneckService",
    "Broken",
    "Buy",
    "Calendar",
    "CalendarException",
    "CantMove",
    "CantUndo",
    "Change",
    "Costs",
    "Delayed",
    "Demand",
    "DoesNotFit",
    "DoubleBooking",
    "Effect",
    "Faster",
    "GoFirst",
    "Hand",
    "HandChange",
    "HandKind",
    "Hold",
    "HoldLost",
    "HoldTaken",
    "Improvement",
    "Lever",
    "Levers",
    "Load",
    "Maintenance",
    "NewOrder",
    "NoCapacity",
    "NoMachine",
    "NoPromise",
    "NoSupply",
    "NothingToUndo",
    "Objective",
    "Obstacle",
    "ObstacleKind",
    "OperationNeed",
    "Outlook",
    "Overtime",
    "PartNeed",
    "PlanBusy",
    "PlanService",
    "PlanSettings",
    "PlantFault",
    "Problem",
    "Promise",
    "PromiseMoved",
    "Pushed",
    "Report",
    "Resource",
    "ResourceKind",
    "Scenario",
    "ScenarioService",
    "ScenarioStore",
    "ScheduleChanged",
    "ScheduleFault",
    "SetupMatrix",
    "Shift",
    "Snapshot",
    "Solution",
    "Solver",
    "StockLost",
    "Store",
    "SupplierAway",
    "SupplierOffer",
    "SupplierSlower",
    "Supply",
    "TrackedPromise",
    "UnknownBooking",
    "UnknownHold",
    "UnknownOrder",
    "UnknownScenario",
    "UnknownWorkUnit",
    "Verdict",
    "Violation",
    "Window",
    "WorkUnitInUse",
    "Worth",
    "WrongCalendar",
    "WrongChange",
    "WrongDemand",
    "WrongResource",
    "WrongScenario",
    "bottleneck",
    "change_of",
    "check",
    "double_booked",
    "double_booked_hours",
    "faults",
    "gantt",
    "outlook_of",
    "read_instance",
    "side_by_side",
    "verify",
    "write_instance",
]
