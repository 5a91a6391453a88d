"""The engine: DuckDB with DuckLake, which keeps samples in sorted Parquet files, a folder per day.

What is on the disk when (checked with strace on Linux, DuckDB 1.5.5):
- DuckDB writes the Parquet files of an INSERT while the statement runs and never flushes them (fsync), nor their folders. We
  do both before COMMIT, so that the catalog can't know a file that a power cut takes away.
- COMMIT appends to the write-ahead log of the catalog, which is a DuckDB file too, and flushes it. Then we flush the folder,
  in which the log may be new. What a killed process wrote into the log and did not flush is flushed at the next start.
- So a file whose COMMIT was not reached is in nobody's catalog; it is deleted at the next start.
- Merging works the same way: the merged file is flushed before the catalog replaces the small ones by it. Those are deleted
  later, when nobody reads from them any more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_ducklake
import numpy as np
import pyarrow as pa
import structlog

from lotone.historian.model import HistorianDown
from lotone.historian.store import queries
from lotone.historian.store.folder import names_in, sync_files, sync_folder

log = structlog.get_logger(__name__)
CATALOG = "catalog.ducklake"
DAY = 86_400_000_000
TARGET_BYTES = 16 * 1024 * 1024
TIERS = ((0, 256 * 1024, 2), (256 * 1024, 2 * 1024 * 1024, 8), (2 * 1024 * 1024, TARGET_BYTES, 8))
"""Which files of a day are merged: from this size, up to that, when there are at least so many. So every sample is written
about as often as there are tiers, a day never has many files, and no step of merging is large."""


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
        catalog = self.folder / CATALOG
        sync_files([file for file in (catalog, catalog.with_name(CATALOG + ".wal")) if file.exists()], self.folder)
        options = f"DATA_PATH {quoted(self.data)}, OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0"
        run(f"ATTACH {quoted(catalog, 'ducklake:')} AS lake ({options})")
        if not self._number(queries.EXISTS):
            with self._transaction():
                run(queries.CREATE)
                for statement in queries.ARRANGE:
                    run(statement)
                run(f"CALL lake.set_option('target_file_size', '{TARGET_BYTES}B')")
        run(queries.DELETE_UNKNOWN)
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
        folders = self._day_folders(table)
        before = {folder: names_in(folder) for folder in folders}
        self.connection.register("batch", table)
        try:
            with self._transaction():
                self.connection.execute(queries.INSERT)
                self._sync_new(before)
        finally:
            self.connection.unregister("batch")
        with self._unsound_when_failing():
            sync_folder(self.folder)

    def _day_folders(self, table: pa.Table) -> list[Path]:
        days = np.unique(table.column("source_time").cast(pa.int64()).to_numpy() // DAY)
        dates = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day)) for day in days]
        top = self.data / "main" / "sample"
        return [top / f"year={date.year}" / f"month={date.month}" / f"day={date.day}" for date in dates]

    def _sync_new(self, before: dict[Path, set[str]]) -> None:
        """Flush the files that are new in some folders."""
        for folder, names in before.items():
            new = [folder / name for name in names_in(folder) - names]
            if not new:
                raise HistorianDown(f"the engine wrote no file into {folder}, where it was expected")
            sync_files(new, folder if names else self.folder)

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
        for smallest, largest, least in TIERS:
            sizes = {"smallest": smallest, "largest": largest}
            if self._number(queries.CROWDED, {**sizes, "least": least}):
                before = self._all_files()
                with self._transaction():
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

    def checkpoint(self) -> None:
        """Write the catalog's log into the catalog, and have both on the disk."""
        with self._unsound_when_failing():
            self.connection.execute(queries.CHECKPOINT)

    def close(self) -> None:
        """Close the files, also after a failure: the engine holds on to them then, until they are detached."""
        try:
            self.connection.execute(queries.DETACH)
        except duckdb.Error as fault:
            log.warning("historian.closed_badly", fault=str(fault))  # the log of the catalog is read at the next start
        self.connection.close()
