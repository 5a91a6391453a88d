"""A small factory of desk lamps with everything that orders and making need, one transaction per `work`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

from sqlalchemy import Connection

from lotone import assets, configure, market, orders, plan
from lotone.kernel import Database, Fact, Money, Words
from lotone.plan import Arrival, Supply

MODEL = """
features
    lamp {Price 80}
        mandatory
            colour {abstract}
                alternative
                    red
                    blue {Price 5}
            size {abstract}
                alternative
                    small
                    large {Price 20}
        optional
            dimmer {Price 12.50}
constraints
    dimmer => large
"""
RULES = configure.DemandRules(
    operations=(
        configure.OperationRule("cut", Words("Cut the sheet", "裁板"), "cutting", 10),
        configure.OperationRule("paint", Words("Paint", "喷漆"), "paint", 20, ("cut",), wait_after_minutes=10),
        configure.OperationRule("wire", Words("Wire", "布线"), "assembly", 15, (), work_units=("asm-1",)),
        configure.OperationRule("test", Words("Test", "测试"), "assembly", 5, ("paint", "wire"), work_units=("test-1",)),
    ),
    times=(configure.TimeRule("cut", 5, configure.parse_expression("large")),),
    parts=(
        configure.PartRule("sheet", 0.5, "cut"),
        configure.PartRule("sheet", 0.25, "cut", configure.parse_expression("large")),
        configure.PartRule("paint-red", 0.2, "paint", configure.parse_expression("red")),
        configure.PartRule("paint-blue", 0.2, "paint", configure.parse_expression("blue")),
        configure.PartRule("cable", 1.25, "wire"),
        configure.PartRule("dimmer-unit", 1, "wire", configure.parse_expression("dimmer")),
    ),
    parameters=(
        configure.ParameterRule("cut", "length", 400, configure.parse_expression("small")),
        configure.ParameterRule("cut", "length", 600, configure.parse_expression("large")),
        configure.ParameterRule("paint", "colour", 3000, configure.parse_expression("red")),
        configure.ParameterRule("paint", "colour", 5005, configure.parse_expression("blue")),
        configure.ParameterRule("paint", "pressure", 2.35),
    ),
    checks=(
        configure.CheckRule("test", "voltage", 225.0, 235.0),
        configure.CheckRule("test", "leakage", None, 0.5),
    ),
)
LAMP = configure.Product(
    id="lamp",
    words=Words("Desk lamp", "台灯"),
    model_text=MODEL,
    demand=RULES,
    option_words={
        "red": configure.OptionWords(Words("Red", "红色")),
        "dimmer": configure.OptionWords(Words("Dimmer", "调光器")),
    },
)
RED_SMALL = ("red", "small")
BLUE_DIMMED = ("blue", "large", "dimmer")
CENTERS = {"cutting": ("cut-1",), "paint": ("paint-1", "paint-2"), "assembly": ("asm-1", "test-1")}
WORK_UNITS = {unit: center for center, units in CENTERS.items() for unit in units}
SHIFTS = plan.Calendar("shifts", "UTC", (plan.Shift.from_text("Mon-Sat", "06:00", "22:00"),))
PARTS = {"sheet": 20.0, "paint-red": 5.0, "paint-blue": 5.0, "cable": 100.0, "dimmer-unit": 3.0}
SETTINGS = plan.PlanSettings(time_zone="UTC", packing_minutes=30)
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday morning."""


@dataclass
class Work:
    """One transaction of one organization, with the real services."""

    factory: "LampFactory"
    connection: Connection
    organization: str
    facts: list[Fact]

    @cached_property
    def assets(self) -> assets.AssetService:
        return assets.AssetService(assets.Store(self.connection, self.organization), self.factory.clock)

    @cached_property
    def market(self) -> market.MarketService:
        store = market.Store(self.connection, self.organization)
        return market.MarketService(store, self.factory.clock, self.facts.append, self.assets)

    @cached_property
    def configure(self) -> configure.ConfigureService:
        return configure.ConfigureService(configure.Store(self.connection, self.organization), self.factory.wall_clock)

    @cached_property
    def plan(self) -> plan.PlanService:
        store = plan.Store(self.connection, self.organization)
        clocks = (self.factory.clock, self.factory.wall_clock)
        return plan.PlanService(store, *clocks, self.facts.append, self.supply, SETTINGS)

    @cached_property
    def orders(self) -> orders.OrderService:
        return orders.OrderService(
            orders.Store(self.connection, self.organization),
            clock=self.factory.clock,
            wall=self.factory.wall_clock,
            tell=self.facts.append,
            assets=self.assets,
            configure=self.configure,
            plan=self.plan,
        )

    def supply(self) -> Supply:
        arriving = [Arrival(buy.part, buy.quantity, buy.due_at) for buy in self.market.arriving()]
        lead_times = {part: offer.lead_time_days for part, offer in self.market.best_offers().items()}
        return Supply(self.assets.on_hand(), tuple(arriving), lead_times)


@dataclass
class LampFactory:
    """The factory, its two clocks, and everything that was told."""

    database: Database
    now: datetime = START
    wall: datetime = START
    facts: list[Fact] = field(default_factory=list)
    organization: str = "demo"

    def clock(self) -> datetime:
        return self.now

    def wall_clock(self) -> datetime:
        return self.wall

    def pass_time(self, minutes: float) -> None:
        """Plant and wall go at the same speed."""
        self.now += timedelta(minutes=minutes)
        self.wall += timedelta(minutes=minutes)

    @contextmanager
    def work(self, organization: str | None = None) -> Iterator[Work]:
        with self.database.work() as connection:
            work = Work(self, connection, organization or self.organization, [])
            yield work
        self.facts += work.facts

    def told(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if type(fact) is kind]

    def set_up(self, organization: str | None = None) -> Self:
        with self.work(organization) as work:
            work.assets.add_equipment(equipment())
            work.assets.add_parts([assets.Part(part, Words(part.title())) for part in PARTS])
            for part, quantity in PARTS.items():
                work.assets.receive(part, quantity, supplier="far")
            work.market.add_suppliers([market.Supplier("far", Words("Far Ltd", "远方"), automatic=True)])
            work.market.add_offers([market.Offer("far", part, Money(250), 3) for part in PARTS])
            work.configure.publish(LAMP)
            work.plan.set_calendars([SHIFTS])
            work.plan.set_resources([plan.Resource(unit, center, "shifts") for unit, center in WORK_UNITS.items()])
        return self

    def order(self, choices: tuple[str, ...] = RED_SMALL, *, buyer: str = "ann", quantity: int = 1) -> orders.Order:
        """Quote and place at once."""
        with self.work() as work:
            quote = work.orders.quote("lamp", choices, buyer, quantity=quantity)
            return work.orders.place(quote.id, buyer)


def equipment() -> list[assets.Equipment]:
    site = assets.Equipment("site", assets.Level.SITE, None, Words("Site"))
    centers = [assets.Equipment(center, assets.Level.WORK_CENTER, "site", Words(center.title())) for center in CENTERS]
    units = [
        assets.Equipment(unit, assets.Level.WORK_UNIT, center, Words(unit.title()), "shifts")
        for unit, center in WORK_UNITS.items()
    ]
    return [site, *centers, *units]
