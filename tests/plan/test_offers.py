"""Promising, holding, confirming."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import log
from random import Random
from typing import Any

import pytest

from lotone.plan import (
    BookingState,
    Demand,
    DoesNotFit,
    HoldLost,
    HoldTaken,
    NoMachine,
    OperationNeed,
    PlanSettings,
    Promise,
    ScheduleChanged,
    UnknownHold,
    UnknownOrder,
)
from lotone.plan.model.promise import buffer


def berlin(text: str) -> datetime:
    """A time in March 2026 in Berlin (before the clocks change)."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def promise(plant: Any, demand: Demand) -> Promise:
    with plant.plan() as plan:
        return plan.promise(demand)


def hold(plant: Any, demand: Demand, minutes: float = 15) -> Any:
    with plant.plan() as plan:
        return plan.hold(demand, minutes)


def confirm(plant: Any, hold_id: str, order: str) -> Promise:
    with plant.plan() as plan:
        return plan.confirm(hold_id, order)


def places(plant: Any, order: str) -> list[tuple[str, str, datetime, datetime]]:
    with plant.plan() as plan:
        return [(each.step, each.work_unit, each.start, each.end) for each in plan.bookings_of(order)]


def test_an_empty_plant_starts_at_once(plant: Any, wanted: Callable[..., Demand]) -> None:
    offered = promise(plant, wanted())
    assert offered.earliest == berlin("02T09:30")
    assert offered.date == berlin("02T18:00")
    assert offered.probability == 0.9
    assert offered.reason.en == "the work itself takes 1.5 hours"
    assert offered.reason.zh == "加工本身需要1.5小时"


def test_a_promise_changes_nothing(plant: Any, wanted: Callable[..., Demand]) -> None:
    before = plant.snapshot()
    first, second = promise(plant, wanted()), promise(plant, wanted())
    assert first == second
    assert plant.snapshot().version == before.version
    assert plant.facts == []


