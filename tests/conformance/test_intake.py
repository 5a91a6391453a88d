"""The way from the message server into the record: nothing acknowledged is lost, whoever is killed; garbage harms nobody."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from nats.js.api import StreamInfo
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from conformance.bench import PASSWORDS, MessageServer, Recorder, tag, wait_until
from conformance.peers import OpcUaPeer, SparkplugPeer
from conformance.publishers import Publisher
from lotone.assets import Sample, Tag, microseconds
from lotone.connect import INGEST, Connection, NotTaken, Pusher, intake, reload
from lotone.connect.keeper import Keeper
from lotone.connect.streams import prepare_streams
from lotone.kernel import Database, Messages, Unavailable

pytestmark = pytest.mark.journey
START_MS = 1_772_000_000_000


def payload(number: int) -> bytes:
    return orjson.dumps({"value": number, "time": START_MS + number})


def publisher(server: MessageServer, number: int) -> Publisher:
    topic = f"telemetry/demo/rig/t{number}"
    return Publisher(server.config.mqtt_port, f"pub{number}", "demo", PASSWORDS["demo"], topic, payload)


@pytest.fixture
def messages(server: MessageServer) -> Iterator[Messages]:
    opened = server.messages()
    yield opened
    opened.close()


def paho(server: MessageServer, name: str) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id=name)
    client.username_pw_set("demo", PASSWORDS["demo"])
    client.connect("127.0.0.1", server.config.mqtt_port, keepalive=5)
    client.loop_start()
    wait_until(client.is_connected, f"{name} is connected")
    return client


def is_let_in(server: MessageServer, user: str) -> bool:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(server.config.mqtt_port), "-u", user, "-P", f"{user}-password"]
    done = subprocess.run([*command, "-q", "1", "-t", f"telemetry/{user}/a/b", "-m", "1"], capture_output=True, check=False)
    return done.returncode == 0


def stream_info(messages: Messages) -> StreamInfo:
    return messages.run(messages.client.jetstream().stream_info(INGEST))


class Killable:
    """A recorder process that is killed and started again."""

    def __init__(self, server: MessageServer, database_url: str, folder: Path) -> None:
        database = Database(database_url)
        database.create_tables()
        database.close()
        self.path = folder / "recorded.jsonl"
        script = Path(__file__).with_name("recorder_process.py")
        self.command = [sys.executable, str(script), server.config.url, database_url, str(self.path)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdin is not None
        self.process.stdin.close()

    def found(self) -> set[tuple[int, int, float]]:
        """What is in the file: tag number, source time, value. A last line that was cut off by the kill does not count."""
        rows: set[tuple[int, int, float]] = set()
        for line in self.path.read_bytes().splitlines() if self.path.exists() else []:
            try:
                rows |= {(number, at, value) for number, at, value in orjson.loads(line)}
            except orjson.JSONDecodeError:
                continue
        return rows


def test_killing_recorder_and_message_server_loses_nothing_acknowledged(
    server: MessageServer, database_url: str, tmp_path: Path
) -> None:
    recorder = Killable(server, database_url, tmp_path)
    recorder.start()
    publishers = [publisher(server, number) for number in range(1, 5)]
    for one in publishers:
        one.start()
    try:
        for round_number in range(3):
            time.sleep(1.2)
            recorder.kill()
            if round_number != 1:
                server.kill()
                time.sleep(0.3)
                server.start()
            recorder.start()
        time.sleep(1)
        for one in publishers:
            one.stop()
        wanted = {
            (number, (START_MS + count) * 1000, float(count))
            for number, one in enumerate(publishers, start=1)
            for count in range(1, one.acknowledged + 1)
        }
        assert len(wanted) > 1000
        deadline = time.monotonic() + 90
        while missing := wanted - recorder.found():
            assert time.monotonic() < deadline, f"{len(missing)} of {len(wanted)} are missing, such as {sorted(missing)[:3]}"
            time.sleep(0.5)
    finally:
        recorder.kill()


def test_what_the_message_server_lost_from_our_stream_is_put_back(server: MessageServer, messages: Messages) -> None:
    """As after a kill between its acknowledgement and our stream: the last messages are only in the server's own."""
    paho(server, "first").disconnect()
    keeper = Keeper(messages.client)
    messages.run(prepare_streams(messages.client))
    messages.run(keeper.mend())
    one = publisher(server, 1)
    one.start()
    one.finish(50)
    streams = messages.client.jetstream()
    wait_until(lambda: stream_info(messages).state.messages == 50, "all are in the stream")
    for sequence in (48, 49, 50):
        messages.run(streams.delete_msg(INGEST, sequence))
    assert messages.run(keeper.mend()) == 3
    found = [messages.run(streams.get_msg(INGEST, sequence)).data for sequence in (51, 52, 53)]
    assert found == [payload(48), payload(49), payload(50)]
    messages.run(Keeper(messages.client).mend())
    assert stream_info(messages).state.messages == 50, "mending again changes nothing"


