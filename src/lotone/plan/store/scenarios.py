"""Scenarios and the bottleneck report of an organization, with what was calculated of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, Column, Connection, Float, Integer, String, Table, and_, delete, insert, select, update

from lotone.kernel import UtcTime, tables

PLAN_SCENARIO = Table(
    "plan_scenario",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("changes", JSON, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("state", String(20), nullable=False),
    Column("progress", Float, nullable=False),
    Column("fault", String(500), nullable=False),
    Column("stamp", String(40), nullable=False),
    Column("figures", JSON),
    Column("before", JSON),
    Column("after", JSON),
    Column("applied_at", UtcTime),
    Column("applied_by", String(120)),
)
"""`revision` grows with every change of what is asked, so that an answer to an older question is not kept; `stamp` names
the plan that `before` and `after` were calculated from, and `figures` are the few of them that a list shows."""
PLAN_BOTTLENECK = Table(
    "plan_bottleneck",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("asked_by", String(120), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("late_cost", Float, nullable=False),
    Column("state", String(20), nullable=False),
    Column("progress", Float, nullable=False),
    Column("fault", String(500), nullable=False),
    Column("report", JSON),
)
"""The newest report of an organization and the question to which it is the answer."""


class ScenarioStore:
    """Scenarios and the report of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def scenarios(self) -> list[Mapping[str, Any]]:
        """All of them without their figures, the newest first."""
        columns = [each for each in PLAN_SCENARIO.c if each.name not in ("before", "after")]
        query = select(*columns).where(PLAN_SCENARIO.c.organization == self.organization)
        newest = query.order_by(PLAN_SCENARIO.c.created_at.desc(), PLAN_SCENARIO.c.id)
        return [dict(row) for row in self.connection.execute(newest).mappings()]

    def scenario(self, scenario_id: str) -> Mapping[str, Any] | None:
        row = self.connection.execute(select(PLAN_SCENARIO).where(self._scenario(scenario_id))).mappings().one_or_none()
        return None if row is None else dict(row)

    def add_scenario(self, values: Mapping[str, Any]) -> None:
        self.connection.execute(insert(PLAN_SCENARIO).values(organization=self.organization, **values))

    def change_scenario(self, scenario_id: str, values: Mapping[str, Any], *, revision: int | None = None) -> bool:
        """Change columns; with `revision` only if the question is still the one that was asked then."""
        where = self._scenario(scenario_id)
        if revision is not None:
            where = and_(where, PLAN_SCENARIO.c.revision == revision)
        return bool(self.connection.execute(update(PLAN_SCENARIO).where(where).values(**values)).rowcount)

    def delete_scenario(self, scenario_id: str) -> None:
        self.connection.execute(delete(PLAN_SCENARIO).where(self._scenario(scenario_id)))

    def waiting(self, states: tuple[str, ...]) -> str | None:
        """The scenario that waits longest to be calculated."""
        own = and_(PLAN_SCENARIO.c.organization == self.organization, PLAN_SCENARIO.c.state.in_(states))
        query = select(PLAN_SCENARIO.c.id).where(own).order_by(PLAN_SCENARIO.c.created_at, PLAN_SCENARIO.c.id).limit(1)
        return self.connection.execute(query).scalar()

    def bottleneck(self) -> Mapping[str, Any] | None:
        query = select(PLAN_BOTTLENECK).where(PLAN_BOTTLENECK.c.organization == self.organization)
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)

    def ask_bottleneck(self, values: Mapping[str, Any]) -> None:
        """A new question; the report of the last one stays until there is a new one."""
        if self.bottleneck() is None:
            self.connection.execute(insert(PLAN_BOTTLENECK).values(organization=self.organization, **values))
        else:
            own = PLAN_BOTTLENECK.c.organization == self.organization
            self.connection.execute(update(PLAN_BOTTLENECK).where(own).values(**values))

    def change_bottleneck(self, values: Mapping[str, Any], *, revision: int) -> bool:
        """Change columns if the question is still the one that was asked then."""
        own = and_(PLAN_BOTTLENECK.c.organization == self.organization, PLAN_BOTTLENECK.c.revision == revision)
        return bool(self.connection.execute(update(PLAN_BOTTLENECK).where(own).values(**values)).rowcount)

    def _scenario(self, scenario_id: str) -> Any:
        return and_(PLAN_SCENARIO.c.organization == self.organization, PLAN_SCENARIO.c.id == scenario_id)
