"""The gateway: runs one driver per connection, keeps how each of them is, and serves what other processes ask of machines."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import structlog

from lotone.assets import DataType, Meaning, Tag, Value, microseconds
from lotone.connect.directory import Load, Plan
from lotone.connect.drivers.files import FilesDriver
from lotone.connect.drivers.modbus import ModbusDriver
from lotone.connect.drivers.mqtt_client import MqttClientDriver
from lotone.connect.drivers.mtconnect import MtConnectDriver
from lotone.connect.drivers.opcua import OpcUaDriver
from lotone.connect.drivers.s7 import S7Driver
from lotone.connect.drivers.samples import messages_of
from lotone.connect.drivers.sparkplug import SparkplugDriver
from lotone.connect.drivers.sparkplug_state import HostState, MqttDoor
from lotone.connect.drivers.telemetry import PassiveDriver
from lotone.connect.intake import set_state
from lotone.connect.model import (
    Batch,
    Connection,
    Driver,
    Misfit,
    Node,
    NotConnected,
    NotWritable,
    Status,
    UnknownConnection,
    Way,
    WrongConnection,
    fit,
    other_drivers,
    subject_of,
)
from lotone.connect.probe import probe
from lotone.connect.store import Refused, Store, organizations
from lotone.connect.streams import TROUBLE, end, wait_for_streams
from lotone.kernel import Clock, Database, Invalid, LotOneError, Messages, NotFound, PlantClock, Words, new_id, wall_clock

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
SAVE_EVERY_S = 1.0
WRITE_S = 10.0
PUBLISH_S = 5.0
RETRY_S = 0.3


class WrongWrite(Invalid):
    """A write that can't be sent as it is."""


class UnknownTag(NotFound):
    """The asset has no such tag."""


@dataclass
class Seat:
    """One connection with its driver, and what the driver is given (`Surroundings`)."""

    gateway: "Gateway"
    organization: str
    connection: Connection
    addresses: Mapping[str, DataType]
    kept: dict[str, Any] = field(default_factory=dict)
    saved: bytes = b"{}"
    driver: Driver | None = None
    task: asyncio.Task[None] | None = None

    @property
    def files(self) -> Path:
        return self.gateway.files / self.organization

    def plant_time(self) -> int:
        return microseconds(self.gateway.plant_clock())

    def receive_time(self) -> int:
        return microseconds(self.gateway.wall())

    def position(self) -> dict[str, Any]:
        return self.kept

    async def say(self, status: Status, words: Words) -> None:
        await asyncio.to_thread(self.gateway.save_state, self.organization, self.connection.id, status, words)

    async def quarantine(self, subject: str, words: Words, *, count: int = 1) -> None:
        refused = Refused(subject, words, "", "text", 0, self.gateway.wall(), count)
        await asyncio.to_thread(self.gateway.save_refused, self.organization, refused)

    async def command(self, topic: str, payload: bytes) -> None:
        try:
            await self.gateway.messages.client.publish(subject_of(topic), payload)
            await self.gateway.messages.client.flush(timeout=int(PUBLISH_S))
        except TROUBLE as fault:
            raise NotConnected(f"the message server does not answer; nothing was sent to {self.connection.id}") from fault


