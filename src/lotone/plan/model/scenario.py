"""Scenarios: a copy of the plan with some changes, settled, and planned anew as well as it can be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from lotone.kernel import Words
from lotone.plan.check import check
from lotone.plan.model.altering import Called, Change, change_of
from lotone.plan.model.fault import DoesNotFit, NoCapacity, NoMachine, NoSupply
from lotone.plan.model.going_first import GoFirst, NewOrder, can_move
from lotone.plan.model.insert import insert
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, CommitmentState, Snapshot

Improve = Callable[[Snapshot], Snapshot]
"""Gives a better plan of the same plant, or the same when there is none: a solver, from outside."""
REPLANNED_MOST = 4000
"""So many orders are put into the plan anew; a scenario of more orders is settled and improved only."""
__all__ = ["Change", "GoFirst", "NewOrder", "Scenario", "Value", "change_of", "forked", "resolved", "value_of"]


@dataclass(frozen=True)
class Scenario:
    """What somebody wants to know: a name, and what would be different."""

    name: str
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "changes": [each.as_json() for each in self.changes]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Scenario":
        return cls(values["name"], tuple(change_of(each) for each in values["changes"]))

    def said(self, snapshot: Snapshot, called: Called = str) -> list[Words]:
        """Every change in words."""
        return [each.said(snapshot, called) for each in self.changes]


def forked(snapshot: Snapshot, changes: Iterable[Change]) -> Snapshot:
    """A copy of the plan with the changes, settled: what no longer fits is moved on, as the plant itself would.

    The plan is not copied: copies share all that is the same. Raises WrongChange, NoCapacity, and what insertion raises.
    """
    fork = replace(snapshot, stamp="")
    listed = sorted(changes, key=lambda each: each.rank)
    for number, change in enumerate(listed):
        fork = change.on(fork)
        if change.rank and number + 1 < len(listed):
            fork = settle(fork)
    return settle(fork)


def pulled(snapshot: Snapshot) -> Snapshot:
    """The plan with everything as early as it can be in the order in which it stands."""
    return settle(snapshot, pull=[each.id for each in snapshot.open_bookings() if can_move(each)])


def replanned(snapshot: Snapshot, order: Callable[[Commitment], Any]) -> Snapshot:
    """The plan made anew: orders on which nothing began are taken out, and put in again one after the other, each where
    it ends first. So they find machines and hours that are new. Raises what insertion raises."""
    free = [each for each in snapshot.commitments.values() if each.bookings and _is_free(each)]
    fork = snapshot.with_commitments(replace(each, bookings=()) for each in free)
    for commitment in sorted(free, key=lambda each: (order(each), each.sequence, each.id)):
        fork = _put_again(fork, commitment)
    return fork


def _is_free(commitment: Commitment) -> bool:
    return commitment.state is CommitmentState.FIRM and all(can_move(each) for each in commitment.bookings)


def _put_again(fork: Snapshot, commitment: Commitment) -> Snapshot:
    numbers = count(1)
    emptied = fork.with_commitments([replace(commitment, bookings=(), reservations=())])
    inserted = insert(emptied, commitment.demand, commitment.id, lambda: f"anew-{next(numbers)}")
    known = {each.place: each for each in commitment.bookings}
    bookings = tuple(
        replace(each, id=known[each.place].id, state=known[each.place].state, order=commitment.order)
        for each in inserted.bookings
    )
    return emptied.with_commitments([replace(commitment, bookings=bookings)])


@dataclass(frozen=True, order=True)
class Value:
    """What a plan is worth, the less the better: hours of lateness against what was told, weighted, then hours until
    orders are complete, weighted and on average."""

    tardiness_hours: float
    mean_hours: float


def value_of(snapshot: Snapshot, weighed: Snapshot | None = None) -> Value:
    """What a plan is worth; orders count as much as they do in `weighed`, where they stand in it."""
    late = whole = total = 0.0
    packing = snapshot.settings.packing
    for each in snapshot.commitments.values():
        if each.state is CommitmentState.FIRM and each.bookings:
            ready = each.completion + packing
            usual = weighed.commitments.get(each.id) if weighed else None
            weight = (usual or each).demand.weight
            late += weight * max(0.0, (ready - each.told.date).total_seconds() / 3600)
            whole += weight * max(0.0, (ready - snapshot.now).total_seconds() / 3600)
            total += weight
    return Value(late, whole / total if total else 0.0)


def resolved(settled: Snapshot, improve: Improve | None = None, begin: Sequence[Snapshot] = ()) -> Snapshot:
    """The best plan that is found for a settled one: pulled together, made anew by due date and in its own order, and
    improved from the best of these by a solver where one is given.

    `begin` are other plans of the same plant to begin with. Only plans without faults are taken; the settled plan stands
    when nothing better is found.
    """
    candidates, faults = [settled, *begin], set(check(settled))
    for make in _WAYS:
        if make is pulled or len(settled.commitments) <= REPLANNED_MOST:
            try:
                candidates.append(make(settled))
            except (NoCapacity, DoesNotFit, NoMachine, NoSupply):
                continue  # that way leads nowhere in this plant; the settled plan is there anyway
    best = next(each for each in sorted(candidates, key=value_of) if each is settled or not set(check(each)) - faults)
    if improve is None:
        return best
    better = improve(best)
    return better if value_of(better) < value_of(best) else best


def _by_date(snapshot: Snapshot) -> Snapshot:
    return settle(replanned(snapshot, lambda each: each.told.date))


def _by_completion(snapshot: Snapshot) -> Snapshot:
    return settle(replanned(snapshot, lambda each: (-each.demand.weight, each.completion)))


_WAYS: tuple[Callable[[Snapshot], Snapshot], ...] = (pulled, _by_date, _by_completion)
