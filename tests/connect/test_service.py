"""Adding, changing and removing connections; the quarantine; one organization never sees another's."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from lotone.connect import (
    Connection,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionExists,
    ConnectionRemoved,
    ConnectService,
    Status,
    Store,
    UnknownConnection,
    WrongConnection,
)
from lotone.connect.store import ENTRIES_MAX, Announced, Birth, Refused
from lotone.kernel import Database, Fact, Words

PAINT = Connection("paint-1", "opcua", "opc.tcp://127.0.0.1:4840", {"user": "u"}, words=Words("Paint 1", "喷漆 1"))


@pytest.fixture
def facts() -> list[Fact]:
    return []


@pytest.fixture
def service(database: Database, now: datetime, facts: list[Fact]) -> Iterator[ConnectService]:
    with database.work() as transaction:
        yield ConnectService(Store(transaction, "demo"), lambda: now, facts.append)


def test_a_connection_is_added_changed_switched_and_removed(service: ConnectService, facts: list[Fact]) -> None:
    assert service.add_connection(PAINT) == PAINT
    assert service.connections() == [PAINT]
    assert service.states()["paint-1"].status is Status.WAITING
    service.put_connection(PAINT)
    off = service.switch("paint-1", on=False)
    assert service.connection("paint-1") == off
    assert not off.enabled
    service.remove_connection("paint-1")
    assert (service.connections(), service.states()) == ([], {})
    assert facts == [ConnectionAdded("paint-1", "opcua"), ConnectionChanged("paint-1"), ConnectionRemoved("paint-1")]


def test_what_cannot_be_is_refused(service: ConnectService) -> None:
    service.add_connection(PAINT)
    with pytest.raises(ConnectionExists):
        service.add_connection(PAINT)
    with pytest.raises(WrongConnection):
        service.add_connection(Connection("paint-2", "opcua", "nowhere"))
    for act in (service.connection, service.remove_connection):
        with pytest.raises(UnknownConnection):
            act("paint-9")
    with pytest.raises(UnknownConnection):
        service.update_connection(Connection("paint-9", "http", ""))


def test_an_edge_node_belongs_to_one_connection(service: ConnectService) -> None:
    service.add_connection(Connection("paint-1", "sparkplug", "spBv1.0/demo/node-7"))
    with pytest.raises(ConnectionExists, match="node-7 already belongs to the connection paint-1"):
        service.add_connection(Connection("node-7", "sparkplug", ""))


def test_organizations_do_not_see_each_other(service: ConnectService, now: datetime) -> None:
    service.add_connection(PAINT)
    service.store.refuse([Refused("t", Words("why"), "{}", "text", 2, now)])
    service.store.save_position("paint-1", {"sequence": 5})
    service.store.save_births([Birth("n", "", True, 1, None, 0, (Announced("a", None, 10),))])
    other = ConnectService(Store(service.store.connection, "other"), service.clock, service.tell)
    assert (other.connections(), other.states(), other.quarantine(), other.discovered()) == ([], {}, [], [])
    assert other.store.position("paint-1") == {}
    other.add_connection(PAINT)
    other.remove_connection("paint-1")
    assert service.connections() == [PAINT]
    assert service.store.position("paint-1") == {"sequence": 5}
    assert other.forget_quarantined([one.id for one in service.quarantine()]) == 0
    assert service.quarantine_size() == (1, 1)


def test_the_same_fault_is_one_entry_with_a_count(service: ConnectService, now: datetime) -> None:
    for minute in range(3):
        service.store.refuse([Refused("t", Words("why", "为何"), f"{minute}", "text", 1, now + timedelta(minutes=minute))])
    service.store.refuse([Refused("t", Words("else"), "", "text", 1, now, 40)])
    newest = service.quarantine()[0]
    assert (newest.count, newest.payload, newest.first_at, newest.received_at) == (3, "2", now, now + timedelta(minutes=2))
    assert newest.reason == Words("why", "为何")
    assert service.quarantine_size() == (2, 43)
    assert service.forget_quarantined([newest.id]) == 1
    assert [one.count for one in service.quarantine()] == [40]


def test_a_flood_of_faults_pushes_out_the_oldest(service: ConnectService, now: datetime) -> None:
    first = [
        Refused(f"t{number}", Words("why"), "", "text", 1, now + timedelta(seconds=number)) for number in range(ENTRIES_MAX)
    ]
    service.store.refuse(first)
    service.store.refuse([Refused("late", Words("why"), "", "text", 1, now + timedelta(days=1))])
    assert service.quarantine_size()[0] == ENTRIES_MAX
    assert service.quarantine(limit=1)[0].subject == "late"
    assert not any(one.subject == "t0" for one in service.quarantine(limit=ENTRIES_MAX))


def test_edge_nodes_that_nobody_added_are_discovered(service: ConnectService) -> None:
    metrics = (Announced("temperature", 1, 10), Announced("total", None, 7, True))
    birth = Birth("node-7", "machine", True, 1, None, 3, metrics)
    service.store.save_births([birth])
    service.store.save_births([birth])
    assert service.discovered() == [birth]
    service.add_connection(Connection("paint-1", "sparkplug", "spBv1.0/demo/node-7"))
    assert service.discovered() == []
