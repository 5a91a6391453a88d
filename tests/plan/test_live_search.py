"""Improving and repairing plans with everything in them: what is found can be carried out, and costs what it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.kernel import Words
from lotone.plan import (
    Booking,
    BookingState,
    Calendar,
    Demand,
    Maintenance,
    OperationNeed,
    PlanSettings,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    Snapshot,
    Supply,
    check,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.costing import costs
from lotone.plan.model.happen import machine_down
from lotone.plan.model.insert import insert
from lotone.plan.model.objective import Objective
from lotone.plan.model.problem import Problem, broken, carry_out, problem_of, repair_of, worse
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.plan.solvers import live, repair
from lotone.plan.solvers.plant.native import Plan

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
OVERTIME = (Shift.from_text("Mon-Sun", "14:00", "16:00"),)
DAY = Calendar(
    "day",
    "UTC",
    (Shift.from_text("Mon-Sun", "06:00", "10:00"), Shift.from_text("Mon-Sun", "10:20", "14:00")),
    overtime=OVERTIME,
    overtime_cost_per_hour=30.0,
).with_overtime(NOW, NOW + timedelta(hours=12))
COLOURS = SetupMatrix("colours", {("red", "blue"): 30, ("blue", "red"): 10}, default=20)
ENERGY = Objective(energy_price=tuple(0.1 + 0.02 * hour for hour in range(24)), kilowatts={"a2": 20.0, "c1": 5.0})


def random_plant(chance: Random, orders: int) -> Snapshot:
    """Machines, a paint shop with setups, an oven, people; orders that were put in one after the other."""
    hours = lambda: chance.choice(("always", "day"))  # noqa: E731
    machines = [
        Resource("a1", "a", hours(), setups="colours", state=chance.choice(("", "red", "blue"))),
        Resource("a2", "a", hours(), maintenance=(Maintenance(NOW + 50 * MINUTE, NOW + 95 * MINUTE),)),
        Resource("b1", "b", hours(), capacity=3, batch=True, setups=chance.choice(("", "colours"))),
        Resource("c1", "c", hours(), capacity=chance.randint(1, 3)),
        Resource("anna", "", "day", kind=ResourceKind.OPERATOR, skills=("weld", "check")),
        Resource("bo", "", "always", kind=ResourceKind.OPERATOR, skills=("check",), capacity=chance.randint(1, 2)),
    ]
    snapshot = Snapshot(
        calendars={each.id: each for each in (ALWAYS, DAY)},
        resources={each.work_unit: each for each in machines},
        setups={COLOURS.id: COLOURS},
        transport={("a", "b"): 7.0, ("b", "c"): 3.0, ("a", "c"): 10.0} if chance.random() < 0.5 else {},
    )
    objective = ENERGY if chance.random() < 0.3 else Objective()
    snapshot = snapshot.at(NOW, Supply, PlanSettings(freeze_minutes=0.0, packing_minutes=0.0, objective=objective))
    names = count(1)
    for number in range(orders):
        demand = random_demand(chance)
        placed = insert(snapshot, demand, f"k{number}", lambda: f"b{next(names)}")
        bookings = tuple(replace(each, state=BookingState.PLANNED, order=f"o{number}") for each in placed.bookings)
        date = max(each.end for each in bookings) + chance.randint(-60, 200) * MINUTE
        commitment = Commitment(f"k{number}", number, demand, bookings, (), replace(UNTOLD, date=date), date)
        snapshot = snapshot.with_commitments([replace(commitment, state=CommitmentState.FIRM, order=f"o{number}")])
    return snapshot


def random_demand(chance: Random) -> Demand:
    minutes = lambda: chance.randint(5, 70)  # noqa: E731
    colours = lambda: chance.choice(("", "red", "blue", "green"))  # noqa: E731
    crews = lambda: chance.choice(((), (), ("weld",), ("check",), ("weld", "check")))  # noqa: E731
    waits = lambda: chance.choice((None, None, 90.0, 600.0))  # noqa: E731
    paint = OperationNeed("paint", "a", minutes(), setup=colours(), also=crews(), wait_most_minutes=waits())
    bake = OperationNeed(
        "bake", "b", chance.choice((20, 45)), after=("paint",), wait_after_minutes=chance.choice((0, 15)),
        batch=chance.choice(("", "hot", "warm")), size=chance.choice((0.5, 1.0)), also=crews(), setup=colours(),
        wait_most_minutes=waits(),
    )  # fmt: skip
    pack = OperationNeed("pack", "c", minutes(), after=("bake",), size=chance.choice((0.5, 1.0)), also=crews())
    return Demand((paint, bake, pack), Words("thing"), chance.randint(1, 2), weight=chance.choice((1.0, 3.0)))


def disturbed(chance: Random, snapshot: Snapshot) -> Snapshot:
    """Half of the plants have a machine that just stopped, some bookings that are locked, and time that has passed."""
    locked = [replace(each, locked=True) for each in snapshot.open_bookings() if chance.random() < 0.1]
    snapshot = snapshot.with_bookings(locked)
    if chance.random() < 0.5:
        unit = chance.choice(("a1", "a2", "b1", "c1"))
        snapshot = settle(machine_down(snapshot, unit, NOW, chance.randint(10, 300)))
    return snapshot


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=20)
def test_what_is_improved_can_be_carried_out_and_costs_what_it_says(seed: int) -> None:
    chance = Random(seed)
    snapshot = disturbed(chance, random_plant(chance, chance.randint(2, 8)))
    before = set(check(snapshot))
    problem = problem_of(snapshot)
    if problem is None:
        return
    shop = live.LiveShop(problem)
    plan = Plan(shop.tables, seed)
    plan.place(shop.home())
    assert_same_costs(plan, problem, problem)
    for temperature in (1e5, 0.0):
        plan.search(300, temperature)
    plan.return_to_best()
    better = shop.problem_at(plan.best())
    assert_same_costs(plan, better, problem)
    plan.send_home()
    solution = live.solution_of(shop, plan.best())
    if solution is not None:
        after = carry_out(snapshot, solution)
        assert set(check(after)) <= before
        assert worse(snapshot, after) == []
        assert solution.after.total < solution.before.total


def assert_same_costs(plan: Plan, problem: Problem, home: Problem) -> None:
    """The kernel's numbers are those that the bookings alone give."""
    numbers, parts = plan.numbers(), costs(problem, home)
    assert numbers.over == 0.0
    found = [numbers.late, numbers.broken, numbers.complete, numbers.flow, numbers.setups, numbers.rates, numbers.change]
    told = [parts.late, parts.broken, parts.complete, parts.in_work, parts.setup, parts.money, parts.change]
    assert found == pytest.approx(told, rel=1e-9, abs=1e-3)


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=10)
def test_a_repair_keeps_promises_and_breaks_none(seed: int) -> None:
    chance = Random(seed)
    snapshot = random_plant(chance, chance.randint(2, 8))
    stopped = settle(machine_down(snapshot, chance.choice(("a1", "a2", "b1", "c1")), NOW, chance.randint(30, 600)))
    problem = repair_of(stopped)
    if problem is None:
        assert broken(stopped) == []
        return
    solution = repair(problem, 0.05)
    if solution is not None:
        after = carry_out(stopped, solution)
        assert set(check(after)) <= set(check(stopped))
        assert worse(stopped, after) == []
        assert set(broken(after)) <= set(broken(stopped))


