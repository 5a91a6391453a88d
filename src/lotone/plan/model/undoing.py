"""What people changed in the plan by hand, kept so that the last change can be taken back as long as that is possible."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lotone.kernel import Conflict, Words
from lotone.plan.model.booking import Booking
from lotone.plan.model.hand import moves
from lotone.plan.model.promise import Promise
from lotone.plan.model.reasons import moment
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, Snapshot


class HandKind(StrEnum):
    MOVED = "moved"
    LOCKED = "locked"
    UNLOCKED = "unlocked"


class CantUndo(Conflict):
    """The last change by hand can't be taken back any more; `words` say why."""

    def __init__(self, words: Words) -> None:
        super().__init__(f"the last change can't be undone: {words.en}; the plan stays as it is")
        self.words = words


@dataclass(frozen=True)
class Spot:
    """Where a booking stands."""

    work_center: str
    work_unit: str
    start: datetime
    end: datetime
    minutes: float
    crew: tuple[str, ...]
    locked: bool

    @classmethod
    def of(cls, booking: Booking) -> "Spot":
        return cls(
            booking.work_center, booking.work_unit, booking.start, booking.end, booking.minutes, booking.crew, booking.locked
        )

    def put(self, booking: Booking) -> Booking:
        """The booking at this place."""
        return replace(
            booking, work_center=self.work_center, work_unit=self.work_unit, start=self.start, end=self.end,
            minutes=self.minutes, crew=self.crew, locked=self.locked,
        )  # fmt: skip

    def has(self, booking: Booking) -> bool:
        return (booking.work_unit, booking.start) == (self.work_unit, self.start)

    def as_json(self) -> dict[str, Any]:
        return {
            "work_center": self.work_center,
            "work_unit": self.work_unit,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "minutes": self.minutes,
            "crew": list(self.crew),
            "locked": self.locked,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Spot":
        start, end = datetime.fromisoformat(values["start"]), datetime.fromisoformat(values["end"])
        crew = tuple(values["crew"])
        return cls(values["work_center"], values["work_unit"], start, end, values["minutes"], crew, values["locked"])


@dataclass(frozen=True)
class Swap:
    """One booking that a change by hand put elsewhere."""

    booking: str
    before: Spot
    after: Spot


@dataclass(frozen=True)
class Retelling:
    """One order whose promise was told anew because of it."""

    order: str
    before: Promise
    after: Promise


@dataclass(frozen=True)
class HandChange:
    """One change by hand: who made it when (wall clock), and all that it moved; the booking itself comes first."""

    number: int
    at: datetime
    actor: str
    name: str
    kind: HandKind
    step: str
    order: str | None
    swaps: tuple[Swap, ...]
    told: tuple[Retelling, ...] = ()
    undone_at: datetime | None = None
    undone_by: str | None = None

    @property
    def swap(self) -> Swap:
        return self.swaps[0]


def undone(snapshot: Snapshot, change: HandChange) -> tuple[Snapshot, list[Retelling]]:
    """The plan with a change taken back, and the promises that hold again as they were told before. Raises CantUndo."""
    booking = snapshot.booking(change.swap.booking)
    if booking is None or not booking.state.waits:
        raise CantUndo(Words("the operation has begun since, or is no longer planned", "该工序已开始，或已不在计划中"))
    if change.kind is not HandKind.MOVED:
        return snapshot.with_bookings([replace(booking, locked=change.swap.before.locked)]), []
    _check(snapshot, change, booking)
    back, told = _told_again(snapshot, change)
    settled = settle(back.with_bookings(_put_back(snapshot, change.swaps)), since=snapshot)
    mine = {each.booking for each in change.swaps}
    stands = settled.booking(booking.id)
    is_back = stands is not None and change.swap.before.has(stands)
    if not is_back or any(each.before.id not in mine for each in moves(snapshot, settled)):
        raise CantUndo(Words("its old place is taken by something else now", "其原来的位置已被占用"))
    return settled, told


def _check(snapshot: Snapshot, change: HandChange, booking: Booking) -> None:
    before = change.swap.before
    if not change.swap.after.has(booking):
        raise CantUndo(Words("it was moved again since by what happened in the plant", "之后又因生产情况被移动"))
    if not booking.state.is_movable and before.work_unit != booking.work_unit:
        raise CantUndo(Words("it was sent to its machine since", "它已下达到设备"))
    if before.start < snapshot.now:
        old = moment(before.start, snapshot.now, snapshot.settings)
        raise CantUndo(Words(f"its old time, {old.en}, has passed", f"其原来的时间{old.zh}已过"))


def _put_back(snapshot: Snapshot, swaps: Iterable[Swap]) -> list[Booking]:
    """What still stands where the change put it, where it stood before; the rest has a history of its own by now."""
    back = []
    for swap in swaps:
        booking = snapshot.booking(swap.booking)
        if booking is None or not booking.state.waits or not swap.after.has(booking) or swap.before.start < snapshot.now:
            continue
        if booking.state.is_movable or booking.work_unit == swap.before.work_unit:
            back.append(swap.before.put(booking))
    return back


def _told_again(snapshot: Snapshot, change: HandChange) -> tuple[Snapshot, list[Retelling]]:
    """The plan with the promises that the change moved as they were, where nothing moved them again."""
    known = {each.order: each for each in snapshot.commitments.values() if each.order is not None}
    back: list[Commitment] = []
    told = []
    for each in change.told:
        commitment = known.get(each.order)
        if commitment is not None and commitment.told.date == each.after.date:
            back.append(replace(commitment, told=each.before, moves=commitment.moves + 1))
            told.append(each)
    return snapshot.with_commitments(back), told
