"""Alembic runs this: it migrates over the connection that `migrate` opened."""

from typing import Any, Literal

from alembic import context

from lotone.kernel import UtcTime, tables


def render_item(kind: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    """A migration names plain database types only, so that it means the same for ever."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables,
    render_as_batch=True,
    render_item=render_item,
    transaction_per_migration=False,
)
context.run_migrations()
