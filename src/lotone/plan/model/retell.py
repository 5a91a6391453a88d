"""When a promise that was told has to be told anew."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lotone.plan.model.binding import promise_for
from lotone.plan.model.promise import Promise
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot


@dataclass(frozen=True)
class Retold:
    """A buyer must hear of a new date."""

    order: str
    before: datetime
    promise: Promise


def retell(before: Snapshot, after: Snapshot, *, restores: bool = False) -> tuple[Snapshot, list[Retold]]:
    """The plan with the promises of changed orders told anew where needed, and those that were.

    A date is given up only when even the expected completion no longer reaches it: told as reached at 90 %, it is then
    below 50 %. Below 90 % alone it would be told and taken back with every small delay. A date that was moved before is
    told again when it gets better by more than the settings' `better_days`; and after a repair (`restores`) when the date
    that was told first can be kept after all. So what is told always changes the date.
    """
    changed = [each for _, _, each in after.commitments.differences(before.commitments) if each is not None]
    told: list[Commitment] = []
    retold: list[Retold] = []
    for commitment in changed:
        promise = _new_promise(after, commitment, restores=restores)
        if promise is not None and commitment.order is not None:
            retold.append(Retold(commitment.order, commitment.told.date, promise))
            told.append(replace(commitment, told=promise, moves=commitment.moves + 1))
    return after.with_commitments(told), retold


def _new_promise(snapshot: Snapshot, commitment: Commitment, *, restores: bool) -> Promise | None:
    if commitment.state is not CommitmentState.FIRM:
        return None
    settings = snapshot.settings
    ready = commitment.completion + settings.packing
    if ready > commitment.told.date:
        return promise_for(snapshot, commitment)
    if restores and commitment.moves and ready <= commitment.first_date < commitment.told.date:
        promise = promise_for(snapshot, commitment)
        return promise if promise.date < commitment.told.date else None
    better = commitment.told.date - timedelta(days=settings.better_days)
    if commitment.moves and settings.next_hand_over(ready) < better:
        promise = promise_for(snapshot, commitment)
        return promise if promise.date < better else None
    return None
