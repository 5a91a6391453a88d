"""A factory that is ready to take orders."""

import pytest

from lamp_factory import LampFactory
from lotone.kernel import Database


@pytest.fixture
def factory(database: Database) -> LampFactory:
    return LampFactory(database).set_up()
