"""Good schedules that differ, which all workers start from and add to."""

from dataclasses import dataclass, field
from random import Random
from threading import Lock

from lotone.plan.solvers.engine.native import Solution, Worker

MEMBERS = 10
PATIENCE_LEAST, PATIENCE_MOST = 4_000, 16_000
"""Moves without a better schedule after which a search ends. Short searches from many starts reach good schedules sooner; when
no start helps any more, longer ones do. Peng, Lu and Cheng take 12,500."""
BARREN = 3 * MEMBERS
"""Searches in a row that add nothing, before patience doubles or, at its end, the pool begins anew around its best."""
NEAR = 50
"""Schedules are alike when less than one operation of so many is done elsewhere or after another one."""


@dataclass
class Pool:
    """Safe for threads. What is in it is never changed in place."""

    members: list[Solution] = field(default_factory=list)
    patience: int = PATIENCE_LEAST
    barren: int = 0
    lock: Lock = field(default_factory=Lock)

    def start(self, worker: Worker, random: Random) -> Solution:
        """Dispatched while the pool fills, then drawn between two of it."""
        with self.lock:
            parents = random.sample(self.members, 2) if len(self.members) >= MEMBERS else []
        if parents:
            return worker.merge(parents[0], parents[1], random.uniform(0.4, 0.6))
        return worker.dispatch(random.uniform(0.0, 0.5))

    def add(self, solution: Solution, worker: Worker) -> None:
        """Unless it holds the like; the worst goes when there are too many."""
        with self.lock:
            self.barren = 0 if self._joins(solution, worker) else self.barren + 1
            if self.barren >= BARREN:
                self._try_harder()

    def _joins(self, solution: Solution, worker: Worker) -> bool:
        near = worker.tables.operations // NEAR
        for index, other in enumerate(self.members):
            if worker.difference(other, solution) <= near:
                if solution.makespan >= other.makespan:
                    return False
                self.members[index] = solution
                return True
        self.members.append(solution)
        if len(self.members) <= MEMBERS:
            return True
        worst = max(self.members, key=lambda each: each.makespan)
        self.members.remove(worst)
        return worst is not solution

    def _try_harder(self) -> None:
        self.barren = 0
        if self.patience < PATIENCE_MOST:
            self.patience *= 2
            return
        self.patience = PATIENCE_LEAST
        self.members = [min(self.members, key=lambda each: each.makespan)]
