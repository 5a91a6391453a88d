"""Suppliers, parts and offers."""

from dataclasses import dataclass
from pathlib import Path

from lotone.assets import Part
from lotone.kernel import Money
from lotone.loader.tables import Faults, read_table, unique
from lotone.market import Offer, Supplier

PRICE_MAX = 10_000_000


@dataclass(frozen=True)
class Material:
    suppliers: tuple[Supplier, ...]
    parts: dict[str, Part]
    stock: dict[str, float]
    offers: tuple[Offer, ...]


def read_material(folder: Path, faults: Faults, currency: str) -> Material:
    suppliers = read_suppliers(folder, faults)
    parts, stock = read_parts(folder, faults)
    offers = read_offers(folder, faults, {supplier.id for supplier in suppliers}, parts, currency)
    return Material(suppliers, parts, stock, offers)


def read_suppliers(folder: Path, faults: Faults) -> tuple[Supplier, ...]:
    rows = read_table(folder / "suppliers.csv", faults, required=("supplier", "name"), optional=("name_zh", "automatic"))
    return tuple(Supplier(row.id("supplier"), row.words(), row.flag("automatic")) for row in unique(rows, "supplier"))


def read_parts(folder: Path, faults: Faults) -> tuple[dict[str, Part], dict[str, float]]:
    rows = read_table(folder / "parts.csv", faults, required=("part", "name"), optional=("name_zh", "unit", "stock"))
    parts, stock = {}, {}
    for row in unique(rows, "part"):
        part = Part(row.id("part"), row.words(), row.optional("unit") or "piece")
        stock[part.id] = row.number("stock", default=0.0, low=0, high=1e9)
        parts[part.id] = part
    return parts, stock


def read_offers(folder: Path, faults: Faults, suppliers: set[str], parts: dict[str, Part], currency: str) -> tuple[Offer, ...]:
    rows = read_table(
        folder / "offers.csv", faults, required=("supplier", "part", "price", "lead_time_days"), optional=("least",)
    )
    offers = []
    for row in unique(rows, "supplier", "part"):
        cents = round(row.number("price", low=0, high=PRICE_MAX) * 100)
        offer = Offer(
            supplier=row.reference("supplier", suppliers, "supplier"),
            part=row.reference("part", parts, "part"),
            price=Money(cents, currency),
            lead_time_days=row.number("lead_time_days", low=0, high=3650),
            least=row.number("least", default=0.0, low=0, high=1e9),
        )
        if row.is_good:
            offers.append(offer)
    return tuple(offers)
