"""Thousands of chance events in chance plants: does every plan pass the independent checker, whatever happens?

Each life is a plant with everything a plan knows (machines with capacity, batches and setups, operators, tools, ways, waits,
maintenance, calendars of several time zones, overtime, material) in which orders come and go, machines stop, people are
away, work is spoiled, somebody is in a hurry, planners move things by hand and the solver improves the plan. After every
event the checker looks at everything, promises are kept or were told anew, and nothing is lost or doubled.

    python benchmarks/plan_events.py [--events N] [--seed S] [--quick] [--json FILE]
"""

import argparse
import importlib
import json
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from lotone.kernel import Database

PER_LIFE = 40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1, help="the first life's; the others count up from it")
    parser.add_argument("--quick", action="store_true", help="400 events")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    result = run(400 if chosen.quick else chosen.events, chosen.seed)
    text = json.dumps(result, indent=1)
    print(text)
    if chosen.json:
        chosen.json.write_text(text)
    return 1 if result["failed"] else 0


def run(events: int, first_seed: int) -> dict[str, Any]:
    """So many events, in lives of PER_LIFE each."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    plants = importlib.import_module("plan.plants")
    happened: Counter[str] = Counter()
    told: Counter[str] = Counter()
    failed: list[dict[str, Any]] = []
    began, seed = time.process_time(), first_seed
    while sum(happened[each] for each in plants.EVENTS) < events:
        life, fault = live(plants, seed)
        happened += life.counts
        told += life.reports()
        if fault:
            failed.append({"seed": seed, "fault": fault})
            print(f"seed {seed}: {fault}", file=sys.stderr, flush=True)
        seed += 1
    return {
        "seeds": [first_seed, seed - 1],
        "lives": seed - first_seed,
        "events": sum(happened[each] for each in plants.EVENTS),
        "by_kind": dict(sorted(happened.items())),
        "facts": dict(sorted(told.items())),
        "processor_s": round(time.process_time() - began, 1),
        "failed": failed,
    }


def live(plants: Any, seed: int) -> tuple[Any, str]:
    """One life, and what went wrong in it, if anything."""
    database = Database("sqlite://")
    database.create_tables()
    life = plants.Life(seed, database)
    try:
        life.live(PER_LIFE)
    except Exception as fault:  # whatever it is, the seed is what one needs
        where = traceback.extract_tb(fault.__traceback__)[-1]
        return life, f"{type(fault).__name__} at {Path(where.filename).name}:{where.lineno}: {str(fault)[:700]}"
    finally:
        database.close()
    return life, ""


if __name__ == "__main__":
    sys.exit(main())
