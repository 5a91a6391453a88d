"""The machine's journal: every frame is on disk before anybody hears it, so that a killed machine loses nothing."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lotone.demo.machines.core import Frame

KEPT = 20_000
"""So many of the newest frames are kept in any case: readers that were away ask for them (over an hour at four a second)."""
KEPT_UNHEARD = 500_000
"""So many frames are kept at most, even if nobody acknowledged them; what is dropped then is counted."""
PRUNE_EVERY = 2_000

_TABLES = """
CREATE TABLE IF NOT EXISTS frame (number INTEGER PRIMARY KEY, time INTEGER NOT NULL UNIQUE, said TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""


class Journal:
    """Frames (numbered from 1, without gaps, for ever), the machine's memory, and notes. Used by one thread.

    A commit survives a kill -9 of the process (WAL, synchronous NORMAL); a power failure may cost the last seconds.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")
        self.database.executescript(_TABLES)
        self.newest: int = int(self.note("newest") or 0)
        """The number of the newest frame."""
        self._count: int = int(self.note("count") or 0)
        self._dropped: int = int(self.note("dropped") or 0)
        self._to_prune = PRUNE_EVERY

    def close(self) -> None:
        self.database.close()

    def append(self, frames: Iterable[Frame], memory: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> list[int]:
        """Keep frames, the memory after them, and notes, in one transaction. Returns the frames' numbers."""
        frames = list(frames)
        first = self.newest + 1
        rows = [(first + place, frame.time, _packed(frame)) for place, frame in enumerate(frames)]
        count = self._count + sum(len(frame.values) for frame in frames)
        kept = {**(notes or {}), "memory": json.dumps(memory), "newest": str(self.newest + len(rows)), "count": str(count)}
        with self._transaction():
            self.database.executemany("INSERT INTO frame VALUES (?, ?, ?)", rows)
            self._keep(kept)
            self._to_prune -= len(rows)
            if self._to_prune <= 0:
                self._prune()
        self.newest += len(rows)
        self._count = count
        return [number for number, _, _ in rows]

    def keep_note(self, name: str, text: str) -> None:
        with self._transaction():
            self._keep({name: text})

    def note(self, name: str) -> str | None:
        found = self.database.execute("SELECT text FROM note WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def memory(self) -> Mapping[str, Any] | None:
        """The memory kept last; None for a new machine."""
        text = self.note("memory")
        return None if text is None else dict(json.loads(text))

    def count(self) -> int:
        """How many samples the machine has published in its life (those not yet heard by anybody included)."""
        return self._count

    def dropped(self) -> int:
        """How many frames had to be dropped before anybody acknowledged them."""
        return self._dropped

    def after(self, number: int, limit: int) -> list[tuple[int, Frame]]:
        """The frames after one, oldest first."""
        query = "SELECT number, time, said FROM frame WHERE number > ? ORDER BY number LIMIT ?"
        return [(each, _unpacked(time, said)) for each, time, said in self.database.execute(query, (number, limit))]

    def last_before(self, time: int) -> int:
        """The number of the newest kept frame before a moment; 0 if there is none."""
        query = "SELECT number FROM frame WHERE time < ? ORDER BY time DESC LIMIT 1"
        found = self.database.execute(query, (time,)).fetchone()
        return int(found[0]) if found else 0

    def between(self, start: int | None, end: int | None, *, newest_first: bool = False) -> Iterable[Frame]:
        """The kept frames of a stretch of time, both ends included."""
        low, high = (-(2**62) if start is None else start), (2**62 if end is None else end)
        order = "DESC" if newest_first else "ASC"
        query = f"SELECT time, said FROM frame WHERE time BETWEEN ? AND ? ORDER BY time {order}"  # noqa: S608
        for time, said in self.database.execute(query, (low, high)):
            yield _unpacked(time, said)

    def _prune(self) -> None:
        """Forget old frames: heard ones first, unheard ones only when there are far too many."""
        self._to_prune = PRUNE_EVERY
        newest = int(self.note("newest") or 0)
        heard = self.note("heard")
        limit = newest - KEPT if heard is None else min(newest - KEPT, int(heard))
        unheard = newest - KEPT_UNHEARD
        if heard is not None and unheard > limit:
            oldest = self.database.execute("SELECT min(number) FROM frame").fetchone()[0] or 0
            self._dropped += max(0, unheard - max(limit, oldest - 1))
            self._keep({"dropped": str(self._dropped)})
        self.database.execute("DELETE FROM frame WHERE number <= ?", (max(limit, unheard),))

    def _keep(self, notes: Mapping[str, str]) -> None:
        self.database.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", notes.items())

    def _transaction(self) -> "_Transaction":
        return _Transaction(self.database)


class _Transaction:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK when the block raises."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def __enter__(self) -> None:
        self.database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        self.database.execute("COMMIT" if kind is None else "ROLLBACK")


def count_published(folder: Path) -> dict[str, int]:
    """How many samples each machine with a journal in this folder has published. The machines may be running."""
    counts = {}
    for path in sorted(folder.glob("*.sqlite3")):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        try:
            found = database.execute("SELECT text FROM note WHERE name = 'count'").fetchone()
        finally:
            database.close()
        counts[path.stem] = int(found[0]) if found else 0
    return counts


def _packed(frame: Frame) -> str:
    return json.dumps(frame.values, separators=(",", ":"), ensure_ascii=False)


def _unpacked(time: int, said: str) -> Frame:
    return Frame(time, json.loads(said))
