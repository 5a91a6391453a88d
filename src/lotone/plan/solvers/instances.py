"""Which solver takes which instance."""

import time
from collections.abc import Iterator
from dataclasses import replace

from lotone.kernel import Invalid, Unavailable
from lotone.plan.model.instance import Found, Instance
from lotone.plan.solvers import engine, instance_cpsat, plant
from lotone.plan.solvers.instance_cpsat import Told

SOLVERS = ("auto", "engine", "plant", "cpsat")
SMALL = 40
"""Operations up to which CP-SAT finds and proves the best schedule of a plant in seconds; above, the plant engine is ahead."""


class WrongSolver(Invalid):
    """The solver that was asked for does not exist, or can't take the instance."""


def solve_instance(
    instance: Instance, *, seconds: float, workers: int, seed: int = 0, told: Told | None = None, solver: str = "auto"
) -> Found:
    """The best schedule found within a time. `told` hears (seconds, objective) of every better one, on any thread.

    `solver` is `engine` (makespan of job shops), `plant` (due dates, setups, closed hours, batches), `cpsat` (any), or `auto`:
    whichever is made for the instance. Ctrl-C ends the search early with what it has. Raises NoSchedule; WrongSolver when the
    one that was asked for can't take it.
    """
    if solver != "auto":
        _check(solver, instance)
    names = _fitting(instance) if solver == "auto" else iter([solver])
    began = time.perf_counter()
    for name in names:
        spent = time.perf_counter() - began
        found = _solved(name, instance, max(seconds - spent, 0.01), workers, seed, told)
        if found is not None:
            return _later(found, spent)
    raise WrongSolver(f"the solver {solver} found nothing; auto asks the others too", where=instance.name)


def _fitting(instance: Instance) -> Iterator[str]:
    """The best first; the last takes any."""
    if engine.fits(instance):
        yield "engine"
    elif plant.fits(instance) and len(instance.operations) > SMALL:
        yield "plant"
    yield "cpsat"


def _check(solver: str, instance: Instance) -> None:
    if solver not in SOLVERS:
        raise WrongSolver(f"there is no solver {solver}, only {', '.join(SOLVERS)}")
    if (solver == "engine" and not engine.fits(instance)) or (solver == "plant" and not plant.fits(instance)):
        raise WrongSolver(f"the solver {solver} is not made for this problem; auto finds one that is", where=instance.name)


def _solved(name: str, instance: Instance, seconds: float, workers: int, seed: int, told: Told | None) -> Found | None:
    """What one solver found; None when it found nothing or isn't built for this platform."""
    if name == "cpsat":
        return instance_cpsat.solve(instance, seconds, workers, seed, told)
    try:
        solve = engine.solve if name == "engine" else plant.solve
        return solve(instance, seconds, workers, seed, told)
    except Unavailable:
        return None


def _later(found: Found, spent: float) -> Found:
    """Told from the beginning of all, when another solver had tried before."""
    trace = tuple((seconds + spent, objective) for seconds, objective in found.trace)
    return replace(found, first_feasible_s=found.first_feasible_s + spent, trace=trace)
