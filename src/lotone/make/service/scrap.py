"""Scrap: what was made turns out to be spoiled, and is made again."""

from dataclasses import replace

from lotone.make.facts import OperationScrapped
from lotone.make.model.unit import NotMade, Unit, UnitState, WorkOrder, WorkState
from lotone.make.service.floor import Floor

MADE = (WorkState.RUNNING, WorkState.DONE)


class Scrap:
    """What a person at a machine or at a check says of work that has begun."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.units = floor.store.units

    def scrap(self, number: int, reason: str, *, with_parts: bool) -> list[WorkOrder]:
        """Make an operation again, and all that was done to its unit after it; returns the new work orders.

        Raises UnknownWorkOrder, NotMade.
        """
        work = self.floor.work(number)
        unit = self.floor.unit(work.unit)
        last = self._last_attempts(unit)
        self._check(work, unit, last)
        spoiled = [last[step] for step in _from(unit, work.step) if last[step].state in MADE]
        again = [self._again(each, with_parts=with_parts) for each in spoiled]
        at = self.floor.clock()
        self.floor.plan.scrapped(work.booking, at, with_parts=with_parts)
        self.floor.tell(
            OperationScrapped(
                work_order=number,
                order=unit.order,
                unit=unit.serial,
                step=work.step,
                work_unit=work.work_unit or "",
                at=at,
                reason=reason,
                with_parts=with_parts,
                made_again_as=[each.number for each in again],
            )
        )
        return again

    def _last_attempts(self, unit: Unit) -> dict[str, WorkOrder]:
        attempts = sorted(self.units.work_of([unit.id], to_change=True), key=lambda each: each.attempt)
        return {each.step: each for each in attempts}

    def _check(self, work: WorkOrder, unit: Unit, last: dict[str, WorkOrder]) -> None:
        if unit.state is not UnitState.IN_WORK:
            raise NotMade(f"unit {unit.serial} is {unit.state}; only a unit in work can have something made again")
        if work.state not in MADE or last[work.step].number != work.number:
            raise NotMade(f"work order {work.number} is {work.state}; only the last attempt of what has begun can be spoiled")

    def _again(self, work: WorkOrder, *, with_parts: bool) -> WorkOrder:
        self.units.save_work(replace(work, state=WorkState.FAILED, problem=None))
        again = work.retried_as(self.floor.next_number())
        if with_parts and work.parts:
            again = replace(again, has_parts=False)
        self.units.add_work(again)
        return again


def _from(unit: Unit, step: str) -> list[str]:
    """A step and all that follows it, directly or not, in the order of the routing."""
    found = [step]
    for operation in unit.demand.operations:
        if operation.step not in found and not set(found).isdisjoint(operation.after):
            found.append(operation.step)
    return found
