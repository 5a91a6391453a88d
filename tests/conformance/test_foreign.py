"""Machines that nobody here wrote: mosquitto_pub, Eclipse Tahu's Sparkplug client, node-opcua."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from conformance.bench import PASSWORDS, MessageServer, Recorder, free_port, tag, wait_until
from conformance.foreign import FOLDER, Script, install
from conformance.peers import OpcUaPeer
from lotone.assets import DataType, Meaning, microseconds
from lotone.connect import Connection

pytestmark = pytest.mark.journey


@pytest.fixture(scope="session")
def npm_packages() -> None:
    install()


@pytest.fixture
def scripts() -> Iterator[list[Script]]:
    started: list[Script] = []
    yield started
    for script in started:
        script.end()


def mosquitto_pub(server: MessageServer, topic: str, payload: str, *more: str, user: str = "demo") -> None:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(server.config.mqtt_port), "-u", user, "-P", PASSWORDS[user]]
    subprocess.run(
        [*command, "-i", f"pub-{user}", "-t", topic, "-m", payload, *more], check=True, timeout=20, capture_output=True
    )


def test_mosquitto_pub_is_recorded_with_either_quality_of_service(recorder: Recorder, server: MessageServer) -> None:
    recorder.add(
        Connection("rig", "mqtt", "rig"),
        tag("rig/pressure", "rig"),
        tag("rig/ok", "rig", data_type=DataType.BOOLEAN),
        tag("rig/label", "rig", data_type=DataType.TEXT),
        tag("rig/pieces", "rig", data_type=DataType.INTEGER),
    )
    mosquitto_pub(server, "telemetry/demo/rig/pressure", "1.25", "-q", "0")
    mosquitto_pub(server, "telemetry/demo/rig/ok", "true", "-q", "1")
    mosquitto_pub(server, "telemetry/demo/rig/label", "lot 7", "-q", "1")
    mosquitto_pub(server, "telemetry/demo/rig/pieces", '{"value": 12, "time": "2026-03-02T07:00:00Z"}', "-q", "1")
    wait_until(lambda: recorder.values("rig/pieces"), "the last value")
    found = [recorder.values(f"rig/{name}") for name in ("pressure", "ok", "label", "pieces")]
    assert found == [[1.25], [True], ["lot 7"], [12]]
    assert recorder.of("rig/pieces")[0].source_time == microseconds(datetime(2026, 3, 2, 7, tzinfo=UTC))
    assert recorder.status("rig") == "connected"


def test_one_organization_cannot_speak_for_another(recorder: Recorder, server: MessageServer) -> None:
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/pressure", "rig"))
    mosquitto_pub(server, "telemetry/demo/rig/pressure", "666", "-q", "1", user="other")
    mosquitto_pub(server, "spBv1.0/demo/DCMD/rig/machine", "666", "-q", "1")
    mosquitto_pub(server, "telemetry/demo/rig/pressure", "1", "-q", "1")
    wait_until(lambda: recorder.values("rig/pressure"), "the own value")
    assert recorder.values("rig/pressure") == [1.0]
    assert server.log.count("Publish Violation") == 2


def test_the_sparkplug_client_of_tahu_is_recorded_and_commanded(
    recorder: Recorder, server: MessageServer, npm_packages: None, scripts: list[Script]
) -> None:
    names = {
        "temperature": DataType.NUMBER,
        "offset": DataType.INTEGER,
        "total": DataType.INTEGER,
        "ready": DataType.BOOLEAN,
        "recipe": DataType.TEXT,
        "speed": DataType.NUMBER,
        "request": DataType.INTEGER,
    }
    recorder.add(
        Connection("foreign", "sparkplug", "spBv1.0/demo/Foreign.1/machine"),
        *[
            tag(
                f"foreign/{name}", "foreign", f"machine/{name}", data_type=kind, writable=name in ("speed", "request"),
                meaning=Meaning.REQUEST if name == "request" else Meaning.SENSOR,
            )
            for name, kind in names.items()
        ],
    )  # fmt: skip
    edge = Script("sparkplug_edge.js", server.config.mqtt_port, "demo", PASSWORDS["demo"], "demo", "Foreign.1")
    scripts.append(edge)
    edge.wait("born")
    wait_until(lambda: recorder.status("foreign") == "connected", "the birth is understood")
    edge.tell("go")
    edge.wait("sent")
    wait_until(lambda: len(recorder.values("foreign/temperature")) == 11, "birth and ten values")
    assert recorder.values("foreign/temperature") == [20.5, *[100.0 + number for number in range(1, 11)]]
    births = [recorder.values(f"foreign/{name}")[0] for name in names]
    assert births == [20.5, -3, -5_000_000_000, True, "blue", 1.5, 0]
    recorder.writer.write("demo", "foreign", {"request": 4_000_000_000, "speed": 2.5})
    assert edge.wait("command") | {"event": ""} == {
        "event": "", "device": "machine", "values": [["speed", 2.5], ["request", 4_000_000_000]],
    }  # fmt: skip
    edge.kill()
    wait_until(lambda: recorder.status("foreign") == "lost", "its will is heard", 30)
    assert not recorder.quarantine()


def test_a_server_of_node_opcua_is_added_read_and_written(
    recorder: Recorder, npm_packages: None, scripts: list[Script]
) -> None:
    port = free_port()
    press = Script("opcua_server.js", port)
    scripts.append(press)
    address = press.wait("ready", 90)["endpoint"]
    found = recorder.writer.probe("demo", "opcua", address, {})
    offered = {node.name: node for node in found.nodes}
    temperature, speed, request = offered["Press/Temperature"], offered["Press/Speed"], offered["Press/Request"]
    assert (temperature.data_type, speed.writable, request.data_type) == (DataType.NUMBER, True, DataType.INTEGER)

    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    moments = [start + timedelta(seconds=number) for number in range(60)]
    for number, moment in enumerate(moments[:30]):
        press.tell(json.dumps({"value": float(number), "time": moment.isoformat()}))
    recorder.add(
        Connection("press", "opcua", address),
        tag("press/temperature", "press", temperature.address),
        tag("press/speed", "press", speed.address, writable=True),
        tag("press/request", "press", request.address, data_type=DataType.INTEGER, meaning=Meaning.REQUEST, writable=True),
    )
    wait_until(lambda: recorder.status("press") == "connected", "connected", 30)
    for number, moment in enumerate(moments[30:], start=30):
        press.tell(json.dumps({"value": float(number), "time": moment.isoformat()}))
    wanted = {microseconds(moment) for moment in moments}
    wait_until(
        lambda: wanted <= {one.source_time for one in recorder.good("press/temperature")}, "history and live values", 30
    )
    recorder.writer.write("demo", "press", {"request": 9, "speed": 3.5})
    assert [press.wait("written")["value"] for _ in range(2)] == [3.5, 9]


def test_node_opcua_reads_a_server_like_those_of_our_machines(npm_packages: None, server: MessageServer) -> None:
    """The script that the platform's own tests use against machines, tried on the suite's server."""
    peer = OpcUaPeer(server)
    try:
        peer.plug()
        peer.say(microseconds(datetime(2026, 3, 2, 7, tzinfo=UTC)), temperature=36.6)
        command = ["node", str(FOLDER / "opcua_client.js"), peer.connection.address, "ns=2;s=temperature"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        line = next(line for line in done.stdout.splitlines() if line.startswith('{"event"'))
        given = json.loads(line)["values"]["ns=2;s=temperature"]
        assert (given["status"], given["value"], given["time"]) == ("Good", 36.6, "2026-03-02T07:00:00.000Z")
    finally:
        peer.close()
