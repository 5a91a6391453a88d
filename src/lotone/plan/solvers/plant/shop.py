"""A plant and its work as flat arrays, as the kernel reads them (see plant.c)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEVER = 1 << 60
ONE_AT_A_TIME, BATCHES, SHARED = 0, 1, 2
DRAWS = 4096
Span = tuple[int, int]


@dataclass(frozen=True)
class Machine:
    """A machine, an operator, a tool, or anything of which there is only so much."""

    kind: int = ONE_AT_A_TIME
    capacity: int = 1
    closed: tuple[Span, ...] = ()
    """Sorted and disjoint."""
    matrix: int = -1
    """Which of the shop's setup matrices it follows."""
    family: int = -1
    """What it is set up for at the start."""
    rates: tuple[tuple[int, int, float], ...] = ()
    """Sorted, disjoint stretches and what a unit of time costs in them."""


@dataclass(frozen=True)
class Way:
    """How an operation can be done: how long, and what it takes, the machine first."""

    duration: int
    takes: tuple[tuple[int, int], ...]
    site: int = -1
    """Where: what follows elsewhere needs the way there."""


@dataclass(frozen=True)
class Lag:
    """It begins at least and at most so long after another operation's end."""

    operation: int
    least: int = 0
    most: int = NEVER


@dataclass(frozen=True)
class Standing:
    """Where an operation stands: one of its ways, when, and with whom."""

    way: int
    start: int
    crew: tuple[int, ...] = ()


