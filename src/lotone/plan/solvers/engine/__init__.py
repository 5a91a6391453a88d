"""Makespan of job shops, flexible job shops and assembly: a tabu search of our own in C, with a bound (decision 9)."""

from lotone.plan.solvers.engine.native import NoEngine
from lotone.plan.solvers.engine.search import solve
from lotone.plan.solvers.engine.tables import fits

__all__ = ["NoEngine", "fits", "solve"]
