"""Guests of one network address change things as often as people do, not as often as programs can."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lotone.web.pace import KEPT, Pace, TooFast


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_caller_who_asks_too_often_waits_and_nobody_else_does() -> None:
    clock = Clock()
    pace = Pace(3, clock)
    for _ in range(3):
        pace.take("demo", "203.0.113.7")
    with pytest.raises(TooFast, match="try again in 20 s"):
        pace.take("demo", "203.0.113.7")
    pace.take("demo", "203.0.113.8")
    pace.take("other", "203.0.113.7")
    clock.now += timedelta(seconds=20)
    pace.take("demo", "203.0.113.7")
    with pytest.raises(TooFast):
        pace.take("demo", "203.0.113.7")


def test_addresses_of_one_household_are_one_caller() -> None:
    pace = Pace(1, Clock())
    pace.take("demo", "2001:db8::1")
    with pytest.raises(TooFast):
        pace.take("demo", "2001:db8::2")


def test_no_limit_and_bounded_memory() -> None:
    free, pace = Pace(0, Clock()), Pace(1, Clock())
    for number in range(KEPT + 50):
        free.take("demo", "203.0.113.7")
        pace.take("demo", str(number))
    assert len(pace._left) == KEPT


async def test_a_guest_in_a_hurry_is_told_to_wait(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/shop/demo", headers={"Accept": "text/html"})
    browser.headers["X-CSRF-Token"] = page.text.partition('<meta name="csrf" content="')[2].partition('"')[0]
    answers = [await browser.post("/shop/demo/quotes/none/place", data={}) for _ in range(62)]
    assert {answer.status_code for answer in answers[:60]} == {404}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await browser.get("/shop/demo")).status_code == 200, "looking is free"
