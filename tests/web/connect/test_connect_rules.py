"""Proposals for a new machine's values, and what is found in the quarantine."""

from datetime import UTC, datetime

import pytest

from lotone.assets import DataType, Meaning, Tag
from lotone.connect import Connection, Node, Quarantined
from lotone.kernel import Words
from lotone.web.connect.adding import NewTag, WrongMachine, machine_id, offers, tag_name, tags_from_form
from lotone.web.connect.doors import tidy_address
from lotone.web.connect.heard import heard_by, machines_heard, value_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Press/Oil temp.", "press_oil_temp"),
        ("oilTemperature", "oil_temperature"),
        ("2nd axis", "v_2nd_axis"),
        ("温度", "value"),
        ("x" * 200, "x" * 63),
    ],
)
def test_names_of_tags_from_whatever_machines_call_them(text: str, name: str) -> None:
    assert tag_name(text) == name


def test_names_and_ids_are_told_apart() -> None:
    assert tag_name("Speed", {"speed", "speed_2"}) == "speed_3"
    assert tag_name("x" * 63, {"x" * 63}) == "x" * 61 + "_2"
    assert machine_id("Press 7 (hall B)") == "press-7-hall-b"
    assert machine_id("Press", {"press"}) == "press-2"
    assert machine_id("压机") == "machine"
    assert len(machine_id("long " * 30, {machine_id("long " * 30)})) <= 39


def test_offers_drop_the_shared_path_and_propose_units_and_meanings() -> None:
    nodes = [
        Node("ns=1;s=t", "Press/Temperature", DataType.NUMBER, True, 20.5),
        Node("ns=1;s=v", "Press/Speed", DataType.NUMBER, True),
        Node("ns=1;s=state", "Press/State", DataType.INTEGER),
        Node("ns=1;s=x", "Press/Curve", None),
        Node("i=32852", "Aliases/LastChange", DataType.INTEGER),
    ]
    found = {offer.name: offer for offer in offers(nodes)}
    assert set(found) == {"temperature", "speed", "state", "curve"}, "the server's own nodes are not the machine's"
    assert (found["temperature"].unit, found["temperature"].meaning) == ("°C", Meaning.SENSOR)
    assert found["speed"].meaning is Meaning.PARAMETER
    assert found["state"].meaning is Meaning.STATE
    assert not found["curve"].is_possible


def test_offers_know_what_is_recorded_already() -> None:
    tag = Tag(1, "press", "oil", Words("Oil"), DataType.NUMBER, Meaning.SENSOR, "°C", connection="press", address="a")
    known, new = offers([Node("a", "Oil", DataType.NUMBER), Node("b", "oil", DataType.NUMBER)], [tag])
    assert (known.name, known.is_taken) == ("oil", True)
    assert (new.name, new.is_taken) == ("oil_2", False)


def test_ticked_rows_of_a_form_become_tags() -> None:
    form = {
        "take-a": "on", "address-a": "ns=1;s=t", "label-a": "Press/Oil temperature", "name-a": "oil_temperature",
        "type-a": "number", "unit-a": "°C", "meaning-a": "sensor",
        "address-b": "not ticked", "type-b": "number",
    }  # fmt: skip
    (tag,) = tags_from_form(form)
    assert tag == NewTag(
        "ns=1;s=t", "oil_temperature", DataType.NUMBER, Meaning.SENSOR, "°C", writable=False, words=Words("Oil temperature")
    )
    with pytest.raises(WrongMachine) as fault:
        tags_from_form({"take-a": "on", "address-a": "x", "type-a": "matrix"})
    assert fault.value.where == "type-a"


@pytest.mark.parametrize(
    ("protocol", "typed", "address"),
    [
        ("opcua", "10.0.0.5", "opc.tcp://10.0.0.5:4840"),
        ("opcua", "opc.tcp://press:48555/a", "opc.tcp://press:48555/a"),
        ("opcua", "press/a", "opc.tcp://press:4840/a"),
        ("opcua", "[::1]", "opc.tcp://[::1]:4840"),
        ("modbus", "10.0.0.5/3", "modbus://10.0.0.5:502/3"),
        ("s7", "10.0.0.5/0/2", "s7://10.0.0.5:102/0/2"),
        ("mqtt", " telemetry/demo/x ", "telemetry/demo/x"),
        ("opcua", "", ""),
    ],
)
def test_addresses_are_completed(protocol: str, typed: str, address: str) -> None:
    assert tidy_address(protocol, typed) == address


def refused(subject: str, reason: str, payload: str) -> Quarantined:
    return Quarantined(subject, subject, Words(reason), payload, "text", len(payload), NOON, NOON, 1)


def test_what_nobody_takes_is_offered() -> None:
    found = [
        refused("telemetry/demo/press/oil", "there is no tag press/oil: add it", '{"value": 41.5}'),
        refused("telemetry/demo/press/on", "there is no tag press/on: add it", "true"),
        refused("telemetry/demo/press/bad", "the payload is empty", ""),
        refused("telemetry/demo/saw/speed", "there is no tag saw/speed: add it", '{"values": {"speed": 7}}'),
        refused("logger x", "the connection has no tag with this address: add it", '{"t": 1, "r": [["x", null, "up", 0, 0]]}'),
    ]
    mqtt = Connection("press", "mqtt", "telemetry/demo/press")
    nodes = heard_by(mqtt, "demo", found, ())
    assert [(node.address, node.value, node.data_type) for node in nodes] == [
        ("oil", 41.5, DataType.NUMBER),
        ("on", True, DataType.BOOLEAN),
    ]
    (pushed,) = heard_by(Connection("logger", "http", ""), "demo", found, ())
    assert (pushed.address, pushed.value, pushed.data_type) == ("x", "up", DataType.TEXT)
    assert value_in(found[3], "speed") == 7
    assert machines_heard("demo", found) == ["press", "saw"]
    assert machines_heard("other", found) == []
