"""What shoppers want, in numbers: the rules of a visit, sums that add up, nothing about anybody, nothing counted twice."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import date, timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lotone.configure import (
    Cause,
    Interest,
    InterestService,
    InterestSettings,
    InterestStore,
    Tally,
    Visit,
    Visits,
    WrongInterestSetting,
)
from lotone.configure.model.demanded import pairs_shown
from lotone.configure.model.interest import PAIRED_MAX, Cell, OptionCell, PromiseCell, Stage
from lotone.configure.store_interest import COUNTED
from lotone.kernel import Database, Money, Words

DAY = date(2026, 3, 2)
PAINT = Cause("machine", Words("paint-1", "喷漆一号"))
MOTOR = Cause("material", Words("motor M36"), Words("Kraft", "克拉夫特"))


@dataclass
class Hand:
    """A clock moved by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def visit_of(*choices: str, cents: int = 1000, days: int | None = None, cause: Cause = PAINT, order: bool = False) -> Visit:
    """A visit that took some options, was promised a day, and perhaps ordered."""
    visit = Visit("bike", DAY)
    visit.choose((), 0, "EUR")
    visit.choose(choices, cents, "EUR")
    if days is not None:
        visit.promise(days, cause)
    if order:
        visit.quote()
        visit.order()
    return visit


def counted(*visits: Visit) -> Tally:
    tally = Tally()
    for visit in visits:
        tally.count(visit)
    return tally


def option(tally: Tally, name: str) -> Counter[str]:
    return tally.cells[OptionCell("bike", DAY, name)]


def service(database: Database, tally: Tally | None = None, organization: str = "demo", today: date = DAY) -> Interest:
    """What is in the database after adding a tally."""
    with database.work() as connection:
        counts = InterestService(InterestStore(connection, organization), lambda: today)
        if tally is not None:
            counts.count(tally)
        return counts.interest("bike", DAY - timedelta(days=500), DAY + timedelta(days=500))


# -- one visit


def test_what_the_shop_opens_with_was_not_taken() -> None:
    visit = Visit("bike", DAY)
    visit.choose(("Blue", "Chain"), 100, "EUR", taken=())
    visit.choose(("Red", "Chain"), 100, "EUR", taken=("Red",))
    tally = counted(visit)
    assert option(tally, "Red")["taken"] == option(tally, "Red")["looked"] == 1
    assert OptionCell("bike", DAY, "Blue") not in tally.cells
    assert option(tally, "Chain") == Counter(held=1, looked=0, taken=0)


def test_a_dearer_option_that_is_left_again_was_dropped_after_the_price() -> None:
    visit = visit_of("Chain", cents=1000, days=3)
    visit.choose(("Belt",), 1190, "EUR")
    visit.promise(3, PAINT)
    visit.choose(("Chain",), 1000, "EUR")
    belt = option(counted(visit), "Belt")
    assert (belt["taken"], belt["dropped"], belt["dropped_price"], belt["dropped_date"]) == (1, 1, 1, 0)
    assert (belt["ordered"], belt["lost"], belt["held"]) == (0, 0, 0)


def test_an_option_that_comes_later_and_is_left_again_was_dropped_after_the_date() -> None:
    visit = visit_of("Blue", days=3)
    visit.choose(("Red",), 1000, "EUR")
    visit.promise(9, PAINT)
    visit.choose(("Blue",), 1000, "EUR")
    red = option(counted(visit), "Red")
    assert (red["dropped"], red["dropped_price"], red["dropped_date"]) == (1, 0, 1)


def test_a_cheaper_option_that_is_left_again_was_dropped_for_neither() -> None:
    visit = visit_of("Belt", cents=1190)
    visit.choose(("Chain",), 1000, "EUR")
    visit.choose(("Belt",), 1190, "EUR")
    chain = option(counted(visit), "Chain")
    assert (chain["dropped"], chain["dropped_price"], chain["dropped_date"]) == (1, 0, 0)


def test_what_is_taken_again_was_not_dropped() -> None:
    visit = visit_of("Belt")
    visit.choose((), 0, "EUR")
    visit.choose(("Belt",), 1000, "EUR")
    visit.order()
    belt = option(counted(visit), "Belt")
    assert (belt["taken"], belt["ordered"], belt["dropped"]) == (1, 1, 0)


def test_a_promise_that_is_heard_before_its_price_belongs_to_the_same_choice() -> None:
    visit = visit_of("Blue", days=2)
    visit.take(("Red",))
    visit.promise(8, PAINT)
    visit.choose(("Red",), 1500, "EUR", taken=("Red",))
    visit.choose(("Blue",), 1000, "EUR", taken=("Blue",))
    red = option(counted(visit), "Red")
    assert (red["dropped_price"], red["dropped_date"]) == (1, 1)


