"""How fast a promise is made, against two other ways to the same answer.

A plant of 50 machines in 10 work centers with 2,000 open bookings (250 orders of 8 operations, two shifts, a few parts to be
bought). Measured: `promise` (insertion and its reason), the same through the database, `hold` with its transaction on
disk, and the reaction to a machine that stops. Compared in the same run with
- CP-SAT asked for the same insertion: everything booked is fixed, the new operations are free, completion is minimised;
- re-scheduling the whole plant with the new order in it, as a batch planner does.

    python benchmarks/plan_promise.py [--quick] [--json FILE]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil, floor
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from ortools.sat.python import cp_model

from lotone.kernel import Database, Fact, Words
from lotone.plan import Calendar, Demand, OperationNeed, PlanService, Resource, Shift, Snapshot, Store, Supply, check
from lotone.plan.model.insert import Insertion, insert

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CENTERS = 10
MACHINES_PER_CENTER = 5
ORDERS = 250
STEPS = 8
TARGET_P99_MS = 20.0
LATER_MINUTES = 30.0
NAMES = count(1)


def next_name() -> str:
    return f"b{next(NAMES)}"


def calendars() -> list[Calendar]:
    return [Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Sat", "06:00", "22:00"),))]


def machines() -> list[Resource]:
    return [
        Resource(f"m{center}-{number}", f"c{center}", "two-shifts")
        for center in range(CENTERS)
        for number in range(MACHINES_PER_CENTER)
    ]


def demand(chance: Random) -> Demand:
    """Eight operations at random work centers: two branches that meet, as frame and wheels do in a bicycle."""
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


def supply() -> Supply:
    return Supply(
        {f"p{number}": 5.0 if number == 0 else 1000.0 for number in range(20)},
        lead_time_days={f"p{n}": 3.0 for n in range(20)},
    )


def timed(act: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Milliseconds on the clock, and the result."""
    start = time.perf_counter()
    result = act(*given)
    return (time.perf_counter() - start) * 1000, result


def working(act: Callable[..., Any], *given: Any) -> tuple[float, float]:
    """Milliseconds on the clock, and of this thread's processor time, which others' load does not lengthen."""
    start = time.thread_time()
    took, _ = timed(act, *given)
    return took, (time.thread_time() - start) * 1000


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, ceil(share * len(values)) - 1)]


class Plant:
    """A plan on a database file."""

    def __init__(self, folder: str) -> None:
        self.database = Database(f"sqlite:///{folder}/plan.sqlite3")
        self.database.create_tables()
        self.facts: list[Fact] = []
        self.supply = supply()

    @contextmanager
    def plan(self) -> Iterator[PlanService]:
        with self.database.work() as connection:
            yield PlanService(Store(connection, "bench"), lambda: NOW, lambda: NOW, self.facts.append, lambda: self.supply)

    def fill(self, chance: Random) -> None:
        with self.plan() as plan:
            plan.set_calendars(calendars())
            plan.set_resources(machines())
            for number in range(ORDERS):
                plan.confirm(plan.hold(demand(chance)).id, f"order-{number}")

    def snapshot(self) -> Snapshot:
        with self.plan() as plan:
            return plan.snapshot()


def cpsat_insertion(snapshot: Snapshot, wanted: Demand, seconds: float) -> tuple[datetime | None, bool]:
    """The best completion of a new demand between what is booked, found by CP-SAT; and whether that is proven."""
    model = cp_model.CpModel()
    horizon = ceil(timedelta(days=28).total_seconds())
    ends: dict[str, Any] = {}
    for need in wanted.in_order:
        start = model.new_int_var(0, horizon, f"start {need.step}")
        end = model.new_int_var(0, horizon, f"end {need.step}")
        seconds_needed = round(need.duration("").total_seconds())
        model.add(end == start + seconds_needed)
        chosen = []
        for machine in snapshot.candidates(need):
            on = model.new_bool_var(f"{need.step} on {machine.work_unit}")
            own = model.new_optional_fixed_size_interval_var(start, seconds_needed, on, f"{need.step} {machine.work_unit}")
            model.add_no_overlap([own, *fixed(model, snapshot, machine.work_unit, horizon)])
            chosen.append(on)
        model.add_exactly_one(chosen)
        for step in need.after:
            model.add(start >= ends[step])
        ends[need.step] = end
    completion = model.new_int_var(0, horizon, "completion")
    model.add_max_equality(completion, list(ends.values()))
    model.minimize(completion)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, False
    return snapshot.now + timedelta(seconds=solver.value(completion)), status == cp_model.OPTIMAL


