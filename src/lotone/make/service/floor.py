"""What all use cases on the floor stand on: the store, the clocks, and the lower capabilities."""

from dataclasses import dataclass

from lotone import assets, configure, insight, market, orders, plan
from lotone.kernel import Clock, Tell
from lotone.make.model.passport import Signals
from lotone.make.model.unit import Unit, UnknownUnit, UnknownWorkOrder, WorkOrder
from lotone.make.store import Store

WORK_ORDERS = "work_orders"
"""The series of job numbers."""


@dataclass(frozen=True)
class Floor:
    """`clock` is the plant's, `wall` the people's."""

    store: Store
    clock: Clock
    wall: Clock
    tell: Tell
    assets: assets.AssetService
    configure: configure.ConfigureService
    insight: insight.InsightService
    market: market.MarketService
    plan: plan.PlanService
    orders: orders.OrderService
    signals: Signals

    def unit(self, unit_id: str) -> Unit:
        """Raises UnknownUnit."""
        found = self.store.units.unit(unit_id)
        if found is None:
            raise UnknownUnit(f"there is no unit {unit_id}")
        return found

    def work(self, number: int) -> WorkOrder:
        """A work order to be changed. Raises UnknownWorkOrder."""
        found = self.store.units.work([number], to_change=True)
        if number not in found:
            raise UnknownWorkOrder(f"there is no work order {number}")
        return found[number]

    def next_number(self) -> int:
        """The next job number."""
        return self.assets.next_number(WORK_ORDERS)
