"""What people call the things of the plan: order numbers, machines, work centers, steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from lotone.kernel import Words
from lotone.orders import Order, UnknownOrder
from lotone.plan import Booking, Snapshot
from lotone.web.reader import Reader
from lotone.wiring import Work

KEPT_MOST = 50_000
FEW = 3
NEWEST = 500


@dataclass(frozen=True)
class Called:
    """What never changes of an order."""

    number: str
    first_promised: datetime | None


_KEPT: dict[tuple[str, str], Called] = {}


class Names:
    """The names that one answer needs, in its reader's language."""

    def __init__(self, work: Work, reader: Reader, snapshot: Snapshot) -> None:
        self.work = work
        self.reader = reader
        self.snapshot = snapshot
        self._unknown: set[str] = set()

    def know_orders(self, orders: Iterable[str]) -> None:
        """Look up orders together; what was looked up once is remembered, since it never changes."""
        missing = {each for each in orders if (self.work.organization, each) not in _KEPT and each not in self._unknown}
        if len(_KEPT) > KEPT_MOST:
            _KEPT.clear()
        if len(missing) > FEW:
            for order in self.work.orders.orders(limit=NEWEST):
                self._keep(order)
                missing.discard(order.id)
        for wanted in missing:
            try:
                self._keep(self.work.orders.order(wanted))
            except UnknownOrder:
                self._unknown.add(wanted)

    def _keep(self, order: Order) -> None:
        _KEPT[self.work.organization, order.id] = Called(order.number, order.first_promised)

    def _called(self, order: str) -> Called:
        self.know_orders([order])
        return _KEPT.get((self.work.organization, order), Called(order, None))

    def order(self, order: str | None) -> str:
        """The order's number; for a hold, that it is one."""
        return self.reader.say("Quote") if order is None else self._called(order).number

    def first_promised(self, order: str) -> datetime | None:
        """The date that was told when it was ordered."""
        return self._called(order).first_promised

    def called(self, thing: str) -> str:
        """What a change of the plan speaks of: a work center, a step or an order; a calendar has no name but its own."""
        place = self.equipment(thing)
        if place != thing:
            return place
        return self.reader.words(self._steps.get(thing)) or self.order(thing)

    def booking(self, booking: Booking) -> str:
        """Order number, and which unit of how many."""
        number = self.order(booking.order)
        commitment = self.snapshot.commitments.get(booking.commitment)
        count = commitment.demand.quantity if commitment else booking.unit
        return number if count == 1 else f"{number} · {booking.unit}/{count}"

    def step(self, step: str) -> str:
        return self.reader.words(self._steps.get(step)) or step.replace("_", " ").replace("-", " ").capitalize()

    @cached_property
    def _steps(self) -> dict[str, Words]:
        return {
            need.step: need.words
            for each in self.snapshot.commitments.values()
            for need in each.demand.operations
            if need.words.en
        }

    def machine(self, work_unit: str) -> str:
        machine = self.snapshot.resources.get(work_unit)
        return self.reader.words(machine.name) if machine else self.equipment(work_unit)

    def equipment(self, equipment: str) -> str:
        """A work center, or anything else that exists."""
        return self.reader.words(self._equipment.get(equipment)) or equipment

    @cached_property
    def _equipment(self) -> dict[str, Words]:
        return {item.id: item.words for item in self.work.assets.equipment()}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item.id: place for place, item in enumerate(self.work.assets.equipment())}

    def place(self, equipment: str) -> tuple[int, str]:
        """Sorts equipment as the plant describes itself."""
        return self._places.get(equipment, len(self._places)), equipment
