"""A small plant to plan in: two paint booths, two assembly places, an oven around the clock, in Berlin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from lotone.kernel import Database, Fact, Words
from lotone.plan import (
    Calendar,
    Demand,
    OperationNeed,
    PlanService,
    PlanSettings,
    PromiseMoved,
    Resource,
    ScheduleChanged,
    Shift,
    Snapshot,
    Store,
    Supply,
    Violation,
    check,
)

DAY_SHIFTS = Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Sat", "06:00", "22:00"),))
ALWAYS = Calendar("always", "Europe/Berlin", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
MACHINES = (
    Resource("asm-1", "assembly", "two-shifts"),
    Resource("asm-2", "assembly", "two-shifts"),
    Resource("oven-1", "curing", "always"),
    Resource("paint-1", "paint", "two-shifts", Words("Paint booth 1", "喷漆房1")),
    Resource("paint-2", "paint", "two-shifts", Words("Paint booth 2", "喷漆房2")),
)


def bike(*, paint: float = 30, cure: float = 20, wait: float = 0, assemble: float = 40, **more: object) -> Demand:
    """Paint, cure, assemble; `parts` go into the assembly."""
    parts = more.get("parts", {})
    assert isinstance(parts, dict)
    quantity = more.get("quantity", 1)
    assert isinstance(quantity, int)
    return Demand(
        (
            OperationNeed("paint", "paint", paint),
            OperationNeed("cure", "curing", cure, after=("paint",), wait_after_minutes=wait),
            OperationNeed("assemble", "assembly", assemble, after=("cure",), parts=parts),
        ),
        Words("bike"),
        quantity,
    )


@dataclass
class Plant:
    """The plan of a plant, its clocks and its material, one transaction per call of `plan`."""

    database: Database
    now: datetime
    wall: datetime = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    organization: str = "demo"
    supply: Supply = field(default_factory=Supply)
    settings: PlanSettings = field(default_factory=PlanSettings)
    facts: list[Fact] = field(default_factory=list)

    @contextmanager
    def plan(self) -> Iterator[PlanService]:
        with self.database.work() as connection:
            told: list[Fact] = []
            yield PlanService(
                Store(connection, self.organization), lambda: self.now, lambda: self.wall, told.append,
                lambda: self.supply, self.settings,
            )  # fmt: skip
        self.facts += told

    def set_up(self, machines: tuple[Resource, ...] = MACHINES) -> "Plant":
        with self.plan() as plan:
            plan.set_calendars([DAY_SHIFTS, ALWAYS])
            plan.set_resources(machines)
        self.facts.clear()
        return self

    def order(self, name: str, demand: Demand | None = None) -> None:
        with self.plan() as plan:
            plan.confirm(plan.hold(demand or bike()).id, name)

    def later(self, **time: float) -> None:
        """Let time pass, in the plant and for people."""
        self.now += timedelta(**time)
        self.wall += timedelta(**time)

    def snapshot(self) -> Snapshot:
        with self.plan() as plan:
            return plan.snapshot()

    def violations(self) -> list[Violation]:
        return check(self.snapshot())

    @staticmethod
    def violations_of(plan: PlanService) -> list[Violation]:
        return check(plan.snapshot())

    def moved_promises(self) -> list[PromiseMoved]:
        return [fact for fact in self.facts if isinstance(fact, PromiseMoved)]

    def changes(self) -> list[ScheduleChanged]:
        return [fact for fact in self.facts if isinstance(fact, ScheduleChanged)]


@pytest.fixture
def plant(database: Database, now: datetime) -> Plant:
    """Monday 2026-03-02 08:00 in Berlin."""
    return Plant(database, now).set_up()


@pytest.fixture
def wanted() -> Callable[..., Demand]:
    return bike


@pytest.fixture
def with_settings(plant: Plant) -> Callable[..., Plant]:
    def change(**values: object) -> Plant:
        plant.settings = replace(plant.settings, **values)
        return plant

    return change


@pytest.fixture
def make_plant(now: datetime) -> Callable[[Database], Plant]:
    """A plant without calendars and machines."""
    return lambda database: Plant(database, now)
