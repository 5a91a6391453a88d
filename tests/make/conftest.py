"""The lamp factory with running machines."""

import pytest

from lamp_floor import LampFloor
from lotone.kernel import Database


@pytest.fixture
def floor(database: Database) -> LampFloor:
    return LampFloor(database).set_up().start_machines()
