"""Fixtures of tests that need the real message server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bench import MessageServer, Recorder
from lotone.kernel import Database


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MessageServer]:
    running = MessageServer(tmp_path / "messages")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def recorder(server: MessageServer, database_url: str) -> Iterator[Recorder]:
    database = Database(database_url)
    database.create_tables()
    running = Recorder(server, database)
    yield running
    running.stop()
    database.close()
