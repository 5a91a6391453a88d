"""The files: durable before they are known, merged without loss, orphans deleted, a failing disk survived."""

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from lotone.assets import Sample
from lotone.historian import Appended, Compacted, Historian, HistorianDown, HistorianTaken, service
from lotone.historian.gate import Gate
from lotone.historian.store import lake
from lotone.historian.store.lake import extension_file

NOON = 1_770_000_000_000_000
DAY = 86_400_000_000
FOREVER = NOON + 10**12


def batch(number: int, size: int = 20) -> list[Sample]:
    return [
        Sample(1 + place % 5, NOON + number * 1_000_000 + place, float(number), receive_time=NOON) for place in range(size)
    ]


def parquet(folder: Path) -> set[Path]:
    return set(folder.rglob("*.parquet"))


def test_the_extension_comes_from_its_package_and_is_signed(tmp_path: Path) -> None:
    assert "site-packages" in str(extension_file())
    forged = tmp_path / "ducklake.duckdb_extension"
    content = bytearray(extension_file().read_bytes())
    content[len(content) // 2] ^= 1
    forged.write_bytes(content)
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{extension_file()}'")
    with duckdb.connect() as connection, pytest.raises(duckdb.IOException, match="signature"):
        connection.execute(f"LOAD '{forged}'")


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, int]]:
    """What we flush, and how large the catalog's log was at that moment."""
    seen: list[tuple[Path, int]] = []
    flush = os.fsync

    def watch(file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        log = next(
            (folder / "catalog.ducklake.wal" for folder in path.parents if (folder / "catalog.ducklake").exists()), None
        )
        seen.append((path, log.stat().st_size if log and log.exists() else 0))
        flush(file)

    monkeypatch.setattr(os, "fsync", watch)
    return seen


def test_files_are_on_the_disk_before_the_catalog_knows_them(historian: Historian, flushed: list[tuple[Path, int]]) -> None:
    log = historian.folder / "catalog.ducklake.wal"
    for number in range(9):
        historian.append("demo", batch(number))
        size = log.stat().st_size if log.exists() else 0
        flushed.clear()
        before = parquet(historian.folder)
        historian._settle()
        (new,) = parquet(historian.folder) - before
        folders = {parent for parent in new.parents if parent.is_relative_to(historian.folder)}
        assert {path for path, _ in flushed} == {new, *folders}
        assert {at for path, at in flushed if path == new} == {size}
        assert log.stat().st_size > size
    flushed.clear()
    size = log.stat().st_size
    assert historian.compact().merged == 9
    assert [(path, at) for path, at in flushed if path.suffix == ".parquet"] == [
        (new, size) for new in parquet(historian.folder)
    ]


def test_the_folder_is_flushed_when_a_log_is_new_in_it(historian: Historian, flushed: list[tuple[Path, int]]) -> None:
    historian.append("demo", batch(0))
    historian.compact()
    assert not (historian.folder / "recent.duckdb.wal").exists()
    flushed.clear()
    historian.append("demo", batch(1))
    assert [path for path, _ in flushed] == [historian.folder]
    flushed.clear()
    historian.append("demo", batch(2))
    assert flushed == []  # the engine flushes its log itself


def test_when_the_disk_fails_while_samples_settle_they_stay_recent(
    historian: Historian, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    historian.append("demo", batch(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for _ in range(3):
            with pytest.raises(HistorianDown, match=r"can't settle samples .*Input/output error"):
                historian.compact()
        assert historian.count("demo") == 20
        assert historian.last("demo", [1])[1].value == 0
        assert parquet(historian.folder) == set()
        assert historian.append("demo", batch(1)) == Appended(new=20)
    assert historian.compact().written == 1
    assert historian.append("demo", [*batch(0), *batch(1)]) == Appended(duplicate=40)
    assert historian.count("demo") == 40


def test_what_settled_but_was_not_forgotten_is_not_doubled(tmp_path: Path) -> None:
    """As after a kill between the two commits."""
    historian = Historian(tmp_path)
    historian.append("demo", batch(0))
    historian.append("demo", [Sample(1, NOON, 7.5, receive_time=NOON + 1)])  # a correction
    historian.close()
    recent = (tmp_path / "recent.duckdb").read_bytes()
    historian = Historian(tmp_path)
    historian.compact()
    historian.close()
    (tmp_path / "recent.duckdb").write_bytes(recent)

    historian = Historian(tmp_path)
    assert historian.count("demo") == 20
    assert historian.read("demo", [1], NOON, FOREVER).points[1].value == [7.5, 0, 0, 0]
    assert [each.value for each in historian.revisions("demo", 1, NOON, FOREVER)[NOON, 0]] == [0, 7.5]
    historian.close()


def test_many_recent_samples_settle_by_themselves(historian: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECENT_MAX", 50)
    historian._settle()
    for number in range(7):
        historian.append("demo", batch(number))
    assert len(parquet(historian.folder)) == 2
    assert historian.count("demo") == 140


def test_samples_that_cannot_settle_yet_are_kept_all_the_same(historian: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(service, "RECENT_MAX", 50)
    historian.append("demo", batch(99))
    historian._settle()
    historian.append("demo", batch(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for number in range(1, 5):
            assert historian.append("demo", batch(number)) == Appended(new=20)
    assert len(parquet(historian.folder)) == 1
    historian.append("demo", batch(5))
    assert len(parquet(historian.folder)) == 2
    assert historian.count("demo") == 140


FULL = """
import resource, sys
from pathlib import Path
from lotone.assets import Sample
from lotone.historian import Historian, HistorianDown

NOON = 1_770_000_000_000_000
def batch(number):
    return [Sample(1 + place % 5, NOON + number * 1_000_000 + place, float(number)) for place in range(200)]

historian = Historian(Path(sys.argv[1]), memory_mb=256)
number = 0
for room in (1000, int(sys.argv[2]), 0):
    for _ in range(15):
        number += 1
        assert historian.append("demo", batch(number)).new == 200
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    failed = 0
    for _ in range(3):
        try:
            historian.append("demo", batch(number + 1))
        except HistorianDown as fault:
            assert "File too large" in str(fault), fault
            failed += 1
    assert failed == 3, (room, failed)
    assert historian.count("demo") == number * 200
    assert historian.last("demo", [1])[1].value == number
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    number += 1
    assert historian.append("demo", batch(number)).new == 200
    assert historian.count("demo") == number * 200
historian.close()
print("went on", number * 200)
"""


@pytest.mark.journey
@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_stops_appends_but_not_reads_and_is_survived(tmp_path: Path) -> None:
    """No file may grow past a limit: first the data files can't, then the catalog's log can't, then nothing can."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "historian"), "20000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    historian = Historian(tmp_path / "historian", memory_mb=256)
    assert f"went on {historian.count('demo')}" in done.stdout
    historian.close()


@pytest.mark.journey
def test_another_process_is_told_who_owns_the_folder(historian: Historian) -> None:
    code = "import sys, pathlib; from lotone.historian import Historian; Historian(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(historian.folder)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert (
        f"{HistorianTaken.__name__}: the historian's folder {historian.folder} is in use by process {os.getpid()}"
        in done.stderr
    )
    assert historian.append("demo", batch(0)).new == 20


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HistorianDown, match="can't use the folder"):
        Historian(tmp_path / "file")


def test_a_broken_catalog_is_said_to_be_one_and_the_folder_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "catalog.ducklake").write_bytes(b"this is no database" * 1000)
    for _ in range(2):
        with pytest.raises(HistorianDown, match="can't open its files"):
            Historian(tmp_path)


def test_what_was_not_committed_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    historian = Historian(tmp_path)
    historian.append("demo", batch(0))
    historian.compact()
    (kept,) = parquet(tmp_path)
    historian.close()
    shutil.copy(kept, kept.with_name("ducklake-half-written.parquet"))
    kept.with_name("ducklake-cut.parquet").write_bytes(b"PAR1")
    historian = Historian(tmp_path)
    assert parquet(tmp_path) == {kept}
    assert historian.count("demo") == 20
    historian.close()


def test_the_newest_samples_are_found_without_their_file(tmp_path: Path) -> None:
    for spoil in (lambda path: path.unlink(), lambda path: path.write_bytes(b"nonsense"), lambda path: path.write_bytes(b"")):
        historian = Historian(tmp_path)
        historian.append("demo", batch(1))
        last = historian.last("demo", [1, 2, 3])
        historian.close()
        spoil(tmp_path / "newest.arrow")
        historian = Historian(tmp_path)
        assert historian.last("demo", [1, 2, 3]) == last
        assert historian.append("demo", batch(1)) == Appended(duplicate=20)
        historian.close()


def test_the_file_of_newest_samples_may_be_old(tmp_path: Path) -> None:
    historian = Historian(tmp_path)
    historian.append("demo", batch(1))
    historian.compact()
    old = (tmp_path / "newest.arrow").read_bytes()
    historian.append("demo", [*batch(2), Sample(9, NOON, "late")])
    historian.append("demo", [Sample(1, NOON + 1_000_000, -5.0, receive_time=NOON + 1)])
    last = historian.last("demo", [1, 2, 9])
    historian.compact()
    historian.close()
    (tmp_path / "newest.arrow").write_bytes(old)
    historian = Historian(tmp_path)
    assert historian.last("demo", [1, 2, 9]) == last
    assert historian.append("demo", [*batch(1)[1:], *batch(2)]) == Appended(duplicate=39)
    historian.close()


def test_compaction_merges_when_a_day_has_many_files(historian: Historian) -> None:
    files = []
    for number in range(10):
        historian.append("demo", batch(number))
        historian.compact()
        files.append(len(parquet(historian.folder)))
    assert files == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    assert historian.count("demo") == 200
    assert historian.compact() == Compacted()


def test_compaction_leaves_few_files_of_a_past_day(historian: Historian) -> None:
    for number in range(4):
        historian.append("demo", [*batch(number), Sample(9, NOON - DAY + number, number)])
        historian.compact()
    assert len([path for path in parquet(historian.folder) if "day=1" in path.parts]) == 1
    assert historian.read("demo", [9], NOON - DAY, NOON).points[9].value == [0, 1, 2, 3]
    assert historian.count("demo") == 4 * 21


def test_large_files_are_left_alone(historian: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = {"smallest": 0, "largest": 4096, "least": 2, "least_of_past": 2}
    monkeypatch.setattr(lake, "TIERS", (tier, {**tier, "smallest": 4096, "largest": 8192}))
    rng = random.Random(1)
    merged = 0
    for number in range(8):
        historian.append("demo", [Sample(1, NOON + number * 1_000_000 + place, rng.random()) for place in range(150)])
        merged += historian.compact().merged
    sizes = sorted(path.stat().st_size for path in parquet(historian.folder))
    assert sum(size >= 8192 for size in sizes) >= 1
    assert 1 < len(sizes) < 8
    assert merged > 4
    assert historian.count("demo") == 8 * 150


def test_readers_and_a_writer_go_on_while_files_are_merged(historian: Historian) -> None:
    """Each reader must see a number of whole batches that never shrinks."""
    stop = threading.Event()
    faults: list[BaseException] = []

    def read() -> None:
        seen = 0
        try:
            while not stop.is_set():
                values = historian.read("demo", [1], NOON, FOREVER).points[1].time
                assert len(values) % 4 == 0
                assert len(values) == len(set(values)) >= seen
                seen = len(values)
        except BaseException as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(24):
        historian.append("demo", batch(number))
        if number % 8 == 7:
            historian.compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert historian.count("demo") == 24 * 20


def test_files_stay_while_somebody_may_read_them() -> None:
    gate = Gate()
    with gate.reading():
        assert not gate.earlier_are_done(0.0)
    assert gate.earlier_are_done(0.0)


def test_nobody_reads_while_the_files_are_opened_anew() -> None:
    gate = Gate()
    order: list[str] = []
    inside = threading.Event()

    def alone() -> None:
        with gate.alone():
            order.append("alone")

    def late_reader() -> None:
        with gate.reading():
            order.append("late reader")

    with gate.reading():
        closer = threading.Thread(target=alone)
        closer.start()
        while not gate._closed:  # until the closer has shut the gate
            inside.wait(0.001)
        reader = threading.Thread(target=late_reader)
        reader.start()
        order.append("early reader")
    closer.join()
    reader.join()
    assert order == ["early reader", "alone", "late reader"]


def test_a_closed_historian_says_so(tmp_path: Path) -> None:
    historian = Historian(tmp_path)
    historian.close()
    with pytest.raises(HistorianDown, match="was closed"):
        historian.append("demo", batch(0))
    with pytest.raises(HistorianDown, match="was closed"):
        historian.last("demo", [1])
