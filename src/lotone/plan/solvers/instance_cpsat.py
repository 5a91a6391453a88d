"""Any instance as a plain constraint program for OR-Tools CP-SAT: intervals, no-overlap, cumulatives, circuits for setups.

Nothing is tuned: parameters are CP-SAT's own except time, workers and seed. It is the path for instances that no engine of
ours takes, and the anchor that ours are measured against.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm
from threading import Thread

from ortools.sat.python import cp_model

from lotone.plan.model.instance import Found, Instance, Mode, NoSchedule, Operation, Placed, Resource, Schedule

Told = Callable[[float, float], None]
Arc = tuple[int, int, cp_model.LiteralT]
STOPS_S = 0.1
"""How often a search is asked to stop; one that hasn't begun yet doesn't hear it."""
FINEST = 10**6
"""Weights are counted in this part of one at the finest, because the solver counts in whole numbers."""


def solve(
    instance: Instance, seconds: float, workers: int, seed: int = 0, told: Told | None = None, known: Schedule | None = None
) -> Found:
    """The best schedule found within a time, with the proven bound. `told` hears (seconds, objective) of every better one.

    With a schedule that is known already, it is never worse than that. Ctrl-C ends the search early with what it has. Raises
    NoSchedule.
    """
    began = time.perf_counter()
    model = _Model(instance)
    if known:
        model.begin_with(known)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(seconds - (time.perf_counter() - began), 0.001)
    solver.parameters.num_workers = workers
    if seed:
        solver.parameters.random_seed = seed
    watch = _Watch(model, began, told)
    status = _interruptible(solver, model.program, watch)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise _nothing(instance, solver.status_name(status), seconds)
    schedule = model.schedule(solver)
    return Found(
        schedule=schedule,
        objective=instance.value(schedule),
        bound=solver.best_objective_bound / model.scale,
        first_feasible_s=watch.trace[0][0] if watch.trace else time.perf_counter() - began,
        status="optimal" if status == cp_model.OPTIMAL and model.is_exact else "feasible",
        trace=tuple(watch.trace),
    )


def _interruptible(solver: cp_model.CpSolver, program: cp_model.CpModel, watch: "_Watch") -> cp_model.CpSolverStatus:
    """Solves on a thread, so that Ctrl-C can stop it. CP-SAT's own handler would leave the process without Python's."""
    solver.parameters.catch_sigint_signal = False
    outcome: Future[cp_model.CpSolverStatus] = Future()

    def run() -> None:
        try:
            outcome.set_result(solver.solve(program, watch))
        except BaseException as fault:  # told to the caller
            outcome.set_exception(fault)

    Thread(target=run, name="cp-sat", daemon=True).start()
    try:
        return outcome.result()
    except KeyboardInterrupt:
        while not wait([outcome], STOPS_S).done:
            solver.stop_search()
        return outcome.result()


def _nothing(instance: Instance, status: str, seconds: float) -> NoSchedule:
    if status == "INFEASIBLE":
        return NoSchedule("its rules contradict each other: no schedule can keep all of them", where=instance.name)
    if status == "MODEL_INVALID":
        return NoSchedule("its times and weights are too large to be counted with", where=instance.name)
    return NoSchedule(f"no schedule was found in {seconds:g} s; give it more time", where=instance.name)


@dataclass(frozen=True)
class _Item:
    """One mode of one operation on one resource."""

    operation: int
    family: int
    duration: int
    amount: int
    start: cp_model.IntVar
    end: cp_model.IntVar
    chosen: cp_model.IntVar


class _Model:
    """The constraint program of an instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.program = cp_model.CpModel()
        self.always = self.program.new_constant(1)
        self.latest = latest_end(instance)
        self.starts = [self.program.new_int_var(each.release, self.latest, "") for each in instance.operations]
        self.ends = [self.program.new_int_var(each.release, self.latest, "") for each in instance.operations]
        self.chosen = [self._modes(index, each) for index, each in enumerate(instance.operations)]
        self._order()
        for resource, items in zip(instance.resources, self._items(), strict=True):
            self._resource(resource, items)
        self.scale, self.is_exact = 1, True
        self._objective()

    def _modes(self, index: int, operation: Operation) -> list[cp_model.IntVar]:
        """One literal for each mode, exactly one of them true."""
        if len(operation.modes) == 1:
            self.program.add(self.ends[index] == self.starts[index] + operation.modes[0].duration)
            return [self.always]
        chosen = [self.program.new_bool_var("") for _ in operation.modes]
        self.program.add_exactly_one(chosen)
        duration = sum(mode.duration * literal for mode, literal in zip(operation.modes, chosen, strict=True))
        self.program.add(self.ends[index] == self.starts[index] + duration)
        return chosen

    def _order(self) -> None:
        for index, operation in enumerate(self.instance.operations):
            for after in operation.after:
                lag = self.starts[index] - self.ends[after.operation]
                self.program.add(lag >= after.least)
                if after.most is not None:
                    self.program.add(lag <= after.most)

    def _items(self) -> list[list[_Item]]:
        """What may run on each resource."""
        found: list[list[_Item]] = [[] for _ in self.instance.resources]
        for index, operation in enumerate(self.instance.operations):
            for mode, literal in zip(operation.modes, self.chosen[index], strict=True):
                for resource, amount in mode.takes:
                    times = (self.starts[index], self.ends[index], literal)
                    found[resource].append(_Item(index, operation.family, mode.duration, amount, *times))
        return found

    def _resource(self, resource: Resource, items: list[_Item]) -> None:
        closed = [self.program.new_fixed_size_interval_var(start, end - start, "") for start, end in resource.closed]
        if resource.setup:
            self._setups(resource, items, closed)
            return
        busy = [item for item in items if item.duration]
        for item in items:
            if not item.duration and closed:
                self.program.add_no_overlap([self._interval(item, item.chosen), *closed])
        if resource.batch:
            leads = self._batches(resource, busy)
            self.program.add_no_overlap([*(self._interval(*each) for each in zip(busy, leads, strict=True)), *closed])
        elif resource.capacity == 1:
            self.program.add_no_overlap([*(self._interval(item, item.chosen) for item in busy), *closed])
        else:
            intervals = [*(self._interval(item, item.chosen) for item in busy), *closed]
            amounts = [*(item.amount for item in busy), *(resource.capacity for _ in closed)]
            self.program.add_cumulative(intervals, amounts, resource.capacity)

    def _interval(self, item: _Item, present: cp_model.IntVar) -> cp_model.IntervalVar:
        if present is self.always:
            return self.program.new_fixed_size_interval_var(item.start, item.duration, "")
        return self.program.new_optional_fixed_size_interval_var(item.start, item.duration, present, "")

    def _batches(self, resource: Resource, items: list[_Item]) -> list[cp_model.IntVar]:
        """Which items lead a batch; every other one that is chosen joins one that leads, and begins with it."""
        leads = [self.program.new_bool_var("") for _ in items]
        joined: list[list[tuple[int, cp_model.IntVar]]] = [[] for _ in items]
        for later, item in enumerate(items):
            joins = []
            for earlier in range(later):
                if not _may_share(resource, items[earlier], item):
                    continue
                join = self.program.new_bool_var("")
                self.program.add_implication(join, leads[earlier])
                self.program.add(item.start == items[earlier].start).only_enforce_if(join)
                joins.append(join)
                joined[earlier].append((item.amount, join))
            self.program.add(leads[later] + sum(joins) == item.chosen)
        for item, lead, others in zip(items, leads, joined, strict=True):
            if others:
                taken = item.amount * lead + sum(amount * join for amount, join in others)
                self.program.add(taken <= resource.capacity)
        return leads

    def _setups(self, resource: Resource, items: list[_Item], closed: list[cp_model.IntervalVar]) -> None:
        """The sequence on a resource as a circuit through a depot; a setup ends where its operation begins."""
        leads = self._batches(resource, items) if resource.batch else [item.chosen for item in items]
        longest = max(max(row) for row in resource.setup)
        before = [self.program.new_int_var(0, longest, "") for _ in items]
        empty = self.program.new_bool_var("")
        arcs: list[Arc] = [(0, 0, empty)]
        for to, (item, lead) in enumerate(zip(items, leads, strict=True), start=1):
            arcs.append((to, to, ~lead))
            self.program.add_implication(lead, ~empty)
            last, first = self.program.new_bool_var(""), self.program.new_bool_var("")
            needed = resource.setup_between(resource.family, item.family)
            self.program.add(before[to - 1] == needed).only_enforce_if(first)
            self.program.add(item.start >= needed).only_enforce_if(first)
            arcs += [(0, to, first), (to, 0, last)]
            arcs += self._changes(resource, items, to - 1, before)
        self.program.add_circuit(arcs)
        busy = [self._with_setup(*each) for each in zip(items, leads, before, strict=True)]
        self.program.add_no_overlap([*busy, *closed])

    def _changes(self, resource: Resource, items: list[_Item], to: int, before: list[cp_model.IntVar]) -> list[Arc]:
        """The arcs from every other item to one."""
        arcs: list[Arc] = []
        for other, item in enumerate(items):
            if item.operation == items[to].operation:
                continue
            needed = resource.setup_between(item.family, items[to].family)
            arc = self.program.new_bool_var("")
            self.program.add(before[to] == needed).only_enforce_if(arc)
            self.program.add(items[to].start >= item.end + needed).only_enforce_if(arc)
            arcs.append((other + 1, to + 1, arc))
        return arcs

    def _with_setup(self, item: _Item, lead: cp_model.IntVar, before: cp_model.IntVar) -> cp_model.IntervalVar:
        begins = self.program.new_int_var(0, self.latest, "")
        return self.program.new_optional_interval_var(begins, before + item.duration, item.end, lead, "")

    def _objective(self) -> None:
        last = [self.program.new_int_var(0, self.latest, "") for _ in self.instance.jobs]
        for end, operation in zip(self.ends, self.instance.operations, strict=True):
            self.program.add(last[operation.job] >= end)
        if self.instance.objective == "makespan":
            whole = self.program.new_int_var(0, self.latest, "makespan")
            self.program.add_max_equality(whole, last)
            self.program.minimize(whole)
            return
        costs = []
        self.scale, weights, self.is_exact = whole_weights([job.weight for job in self.instance.jobs])
        for end, job, weight in zip(last, self.instance.jobs, weights, strict=True):
            if job.due is not None:
                late = self.program.new_int_var(0, max(0, self.latest - job.due), "")
                self.program.add(late >= end - job.due)
                costs.append(weight * late)
        self.program.minimize(sum(costs))

    def begin_with(self, known: Schedule) -> None:
        """Gives a schedule as a hint."""
        for placed, start, end, literals in zip(known, self.starts, self.ends, self.chosen, strict=True):
            self.program.add_hint(start, placed.start)
            self.program.add_hint(end, placed.end)
            for mode, literal in enumerate(literals):
                if literal is not self.always:
                    self.program.add_hint(literal, mode == placed.mode)

    def schedule(self, solver: cp_model.CpSolver) -> Schedule:
        """The solver's answer; its modes are told by its literals."""
        placed = []
        for index, operation in enumerate(self.instance.operations):
            mode = next(mode for mode, literal in enumerate(self.chosen[index]) if solver.value(literal))
            start = solver.value(self.starts[index])
            placed.append(Placed(index, mode, start, start + operation.modes[mode].duration))
        return tuple(placed)


