"""Replay: a CSV file as telemetry, at its pace, complete, with every fault said."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.api import StorageType

from lotone.demo.machines import Broker
from lotone.demo.replay import Replay, Report, open_recording, replay, replay_over_mqtt
from lotone.kernel import Invalid, Unavailable

GOOD = "datetime;Temperature;Flow\n" + "".join(f"2020-03-09 10:00:0{second};2{second}.5;3{second}\n" for second in range(4))


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "pump.csv"
        path.write_text(text)
        return path

    return write


def published(wanted: Replay, **more: Any) -> tuple[list[tuple[str, dict[str, Any]]], Report, list[str]]:
    sent: list[tuple[str, dict[str, Any]]] = []
    said: list[str] = []
    report = replay(
        wanted,
        lambda topic, payload: sent.append((topic, json.loads(payload))),
        source=open_recording(wanted),
        topic_start="telemetry/demo",
        say=said.append,
        **more,
    )
    return sent, report, said


def test_rows_become_telemetry_with_their_own_times(csv_file: Callable[[str], Path]) -> None:
    sent, report, said = published(Replay(csv_file(GOOD), "leak-1", speed=1e6))
    assert [topic for topic, _ in sent] == ["telemetry/demo/leak-1"] * 4
    assert sent[1][1] == {"time": "2020-03-09T10:00:01+00:00", "values": {"temperature": 21.5, "flow": 31.0}}
    assert (report.rows, report.values, report.rounds) == (4, 8, 1)
    assert "about 4 rows for leak-1, 2 tags: temperature, flow" in said[0]
    assert said[-1] == "done: 4 rows, 8 values published"


def test_times_can_be_those_of_publishing(csv_file: Callable[[str], Path]) -> None:
    now = datetime(2026, 3, 2, 7, tzinfo=UTC)
    sent, _, _ = published(Replay(csv_file(GOOD), "leak-1/pump-", speed=1e6, times="now"), clock=lambda: now)
    assert sent[0][1] == {"time": now.isoformat(), "values": {"pump-temperature": 20.5, "pump-flow": 30.0}}


def test_the_pace_is_the_files_times_speed(csv_file: Callable[[str], Path]) -> None:
    waits: list[float] = []

    class Watch(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    published(Replay(csv_file(GOOD), "leak-1", speed=10), stop=Watch())
    assert waits == pytest.approx([0.0, 0.1, 0.2, 0.3], abs=0.05), "nothing passes while we only note the waiting"


def test_in_a_loop_time_goes_on(csv_file: Callable[[str], Path]) -> None:
    stop = threading.Event()
    times: list[datetime] = []
    wanted = Replay(csv_file(GOOD + "broken\n"), "leak-1", speed=1e6, loop=True)

    def publish(_topic: str, payload: bytes) -> None:
        times.append(datetime.fromisoformat(json.loads(payload)["time"]))
        if len(times) == 10:
            stop.set()

    source = open_recording(wanted)
    report = replay(wanted, publish, source=source, topic_start="telemetry/demo", say=lambda _: None, stop=stop)
    assert times == [times[0] + timedelta(seconds=second) for second in range(10)]
    assert (report.rows, report.rounds, report.bad_rows) == (10, 2, 1), "a fault of the file is one fault, not one a round"


def test_faults_are_said_and_counted(csv_file: Callable[[str], Path]) -> None:
    path = csv_file(GOOD + "never;1;2\n" * 30)
    _, report, said = published(Replay(path, "leak-1", speed=1e6))
    assert (report.rows, report.bad_rows) == (4, 30)
    assert f"{path}:6: 'never' is no time" in said
    assert "and 20 more faults" in said
    assert said[-1] == "done: 4 rows, 8 values published; left out: 30 rows, 0 values"


def test_a_file_without_one_good_row_is_refused(csv_file: Callable[[str], Path]) -> None:
    with pytest.raises(Invalid, match=r"not one row could be published; .*:2: 'x' is no time"):
        published(Replay(csv_file("time,a\nx,1\n"), "leak-1", speed=1e6))
    with pytest.raises(Invalid, match=r"pump\.csv:1: there is no header"):
        published(Replay(csv_file(""), "leak-1", speed=1e6))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"tag_prefix": "Leak 1"}, "tag-prefix"),
        ({"tag_prefix": "leak/+/x"}, "tag-prefix"),
        ({"speed": 0.0}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"times": "tomorrow"}, "times"),
    ],
)
def test_wrong_wishes_are_named(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as fault:
        Replay(**{"path": Path("x.csv"), "tag_prefix": "leak-1", **change})
    assert fault.value.where == where


@pytest.mark.journey
async def test_a_file_arrives_whole_in_the_stream(message_server: Any, csv_file: Callable[[str], Path]) -> None:
    rows = 3_000
    path = csv_file("time,a,b\n" + "".join(f"{1_583_748_000 + row},{row},{row / 7}\n" for row in range(rows)))
    client = await nats.connect(message_server.url)
    stream = client.jetstream()
    await stream.add_stream(name="INGEST", subjects=["telemetry.>"], storage=StorageType.FILE)
    report = replay_over_mqtt(Replay(path, "leak-1", speed=1e6), message_server.broker, say=lambda _: None)
    assert (report.rows, report.values) == (rows, 2 * rows)
    info = await stream.stream_info("INGEST")
    assert info.state.messages == rows
    last = await stream.get_last_msg("INGEST", "telemetry.demo.leak-1")
    assert json.loads(last.data or b"")["values"] == {"a": rows - 1, "b": (rows - 1) / 7}
    await client.close()


@pytest.mark.journey
def test_servers_that_are_away_or_refuse_are_named(
    message_server: Any, csv_file: Callable[[str], Path], free_port: Callable[[], int]
) -> None:
    wanted = Replay(csv_file(GOOD), "leak-1", speed=1e6)
    good = message_server.broker
    nobody = Broker("127.0.0.1", free_port(), "demo", "x", "demo")
    with pytest.raises(Unavailable, match="can't be reached"):
        replay_over_mqtt(wanted, nobody, say=lambda _: None)
    with pytest.raises(Unavailable, match="lets us not in: Not authorized"):
        replay_over_mqtt(wanted, Broker(good.host, good.port, "demo", "wrong", "demo"), say=lambda _: None)
