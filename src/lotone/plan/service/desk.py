"""Where all changes of the plan pass: seen as it stands, changed, told, and written only if nobody was faster."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lotone.kernel import Clock, Tell, Words
from lotone.plan.facts import PromiseMoved, ScheduleChanged
from lotone.plan.model.booking import Booking
from lotone.plan.model.fault import PlanBusy, UnknownHold
from lotone.plan.model.promise import BindingKind
from lotone.plan.model.reasons import joined
from lotone.plan.model.retell import Retold, retell
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.model.supply import Supply
from lotone.plan.service.notebook import Notebook
from lotone.plan.service.rush import Rush
from lotone.plan.store import Store

ATTEMPTS = 5
RUSH = Rush()
Act = Callable[[Snapshot], Snapshot]
"""A change of the plan; gives back the same snapshot when there is nothing to change."""


class Desk:
    """What every use case of the plan stands on."""

    def __init__(
        self,
        store: Store,
        plant_clock: Clock,
        wall_clock: Clock,
        tell: Tell,
        material: Callable[[], Supply],
        settings: PlanSettings | None = None,
    ) -> None:
        self.store = store
        self.plant_clock = plant_clock
        self.wall_clock = wall_clock
        self.tell = tell
        self.material = material
        self.settings = settings or PlanSettings()
        self.notebook = Notebook(store.connection, store.organization, wall_clock)

    def snapshot(self, now: datetime | None = None) -> Snapshot:
        """The plan as it stands now, without the holds that ran out."""
        return self._seen(self.store.snapshot(), now, None)

    def _seen(self, stored: Snapshot, now: datetime | None, keep: str | None) -> Snapshot:
        learned = self.notebook.learned(self.settings.spread)
        seen = self._without_expired(stored, keep)
        return seen.at(now or self.plant_clock(), self.material, self.settings, learned)

    def _without_expired(self, stored: Snapshot, keep: str | None) -> Snapshot:
        wall = self.wall_clock()
        return stored.without(each.id for each in stored.commitments.holds if each.id != keep and each.is_expired(wall))

    def change(
        self,
        act: Act,
        *,
        cause: str | None,
        why: Callable[[Snapshot], Words] | None = None,
        now: datetime | None = None,
        keep: str | None = None,
        restores: bool = False,
    ) -> Snapshot:
        """Change the plan and tell what others must know; returns it as changed. Raises PlanBusy.

        Somebody else may change the plan between reading and writing: then nothing is written, and all is done again on
        the newer plan, now locked; for a while after that, changes of this plan begin locked. `cause` None tells no
        ScheduleChanged. `keep` is a hold that is looked at even if it ran out or was dropped (UnknownHold when it never
        was). `restores`: dates that were told first are told again as soon as they can be kept.
        """
        plan = (id(self.store.connection.engine.pool), self.store.organization)
        for attempt in range(ATTEMPTS):
            stored = self._stored(keep, lock=attempt > 0 or RUSH.is_on(plan))
            before = self._seen(stored, now, keep)
            current = self._set_up_anew(stored, before)
            changed = act(current)
            if changed is current:
                return before
            after, retold = retell(before, changed, restores=restores)
            written = self.store.write(stored, after)
            if written is not None:
                self._tell_all(before, after, retold, cause, why)
                self.notebook.note(before, after, cause or "plan")
                return replace(after, version=written.version, stamp=written.stamp)
            RUSH.note(plan)
        raise PlanBusy("others changed the plan again and again in the same moment; try again")

    def _set_up_anew(self, stored: Snapshot, before: Snapshot) -> Snapshot:
        """Where holds ran out, what stands behind them may need another setup."""
        if not before.setups:
            return before
        gone = [each for each in stored.commitments.holds if each.id not in before.commitments]
        left = [booking for each in gone for booking in each.bookings]
        return settle(before, since=before, left=left) if left else before

    def _stored(self, keep: str | None, *, lock: bool) -> Snapshot:
        stored = self.store.snapshot(lock=lock)
        if keep is None or keep in stored.commitments:
            return stored
        dropped = self.store.commitment(keep)
        if dropped is None:
            raise UnknownHold(f"there is no hold {keep}; ask for a new quote")
        return stored.with_commitments([dropped])

    def _tell_all(
        self,
        before: Snapshot,
        after: Snapshot,
        retold: list[Retold],
        cause: str | None,
        why: Callable[[Snapshot], Words] | None,
    ) -> None:
        if cause is not None:
            self.tell(ScheduleChanged(before.version + 1, cause, moved_count(before, after)))
        because = why(after) if why else None
        for each in retold:
            reason = _reason(each, because)
            moved = PromiseMoved(
                each.order, each.before, each.promise.date, cause or "plan", reason.en, reason.in_language("zh")
            )
            self.tell(moved)


def _reason(retold: Retold, because: Words | None) -> Words:
    """The event, and what binds now unless that says nothing new: the repair the event speaks of, or just the work."""
    if because is None:
        return retold.promise.reason
    binding = retold.promise.binding
    if binding and binding[0].kind in (BindingKind.REPAIR, BindingKind.OPERATION):
        return because
    return joined([because, retold.promise.reason])


def moved_count(before: Snapshot, after: Snapshot) -> int:
    """How many bookings stand elsewhere than they did."""
    count = 0
    for _, old, commitment in after.commitments.differences(before.commitments):
        if old is not None and commitment is not None:
            count += _moved(old.bookings, commitment.bookings)
    return count


def _moved(before: tuple[Booking, ...], after: tuple[Booking, ...]) -> int:
    places = {booking.id: (booking.work_unit, booking.start) for booking in before}
    return sum(1 for each in after if each.id in places and places[each.id] != (each.work_unit, each.start))