def test_what_ends_without_an_order_is_held_against_the_last_promise() -> None:
    visit = visit_of("Red", cents=319_000, days=2)
    visit.promise(9, MOTOR)
    tally = counted(visit)
    assert tally.cells[PromiseCell("bike", DAY, 9, MOTOR, "EUR")] == Counter(visits=1, ordered=0, lost_cents=319_000)
    assert len([cell for cell in tally.cells if isinstance(cell, PromiseCell)]) == 1
    bought = counted(visit_of("Red", cents=319_000, days=2, order=True))
    assert bought.cells[PromiseCell("bike", DAY, 2, PAINT, "EUR")] == Counter(visits=1, ordered=1, lost_cents=0)


def test_who_only_looks_makes_no_combinations() -> None:
    visit = Visit("bike", DAY)
    visit.choose(("Blue", "Chain"), 100, "EUR", taken=())
    visit.look(("Red",))
    assert not counted(visit).pairs
    assert visit.stage is Stage.LOOKED


def test_pairs_of_a_visit_are_bounded() -> None:
    tally = counted(visit_of(*(f"o{number}" for number in range(3 * PAIRED_MAX))))
    assert len(tally.pairs[Cell("bike", DAY)]) == PAIRED_MAX * (PAIRED_MAX - 1) // 2


# -- what any visits add up to

OPTIONS = st.sets(st.sampled_from(["Red", "Blue", "Belt", "Chain", "Rack", "Lamp"]), max_size=4).map(
    lambda some: tuple(sorted(some))
)
CLICKS = st.one_of(
    st.tuples(st.just("choose"), OPTIONS, st.integers(0, 5000)),
    st.tuples(st.just("look"), OPTIONS, st.just(0)),
    st.tuples(st.just("promise"), st.just(()), st.integers(-3, 500)),
    st.tuples(st.just("quote"), st.just(()), st.just(0)),
)


@st.composite
def some_visits(draw: st.DrawFn) -> list[Visit]:
    visits = []
    for clicks, is_ordered in draw(st.lists(st.tuples(st.lists(CLICKS, max_size=8), st.booleans()), max_size=8)):
        visit = Visit("bike", DAY + timedelta(days=draw(st.integers(0, 2))))
        visit.choose((), 0, "EUR")
        for verb, names, number in clicks:
            if verb == "choose":
                visit.choose(names, number, "EUR")
            elif verb == "look":
                visit.look(names)
            elif verb == "promise":
                visit.promise(number, draw(st.sampled_from([PAINT, MOTOR])))
            elif visit.days is not None:
                visit.quote()
        if is_ordered and visit.days is not None:
            visit.order()
        visits.append(visit)
    return visits


@given(some_visits())
def test_counts_add_up(visits: list[Visit]) -> None:
    tally = counted(*visits)
    funnel: Counter[str] = sum((counts for cell, counts in tally.cells.items() if type(cell) is Cell), Counter())
    assert funnel["visits"] == len(visits)
    stages = [funnel[name] for name in ("visits", "looked", "promised", "quoted", "ordered")]
    assert stages == sorted(stages, reverse=True)
    promises = [counts for cell, counts in tally.cells.items() if isinstance(cell, PromiseCell)]
    assert sum(counts["visits"] for counts in promises) == sum(visit.days is not None for visit in visits)
    assert sum(counts["ordered"] for counts in promises) == funnel["ordered"]
    for cell, counts in tally.cells.items():
        if isinstance(cell, OptionCell):
            assert counts["taken"] == counts["ordered"] + counts["dropped"] + counts["lost"]
            assert counts["looked"] >= counts["taken"]
            assert counts["dropped"] >= max(counts["dropped_price"], counts["dropped_date"])
    for cell, pairs in tally.pairs.items():
        for (first, second), together in pairs.items():
            assert first < second
            assert together <= min(tally.cells[OptionCell("bike", cell.day, name)]["held"] for name in (first, second))


@given(some_visits(), st.integers(0, 8))
def test_workers_add_up(visits: list[Visit], cut: int) -> None:
    together, apart = counted(*visits), counted(*visits[:cut])
    apart.update(counted(*visits[cut:]))
    assert apart == together


# -- visits that last


