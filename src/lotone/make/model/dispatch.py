"""What a machine does next, and what it is sent for it."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from lotone.assets import DataType, Meaning, Tag, Value
from lotone.kernel import Invalid
from lotone.plan import Booking, BookingState, Snapshot

AT_WORK = (BookingState.RELEASED, BookingState.STARTED)
LOOK_AHEAD = timedelta(minutes=2)
"""A job is sent this much before its planned start: sending and starting take time too."""


class CannotSend(Invalid):
    """A machine lacks the tags for what it should be told."""


@dataclass(frozen=True)
class Release:
    """What to write to a machine, all in one: its parameters and, last, the request with the job number."""

    work_unit: str
    work_order: int
    values: Mapping[str, Value]
    """Tag names with their values, in the order of writing."""
    request: str
    """The name of the tag that makes the machine start."""


def choose(
    queue: Iterable[Booking], ready: AbstractSet[str], now: datetime, is_open: Callable[[timedelta], bool]
) -> Booking | None:
    """The booking that an idle machine should begin now.

    The first in plan order whose time has come and that is `ready` (ids); before its time only if that is in nobody's
    way: it fits into open hours (`is_open` for this long from now) and ends before those planned earlier, or held for
    a buyer, begin; what a planner locked never before its time.
    """
    free_until: datetime | None = None
    for booking in queue:
        if booking.state is BookingState.HELD or booking.id not in ready:
            if free_until is None and booking.start > now:
                free_until = booking.start
            continue
        is_in_the_way = free_until is not None and now + timedelta(minutes=booking.minutes) > free_until
        is_early = booking.start > now + LOOK_AHEAD
        if booking.locked and is_early:  # a planner wants it to begin just then
            free_until = free_until or booking.start
            continue
        if not is_in_the_way and is_open(booking.duration if is_early else timedelta()):
            return booking
    return None


def ready_bookings(plan: Snapshot, queue: Iterable[Booking], now: datetime, idle_since: datetime | None = None) -> set[str]:
    """Bookings that could begin now: planned for an order, all before them done, waiting times and ways over, material in
    stock, the crew free, and not before their time where others count on it. A machine that is idle since `idle_since` may
    have been set up meanwhile."""
    covered: dict[str, set[tuple[str, int, str]]] = {}
    ready = set()
    for booking in queue:
        if booking.state is not BookingState.PLANNED or booking.order is None:
            continue
        commitment = plan.commitments[booking.commitment]
        if any(
            one.state is not BookingState.DONE
            or one.end + wait + plan.transport_between(one.work_center, booking.work_center) > now
            for one, wait in commitment.before(booking)
        ):
            continue
        if booking.start > now + LOOK_AHEAD and _has_its_time(plan, booking, now - (idle_since or now)):
            continue
        if not _is_crew_free(plan, booking, now):
            continue
        parts = commitment.need(booking).parts
        for part in parts:
            if part not in covered:
                covered[part] = in_stock(plan, part)
        if all(booking.place in covered[part] for part in parts):
            ready.add(booking.id)
    return ready


def _has_its_time(plan: Snapshot, booking: Booking, idle: timedelta) -> bool:
    """Whether a booking begins when it is planned, though its machine has time before: the machine has still to be set up for
    it, a batch is complete only then, or what follows must not wait long."""
    machine, need = plan.resources[booking.work_unit], plan.commitments[booking.commitment].need(booking)
    matrix = plan.setups.get(machine.setups)
    setup = timedelta() if matrix is None else timedelta(minutes=matrix.minutes_between(machine.state, need.setup))
    return setup > idle or machine.batch or need.wait_most_minutes is not None


def _is_crew_free(plan: Snapshot, booking: Booking, now: datetime) -> bool:
    """Whether those who are needed are there and do nothing else; before its time only if they are free until it is done.
    Those of one batch work together."""
    end = now + booking.duration
    for name in booking.crew:
        member = plan.resources[name]
        others = [each for each in plan.queues[name].bookings if not _is_one_run(each, booking)]
        at_work = {(each.work_unit, each.start) for each in others if each.state in AT_WORK}
        if member.is_down or len(at_work) >= member.capacity:
            return False
        if booking.start > now + LOOK_AHEAD:
            is_wanted = any(each.start < end for each in others if each.state not in AT_WORK)
            if is_wanted or plan.hours(name).first(now, booking.duration) != now:
                return False
    return True


def _is_one_run(one: Booking, other: Booking) -> bool:
    return one.work_unit == other.work_unit


def in_stock(plan: Snapshot, part: str) -> set[tuple[str, int, str]]:
    """The operations whose reserved quantity of a part is in stock: reserved first is served first, as in the plan."""
    left = plan.supply.on_hand.get(part, 0.0)
    covered: set[tuple[str, int, str]] = set()
    for reservation in plan.commitments.reserved.get(part, []):
        left = round(left - reservation.quantity, 6)
        if left >= 0:
            covered.add(reservation.place)
    return covered


def settings_for(tags: Iterable[Tag], wanted: Mapping[str, Value], optional: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters as a machine takes them: by tag name, in the type of the tag.

    `optional` ones are left out when the machine has no such tag; any other raises CannotSend.
    """
    writable = {tag.name: tag for tag in tags if tag.meaning is Meaning.PARAMETER and tag.writable}
    missing = sorted(wanted.keys() - writable.keys())
    if missing:
        raise CannotSend(
            f"there is no writable parameter tag {', '.join(missing)}; add it, or correct the operation's parameters"
        )
    chosen = dict(wanted) | {name: value for name, value in optional.items() if name in writable}
    return {name: as_typed(writable[name], value) for name, value in chosen.items()}


def request_tag(tags: Iterable[Tag]) -> Tag:
    """The tag that makes a machine start. Raises CannotSend."""
    found = next((tag for tag in tags if tag.meaning is Meaning.REQUEST and tag.writable), None)
    if found is None:
        raise CannotSend("there is no writable tag with the meaning 'request'; add one")
    return found


def as_typed(tag: Tag, value: Value) -> Value:
    """A value in the type of its tag. Raises CannotSend."""
    try:
        match tag.data_type:
            case DataType.NUMBER:
                return float(value)
            case DataType.INTEGER:
                return round(float(value))
            case DataType.BOOLEAN:
                return value in (True, 1, "true", "1")
            case DataType.TEXT:
                return str(value)
    except ValueError:
        raise CannotSend(f"{value!r} is not a {tag.data_type} as tag {tag.path} needs it") from None
