"""Marks, runs and stops of machines in the database."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, and_, delete, func, insert, or_, select, update

from lotone.assets import MachineState
from lotone.insight.model import Mark, Run, Stop
from lotone.kernel import tables

MARK = Table(
    "machine_state_mark",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("work_unit", String(40), primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("receive_time", BigInteger, nullable=False),
)
RUN = Table(
    "machine_state_run",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("work_unit", String(40), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger),
    Column("state", String(20), nullable=False),
)
STOP = Table(
    "machine_stop",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("work_unit", String(40), primary_key=True),
    Column("began", BigInteger, primary_key=True, autoincrement=False),
    Column("ended", BigInteger),
)


class Store:
    """What one organization's machines said. Times are microseconds since 1970."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def _of(self, table: Table, work_unit: str) -> Any:
        return and_(table.c.organization == self.organization, table.c.work_unit == work_unit)

    def _key(self, work_unit: str) -> dict[str, Any]:
        return {"organization": self.organization, "work_unit": work_unit}

    # Marks

    def marks(self, work_unit: str, first: int, last: int) -> list[Mark]:
        """Marks from the first to the last moment, in order."""
        columns = (MARK.c.time, MARK.c.sequence, MARK.c.tag, MARK.c.state, MARK.c.receive_time)
        query = select(*columns).where(self._of(MARK, work_unit), MARK.c.time >= first, MARK.c.time <= last)
        rows = self.connection.execute(query.order_by(MARK.c.time, MARK.c.sequence, MARK.c.tag))
        return [Mark(row.time, row.sequence, row.tag, MachineState(row.state), row.receive_time) for row in rows]

    def save_marks(self, work_unit: str, marks: Iterable[Mark], known: Iterable[tuple[int, int, int]]) -> None:
        """Add marks, or replace those with a known identity."""
        there = set(known)
        added = []
        for mark in marks:
            values = {"state": mark.state.value, "receive_time": mark.receive_time}
            identity = {"time": mark.time, "sequence": mark.sequence, "tag": mark.tag}
            if mark.identity in there:
                same = and_(*(MARK.c[name] == value for name, value in identity.items()))
                self.connection.execute(update(MARK).where(self._of(MARK, work_unit), same).values(values))
            else:
                added.append({**self._key(work_unit), **identity, **values})
        if added:
            self.connection.execute(insert(MARK), added)

    def next_mark_time(self, work_unit: str, time: int) -> int | None:
        query = select(func.min(MARK.c.time)).where(self._of(MARK, work_unit), MARK.c.time > time)
        return self.connection.execute(query).scalar()

    def delete_repeating_marks(self, before: int) -> int:
        """Delete marks before a time that changed nothing: no run begins with them."""
        begins = and_(
            RUN.c.organization == MARK.c.organization, RUN.c.work_unit == MARK.c.work_unit, RUN.c.start == MARK.c.time
        )
        repeating = ~select(RUN.c.start).where(begins).exists()
        query = delete(MARK).where(MARK.c.organization == self.organization, MARK.c.time < before, repeating)
        return int(self.connection.execute(query).rowcount)

    # Runs

    def run_before(self, work_unit: str, time: int) -> Run | None:
        """The run that begins last before a time."""
        query = select(RUN).where(self._of(RUN, work_unit), RUN.c.start < time).order_by(RUN.c.start.desc()).limit(1)
        return next((_run(row) for row in self.connection.execute(query)), None)

    def runs_from(self, work_unit: str, time: int) -> list[Run]:
        """Runs that begin at a time or later, in order."""
        query = select(RUN).where(self._of(RUN, work_unit), RUN.c.start >= time).order_by(RUN.c.start)
        return [_run(row) for row in self.connection.execute(query)]

    def next_run_start(self, work_unit: str, time: int) -> int | None:
        query = select(func.min(RUN.c.start)).where(self._of(RUN, work_unit), RUN.c.start > time)
        return self.connection.execute(query).scalar()

    def replace_runs(self, work_unit: str, first: int, last: int, runs: list[Run]) -> None:
        """Put runs in the place of those that begin from the first to the last moment."""
        gone = delete(RUN).where(self._of(RUN, work_unit), RUN.c.start >= first, RUN.c.start <= last)
        self.connection.execute(gone)
        rows = [{**self._key(work_unit), "start": run.start, "end": run.end, "state": run.state.value} for run in runs]
        if rows:
            self.connection.execute(insert(RUN), rows)

    def end_run(self, work_unit: str, start: int, end: int | None) -> None:
        self.connection.execute(update(RUN).where(self._of(RUN, work_unit), RUN.c.start == start).values(end=end))

    def runs_within(self, start: int, end: int, work_unit: str | None = None) -> list[tuple[str, Run]]:
        """Runs of one machine, or of all, that have a part in the range, in order."""
        part = and_(RUN.c.organization == self.organization, RUN.c.start < end, or_(RUN.c.end.is_(None), RUN.c.end > start))
        query = select(RUN).where(part).order_by(RUN.c.work_unit, RUN.c.start)
        if work_unit is not None:
            query = query.where(RUN.c.work_unit == work_unit)
        return [(row.work_unit, _run(row)) for row in self.connection.execute(query)]

    def runs_at(self, time: int) -> dict[str, Run]:
        """The run of every machine at a time."""
        at = and_(RUN.c.organization == self.organization, RUN.c.start <= time, or_(RUN.c.end.is_(None), RUN.c.end > time))
        return {row.work_unit: _run(row) for row in self.connection.execute(select(RUN).where(at))}

    # Stops

    def stop_before(self, work_unit: str, time: int) -> Stop | None:
        """The stop that began last before a time."""
        query = select(STOP).where(self._of(STOP, work_unit), STOP.c.began < time).order_by(STOP.c.began.desc()).limit(1)
        return next((_stop(row) for row in self.connection.execute(query)), None)

    def stops_from(self, work_unit: str, time: int) -> list[Stop]:
        query = select(STOP).where(self._of(STOP, work_unit), STOP.c.began >= time).order_by(STOP.c.began)
        return [_stop(row) for row in self.connection.execute(query)]

    def past_stops(self, work_unit: str, before: int, limit: int) -> list[Stop]:
        """The newest stops that were over before a time."""
        over = and_(self._of(STOP, work_unit), STOP.c.ended <= before)
        query = select(STOP).where(over).order_by(STOP.c.began.desc()).limit(limit)
        return [_stop(row) for row in self.connection.execute(query)]

    def stops_within(self, start: int, end: int, work_unit: str | None = None) -> list[tuple[str, Stop]]:
        part = and_(
            STOP.c.organization == self.organization, STOP.c.began < end, or_(STOP.c.ended.is_(None), STOP.c.ended > start)
        )
        query = select(STOP).where(part).order_by(STOP.c.began, STOP.c.work_unit)
        if work_unit is not None:
            query = query.where(STOP.c.work_unit == work_unit)
        return [(row.work_unit, _stop(row)) for row in self.connection.execute(query)]

    def replace_stops(self, work_unit: str, before: list[Stop], after: list[Stop]) -> None:
        gone = {stop.began for stop in before if stop not in after}
        if gone:
            self.connection.execute(delete(STOP).where(self._of(STOP, work_unit), STOP.c.began.in_(gone)))
        rows = [{**self._key(work_unit), "began": stop.began, "ended": stop.ended} for stop in after if stop not in before]
        if rows:
            self.connection.execute(insert(STOP), rows)


def _run(row: Any) -> Run:
    return Run(MachineState(row.state), row.start, row.end)


def _stop(row: Any) -> Stop:
    return Stop(row.began, row.ended)
