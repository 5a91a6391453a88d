"""What the improvement tries to make small, and what a plan costs by that measure, part by part."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

HOURS_A_DAY = 24


@dataclass(frozen=True)
class Objective:
    """What things cost against each other, in seconds by which one order of weight 1 completes later.

    An order's own part (late, broken, complete, in work) is multiplied with its weight.
    """

    late: float = 100.0
    """A second after the completion by which the date that was told first keeps its probability."""
    broken: float = 360_000.0
    """An order that is no longer expected to reach the date that was told first."""
    complete: float = 1.0
    """A second until an order is complete."""
    in_work: float = 0.05
    """A second from an order's first operation to its last: work in process."""
    setup: float = 2.0
    """A second of setting a machine up."""
    money: float = 600.0
    """One unit of the organization's currency, for energy and for overtime."""
    moved: float = 60.0
    """Moving a booking: the plan stays where it is without a reason."""
    changed_machine: float = 300.0
    """Moving it to another machine."""
    energy_price: tuple[float, ...] = ()
    """Price of a kilowatt-hour in each of the 24 hours of the plant's day; () when energy does not count."""
    kilowatts: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What each machine draws while it works."""

    def __post_init__(self) -> None:
        weights = (self.late, self.broken, self.complete, self.in_work, self.setup, self.money, self.moved)
        if any(not 0 <= each < float("inf") for each in (*weights, self.changed_machine)):
            raise ValueError("the weights of the objective must not be negative")
        if len(self.energy_price) not in (0, HOURS_A_DAY):
            raise ValueError(f"energy_price must name {HOURS_A_DAY} prices, one an hour, not {len(self.energy_price)}")


@dataclass(frozen=True)
class Costs:
    """What a plan costs, by part, each weighted by the objective; lower is better."""

    late: float = 0.0
    broken: float = 0.0
    complete: float = 0.0
    in_work: float = 0.0
    setup: float = 0.0
    money: float = 0.0
    """Energy and overtime."""
    change: float = 0.0
    """Against the plan that stood before."""

    @property
    def total(self) -> float:
        return sum(self.by_part.values())

    @property
    def by_part(self) -> dict[str, float]:
        return {each.name: getattr(self, each.name) for each in fields(self)}
