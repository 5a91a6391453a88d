"""The plan in the database: the cached plan is the stored plan, whoever changed it, and nothing half done is ever seen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Database
from lotone.plan import Arrival, BookingState, Demand, Load, OperationNeed, PlanBusy, Snapshot, Store
from lotone.plan.store import store as stores
from lotone.plan.store.cache import SnapshotCache


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def content(snapshot: Snapshot) -> tuple[object, ...]:
    """Everything in a stored plan."""
    return (
        snapshot.version,
        snapshot.stamp,
        dict(snapshot.calendars),
        dict(snapshot.resources),
        {key: (each, sorted(each.bookings, key=lambda b: b.id)) for key, each in unordered(snapshot).items()},
        {unit: queue.bookings for unit, queue in snapshot.queues.items() if queue.bookings},
    )


def unordered(snapshot: Snapshot) -> dict[str, Any]:
    """Commitments without the order of their rows, which the database does not keep."""
    return {
        key: each.__class__(
            **{
                **vars_of(each),
                "bookings": tuple(sorted(each.bookings, key=lambda booking: booking.id)),
                "reservations": tuple(sorted(each.reservations, key=lambda kept: (kept.place, kept.part))),
            }
        )
        for key, each in snapshot.commitments.items()
    }


def vars_of(each: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for name in each.__dataclass_fields__}


def stored(plant: Any) -> Snapshot:
    with plant.database.look() as connection:
        return Store(connection, plant.organization).snapshot()


@pytest.fixture
def fresh_eyes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Snapshot]:
    """The plan read by a process that has read nothing before."""

    def look(plant: Any) -> Snapshot:
        with monkeypatch.context() as patch:
            patch.setattr(stores, "CACHE", SnapshotCache())
            return stored(plant)

    return look


@pytest.fixture
def lived(plant: Any, wanted: Callable[..., Demand]) -> Any:
    """A plant with a hold, orders, a finished operation, a stop, a cancelled order and reserved material."""
    plant.supply = plant.supply.__class__({"motor": 2.0}, (Arrival("motor", 3, berlin("03T10:00")),), {"motor": 2.0})
    for number in range(4):
        plant.order(f"order-{number}", wanted(parts={"motor": 2.0}, wait=12.5))
    with plant.plan() as plan:
        plan.hold(wanted(quantity=2))
        plan.release(plan.hold(wanted()).id)
        first = plan.bookings_of("order-0")[0]
        plan.started(first.id, plant.now + timedelta(microseconds=123456))
        plan.machine_down("paint-2", plant.now, 120)
        plan.cancel("order-3")
    plant.now += timedelta(minutes=29.37)
    with plant.plan() as plan:
        plan.finished(first.id, plant.now)
    return plant


def test_what_is_cached_is_what_is_stored(lived: Any, fresh_eyes: Callable[[Any], Snapshot]) -> None:
    assert content(stored(lived)) == content(fresh_eyes(lived))


def test_an_older_plan_is_brought_up_to_date_by_what_changed(
    lived: Any, wanted: Callable[..., Demand], fresh_eyes: Callable[[Any], Snapshot]
) -> None:
    """As in another process: its cache saw the plan before these changes."""
    other = SnapshotCache()
    other.keep(stored(lived))
    lived.order("order-9", wanted())
    with lived.plan() as plan:
        plan.machine_up("paint-2", lived.now)
        for booking in plan.bookings_of("order-1"):
            plan.finished(booking.id, lived.now)
        plan.release(next(key for key, each in plan.snapshot().commitments.items() if each.order is None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "CACHE", other)
        patch.setattr(Store, "_read_all", lambda *_: pytest.fail("everything was read again"))
        updated = stored(lived)
    assert content(updated) == content(fresh_eyes(lived))


def test_a_change_that_was_rolled_back_is_never_seen(plant: Any, wanted: Callable[..., Demand]) -> None:
    before = content(stored(plant))

    def fail() -> None:
        with plant.plan() as plan:
            plan.confirm(plan.hold(wanted()).id, "order-1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert content(stored(plant)) == before
    assert plant.facts == []
    plant.order("order-1")
    assert (before[0], stored(plant).version) == (2, 4)
    assert len(stored(plant).commitments) == 1


def test_whoever_saw_an_older_plan_writes_nothing(plant: Any, wanted: Callable[..., Demand]) -> None:
    seen = stored(plant)
    plant.order("order-1")
    now = stored(plant)
    with plant.database.work() as connection:
        assert Store(connection, plant.organization).write(seen, seen.without([])) is None
    assert content(stored(plant)) == content(now)


def test_a_change_is_done_again_on_the_newer_plan(plant: Any, wanted: Callable[..., Demand]) -> None:
    """Somebody else's change comes between reading and writing: the second attempt sees it."""
    other = wanted(paint=60)
    looks: list[bool] = []
    with plant.plan() as plan:
        read = plan.store.snapshot

        def outdated(*, lock: bool = False) -> Snapshot:
            found = read(lock=lock)
            if not looks:
                plan.store.write(found, found.without([]))
            looks.append(lock)
            return found

        plan.store.snapshot = outdated
        held = plan.hold(other)
    assert looks == [False, True]
    assert stored(plant).commitments[held.id].sequence == stored(plant).version


