"""Machines for the conformance suite: one small real server or client per protocol, each on a thread or loop of its own."""

import asyncio
import contextlib
import struct
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
from asyncua import Server, ua
from asyncua.server.binary_server_asyncio import BinaryServer
from asyncua.server.history import HistoryDict
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType as Registers
from pymodbus.simulator import SimData, SimDevice

from conformance.bench import PASSWORDS, MessageServer, free_port, tag, wait_until
from lotone.assets import DataType, Meaning, Tag, microseconds, moment
from lotone.connect import Connection, NotTaken, Pusher
from lotone.connect.drivers.sparkplug_b_pb2 import Payload
from lotone.kernel import Messages

ASSET = "press-1"


class Peer(Protocol):
    """One machine. `plug` and `unplug` connect it to the network; it goes on working while it is unplugged."""

    connection: Connection
    tags: list[Tag]
    keeps_what_it_says: bool
    """Whether what it said while it was unplugged arrives afterwards."""
    takes_writes: bool
    can_be_browsed: bool
    notices_wrong_types: bool

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def say(self, at: int, **values: Any) -> None:
        """Publish values of one moment, µs since 1970."""

    def written(self) -> list[dict[str, Any]]:
        """What was written, write by write, in the order of the values."""


def machine_tags(connection: str, addresses: Mapping[str, str]) -> list[Tag]:
    """The same tags for every protocol."""
    kinds = {
        "temperature": (DataType.NUMBER, Meaning.SENSOR, False),
        "count": (DataType.INTEGER, Meaning.GOOD, False),
        "ready": (DataType.BOOLEAN, Meaning.SENSOR, False),
        "recipe": (DataType.TEXT, Meaning.SENSOR, False),
        "speed": (DataType.NUMBER, Meaning.PARAMETER, True),
        "request": (DataType.INTEGER, Meaning.REQUEST, True),
    }
    return [
        tag(f"{ASSET}/{name}", connection, addresses[name], data_type=kind, meaning=meaning, writable=writable)
        for name, (kind, meaning, writable) in kinds.items()
        if name in addresses
    ]


# Sparkplug B


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
        client, self.client = self.client, None
        client.loop_stop()
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


# plain MQTT


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
        client, self.client = self.client, None
        wait_until(lambda: not client.want_write(), "everything is sent")
        client.disconnect()
        client.loop_stop()

    def say(self, at: int, **values: Any) -> None:
        payload = orjson.dumps({"time": moment(at).isoformat(), "values": values})
        if self.client is None:
            self.kept.append(payload)
        else:
            self.client.publish("telemetry/demo/press-1", payload, qos=1)

    def written(self) -> list[dict[str, Any]]:
        return []


# HTTP push


