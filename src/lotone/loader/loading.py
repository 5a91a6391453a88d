"""Loading a blueprint into an organization, through the doors of the capabilities that keep it."""

from datetime import datetime

from lotone.assets import AssetService
from lotone.configure import ConfigureService
from lotone.connect import ConnectService
from lotone.loader.model import Blueprint
from lotone.loader.plant import check_ports
from lotone.market import MarketService
from lotone.plan import PlanService


def load(
    blueprint: Blueprint,
    *,
    assets: AssetService,
    configure: ConfigureService,
    market: MarketService,
    connect: ConnectService,
    plan: PlanService,
    at: datetime,
) -> None:
    """Load everything, in the caller's transaction. Loading the same again changes nothing and doubles nothing.

    `at` is the plant time of the first stock. Raises Invalid when a connection still has no port.
    """
    check_ports(blueprint.connections)
    assets.add_equipment(blueprint.equipment)
    for connection in blueprint.connections:
        connect.put_connection(connection)
    assets.add_tags(blueprint.tags)
    assets.add_parts(blueprint.parts)
    market.add_suppliers(blueprint.suppliers)
    market.add_offers(blueprint.offers)
    _stock(blueprint, assets, at)
    plan.set_setups(blueprint.setups)
    plan.set_plant(blueprint.calendars, (*blueprint.resources, *blueprint.crew))
    plan.set_transport(blueprint.transport)
    configure.introduce(blueprint.product)


def first_lot(part: str) -> str:
    """The lot in which the first stock of a part is booked."""
    return f"{part}-first"


def _stock(blueprint: Blueprint, assets: AssetService, at: datetime) -> None:
    """The first stock of each part, once: what was used of it since stays used."""
    booked = {lot.id for lot in assets.lots()}
    for part, quantity in blueprint.stock.items():
        if quantity > 0 and first_lot(part) not in booked:
            assets.receive(part, quantity, lot=first_lot(part), supplier=_supplier(blueprint, part), at=at)


def _supplier(blueprint: Blueprint, part: str) -> str | None:
    return next((offer.supplier for offer in blueprint.offers if offer.part == part), None)
