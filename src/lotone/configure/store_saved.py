"""Saved configurations."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from lotone.configure.model.saved import NAME_MAX, SavedConfiguration
from lotone.kernel import Money, UtcTime, tables

SAVED = Table(
    "configure_saved",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("owner", String(60), nullable=False),
    Column("name", String(NAME_MAX), nullable=False),
    Column("product", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Index("ix_configure_saved_owner", "organization", "owner"),
)


class SavedStore:
    """Saved configurations of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def add(self, saved: SavedConfiguration) -> None:
        row = {
            "organization": self.organization,
            "id": saved.id,
            "owner": saved.owner,
            "name": saved.name,
            "product": saved.product,
            "version": saved.version,
            "choices": list(saved.choices),
            "price_cents": saved.price.cents,
            "currency": saved.price.currency,
            "saved_at": saved.saved_at,
            "is_shared": saved.is_shared,
        }
        self.connection.execute(insert(SAVED).values(row))

    def of(self, owner: str) -> list[SavedConfiguration]:
        """The owner's, the newest first."""
        query = select(SAVED).where(self._mine(), SAVED.c.owner == owner).order_by(SAVED.c.saved_at.desc(), SAVED.c.id)
        return [_saved(row) for row in self.connection.execute(query).mappings()]

    def of_product(self, product: str, limit: int) -> list[SavedConfiguration]:
        """Everybody's configurations of a product, the newest first."""
        query = select(SAVED).where(self._mine() & (SAVED.c.product == product)).order_by(SAVED.c.saved_at.desc())
        return [_saved(row) for row in self.connection.execute(query.limit(limit)).mappings()]

    def count(self, owner: str) -> int:
        query = select(func.count()).select_from(SAVED).where(self._mine(), SAVED.c.owner == owner)
        return int(self.connection.execute(query).scalar_one())

    def get(self, saved_id: str) -> SavedConfiguration | None:
        row = self.connection.execute(select(SAVED).where(self._mine(), SAVED.c.id == saved_id)).mappings().first()
        return None if row is None else _saved(row)

    def change(self, saved_id: str, **values: Any) -> None:
        self.connection.execute(update(SAVED).where(self._mine(), SAVED.c.id == saved_id).values(values))

    def remove(self, saved_id: str) -> None:
        self.connection.execute(delete(SAVED).where(self._mine(), SAVED.c.id == saved_id))

    def _mine(self) -> ColumnElement[bool]:
        return SAVED.c.organization == self.organization


def _saved(row: Any) -> SavedConfiguration:
    return SavedConfiguration(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        product=row["product"],
        version=row["version"],
        choices=tuple(row["choices"]),
        price=Money(row["price_cents"], row["currency"]),
        saved_at=row["saved_at"],
        is_shared=row["is_shared"],
    )
