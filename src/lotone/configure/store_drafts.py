"""Drafts of products: what is shown now, and every save of it to go back to."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from lotone.kernel import UtcTime, tables

DRAFT = Table(
    "configure_draft",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("product", String(80), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("based_on", Integer, nullable=False),
)
SAVE = Table(
    "configure_draft_save",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("product", String(80), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("saved_by", String(120), nullable=False),
    Column("what", String(40), nullable=False),
    Column("content", JSON, nullable=False),
)


class DraftStore:
    """Drafts of one organization. `revision` grows with every change; `position` is the save that is shown."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def drafts(self) -> dict[str, Any]:
        rows = self.connection.execute(select(DRAFT).where(DRAFT.c.organization == self.organization)).all()
        return {row.product: row for row in rows}

    def draft(self, product: str) -> Any | None:
        return self.connection.execute(select(DRAFT).where(self._of(DRAFT, product))).one_or_none()

    def saves(self, product: str) -> list[Any]:
        """Every save without its content, the newest first."""
        columns = (SAVE.c.position, SAVE.c.saved_at, SAVE.c.saved_by, SAVE.c.what)
        query = select(*columns).where(self._of(SAVE, product)).order_by(SAVE.c.position.desc())
        return list(self.connection.execute(query).all())

    def content(self, product: str, position: int) -> dict[str, Any]:
        where = self._of(SAVE, product) & (SAVE.c.position == position)
        found: dict[str, Any] = self.connection.execute(select(SAVE.c.content).where(where)).scalar_one()
        return found

    def move(self, product: str, *, revision: int, position: int, based_on: int) -> bool:
        """Show another save. False when the draft is at another revision by now; then nothing has changed."""
        values = {"revision": revision + 1, "position": position, "based_on": based_on}
        if revision == 0:
            try:
                with self.connection.begin_nested():
                    row = {"organization": self.organization, "product": product, **values}
                    self.connection.execute(insert(DRAFT).values(row))
            except IntegrityError:
                return False
            return True
        where = self._of(DRAFT, product) & (DRAFT.c.revision == revision)
        return bool(self.connection.execute(update(DRAFT).where(where).values(**values)).rowcount)

    def put_save(
        self, product: str, position: int, *, at: datetime, by: str, what: str, content: dict[str, Any], keep: int
    ) -> None:
        """Keep a save; those after it (taken back before) and those long ago go."""
        own = self._of(SAVE, product)
        is_past = (SAVE.c.position >= position) | (SAVE.c.position <= position - keep)
        self.connection.execute(delete(SAVE).where(own & is_past))
        row = {"organization": self.organization, "product": product, "position": position}
        values = {"saved_at": at, "saved_by": by[:120], "what": what[:40], "content": content}
        self.connection.execute(insert(SAVE).values(**row, **values))

    def forget(self, product: str) -> None:
        for table in (SAVE, DRAFT):
            self.connection.execute(delete(table).where(self._of(table, product)))

    def _of(self, table: Table, product: str) -> Any:
        return (table.c.organization == self.organization) & (table.c.product == product)
