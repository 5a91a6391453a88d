"""Reacting: what happens in the plant, and what time alone makes untrue."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from lotone.kernel import Words
from lotone.plan.model import beginning, disturbing, happen, pace
from lotone.plan.model.booking import Booking, ResourceKind
from lotone.plan.model.fault import UnknownBooking, UnknownOrder, UnknownWorkUnit
from lotone.plan.model.reasons import moment
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Supply
from lotone.plan.service.desk import Desk

BEHIND = Words("production is behind its plan", "生产进度落后于计划")
SCRAPPED = Words("a part was spoiled and is made again", "有零件报废，需要重做")
RUSH = Words("an urgent order goes first", "急单优先")
MAINTENANCE = Words("maintenance", "维护")
CALLED_OFF = Words("a maintenance was called off", "维护已取消")


class Reactions(Desk):
    """Every one may be repeated, and may come late: the second time nothing changes and nothing is told."""

    def machine_down(self, work_unit: str, at: datetime, expected_minutes: float) -> None:
        """A machine stopped at a time and is expected back after some minutes: its work is moved on or elsewhere.

        Said again with another time or duration, it is a new estimate. Raises UnknownWorkUnit.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            after = happen.machine_down(snapshot, work_unit, at, expected_minutes)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause="machine_down", why=lambda after: _stopped(after, work_unit, at))

    def machine_up(self, work_unit: str, at: datetime) -> None:
        """A machine works again: what waited for it may begin earlier. Raises UnknownWorkUnit."""
        self._up(work_unit, at, "machine_up")

    def _up(self, work_unit: str, at: datetime, cause: str) -> None:
        def act(snapshot: Snapshot) -> Snapshot:
            after = happen.machine_up(snapshot, work_unit, at)
            if after is snapshot or not snapshot.resources[work_unit].is_down:
                return after
            return settle(after, pull=_depends_on(after, work_unit), since=snapshot)

        self.change(act, cause=cause)

    def absent(self, operator: str, at: datetime, expected_minutes: float) -> None:
        """Somebody is not there from a time on and is expected back after some minutes: his work goes to others or waits.

        As `machine_down`; for tools too. Raises UnknownWorkUnit.
        """
        self._check_person(operator)

        def act(snapshot: Snapshot) -> Snapshot:
            after = happen.machine_down(snapshot, operator, at, expected_minutes)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause="absent", why=lambda after: _absent(after, operator, at))

    def back(self, operator: str, at: datetime) -> None:
        """Somebody is there again: what waited for him may begin earlier. Raises UnknownWorkUnit."""
        self._check_person(operator)
        self._up(operator, at, "back")

    def _check_person(self, name: str) -> None:
        known = self.store.snapshot().resources.get(name)
        if known is None or known.kind is ResourceKind.MACHINE:
            raise UnknownWorkUnit(f"the plan knows no operator and no tool {name}")

    def slower(self, work_unit: str, factor: float, at: datetime) -> None:
        """A machine takes `factor` times as long as its routings say, for everything that is booked on it; 1 when it is as
        fast as usual again. What it has no hours for any more goes to another.

        Raises UnknownWorkUnit, and WrongResource also when a longest wait could not be kept any more.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            after = pace.slower(snapshot, work_unit, factor)
            if after is snapshot:
                return snapshot
            settled = settle(after, since=snapshot, avoid=work_unit)
            pace.check_waits(snapshot, settled)
            return settled

        self.change(act, cause="slower", why=lambda after: _slow(after, work_unit, factor))

    def scrapped(self, booking_id: str, at: datetime, *, with_parts: bool = False) -> None:
        """What an operation made is spoiled: it, and what was done to the unit after it, is made again. `with_parts` when
        the parts that went in are spoiled too. Raises UnknownBooking."""

        def act(snapshot: Snapshot) -> Snapshot:
            booking = snapshot.booking(booking_id)
            if booking is None:
                self._check_known(booking_id)
                return snapshot
            after = disturbing.scrapped(snapshot, booking, at, with_parts=with_parts)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause="scrapped", why=lambda _: SCRAPPED)

    def rush(self, order: str) -> None:
        """An order goes first: what waits of it takes its places before all that was not sent to a machine yet.

        Its material is still given out in the sequence of orders. Raises UnknownOrder.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            commitment = next((each for each in snapshot.commitments.values() if each.order == order), None)
            if commitment is None:
                self._check_order(order)
                return snapshot
            steps = [need.step for need in commitment.demand.in_order]
            own = sorted(commitment.bookings, key=lambda each: (each.unit, steps.index(each.step)))
            return settle(snapshot, first=[each.id for each in own], since=snapshot)

        self.change(act, cause="rush", why=lambda _: RUSH)

    def _check_order(self, order: str) -> None:
        if self.store.commitment_of(order) is None:
            raise UnknownOrder(f"nothing is planned for order {order}")

    def advise_maintenance(self, work_unit: str, start: datetime, minutes: float, words: Words = MAINTENANCE) -> None:
        """A machine should be looked after from a time on, for some minutes: its work is moved out of the way.

        Said again in the same words before it begins, it is a new estimate. Raises UnknownWorkUnit, WrongResource.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            after = disturbing.maintained(snapshot, work_unit, start, minutes, words)
            return snapshot if after is snapshot else settle(after, since=snapshot)

        self.change(act, cause="maintenance", why=lambda after: _maintained(after, work_unit, start))

    def call_off_maintenance(self, work_unit: str, start: datetime) -> None:
        """The maintenance that was to begin at a time is not needed, or over: what waits may begin earlier.

        Raises UnknownWorkUnit.
        """

        def act(snapshot: Snapshot) -> Snapshot:
            after = disturbing.not_maintained(snapshot, work_unit, start)
            return snapshot if after is snapshot else settle(after, pull=_depends_on(after, work_unit), since=snapshot)

        self.change(act, cause="maintenance", why=lambda _: CALLED_OFF)

    def released(self, booking_id: str, at: datetime) -> None:
        """The operation was sent to its machine: it will not change its machine any more. Raises UnknownBooking."""
        self._happen(booking_id, "released", happen.released)

    def started(self, booking_id: str, at: datetime) -> None:
        """The machine began the operation. Raises UnknownBooking."""
        self._happen(booking_id, "started", lambda snapshot, booking: beginning.started(snapshot, booking, at))

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
            return after if after is snapshot else settle(after, since=snapshot)

        self.change(change, cause=cause, why=lambda _: BEHIND)

    def _check_known(self, booking_id: str) -> None:
        """What is no longer in the plan may still be spoken of: its order is finished or was cancelled."""
        if self.store.booking(booking_id) is None:
            raise UnknownBooking(f"there is no booking {booking_id}")

    def material_changed(self) -> None:
        """Stock or arrivals changed: what was planned before its material can be there is moved on."""
        self.change(lambda snapshot: settle(snapshot, since=snapshot, late=True), cause="material")

    def is_behind(self, now: datetime | None = None) -> bool:
        """Whether something should have begun or ended by now and did not; only reads."""
        at = now or self.plant_clock()
        return happen.is_behind(self.store.snapshot().at(at, Supply, self.settings))

    def right_shift(self, now: datetime | None = None) -> None:
        """Time has passed: move on what should have begun or ended by now and did not. Cheap when there is nothing to do."""
        at = now or self.plant_clock()
        if self.is_behind(at):
            self.change(_moved_on, cause="late", why=lambda _: BEHIND, now=at)


def _moved_on(snapshot: Snapshot) -> Snapshot:
    return settle(happen.overrun(snapshot), since=snapshot, late=True)


def _depends_on(snapshot: Snapshot, work_unit: str) -> list[str]:
    """The bookings of everyone who has something to be done on a machine, or needs what somebody can do."""
    queue, skills = snapshot.queues.get(work_unit), set(snapshot.resources[work_unit].skills)
    commitments = {booking.commitment for booking in queue.bookings} if queue else set()
    if not snapshot.resources[work_unit].is_machine:
        waiting = (each for each in snapshot.open_bookings() if each.state.waits and each.crew)
        commitments |= {
            each.commitment for each in waiting if skills & set(snapshot.commitments[each.commitment].need(each).also)
        }
    return [booking.id for each in commitments for booking in snapshot.commitments[each].bookings]


def _stopped(snapshot: Snapshot, work_unit: str, at: datetime) -> Words:
    machine = snapshot.resources[work_unit]
    since = moment(at, at - timedelta(minutes=1), snapshot.settings)
    back = moment(machine.down_until or at, snapshot.now, snapshot.settings)
    name, name_zh = machine.name.en, machine.name.in_language("zh")
    return Words(
        f"{name} stopped on {since.en} and is expected back on {back.en}", f"{name_zh}于{since.zh}停机，预计{back.zh}恢复"
    )


def _absent(snapshot: Snapshot, operator: str, at: datetime) -> Words:
    person = snapshot.resources[operator]
    since = moment(at, at - timedelta(minutes=1), snapshot.settings)
    back = moment(person.down_until or at, snapshot.now, snapshot.settings)
    name, name_zh = person.name.en, person.name.in_language("zh")
    return Words(
        f"{name} is away since {since.en} and is expected back on {back.en}", f"{name_zh}自{since.zh}缺席，预计{back.zh}返回"
    )


def _slow(snapshot: Snapshot, work_unit: str, factor: float) -> Words:
    name = snapshot.resources[work_unit].name
    return Words(f"{name.en} takes {factor:g} times as long as planned", f"{name.in_language('zh')}用时为计划的{factor:g}倍")


def _maintained(snapshot: Snapshot, work_unit: str, start: datetime) -> Words:
    name, when = snapshot.resources[work_unit].name, moment(start, snapshot.now, snapshot.settings)
    return Words(f"{name.en} is looked after from {when.en} on", f"{name.in_language('zh')}自{when.zh}起进行维护")
