"""Who is built from what, and which fact makes whom react: the whole platform on one screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from lotone import assets, configure, connect, historian, identity, insight, make, market, orders, plan
from lotone.kernel import Bus, Clock, Database, Fact, Messages, Relay, Settings, keep, wall_clock

FACTS = "facts"
"""Subject prefix of the hints that new facts wait in the outbox: `facts.<organization>`."""


class Work:
    """One transaction of one organization, and every capability ready to be used in it."""

    def __init__(self, platform: "Platform", connection: Connection, organization: str) -> None:
        self.platform = platform
        self.connection = connection
        self.organization = organization
        self.told = 0

    def tell(self, fact: Fact) -> None:
        keep(self.connection, self.organization, fact, self.platform.wall())
        self.told += 1

    @cached_property
    def identity(self) -> identity.IdentityService:
        return identity.IdentityService(identity.Store(self.connection, self.organization), self.platform.wall, self.tell)

    @cached_property
    def assets(self) -> assets.AssetService:
        return assets.AssetService(assets.Store(self.connection, self.organization), self.platform.plant)

    @cached_property
    def connect(self) -> connect.ConnectService:
        return connect.ConnectService(connect.Store(self.connection, self.organization), self.platform.wall, self.tell)

    @cached_property
    def insight(self) -> insight.InsightService:
        return insight.InsightService(insight.Store(self.connection, self.organization), self.platform.plant, self.tell)

    @cached_property
    def configure(self) -> configure.ConfigureService:
        return configure.ConfigureService(configure.Store(self.connection, self.organization), self.platform.wall)

    @cached_property
    def market(self) -> market.MarketService:
        return market.MarketService(
            market.Store(self.connection, self.organization), self.platform.plant, self.tell, self.assets
        )

    @cached_property
    def plan(self) -> plan.PlanService:
        return plan.PlanService(
            plan.Store(self.connection, self.organization), self.platform.plant, self.platform.wall, self.tell, self.supply
        )

    @cached_property
    def orders(self) -> orders.OrderService:
        return orders.OrderService(
            orders.Store(self.connection, self.organization), self.platform.wall, self.tell, self.configure, self.plan
        )

    @cached_property
    def make(self) -> make.MakeService:
        return make.MakeService(
            make.Store(self.connection, self.organization), self.platform.plant, self.tell,
        )  # fmt: skip

    def supply(self) -> Any:
        """What there is of every part and what comes when, as the plan reads it."""
        raise RuntimeError


class Platform:
    """An installation: settings, database, messages, clocks; opens the work of one organization at a time."""

    def __init__(self, settings: Settings, *, database: Database, messages: Messages, plant: Clock = wall_clock) -> None:
        self.settings = settings
        self.database = database
        self.messages = messages
        self.wall: Clock = wall_clock
        self.plant = plant
        self.historian = historian.HistorianClient(messages)
        self.writer = connect.Writer(messages)

    @contextmanager
    def work(self, organization: str) -> Iterator[Work]:
        """A transaction that may change things; whoever waits for facts is woken when it has ended well."""
        with self.database.work() as connection:
            work = Work(self, connection, organization)
            yield work
        if work.told:
            self.messages.publish(f"{FACTS}.{organization}")

    @contextmanager
    def look(self, organization: str) -> Iterator[Work]:
        """A transaction that only reads."""
        with self.database.look() as connection:
            yield Work(self, connection, organization)
