"""What if: changes on copies of the plan, scenarios that are kept, compared, applied; bottlenecks; what would move a date."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lotone.kernel import Words
from lotone.plan import (
    AddMachine,
    AddShift,
    Away,
    Buy,
    Calendar,
    Change,
    Demand,
    Faster,
    GoFirst,
    NewOrder,
    OperationNeed,
    Outlook,
    Overtime,
    PlanSettings,
    Report,
    Resource,
    Scenario,
    ScenarioService,
    ScenarioStore,
    Shift,
    Snapshot,
    StockLost,
    SupplierAway,
    SupplierOffer,
    SupplierSlower,
    Supply,
    UnknownOrder,
    UnknownScenario,
    WrongChange,
    WrongScenario,
    bottleneck,
    change_of,
    check,
    outlook_of,
    side_by_side,
)
from lotone.plan.model.scenario import forked, resolved, value_of
from lotone.plan.service.bottlenecks import BottleneckService, WrongQuestion
from lotone.plan.service.scenarios import Kept, ScenarioState, calculated

Plant = Any
"""The small plant of these tests; see conftest."""


def bike(*, paint: float = 30, cure: float = 20, assemble: float = 40, quantity: int = 1, **parts: float) -> Demand:
    """Paint, cure, assemble; `parts` go into the assembly."""
    operations = (
        OperationNeed("paint", "paint", paint),
        OperationNeed("cure", "curing", cure, after=("paint",)),
        OperationNeed("assemble", "assembly", assemble, after=("cure",), parts=parts),
    )
    return Demand(operations, Words("bike", "自行车"), quantity)


MONDAY = date(2026, 3, 2)
OFFERS = (
    SupplierOffer("motor", "slow", Words("Slow Ltd", "慢公司"), 9, 100.0),
    SupplierOffer("motor", "fast", Words("Fast Ltd", "快公司"), 2, 150.0),
)
SUPPLY = Supply(
    on_hand={"motor": 1.0, "saddle": 50.0},
    lead_time_days={"motor": 9, "saddle": 3},
    parts={"motor": Words("Motor", "电机"), "saddle": Words("Saddle", "车座")},
    suppliers={"motor": Words("Slow Ltd", "慢公司")},
    offers=OFFERS,
)
UNITS = {"asm-1", "asm-2", "oven-1", "paint-1", "paint-2"}
ALL_CHANGES: tuple[Change, ...] = (
    AddShift("paint", (0, 1, 2), 22 * 60, 26 * 60, 30.0),
    Overtime("paint-1", (MONDAY, MONDAY + timedelta(days=1)), 22 * 60, 24 * 60, 45.0),
    AddMachine("paint-1", 2, 500.0),
    Away("asm-1", datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 3, 3, 10, tzinfo=UTC)),
    SupplierAway("slow"),
    SupplierSlower("slow", 4.5),
    StockLost("saddle", 3.0),
    Faster("paint", 0.5),
    GoFirst("o-9"),
    NewOrder(bike(quantity=2), is_first=True, wanted=datetime(2026, 3, 4, 17, tzinfo=UTC)),
    Buy("motor", "fast", 4.0),
)


HOURS = Calendar("two-shifts", "Europe/Berlin", (Shift.from_text("Mon-Sat", "06:00", "22:00"),))
ALWAYS = Calendar("always", "Europe/Berlin", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def full() -> Snapshot:
    """The same plan as that of `busy`, without a database: it is never changed, so all tests can share it."""
    machines = {
        "asm-1": Resource("asm-1", "assembly", "two-shifts"),
        "asm-2": Resource("asm-2", "assembly", "two-shifts"),
        "oven-1": Resource("oven-1", "curing", "always"),
        "paint-1": Resource("paint-1", "paint", "two-shifts", Words("Paint booth 1", "喷漆房1")),
        "paint-2": Resource("paint-2", "paint", "two-shifts", Words("Paint booth 2", "喷漆房2")),
    }
    plan = Snapshot(1, "", {"two-shifts": HOURS, "always": ALWAYS}, machines).at(NOW, lambda: SUPPLY, PlanSettings())
    for number in range(10):
        changed = NewOrder(bike(paint=300, cure=20, assemble=60)).on(plan)
        new = changed.commitments[f"what-if-{number + 1}"]
        bookings = tuple(replace(each, order=f"o-{number}") for each in new.bookings)
        plan = changed.with_commitments([replace(new, order=f"o-{number}", bookings=bookings)])
    return plan


@pytest.fixture
def busy(plant: Plant) -> Plant:
    """Ten orders that wait for two paint booths, until Wednesday."""
    plant.supply = SUPPLY
    for number in range(10):
        plant.order(f"o-{number}", bike(paint=300, cure=20, assemble=60))
    plant.facts.clear()
    return plant


def completion(snapshot: Snapshot, order: str) -> datetime:
    return next(each.completion for each in snapshot.commitments.values() if each.order == order)


@pytest.mark.parametrize("change", ALL_CHANGES, ids=lambda change: change.kind)
def test_every_change_is_kept_said_and_gives_a_plan_without_faults(full: Snapshot, change: Change) -> None:
    snapshot = full
    assert change_of(change.as_json()) == change
    words = change.said(snapshot)
    assert words.en
    assert words.zh
    assert words.zh != words.en
    fork = forked(snapshot, [change])
    assert fork is not snapshot
    assert check(fork) == []
    assert check(resolved(fork)) == []


def test_a_copy_leaves_the_plan_as_it_is(full: Snapshot) -> None:
    before = full
    places = {each.id: (each.work_unit, each.start) for each in before.open_bookings()}
    forked(before, [each for each in ALL_CHANGES if each.kind != "supplier_slower"])
    assert {each.id: (each.work_unit, each.start) for each in before.open_bookings()} == places


def test_planning_anew_finds_new_hours_machines_and_faster_work(full: Snapshot) -> None:
    snapshot = full
    today = value_of(resolved(snapshot))
    for change in (
        AddShift("paint", (0, 1, 2, 3, 4, 5), 22 * 60, 30 * 60), AddMachine("paint-1"), Faster("paint", 0.5),
        Overtime("two-shifts", (MONDAY, MONDAY + timedelta(days=1)), 22 * 60, 28 * 60),
    ):  # fmt: skip
        assert value_of(resolved(forked(snapshot, [change]))).mean_hours < today.mean_hours - 0.5, change.kind


def test_hours_for_one_machine_leave_the_others_their_calendar(full: Snapshot) -> None:
    fork = AddShift("paint-1", (0,), 22 * 60, 24 * 60).on(full)
    assert fork.resources["paint-2"].calendar == "two-shifts"
    assert fork.resources["paint-1"].calendar != "two-shifts"
    assert fork.hours("paint-1").total(full.now, full.now + timedelta(days=1)) - fork.hours("paint-2").total(
        full.now, full.now + timedelta(days=1)
    ) == timedelta(hours=2)


def test_overtime_that_the_calendar_keeps_is_opened_at_its_cost(busy: Plant) -> None:
    with busy.plan() as plan:
        calendars = {each.id: each for each in plan.calendars()}
        night = Shift((0, 1, 2, 3, 4), 22 * 60, 24 * 60)
        kept = replace(calendars["two-shifts"], overtime=(night,), overtime_cost_per_hour=40.0)
        plan.set_calendars([kept, calendars["always"]])
    snapshot, change = busy.snapshot(), Overtime("paint-1", (MONDAY,))
    fork = change.on(snapshot)
    assert change.cost(snapshot, fork, busy.now + timedelta(days=2)) == pytest.approx(80.0)
    with pytest.raises(WrongChange, match="no hours for overtime"):
        Overtime("oven-1", (MONDAY,)).on(snapshot)


def test_an_order_that_goes_first_is_earlier_and_others_later(full: Snapshot) -> None:
    before = full
    fork = forked(before, [GoFirst("o-9")])
    assert completion(fork, "o-9") < completion(before, "o-9") - timedelta(hours=8)
    assert any(completion(fork, f"o-{number}") > completion(before, f"o-{number}") for number in range(9))
    assert check(fork) == []


def test_what_has_begun_stays_when_an_order_goes_first(busy: Plant) -> None:
    first = next(each for each in busy.snapshot().open_bookings() if each.order == "o-0" and each.step == "paint")
    with busy.plan() as plan:
        plan.released(first.id, busy.now)
        plan.started(first.id, busy.now)
    fork = forked(busy.snapshot(), [GoFirst("o-9")])
    kept = fork.booking(first.id)
    assert kept is not None
    assert (kept.work_unit, kept.start) == (first.work_unit, busy.now)
    again = forked(busy.snapshot(), [GoFirst("o-0")])
    assert check(again) == []
    assert completion(again, "o-0") <= completion(busy.snapshot(), "o-0")


def test_a_lost_supplier_leaves_the_next_or_nobody(full: Snapshot) -> None:
    snapshot = full
    fork = SupplierAway("slow").on(snapshot)
    assert fork.supply.lead_time_days["motor"] == 2
    assert fork.supply.suppliers["motor"].en == "Fast Ltd"
    assert "motor" not in SupplierAway("fast").on(fork).supply.lead_time_days
    assert SupplierSlower("fast", 5).on(snapshot).supply.lead_time_days["motor"] == 7


def test_lost_stock_has_to_be_bought(busy: Plant) -> None:
    busy.order("saddled", bike(saddle=2))
    fork = forked(busy.snapshot(), [StockLost("saddle")])
    (bought,) = outlook_of(fork).bought
    assert (bought.part, bought.quantity) == ("saddle", 2)
    assert completion(fork, "saddled") > completion(busy.snapshot(), "saddled")


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"kind": "magic"}, "kind"),
        ({"kind": "shift", "where": "paint", "weekdays": [9], "start": 0, "end": 60}, "weekdays"),
        ({"kind": "shift", "where": "paint", "weekdays": [1], "start": 900, "end": 60}, "end"),
        ({"kind": "shift", "where": "paint"}, "weekdays"),
        ({"kind": "first", "order": 7}, "order"),
        ({"kind": "first", "order": "a", "colour": "b"}, "colour"),
        ({"kind": "faster", "what": "paint", "factor": 1}, "factor"),
        ({"kind": "away", "work_unit": "a", "start": "2026-03-02T10:00:00", "end": "2026-03-03T10:00:00"}, "start"),
        ({"kind": "machine", "like": "paint-1", "count": 21}, "count"),
        ({"kind": "overtime", "where": "paint", "days": []}, "days"),
        ({"kind": "buy", "part": "motor", "supplier": "fast", "quantity": 0}, "quantity"),
    ],
)
def test_a_wrong_change_names_its_field(values: dict[str, Any], where: str) -> None:
    with pytest.raises(WrongChange) as found:
        change_of(values)
    assert found.value.where == where


@pytest.mark.parametrize(
    "change",
    [AddShift("moon", (0,), 0, 60), AddMachine("moon"), GoFirst("moon"), Faster("moon", 2), StockLost("moon"),
     SupplierAway("moon"), Buy("motor", "moon", 1.0),
     Away("moon", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))],
    ids=lambda change: change.kind,
)  # fmt: skip
def test_what_the_plan_does_not_know_is_named(full: Snapshot, change: Change) -> None:
    with pytest.raises(WrongChange, match="moon"):
        forked(full, [change])


def test_plans_stand_side_by_side(full: Snapshot) -> None:
    snapshot = full
    before = outlook_of(snapshot)
    changes = [Away("paint-1", full.now, full.now + timedelta(days=3)), NewOrder(bike())]
    after = outlook_of(forked(snapshot, changes), changes, snapshot)
    assert Outlook.from_json(after.as_json()) == after
    assert before.late == 0 < after.late
    assert after.tardiness_hours > before.tardiness_hours == 0
    rows = side_by_side([before, after])
    assert len(rows) == 11
    new = next(row for row in rows if row.dates[0] is None)
    assert new.differs
    late = [row for row in rows if row.dates[1] is not None and row.dates[1].is_late]
    assert len(late) == after.late
    paint = [each for each in after.days if each.center == "paint"]
    assert sum(each.booked_hours for each in paint) == pytest.approx(10 * 5 + 0.5)


@pytest.fixture
def scenarios(busy: Plant) -> Callable[..., Any]:
    """`scenarios(act)`: act on the service in one transaction."""

    def act(use: Callable[[ScenarioService], Any]) -> Any:
        with busy.plan() as plan:
            store = ScenarioStore(plan.store.connection, busy.organization)
            return use(ScenarioService(store, plan, lambda: busy.wall))

    return act


def test_a_scenario_is_kept_calculated_compared_and_thrown_away(busy: Plant, scenarios: Callable[..., Any]) -> None:
    away = Scenario("Booth away", (Away("paint-1", busy.now, busy.now + timedelta(days=3)),))
    kept: Kept = scenarios(lambda service: service.create(away, "Ann"))
    assert kept.scenario == away
    assert kept.state is ScenarioState.WAITING
    assert kept.before is not None
    assert kept.after is not None
    assert kept.after.late > kept.before.late == 0
    more = scenarios(lambda service: service.create(Scenario("Booth more", (AddMachine("paint-1"),)), "Bob"))
    assert {each.id for each in scenarios(lambda service: service.scenarios())} == {kept.id, more.id}
    both = scenarios(lambda service: service.compare([kept.id, more.id]))
    assert [each.scenario.name for each in both] == ["Booth away", "Booth more"]
    scenarios(lambda service: service.throw_away(kept.id))
    with pytest.raises(UnknownScenario):
        scenarios(lambda service: service.scenario(kept.id))


def test_figures_of_an_older_question_are_not_kept(busy: Plant, scenarios: Callable[..., Any]) -> None:
    kept = scenarios(lambda service: service.create(Scenario("a", (AddMachine("paint-1"),)), "Ann"))
    before, after = calculated(busy.snapshot(), kept.scenario, None)
    assert after.mean_hours < before.mean_hours
    changed = scenarios(lambda service: service.change(kept.id, Scenario("b", (GoFirst("o-3"),))))
    assert changed.revision == kept.revision + 1
    assert not scenarios(lambda service: service.note(kept, state="done", before=before, after=after))
    assert scenarios(lambda service: service.note(changed, state="done"))
    assert scenarios(lambda service: service.next_waiting()) is None


def test_a_broken_off_calculation_is_begun_again(scenarios: Callable[..., Any]) -> None:
    kept = scenarios(lambda service: service.create(Scenario("a", (AddMachine("paint-1"),)), "Ann"))
    scenarios(lambda service: service.note(kept, state="running"))
    assert scenarios(lambda service: service.next_waiting()) is None
    assert scenarios(lambda service: service.next_waiting(orphans=True)).id == kept.id


def test_applying_changes_hours_and_turns_and_says_what_it_can_not(busy: Plant, scenarios: Callable[..., Any]) -> None:
    wanted = Scenario(
        "Everything",
        (Overtime("paint", (MONDAY,), 22 * 60, 24 * 60), GoFirst("o-9"), AddMachine("paint-1"),
         Away("asm-2", busy.now, busy.now + timedelta(hours=5))),
    )  # fmt: skip
    kept = scenarios(lambda service: service.create(wanted, "Ann"))
    promised = completion(busy.snapshot(), "o-9")
    applied = scenarios(lambda service: service.apply(kept.id, "Ann"))
    assert len(applied.done) == 3
    assert [change.en for change, _ in applied.left] == ["1 more like Paint booth 1"]
    assert not applied.plan_changed
    snapshot = busy.snapshot()
    assert completion(snapshot, "o-9") < promised
    assert snapshot.resources["asm-2"].maintenance
    assert snapshot.hours("paint-1").total(busy.now, busy.now + timedelta(days=1)) > snapshot.hours("asm-1").total(
        busy.now, busy.now + timedelta(days=1)
    )
    assert set(snapshot.resources) == UNITS
    assert check(snapshot) == []
    assert [fact.cause for fact in busy.changes()] == ["scenario"]
    assert scenarios(lambda service: service.scenario(kept.id)).applied_by == "Ann"


def test_applying_says_that_the_plan_changed_since(busy: Plant, scenarios: Callable[..., Any]) -> None:
    kept = scenarios(lambda service: service.create(Scenario("a", (GoFirst("o-9"),)), "Ann"))
    busy.order("new")
    assert not scenarios(lambda service: service.is_current(kept))
    assert scenarios(lambda service: service.apply(kept.id, "Ann")).plan_changed


@pytest.mark.parametrize(
    "scenario", [Scenario("", (GoFirst("o-1"),)), Scenario("x", ()), Scenario("x" * 121, (GoFirst("o-1"),))]
)
def test_a_scenario_needs_a_name_and_changes(scenarios: Callable[..., Any], scenario: Scenario) -> None:
    with pytest.raises(WrongScenario):
        scenarios(lambda service: service.create(scenario, "Ann"))


def test_organizations_see_their_own_scenarios(busy: Plant, scenarios: Callable[..., Any]) -> None:
    scenarios(lambda service: service.create(Scenario("a", (GoFirst("o-1"),)), "Ann"))
    busy.organization = "other"
    assert scenarios(lambda service: service.scenarios()) == []


def test_the_bottleneck_is_where_an_hour_more_is_worth_most(full: Snapshot) -> None:
    """Painting takes 50 of 61 hours: booths limit, assembly does not."""
    late = forked(full, [Away("paint-2", full.now, full.now + timedelta(days=2))])
    ticks = iter(range(1000))
    told: list[tuple[int, int]] = []
    report = bottleneck(
        late,
        None,
        clock=lambda: float(next(ticks)),
        seconds=500,
        told=lambda done, count: told.append((done, count)),
        late_cost=20,
    )
    assert Report.from_json(report.as_json()) == report
    assert report.worths[0].work_center == "paint"
    assert report.worths[0].tardiness_per_hour > 0
    assert report.worths[0].money_per_hour(20) == pytest.approx(20 * report.worths[0].tardiness_per_hour)
    assert all(each.more_tardiness <= 0 for each in report.worths)
    assert all(each.less_tardiness is None or each.less_tardiness >= 0 for each in report.worths)
    assert told[0][0] == 0
    assert len(told) == len(report.worths)


def test_a_report_ends_in_time_and_names_what_it_left_out(full: Snapshot) -> None:
    ticks = iter(range(0, 10_000, 100))
    report = bottleneck(full, None, clock=lambda: float(next(ticks)), seconds=150)
    assert report.left_out
    assert len(report.worths) == 1


def test_a_machine_that_never_rests_works_faster_instead(busy: Plant) -> None:
    with busy.plan() as plan:
        plan.set_resources([replace(each, calendar="always") for each in plan.resources()])
    report = bottleneck(busy.snapshot(), None, clock=lambda: 0.0, seconds=1)
    assert {each.work_center for each in report.worths} >= {"paint"}
    assert all(each.added_hours > 0 for each in report.worths)


def test_a_report_is_asked_kept_and_not_answered_twice(busy: Plant) -> None:
    report = bottleneck(busy.snapshot(), None, clock=lambda: 0.0, seconds=1)
    with busy.plan() as plan:
        service = BottleneckService(ScenarioStore(plan.store.connection, busy.organization), lambda: busy.wall)
        assert service.asked() is None
        first = service.ask("Ann", seconds=30)
        assert service.note(first, state="done", report=report)
        second = service.ask("Ann", late_cost=12.5)
        assert second.report == report, "the last report stays until there is a new one"
        assert second.is_open
        assert not service.note(first, progress=0.5)
        with pytest.raises(WrongQuestion):
            service.ask("Ann", seconds=0.5)


def test_levers_of_a_demand_are_overtime_and_going_first(busy: Plant) -> None:
    with busy.plan() as plan:
        found = plan.levers(bike(paint=300, cure=20, assemble=60))
        assert plan.promise(bike(paint=300, cure=20, assemble=60)).date == found.now.date
    assert found.levers[0].change.kind == "order"
    first = found.levers[0]
    assert first.promise.date < found.now.date
    assert first.earlier == found.now.date - first.promise.date
    assert busy.changes() == []


def test_levers_of_a_part_are_other_suppliers_and_their_price(busy: Plant) -> None:
    wanted = bike(motor=3)
    with busy.plan() as plan:
        found = plan.levers(wanted)
    lever = next(each for each in found.levers if each.change.kind == "buy")
    assert lever.change == Buy("motor", "fast", 2.0), "one is in stock"
    assert lever.cost == 300.0
    assert lever.earlier >= timedelta(days=5)
    assert "Fast Ltd" in lever.words.en


def test_levers_of_an_order_are_true_when_they_are_pulled(busy: Plant) -> None:
    snapshot = busy.snapshot()
    with busy.plan() as plan:
        found = plan.levers("o-9")
    assert {"first"} <= {lever.change.kind for lever in found.levers}
    for lever in found.levers:
        fork = forked(snapshot, [lever.change])
        assert check(fork) == []
        assert lever.promise.date < found.now.date
        for delay in lever.delays:
            late = next(each for each in fork.commitments.values() if each.order == delay.order)
            assert late.completion + fork.settings.packing > delay.promised
    with busy.plan() as plan, pytest.raises(UnknownOrder):
        plan.levers("nobody")


def test_overtime_is_a_lever_where_an_evening_is_missing(plant: Plant) -> None:
    """One hour of paint is missing on Monday: overtime until 24:00 brings the hand-over of Tuesday, not of Wednesday."""
    long = Demand((OperationNeed("paint", "paint", 15 * 60, work_units=("paint-1",)),), Words("big"))
    with plant.plan() as plan:
        calendars = {each.id: each for each in plan.calendars()}
        night = Shift((0, 1, 2, 3, 4, 5), 22 * 60, 30 * 60)
        kept = replace(calendars["two-shifts"], overtime=(night,), overtime_cost_per_hour=50.0)
        plan.set_calendars([kept, calendars["always"]])
        found = plan.levers(long)
    overtime = [lever for lever in found.levers if lever.change.kind == "overtime"]
    assert overtime
    assert overtime[0].promise.date < found.now.date
    assert overtime[0].cost
    assert isinstance(overtime[0].change, Overtime)
    assert len(overtime[0].change.days) == 1, "only the days that are used"


def test_an_operator_away_is_a_change_like_any_other(plant: Plant) -> None:
    with plant.plan() as plan:
        plan.set_resources([*plan.resources(), Resource("eva", "", "two-shifts", Words("Eva", "伊娃"))])
    fork = Away("eva", plant.now, plant.now + timedelta(days=1)).on(plant.snapshot())
    assert fork.resources["eva"].maintenance
