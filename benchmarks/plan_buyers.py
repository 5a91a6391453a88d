"""Twenty buyers at once against PostgreSQL: a thousand promises held, and no hour and no part promised twice.

Four processes with five buyers each ask for random demands on a plant of 50 machines, hold what is promised, and order most
of it; the others let go. All of it over real transactions on a PostgreSQL server, which is started for the run where Debian's
programs are installed, or named by LOTONE_TEST_DATABASE. In the end the plan is checked by the independent checker, and every
machine's bookings are counted for overlaps.

The anchor, in the same run: the same thousand promises by one buyer, one after the other.

    python benchmarks/plan_buyers.py [--quick] [--json FILE]
"""

import argparse
import json
import multiprocessing
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import create_engine, text

from lotone.kernel import Database, new_id
from lotone.plan import HoldLost, PlanBusy, PlanService, Snapshot, Store, Supply, check, double_booked_hours
from plan_promise import calendars, demand, machines, percentile

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PROCESSES, THREADS = 4, 5
ORGANIZATION = "bench"
ALWAYS = (NOW - timedelta(days=1), NOW + timedelta(days=3650))
IN_STOCK = 200.0
NO_SERVER = "needs PostgreSQL: install Debian's postgresql, or name a server by LOTONE_TEST_DATABASE"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="fewer promises")
    chosen = parser.parse_args()
    with server() as address:
        result = {"skipped": NO_SERVER} if address is None else measure(address, 200 if chosen.quick else 1000)
    text_ = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text_)
    else:
        print(text_)
    return 1 if result.get("double_booked_hours") or result.get("violations") else 0


def measure(address: str, promises: int) -> dict[str, Any]:
    with database(address) as url:
        together = bought(url, promises, PROCESSES, THREADS)
    with database(address) as url:
        alone = bought(url, promises // 4, 1, 1)
    return {
        "buyers": PROCESSES * THREADS,
        **together,
        "one_buyer": {key: alone[key] for key in ("promises", "promises_per_second", "hold_ms")},
    }


def bought(url: str, promises: int, processes: int, threads: int) -> dict[str, Any]:
    """What all buyers got, and whether the plan that they made together can be carried out."""
    fill(url)
    each = promises // (processes * threads)
    seeds = [(url, number, threads, each) for number in range(processes)]
    begun = time.perf_counter()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        ready = list(pool.map(warm, [url] * processes))
        begun = time.perf_counter()
        done = [one for some in pool.map(buy_together, seeds) for one in some]
    took = time.perf_counter() - begun
    assert all(ready)
    ends = Counter(end for end, _ in done)
    held = [milliseconds for _, milliseconds in done]
    snapshot, hours = seen(url)
    return {
        "promises": len(done),
        "promises_per_second": round(len(done) / took, 1),
        "hold_ms": {"median": round(median(held), 1), "p99": round(percentile(held, 0.99), 1)},
        "ended": dict(ends),
        "standing_in_the_plan": len(snapshot.commitments),
        "violations": [each.words for each in check(snapshot)],
        "double_booked_hours": hours,
    }


def fill(url: str) -> None:
    with plan_of(url) as plan:
        plan.set_calendars(calendars())
        plan.set_resources(machines())


def warm(url: str) -> bool:
    """Start a process: what it imports is no part of the promises."""
    with plan_of(url) as plan:
        return plan.snapshot().version > 0


def buy_together(given: tuple[str, int, int, int]) -> list[tuple[str, float]]:
    url, process, threads, each = given
    with ThreadPoolExecutor(threads) as pool:
        chances = [Random(process * threads + number) for number in range(threads)]
        return [one for some in pool.map(lambda chance: [buy(url, chance) for _ in range(each)], chances) for one in some]


def buy(url: str, chance: Random) -> tuple[str, float]:
    """One buyer: holds a promise, then orders it, or lets it go, or leaves."""
    wanted, begun = demand(chance), time.perf_counter()
    held = None
    while held is None:
        try:
            with plan_of(url) as plan:
                held = plan.hold(wanted).id
        except PlanBusy:
            continue
    took = (time.perf_counter() - begun) * 1000
    wish = chance.random()
    if wish < 0.1:
        return "left", took
    try:
        with plan_of(url) as plan:
            if wish < 0.25:
                plan.release(held)
                return "released", took
            plan.confirm(held, new_id("ord"))
    except HoldLost:
        return "lost", took
    except PlanBusy:
        return "left", took
    return "ordered", took


def seen(url: str) -> tuple[Snapshot, float]:
    with plan_of(url) as plan:
        return plan.snapshot(), double_booked_hours(plan.schedule(*ALWAYS))


_DATABASES: dict[str, Database] = {}


@contextmanager
def plan_of(url: str) -> Iterator[PlanService]:
    if url not in _DATABASES:
        _DATABASES[url] = Database(url)
    supply = Supply({f"p{n}": IN_STOCK for n in range(20)}, lead_time_days={f"p{n}": 3.0 for n in range(20)})
    with _DATABASES[url].work() as connection:
        yield PlanService(Store(connection, ORGANIZATION), lambda: NOW, lambda: NOW, lambda _fact: None, lambda: supply)


# -- a server for the run


@contextmanager
def server() -> Iterator[str | None]:
    """The address of a PostgreSQL server; None where there is none."""
    named = os.environ.get("LOTONE_TEST_DATABASE")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if named or not programs:
        yield named
        return
    folder = Path(tempfile.mkdtemp())
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if owner:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(name: str, *arguments: str) -> None:
        subprocess.run([str(programs[-1] / name), *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "lotone", "-A", "trust", "-E", "UTF8")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-p {port} -h 127.0.0.1 -k {folder}", "start")
        yield f"postgresql://lotone@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(address: str) -> Iterator[str]:
    """An empty database of its own, with all tables."""
    name = new_id("bench")
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = f"{address.rpartition('/')[0]}/{name}"
    filled = Database(url)
    filled.create_tables()
    filled.close()
    try:
        yield url
    finally:
        for opened in (_DATABASES.pop(url, None),):
            if opened is not None:
                opened.close()
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
