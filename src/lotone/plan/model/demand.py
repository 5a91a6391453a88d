"""What is to be made: the operations of a routing, which machines can do them, and the parts they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from math import ceil, floor
from typing import Any

from lotone.kernel import Words
from lotone.plan.model.fault import WrongDemand


@dataclass(frozen=True)
class OperationNeed:
    """One step of a routing. It is not interrupted: it fits into one open window of the machine that does it."""

    step: str
    work_center: str
    minutes: float
    words: Words = field(default_factory=lambda: Words(""))
    after: tuple[str, ...] = ()
    """Steps that must be finished before."""
    wait_after_minutes: float = 0.0
    """Time that must pass before the steps that follow: curing, cooling."""
    work_units: tuple[str, ...] | None = None
    """The machines that can do it; None means every machine of the work center."""
    minutes_on: Mapping[str, float] = field(default_factory=dict)
    """Minutes on machines that are slower or faster than `minutes`."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Material that must be there when the operation starts."""
    setup: str = ""
    """What its machine must be set up for: a colour, a tool; "" when it does not matter."""
    batch: str = ""
    """Operations with the same word may share a batch of a batch machine; "" when it runs by itself."""
    size: float = 1.0
    """How much of a batch, or of a machine with a capacity above one, it takes."""
    also: tuple[str, ...] = ()
    """Skills: an operator or tool with each is needed as long as it runs, for two skills never the same one."""
    wait_most_minutes: float | None = None
    """The longest time between its end and the start of each step that follows: glue that dries, iron that cools."""

    def __post_init__(self) -> None:
        if any(not 0 < minutes < float("inf") for minutes in (self.minutes, *self.minutes_on.values())):
            raise WrongDemand(f"operation {self.step}: its minutes must be more than 0", where=self.step)
        if not 0 <= self.wait_after_minutes < float("inf"):
            raise WrongDemand(f"operation {self.step}: the wait after it can't be negative", where=self.step)
        if any(not 0 < quantity < float("inf") for quantity in self.parts.values()):
            raise WrongDemand(f"operation {self.step}: quantities of parts must be more than 0", where=self.step)
        if not 0 < self.size < float("inf"):
            raise WrongDemand(f"operation {self.step}: its size must be more than 0", where=self.step)
        if self.wait_most_minutes is not None and not self.wait_after_minutes <= self.wait_most_minutes < float("inf"):
            raise WrongDemand(
                f"operation {self.step}: the longest wait after it can't be shorter than the wait after it", where=self.step
            )

    def duration(self, work_unit: str) -> timedelta:
        """Time on a machine, in whole seconds."""
        return timedelta(seconds=ceil(self.minutes_on.get(work_unit, self.minutes) * 60))

    @cached_property
    def shape(self) -> tuple[Any, ...]:
        """The same for operations that ask the same of machines; their material is another matter."""
        slower = tuple(sorted(self.minutes_on.items()))
        return (
            self.step, self.work_center, self.minutes, slower, self.after, self.wait_after_minutes, self.work_units,
            self.setup, self.batch, self.size, self.also, self.wait_most_minutes,
        )  # fmt: skip

    @cached_property
    def wait(self) -> timedelta:
        return timedelta(seconds=ceil(self.wait_after_minutes * 60))

    @cached_property
    def wait_most(self) -> timedelta | None:
        return None if self.wait_most_minutes is None else timedelta(seconds=floor(self.wait_most_minutes * 60))


@dataclass(frozen=True)
class Demand:
    """The operations that one configuration needs, `quantity` times. `weight` says how much its lateness counts."""

    operations: tuple[OperationNeed, ...]
    words: Words = field(default_factory=lambda: Words(""))
    quantity: int = 1
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.operations:
            raise WrongDemand("a demand needs at least one operation")
        if self.quantity < 1:
            raise WrongDemand(f"a demand needs a quantity of 1 or more, not {self.quantity}")
        if len(self.by_step) < len(self.operations):
            raise WrongDemand("a step is named twice in the routing")
        for need in self.operations:
            unknown = set(need.after) - set(self.by_step)
            if unknown:
                raise WrongDemand(f"step {need.step} follows {', '.join(sorted(unknown))}, which is not in the routing")
        _ = self.in_order

    @cached_property
    def by_step(self) -> dict[str, OperationNeed]:
        return {need.step: need for need in self.operations}

    @cached_property
    def in_order(self) -> tuple[OperationNeed, ...]:
        """The operations, none before those it follows."""
        return tuple(self.by_step[step] for step in _in_order(tuple((need.step, need.after) for need in self.operations)))

    @cached_property
    def is_simple(self) -> bool:
        """One unit, no part of which is used in two of its operations: then each has its material for itself."""
        parts = [part for need in self.operations for part in need.parts]
        return self.quantity == 1 and len(parts) == len(set(parts))

    @cached_property
    def shape(self) -> tuple[Any, ...]:
        """The same for demands that ask the same of machines."""
        return self.words, self.quantity, *(need.shape for need in self.in_order)

    @cached_property
    def preceding(self) -> dict[str, tuple[tuple[str, timedelta], ...]]:
        """Which steps each step follows directly, with the wait after each."""
        return {need.step: tuple((step, self.by_step[step].wait) for step in need.after) for need in self.operations}

    @cached_property
    def followers(self) -> dict[str, tuple[str, ...]]:
        """Which steps follow each step directly."""
        return {step: tuple(x.step for x in self.operations if step in x.after) for step in self.by_step}

    def as_json(self) -> dict[str, Any]:
        return {
            "words": self.words.as_dict(),
            "quantity": self.quantity,
            "weight": self.weight,
            "operations": [_need_json(need) for need in self.operations],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Demand":
        operations = tuple(_need(each) for each in values["operations"])
        return cls(operations, Words.from_dict(values["words"]), values["quantity"], values["weight"])


@lru_cache(maxsize=256)
def _in_order(routing: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(dict(routing)).static_order())
    except CycleError as fault:
        raise WrongDemand(f"the routing goes in a circle: {' > '.join(fault.args[1])}") from fault


def _need_json(need: OperationNeed) -> dict[str, Any]:
    return {
        "step": need.step,
        "work_center": need.work_center,
        "minutes": need.minutes,
        "words": need.words.as_dict(),
        "after": list(need.after),
        "wait_after_minutes": need.wait_after_minutes,
        "work_units": None if need.work_units is None else list(need.work_units),
        "minutes_on": dict(need.minutes_on),
        "parts": dict(need.parts),
        "setup": need.setup,
        "batch": need.batch,
        "size": need.size,
        "also": list(need.also),
        "wait_most_minutes": need.wait_most_minutes,
    }


def _need(values: Mapping[str, Any]) -> OperationNeed:
    """What is not there was not known yet when the demand was kept."""
    work_units = values["work_units"]
    return OperationNeed(
        step=values["step"],
        work_center=values["work_center"],
        minutes=values["minutes"],
        words=Words.from_dict(values["words"]),
        after=tuple(values["after"]),
        wait_after_minutes=values["wait_after_minutes"],
        work_units=None if work_units is None else tuple(work_units),
        minutes_on=values["minutes_on"],
        parts=values["parts"],
        setup=values.get("setup", ""),
        batch=values.get("batch", ""),
        size=values.get("size", 1.0),
        also=tuple(values.get("also", ())),
        wait_most_minutes=values.get("wait_most_minutes"),
    )
