"""Workers that search at once and meet in a pool of good schedules: tabu search between schedules that both were good."""

from collections.abc import Callable
from contextlib import suppress
from ctypes import c_int32
from dataclasses import dataclass, field
from random import Random
from threading import Event, Lock, Thread
from time import monotonic

from lotone.plan.model.instance import Found, Instance, Placed, Schedule
from lotone.plan.solvers.engine.bound import lower_bound
from lotone.plan.solvers.engine.native import Solution, Worker
from lotone.plan.solvers.engine.pool import Pool
from lotone.plan.solvers.engine.tables import Tables, tables_of

Told = Callable[[float, float], None]


@dataclass
class _Search:
    """What the workers share. Everything but `stop`, which the kernel reads, is touched under the lock only."""

    began: float
    told: Told | None
    stop: c_int32 = field(default_factory=c_int32)
    done: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    bound: int = 0
    best: Solution | None = None
    first: Solution | None = None
    trace: list[tuple[float, float]] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    faults: list[BaseException] = field(default_factory=list)

    def end(self) -> None:
        self.stop.value = 1
        self.done.set()

    def take_first(self) -> Solution | None:
        """The schedule that was there before the workers began, for the first who asks."""
        with self.lock:
            first, self.first = self.first, None
        return first

    def report(self, solution: Solution) -> None:
        """Keep it when it is the best so far; the bound reached ends the search."""
        with self.lock:
            if self.best is not None and self.best.makespan <= solution.makespan:
                return
            self.best = solution.copy()
            self.trace.append((monotonic() - self.began, float(solution.makespan)))
            if self.told:
                self.told(*self.trace[-1])
        if solution.makespan <= self.bound:
            self.end()


def solve(instance: Instance, seconds: float, workers: int, seed: int = 0, told: Told | None = None) -> Found:
    """Search for `seconds` with `workers` threads, each on a core of its own while the kernel runs.

    The instance must fit. `told(seconds, makespan)` hears of every improvement, from the thread that found it. Ends early when
    the lower bound is reached: then the status is "optimal". Raises NoEngine.
    """
    search = _Search(monotonic(), told)
    if not instance.operations:
        return Found((), 0.0, 0.0, 0.0, "optimal", ((0.0, 0.0),))
    tables = tables_of(instance)
    first = Worker(tables, seed, search.stop)
    search.first = first.dispatch(0.0)
    search.report(search.first)
    search.bound = lower_bound(instance)
    assert search.best is not None
    if search.best.makespan > search.bound:
        _run(search, [first, *(Worker(tables, seed + number, search.stop) for number in range(1, workers))], seconds, seed)
    return _found(instance, search, first)


def _run(search: _Search, workers: list[Worker], seconds: float, seed: int) -> None:
    threads = [
        Thread(target=_work_safely, args=(search, worker, Random(seed * 1_000 + number)), daemon=True)  # noqa: S311 - no secret is drawn
        for number, worker in enumerate(workers)
    ]
    with suppress(KeyboardInterrupt):  # Ctrl-C ends early with the best so far
        for thread in threads:
            thread.start()
        search.done.wait(max(0.0, seconds - (monotonic() - search.began)))
    search.end()
    for thread in threads:
        if thread.ident is not None:
            thread.join()
    if search.faults:
        raise search.faults[0]


def _work_safely(search: _Search, worker: Worker, random: Random) -> None:
    try:
        while not search.stop.value:
            _round(search, worker, random)
    except BaseException as fault:  # told to the caller, who waits for all threads
        search.faults.append(fault)
        search.end()


def _round(search: _Search, worker: Worker, random: Random) -> None:
    solution = search.take_first() or search.pool.start(worker, random)
    worker.improve(solution, search.pool.patience, search.bound)
    search.report(solution)
    search.pool.add(solution, worker)


def _found(instance: Instance, search: _Search, worker: Worker) -> Found:
    best = search.best
    assert best is not None
    return Found(
        schedule=_schedule(instance, worker.tables, best, worker),
        objective=float(best.makespan),
        bound=float(search.bound),
        first_feasible_s=search.trace[0][0],
        status="optimal" if best.makespan <= search.bound else "feasible",
        trace=tuple(search.trace),
    )


def _schedule(instance: Instance, tables: Tables, best: Solution, worker: Worker) -> Schedule:
    numbers = tables.mode_number[best.mode[1:]].tolist()
    starts = worker.starts(best).tolist()
    return tuple(
        Placed(index, mode, start, start + operation.modes[mode].duration)
        for index, (operation, mode, start) in enumerate(zip(instance.operations, numbers, starts, strict=True))
    )
