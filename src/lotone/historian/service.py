"""The owner of the samples: keeps them durably, each once, and reads them back."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import structlog

from lotone.assets import Sample
from lotone.historian.gate import Gate
from lotone.historian.model import (
    Appended,
    Compacted,
    HistorianDown,
    Revision,
    Series,
    WrongRange,
    bucket_width,
    check_range,
    is_duplicate,
)
from lotone.historian.store import queries
from lotone.historian.store.answers import Answer, cut, series_of
from lotone.historian.store.columns import Batch, revisions_of
from lotone.historian.store.folder import Ownership
from lotone.historian.store.lake import Lake
from lotone.historian.store.newest import Newest, load_newest, save_newest
from lotone.historian.store.sift import Sifted, last_rows, sift

log = structlog.get_logger(__name__)
SEQUENCE_MAX = 2**63 - 1
RECENT_MAX = 250_000
"""Recent samples settle into sorted files when there are so many, or at the next compaction."""
CATALOG_LOG_BYTES_MAX = 1024 * 1024
TRIES = 2
"""Samples that settle while they are read are read anew, at most so often."""
READERS_WAIT_S = 5.0
"""How long a compaction waits for readers who may need the merged files before it leaves these to the next one."""


class Historian:
    """Owns a folder of samples. All methods may be called from any thread; appends and compactions take turns.

    Reads never wait for appends. When the disk is full or broken, methods raise HistorianDown and keep nothing; the next
    call opens the files anew, so that work goes on when the disk does.
    """

    def __init__(self, folder: Path, *, memory_mb: int = 1024, threads: int = 2) -> None:
        """Raises HistorianTaken when another process owns the folder, HistorianDown when it can't be opened."""
        self.folder = folder
        self._memory_mb = memory_mb
        self._threads = threads
        self._writing = threading.RLock()
        self._compacting = threading.Lock()
        self._gate = Gate()
        self._lake: Lake | None = None
        self._newest = Newest()
        self._corrected: set[int] = set()
        self._recent, self._settle_at = 0, RECENT_MAX
        self._closed = False
        self._suspect = False  # a commit failed: what is read back may not be on the disk before the next checkpoint
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._ownership = Ownership(folder)
        except OSError as fault:
            raise HistorianDown(f"the historian can't use the folder {folder}: {fault}") from fault
        try:
            with self._failing("open its files"):
                self._open()
        except BaseException:
            self._ownership.release()
            raise

    # Keeping

    def append(self, organization: str, samples: Sequence[Sample]) -> Appended:
        """Keep samples: they are on the disk when this returns.

        A sample that is already kept (same tag, source time and sequence) is not kept again. If it has another value it is a
        correction: it becomes a further revision, and the one received last is what reads answer.
        Raises WrongSample, and then keeps none of them; HistorianDown.
        """
        if not samples:
            return Appended()
        batch = Batch(organization, samples)
        with self._writing, self._failing("keep samples"):
            lake = self._writable()
            sifted = sift(batch, self._newest.of(organization))
            self._judge(lake, batch, sifted)
            if len(sifted.rows):
                self._corrected.update(batch.tag[sifted.corrections].tolist())
                lake.insert(batch.table(sifted.rows, sifted.revisions))
                self._recent += len(sifted.rows)
                self._newest.absorb(organization, [samples[row] for row in last_rows(batch, sifted)])
        if self._recent > self._settle_at:
            self._settle_now_or_later()
        corrected = len(sifted.corrections)
        new = len(sifted.rows) - corrected
        return Appended(new=new, duplicate=len(samples) - new - corrected, corrected=corrected)

    def _judge(self, lake: Lake, batch: Batch, sifted: Sifted) -> None:
        """Decide about the samples that may be known: duplicates, corrections, or only late."""
        if not len(sifted.doubtful):
            return
        asked = batch.identities(sifted.doubtful)
        known = revisions_of(lake.ask(queries.REVISIONS, _span(batch, sifted.doubtful), asked=asked))
        for row in sifted.doubtful.tolist():
            sample = batch.samples[row]
            revisions = known.setdefault((sample.tag, sample.source_time, sample.sequence), [])
            if revisions and is_duplicate(sample, revisions):
                continue
            sifted.judged.append((row, len(revisions)))
            revisions.append(Revision(len(revisions), sample.receive_time, sample.value, sample.quality))

    # Reading

    def read(
        self, organization: str, tags: Sequence[int], start: int, end: int, *, buckets: int | None = None, limit: int = 100_000
    ) -> Series:
        """Samples of tags from `start` up to, and without, `end` (microseconds since 1970), or sums of them in equal buckets.

        At most `limit` samples or buckets: the earliest ones of all tags, see `Series.until`. Raises WrongRange.
        """
        width = None if buckets is None else bucket_width(start, end, buckets)
        answer = self.answer(organization, tags, start, end, origin=start, width=width, limit=limit)
        return series_of([answer], tags, start, end, width)

    def answer(
        self, organization: str, tags: Sequence[int], start: int, end: int, *, origin: int, width: int | None, limit: int
    ) -> Answer:
        """What `read` answers, as a table. Buckets count from `origin`, which is before `start` when an answer continues."""
        check_range(start, end)
        if limit < 1:
            raise WrongRange(f"a limit of {limit}: ask for at least one")
        corrected = not self._corrected.isdisjoint(tags)
        values: dict[str, Any] = {
            "organization": organization, "tags": list(tags), "start": start, "end": end, "limit": limit + 1,
        }  # fmt: skip
        if width is None:
            table = self._ask(queries.RAW_CORRECTED if corrected else queries.RAW, values)
        else:
            query = queries.BUCKETS_CORRECTED if corrected else queries.BUCKETS
            table = self._ask(query, {**values, "origin": origin, "width": width})
        return cut(Answer(table, end), limit, continues=start > origin)

    def last(self, organization: str, tags: Sequence[int]) -> dict[int, Sample]:
        """The newest sample of each tag by source time; tags without a sample are left out."""
        self._readable()
        newest = self._newest.of(organization)
        return {tag: newest[tag] for tag in tags if tag in newest}

    def count(self, organization: str, tags: Sequence[int] | None = None, *, sequence_max: int | None = None) -> int:
        """How many samples are kept, of some tags or of all; corrections are not counted again.

        With `sequence_max` 0 only what machines said themselves: marks that were added beside it have higher sequences.
        """
        most = SEQUENCE_MAX if sequence_max is None else sequence_max
        if tags is None:
            table = self._ask(queries.COUNT, {"organization": organization, "sequence_max": most})
        else:
            table = self._ask(queries.COUNT_OF_TAGS, {"organization": organization, "tags": list(tags), "sequence_max": most})
        return int(table.column(0)[0].as_py())

    def increase(self, organization: str, tags: Sequence[int], start: int, end: int) -> dict[int, float]:
        """How much each counter grew between its first and its last sample of the range; a counter that fell began anew at 0.

        Samples of bad quality are left out, and so are tags without a number in the range.
        """
        check_range(start, end)
        query = queries.INCREASE if self._corrected.isdisjoint(tags) else queries.INCREASE_CORRECTED
        table = self._ask(query, {"organization": organization, "tags": list(tags), "start": start, "end": end})
        return dict(zip(table.column("tag").to_pylist(), table.column("increase").to_pylist(), strict=True))

    def revisions(self, organization: str, tag: int, start: int, end: int) -> dict[tuple[int, int], list[Revision]]:
        """Corrected samples, by source time and sequence: each with all its values in the order they were kept."""
        check_range(start, end)
        table = self._ask(queries.CORRECTIONS, {"organization": organization, "tags": [tag], "start": start, "end": end})
        return {identity[1:]: revisions for identity, revisions in revisions_of(table).items()}

    # Keeping order

    def compact(self) -> Compacted:
        """Write recent samples into sorted files, merge small ones, delete what was merged. Appends go on between the steps.

        Call it about once a minute. It may be killed at any moment.
        """
        with self._compacting:
            merged, written = 0, self._settle()
            while (step := self._merge_step())[0]:
                merged, written = merged + step[0], written + step[1]
            with self._writing, self._failing("forget merged files"):
                self._writable().expire()
            nobody_reads = self._gate.earlier_are_done(READERS_WAIT_S)
            with self._writing, self._failing("delete merged files"):
                lake = self._writable()
                deleted = lake.delete_merged() if nobody_reads else 0
                lake.checkpoint(log_bytes_max=CATALOG_LOG_BYTES_MAX)
                save_newest(self.folder, self._newest, lake.snapshot())
            return Compacted(merged=merged, written=written, deleted=deleted)

    def _settle_now_or_later(self) -> None:
        """What was appended is on the disk: if it can't settle, that is tried again when as much came in addition."""
        try:
            self._settle()
        except HistorianDown:
            self._settle_at = self._recent + RECENT_MAX

    def _settle(self) -> int:
        with self._writing, self._failing("settle samples"):
            written = self._writable().settle(self._gate.moving)
            self._recent, self._settle_at = 0, RECENT_MAX
            return written

    def _merge_step(self) -> tuple[int, int]:
        with self._writing, self._failing("merge files"):
            return self._writable().merge_step()

    def close(self) -> None:
        """Close the files and give up the folder; the historian can't be used afterwards."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            try:
                if self._lake is not None:
                    save_newest(self.folder, self._newest, self._lake.snapshot())
            except (duckdb.Error, OSError) as fault:
                log.warning("historian.newest_not_kept", fault=str(fault))
            self._let_go()
            self._ownership.release()

    # The files

    def _ask(self, query: str, values: dict[str, Any]) -> pa.Table:
        for _ in range(TRIES):
            self._readable()
            with self._failing("read samples"), self._gate.reading() as moves:
                table = self._read(query, values)
            if moves == self._gate.moves:
                return table
        with self._writing:  # nothing moves any more
            self._readable()
            with self._failing("read samples"), self._gate.reading():
                return self._read(query, values)

    def _read(self, query: str, values: dict[str, Any]) -> pa.Table:
        if self._lake is None:
            raise HistorianDown("the historian's files are being opened anew; ask again")
        try:
            return self._lake.ask(query, values)
        except (duckdb.FatalException, duckdb.InternalException):
            self._lake.sound = False
            raise

    def _readable(self) -> None:
        """See that the files are open; only waits for appends when they are not."""
        if self._lake is None:
            with self._writing, self._failing("open its files"):
                if self._lake is None:
                    self._open()

    def _writable(self) -> Lake:
        self._readable()
        assert self._lake is not None
        if self._suspect:
            self._lake.checkpoint()
            self._suspect = False
        return self._lake

    def _open(self) -> None:
        if self._closed:
            raise HistorianDown("the historian was closed")
        lake = Lake(self.folder, memory_mb=self._memory_mb, threads=self._threads)
        try:
            newest, snapshot = load_newest(self.folder, lake.snapshot())
            newest.absorb_table(lake.ask(queries.NEWEST_SETTLED, {"snapshot": snapshot}))
            newest.absorb_table(lake.ask(queries.NEWEST_RECENT, {}))
            corrected = set(lake.ask(queries.CORRECTED, {}).column("tag").to_pylist())
        except BaseException:
            lake.close()
            raise
        self._newest, self._corrected, self._recent, self._lake = newest, corrected, lake.recent_rows(), lake

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        """Say in the platform's words what failed; afterwards the files are sound, or closed to be opened anew."""
        try:
            yield
        except (duckdb.Error, OSError) as fault:
            log.warning("historian.failed", what=what, fault=str(fault))
            raise HistorianDown(f"the historian can't {what} in {self.folder}: {fault}") from fault
        finally:
            if self._lake is not None and not self._lake.sound:
                self._suspect = True
                self._let_go()

    def _let_go(self) -> None:
        with self._writing, self._gate.alone():
            if self._lake is not None:
                self._lake.close()
                self._lake = None


def _span(batch: Batch, rows: Any) -> dict[str, Any]:
    """Where in the store the rows would be."""
    tags, times = batch.tag[rows], batch.time[rows]
    return {
        "organization": batch.organization, "tag_min": int(tags.min()), "tag_max": int(tags.max()),
        "start": int(times.min()), "end": int(times.max()),
    }  # fmt: skip