@dataclass(frozen=True)
class Work:
    """An operation. Those that stay (`fixed`) belong to no job (-1) and need not say what they follow."""

    job: int
    ways: tuple[Way, ...]
    after: tuple[Lag, ...] = ()
    roles: tuple[tuple[int, ...], ...] = ()
    """For each role the machines (people, tools) that can fill it: one of each is needed, never the same twice."""
    release: int = 0
    latest_start: int = NEVER
    latest_end: int = NEVER
    family: int = -1
    mix: int = -1
    """What may share a batch; -1 runs alone."""
    home: Standing | None = None
    fixed: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a job. It costs more after `due`, once more after `promise`; after `limit` it must not end."""

    due: int = NEVER
    weight: float = 1.0
    promise: int = NEVER
    limit: int = NEVER
    fixed_end: int = 0
    fixed_begin: int = NEVER
    """When what stays of it ends and begins."""


@dataclass(frozen=True)
class Prices:
    """What a unit of each thing costs. `late`, `broken`, `complete` and `flow` (from a job's first start to its end) are
    multiplied with the job's weight."""

    late: float = 1.0
    broken: float = 0.0
    over: float = 1e9
    complete: float = 0.0
    flow: float = 0.0
    setup: float = 0.0
    moved: float = 0.0
    changed: float = 0.0
    """Another machine than the one where it stands."""


@dataclass(frozen=True)
class Shop:
    """Everything the kernel is told. `makespan`: the last end costs as lateness does."""

    machines: Sequence[Machine]
    works: Sequence[Work]
    wanted: Sequence[Wanted]
    prices: Prices = Prices()
    matrices: Sequence[Sequence[Sequence[int]]] = ()
    transport: Sequence[Sequence[int]] = ()
    makespan: bool = False


ARRAYS: dict[str, type] = {
    **dict.fromkeys(("job", "family", "mix"), np.int32),
    **dict.fromkeys(("release", "latest_start", "latest_end"), np.int64),
    "fixed": np.int8,
    **dict.fromkeys(("modes", "before", "after", "earlier"), np.int32),
    **dict.fromkeys(("least", "most"), np.int64),
    **dict.fromkeys(("later", "later_edge", "roles", "role_members", "members", "home_mode", "home_crew"), np.int32),
    **dict.fromkeys(("home_start", "duration"), np.int64),
    **dict.fromkeys(("takes", "site", "take_resource", "take_amount"), np.int32),
    **dict.fromkeys(("capacity", "matrix", "first_family"), np.int32),
    "kind": np.int8,
    "closed": np.int32,
    **dict.fromkeys(("closed_start", "closed_end"), np.int64),
    "rates": np.int32,
    **dict.fromkeys(("rate_start", "rate_end"), np.int64),
    "rate": np.float64,
    **dict.fromkeys(("room", "setup", "transport", "due", "promise", "limit", "fixed_end", "fixed_begin"), np.int64),
    "weight": np.float64,
    **dict.fromkeys(("job_first", "job_operations"), np.int32),
    "exponential": np.float64,
}
"""The kernel's arrays in the order of its struct."""


@dataclass
class Tables:
    """The arrays of a shop, and how many there are of what."""

    shop: Shop
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    families: int = 0

    def __post_init__(self) -> None:
        lists: dict[str, list[Any]] = {name: [] for name in ARRAYS}
        self._operations(lists)
        self._edges(lists)
        self._machines(lists)
        self._jobs(lists)
        chance = np.random.default_rng(1)
        self.arrays = {name: np.array(values, dtype=ARRAYS[name]) for name, values in lists.items()}
        self.arrays["exponential"] = chance.exponential(size=DRAWS)

    @property
    def operations(self) -> int:
        return len(self.shop.works)

    @property
    def roles(self) -> int:
        return int(self.arrays["roles"][-1])

    def _operations(self, lists: dict[str, list[Any]]) -> None:
        for name in ("modes", "roles", "takes", "role_members"):
            lists[name].append(0)
        for work in self.shop.works:
            first = len(lists["duration"])
            for name in ("job", "family", "mix", "release", "latest_start", "latest_end", "fixed"):
                lists[name].append(getattr(work, name))
            for way in work.ways:
                self._way(lists, way)
            for role, members in enumerate(work.roles):
                lists["members"] += members
                lists["role_members"].append(len(lists["members"]))
                lists["home_crew"].append(work.home.crew[role] if work.home and work.home.crew else -1)
            lists["home_mode"].append(first + work.home.way if work.home else -1)
            lists["home_start"].append(work.home.start if work.home else 0)
            lists["modes"].append(len(lists["duration"]))
            lists["roles"].append(len(lists["home_crew"]))

    @staticmethod
    def _way(lists: dict[str, list[Any]], way: Way) -> None:
        lists["duration"].append(way.duration)
        lists["site"].append(way.site)
        for machine, amount in way.takes:
            lists["take_resource"].append(machine)
            lists["take_amount"].append(amount)
        lists["takes"].append(len(lists["take_resource"]))

    def _edges(self, lists: dict[str, list[Any]]) -> None:
        followers: list[list[tuple[int, int]]] = [[] for _ in self.shop.works]
        lists["before"].append(0)
        lists["after"].append(0)
        for number, work in enumerate(self.shop.works):
            for lag in work.after:
                followers[lag.operation].append((number, len(lists["earlier"])))
                lists["earlier"].append(lag.operation)
                lists["least"].append(lag.least)
                lists["most"].append(lag.most)
            lists["before"].append(len(lists["earlier"]))
        for each in followers:
            lists["later"] += [number for number, _ in each]
            lists["later_edge"] += [edge for _, edge in each]
            lists["after"].append(len(lists["later"]))

    def _machines(self, lists: dict[str, list[Any]]) -> None:
        shop = self.shop
        for name in ("closed", "rates", "room"):
            lists[name].append(0)
        for machine, uses in zip(shop.machines, self._uses(), strict=True):
            lists["first_family"].append(machine.family)
            for name in ("capacity", "matrix", "kind"):
                lists[name].append(getattr(machine, name))
            lists["closed_start"] += [start for start, _ in machine.closed]
            lists["closed_end"] += [end for _, end in machine.closed]
            lists["closed"].append(len(lists["closed_start"]))
            lists["rate_start"] += [start for start, _, _ in machine.rates]
            lists["rate_end"] += [end for _, end, _ in machine.rates]
            lists["rate"] += [rate for _, _, rate in machine.rates]
            lists["rates"].append(len(lists["rate"]))
            lists["room"].append(lists["room"][-1] + 2 * uses + 4)
        self.families = len(shop.matrices[0]) if shop.matrices else 0
        lists["setup"] = [value for matrix in shop.matrices for row in matrix for value in row]
        lists["transport"] = [value for row in shop.transport for value in row]

    def _uses(self) -> list[int]:
        """How many operations may take each machine."""
        uses = [0] * len(self.shop.machines)
        for work in self.shop.works:
            taken = {machine for way in work.ways for machine, _ in way.takes}
            for machine in taken.union(*work.roles):
                uses[machine] += 1
        return uses

    def _jobs(self, lists: dict[str, list[Any]]) -> None:
        operations: list[list[int]] = [[] for _ in self.shop.wanted]
        for number, work in enumerate(self.shop.works):
            if not work.fixed:
                operations[work.job].append(number)
        lists["job_first"].append(0)
        for wanted, own in zip(self.shop.wanted, operations, strict=True):
            for name in ("due", "promise", "limit", "fixed_end", "fixed_begin", "weight"):
                lists[name].append(getattr(wanted, name))
            lists["job_operations"] += own
            lists["job_first"].append(len(lists["job_operations"]))
