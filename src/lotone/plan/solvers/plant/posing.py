"""An instance as a shop for the kernel, and the kernel's plan as its schedule."""

import numpy as np
from numpy.typing import NDArray

from lotone.plan.model.instance import Instance, Operation, Placed, Resource, Schedule
from lotone.plan.solvers.plant.native import Layout
from lotone.plan.solvers.plant.shop import (
    BATCHES,
    NEVER,
    ONE_AT_A_TIME,
    SHARED,
    Lag,
    Machine,
    Prices,
    Shop,
    Tables,
    Wanted,
    Way,
    Work,
)

COMPLETION = 1e-3
"""What a unit of time of earlier completion is worth against one of lateness: enough to choose between equals."""


def fits(instance: Instance) -> bool:
    """Whether this solver is made for an instance: lateness counts, or there are closed hours, setups or batches."""
    if not instance.operations or any(_is_beyond(instance, each) for each in instance.operations):
        return False
    special = any(each.closed or each.setup or each.batch for each in instance.resources)
    return instance.objective == "tardiness" or special


def _is_beyond(instance: Instance, operation: Operation) -> bool:
    """What the kernel does not know: several batch machines at once, and setups for what takes no time."""
    for mode in operation.modes:
        taken = [instance.resources[resource] for resource, _ in mode.takes]
        if sum(each.batch for each in taken) > 1 or (mode.duration == 0 and any(each.setup or each.batch for each in taken)):
            return True
    return False


def shop_of(instance: Instance) -> Shop:
    """Families of all matrices are numbered alike; smaller matrices are filled up with changes that nobody makes."""
    families = max((len(each.setup) for each in instance.resources), default=0)
    matrices = sorted({each.setup for each in instance.resources if each.setup})
    numbers = {matrix: number for number, matrix in enumerate(matrices)}
    makespan = instance.objective == "makespan"
    return Shop(
        machines=[_machine(each, numbers) for each in instance.resources],
        works=[_work(instance, each) for each in instance.operations],
        wanted=[Wanted(NEVER if makespan or job.due is None else job.due, job.weight) for job in instance.jobs],
        prices=Prices(late=1.0, complete=COMPLETION / max(1, len(instance.jobs)) if makespan else COMPLETION),
        matrices=[_square(matrix, families) for matrix in matrices],
        makespan=makespan,
    )


def _machine(resource: Resource, numbers: dict[tuple[tuple[int, ...], ...], int]) -> Machine:
    kind = BATCHES if resource.batch else SHARED if resource.capacity > 1 else ONE_AT_A_TIME
    matrix = numbers.get(resource.setup, -1)
    return Machine(kind, resource.capacity, resource.closed, matrix, resource.family)


def _work(instance: Instance, operation: Operation) -> Work:
    lags = (Lag(after.operation, after.least, NEVER if after.most is None else after.most) for after in operation.after)
    return Work(
        job=operation.job,
        ways=tuple(Way(mode.duration, mode.takes) for mode in operation.modes),
        after=tuple(lags),
        release=operation.release,
        family=operation.family,
        mix=operation.family,
    )


def _square(matrix: tuple[tuple[int, ...], ...], families: int) -> list[list[int]]:
    more = families - len(matrix)
    return [[*row, *[0] * more] for row in matrix] + [[0] * families] * more


def left_of(tables: Tables, order: tuple[int, ...]) -> NDArray[np.float64]:
    """For each operation the least time from its start to the end of all that follows it."""
    left = np.zeros(max(tables.operations, 1))
    works = tables.shop.works
    for number in reversed(order):
        left[number] += min(way.duration for way in works[number].ways)
        for lag in works[number].after:
            left[lag.operation] = max(left[lag.operation], left[number] + lag.least)
    return left


def schedule_of(instance: Instance, tables: Tables, layout: Layout) -> Schedule:
    """The kernel's plan in the instance's own words."""
    modes, duration = tables.arrays["modes"], tables.arrays["duration"]
    return tuple(
        Placed(number, int(mode - modes[number]), int(start), int(start + duration[mode]))
        for number, (mode, start) in enumerate(zip(layout.modes, layout.starts, strict=True))
    )
