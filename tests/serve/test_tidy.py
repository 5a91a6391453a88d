"""The planner deletes counts of shoppers' interest that are older than their organization keeps them, once a plant day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from lotone.configure import InterestSettings, Tally
from lotone.configure.model.interest import Cell
from lotone.kernel import Database, Messages, Settings, Words
from lotone.serve.planner import Planner
from lotone.wiring import Platform

NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.fixture
def planner(database: Database) -> Iterator[Planner]:
    messages = Messages("nats://127.0.0.1:1", name="test")
    platform = Platform(Settings(), database=database, messages=messages, plant=lambda: NOON)
    for organization in ("demo", "other"):
        with platform.work(organization) as work:
            work.identity.create_organization(organization, Words(organization))
            work.interest.count(_visits(platform.today(), 5, 0))
    with platform.work("demo") as work:
        work.interest.store.save_settings(InterestSettings(keep_days=3))
    made = Planner(platform)
    yield made
    made.writers.shutdown()
    messages.close()


def _visits(today: date, *days_ago: int) -> Tally:
    tally = Tally()
    for days in days_ago:
        tally.add(Cell("bike", today - timedelta(days=days)), visits=1)
    return tally


def _days(planner: Planner, organization: str) -> int:
    with planner.platform.look(organization) as work:
        return work.interest.extent()[0]


def test_what_is_too_old_goes_and_the_rest_stays(planner: Planner) -> None:
    assert _days(planner, "demo") == _days(planner, "other") == 2
    for organization in planner.platform.organizations():
        planner._tidy(organization)
    assert _days(planner, "demo") == 1
    assert _days(planner, "other") == 2, "another organization keeps its counts for as long as it says"


def test_once_a_day_is_enough(planner: Planner) -> None:
    planner._tidy("demo")
    with planner.platform.work("demo") as work:
        work.interest.count(_visits(planner.platform.today(), 9))
    planner._tidy("demo")
    assert _days(planner, "demo") == 2
    planner.platform.plant = lambda: NOON + timedelta(days=1)
    planner._tidy("demo")
    assert _days(planner, "demo") == 1
