"""How late a completion may become: what can disturb its binding chain, walked forward through open hours."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from lotone.plan.model.booking import Booking
from lotone.plan.model.calendar import OpenHours
from lotone.plan.model.calibration import DEVIATES, between, place_of
from lotone.plan.model.distribution import Varying
from lotone.plan.model.learned import REPAIR_LEFT_SIGMA
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Ready

NOTHING = timedelta()
NEVER = Varying()
HOUR = timedelta(hours=1)
LATEST_S = 366 * 86400.0
"""Nothing is looked at that would be later than this."""
Curve = tuple[float, ...]
"""Seconds after the expected completion, at each of DEVIATES; never less at a higher one."""


class Link(NamedTuple):
    """A stretch of work on the chain: an operation, or the work that stands on its machine without a gap before it."""

    hours: OpenHours
    start: datetime
    end: datetime
    ready: datetime
    """When it could begin as planned, as far as the link before it goes; from there to the start is closed time, or the
    wait for something that the chain does not know, and swallows delays."""
    lag_s: float
    """Seconds that must pass since the end of the link before, however late that is."""
    takes: timedelta
    extra: Varying
    """In hours, more than planned."""


def curve_of(snapshot: Snapshot, commitment: Commitment, chain: Sequence[Booking], material: Ready | None) -> Curve:
    """How much later than planned the last of a chain of bookings may end; `chain` is in the order of time, and `material`
    what its first booking waits for.

    Operations take as long as was learned, machines stop as often and as long, work is done again as often, and the
    supplier is as late. Independent times on the way add up (their cumulants do); at each of DEVIATES the way is walked
    once, all of it as late as that deviate says. An operation that would run into closed hours waits for the next open
    ones, and closed hours swallow the delay before them: from there on only what comes later varies.
    """
    return _curve(snapshot, commitment, chain, material, DEVIATES)


def late_at(
    snapshot: Snapshot, commitment: Commitment, chain: Sequence[Booking], material: Ready | None, deviate: float
) -> float:
    """The value of `curve_of` at one deviate, without the rest of the curve."""
    place = place_of(deviate)
    low, high = _curve(snapshot, commitment, chain, material, DEVIATES[place - 1 : place + 1])
    return between(low, high, deviate)


def _curve(
    snapshot: Snapshot, commitment: Commitment, chain: Sequence[Booking], material: Ready | None, at: Sequence[float]
) -> Curve:
    if not chain:
        return (0.0,) * len(at)
    root = _root(snapshot, chain[0], material)
    links = _links(snapshot, commitment, chain, root.at)
    expected = links[-1].end
    found: list[float] = []
    for deviate in at:
        late = (_walk(links, root, deviate) - expected).total_seconds()
        found.append(max(late, found[-1]) if found else late)
    return tuple(found)


def _links(snapshot: Snapshot, commitment: Commitment, chain: Sequence[Booking], begins: datetime) -> list[Link]:
    """The chain with consecutive work of others on one machine taken together, to be walked quickly."""
    links: list[Link] = []
    before: Booking | None = None
    for booking in chain:
        start = max(booking.start, snapshot.now)
        takes = max(booking.end - start, NOTHING)
        extra = snapshot.learned.longer(booking.step, booking.work_unit, takes / HOUR)
        if before is not None and start == links[-1].end and _are_others(commitment, before, booking):
            links[-1] = _together(links[-1], start + takes, takes, extra)
        else:
            hours = snapshot.hours(booking.work_unit)
            lag = _lag(commitment, before, booking, start, hours) if before is not None else NOTHING
            ready = links[-1].end + lag if links else min(begins, start)
            links.append(Link(hours, start, start + takes, ready, lag.total_seconds(), takes, extra))
        before = booking
    return links


def _are_others(commitment: Commitment, before: Booking, booking: Booking) -> bool:
    """Whether both are somebody else's work on one machine."""
    return before.work_unit == booking.work_unit and commitment.id not in (before.commitment, booking.commitment)


def _together(link: Link, end: datetime, takes: timedelta, extra: Varying) -> Link:
    return link._replace(end=end, takes=link.takes + takes, extra=link.extra.plus(extra))


def _lag(commitment: Commitment, before: Booking, booking: Booking, start: datetime, hours: OpenHours) -> timedelta:
    """All of an open gap, for whatever it is needed; of one with closed hours the wait after the operation before."""
    gap = start - before.end
    if gap <= NOTHING:
        return NOTHING
    if next(hours.gaps(before.end, start), None) is None:
        return gap
    own = before.commitment == booking.commitment == commitment.id
    return min(gap, commitment.need(before).wait) if own else NOTHING


class _Root(NamedTuple):
    """What the chain begins with: when it is expected, and how that varies."""

    at: datetime
    extra: Varying


def _root(snapshot: Snapshot, first: Booking, material: Ready | None) -> _Root:
    start = max(first.start, snapshot.now)
    machine = snapshot.resources[first.work_unit]
    if material is not None and material.supplier is not None and material.at > snapshot.now:
        return _Root(min(material.at, start), snapshot.learned.late(material.supplier.en))
    if machine.down_until is not None and machine.down_until > snapshot.now:
        left = (machine.down_until - snapshot.now) / HOUR
        return _Root(start, Varying(0.0, REPAIR_LEFT_SIGMA**2, REPAIR_LEFT_SIGMA**3).repeated(left))
    return _Root(start, NEVER)


def _walk(links: Iterable[Link], root: _Root, deviate: float) -> datetime:
    """When the last link ends if all of the way is as late as a deviate says."""
    begun, varies = root.at, root.extra
    """The last moment from which on delays add up, and what they are."""
    planned_s = 0.0
    end = root.at + timedelta(seconds=3600 * root.extra.at(deviate)) if root.extra.variance else root.at
    for link in links:
        ready = end + timedelta(seconds=link.lag_s) if link.lag_s else end
        start = _fit(link, ready)
        if start > ready:
            begun, varies, planned_s = start, link.extra, link.takes.total_seconds()
        else:
            varies = varies.plus(link.extra)
            planned_s += link.lag_s + link.takes.total_seconds()
        late_s = min(planned_s + 3600 * varies.at(deviate), LATEST_S)
        end = max(begun + timedelta(seconds=late_s), start)
    return end


def _fit(link: Link, ready: datetime) -> datetime:
    """When a link's work begins if it could at a moment: as much before its time as it could earlier, if that is open."""
    found = link.hours.first(ready, link.takes) or ready
    return max(found, link.start + min(ready - link.ready, NOTHING))
