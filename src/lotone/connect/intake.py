"""The intake: everything machines said, out of the stream, into samples, recorded, and only then acknowledged."""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog

from lotone.assets import moment
from lotone.connect.directory import Load
from lotone.connect.drivers.sparkplug_codec import rebirth_payload
from lotone.connect.facts import ConnectionLost, ConnectionRestored
from lotone.connect.keeper import Keeper
from lotone.connect.model import ConnectionState, Status, subject_of
from lotone.connect.reader import Reader
from lotone.connect.store import Birth, Refused, Store
from lotone.connect.streams import ANSWER_S, INGEST, TROUBLE, Heard, Puller, end
from lotone.connect.taking import Record, Recorded, Sign, Taking
from lotone.kernel import (
    Clock,
    Conflict,
    Database,
    Forbidden,
    Invalid,
    LotOneError,
    Messages,
    NotFound,
    PlantClock,
    Words,
    keep,
    wall_clock,
)

AnyResult = TypeVar("AnyResult")
log = structlog.get_logger(__name__)

KEPT_S = 120.0
"""What is recorded stays in the stream this long: the keeper compares with it after a crash of the message server."""
PURGE_EVERY_S = 10.0
NOTE_EVERY_S = 2.0
"""Signs of life and repeated faults are written to the database at most this often; new ones at once."""
WAIT_S = 0.5
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 10.0
TRIES = 3
WRONG_DATA = (Invalid, Conflict, NotFound, Forbidden, ValueError, TypeError, ArithmeticError)
"""What a record raises over the samples themselves; anything else (a full disk, a busy database) passes, and is waited for."""
REBIRTH_EVERY_S = 10.0
REBIRTH_EVERY_S_MAX = 300.0


@dataclass
class Counts:
    """What the intake did since it started."""

    messages: int = 0
    samples: int = 0
    refused: int = 0
    retries: int = 0


class Stopped(Exception):
    """The intake was asked to stop while it waited for something to succeed."""


