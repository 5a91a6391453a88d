"""Reacting: what happens in the plant, and what time alone makes untrue."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from lotone.kernel import Words
from lotone.plan.model import happen
from lotone.plan.model.booking import Booking
from lotone.plan.model.fault import UnknownBooking
from lotone.plan.model.reasons import moment
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Supply
from lotone.plan.service.desk import Desk

BEHIND = Words("production is behind its plan", "生产进度落后于计划")


class Reactions(Desk):
    """Every one may be repeated, and may come late: the second time nothing changes and nothing is told."""

    def machine_down(self, work_unit: str, at: datetime, expected_minutes: float) -> None:
        """A machine stopped at a time and is expected back after some minutes: its work is moved on or elsewhere.

        Said again with another time or duration, it is a new estimate. Raises UnknownWorkUnit.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            after = happen.machine_down(snapshot, work_unit, at, expected_minutes)
            return snapshot if after is snapshot else settle(after)

        self.change(act, cause="machine_down", why=lambda after: _stopped(after, work_unit, at))

    def machine_up(self, work_unit: str, at: datetime) -> None:
        """A machine works again: what waited for it may begin earlier. Raises UnknownWorkUnit."""

        def act(snapshot: Snapshot) -> Snapshot:
            after = happen.machine_up(snapshot, work_unit, at)
            if after is snapshot or not snapshot.resources[work_unit].is_down:
                return after
            return settle(after, pull=_depends_on(after, work_unit))

        self.change(act, cause="machine_up")

    def released(self, booking_id: str, at: datetime) -> None:
        """The operation was sent to its machine: it will not change its machine any more. Raises UnknownBooking."""
        self._happen(booking_id, "released", happen.released)

    def started(self, booking_id: str, at: datetime) -> None:
        """The machine began the operation. Raises UnknownBooking."""
        self._happen(booking_id, "started", lambda snapshot, booking: happen.started(snapshot, booking, at))

    def progressed(self, booking_id: str, percent: float, at: datetime) -> None:
        """The machine said how far it is; only a noticeably different end changes the plan. Raises UnknownBooking."""
        self._happen(booking_id, "progressed", lambda snapshot, booking: happen.progressed(snapshot, booking, percent, at))

    def finished(self, booking_id: str, at: datetime) -> None:
        """The machine is done with the operation. Raises UnknownBooking."""

        def act(snapshot: Snapshot, booking: Booking) -> Snapshot:
            free_since = self.store.last_end(booking.work_unit, at) if booking.state.waits else None
            return happen.finished(snapshot, booking, at, free_since)

        self._happen(booking_id, "finished", act)

    def material_taken(self, booking_id: str, parts: Iterable[str] | None = None) -> None:
        """Parts (None: all) left the stock for an operation, so they are no longer reserved. Raises UnknownBooking."""
        taken = None if parts is None else list(parts)
        self._happen(booking_id, None, lambda snapshot, booking: happen.material_taken(snapshot, booking, taken))

    def _happen(self, booking_id: str, cause: str | None, act: Callable[[Snapshot, Booking], Snapshot]) -> None:
        def change(snapshot: Snapshot) -> Snapshot:
            booking = snapshot.booking(booking_id)
            if booking is None:
                self._check_known(booking_id)
                return snapshot
            after = act(snapshot, booking)
            return settle(after) if after is not snapshot and happen.disturbs(after, booking_id) else after

        self.change(change, cause=cause, why=lambda _: BEHIND)

    def _check_known(self, booking_id: str) -> None:
        """What is no longer in the plan may still be spoken of: its order is finished or was cancelled."""
        if self.store.booking(booking_id) is None:
            raise UnknownBooking(f"there is no booking {booking_id}")

    def material_changed(self) -> None:
        """Stock or arrivals changed: what was planned before its material can be there is moved on."""
        self.change(settle, cause="material")

    def is_behind(self, now: datetime | None = None) -> bool:
        """Whether something should have begun or ended by now and did not; only reads."""
        at = now or self.plant_clock()
        return happen.is_behind(self.store.snapshot().at(at, Supply, self.settings))

    def right_shift(self, now: datetime | None = None) -> None:
        """Time has passed: move on what should have begun or ended by now and did not. Cheap when there is nothing to do."""
        at = now or self.plant_clock()
        if self.is_behind(at):
            self.change(lambda snapshot: settle(happen.overrun(snapshot)), cause="late", why=lambda _: BEHIND, now=at)


def _depends_on(snapshot: Snapshot, work_unit: str) -> list[str]:
    """The bookings of everyone who has something to be done on a machine."""
    queue = snapshot.queues.get(work_unit)
    commitments = {booking.commitment for booking in queue.bookings} if queue else set()
    return [booking.id for each in commitments for booking in snapshot.commitments[each].bookings]


def _stopped(snapshot: Snapshot, work_unit: str, at: datetime) -> Words:
    machine = snapshot.resources[work_unit]
    since = moment(at, at - timedelta(minutes=1), snapshot.settings)
    back = moment(machine.down_until or at, snapshot.now, snapshot.settings)
    name, name_zh = machine.name.en, machine.name.in_language("zh")
    return Words(
        f"{name} stopped on {since.en} and is expected back on {back.en}", f"{name_zh}于{since.zh}停机，预计{back.zh}恢复"
    )
