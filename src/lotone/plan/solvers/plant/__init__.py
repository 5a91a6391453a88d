"""Real plants: setups, batches, closed hours, crews, lags and due dates, by a search of our own in C (see plant.c)."""

from lotone.plan.solvers.plant.native import NoPlantEngine
from lotone.plan.solvers.plant.posing import fits
from lotone.plan.solvers.plant.search import solve

__all__ = ["NoPlantEngine", "fits", "solve"]
