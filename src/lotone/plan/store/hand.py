"""The journal of changes by hand: a small one for each organization, the newest changes only."""

from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, and_, delete, func, insert, select, update

from lotone.kernel import UtcTime, tables
from lotone.plan.model.promise import Promise
from lotone.plan.model.undoing import HandChange, HandKind, Retelling, Spot, Swap

KEPT = 200
"""Changes that an organization's journal holds; older ones are forgotten."""

PLAN_HAND_CHANGE = Table(
    "plan_hand_change",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("step", String(80), nullable=False),
    Column("order_id", String(80)),
    Column("swaps", JSON, nullable=False),
    Column("told", JSON, nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", String(200)),
)
"""What people changed in the plan by hand, numbered from 1."""


class HandStore:
    """The journal of one organization. Whoever writes has changed the plan before in the same transaction, so numbers are
    given out one after the other."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization
        self._mine = PLAN_HAND_CHANGE.c.organization == organization

    def next_number(self) -> int:
        newest = self.connection.execute(select(func.max(PLAN_HAND_CHANGE.c.number)).where(self._mine)).scalar()
        return (newest or 0) + 1

    def add(self, change: HandChange) -> None:
        self.connection.execute(insert(PLAN_HAND_CHANGE).values(organization=self.organization, **_row(change)))
        old = and_(self._mine, PLAN_HAND_CHANGE.c.number <= change.number - KEPT)
        self.connection.execute(delete(PLAN_HAND_CHANGE).where(old))

    def newest(self, limit: int, *, standing: bool = False) -> list[HandChange]:
        """The newest changes first; `standing` leaves out what was undone."""
        query = select(PLAN_HAND_CHANGE).where(self._mine)
        if standing:
            query = query.where(PLAN_HAND_CHANGE.c.undone_at.is_(None))
        rows = self.connection.execute(query.order_by(PLAN_HAND_CHANGE.c.number.desc()).limit(limit)).mappings()
        return [_change(row) for row in rows]

    def mark_undone(self, change: HandChange) -> None:
        same = and_(self._mine, PLAN_HAND_CHANGE.c.number == change.number)
        values = {"undone_at": change.undone_at, "undone_by": change.undone_by}
        self.connection.execute(update(PLAN_HAND_CHANGE).where(same).values(values))


def _row(change: HandChange) -> dict[str, Any]:
    return {
        "number": change.number,
        "at": change.at,
        "actor": change.actor,
        "name": change.name,
        "kind": change.kind.value,
        "step": change.step,
        "order_id": change.order,
        "swaps": [[each.booking, each.before.as_json(), each.after.as_json()] for each in change.swaps],
        "told": [[each.order, each.before.as_json(), each.after.as_json()] for each in change.told],
        "undone_at": change.undone_at,
        "undone_by": change.undone_by,
    }


def _change(row: Any) -> HandChange:
    return HandChange(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        name=row["name"],
        kind=HandKind(row["kind"]),
        step=row["step"],
        order=row["order_id"],
        swaps=tuple(Swap(each[0], Spot.from_json(each[1]), Spot.from_json(each[2])) for each in row["swaps"]),
        told=tuple(Retelling(each[0], Promise.from_json(each[1]), Promise.from_json(each[2])) for each in row["told"]),
        undone_at=row["undone_at"],
        undone_by=row["undone_by"],
    )
