"""What every driver has to show, whatever it speaks: subclass `DriverSuite`, name a peer, and these tests run against it.

The message server, the intake and the gateway are the real ones; the peer is a real server or client of the protocol.
"""

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from conformance.bench import MessageServer, Recorder, wait_until
from conformance.peers import Peer
from lotone.assets import STALE, microseconds
from lotone.kernel import Conflict, Forbidden, Invalid, NotFound, Unavailable, wall_clock

STEP = 1_000
"""µs between two sayings: protocols with milliseconds still tell them apart."""


class Clock:
    """Source times that grow by a millisecond, from now on."""

    def __init__(self) -> None:
        self.at = microseconds(wall_clock()) // STEP * STEP

    def __call__(self) -> int:
        self.at = max(self.at + STEP, microseconds(wall_clock()) // STEP * STEP)
        return self.at


class DriverSuite:
    """Eleven facts about a driver."""

    peer_class: ClassVar[Any]

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def peer(self, server: MessageServer) -> Iterator[Peer]:
        peer = self.peer_class(server)
        yield peer
        if hasattr(peer, "close"):
            peer.close()
        elif peer.client is not None:
            peer.unplug()

    @pytest.fixture
    def joined(self, recorder: Recorder, peer: Peer) -> Recorder:
        """A recorder whose connection to the plugged peer is up."""
        recorder.add(peer.connection, *peer.tags)
        peer.plug()
        if peer.connection.protocol not in ("mqtt", "http"):
            wait_until(lambda: recorder.status("press-1") == "connected", "the connection is up")
        return recorder

    def test_values_arrive_with_their_type_and_time(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        at = clock()
        given: dict[str, Any] = {"temperature": 21.5, "count": -7, "ready": True, "recipe": "blue 蓝", "speed": 1.5}
        names = {tag.name for tag in peer.tags}
        values = {name: value for name, value in given.items() if name in names}
        peer.say(at, **values)
        for name, value in values.items():
            wait_until(lambda name=name: any(one.source_time == at for one in joined.of(f"press-1/{name}")), f"{name} arrives")
            sample = next(one for one in joined.of(f"press-1/{name}") if one.source_time == at)
            assert (sample.value, type(sample.value), sample.quality) == (value, type(value), 0)
        assert not joined.quarantine()

    def test_every_value_of_a_burst_arrives(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        told = {clock(): float(number) for number in range(1, 151)}
        for at, value in told.items():
            peer.say(at, temperature=value)
        wait_until(lambda: told.keys() <= {one.source_time for one in joined.good("press-1/temperature")}, "150 values arrive")
        assert {one.source_time: one.value for one in joined.good("press-1/temperature") if one.source_time in told} == told

    def test_nothing_is_lost_while_the_recorder_is_away(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        peer.say(clock(), temperature=1.0)
        wait_until(lambda: 1.0 in joined.values("press-1/temperature"), "the first value arrives")
        joined.stop()
        told = {clock(): float(number) for number in range(100, 160)}
        for at, value in told.items():
            peer.say(at, temperature=value)
        joined.start()
        wait_until(
            lambda: told.keys() <= {one.source_time for one in joined.good("press-1/temperature")}, "the missed values arrive"
        )

    def test_nothing_is_lost_while_the_machine_is_cut_off(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        peer.say(clock(), temperature=1.0)
        wait_until(lambda: 1.0 in joined.values("press-1/temperature"), "the first value arrives")
        peer.unplug()
        told = {clock(): float(number) for number in range(200, 240)}
        for at, value in told.items():
            peer.say(at, temperature=value)
        peer.plug()
        wait_until(
            lambda: told.keys() <= {one.source_time for one in joined.good("press-1/temperature")}, "the missed values arrive"
        )

    def test_nothing_is_lost_when_the_message_server_is_killed(
        self, joined: Recorder, peer: Peer, clock: Clock, server: MessageServer
    ) -> None:
        peer.say(clock(), temperature=1.0)
        wait_until(lambda: 1.0 in joined.values("press-1/temperature"), "the first value arrives")
        server.kill()
        told = {clock(): float(number) for number in range(300, 320)}
        for at, value in told.items():
            peer.say(at, temperature=value)
        server.start()
        if peer.connection.protocol == "http":
            wait_until(lambda: peer.plug() or not peer.kept, "the customer's gateway has tried again")  # type: ignore[attr-defined]
        wait_until(lambda: told.keys() <= {one.source_time for one in joined.good("press-1/temperature")}, "the values arrive")

    def test_a_machine_that_is_lost_looks_stale_until_it_is_back(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        peer.say(clock(), temperature=42.0)
        wait_until(lambda: 42.0 in joined.values("press-1/temperature"), "the value arrives")
        if peer.connection.protocol in ("mqtt", "http"):
            return  # they have no death: only their silence is seen
        peer.unplug()
        wait_until(lambda: _is_stale(joined), "the value goes stale")
        stale = joined.last("press-1/temperature")
        assert stale is not None
        assert stale.value == 42.0, "what it said last stays visible"
        wait_until(lambda: joined.status("press-1") == "lost", "people are told")
        peer.plug()
        wait_until(lambda: not _is_stale(joined), "the same value is valid again")
        again = joined.last("press-1/temperature")
        assert again is not None
        assert (again.value, again.quality) == (42.0, 0)
        wait_until(lambda: joined.status("press-1") == "connected", "people are told")

    def test_a_value_of_the_wrong_type_is_kept_out_and_shown(self, joined: Recorder, peer: Peer, clock: Clock) -> None:
        if not peer.notices_wrong_types:
            return  # a protocol that has only numbers
        at = clock()
        peer.say(at, temperature="hot", count=5)
        wait_until(lambda: any("text" in fault for fault in joined.quarantine()), "the fault is in the quarantine")
        wait_until(lambda: 5 in joined.values("press-1/count"), "its neighbour arrives")
        peer.say(clock(), temperature=3.5)
        wait_until(lambda: 3.5 in joined.values("press-1/temperature"), "the next value arrives")

    def test_writes_reach_the_machine_with_the_request_last(self, joined: Recorder, peer: Peer) -> None:
        if not peer.takes_writes:
            with pytest.raises(Conflict, match="only sends"):
                joined.writer.write("demo", "press-1", {"request": 7, "speed": 2.5})
            return
        joined.writer.write("demo", "press-1", {"request": 7, "speed": 2.5})
        wait_until(peer.written, "the write arrives")
        assert [(dict(write), list(write)) for write in peer.written()] == [
            ({"speed": 2.5, "request": 7}, ["speed", "request"])
        ]

    def test_wrong_writes_are_refused_with_a_reason(self, joined: Recorder, peer: Peer) -> None:
        writer = joined.writer
        with pytest.raises(NotFound, match="press-1/nothing"):
            writer.write("demo", "press-1", {"nothing": 1})
        with pytest.raises(Forbidden, match="press-1/temperature"):
            writer.write("demo", "press-1", {"temperature": 1.0})
        with pytest.raises(Invalid, match="press-1/speed"):
            writer.write("demo", "press-1", {"speed": "fast"})
        with pytest.raises(NotFound):
            writer.write("other", "press-1", {"speed": 1.0})
        if peer.takes_writes:
            with pytest.raises(Invalid, match="press-1"):
                writer.write("demo", "press-1", {"request": -1})
        assert peer.written() == []

    def test_writing_to_a_machine_that_is_away_is_said_at_once(self, joined: Recorder, peer: Peer) -> None:
        if not peer.takes_writes:
            return  # refused for good, see above
        peer.unplug()
        wait_until(lambda: joined.status("press-1") == "lost", "the loss is noticed")
        started = time.monotonic()
        with pytest.raises(Unavailable, match="press-1"):
            joined.writer.write("demo", "press-1", {"speed": 1.0})
        assert time.monotonic() - started < 5

    def test_what_the_machine_offers_can_be_browsed(self, joined: Recorder, peer: Peer) -> None:
        nodes = {node.address: node for node in joined.writer.browse("demo", "press-1")}
        if peer.can_be_browsed:
            assert {tag.address for tag in peer.tags} <= nodes.keys()
            speed = next(tag for tag in peer.tags if tag.name == "speed")
            assert nodes[speed.address].data_type == speed.data_type
            assert nodes[speed.address].writable


def _is_stale(recorder: Recorder) -> bool:
    last = recorder.last("press-1/temperature")
    return last is not None and last.quality == STALE
