"""Making on the real plan, insight, stock and orders: what is sent when, and what reports make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from lamp_factory import BLUE_DIMMED, RED_SMALL
from lamp_floor import FloorWork, LampFloor, told
from lotone import assets, make, market, orders, plan
from lotone.assets import JobState, MachineState, Sample
from lotone.make import OperationDone, OperationFailed, OperationStarted, PartsShort, UnitCompleted, WorkState


def sent(floor: LampFloor) -> dict[str, make.Release]:
    return {release.work_unit: release for release in floor.dispatch()}


def do(floor: LampFloor, release: make.Release, minutes: float = 10.0, **more: object) -> None:
    """A machine does a job from now on, in plant time."""
    begun = floor.now
    floor.pass_time(minutes)
    floor.observe(floor.machines[release.work_unit].whole_job(release, begun, minutes, **more))


def do_all(floor: LampFloor, jobs: int) -> None:
    for _ in range(jobs * 4):
        releases = sent(floor)
        for release in releases.values():
            do(floor, release, minutes=float(release.values["cycle_minutes"]))
        if not releases:
            floor.pass_time(5)


def test_an_order_becomes_units_with_work_orders(floor: LampFloor) -> None:
    order = floor.order(BLUE_DIMMED, quantity=2)
    with floor.work() as work:
        units = work.make.units_of(order.id)
        assert [unit.serial for unit in units] == ["LA-2026-000001", "LA-2026-000002"]
        assert [unit.index for unit in units] == [1, 2]
        assert units[0].configuration == order.configuration
        assert units[0].demand.operation("cut").minutes == 15
        works = work.make.work_of("LA-2026-000001")
        assert {each.step: each.state for each in works} == dict.fromkeys(("cut", "paint", "wire", "test"), WorkState.WAITING)
        assert dict(next(each.parts for each in works if each.step == "wire")) == {"cable": 1.25, "dimmer-unit": 1}
        assert work.make.create_units(order.id) == units
        with pytest.raises(make.UnknownUnit):
            work.make.unit("LA-2026-000003")
    assert told(floor.facts, make.UnitsCreated) == [make.UnitsCreated(order.id, ["LA-2026-000001", "LA-2026-000002"])]


def test_idle_machines_are_sent_what_is_ready(floor: LampFloor) -> None:
    floor.order(BLUE_DIMMED)
    releases = sent(floor)
    assert releases.keys() == {"cut-1", "asm-1"}
    cut = releases["cut-1"]
    assert dict(cut.values) == {"length": 600, "cycle_minutes": 15.0, "request": cut.work_order}
    assert list(cut.values)[-1] == cut.request == "request"
    with floor.work() as work:
        booking = next(each for each in work.plan.next_bookings("cut-1"))
        assert booking.state is plan.BookingState.RELEASED
    assert sent(floor) == {}


def test_a_machine_that_is_not_idle_is_sent_nothing(floor: LampFloor) -> None:
    floor.order()
    floor.observe(floor.machines["cut-1"].say(floor.now, state=MachineState.DOWN.number))
    floor.observe(floor.machines["asm-1"].say(floor.now, state=MachineState.STOPPED.number))
    assert sent(floor) == {}
    floor.observe(floor.machines["asm-1"].say(floor.now, state=MachineState.IDLE.number))
    assert sent(floor).keys() == {"asm-1"}


def test_a_machine_never_heard_of_is_sent_nothing(floor: LampFloor) -> None:
    silent = replace(floor.machines["cut-1"].tags["state"], number=0, name="mode")
    with floor.work() as work:
        work.assets.add_equipment([assets.Equipment("cut-2", assets.Level.WORK_UNIT, "cutting", silent.words)])
        machines = [*work.plan.resources(), plan.Resource("cut-2", "cutting", "shifts")]
        work.plan.set_resources([machine for machine in machines if machine.work_unit != "cut-1"])
    floor.order()
    assert sent(floor).keys() == {"asm-1"}


def test_what_a_machine_has_not_begun_is_sent_again(floor: LampFloor) -> None:
    floor.order()
    first = sent(floor)
    floor.wall += timedelta(seconds=4)
    assert sent(floor) == {}
    floor.wall += timedelta(seconds=1)
    assert sent(floor) == first
    floor.observe(floor.machines["cut-1"].begin(first["cut-1"], floor.now))
    for _ in range(5):
        floor.wall += timedelta(seconds=5)
        assert sent(floor) == {"asm-1": first["asm-1"]}
    with floor.work() as work:
        (stuck,) = work.make.problems()
        assert (stuck.step, stuck.problem is not None and "asm-1" in stuck.problem.zh) == ("wire", True)
    floor.observe(floor.machines["asm-1"].begin(first["asm-1"], floor.now))
    with floor.work() as work:
        assert work.make.problems() == []
    floor.wall += timedelta(seconds=60)
    assert sent(floor) == {}


def test_nothing_is_sent_again_to_a_machine_that_went_down(floor: LampFloor) -> None:
    floor.order()
    first = sent(floor)
    floor.observe(floor.machines["cut-1"].say(floor.now, state=MachineState.DOWN.number))
    floor.wall += timedelta(seconds=60)
    assert sent(floor).keys() == {"asm-1"}
    floor.observe(floor.machines["cut-1"].say(floor.now, state=MachineState.IDLE.number))
    assert sent(floor) == {"cut-1": first["cut-1"]}


def test_a_job_begins_and_takes_its_parts(floor: LampFloor) -> None:
    order = floor.order(BLUE_DIMMED)
    release = sent(floor)["asm-1"]
    floor.observe(floor.machines["asm-1"].begin(release, floor.now))
    with floor.work() as work:
        (running,) = work.make.work_orders(states=[WorkState.RUNNING])
        assert (running.number, running.started_at, running.has_parts) == (release.work_order, floor.now, True)
        serial = work.make.units_of(order.id)[0].serial
        used = {(each.part, each.quantity, each.lot) for each in work.make.lots_of(serial)}
        assert used == {("cable", 1.25, "cable-260302-01"), ("dimmer-unit", 1.0, "dimmer-unit-260302-01")}
        assert work.assets.on_hand()["cable"] == 98.75
        assert [unit.serial for unit, _ in work.make.units_with("cable-260302-01")] == [serial]
        assert work.make.units_with("sheet-260302-01") == []
        with pytest.raises(assets.UnknownLot):
            work.make.units_with("cable-1")
        assert {need.part for need in work.plan.part_needs()} == {"sheet", "paint-blue"}
        assert work.orders.order(order.id).state is orders.OrderState.IN_WORK
        booking = work.plan.booking(running.booking)
        assert booking is not None
        assert (booking.state, booking.start) == (plan.BookingState.STARTED, floor.now)
    assert told(floor.facts, OperationStarted) == [
        OperationStarted(release.work_order, order.id, serial, "wire", "asm-1", floor.now)
    ]


def test_progress_and_the_end_are_noted(floor: LampFloor) -> None:
    order = floor.order()
    release = sent(floor)["cut-1"]
    begun = floor.now
    machine = floor.machines["cut-1"]
    floor.observe(machine.begin(release, begun))
    floor.pass_time(4)
    floor.observe(machine.go_on(floor.now, 42.0))
    with floor.work() as work:
        (running,) = work.make.work_orders(states=[WorkState.RUNNING])
        assert running.progress == 42.0
    floor.pass_time(8)
    floor.observe(machine.end(floor.now))
    with floor.work() as work:
        (done,) = work.make.work_orders(states=[WorkState.DONE])
        assert (done.started_at, done.ended_at, done.energy_kwh, done.progress) == (begun, floor.now, 1.0, 100.0)
        assert done.actual_minutes == 12.0
        assert dict(done.used) == {"length": 400, "cycle_minutes": 10.0}
        booking = work.plan.booking(done.booking)
        assert booking is not None
        assert (booking.state, booking.end) == (plan.BookingState.DONE, floor.now)
        serial = work.make.units_of(order.id)[0].serial
    assert told(floor.facts, OperationDone) == [
        OperationDone(release.work_order, order.id, serial, "cut", "cut-1", floor.now, 12.0, 10.0, 1.0)
    ]


def test_what_follows_waits_for_what_is_before_and_for_its_drying(floor: LampFloor) -> None:
    floor.order()
    releases = sent(floor)
    do(floor, releases["asm-1"])
    assert sent(floor) == {"cut-1": releases["cut-1"]}
    do(floor, releases["cut-1"])
    (paint,) = sent(floor).values()
    assert paint.values["colour"] == 3000
    do(floor, paint, minutes=20)
    floor.pass_time(9)
    assert sent(floor) == {}
    floor.pass_time(1)
    (test,) = sent(floor).values()
    assert test.work_unit == "test-1"


def test_a_unit_is_completed_by_its_last_operation(floor: LampFloor) -> None:
    order = floor.order(quantity=2)
    do_all(floor, 2)
    with floor.work() as work:
        assert work.make.count_units() == {make.UnitState.COMPLETED: 2}
        assert work.orders.order(order.id).state is orders.OrderState.COMPLETED
        assert work.plan.part_needs() == []
    completed = told(floor.facts, UnitCompleted)
    assert [fact.left for fact in completed if isinstance(fact, UnitCompleted)] == [1, 0]
    floor.now += timedelta(days=1)
    floor.dispatch()
    with floor.work() as work:
        assert work.orders.order(order.id).kept is True
        assert work.orders.kept_rate() == orders.KeptRate(1, 1, 1)


def test_a_failed_check_is_tried_again_and_its_parts_are_not_taken_twice(floor: LampFloor) -> None:
    order = floor.order()
    while "test-1" not in (releases := sent(floor)):
        for release in releases.values():
            do(floor, release)
        floor.pass_time(5)
    first = releases["test-1"]
    do(floor, first, results={"voltage": 250.0, "leakage": 0.1})
    again = sent(floor)["test-1"]
    assert again.work_order > first.work_order
    assert dict(again.values) | {"request": 0} == dict(first.values) | {"request": 0}
    do(floor, again)
    with floor.work() as work:
        (unit,) = work.make.units_of(order.id)
        assert unit.state is make.UnitState.COMPLETED
        attempts = [each for each in work.make.work_of(unit.serial) if each.step == "test"]
        assert [(each.state, each.attempt) for each in attempts] == [(WorkState.FAILED, 1), (WorkState.DONE, 2)]
        passport = work.make.passport(unit.serial)
        assert passport.differences == ()
        assert [record.checks[0].passed for record in passport.operations if record.work.step == "test"] == [False, True]
    (failed,) = told(floor.facts, OperationFailed)
    assert isinstance(failed, OperationFailed)
    assert failed.retried_as == again.work_order
    assert "voltage = 250.0 (225..235)" in failed.reason_en


def test_what_is_spoiled_is_planned_and_made_again_with_what_was_done_after_it(floor: LampFloor) -> None:
    order = floor.order()
    do(floor, sent(floor)["cut-1"])
    with floor.work() as work:
        (unit,) = work.make.units_of(order.id)
        (cut,) = [each for each in work.make.work_of(unit.serial) if each.step == "cut"]
        assert cut.state is WorkState.DONE
        (again,) = work.make.scrap(cut.number, "a scratch", with_parts=True)
        assert (again.step, again.attempt, again.has_parts) == ("cut", 2, False)
        booking = next(each for each in work.plan.bookings_of(order.id) if each.step == "cut")
        assert booking.state is plan.BookingState.PLANNED
        with pytest.raises(make.NotMade, match="only the last attempt"):
            work.make.scrap(cut.number, "again")
    do(floor, sent(floor)["cut-1"])
    with floor.work() as work:
        assert [each.quantity for each in work.make.lots_of(unit.serial) if each.part == "sheet"] == [0.5, 0.5]
        assert work.plan.booking(booking.id).state is plan.BookingState.DONE
    (scrapped,) = told(floor.facts, make.OperationScrapped)
    assert scrapped.made_again_as == [again.number]


def test_parts_are_booked_once_over_all_attempts(floor: LampFloor) -> None:
    order = floor.order()
    machine = floor.machines["cut-1"]
    for _ in range(2):
        release = sent(floor)["cut-1"]
        floor.observe([*machine.begin(release, floor.now), *machine.end(floor.now, state=JobState.FAILED)])
    do(floor, sent(floor)["cut-1"])
    with floor.work() as work:
        (unit,) = work.make.units_of(order.id)
        assert [each.quantity for each in work.make.lots_of(unit.serial) if each.part == "sheet"] == [0.5]
        assert work.assets.on_hand()["sheet"] == 19.5


def test_what_fails_again_and_again_waits_for_a_person(floor: LampFloor) -> None:
    floor.order()
    machine = floor.machines["cut-1"]
    numbers = []
    for _ in range(3):
        release = sent(floor)["cut-1"]
        numbers.append(release.work_order)
        floor.observe([*machine.begin(release, floor.now), *machine.end(floor.now, state=JobState.FAILED)])
        floor.pass_time(1)
    assert "cut-1" not in sent(floor)
    with floor.work() as work:
        (stuck,) = work.make.problems()
        assert stuck.number == numbers[-1]
        for not_last in numbers[:2]:
            with pytest.raises(make.NotFailed):
                work.make.retry(not_last)
        with pytest.raises(make.UnknownWorkOrder):
            work.make.retry(999)
        work.make.retry(stuck.number)
    assert "cut-1" in sent(floor)
    with floor.work() as work:
        assert work.make.problems() == []


def test_missing_parts_are_shown_and_booked_when_they_arrive(floor: LampFloor) -> None:
    order = floor.order(BLUE_DIMMED)
    release = sent(floor)["asm-1"]
    with floor.work() as work:
        work.assets.take("dimmer-unit", 3)
    do(floor, release)
    with floor.work() as work:
        (short,) = work.make.problems()
        assert (short.state, short.has_parts) == (WorkState.DONE, False)
        serial = work.make.units_of(order.id)[0].serial
        assert work.make.lots_of(serial) == []
        assert work.assets.on_hand()["cable"] == 100.0
        assert "dimmer-unit" in str(short.problem)
    (fact,) = told(floor.facts, PartsShort)
    assert fact == PartsShort(release.work_order, order.id, serial, "dimmer-unit", 1, 0.0)
    floor.dispatch()
    assert len(told(floor.facts, PartsShort)) == 1
    with floor.work() as work:
        work.assets.receive("dimmer-unit", 1)
    floor.dispatch()
    with floor.work() as work:
        assert {each.part for each in work.make.lots_of(serial)} == {"cable", "dimmer-unit"}
        assert work.make.problems() == []


def test_nothing_begins_without_its_material(floor: LampFloor) -> None:
    with floor.work() as work:
        work.assets.take("dimmer-unit", 3)
    floor.order(BLUE_DIMMED)
    assert sent(floor).keys() == {"cut-1"}
    with floor.work() as work:
        work.market.order_what_is_short(need_of(each) for each in work.plan.part_needs())
        (bought,) = work.market.arriving()
    floor.now = bought.due_at + timedelta(minutes=1)
    floor.wall = floor.now
    with floor.work() as work:
        work.market.deliver_due(floor.now)
        work.plan.material_changed()
    assert "asm-1" in sent(floor)


def need_of(need: plan.PartNeed) -> market.Need:
    return market.Need(need.part, need.quantity, need.at)


def test_material_reserved_for_an_earlier_order_is_not_used(floor: LampFloor) -> None:
    """One dimmer is left: the first order gets it, though the second could begin before it."""
    with floor.work() as work:
        work.assets.take("dimmer-unit", 2)
    first, second = floor.order(BLUE_DIMMED), floor.order(BLUE_DIMMED)
    with floor.work() as work:
        own = {booking.id for booking in work.plan.bookings_of(first.id)}
        release = sent_in(work, floor)["asm-1"]
        (released,) = [each for each in work.make.work_orders() if each.number == release.work_order]
        assert released.booking in own
        assert second.number == "B-00002"


def sent_in(work: FloorWork, floor: LampFloor) -> dict[str, make.Release]:
    return {release.work_unit: release for release in work.make.dispatch(floor.now)}


def test_a_machine_without_the_tags_is_shown(floor: LampFloor) -> None:
    with floor.work() as work:
        colour = work.assets.tag("cut-1/length")
        work.assets.add_tags([replace(colour, writable=False)])
    floor.order()
    assert sent(floor).keys() == {"asm-1"}
    with floor.work() as work:
        (stuck,) = work.make.problems()
        assert "length" in str(stuck.problem)
        work.assets.add_tags([colour])
    assert sent(floor).keys() == {"cut-1"}


def test_cancelled_orders_are_not_made(floor: LampFloor) -> None:
    order = floor.order()
    with floor.work() as work:
        work.orders.cancel(order.id)
    assert sent(floor) == {}
    with floor.work() as work:
        assert work.make.count_units() == {make.UnitState.CANCELLED: 1}
        assert {each.state for each in work.make.work_orders()} == {WorkState.CANCELLED}


def test_checks_that_come_after_the_end_are_waited_for(floor: LampFloor) -> None:
    release = until_tested(floor)
    machine = floor.machines["test-1"]
    pairs = machine.whole_job(release, floor.now, 5.0)
    checks = [pair for pair in pairs if pair[0].name in ("voltage", "leakage")]
    floor.observe(pair for pair in pairs if pair not in checks)
    with floor.work() as work:
        assert [each.step for each in work.make.work_orders(states=[WorkState.RUNNING])] == ["test"]
    floor.observe(checks)
    with floor.work() as work:
        assert work.make.count_units() == {make.UnitState.COMPLETED: 1}


def test_a_result_that_never_comes_fails_the_check(floor: LampFloor) -> None:
    release = until_tested(floor)
    floor.observe(floor.machines["test-1"].whole_job(release, floor.now, 5.0, results={"voltage": 230.0}))
    with floor.work() as work:
        assert len(work.make.work_orders(states=[WorkState.RUNNING])) == 1
    floor.wall += timedelta(seconds=11)
    floor.dispatch()
    (failed,) = told(floor.facts, OperationFailed)
    assert isinstance(failed, OperationFailed)
    assert "leakage = None (..0.5)" in failed.reason_en


def until_tested(floor: LampFloor) -> make.Release:
    floor.order()
    while "test-1" not in (releases := sent(floor)):
        for release in releases.values():
            do(floor, release)
        floor.pass_time(5)
    return releases["test-1"]


def test_a_foreign_job_is_not_ours(floor: LampFloor) -> None:
    """The machine remembers job 1 from elsewhere: our work order 1 gets another number before it is sent there."""
    machine = floor.machines["cut-1"]
    machine.job = 1
    before = floor.now - timedelta(hours=3)
    floor.observe(machine.say(floor.now, job=1, job_state=JobState.DONE.number, job_energy=9.9))
    floor.observe([(machine.tags["job"], Sample(machine.tags["job"].number, assets.microseconds(before), 1))])
    floor.order(RED_SMALL)
    with floor.work() as work:
        assert {each.step: each.number for each in work.make.work_orders()}["cut"] == 1
    release = sent(floor)["cut-1"]
    assert release.work_order > 1
    with floor.work() as work:
        assert work.make.work_orders(states=[WorkState.DONE, WorkState.RUNNING]) == []
    do(floor, release)
    with floor.work() as work:
        (done,) = work.make.work_orders(states=[WorkState.DONE])
        assert done.energy_kwh == 1.0


def test_a_report_from_another_machine_is_not_believed(floor: LampFloor) -> None:
    floor.order()
    release = sent(floor)["cut-1"]
    other = replace(release, work_unit="asm-1", values={"cycle_minutes": 1.0, "request": release.work_order})
    floor.observe(floor.machines["asm-1"].whole_job(other, floor.now, 1.0))
    with floor.work() as work:
        assert work.make.work_orders(states=[WorkState.RUNNING, WorkState.DONE]) == []


def test_one_report_that_can_not_be_dealt_with_does_not_stop_the_others(floor: LampFloor) -> None:
    """A work order whose booking is unknown to the plan: the other machine's job goes on, this one's later."""
    floor.order()
    releases = sent(floor)
    cut = releases["cut-1"].work_order

    def set_booking(booking: str) -> str:
        with floor.work() as work:
            (before,) = [each.booking for each in work.make.work_orders() if each.number == cut]
            work.connection.execute(text("UPDATE work_order SET booking = :b WHERE number = :n"), {"b": booking, "n": cut})
        return before

    booking = set_booking("bkg_lost")
    ended = [pair for name in releases for pair in floor.machines[name].whole_job(releases[name], floor.now, 10.0)]
    floor.observe(ended)
    with floor.work() as work:
        assert [each.step for each in work.make.work_orders(states=[WorkState.DONE])] == ["wire"]
        (stuck,) = work.make.problems()
        assert (stuck.number, stuck.state, stuck.has_parts) == (cut, WorkState.RELEASED, False)
        assert "bkg_lost" in str(stuck.problem)
        assert work.assets.on_hand()["sheet"] == 20.0
    set_booking(booking)
    floor.dispatch()
    with floor.work() as work:
        assert len(work.make.work_orders(states=[WorkState.DONE])) == 2
        assert work.make.problems() == []
        assert work.assets.on_hand()["sheet"] == 19.5


def test_organizations_never_see_each_other(floor: LampFloor) -> None:
    order = floor.order()
    floor.set_up("other")
    with floor.work("other") as work:
        assert work.make.units() == []
        assert work.make.work_orders() == []
        assert work.make.dispatch(floor.now) == []
        for attempt in (
            lambda: work.make.create_units(order.id),
            lambda: work.make.unit("LA-2026-000001"),
            lambda: work.make.passport("LA-2026-000001"),
            lambda: work.make.retry(1),
        ):
            with pytest.raises((orders.UnknownOrder, make.UnknownUnit, make.UnknownWorkOrder)):
                attempt()
        quote = work.orders.quote("lamp", RED_SMALL, "eve")
        work.orders.place(quote.id, "eve")
    with floor.work("other") as work:
        (unit,) = work.make.units()
        assert unit.serial == "LA-2026-000001"
        assert [each.number for each in work.make.work_of(unit.serial)] == [1, 2, 3, 4]
    with floor.work() as work:
        assert len(work.make.units()) == 1
