"""Replay: any CSV file of a time column and value columns as plain MQTT telemetry, at a chosen speed."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from lotone.demo.machines.model import Broker
from lotone.demo.machines.recording import CsvRecording, RecordingFault, Row
from lotone.kernel import Clock, Invalid, Unavailable, new_id, wall_clock

Publish = Callable[[str, bytes], None]
Say = Callable[[str], None]

FAULTS_SAID = 10
"""So many faults are said one by one; all are counted."""
PROGRESS_S = 1.0
WINDOW = 1_000
"""So many messages may wait for their acknowledgement before the next one is published."""
CONNECT_S = 10.0
ANSWER_S = 30.0
_PREFIX = re.compile(r"^(?P<asset>[a-z][a-z0-9-]{0,38})(/(?P<tag>[a-z0-9-]*))?$")


@dataclass(frozen=True)
class Replay:
    """What is replayed and how. `tag_prefix` is an asset (`leak-1`), or an asset and the first part of the tags' names
    (`leak-1/pump-`). Samples carry the file's times, or with `times="now"` the time at which each row is published."""

    path: Path
    tag_prefix: str
    speed: float = 1.0
    time_column: str = ""
    delimiter: str = ""
    loop: bool = False
    times: str = "original"

    def __post_init__(self) -> None:
        if not _PREFIX.match(self.tag_prefix):
            raise Invalid(f"{self.tag_prefix!r} is no asset such as leak-1 (or leak-1/pump-)", where="tag-prefix")
        if not 0 < self.speed < 1e9:
            raise Invalid(
                f"{self.speed:g} is no speed: 1 is as fast as it was recorded, 10 is ten times faster", where="speed"
            )
        if self.times not in ("original", "now"):
            raise Invalid(f"{self.times!r} is neither original nor now", where="times")

    @property
    def asset(self) -> str:
        return self.tag_prefix.partition("/")[0]

    @property
    def tag_start(self) -> str:
        return self.tag_prefix.partition("/")[2]


@dataclass
class Report:
    """What came of it. `faults` are sentences that begin with file and line; rows and values left out are all counted."""

    rows: int = 0
    values: int = 0
    rounds: int = 0
    bad_rows: int = 0
    bad_values: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        left_out = f"; left out: {self.bad_rows} rows, {self.bad_values} values" if self.bad_rows or self.bad_values else ""
        return f"{self.rows} rows, {self.values} values published{left_out}"


def replay_over_mqtt(
    wanted: Replay, broker: Broker, *, clock: Clock = wall_clock, say: Say = print, stop: threading.Event | None = None
) -> Report:
    """Replay a file to an MQTT server; returns when all of it was acknowledged. Raises Invalid and Unavailable."""
    source = open_recording(wanted)
    sender = Sender(broker)
    try:
        report = replay(
            wanted, sender.publish, source=source, topic_start=f"telemetry/{broker.group}", clock=clock, say=say, stop=stop
        )
        sender.finish()
    finally:
        sender.close()
    return report


def open_recording(wanted: Replay) -> CsvRecording:
    """Raises Invalid with file and line."""
    try:
        return CsvRecording(wanted.path, wanted.time_column, wanted.delimiter)
    except RecordingFault as fault:
        raise Invalid(str(fault)) from fault


def replay(
    wanted: Replay,
    publish: Publish,
    *,
    source: CsvRecording,
    topic_start: str,
    clock: Clock = wall_clock,
    say: Say = print,
    stop: threading.Event | None = None,
) -> Report:
    """Publish the file's rows at their pace, each as one message to `<topic_start>/<asset>`."""
    stop = stop or threading.Event()
    report = Report(faults=source.faults)
    rows_in_file = max(_lines(wanted.path) - 1, 1)
    progress = _Progress(say, rows_in_file)
    tags = [wanted.tag_start + tag for tag in source.tags.values()]
    say(f"{wanted.path}: about {rows_in_file} rows for {wanted.asset}, {len(tags)} tags: {', '.join(tags)}")
    for shift, row in _rounds(wanted, source, report, stop):
        message = {
            "time": (clock() if wanted.times == "now" else row.time + shift).isoformat(),
            "values": {wanted.tag_start + tag: value for tag, value in row.values.items()},
        }
        publish(f"{topic_start}/{wanted.asset}", json.dumps(message, ensure_ascii=False).encode())
        report.rows += 1
        report.values += len(row.values)
        report.bad_rows, report.bad_values = source.bad_rows, source.bad_values
        progress.at(row, report)
    report.bad_rows, report.bad_values = source.bad_rows, source.bad_values
    if not report.rows and not stop.is_set():
        raise Invalid(f"{wanted.path}: not one row could be published; {'; '.join(report.faults[:3])}")
    progress.end(report)
    return report


