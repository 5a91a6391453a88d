"""Working calendars over weekends, holidays, nights and both changes of the clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.plan import Calendar, CalendarException, Shift, WrongCalendar
from lotone.plan.check import is_open
from lotone.plan.model.calendar import open_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(*shifts: tuple[str, str, str], exceptions: tuple[CalendarException, ...] = ()) -> Calendar:
    return Calendar("c", "Europe/Berlin", tuple(Shift.from_text(*shift) for shift in shifts), exceptions)


def test_windows_are_local_hours_in_utc() -> None:
    windows = berlin(("Mon-Sat", "06:00", "22:00")).windows(at("2026-03-02"), at("2026-03-09"))
    assert len(windows) == 6
    assert windows[0] == (at("2026-03-02T05:00"), at("2026-03-02T21:00"))


def test_windows_are_cut_at_both_ends() -> None:
    windows = berlin(("Mon", "06:00", "22:00")).windows(at("2026-03-02T10:00"), at("2026-03-02T11:00"))
    assert windows == [(at("2026-03-02T10:00"), at("2026-03-02T11:00"))]


def test_hours_follow_summer_time() -> None:
    windows = berlin(("Sun,Mon", "06:00", "14:00")).windows(at("2026-03-28"), at("2026-03-31"))
    assert [window.start for window in windows] == [at("2026-03-29T04:00"), at("2026-03-30T04:00")]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28T12:00", 7), ("2026-10-24T12:00", 9), ("2026-05-02T12:00", 8)])
def test_a_night_shift_is_shorter_or_longer_when_the_clocks_change(day: str, hours: int) -> None:
    windows = berlin(("Sat", "22:00", "06:00")).windows(at(day), at(day) + timedelta(days=1))
    assert [window.end - window.start for window in windows] == [timedelta(hours=hours)]


def test_a_shift_that_begins_in_the_hour_that_does_not_exist() -> None:
    """02:30 on that Sunday is 03:30 on the clock; a shift from 02:30 to 03:15 has no time at all."""
    assert berlin(("Sun", "02:30", "08:00")).windows(at("2026-03-29"), at("2026-03-29T12:00"))[0].start == at(
        "2026-03-29T01:30"
    )
    assert berlin(("Sun", "02:30", "03:15")).windows(at("2026-03-29"), at("2026-03-29T12:00")) == []


def test_around_the_clock_is_one_window() -> None:
    windows = berlin(("Mon-Sun", "00:00", "24:00")).windows(at("2026-03-01"), at("2026-11-01"))
    assert windows == [(at("2026-03-01"), at("2026-11-01"))]


def test_shifts_that_touch_or_overlap_are_one_window() -> None:
    calendar = berlin(("Mon", "06:00", "14:00"), ("Mon", "14:00", "20:00"), ("Mon", "19:00", "22:00"))
    assert len(calendar.windows(at("2026-03-02"), at("2026-03-03"))) == 1


def test_exceptions_close_and_open() -> None:
    holiday = CalendarException(at("2026-03-03T10:00"), at("2026-03-03T12:00"))
    sunday = CalendarException(at("2026-03-08T08:00"), at("2026-03-08T12:00"), is_open=True)
    calendar = berlin(("Mon-Fri", "06:00", "14:00"), exceptions=(holiday, sunday))
    tuesday = calendar.windows(at("2026-03-03"), at("2026-03-04"))
    assert tuesday == [(at("2026-03-03T05:00"), at("2026-03-03T10:00")), (at("2026-03-03T12:00"), at("2026-03-03T13:00"))]
    assert calendar.windows(at("2026-03-08"), at("2026-03-09")) == [(sunday.start, sunday.end)]


def test_a_closed_time_wins_over_an_open_one() -> None:
    opened = CalendarException(at("2026-03-08T08:00"), at("2026-03-08T12:00"), is_open=True)
    closed = CalendarException(at("2026-03-08T07:00"), at("2026-03-08T20:00"))
    assert berlin(("Mon", "06:00", "14:00"), exceptions=(opened, closed)).windows(at("2026-03-08"), at("2026-03-09")) == []


def test_calendars_survive_being_kept() -> None:
    calendar = berlin(("Mon-Sat", "22:00", "06:00"), exceptions=(CalendarException(at("2026-03-03"), at("2026-03-04")),))
    assert Calendar.from_json("c", calendar.as_json()) == calendar


@pytest.mark.parametrize(
    ("weekdays", "start", "end", "shift"),
    [
        ("Mon-Sat", "06:00", "22:00", Shift((0, 1, 2, 3, 4, 5), 360, 1320)),
        ("sat-mon", "00:00", "24:00", Shift((0, 5, 6), 0, 1440)),
        ("Mon, Wed;Friday", "22:00", "06:00", Shift((0, 2, 4), 1320, 1800)),
    ],
)
def test_shifts_from_text(weekdays: str, start: str, end: str, shift: Shift) -> None:
    assert Shift.from_text(weekdays, start, end) == shift


@pytest.mark.parametrize(
    ("weekdays", "start", "end"),
    [
        ("Mon", "6", "22:00"),
        ("Mon", "06:00", "25:00"),
        ("Mon", "06:60", "07:00"),
        ("Xyz", "06:00", "07:00"),
        ("", "06:00", "07:00"),
    ],
)
def test_what_is_not_a_shift_says_so(weekdays: str, start: str, end: str) -> None:
    with pytest.raises(WrongCalendar):
        Shift.from_text(weekdays, start, end)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(WrongCalendar, match="Mars/Olympus"):
        Calendar("c", "Mars/Olympus", (Shift((0,), 0, 60),))


shifts = st.builds(
    lambda days, start, length: Shift(tuple(sorted(days)), start, start + length),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
zones = st.sampled_from(("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"))
moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: at("2026-01-01") + timedelta(minutes=minutes))


@given(zones, st.lists(shifts, min_size=1, max_size=3), moments)
def test_windows_are_what_the_checker_thinks_is_open(zone: str, weekly: list[Shift], start: datetime) -> None:
    """The checker reads the shifts day by day in local time; it knows nothing of windows."""
    calendar = Calendar("c", zone, tuple(weekly))
    end = start + timedelta(days=9)
    windows = calendar.windows(start, end)
    for window in windows:
        assert start <= window.start < window.end <= end
        assert is_open(calendar, window.start, window.end)
    edges = [start, *(edge for window in windows for edge in window), end]
    for closed_from, closed_until in list(pairwise(edges))[::2]:
        middle = closed_from + (closed_until - closed_from) / 2
        if closed_from < middle:
            assert not is_open(calendar, middle, middle + timedelta(microseconds=1))


@given(zones, st.lists(shifts, min_size=1, max_size=2), moments, st.integers(1, 2000))
def test_the_first_fit_lies_in_open_hours(zone: str, weekly: list[Shift], now: datetime, minutes: int) -> None:
    calendar, duration = Calendar("c", zone, tuple(weekly)), timedelta(minutes=minutes)
    start = open_hours(calendar, now).first(now, duration)
    if start is None:
        assert open_hours(calendar, now).longest < duration
    else:
        assert start >= now
        assert is_open(calendar, start, start + duration)


def test_open_time_between_two_moments() -> None:
    hours = open_hours(berlin(("Mon-Sat", "06:00", "22:00")), at("2026-03-02"))
    assert hours.total(at("2026-03-02"), at("2026-03-09")) == timedelta(hours=6 * 16)
    assert hours.total(at("2026-03-02T20:00"), at("2026-03-03T06:00")) == timedelta(hours=2)
