"""However reports come, twice, late, shuffled, in pieces, over restarts: the same end; and the floor keeps its rules."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lamp_factory import BLUE_DIMMED, RED_SMALL
from lamp_floor import LampFloor, Pair, told
from lotone import make, market, orders, plan
from lotone.kernel import Database
from lotone.make import UnitCompleted, WorkState


def new_floor() -> LampFloor:
    database = Database("sqlite://")
    database.create_tables()
    return LampFloor(database).set_up().start_machines()


def two_jobs() -> tuple[LampFloor, list[Pair]]:
    """A floor with two jobs sent, and everything that their machines will say of them."""
    floor = new_floor()
    floor.order(BLUE_DIMMED)
    pairs: list[Pair] = []
    for release in floor.dispatch():
        pairs += floor.machines[release.work_unit].whole_job(release, floor.now, 12.0)
    floor.pass_time(12)
    return floor, pairs


def end_of_two_jobs() -> dict[str, Any]:
    floor, pairs = two_jobs()
    floor.observe(pairs)
    return floor.state()


EXPECTED = end_of_two_jobs()
COUNT = len(two_jobs()[1])
heard_orders = st.lists(st.integers(0, COUNT - 1), max_size=30).flatmap(
    lambda repeated: st.permutations([*range(COUNT), *repeated])
)


@settings(max_examples=15, deadline=None)
@given(heard_orders, st.lists(st.integers(1, 9), max_size=12))
def test_any_order_of_reports_in_any_pieces_ends_the_same(order: list[int], sizes: list[int]) -> None:
    floor, pairs = two_jobs()
    rest = [pairs[index] for index in order]
    for size in [*sizes, len(rest)]:
        piece, rest = rest[:size], rest[size:]
        floor.observe(piece)
    assert floor.state() == EXPECTED
    for kind in (make.OperationStarted, make.OperationDone):
        assert len(told(floor.facts, kind)) == 2
    floor.database.close()


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000))
def test_a_week_of_muddled_reports_leaves_everything_right(seed: int) -> None:
    floor = new_floor()
    chance = Random(seed)
    for number in range(4):
        floor.order(chance.choice([RED_SMALL, BLUE_DIMMED]), buyer=f"buyer-{number}", quantity=chance.randint(1, 2))
    with floor.work() as work:
        expected = sum(order.quantity for order in work.orders.orders())
        work.market.order_what_is_short(needs_of(work.plan))
    floor.run(chance, until_done=expected, failing=0.2)
    with floor.work() as work:
        assert work.make.count_units() == {make.UnitState.COMPLETED: expected}
        assert len(told(floor.facts, UnitCompleted)) == expected
        assert all(order.state is not orders.OrderState.PLACED for order in work.orders.orders())
        assert all(lot.left >= 0 for lot in work.assets.lots())
        for unit in work.make.units():
            passport = work.make.passport(unit.serial)
            assert passport.differences == ()
            assert len(work.make.work_of(unit.serial)) == 4 + sum(
                each.state is WorkState.FAILED for each in work.make.work_of(unit.serial)
            )
        schedule = work.plan.schedule(floor.now - timedelta(days=30), floor.now + timedelta(days=30))
        assert plan.double_booked_hours(schedule) == 0
        assert work.make.problems() == []
    check_material(floor)
    check_again_changes_nothing(floor, chance)
    floor.database.close()


def needs_of(planned: plan.PlanService) -> list[market.Need]:
    return [market.Need(need.part, need.quantity, need.at) for need in planned.part_needs()]


def check_material(floor: LampFloor) -> None:
    """What left the stock is in units, to the thousandth."""
    with floor.work() as work:
        taken = {lot.id: round(lot.quantity - lot.left, 3) for lot in work.assets.lots() if lot.left < lot.quantity}
        built: dict[str, float] = {}
        for unit in work.make.units():
            for used in work.make.lots_of(unit.serial):
                built[used.lot] = round(built.get(used.lot, 0.0) + used.quantity, 3)
        assert built == taken


def check_again_changes_nothing(floor: LampFloor, chance: Random) -> None:
    """After a crash everything may be delivered once more, in any order."""
    before = floor.state()
    count = len(floor.facts)
    again = list(floor.heard)
    chance.shuffle(again)
    for start in range(0, len(again), 120):
        floor.observe(again[start : start + 120])
    assert floor.state() == before
    assert floor.facts[count:] == []