class _Watch(cp_model.CpSolverSolutionCallback):
    """Notes when the objective became better."""

    def __init__(self, model: _Model, began: float, told: Told | None) -> None:
        super().__init__()
        self.scale = model.scale
        self.began = began
        self.told = told
        self.trace: list[tuple[float, float]] = []

    def on_solution_callback(self) -> None:
        """Called by CP-SAT with each better schedule."""
        now = time.perf_counter() - self.began
        self.trace.append((now, self.objective_value / self.scale))
        if self.told:
            self.told(*self.trace[-1])


def latest_end(instance: Instance) -> int:
    """Some schedule with the least objective ends by then, if there is any: after the last closed time and release nothing
    stands in the way, and one that leaves nothing idle there can't take longer than everything one after the other."""
    free = max((span[1] for resource in instance.resources for span in resource.closed), default=0)
    free = max([free, *(operation.release for operation in instance.operations)])
    return free + sum(_longest(instance, operation) for operation in instance.operations)


def _longest(instance: Instance, operation: Operation) -> int:
    work = max(mode.duration + _longest_setup(instance, mode, operation.family) for mode in operation.modes)
    return work + max((after.least for after in operation.after), default=0)


def _longest_setup(instance: Instance, mode: Mode, family: int) -> int:
    setups = (instance.resources[taken].setup for taken, _ in mode.takes)
    return max((row[family] for setup in setups for row in setup), default=0)


def _may_share(resource: Resource, one: _Item, other: _Item) -> bool:
    same = one.family == other.family >= 0 and one.duration == other.duration and one.operation != other.operation
    return same and one.amount + other.amount <= resource.capacity


def whole_weights(weights: Sequence[float]) -> tuple[int, list[int], bool]:
    """A scale and whole weights that are the given ones times it; rounded down, and so said, where that needs too fine a one.

    Decimal weights are meant as they are written: 0.1 is a tenth.
    """
    meant = [Fraction(str(weight)) for weight in weights]
    scale = lcm(*(each.denominator for each in meant))
    if scale <= FINEST:
        return scale, [int(each * scale) for each in meant], True
    return FINEST, [floor(each * FINEST) for each in meant], False
