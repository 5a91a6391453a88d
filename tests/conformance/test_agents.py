"""The MTConnect client against an agent whose buffer is too small, and one that is restarted; browsing and trying it."""

from collections.abc import Iterator

import pytest

from conformance.bench import NOWHERE, Recorder, wait_until
from conformance.driver_suite import Clock
from conformance.peers import MtConnectPeer
from lotone.connect import NotConnected, probe

pytestmark = pytest.mark.journey


@pytest.fixture
def agent() -> Iterator[MtConnectPeer]:
    peer = MtConnectPeer(size=20)
    peer.plug()
    yield peer
    peer.close()


async def test_what_it_offers_is_browsed_with_values(agent: MtConnectPeer) -> None:
    agent.say(Clock()(), temperature=21.5)
    found = await probe("mtconnect", agent.connection.address, {}, organization="demo", files=NOWHERE)
    nodes = {node.address: node for node in found.nodes}
    assert nodes["id_temperature"].value == 21.5
    assert (nodes["id_temperature"].name, nodes["id_temperature"].unit) == ("mill/temperature", "°C")
    assert "system" in nodes
    with pytest.raises(NotConnected, match="no MTConnect agent with this device"):
        await probe("mtconnect", agent.connection.address.replace("mill", "lathe"), {}, organization="demo", files=NOWHERE)
    agent.unplug()
    with pytest.raises(NotConnected, match="nothing answers"):
        await probe("mtconnect", agent.connection.address, {}, organization="demo", files=NOWHERE)


def test_a_tag_that_is_added_later_has_its_value_at_once(recorder: Recorder, agent: MtConnectPeer) -> None:
    temperature, count = agent.tags[:2]
    recorder.add(agent.connection, temperature)
    agent.say(Clock()(), temperature=1.0, count=5)
    wait_until(lambda: recorder.values("press-1/temperature") == [1.0], "the first value")
    recorder.add(agent.connection, count)
    wait_until(lambda: recorder.values("press-1/count") == [5], "the value of the tag that was added")
    assert not recorder.quarantine()


def test_an_overrun_buffer_and_a_restarted_agent_are_noted(recorder: Recorder, agent: MtConnectPeer) -> None:
    clock = Clock()
    recorder.add(agent.connection, *agent.tags)
    wait_until(lambda: recorder.status("press-1") == "connected", "the connection is up")
    agent.say(clock(), temperature=1.0)
    wait_until(lambda: recorder.values("press-1/temperature") == [1.0], "the first value")
    agent.unplug()
    for number in range(30):
        agent.say(clock(), temperature=100.0 + number)
    agent.plug()
    wait_until(lambda: recorder.values("press-1/temperature")[-1] == 129.0, "what the buffer still had")
    (fault,) = [fault for fault in recorder.quarantine() if "overrun" in fault]
    assert recorder.quarantine()[fault] == 10
    agent.restart()
    agent.say(clock(), temperature=7.0)
    wait_until(lambda: 7.0 in recorder.values("press-1/temperature"), "it goes on")
    assert any("restarted" in fault for fault in recorder.quarantine())
