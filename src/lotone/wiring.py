"""Who is built from what, and which fact makes whom react: the whole platform on one screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property, partial

from sqlalchemy import Connection

from lotone import assets, configure, connect, historian, identity, insight, make, market, orders, plan
from lotone.kernel import Bus, Clock, Database, Fact, Messages, Relay, Settings, keep, wall_clock

Supply = plan.Supply
PurchaseArrived = market.PurchaseArrived

FACTS = "facts"
"""Subject prefix of the hints that new facts wait in the outbox: `facts.<organization>`."""
STUDIES = "studies"
"""Subject prefix of the hints that somebody waits for a long question about the plan: `studies.<organization>`."""
LATE_WALL_S = 1.0
"""A job takes about this long from the plan to its machine and back; only what is later than that is late."""


class Work:
    """One transaction of one organization, and every capability ready to be used in it."""

    def __init__(self, platform: "Platform", connection: Connection, organization: str) -> None:
        self.platform = platform
        self.connection = connection
        self.organization = organization
        self.told = 0

    def tell(self, fact: Fact) -> None:
        """Keep a fact in this transaction; it is delivered when the transaction has ended well."""
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
        organization, samples = self.organization, self.platform.historian
        return insight.InsightService(
            insight.Store(self.connection, organization),
            self.platform.plant,
            self.tell,
            increase=partial(samples.increase, organization),
            repair_minutes=self.platform.settings.expected_repair_minutes,
        )

    @cached_property
    def saved(self) -> configure.SavedService:
        store = configure.SavedStore(self.connection, self.organization)
        return configure.SavedService(store, self.platform.wall, self.configure)

    @cached_property
    def interest(self) -> configure.InterestService:
        return configure.InterestService(configure.InterestStore(self.connection, self.organization), self.platform.today)

    @cached_property
    def drafts(self) -> configure.DraftService:
        store = configure.DraftStore(self.connection, self.organization)
        return configure.DraftService(store, self.configure, self.platform.wall, self.tell)

    @cached_property
    def configure(self) -> configure.ConfigureService:
        store = configure.Store(self.connection, self.organization)
        return configure.ConfigureService(store, self.platform.wall, self.tell)

    @cached_property
    def market(self) -> market.MarketService:
        store = market.Store(self.connection, self.organization)
        return market.MarketService(store, self.platform.plant, self.tell, self.assets)

    @cached_property
    def scenarios(self) -> plan.ScenarioService:
        store = plan.ScenarioStore(self.connection, self.organization)
        return plan.ScenarioService(store, self.plan, self.platform.wall)

    @cached_property
    def bottlenecks(self) -> plan.BottleneckService:
        return plan.BottleneckService(plan.ScenarioStore(self.connection, self.organization), self.platform.wall)

    @cached_property
    def plan(self) -> plan.PlanService:
        store = plan.Store(self.connection, self.organization)
        return plan.PlanService(
            store, self.platform.plant, self.platform.wall, self.tell, self.supply, self.platform.plan_settings
        )

    @cached_property
    def orders(self) -> orders.OrderService:
        return orders.OrderService(
            orders.Store(self.connection, self.organization),
            clock=self.platform.plant,
            wall=self.platform.wall,
            tell=self.tell,
            assets=self.assets,
            configure=self.configure,
            plan=self.plan,
            hold_minutes=self.platform.settings.hold_minutes,
        )

    @cached_property
    def make(self) -> make.MakeService:
        return make.MakeService(
            make.Store(self.connection, self.organization),
            clock=self.platform.plant,
            wall=self.platform.wall,
            tell=self.tell,
            assets=self.assets,
            configure=self.configure,
            insight=self.insight,
            market=self.market,
            plan=self.plan,
            orders=self.orders,
            signals=make.SensorSignals(self.platform.historian, self.organization, self.assets),
        )

    def supply(self) -> Supply:
        """What there is of every part, what arrives when, and how long it takes to get more, as the plan reads it."""
        suppliers = {supplier.id: supplier.words for supplier in self.market.suppliers()}
        cheapest = self.market.best_offers()
        return Supply(
            on_hand=self.assets.on_hand(),
            arriving=tuple(
                plan.Arrival(buy.part, buy.quantity, buy.due_at, suppliers.get(buy.supplier)) for buy in self.market.arriving()
            ),
            lead_time_days={part: offer.lead_time_days for part, offer in cheapest.items()},
            parts={part.id: part.words for part in self.assets.parts().values()},
            suppliers={part: suppliers[offer.supplier] for part, offer in cheapest.items()},
            offers=tuple(
                plan.SupplierOffer(
                    offer.part,
                    offer.supplier,
                    suppliers[offer.supplier],
                    offer.lead_time_days,
                    offer.price.cents / 100,
                    offer.price.currency,
                    offer.least,
                )
                for offer in self.market.offers()
            ),
        )

    def learn_arrival(self, fact: PurchaseArrived) -> None:
        """How late suppliers are is part of what the plan promises."""
        due_at = self.market.purchase(fact.purchase).due_at
        names = {supplier.id: supplier.words.en for supplier in self.market.suppliers()}
        supplier = names.get(fact.supplier, fact.supplier)
        self.plan.purchase_arrived(fact.purchase, supplier, fact.part, due_at, fact.at)

    def buy_what_is_short(self) -> None:
        """Order what neither stock nor open purchases cover of the promised parts; the plan then knows when it comes."""
        needs = [market.Need(need.part, need.quantity, need.at) for need in self.plan.part_needs()]
        if self.market.order_what_is_short(needs):
            self.plan.material_changed()


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
        configure.keep_compiled_in(settings.configure_folder)
        self.plan_settings = plan.PlanSettings(late_minutes=max(2.0, LATE_WALL_S * settings.speed / 60))

    @classmethod
    def for_loading(cls, settings: Settings, database: Database, plant: Clock) -> "Platform":
        """A platform while nothing runs yet: it reaches the database, but neither machines nor historian."""
        return cls(settings, database=database, messages=Messages("nats://127.0.0.1:0", name="loading"), plant=plant)

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

    def today(self) -> date:
        """Which day it is in the plant."""
        return self.plant().astimezone(self.plan_settings.zone).date()

    def organizations(self) -> list[str]:
        """The ids of all organizations of the installation."""
        with self.look("") as work:
            return [organization.id for organization in work.identity.organizations()]

    def close(self) -> None:
        self.messages.close()
        self.database.close()


def reactions() -> Bus[Work]:
    """Which fact makes whom react. Reactions may be repeated without harm."""
    bus: Bus[Work] = Bus()
    bus.on(orders.OrderPlaced, lambda work, fact: work.make.create_units(fact.order), name="make.create_units")
    bus.on(orders.OrderPlaced, lambda work, _fact: work.buy_what_is_short(), name="market.buy_what_is_short")
    bus.on(orders.OrderCancelled, lambda work, fact: work.make.cancel_units(fact.order), name="make.cancel_units")
    bus.on(market.PurchaseArrived, lambda work, _fact: work.plan.material_changed(), name="plan.material_changed")
    bus.on(market.PurchaseArrived, lambda work, fact: work.learn_arrival(fact), name="plan.purchase_arrived")
    bus.on(make.OperationScrapped, lambda work, _fact: work.buy_what_is_short(), name="market.buy_what_was_spoiled")
    bus.on(make.OperationStarted, lambda work, fact: work.orders.work_began(fact.order), name="orders.work_began")
    bus.on(
        make.UnitCompleted,
        lambda work, fact: work.orders.unit_completed(fact.order, fact.at, left=fact.left),
        name="orders.unit_completed",
    )
    bus.on(
        insight.MachineStopped,
        lambda work, fact: work.plan.machine_down(fact.work_unit, fact.at, fact.expected_minutes),
        name="plan.machine_down",
    )
    bus.on(insight.MachineRecovered, lambda work, fact: work.plan.machine_up(fact.work_unit, fact.at), name="plan.machine_up")
    bus.on(plan.PromiseMoved, lambda work, fact: work.orders.promise_moved(fact), name="orders.promise_moved")
    return bus


def relay(platform: Platform) -> Relay[Work]:
    """What delivers the facts of this platform to its reactions."""

    @contextmanager
    def work(organization: str) -> Iterator[tuple[Connection, Work]]:
        with platform.work(organization) as opened:
            yield opened.connection, opened

    return Relay(platform.database, reactions(), work, clock=platform.wall)
