"""STATE: tells edge nodes whether their host application is there (Sparkplug 3.0, 5.16: birth and death of the host)."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

log = structlog.get_logger(__name__)

HOST_ID = "lotone"
TOPIC = f"spBv1.0/STATE/{HOST_ID}"
KEEP_ALIVE_S = 15
LAST_WAIT_S = 2


@dataclass(frozen=True)
class MqttDoor:
    """Where and as whom our own processes reach the MQTT listener."""

    host: str
    port: int
    user: str
    password: str


class HostState:
    """While connected, `{"online": true}` is retained on STATE; when the process dies, the server publishes its will."""

    def __init__(self, door: MqttDoor) -> None:
        self.door = door
        self._timestamp = 0
        self._is_leaving = False
        self._lock = threading.Lock()
        self._client = self._new_client()

    def _new_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"lotone-host-{time.time_ns():x}", clean_session=True)
        client.username_pw_set(self.door.user, self.door.password)
        client.reconnect_delay_set(min_delay=1, max_delay=LAST_WAIT_S)
        client.on_pre_connect = self._before_connecting
        client.on_connect = self._connected
        client.on_message = self._heard
        return client

    def start(self) -> None:
        """Connect in the background, again and again until `stop`."""
        self._is_leaving = False
        self._client = self._new_client()
        self._client.connect_async(self.door.host, self.door.port, keepalive=KEEP_ALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Say that the host leaves, and disconnect."""
        self._is_leaving = True
        if self._client.is_connected():
            message = self._client.publish(TOPIC, self._payload(online=False), qos=1, retain=True)
            try:
                message.wait_for_publish(2)
            except (RuntimeError, ValueError):
                log.debug("state.not_said")
        self._client.disconnect()
        self._client.loop_stop()

    def _payload(self, *, online: bool) -> bytes:
        return orjson.dumps({"online": online, "timestamp": self._timestamp})

    def _before_connecting(self, client: Client, _data: Any) -> None:
        """Birth and will of one connection carry the same time, the time of connecting."""
        with self._lock:
            self._timestamp = max(int(time.time() * 1000), self._timestamp + 1)
        client.will_set(TOPIC, self._payload(online=False), qos=1, retain=True)

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("state.refused", reason=str(reason))
            return
        client.subscribe(TOPIC, qos=1)
        client.publish(TOPIC, self._payload(online=True), qos=1, retain=True)

    def _heard(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        """Somebody else's death of us, such as an earlier connection's late will: we are still here."""
        try:
            is_online = orjson.loads(message.payload)["online"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            is_online = False
        if not is_online and not self._is_leaving:
            client.publish(TOPIC, self._payload(online=True), qos=1, retain=True)
