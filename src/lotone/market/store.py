"""Suppliers, offers and purchases in the database."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from lotone.assets import quantity_of, thousandths
from lotone.kernel import Money, UtcTime, Words, tables
from lotone.market.model import Offer, Purchase, Supplier

SUPPLIER = Table(
    "supplier",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("words", JSON, nullable=False),
    Column("automatic", Boolean, nullable=False),
)
OFFER = Table(
    "material_offer",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("supplier", String(80), primary_key=True),
    Column("part", String(80), primary_key=True),
    Column("price_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("lead_time_days", Float, nullable=False),
    Column("least", Float, nullable=False),
)
PURCHASE = Table(
    "purchase",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("supplier", String(80), nullable=False),
    Column("part", String(80), nullable=False),
    Column("quantity_thousandths", BigInteger, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("ordered_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("needed_by", UtcTime),
    Column("arrived_at", UtcTime),
    Column("lot", String(120)),
    Column("idempotency_key", String(120)),
    UniqueConstraint("organization", "number"),
    UniqueConstraint("organization", "idempotency_key"),
    Index("ix_purchase_open", "organization", "arrived_at", "due_at"),
)


class Store:
    """The market as one organization sees it."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def suppliers(self) -> list[Supplier]:
        query = select(SUPPLIER).where(SUPPLIER.c.organization == self.organization).order_by(SUPPLIER.c.id)
        rows = self.connection.execute(query).mappings()
        return [Supplier(row["id"], Words.from_dict(row["words"]), row["automatic"]) for row in rows]

    def save_supplier(self, supplier: Supplier, *, is_new: bool) -> None:
        row = {"words": supplier.words.as_dict(), "automatic": supplier.automatic}
        if is_new:
            self.connection.execute(insert(SUPPLIER).values({"organization": self.organization, "id": supplier.id} | row))
            return
        where = (SUPPLIER.c.organization == self.organization) & (SUPPLIER.c.id == supplier.id)
        self.connection.execute(update(SUPPLIER).where(where).values(row))

    def offers(self, part: str | None = None) -> list[Offer]:
        query = select(OFFER).where(OFFER.c.organization == self.organization).order_by(OFFER.c.part, OFFER.c.supplier)
        if part is not None:
            query = query.where(OFFER.c.part == part)
        return [_offer(row) for row in self.connection.execute(query).mappings()]

    def save_offer(self, offer: Offer, *, is_new: bool) -> None:
        row = {
            "price_cents": offer.price.cents,
            "currency": offer.price.currency,
            "lead_time_days": offer.lead_time_days,
            "least": offer.least,
        }
        key = {"organization": self.organization, "supplier": offer.supplier, "part": offer.part}
        if is_new:
            self.connection.execute(insert(OFFER).values(key | row))
            return
        same = (OFFER.c.supplier == offer.supplier) & (OFFER.c.part == offer.part)
        self.connection.execute(update(OFFER).where((OFFER.c.organization == self.organization) & same).values(row))

    def add_purchase(self, purchase: Purchase, idempotency_key: str | None) -> None:
        row = {
            "organization": self.organization,
            "id": purchase.id,
            "number": purchase.number,
            "supplier": purchase.supplier,
            "part": purchase.part,
            "quantity_thousandths": thousandths(purchase.quantity),
            "price_cents": purchase.price.cents,
            "currency": purchase.price.currency,
            "ordered_at": purchase.ordered_at,
            "due_at": purchase.due_at,
            "needed_by": purchase.needed_by,
            "idempotency_key": idempotency_key,
        }
        self.connection.execute(insert(PURCHASE).values(row))

    def purchase(self, purchase_id: str, *, to_change: bool = False) -> Purchase | None:
        """A purchase; one that is to be changed is locked until the transaction ends."""
        query = select(PURCHASE).where((PURCHASE.c.organization == self.organization) & (PURCHASE.c.id == purchase_id))
        row = self.connection.execute(query.with_for_update() if to_change else query).mappings().first()
        return None if row is None else _purchase(row)

    def purchase_with_key(self, idempotency_key: str) -> Purchase | None:
        where = (PURCHASE.c.organization == self.organization) & (PURCHASE.c.idempotency_key == idempotency_key)
        row = self.connection.execute(select(PURCHASE).where(where)).mappings().first()
        return None if row is None else _purchase(row)

    def purchases(self, *, only_open: bool = False, limit: int | None = None) -> list[Purchase]:
        """Open purchases by due date, or all, the newest first."""
        query = select(PURCHASE).where(PURCHASE.c.organization == self.organization)
        if only_open:
            query = query.where(PURCHASE.c.arrived_at.is_(None)).order_by(PURCHASE.c.due_at, PURCHASE.c.id)
        else:
            query = query.order_by(PURCHASE.c.ordered_at.desc(), PURCHASE.c.id.desc())
        return [_purchase(row) for row in self.connection.execute(query.limit(limit)).mappings()]

    def arrived(self, purchase: Purchase) -> None:
        where = (PURCHASE.c.organization == self.organization) & (PURCHASE.c.id == purchase.id)
        change = {"arrived_at": purchase.arrived_at, "lot": purchase.lot}
        self.connection.execute(update(PURCHASE).where(where).values(change))

    def deliveries(self, limit: int) -> list[Purchase]:
        """The newest purchases that have arrived."""
        where = (PURCHASE.c.organization == self.organization) & PURCHASE.c.arrived_at.is_not(None)
        query = select(PURCHASE).where(where).order_by(PURCHASE.c.arrived_at.desc(), PURCHASE.c.id.desc()).limit(limit)
        return [_purchase(row) for row in self.connection.execute(query).mappings()]


def _offer(row: Any) -> Offer:
    price = Money(row["price_cents"], row["currency"])
    return Offer(row["supplier"], row["part"], price, row["lead_time_days"], row["least"])


def _purchase(row: Any) -> Purchase:
    return Purchase(
        id=row["id"],
        number=row["number"],
        supplier=row["supplier"],
        part=row["part"],
        quantity=quantity_of(row["quantity_thousandths"]),
        price=Money(row["price_cents"], row["currency"]),
        ordered_at=row["ordered_at"],
        due_at=row["due_at"],
        needed_by=row["needed_by"],
        arrived_at=row["arrived_at"],
        lot=row["lot"],
    )
