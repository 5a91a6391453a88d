"""Machines that speak Sparkplug B 3.0 over MQTT 3.1.1, and publish some of their tags as plain telemetry beside it.

A tag's address is `<device>/<metric>`; without a device (`/<metric>`) it is a metric of the edge node itself. Everything is
published with QoS 1 (the standard asks for 0), and what the server did not acknowledge is sent again after the next birth, as
historical metrics, together with a few seconds that it did acknowledge: an acknowledgement may have been given by a server
that was killed before it had stored the message.
"""

import json
import logging
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from lotone.demo.machines.core import Frame, Refused
from lotone.demo.machines.model import Broker, DataType, MachineSpec, SpecFault, TagSpec, Value, moment
from lotone.demo.machines.payload import Metric, PayloadFault, Type, packed, unpacked
from lotone.demo.machines.station import Station

log = logging.getLogger("lotone.machine")

PREFIX = "spBv1.0"
DEVICE = "machine"
"""The device of tags without an address."""
REBIRTH = "Node Control/Rebirth"
WINDOW = 100
"""So many messages may wait for their acknowledgement."""
AGAIN_S = 5.0
"""What was acknowledged in the last seconds before a connection was lost is sent again."""
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 1.0

STUCK_S = 10.0
"""A server that acknowledges nothing for so long is left: MQTT 3.1.1 sends again only after a new connection."""
DRAIN_S = 5.0
KEEPALIVE_S = 10
_TYPES = {
    DataType.NUMBER: Type.DOUBLE,
    DataType.INTEGER: Type.INT64,
    DataType.BOOLEAN: Type.BOOLEAN,
    DataType.TEXT: Type.STRING,
}


class Words:
    """What the machine's messages look like: topics, births, data."""

    def __init__(self, spec: MachineSpec, broker: Broker) -> None:
        self.group = broker.group
        parts = spec.address.split("/")
        self.node = parts[2] if len(parts) > 2 and parts[0] == PREFIX else spec.machine
        self.telemetry_topic = f"telemetry/{broker.group}/{spec.machine}"
        self.tags = spec.tags
        self.alias = {tag.name: number for number, tag in enumerate(spec.tags, start=1)}
        self.place = {tag.name: _place(tag) for tag in spec.tags if not tag.telemetry}
        self.tag_at = {place: name for name, place in self.place.items()}
        self.tag_of_alias = {alias: name for name, alias in self.alias.items()}
        self.devices = sorted({device for device, _ in self.place.values() if device})

    def topic(self, kind: str, device: str = "") -> str:
        return "/".join(part for part in (PREFIX, self.group, kind, self.node, device) if part)

    def birth(self, device: str, latest: Mapping[str, tuple[int, Value]]) -> list[Metric]:
        """All metrics of a device (or of the node itself) with what they said last, and when."""
        own = [tag for tag in self.tags if tag.name in latest and self.place.get(tag.name, ("?",))[0] == device]
        return [
            Metric(self.place[tag.name][1], self.alias[tag.name], value, _TYPES[tag.data_type], at // 1000)
            for tag in own
            for at, value in [latest[tag.name]]
        ]

    def data(self, frame: Frame, *, is_historical: bool) -> dict[str, list[Metric]]:
        """A frame's values by device."""
        by_device: dict[str, list[Metric]] = {}
        for tag in self.tags:
            if tag.telemetry or tag.name not in frame.values:
                continue
            value, at = frame.values[tag.name], frame.time // 1000
            metric = Metric("", self.alias[tag.name], value, _TYPES[tag.data_type], at, is_historical)
            by_device.setdefault(self.place[tag.name][0], []).append(metric)
        return by_device

    def telemetry(self, frame: Frame) -> bytes | None:
        values = {tag.name: frame.values[tag.name] for tag in self.tags if tag.telemetry and tag.name in frame.values}
        if not values:
            return None
        return json.dumps({"time": moment(frame.time).isoformat(), "values": values}).encode()

    def named(self, device: str, metrics: Iterable[Metric]) -> dict[str, Value]:
        """The values of a command by tag name, in its order; an unknown metric keeps its own name (and is then refused)."""
        values: dict[str, Value] = {}
        for metric in metrics:
            name = self.tag_at.get((device, metric.name)) if metric.name else self.tag_of_alias.get(metric.alias or 0)
            if metric.value is not None:
                values[name or metric.name or f"alias {metric.alias}"] = metric.value
        return values


class Session:
    """One connection to the MQTT server, from its will to its end; a new one is made after it. Calls back over `inbox`."""

    def __init__(self, broker: Broker, words: Words, client_id: str, number: int) -> None:
        self.number = number
        self.ready = False
        self.seq = 0
        self.cursor = 0
        self.birth_at = 0
        """Frames up to this number were said before the birth: they are history."""
        self.waiting: dict[int, int] = {}
        """Message id to frame number, oldest first; births are waited for as frame 0."""
        self.answered_at = time.monotonic()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, reconnect_on_failure=False)
        self.client.username_pw_set(broker.user, broker.password)
        self.client.will_set(words.topic("NDEATH"), packed([self.bd_seq()]), qos=1)
        self.client.max_inflight_messages_set(WINDOW * 2)

    def bd_seq(self) -> Metric:
        return Metric("bdSeq", None, self.number, Type.INT64)

    def next_seq(self) -> int:
        seq = self.seq
        self.seq = (seq + 1) % 256
        return seq

    def send(self, topic: str, payload: bytes, number: int) -> None:
        info = self.client.publish(topic, payload, qos=1)
        if info.rc == MQTT_ERR_SUCCESS:
            self.answered_at = self.answered_at if self.waiting else time.monotonic()
            self.waiting[info.mid] = number
        else:
            self.ready = False  # the connection is gone; what was not sent will be by the next session

    @property
    def is_stuck(self) -> bool:
        return bool(self.waiting) and time.monotonic() - self.answered_at > STUCK_S

    def heard(self) -> int:
        """Everything up to this frame was acknowledged."""
        numbers = [number for number in self.waiting.values() if number]
        return min(numbers) - 1 if numbers else self.cursor


