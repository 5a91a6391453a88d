"""What a planner may try on a copy of the plan: more hours, machines, people away, material lost, orders, faster work."""

from lotone.plan.model.altering.change import Called, Change, WrongChange, change_kind
from lotone.plan.model.altering.hours import AddShift, Overtime, opened_hours, with_hours
from lotone.plan.model.altering.machines import AddMachine, Away
from lotone.plan.model.altering.reading import change_of
from lotone.plan.model.altering.supply import Buy, StockLost, SupplierAway, SupplierSlower, arrives
from lotone.plan.model.altering.work import Faster, commitment_of, with_needs

__all__ = [
    "AddMachine",
    "AddShift",
    "Away",
    "Buy",
    "Called",
    "Change",
    "Faster",
    "Overtime",
    "StockLost",
    "SupplierAway",
    "SupplierSlower",
    "WrongChange",
    "arrives",
    "change_kind",
    "change_of",
    "commitment_of",
    "opened_hours",
    "with_hours",
    "with_needs",
]
