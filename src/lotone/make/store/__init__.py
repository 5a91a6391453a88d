"""Units, work orders, parts and job reports in the database."""

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from lotone.make.store.reports import ReportStore
from lotone.make.store.units import UnitStore


class Store:
    """Everything about making in one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.organization = organization
        self.connection = connection
        self.units = UnitStore(connection, organization)
        self.reports = ReportStore(connection, organization)

    def all_or_nothing(self) -> AbstractContextManager[object]:
        """A part of the transaction that is undone by itself when it raises."""
        return self.connection.begin_nested()


__all__ = ["ReportStore", "Store", "UnitStore"]
