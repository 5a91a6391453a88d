"""Trying an S7 controller, values that are polled from it, and faults that say what to do."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.bench import NOWHERE, Recorder, tag, wait_until
from conformance.peers import S7Peer
from lotone.assets import DataType, Meaning
from lotone.connect import NotConnected, probe
from lotone.connect.store import Store

pytestmark = pytest.mark.journey


@pytest.fixture
def controller() -> Iterator[S7Peer]:
    peer = S7Peer()
    peer.plug()
    yield peer
    peer.close()


async def test_a_closed_port_and_a_wrong_slot_are_told_apart(controller: S7Peer) -> None:
    address = controller.connection.address
    found = await probe("s7", address, {}, organization="demo", files=NOWHERE)
    assert "S7 controller" in found.words.en
    controller.unplug()
    with pytest.raises(NotConnected, match="nothing answers"):
        await probe("s7", address, {}, organization="demo", files=NOWHERE)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", controller.port):
        with pytest.raises(NotConnected, match="no CPU for us in rack 0, slot 5"):
            await probe("s7", address.replace("/0/1", "/0/5"), {}, organization="demo", files=NOWHERE)


def test_polled_values_of_several_areas_arrive_and_texts_are_written(recorder: Recorder, controller: S7Peer) -> None:
    controller.process[40:46] = b"\x0a\x04blau"
    controller.memory[10:12] = b"\x01\x02"
    connection = replace(controller.connection, settings={"poll_ms": 50})
    recorder.add(
        connection,
        tag(
            "press-1/recipe",
            "press-1",
            "DB1.DBB40:STRING[10]",
            data_type=DataType.TEXT,
            meaning=Meaning.PARAMETER,
            writable=True,
        ),
        tag("press-1/level", "press-1", "MW10", data_type=DataType.INTEGER, meaning=Meaning.SENSOR, writable=False),
    )
    wait_until(lambda: recorder.values("press-1/recipe") == ["blau"], "the text")
    wait_until(lambda: recorder.values("press-1/level") == [258], "the memory word")
    recorder.writer.write("demo", "press-1", {"recipe": "rot"})
    wait_until(lambda: recorder.values("press-1/recipe") == ["blau", "rot"], "the text that was written")
    assert controller.process[40:47] == b"\x0a\x03rot\0\0", "the whole text is written, and nothing of the one before is left"


def test_a_block_that_is_not_there_is_named(recorder: Recorder, controller: S7Peer) -> None:
    connection = replace(controller.connection, settings={"poll_ms": 50})
    level = tag("press-1/level", "press-1", "DB7.DBW0", data_type=DataType.INTEGER, meaning=Meaning.SENSOR, writable=False)
    recorder.add(connection, level)
    wait_until(lambda: recorder.status("press-1") == "lost", "people are told")
    with recorder.database.look() as transaction:
        words = Store(transaction, "demo").states()["press-1"].words.en
    assert "refuses to read DB7" in words
    assert "optimized access" in words


def test_a_bit_is_written_alone(recorder: Recorder, controller: S7Peer) -> None:
    """The server keeps bits as bytes, so what is looked at is the request: one bit, at bit 67 of DB1, is true."""
    connection = replace(controller.connection, settings={"poll_ms": 50})
    valve = tag("press-1/valve", "press-1", "DB1.DBX8.3", data_type=DataType.BOOLEAN, meaning=Meaning.PARAMETER, writable=True)
    recorder.add(connection, valve)
    wait_until(lambda: recorder.status("press-1") == "connected", "the connection is up")
    recorder.writer.write("demo", "press-1", {"valve": True})
    assert controller.server is not None
    told = bytes.fromhex("05 01 12 0a 10 01 00 01 00 01 84 00 00 43 00 03 00 01 01")
    assert any(request.endswith(told) for request in controller.server.requests)
