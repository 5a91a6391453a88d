"""A message server and a recorder for tests: the real server, the real intake and gateway, a record kept in memory."""

import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lotone.assets import DataType, Meaning, Sample, Tag
from lotone.connect import (
    Connection,
    ConnectService,
    Gateway,
    Intake,
    MqttDoor,
    Plan,
    ServerConfig,
    Store,
    Writer,
    prepare,
)
from lotone.kernel import Database, Fact, Messages, PlantClock, Words, wall_clock

NOWHERE = Path("/nowhere")
"""The files of an organization that has none."""
PASSWORDS = {"demo": "machine-password", "other": "other-password"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.02)


class MessageServer:
    """The real nats-server on free ports, in a folder of the test."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.folder = folder
        self.config = ServerConfig(
            port=free_port(),
            mqtt_port=free_port(),
            store=folder / "streams",
            password="own-password",
            machines=PASSWORDS,
            **more,  # type: ignore[arg-type]
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.files = folder.parent / "files"

    def start(self) -> None:
        prepare(self.config, self.folder)
        self.config.write(self.folder)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.config.command(self.folder), stdout=log, stderr=subprocess.STDOUT)
        wait_until(lambda: answers(self.config.port) and answers(self.config.mqtt_port), "the message server starts")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    @property
    def mqtt(self) -> MqttDoor:
        return MqttDoor("127.0.0.1", self.config.mqtt_port, "lotone", self.config.password)

    def messages(self, name: str = "test") -> Messages:
        messages = Messages(self.config.url, name=name)
        messages.connect()
        return messages


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


class Recorder:
    """Intake and gateway of one installation, as its recorder process runs them. Samples are kept in `samples`."""

    def __init__(self, server: MessageServer, database: Database, *, plant_clock: PlantClock | None = None) -> None:
        self.server = server
        self.database = database
        now = datetime.now(UTC)
        self.plant_clock = plant_clock or PlantClock(now, now)
        self.tags: dict[str, list[Tag]] = {}
        self.samples: list[tuple[str, Tag, Sample]] = []
        self.facts: list[Fact] = []
        self.lock = threading.Lock()
        self.refuse_records = 0
        self.start()

    def start(self) -> None:
        self.messages = self.server.messages("recorder")
        self.intake = Intake(self.messages, self.database, load=self.load, record=self.record, plant_clock=self.plant_clock)
        self.gateway = Gateway(
            self.messages,
            self.database,
            load=self.load,
            files=self.server.files,
            plant_clock=self.plant_clock,
            mqtt=self.server.mqtt,
        )
        self.intake.start()
        self.gateway.start()
        self.writer = Writer(self.messages)

    def stop(self) -> None:
        self.gateway.stop()
        self.intake.stop()
        self.messages.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def load(self, organization: str) -> Plan:
        with self.database.look() as connection:
            return Plan(list(self.tags.get(organization, [])), Store(connection, organization).connections())

    def record(self, organization: str, samples: list[tuple[Tag, Sample]]) -> None:
        if self.refuse_records:
            self.refuse_records -= 1
            raise OSError("the disk is full")
        with self.lock:
            self.samples += [(organization, tag, sample) for tag, sample in samples]

    # what a test sets up

    def add(self, connection: Connection, *tags: Tag, organization: str = "demo") -> None:
        """Add a connection with its tags; a tag's number follows from its place."""
        known = self.tags.get(organization, [])
        base = sum(map(len, self.tags.values())) + 1
        numbered = [
            Tag(
                base + place, tag.asset, tag.name, tag.words, tag.data_type, tag.meaning,
                writable=tag.writable, connection=tag.connection, address=tag.address,
            )
            for place, tag in enumerate(tags)
        ]  # fmt: skip
        self.tags[organization] = known + numbered
        with self.database.work() as transaction:
            service = ConnectService(Store(transaction, organization), wall_clock, self.facts.append)
            service.put_connection(connection)

    def looking(self) -> "Looking":
        return Looking(self)

    # what a test sees

    def values(self, path: str) -> list[object]:
        """Good values of a tag in the order of their source times, each moment once."""
        moments = {sample.source_time: sample.value for sample in self.good(path)}
        return [moments[at] for at in sorted(moments)]

    def good(self, path: str) -> list[Sample]:
        return [sample for sample in self.of(path) if sample.quality == 0]

    def of(self, path: str) -> list[Sample]:
        with self.lock:
            return [sample for _organization, tag, sample in self.samples if tag.path == path]

    def last(self, path: str) -> Sample | None:
        """The newest sample by source time."""
        return max(self.of(path), key=lambda sample: (sample.source_time, sample.sequence), default=None)

    def quarantine(self, organization: str = "demo") -> Counter[str]:
        with self.database.look() as connection:
            return Counter({f"{one.subject}: {one.reason}": one.count for one in Store(connection, organization).quarantine()})

    def status(self, connection: str, organization: str = "demo") -> str:
        with self.database.look() as transaction:
            state = Store(transaction, organization).states().get(connection)
            return state.status.value if state else "unknown"


class Looking:
    """Use cases in a transaction of their own each, for tests that need one."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def remove(self, connection: str, organization: str = "demo") -> None:
        with self.recorder.database.work() as transaction:
            store = Store(transaction, organization)
            ConnectService(store, wall_clock, self.recorder.facts.append).remove_connection(connection)


def tag(
    path: str,
    connection: str | None,
    address: str = "",
    *,
    data_type: DataType = DataType.NUMBER,
    meaning: Meaning = Meaning.SENSOR,
    writable: bool = False,
) -> Tag:
    asset, _, name = path.partition("/")
    return Tag(0, asset, name, Words(name), data_type, meaning, writable=writable, connection=connection, address=address)
