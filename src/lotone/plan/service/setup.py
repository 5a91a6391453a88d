"""Setting up: calendars, machines, operators and tools, setups, ways, maintenance."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lotone.kernel import Words
from lotone.plan.model.booking import Maintenance, Resource, SetupMatrix
from lotone.plan.model.calendar import Calendar
from lotone.plan.model.fault import UnknownWorkUnit, WorkUnitInUse, WrongCalendar, WrongResource
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.desk import Desk

HOURS_CHANGED = Words("working hours or machines changed", "工作时间或设备有变")


class Setup(Desk):
    """Everything replaces what was set before; work that no longer fits is moved on. Said again, it changes nothing."""

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
        """All machines, operators and tools that work can be planned on. Whether they are down is kept, and so is what a
        machine is set up for and its maintenance unless they are given.

        Raises WrongCalendar, WrongResource (a setup matrix that is not there), WorkUnitInUse.
        """
        listed = list(resources)

        def act(snapshot: Snapshot) -> Snapshot:
            return _staffed(snapshot, snapshot.calendars, listed)

        self.change(act, cause="setup", why=lambda _: HOURS_CHANGED)

    def set_plant(self, calendars: Iterable[Calendar], resources: Iterable[Resource]) -> None:
        """All working calendars, and all machines, operators and tools that keep them, in one step: a calendar that no
        machine keeps any more may go (a scenario that was applied makes its own). Raises as `set_resources` does."""
        wanted, listed = {calendar.id: calendar for calendar in calendars}, list(resources)

        self.change(lambda snapshot: _staffed(snapshot, wanted, listed), cause="setup", why=lambda _: HOURS_CHANGED)

    def set_setups(self, matrices: Iterable[SetupMatrix]) -> None:
        """All setup matrices of the plant. Raises WrongResource when a machine's matrix would be missing, NoCapacity."""
        wanted = {matrix.id: matrix for matrix in matrices}

        def act(snapshot: Snapshot) -> Snapshot:
            if wanted == snapshot.setups:
                return snapshot
            _check_setups(snapshot.resources.values(), wanted)
            return settle(replace(snapshot, setups=wanted))

        self.change(act, cause="setup", why=lambda _: HOURS_CHANGED)

    def set_transport(self, minutes: Mapping[tuple[str, str], float]) -> None:
        """Minutes from work center to work center; what is not listed takes none. Raises WrongResource, NoCapacity."""
        wanted = dict(minutes)
        for (before, after), takes in wanted.items():
            if not 0 <= takes < float("inf"):
                raise WrongResource(f"the way from {before} to {after} can't take {takes:g} minutes", where=before)

        def act(snapshot: Snapshot) -> Snapshot:
            return snapshot if wanted == snapshot.transport else settle(replace(snapshot, transport=wanted))

        self.change(act, cause="setup", why=lambda _: HOURS_CHANGED)

    def set_maintenance(self, work_unit: str, windows: Iterable[Maintenance]) -> None:
        """All maintenance that is planned for one machine, operator or tool. Raises UnknownWorkUnit, NoCapacity."""
        wanted = tuple(sorted(windows, key=lambda each: (each.start, each.end)))
        self._alter(work_unit, lambda known: replace(known, maintenance=wanted), cause="maintenance")

    def set_state(self, work_unit: str, state: str) -> None:
        """What a machine is set up for now, when somebody changed it by hand. Raises UnknownWorkUnit, NoCapacity."""
        self._alter(work_unit, lambda known: replace(known, state=state), cause="setup")

    def _alter(self, work_unit: str, change: Callable[[Resource], Resource], *, cause: str) -> None:
        def act(snapshot: Snapshot) -> Snapshot:
            known = snapshot.resources.get(work_unit)
            if known is None:
                raise UnknownWorkUnit(f"the plan knows no machine {work_unit}")
            changed = change(known)
            return snapshot if changed == known else settle(snapshot.with_resource(changed))

        self.change(act, cause=cause, why=lambda _: HOURS_CHANGED)

    def open_overtime(self, calendar: str, start: datetime, end: datetime) -> None:
        """Work the overtime of a calendar that touches a stretch of time. Raises WrongCalendar."""

        def act(snapshot: Snapshot) -> Snapshot:
            known = snapshot.calendars.get(calendar)
            if known is None:
                raise WrongCalendar(f"there is no calendar {calendar}")
            opened = known.with_overtime(start, end)
            if opened == known:
                return snapshot
            return settle(replace(snapshot, calendars={**snapshot.calendars, calendar: opened}))

        self.change(act, cause="overtime")


def _staffed(snapshot: Snapshot, calendars: Mapping[str, Calendar], listed: Iterable[Resource]) -> Snapshot:
    """The plan with all its machines, operators and tools, its work moved to where it fits."""
    wanted = {each.work_unit: _with_past(each, snapshot.resources.get(each.work_unit)) for each in listed}
    _check_calendars(wanted.values(), calendars)
    _check_setups(wanted.values(), snapshot.setups)
    if (wanted, calendars) == (snapshot.resources, snapshot.calendars):
        return snapshot
    for unit, queue in snapshot.queues.items():
        if queue.bookings and unit not in wanted:
            raise WorkUnitInUse(f"{unit} has {len(queue.bookings)} bookings; it can't be taken out of the plan")
    return settle(replace(snapshot, calendars=calendars, resources=wanted))


def _with_past(wanted: Resource, known: Resource | None) -> Resource:
    if known is None:
        return wanted
    return replace(
        wanted,
        down_from=known.down_from,
        down_until=known.down_until,
        down_said_at=known.down_said_at,
        down_minutes=known.down_minutes,
        up_at=known.up_at,
        state=known.state or wanted.state,
        maintenance=wanted.maintenance or known.maintenance,
    )


def _check_calendars(resources: Iterable[Resource], calendars: Iterable[str]) -> None:
    known = set(calendars)
    for machine in resources:
        if machine.calendar not in known:
            raise WrongCalendar(f"{machine.work_unit} works by calendar {machine.calendar}, which is not there")


def _check_setups(resources: Iterable[Resource], setups: Iterable[str]) -> None:
    known = set(setups)
    for machine in resources:
        if machine.setups and machine.setups not in known:
            raise WrongResource(f"{machine.work_unit} follows the setup matrix {machine.setups}, which is not there")
