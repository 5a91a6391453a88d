"""The planner's plant in the application of this process."""

from datetime import timedelta

import pytest

from bike_plant import MONDAY, PORTS, Plant
from lotone.loader import Blueprint, load, read_blueprint
from lotone.serve.first import folder_of
from lotone.wiring import Platform


@pytest.fixture(scope="session")
def bicycles() -> Blueprint:
    return read_blueprint(folder_of("ebike"), PORTS, organization="demo")


@pytest.fixture
def plant(platform: Platform, bicycles: Blueprint) -> Plant:
    made = Plant(platform, bicycles.product.id)
    platform.plant = lambda: made.now
    with platform.work("demo") as work:
        load(
            bicycles, assets=work.assets, configure=work.configure, market=work.market, connect=work.connect, plan=work.plan,
            at=MONDAY - timedelta(days=1),
        )  # fmt: skip
    return made