def test_a_record_that_fails_is_repeated_and_nothing_is_acknowledged_meanwhile(
    recorder: Recorder, server: MessageServer
) -> None:
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/t1", "rig"))
    recorder.refuse_records = 4
    one = publisher(server, 1)
    one.start()
    one.finish(200)
    wait_until(lambda: len(recorder.values("rig/t1")) == 200, "all are recorded")
    assert recorder.values("rig/t1") == [float(number) for number in range(1, 201)]
    assert recorder.intake.counts.retries >= 4


def test_a_value_that_cannot_be_recorded_does_not_hold_up_the_others(
    recorder: Recorder, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/t1", "rig"))
    plain = recorder.intake.record

    def refuse_13(organization: str, samples: list[tuple[Tag, Sample]]) -> None:
        if any(sample.value == 13 for _tag, sample in samples):
            raise ValueError("thirteen")
        plain(organization, samples)

    monkeypatch.setattr(recorder.intake, "record", refuse_13)
    one = publisher(server, 1)
    one.start()
    one.finish(40)
    wait_until(lambda: len(set(recorder.values("rig/t1"))) == 39, "all others are recorded", 120)
    wait_until(lambda: any("thirteen" in fault for fault in recorder.quarantine()), "the one is shown")


def test_recorded_messages_leave_the_stream(
    recorder: Recorder, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "KEPT_S", 0.0)
    monkeypatch.setattr(intake, "PURGE_EVERY_S", 0.1)
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/t1", "rig"))
    one = publisher(server, 1)
    one.start()
    wait_until(lambda: stream_info(recorder.messages).state.first_seq > 100, "the stream is purged")
    one.stop()
    wait_until(lambda: len(set(recorder.values("rig/t1"))) == one.acknowledged, "nothing is lost by that")


def test_a_consumer_that_somebody_deleted_is_made_again(recorder: Recorder, server: MessageServer) -> None:
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/t1", "rig"))
    one = publisher(server, 1)
    one.start()
    wait_until(lambda: len(recorder.values("rig/t1")) > 50, "some are recorded")
    for _ in range(2):
        recorder.messages.run(recorder.messages.client.jetstream().delete_consumer(INGEST, "recorder"))
        time.sleep(0.5)
    one.stop()
    wait_until(lambda: len(set(recorder.values("rig/t1"))) == one.acknowledged, "all are recorded", 120)


def test_a_full_disk_is_heard_by_everybody(tmp_path: Path) -> None:
    server = MessageServer(tmp_path, store_bytes_max=3_000_000)
    server.start()
    messages = server.messages()
    try:
        messages.run(prepare_streams(messages.client))
        body = orjson.dumps({"values": {f"a{number}": "x" * 4000 for number in range(50)}})
        with pytest.raises(NotTaken, match="push it again"):
            for _ in range(100):
                Pusher(messages).push("demo", "press", body)
        one = publisher(server, 1)
        one.payload = lambda number: payload(number) + b" " * 20_000
        one.start()
        time.sleep(2)
        one.stop()
        assert one.acknowledged * 20_000 < 3_000_000, "MQTT publications are no longer acknowledged"
    finally:
        messages.close()
        server.stop()


def test_an_organization_that_is_added_can_connect_at_once(server: MessageServer) -> None:
    old = paho(server, "old")
    assert not is_let_in(server, "third")
    config = type(server.config)(**{**vars(server.config), "machines": {**PASSWORDS, "third": "third-password"}})
    config.write(server.folder)
    assert reload(server.folder)
    wait_until(lambda: "Reloaded" in server.log, "the server has read its configuration again")
    assert is_let_in(server, "third")
    assert old.is_connected()
    old.disconnect()
    old.loop_stop()


def test_edge_nodes_are_told_whether_we_are_there(server: MessageServer, recorder: Recorder) -> None:
    heard: list[dict[str, Any]] = []
    watcher = paho(server, "watcher")
    watcher.on_message = lambda _client, _data, message: heard.append(orjson.loads(message.payload))
    watcher.subscribe("spBv1.0/STATE/lotone", 1)
    wait_until(lambda: heard and heard[-1]["online"], "the birth, retained")
    host = recorder.gateway._state
    assert host is not None
    born = heard[-1]["timestamp"]
    assert abs(born / 1000 - time.time()) < 60
    host._client._sock_close()  # as if the process was killed
    wait_until(lambda: {"online": False, "timestamp": born} in heard, "the will, with the time of the birth")
    wait_until(lambda: heard[-1]["online"] and heard[-1]["timestamp"] > born, "the next birth")
    recorder.gateway.stop()
    wait_until(lambda: not heard[-1]["online"], "a clean farewell")
    watcher.disconnect()
    watcher.loop_stop()
    recorder.gateway.start()


def test_garbage_on_the_wire_is_shown_and_harms_nobody(recorder: Recorder, server: MessageServer) -> None:
    peer = SparkplugPeer(server)
    recorder.add(peer.connection, *peer.tags)
    recorder.add(Connection("rig", "mqtt", "rig"), tag("rig/t1", "rig"))
    client = paho(server, "vandal")
    client.publish("telemetry/demo/rig/t1", b"x" * 2_000_000, qos=1)
    client.publish("spBv1.0/demo/NBIRTH/press-1", b"\x89PNG\r\n\x1a\n\x00", qos=1)
    client.publish("spBv1.0/demo/DDATA/press-1/machine", bytes(range(256)), qos=1)
    client.publish("telemetry/demo/rig", b'{"values": {"t1": NaN}}', qos=1)
    client.publish("telemetry/demo/\u84dd/\u0007", b"\x00", qos=0)
    client.publish("telemetry/demo/rig/t1", b"1.5", qos=1)
    wait_until(lambda: recorder.values("rig/t1") == [1.5], "the good value between")
    for reason in ("longer than", "not Sparkplug B", "not JSON"):
        wait_until(lambda reason=reason: reason in " ".join(recorder.quarantine()), reason)
    client.disconnect()
    client.loop_stop()


def test_a_recorder_that_knows_nothing_asks_running_machines_to_announce_themselves(
    server: MessageServer, database_url: str, tmp_path: Path
) -> None:
    peer = SparkplugPeer(server)
    peer.plug()
    database = Database(database_url)
    database.create_tables()
    now = datetime.now(UTC)
    lost = Database(f"sqlite:///{tmp_path}/lost.sqlite3")
    lost.create_tables()
    first = Recorder(server, lost)
    wait_until(first.quarantine, "the births are heard by a recorder whose database is lost afterwards")
    first.stop()
    lost.close()
    recorder = Recorder(server, database)
    try:
        recorder.add(peer.connection, *peer.tags)
        wait_until(lambda: peer.births > 1, "it is asked")
        peer.say(microseconds(now) // 1000 * 1000 + 5000, temperature=7.5)
        wait_until(lambda: 7.5 in recorder.values("press-1/temperature"), "it is understood")
    finally:
        peer.unplug()
        recorder.stop()
        database.close()


def test_connections_that_come_change_and_go_are_noticed(recorder: Recorder, server: MessageServer) -> None:
    peer = OpcUaPeer(server)
    try:
        peer.plug()
        started = time.monotonic()
        recorder.add(peer.connection, *peer.tags)
        wait_until(lambda: recorder.status("press-1") == "connected", "it is connected")
        assert time.monotonic() - started < 10
        off = Connection(peer.connection.id, "opcua", peer.connection.address, enabled=False)
        recorder.add(off)
        wait_until(lambda: recorder.status("press-1") == "off", "it is off", 5)
        with pytest.raises(Unavailable, match="switched off"):
            recorder.writer.write("demo", "press-1", {"speed": 1.0})
        recorder.add(peer.connection)
        wait_until(lambda: recorder.status("press-1") == "connected", "it is on again", 10)
        recorder.looking().remove("press-1")
        wait_until(lambda: not recorder.gateway.seats, "its driver is gone", 5)
        assert recorder.status("press-1") == "unknown"
    finally:
        peer.close()


def test_pushes_with_a_key_count_once(recorder: Recorder) -> None:
    recorder.add(Connection("gate", "http", ""), tag("gate/t1", "gate", "t1"))
    pusher = Pusher(recorder.messages)
    for _ in range(3):
        assert pusher.push("demo", "gate", b'{"values": {"t1": 5}}', once="key-1") == 1
    pusher.push("demo", "gate", b'{"values": {"t1": 6}}')
    wait_until(lambda: 6.0 in recorder.values("gate/t1"), "the last value")
    assert recorder.values("gate/t1") == [5.0, 6.0]
