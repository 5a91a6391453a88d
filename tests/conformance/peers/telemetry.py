"""A rig that publishes plain MQTT, for the conformance suite."""

import time
from typing import Any

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from conformance.bench import PASSWORDS, MessageServer, wait_until
from conformance.peers.machine import machine_tags
from lotone.assets import moment
from lotone.connect import Connection


class TelemetryPeer:
    """A rig that publishes JSON documents; its client keeps what the server did not acknowledge."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, server: MessageServer) -> None:
        self.server = server
        self.connection = Connection("press-1", "mqtt", "press-1")
        names = ("temperature", "count", "ready", "recipe", "speed", "request")
        self.tags = machine_tags("press-1", dict.fromkeys(names, ""))
        self.kept: list[bytes] = []
        self.client: Client | None = None

    def plug(self) -> None:
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"rig-{time.time_ns():x}")
        client.username_pw_set("demo", PASSWORDS["demo"])
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", self.server.config.mqtt_port, keepalive=5)
        client.loop_start()
        wait_until(client.is_connected, "the rig is connected")
        self.client = client
        kept, self.kept = self.kept, []
        for payload in kept:
            client.publish("telemetry/demo/press-1", payload, qos=1)

    def unplug(self) -> None:
        assert self.client is not None
        client = self.client
        wait_until(lambda: not client.want_write(), "everything is sent")
        client.disconnect()
        client.loop_stop()
        self.client = None

    def say(self, at: int, **values: Any) -> None:
        payload = orjson.dumps({"time": moment(at).isoformat(), "values": values})
        if self.client is None:
            self.kept.append(payload)
        else:
            self.client.publish("telemetry/demo/press-1", payload, qos=1)

    def written(self) -> list[dict[str, Any]]:
        return []
