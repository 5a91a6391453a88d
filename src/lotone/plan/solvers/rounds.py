"""Improving and repairing the live plan: which search for which problem, one after the other within a time."""

import time
from random import Random

import structlog

from lotone.plan.model.costing import costs
from lotone.plan.model.tasks import Problem, Solution
from lotone.plan.solvers import cpsat, live
from lotone.plan.solvers.plant.native import NoPlantEngine

log = structlog.get_logger(__name__)

SMALL = 60
"""Up to this many operations of a plain problem the whole is solved exactly."""
NATIVE_SHARE = 0.6
"""The part of the time in which the native search looks at everything; what is left goes to exact small problems."""
COMMITMENTS = 6
NEARBY = 3
"""A round takes this many commitments, out of this many times as many that complete at about the same time.

Measured on 248 operations of 34 orders behind four machines that stopped, 8 seconds, one thread: cost 1.8 % lower with
everything in one program, 6.6 %, 8.3 %, 8.7 % and 0.5 % lower in rounds of 3, 5, 8 and 12 commitments; on 1,878
operations 2.9 %, 3.1 %, 1.6 % and 0.3 %."""
ROUND_S = 0.5


def solve(problem: Problem, seconds: float) -> Solution | None:
    """A better schedule found within a time on one thread; None when nothing better was found.

    Small plain problems go to CP-SAT alone. For all others the native search (`live`) comes first; then CP-SAT goes on in
    rounds where the problem is plain, where its small problems are exact.
    """
    if problem.is_plain and len(problem.tasks) <= SMALL:
        return cpsat.solve(problem, seconds)
    ends_at = time.monotonic() + seconds
    best = _native(problem, seconds * NATIVE_SHARE if problem.is_plain else seconds)
    if problem.is_plain:
        best = in_rounds(best, ends_at - time.monotonic())
    return _difference(problem, best)


def repair(problem: Problem, seconds: float) -> Solution | None:
    """A schedule in which no promise is broken that need not be, found within a time; None when nothing better was found.

    It ends as soon as nothing is broken any more, and moves little: improving comes after.
    """
    try:
        return live.repair(problem, seconds)
    except (NoPlantEngine, live.NotConsistent) as fault:
        log.warning("plan.no_native_repair", reason=str(fault))
        return _difference(problem, in_rounds(problem, seconds)) if problem.is_plain else None


def _native(problem: Problem, seconds: float) -> Problem:
    try:
        found = live.improve(problem, seconds, seed=problem.version)
    except (NoPlantEngine, live.NotConsistent) as fault:
        log.warning("plan.no_native_search", reason=str(fault))
        return problem
    return problem if found is None else problem.at(found.moves)


def in_rounds(problem: Problem, seconds: float) -> Problem:
    """Large neighbourhood search: many small exact problems, each from where the last one ended. Only of plain problems.

    Follows Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", CP 1998:
    free a few related parts of a solution, solve exactly for them with everything else fixed, keep what is better.
    """
    chance = Random(problem.version)  # noqa: S311 (a search, not a secret; seeded, so that it can be repeated)
    best, ends_at = problem, time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        found = cpsat.solve(best.part(_related(best, chance)), min(ROUND_S, left))
        if found is not None:
            best = best.at(found.moves)
    return best


def _difference(problem: Problem, best: Problem) -> Solution | None:
    moves = problem.moves(best)
    before, after = costs(problem), costs(best, problem)
    if not moves or after.total >= before.total:
        return None
    return Solution(problem.version, moves, before.total, after.total, proven=False, before=before, after=after)


def _related(problem: Problem, chance: Random) -> set[str]:
    """Some commitments that complete at about the same time, so that they compete for the same hours."""
    ends: dict[str, int] = {}
    for task in problem.tasks:
        ends[task.commitment] = max(ends.get(task.commitment, 0), task.end)
    around = ends[chance.choice(list(ends))]
    near = sorted(ends, key=lambda each: abs(ends[each] - around))[: COMMITMENTS * NEARBY]
    return set(chance.sample(near, min(COMMITMENTS, len(near))))
