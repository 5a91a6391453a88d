"""The client of foreign brokers against mosquitto: TLS, log-in, versions, a forgotten session, trying an address."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.bench import NOWHERE, Recorder, free_port, tag, wait_until
from conformance.peers.broker import Mosquitto
from lotone.connect import Connection, NotConnected, probe

pytestmark = pytest.mark.journey
Start = Callable[..., Mosquitto]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Mosquitto] = []

    def begin(*lines: str) -> Mosquitto:
        started.append(Mosquitto(*lines))
        return started[-1]

    yield begin
    for broker in started:
        broker.close()


def publish(broker: Mosquitto, topic: str, payload: str, *more: str) -> None:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", topic, "-m", payload, *more]
    subprocess.run(command, check=True, timeout=20, capture_output=True)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed but itself, and its key."""
    made, key = folder / "broker.crt", folder / "broker.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    key.chmod(0o644)  # the broker gives up its rights before it reads the key
    return made, key


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_is_published_is_offered_as_the_mapping_reads_it(start: Start, version: str) -> None:
    broker = start()
    publish(broker, "hall/press/state", '{"t": 1, "v": {"temp": 21.5, "on": true}}', "-r")
    address = f"mqtt://127.0.0.1:{broker.port}"
    found = await probe("mqtt_client", address, {"version": version, "topics": "hall/#"}, organization="demo", files=NOWHERE)
    assert "hall/press/state" in found.words.en
    assert {node.address: node.value for node in found.nodes} == {
        "hall/press/state#t": 1,
        "hall/press/state#v.temp": 21.5,
        "hall/press/state#v.on": True,
    }
    mapped = {"version": version, "topics": "hall/{machine}/+", "value": "$.v.temp"}
    found = await probe("mqtt_client", address, mapped, organization="demo", files=NOWHERE)
    assert found.nodes[0].address == "press"
    assert found.nodes[0].value == 21.5


async def test_a_fault_says_what_to_do(start: Start, tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    tls_port, users = free_port(), tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "me", "right"], check=True, capture_output=True)
    users.chmod(0o644)
    broker = start(f"password_file {users}", f"listener {tls_port} 127.0.0.1", f"certfile {made}", f"keyfile {key}")
    cases = {
        (f"mqtt://127.0.0.1:{free_port()}", ""): "nothing answers",
        (f"mqtts://127.0.0.1:{broker.port}", ""): "mqtt://",
        (f"mqtts://127.0.0.1:{tls_port}", ""): "certificate .* is not trusted",
        (f"mqtt://127.0.0.1:{broker.port}", "wrong"): "check the user and the password",
    }
    for (address, password), words in cases.items():
        settings = {"user": "me", "password": password} if password else {}
        with pytest.raises(NotConnected, match=words):
            await probe("mqtt_client", address, settings, organization="demo", files=NOWHERE)
    publish(broker, "hall/a", "1", "-r", "-u", "me", "-P", "right")
    trusted = {"ca": made.read_text(), "user": "me", "password": "right"}
    found = await probe("mqtt_client", f"mqtts://127.0.0.1:{tls_port}", trusted, organization="demo", files=NOWHERE)
    assert [(node.address, node.value) for node in found.nodes] == [("hall/a", 1)]


def test_a_broker_that_forgot_us_is_noted_as_a_gap(recorder: Recorder, start: Start) -> None:
    broker = start()
    connection = Connection("hall", "mqtt_client", f"mqtt://127.0.0.1:{broker.port}")
    recorder.add(connection, tag("hall/a", "hall", "plant/a"), tag("hall/b", "hall", "plant/b#x"))
    wait_until(lambda: recorder.status("hall") == "connected", "the connection is up")
    publish(broker, "plant/a", "1.5")
    publish(broker, "plant/b", '{"x": 2.5}')
    publish(broker, "plant/b", "\x01")
    wait_until(lambda: recorder.values("hall/a") == [1.5] and recorder.values("hall/b") == [2.5], "both values")
    assert {node.address for node in recorder.writer.browse("demo", "hall")} >= {"plant/a", "plant/b#x"}
    broker.restart()
    wait_until(lambda: any("forgot our session" in fault for fault in recorder.quarantine()), "the gap is noted")
    publish(broker, "plant/a", "3.5")
    wait_until(lambda: 3.5 in recorder.values("hall/a"), "it goes on")
