"""The engine: DuckDB. New samples go into a plain table, and settle from there, many at a time, into a DuckLake: sorted
Parquet files, a folder per day.

The plain table (`recent.duckdb`) makes small commits cheap: a sixth of the processor time of a DuckLake commit, and a plant
commits twice a second. A chart reads one table and some tens of files then, not hundreds.

What is on the disk when (checked with strace on Linux, DuckDB 1.5.5):
- COMMIT appends to the write-ahead log of a DuckDB file, and flushes it (fsync). We flush the folder when the log is new in
  it. What a killed process wrote into the log and did not flush is flushed at the next start.
- DuckDB writes Parquet files while an INSERT into the DuckLake runs and never flushes them, nor their folders. We do both
  before COMMIT, so that the catalog (a DuckDB file too) can't know a file that a power cut takes away.
- A Parquet file whose COMMIT was not reached is in nobody's catalog; it is deleted at the next start.
- Samples are deleted from the plain table after they are committed to the DuckLake. What a kill leaves in both is deleted
  from the plain table at the next start.
- Merging works the same way: the merged file is flushed before the catalog replaces the small ones by it. Those are deleted
  later, when nobody reads from them any more.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_ducklake
import pyarrow as pa
import structlog

from lotone.historian.model import HistorianDown
from lotone.historian.store import queries
from lotone.historian.store.folder import sync_files, sync_folder

log = structlog.get_logger(__name__)
CATALOG = "catalog.ducklake"
RECENT = "recent.duckdb"
BLOCK_BYTES = 16 * 1024
"""Of the catalog: it has many small tables, each of which would take blocks of 256 KiB."""
TARGET_BYTES = 16 * 1024 * 1024
TIERS = (
    {"smallest": 0, "largest": 256 * 1024, "least": 8, "least_of_past": 2},
    {"smallest": 256 * 1024, "largest": 2 * 1024 * 1024, "least": 8, "least_of_past": 2},
    {"smallest": 2 * 1024 * 1024, "largest": TARGET_BYTES, "least": 8, "least_of_past": 8},
)
"""Which files of a day are merged: from this size, up to that, when there are at least so many (a smaller number for days
before the newest). So every sample is written about as often as there are tiers, a day has some tens of files at most, and no
step of merging is large."""


def extension_file() -> Path:
    """The DuckLake extension for this DuckDB from its package; nothing is ever downloaded. Raises HistorianDown."""
    folder = files(duckdb_extension_ducklake) / "extensions" / f"v{duckdb.__version__}" / "ducklake.duckdb_extension"
    with as_file(folder) as path:
        if path.is_file():
            return path
    version = duckdb.__version__
    raise HistorianDown(f"duckdb-extension-ducklake is not made for DuckDB {version}: install version {version} of both")


def quoted(path: Path, scheme: str = "") -> str:
    return "'" + scheme + str(path).replace("'", "''") + "'"


def log_of(file: Path) -> Path:
    """The write-ahead log of a DuckDB file; it is there when something was committed since the last checkpoint."""
    return file.with_name(file.name + ".wal")


class Lake:
    """The open files. One thread may write at a time; any number may read meanwhile. Raises duckdb.Error and OSError."""

    sound: bool
    """False when it isn't known what was kept: a commit failed half way. Then the files have to be opened anew."""

    def __init__(self, folder: Path, *, memory_mb: int, threads: int) -> None:
        self.folder = folder
        self.data = folder / "files"
        self.sound = True
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory_mb}MiB",
                "threads": threads,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "enable_external_file_cache": False,
            },
        )
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self) -> None:
        run = self.connection.execute
        run(f"LOAD {quoted(extension_file())}")
        catalog, recent = self.folder / CATALOG, self.folder / RECENT
        there = [file for file in (catalog, recent, log_of(catalog), log_of(recent)) if file.exists()]
        sync_files(there, self.folder)
        blocks = "" if catalog.exists() else f", META_BLOCK_SIZE {BLOCK_BYTES}"
        options = f"DATA_PATH {quoted(self.data)}, OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0"
        run(f"ATTACH {quoted(catalog, 'ducklake:')} AS lake ({options}{blocks})")
        if not self._number(queries.EXISTS):
            with self._transaction():
                run(queries.CREATE)
                for statement in queries.ARRANGE:
                    run(statement)
                run(f"CALL lake.set_option('target_file_size', '{TARGET_BYTES}B')")
        run(queries.DELETE_UNKNOWN)
        run(f"ATTACH {quoted(recent)} AS recent")
        run(queries.CREATE_RECENT)
        if self.recent_rows():
            run(queries.FORGET_SETTLED)
        sync_folder(self.folder)

    def _number(self, query: str, values: dict[str, Any] | None = None) -> int:
        row = self.connection.execute(query, values or {}).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            try:
                self.connection.execute("ROLLBACK")
            except duckdb.Error:
                self.sound = False  # nothing is left to roll back: the commit itself failed, or the engine gave up
            raise

    @contextmanager
    def _unsound_when_failing(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.sound = False
            raise

    def insert(self, table: pa.Table) -> None:
        """Keep the rows: on the disk when it returns; not kept at all when it raises, unless COMMIT itself failed."""
        is_new = not log_of(self.folder / RECENT).exists()
        self.connection.register("batch", table)
        try:
            with self._transaction():
                self.connection.execute(queries.INSERT)
        finally:
            self.connection.unregister("batch")
        if is_new:
            with self._unsound_when_failing():
                sync_folder(self.folder)

    def recent_rows(self) -> int:
        """How many rows did not settle yet."""
        return self._number(queries.COUNT_RECENT)

    def settle(self, moving: Callable[[], AbstractContextManager[None]]) -> int:
        """Write what is recent into sorted files; returns how many files. `moving` holds readers off for the last moment."""
        if not self.recent_rows():
            return 0
        before = self._all_files()
        with ExitStack() as last_moment:
            with self._transaction():
                self.connection.execute(queries.SETTLE)
                new = list(self._all_files() - before)
                sync_files(new, self.folder)
                last_moment.enter_context(moving())
            with self._unsound_when_failing():
                self.connection.execute(queries.FORGET_RECENT)
                sync_folder(self.folder)
        return len(new)

    def ask(self, query: str, values: dict[str, Any], **tables: pa.Table) -> pa.Table:
        """The answer to a query, of one unchanging state of the store; `tables` are there under their names."""
        with self.connection.cursor() as cursor:
            for name, table in tables.items():
                cursor.register(name, table)
            return cursor.execute(query, values).to_arrow_table()

    def snapshot(self) -> int:
        """The number of the newest change."""
        return self._number(queries.SNAPSHOT)

    def merge_step(self) -> tuple[int, int]:
        """Merge some small files of a day, if a day has many: returns how many were merged into how many."""
        for tier in TIERS:
            if self._number(queries.CROWDED, tier):
                before = self._all_files()
                with self._transaction():
                    sizes = {name: tier[name] for name in ("smallest", "largest")}
                    done = self.connection.execute(queries.MERGE, sizes).fetchall()
                    sync_files(list(self._all_files() - before), self.folder)
                with self._unsound_when_failing():
                    sync_folder(self.folder)
                return sum(row[2] for row in done), sum(row[3] for row in done)
        return 0, 0

    def _all_files(self) -> set[Path]:
        return set(self.data.rglob("*.parquet"))

    def expire(self) -> None:
        """Forget earlier states of the store, so that files that were merged belong to none."""
        with self._unsound_when_failing():
            self.connection.execute(queries.EXPIRE)

    def delete_merged(self) -> int:
        """Delete files that belong to no state any more: nobody may be reading from them."""
        with self._unsound_when_failing():
            return len(self.connection.execute(queries.DELETE_MERGED).fetchall())

    def checkpoint(self, *, log_bytes_max: int = 0) -> None:
        """Write the logs of the DuckDB files into these, and have all on the disk; the catalog's only if it became larger."""
        with self._unsound_when_failing():
            self.connection.execute(queries.CHECKPOINT_RECENT)
            changes = log_of(self.folder / CATALOG)
            if changes.exists() and changes.stat().st_size > log_bytes_max:
                self.connection.execute(queries.CHECKPOINT_CATALOG)

    def close(self) -> None:
        """Close the files, also after a failure: the engine holds on to them then, until they are detached."""
        for statement in queries.DETACH:
            try:
                self.connection.execute(statement)
            except duckdb.Error as fault:
                log.warning("historian.closed_badly", fault=str(fault))  # the logs are read at the next start
        self.connection.close()
