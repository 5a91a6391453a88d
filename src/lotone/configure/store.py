"""Published products, every version of them."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from lotone.configure.model.version import Version
from lotone.kernel import Conflict, UtcTime, tables

PRODUCT = Table(
    "configure_product",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("product", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("content", JSON, nullable=False),
    Column("released_at", UtcTime),
    Column("published_by", String(120), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("back_to", Integer),
    Column("release_told", Boolean, nullable=False, server_default=true()),
)
_HEAD = tuple(column for column in PRODUCT.c if column.name not in ("organization", "content", "release_told"))


class VersionTaken(Conflict):
    """Somebody published a version of the same product at the same moment."""


class Store:
    """Products of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def add(self, version: Version, content: dict[str, Any], *, told: bool) -> None:
        """Keep a version. `told` is false when its release is still to be told. Raises VersionTaken."""
        row = {
            "organization": self.organization,
            "product": version.product,
            "version": version.number,
            "digest": version.digest,
            "published_at": version.published_at,
            "released_at": version.released_at,
            "published_by": version.published_by,
            "note": version.note,
            "back_to": version.back_to,
            "release_told": told,
        }
        try:
            self.connection.execute(insert(PRODUCT).values(**row, content=content))
        except IntegrityError as fault:
            raise VersionTaken(
                f"version {version.number} of {version.product} was published at this moment; look at it and try again"
            ) from fault

    def versions(self, product: str | None = None) -> dict[str, list[Version]]:
        """The versions of every product (or of one), by product, the newest first."""
        query = select(*_HEAD).where(PRODUCT.c.organization == self.organization)
        if product is not None:
            query = query.where(PRODUCT.c.product == product)
        found: dict[str, list[Version]] = defaultdict(list)
        for row in self.connection.execute(query.order_by(PRODUCT.c.product, PRODUCT.c.version.desc())):
            found[row.product].append(_version(row))
        return found

    def content(self, product: str, version: int) -> dict[str, Any]:
        found: dict[str, Any] = self.connection.execute(
            select(PRODUCT.c.content).where(self._is(product, version))
        ).scalar_one()
        return found

    def release(self, product: str, version: int, at: datetime | None, *, told: bool) -> None:
        values = {"released_at": at, "release_told": told}
        self.connection.execute(update(PRODUCT).where(self._is(product, version)).values(**values))

    def untold(self, now: datetime) -> list[tuple[str, int]]:
        """Versions whose release has come and was not told yet."""
        due = (PRODUCT.c.organization == self.organization) & PRODUCT.c.release_told.is_(False)
        query = select(PRODUCT.c.product, PRODUCT.c.version).where(due & (PRODUCT.c.released_at <= now))
        rows = self.connection.execute(query.order_by(PRODUCT.c.released_at, PRODUCT.c.version))
        return [(row.product, row.version) for row in rows]

    def count_untold(self, now: datetime) -> int:
        due = (PRODUCT.c.organization == self.organization) & PRODUCT.c.release_told.is_(False)
        query = select(func.count()).select_from(PRODUCT).where(due & (PRODUCT.c.released_at <= now))
        return int(self.connection.execute(query).scalar_one())

    def mark_told(self, product: str, version: int) -> None:
        self.connection.execute(update(PRODUCT).where(self._is(product, version)).values(release_told=True))

    def _is(self, product: str, version: int) -> Any:
        own = (PRODUCT.c.organization == self.organization) & (PRODUCT.c.product == product)
        return own & (PRODUCT.c.version == version)


def _version(row: Row[Any]) -> Version:
    return Version(
        product=row.product,
        number=row.version,
        digest=row.digest,
        published_at=row.published_at,
        released_at=row.released_at,
        published_by=row.published_by,
        note=row.note,
        back_to=row.back_to,
    )