def test_a_quiet_visit_is_over() -> None:
    clock = Hand()
    visits = Visits(lambda: DAY, clock=clock, quiet_s=60)
    with visits.visit("demo", "bike", "ann") as visit:
        visit.look(("Red",))
    clock.now = 50
    with visits.visit("demo", "bike", "bea"):
        pass
    assert visits.take() == {}
    clock.now = 70
    (tally,) = visits.take().values()
    assert tally.cells[Cell("bike", DAY)]["visits"] == 1
    assert len(visits) == 1
    assert visits.take(everything=True)["demo"].cells[Cell("bike", DAY)]["visits"] == 1


def test_clicks_of_one_are_one_visit_and_of_two_are_two() -> None:
    visits = Visits(lambda: DAY)
    for who in ("ann", "bea", "ann"):
        with visits.visit("demo", "bike", who) as visit:
            visit.look((who,))
    with visits.visit("demo", "trike", "ann"):
        pass
    with visits.visit("other", "bike", "ann"):
        pass
    ended = visits.take(everything=True)
    assert ended["demo"].cells[Cell("bike", DAY)]["visits"] == 2
    assert ended["demo"].cells[Cell("trike", DAY)]["visits"] == 1
    assert ended["other"].cells[Cell("bike", DAY)]["visits"] == 1


def test_more_visits_than_fit_end_the_quietest() -> None:
    visits = Visits(lambda: DAY, most=3)
    for number in range(5):
        with visits.visit("demo", "bike", str(number)):
            pass
    assert len(visits) == 3
    assert visits.take()["demo"].cells[Cell("bike", DAY)]["visits"] == 2


def test_a_crowd_in_one_shop_ends_no_visit_to_another() -> None:
    visits = Visits(lambda: DAY, most=3)
    with visits.visit("other", "bike", "ann"):
        pass
    for number in range(9):
        with visits.visit("demo", "bike", str(number)):
            pass
    assert len(visits) == 3
    ended = visits.take()
    assert set(ended) == {"demo"}
    assert ended["demo"].cells[Cell("bike", DAY)]["visits"] == 7


def test_a_click_that_broke_is_still_a_visit() -> None:
    visits = Visits(lambda: DAY)
    with pytest.raises(KeyError), visits.visit("demo", "bike", "ann"):
        raise KeyError
    assert len(visits) == 1


