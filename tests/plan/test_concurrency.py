"""Many buyers and machines at once, with real threads and transactions: nothing is double booked or promised twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from lotone.kernel import Database
from lotone.plan import Demand, HoldLost, PlanBusy, Supply, check, double_booked_hours

THREADS = 8
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


@pytest.fixture
def shared(state_url: str, make_plant: Callable[[Database], Any]) -> Iterator[Any]:
    """A plant whose database is used over many connections."""
    database = Database(state_url)
    plant = make_plant(database).set_up()
    plant.supply = Supply({"motor": 10.0}, lead_time_days={"motor": 2.0})
    yield plant
    database.close()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result() for each in [pool.submit(act) for act in acts]]


def hold(plant: Any, demand: Demand) -> str | None:
    with plant.plan() as plan:
        try:
            return str(plan.hold(demand).id)
        except PlanBusy:
            return None


def test_two_buyers_never_get_the_same_hour(shared: Any, wanted: Callable[..., Demand]) -> None:
    held = at_once([lambda: hold(shared, wanted(parts={"motor": 1.0}))] * 40)
    assert None not in held, "a change that was too late is done again, locked"
    assert len(set(held)) == 40
    snapshot = shared.snapshot()
    assert set(snapshot.commitments) == set(held)
    assert check(snapshot) == []
    with shared.plan() as plan:
        assert double_booked_hours(plan.schedule(*ALWAYS)) == 0
    in_stock = [each for each in snapshot.commitments.values() if all(kept.bought_by is None for kept in each.reservations)]
    assert len(in_stock) == 10, "ten motors are there, so ten are promised from stock"


def test_orders_stops_holds_and_releases_at_once(shared: Any, wanted: Callable[..., Demand]) -> None:
    chance = Random(7)

    def buy(number: int) -> str | None:
        held = hold(shared, wanted(paint=chance.choice((10, 30, 90)), quantity=chance.choice((1, 2))))
        if held is None or number % 5 == 0:
            return None
        with shared.plan() as plan:
            if number % 7 == 0:
                plan.release(held)
                return None
            try:
                plan.confirm(held, f"order-{number}")
            except HoldLost:
                return None
        return f"order-{number}"

    def stop(number: int) -> None:
        unit = f"paint-{number % 2 + 1}"
        with shared.plan() as plan:
            plan.machine_down(unit, shared.now + timedelta(seconds=number), 60 + number)
        with shared.plan() as plan:
            plan.machine_up(unit, shared.now + timedelta(seconds=number, milliseconds=500))

    acts: list[Callable[[], Any]] = [lambda number=number: buy(number) for number in range(40)]
    acts[5::4] = [lambda number=number: stop(number) for number in range(len(acts[5::4]))]
    ordered = {each for each in at_once(acts) if each is not None}
    assert ordered
    assert check(shared.snapshot()) == []
    with shared.plan() as plan:
        assert {each.order for each in plan.promises()} == ordered
        assert double_booked_hours(plan.schedule(*ALWAYS)) == 0
        assert plan.version() == len({fact.version for fact in shared.changes()} | versions_of_holds(shared, plan.version()))


def versions_of_holds(plant: Any, newest: int) -> set[int]:
    """Every version was told once, or was a hold's; so none was made twice."""
    told = [fact.version for fact in plant.changes()]
    assert len(told) == len(set(told))
    return set(range(1, newest + 1)) - set(told)


def test_the_first_change_of_a_plan_at_once(shared: Any) -> None:
    """Two processes set up the same organization in the same moment."""
    shared.organization = "new"
    at_once([shared.set_up] * 4)
    with shared.plan() as plan:
        assert len(plan.resources()) == 5
        assert plan.version() == 2


def test_confirming_twice_at_once_is_one_order(shared: Any, wanted: Callable[..., Demand]) -> None:
    held = hold(shared, wanted())

    def confirm() -> Any:
        with shared.plan() as plan:
            return plan.confirm(held, "order-1")

    promises = at_once([confirm] * 6)
    assert len(set(map(repr, promises))) == 1
    assert [fact.cause for fact in shared.changes()] == ["ordered"]
