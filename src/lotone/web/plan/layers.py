"""What is drawn around the bars of a schedule: setups, batches, maintenance, overtime, and who works with whom."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from lotone.kernel import Words
from lotone.plan import Booking, Calendar, Resource, Snapshot
from lotone.plan.model.booking import ResourceKind

CREW_WORDS = {ResourceKind.OPERATOR: Words("Operators", "操作员"), ResourceKind.TOOL: Words("Tools", "工装")}
PART = "@"
"""Between a booking's id and the operator or tool in whose row it is drawn a second time."""


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def setups(snapshot: Snapshot) -> dict[str, int]:
    """For each waiting booking before which its machine is set up anew: for how many milliseconds."""
    found: dict[str, int] = {}
    for machine in snapshot.resources.values():
        matrix = snapshot.setups.get(machine.setups)
        queue = snapshot.queues.get(machine.work_unit)
        if matrix is None or queue is None:
            continue
        before, state = machine.state, machine.state
        for _, together in groupby(queue.bookings, key=lambda each: (each.start, each.end)):
            before = state
            for booking in together:
                wanted = snapshot.commitments[booking.commitment].need(booking).setup
                minutes = matrix.minutes_between(before, wanted)
                if minutes > 0 and booking.state.waits:
                    found[booking.id] = int(minutes * 60_000)
                state = wanted or state
    return found


def maintenance(machines: Iterable[Resource], start: datetime, end: datetime, say: Any) -> list[dict[str, Any]]:
    """Planned maintenance between two moments; `say` puts words into the reader's language."""
    return [
        {"row": machine.work_unit, "start": milliseconds(each.start), "end": milliseconds(each.end), "label": say(each.words)}
        for machine in machines
        for each in machine.maintenance
        if each.start < end and each.end > start
    ]


def overtime(calendar: Calendar, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The overtime of a calendar between two moments: opened, or only possible."""
    opened = {(each.start, each.end) for each in calendar.exceptions if each.is_open}
    return [
        {
            "calendar": calendar.id,
            "start": milliseconds(window.start),
            "end": milliseconds(window.end),
            "open": tuple(window) in opened,
        }
        for window in calendar.overtime_windows(start, end)
    ]


def crew_rows(resources: Iterable[Resource]) -> dict[ResourceKind, list[Resource]]:
    """Operators and tools, by kind."""
    listed = list(resources)
    return {kind: found for kind in CREW_WORDS if (found := [each for each in listed if each.kind is kind])}


def with_crew(bar: Mapping[str, Any], booking: Booking) -> list[dict[str, Any]]:
    """The bars of one booking in the rows of the operators and tools that it takes."""
    return [{**bar, "id": f"{booking.id}{PART}{each}", "of": booking.id, "row": each, "setup": 0} for each in booking.crew]
