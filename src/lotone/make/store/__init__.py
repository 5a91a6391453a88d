"""Units, work orders, parts and job reports in the database."""

from sqlalchemy import Connection

from lotone.make.store.reports import ReportStore
from lotone.make.store.units import UnitStore


class Store:
    """Everything about making in one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.organization = organization
        self.units = UnitStore(connection, organization)
        self.reports = ReportStore(connection, organization)


__all__ = ["ReportStore", "Store", "UnitStore"]
