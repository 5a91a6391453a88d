"""Equipment, tags, parts and lots in the database."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    update,
)

from lotone.assets.model import DataType, Equipment, Level, Lot, Meaning, Part, Share, Tag, quantity_of
from lotone.kernel import UtcTime, Words, tables

EQUIPMENT = Table(
    "equipment",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("level", String(20), nullable=False),
    Column("parent", String(40)),
    Column("words", JSON, nullable=False),
    Column("calendar", String(80)),
)
TAG = Table(
    "tag",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("organization", String(40), nullable=False),
    Column("asset", String(40), nullable=False),
    Column("name", String(64), nullable=False),
    Column("words", JSON, nullable=False),
    Column("data_type", String(20), nullable=False),
    Column("meaning", String(20), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("resolution", Float),
    Column("low", Float),
    Column("high", Float),
    Column("writable", Boolean, nullable=False),
    Column("connection", String(80)),
    Column("address", String(500), nullable=False),
    UniqueConstraint("organization", "asset", "name"),
    sqlite_autoincrement=True,
)
PART = Table(
    "part",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("words", JSON, nullable=False),
    Column("unit", String(40), nullable=False),
)
LOT = Table(
    "lot",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("part", String(80), nullable=False),
    Column("arrival", BigInteger, nullable=False),
    Column("quantity_thousandths", BigInteger, nullable=False),
    Column("left_thousandths", BigInteger, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("supplier", String(80)),
    CheckConstraint("left_thousandths >= 0", name="left_not_negative"),
    Index("ix_lot_part", "organization", "part", "arrival"),
)
NUMBER_SERIES = Table(
    "number_series",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("series", String(80), primary_key=True),
    Column("newest", BigInteger, nullable=False),
)


class Store:
    """What one organization has."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def equipment(self) -> list[Equipment]:
        query = select(EQUIPMENT).where(EQUIPMENT.c.organization == self.organization).order_by(EQUIPMENT.c.position)
        return [_equipment(row) for row in self.connection.execute(query).mappings()]

    def save_equipment(self, items: Sequence[Equipment], known: set[str]) -> None:
        for item in items:
            row = {
                "level": item.level.value,
                "parent": item.parent,
                "words": item.words.as_dict(),
                "calendar": item.calendar,
            }
            if item.id in known:
                where = (EQUIPMENT.c.organization == self.organization) & (EQUIPMENT.c.id == item.id)
                self.connection.execute(update(EQUIPMENT).where(where).values(row))
            else:
                key = {"organization": self.organization, "id": item.id, "position": len(known)}
                self.connection.execute(insert(EQUIPMENT).values(key | row))
                known.add(item.id)

    def tags(self, assets: Iterable[str] | None = None) -> list[Tag]:
        query = select(TAG).where(TAG.c.organization == self.organization).order_by(TAG.c.number)
        if assets is not None:
            query = query.where(TAG.c.asset.in_(sorted(set(assets))))
        return [_tag(row) for row in self.connection.execute(query).mappings()]

    def tag_named(self, asset: str, name: str) -> Tag | None:
        where = (TAG.c.organization == self.organization) & (TAG.c.asset == asset) & (TAG.c.name == name)
        row = self.connection.execute(select(TAG).where(where)).mappings().first()
        return None if row is None else _tag(row)

    def tags_numbered(self, numbers: Iterable[int]) -> list[Tag]:
        found: list[Tag] = []
        wanted = sorted(set(numbers))
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            query = select(TAG).where((TAG.c.organization == self.organization) & TAG.c.number.in_(some))
            found += [_tag(row) for row in self.connection.execute(query).mappings()]
        return found

    def add_tag(self, tag: Tag) -> int:
        row = {"organization": self.organization} | _tag_row(tag)
        return int(self.connection.execute(insert(TAG).values(row).returning(TAG.c.number)).scalar_one())

    def update_tag(self, tag: Tag) -> None:
        where = (TAG.c.organization == self.organization) & (TAG.c.number == tag.number)
        self.connection.execute(update(TAG).where(where).values(_tag_row(tag)))

    def parts(self) -> list[Part]:
        query = select(PART).where(PART.c.organization == self.organization).order_by(PART.c.id)
        rows = self.connection.execute(query).mappings()
        return [Part(row["id"], Words.from_dict(row["words"]), row["unit"]) for row in rows]

    def save_parts(self, parts: Iterable[Part], known: set[str]) -> None:
        for part in parts:
            row = {"words": part.words.as_dict(), "unit": part.unit}
            if part.id in known:
                where = (PART.c.organization == self.organization) & (PART.c.id == part.id)
                self.connection.execute(update(PART).where(where).values(row))
            else:
                self.connection.execute(insert(PART).values({"organization": self.organization, "id": part.id} | row))
                known.add(part.id)

    def lots(self, part: str | None = None) -> list[Lot]:
        query = select(LOT).where(LOT.c.organization == self.organization).order_by(LOT.c.arrival)
        if part is not None:
            query = query.where(LOT.c.part == part)
        return [_lot(row) for row in self.connection.execute(query).mappings()]

    def lot(self, lot_id: str) -> Lot | None:
        where = (LOT.c.organization == self.organization) & (LOT.c.id == lot_id)
        row = self.connection.execute(select(LOT).where(where)).mappings().first()
        return None if row is None else _lot(row)

    def lots_named(self, ids: Iterable[str]) -> list[Lot]:
        where = (LOT.c.organization == self.organization) & LOT.c.id.in_(sorted(set(ids)))
        return [_lot(row) for row in self.connection.execute(select(LOT).where(where)).mappings()]

    def lot_count(self, part: str, id_prefix: str) -> int:
        where = (
            (LOT.c.organization == self.organization) & (LOT.c.part == part) & LOT.c.id.startswith(id_prefix, autoescape=True)
        )
        return int(self.connection.execute(select(func.count()).where(where)).scalar_one())

    def add_lot(self, lot: Lot, counted: int) -> None:
        newest = select(func.max(LOT.c.arrival)).where(LOT.c.organization == self.organization)
        row = {
            "organization": self.organization,
            "id": lot.id,
            "part": lot.part,
            "arrival": int(self.connection.execute(newest).scalar() or 0) + 1,
            "quantity_thousandths": counted,
            "left_thousandths": counted,
            "received_at": lot.received_at,
            "supplier": lot.supplier,
        }
        self.connection.execute(insert(LOT).values(row))

    def on_hand(self) -> dict[str, int]:
        """Thousandths in stock of every part, 0 where nothing is left."""
        joined = PART.outerjoin(LOT, (LOT.c.organization == PART.c.organization) & (LOT.c.part == PART.c.id))
        total = func.coalesce(func.sum(LOT.c.left_thousandths), 0)
        query = select(PART.c.id, total).select_from(joined).where(PART.c.organization == self.organization)
        return {part: int(counted) for part, counted in self.connection.execute(query.group_by(PART.c.id))}

    def left(self, parts: Iterable[str]) -> dict[str, list[Share]]:
        """What is left in the lots of some parts, oldest first; locked until the transaction ends."""
        where = (LOT.c.organization == self.organization) & LOT.c.part.in_(sorted(set(parts))) & (LOT.c.left_thousandths > 0)
        query = select(LOT.c.part, LOT.c.id, LOT.c.left_thousandths).where(where).order_by(LOT.c.received_at, LOT.c.arrival)
        found: dict[str, list[Share]] = {}
        for part, lot, counted in self.connection.execute(query.with_for_update()):
            found.setdefault(part, []).append(Share(lot, counted))
        return found

    def take(self, shares: Iterable[Share]) -> None:
        where = (LOT.c.organization == self.organization) & (LOT.c.id == bindparam("from_lot"))
        less = {"left_thousandths": LOT.c.left_thousandths - bindparam("counted")}
        rows = [{"from_lot": share.lot, "counted": share.counted} for share in shares]
        if rows:
            self.connection.execute(update(LOT).where(where).values(less), rows)

    def next_number(self, series: str) -> int:
        """The series' next number; whoever asks at the same time waits until this transaction has ended."""
        where = (NUMBER_SERIES.c.organization == self.organization) & (NUMBER_SERIES.c.series == series)
        step = update(NUMBER_SERIES).where(where).values(newest=NUMBER_SERIES.c.newest + 1)
        number = self.connection.execute(step.returning(NUMBER_SERIES.c.newest)).scalar()
        if number is None:
            row = {"organization": self.organization, "series": series, "newest": 1}
            self.connection.execute(insert(NUMBER_SERIES).values(row))
            return 1
        return int(number)


def _equipment(row: Any) -> Equipment:
    words = Words.from_dict(row["words"])
    return Equipment(row["id"], Level(row["level"]), row["parent"], words, row["calendar"])


def _tag(row: Any) -> Tag:
    values = {key: value for key, value in row.items() if key != "organization"}
    values["words"] = Words.from_dict(row["words"])
    values["data_type"] = DataType(row["data_type"])
    values["meaning"] = Meaning(row["meaning"])
    return Tag(**values)


def _tag_row(tag: Tag) -> dict[str, Any]:
    return {
        "asset": tag.asset,
        "name": tag.name,
        "words": tag.words.as_dict(),
        "data_type": tag.data_type.value,
        "meaning": tag.meaning.value,
        "unit": tag.unit,
        "resolution": tag.resolution,
        "low": tag.low,
        "high": tag.high,
        "writable": tag.writable,
        "connection": tag.connection,
        "address": tag.address,
    }


def _lot(row: Any) -> Lot:
    return Lot(
        row["id"],
        row["part"],
        quantity_of(row["quantity_thousandths"]),
        row["received_at"],
        row["supplier"],
        quantity_of(row["left_thousandths"]),
    )
