"""Solvers that search better schedules; all are called as `model.tasks.Solver` says. `solve` improves the live plan, `repair`
gets broken promises back."""

from lotone.plan.solvers.rounds import repair, solve

__all__ = ["repair", "solve"]
