"""The bicycle plant of the blueprint with orders in its schedule, on a clock that tests set."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from lotone.plan import Booking, BookingState, Demand, OperationNeed
from lotone.wiring import Platform, Work, relay

PORTS = {"frame-1": 1, "frame-2": 2, "oven-1": 3, "pack-1": 4, "test-1": 5}
MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""08:00 in the plant, which is in Berlin."""


@dataclass
class Plant:
    """The plant, its clock, and what happens in it."""

    platform: Platform
    product: str
    now: datetime = MONDAY

    def work(self, organization: str = "demo") -> AbstractContextManager[Work]:
        return self.platform.work(organization)

    def order(self, *, quantity: int = 1, choices: Iterable[str] = ()) -> str:
        """Quote and place at once, and let everybody react."""
        with self.work() as work:
            configurator = work.configure.configurator(self.product)
            quote = work.orders.quote(self.product, sorted(configurator.complete(choices)), "ann", quantity=quantity)
            order = work.orders.place(quote.id, "ann").id
        self.react()
        return order

    def react(self) -> None:
        """Deliver all facts."""
        deliveries = relay(self.platform)
        while deliveries.deliver():
            pass

    def bookings(self, order: str) -> dict[str, Booking]:
        """The bookings of an order's first unit, by step."""
        with self.work() as work:
            return {each.step: each for each in work.plan.bookings_of(order) if each.unit == 1}

    def number(self, order: str) -> str:
        with self.work() as work:
            return work.orders.order(order).number

    def stop(self, work_unit: str, minutes: float) -> None:
        with self.work() as work:
            work.plan.machine_down(work_unit, self.now, minutes)
        self.react()

    def run_until(self, booking: str, state: BookingState) -> None:
        """Let one operation be sent, begin, and end as planned."""
        for wanted in (BookingState.RELEASED, BookingState.STARTED, BookingState.DONE):
            with self.work() as work:
                known = work.plan.booking(booking)
                assert known is not None
                self.now = max(self.now, known.end if wanted is BookingState.DONE else known.start)
                act = {"released": work.plan.released, "started": work.plan.started, "done": work.plan.finished}[wanted.value]
                act(booking, self.now)
            if wanted is state:
                return


def long_job(minutes: float, work_unit: str) -> Demand:
    """Somebody's work on one machine, not a bicycle."""
    need = OperationNeed("repair", "paint", minutes, work_units=(work_unit,))
    return Demand((need,))
