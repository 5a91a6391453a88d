"""What all tests share: a clean state database per test, on SQLite or on a PostgreSQL named by LOTONE_TEST_DATABASE."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from lotone.kernel import Database, new_id

SERVER = os.environ.get("LOTONE_TEST_DATABASE", "")


@pytest.fixture
def now() -> datetime:
    """A Monday morning."""
    return datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def database_url(tmp_path: object) -> Iterator[str]:
    """The address of an empty database that several connections, threads or processes may use."""
    if not SERVER:
        yield f"sqlite:///{tmp_path}/state.sqlite3"
        return
    name = new_id("test")
    server = create_engine(SERVER.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with all tables: in memory, or on the server."""
    opened = Database(request.getfixturevalue("database_url") if SERVER else "sqlite://")
    opened.create_tables()
    yield opened
    opened.close()
