"""Promising: what can be promised, holding it, and making it firm."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Pool

from lotone.kernel import new_id
from lotone.plan.model import happen
from lotone.plan.model.asking import UNTOLD, Asking, NoPromise, Recent
from lotone.plan.model.binding import promise_for
from lotone.plan.model.booking import BookingState
from lotone.plan.model.demand import Demand
from lotone.plan.model.fault import HoldTaken, UnknownOrder
from lotone.plan.model.insert import insert
from lotone.plan.model.promise import Hold, HoldLost, Promise
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot
from lotone.plan.service.desk import Desk

FORGET_AFTER = timedelta(days=1)
"""A hold that ran out this long ago is deleted and can no longer be confirmed."""
ASKED: WeakKeyDictionary[Pool, Recent] = WeakKeyDictionary()
"""By the database that was asked."""


class Offers(Desk):
    """Use cases on the way from a wish to an order."""

    def promise(self, demand: Demand) -> Promise:
        """When the demand could be handed over if it were ordered now; keeps nothing, writes nothing.

        Raises NoMachine, DoesNotFit, NoSupply, NoCapacity.
        """
        answer = Asking(self.snapshot()).promise(demand)
        if isinstance(answer, Promise):
            return answer
        raise answer

    def promise_many(self, demands: Iterable[Demand], *, age_s: float = 0.0) -> list[Promise | NoPromise]:
        """For each demand what `promise` says, or the fault it would raise: all of them about one and the same plan.

        Each is put into the plan by itself, as if the others were not asked. `age_s` allows a look at the plan and its
        material that is up to so many seconds of wall time old: what others asked then is known already. Keeps nothing,
        writes nothing.
        """
        asking = self._asking(age_s)
        return [asking.promise(demand) for demand in demands]

    def dates(self, demands: Iterable[Demand], *, age_s: float = 0.0) -> list[datetime | NoPromise]:
        """For each demand the date that `promise` would say, or the fault it would raise: as `promise_many`, in a fraction of
        its time, because nobody is told why. Keeps nothing, writes nothing."""
        asking = self._asking(age_s)
        return [asking.date(demand) for demand in demands]

    def _asking(self, age_s: float) -> Asking:
        if age_s <= 0:
            return Asking(self.snapshot())
        wall, plant = self.wall_clock(), self.plant_clock()
        recent = ASKED.setdefault(self.store.connection.engine.pool, Recent())
        asking = recent.recent(self.store.organization, wall, plant, age_s)
        if asking is None:
            asking = Asking(self.snapshot(plant))
            _ = asking.snapshot.stock  # read now: later questions come in other transactions
            recent.keep(self.store.organization, wall, asking)
        return asking

    def hold(self, demand: Demand, minutes: float = 15) -> Hold:
        """Promise the demand and keep its capacity and material for some minutes of wall time.

        Raises what `promise` raises, and PlanBusy.
        """
        hold_id = new_id("hold")
        expires_at = self.wall_clock() + timedelta(minutes=minutes)

        def act(snapshot: Snapshot) -> Snapshot:
            empty = replace(_commitment(hold_id, snapshot.version + 1, demand), expires_at=expires_at)
            return self._inserted(snapshot, empty)[0]

        held = self.change(act, cause=None).commitments[hold_id]
        return Hold(hold_id, held.told, expires_at)

    def _inserted(self, snapshot: Snapshot, commitment: Commitment) -> tuple[Snapshot, Commitment]:
        """The plan with a commitment (again) inserted, and the commitment with its promise."""
        emptied = snapshot.with_commitments([replace(commitment, bookings=(), reservations=())])
        inserted = insert(emptied, commitment.demand, commitment.id, lambda: new_id("bkg"))
        placed = replace(commitment, bookings=inserted.bookings, reservations=inserted.reservations)
        promise = promise_for(emptied.with_commitments([placed]), placed)
        told = replace(placed, told=promise, first_date=promise.date)
        return emptied.with_commitments([told]), told

    def confirm(self, hold_id: str, order: str) -> Promise:
        """Make a hold firm for an order; returns the promise that was held. Again for the same order it changes nothing.

        A hold that ran out, or whose time in the plant has passed meanwhile, is inserted anew: if the held date can no
        longer be kept, HoldLost says what can. Raises UnknownHold, HoldTaken, HoldLost, PlanBusy.
        """
        after = self.change(lambda snapshot: self._firm(snapshot, hold_id, order), cause="ordered", keep=hold_id)
        return after.commitments[hold_id].told

    def _firm(self, snapshot: Snapshot, hold_id: str, order: str) -> Snapshot:
        held = snapshot.commitments[hold_id]
        if held.order == order:
            return snapshot
        if held.order is not None:
            raise HoldTaken(f"hold {hold_id} belongs to order {held.order}; ask for a new quote")
        other = self.store.commitment_of(order)
        if other is not None and other.id != hold_id:
            raise HoldTaken(f"order {order} has another hold, {other.id}; a hold is for one order")
        if not held.bookings or min(booking.start for booking in held.bookings) < snapshot.now:
            snapshot, anew = self._inserted(snapshot, held)
            held = replace(anew, told=held.told, first_date=held.first_date)
        if held.completion > held.told.earliest:
            now_possible = promise_for(snapshot, held)
            if now_possible.date > held.told.date:
                raise HoldLost(now_possible)
        bookings = tuple(replace(each, state=BookingState.PLANNED, order=order) for each in held.bookings)
        firm = replace(held, state=CommitmentState.FIRM, order=order, expires_at=None, bookings=bookings)
        return snapshot.with_commitments([firm])

    def release(self, hold_id: str) -> None:
        """Give a hold's capacity and material back. Nothing happens when it ran out, or was released or confirmed."""

        def act(snapshot: Snapshot) -> Snapshot:
            after = _dropped(snapshot, hold_id)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause=None)

    def drop_expired(self) -> int:
        """Give back what holds that ran out keep, and forget those of yesterday; returns how many were dropped."""
        wall = self.wall_clock()
        expired = self.count_expired()
        if expired:
            # Expired holds are left out of what a change sees, so any change drops them: this one changes nothing else.
            self.change(lambda snapshot: replace(snapshot), cause=None)
            self.store.forget_dropped(wall - FORGET_AFTER)
        return expired

    def count_expired(self) -> int:
        """How many holds ran out and were not dropped yet; only reads."""
        wall = self.wall_clock()
        return sum(each.is_expired(wall) for each in self.store.snapshot().commitments.holds)

    def cancel(self, order: str) -> None:
        """Take an order out of the plan: what has not begun is given free. Again, it changes nothing. Raises UnknownOrder."""
        commitment = self.store.commitment_of(order)
        if commitment is None:
            raise UnknownOrder(f"nothing is planned for order {order}")

        def act(snapshot: Snapshot) -> Snapshot:
            current = snapshot.commitments.get(commitment.id)
            after = snapshot if current is None else happen.cancelled(snapshot, current)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause="cancelled")


def _commitment(commitment_id: str, sequence: int, demand: Demand) -> Commitment:
    return Commitment(commitment_id, sequence, demand, (), (), UNTOLD, UNTOLD.date)


def _dropped(snapshot: Snapshot, hold_id: str) -> Snapshot:
    held = snapshot.commitments.get(hold_id)
    return snapshot.without([hold_id]) if held and held.state is CommitmentState.HELD else snapshot