class SparkplugMachine:
    """A machine as a Sparkplug edge node. One thread owns machine and journal; the MQTT client's only fills the inbox."""

    def __init__(self, spec: MachineSpec) -> None:
        if spec.broker is None:
            raise SpecFault(f"machine {spec.machine}: no broker")
        self.spec = spec
        self.broker = spec.broker
        self.station = Station(spec)
        self.words = Words(spec, spec.broker)
        self.inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.session: Session | None = None
        self.heard = int(self.station.journal.note("heard") or 0)
        self._heard_kept = self.heard
        self._retry_at = 0.0
        self._retry_s = FIRST_RETRY_S
        self._stopping = False

    def run(self) -> None:
        """Work until stopped, then say what is unsaid and die in order."""
        next_tick = time.monotonic()
        while not self._stopping:
            self._tick()
            next_tick = max(next_tick + self.spec.interval_s, time.monotonic())
            self._serve(until=next_tick, done=lambda: self._stopping)
        self._finish()

    def stop(self) -> None:
        self.inbox.put(self._stop)

    def _stop(self) -> None:
        self._stopping = True

    def _serve(self, until: float, *, done: Callable[[], bool] = lambda: False) -> None:
        """Do what comes in until then."""
        while not done():
            left = until - time.monotonic()
            try:
                act = self.inbox.get(timeout=max(left, 0.0))
            except Empty:
                return
            act()
            if left <= 0:
                return

    def _tick(self) -> None:
        notes = None
        if self.heard != self._heard_kept:
            notes, self._heard_kept = {"heard": str(self.heard)}, self.heard
        self.station.tick(notes)
        if self.session is None and time.monotonic() >= self._retry_at:
            self._connect()
        if self.session and self.session.is_stuck:
            log.warning("%s: the MQTT server acknowledges nothing; connecting again", self.spec.machine)
            self.session.ready = False
            self.session.client.disconnect()
            self._lost(self.session)
        self._publish()

    # connection

    def _connect(self) -> None:
        number = (int(self.station.journal.note("bd_seq") or -1) + 1) % 256
        self.station.journal.keep_note("bd_seq", str(number))
        client_id = f"{self.words.group}-{self.spec.machine}"
        session = self.session = Session(self.broker, self.words, client_id, number)
        client = session.client

        def connected(_client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                log.error("%s: the MQTT server refuses: %s", self.spec.machine, reason)
            else:
                client.subscribe([(self.words.topic("NCMD"), 1), (self.words.topic("DCMD") + "/#", 1)])

        def subscribed(_client: Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
            if any(reason.is_failure for reason in reasons):
                log.error("%s: the MQTT server allows no commands", self.spec.machine)
            self.inbox.put(partial(self._begin, session))

        def published(_client: Client, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
            self.inbox.put(partial(self._acknowledged, session, mid))

        def received(_client: Client, _data: Any, message: MQTTMessage) -> None:
            self.inbox.put(partial(self._command, session, message.topic, bytes(message.payload)))

        def lost(*_: Any) -> None:
            self.inbox.put(partial(self._lost, session))  # the client's thread then ends by itself

        client.on_connect, client.on_subscribe, client.on_publish = connected, subscribed, published
        client.on_message, client.on_disconnect, client.on_connect_fail = received, lost, lost
        client.connect_async(self.broker.host, self.broker.port, keepalive=KEEPALIVE_S)
        client.loop_start()

    def _begin(self, session: Session) -> None:
        """The server knows us: births first, then what it has not acknowledged, then what happens from now on."""
        if session is not self.session:
            return
        again = round(AGAIN_S / self.spec.interval_s) + 20
        session.cursor = max(0, self.heard - again)
        session.ready = True
        self._retry_s = FIRST_RETRY_S
        self._be_born(session)
        self._publish()

    def _be_born(self, session: Session) -> None:
        session.birth_at = self.station.journal.newest
        session.seq = 0
        latest, now = self.station.latest(), self.station.now() // 1000
        rebirth = Metric(REBIRTH, None, False, Type.BOOLEAN)
        node = [session.bd_seq(), rebirth, *self.words.birth("", latest)]
        session.send(self.words.topic("NBIRTH"), packed(node, time=now, seq=session.next_seq()), 0)
        for device in self.words.devices:
            metrics = self.words.birth(device, latest)
            session.send(self.words.topic("DBIRTH", device), packed(metrics, time=now, seq=session.next_seq()), 0)

    def _lost(self, session: Session) -> None:
        if session is self.session:
            self.session = None
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(self._retry_s * 2, LAST_RETRY_S)

    # out

    def _publish(self) -> None:
        """Publish what the journal holds and this session has not sent yet, as far as the window allows."""
        session = self.session
        while session and session.ready and len(session.waiting) < WINDOW:
            frames = self.station.journal.after(session.cursor, 50)
            if not frames:
                return
            for number, frame in frames:
                self._publish_frame(session, number, frame)
                if not session.ready:
                    return
                session.cursor = number

    def _publish_frame(self, session: Session, number: int, frame: Frame) -> None:
        by_device = self.words.data(frame, is_historical=number <= session.birth_at)
        for device, metrics in by_device.items():
            topic = self.words.topic("DDATA" if device else "NDATA", device)
            session.send(topic, packed(metrics, time=frame.time // 1000, seq=session.next_seq()), number)
        telemetry = self.words.telemetry(frame)
        if telemetry is not None:
            session.send(self.words.telemetry_topic, telemetry, number)

    def _acknowledged(self, session: Session, mid: int) -> None:
        session.waiting.pop(mid, None)
        session.answered_at = time.monotonic()
        if session is self.session and session.ready:
            self.heard = max(self.heard, session.heard())
            if len(session.waiting) == WINDOW // 2:
                self._publish()

    # in

    def _command(self, session: Session, topic: str, data: bytes) -> None:
        if session is not self.session:
            return
        try:
            metrics = unpacked(data).metrics
        except PayloadFault as fault:
            log.warning("%s: a command on %s is %s", self.spec.machine, topic, fault)
            return
        kind, _, device = topic.removeprefix(f"{PREFIX}/{self.words.group}/").partition(f"/{self.words.node}")
        if kind == "NCMD" and any(metric.name == REBIRTH and metric.value is True for metric in metrics):
            self._be_born(session)
            metrics = tuple(metric for metric in metrics if metric.name != REBIRTH)
        values = self.words.named(device.removeprefix("/"), metrics)
        if not values:
            return
        try:
            self.station.write(values)
        except Refused as refused:
            log.warning("%s refuses a command: %s", self.spec.machine, refused)
        self._publish()

    def _finish(self) -> None:
        """Everything said is heard, as far as the server answers; then the death that the will would have told."""
        self.station.end()
        session = self.session
        deadline = time.monotonic() + DRAIN_S
        self._publish()
        while session and session is self.session and session.ready and time.monotonic() < deadline:
            if not session.waiting and session.cursor >= self.station.journal.newest:
                break
            self._publish()
            self._serve(until=min(time.monotonic() + 0.1, deadline), done=lambda: not session.waiting)
        self.station.journal.keep_note("heard", str(self.heard))
        if session and session is self.session and session.ready:
            session.send(self.words.topic("NDEATH"), packed([session.bd_seq()], time=self.station.now() // 1000), 0)
            self._serve(until=time.monotonic() + 1.0, done=lambda: not session.waiting)
            session.client.disconnect()
        self.station.close()


def _place(tag: TagSpec) -> tuple[str, str]:
    device, _, metric = (tag.address or f"{DEVICE}/{tag.name}").rpartition("/")
    return (device, metric or tag.name)


def run(spec: MachineSpec) -> None:
    machine = SparkplugMachine(spec)
    signal.signal(signal.SIGTERM, lambda *_: machine.stop())
    signal.signal(signal.SIGINT, lambda *_: machine.stop())
    log.info("%s is ready", spec.machine)
    machine.run()
