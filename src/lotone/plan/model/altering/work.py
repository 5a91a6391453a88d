"""Work on a copy of the plan: steps that take another time, and the orders they are made for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from lotone.kernel import Words
from lotone.plan.model.altering.change import Called, Change, WrongChange, change_kind
from lotone.plan.model.altering.places import place_words, places
from lotone.plan.model.booking import Booking
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.snapshot import Commitment, Snapshot


@change_kind
@dataclass(frozen=True)
class Faster(Change):
    """Work that takes another share of its time: of a step, at a work center, or on one machine (0.8: a fifth less)."""

    kind: ClassVar[str] = "faster"
    what: str
    factor: float

    def __post_init__(self) -> None:
        if not 0.05 <= self.factor <= 20 or self.factor == 1:
            raise WrongChange(f"the factor must lie between 0.05 and 20 and not be 1, not {self.factor:g}", where="factor")

    def on(self, snapshot: Snapshot) -> Snapshot:
        steps = {need.step for each in snapshot.commitments.values() for need in each.demand.operations}
        if self.what not in steps:
            try:
                places(snapshot, self.what)
            except WrongChange:
                raise WrongChange(
                    f"the plan knows no step, work center or machine {self.what!r}", where="what"
                ) from None  # fmt: skip
        return with_needs(snapshot, lambda need: self._need(snapshot, need))

    def _need(self, snapshot: Snapshot, need: OperationNeed) -> OperationNeed:
        units = [each.work_unit for each in snapshot.candidates(need)]
        everywhere = self.what in (need.step, need.work_center)
        chosen = [
            each for each in units if everywhere or self.what in (each, snapshot.resources[each].calendar)
        ]  # fmt: skip
        if not chosen:
            return need
        minutes = {each: need.minutes_on.get(each, need.minutes) * self.factor for each in chosen}
        basic = need.minutes * self.factor if everywhere else need.minutes
        return replace(need, minutes=basic, minutes_on={**need.minutes_on, **minutes})

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.what, called)
        return Words(
            f"{name.en} takes {self.factor * 100:.0f} % of its time", f"{name.in_language('zh')}用时为{self.factor * 100:.0f}%"
        )


def with_needs(snapshot: Snapshot, alter: Callable[[OperationNeed], OperationNeed]) -> Snapshot:
    """The plan in which `alter` changed operations of the demands; what did not begin takes as long as they say now."""
    remembered: dict[int, tuple[OperationNeed, OperationNeed]] = {}

    def altered(need: OperationNeed) -> OperationNeed:
        if id(need) not in remembered:
            remembered[id(need)] = need, alter(need)
        return remembered[id(need)][1]

    changed = []
    for commitment in snapshot.commitments.values():
        operations = tuple(altered(need) for need in commitment.demand.operations)
        if any(new is not old for new, old in zip(operations, commitment.demand.operations, strict=True)):
            demand = replace(commitment.demand, operations=operations)
            changed.append(replace(commitment, demand=demand, bookings=tuple(_timed(commitment.bookings, demand))))
    return snapshot.with_commitments(changed)


def _timed(bookings: Iterable[Booking], demand: Demand) -> Iterable[Booking]:
    for booking in bookings:
        need = demand.by_step[booking.step]
        duration = need.duration(booking.work_unit)
        if booking.state.waits and duration != booking.duration:
            minutes = need.minutes_on.get(booking.work_unit, need.minutes)
            yield replace(booking, minutes=minutes, end=booking.start + duration)
        else:
            yield booking


def commitment_of(snapshot: Snapshot, order: str) -> Commitment:
    """The open commitment of an order. Raises WrongChange."""
    found = next((each for each in snapshot.commitments.values() if each.order == order), None)
    if found is None:
        raise WrongChange(f"nothing is left to be planned for order {order!r}", where="order")
    return found
