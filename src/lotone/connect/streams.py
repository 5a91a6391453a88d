"""The durable stream between machines and the recorder: what it keeps and for how long, and pulling from it in order."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

log = structlog.get_logger(__name__)

INGEST = "INGEST"
SUBJECTS = ("spBv1//0.>", "telemetry.>", "samples.>")
RECORDER = "recorder"
DUPLICATES_S = 600
"""A batch that is published again within this time because its acknowledgement was lost is kept once."""
BATCH = 1000
BATCH_BYTES = 32 * 1024 * 1024
IN_FLIGHT_MAX = 20_000
ANSWER_S = 5.0
_NOBODY = "503"
_DELETED = "Consumer Deleted"
TROUBLE = (NatsError, OSError, TimeoutError)
"""What a message server that is away or starting makes the client raise."""


def ingest_config() -> StreamConfig:
    """How the stream keeps what machines said until it is recorded.

    Acknowledged data must not vanish, so the stream itself has no limit of age or size: the recorder takes out what it has
    recorded (see `Intake`), and what is not recorded stays. The limit is the server's (`max_file_store`), because only that
    one is heard by everybody: when it is reached, the server refuses our own publications and no longer acknowledges MQTT
    ones, so machines keep their data. With a `max_bytes` of this stream alone, MQTT publications were acknowledged and lost
    (measured: 310,860 acknowledged, 1,966 kept). `discard: new` says the same for us: nothing old is thrown away to make
    room.
    """
    return StreamConfig(
        name=INGEST,
        subjects=list(SUBJECTS),
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_bytes=-1,
        max_age=0,
        duplicate_window=DUPLICATES_S,
    )


async def prepare_streams(client: Client) -> None:
    """Create the stream, or bring it up to date. May be repeated. Raises what the client raises while the server is away."""
    streams = client.jetstream(timeout=ANSWER_S)
    config = ingest_config()
    try:
        await streams.stream_info(INGEST)
    except NotFoundError:
        await streams.add_stream(config)
    else:
        await streams.update_stream(config)


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended: in Python 3.11 a cancellation that meets an answer just arriving is swallowed."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.2)


async def wait_for_streams(client: Client) -> None:
    """`prepare_streams`, again and again until the server takes it."""
    while True:
        try:
            return await prepare_streams(client)
        except TROUBLE as fault:
            log.debug("streams.not_ready", fault=str(fault))
            await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message from the stream. `at` is when the message server got it, in microseconds since 1970, wall clock."""

    subject: str
    payload: bytes
    at: int
    sequence: int
    reply: str = ""


GATHER_S = 0.1
"""After a quiet moment, what comes within this time is taken together: a commit costs the same for one sample as for many."""