def test_a_repair_keeps_every_promise_that_can_be_kept() -> None:
    """The only machine stops for two hours: of three orders the one that is due first was planned last."""
    machine = Resource("m", "c", "always")
    plant = Snapshot(calendars={ALWAYS.id: ALWAYS}, resources={"m": machine})
    plant = plant.at(NOW, Supply, PlanSettings(freeze_minutes=0.0, packing_minutes=0.0))
    demand = Demand((OperationNeed("s", "c", 60),))
    for number, hours in enumerate((9, 8, 5)):
        placed = insert(plant, demand, f"k{number}", lambda number=number: f"b{number}")  # type: ignore[misc]
        bookings = tuple(replace(each, state=BookingState.PLANNED, order=f"o{number}") for each in placed.bookings)
        date = NOW + timedelta(hours=hours)
        kept = Commitment(f"k{number}", number, demand, bookings, (), replace(UNTOLD, date=date), date)
        plant = plant.with_commitments([replace(kept, state=CommitmentState.FIRM, order=f"o{number}")])
    stopped = settle(machine_down(plant, "m", NOW, 180))
    assert broken(stopped) == ["k2"]
    problem = repair_of(stopped)
    assert problem is not None
    solution = repair(problem, 5.0)
    assert solution is not None
    assert broken(carry_out(stopped, solution)) == []
    assert solution.before.broken > solution.after.broken == 0.0
    assert len(solution.moves) == 2, "no more moves than it must"


def test_dear_hours_are_left_to_others() -> None:
    """Two machines are alike but for their energy: what is not urgent goes where it is cheap."""
    machines = {name: Resource(name, "c", "always") for name in ("dear", "cheap")}
    objective = Objective(energy_price=(1.0,) * 24, kilowatts={"dear": 50.0, "cheap": 5.0})
    plant = Snapshot(calendars={ALWAYS.id: ALWAYS}, resources=machines)
    plant = plant.at(NOW, Supply, PlanSettings(freeze_minutes=0.0, objective=objective))
    demand = Demand((OperationNeed("s", "c", 60),))
    for number, unit in enumerate(("dear", "cheap")):
        start = NOW + timedelta(hours=number)
        booking = Booking(f"b{number}", f"k{number}", 1, "s", "c", unit, start, start + 60 * MINUTE, 60, BookingState.PLANNED)
        date = NOW + timedelta(days=3)
        kept = Commitment(f"k{number}", number, demand, (booking,), (), replace(UNTOLD, date=date), date)
        plant = plant.with_commitments([kept])
    problem = problem_of(plant)
    assert problem is not None
    solution = live.improve(problem, 0.2)
    assert solution is not None
    assert {each.work_unit for each in carry_out(plant, solution).open_bookings()} == {"cheap"}
    assert solution.after.money == pytest.approx(solution.before.money * 2 * 5 / 55)
