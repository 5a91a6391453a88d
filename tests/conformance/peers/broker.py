"""A machine that publishes to a broker of somebody else's (mosquitto), for the conformance suite."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from conformance.bench import MessageServer, answers, free_port, wait_until
from conformance.peers.cable import Cable
from conformance.peers.loop import Loop
from conformance.peers.machine import machine_tags
from lotone.connect import Connection


class Mosquitto:
    """Debian's broker in a folder of its own; `lines` are added to its settings."""

    def __init__(self, *lines: str) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin")
        assert program, "the broker mosquitto is needed: apt-get install mosquitto"
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="broker-"))
        settings = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "user root", *lines]
        (self.folder / "broker.conf").write_text("\n".join([*settings, ""]))
        self.command = [program, "-c", str(self.folder / "broker.conf")]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), "the broker starts")

    def restart(self) -> None:
        """It keeps nothing on disk, so it forgets its sessions."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class BrokerPeer:
    """A machine and its broker, which go on while the cable between the broker and us is pulled."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, _server: MessageServer) -> None:
        self.broker = Mosquitto("max_queued_messages 0")
        self.loop = Loop()
        self.cable = Cable(self.loop, self.broker.port)
        settings = {"topics": "plant/{machine}/{tag}", "value": "$.data.v", "time": "t"}
        self.connection = Connection("press-1", "mqtt_client", f"mqtt://127.0.0.1:{self.cable.port}", settings)
        names = ("temperature", "count", "ready", "recipe", "speed", "request")
        self.tags = machine_tags("press-1", {name: f"seven/{name}" for name in names})
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"machine-{time.time_ns():x}")
        self.client.connect("127.0.0.1", self.broker.port)
        self.client.loop_start()
        wait_until(self.client.is_connected, "the machine is connected to its broker")

    def plug(self) -> None:
        self.cable.plug()

    def unplug(self) -> None:
        self.cable.unplug()

    def say(self, at: int, **values: Any) -> None:
        for name, value in values.items():
            sent = self.client.publish(f"plant/seven/{name}", orjson.dumps({"t": at / 1000, "data": {"v": value}}), qos=1)
        sent.wait_for_publish(5)

    def written(self) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.cable.unplug()
        self.loop.close()
        self.broker.close()
