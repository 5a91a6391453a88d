"""Whatever happens: no machine does two things at once, nothing impossible is planned, promises are kept or told anew."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotone.kernel import Database, Words
from lotone.plan import (
    Arrival,
    Booking,
    BookingState,
    Calendar,
    Demand,
    HoldLost,
    OperationNeed,
    Resource,
    Shift,
    Supply,
    double_booked_hours,
)
from lotone.plan.solvers import solve

WEEKDAYS = ("Mon-Fri", "Mon-Sat", "Mon-Sun", "Tue,Thu,Sun")
HOURS = (("06:00", "14:00"), ("06:00", "22:00"), ("00:00", "24:00"), ("22:00", "06:00"), ("09:30", "17:15"))
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", "UTC")
EVENTS = (
    "hold", "hold", "order", "order", "order", "confirm", "work", "work", "work", "pass", "pass", "down", "up", "tick", "tick",
    "cancel", "improve", "arrive", "expire", "twice",
)  # fmt: skip


def random_calendar(chance: Random, name: str) -> Calendar:
    shifts = tuple(Shift.from_text(chance.choice(WEEKDAYS), *chance.choice(HOURS)) for _ in range(chance.choice((1, 1, 2))))
    return Calendar(name, chance.choice(ZONES), shifts)


def random_demand(chance: Random, centers: list[str]) -> Demand:
    needs: list[OperationNeed] = []
    for number in range(chance.randint(1, 6)):
        before = tuple(need.step for need in needs if chance.random() < 0.4)
        parts = {chance.choice("ABC"): float(chance.randint(1, 2))} if chance.random() < 0.4 else {}
        wait = chance.choice((0, 0, 45.5))
        minutes = chance.choice((1, 10, 33.3, 120, 400))
        step = f"s{number}"
        needs.append(OperationNeed(step, chance.choice(centers), minutes, after=before, wait_after_minutes=wait, parts=parts))
    return Demand(tuple(needs), Words("thing"), chance.choice((1, 1, 1, 2)), chance.choice((1.0, 3.0)))


class Life:
    """A plant with chance events, which works as machines do: one thing at a time, only what is ready."""

    def __init__(self, plant: Any, seed: int) -> None:
        self.chance = Random(seed)
        self.plant = plant
        self.holds: list[str] = []
        self.orders: list[str] = []
        self.again: Callable[[Any], object] = lambda plan: None
        centers = [f"c{number}" for number in range(self.chance.randint(1, 4))]
        calendars = [random_calendar(self.chance, f"cal{number}") for number in range(3)]
        machines = [
            Resource(f"{center}-{number}", center, self.chance.choice(calendars).id)
            for center in centers
            for number in range(self.chance.randint(1, 3))
        ]
        self.centers = centers
        self.units = [machine.work_unit for machine in machines]
        plant.supply = Supply({"A": 20.0, "B": 3.0}, (), {"A": 1.0, "B": 3.0, "C": 2.0})
        with plant.plan() as plan:
            plan.set_calendars(calendars)
            plan.set_resources(machines)

    def happen(self, event: str) -> None:
        getattr(self, f"_{event}")()

    def _do(self, act: Callable[[Any], object]) -> None:
        with self.plant.plan() as plan:
            act(plan)
        self.again = act

    def _hold(self) -> None:
        demand = random_demand(self.chance, self.centers)
        with self.plant.plan() as plan:
            offered, held = plan.promise(demand), plan.hold(demand)
        assert offered == held.promise
        self.holds.append(held.id)

    def _confirm(self) -> None:
        if self.holds:
            hold, order = self.holds.pop(0), f"order-{len(self.orders)}"
            try:
                self._do(lambda plan: plan.confirm(hold, order))
                self.orders.append(order)
            except HoldLost as lost:
                assert lost.promise.date > self.plant.now

    def _order(self) -> None:
        self._hold()
        self.holds.insert(0, self.holds.pop())
        self._confirm()

    def _pass(self) -> None:
        self.plant.later(minutes=self.chance.choice((1, 7, 20, 61.7, 500)))

    def _expire(self) -> None:
        self.plant.wall += timedelta(minutes=16)
        self._do(lambda plan: plan.drop_expired())

    def _tick(self) -> None:
        self._do(lambda plan: plan.right_shift(self.plant.now))

    def _twice(self) -> None:
        """The last thing again, and once more: nothing changes."""
        with self.plant.plan() as plan:
            before = plan.version()
            self.again(plan)
            assert plan.version() in (before, before + 1)
            again = plan.version()
            self.again(plan)
            assert plan.version() == again, inspect.getsource(self.again)

    def _work(self) -> None:
        """Each machine ends what it does, or begins what is ready."""
        for unit in self.units:
            with self.plant.plan() as plan:
                queue = plan.next_bookings(unit)
                down = next(each for each in plan.resources() if each.work_unit == unit).is_down
            started = [booking for booking in queue if booking.state is BookingState.STARTED]
            if down or self.chance.random() < 0.2:
                continue
            if started:
                self._end(started[0])
            elif queue and self._ready(queue[0]):
                first, at = queue[0], self.plant.now
                self._do(lambda plan, first=first, at=at: plan.released(first.id, at))
                if self.chance.random() < 0.8:
                    self._do(lambda plan, first=first, at=at: plan.started(first.id, at))

    def _end(self, booking: Booking) -> None:
        at = self.plant.now
        if at <= booking.start:
            return
        if self.chance.random() < 0.3:
            percent = self.chance.random() * 100
            self._do(lambda plan: plan.progressed(booking.id, percent, at))
        else:
            self._do(lambda plan: plan.material_taken(booking.id))
            self._do(lambda plan: plan.finished(booking.id, at))

    def _ready(self, booking: Booking) -> bool:
        snapshot = self.plant.snapshot()
        commitment = snapshot.commitments[booking.commitment]
        before = commitment.before(booking)
        if booking.start > self.plant.now and commitment.need(booking).parts:
            return False
        return all(each.state is BookingState.DONE and each.end + wait <= self.plant.now for each, wait in before)

    def _down(self) -> None:
        unit, minutes = self.chance.choice(self.units), self.chance.choice((5, 90, 600))
        at = self.plant.now - timedelta(seconds=self.chance.randint(0, 90))
        self._do(lambda plan: plan.machine_down(unit, at, minutes))

    def _up(self) -> None:
        unit, at = self.chance.choice(self.units), self.plant.now
        self._do(lambda plan: plan.machine_up(unit, at))

    def _cancel(self) -> None:
        if self.orders:
            order = self.orders[self.chance.randrange(len(self.orders))]
            self._do(lambda plan: plan.cancel(order))

    def _improve(self) -> None:
        with self.plant.plan() as plan:
            plan.improve(0.2, solve)

    def _arrive(self) -> None:
        supply = self.plant.supply
        due = Arrival("B", 4.0, self.plant.now + timedelta(days=self.chance.randint(0, 3)), Words("K"))
        self.plant.supply = replace(supply, arriving=(*supply.arriving[-3:], due))
        self._do(lambda plan: plan.material_changed())

    def check(self) -> None:
        patience = self.plant.now - timedelta(minutes=self.plant.settings.late_minutes)
        with self.plant.plan() as plan:
            plan.right_shift(self.plant.now)
            late = {x.id for queue in plan.snapshot().queues.values() for x in queue.bookings if x.start >= patience}
            found = [each for each in self.plant.violations_of(plan) if each.kind != "past" or each.bookings[0] not in late]
            assert found == []
            everything = plan.schedule(datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
            assert double_booked_hours(everything) == 0
            tracked = plan.promises()
        packing = timedelta(minutes=self.plant.settings.packing_minutes)
        told = {fact.order: fact.after for fact in self.plant.moved_promises()}
        for each in tracked:
            assert each.completion + packing <= each.told.date
            assert each.moves == sum(1 for fact in self.plant.moved_promises() if fact.order == each.order)
            assert told.get(each.order, each.told.date) == each.told.date


@pytest.mark.parametrize("block", range(4))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), events=st.lists(st.sampled_from(EVENTS), min_size=10, max_size=50))
def test_any_life_of_a_plant(make_plant: Callable[[Database], Any], block: int, seed: int, events: list[str]) -> None:
    database = Database("sqlite://")
    database.create_tables()
    try:
        life = Life(make_plant(database), seed)
        for event in events:
            life.happen(event)
            life.check()
    finally:
        database.close()
