"""How fast the historian keeps samples, how small it keeps them and how fast it reads them; beside it, in the same run, the
same rows in a plain DuckDB table (`anchor`), which neither sorts nor compresses well nor looks for duplicates.

`commit` is one append, durable when it returns; `processor` is the processor time of it, which other work on the machine
changes less than the time on the wall."""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from lotone.assets import Sample
from lotone.historian import Historian

TAGS = 1_000
START = 1_770_000_000_000_000
SECOND = 1_000_000
ORGANIZATION = "demo"


@dataclass(frozen=True)
class Sizes:
    """Points per batch size, and how many small commits are timed."""

    points: int
    commits: int


FULL = Sizes(points=4_000_000, commits=400)
QUICK = Sizes(points=300_000, commits=130)


def signal(points: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Seconds, and the value of every tag in that second: random walks with three decimals, which repeat after a while."""
    walks = 50 + np.cumsum(np.random.default_rng(1).normal(0, 0.1, (1_000, TAGS)), axis=0).round(3)
    for second in range(points // TAGS):
        yield second, walks[second % len(walks)]


def batches(points: int, size: int) -> Iterator[list[Sample]]:
    """Every tag once a second, with some milliseconds of jitter, in batches that arrived together."""
    jitter = np.random.default_rng(2).integers(0, 5, TAGS) * 1_000
    batch: list[Sample] = []
    for second, values in signal(points):
        at = (START + second * SECOND + jitter).tolist()
        received = START + second * SECOND + 50_000
        batch += [
            Sample(tag + 1, moment, value, receive_time=received)
            for tag, (moment, value) in enumerate(zip(at, values.tolist(), strict=True))
        ]
        while len(batch) >= size:
            yield batch[:size]
            batch = batch[size:]


def quantiles_ms(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50": 1000 * statistics.median(ordered),
        "p95": 1000 * ordered[int(0.95 * (len(ordered) - 1))],
        "max": 1000 * ordered[-1],
    }


@dataclass
class Taken:
    """Times on the wall and on the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, act: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        result = act()
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - processor)
        return result

    def figures(self) -> dict[str, dict[str, float]]:
        return {"commit_ms": quantiles_ms(self.wall), "processor_ms": quantiles_ms(self.processor)}


def timed(act: Callable[[], Any], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return taken


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def memory_mb(*, peak: bool = False) -> float:
    """Memory of this process."""
    if peak:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def ingest(folder: Path, size: int, points: int) -> dict[str, Any]:
    """Append all points in batches of a size, compact, and read."""
    historian = Historian(folder)
    taken, kept = Taken(), 0
    for batch in batches(points, size):
        kept += taken.add(partial(historian.append, ORGANIZATION, batch)).new
    result: dict[str, Any] = {"points": kept, "points_per_second": kept / sum(taken.wall), **taken.figures()}
    assert kept == historian.count(ORGANIZATION)
    result["bytes_per_point_before_compact"] = bytes_in(folder) / kept
    result["chart_ms_before_compact"] = charts(historian, points)
    (result["compact_seconds"],) = timed(historian.compact, 1)
    result["bytes_per_point"] = bytes_in(folder / "files") / kept
    result["bytes_per_point_with_catalog"] = bytes_in(folder) / kept
    result["chart_ms"] = charts(historian, points)
    again = next(batches(points, size))
    result["duplicates_ms"] = quantiles_ms(timed(lambda: historian.append(ORGANIZATION, again), 5))
    assert kept == historian.count(ORGANIZATION)
    historian.close()
    began = time.perf_counter()
    historian = Historian(folder)
    result["open_seconds"] = time.perf_counter() - began
    historian.close()
    return result


def charts(historian: Historian, points: int) -> dict[str, dict[str, float]]:
    """What a page asks for."""
    end = START + points // TAGS * SECOND
    hour = max(START, end - 3600 * SECOND)
    asked: dict[str, Callable[[], Any]] = {
        "one_tag_whole_range_500_buckets": lambda: historian.read(ORGANIZATION, [7], START, end, buckets=500),
        "ten_tags_whole_range_500_buckets": lambda: historian.read(ORGANIZATION, list(range(1, 11)), START, end, buckets=500),
        "one_tag_last_hour_raw": lambda: historian.read(ORGANIZATION, [7], hour, end),
        "last_of_100_tags": lambda: historian.last(ORGANIZATION, list(range(1, 101))),
    }
    figures = {}
    for name, ask in asked.items():
        taken = Taken()
        for _ in range(15):
            taken.add(ask)
        figures[name] = {**quantiles_ms(taken.wall), "processor": 1000 * statistics.median(taken.processor)}
    return figures


def steady(folder: Path, commits: int) -> dict[str, Any]:
    """A plant's cadence: small batches, compacted every 120 of them (a minute at two a second)."""
    result = {}
    for size in (100, 500, 2_000):
        historian = Historian(folder / str(size))
        taken, compactions = Taken(), []
        for number, batch in enumerate(batches(commits * size, size), start=1):
            taken.add(partial(historian.append, ORGANIZATION, batch))
            if number % 120 == 0:
                compactions += timed(historian.compact, 1)
        result[f"batches_of_{size}"] = {**taken.figures(), "compact_ms_max": 1000 * max(compactions)}
        historian.close()
    return result


def anchor(folder: Path, size: int, points: int) -> dict[str, Any]:
    """The same batches into a plain DuckDB table, one commit each."""
    folder.mkdir()
    with duckdb.connect(str(folder / "plain.duckdb"), config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(
            "CREATE TABLE sample (organization VARCHAR, tag INTEGER, source_time BIGINT, number DOUBLE, receive_time BIGINT)"
        )
        taken, kept = Taken(), 0
        for batch in batches(points, size):
            taken.add(partial(insert, connection, batch))
            kept += len(batch)
        connection.execute("CHECKPOINT")
    return {"points_per_second": kept / sum(taken.wall), **taken.figures(), "bytes_per_point": bytes_in(folder) / kept}


def insert(connection: duckdb.DuckDBPyConnection, batch: list[Sample]) -> None:
    columns = {
        "organization": [ORGANIZATION] * len(batch),
        "tag": [sample.tag for sample in batch],
        "source_time": [sample.source_time for sample in batch],
        "number": [sample.value for sample in batch],
        "receive_time": [sample.receive_time for sample in batch],
    }
    connection.register("batch", pa.table(columns))
    connection.execute("INSERT INTO sample SELECT * FROM batch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result into this file")
    parser.add_argument("--quick", action="store_true", help="a first look")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    result: dict[str, Any] = {"tags": TAGS, "processors": os.cpu_count(), "memory_mb_at_start": memory_mb()}
    with tempfile.TemporaryDirectory() as folder:
        result["steady"] = steady(Path(folder) / "steady", sizes.commits)
        result["memory_mb_steady"] = memory_mb()
        for size in (1_000, 10_000, 50_000):
            points = min(sizes.points, 400 * size)
            result[f"batches_of_{size}"] = ingest(Path(folder) / f"historian-{size}", size, points)
            result[f"anchor_{size}"] = anchor(Path(folder) / f"anchor-{size}", size, points)
    result["memory_mb_peak"] = memory_mb(peak=True)
    text = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