def fixed(model: cp_model.CpModel, snapshot: Snapshot, unit: str, horizon: int) -> list[Any]:
    """Bookings and closed hours of a machine as intervals."""
    busy = snapshot.busy(unit).copy()
    for gap in snapshot.hours(unit).gaps(snapshot.now, snapshot.now + timedelta(seconds=horizon)):
        busy.add(gap.start, gap.end)
    spans = [
        (floor((start - snapshot.now).total_seconds()), ceil((end - snapshot.now).total_seconds()))
        for start, end in zip(busy.starts, busy.ends, strict=True)
    ]
    return [model.new_fixed_size_interval_var(start, end - start, f"{unit} {start}") for start, end in spans]


def reschedule(snapshot: Snapshot, wanted: Demand) -> datetime:
    """Everything anew, the orders as they came and the new one last; returns the new one's completion."""
    plan = snapshot.without(list(snapshot.commitments))
    for commitment in snapshot.commitments.values():
        placed = insert(plan, commitment.demand, commitment.id, next_name)
        plan = plan.with_commitments([replace(commitment, bookings=placed.bookings, reservations=placed.reservations)])
    return completion(insert(plan, wanted, "quote", next_name))


def completion(insertion: Insertion) -> datetime:
    return max(booking.end for booking in insertion.bookings)


def measure(*, quick: bool) -> dict[str, Any]:
    chance = Random(1)
    with tempfile.TemporaryDirectory() as folder:
        plant = Plant(folder)
        plant.fill(chance)
        snapshot = plant.snapshot()
        assert check(snapshot) == []
        open_bookings = sum(len(queue.bookings) for queue in snapshot.queues.values())
        result: dict[str, Any] = {
            "benchmark": "plan_promise",
            "machines": len(snapshot.resources),
            "open_bookings": open_bookings,
            "busy_until": str(max(each.completion for each in snapshot.commitments.values())),
        }
        result |= promises(plant, chance, 100 if quick else 1000)
        result |= variants(plant, chance, 20 if quick else 200)
        result |= holds(plant, chance, 20 if quick else 200)
        result |= anchors(snapshot, chance, quick=quick)
        result |= stops(plant, 3 if quick else 10)
        plant.database.close()
    result["target_p99_ms"] = TARGET_P99_MS
    result["target_met"] = result["promise_p99_ms"] < TARGET_P99_MS
    assert result["promise_processor_p99_ms"] < TARGET_P99_MS, "a promise takes longer than its target"
    assert result["insertion_later_than_cpsat_minutes_mean"] < LATER_MINUTES, "insertion misses much that CP-SAT finds"
    return result


def promises(plant: Plant, chance: Random, number: int) -> dict[str, float]:
    """Through the service: a look at the version row in the database, insertion, chain, reason."""
    with plant.plan() as plan:
        both = [working(plan.promise, demand(chance)) for _ in range(number)]
    taken, worked = [clock for clock, _ in both], [processor for _, processor in both]
    return {
        "promise_p50_ms": median(taken),
        "promise_p99_ms": percentile(taken, 0.99),
        "promise_max_ms": max(taken),
        "promise_processor_p50_ms": median(worked),
        "promise_processor_p99_ms": percentile(worked, 0.99),
    }


