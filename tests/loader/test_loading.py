"""Loading a blueprint into an organization: all of it arrives, once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

import lotone
from lotone import assets, configure, connect, market, plan
from lotone.kernel import Database, Fact, Invalid, tables
from lotone.loader import Blueprint, load, read_blueprint
from lotone.plan import AddShift
from lotone.plan.model.settle import settle

EBIKE = Path(lotone.__file__).parent / "blueprints" / "ebike"
PORTS = {"oven-1": 1502, "frame-1": 4841, "frame-2": 4842, "pack-1": 4843, "test-1": 4844}


class Work:
    """The services of one organization in one transaction."""

    def __init__(self, connection: Connection, now: datetime, organization: str = "demo") -> None:
        self.facts: list[Fact] = []
        self.now = now

        def clock() -> datetime:
            return now

        self.assets = assets.AssetService(assets.Store(connection, organization), clock)
        self.configure = configure.ConfigureService(configure.Store(connection, organization), clock)
        self.market = market.MarketService(market.Store(connection, organization), clock, self.facts.append, self.assets)
        self.connect = connect.ConnectService(connect.Store(connection, organization), clock, self.facts.append)
        self.plan = plan.PlanService(
            plan.Store(connection, organization), clock, clock, self.facts.append, lambda: plan.Supply()
        )

    def load(self, blueprint: Blueprint) -> None:
        load(
            blueprint,
            assets=self.assets,
            configure=self.configure,
            market=self.market,
            connect=self.connect,
            plan=self.plan,
            at=self.now,
        )


@pytest.fixture(scope="module")
def ebike() -> Blueprint:
    return read_blueprint(EBIKE, PORTS)


def counted(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables.sorted_tables
    }  # fmt: skip


def test_everything_arrives(database: Database, now: datetime, ebike: Blueprint) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        work.load(ebike)
        assert [unit.id for unit in work.assets.work_units()] == [resource.work_unit for resource in ebike.resources]
        assert {tag.path for tag in work.assets.tags()} == {tag.path for tag in ebike.tags}
        assert work.assets.tag("paint-1/colour").number > 0
        assert work.assets.on_hand() == {part: quantity for part, quantity in ebike.stock.items() if quantity}
        assert set(work.market.offers()) == set(ebike.offers)
        assert {one.id for one in work.connect.connections()} == {one.id for one in ebike.connections}
        assert work.configure.product("ebike").version == 1


def test_a_bicycle_is_promised_from_what_was_loaded(database: Database, now: datetime, ebike: Blueprint) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        work.load(ebike)
        product = work.configure.product("ebike")
        configurator = work.configure.configurator("ebike")
        needed = configurator.explode(configurator.complete(product.start))
        operations = tuple(
            plan.OperationNeed(
                step=each.step,
                words=each.words,
                work_center=each.work_center,
                minutes=each.minutes,
                after=each.after,
                wait_after_minutes=each.wait_after_minutes,
                work_units=each.work_units,
            )
            for each in needed.operations
        )
        promise = work.plan.promise(plan.Demand(operations=operations))
        assert now + timedelta(minutes=150) < promise.earliest <= promise.date < now + timedelta(days=2)


def test_loading_again_doubles_nothing(database: Database, now: datetime, ebike: Blueprint) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        work.load(ebike)
        work.assets.take("chain", 5)
    with database.work() as connection:
        before = counted(connection)
        numbers = {tag.path: tag.number for tag in Work(connection, now).assets.tags()}
        later = Work(connection, now + timedelta(days=1))
        later.load(ebike)
        assert counted(connection) == before
        assert later.facts == []
        assert {tag.path: tag.number for tag in later.assets.tags()} == numbers
        assert later.assets.on_hand()["chain"] == ebike.stock["chain"] - 5


def test_loading_again_after_a_shift_was_added_in_one_place(database: Database, now: datetime, ebike: Blueprint) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        work.load(ebike)
        shift = AddShift("paint", (0, 1, 2, 3, 4), 22 * 60, 30 * 60)
        work.plan.change(lambda current: settle(shift.on(current)), cause="scenario")
        added = work.plan.snapshot()
        assert added.resources["paint-1"].calendar not in {each.id for each in ebike.calendars}
        work.load(ebike)
        assert set(work.plan.snapshot().calendars) == {each.id for each in ebike.calendars}
        assert work.plan.snapshot().resources["paint-1"].calendar in work.plan.snapshot().calendars


def test_a_changed_blueprint_brings_up_to_date(database: Database, now: datetime, ebike: Blueprint) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        work.load(ebike)
        moved = replace(ebike.connections[0], address="opc.tcp://127.0.0.1:5000")
        work.load(replace(ebike, connections=(moved, *ebike.connections[1:]), product=replace(ebike.product, start=())))
        assert work.connect.connection(moved.id).address == moved.address
        assert work.configure.product("ebike").version == 2


def test_two_organizations(database: Database, now: datetime, ebike: Blueprint) -> None:
    acme = read_blueprint(EBIKE, PORTS, organization="acme")
    with database.work() as connection:
        Work(connection, now).load(ebike)
        other = Work(connection, now, "acme")
        other.load(acme)
        assert other.assets.on_hand()["chain"] == ebike.stock["chain"]
        assert other.connect.connection("paint-1").address == "spBv1.0/acme/paint-1/machine"


def test_without_ports_nothing_is_loaded(database: Database, now: datetime) -> None:
    with database.work() as connection:
        work = Work(connection, now)
        with pytest.raises(Invalid, match="connections frame-1, frame-2, oven-1, pack-1, test-1 have no port yet"):
            work.load(read_blueprint(EBIKE))
        assert work.assets.equipment() == []
