"""Facts are kept with their change, delivered at least once, reacted to exactly once, and failures stay visible."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from lotone.kernel import Bus, Database, Fact, Relay, fact_from_json, facts_after, keep, troubles

START = datetime(2026, 3, 2, 7, tzinfo=UTC)


@dataclass(frozen=True)
class KettleBoiled(Fact):
    kettle: str
    at: datetime
    liters: float = 1.0


Opener = Callable[[str], AbstractContextManager[tuple[Connection, list[Fact]]]]


class Hour:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def opener(database: Database, seen: list[Fact]) -> Opener:
    @contextmanager
    def work(_organization: str) -> Iterator[tuple[Connection, list[Fact]]]:
        with database.work() as connection:
            yield connection, seen

    return work


def boiled(database: Database, kettle: str = "k1", organization: str = "one") -> None:
    with database.work() as connection:
        keep(connection, organization, KettleBoiled(kettle, START), START)


def test_a_fact_comes_back_as_it_was() -> None:
    fact = KettleBoiled("k1", START, 0.5)
    assert fact_from_json(fact.name, fact.as_json()) == fact


def test_a_fact_of_an_older_release_with_a_field_less_is_read() -> None:
    assert fact_from_json("KettleBoiled", {"kettle": "k1", "at": START.isoformat(), "gone": 1}) == KettleBoiled("k1", START)


def test_two_capabilities_cannot_use_one_fact_name() -> None:
    with pytest.raises(TypeError, match="two facts are called KettleBoiled"):
        type("KettleBoiled", (Fact,), {"__module__": "elsewhere"})


def test_a_change_that_fails_tells_nothing(database: Database) -> None:
    def change() -> None:
        with database.work() as connection:
            keep(connection, "one", KettleBoiled("k1", START), START)
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        change()
    with database.look() as connection:
        assert facts_after(connection, 0) == []


def test_facts_are_read_in_order_and_by_organization(database: Database) -> None:
    for kettle, organization in (("k1", "one"), ("k2", "two"), ("k3", "one")):
        boiled(database, kettle, organization)
    with database.look() as connection:
        mine = facts_after(connection, 0, organization="one")
        assert [told.fact.kettle for told in mine if isinstance(told.fact, KettleBoiled)] == ["k1", "k3"]
        assert len(facts_after(connection, mine[0].number)) == 2


def test_every_reaction_happens_once(database: Database) -> None:
    seen: list[Fact] = []
    bus: Bus[list[Fact]] = Bus()
    bus.on(KettleBoiled, lambda work, fact: work.append(fact), name="pour")
    bus.on(KettleBoiled, lambda work, fact: work.append(fact), name="cheer")
    relay = Relay(database, bus, opener(database, seen))
    boiled(database)
    assert relay.deliver() == 1
    assert relay.deliver() == 0
    assert len(seen) == 2


def test_a_failing_reaction_is_visible_retried_later_and_does_not_stop_the_others(database: Database) -> None:
    seen: list[Fact] = []
    clock = Hour()
    broken = True

    def pour(work: list[Fact], fact: KettleBoiled) -> None:
        if broken:
            raise ValueError("no cup")
        work.append(fact)

    bus: Bus[list[Fact]] = Bus()
    bus.on(KettleBoiled, pour, name="pour")
    bus.on(KettleBoiled, lambda work, fact: work.append(fact), name="cheer")
    relay = Relay(database, bus, opener(database, seen), clock=clock)
    boiled(database)
    relay.deliver()
    assert len(seen) == 1
    with database.look() as connection:
        (trouble,) = troubles(connection, "one")
    assert trouble.fault == "pour: ValueError: no cup"
    assert relay.deliver() == 0, "it is not due yet"
    broken = False
    clock.now += timedelta(minutes=1)
    relay.deliver()
    assert len(seen) == 2, "pour once, and cheer not again"
    with database.look() as connection:
        assert troubles(connection, "one") == []


def test_a_process_killed_between_reaction_and_mark_repeats_nothing(database: Database) -> None:
    seen: list[Fact] = []
    bus: Bus[list[Fact]] = Bus()
    bus.on(KettleBoiled, lambda work, fact: work.append(fact), name="pour")
    boiled(database)
    relay = Relay(database, bus, opener(database, seen))
    with database.look() as connection:
        (told,) = facts_after(connection, 0)
    relay._react(told, bus.reactions[KettleBoiled][0])
    assert relay.deliver() == 1
    assert len(seen) == 1
