"""What all tests share: a clean state database per test, on SQLite or on a PostgreSQL named by LOTONE_TEST_DATABASE."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from lotone.kernel import Database, new_id

SERVER = os.environ.get("LOTONE_TEST_DATABASE", "")
STATE_FIXTURES = {"database", "database_url", "state_url"}


@pytest.fixture
def now() -> datetime:
    """A Monday morning."""
    return datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that use the state database are marked: they are run on a PostgreSQL too."""
    for item in items:
        if not STATE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("state")


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """Connections to the server that create and drop databases."""
    engine = create_engine(_with_driver(SERVER), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(server: Engine) -> Iterator[str]:
    """A database with all tables, of which each test gets a copy: faster than making the tables again."""
    import_module("lotone.wiring")  # declares the tables of every capability
    name = new_id("template")
    _run(server, f"CREATE DATABASE {name}")
    filled = Database(_address(name))
    filled.create_tables()
    filled.close()
    yield name
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database that several connections, threads or processes may use."""
    if not SERVER:
        yield f"sqlite:///{tmp_path}/state.sqlite3"
        return
    name, server = new_id("test"), request.getfixturevalue("server")
    _run(server, f"CREATE DATABASE {name}")
    yield _address(name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables that several connections, threads or processes may use."""
    if not SERVER:
        url = f"sqlite:///{tmp_path}/state.sqlite3"
        filled = Database(url)
        filled.create_tables()
        filled.close()
        yield url
        return
    name, server = new_id("test"), request.getfixturevalue("server")
    _run(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('template')}")
    yield _address(name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with all tables: in memory, or on the server."""
    opened = Database(request.getfixturevalue("state_url") if SERVER else "sqlite://")
    if not SERVER:
        opened.create_tables()
    yield opened
    opened.close()


def _run(server: Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(text(statement))


def _address(name: str) -> str:
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _with_driver(address: str) -> str:
    return address.replace("postgresql://", "postgresql+psycopg://", 1)
