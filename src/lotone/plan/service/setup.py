"""Setting up: calendars and machines."""

from collections.abc import Iterable
from dataclasses import replace

from lotone.kernel import Words
from lotone.plan.model.booking import Resource
from lotone.plan.model.calendar import Calendar
from lotone.plan.model.fault import WorkUnitInUse, WrongCalendar
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.desk import Desk

HOURS_CHANGED = Words("working hours or machines changed", "工作时间或设备有变")


class Setup(Desk):
    """Both replace what was set before; work that no longer fits is moved on."""

    def set_calendars(self, calendars: Iterable[Calendar]) -> None:
        """All working calendars of the plant. Raises WrongCalendar when a machine's calendar would be missing, NoCapacity
        when booked work would find no open hours any more."""
        wanted = {calendar.id: calendar for calendar in calendars}

        def act(snapshot: Snapshot) -> Snapshot:
            if wanted == snapshot.calendars:
                return snapshot
            _check_calendars(snapshot.resources.values(), wanted)
            return settle(replace(snapshot, calendars=wanted))

        self.change(act, cause="setup", why=lambda _: HOURS_CHANGED)

    def set_resources(self, resources: Iterable[Resource]) -> None:
        """All machines that work can be planned on; whether they are down is kept. Raises WrongCalendar, WorkUnitInUse."""
        listed = list(resources)

        def act(snapshot: Snapshot) -> Snapshot:
            wanted = {each.work_unit: _with_repair(each, snapshot.resources.get(each.work_unit)) for each in listed}
            if wanted == snapshot.resources:
                return snapshot
            _check_calendars(wanted.values(), snapshot.calendars)
            for unit, queue in snapshot.queues.items():
                if queue.bookings and unit not in wanted:
                    raise WorkUnitInUse(f"{unit} has {len(queue.bookings)} bookings; it can't be taken out of the plan")
            return settle(replace(snapshot, resources=wanted))

        self.change(act, cause="setup", why=lambda _: HOURS_CHANGED)


def _with_repair(wanted: Resource, known: Resource | None) -> Resource:
    if known is None:
        return wanted
    return replace(known, work_center=wanted.work_center, calendar=wanted.calendar, words=wanted.words)


def _check_calendars(resources: Iterable[Resource], calendars: Iterable[str]) -> None:
    known = set(calendars)
    for machine in resources:
        if machine.calendar not in known:
            raise WrongCalendar(f"{machine.work_unit} works by calendar {machine.calendar}, which is not there")