def variants(plant: Plant, chance: Random, number: int) -> dict[str, float]:
    """The dates of twenty variants of one demand in one call, each with another operation longer, against one promise.

    Each is asked after another buyer's hold has changed the plan, so nothing is remembered.
    """
    ones: list[float] = []
    many: list[float] = []
    for _ in range(number):
        wanted = demand(chance)
        for asked, taken in ((None, ones), (twenty(wanted, chance), many)):
            hold = hold_one(plant, demand(chance))
            with plant.plan() as plan:
                plan.snapshot()  # read by the request before
            with plant.plan() as plan:
                taken.append(working(plan.promise, wanted)[1] if asked is None else working(plan.dates, asked)[1])
            with plant.plan() as plan:
                plan.release(hold)
    return {
        "one_after_a_change_processor_p50_ms": median(ones),
        "twenty_variants_processor_p50_ms": median(many),
        "twenty_variants_times_one": median(many) / median(ones),
    }


def twenty(of: Demand, chance: Random) -> list[Demand]:
    found = []
    for number in range(20):
        step = chance.randrange(len(of.operations))
        longer = replace(of.operations[step], minutes=of.operations[step].minutes + 1 + number)
        found.append(replace(of, operations=(*of.operations[:step], longer, *of.operations[step + 1 :])))
    return found


def holds(plant: Plant, chance: Random, number: int) -> dict[str, float]:
    """Each in its own transaction, on disk when it returns; released again so that the plant stays as full as it is."""
    taken = []
    for _ in range(number):
        took, hold = timed(hold_one, plant, demand(chance))
        taken.append(took)
        with plant.plan() as plan:
            plan.release(hold)
    return {"hold_p50_ms": median(taken), "hold_p99_ms": percentile(taken, 0.99)}


def hold_one(plant: Plant, wanted: Demand) -> str:
    with plant.plan() as plan:
        return plan.hold(wanted).id


def anchors(snapshot: Snapshot, chance: Random, *, quick: bool) -> dict[str, Any]:
    """The same new orders by each way. They need no parts, which CP-SAT isn't told of."""
    ours, cpsat, anew, later, proven = [], [], [], [], 0
    for number in range(2 if quick else 10):
        wanted = demand(chance)
        wanted = replace(wanted, operations=tuple(replace(need, parts={}) for need in wanted.operations))
        took, insertion = timed(insert, snapshot, wanted, "quote", next_name)
        ours.append(took)
        took, (best, is_proven) = timed(cpsat_insertion, snapshot, wanted, 60)
        cpsat.append(took)
        proven += is_proven
        if best is not None:
            later.append((completion(insertion) - best).total_seconds() / 60)
        if number < 3:
            anew.append(timed(reschedule, snapshot, wanted)[0])
    return {
        "insertion_p50_ms": median(ours),
        "cpsat_insertion_p50_ms": median(cpsat),
        "cpsat_proven": proven,
        "insertion_later_than_cpsat_minutes_mean": sum(later) / len(later),
        "insertion_later_than_cpsat_minutes_max": max(later),
        "reschedule_p50_ms": median(anew),
        "times_faster_than_cpsat": median(cpsat) / median(ours),
        "times_faster_than_reschedule": median(anew) / median(ours),
    }


def stops(plant: Plant, number: int) -> dict[str, Any]:
    """A machine stops for four hours: everything behind it is settled, promises are recomputed, all is on disk."""
    down, worked, moved = [], [], 0
    for turn in range(number):
        at = NOW + timedelta(minutes=2 * turn)
        plant.facts.clear()
        unit = max(plant.snapshot().queues.items(), key=lambda item: len(item[1].bookings))[0]
        clock, processor = working(stop, plant, unit, at)
        down.append(clock)
        worked.append(processor)
        moved = max(moved, *(fact.as_json().get("moved", 0) for fact in plant.facts))
        with plant.plan() as plan:
            plan.machine_up(unit, at + timedelta(minutes=1))
    return {
        "machine_down_p50_ms": median(down),
        "machine_down_max_ms": max(down),
        "machine_down_processor_p50_ms": median(worked),
        "machine_down_moved_max": moved,
    }


def stop(plant: Plant, unit: str, at: datetime) -> None:
    with plant.plan() as plan:
        plan.machine_down(unit, at, 240)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", metavar="FILE", help="write the result here too")
    chosen = parser.parse_args()
    result = measure(quick=chosen.quick)
    text = json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in result.items()}, indent=2)
    print(text)
    if chosen.json:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
