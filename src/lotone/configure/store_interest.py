"""Counts of shoppers' interest: per product, day and option, pair of options or promise. No row stands for a person."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Row,
    String,
    Table,
    delete,
    distinct,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from lotone.configure.model.demanded import Funnel, InterestSettings, OptionInterest, PromiseInterest
from lotone.configure.model.interest import Cause, Cell, OptionCell, PromiseCell, Tally
from lotone.kernel import Money, Words, tables


def _counts(name: str, keys: Iterable[Column[Any]], counted: Iterable[str], *more: Column[Any]) -> Table:
    return Table(
        f"configure_interest_{name}",
        tables,
        Column("organization", String(40), primary_key=True),
        Column("product", String(80), primary_key=True),
        Column("day", Date, primary_key=True),
        *keys,
        *more,
        *(Column(one, BigInteger, nullable=False, server_default="0") for one in counted),
    )


def _key(name: str) -> Column[Any]:
    return Column(name, String(200), primary_key=True)


VISIT = _counts("visit", (), ("visits", "looked", "promised", "quoted", "ordered", "chose"))
OPTION = _counts(
    "option", (_key("option"),),
    ("looked", "taken", "ordered", "lost", "dropped", "dropped_price", "dropped_date", "held"),
)  # fmt: skip
PAIR = _counts("pair", (_key("first"), _key("second")), ("together",))
PROMISE = _counts(
    "promise",
    (
        Column("days", Integer, primary_key=True, autoincrement=False),
        Column("kind", String(20), primary_key=True),
        _key("subject"),
        _key("supplier"),
        Column("currency", String(3), primary_key=True),
    ),
    ("visits", "ordered", "lost_cents"),
    Column("subject_zh", String(200), nullable=False),
    Column("supplier_zh", String(200), nullable=False),
)
SETTING = Table(
    "configure_interest_setting",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("keep_days", Integer, nullable=False),
    Column("smallest", Integer, nullable=False),
)
COUNTED = (VISIT, OPTION, PAIR, PROMISE)
NAME_MAX = 200
"""Longer names of options or machines are cut: a count is worth more than the end of a name."""


class InterestStore:
    """Counts of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def add(self, tally: Tally) -> None:
        """Add counts to those that are there. Rows are taken in one order, so that two workers can't wait for each other."""
        rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in COUNTED}
        for cell, counts in tally.cells.items():
            table, key = _row(cell)
            zeros = {column.name: 0 for column in table.c if isinstance(column.type, BigInteger)}
            rows[table].append({"organization": self.organization, **key, **zeros, **counts})
        for cell, pairs in tally.pairs.items():
            key = {"organization": self.organization, "product": cell.product, "day": cell.day}
            rows[PAIR] += [
                {**key, "first": first[:NAME_MAX], "second": second[:NAME_MAX], "together": count}
                for (first, second), count in pairs.items()
            ]
        for table, found in rows.items():
            keys = [column.name for column in table.primary_key]
            self._add(table, sorted(found, key=lambda row: [row[name] for name in keys]))

    def _add(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        kind = sqlite.insert if self.connection.dialect.name == "sqlite" else postgresql.insert
        statement = kind(table)
        counted = {
            column.name: column + statement.excluded[column.name] for column in table.c if isinstance(column.type, BigInteger)
        }
        said = {name: statement.excluded[name] for name in ("subject_zh", "supplier_zh") if name in table.c}
        self.connection.execute(
            statement.on_conflict_do_update(index_elements=list(table.primary_key), set_={**counted, **said}), rows
        )

    def visits(self, product: str, start: date, end: date) -> list[tuple[date, Funnel]]:
        """The funnel of every day on which there was a visit, the first day first."""
        query = select(VISIT).where(self._of(VISIT, product, start, end)).order_by(VISIT.c.day)
        return [
            (row.day, Funnel(row.visits, row.looked, row.promised, row.quoted, row.ordered, row.chose))
            for row in self.connection.execute(query)
        ]

    def options(self, product: str, start: date, end: date) -> list[OptionInterest]:
        names = [column.name for column in OPTION.c if isinstance(column.type, BigInteger)]
        rows = self._sums(OPTION, ("option",), names, product, start, end)
        return [OptionInterest(row.option, **{name: int(getattr(row, name)) for name in names}) for row in rows]

    def pairs(self, product: str, start: date, end: date) -> list[tuple[str, str, int]]:
        rows = self._sums(PAIR, ("first", "second"), ("together",), product, start, end)
        return [(row.first, row.second, int(row.together)) for row in rows]

    def promises(self, product: str, start: date, end: date) -> list[PromiseInterest]:
        keys = ("days", "kind", "subject", "supplier", "currency", "subject_zh", "supplier_zh")
        rows = self._sums(PROMISE, keys, ("visits", "ordered", "lost_cents"), product, start, end)
        return [
            PromiseInterest(
                row.days,
                Cause(row.kind, Words(row.subject, row.subject_zh), Words(row.supplier, row.supplier_zh)),
                int(row.visits),
                int(row.ordered),
                Money(int(row.lost_cents), row.currency),
            )
            for row in rows
        ]

    def _sums(
        self, table: Table, keys: Iterable[str], counted: Iterable[str], product: str, start: date, end: date
    ) -> list[Row[Any]]:
        columns = [table.c[name] for name in keys]
        sums = [func.sum(table.c[name]).label(name) for name in counted]
        query = select(*columns, *sums).where(self._of(table, product, start, end)).group_by(*columns).order_by(*columns)
        return list(self.connection.execute(query))

    def _of(self, table: Table, product: str, start: date, end: date) -> ColumnElement[bool]:
        own = (table.c.organization == self.organization) & (table.c.product == product)
        return own & table.c.day.between(start, end)

    def extent(self) -> tuple[int, date | None, date | None]:
        """On how many days something was counted, the first of them and the last."""
        day = VISIT.c.day
        query = select(func.count(distinct(day)), func.min(day), func.max(day))
        days, first, last = self.connection.execute(query.where(VISIT.c.organization == self.organization)).one()
        return days, first, last

    def products(self) -> list[str]:
        """Every product of which something was counted, by id."""
        query = select(VISIT.c.product).distinct().where(VISIT.c.organization == self.organization)
        return list(self.connection.execute(query.order_by(VISIT.c.product)).scalars())

    def has_before(self, day: date) -> bool:
        """Whether there are counts of days before this one."""
        query = select(VISIT.c.day).where((VISIT.c.organization == self.organization) & (VISIT.c.day < day)).limit(1)
        return self.connection.execute(query).first() is not None

    def forget(self, before: date | None = None) -> None:
        """Delete the counts of days before one, or all."""
        for table in COUNTED:
            own = table.c.organization == self.organization
            self.connection.execute(delete(table).where(own if before is None else own & (table.c.day < before)))

    def settings(self) -> InterestSettings:
        row = self.connection.execute(select(SETTING).where(SETTING.c.organization == self.organization)).first()
        return InterestSettings(row.keep_days, row.smallest) if row else InterestSettings()

    def save_settings(self, settings: InterestSettings) -> None:
        row: Mapping[str, Any] = {"keep_days": settings.keep_days, "smallest": settings.smallest}
        kind = sqlite.insert if self.connection.dialect.name == "sqlite" else postgresql.insert
        statement = kind(SETTING).values(organization=self.organization, **row)
        self.connection.execute(statement.on_conflict_do_update(index_elements=[SETTING.c.organization], set_=row))


def _row(cell: Cell) -> tuple[Table, dict[str, Any]]:
    key: dict[str, Any] = {"product": cell.product, "day": cell.day}
    match cell:
        case OptionCell(option=option):
            return OPTION, {**key, "option": option[:NAME_MAX]}
        case PromiseCell(days=days, cause=cause, currency=currency):
            subject = {"subject": cause.subject.en[:NAME_MAX], "subject_zh": cause.subject.zh[:NAME_MAX]}
            supplier = {"supplier": cause.supplier.en[:NAME_MAX], "supplier_zh": cause.supplier.zh[:NAME_MAX]}
            return PROMISE, {**key, "days": days, "kind": cause.kind, "currency": currency, **subject, **supplier}
    return VISIT, key
