"""A Sparkplug B edge node for the conformance suite."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from conformance.bench import PASSWORDS, MessageServer, wait_until
from conformance.peers.machine import machine_tags
from lotone.assets import microseconds
from lotone.connect import Connection
from lotone.connect.drivers.sparkplug_b_pb2 import Payload


class SparkplugPeer:
    """An edge node with one device; the payloads are built from the standard's message definition, not by our encoder."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = True
    aliases: Mapping[str, int] = {"temperature": 1, "count": 2, "ready": 3, "recipe": 4, "speed": 5, "request": 6}
    kinds: Mapping[str, int] = {"temperature": 10, "count": 4, "ready": 11, "recipe": 12, "speed": 9, "request": 7}

    def __init__(self, server: MessageServer, node: str = "press-1", user: str = "demo") -> None:
        self.server, self.node, self.user = server, node, user
        self.connection = Connection("press-1", "sparkplug", f"spBv1.0/demo/{node}/machine")
        self.tags = machine_tags("press-1", {name: f"machine/{name}" for name in self.aliases})
        self.values: dict[str, Any] = {
            "temperature": 0.0,
            "count": 0,
            "ready": False,
            "recipe": "none",
            "speed": 0.0,
            "request": 0,
        }
        self.said_at = microseconds(datetime.now(UTC)) // 1000
        self.kept: list[tuple[int, dict[str, Any]]] = []
        self.commands: list[dict[str, Any]] = []
        self.births = 0
        self.seq = 0
        self.bd_seq = -1
        self.client: Client | None = None
        self.lock = threading.RLock()

    def topic(self, kind: str) -> str:
        return f"spBv1.0/demo/{kind}/{self.node}" + ("" if kind.startswith("N") else "/machine")

    def plug(self) -> None:
        self.bd_seq += 1
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"{self.node}-{time.time_ns():x}", clean_session=True)
        client.username_pw_set(self.user, PASSWORDS[self.user])
        client.will_set(self.topic("NDEATH"), self._bd_seq_payload(), qos=1)
        client.on_message = self._heard
        client.on_connect = self._connected
        client.reconnect_delay_set(1, 1)
        self.client = client
        births = self.births
        client.connect("127.0.0.1", self.server.config.mqtt_port, keepalive=5)
        client.loop_start()
        wait_until(lambda: self.births > births, "the edge node is connected")

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        client.subscribe([(self.topic("NCMD"), 1), (self.topic("DCMD"), 1)])
        self.give_birth()

    def unplug(self) -> None:
        """Without a word: the server publishes the will."""
        assert self.client is not None
        client = self.client
        client.loop_stop()  # first: what it hears until then may still be answered
        self.client = None
        sock = client.socket()
        if sock:
            sock.close()

    def give_birth(self) -> None:
        with self.lock:
            self.seq = -1
            node = Payload(timestamp=self.said_at, seq=self._next())
            node.metrics.add(name="bdSeq", datatype=8, long_value=max(self.bd_seq, 0))
            node.metrics.add(name="Node Control/Rebirth", datatype=11, boolean_value=False)
            self._publish("NBIRTH", node)
            device = Payload(timestamp=int(time.time() * 1000), seq=self._next())
            for name, value in self.values.items():
                metric = device.metrics.add(name=name, alias=self.aliases[name], timestamp=self.said_at)
                self._fill(metric, name, value)
            self._publish("DBIRTH", device)
            kept, self.kept = self.kept, []
            for at, values in kept:
                self._data(at, values, is_historical=True)
            self.births += 1

    def say(self, at: int, **values: Any) -> None:
        with self.lock:
            self.values |= {name: value for name, value in values.items() if type(value) is type(self.values[name])}
            self.said_at = at // 1000
            if self.client is None or not self.client.is_connected():
                self.kept.append((at, values))
            else:
                self._data(at, values)

    def _data(self, at: int, values: dict[str, Any], *, is_historical: bool = False) -> None:
        payload = Payload(timestamp=at // 1000, seq=self._next())
        for name, value in values.items():
            metric = payload.metrics.add(alias=self.aliases[name], timestamp=at // 1000)
            if is_historical:
                metric.is_historical = True
            self._fill(metric, name, value)
        self._publish("DDATA", payload)

    def _fill(self, metric: Any, name: str, value: Any) -> None:
        kind = 12 if isinstance(value, str) else self.kinds[name]
        metric.datatype = kind
        field = {
            10: "double_value",
            9: "float_value",
            11: "boolean_value",
            12: "string_value",
            4: "long_value",
            7: "int_value",
        }[kind]
        setattr(metric, field, value % 2**64 if kind == 4 else value)

    def _publish(self, kind: str, payload: Payload) -> None:
        assert self.client is not None
        self.client.publish(self.topic(kind), payload.SerializeToString(), qos=1)

    def _next(self) -> int:
        self.seq = (self.seq + 1) % 256
        return self.seq

    def _bd_seq_payload(self) -> bytes:
        payload = Payload(timestamp=int(time.time() * 1000))
        payload.metrics.add(name="bdSeq", datatype=8, long_value=max(self.bd_seq, 0))
        return payload.SerializeToString()

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        payload = Payload.FromString(message.payload)
        given = {metric.name: getattr(metric, metric.WhichOneof("value")) for metric in payload.metrics}
        if "Node Control/Rebirth" in given:
            self.give_birth()
        else:
            self.commands.append(given)

    def written(self) -> list[dict[str, Any]]:
        return self.commands
