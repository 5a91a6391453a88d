"""Solvers that search better schedules, one file each; all are called as `model.Solver` says."""
