"""Migrations make exactly the tables that the stores declare, once, and refuse a database of a later release."""

import pytest
from sqlalchemy import text

from lotone.kernel import Database
from lotone.serve.migrate import TooNew, differences, migrate


def test_an_empty_database_gets_the_tables_of_the_stores(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    with database.look() as connection:
        assert differences(connection) == []
    migrate(database)
    database.close()


def test_a_database_of_a_later_release_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    with database.work() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TooNew, match="9999"):
        migrate(database)
    with database.look() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    database.close()
