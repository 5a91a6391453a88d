"""Rules of orders: what becomes of them, which promises count, who sees what, how demand is read by the plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamp_factory import RULES
from lotone import configure, identity, orders
from lotone.kernel import Money, Words
from lotone.orders.model import kept_rate, planned
from lotone.plan import Promise

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ORDER = orders.Order(
    id="ord_1",
    number="B-00001",
    quote="quo_1",
    buyer="ann",
    product="lamp",
    version=1,
    configuration=("lamp", "red"),
    choices=("red",),
    quantity=1,
    price=Money(100),
    promise=Promise(NOW + timedelta(days=2), 0.9, NOW, (), Words("why")),
    first_promised=NOW + timedelta(days=1),
    placed_at=NOW,
)


def test_an_order_goes_one_way() -> None:
    begun = ORDER.with_work_begun()
    completed = begun.with_completion(NOW + timedelta(hours=1))
    delivered = completed.with_delivery(NOW + timedelta(hours=2))
    assert [each.state.value for each in (begun, completed, delivered)] == ["in_work", "completed", "delivered"]
    assert delivered.with_work_begun() == delivered.with_completion(NOW) == delivered.with_delivery(NOW) == delivered
    assert ORDER.with_delivery(NOW) == ORDER
    for too_late in (begun, completed, delivered):
        with pytest.raises(orders.WorkBegan):
            too_late.with_cancellation(NOW)
    cancelled = ORDER.with_cancellation(NOW)
    assert cancelled.with_cancellation(NOW + timedelta(hours=1)) == cancelled
    assert cancelled.with_work_begun() == cancelled.with_completion(NOW) == cancelled


@pytest.mark.parametrize(
    ("days", "kept", "kept_last"),
    [(0.5, True, True), (1, True, True), (1.5, False, True), (2, False, True), (3, False, False)],
)
def test_a_promise_is_kept_by_the_date_told(days: float, kept: bool, kept_last: bool) -> None:
    delivered = ORDER.with_completion(NOW).with_delivery(NOW + timedelta(days=days))
    assert (delivered.kept, delivered.kept_last) == (kept, kept_last)


def test_a_promise_is_open_until_the_hand_over() -> None:
    assert (ORDER.kept, ORDER.kept_last) == (None, None)


def test_cancelled_orders_are_not_due() -> None:
    late = NOW + timedelta(days=30)
    assert kept_rate([ORDER, ORDER.with_cancellation(NOW)], late) == orders.KeptRate(1, 0, 0)
    assert kept_rate([], late).share is None


@given(st.lists(st.tuples(st.integers(-9, 9), st.none() | st.integers(-9, 9)), max_size=20))
def test_the_kept_rate_counts_every_due_promise_once(told: list[tuple[int, int | None]]) -> None:
    known = []
    for first, delivered in told:
        order = replace(ORDER, first_promised=NOW + timedelta(hours=first))
        if delivered is not None:
            order = order.with_completion(NOW).with_delivery(NOW + timedelta(hours=delivered))
        known.append(order)
    rate = kept_rate(known, NOW)
    assert rate.due == sum(delivered is not None or first <= 0 for first, delivered in told)
    assert rate.kept == sum(delivered is not None and delivered <= first for first, delivered in told)
    assert rate.kept <= rate.due


@pytest.mark.parametrize(
    ("role", "sees_all"),
    [(identity.Role.CONSUMER, False)] + [(role, True) for role in identity.Role if role is not identity.Role.CONSUMER],
)
def test_consumers_see_their_own(role: identity.Role, sees_all: bool) -> None:
    actor = identity.Actor("demo", "usr_1", role)
    assert orders.buyer_of(actor) == (None if sees_all else "usr_1")


def test_a_token_sees_no_more_than_its_scopes() -> None:
    actor = identity.Actor("demo", "usr_1", identity.Role.PLANNER, frozenset({"orders.own"}))
    assert orders.buyer_of(actor) == "usr_1"


def test_the_plan_reads_the_same_demand() -> None:
    needed = configure.explode(RULES, {"lamp", "blue", "large", "dimmer"})
    read = planned(needed, Words("Lamp"), 2)
    assert read.quantity == 2
    assert [need.step for need in read.operations] == [operation.step for operation in needed.operations]
    assert read.by_step["cut"].parts == {"sheet": 0.75}
    assert read.by_step["wire"].parts == {"cable": 1.25, "dimmer-unit": 1}
    assert read.by_step["paint"].wait == timedelta(minutes=10)
    assert read.by_step["wire"].work_units == ("asm-1",)
    assert read.by_step["test"].after == ("paint", "wire")