def test_when_others_are_always_faster_the_plan_is_busy(plant: Any, wanted: Callable[..., Demand]) -> None:
    with plant.plan() as plan:
        plan.store.write = lambda *_: None
        with pytest.raises(PlanBusy):
            plan.hold(wanted())


def test_organizations_do_not_see_each_other(plant: Any, database: Database, make_plant: Any, wanted: Any) -> None:
    other = make_plant(database)
    other.organization = "other"
    other.set_up()
    plant.order("order-1", wanted())
    with plant.plan() as plan:
        held = plan.hold(wanted())
        booking = plan.bookings_of("order-1")[0]
    with other.plan() as plan:
        assert plan.schedule(berlin("01T00:00"), berlin("09T00:00")) == []
        assert plan.promise(wanted()).earliest == berlin("02T09:30")
        assert plan.bookings_of("order-1") == []
        assert plan.booking(booking.id) is None
        for act in (
            lambda: plan.confirm(held.id, "x"),
            lambda: plan.started(booking.id, other.now),
            lambda: plan.told("order-1"),
        ):
            with pytest.raises(Exception, match=r"there is no|nothing is planned"):
                act()


def test_the_schedule_shows_past_and_future_but_nothing_that_is_not(lived: Any) -> None:
    with lived.plan() as plan:
        shown = plan.schedule(berlin("01T00:00"), berlin("20T00:00"))
        states = {each.state for each in shown}
        assert states == {BookingState.HELD, BookingState.PLANNED, BookingState.DONE}
        assert [each.start for each in shown] == sorted(each.start for each in shown)
        assert plan.schedule(berlin("02T08:10"), berlin("02T08:20"))[0].state is BookingState.DONE
        lived.wall += timedelta(minutes=16)
        assert BookingState.HELD not in {each.state for each in plan.schedule(berlin("01T00:00"), berlin("20T00:00"))}


def test_the_next_work_of_a_machine_is_only_what_was_ordered(lived: Any) -> None:
    with lived.plan() as plan:
        queue = plan.next_bookings("oven-1")
        assert {each.order for each in queue} == {"order-0", "order-1", "order-2"}
        assert [each.start for each in queue] == sorted(each.start for each in queue)
        assert plan.next_bookings("no-such") == []


def test_load_counts_open_and_booked_hours(plant: Any) -> None:
    plant.order("a", Demand((OperationNeed("cure", "curing", 90),)))
    with plant.plan() as plan:
        load = plan.load(berlin("02T00:00"), berlin("03T00:00"))
    assert load == [Load("assembly", 32, 0), Load("curing", 24, 1.5), Load("paint", 32, 0)]
    assert load[1].utilization == 0.0625
    assert Load("none", 0, 0).utilization == 0


def test_the_outlook_of_an_order_follows_the_plan_while_the_promise_stands(plant: Any, wanted: Callable[..., Demand]) -> None:
    plant.order("a", wanted())
    with plant.plan() as plan:
        plan.machine_down("oven-1", plant.now, 120)
        told, outlook = plan.told("a"), plan.outlook("a")
    assert told.earliest == berlin("02T09:30")
    assert outlook.earliest == berlin("02T11:00")
    assert outlook.reason.en == "oven-1 is being repaired until Mon 10:00"
