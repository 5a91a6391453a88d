"""A shop whose visitors are made up: the electric bicycle, and four weeks of visits to it."""

import random
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from lotone.configure import Tally
from lotone.loader import Blueprint, load, read_blueprint
from lotone.wiring import Platform
from made_up_visits import made_up

Fill = Callable[..., Tally]


@pytest.fixture(scope="session")
def blueprint() -> Blueprint:
    folder = Path(str(files("lotone") / "blueprints" / "ebike"))
    ports = {connection.id: 4840 for connection in read_blueprint(folder).connections}
    return read_blueprint(folder, ports)


@pytest.fixture
def platform(platform: Platform, blueprint: Blueprint) -> Platform:
    """The platform of the pages' tests; `demo` sells bicycles, `other` nothing."""
    with platform.work("demo") as work:
        load(
            blueprint,
            assets=work.assets,
            configure=work.configure,
            market=work.market,
            connect=work.connect,
            plan=work.plan,
            at=platform.plant(),
        )
    return platform


@pytest.fixture
def fill(platform: Platform) -> Fill:
    """`fill(visits=500, days=28)`: visits of made-up shoppers on the days up to today, added to the counts."""

    def filled(visits: int = 400, days: int = 28, seed: int = 1) -> Tally:
        tally = made_up(platform, visits, days, platform.today(), random.Random(seed))
        with platform.work("demo") as work:
            work.interest.count(tally)
        return tally

    return filled
