"""Which solver takes which instance, and for how long."""

import time
from collections.abc import Sequence
from dataclasses import replace

from lotone.kernel import Invalid, Unavailable
from lotone.plan.model.instance import Found, Instance, NoSchedule
from lotone.plan.solvers import engine, instance_cpsat, plant
from lotone.plan.solvers.instance_cpsat import Told

SOLVERS = ("auto", "engine", "plant", "cpsat")
SMALL = 40
"""Operations up to which CP-SAT finds and proves the best schedule of a plant in seconds; above, the plant engine is ahead."""
PROVABLE = 150
"""Operations of a job shop up to which CP-SAT may prove that what the engine found is the best."""
SEARCH_S, PROOF_S = 0.02, 0.2
"""For each operation of such a shop: what the engine needs to find the best, and CP-SAT to prove it, as a rule."""

Stage = tuple[str, float]
"""A solver's name, and its time in seconds."""


class WrongSolver(Invalid):
    """The solver that was asked for does not exist, or can't take the instance."""


def solve_instance(
    instance: Instance, *, seconds: float, workers: int, seed: int = 0, told: Told | None = None, solver: str = "auto"
) -> Found:
    """The best schedule found within a time. `told` hears (seconds, objective) of every better one, on any thread.

    `solver` is `engine` (makespan of job shops), `plant` (due dates, setups, closed hours, batches), `cpsat` (any), or `auto`:
    whichever is made for the instance; what the engine finds for small job shops is then proven by CP-SAT. Ctrl-C ends the
    search early with what it has. Raises NoSchedule; WrongSolver when the one that was asked for can't take it.
    """
    stages = _stages(instance, seconds) if solver == "auto" else _asked(solver, instance, seconds)
    run = _Run(instance, workers, told)
    for number, (name, most) in enumerate(stages):
        left = seconds - run.spent()
        if run.goes_on and (left > 0.02 * seconds or run.best is None):
            run.stage(name, max(min(most, left), 0.01), seed + number)
    if run.best is None:
        raise WrongSolver(f"the solver {solver} found nothing; auto asks the others too", where=instance.name)
    return run.best


def _stages(instance: Instance, seconds: float) -> Sequence[Stage]:
    """CP-SAT comes last of all, for where an engine found nothing or isn't built for this platform."""
    count = len(instance.operations)
    if engine.fits(instance):
        if count > PROVABLE:
            return (("engine", seconds), ("cpsat", seconds))
        search, proof = min(SEARCH_S * count, seconds / 4), min(PROOF_S * count, seconds / 3)
        return (("engine", search), ("cpsat", proof), ("engine", seconds), ("cpsat", seconds))
    if plant.fits(instance) and count > SMALL:
        return (("plant", seconds), ("cpsat", seconds))
    return (("cpsat", seconds),)


def _asked(solver: str, instance: Instance, seconds: float) -> Sequence[Stage]:
    if solver not in SOLVERS:
        raise WrongSolver(f"there is no solver {solver}, only {', '.join(SOLVERS)}")
    if (solver == "engine" and not engine.fits(instance)) or (solver == "plant" and not plant.fits(instance)):
        raise WrongSolver(f"the solver {solver} is not made for this problem; auto finds one that is", where=instance.name)
    return ((solver, seconds),)


class _Run:
    """One instance going through one solver or more, with one clock and the best of all."""

    def __init__(self, instance: Instance, workers: int, told: Told | None) -> None:
        self.instance = instance
        self.workers = workers
        self.told = told
        self.began = time.perf_counter()
        self.best: Found | None = None
        self.goes_on = True
        """False when the best is proven, or somebody interrupted."""

    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    def stage(self, name: str, seconds: float, seed: int) -> None:
        """Lets one solver search for better than the best so far."""
        before = self.spent()

        def hear(at: float, objective: float) -> None:
            if self.told and (self.best is None or objective < self.best.objective):
                self.told(before + at, objective)

        found = self._found(name, seconds, seed, hear)
        if found is not None:
            self.best = _better(self.best, found, before)
            is_proven = self.best.status == "optimal"
            # without a proof only Ctrl-C makes a solver end before its time
            self.goes_on = not is_proven and self.spent() - before > 0.9 * seconds

    def _found(self, name: str, seconds: float, seed: int, told: Told) -> Found | None:
        """None when a solver found nothing better or isn't built for this platform."""
        try:
            if name == "cpsat":
                known = self.best.schedule if self.best else None
                return instance_cpsat.solve(self.instance, seconds, self.workers, seed, told, known)
            solve = engine.solve if name == "engine" else plant.solve
            return solve(self.instance, seconds, self.workers, seed, told)
        except Unavailable:
            return None
        except NoSchedule:
            if name == "cpsat" and self.best is None:
                raise
            return None


def _better(best: Found | None, found: Found, before: float) -> Found:
    """The better of two with all that is known of both; `before`: when the second began."""
    trace = tuple((before + at, objective) for at, objective in found.trace)
    if best is None:
        return replace(found, first_feasible_s=found.first_feasible_s + before, trace=trace)
    bound = max((each.bound for each in (best, found) if each.bound is not None), default=None)
    better = found if found.objective < best.objective else best
    improved = tuple(each for each in trace if each[1] < best.objective)
    is_proven = bound is not None and better.objective <= bound
    return replace(
        better,
        bound=bound,
        first_feasible_s=best.first_feasible_s,
        status="optimal" if is_proven else "feasible",
        trace=(*best.trace, *improved),
    )
