"""Which solver takes which instance."""

from lotone.plan.model.instance import Found, Instance
from lotone.plan.solvers import instance_cpsat
from lotone.plan.solvers.instance_cpsat import Told


def solve_instance(
    instance: Instance, *, seconds: float, workers: int, seed: int = 0, told: Told | None = None, solver: str = "auto"
) -> Found:
    """The best schedule found within a time. `told` hears (seconds, objective) of every better one, on any thread.

    Ctrl-C ends the search early with what it has. Raises NoSchedule; WrongSolver when the one asked for can't take it.
    """
    return instance_cpsat.solve(instance, seconds, workers, seed, told)
