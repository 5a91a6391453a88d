"""Clock, ids, words, money and moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from lotone.kernel import Database, Money, PlantClock, UtcTime, Words, new_id

START = datetime(2026, 3, 2, 7, tzinfo=UTC)


@given(st.floats(0.1, 10_000), st.floats(0, 100_000))
def test_plant_time_passes_at_its_speed(speed: float, wall_s: float) -> None:
    clock = PlantClock(START, START, speed, wall=lambda: START + timedelta(seconds=wall_s))
    passed = clock() - START
    assert clock.wall_seconds(passed) == pytest.approx(wall_s, abs=1e-3)


def test_ids_say_what_they_are_sort_by_time_and_do_not_repeat() -> None:
    ids = [new_id("ord") for _ in range(1000)]
    assert all(identifier.startswith("ord_") and len(identifier) == 26 for identifier in ids)
    assert len(set(ids)) == 1000
    assert [identifier[:13] for identifier in ids] == sorted(identifier[:13] for identifier in ids)


def test_words_fall_back_to_english() -> None:
    assert Words("frame", "车架").in_language("zh-CN") == "车架"
    assert Words("frame").in_language("zh") == "frame"
    assert Words.from_dict(Words("a", "b").as_dict()) == Words("a", "b")


def test_money_adds_exactly_and_never_across_currencies() -> None:
    assert Money(10) + Money(20) == Money(30)
    assert str(Money(123450)) == "1234.50 EUR"
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(1) + Money(1, "USD")


def test_a_moment_is_kept_in_utc_and_a_naive_one_refused(database: Database) -> None:
    table = Table("moment_test", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcTime))
    table.create(database.engine)
    there = START.astimezone(timezone(timedelta(hours=8)))
    with database.work() as connection:
        connection.execute(insert(table).values(id=1, at=there))
        assert connection.execute(select(table.c.at)).scalar_one() == START
        with pytest.raises(Exception, match="no time zone"):
            connection.execute(insert(table).values(id=2, at=START.replace(tzinfo=None)))
