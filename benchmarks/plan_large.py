"""How a promise's cost grows with the plan: 500 machines, up to 100,000 open operations.

The plan is filled with orders of eight operations on random work centers; at some sizes it is asked. Each question comes after
a change of the plan, as a buyer's does, so nothing is remembered from the question before. Measured: following a change, one
promise, the dates of twenty variants of one demand in one call, all in processor time of one thread, and memory.

The anchor, in the same run: the same promise by looking at every booking of every candidate machine.

    python benchmarks/plan_large.py [--quick] [--json FILE] [--plot FILE.svg]
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from lotone.kernel import Words
from lotone.plan import Demand, OperationNeed, PlanSettings, Promise, Resource, Snapshot, Supply, check
from lotone.plan.model.asking import UNTOLD, Asking
from lotone.plan.model.insert import insert
from lotone.plan.model.snapshot import Commitment, CommitmentState
from plan_promise import calendars, next_name, percentile

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CENTERS, MACHINES_PER_CENTER, STEPS, VARIANTS = 100, 5, 8, 20
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUICK_SIZES = (1_000, 3_000, 10_000)
TARGET_P99_MS, TARGET_VARIANTS = 100.0, 3.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--plot", type=Path, help="a picture of the cost over the size of the plan, as SVG")
    parser.add_argument("--quick", action="store_true", help="smaller plans, fewer questions")
    chosen = parser.parse_args()
    result = measure(QUICK_SIZES if chosen.quick else SIZES, 40 if chosen.quick else 200)
    text = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text)
    else:
        print(text)
    if chosen.plot:
        chosen.plot.write_text(picture(result["sizes"]))
    return 0


def measure(sizes: tuple[int, ...], questions: int) -> dict[str, Any]:
    chance, plan = Random(1), empty()
    rows: list[dict[str, Any]] = []
    before = memory()
    for size in sizes:
        plan = filled(plan, chance, size)
        gc.collect()
        rows.append(asked(plan, chance, questions) | {"memory_mb": round(memory() - before, 1)})
        print(f"... {rows[-1]}", file=sys.stderr, flush=True)
    assert check(plan) == []
    first, last = rows[0], rows[-1]
    growth = log(last["promise_ms"]["median"] / first["promise_ms"]["median"]) / log(
        last["open_operations"] / first["open_operations"]
    )
    return {
        "machines": len(plan.resources),
        "sizes": rows,
        "bytes_per_open_operation": round(last["memory_mb"] * 2**20 / last["open_operations"]),
        "cost_grows_with_size_to_the_power_of": round(growth, 2),
        "target": {
            "p99_ms": TARGET_P99_MS,
            "variants_times_one": TARGET_VARIANTS,
            "holds": last["promise_ms"]["p99"] < TARGET_P99_MS and last["variants_times_one"] < TARGET_VARIANTS,
        },
    }


def empty() -> Snapshot:
    resources = [
        Resource(f"m{center}-{number}", f"c{center}", "two-shifts")
        for center in range(CENTERS)
        for number in range(MACHINES_PER_CENTER)
    ]
    supply = Supply(
        {f"p{number}": 100.0 if number == 0 else 1e6 for number in range(20)},
        lead_time_days={f"p{number}": 3.0 for number in range(20)},
    )
    plan = Snapshot(1, "s", {each.id: each for each in calendars()}, {each.work_unit: each for each in resources})
    return plan.at(NOW, lambda: supply, PlanSettings())


def demand(chance: Random) -> Demand:
    """Eight operations at random work centers: two branches that meet."""
    centers = chance.sample(range(CENTERS), STEPS)
    after = {3: ("s2",), 4: ("s3",), 1: ("s0",), 5: ("s4", "s1"), 6: ("s5",), 7: ("s6",)}
    needs = [
        OperationNeed(
            f"s{step}",
            f"c{center}",
            chance.randint(10, 50),
            after=after.get(step, ()),
            parts={f"p{chance.randrange(20)}": 1.0} if step in (0, 2) else {},
        )
        for step, center in enumerate(centers)
    ]
    return Demand(tuple(needs), Words("order"))


def variants(of: Demand, chance: Random) -> list[Demand]:
    """The same demand with one operation longer or shorter, as the options of a product make it."""
    found = []
    for number in range(VARIANTS):
        step = chance.randrange(STEPS)
        longer = replace(of.operations[step], minutes=of.operations[step].minutes + 1 + number)
        found.append(replace(of, operations=(*of.operations[:step], longer, *of.operations[step + 1 :])))
    return found


def filled(plan: Snapshot, chance: Random, size: int) -> Snapshot:
    while len(plan.commitments) * STEPS < size:
        plan = with_order(plan, chance)
    return plan


def with_order(plan: Snapshot, chance: Random) -> Snapshot:
    wanted, name = demand(chance), next_name()
    placed = insert(plan, wanted, name, next_name)
    number = len(plan.commitments) + 1
    told = replace(UNTOLD, date=NOW + timedelta(days=3650))
    order = Commitment(
        name, number, wanted, placed.bookings, placed.reservations, told, told.date, CommitmentState.FIRM, f"order-{name}"
    )
    return plan.with_commitments([order])


def asked(plan: Snapshot, chance: Random, questions: int) -> dict[str, Any]:
    ones, many, changes, scans = [], [], [], []
    for _ in range(questions):
        took, plan = timed(with_order, plan, chance)
        changes.append(took)
        wanted = demand(chance)
        ones.append(timed(one, plan, wanted)[0])
        took, plan = timed(with_order, plan, chance)
        changes.append(took)
        both = variants(wanted, chance)
        many.append(timed(batch, plan, both)[0])
        scans.append(timed(scan, plan, wanted)[0])
    return {
        "open_operations": sum(len(queue.bookings) for queue in plan.queues.values()),
        "promise_ms": {"median": round(median(ones), 3), "p99": round(percentile(ones, 0.99), 3)},
        "variants_ms": round(median(many), 3),
        "variants_times_one": round(median(many) / median(ones), 2),
        "change_ms": round(median(changes), 3),
        "anchor_scan_ms": round(median(scans), 3),
    }


def one(plan: Snapshot, wanted: Demand) -> None:
    assert isinstance(Asking(plan).promise(wanted), Promise)


def batch(plan: Snapshot, wanted: list[Demand]) -> None:
    asking = Asking(plan)
    for each in wanted:
        assert isinstance(asking.date(each), datetime)


def scan(plan: Snapshot, wanted: Demand) -> datetime:
    """Where the demand could end, by looking at all bookings of all machines that could do it."""
    ends: dict[str, datetime] = {}
    for need in wanted.in_order:
        ready = max([NOW, *(ends[step] for step in need.after)])
        takes = need.duration("")
        best = None
        for machine in plan.candidates(need):
            free = ready
            queue = plan.queues.get(machine.work_unit)
            for booking in queue.bookings if queue else ():
                if booking.end > free and booking.start < free + takes:
                    free = booking.end
            best = free + takes if best is None else min(best, free + takes)
        assert best is not None
        ends[need.step] = best
    return max(ends.values())


def timed(act: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Milliseconds of this thread's processor time, which others' load does not lengthen, and the result."""
    begun = time.thread_time()
    result = act(*given)
    return (time.thread_time() - begun) * 1000, result


