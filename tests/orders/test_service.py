"""Orders on the real configurator and plan: quoted, placed once, moved honestly, delivered, cancelled."""

from datetime import timedelta

import pytest

from lamp_factory import BLUE_DIMMED, RED_SMALL, LampFactory
from lotone import configure, orders, plan
from lotone.kernel import Money


def finish(factory: LampFactory, order: orders.Order) -> None:
    """Do all operations of an order as planned."""
    with factory.work() as work:
        for booking in work.plan.bookings_of(order.id):
            work.plan.started(booking.id, booking.start)
            work.plan.finished(booking.id, booking.end)
        end = max(booking.end for booking in work.plan.bookings_of(order.id))
        work.orders.unit_completed(order.id, end)


def test_a_quote_is_a_price_and_a_promise_that_is_held(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", BLUE_DIMMED, "ann")
        assert quote.price == Money(11750)
        assert set(quote.configuration) == {"lamp", "colour", "size", *BLUE_DIMMED}
        assert quote.choices == BLUE_DIMMED
        assert quote.promise.date > factory.now
        assert quote.promise.reason.en
        assert quote.promise.reason.zh
        assert quote.expires_at == factory.wall + timedelta(minutes=15)
        assert work.orders.quoted(quote.id, "ann") == quote
        held = work.plan.schedule(factory.now, factory.now + timedelta(days=7))
        assert {booking.state for booking in held} == {plan.BookingState.HELD}
        assert len(held) == 4


def test_a_preview_keeps_nothing(factory: LampFactory) -> None:
    with factory.work() as work:
        promise = work.orders.preview("lamp", ["dimmer"])
        assert promise.date > factory.now
        assert work.plan.schedule(factory.now, factory.now + timedelta(days=7)) == []


def test_an_open_configuration_is_not_quoted(factory: LampFactory) -> None:
    with factory.work() as work:
        with pytest.raises(configure.Incomplete):
            work.orders.quote("lamp", ["red"])
        with pytest.raises(configure.Contradiction):
            work.orders.quote("lamp", ["red", "small", "dimmer"])
        with pytest.raises(configure.UnknownProduct):
            work.orders.quote("sofa", ["red"])
        with pytest.raises(orders.WrongQuantity):
            work.orders.quote("lamp", RED_SMALL, quantity=0)


def test_a_buyer_holds_one_place(factory: LampFactory) -> None:
    with factory.work() as work:
        first = work.orders.quote("lamp", RED_SMALL, "ann")
        second = work.orders.quote("lamp", BLUE_DIMMED, "ann", instead_of=first.id)
        assert work.orders.quoted(first.id).state is orders.QuoteState.DROPPED
        assert len(work.plan.schedule(factory.now, factory.now + timedelta(days=7))) == 4
        with pytest.raises(orders.QuoteTaken):
            work.orders.place(first.id, "ann")
        with pytest.raises(orders.UnknownQuote):
            work.orders.drop_quote(second.id, "bob")


def test_placing_makes_the_hold_firm_and_tells(factory: LampFactory) -> None:
    order = factory.order(BLUE_DIMMED)
    assert (order.number, order.buyer, order.price) == ("B-00001", "ann", Money(11750))
    assert order.first_promised == order.promised == order.promise.date
    assert order.placed_at == factory.now
    assert factory.told(orders.OrderPlaced) == [orders.OrderPlaced(order.id, "B-00001", "lamp", 1, order.promised)]
    with factory.work() as work:
        assert {booking.state for booking in work.plan.bookings_of(order.id)} == {plan.BookingState.PLANNED}
        assert work.orders.quoted(order.quote).order == order.id
    assert factory.order().number == "B-00002"


def test_placing_again_is_the_same_order(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
        other = work.orders.quote("lamp", RED_SMALL, "ann")
        order = work.orders.place(quote.id, "ann", "key-1")
        assert work.orders.place(quote.id, "ann", "key-1") == order
        assert work.orders.place(quote.id, "ann") == order
        with pytest.raises(orders.KeyUsed):
            work.orders.place(other.id, "ann", "key-1")
        assert work.orders.place(other.id, "ann", "key-2").number == "B-00002"
    assert len(factory.told(orders.OrderPlaced)) == 2


def test_the_same_key_of_another_buyer_is_another_key(factory: LampFactory) -> None:
    with factory.work() as work:
        placed = [work.orders.place(work.orders.quote("lamp", RED_SMALL, buyer).id, buyer, "key") for buyer in ("ann", "bob")]
        assert [order.number for order in placed] == ["B-00001", "B-00002"]


def test_a_hold_that_ran_out_is_made_anew_when_the_date_can_be_kept(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
    factory.pass_time(20)
    with factory.work() as work:
        work.plan.drop_expired()
        order = work.orders.place(quote.id, "ann")
        assert order.promised <= quote.promise.date


def test_a_hold_that_was_given_back_is_made_anew_when_the_date_can_be_kept(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
        work.plan.release(quote.hold)
        order = work.orders.place(quote.id, "ann")
        assert order.promised == quote.promise.date
        assert len(work.plan.bookings_of(order.id)) == 4


def test_a_forgotten_hold_says_what_is_possible_and_keeps_nothing(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
    factory.pass_time(26 * 60)
    with factory.work() as work:
        work.plan.drop_expired()
    with factory.work() as work:
        with pytest.raises(plan.HoldLost) as lost:
            work.orders.place(quote.id, "ann")
        assert lost.value.promise.date > quote.promise.date
        assert work.orders.orders() == []
        assert work.plan.schedule(factory.now, factory.now + timedelta(days=9)) == []
    assert factory.told(orders.OrderPlaced) == []


def test_a_lost_hold_says_what_is_possible_and_orders_nothing(factory: LampFactory) -> None:
    with factory.work() as work:
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
    factory.pass_time(36 * 60)
    with pytest.raises(plan.HoldLost) as lost, factory.work() as work:
        work.orders.place(quote.id, "ann")
    assert lost.value.promise.date > quote.promise.date
    with factory.work() as work:
        assert work.orders.orders() == []
        assert work.orders.quoted(quote.id).state is orders.QuoteState.OPEN


def test_buyers_see_their_own_only(factory: LampFactory) -> None:
    order = factory.order(buyer="ann")
    with factory.work() as work:
        assert work.orders.order(order.id, "ann") == order
        assert work.orders.order(order.id) == order
        assert work.orders.orders("bob") == []
        assert work.orders.is_of(order.id, "ann")
        assert not work.orders.is_of(order.id, "bob")
        assert not work.orders.is_of("ord_unknown", "ann")
        for attempt in (
            lambda: work.orders.order(order.id, "bob"),
            lambda: work.orders.track(order.id, "bob"),
            lambda: work.orders.cancel(order.id, "bob"),
        ):
            with pytest.raises(orders.UnknownOrder):
                attempt()
        quote = work.orders.quote("lamp", RED_SMALL, "ann")
        with pytest.raises(orders.UnknownQuote):
            work.orders.place(quote.id, "bob")


def test_organizations_see_their_own_only(factory: LampFactory) -> None:
    order = factory.order()
    factory.set_up("other")
    with factory.work("other") as work:
        assert work.orders.orders() == []
        assert work.orders.kept_rate() == orders.KeptRate(0, 0, 0)
        for attempt in (
            lambda: work.orders.order(order.id),
            lambda: work.orders.cancel(order.id),
            lambda: work.orders.unit_completed(order.id, factory.now),
        ):
            with pytest.raises(orders.UnknownOrder):
                attempt()
        with pytest.raises(orders.UnknownQuote):
            work.orders.place(order.quote, "ann")
        quote = work.orders.quote("lamp", RED_SMALL, "eve")
        assert work.orders.place(quote.id, "eve").number == "B-00001"


def test_a_stop_moves_the_promise_and_the_buyer_is_told_why(factory: LampFactory) -> None:
    order = factory.order()
    with factory.work() as work:
        work.plan.machine_down("cut-1", factory.now, 3 * 24 * 60)
    (moved,) = factory.told(plan.PromiseMoved)
    assert isinstance(moved, plan.PromiseMoved)
    with factory.work() as work:
        work.orders.promise_moved(moved)
        work.orders.promise_moved(moved)
        after = work.orders.order(order.id)
        (move,) = work.orders.history(order.id)
    assert (move.before, move.after, move.cause) == (order.promised, moved.after, "machine_down")
    assert "cut-1" in move.reason.en
    assert move.reason.zh
    assert (after.first_promised, after.promised) == (order.promised, moved.after)
    assert after.promise.reason == move.reason
    assert factory.told(orders.PromiseTold) == [
        orders.PromiseTold(
            order.id, order.number, "ann", order.promised, moved.after, "machine_down", move.reason.en, move.reason.zh
        )
    ]
    assert orders.Story(after, (), (move,)).as_json()["history"] == [move.as_json()]


def test_moves_heard_in_the_wrong_order_end_at_the_true_promise(factory: LampFactory) -> None:
    order = factory.order()
    with factory.work() as work:
        work.plan.machine_down("cut-1", factory.now, 3 * 24 * 60)
        work.plan.machine_down("cut-1", factory.now, 6 * 24 * 60)
    first, second = factory.told(plan.PromiseMoved)
    assert isinstance(first, plan.PromiseMoved)
    assert isinstance(second, plan.PromiseMoved)
    with factory.work() as work:
        work.orders.promise_moved(second)
        work.orders.promise_moved(first)
        assert work.orders.order(order.id).promised == second.after
        assert len(work.orders.history(order.id)) == 2


def test_an_order_is_handed_over_and_its_promise_judged(factory: LampFactory) -> None:
    order = factory.order()
    finish(factory, order)
    with factory.work() as work:
        completed = work.orders.order(order.id)
        assert completed.state is orders.OrderState.COMPLETED
        assert work.orders.hand_over(factory.now) == []
        assert work.orders.kept_rate() == orders.KeptRate(0, 0, 0)
        (delivered,) = work.orders.hand_over(order.promised)
        assert delivered.delivered_at == order.promised
        assert (delivered.kept, delivered.kept_last) == (True, True)
        assert work.orders.hand_over(order.promised + timedelta(days=9)) == []
        assert work.orders.kept_rate() == orders.KeptRate(1, 1, 1)
    assert factory.told(orders.OrderDelivered) == [orders.OrderDelivered(order.id, order.number, order.promised, True, True)]


def test_a_date_moved_and_then_reached_was_not_kept(factory: LampFactory) -> None:
    order = factory.order()
    with factory.work() as work:
        work.plan.machine_down("cut-1", factory.now, 2 * 24 * 60)
    (moved,) = factory.told(plan.PromiseMoved)
    assert isinstance(moved, plan.PromiseMoved)
    with factory.work() as work:
        work.orders.promise_moved(moved)
    finish(factory, order)
    with factory.work() as work:
        (delivered,) = work.orders.hand_over(moved.after)
        assert (delivered.kept, delivered.kept_last) == (False, True)
        assert work.orders.kept_rate() == orders.KeptRate(1, 0, 1)


def test_an_overdue_order_counts_as_not_kept(factory: LampFactory) -> None:
    order = factory.order()
    factory.now = order.promised + timedelta(seconds=1)
    with factory.work() as work:
        assert work.orders.kept_rate() == orders.KeptRate(1, 0, 0)
        assert work.orders.kept_rate().share == 0.0


def test_all_units_must_be_finished(factory: LampFactory) -> None:
    order = factory.order(quantity=3)
    assert order.price == Money(3 * 8000)
    with factory.work() as work:
        assert len(work.plan.bookings_of(order.id)) == 12
        assert work.orders.unit_completed(order.id, factory.now, left=2).state is orders.OrderState.PLACED
        assert work.orders.unit_completed(order.id, factory.now, left=0).state is orders.OrderState.COMPLETED
        assert work.orders.unit_completed(order.id, factory.now, left=0).state is orders.OrderState.COMPLETED
    assert len(factory.told(orders.OrderCompleted)) == 1


def test_cancelling_frees_capacity_and_material(factory: LampFactory) -> None:
    order = factory.order()
    with factory.work() as work:
        assert work.plan.part_needs()
        cancelled = work.orders.cancel(order.id, "ann")
        assert cancelled.state is orders.OrderState.CANCELLED
        assert work.orders.cancel(order.id, "ann") == cancelled
        assert work.plan.part_needs() == []
        assert work.plan.schedule(factory.now, factory.now + timedelta(days=7)) == []
        assert work.orders.kept_rate() == orders.KeptRate(0, 0, 0)
        assert work.orders.track(order.id).order.state is orders.OrderState.CANCELLED
    assert factory.told(orders.OrderCancelled) == [orders.OrderCancelled(order.id, order.number)]


def test_what_was_begun_is_not_cancelled(factory: LampFactory) -> None:
    order, other = factory.order(), factory.order()
    with factory.work() as work:
        work.plan.released(work.plan.bookings_of(order.id)[0].id, factory.now)
        work.orders.work_began(other.id)
        work.orders.work_began(other.id)
        for begun in (order, other):
            with pytest.raises(orders.WorkBegan):
                work.orders.cancel(begun.id)
        assert work.orders.order(other.id).state is orders.OrderState.IN_WORK


def test_the_story_of_an_order(factory: LampFactory) -> None:
    order = factory.order()
    with factory.work() as work:
        story = work.orders.track(order.id, "ann")
        assert {step.step: step.state.value for step in story.steps} == {
            "cut": "next", "paint": "later", "wire": "next", "test": "later"
        }  # fmt: skip
        assert {step.words.zh for step in story.steps} == {"裁板", "喷漆", "布线", "测试"}
        assert story.done_share == 0.0
        by_step = {booking.step: booking for booking in work.plan.bookings_of(order.id)}
        work.plan.started(by_step["cut"].id, factory.now)
        work.plan.started(by_step["wire"].id, factory.now)
        work.plan.finished(by_step["cut"].id, factory.now + timedelta(minutes=10))
        story = work.orders.track(order.id)
        assert {step.step: step.state.value for step in story.steps} == {
            "cut": "done", "paint": "next", "wire": "running", "test": "later"
        }  # fmt: skip
        assert 0 < story.done_share < 1
        shown = story.as_json()
        assert shown["number"] == order.number
        assert shown["kept"] is None
        assert [step["state"] for step in shown["steps"]] == [step.state.value for step in story.steps]


def test_many_previews_are_the_previews_one_by_one(factory: LampFactory) -> None:
    wishes = [["red"], ["blue"], ["large"], ["dimmer"], [*BLUE_DIMMED], ["red"]]
    with factory.work() as work:
        work.orders.place(work.orders.quote("lamp", BLUE_DIMMED, "ann", quantity=2).id, "ann")
        many = work.orders.preview_many("lamp", wishes, quantity=3)
        assert many == [work.orders.preview("lamp", wish, quantity=3) for wish in wishes]
        assert many[0] is many[5]
        with pytest.raises(orders.WrongQuantity):
            work.orders.preview_many("lamp", wishes, quantity=0)
        with pytest.raises(configure.Contradiction):
            work.orders.preview_many("lamp", [["red"], ["small", "dimmer"]])


def test_a_choice_that_can_not_be_promised_does_not_spoil_the_others(factory: LampFactory) -> None:
    with factory.work() as work:
        work.plan.set_resources([each for each in work.plan.snapshot().resources.values() if each.work_center != "paint"])
        answers = work.orders.preview_many("lamp", [["red"], ["blue"]])
    assert all(isinstance(answer, plan.NoMachine) for answer in answers)
