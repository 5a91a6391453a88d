"""Connections, how they are, how far they were read, Sparkplug births, and the quarantine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import Connection as DatabaseConnection

from lotone.connect.model import Connection, ConnectionState, Quarantined, Status
from lotone.kernel import UtcTime, Words, new_id, tables

CONNECTION = Table(
    "connection",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("protocol", String(20), nullable=False),
    Column("address", String(400), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("words", JSON, nullable=False),
)
CONNECTION_STATE = Table(
    "connection_state",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("connection", String(40), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("since", UtcTime),
    Column("last_message_at", UtcTime),
    Column("words", JSON, nullable=False),
    Column("fault_words", JSON),
    Column("fault_at", UtcTime),
)
CONNECTION_POSITION = Table(
    "connection_position",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("connection", String(40), primary_key=True),
    Column("position", JSON, nullable=False),
)
SPARKPLUG_BIRTH = Table(
    "sparkplug_birth",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("node", String(200), primary_key=True),
    Column("device", String(200), primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("born_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("bd_seq", BigInteger),
    Column("metrics", JSON, nullable=False),
)
QUARANTINE = Table(
    "quarantine",
    tables,
    Column("organization", String(40), nullable=False),
    Column("id", String(40), primary_key=True),
    Column("subject", String(400), nullable=False),
    Column("reason_en", String(600), nullable=False),
    Column("reason_zh", String(600), nullable=False),
    Column("payload", Text, nullable=False),
    Column("encoding", String(10), nullable=False),
    Column("size", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("count", BigInteger, nullable=False),
    Index("ix_quarantine_newest", "organization", "received_at"),
    Index("ix_quarantine_same", "organization", "subject"),
)
ENTRIES_MAX = 2000
"""The quarantine of one organization keeps this many different entries; the oldest make room."""


class Announced(NamedTuple):
    """A metric as a birth announced it. `in_long`: its integers travel in the 64-bit field, so ours to it have to as well."""

    name: str
    alias: int | None
    data_type: int
    in_long: bool = False


@dataclass(frozen=True)
class Birth:
    """What an edge node (device is empty) or a device said about itself when it was born. Times are plant time in µs."""

    node: str
    device: str
    online: bool
    born_at: int
    ended_at: int | None
    bd_seq: int | None
    metrics: tuple["Announced", ...]


@dataclass(frozen=True)
class Refused:
    """Something to put into the quarantine."""

    subject: str
    reason: Words
    payload: str
    encoding: str
    size: int
    at: datetime
    count: int = 1


class Store:
    """One organization's part of the tables, in the transaction of `connection`."""

    def __init__(self, connection: DatabaseConnection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    # connections

    def connections(self) -> list[Connection]:
        mine = CONNECTION.c.organization == self.organization
        rows = self.connection.execute(select(CONNECTION).where(mine).order_by(CONNECTION.c.id)).mappings()
        return [_connection(row) for row in rows]

    def connection_called(self, connection_id: str) -> Connection | None:
        one = and_(CONNECTION.c.organization == self.organization, CONNECTION.c.id == connection_id)
        row = self.connection.execute(select(CONNECTION).where(one)).mappings().first()
        return None if row is None else _connection(row)

    def save(self, connection: Connection) -> None:
        one = and_(CONNECTION.c.organization == self.organization, CONNECTION.c.id == connection.id)
        values = {
            "protocol": connection.protocol,
            "address": connection.address,
            "settings": dict(connection.settings),
            "enabled": connection.enabled,
            "words": connection.words.as_dict(),
        }
        if self.connection.execute(update(CONNECTION).where(one).values(values)).rowcount == 0:
            self.connection.execute(insert(CONNECTION).values(organization=self.organization, id=connection.id, **values))

    def remove(self, connection_id: str) -> None:
        self.connection.execute(
            delete(CONNECTION).where(CONNECTION.c.organization == self.organization, CONNECTION.c.id == connection_id)
        )
        for table in (CONNECTION_STATE, CONNECTION_POSITION):
            mine = and_(table.c.organization == self.organization, table.c.connection == connection_id)
            self.connection.execute(delete(table).where(mine))

    # how they are

    def states(self) -> dict[str, ConnectionState]:
        mine = CONNECTION_STATE.c.organization == self.organization
        rows = self.connection.execute(select(CONNECTION_STATE).where(mine)).mappings()
        return {row["connection"]: _state(row) for row in rows}

    def save_state(self, state: ConnectionState) -> None:
        values = {
            "status": state.status.value,
            "since": state.since,
            "last_message_at": state.last_message_at,
            "words": state.words.as_dict(),
            "fault_words": state.fault_words.as_dict() if state.fault_words else None,
            "fault_at": state.fault_at,
        }
        self._put(CONNECTION_STATE, state.connection, values)

    def heard_at(self, connection_id: str, at: datetime) -> None:
        """Note when the last message of a connection came."""
        one = and_(CONNECTION_STATE.c.organization == self.organization, CONNECTION_STATE.c.connection == connection_id)
        self.connection.execute(update(CONNECTION_STATE).where(one).values(last_message_at=at))

    def position(self, connection_id: str) -> dict[str, Any]:
        table = CONNECTION_POSITION
        one = and_(table.c.organization == self.organization, table.c.connection == connection_id)
        return dict(self.connection.execute(select(table.c.position).where(one)).scalar() or {})

    def save_position(self, connection_id: str, position: dict[str, Any]) -> None:
        self._put(CONNECTION_POSITION, connection_id, {"position": position})

    def _put(self, table: Table, connection_id: str, values: dict[str, Any]) -> None:
        one = and_(table.c.organization == self.organization, table.c.connection == connection_id)
        if self.connection.execute(update(table).where(one).values(values)).rowcount == 0:
            self.connection.execute(insert(table).values(organization=self.organization, connection=connection_id, **values))

    # Sparkplug births

    def births(self) -> list[Birth]:
        mine = SPARKPLUG_BIRTH.c.organization == self.organization
        return [_birth(row) for row in self.connection.execute(select(SPARKPLUG_BIRTH).where(mine)).mappings()]

    def save_births(self, births: Iterable[Birth]) -> None:
        for birth in births:
            one = and_(
                SPARKPLUG_BIRTH.c.organization == self.organization,
                SPARKPLUG_BIRTH.c.node == birth.node,
                SPARKPLUG_BIRTH.c.device == birth.device,
            )
            self.connection.execute(delete(SPARKPLUG_BIRTH).where(one))
            self.connection.execute(
                insert(SPARKPLUG_BIRTH).values(
                    organization=self.organization,
                    node=birth.node,
                    device=birth.device,
                    online=birth.online,
                    born_at=birth.born_at,
                    ended_at=birth.ended_at,
                    bd_seq=birth.bd_seq,
                    metrics=[list(metric) for metric in birth.metrics],
                )
            )

    # quarantine

    def quarantine(self, *, limit: int = 200, newest_first: bool = True) -> list[Quarantined]:
        order = QUARANTINE.c.received_at.desc() if newest_first else QUARANTINE.c.received_at
        query = select(QUARANTINE).where(QUARANTINE.c.organization == self.organization).order_by(order, QUARANTINE.c.id)
        return [_quarantined(row) for row in self.connection.execute(query.limit(limit)).mappings()]

    def quarantine_size(self) -> tuple[int, int]:
        """Number of different entries, and of all things they stand for."""
        query = select(func.count(), func.coalesce(func.sum(QUARANTINE.c.count), 0))
        entries, things = self.connection.execute(query.where(QUARANTINE.c.organization == self.organization)).one()
        return int(entries), int(things)

    def refuse(self, items: Iterable[Refused]) -> None:
        added = False
        for item in items:
            added = self._refuse(item) or added
        if added:
            self._make_room()

    def _refuse(self, item: Refused) -> bool:
        same = and_(
            QUARANTINE.c.organization == self.organization,
            QUARANTINE.c.subject == item.subject[:400],
            QUARANTINE.c.reason_en == item.reason.en[:600],
        )
        newest = {"payload": item.payload, "encoding": item.encoding, "size": item.size, "received_at": item.at}
        counted = update(QUARANTINE).where(same).values(count=QUARANTINE.c.count + item.count, **newest)
        if self.connection.execute(counted).rowcount:
            return False
        self.connection.execute(
            insert(QUARANTINE).values(
                organization=self.organization,
                id=new_id("qua"),
                subject=item.subject[:400],
                reason_en=item.reason.en[:600],
                reason_zh=item.reason.zh[:600],
                first_at=item.at,
                count=item.count,
                **newest,
            )
        )
        return True

    def _make_room(self) -> None:
        mine = QUARANTINE.c.organization == self.organization
        spare = self.quarantine_size()[0] - ENTRIES_MAX
        if spare > 0:
            oldest = select(QUARANTINE.c.id).where(mine).order_by(QUARANTINE.c.received_at, QUARANTINE.c.id).limit(spare)
            ids = self.connection.execute(oldest).scalars().all()
            self.connection.execute(delete(QUARANTINE).where(mine, QUARANTINE.c.id.in_(ids)))

    def forget_quarantined(self, ids: Iterable[str]) -> int:
        mine = QUARANTINE.c.organization == self.organization
        return self.connection.execute(delete(QUARANTINE).where(mine, QUARANTINE.c.id.in_(list(ids)))).rowcount


def organizations(connection: DatabaseConnection) -> list[str]:
    """Organizations that have connections: the gateway serves all of them."""
    column = CONNECTION.c.organization
    return list(connection.execute(select(column).distinct().order_by(column)).scalars())


def _connection(row: Any) -> Connection:
    return Connection(
        row["id"], row["protocol"], row["address"], row["settings"], row["enabled"], Words.from_dict(row["words"])
    )


def _state(row: Any) -> ConnectionState:
    return ConnectionState(
        row["connection"],
        Status(row["status"]),
        row["since"],
        row["last_message_at"],
        Words.from_dict(row["words"]),
        Words.from_dict(row["fault_words"]) if row["fault_words"] else None,
        row["fault_at"],
    )


def _birth(row: Any) -> Birth:
    metrics = tuple(Announced(*metric) for metric in row["metrics"])
    return Birth(row["node"], row["device"], row["online"], row["born_at"], row["ended_at"], row["bd_seq"], metrics)


def _quarantined(row: Any) -> Quarantined:
    return Quarantined(
        row["id"],
        row["subject"],
        Words(row["reason_en"], row["reason_zh"]),
        row["payload"],
        row["encoding"],
        row["size"],
        row["first_at"],
        row["received_at"],
        row["count"],
    )
