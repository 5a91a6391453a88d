"""The use cases of making."""

from collections.abc import Iterable
from datetime import datetime

from lotone import assets, configure, insight, market, orders, plan
from lotone.kernel import Clock, Tell
from lotone.make.model.compare import PartUsed
from lotone.make.model.dispatch import Release
from lotone.make.model.passport import Passport, Signals
from lotone.make.model.unit import Unit, UnitState, WorkOrder, WorkState
from lotone.make.service.dispatch import Dispatcher
from lotone.make.service.floor import Floor
from lotone.make.service.observe import Observer
from lotone.make.service.passport import Passports
from lotone.make.service.scrap import Scrap
from lotone.make.service.units import Units
from lotone.make.store import Store


class MakeService:
    """What the floor of one organization does. `clock` is the plant's, `wall` the people's.

    `signals(work_unit, start, end)` reads what sensors measured: `SensorSignals` asks the historian for it.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        wall: Clock,
        tell: Tell,
        assets: assets.AssetService,
        configure: configure.ConfigureService,
        insight: insight.InsightService,
        market: market.MarketService,
        plan: plan.PlanService,
        orders: orders.OrderService,
        signals: Signals,
    ) -> None:
        self.store = store
        floor = Floor(store, clock, wall, tell, assets, configure, insight, market, plan, orders, signals)
        self._observer = Observer(floor)
        self._dispatcher = Dispatcher(floor, self._observer)
        self._units = Units(floor, self._observer)
        self._scrap = Scrap(floor)
        self._passports = Passports(floor)

    def create_units(self, order_id: str) -> list[Unit]:
        """The units of an order with a work order for each booking; again, the same units. Raises UnknownOrder."""
        return self._units.create_units(order_id)

    def cancel_units(self, order_id: str) -> None:
        """The order was cancelled: its units are not made. Again, it changes nothing."""
        self._units.cancel_units(order_id)

    def dispatch(self, now: datetime) -> list[Release]:
        """What to write to which machine now, noted as sent: the next job of each machine that is idle, and again those
        jobs that their machine has not reported since. Does nothing for machines that are down or unknown."""
        return self._dispatcher.dispatch(now)

    def is_dispatch_due(self, now: datetime) -> bool:
        """Whether `dispatch` would do something now; only reads, so that asking often costs others nothing."""
        return self._dispatcher.is_due(now)

    def observe(self, pairs: Iterable[tuple[assets.Tag, assets.Sample]]) -> None:
        """What machines say of their jobs, in any order and as often as they like: operations start, go on and end,
        parts are booked, checks judged."""
        self._observer.observe(pairs)

    def retry(self, number: int) -> WorkOrder:
        """Try a failed operation once more, as a person decided. Raises UnknownWorkOrder, NotFailed."""
        return self._units.retry(number)

    def scrap(self, number: int, reason: str, *, with_parts: bool = False) -> list[WorkOrder]:
        """What a work order made is spoiled: it, and what was done to its unit after it, is made again; returns the new work
        orders. `with_parts` when the parts that went in are spoiled too. Raises UnknownWorkOrder, NotMade."""
        return self._scrap.scrap(number, reason, with_parts=with_parts)

    def passport(self, serial: str) -> Passport:
        """Everything that is known of a unit. Raises UnknownUnit."""
        return self._passports.passport(serial)

    def unit(self, serial: str) -> Unit:
        """The unit with a serial number. Raises UnknownUnit."""
        return self._units.unit(serial)

    def units_of(self, order_id: str) -> list[Unit]:
        """The units of an order."""
        return self._units.units_of(order_id)

    def units(self, *, states: Iterable[UnitState] | None = None, limit: int = 200) -> list[Unit]:
        """Units, the newest first."""
        return self.store.units.units(states=states, limit=limit)

    def count_units(self) -> dict[UnitState, int]:
        """How many units there are in each state."""
        return self.store.units.count_units()

    def work_of(self, serial: str) -> list[WorkOrder]:
        """The work orders of a unit, failed attempts too. Raises UnknownUnit."""
        return self.store.units.work_of([self.unit(serial).id])

    def progress_of(self, units: Iterable[Unit]) -> dict[str, tuple[int, int]]:
        """Of each unit, by serial number: how many operations are done, and of how many."""
        serials = {unit.id: unit.serial for unit in units}
        steps: dict[str, dict[str, bool]] = {serial: {} for serial in serials.values()}
        for unit, step, is_done in self.store.units.steps_of(serials):
            known = steps[serials[unit]]
            known[step] = known.get(step, False) or is_done
        return {serial: (sum(each.values()), len(each)) for serial, each in steps.items()}

    def work_orders(self, *, states: Iterable[WorkState] | None = None, limit: int = 200) -> list[WorkOrder]:
        """Work orders, the newest first."""
        return self.store.units.newest_work(states=states, limit=limit)

    def problems(self) -> list[WorkOrder]:
        """Work orders that something stands in the way of; their `problem` says what."""
        return self.store.units.work_with_problem()

    def lots_of(self, serial: str) -> list[PartUsed]:
        """Which quantity of which lot went into a unit, at which step. Raises UnknownUnit."""
        return self._units.lots_of(serial)

    def units_with(self, lot: str) -> list[tuple[Unit, PartUsed]]:
        """The units into which something of a lot went. Raises UnknownLot."""
        return self._units.units_with(lot)
