"""Bring the state database to the tables of this release, one migration after the other, all or nothing."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from lotone import wiring
from lotone.kernel import Conflict, Database, tables

MIGRATIONS = Path(__file__).parent / "migrations"
ROOMS_WITH_TABLES = wiring.__name__
"""Importing the wiring imports every store, and so declares every table."""


class TooNew(Conflict):
    """The database was written by a later release."""


def migrate(database: Database) -> None:
    """Upgrade the tables. Raises TooNew when the database belongs to a later release of LotOne."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    with database.work() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise TooNew(f"the database is at revision {found}, which this release does not know; use the newer LotOne again")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def differences(connection: Connection) -> list[object]:
    """Where the tables in the database differ from those the stores declare; empty after `migrate`."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))


def write_migration(database: Database, why: str) -> str:
    """Write the migration from the tables in the (migrated) database to those the stores declare; returns its path."""
    config = _config()
    with database.work() as connection:
        config.attributes["connection"] = connection
        number = len(list(MIGRATIONS.glob("versions/[0-9]*.py"))) + 1
        script = command.revision(config, why, autogenerate=True, rev_id=f"{number:04}")
    return str(getattr(script, "path", script))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
