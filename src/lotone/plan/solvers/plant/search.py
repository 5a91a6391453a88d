"""Searching: first plans by dispatching rules, then annealing by several workers that share what they find."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lotone.plan.model.instance import Found, Instance, NoSchedule
from lotone.plan.solvers.plant.native import BY_DUE_DATE, BY_TARDINESS_COST, Layout, Plan
from lotone.plan.solvers.plant.posing import left_of, schedule_of, shop_of
from lotone.plan.solvers.plant.shop import Tables

Told = Callable[[float, float], None]
RULES = (
    (BY_DUE_DATE, 1.0, 1.0),
    (BY_TARDINESS_COST, 2.0, 0.2),
    (BY_TARDINESS_COST, 4.0, 0.5),
    (BY_TARDINESS_COST, 1.0, 1.0),
    (BY_TARDINESS_COST, 8.0, 0.1),
)
"""Rule, look-ahead and setup factor; which is best depends on how tight dates and setups are."""
SLICE_S = 0.05
"""How long a worker searches before it looks at the clock."""
SHARE_S = 2.0
"""How often the workers go on from the best plan of all."""
WARM = 1.0
COLD = 0.0005
"""Temperatures at the start and the end, in mean costs of a job."""


class Search:
    """Several workers on one shop. Each has a plan of its own, and goes on from the best of all now and then."""

    def __init__(self, tables: Tables, workers: int, seed: int) -> None:
        self.tables = tables
        self.plans = [Plan(tables, seed * 1000 + number) for number in range(max(1, workers))]
        self.rounds = [50] * len(self.plans)
        self.best: Layout | None = None
        self.first_cost = 0.0

    def begin(self, layout: Layout) -> None:
        """All workers begin with this plan."""
        for plan in self.plans:
            plan.place(layout)
        self.best = self.plans[0].best()
        self.first_cost = self.best.cost

    def run(
        self,
        seconds: float,
        told: Callable[[Layout], None] = lambda _: None,
        *,
        warm: float = WARM,
        enough: Callable[[Layout], bool] = lambda _: False,
    ) -> Layout:
        """The best plan found in a time; every better one is told. It ends early with one that is good enough."""
        assert self.best is not None
        begun = time.monotonic()
        scale = self.best.cost / max(1, len(self.tables.shop.wanted))
        shared = 0.0
        with ThreadPoolExecutor(len(self.plans), thread_name_prefix="plant") as pool:
            while (spent := time.monotonic() - begun) < seconds:
                temperature = scale * warm * (COLD / warm) ** (spent / seconds)
                slices = [partial(self._slice, number, temperature) for number in range(len(self.plans))]
                costs = list(pool.map(lambda each: each(), slices))
                leader = int(np.argmin(costs))
                if costs[leader] < self.best.cost - 1e-6:
                    self.best = self.plans[leader].best()
                    told(self.best)
                    if enough(self.best):
                        break
                if spent - shared > min(SHARE_S, seconds / 8):
                    shared = spent
                    self._share(leader)
        return self.best

    def _slice(self, number: int, temperature: float) -> float:
        begun = time.monotonic()
        cost = self.plans[number].search(self.rounds[number], temperature)
        spent = max(time.monotonic() - begun, 1e-6)
        self.rounds[number] = min(max(10, round(self.rounds[number] * min(4.0, SLICE_S / spent))), 1_000_000)
        return cost

    def _share(self, leader: int) -> None:
        """Who is behind goes on from the best plan; the leader stays where it wandered."""
        assert self.best is not None
        for number, plan in enumerate(self.plans):
            if number != leader and plan.best().cost > self.best.cost + 1e-6:
                plan.place(self.best)


def first_plans(
    tables: Tables, left: NDArray[np.float64], rules: Sequence[tuple[float, float, float]] = RULES, seed: int = 0
) -> list[Layout]:
    """A plan by each dispatching rule that finds one."""
    found = []
    for rule, look_ahead, setup in rules:
        plan = Plan(tables, seed)
        if plan.dispatch(rule, left, look_ahead=look_ahead, setup=setup):
            found.append(plan.best())
    return found


def solve(instance: Instance, seconds: float, workers: int, seed: int = 0, told: Told | None = None) -> Found:
    """A good schedule of an instance (weighted tardiness or makespan) found within a time.

    The first is the best of some dispatching rules. `told` is called with seconds and objective for every better one.
    Raises NoSchedule, NoPlantEngine.
    """
    begun = time.monotonic()
    tables = Tables(shop_of(instance))
    left = left_of(tables, instance.order)
    trace: list[tuple[float, float]] = []
    best: Layout | None = None
    first_s = 0.0

    def note(layout: Layout) -> None:
        value = instance.value(schedule_of(instance, tables, layout))
        if not trace or value < trace[-1][1]:
            trace.append((time.monotonic() - begun, value))
            if told is not None:
                told(*trace[-1])

    for rule in RULES:
        for layout in first_plans(tables, left, [rule], seed):
            first_s = first_s or time.monotonic() - begun
            if best is None or layout.cost < best.cost:
                best = layout
                note(layout)
        if time.monotonic() - begun > seconds / 2:
            break
    if best is None:
        raise NoSchedule("an operation finds no place: a longest wait or closed times leave none", where=instance.name)
    search = Search(tables, workers, seed)
    search.begin(best)
    with suppress(KeyboardInterrupt):  # Ctrl-C ends early with the best so far
        search.run(seconds - (time.monotonic() - begun), note)
    schedule = schedule_of(instance, tables, search.best or best)
    value = instance.value(schedule)
    bound = 0.0 if value == 0 else None
    return Found(schedule, value, bound, first_s, "optimal" if value == 0 else "feasible", tuple(trace))
