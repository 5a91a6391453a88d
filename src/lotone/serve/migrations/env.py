"""Alembic runs this: it migrates over the connection that `migrate` opened."""

from alembic import context

from lotone.kernel import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables, render_as_batch=True, transaction_per_migration=False)
context.run_migrations()
