"""The outbox: facts kept with the change that made them true, and the relay that lets others react to them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, BigInteger, Column, Connection, Index, Integer, String, Table, Text, func, insert, select, update

from lotone.kernel.clock import Clock, wall_clock
from lotone.kernel.database import Database, UtcTime, tables
from lotone.kernel.facts import AnyFact, Fact, Told, fact_from_json

FACT = Table(
    "fact",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("organization", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcTime),
    Column("fault", Text),
    Index("ix_fact_waiting", "delivered_at", "number"),
    sqlite_autoincrement=True,
)
REACTION = Table(
    "fact_reaction",
    tables,
    Column("fact", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("reaction", String(120), primary_key=True),
    Column("done_at", UtcTime, nullable=False),
)
LOOK_BACK = 200
"""On PostgreSQL a fact with a lower number may be committed after one with a higher: the tail looks back this far."""


def keep(connection: Connection, organization: str, fact: Fact, at: datetime) -> int:
    """Write a fact into the outbox, in the caller's transaction; returns its number."""
    row = {"organization": organization, "name": fact.name, "payload": fact.as_json(), "at": at}
    return int(connection.execute(insert(FACT).values(row).returning(FACT.c.number)).scalar_one())


def newest_number(connection: Connection) -> int:
    """The number of the fact told last; 0 when there is none."""
    return int(connection.execute(select(FACT.c.number).order_by(FACT.c.number.desc()).limit(1)).scalar() or 0)


def facts_after(connection: Connection, number: int, *, organization: str | None = None, limit: int = 500) -> list[Told]:
    """Facts in the order they were told, from the one after `number`; of one organization, or of all."""
    query = select(FACT).where(FACT.c.number > number).order_by(FACT.c.number).limit(limit)
    if organization is not None:
        query = query.where(FACT.c.organization == organization)
    return [_told(row) for row in connection.execute(query).mappings()]


def _told(row: Any) -> Told:
    return Told(row["number"], row["organization"], fact_from_json(row["name"], row["payload"]), row["at"])


@dataclass(frozen=True)
class Trouble:
    """A fact one of whose reactions failed: it is tried again and stays visible until it succeeds."""

    number: int
    organization: str
    name: str
    attempts: int
    fault: str


def troubles(connection: Connection, organization: str) -> list[Trouble]:
    """Facts of an organization that wait because a reaction failed, the oldest first."""
    waiting = (FACT.c.organization == organization) & FACT.c.delivered_at.is_(None) & FACT.c.fault.is_not(None)
    columns = (FACT.c.number, FACT.c.organization, FACT.c.name, FACT.c.attempts, FACT.c.fault)
    return [Trouble(*row) for row in connection.execute(select(*columns).where(waiting).order_by(FACT.c.number))]


def waiting(connection: Connection, organization: str) -> int:
    """How many facts have not been delivered to all their reactions yet."""
    undelivered = (FACT.c.organization == organization) & FACT.c.delivered_at.is_(None)
    return int(connection.execute(select(func.count()).select_from(FACT).where(undelivered)).scalar_one())


AnyWork = TypeVar("AnyWork", contravariant=True)


@dataclass(frozen=True)
class Reaction(Generic[AnyWork]):
    name: str
    act: Callable[[AnyWork, Any], object]


@dataclass
class Bus(Generic[AnyWork]):
    """Which fact makes whom react. A reaction is called with the work (transaction) it may use, and the fact."""

    reactions: dict[type[Fact], list[Reaction[AnyWork]]] = field(default_factory=dict)

    def on(self, kind: type[AnyFact], act: Callable[[AnyWork, AnyFact], object], *, name: str) -> None:
        """`name` is kept with every fact that was reacted to, so it must stay the same over releases."""
        existing = self.reactions.setdefault(kind, [])
        if any(reaction.name == name for reaction in existing):
            raise ValueError(f"{kind.__name__} already has a reaction called {name}")
        existing.append(Reaction(name, act))


class Relay(Generic[AnyWork]):
    """Delivers waiting facts to their reactions: each reaction in a transaction of its own, in which it is also noted
    as done. So a killed process repeats nothing and loses nothing. A reaction that fails is tried again, later and later."""

    FIRST_RETRY_S = 0.5
    LAST_RETRY_S = 60.0

    def __init__(
        self,
        database: Database,
        bus: Bus[AnyWork],
        work: Callable[[str], AbstractContextManager[tuple[Connection, AnyWork]]],
        *,
        clock: Clock = wall_clock,
    ) -> None:
        self.database = database
        self.bus = bus
        self.work = work
        self.clock = clock

    def deliver(self, limit: int = 200) -> int:
        """Deliver what waits and is due; returns how many facts were looked at."""
        with self.database.look() as connection:
            due = FACT.c.next_try_at.is_(None) | (FACT.c.next_try_at <= self.clock())
            query = select(FACT).where(FACT.c.delivered_at.is_(None), due).order_by(FACT.c.number).limit(limit)
            rows: Sequence[Any] = connection.execute(query).mappings().all()
        faults = {row["number"]: self._react_all(_told(row)) for row in rows}
        if rows:
            with self.database.work() as connection:
                self._note(connection, [row["number"] for row in rows if not faults[row["number"]]])
                for row in rows:
                    if faults[row["number"]]:
                        self._note_faults(connection, row, faults[row["number"]])
        return len(rows)

    def _react_all(self, told: Told) -> list[str]:
        """Let everybody react who has not yet; returns what went wrong."""
        faults = []
        for reaction in self.bus.reactions.get(type(told.fact), []):
            try:
                self._react(told, reaction)
            except Exception as fault:  # whatever a reaction raises must not keep the others waiting; it is kept and shown
                faults.append(f"{reaction.name}: {type(fault).__name__}: {fault}")
        return faults

    def _note(self, connection: Connection, delivered: list[int]) -> None:
        change = {"delivered_at": self.clock(), "fault": None}
        connection.execute(update(FACT).where(FACT.c.number.in_(delivered)).values(change))

    def _note_faults(self, connection: Connection, row: Any, faults: list[str]) -> None:
        wait_s = min(self.FIRST_RETRY_S * 2 ** row["attempts"], self.LAST_RETRY_S)
        change = {
            "attempts": row["attempts"] + 1,
            "next_try_at": self.clock() + timedelta(seconds=wait_s),
            "fault": "; ".join(faults),
        }
        connection.execute(update(FACT).where(FACT.c.number == row["number"]).values(change))

    def _react(self, told: Told, reaction: Reaction[AnyWork]) -> None:
        with self.work(told.organization) as (connection, work):
            done = (REACTION.c.fact == told.number) & (REACTION.c.reaction == reaction.name)
            if connection.execute(select(REACTION.c.fact).where(done)).first():
                return
            reaction.act(work, told.fact)
            mark = {"fact": told.number, "reaction": reaction.name, "done_at": self.clock()}
            connection.execute(insert(REACTION).values(mark))
