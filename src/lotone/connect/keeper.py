"""Keeps MQTT publications safe over a crash of the message server: what it acknowledged but had not yet put into our stream.

The server acknowledges a QoS 1 publication once it is in the server's own stream of MQTT messages; into our stream it comes
by a queue in memory. A server that was killed at full load had acknowledged some hundred messages that our stream did not have
(measured: 131 of 185,140, in one of six runs). So we make the server keep its own stream a little longer: a consumer that
nobody reads from counts as interest. It is replaced by a new one every `WINDOW_S`, so 1 to 2 windows are kept, at the cost of
two requests a window. After the server came back, what is missing in our stream is published into it again.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError

from lotone.connect.streams import ANSWER_S, INGEST, TROUBLE, Heard, read_stream

log = structlog.get_logger(__name__)

MQTT_STREAM = "$MQTT_msgs"
PREFIX = "$MQTT.msgs."
WATCHED = [f"{PREFIX}spBv1//0.>", f"{PREFIX}telemetry.>"]
NAME = "lotone-keeper-"
WINDOW_S = 15.0
UNATTENDED_S = 900.0
"""The server forgets a keeper that nobody replaced for this long, so that nothing piles up when LotOne's recorder is away."""
SETTLED_S = 1.0
"""After this time a message is in both streams unless it was lost."""
OVERLAP = timedelta(seconds=10)


class Keeper:
    """Run `run` beside the intake. `mended` counts the messages that were put back."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.mended = 0
        self._connections: int | None = None
        self._renewed_at = 0.0

    async def run(self) -> None:
        """Mend at the start and after each interruption, renew in between, until cancelled."""
        while True:
            try:
                await self.tend()
            except TROUBLE as fault:
                log.debug("keeper.waits", fault=str(fault))
            await asyncio.sleep(0.5)

    async def tend(self) -> None:
        connections = self.client.stats["reconnects"]
        if connections != self._connections:
            await self.mend()
            self._connections = connections
        elif time.monotonic() - self._renewed_at > WINDOW_S:
            await self.renew()

    async def renew(self) -> None:
        """Begin a new window and let go of the old ones."""
        streams = self.client.jetstream(timeout=ANSWER_S)
        old = await self._keepers(streams)
        if old is None:
            return
        taken = {keeper.name for keeper in old}
        name = next(f"{NAME}{number}" for number in range(len(taken) + 1) if f"{NAME}{number}" not in taken)
        config = ConsumerConfig(
            durable_name=name,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.NEW,
            filter_subjects=WATCHED,
            inactive_threshold=UNATTENDED_S,
        )
        await streams.add_consumer(MQTT_STREAM, config)
        newest_first = sorted(old, key=_created, reverse=True)
        for keeper in newest_first[1:]:
            with contextlib.suppress(NotFoundError):
                await streams.delete_consumer(MQTT_STREAM, keeper.name)
        self._renewed_at = time.monotonic()

    async def mend(self) -> int:
        """Put into our stream what only the server's MQTT stream has; returns how many messages that were."""
        streams = self.client.jetstream(timeout=ANSWER_S)
        keepers = await self._keepers(streams)
        if keepers:
            since = min(map(_created, keepers))
            theirs = await read_stream(self.client, MQTT_STREAM, since=since, subjects=WATCHED)
            await asyncio.sleep(SETTLED_S)
            ours = await read_stream(self.client, INGEST, since=since - OVERLAP)
            lost = missing(theirs, ours)
            for heard in lost:
                again = {"Nats-Msg-Id": f"mended-{since.timestamp():.6f}-{heard.sequence}"}
                await streams.publish(heard.subject.removeprefix(PREFIX), heard.payload, headers=again)
            if lost:
                log.info("keeper.mended", messages=len(lost))
            self.mended += len(lost)
        await self.renew()
        return self.mended

    async def _keepers(self, streams: JetStreamContext) -> list[ConsumerInfo] | None:
        """Our consumers of the server's MQTT stream; None while that stream does not exist."""
        try:
            consumers = await streams.consumers_info(MQTT_STREAM)
        except NotFoundError:
            return None
        return [consumer for consumer in consumers if consumer.name.startswith(NAME)]


def missing(theirs: Sequence[Heard], ours: Sequence[Heard]) -> list[Heard]:
    """Messages of the server's MQTT stream, in order, that have no counterpart in our stream. The last ones of a
    subject are the missing ones, because both streams keep a subject's order."""
    present = Counter((heard.subject, heard.payload) for heard in ours)
    lost = []
    for heard in theirs:
        key = (heard.subject.removeprefix(PREFIX), heard.payload)
        if present[key]:
            present[key] -= 1
        else:
            lost.append(heard)
    return lost


def _created(keeper: ConsumerInfo) -> datetime:
    created = keeper.created
    if isinstance(created, datetime):
        return created if created.tzinfo else created.replace(tzinfo=UTC)
    return datetime.fromisoformat(str(created).replace("Z", "+00:00"))