class Intake:
    """Run by the recorder process, one per stream. `start` and `stop` may be called from any thread.

    `load(organization)` gives the tags and connections, `record(organization, samples)` returns once the samples are on disk.
    Both are called on a worker thread. A record that raises is repeated with the same samples until it succeeds: meanwhile
    nothing is acknowledged, and everything waits in the stream.
    """

    def __init__(
        self,
        messages: Messages,
        database: Database,
        *,
        load: Load,
        record: Record,
        plant_clock: PlantClock,
        wall: Clock = wall_clock,
    ) -> None:
        self.messages = messages
        self.record = record
        self.reader = Reader(load, self._births, plant_clock)
        self.book = Book(database, wall)
        self.counts = Counts()
        self.rebirths = Rebirths()
        self._database = database
        self._stopping = threading.Event()
        self._task: Future[None] | None = None
        self._recorded: deque[tuple[float, int]] = deque()
        self._purged_at = time.monotonic()

    def start(self) -> None:
        self._task = asyncio.run_coroutine_threadsafe(self._run_for_ever(), self.messages.loop)

    async def _run_for_ever(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.run()
            except Stopped:
                return
            except Exception:  # a fault of ours: what was not acknowledged is pulled again
                log.exception("intake.failed")
                await asyncio.sleep(1)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish what is being recorded and stop. What was not acknowledged comes again at the next start."""
        self._stopping.set()
        if self._task is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                self._task.result(timeout_s)

    async def run(self) -> None:
        """Until `stop`. Must run on the messages' loop."""
        puller = Puller(self.messages.client)
        keeper = asyncio.create_task(Keeper(self.messages.client).run())
        taken: asyncio.Queue[list[Heard]] = asyncio.Queue(maxsize=1)
        pulling = asyncio.create_task(self._pull(puller, taken))
        try:
            while not self._stopping.is_set():
                messages = await self._next(taken)
                if messages:
                    rebirths = await asyncio.to_thread(self.take, messages)
                    await self._acknowledge(puller, messages[-1])
                    await self._ask_for(rebirths)
                await asyncio.to_thread(self.book.note)
        finally:
            await end(pulling)
            await end(keeper)
            await puller.close()
            await asyncio.to_thread(self.book.note, all_of_it=True)

    async def _next(self, taken: asyncio.Queue[list[Heard]]) -> list[Heard]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                return await taken.get()
        return []

    async def _pull(self, puller: Puller, taken: asyncio.Queue[list[Heard]]) -> None:
        """Fetch the next messages while the last ones are being recorded."""
        while True:
            try:
                messages = await puller.next()
            except TROUBLE as fault:
                log.debug("intake.waits", fault=str(fault))
                await asyncio.sleep(0.2)
                continue
            if messages:  # an empty queue of one place: at most two stretches are in memory
                await taken.put(messages)

    def take(self, messages: list[Heard]) -> set[tuple[str, str]]:
        """Read, record and note messages, as often as it takes; returns edge nodes that should announce themselves again."""
        taking = self._until_done("read", partial(self.reader.read, messages))
        for organization, samples in taking.samples.items():
            if samples:
                self._record(organization, samples, taking)
        self._until_done("note", partial(self.book.keep, taking))
        self.counts.messages += len(messages)
        self.counts.refused += sum(item.count for item in taking.refused.values())
        return taking.rebirths

    def _record(self, organization: str, samples: Recorded, taking: Taking) -> None:
        """Record samples. When something is wrong with them rather than with the disk, find out which: those few must not
        hold up all others for ever, so they go to the quarantine."""
        for _ in range(TRIES):
            try:
                self._until_done("record", partial(self.record, organization, samples), give_up=WRONG_DATA)
                self.counts.samples += len(samples)
                return
            except WRONG_DATA as fault:
                reason = f"{type(fault).__name__}: {fault}"
                log.warning("intake.not_recorded", organization=organization, samples=len(samples), fault=reason)
            if self._stopping.wait(FIRST_RETRY_S):
                raise Stopped
        if len(samples) > 1:
            half = len(samples) // 2
            self._record(organization, samples[:half], taking)
            self._record(organization, samples[half:], taking)
            return
        tag, sample = samples[0]
        words = Words(f"this value could not be recorded: {reason}"[:500], f"该数值无法记录：{reason}"[:500])
        heard = Heard(tag.path, str(sample).encode(), sample.receive_time, 0)
        taking.refuse(organization, tag.path, words, heard)

    def _until_done(self, what: str, act: Callable[[], AnyResult], *, give_up: tuple[type[Exception], ...] = ()) -> AnyResult:
        wait_s = FIRST_RETRY_S
        while True:
            try:
                return act()
            except give_up:
                raise
            except Exception as fault:  # whatever it is, dropping the messages would be worse than waiting
                self.counts.retries += 1
                log.warning("intake.retry", step=what, fault=f"{type(fault).__name__}: {fault}", wait_s=wait_s)
                if self._stopping.wait(wait_s):
                    raise Stopped from fault
                wait_s = min(wait_s * 2, LAST_RETRY_S)

    async def _acknowledge(self, puller: Puller, last: Heard) -> None:
        try:
            await puller.acknowledge(last)
            await self._purge(last)
        except TROUBLE as fault:
            log.debug("intake.not_acknowledged", fault=str(fault))  # they come again, and are duplicates then

    async def _purge(self, last: Heard) -> None:
        """Take out of the stream what was recorded some time ago."""
        now = time.monotonic()
        self._recorded.append((now, last.sequence))
        if now - self._purged_at < PURGE_EVERY_S:
            return
        self._purged_at = now
        done = 0
        while self._recorded and self._recorded[0][0] < now - KEPT_S:
            done = self._recorded.popleft()[1]
        if done:
            await self.messages.client.jetstream(timeout=ANSWER_S).purge_stream(INGEST, seq=done + 1)

    async def _ask_for(self, wanted: set[tuple[str, str]]) -> None:
        for organization, node in self.rebirths.due(wanted):
            subject = subject_of(f"spBv1.0/{organization}/NCMD/{node}")
            try:
                await self.messages.client.publish(subject, rebirth_payload(int(time.time() * 1000)))
                log.info("intake.rebirth_asked", organization=organization, node=node)
            except TROUBLE as fault:
                log.debug("intake.rebirth_not_asked", node=node, fault=str(fault))

    def _births(self, organization: str) -> list[Birth]:
        with self._database.look() as connection:
            return Store(connection, organization).births()


class Rebirths:
    """Which edge nodes are asked to announce themselves again: each one seldom, and more and more seldom in vain."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], tuple[float, float]] = {}

    def due(self, wanted: set[tuple[str, str]]) -> list[tuple[str, str]]:
        now = time.monotonic()
        due = []
        for node in sorted(wanted):
            at, wait_s = self._asked.get(node, (float("-inf"), REBIRTH_EVERY_S / 2))
            if now - at < wait_s:
                continue
            wait_s = REBIRTH_EVERY_S if now - at > 2 * REBIRTH_EVERY_S_MAX else min(wait_s * 2, REBIRTH_EVERY_S_MAX)
            self._asked[node] = (now, wait_s)
            due.append(node)
        return due


class Book:
    """What the intake writes to the state database: births, states and the quarantine."""

    def __init__(self, database: Database, wall: Clock) -> None:
        self.database = database
        self.wall = wall
        self._seen: set[tuple[str, str, str]] = set()
        self._more: dict[tuple[str, str, str], Refused] = {}
        self._heard: dict[tuple[str, str], int] = {}
        self._status: dict[tuple[str, str], Status] = {}
        self._noted_at = time.monotonic()

    def keep(self, taking: Taking) -> None:
        """In one transaction: everything new at once; mere repetitions are collected for `note`."""
        new = {key: item for key, item in taking.refused.items() if key not in self._seen}
        changes = {key: sign for key, sign in taking.signs.items() if self._changes(key, sign)}
        organizations = {key[0] for key in (*new, *changes, *taking.births)}
        if organizations:
            with self.database.work() as connection:
                for organization in sorted(organizations):
                    store = Store(connection, organization)
                    store.save_births(birth for key, birth in taking.births.items() if key[0] == organization)
                    store.refuse(item for key, item in new.items() if key[0] == organization)
                    for key, sign in changes.items():
                        if key[0] == organization:
                            self._change(store, key[1], sign)
        self._seen.update(new)
        self._status.update((key, sign.status) for key, sign in changes.items() if sign.status)
        for key, sign in taking.signs.items():
            self._heard[key] = sign.heard_at
        for fault, item in taking.refused.items():
            if fault not in new:
                known = self._more.get(fault)
                self._more[fault] = replace(item, count=item.count + (known.count if known else 0))

    def note(self, *, all_of_it: bool = False) -> None:
        """Write what was collected, now and then."""
        if not (self._more or self._heard) or (time.monotonic() - self._noted_at < NOTE_EVERY_S and not all_of_it):
            return
        self._noted_at = time.monotonic()
        more, heard = self._more, self._heard
        self._more, self._heard = {}, {}
        try:
            with self.database.work() as connection:
                for key, item in more.items():
                    Store(connection, key[0]).refuse([item])
                for (organization, name), at in heard.items():
                    Store(connection, organization).heard_at(name, moment(at))
        except LotOneError as fault:
            log.warning("intake.not_noted", fault=str(fault))
            self._more, self._heard = more | self._more, heard | self._heard
        if len(self._seen) > 50_000:
            self._seen.clear()

    def _changes(self, key: tuple[str, str], sign: Sign) -> bool:
        return sign.status is not None and self._status.get(key) is not sign.status

    def _change(self, store: Store, name: str, sign: Sign) -> None:
        before = store.states().get(name)
        status = sign.status or Status.CONNECTED
        words = sign.words or Words("")
        set_state(store, before, name, status, words, self.wall, heard_at=sign.heard_at)


def set_state(
    store: Store,
    before: ConnectionState | None,
    name: str,
    status: Status,
    words: Words,
    wall: Clock,
    *,
    heard_at: int | None = None,
) -> None:
    """Save how a connection is now, and tell the fact when a machine was lost or came back."""
    now = wall()
    was = before.status if before else Status.WAITING
    fault_words, fault_at = (before.fault_words, before.fault_at) if before else (None, None)
    if status is Status.LOST:
        fault_words, fault_at = words, now
    last = moment(heard_at) if heard_at is not None else (before.last_message_at if before else None)
    since = before.since if before and was is status else now
    store.save_state(ConnectionState(name, status, since, last, words, fault_words, fault_at))
    if status is Status.LOST and was is Status.CONNECTED:
        keep(store.connection, store.organization, ConnectionLost(name, now, words.en, words.zh), now)
    if status is Status.CONNECTED and was is Status.LOST:
        keep(store.connection, store.organization, ConnectionRestored(name, now), now)
