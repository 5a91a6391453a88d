"""The live plan's problem as a shop for the native search of plants, and its answer as a solution."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import ceil

import numpy as np

from lotone.plan.model.costing import costs
from lotone.plan.model.tasks import Lag as Between
from lotone.plan.model.tasks import Problem, Solution, Stay, Task, Unit
from lotone.plan.solvers.plant.native import Layout, Plan
from lotone.plan.solvers.plant.search import Search
from lotone.plan.solvers.plant.shop import (
    BATCHES,
    NEVER,
    ONE_AT_A_TIME,
    SHARED,
    Lag,
    Machine,
    Prices,
    Shop,
    Standing,
    Tables,
    Wanted,
    Way,
    Work,
)

SIZE_STEPS = 1000
"""Sizes are counted in thousandths, because the kernel counts in whole numbers."""
OVER = 1e9
REPAIR_WARM = 0.05
REPAIR_WORKERS = 2
"""Somebody waits for a repair, so it takes two processors for its second."""
IMPROVE_WARM = 0.02


class NotConsistent(ValueError):
    """The problem's own schedule books a machine twice: a search must not begin from it."""


class LiveShop:
    """A problem in the kernel's words. Raises NotConsistent."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.units = sorted(problem.units)
        self.number = {name: number for number, name in enumerate(self.units)}
        self.centers = {name: number for number, name in enumerate(sorted({x for pair in problem.transport for x in pair}))}
        states = {task.setup for task in problem.tasks} | {stay.setup for stay in problem.stays.values()}
        states |= {unit.state for unit in problem.units.values()}
        self.states = {state: number for number, state in enumerate(sorted(states - {""}))}
        self.matrices = {name: number for number, name in enumerate(sorted(problem.matrices))}
        self.mixes = {name: number for number, name in enumerate(sorted({task.batch for task in problem.tasks} - {""}))}
        self.jobs = {due.commitment: number for number, due in enumerate(problem.dues)}
        self.places = {task.booking: number for number, task in enumerate(problem.tasks)}
        for number, booking in enumerate(problem.stays):
            self.places[booking] = len(problem.tasks) + number
        self.overlapping: dict[str, list[tuple[int, int]]] = {}
        self.hidden = self._hidden()
        self._check_home()
        self.tables = Tables(self._shop())

    def _shop(self) -> Shop:
        problem, objective = self.problem, self.problem.objective
        leads: dict[str, list[tuple[Task, Between]]] = {}
        for task in problem.tasks:
            for lag in task.leads:
                leads.setdefault(lag.booking, []).append((task, lag))
        return Shop(
            machines=[self._machine(name, problem.units[name]) for name in self.units],
            works=[self._work(task) for task in problem.tasks]
            + [self._stay(stay, leads.get(stay.booking, [])) for stay in problem.stays.values()],
            wanted=list(self._wanted()),
            prices=Prices(
                late=objective.late, broken=objective.broken, over=OVER, complete=objective.complete, flow=objective.in_work,
                setup=objective.setup, moved=objective.moved, changed=objective.changed_machine,
            ),
            matrices=[self._matrix(name) for name in self.matrices],
            transport=[[problem.transport.get((a, b), 0) for b in self.centers] for a in self.centers],
        )  # fmt: skip

    def _wanted(self) -> Iterator[Wanted]:
        for due in self.problem.dues:
            promise = NEVER if due.promise is None else due.promise
            begun = NEVER if due.begun is None else due.begun
            yield Wanted(due.due, due.weight, promise, due.limit, due.fixed_end, begun)

    def _matrix(self, name: str) -> list[list[int]]:
        seconds = self.problem.matrices[name]
        return [[seconds.get((before, after), 0) for after in self.states] for before in self.states]

    def _machine(self, name: str, unit: Unit) -> Machine:
        closed = _merged([*self.problem.blocked[name], *self.overlapping.get(name, ()), (self.problem.horizon + 1, NEVER)])
        capacity = unit.capacity * (SIZE_STEPS if unit.is_machine else 1)
        kind = BATCHES if unit.batch else SHARED if unit.capacity > 1 else ONE_AT_A_TIME
        return Machine(kind, capacity, closed, self.matrices.get(unit.matrix, -1), self.states.get(unit.state, -1), unit.rates)

    def _amount(self, unit: Unit, size: float, *, alone: bool) -> int:
        if unit.batch and alone:
            return min(ceil(size * SIZE_STEPS), unit.capacity * SIZE_STEPS)
        return ceil(size * SIZE_STEPS) if unit.batch or unit.capacity > 1 else 1

    def _work(self, task: Task) -> Work:
        names = list(task.seconds_on)
        ways = tuple(self._way(task, name) for name in names)
        lags = [
            Lag(self.places[before], wait, NEVER if most is None else most)
            for (before, wait), most in zip(task.after, task.most or [None] * len(task.after), strict=True)
        ]
        lags += [Lag(self.places[lag.booking], lag.least, NEVER if lag.most is None else lag.most) for lag in task.follows]
        return Work(
            job=self.jobs[task.commitment],
            ways=ways,
            after=tuple(lags),
            roles=tuple(tuple(self.number[name] for name in members) for members in task.roles),
            release=task.release,
            family=self.states.get(task.setup, -1),
            mix=self.mixes.get(task.batch, -1),
            home=Standing(names.index(task.work_unit), task.start, tuple(self.number[name] for name in task.crew)),
        )

    def _way(self, task: Task, name: str) -> Way:
        unit = self.problem.units[name]
        amount = self._amount(unit, task.size, alone=not task.batch)
        return Way(task.seconds_on[name], ((self.number[name], amount),), self.centers.get(unit.center, -1))

    def _stay(self, stay: Stay, leads: list[tuple[Task, Between]]) -> Work:
        """What stays takes only what is not blocked by it already: machines that are not plain, and large crews."""
        takes = []
        unit = self.problem.units.get(stay.work_unit)
        if unit is not None and not unit.is_plain and stay.booking not in self.hidden:
            takes.append((self.number[stay.work_unit], self._amount(unit, stay.size, alone=True)))
        for name in stay.crew:
            member = self.problem.units.get(name)
            if member is not None and not member.is_plain:
                takes.append((self.number[name], 1))
        lags = (Lag(self.places[task.booking], lag.least, NEVER if lag.most is None else lag.most) for task, lag in leads)
        way = Way(max(0, stay.end - stay.start), tuple(takes), self.centers.get(stay.center, -1))
        family = self.states.get(stay.setup, -1)
        return Work(-1, (way,), tuple(lags), family=family, home=Standing(0, stay.start), fixed=True)

    def _hidden(self) -> set[str]:
        """What stays and overlaps other work on a machine that follows a sequence (it happened so): closed time instead."""
        hidden: set[str] = set()
        for name, unit in self.problem.units.items():
            if unit.is_plain or not (unit.batch or unit.capacity == 1):
                continue
            stays = sorted((s for s in self.problem.stays.values() if s.work_unit == name), key=lambda s: (s.start, s.end))
            last: tuple[int, int] = (-NEVER, -NEVER)
            for stay in stays:
                if stay.start < last[1] and (not unit.batch or (stay.start, stay.end) != last):
                    hidden.add(stay.booking)
                    if stay.end > 0:
                        self.overlapping.setdefault(name, []).append((max(0, stay.start), stay.end))
                else:
                    last = stay.start, stay.end
        return hidden

    def _check_home(self) -> None:
        for name, unit in self.problem.units.items():
            if unit.capacity > 1 and not unit.batch:
                continue
            spans = [(task.start, task.end) for task in self.problem.tasks if name == task.work_unit]
            spans += [
                (stay.start, stay.end)
                for stay in self.problem.stays.values()
                if stay.work_unit == name and not unit.is_plain and stay.booking not in self.hidden
            ]
            crews = [(task.work_unit, task.start, task.end) for task in self.problem.tasks if name in task.crew]
            batches = [(start, end) for _, start, end in set(crews)] if crews else []
            spans = sorted([*(set(spans) if unit.batch else spans), *batches])
            if any(after[0] < before[1] for before, after in pairwise(spans)):
                raise NotConsistent(f"{name} is booked twice")

    def home(self) -> Layout:
        arrays = self.tables.arrays
        return Layout(arrays["home_mode"], arrays["home_start"], arrays["home_crew"], 0.0)

    def problem_at(self, layout: Layout) -> Problem:
        """The problem with its tasks where a layout has them."""
        arrays, tasks = self.tables.arrays, []
        for number, task in enumerate(self.problem.tasks):
            unit = list(task.seconds_on)[int(layout.modes[number] - arrays["modes"][number])]
            roles = range(int(arrays["roles"][number]), int(arrays["roles"][number + 1]))
            crew = tuple(self.units[int(layout.crew[role])] for role in roles)
            tasks.append(replace(task, work_unit=unit, start=int(layout.starts[number]), crew=crew))
        return replace(self.problem, tasks=tuple(tasks))


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def improve(problem: Problem, seconds: float, *, seed: int = 0, workers: int = 1) -> Solution | None:
    """A better schedule found by ruin and recreate within a time; None when nothing better was found.

    Raises NoPlantEngine, NotConsistent.
    """
    shop = LiveShop(problem)
    search = Search(shop.tables, workers, seed)
    search.begin(shop.home())
    best = search.run(seconds, warm=IMPROVE_WARM)
    return solution_of(shop, _settled(shop, best, seed))


def repair(problem: Problem, seconds: float, *, seed: int = 0) -> Solution | None:
    """As `improve`, but it ends as soon as no promise is broken any more, and moves little.

    Raises NoPlantEngine, NotConsistent.
    """
    shop = LiveShop(problem)
    search = Search(shop.tables, REPAIR_WORKERS, seed)
    home = shop.home()
    search.begin(home)
    judge = Plan(shop.tables, seed)

    def keeps_all(layout: Layout) -> bool:
        judge.place(layout)
        return judge.numbers().broken == 0

    best = home if keeps_all(home) else search.run(seconds, warm=REPAIR_WARM, enough=keeps_all)
    return solution_of(shop, _settled(shop, best, seed))


def _settled(shop: LiveShop, layout: Layout, seed: int) -> Layout:
    plan = Plan(shop.tables, seed)
    plan.place(layout)
    plan.send_home()
    return plan.best()


def solution_of(shop: LiveShop, layout: Layout) -> Solution | None:
    """What changes between the schedule as it stands and a layout, if that costs less."""
    problem = shop.problem
    if np.array_equal(layout.modes, shop.home().modes) and np.array_equal(layout.starts, shop.home().starts):
        return None
    better = shop.problem_at(layout)
    before, after = costs(problem), costs(better, problem)
    moves = problem.moves(better)
    if not moves or after.total >= before.total:
        return None
    return Solution(problem.version, moves, before.total, after.total, proven=False, before=before, after=after)