class PushPeer:
    """A gateway of the customer's own that pushes documents, again and again until they are acknowledged."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, server: MessageServer) -> None:
        self.server = server
        self.connection = Connection("press-1", "http", "")
        names = ("temperature", "count", "ready", "recipe", "speed", "request")
        self.tags = machine_tags("press-1", {name: name for name in names})
        self.kept: list[bytes] = []
        self.is_plugged = False
        self.number = 0
        self.messages: Messages | None = None

    def plug(self) -> None:
        self.messages = self.messages or self.server.messages("web")
        self.is_plugged = True
        kept, self.kept = self.kept, []
        for payload in kept:
            self._push(payload)

    def unplug(self) -> None:
        self.is_plugged = False

    def say(self, at: int, **values: Any) -> None:
        payload = orjson.dumps({"time": at / 1000, "values": values})
        if self.is_plugged:
            self._push(payload)
        else:
            self.kept.append(payload)

    def _push(self, payload: bytes) -> None:
        assert self.messages is not None
        self.number += 1
        try:
            Pusher(self.messages).push("demo", "press-1", payload, once=str(self.number))
        except NotTaken:
            self.kept.append(payload)

    def written(self) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        if self.messages:
            self.messages.close()


# peers with an event loop of their own


class Loop:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def close(self) -> None:
        async def end() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        with contextlib.suppress(TimeoutError):
            self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


class OpcUaPeer:
    """An OPC UA server that keeps the history of its variables, also while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = True
    kinds: Mapping[str, ua.VariantType] = {
        "temperature": ua.VariantType.Double,
        "count": ua.VariantType.Int32,
        "ready": ua.VariantType.Boolean,
        "recipe": ua.VariantType.String,
        "speed": ua.VariantType.Float,
        "request": ua.VariantType.UInt32,
    }

    def __init__(self, _server: MessageServer) -> None:
        self.port = free_port()
        self.connection = Connection("press-1", "opcua", f"opc.tcp://127.0.0.1:{self.port}")
        self.tags = machine_tags("press-1", {name: f"ns=2;s={name}" for name in self.kinds})
        self.values: dict[str, Any] = {
            "temperature": 0.0,
            "count": 0,
            "ready": False,
            "recipe": "",
            "speed": 0.0,
            "request": 0,
        }
        self.started_at = datetime.now(UTC) - timedelta(seconds=30)
        self.times = dict.fromkeys(self.values, self.started_at)
        self.history = HistoryDict()
        self.writes: list[dict[str, Any]] = []
        self.server: Server | None = None
        self.is_plugged = False
        self.nodes: dict[str, Any] = {}
        self.loop = Loop()

    def plug(self) -> None:
        self.loop.run(self._plug())

    async def _plug(self) -> None:
        if self.server is None:
            self.server = await self._made()
            await self.server.start()
        else:
            network = BinaryServer(self.server.iserver, "127.0.0.1", self.port, self.server.limits)
            network.set_policies(self.server._policies)
            self.server.bserver = network
            await network.start()
        self.is_plugged = True

    async def _made(self) -> Server:
        server = Server()
        await server.init()
        server.set_endpoint(self.connection.address)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.iserver.history_manager.set_storage(self.history)
        await server.register_namespace("urn:test:press")
        press = await server.nodes.objects.add_object(2, "press")
        for name, kind in self.kinds.items():
            any_type = ua.NodeId(ua.ObjectIds.BaseDataType) if name == "temperature" else None
            node = await press.add_variable(ua.NodeId(name, 2), name, self.values[name], varianttype=kind, datatype=any_type)
            await node.write_value(self._value(name))
            if name in ("speed", "request"):
                await node.set_writable()
            self.nodes[name] = node
            if node.nodeid not in self.history._datachanges:
                await self.history.new_historized_node(node.nodeid, None)
        self._watch(server)
        return server

    def _watch(self, server: Server) -> None:
        """Note what clients write: the machine's own sayings go past this."""
        service = server.iserver.attribute_service
        plain_write = service.write

        async def write(params: Any, user: Any = None) -> Any:
            if user is not None and user.role.name != "Admin":
                names = {item.NodeId.Identifier: item.Value.Value.Value for item in params.NodesToWrite}
                self.writes.append(names)
            return await (plain_write(params, user) if user is not None else plain_write(params))

        service.write = write

    def unplug(self) -> None:
        async def cut() -> None:
            assert self.server is not None
            await self.server.bserver.stop()

        self.loop.run(cut())
        self.is_plugged = False

    def _value(self, name: str, value: Any = None) -> ua.DataValue:
        kind = ua.VariantType.String if isinstance(value, str) else self.kinds[name]
        shown = self.values[name] if value is None else value
        return ua.DataValue(ua.Variant(shown, kind), SourceTimestamp=self.times[name], ServerTimestamp=datetime.now(UTC))

    def say(self, at: int, **values: Any) -> None:
        async def say() -> None:
            for name, value in values.items():
                self.times[name] = moment(at)
                if type(value) is type(self.values[name]):
                    self.values[name] = value
                shown = self._value(name, value)
                await self.history.save_node_value(ua.NodeId(name, 2), shown)
                if self.server is not None:
                    space, node = self.server.iserver.aspace, ua.NodeId(name, 2)
                    if isinstance(value, str) and self.kinds[name] is not ua.VariantType.String:
                        space._nodes[node].attributes[ua.AttributeIds.Value].value = None  # may be of any type now
                    await space.write_attribute_value(node, ua.AttributeIds.Value, shown)

        self.loop.run(say())

    def written(self) -> list[dict[str, Any]]:
        return self.writes

    def close(self) -> None:
        if self.server is not None:
            self.loop.run(self.server.stop())
        self.loop.close()


