"""What no schedule can be shorter than: the longest job, and every machine for itself with its work cut freely."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

from lotone.plan.model.instance import Instance

Task = tuple[int, int, int]
"""When it can start at the earliest, how long it takes, how long its job takes at least after it."""


def lower_bound(instance: Instance) -> int:
    """The greatest of: longest chain of shortest modes; for each machine Jackson's preemptive schedule of what must run on it
    (Carlier, European Journal of Operational Research 11, 1982); for each set of machines that some operation can choose from,
    the work that can run nowhere else, shared evenly."""
    tasks = list(_tasks(instance))
    bound = max((head + duration + tail for head, duration, tail in tasks), default=0)
    by_machines: dict[frozenset[int], list[Task]] = defaultdict(list)
    for operation, task in zip(instance.operations, tasks, strict=True):
        by_machines[frozenset(mode.machine for mode in operation.modes)].append(task)
    for machines, own in by_machines.items():
        bound = max(bound, preemptive(own) if len(machines) == 1 else _shared(machines, by_machines))
    everything = frozenset[int]().union(*by_machines)
    return max(bound, _shared(everything, by_machines)) if everything else bound


def _tasks(instance: Instance) -> Iterable[Task]:
    shortest = [min(mode.duration for mode in operation.modes) for operation in instance.operations]
    heads, tails = [0] * len(shortest), [0] * len(shortest)
    for index in instance.order:
        operation = instance.operations[index]
        ready = (heads[each.operation] + shortest[each.operation] + each.least for each in operation.after)
        heads[index] = max(operation.release, *ready, 0)
    for index in reversed(instance.order):
        for each in instance.operations[index].after:
            tails[each.operation] = max(tails[each.operation], each.least + shortest[index] + tails[index])
    return zip(heads, shortest, tails, strict=True)


def preemptive(tasks: Iterable[Task]) -> int:
    """The least makespan on one machine when work may be interrupted: always what has the longest tail among what is there."""
    coming = sorted(tasks, reverse=True)
    waiting: list[tuple[int, int]] = []  # minus the tail, and what is left to do
    now = longest = 0
    while coming or waiting:
        if not waiting:
            now = max(now, coming[-1][0])
        while coming and coming[-1][0] <= now:
            _, duration, tail = coming.pop()
            heappush(waiting, (-tail, duration))
        minus_tail, left = heappop(waiting)
        done = min(left, coming[-1][0] - now) if coming else left
        now += done
        if done < left:
            heappush(waiting, (minus_tail, left - done))
        else:
            longest = max(longest, now - minus_tail)
    return longest


def _shared(machines: frozenset[int], by_machines: dict[frozenset[int], list[Task]]) -> int:
    """All work that runs on these machines only, spread evenly between the earliest start and the shortest tail."""
    own = [task for those, tasks in by_machines.items() if those <= machines for task in tasks]
    work = -(-sum(duration for _, duration, _ in own) // len(machines))
    return min(head for head, _, _ in own) + work + min(tail for _, _, tail in own)
