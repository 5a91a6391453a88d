"""The planner gets broken promises back by itself, in a process of its own, and then improves."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lotone.kernel import Database, Messages, Settings, Words
from lotone.plan import Calendar, Demand, OperationNeed, Resource, Shift, check
from lotone.serve.improving import Improver
from lotone.wiring import Platform

MORNING = datetime(2026, 3, 2, 7, tzinfo=UTC)
ALWAYS = Calendar("always", "Europe/Berlin", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))


@pytest.fixture
def improver(database: Database) -> Iterator[Improver]:
    """An oven with work until the evening: the order that was taken last is the first to be handed over late."""
    messages = Messages("nats://127.0.0.1:1", name="test")
    platform = Platform(Settings(), database=database, messages=messages, plant=lambda: MORNING)
    with platform.work("demo") as work:
        work.identity.create_organization("demo", Words("demo"))
        work.plan.set_calendars([ALWAYS])
        work.plan.set_resources([Resource("oven", "curing", "always")])
        for number, minutes in enumerate((90, 60, 60)):
            work.plan.confirm(work.plan.hold(Demand((OperationNeed("cure", "curing", minutes),))).id, f"order-{number}")
    made = Improver(platform)
    yield made
    made.child.close()
    messages.close()


@pytest.mark.journey
def test_a_stop_is_answered_with_a_repair_and_nothing_is_asked_twice(improver: Improver) -> None:
    platform = improver.platform
    with platform.work("demo") as work:
        work.plan.machine_down("oven", MORNING, 8 * 60)
        late = work.plan.broken_orders()
        assert late, "the stop breaks promises"
    improver.repair("demo")
    with platform.look("demo") as work:
        left = work.plan.broken_orders()
        assert set(left) <= set(late)
        assert {each.order for each in work.plan.broken()} == set(left)
        assert check(work.plan.snapshot()) == []
    assert improver.given_up["demo"] == set(left)
    asked = improver.looked["demo"]
    improver.repair("demo")
    assert improver.looked["demo"] >= asked
    improver.improve("demo", 0.2)
    with platform.look("demo") as work:
        assert check(work.plan.snapshot()) == []
        assert set(work.plan.broken_orders()) <= set(left)
