"""A whole plant: 51 machines, 828 jobs, about 6,000 operations, with setups, closed hours, alternatives and due dates.

Two questions, each answered on a plant of that size (generated; the size is that of a real one in Boveroux et al., 2024):
- Planning it anew: how long the first plan takes, and how much less weighted tardiness there is after a minute than by
  dispatching by due date (and by the best of five dispatching rules), in the same run on two cores.
- The live plan after a machine stops: the reaction (right shift), then the repair by the process that the planner uses:
  posing, asking it, carrying out and checking; how many promises are broken after the stop, after the repair, and after a
  search of ten times as long. What that search still gets kept, the repair avoidably left broken.

Every schedule passes the independent checkers (`plan.verify`, `plan.check`); a fault ends the run.

    python benchmarks/plan_plant.py [--quick] [--json FILE]
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from lotone.kernel import Words
from lotone.plan import (
    BookingState,
    Calendar,
    Demand,
    OperationNeed,
    Problem,
    Resource,
    SetupMatrix,
    Shift,
    Snapshot,
    Solution,
    Supply,
    check,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.binding import promise_for
from lotone.plan.model.happen import machine_down
from lotone.plan.model.insert import insert
from lotone.plan.model.instance import After, Instance, Job, Mode, Operation
from lotone.plan.model.instance import Resource as Machine
from lotone.plan.model.problem import broken, carry_out, repair_of, worse
from lotone.plan.model.settings import PlanSettings
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.plan.solvers import plant
from lotone.plan.solvers.child import Child
from lotone.plan.solvers.plant.native import BY_DUE_DATE
from lotone.plan.solvers.plant.posing import left_of, schedule_of, shop_of
from lotone.plan.solvers.plant.search import RULES, first_plans
from lotone.plan.solvers.plant.shop import Tables
from lotone.plan.verify import verify
from lotone.serve.improving import REPAIR_S

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
MACHINES, JOBS = 51, 828
GROUP_SIZES = (1, 2, 3, 4)
FAMILIES = 6
DAY = 1440
OPENS, CLOSES = 360, 1320
WORKERS = 2
TARGETS = {"first_plan_s": 2.0, "repair_p95_s": 2.0, "avoidable_broken": 0, "less_tardiness_than_due_date_percent": 15.0}
LONGER = 10


def groups(chance: Random) -> list[list[int]]:
    """Machines that can stand in for each other."""
    found: list[list[int]] = []
    while (made := sum(map(len, found))) < MACHINES:
        found.append(list(range(made, min(MACHINES, made + chance.choice(GROUP_SIZES)))))
    return found


def routing(chance: Random, centers: int) -> list[tuple[int, int]]:
    """Work center and minutes of each operation: 1 to 20 of them, seven on average."""
    length = chance.randint(1, 12) if chance.random() < 0.9 else chance.randint(10, 20)
    return [(chance.randrange(centers), chance.randint(5, 60)) for _ in range(length)]


# planning anew


def closed(days: int) -> tuple[tuple[int, int], ...]:
    """Two shifts on weekdays, from 06:00 to 22:00."""
    night = 0
    found = []
    for day in range(days):
        if day % 7 < 5:
            found.append((night, day * DAY + OPENS))
            night = day * DAY + CLOSES
    return tuple(found)


def instance(chance: Random) -> Instance:
    setup = tuple(tuple(0 if a == b else chance.randint(5, 20) for b in range(FAMILIES)) for a in range(FAMILIES))
    hours = closed(120)
    machines: list[Machine] = []
    centers = groups(chance)
    for alike in centers:
        matrix = setup if chance.random() < 0.5 else ()
        machines += [Machine(closed=hours, setup=matrix) for _ in alike]
    operations: list[Operation] = []
    jobs = []
    for number in range(JOBS):
        steps = routing(chance, len(centers))
        family, release = chance.randrange(FAMILIES), chance.choice((0, chance.randrange(10 * DAY)))
        for step, (center, minutes) in enumerate(steps):
            modes = tuple(Mode(round(minutes * chance.choice((1.0, 1.0, 1.2))), ((each, 1),)) for each in centers[center])
            after = (After(len(operations) - 1),) if step else ()
            operations.append(Operation(number, step, modes, after, 0 if step else release, family))
        slack = chance.uniform(0.5, 10) * DAY
        jobs.append(
            Job(round(release + 3 * sum(minutes for _, minutes in steps) + slack), chance.choice((1.0, 1.0, 2.0, 4.0)))
        )
    return Instance("plant", tuple(machines), tuple(operations), tuple(jobs), "tardiness")


def planned_anew(chance: Random, seconds: float) -> dict[str, Any]:
    problem = instance(chance)
    begun = time.perf_counter()
    tables = Tables(shop_of(problem))
    left = left_of(tables, problem.order)
    by_rule: list[float] = []
    first_s = 0.0
    for rule in RULES:
        (layout,) = first_plans(tables, left, [rule])
        first_s = first_s or time.perf_counter() - begun
        schedule = schedule_of(problem, tables, layout)
        must_hold(problem, schedule)
        by_rule.append(problem.value(schedule))
    assert RULES[0][0] == BY_DUE_DATE
    found = plant.solve(problem, seconds, WORKERS)
    must_hold(problem, found.schedule)
    return {
        "operations": len(problem.operations),
        "first_plan_s": first_s,
        "search_s": seconds,
        "weighted_tardiness_minutes": {"due_date": by_rule[0], "best_rule": min(by_rule), "search": found.objective},
        "less_tardiness_than_due_date_percent": 100 * (1 - found.objective / by_rule[0]),
        "less_tardiness_than_best_rule_percent": 100 * (1 - found.objective / min(by_rule)),
        "improvements": len(found.trace),
    }


def must_hold(problem: Instance, schedule: Any) -> None:
    faults = verify(problem, schedule).faults
    if faults:
        sys.exit(f"the schedule can't be carried out: {faults[0].words}")


# the live plan


def live_plant(chance: Random) -> Snapshot:
    """The plan of 828 orders that were taken one after the other, each promised its next hand-over."""
    colours = [f"colour {number}" for number in range(FAMILIES)]
    minutes = {(a, b): float(chance.randint(5, 20)) for a in colours for b in colours if a != b}
    machines: dict[str, Resource] = {}
    centers = groups(chance)
    has_setups = [chance.random() < 0.5 for _ in centers]
    for number, center in enumerate(centers):
        for each in center:
            name = f"m{each:02}"
            machines[name] = Resource(name, f"c{number}", "two-shifts", setups="colours" if has_setups[number] else "")
    calendar = Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Fri", "06:00", "22:00"),))
    plan = Snapshot(
        calendars={calendar.id: calendar}, resources=machines, setups={"colours": SetupMatrix("colours", minutes)}
    )  # fmt: skip
    plan = plan.at(NOW, Supply, PlanSettings(hand_over_days=(0, 1, 2, 3, 4)))
    names = count(1)
    for number in range(JOBS):
        plan = with_order(plan, f"o{number}", number, order(chance, centers, colours, has_setups), names)
    return plan


def order(chance: Random, centers: list[list[int]], colours: list[str], has_setups: list[bool]) -> Demand:
    colour = chance.choice(colours)
    needs = [
        OperationNeed(
            f"s{step}",
            f"c{center}",
            minutes,
            after=(f"s{step - 1}",) if step else (),
            setup=colour if has_setups[center] else "",
        )
        for step, (center, minutes) in enumerate(routing(chance, len(centers)))
    ]
    return Demand(tuple(needs), Words("order"), weight=chance.choice((1.0, 1.0, 2.0, 4.0)))


def with_order(plan: Snapshot, name: str, sequence: int, demand: Demand, names: Iterator[int]) -> Snapshot:
    placed = insert(plan, demand, name, lambda: f"b{next(names)}")
    bookings = tuple(replace(each, state=BookingState.PLANNED, order=name) for each in placed.bookings)
    commitment = Commitment(name, sequence, demand, bookings, placed.reservations, UNTOLD, UNTOLD.date)
    commitment = replace(commitment, state=CommitmentState.FIRM, order=name)
    told = promise_for(plan.with_commitments([commitment]), commitment)
    return plan.with_commitments([replace(commitment, told=told, first_date=told.date)])


def stops(chance: Random, plan: Snapshot, number: int) -> Iterator[tuple[str, float]]:
    """Machines that have much to do, and for how many minutes they stop."""
    busy = sorted(plan.queues, key=lambda each: -len(plan.queues[each].bookings))
    for _ in range(number):
        yield chance.choice(busy[:25]), chance.uniform(60, 480)


def repaired(plan: Snapshot, child: Child, seconds: float) -> tuple[Snapshot, float]:
    """The plan after a repair, as the planner's process makes it, and how long it took."""
    begun = time.perf_counter()
    problem = repair_of(plan)
    found = None if problem is None else child.repair(problem, seconds)
    after = plan if found is None else applied(plan, found)
    return after, time.perf_counter() - begun


