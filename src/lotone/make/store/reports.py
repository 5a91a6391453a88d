"""What machines said of their jobs, in the database: a little memory per machine that survives every restart."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, select, update

from lotone.assets import Meaning
from lotone.make.model.job import Key, Memory, Report
from lotone.make.store.tables import JOB_REPORT, MACHINE_MEMORY


class ReportStore:
    """The reports of one organization's machines."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def memories(self, work_units: Iterable[str]) -> dict[str, Memory]:
        """What is remembered of machines; locked until the transaction ends."""
        some = MACHINE_MEMORY.c.work_unit.in_(sorted(set(work_units)))
        query = select(MACHINE_MEMORY).where((MACHINE_MEMORY.c.organization == self.organization) & some)
        rows = self.connection.execute(query.with_for_update()).mappings()
        return {row["work_unit"]: Memory(row["horizon"], row["job"]) for row in rows}

    def current_jobs(self) -> dict[str, int]:
        """The job number that each machine reported last."""
        where = MACHINE_MEMORY.c.organization == self.organization
        rows = self.connection.execute(select(MACHINE_MEMORY.c.work_unit, MACHINE_MEMORY.c.job).where(where))
        return {work_unit: int(job) for work_unit, job in rows}

    def remember(self, work_unit: str, memory: Memory, *, is_new: bool) -> None:
        change = {"horizon": memory.horizon, "job": memory.job}
        if is_new:
            row = {"organization": self.organization, "work_unit": work_unit} | change
            self.connection.execute(insert(MACHINE_MEMORY).values(row))
        else:
            self.connection.execute(update(MACHINE_MEMORY).where(self._memory(work_unit)).values(change))

    def _memory(self, work_unit: str) -> ColumnElement[bool]:
        return (MACHINE_MEMORY.c.organization == self.organization) & (MACHINE_MEMORY.c.work_unit == work_unit)

    def reports(self, work_units: Iterable[str]) -> dict[str, dict[Key, Report]]:
        """What is kept of what machines said of their jobs."""
        some = JOB_REPORT.c.work_unit.in_(sorted(set(work_units)))
        query = select(JOB_REPORT).where((JOB_REPORT.c.organization == self.organization) & some)
        found: dict[str, dict[Key, Report]] = {}
        for row in self.connection.execute(query).mappings():
            report = _report(row)
            found.setdefault(row["work_unit"], {})[report.key] = report
        return found

    def add(self, reports: Mapping[str, Iterable[Report]]) -> None:
        """Keep reports, by machine."""
        rows = [
            _key(self.organization, each) | _content(work_unit, each) for work_unit, new in reports.items() for each in new
        ]
        if rows:
            self.connection.execute(insert(JOB_REPORT), rows)

    def correct(self, report: Report) -> None:
        self.connection.execute(update(JOB_REPORT).where(self._same(report)).values(value=[report.value]))

    def forget(self, reports: Iterable[Report]) -> None:
        keys = [{f"its_{name}": value for name, value in _key(self.organization, report).items()} for report in reports]
        if keys:
            columns = ("organization", "tag", "source_time", "sequence")
            same = and_(*(JOB_REPORT.c[name] == bindparam(f"its_{name}") for name in columns))
            self.connection.execute(delete(JOB_REPORT).where(same), keys)

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
