"""What the plan learns, in the database: sufficient statistics of operations, stops, arrivals, and promises that were told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from lotone.kernel import UtcTime, tables
from lotone.plan.model.kept import ToldPromise
from lotone.plan.model.learned import Arrived, Recorded, Stop, Tally
from lotone.plan.model.promise import Promise

PLAN_OPERATION_TALLY = Table(
    "plan_operation_tally",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("work_unit", String(80), primary_key=True),
    Column("count", Float, nullable=False),
    Column("total", Float, nullable=False),
    Column("squares", Float, nullable=False),
    Column("hours", Float, nullable=False),
    Column("done", Float, nullable=False),
    Column("scrapped", Float, nullable=False),
)
PLAN_STOP = Table(
    "plan_stop",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("work_unit", String(80), primary_key=True),
    Column("began_at", UtcTime, primary_key=True),
    Column("ended_at", UtcTime, nullable=False),
    Index("ix_plan_stop_ended_at", "organization", "ended_at"),
)
PLAN_ARRIVAL = Table(
    "plan_arrival",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("purchase", String(80), primary_key=True),
    Column("supplier", String(200), nullable=False),
    Column("part", String(80), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("arrived_at", UtcTime, nullable=False),
    Index("ix_plan_arrival_arrived_at", "organization", "arrived_at"),
)
PLAN_TOLD = Table(
    "plan_told",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("order_id", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("told_at", UtcTime, nullable=False),
    Column("promise", JSON, nullable=False),
    Column("packing_minutes", Float, nullable=False),
    Column("broken_by", JSON, nullable=False),
    Column("completed_at", UtcTime),
    Column("score", Float),
    Index("ix_plan_told_completed_at", "organization", "number", "completed_at"),
)
"""Every promise as it was told, with its bands; number 0 is the first of an order. Completed ones have a score."""
NEWEST = 1000
"""So many stops, arrivals and promises are read: older ones say little of what comes next."""


class LearnedStore:
    """What the plan of one organization learned."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def recorded(self) -> Recorded:
        """All that beliefs are made from."""
        return Recorded(self._tallies(), self._stops(), self._stop_counts(), self._arrivals(), self._scores())

    def _tallies(self) -> dict[tuple[str, str], Tally]:
        return {(row["step"], row["work_unit"]): _tally(row) for row in self._rows(PLAN_OPERATION_TALLY)}

    def _stops(self) -> tuple[Stop, ...]:
        rows = self._newest(PLAN_STOP, PLAN_STOP.c.ended_at)
        return tuple(Stop(row["work_unit"], row["began_at"], row["ended_at"]) for row in rows)

    def _stop_counts(self) -> dict[str, int]:
        query = select(PLAN_STOP.c.work_unit, func.count()).where(self._mine(PLAN_STOP)).group_by(PLAN_STOP.c.work_unit)
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def _arrivals(self) -> tuple[Arrived, ...]:
        rows = self._newest(PLAN_ARRIVAL, PLAN_ARRIVAL.c.arrived_at)
        return tuple(Arrived(row["supplier"], row["part"], row["due_at"], row["arrived_at"]) for row in rows)

    def _scores(self) -> tuple[float, ...]:
        table = PLAN_TOLD.c
        query = select(table.score).where(self._mine(PLAN_TOLD), table.number == 0, table.score.is_not(None))
        newest = self.connection.execute(query.order_by(table.completed_at.desc(), table.order_id).limit(NEWEST)).scalars()
        return tuple(reversed(newest.all()))

    def _newest(self, table: Table, by: Column[Any]) -> list[Any]:
        query = select(table).where(self._mine(table)).order_by(by.desc()).limit(NEWEST)
        return list(reversed(self.connection.execute(query).mappings().all()))

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.organization == self.organization

    def _rows(self, table: Table, *where: ColumnElement[bool]) -> Iterable[Any]:
        return self.connection.execute(select(table).where(self._mine(table), *where)).mappings()

    def add(self, step: str, work_unit: str, seen: Tally) -> None:
        """Add what was seen of one step on one machine. To be called while nobody else can change the plan."""
        table = PLAN_OPERATION_TALLY
        key = (table.c.step == step) & (table.c.work_unit == work_unit)
        row = next(iter(self._rows(table, key)), None)
        if row is None:
            self._insert(table, {"step": step, "work_unit": work_unit, **vars(seen)})
            return
        known = _tally(row)
        after = (known.faded() if seen.count else known) + seen
        self.connection.execute(update(table).where(self._mine(table), key).values(vars(after)))

    def add_stop(self, stop: Stop) -> None:
        """A stop that is over; said again with another end, that one counts."""
        table = PLAN_STOP
        key = (table.c.work_unit == stop.work_unit) & (table.c.began_at == stop.began_at)
        changed = self.connection.execute(update(table).where(self._mine(table), key).values(ended_at=stop.ended_at)).rowcount
        if not changed:
            self._insert(table, stop._asdict())

    def stops_of(self, work_unit: str, start: datetime, end: datetime) -> list[Stop]:
        """The stops of a machine that touch a stretch of time."""
        table = PLAN_STOP.c
        rows = self._rows(PLAN_STOP, table.work_unit == work_unit, table.began_at < end, table.ended_at > start)
        return [Stop(row["work_unit"], row["began_at"], row["ended_at"]) for row in rows]

    def add_arrival(self, purchase: str, arrived: Arrived) -> bool:
        """A purchase came; False when that was known."""
        if any(True for _ in self._rows(PLAN_ARRIVAL, PLAN_ARRIVAL.c.purchase == purchase)):
            return False
        self._insert(PLAN_ARRIVAL, {"purchase": purchase, **arrived._asdict()})
        return True

    def keep(self, told: ToldPromise) -> None:
        """A promise was told."""
        values = {
            "order_id": told.order,
            "number": told.number,
            "told_at": told.told_at,
            "promise": told.promise.as_json(),
            "packing_minutes": told.packing_minutes,
            "broken_by": dict(told.broken_by),
        }
        self._insert(PLAN_TOLD, values)

    def broke(self, order: str, number: int, causes: Mapping[str, str]) -> None:
        """What moved an order past bands of a promise of its."""
        table = PLAN_TOLD
        key = (table.c.order_id == order) & (table.c.number == number)
        row = next(iter(self._rows(table, key)), None)
        if row is not None:
            merged = {**row["broken_by"], **causes}
            self.connection.execute(update(table).where(self._mine(table), key).values(broken_by=merged))

    def complete(self, order: str, at: datetime) -> None:
        """An order is complete: its promises are measured."""
        for told in self.promises_of(order):
            score = _completed(told, at).score
            key = (PLAN_TOLD.c.order_id == order) & (PLAN_TOLD.c.number == told.number)
            self.connection.execute(update(PLAN_TOLD).where(self._mine(PLAN_TOLD), key).values(completed_at=at, score=score))

    def forget(self, order: str) -> None:
        """An order was cancelled: nobody will know whether its promises would have been kept."""
        self.connection.execute(delete(PLAN_TOLD).where(self._mine(PLAN_TOLD), PLAN_TOLD.c.order_id == order))

    def promises_of(self, order: str) -> list[ToldPromise]:
        """What was told for one order, the first first."""
        rows = self._rows(PLAN_TOLD, PLAN_TOLD.c.order_id == order)
        return sorted((_told(row) for row in rows), key=lambda told: told.number)

    def completed(self, limit: int = NEWEST) -> list[ToldPromise]:
        """The first promises of the orders that were completed last, the newest last."""
        table = PLAN_TOLD.c
        query = select(PLAN_TOLD).where(self._mine(PLAN_TOLD), table.number == 0, table.completed_at.is_not(None))
        rows = self.connection.execute(query.order_by(table.completed_at.desc(), table.order_id).limit(limit)).mappings()
        return [_told(row) for row in rows][::-1]

    def waiting(self) -> int:
        """How many first promises wait for their orders to be complete."""
        table = PLAN_TOLD.c
        query = select(func.count()).where(self._mine(PLAN_TOLD), table.number == 0, table.completed_at.is_(None))
        return self.connection.execute(query).scalar_one()

    def _insert(self, table: Table, values: Mapping[str, Any]) -> None:
        self.connection.execute(insert(table).values({"organization": self.organization, **values}))


def _tally(row: Any) -> Tally:
    return Tally(row["count"], row["total"], row["squares"], row["hours"], row["done"], row["scrapped"])


def _told(row: Any) -> ToldPromise:
    return ToldPromise(
        row["order_id"],
        row["number"],
        row["told_at"],
        Promise.from_json(row["promise"]),
        row["packing_minutes"],
        row["broken_by"],
        row["completed_at"],
    )


def _completed(told: ToldPromise, at: datetime) -> ToldPromise:
    return ToldPromise(told.order, told.number, told.told_at, told.promise, told.packing_minutes, told.broken_by, at)
