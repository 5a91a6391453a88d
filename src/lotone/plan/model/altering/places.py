"""What a change names: one machine or person, a work center, or all who keep a calendar."""

from lotone.kernel import Words
from lotone.plan.model.altering.change import Called, WrongChange
from lotone.plan.model.booking import Resource
from lotone.plan.model.snapshot import Snapshot


def places(snapshot: Snapshot, where: str) -> list[Resource]:
    """The machines and people that a calendar, a work center or one name stands for. Raises WrongChange."""
    if where in snapshot.resources:
        return [snapshot.resources[where]]
    found = [each for each in snapshot.resources.values() if where in (each.calendar, each.work_center)]
    if not found:
        raise WrongChange(f"the plan knows no machine, work center or calendar {where!r}", where="where")
    return found


def place_words(snapshot: Snapshot, where: str, called: Called = str) -> Words:
    return snapshot.resources[where].name if where in snapshot.resources else Words(called(where))


def known(snapshot: Snapshot, work_unit: str, where: str) -> Resource:
    if work_unit not in snapshot.resources:
        raise WrongChange(f"the plan knows no machine {work_unit!r}", where=where)
    return snapshot.resources[work_unit]
