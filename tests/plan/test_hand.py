"""Changing the plan by hand: tried, done, locked, taken back; and why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import (
    BookingState,
    CantMove,
    CantUndo,
    Demand,
    Hand,
    HandKind,
    NothingToUndo,
    ObstacleKind,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    UnknownBooking,
    UnknownWorkUnit,
)

ANN, BOB = Hand("usr_ann", "Ann"), Hand("usr_bob", "Bob")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - timedelta(hours=1)


def painted(minutes: float = 60, **more: Any) -> Demand:
    """Paint, one hour; then assembly."""
    return Demand(
        (OperationNeed("paint", "paint", minutes, **more), OperationNeed("assemble", "assembly", 30, after=("paint",)))
    )


def bookings(plant: Any, order: str) -> dict[str, Any]:
    with plant.plan() as plan:
        return {each.step: each for each in plan.bookings_of(order)}


def kinds(effect: Any) -> list[ObstacleKind]:
    return [each.kind for each in effect.obstacles]


@pytest.fixture
def busy(plant: Any) -> Any:
    """Three painted bikes on one booth, one after the other from 08:00."""
    for name in ("first", "second", "third"):
        plant.order(name, painted(work_units=("paint-1",)))
    plant.facts.clear()
    return plant


def test_trying_writes_nothing_and_tells_what_would_be_pushed(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    version = busy.snapshot().version
    with busy.plan() as plan:
        effect = plan.try_move(third.id, "paint-1", berlin("02T08:20"))
    assert effect.is_possible
    assert (effect.before.start, effect.after.start) == (berlin("02T10:00"), berlin("02T08:20"))
    pushed = {each.before.order: each.after.start for each in effect.pushed if each.before.step == "paint"}
    assert pushed == {"first": berlin("02T09:20"), "second": berlin("02T10:20")}
    assert {each.order: each.after - each.before for each in effect.orders}["first"] == timedelta(minutes=80)
    assert effect.promises == ()
    assert busy.snapshot().version == version
    assert busy.facts == []


def test_what_stands_half_before_stays_before(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        effect = plan.try_move(third.id, "paint-1", berlin("02T08:40"))
    assert effect.after.start == berlin("02T09:00")
    assert [each.before.order for each in effect.pushed if each.before.step == "paint"] == ["second"]


def test_moving_locks_pushes_and_is_told(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        change = plan.move(third.id, "paint-1", berlin("02T08:00"), ANN)
    moved = bookings(busy, "third")["paint"]
    assert (moved.start, moved.locked) == (berlin("02T08:00"), True)
    assert [bookings(busy, name)["paint"].start for name in ("first", "second")] == [berlin("02T09:00"), berlin("02T10:00")]
    assert busy.violations() == []
    (told,) = busy.changes()
    assert (told.cause, told.moved) == ("moved_by_hand", len(change.swaps))
    assert (change.kind, change.name, change.order, change.swap.booking) == (HandKind.MOVED, "Ann", "third", third.id)


def test_a_promise_that_must_move_is_known_before_and_told_after(busy: Any) -> None:
    first = bookings(busy, "first")["paint"]
    friday = berlin("06T15:00")
    with busy.plan() as plan:
        before = plan.told("first").date
        effect = plan.try_move(first.id, "paint-1", friday)
        plan.move(first.id, "paint-1", friday, ANN)
        after = plan.told("first").date
    (moved,) = effect.promises
    assert (moved.order, moved.told, moved.tells) == ("first", before, after)
    assert after > before
    (fact,) = busy.moved_promises()
    assert (fact.order, fact.before, fact.after, fact.cause) == ("first", before, after, "moved_by_hand")
    assert fact.reason_en.startswith("the planner moved work on Paint booth 1")
    assert "喷漆房1" in fact.reason_zh


@pytest.mark.parametrize(
    ("step", "work_unit", "at", "kind", "possible"),
    [
        ("paint", "oven-1", "02T12:00", ObstacleKind.MACHINE, None),
        ("paint", "paint-1", "02T07:30", ObstacleKind.PAST, "02T08:00"),
        ("assemble", "asm-1", "02T08:30", ObstacleKind.OPERATION, "02T09:00"),
        ("paint", "paint-1", "02T21:30", ObstacleKind.CALENDAR, "03T06:00"),
    ],
)
def test_why_not_and_from_when_on(plant: Any, step: str, work_unit: str, at: str, kind: ObstacleKind, possible: str) -> None:
    plant.order("only", painted())
    booking = bookings(plant, "only")[step]
    with plant.plan() as plan:
        effect = plan.try_move(booking.id, work_unit, berlin(at))
        with pytest.raises(CantMove) as refused:
            plan.move(booking.id, work_unit, berlin(at), ANN)
    assert kinds(effect) == [kind]
    assert effect.possible_from == (berlin(possible) if possible else None)
    assert effect.obstacles[0].words.zh
    assert effect.obstacles[0].words.en in str(refused.value)
    assert bookings(plant, "only")[step] == booking


def test_a_repair_and_what_runs_are_in_the_way(busy: Any) -> None:
    first, third = (bookings(busy, name)["paint"] for name in ("first", "third"))
    with busy.plan() as plan:
        plan.released(first.id, busy.now)
        plan.started(first.id, busy.now)
        effect = plan.try_move(third.id, "paint-1", berlin("02T08:10"))
        assert kinds(effect) == [ObstacleKind.TAKEN]
        assert effect.possible_from == berlin("02T09:00")
        assert kinds(plan.try_move(first.id, "paint-1", berlin("02T12:00"))) == [ObstacleKind.STATE]


def test_nothing_is_put_into_a_repair(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        plan.machine_down("paint-1", busy.now, 180)
        effect = plan.try_move(third.id, "paint-1", berlin("02T10:00"))
    assert kinds(effect) == [ObstacleKind.REPAIR]
    assert effect.possible_from == berlin("02T11:00")


def test_what_is_locked_is_pushed_by_nobody(busy: Any) -> None:
    second, third = bookings(busy, "second")["paint"], bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        assert plan.lock(second.id, ANN) is not None
        assert plan.lock(second.id, ANN) is None
        assert kinds(plan.try_move(third.id, "paint-1", berlin("02T09:10"))) == [ObstacleKind.TAKEN]
        assert plan.unlock(second.id, BOB) is not None
        assert plan.try_move(third.id, "paint-1", berlin("02T09:10")).is_possible
        journal = [(each.kind, each.name) for each in plan.hand_changes()]
    assert journal == [(HandKind.UNLOCKED, "Bob"), (HandKind.LOCKED, "Ann")]
    assert [each.cause for each in busy.changes()] == ["locked_by_hand", "unlocked_by_hand"]


def test_a_locked_follower_is_not_pushed(busy: Any) -> None:
    steps = bookings(busy, "first")
    with busy.plan() as plan:
        plan.lock(steps["assemble"].id, ANN)
        effect = plan.try_move(steps["paint"].id, "paint-1", berlin("02T16:00"))
    assert kinds(effect) == [ObstacleKind.LOCKED]


def test_undo_puts_everything_back_and_the_promise_too(busy: Any) -> None:
    before = {name: bookings(busy, name) for name in ("first", "second", "third")}
    with busy.plan() as plan:
        told = plan.told("first").date
        plan.move(before["first"]["paint"].id, "paint-1", berlin("06T15:00"), ANN)
        plan.move(before["third"]["paint"].id, "paint-1", berlin("02T08:20"), BOB)
    with busy.plan() as plan:
        assert plan.undo(ANN).name == "Bob"
        assert plan.undo(ANN, number=1).undone_by == "Ann"
        with pytest.raises(NothingToUndo):
            plan.undo(ANN)
        assert plan.told("first").date == told
        assert [each.undone_by for each in plan.hand_changes()] == ["Ann", "Ann"]
    assert {name: bookings(busy, name) for name in before} == before
    assert busy.moved_promises()[-1].after == told
    assert busy.moved_promises()[-1].cause == "undone_by_hand"
    assert busy.violations() == []


def test_undo_says_why_it_is_too_late(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        plan.move(third.id, "paint-1", berlin("02T14:00"), ANN)
        with pytest.raises(CantUndo, match="Ann changed the plan since"):
            plan.undo(BOB, number=7)
    busy.later(hours=4)
    with busy.plan() as plan, pytest.raises(CantUndo, match="10:00, has passed"):
        plan.undo(ANN)
    with busy.plan() as plan:
        plan.released(third.id, busy.now)
        plan.started(third.id, busy.now)
        with pytest.raises(CantUndo, match="begun") as refused:
            plan.undo(ANN)
    assert refused.value.words.zh
    assert bookings(busy, "third")["paint"].state is BookingState.STARTED


def test_undo_does_not_push_what_took_the_old_place(busy: Any) -> None:
    third = bookings(busy, "third")["paint"]
    with busy.plan() as plan:
        plan.move(third.id, "paint-1", berlin("03T14:00"), ANN)
    busy.order("late", painted(work_units=("paint-1",)))
    late = bookings(busy, "late")["paint"]
    assert late.start == berlin("02T10:00")
    with busy.plan() as plan:
        plan.released(late.id, busy.now)
        with pytest.raises(CantUndo, match="taken"):
            plan.undo(ANN)
    assert bookings(busy, "third")["paint"].start == berlin("03T14:00")


def test_the_journal_of_others_is_not_seen(busy: Any, make_plant: Any) -> None:
    first = bookings(busy, "first")["paint"]
    with busy.plan() as plan:
        plan.lock(first.id, ANN)
    other = make_plant(busy.database)
    other.organization = "other"
    with other.plan() as plan:
        assert plan.hand_changes() == []
        with pytest.raises(NothingToUndo):
            plan.undo(BOB)
        with pytest.raises(UnknownBooking):
            plan.lock(first.id, BOB)


def test_what_is_not_there_is_said(busy: Any) -> None:
    with busy.plan() as plan:
        with pytest.raises(UnknownBooking):
            plan.try_move("bkg_nothing", "paint-1", berlin("02T14:00"))
        with pytest.raises(UnknownWorkUnit):
            plan.try_move(plan.bookings_of("first")[0].id, "paint-9", berlin("02T14:00"))


@pytest.fixture
def workshop(plant: Any) -> Any:
    """One booth that changes colours in half an hour, and two painters for whatever is painted by hand."""
    machines = (
        Resource("booth", "paint", "two-shifts", Words("Booth", "喷房"), setups="colours", state="red"),
        Resource("asm-1", "assembly", "two-shifts"),
        Resource("ann", "", "two-shifts", Words("Ann", "安"), kind=ResourceKind.OPERATOR, skills=("painter",)),
        Resource("bob", "", "two-shifts", Words("Bob", "鲍"), kind=ResourceKind.OPERATOR, skills=("painter", "inspector")),
        Resource("tim", "", "two-shifts", Words("Tim", "蒂"), kind=ResourceKind.OPERATOR, skills=("inspector",)),
    )
    with plant.plan() as plan:
        plan.set_setups([SetupMatrix("colours", default=30)])
        plan.set_resources(machines)
    return plant


def coloured(colour: str, *also: str) -> Demand:
    return Demand((OperationNeed("paint", "paint", 60, setup=colour, also=also),))


def test_a_setup_comes_before_what_is_moved_and_what_it_pushes(workshop: Any) -> None:
    for name, colour in (("red-1", "red"), ("red-2", "red"), ("blue", "blue")):
        workshop.order(name, coloured(colour))
    blue = bookings(workshop, "blue")["paint"]
    assert blue.start == berlin("02T10:30")
    with workshop.plan() as plan:
        effect = plan.try_move(blue.id, "booth", berlin("02T09:00"))
        plan.move(blue.id, "booth", berlin("02T09:00"), ANN)
    assert effect.after.start == berlin("02T09:30"), "after the first red one and its setup"
    assert bookings(workshop, "red-2")["paint"].start == berlin("02T11:00"), "after it and the setup back"
    assert workshop.violations() == []


def test_a_crew_goes_along_and_is_missed(workshop: Any) -> None:
    workshop.order("painted", coloured("red", "painter"))
    painted = bookings(workshop, "painted")["paint"]
    other = "bob" if painted.crew == ("ann",) else "ann"
    with workshop.plan() as plan:
        plan.absent(painted.crew[0], berlin("02T08:00"), 24 * 60)
        assert plan.try_move(painted.id, "booth", berlin("02T15:00")).after.crew == (other,)
        plan.absent(other, berlin("02T08:00"), 24 * 60)
        effect = plan.try_move(painted.id, "booth", berlin("02T15:00"))
    assert kinds(effect) == [ObstacleKind.CREW]
    assert effect.possible_from is not None
    assert effect.possible_from >= berlin("03T08:00")
    assert "painter" in effect.obstacles[0].words.zh