def test_threads_lose_no_visit() -> None:
    visits = Visits(lambda: DAY)
    taken: list[Tally] = []

    def shop(name: str) -> None:
        for number in range(200):
            with visits.visit("demo", "bike", f"{name}{number}") as visit:
                visit.look(("Red",))
            visits.end("demo", "bike", f"{name}{number}")
            taken.extend(visits.take().values())

    threads = [Thread(target=shop, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.extend(visits.take(everything=True).values())
    assert sum(tally.cells[Cell("bike", DAY)]["visits"] for tally in taken) == 800


def test_forgetting_leaves_the_others() -> None:
    visits = Visits(lambda: DAY)
    for organization in ("demo", "other"):
        for who in ("ann", "bea"):
            with visits.visit(organization, "bike", who):
                pass
        visits.end(organization, "bike", "bea")
    visits.forget("demo")
    assert set(visits.take(everything=True)) == {"other"}


# -- in the database


def test_flushed_twice_counts_once(database: Database) -> None:
    visits = Visits(lambda: DAY)
    with visits.visit("demo", "bike", "ann") as visit:
        visit.choose(("Red",), 100, "EUR")
    visits.end("demo", "bike", "ann")
    for _ in range(2):
        for organization, tally in visits.take().items():
            service(database, tally, organization)
    assert service(database).funnel.visits == 1


def test_what_could_not_be_kept_is_kept_later(database: Database) -> None:
    visits = Visits(lambda: DAY)
    with visits.visit("demo", "bike", "ann"):
        pass
    visits.end("demo", "bike", "ann")
    visits.give_back("demo", visits.take()["demo"])
    with visits.visit("demo", "bike", "bea"):
        pass
    assert service(database, visits.take(everything=True)["demo"]).funnel.visits == 2


def test_two_workers_add_up_in_the_database(database: Database) -> None:
    first = counted(visit_of("Red", "Rack", days=9), visit_of("Red", days=2, order=True))
    second = counted(visit_of("Red", "Rack", days=9, cause=MOTOR))
    service(database, first)
    found = service(database, second)
    both = counted()
    both.update(first)
    both.update(second)
    assert (found.funnel.visits, found.funnel.promised, found.funnel.ordered) == (3, 3, 1)
    assert {one.option: one.taken for one in found.options} == {"Red": 3, "Rack": 2}
    assert sum(one.visits for one in found.promises) == 3
    for one in found.options:
        counts = option(both, one.option)
        assert {field.name: getattr(one, field.name) for field in fields(one) if field.name != "option"} == {
            field.name: counts[field.name] for field in fields(one) if field.name != "option"
        }


def test_organizations_count_apart(database: Database) -> None:
    service(database, counted(visit_of("Red", days=3)))
    assert service(database, organization="other").is_empty
    assert not service(database).is_empty


def test_nothing_in_the_database_says_who(database: Database) -> None:
    visits = Visits(lambda: DAY)
    with visits.visit("demo", "bike", "usr_canary@example.org") as visit:
        visit.choose(("Red",), 100, "EUR")
        visit.promise(4, PAINT)
    assert "canary" not in repr(vars(visits))
    service(database, visits.take(everything=True)["demo"])
    names = {column.name for table in COUNTED for column in table.c}
    assert not names & {"user", "buyer", "guest", "who", "session", "visit", "id", "ip", "at", "seen_at"}
    with database.look() as connection:
        rows = [row for table in COUNTED for row in connection.execute(select(table))]
    assert rows
    assert "canary" not in repr(rows)


def test_a_hundred_equal_visits_are_no_more_rows_than_one(database: Database) -> None:
    def count_rows() -> int:
        with database.look() as connection:
            return sum(len(connection.execute(select(table)).all()) for table in COUNTED)

    service(database, counted(visit_of("Red", "Rack", days=3)))
    before = count_rows()
    service(database, counted(*(visit_of("Red", "Rack", days=3) for _ in range(100))))
    assert count_rows() == before


def test_rare_combinations_are_not_shown(database: Database) -> None:
    common = [visit_of("Red", "Rack") for _ in range(5)]
    rare = [visit_of("Blue", "Lamp") for _ in range(4)]
    found = service(database, counted(*common, *rare))
    assert [(one.first, one.second, one.together) for one in found.pairs] == [("Rack", "Red", 5)]
    assert found.pairs_hidden == 1
    assert "Lamp" not in repr(found.as_json(7)["combinations"])


def test_lift_says_how_much_more_often_than_by_chance() -> None:
    (pair,), hidden = pairs_shown([("a", "b", 20)], {"a": 40, "b": 25}, 100, 5)
    assert hidden == 0
    assert pair.lift == pytest.approx(2.0)


def test_old_counts_are_forgotten(database: Database) -> None:
    old = Visit("bike", DAY - timedelta(days=10))
    service(database, counted(old, visit_of("Red")))
    with database.work() as connection:
        counts = InterestService(InterestStore(connection, "demo"), lambda: DAY)
        other = InterestService(InterestStore(connection, "other"), lambda: DAY)
        other.count(counted(old))
        assert not counts.has_old()
        counts.change_settings(InterestSettings(keep_days=11))
        assert counts.extent() == (2, DAY - timedelta(days=10), DAY)
        counts.change_settings(InterestSettings(keep_days=10))
        assert counts.extent() == (1, DAY, DAY)
        assert counts.settings() == InterestSettings(keep_days=10)
        counts.forget_everything()
        assert counts.extent() == (0, None, None)
        assert other.extent()[0] == 1
        assert other.settings() == InterestSettings()


@pytest.mark.parametrize("values", [{"keep_days": 0}, {"keep_days": 10_000}, {"smallest": 1}, {"smallest": 5000}])
def test_settings_that_make_no_sense(values: dict[str, int]) -> None:
    with pytest.raises(WrongInterestSetting) as fault:
        InterestSettings(**values)
    assert fault.value.where in values


def test_what_was_lost_for_a_date(database: Database) -> None:
    soon = [visit_of("Red", days=2, order=True) for _ in range(3)] + [visit_of("Red", days=2)]
    late = [visit_of("Red", cents=3000, days=9), visit_of("Red", cents=2000, days=11), visit_of("Red", days=9, order=True)]
    for_parts = [visit_of("Red", cents=7000, days=20, cause=MOTOR)]
    found = service(database, counted(*soon, *late, *for_parts))
    loss = found.date_loss(7)
    assert (loss.soon, loss.soon_ordered, loss.late, loss.late_ordered, loss.lost) == (4, 3, 4, 1, 3)
    assert loss.value == Money(12_000)
    assert loss.likely == pytest.approx(4 * 0.75 - 1)
    assert [(one.cause.subject.en, one.lost, one.visits, one.value.cents, one.days) for one in found.lost_by(7)] == [
        ("motor M36", 1, 1, 7000, 20.0),
        ("paint-1", 2, 3, 5000, 10.0),
    ]
    assert found.lost_by(7)[0].cause == MOTOR
    assert found.by_days() == [(2, 4, 3), (9, 2, 1), (11, 1, 0), (20, 1, 0)]
    assert found.lost_by(30) == []
    assert service(database, organization="other").date_loss(7).likely is None
