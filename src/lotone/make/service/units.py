"""Units: made from orders with serial numbers and work orders, cancelled, looked at."""

from dataclasses import replace

from lotone import configure
from lotone.kernel import new_id
from lotone.make.facts import UnitsCreated
from lotone.make.model.compare import PartUsed
from lotone.make.model.unit import (
    NotFailed,
    Unit,
    UnitState,
    UnknownUnit,
    WorkOrder,
    WorkState,
    serial_number,
)
from lotone.make.service.floor import Floor
from lotone.make.service.observe import Observer
from lotone.orders import Order
from lotone.plan import Booking


class Units:
    """What becomes of orders on the floor."""

    def __init__(self, floor: Floor, observer: Observer) -> None:
        self.floor = floor
        self.observer = observer
        self.units = floor.store.units

    def create_units(self, order_id: str) -> list[Unit]:
        """The units of an order with a work order for each booking; again, the same units. Raises UnknownOrder."""
        existing = self.units.units_of(order_id)
        if existing:
            return existing
        order = self.floor.orders.order(order_id)
        demand = self.floor.orders.demand(order)
        bookings = self.floor.plan.bookings_of(order_id)
        units = [self._create(order, demand, index, bookings) for index in range(1, order.quantity + 1)]
        self.floor.tell(UnitsCreated(order_id, [unit.serial for unit in units]))
        return units

    def _create(self, order: Order, demand: configure.Demand, index: int, bookings: list[Booking]) -> Unit:
        now = self.floor.clock()
        number = self.floor.assets.next_number(f"serials-{order.product}-{now.year}")
        unit = Unit(
            id=new_id("unit"),
            serial=serial_number(order.product, now.year, number),
            order=order.id,
            index=index,
            product=order.product,
            version=order.version,
            configuration=order.configuration,
            demand=demand,
            created_at=now,
        )
        self.units.add_unit(unit)
        own = {booking.step: booking for booking in bookings if booking.unit == index}
        for operation in demand.operations:
            self.units.add_work(self._work_order(unit, own[operation.step]))
        return unit

    def _work_order(self, unit: Unit, booking: Booking) -> WorkOrder:
        need = unit.demand.operation(booking.step)
        return WorkOrder(
            number=self.floor.next_number(),
            unit=unit.id,
            step=booking.step,
            words=need.words,
            booking=booking.id,
            work_center=booking.work_center,
            parts=unit.parts_at(booking.step),
            checks=need.checks,
            has_parts=not unit.parts_at(booking.step),
        )

    def cancel_units(self, order_id: str) -> None:
        """The order was cancelled: its units are not made, and nothing of them is sent to a machine any more."""
        units = [unit for unit in self.units.units_of(order_id, to_change=True) if unit.state is not UnitState.COMPLETED]
        for unit in units:
            self.units.save_unit(replace(unit, state=UnitState.CANCELLED))
        for work in self.units.work_of((unit.id for unit in units), to_change=True):
            if work.state is WorkState.WAITING:
                self.units.save_work(replace(work, state=WorkState.CANCELLED, problem=None))

    def retry(self, number: int) -> WorkOrder:
        """Try a failed operation once more, as a person decided. Raises UnknownWorkOrder, NotFailed."""
        work = self.floor.work(number)
        attempts = [each for each in self.units.work_of([work.unit]) if each.step == work.step]
        if work.state is not WorkState.FAILED or attempts[-1].number != number:
            raise NotFailed(
                f"work order {number} is {work.state}; only the last attempt of an operation, when it failed, is tried again"
            )
        self.units.save_work(replace(work, problem=None))
        return self.observer.retry(work)

    def unit(self, serial: str) -> Unit:
        """The unit with a serial number. Raises UnknownUnit."""
        found = self.units.unit_with_serial(serial)
        if found is None:
            raise UnknownUnit(f"there is no unit {serial}")
        return found

    def units_of(self, order_id: str) -> list[Unit]:
        """The units of an order."""
        return self.units.units_of(order_id)

    def lots_of(self, serial: str) -> list[PartUsed]:
        """Which quantity of which lot went into a unit, at which step. Raises UnknownUnit."""
        return self.units.parts_in(self.unit(serial).id)

    def units_with(self, lot: str) -> list[tuple[Unit, PartUsed]]:
        """The units into which something of a lot went. Raises UnknownLot."""
        self.floor.assets.lot(lot)
        return [(self.floor.unit(used.unit), used) for used in self.units.parts_from(lot)]