class Puller:
    """Messages of the stream in order, none left out, also over restarts of the message server.

    One durable consumer keeps the place of what was acknowledged. Acknowledging a message acknowledges all before it, so
    everything must have been received in unbroken order: after every interruption the consumer is set back to the message
    behind the last one received.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.received = 0
        self._waiting: list[Heard] = []
        self._arrived = asyncio.Event()
        self._asked = 0
        self._expected = 0
        self._broken = True
        self._connections = -1
        self._subscription: Any = None
        self._inbox = ""

    async def next(self, timeout_s: float = 0.5) -> list[Heard]:
        """What has arrived, at most some thousands; an empty list when nothing came within the time."""
        if self._broken or self._connections != self.client.stats["reconnects"]:
            await self._open()
        if self._asked < BATCH // 2:
            await self._ask()
        if not self._waiting:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._arrived.wait()
            if self._waiting:
                await asyncio.sleep(GATHER_S)
        heard, self._waiting = self._waiting, []
        if heard:
            self.received = heard[-1].sequence
        return heard

    async def acknowledge(self, last: Heard) -> None:
        """Say that `last` and everything before it is recorded."""
        await self.client.publish(last.reply, b"+ACK")

    async def _open(self) -> None:
        """Set the consumer to the message behind the last one received, or, at the start, the last one acknowledged."""
        if not self.client.is_connected:
            await asyncio.sleep(0.05)
        connections = self.client.stats["reconnects"]
        streams = self.client.jetstream(timeout=ANSWER_S)
        await prepare_streams(self.client)
        await self.close()
        start = await self._start(streams)
        with contextlib.suppress(NotFoundError):
            await streams.delete_consumer(INGEST, RECORDER)
        await streams.add_consumer(INGEST, consumer_config(start))
        self._inbox = self.client.new_inbox()
        self._expected = 1
        self._asked = 0
        self._waiting = []
        self._broken = False
        self._connections = connections
        self._subscription = await self.client.subscribe(self._inbox, cb=self._hear)

    async def _start(self, streams: JetStreamContext) -> int:
        state = (await streams.stream_info(INGEST)).state
        if self.received > state.last_seq:
            self.received = 0  # another stream than before: somebody emptied the message server's folder
        if self.received:
            return self.received + 1
        try:
            floor = (await streams.consumer_info(INGEST, RECORDER)).ack_floor
        except NotFoundError:
            return 0
        return floor.stream_seq + 1 if floor else 0

    async def _ask(self) -> None:
        wish = {"batch": BATCH, "max_bytes": BATCH_BYTES, "expires": 30_000_000_000}
        self._asked += BATCH
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{INGEST}.{RECORDER}"
        await self.client.publish(subject, orjson.dumps(wish), reply=self._inbox)

    async def _hear(self, message: Msg) -> None:
        if message.subject == self._inbox:  # no message of the stream, but word that a request has ended
            headers = message.headers or {}
            self._asked = max(0, self._asked - int(headers.get("Nats-Pending-Messages", str(BATCH))))
            self._broken = self._broken or headers.get("Status") == _NOBODY or _DELETED in headers.get("Description", "")
            self._arrived.set()
            return
        if self._broken or _place_in_delivery(message) != self._expected:
            self._broken = True
            self._arrived.set()
            return
        self._expected += 1
        self._asked -= 1
        heard = _heard(message)
        if heard.sequence > self.received:
            self._waiting.append(heard)
        self._arrived.set()

    async def close(self) -> None:
        if self._subscription is not None:
            with contextlib.suppress(*TROUBLE):
                await self._subscription.unsubscribe()
            self._subscription = None


def consumer_config(start: int) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=RECORDER,
        ack_policy=AckPolicy.ALL,
        ack_wait=3600,  # we set the consumer back ourselves; a redelivery in between would only break the order
        max_ack_pending=IN_FLIGHT_MAX,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE if start > 0 else DeliverPolicy.ALL,
        opt_start_seq=start if start > 0 else None,
    )


async def read_stream(
    client: Client, stream: str, *, since: datetime | None = None, subjects: list[str] | None = None
) -> list[Heard]:
    """Everything that is in a stream at this moment, from a time on, without acknowledging any of it."""
    streams = client.jetstream(timeout=ANSWER_S)
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.ALL if since is None else DeliverPolicy.BY_START_TIME,
        opt_start_time=since,
        filter_subjects=subjects,
        inactive_threshold=30,
        mem_storage=True,
    )
    info = await streams.add_consumer(stream, config)
    subscription = await streams.pull_subscribe_bind(consumer=info.name, stream=stream)
    found: list[Heard] = []
    left = info.num_pending or 0
    try:
        while left > 0:
            batch = await subscription.fetch(min(left, BATCH), timeout=ANSWER_S)
            found += [_heard(message) for message in batch]
            left -= len(batch)
    finally:
        with contextlib.suppress(*TROUBLE):
            await subscription.unsubscribe()
            await streams.delete_consumer(stream, info.name)
    return found


def _heard(message: Msg) -> Heard:
    """A delivered message. Its reply subject says the rest:
    $JS.ACK.<stream>.<consumer>.<times>.<stream sequence>.<consumer sequence>.<nanoseconds>.<left>, or with domain and account
    in front and a random word behind."""
    words = message.reply.split(".")
    first = 5 if len(words) == 9 else 7
    return Heard(message.subject, message.data, int(words[first + 2]) // 1000, int(words[first]), message.reply)


def _place_in_delivery(message: Msg) -> int:
    words = message.reply.split(".")
    return int(words[6 if len(words) == 9 else 8])
