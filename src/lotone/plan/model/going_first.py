"""Orders in a copy of the plan: one that goes first, and one that nobody has ordered yet."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import ClassVar

from lotone.kernel import Words
from lotone.plan.model.altering import Called, Change, WrongChange, change_kind, commitment_of
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.binding import promise_for
from lotone.plan.model.booking import Booking, BookingState
from lotone.plan.model.demand import Demand
from lotone.plan.model.insert import insert
from lotone.plan.model.reasons import day
from lotone.plan.model.snapshot import Commitment, CommitmentState, Queue, Snapshot

URGENT = 10.0
"""An order that goes first counts this many times as much as before when its lateness is weighed."""
NEW = "what-if-"
"""How orders are called that only a scenario knows."""


def can_move(booking: Booking) -> bool:
    """Whether a planner could still put a booking elsewhere: it was not sent to its machine, and nobody locked it."""
    return booking.state.is_movable and not booking.locked


def first(snapshot: Snapshot, commitment: Commitment) -> Snapshot:
    """The plan with a commitment's waiting operations put where they end first, as if nothing that can move were there.

    What stands in their way is put behind them, not settled yet. Nothing changes for operations that began, or that
    were sent to their machines. Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
    """
    demand = replace(commitment.demand, weight=commitment.demand.weight * URGENT)
    urgent = replace(commitment, demand=demand)
    if not all(can_move(each) for each in commitment.bookings):
        return _pulled(snapshot, urgent)
    return _behind(_put_first(snapshot, urgent), urgent.id)


def _put_first(snapshot: Snapshot, urgent: Commitment) -> Snapshot:
    """Inserted into what can't move; then it stands in the plan beside all the others, overlapping them."""
    empty = _only_fixed(snapshot, urgent.id)
    numbers = count(1)
    inserted = insert(empty, urgent.demand, urgent.id, lambda: f"{urgent.id}-first-{next(numbers)}")
    by_place = {each.place: each for each in urgent.bookings}
    bookings = tuple(
        replace(each, id=by_place[each.place].id, state=by_place[each.place].state, order=urgent.order)
        if each.place in by_place
        else replace(each, state=BookingState.PLANNED, order=urgent.order)
        for each in inserted.bookings
    )
    reservations = urgent.reservations or inserted.reservations
    return snapshot.with_commitments([replace(urgent, bookings=bookings, reservations=reservations)])


def _only_fixed(snapshot: Snapshot, but: str) -> Snapshot:
    """The plan with nothing in it that can move, and without one commitment. Material stays kept for everybody."""
    queues = {
        unit: Queue(tuple(each for each in queue.bookings if each.commitment != but and not can_move(each)))
        for unit, queue in snapshot.queues.items()
    }
    gone = replace(snapshot.commitments[but], bookings=(), reservations=())
    return replace(snapshot, queues=queues, commitments=snapshot.commitments.with_changes({but: gone}))


def _pulled(snapshot: Snapshot, urgent: Commitment) -> Snapshot:
    """An order that has begun: what can still move is put right behind what comes before it."""
    ends: dict[tuple[int, str], datetime] = {}
    bookings = {(each.unit, each.step): each for each in urgent.bookings}
    placed = []
    for need in urgent.demand.in_order:
        for unit in range(1, urgent.demand.quantity + 1):
            booking = bookings[unit, need.step]
            if can_move(booking):
                before = urgent.demand.preceding[need.step]
                ready = max([snapshot.now, *(ends[unit, step] + wait for step, wait in before)])
                booking = snapshot.moved(booking, booking.work_unit, min(ready, booking.start))
            ends[unit, need.step] = booking.end
            placed.append(booking)
    by_id = {each.id: each for each in placed}
    kept = tuple(by_id[each.id] for each in urgent.bookings)
    return _behind(snapshot.with_commitments([replace(urgent, bookings=kept)]), urgent.id)


def _behind(snapshot: Snapshot, commitment: str) -> Snapshot:
    """Whatever overlaps the commitment's bookings and can move stands behind them."""
    moved: dict[str, Booking] = {}
    for own in snapshot.commitments[commitment].bookings:
        for unit in own.takes if own.state.takes_time else ():
            for other in snapshot.queues[unit].bookings:
                standing = moved.get(other.id, other)
                overlaps = standing.start < own.end and standing.end > own.start
                if overlaps and other.commitment != commitment and can_move(other):
                    moved[other.id] = snapshot.moved(standing, standing.work_unit, own.end)
    return snapshot.with_bookings(moved.values())


@change_kind
@dataclass(frozen=True)
class GoFirst(Change):
    """An order that goes before all others."""

    kind: ClassVar[str] = "first"
    rank: ClassVar[int] = 2
    order: str

    def on(self, snapshot: Snapshot) -> Snapshot:
        return first(snapshot, commitment_of(snapshot, self.order))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        return Words(f"order {called(self.order)} goes first", f"订单{called(self.order)}优先")


@change_kind
@dataclass(frozen=True)
class NewOrder(Change):
    """An order that nobody has placed yet, before all others or behind them."""

    kind: ClassVar[str] = "order"
    rank: ClassVar[int] = 1
    demand: Demand
    is_first: bool = False
    wanted: datetime = UNTOLD.date
    """The hand-over that somebody asks for; what is not given is what the plan promises."""

    def on(self, snapshot: Snapshot) -> Snapshot:
        number = next(each for each in count(1) if f"{NEW}{each}" not in snapshot.commitments)
        name = f"{NEW}{number}"
        numbers = count(1)
        inserted = insert(snapshot, self.demand, name, lambda: f"{name}-{next(numbers)}")
        bookings = tuple(replace(each, state=BookingState.PLANNED, order=name) for each in inserted.bookings)
        new = Commitment(
            name, snapshot.version + number, self.demand, bookings, inserted.reservations, UNTOLD, UNTOLD.date,
            CommitmentState.FIRM, name,
        )  # fmt: skip
        told = promise_for(snapshot.with_commitments([new]), new)
        if self.wanted > UNTOLD.date:
            told = replace(told, date=self.wanted)
        new = replace(new, told=told, first_date=told.date)
        placed = snapshot.with_commitments([new])
        return first(placed, new) if self.is_first else placed

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        amount = f"{self.demand.quantity} × " if self.demand.quantity > 1 else ""
        name, name_zh = self.demand.words.en, self.demand.words.in_language("zh")
        by, by_zh = ("", "")
        if self.wanted > UNTOLD.date:
            wanted = day(self.wanted, snapshot.settings)
            by, by_zh = f" by {wanted.en}", f"，{wanted.zh}交货"
        before, before_zh = (", before all others", "，优先") if self.is_first else ("", "")
        return Words(f"a new order: {amount}{name}{by}{before}", f"新订单：{amount}{name_zh}{by_zh}{before_zh}")

    def __post_init__(self) -> None:
        if self.demand.quantity > 1000:
            raise WrongChange("a new order can have at most 1000 units", where="demand")
