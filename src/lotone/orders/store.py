"""Quotes, orders and the history of promises in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from lotone.kernel import Money, UtcTime, Words, tables
from lotone.orders.model import Order, OrderState, PromiseMove, Quote, QuoteState
from lotone.plan import Promise

QUOTE = Table(
    "quote",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("buyer", String(80)),
    Column("product", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("configuration", JSON, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("promise", JSON, nullable=False),
    Column("hold", String(40), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("sales_order", String(40)),
)
SALES_ORDER = Table(
    "sales_order",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("quote", String(40), nullable=False),
    Column("buyer", String(80), nullable=False),
    Column("idempotency_key", String(120)),
    Column("product", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("configuration", JSON, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("promise", JSON, nullable=False),
    Column("first_promised", UtcTime, nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("completed_at", UtcTime),
    Column("delivered_at", UtcTime),
    Column("cancelled_at", UtcTime),
    UniqueConstraint("organization", "number"),
    UniqueConstraint("organization", "quote"),
    UniqueConstraint("organization", "buyer", "idempotency_key"),
    Index("ix_sales_order_state", "organization", "state"),
)
PROMISE_MOVE = Table(
    "promise_move",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("sales_order", String(40), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("before", UtcTime, nullable=False),
    Column("after", UtcTime, nullable=False),
    Column("cause", String(80), nullable=False),
    Column("reason", JSON, nullable=False),
)


class Store:
    """The orders of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def add_quote(self, quote: Quote, made_at: datetime) -> None:
        row = {
            "organization": self.organization,
            "id": quote.id,
            "buyer": quote.buyer,
            "hold": quote.hold,
            "made_at": made_at,
            "expires_at": quote.expires_at,
            "state": quote.state.value,
        }
        self.connection.execute(insert(QUOTE).values(row | _subject(quote)))

    def quote(self, quote_id: str, *, to_change: bool = False) -> Quote | None:
        """A quote; one that is to be changed is locked until the transaction ends."""
        query = select(QUOTE).where((QUOTE.c.organization == self.organization) & (QUOTE.c.id == quote_id))
        row = self.connection.execute(query.with_for_update() if to_change else query).mappings().first()
        return None if row is None else _quote(row)

    def open_quotes(self, product: str, now: datetime) -> list[Quote]:
        """Quotes of a product that may still be ordered."""
        own = (QUOTE.c.organization == self.organization) & (QUOTE.c.product == product)
        is_open = (QUOTE.c.state == QuoteState.OPEN.value) & (QUOTE.c.expires_at > now)
        rows = self.connection.execute(select(QUOTE).where(own & is_open).order_by(QUOTE.c.made_at)).mappings()
        return [_quote(row) for row in rows]

    def close_quote(self, quote_id: str, state: QuoteState, order: str | None) -> None:
        where = (QUOTE.c.organization == self.organization) & (QUOTE.c.id == quote_id)
        self.connection.execute(update(QUOTE).where(where).values(state=state.value, sales_order=order))

    def add_order(self, order: Order, idempotency_key: str | None) -> None:
        row = {
            "organization": self.organization,
            "id": order.id,
            "number": order.number,
            "quote": order.quote,
            "buyer": order.buyer,
            "idempotency_key": idempotency_key,
            "first_promised": order.first_promised,
            "placed_at": order.placed_at,
            "state": order.state.value,
        }
        self.connection.execute(insert(SALES_ORDER).values(row | _subject(order)))

    def save(self, order: Order) -> None:
        where = (SALES_ORDER.c.organization == self.organization) & (SALES_ORDER.c.id == order.id)
        change = {
            "promise": order.promise.as_json(),
            "state": order.state.value,
            "completed_at": order.completed_at,
            "delivered_at": order.delivered_at,
            "cancelled_at": order.cancelled_at,
        }
        self.connection.execute(update(SALES_ORDER).where(where).values(change))

    def order(self, order_id: str, *, to_change: bool = False) -> Order | None:
        """An order; one that is to be changed is locked until the transaction ends."""
        query = select(SALES_ORDER).where((SALES_ORDER.c.organization == self.organization) & (SALES_ORDER.c.id == order_id))
        row = self.connection.execute(query.with_for_update() if to_change else query).mappings().first()
        return None if row is None else _order(row)

    def order_with_key(self, buyer: str, idempotency_key: str) -> Order | None:
        where = (SALES_ORDER.c.organization == self.organization) & (SALES_ORDER.c.buyer == buyer)
        same = where & (SALES_ORDER.c.idempotency_key == idempotency_key)
        row = self.connection.execute(select(SALES_ORDER).where(same)).mappings().first()
        return None if row is None else _order(row)

    def orders(
        self, *, buyer: str | None = None, states: set[OrderState] | None = None, limit: int | None = None
    ) -> list[Order]:
        """Orders, the newest first."""
        query = select(SALES_ORDER).where(SALES_ORDER.c.organization == self.organization)
        if buyer is not None:
            query = query.where(SALES_ORDER.c.buyer == buyer)
        if states is not None:
            query = query.where(SALES_ORDER.c.state.in_(sorted(state.value for state in states)))
        query = query.order_by(SALES_ORDER.c.placed_at.desc(), SALES_ORDER.c.number.desc()).limit(limit)
        return [_order(row) for row in self.connection.execute(query).mappings()]

    def add_move(self, move: PromiseMove) -> None:
        row = {
            "organization": self.organization,
            "sales_order": move.order,
            "position": move.position,
            "at": move.at,
            "before": move.before,
            "after": move.after,
            "cause": move.cause,
            "reason": move.reason.as_dict(),
        }
        self.connection.execute(insert(PROMISE_MOVE).values(row))

    def moves(self, order_id: str) -> list[PromiseMove]:
        where = (PROMISE_MOVE.c.organization == self.organization) & (PROMISE_MOVE.c.sales_order == order_id)
        rows = self.connection.execute(select(PROMISE_MOVE).where(where).order_by(PROMISE_MOVE.c.position)).mappings()
        return [
            PromiseMove(
                row["sales_order"],
                row["position"],
                row["at"],
                row["before"],
                row["after"],
                row["cause"],
                Words.from_dict(row["reason"]),
            )
            for row in rows
        ]


def _subject(of: Quote | Order) -> dict[str, Any]:
    return {
        "product": of.product,
        "version": of.version,
        "configuration": list(of.configuration),
        "choices": list(of.choices),
        "quantity": of.quantity,
        "price_cents": of.price.cents,
        "currency": of.price.currency,
        "promise": of.promise.as_json(),
    }


def _common(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "buyer": row["buyer"],
        "product": row["product"],
        "version": row["version"],
        "configuration": tuple(row["configuration"]),
        "choices": tuple(row["choices"]),
        "quantity": row["quantity"],
        "price": Money(row["price_cents"], row["currency"]),
        "promise": Promise.from_json(row["promise"]),
    }


def _quote(row: Any) -> Quote:
    return Quote(
        **_common(row),
        hold=row["hold"],
        expires_at=row["expires_at"],
        state=QuoteState(row["state"]),
        order=row["sales_order"],
    )


def _order(row: Any) -> Order:
    return Order(
        **_common(row),
        number=row["number"],
        quote=row["quote"],
        first_promised=row["first_promised"],
        placed_at=row["placed_at"],
        state=OrderState(row["state"]),
        completed_at=row["completed_at"],
        delivered_at=row["delivered_at"],
        cancelled_at=row["cancelled_at"],
    )