def memory() -> float:
    """Megabytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def picture(rows: list[dict[str, Any]]) -> str:
    """Both scales logarithmic: a straight line of slope 1 is what a cost that grows with the plan would look like."""
    width, height, left, bottom = 640, 360, 60, 40
    xs = [log(row["open_operations"]) for row in rows]
    ys = [[log(row["promise_ms"][key]) for row in rows] for key in ("median", "p99")]
    low, high = min(map(min, ys)) - 0.5, max(max(map(max, ys)), min(map(min, ys)) + xs[-1] - xs[0]) + 0.5

    def x(value: float) -> float:
        return left + (value - xs[0]) / (xs[-1] - xs[0]) * (width - left - 20)

    def y(value: float) -> float:
        return height - bottom - (value - low) / (high - low) * (height - bottom - 20)

    lines = []
    for name, dash, values in (
        ("median", "", ys[0]),
        ("99 %", "6 3", ys[1]),
        ("linear", "1 4", [ys[0][0] + each - xs[0] for each in xs]),
    ):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, values, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="#345" stroke-width="2" stroke-dasharray="{dash}"/>')
        lines.append(f'<text x="{x(xs[-1]):.0f}" y="{y(values[-1]) - 6:.0f}" text-anchor="end">{name}</text>')
    for row, at in zip(rows, xs, strict=True):
        lines.append(f'<text x="{x(at):.0f}" y="{height - 20}" text-anchor="middle">{row["open_operations"]:,}</text>')
    for row, at in ((rows[0], ys[0][0]), (rows[-1], ys[1][-1])):
        value = row["promise_ms"]["median" if row is rows[0] else "p99"]
        lines.append(f'<text x="4" y="{y(at):.0f}">{value:.2f} ms</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(lines)}'
        f'<text x="{width / 2}" y="{height - 4}" text-anchor="middle">open operations</text></svg>\n'
    )


if __name__ == "__main__":
    sys.exit(main())