def test_operations_go_where_they_end_first(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("first", wanted(paint=120))
    plant.order("second", wanted(paint=60))
    plant.order("third", wanted(paint=30))
    assert places(plant, "first")[0][:2] == ("paint", "paint-1")
    assert places(plant, "second")[0][:2] == ("paint", "paint-2")
    assert places(plant, "third")[0] == ("paint", "paint-2", berlin("02T09:00"), berlin("02T09:30"))


def test_a_gap_is_used(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.supply = plant.supply.__class__(on_hand={}, lead_time_days={"motor": 0.0})
    plant.order("waits", wanted(parts={"motor": 1.0}))
    for number in range(4):
        plant.order(f"order-{number}", wanted())
    assert max(end for number in range(4) for *_, end in places(plant, f"order-{number}")) < berlin("02T12:00")


def test_slower_machines_take_longer_and_named_machines_are_kept_to(plant: Any) -> None:
    slow = OperationNeed("paint", "paint", 30, minutes_on={"paint-1": 90})
    assert promise(plant, Demand((slow,))).earliest == berlin("02T08:30")
    only = OperationNeed("paint", "paint", 30, work_units=("paint-1",), minutes_on={"paint-1": 90})
    assert promise(plant, Demand((only,))).earliest == berlin("02T09:30")


def test_waits_pass_between_operations_even_at_night(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("order", wanted(wait=16 * 60))
    _, cured, assembled = places(plant, "order")
    assert cured[3] == berlin("02T08:50")
    assert assembled[2] == berlin("03T06:00"), "ready at 00:50, when assembly is closed"


def test_an_operation_is_not_interrupted_by_the_night(plant: Any) -> None:
    plant.now = berlin("02T21:30")
    offered = promise(plant, Demand((OperationNeed("paint", "paint", 31),)))
    assert offered.earliest == berlin("03T06:31")
    assert offered.reason.en == "Paint booth 1 does not work until Tue 06:00"
    assert offered.reason.zh == "喷漆房1到周二06:00才开工"


def test_several_units_of_one_demand_share_the_machines(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("pair", wanted(quantity=2))
    with plant.plan() as plan:
        booked = plan.bookings_of("pair")
    assert sorted({(each.unit, each.step) for each in booked}) == [
        (unit, step) for unit in (1, 2) for step in ("assemble", "cure", "paint")
    ]
    assert {each.work_unit for each in booked if each.step == "paint"} == {"paint-1", "paint-2"}
    assert plant.violations() == []


def test_what_fits_into_no_shift_is_refused_by_name(plant: Any) -> None:
    with pytest.raises(DoesNotFit, match=r"step polish takes 961 minutes.*calendar two-shifts.*at most 16 hours"):
        promise(plant, Demand((OperationNeed("polish", "paint", 961),)))


@pytest.mark.parametrize(
    "need", [OperationNeed("weld", "welding", 1), OperationNeed("weld", "paint", 1, work_units=("robot-9",))]
)
def test_what_no_machine_can_do_is_refused_by_name(plant: Any, need: OperationNeed) -> None:
    with pytest.raises(NoMachine, match=r"welding.*step weld|robot-9.*step weld"):
        promise(plant, Demand((need,)))


def test_the_reason_names_the_busy_machine(plant: Any, wanted: Callable[..., Demand]) -> None:
    for number in range(2):
        plant.order(f"long-{number}", wanted(paint=600))
    offered = promise(plant, Demand((OperationNeed("paint", "paint", 30),)))
    assert offered.earliest == berlin("02T18:30")
    assert [(each.kind, each.until, each.hours) for each in offered.binding[:1]] == [("machine", berlin("02T18:00"), 10)]
    assert offered.reason.en == "Paint booth 1 is busy until Mon 18:00"
    assert offered.reason.zh == "喷漆房1忙到周一18:00"


def test_days_that_are_far_away_are_named_with_their_date(plant: Any) -> None:
    for day in range(8):
        plant.order(f"oven-{day}", Demand((OperationNeed("cure", "curing", 24 * 60),)))
    offered = promise(plant, Demand((OperationNeed("cure", "curing", 30),)))
    assert offered.reason.en == "oven-1 is busy until Tue 10 Mar 08:00"
    assert offered.reason.zh == "oven-1忙到3月10日08:00"


def test_only_what_binds_is_named(plant: Any, wanted: Callable[..., Demand]) -> None:
    """The oven is busy for longer than paint: that paint is busy too does not matter."""
    plant.order("paint", Demand((OperationNeed("paint", "paint", 120, work_units=("paint-1",)),)))
    plant.order("paint-too", Demand((OperationNeed("paint", "paint", 120, work_units=("paint-2",)),)))
    plant.order("oven", Demand((OperationNeed("cure", "curing", 600),)))
    offered = promise(plant, wanted())
    assert [each.subject.en for each in offered.binding if each.kind == "machine"] == ["oven-1"]
    assert offered.reason.en == "oven-1 is busy until Mon 18:00"
    assert offered.binding[0].hours == 10


def test_the_buffer_grows_with_the_chain_and_the_probability(
    plant: Any, with_settings: Callable[..., Any], wanted: Any
) -> None:
    short = promise(plant, Demand((OperationNeed("paint", "paint", 30),))).buffer_minutes
    longer = promise(plant, wanted()).buffer_minutes
    with_settings(probability=0.99)
    safer = promise(plant, wanted()).buffer_minutes
    assert 0 < short < longer < safer


def test_the_buffer_is_the_quantile_of_a_lognormal_sum() -> None:
    """One duration is lognormal itself: its 90 % quantile is known in closed form (sigma^2 = ln(1 + 0.1^2))."""
    sigma = 0.0997513
    quantile = 60 * 2.718281828 ** (1.2815516 * sigma - sigma**2 / 2)
    assert buffer([timedelta(hours=1)], 0.9, 0.1).total_seconds() / 60 == pytest.approx(quantile - 60, abs=0.02)
    assert buffer([timedelta(hours=1)] * 16, 0.9, 0.1) < 16 * buffer([timedelta(hours=1)], 0.9, 0.1)
    assert buffer([], 0.9, 0.1) == timedelta()
    assert buffer([timedelta(hours=1)], 0.9, 0.0) == timedelta()


def test_nine_of_ten_chains_end_within_the_buffer() -> None:
    """Simulated: lognormal durations with the planned value as mean and a coefficient of variation of 0.1."""
    chance, sigma = Random(1), log(1.01) ** 0.5
    minutes = (30, 20, 40, 10, 50, 45, 25)
    limit = sum(minutes) + buffer([timedelta(minutes=each) for each in minutes], 0.9, 0.1).total_seconds() / 60
    rounds = 20_000
    kept = sum(sum(each * chance.lognormvariate(-(sigma**2) / 2, sigma) for each in minutes) <= limit for _ in range(rounds))
    assert kept / rounds == pytest.approx(0.9, abs=0.01)


def test_dates_are_hand_overs_on_working_days(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.now = berlin("07T16:30")
    assert promise(plant, wanted()).date == berlin("09T18:00"), "Saturday's hand-over is missed, Sunday has none"


@pytest.mark.parametrize("wrong", [{"hand_over_days": ()}, {"hand_over_days": (7,)}, {"probability": 1.0}, {"spread": -1.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        PlanSettings(**wrong)


def test_a_hold_keeps_what_it_promised(plant: Any, wanted: Callable[..., Demand]) -> None:
    held = hold(plant, wanted())
    assert held.promise.earliest == berlin("02T09:30")
    assert held.expires_at == plant.wall + timedelta(minutes=15)
    assert promise(plant, wanted(cure=60)).binding[0].subject.en == "oven-1"
    assert plant.facts == [], "a hold is nobody's business yet"


def test_a_confirmed_hold_is_planned_and_told_once(plant: Any, wanted: Callable[..., Demand]) -> None:
    held = hold(plant, wanted())
    assert confirm(plant, held.id, "order-1") == held.promise
    assert confirm(plant, held.id, "order-1") == held.promise
    assert [fact.cause for fact in plant.facts if isinstance(fact, ScheduleChanged)] == ["ordered"]
    with plant.plan() as plan:
        assert {each.state for each in plan.bookings_of("order-1")} == {BookingState.PLANNED}
        assert {each.order for each in plan.bookings_of("order-1")} == {"order-1"}
        assert plan.told("order-1") == held.promise


def test_a_hold_belongs_to_one_order_and_an_order_to_one_hold(plant: Any, wanted: Callable[..., Demand]) -> None:
    held, other = hold(plant, wanted()), hold(plant, wanted())
    confirm(plant, held.id, "order-1")
    with pytest.raises(HoldTaken, match="order-1"):
        confirm(plant, held.id, "order-2")
    with pytest.raises(HoldTaken, match="order-1"):
        confirm(plant, other.id, "order-1")


def test_unknown_holds_and_orders_are_not_found(plant: Any) -> None:
    with pytest.raises(UnknownHold):
        confirm(plant, "hold_nothing", "order-1")
    for ask in ("told", "outlook", "cancel"):
        with plant.plan() as plan, pytest.raises(UnknownOrder):
            getattr(plan, ask)("order-1")


def test_a_released_hold_is_free_at_once(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted())
    with plant.plan() as plan:
        plan.release(first.id)
        plan.release(first.id)
        plan.release("hold_nothing")
    assert hold(plant, wanted()).promise == first.promise


def test_releasing_a_confirmed_hold_changes_nothing(plant: Any, wanted: Callable[..., Demand]) -> None:
    held = hold(plant, wanted())
    confirm(plant, held.id, "order-1")
    with plant.plan() as plan:
        plan.release(held.id)
        assert len(plan.bookings_of("order-1")) == 3


def test_an_expired_hold_is_in_nobodys_way(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted())
    plant.wall += timedelta(minutes=15)
    assert promise(plant, wanted()) == first.promise
    with plant.plan() as plan:
        assert plan.schedule(berlin("01T00:00"), berlin("09T00:00")) == []
        assert plan.drop_expired() == 1
        assert plan.drop_expired() == 0


def test_an_expired_hold_that_nobody_took_can_be_confirmed(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted())
    plant.wall += timedelta(minutes=20)
    assert confirm(plant, first.id, "order-1") == first.promise
    assert len(places(plant, "order-1")) == 3


def test_a_dropped_hold_is_inserted_anew_when_the_date_can_be_kept(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted())
    plant.wall += timedelta(minutes=20)
    plant.order("faster")
    assert confirm(plant, first.id, "order-1") == first.promise
    assert places(plant, "order-1")[0][2] >= plant.now
    assert plant.violations() == []


def test_a_lost_hold_says_what_can_be_promised_now(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted(cure=300))
    plant.wall += timedelta(minutes=20)
    plant.order("faster", wanted(cure=600))
    with pytest.raises(HoldLost) as lost:
        confirm(plant, first.id, "order-1")
    assert lost.value.promise.date == berlin("03T18:00") > first.promise.date
    assert lost.value.promise.reason.en == "oven-1 is busy until Mon 18:30; asm-1 does not work until Tue 06:00"
    assert places(plant, "order-1") == []


def test_a_forgotten_hold_is_unknown(plant: Any, wanted: Callable[..., Demand]) -> None:
    first = hold(plant, wanted())
    plant.wall += timedelta(minutes=20)
    with plant.plan() as plan:
        plan.drop_expired()
    plant.wall += timedelta(days=2)
    hold(plant, wanted(), minutes=1)
    plant.wall += timedelta(minutes=2)
    with plant.plan() as plan:
        plan.drop_expired()
    with pytest.raises(UnknownHold):
        confirm(plant, first.id, "order-1")


def test_a_hold_whose_time_in_the_plant_has_passed_is_inserted_anew(plant: Any, wanted: Callable[..., Demand]) -> None:
    """A simulated plant's clock runs faster than people: minutes of thinking are hours there."""
    held = hold(plant, wanted())
    plant.now += timedelta(hours=2)
    assert confirm(plant, held.id, "order-1") == held.promise
    assert places(plant, "order-1")[0][2] == plant.now
    assert plant.violations() == []


def test_a_hold_that_a_stop_made_late_is_lost(plant: Any, wanted: Callable[..., Demand]) -> None:
    held = hold(plant, wanted())
    with plant.plan() as plan:
        plan.machine_down("oven-1", plant.now, 600)
    assert plant.moved_promises() == []
    with pytest.raises(HoldLost) as lost:
        confirm(plant, held.id, "order-1")
    assert lost.value.promise.reason.en == "oven-1 is being repaired until Mon 18:00"


def test_a_cancelled_order_gives_its_time_back(plant: Any, wanted: Callable[..., Demand]) -> None:
    before = promise(plant, wanted())
    plant.order("order-1")
    with plant.plan() as plan:
        plan.cancel("order-1")
        plan.cancel("order-1")
        assert {each.state for each in plan.bookings_of("order-1")} == {BookingState.CANCELLED}
        assert plan.promises() == []
    assert promise(plant, wanted()) == before
    assert [fact.cause for fact in plant.changes()] == ["ordered", "cancelled"]


def test_what_has_begun_of_a_cancelled_order_is_finished(plant: Any) -> None:
    plant.order("order-1")
    with plant.plan() as plan:
        paint = plan.bookings_of("order-1")[0]
        plan.started(paint.id, plant.now)
        plan.cancel("order-1")
        assert [each.state for each in plan.bookings_of("order-1")] == ["started", "cancelled", "cancelled"]
        assert plan.promises() == []
        assert [each.id for each in plan.next_bookings("paint-1")] == [paint.id]
    plant.later(minutes=30)
    with plant.plan() as plan:
        plan.finished(paint.id, plant.now)
        assert plan.next_bookings("paint-1") == []
