"""The market in a real database, with real stock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from lotone import assets, market
from lotone.kernel import Database, Fact, Money, Words


@dataclass
class Bench:
    market: market.MarketService
    assets: assets.AssetService
    facts: list[Fact]


@contextmanager
def working(database: Database, now: datetime, organization: str = "demo") -> Iterator[Bench]:
    facts: list[Fact] = []
    with database.work() as connection:
        stock = assets.AssetService(assets.Store(connection, organization), lambda: now)
        yield Bench(
            market.MarketService(market.Store(connection, organization), lambda: now, facts.append, stock), stock, facts
        )


def describe(bench: Bench) -> None:
    bench.assets.add_parts([assets.Part("motor", Words("Motor")), assets.Part("bell", Words("Bell"))])
    bench.market.add_suppliers(
        [market.Supplier("kettler", Words("Kettler"), automatic=True), market.Supplier("far", Words("Far Ltd", "远方"))]
    )
    bench.market.add_offers(
        [
            market.Offer("kettler", "motor", Money(14_050), 2),
            market.Offer("far", "motor", Money(9_000), 10, least=5),
            market.Offer("kettler", "bell", Money(333), 0.5),
        ]
    )


def test_describing_again_changes_only_what_changed(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        describe(bench)
        bench.market.add_offers([market.Offer("kettler", "bell", Money(400), 1)])
        assert bench.market.offers("bell") == [market.Offer("kettler", "bell", Money(400), 1)]
        assert [supplier.id for supplier in bench.market.suppliers()] == ["far", "kettler"]
        assert len(bench.market.offers()) == 3


def test_offers_need_their_supplier_and_part(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        with pytest.raises(market.UnknownSupplier):
            bench.market.add_offers([market.Offer("nobody", "motor", Money(1), 1)])
        with pytest.raises(assets.UnknownPart):
            bench.market.add_offers([market.Offer("far", "saddle", Money(1), 1)])
        with pytest.raises(market.WrongOffer):
            bench.market.add_offers([market.Offer("far", "motor", Money(1), -1)])


def test_ordering_takes_the_best_offer_and_tells(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        quick = bench.market.order("motor", 2, now + timedelta(days=3))
        assert (quick.number, quick.supplier, quick.price) == ("P-00001", "kettler", Money(28_100))
        assert quick.due_at == now + timedelta(days=2)
        cheap = bench.market.order("motor", 2, now + timedelta(days=30))
        assert (cheap.number, cheap.supplier, cheap.quantity, cheap.price) == ("P-00002", "far", 5.0, Money(45_000))
        assert bench.facts == [
            market.PurchasePlaced(quick.id, "P-00001", "kettler", "motor", 2.0, quick.due_at),
            market.PurchasePlaced(cheap.id, "P-00002", "far", "motor", 5.0, cheap.due_at),
        ]
        assert bench.market.arriving() == [quick, cheap]
        with pytest.raises(market.NothingOffered):
            bench.market.order("saddle", 1)


def test_the_fastest_offer_of_every_part(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        assert bench.market.best_offers() == {}
        describe(bench)
        assert {part: offer.supplier for part, offer in bench.market.best_offers().items()} == {
            "motor": "kettler",
            "bell": "kettler",
        }


def test_a_repeated_order_is_the_same_purchase(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        first = bench.market.order("motor", 2, idempotency_key="k1")
        assert bench.market.order("motor", 2, idempotency_key="k1") == first
        assert len(bench.facts) == 1
        with pytest.raises(market.KeyUsed):
            bench.market.order("bell", 2, idempotency_key="k1")


def test_an_arrival_becomes_a_lot_once(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        bought = bench.market.order("motor", 2)
        arrived = bench.market.arrive(bought, at=now + timedelta(days=1))
        assert arrived.lot == "motor-260303-01"
        assert arrived.in_time
        assert bench.market.arrive(bought) == arrived
        assert bench.assets.on_hand()["motor"] == 2.0
        assert bench.assets.lot("motor-260303-01").supplier == "kettler"
        assert bench.facts[1:] == [
            market.PurchaseArrived(
                bought.id, bought.number, "kettler", "motor", 2.0, "motor-260303-01", now + timedelta(days=1)
            )
        ]
        assert bench.market.arriving() == []
        assert bench.market.purchases() == [arrived]
        assert bench.market.scores() == {"kettler": market.Score(1, 1)}
        with pytest.raises(market.UnknownPurchase):
            bench.market.arrive("buy_unknown")


def test_only_automatic_suppliers_deliver_by_themselves(database: Database, now: datetime) -> None:
    with working(database, now) as bench:
        describe(bench)
        bench.market.order("motor", 5, now + timedelta(days=30))
        bell = bench.market.order("bell", 1)
        assert bench.market.deliver_due(now + timedelta(hours=11)) == []
        (delivered,) = bench.market.deliver_due(now + timedelta(days=60))
        assert (delivered.id, delivered.arrived_at) == (bell.id, bell.due_at)
        assert bench.market.deliver_due(now + timedelta(days=60)) == []
        assert bench.assets.on_hand() == {"motor": 0.0, "bell": 1.0}


def test_what_is_short_is_ordered_once(database: Database, now: datetime) -> None:
    needs = [
        market.Need("motor", 1, now + timedelta(days=4)),
        market.Need("motor", 1, now + timedelta(days=1)),
        market.Need("bell", 1, now + timedelta(days=4)),
    ]
    with working(database, now) as bench:
        describe(bench)
        bench.assets.receive("motor", 1)
        bought = bench.market.order_what_is_short(needs)
        assert {(buy.part, buy.quantity, buy.needed_by) for buy in bought} == {
            ("motor", 1.0, now + timedelta(days=4)),
            ("bell", 1.0, now + timedelta(days=4)),
        }
        assert bench.market.order_what_is_short(needs) == []
        bench.market.arrive(bought[0])
        assert bench.market.order_what_is_short(needs) == []
        with pytest.raises(market.NothingOffered):
            bench.market.order_what_is_short([*needs, market.Need("saddle", 1, now), market.Need("bell", 9, now)])
        assert len(bench.market.purchases()) == 2


def test_organizations_do_not_see_each_other(database: Database, now: datetime) -> None:
    with working(database, now, "demo") as bench:
        describe(bench)
        bought = bench.market.order("motor", 2)
    with working(database, now, "other") as bench:
        assert bench.market.suppliers() == []
        assert bench.market.offers() == []
        assert bench.market.purchases() == []
        with pytest.raises(market.UnknownPurchase):
            bench.market.arrive(bought)
        describe(bench)
        assert bench.market.order("motor", 2).number == "P-00001"
        assert len(bench.market.deliver_due(now + timedelta(days=60))) == 1
    with working(database, now, "demo") as bench:
        assert bench.market.arriving() == [bought]
        assert bench.assets.on_hand()["motor"] == 0.0