def _rounds(wanted: Replay, source: CsvRecording, report: Report, stop: threading.Event) -> Iterator[tuple[timedelta, Row]]:
    """Every row when its time has come, with what is added to its time: in a loop, time goes on."""
    shift = timedelta(0)
    again = CsvRecording(source.path, source.time_column, source.delimiter)
    while not stop.is_set():
        first: datetime | None = None
        newest = step = None
        began = time.monotonic()
        for row in (again if report.rounds else source).rows():  # faults are told in the first round only
            first = first or row.time
            step = row.time - newest if newest is not None and row.time > newest else step
            newest = row.time if newest is None else max(newest, row.time)
            due = began + (row.time - first).total_seconds() / wanted.speed
            if stop.wait(max(0.0, due - time.monotonic())):
                return
            yield shift, row
        report.rounds += 1
        if not wanted.loop or first is None or newest is None:
            return
        shift += newest - first + (step or timedelta(seconds=1))
        if stop.wait((step or timedelta(seconds=1)).total_seconds() / wanted.speed):
            return


class _Progress:
    """Says how far it is once a second, and every fault as it comes, up to a number of them."""

    def __init__(self, say: Say, rows_in_file: int) -> None:
        self.say = say
        self.rows_in_file = rows_in_file
        self.said_at = time.monotonic()
        self.faults_said = 0

    def at(self, row: Row, report: Report) -> None:
        self._say_faults(report)
        if time.monotonic() - self.said_at >= PROGRESS_S:
            self.said_at = time.monotonic()
            part = min(100 * row.line / (self.rows_in_file + 1), 100)
            self.say(f"{part:3.0f} % of round {report.rounds + 1}, at {row.time:%Y-%m-%d %H:%M:%S}: {report}")

    def end(self, report: Report) -> None:
        self._say_faults(report)
        more = report.bad_rows + report.bad_values - self.faults_said
        if more > 0:
            self.say(f"and {more} more faults")
        self.say(f"done: {report}")

    def _say_faults(self, report: Report) -> None:
        for fault in report.faults[self.faults_said : FAULTS_SAID]:
            self.say(fault)
            self.faults_said += 1


class Sender:
    """Publishes with QoS 1 and waits when too much is unacknowledged. After a lost connection it goes on by itself."""

    def __init__(self, broker: Broker) -> None:
        self.where = f"{broker.host}:{broker.port}"
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=new_id("replay"))
        self.client.username_pw_set(broker.user, broker.password)
        self.client.max_queued_messages_set(0)
        self.client.max_inflight_messages_set(WINDOW)
        self.client.reconnect_delay_set(1, 2)
        self._connected = threading.Event()
        self._refused = ""
        self._free = threading.Condition()
        self._waiting = 0
        self.client.on_connect = self._on_connect
        self.client.on_publish = self._on_publish
        self._connect(broker)

    def publish(self, topic: str, payload: bytes) -> None:
        """Raises Unavailable when nothing was acknowledged for long."""
        with self._free:
            if not self._free.wait_for(lambda: self._waiting < WINDOW, timeout=ANSWER_S):
                raise Unavailable(f"the MQTT server at {self.where} has acknowledged nothing for {ANSWER_S:g} s")
            self._waiting += 1
        self.client.publish(topic, payload, qos=1)

    def finish(self) -> None:
        """Wait until all is acknowledged. Raises Unavailable."""
        with self._free:
            if not self._free.wait_for(lambda: self._waiting == 0, timeout=ANSWER_S):
                raise Unavailable(f"the MQTT server at {self.where} has not acknowledged the last {self._waiting} rows")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _connect(self, broker: Broker) -> None:
        try:
            self.client.connect(broker.host, broker.port, keepalive=20)
        except OSError as fault:
            raise Unavailable(f"the MQTT server at {self.where} can't be reached: {fault}") from fault
        self.client.loop_start()
        if not self._connected.wait(CONNECT_S) or self._refused:
            self.close()
            raise Unavailable(f"the MQTT server at {self.where} lets us not in: {self._refused or 'no answer'}")

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        self._connected.set()

    def _on_publish(self, _client: Client, _data: Any, _mid: int, _reason: Any, _properties: Any) -> None:
        with self._free:
            self._waiting -= 1
            self._free.notify_all()


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
