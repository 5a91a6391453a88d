"""The bicycle plant in the application of this process, and the planner's long questions answered at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bike_plant import MONDAY, PORTS, Plant
from lotone.loader import Blueprint, load, read_blueprint
from lotone.plan.solvers import solve
from lotone.serve.first import folder_of
from lotone.serve.studies import Studies
from lotone.wiring import Platform


@pytest.fixture(scope="session")
def bicycles() -> Blueprint:
    return read_blueprint(folder_of("ebike"), PORTS, organization="demo")


@pytest.fixture
def plant(platform: Platform, bicycles: Blueprint) -> Plant:
    """Monday morning, nothing ordered yet."""
    made = Plant(platform, bicycles.product.id)
    platform.plant = lambda: made.now
    with platform.work("demo") as work:
        load(
            bicycles, assets=work.assets, configure=work.configure, market=work.market, connect=work.connect, plan=work.plan,
            at=MONDAY - timedelta(days=1),
        )  # fmt: skip
    return made


@pytest.fixture
def answer(platform: Platform) -> Callable[[], None]:
    """What the planner process does: answer every question that waits."""

    def act() -> None:
        studies = Studies(platform, solve)
        while studies.answer_one():
            pass

    return act
