"""The plan in the database."""

from lotone.plan.store.store import Store

__all__ = ["Store"]
