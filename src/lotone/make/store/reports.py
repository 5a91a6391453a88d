"""What machines said of their jobs, in the database: a little memory per machine that survives every restart."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from lotone.assets import Meaning
from lotone.make.model.job import Report
from lotone.make.store.tables import JOB_REPORT, MACHINE_MEMORY


class ReportStore:
    """The reports of one organization's machines."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def horizon(self, work_unit: str) -> int:
        """Reports from before this source time have been dealt with for good; locked until the transaction ends."""
        query = select(MACHINE_MEMORY.c.horizon).where(self._memory(work_unit)).with_for_update()
        return int(self.connection.execute(query).scalar() or 0)

    def current_jobs(self) -> dict[str, int]:
        """The job number that each machine reported last."""
        where = MACHINE_MEMORY.c.organization == self.organization
        rows = self.connection.execute(select(MACHINE_MEMORY.c.work_unit, MACHINE_MEMORY.c.job).where(where))
        return {work_unit: int(job) for work_unit, job in rows}

    def remember(self, work_unit: str, horizon: int, job: int) -> None:
        change = {"horizon": horizon, "job": job}
        known = self.connection.execute(update(MACHINE_MEMORY).where(self._memory(work_unit)).values(change))
        if known.rowcount == 0:
            row = {"organization": self.organization, "work_unit": work_unit} | change
            self.connection.execute(insert(MACHINE_MEMORY).values(row))

    def _memory(self, work_unit: str) -> ColumnElement[bool]:
        return (MACHINE_MEMORY.c.organization == self.organization) & (MACHINE_MEMORY.c.work_unit == work_unit)

    def reports(self, work_unit: str) -> list[Report]:
        where = (JOB_REPORT.c.organization == self.organization) & (JOB_REPORT.c.work_unit == work_unit)
        return [_report(row) for row in self.connection.execute(select(JOB_REPORT).where(where)).mappings()]

    def add(self, work_unit: str, reports: Iterable[Report]) -> None:
        rows = [_key(self.organization, report) | _content(work_unit, report) for report in reports]
        if rows:
            self.connection.execute(insert(JOB_REPORT), rows)

    def correct(self, report: Report) -> None:
        self.connection.execute(update(JOB_REPORT).where(self._same(report)).values(value=[report.value]))

    def forget(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self.connection.execute(delete(JOB_REPORT).where(self._same(report)))

    def _same(self, report: Report) -> ColumnElement[bool]:
        return and_(*(JOB_REPORT.c[name] == value for name, value in _key(self.organization, report).items()))


def _key(organization: str, report: Report) -> dict[str, Any]:
    return {
        "organization": organization,
        "tag": report.tag,
        "source_time": report.source_time,
        "sequence": report.sequence,
    }


def _content(work_unit: str, report: Report) -> dict[str, Any]:
    return {"work_unit": work_unit, "name": report.name, "meaning": report.meaning.value, "value": [report.value]}


def _report(row: Any) -> Report:
    return Report(row["tag"], row["source_time"], row["sequence"], row["name"], Meaning(row["meaning"]), row["value"][0])