class Gateway:
    """Run by the recorder process. `start` and `stop` may be called from any thread.

    Serves the connections of all organizations. `load(organization)` gives its tags and connections; it is called every
    second, on a worker thread. `files` holds a folder for each organization, see `drivers/files.py`. With `mqtt`, edge
    nodes are told by STATE that we are there.
    """

    def __init__(
        self,
        messages: Messages,
        database: Database,
        *,
        load: Load,
        files: Path,
        plant_clock: PlantClock,
        wall: Clock = wall_clock,
        mqtt: MqttDoor | None = None,
    ) -> None:
        self.messages = messages
        self.database = database
        self.load = load
        self.files = files
        self.plant_clock = plant_clock
        self.wall = wall
        self.seats: dict[tuple[str, str], Seat] = {}
        self.plans: dict[str, Plan] = {}
        self._state = HostState(mqtt) if mqtt else None
        self._looking = asyncio.Lock()
        self._stopping = threading.Event()
        self._task: Future[None] | None = None

    def start(self) -> None:
        if self._state:
            self._state.start()
        self.messages.serve("connect.write.*", self._serve_write)
        self.messages.serve("connect.browse.*", self._serve_browse)
        self.messages.serve("connect.probe.*", self._serve_probe)
        self._task = asyncio.run_coroutine_threadsafe(self.run(), self.messages.loop)

    def stop(self, timeout_s: float = 10.0) -> None:
        """End all drivers and note how far they have read."""
        self._stopping.set()
        if self._task is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                self._task.result(timeout_s)
        if self._state:
            self._state.stop()

    async def run(self) -> None:
        """Until `stop`. Must run on the messages' loop."""
        await wait_for_streams(self.messages.client)
        try:
            while not self._stopping.is_set():
                try:
                    await self.look()
                    await self.save()
                except Exception:  # the next look may succeed; drivers go on meanwhile
                    log.exception("gateway.look_failed")
                await asyncio.to_thread(self._stopping.wait, min(LOOK_EVERY_S, SAVE_EVERY_S))
        finally:
            for key in list(self.seats):
                await self._end(key)
            await self.save()

    async def look(self) -> None:
        """Start drivers of new connections, end those of removed ones, restart those that changed."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        plans = self.plans = await asyncio.to_thread(self._plans)
        wanted = {
            (organization, connection.id): (connection, addresses_of(connection, plan))
            for organization, plan in plans.items()
            for connection in plan.connections
            if connection.enabled
        }
        for key, seat in list(self.seats.items()):
            if wanted.get(key) != (seat.connection, seat.addresses) or seat.task is None or seat.task.done():
                await self._end(key)
        for key, (connection, addresses) in wanted.items():
            if key not in self.seats:
                await self._begin(key[0], connection, addresses)

    async def _begin(self, organization: str, connection: Connection, addresses: Mapping[str, DataType]) -> None:
        kept = await asyncio.to_thread(self._position, organization, connection.id)
        seat = Seat(self, organization, connection, addresses, kept, orjson.dumps(kept))
        self.seats[organization, connection.id] = seat
        try:
            seat.driver = self._driver(seat)
        except LotOneError as fault:
            await seat.say(Status.LOST, Words(f"this connection can't work: {fault}"))
            seat.task = asyncio.create_task(_for_ever())
            return
        seat.task = asyncio.create_task(seat.driver.run(self.deliver))
        log.info("gateway.driver_started", organization=organization, connection=connection.id)

    def _driver(self, seat: Seat) -> Driver:
        way = seat.connection.way
        if way is Way.SPARKPLUG:
            return SparkplugDriver(seat, lambda: self._births(seat.organization))
        if way is not None:
            return _DRIVERS.get(way, PassiveDriver)(seat)
        other = other_drivers().get(seat.connection.protocol)
        if other is None:
            raise WrongConnection(f"the driver of '{seat.connection.protocol}' is not installed (any more); install it again")
        return other.make(seat)

    async def _end(self, key: tuple[str, str]) -> None:
        seat = self.seats.pop(key)
        if seat.task is not None:
            if seat.task.done() and not seat.task.cancelled() and seat.task.exception():
                log.error("gateway.driver_failed", connection=key[1], fault=str(seat.task.exception()))
            await end(seat.task)
        await self._save(seat)
        if not any(one.id == key[1] and one.enabled for one in self.plans.get(key[0], Plan()).connections):
            await seat.say(Status.OFF, Words("switched off", "已关闭"))

    # from machines

    async def deliver(self, batch: Batch) -> None:
        """Put a batch into the stream; returns when it is on disk there, however long the message server is away."""
        for payload in messages_of(batch):
            await self._publish(f"samples.{batch.organization}.{batch.connection}", payload)

    async def _publish(self, subject: str, payload: bytes) -> None:
        once = {"Nats-Msg-Id": new_id("bat")}
        while True:
            try:
                await self.messages.client.jetstream(timeout=PUBLISH_S).publish(subject, payload, headers=once)
                return
            except TROUBLE as fault:
                log.debug("gateway.publish_waits", subject=subject, fault=str(fault))
                await asyncio.sleep(RETRY_S)

    async def save(self) -> None:
        """Keep how far the drivers have read."""
        for seat in list(self.seats.values()):
            await self._save(seat)

    async def _save(self, seat: Seat) -> None:
        now = orjson.dumps(seat.kept)
        if now != seat.saved:
            await asyncio.to_thread(self._save_position, seat.organization, seat.connection.id, orjson.loads(now))
            seat.saved = now

    # to machines

    async def write(self, organization: str, asset: str, values: Mapping[str, Value]) -> None:
        """Write tags of an asset, by name, in the order given but with the request last.

        Raises UnknownTag, NotWritable, WrongWrite, NotConnected, WriteRefused.
        """
        try:
            tags = self._tags(organization, asset, values)
        except UnknownTag:
            await self.look()  # it may have been added a moment ago
            tags = self._tags(organization, asset, values)
        last = [name for name, tag in tags.items() if tag.meaning is Meaning.REQUEST]
        order = [name for name in values if name not in last] + last
        per_connection: dict[str, dict[str, Value]] = {}
        for name in reversed(order):  # the connection of the request comes last, all of its values with it
            tag = tags[name]
            per_connection.setdefault(str(tag.connection), {})[tag.address or tag.name] = _fitted(tag, values[name])
        for connection, addressed in reversed(per_connection.items()):
            driver = await self._driver_of(organization, connection)
            if driver is None:
                raise NotConnected(
                    f"the connection {connection} of {asset} is switched off or was removed; nothing was written"
                )
            try:
                async with asyncio.timeout(WRITE_S):
                    await driver.write(dict(reversed(addressed.items())))
            except Misfit as fault:
                raise WrongWrite(f"{asset}: {fault}") from None
            except TimeoutError:
                raise NotConnected(f"{connection} did not answer within {WRITE_S:g} s while it was written to") from None

    async def _driver_of(self, organization: str, connection: str) -> Driver | None:
        """The driver of a connection; one that is just being started is waited for."""
        key = organization, connection
        if key not in self.seats or self.seats[key].driver is None:
            await self.look()
        return self.seats[key].driver if key in self.seats else None

    def _tags(self, organization: str, asset: str, values: Mapping[str, Value]) -> dict[str, Tag]:
        known = {tag.name: tag for tag in self.plans.get(organization, Plan()).tags if tag.asset == asset}
        if not values:
            raise WrongWrite(f"there is nothing to write to {asset}")
        for name in values:
            if name not in known:
                raise UnknownTag(f"there is no tag {asset}/{name}")
            if not known[name].writable:
                raise NotWritable(f"the tag {asset}/{name} is not one that may be written")
            if not known[name].connection:
                raise NotConnected(f"the tag {asset}/{name} has no connection to write through")
        return {name: known[name] for name in values}

    async def seat_of(self, organization: str, connection: str) -> Seat:
        """Raises UnknownConnection."""
        if (organization, connection) not in self.seats:
            await self.look()
        seat = self.seats.get((organization, connection))
        if seat is None or seat.driver is None:
            raise UnknownConnection(f"there is no running connection {connection}")
        return seat

    async def _serve_write(self, subject: str, payload: bytes) -> bytes:
        wish = _read(payload)
        await self.write(subject.rpartition(".")[2], str(wish.get("asset")), dict(wish.get("values") or {}))
        return b"{}"

    async def _serve_browse(self, subject: str, payload: bytes) -> bytes:
        seat = await self.seat_of(subject.rpartition(".")[2], str(_read(payload).get("connection")))
        assert seat.driver is not None
        return nodes_to_json(await seat.driver.browse())

    async def _serve_probe(self, subject: str, payload: bytes) -> bytes:
        wish = _read(payload)
        organization = subject.rpartition(".")[2]
        births = await asyncio.to_thread(self._births, organization)
        found = await probe(
            str(wish.get("protocol")),
            str(wish.get("address")),
            dict(wish.get("settings") or {}),
            organization=organization,
            files=self.files / organization,
            births=births,
        )
        return orjson.dumps({"words": found.words.as_dict(), "nodes": orjson.Fragment(nodes_to_json(list(found.nodes)))})

    # the state database, on worker threads

    def save_state(self, organization: str, connection: str, status: Status, words: Words) -> None:
        with self.database.work() as transaction:
            store = Store(transaction, organization)
            before = store.states().get(connection)
            if store.connection_called(connection) is None:
                return
            if status is Status.WAITING and before is not None and before.status is not Status.OFF:
                return  # a restarted recorder waits for nothing: the last state stands until the machine says otherwise
            set_state(store, before, connection, status, words, self.wall)

    def save_refused(self, organization: str, refused: Refused) -> None:
        with self.database.work() as transaction:
            Store(transaction, organization).refuse([refused])

    def _plans(self) -> dict[str, Plan]:
        with self.database.look() as transaction:
            names = organizations(transaction)
        return {name: self.load(name) for name in {*names, *self.plans}}

    def _position(self, organization: str, connection: str) -> dict[str, Any]:
        with self.database.look() as transaction:
            return Store(transaction, organization).position(connection)

    def _save_position(self, organization: str, connection: str, position: dict[str, Any]) -> None:
        with self.database.work() as transaction:
            store = Store(transaction, organization)
            if store.connection_called(connection) is not None:
                store.save_position(connection, position)

    def _births(self, organization: str) -> list[Any]:
        with self.database.look() as transaction:
            return Store(transaction, organization).births()


_DRIVERS: Mapping[Way, Callable[[Seat], Driver]] = {
    Way.OPCUA: OpcUaDriver,
    Way.MODBUS: ModbusDriver,
    Way.S7: S7Driver,
    Way.MQTT_CLIENT: MqttClientDriver,
    Way.MTCONNECT: MtConnectDriver,
    Way.FILES: FilesDriver,
}
"""Those of machines that we call; to the others `PassiveDriver` listens."""


def addresses_of(connection: Connection, plan: Plan) -> dict[str, DataType]:
    return {tag.address or tag.name: tag.data_type for tag in plan.tags if tag.connection == connection.id}


def nodes_to_json(nodes: list[Node]) -> bytes:
    return orjson.dumps(nodes)


def _fitted(tag: Tag, value: Value) -> Value:
    try:
        return fit(value, tag.data_type)
    except Misfit as fault:
        raise WrongWrite(f"{tag.path}: {fault}") from None


def _read(payload: bytes) -> dict[str, Any]:
    try:
        wish = orjson.loads(payload)
    except orjson.JSONDecodeError as fault:
        raise WrongWrite(f"the request is not JSON: {fault}") from None
    if not isinstance(wish, dict):
        raise WrongWrite("the request is no JSON object")
    return wish


async def _for_ever() -> None:
    await asyncio.Event().wait()
