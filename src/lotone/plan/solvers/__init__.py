"""Solvers that search better schedules; all are called as `model.problem.Solver` says. `solve` is the one to use."""

from lotone.plan.solvers.rounds import solve

__all__ = ["solve"]