class ModbusPeer:
    """A Modbus TCP server with a log ring; the log goes on while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = False  # registers are always numbers
    head, first, records, size = 100, 110, 200, 20
    addresses: Mapping[str, str] = {
        "temperature": "holding:10:float32",
        "count": "holding:12:int32",
        "ready": "holding:14:uint16",
        "speed": "holding:20:float32",
        "request": "holding:22:uint32",
    }
    fields = (
        ("temperature", "float32"),
        ("count", "float64"),
        ("ready", "float32"),
        ("speed", "float32"),
        ("request", "float64"),
    )

    def __init__(self, _server: MessageServer) -> None:
        self.port = free_port()
        names = [["sequence", "uint32"], ["time", "uint64"]] + [[self.addresses[name], kind] for name, kind in self.fields]
        log = {"head": self.head, "first": self.first, "records": self.records, "size": self.size, "fields": names}
        self.connection = Connection("press-1", "modbus", f"modbus://127.0.0.1:{self.port}/3", {"log": log, "poll_ms": 50})
        self.tags = machine_tags("press-1", self.addresses)
        self.bank = [0] * (self.first + self.records * self.size)
        self.sequence = 0
        self.writes: list[dict[str, Any]] = []
        self.loop = Loop()
        self.server: Any = None

    def plug(self) -> None:
        async def start() -> None:
            block = [SimData(0, count=len(self.bank), datatype=Registers.REGISTERS)]
            bits = [SimData(0, values=[False] * 16, datatype=Registers.BITS)]
            device = SimDevice(3, simdata=(bits, list(bits), block, list(block)), action=self._accessed)
            self.server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
            await self.server.serve_forever(background=True)

        self.loop.run(start())

    def unplug(self) -> None:
        self.loop.run(self.server.shutdown())
        self.server = None

    async def _accessed(self, _function: int, start: int, address: int, count: int, registers: Any, written: Any) -> None:
        if written is not None:
            self.bank[address : address + count] = list(written)
            self.writes.append({"first": address, "words": list(written)})
        registers[address - start : address - start + count] = self.bank[address : address + count]

    def say(self, at: int, **values: Any) -> None:
        self.sequence += 1
        data = struct.pack(">IQ", self.sequence, at)
        for name, kind in self.fields:
            value = values.get(name)
            data += struct.pack(">f" if kind == "float32" else ">d", float("nan") if value is None else float(value))
        words = list(struct.unpack(f">{len(data) // 2}H", data))
        place = self.first + (self.sequence % self.records) * self.size
        self.bank[place : place + len(words)] = words
        self.bank[self.head : self.head + 2] = struct.unpack(">2H", struct.pack(">I", self.sequence))

    def written(self) -> list[dict[str, Any]]:
        """The registers of each write as values: speed is a float32 at 20, request a uint32 at 22."""
        given = []
        for write in self.writes:
            data = struct.pack(f">{len(write['words'])}H", *write["words"])
            if write["first"] == 20 and len(data) == 8:
                speed, request = struct.unpack(">fI", data)
                given.append({"speed": speed, "request": request})
            else:
                given.append(write)
        return given

    def close(self) -> None:
        if self.server is not None:
            self.unplug()
        self.loop.close()
