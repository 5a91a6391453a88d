"""The state database: SQLite (WAL, every commit on disk) by default, PostgreSQL by URL, the same tables on both."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeDecorator

from lotone.kernel.errors import Unavailable

if sys.platform != "win32":
    import fcntl

tables = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every store declares its tables here; Alembic compares it with the migrations."""


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC in Python, without a zone in the database (SQLite has none)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Database:
    """One state database. `work()` is a write transaction, `look()` a read transaction; both end with the block."""

    def __init__(self, url: str, *, busy_timeout_s: float = 30.0) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url, busy_timeout_s) if self.is_sqlite else _server_engine(url)
        file = self.engine.url.database if self.is_sqlite else None
        self._queue = Path(f"{file}.queue") if file and file != ":memory:" and sys.platform != "win32" else None

    @contextmanager
    def work(self) -> Iterator[Connection]:
        """A transaction that may write: committed when the block ends, rolled back when it raises.

        On SQLite it takes the write lock at once, so that what was read can't change before it is written.
        """
        turn = _turn(self._queue) if self._queue else nullcontext()
        with turn, self._transaction(self.engine.execution_options(lotone_writes=True)) as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A transaction that only reads, from one unchanging state of the database."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._transaction(self.engine.execution_options(**options)) as connection:
            yield connection

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except OperationalError as fault:
            raise Unavailable(f"the database does not answer: {fault.orig}") from fault

    def create_tables(self) -> None:
        """Create all tables at once, for tests; an installation is migrated instead."""
        tables.create_all(self.engine)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _turn(queue: Path) -> Iterator[None]:
    """Wait for one's turn to write, across threads and processes, and be woken at once when it comes.

    SQLite alone would sleep and try again, longer and longer: with several writers that costs more than the work itself.
    The operating system lets go of the lock when its holder is killed.
    """
    file = os.open(queue, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _sqlite_engine(url: str, busy_timeout_s: float) -> Engine:
    in_memory = url in ("sqlite://", "sqlite:///:memory:")
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": busy_timeout_s}, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself: we do, see below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("lotone_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _server_engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
