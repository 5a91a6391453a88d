"""Dispatch: what each idle machine is told to do next, and what must be told again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lotone.assets import MachineState, Meaning, Tag
from lotone.kernel import LotOneError, Unavailable, Words
from lotone.make.facts import OperationReleased
from lotone.make.model.dispatch import (
    Release,
    choose,
    ready_bookings,
    request_tag,
    settings_for,
)
from lotone.make.model.unit import CYCLE_MINUTES, OpenJob, WorkOrder, WorkState
from lotone.make.service.floor import Floor
from lotone.make.service.observe import Observer
from lotone.plan import Booking, Snapshot

SEND_AGAIN = timedelta(seconds=5)
"""Wall time after which a job that its machine has not reported is sent again; sending twice does no harm."""

SENDS_NOTICED = 6
"""A job that was sent this often and not begun is shown as a problem."""


class Dispatcher:
    """Names the next job of every idle machine."""

    def __init__(self, floor: Floor, observer: Observer) -> None:
        self.floor = floor
        self.observer = observer
        self.units = floor.store.units

    def dispatch(self, now: datetime) -> list[Release]:
        """What to send to which machine at this moment of plant time; noted as sent. Only machines that say they are idle."""
        self.observer.settle()
        again, chosen = self._look(now)
        releases = self._again(again)
        for number, booking in chosen:
            releases += self._try_to_release(number, booking, now)
        return releases

    def is_due(self, now: datetime) -> bool:
        """Whether `dispatch` would do something; only reads."""
        again, chosen = self._look(now)
        return bool(chosen) or any(self._is_unheard(job) for job in again) or self.observer.has_to_settle()

    def _look(self, now: datetime) -> tuple[list[OpenJob], list[tuple[int, Booking]]]:
        """Jobs that were sent to machines which are idle all the same, and what comes next on machines without a job."""
        jobs = self.units.open_jobs()
        states = self.floor.insight.states()
        idle = {unit: now_is.since for unit, now_is in states.items() if now_is.state is MachineState.IDLE}
        again = [job for job in jobs if job.state is WorkState.RELEASED and job.work_unit in idle]
        free = idle.keys() - {job.work_unit for job in jobs if job.state.is_on_machine}
        waiting = {job.booking: job for job in jobs if job.state is WorkState.WAITING}
        if not free or not waiting:
            return again, []
        plan = self.floor.plan.snapshot(now)
        known = sorted(free & plan.resources.keys())
        found = [self._next(plan, work_unit, waiting, now, idle[work_unit]) for work_unit in known]
        return again, [(waiting[booking.id].number, booking) for booking in found if booking is not None]

    def _next(
        self, plan: Snapshot, work_unit: str, waiting: dict[str, OpenJob], now: datetime, idle_since: datetime
    ) -> Booking | None:
        queue = plan.queues[work_unit].bookings if work_unit in plan.queues else ()
        hours = plan.hours(work_unit)

        def is_open(duration: timedelta) -> bool:
            return hours.first(now, duration) == now

        repeated = [booking for booking in queue if booking.id in waiting and waiting[booking.id].attempt > 1]
        if repeated:
            return repeated[0] if is_open(timedelta()) else None
        ready = ready_bookings(plan, queue, now, idle_since) & waiting.keys()
        return choose(queue, ready, now, is_open)

    def _try_to_release(self, number: int, booking: Booking, now: datetime) -> list[Release]:
        """One job that can't be sent must not keep others waiting: it is shown, and tried again at the next dispatch."""
        work = self.floor.work(number)
        try:
            with self.floor.store.all_or_nothing():
                return [self._release(work, booking, now)]
        except Unavailable:
            raise
        except LotOneError as fault:
            problem = Words(f"{booking.work_unit}: {fault}", f"{booking.work_unit}无法下达：{fault}")
            if work.problem != problem:
                self.units.save_work(replace(work, problem=problem))
            return []

    def _release(self, work: WorkOrder, booking: Booking, now: datetime) -> Release:
        unit = self.floor.unit(work.unit)
        need = unit.demand.operation(work.step)
        tags = self.floor.assets.tags(booking.work_unit)
        parameters = settings_for(tags, need.parameters, {CYCLE_MINUTES: round(booking.minutes, 3)})
        request = request_tag(tags)
        self.floor.plan.released(booking.id, now)
        number = self._fresh_number(work.number, booking.work_unit)
        released = replace(
            work,
            number=number,
            state=WorkState.RELEASED,
            work_unit=booking.work_unit,
            parameters=parameters,
            minutes=booking.minutes,
            planned_start=booking.start,
            planned_end=booking.end,
            released_at=now,
            sent_at=self.floor.wall(),
            sends=1,
            problem=None,
        )
        self.units.save_work(released)
        self.floor.tell(OperationReleased(number, unit.order, unit.serial, work.step, booking.work_unit, work.attempt))
        return _release(released, request)

    def _fresh_number(self, number: int, work_unit: str) -> int:
        """A machine ignores the number of the job it did last, so a job that has it by chance gets another.

        That happens when a machine comes from elsewhere and remembers a job that was not ours.
        """
        if self.floor.store.reports.current_jobs().get(work_unit) != number:
            return number
        fresh = self.floor.next_number()
        self.units.renumber(number, fresh)
        return fresh

    def _again(self, released: Iterable[OpenJob]) -> list[Release]:
        wall = self.floor.wall()
        releases = []
        for job in released:
            if self._is_unheard(job):
                work = self.floor.work(job.number)
                sends = work.sends + 1
                problem = _not_begun(work) if sends >= SENDS_NOTICED else work.problem
                self.units.save_work(replace(work, sent_at=wall, sends=sends, problem=problem))
                releases.append(_release(work, request_tag(self._tags(work))))
        return releases

    def _is_unheard(self, job: OpenJob) -> bool:
        """Whether a job was sent some time ago and its machine has not begun."""
        return job.sent_at is None or self.floor.wall() - job.sent_at >= SEND_AGAIN

    def _tags(self, work: WorkOrder) -> list[Tag]:
        return [tag for tag in self.floor.assets.tags(work.work_unit) if tag.meaning is Meaning.REQUEST]


def _not_begun(work: WorkOrder) -> Words:
    return Words(
        f"{work.work_unit} says it is idle, was sent job {work.number} {work.sends} times and has not begun it",
        f"{work.work_unit}报告空闲，作业{work.number}已下达{work.sends}次仍未开始",
    )


def _release(work: WorkOrder, request: Tag) -> Release:
    values = dict(work.parameters) | {request.name: work.number}
    return Release(work.work_unit or "", work.number, values, request.name)
