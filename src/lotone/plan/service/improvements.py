"""Improving: the plan as a problem, and a solver's answer applied when it is still true and harms nobody."""

from lotone.plan.check import check
from lotone.plan.model.problem import Improvement, Problem, Solution, Solver, carry_out, problem_of, worse
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.desk import Desk, moved_count


class Improvements(Desk):
    """Pose a problem in one transaction, solve it outside of any, apply the solution in another."""

    def problem(self) -> Problem | None:
        """The next operations as a problem for a solver; None when there is nothing to move."""
        return problem_of(self.snapshot())

    def apply(self, solution: Solution) -> Improvement:
        """Apply a solution unless the plan has changed so that it does harm.

        Bookings that were changed meanwhile stay as they are; the rest is applied only if the independent checker finds
        nothing that it did not find before, and no promise gets worse. Raises PlanBusy.
        """
        result = Improvement(False, 0, "")

        def act(snapshot: Snapshot) -> Snapshot:
            nonlocal result
            after = carry_out(snapshot, solution)
            objection = _objection(snapshot, after)
            result = Improvement(not objection, 0 if objection else moved_count(snapshot, after), objection)
            return snapshot if objection else after

        self.change(act, cause="improved")
        return result

    def improve(self, seconds: float, solve: Solver) -> Improvement:
        """Pose, solve and apply at once, for notebooks and tests: the transaction stays open while the solver works."""
        problem = self.problem()
        solution = None if problem is None else solve(problem, seconds)
        if solution is None:
            return Improvement(False, 0, "nothing better was found")
        return self.apply(solution)


def _objection(before: Snapshot, after: Snapshot) -> str:
    """Why a change must not be applied; empty when it may."""
    if after is before:
        return "what it would move was changed meanwhile"
    found = check(after)
    new = set(found) - set(check(before)) if found else ()
    if new:
        return f"the plan changed meanwhile: {min(each.words for each in new)}"
    late = worse(before, after)
    return f"{len(late)} promises would get worse" if late else ""
