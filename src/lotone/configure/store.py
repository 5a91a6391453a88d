"""Published products, every version of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, insert, select

from lotone.kernel import UtcTime, tables

PRODUCT = Table(
    "configure_product",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("product", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("content", JSON, nullable=False),
)


class Store:
    """Products of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def add(self, *, product: str, version: int, digest: str, at: datetime, content: dict[str, Any]) -> None:
        row = {"organization": self.organization, "product": product, "version": version, "digest": digest}
        self.connection.execute(insert(PRODUCT).values(**row, published_at=at, content=content))

    def heads(self) -> list[tuple[str, int, str, datetime]]:
        """Every version of every product, newest first: product, version, digest, moment."""
        columns = (PRODUCT.c.product, PRODUCT.c.version, PRODUCT.c.digest, PRODUCT.c.published_at)
        query = select(*columns).where(PRODUCT.c.organization == self.organization)
        rows = self.connection.execute(query.order_by(PRODUCT.c.product, PRODUCT.c.version.desc()))
        return [(row.product, row.version, row.digest, row.published_at) for row in rows]

    def content(self, product: str, version: int) -> dict[str, Any]:
        own = (PRODUCT.c.organization == self.organization) & (PRODUCT.c.product == product)
        found: dict[str, Any] = self.connection.execute(
            select(PRODUCT.c.content).where(own & (PRODUCT.c.version == version))
        ).scalar_one()
        return found
