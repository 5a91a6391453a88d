"""Changing the plan by hand: try a place, move an operation there, lock and unlock it, take the last change back."""

from dataclasses import dataclass, replace
from datetime import datetime

from lotone.kernel import NotFound, Words
from lotone.plan.check import check
from lotone.plan.facts import PromiseMoved
from lotone.plan.model.booking import Booking
from lotone.plan.model.fault import UnknownBooking
from lotone.plan.model.hand import CantMove, Effect, Obstacle, ObstacleKind, moves, try_move
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.undoing import CantUndo, HandChange, HandKind, Retelling, Spot, Swap, undone
from lotone.plan.service.desk import Desk
from lotone.plan.store.hand import HandStore

MOVED, LOCKED, UNLOCKED, UNDONE = "moved_by_hand", "locked_by_hand", "unlocked_by_hand", "undone_by_hand"
UNDONE_WORDS = Words("the planner took a change back", "计划员撤销了更改")


class NothingToUndo(NotFound):
    """Nobody changed the plan by hand, or all of it was undone."""


@dataclass(frozen=True)
class Hand:
    """Who changes the plan: an id, and a name for people."""

    actor: str
    name: str = ""


class HandMoves(Desk):
    """What a planner does herself. Every change is noted with who made it and when, and the last one can be undone."""

    @property
    def journal(self) -> HandStore:
        return HandStore(self.store.connection, self.store.organization)

    def try_move(self, booking_id: str, work_unit: str, start: datetime) -> Effect:
        """What moving an operation would do; changes nothing. Raises UnknownBooking, UnknownWorkUnit."""
        return try_move(self.snapshot(), booking_id, work_unit, start)

    def move(self, booking_id: str, work_unit: str, start: datetime, by: Hand) -> HandChange:
        """Put an operation on a machine at a time and lock it there. Raises CantMove, UnknownBooking, UnknownWorkUnit."""
        before = self.snapshot()

        def act(snapshot: Snapshot) -> Snapshot:
            nonlocal before
            before = snapshot
            effect = try_move(snapshot, booking_id, work_unit, start)
            if effect.plan is None:
                raise CantMove(effect)
            _object(snapshot, effect)
            return effect.plan

        after = self.change(act, cause=MOVED, why=lambda plan: _moved_words(plan, work_unit))
        return self._note(HandKind.MOVED, booking_id, before, after, by)

    def lock(self, booking_id: str, by: Hand) -> HandChange | None:
        """Keep an operation where it stands. None when it was locked already. Raises UnknownBooking."""
        return self._set_lock(booking_id, by, locked=True)

    def unlock(self, booking_id: str, by: Hand) -> HandChange | None:
        """Let an operation be moved again. None when it was not locked. Raises UnknownBooking."""
        return self._set_lock(booking_id, by, locked=False)

    def _set_lock(self, booking_id: str, by: Hand, *, locked: bool) -> HandChange | None:
        before = self.snapshot()

        def act(snapshot: Snapshot) -> Snapshot:
            nonlocal before
            before = snapshot
            booking = _waiting(snapshot, booking_id)
            return snapshot if booking.locked is locked else snapshot.with_bookings([replace(booking, locked=locked)])

        after = self.change(act, cause=LOCKED if locked else UNLOCKED)
        kind = HandKind.LOCKED if locked else HandKind.UNLOCKED
        return None if after is before else self._note(kind, booking_id, before, after, by)

    def hand_changes(self, limit: int = 50) -> list[HandChange]:
        """What people changed by hand, the newest first, with what was undone."""
        return self.journal.newest(limit)

    def last_hand_change(self) -> HandChange | None:
        """What `undo` would take back."""
        return next(iter(self.journal.newest(1, standing=True)), None)

    def undo(self, by: Hand, number: int | None = None) -> HandChange:
        """Take the last change by hand back; `number` says which one that is thought to be.

        Raises CantUndo with the reason when that is no longer possible, NothingToUndo when there is none.
        """
        last: HandChange | None = None
        told: list[Retelling] = []

        def act(snapshot: Snapshot) -> Snapshot:
            nonlocal last, told
            last = self._last(number)
            after, told = undone(snapshot, last)
            return after

        before = self.snapshot()
        after = self.change(act, cause=UNDONE, why=lambda _: UNDONE_WORDS)
        if last is None:
            raise NothingToUndo("nobody changed the plan by hand")
        if after.version > before.version:
            self._tell_again(told, after)
        taken_back = replace(last, undone_at=self.wall_clock(), undone_by=by.name or by.actor)
        self.journal.mark_undone(taken_back)
        return taken_back

    def _last(self, number: int | None) -> HandChange:
        last = self.last_hand_change()
        if last is None:
            raise NothingToUndo("nobody changed the plan by hand, or everything was undone; there is nothing to take back")
        if number is not None and last.number != number:
            raise CantUndo(
                Words(f"{last.name or last.actor} changed the plan since", f"{last.name or last.actor}之后又改了计划")
            )
        return last

    def _tell_again(self, told: list[Retelling], after: Snapshot) -> None:
        """The buyers who were told a new date because of the change hear that the old one holds."""
        stands = {each.order: each.told.date for each in after.commitments.values()}
        for each in told:
            if stands.get(each.order) == each.before.date:
                words = UNDONE_WORDS
                self.tell(PromiseMoved(each.order, each.after.date, each.before.date, UNDONE, words.en, words.zh))

    def _note(self, kind: HandKind, booking_id: str, before: Snapshot, after: Snapshot, by: Hand) -> HandChange:
        booking = _waiting(after, booking_id)
        swaps = {booking_id: Swap(booking_id, Spot.of(_waiting(before, booking_id)), Spot.of(booking))}
        if kind is HandKind.MOVED:
            for each in moves(before, after):
                swaps.setdefault(each.before.id, Swap(each.before.id, Spot.of(each.before), Spot.of(each.after)))
        change = HandChange(
            self.journal.next_number(), self.wall_clock(), by.actor, by.name, kind, booking.step, booking.order,
            tuple(swaps.values()), tuple(_told(before, after)),
        )  # fmt: skip
        self.journal.add(change)
        return change


def _object(snapshot: Snapshot, effect: Effect) -> None:
    """What the independent checker finds in the new plan, and did not find before, keeps it from being written."""
    found = check(effect.plan) if effect.plan is not None else []
    new = set(found) - set(check(snapshot)) if found else set()
    if new:
        words = min(each.words for each in new)
        raise CantMove(replace(effect, obstacles=(Obstacle(ObstacleKind.PLAN, Words(words)),), plan=None))


def _waiting(snapshot: Snapshot, booking_id: str) -> Booking:
    booking = snapshot.booking(booking_id)
    if booking is None or not booking.state.waits:
        raise UnknownBooking(f"there is no booking {booking_id} that still waits for its time")
    return booking


def _told(before: Snapshot, after: Snapshot) -> list[Retelling]:
    return [
        Retelling(new.order or "", old.told, new.told)
        for _, old, new in after.commitments.differences(before.commitments)
        if old is not None and new is not None and new.told is not old.told
    ]


def _moved_words(snapshot: Snapshot, work_unit: str) -> Words:
    name = snapshot.resources[work_unit].name
    return Words(f"the planner moved work on {name.en}", f"计划员调整了{name.in_language('zh')}的工作")
