"""Improving and repairing: the plan as a problem, and a solver's answer applied when it is still true and harms nobody."""

from dataclasses import replace

from lotone.plan.check import check
from lotone.plan.model.binding import promise_for
from lotone.plan.model.problem import (
    Broken,
    Improvement,
    Problem,
    Solution,
    Solver,
    broken,
    carry_out,
    problem_of,
    repair_of,
    worse,
)
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.desk import Desk, moved_count


class Improvements(Desk):
    """Pose a problem in one transaction, solve it outside of any, apply the solution in another."""

    def problem(self) -> Problem | None:
        """The next operations as a problem for a solver; None when there is nothing to move."""
        return problem_of(self.snapshot())

    def repair_problem(self) -> Problem | None:
        """What may be moved to keep promises that are broken as the plan stands; None when none is."""
        return repair_of(self.snapshot())

    def broken_orders(self) -> list[str]:
        """The orders that are no longer expected to reach the date they were told first. Quick: it gives no reasons."""
        snapshot = self.snapshot()
        return [snapshot.commitments[each].order or each for each in broken(snapshot)]

    def broken(self) -> tuple[Broken, ...]:
        """The promises that the plan does not keep as it stands, and what binds each."""
        return _broken(self.snapshot())

    def apply(self, solution: Solution, *, cause: str = "improved") -> Improvement:
        """Apply a solution unless the plan has changed so that it does harm.

        Bookings that were changed meanwhile stay as they are; the rest is applied only if the independent checker finds
        nothing that it did not find before, and no promise gets worse. Raises PlanBusy.
        """
        result = Improvement(False, 0, "")

        def act(snapshot: Snapshot) -> Snapshot:
            nonlocal result
            after = carry_out(snapshot, solution)
            objection = _objection(snapshot, after)
            moved = 0 if objection else moved_count(snapshot, after)
            result = Improvement(not objection, moved, objection, solution.before, solution.after)
            return snapshot if objection else after

        self.change(act, cause=cause, restores=cause == "repaired")
        return result

    def improve(self, seconds: float, solve: Solver) -> Improvement:
        """Pose, solve and apply at once, for notebooks and tests: the transaction stays open while the solver works."""
        return self._at_once(self.problem(), seconds, solve, "improved")

    def repair(self, seconds: float, solve: Solver) -> Improvement:
        """As `improve`, for promises that are broken: moves what keeps them, and says which can't be kept and why."""
        result = self._at_once(self.repair_problem(), seconds, solve, "repaired")
        return replace(result, broken=self.broken())

    def _at_once(self, problem: Problem | None, seconds: float, solve: Solver, cause: str) -> Improvement:
        solution = None if problem is None else solve(problem, seconds)
        if solution is None:
            return Improvement(False, 0, "nothing better was found")
        return self.apply(solution, cause=cause)


def _broken(snapshot: Snapshot) -> tuple[Broken, ...]:
    found = []
    for each in broken(snapshot):
        commitment = snapshot.commitments[each]
        expected = commitment.completion + snapshot.settings.packing
        reason = promise_for(snapshot, commitment).reason
        found.append(Broken(commitment.order or each, commitment.first_date, expected, reason))
    return tuple(found)


def _objection(before: Snapshot, after: Snapshot) -> str:
    """Why a change must not be applied; empty when it may."""
    if after is before:
        return "what it would move was changed meanwhile"
    found = check(after)
    old = {(each.kind, each.subject, each.bookings) for each in check(before)} if found else set()
    new = [each for each in found if (each.kind, each.subject, each.bookings) not in old]
    if new:
        return f"the plan changed meanwhile: {min(each.words for each in new)}"
    late = worse(before, after)
    return f"{len(late)} promises would get worse" if late else ""