def applied(plan: Snapshot, solution: Solution) -> Snapshot:
    after = carry_out(plan, solution)
    faults = check(after)
    if faults or worse(plan, after):
        sys.exit(f"the repair can't be carried out: {faults[:1]} {worse(plan, after)[:3]}")
    return after


def after_stops(chance: Random, number: int) -> dict[str, Any]:
    begun = time.perf_counter()
    plan = live_plant(chance)
    taken_s = time.perf_counter() - begun
    child = Child()
    reactions, repairs, rows = [], [], []
    try:
        warm_up(plan, child)
        for unit, minutes in stops(chance, plan, number):
            begun = time.perf_counter()
            stopped = settle(machine_down(plan, unit, NOW, minutes), since=plan)
            reactions.append(time.perf_counter() - begun)
            late = len(broken(stopped))
            after, seconds = repaired(stopped, child, REPAIR_S)
            repairs.append(seconds)
            left = len(broken(after))
            longer, _ = repaired(after, child, LONGER * REPAIR_S) if left else (after, 0.0)
            rows.append((late, left, len(broken(longer))))
    finally:
        child.close()
    return {
        "bookings": sum(1 for _ in plan.open_bookings()),
        "orders_taken_s": taken_s,
        "stops": number,
        "reaction_ms_median": 1000 * median(reactions),
        "repair_s_median": median(repairs),
        "repair_p95_s": sorted(repairs)[max(0, round(0.95 * len(repairs)) - 1)],
        "repair_s_max": max(repairs),
        "promises_broken_by_stops": sum(late for late, _, _ in rows),
        "promises_broken_after_repair": sum(left for _, left, _ in rows),
        "promises_broken_after_long_search": sum(least for _, _, least in rows),
        "avoidable_broken": sum(left - least for _, left, least in rows),
    }


def warm_up(plan: Snapshot, child: Child) -> None:
    """Start the process: the planner's runs since the installation was started."""
    tiny: Problem | None = repair_of(settle(machine_down(plan, next(iter(plan.queues)), NOW, 600.0), since=plan))
    if tiny is not None:
        child.repair(tiny, 0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10 s of search instead of 60, 5 stops instead of 24")
    parser.add_argument("--json", type=Path, help="write the results into a file")
    chosen = parser.parse_args()
    results = {
        **planned_anew(Random(20260302), 10.0 if chosen.quick else 60.0),
        "live": after_stops(Random(7), 5 if chosen.quick else 24),
        "targets": TARGETS,
    }
    print(json.dumps(results, indent=1))
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
