"""Gaps on a machine, against looking at every minute."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lotone.plan.model.busy import Busy, Pile, first_fit
from lotone.plan.model.calendar import OpenHours, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTES = 300

spans = st.lists(st.tuples(st.integers(0, MINUTES), st.integers(1, 40)), max_size=15)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def stretches(numbers: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    return [(minute(start), minute(start + length)) for start, length in numbers]


def taken(numbers: list[tuple[int, int]]) -> set[int]:
    return {each for start, length in numbers for each in range(start, start + length)}


def by_hand(earliest: int, length: int, blocked: set[int]) -> int:
    return next(start for start in range(earliest, 10_000) if blocked.isdisjoint(range(start, start + length)))


@given(spans, st.integers(0, MINUTES), st.integers(1, 50))
def test_the_first_gap(numbers: list[tuple[int, int]], earliest: int, length: int) -> None:
    expected = minute(by_hand(earliest, length, taken(numbers)))
    assert Busy(stretches(numbers)).first(minute(earliest), timedelta(minutes=length)) == expected
    pile = Pile()
    for start, end in stretches(numbers):
        pile.put(start, end)
    assert pile.first(minute(earliest), timedelta(minutes=length)) == expected


@given(spans, spans)
def test_what_is_put_on_a_pile_can_be_taken_off(kept: list[tuple[int, int]], gone: list[tuple[int, int]]) -> None:
    pile, clean = Pile(), Pile()
    for each in stretches(kept + gone):
        pile.put(*each)
    for each in stretches(gone):
        pile.take(*each)
    for each in stretches(kept):
        clean.put(*each)
    assert pile.stretches == clean.stretches


@given(spans, st.tuples(st.integers(0, MINUTES), st.integers(1, 100)))
def test_stretches_stay_apart_and_sorted_and_can_be_freed(numbers: list[tuple[int, int]], freed: tuple[int, int]) -> None:
    busy = Busy(stretches(numbers))
    busy.free(minute(freed[0]), minute(sum(freed)))
    left = {each for start, end in zip(busy.starts, busy.ends, strict=True) for each in minutes_of(start, end)}
    assert left == taken(numbers) - taken([freed])
    assert all(end <= start for end, start in zip(busy.ends, busy.starts[1:], strict=False))


def minutes_of(start: datetime, end: datetime) -> range:
    return range(int((start - START).total_seconds() // 60), int((end - START).total_seconds() // 60))


@given(spans, spans, spans, st.integers(0, MINUTES), st.integers(1, 50))
def test_the_first_fit_is_the_first_that_is_open_and_free(
    closed: list[tuple[int, int]],
    busy: list[tuple[int, int]],
    own: list[tuple[int, int]],
    earliest: int,
    length: int,
) -> None:
    shut = Busy(stretches(closed))
    edges = [START, *(edge for pair in zip(shut.starts, shut.ends, strict=True) for edge in pair), minute(100_000)]
    hours = OpenHours(Window(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1])
    found = first_fit(hours, [Busy(stretches(busy)), Busy(stretches(own))], minute(earliest), timedelta(minutes=length))
    assert found == minute(by_hand(earliest, length, taken(closed) | taken(busy) | taken(own)))


def test_nothing_fits_where_nothing_is_open() -> None:
    assert first_fit(OpenHours([]), [Busy()], START, timedelta(minutes=1)) is None
