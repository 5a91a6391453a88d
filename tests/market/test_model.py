"""Rules of the market: which offer is best, what is short, who is reliable."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone import market
from lotone.kernel import Money
from lotone.market.model import best, check_offer, scored, short

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
CHEAP = market.Offer("slow-and-cheap", "motor", Money(9_000), 10)
FAST = market.Offer("fast-and-dear", "motor", Money(14_000), 2)


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)


@pytest.mark.parametrize(
    ("needed_by", "chosen"),
    [(days(10), CHEAP), (days(9.99), FAST), (days(2), FAST), (days(1), FAST), (None, FAST)],
)
def test_the_cheapest_that_is_in_time_else_the_fastest(needed_by: datetime | None, chosen: market.Offer) -> None:
    assert best([CHEAP, FAST], now=NOW, needed_by=needed_by, scores={}) is chosen


def test_between_equals_the_reliable_supplier_wins() -> None:
    one, other = market.Offer("a", "motor", Money(100), 5), market.Offer("b", "motor", Money(100), 5)
    scores = {"a": market.Score(10, 7), "b": market.Score(10, 9)}
    for needed_by in (None, days(30)):
        assert best([one, other], now=NOW, needed_by=needed_by, scores=scores) is other
        assert best([one, other], now=NOW, needed_by=needed_by, scores={}) is one


def test_nothing_offered() -> None:
    assert best([], now=NOW, needed_by=None, scores={}) is None


@pytest.mark.parametrize(
    "offer",
    [
        market.Offer("s", "p", Money(-1), 1),
        market.Offer("s", "p", Money(1), -1),
        market.Offer("s", "p", Money(1), float("nan")),
        market.Offer("s", "p", Money(1), 1, -1),
    ],
)
def test_wrong_offers_are_refused(offer: market.Offer) -> None:
    with pytest.raises(market.WrongOffer):
        check_offer(offer)


def test_the_first_need_that_goes_without_sets_the_date() -> None:
    needs = [market.Need("motor", 2, days(3)), market.Need("motor", 1, days(1)), market.Need("motor", 1, days(2))]
    assert short(needs, {"motor": 2}) == [market.Need("motor", 2.0, days(3))]
    assert short(needs, {"motor": 1}) == [market.Need("motor", 3.0, days(2))]
    assert short(needs, {"motor": 4, "bell": 1}) == []


QUANTITIES = st.integers(1, 3000)
NEEDS = st.lists(st.tuples(st.sampled_from("abc"), QUANTITIES, st.integers(0, 20)), max_size=20)


@given(NEEDS, st.dictionaries(st.sampled_from("abc"), st.integers(0, 5000)))
def test_short_is_exactly_what_is_missing(needs: list[tuple[str, int, int]], supply: Mapping[str, int]) -> None:
    found = short(
        [market.Need(part, counted / 1000, days(day)) for part, counted, day in needs],
        {part: counted / 1000 for part, counted in supply.items()},
    )
    missing = {need.part: need for need in found}
    assert len(missing) == len(found)
    for part in "abc":
        wanted = sum(counted for name, counted, _day in needs if name == part)
        lacking = max(0, wanted - supply.get(part, 0))
        assert (part in missing) == (lacking > 0)
        if lacking:
            assert Fraction(str(missing[part].quantity)) == Fraction(lacking, 1000)


def test_a_delivery_on_the_day_is_in_time() -> None:
    def delivery(supplier: str, hours_late: float) -> market.Purchase:
        due = NOW.replace(hour=12)
        arrived = due + timedelta(hours=hours_late)
        return market.Purchase("p", "P-1", supplier, "motor", 1.0, Money(1), NOW, due, None, arrived, "lot")

    scores = scored([delivery("a", -48), delivery("a", 11), delivery("a", 13), delivery("b", 30)])
    assert scores == {"a": market.Score(3, 2), "b": market.Score(1, 0)}
    assert scores["b"].share == 0.0
    assert market.Score().share is None
