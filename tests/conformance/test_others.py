"""Drivers that others install are found by entry point, and run like ours."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from conformance.bench import NOWHERE, Recorder, tag, wait_until
from lotone.assets import DataType
from lotone.connect import Connection, NotConnected, WrongConnection, other_drivers, probe
from lotone.connect.model import check_connection, others

HERE = "conformance.peers.counter"
INSTALLED = [
    EntryPoint("counter", f"{HERE}:KIND", others.GROUP),
    EntryPoint("broken", "conformance.peers.nowhere:KIND", others.GROUP),
    EntryPoint("half", f"{HERE}:Counter", others.GROUP),
    EntryPoint("modbus", f"{HERE}:KIND", others.GROUP),
    EntryPoint("a-name-that-is-far-too-long", f"{HERE}:KIND", others.GROUP),
]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(others, "entry_points", lambda group: [one for one in INSTALLED if one.group == group])
    other_drivers.cache_clear()
    yield
    other_drivers.cache_clear()


def test_only_what_is_a_driver_is_taken_and_none_of_ours_is_replaced() -> None:
    assert list(other_drivers()) == ["counter"]


async def test_its_addresses_are_checked_and_tried() -> None:
    check_connection(Connection("one", "counter", "counter:one"), "demo")
    with pytest.raises(WrongConnection, match="counter: and a name"):
        check_connection(Connection("one", "counter", "one"), "demo")
    with pytest.raises(WrongConnection, match=r"no protocol 'abacus'; it is one of .*counter"):
        check_connection(Connection("one", "abacus", "x"), "demo")
    assert (await probe("counter", "counter:one", {}, organization="demo", files=NOWHERE)).nodes[0].address == "count"
    with pytest.raises(NotConnected, match="switch it on"):
        await probe("counter", "counter:off", {}, organization="demo", files=NOWHERE)


@pytest.mark.journey
def test_the_gateway_runs_it(recorder: Recorder) -> None:
    count = tag("one/count", "one", "count", data_type=DataType.INTEGER, writable=True)
    recorder.add(Connection("one", "counter", "counter:one"), count)
    wait_until(lambda: {1, 2, 3} <= set(recorder.values("one/count")), "it counts")
    assert recorder.status("one") == "connected"
    recorder.writer.write("demo", "one", {"count": 5000})
    wait_until(lambda: 5001 in recorder.values("one/count"), "it was set")
    assert [node.address for node in recorder.writer.browse("demo", "one")] == ["count"]


@pytest.mark.journey
def test_one_that_was_uninstalled_is_said(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder.add(Connection("one", "counter", "counter:one"))
    wait_until(lambda: recorder.status("one") == "connected", "it runs")
    recorder.stop()
    monkeypatch.setattr(others, "entry_points", lambda group: [])
    other_drivers.cache_clear()
    recorder.start()
    wait_until(lambda: recorder.status("one") == "lost", "people are told")
