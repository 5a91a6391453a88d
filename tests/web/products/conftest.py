"""An organization that sells a small bicycle, and a product manager who changes it."""

from datetime import datetime

import httpx
import pytest

from bike_family import BIKE
from lotone.assets import Part
from lotone.assets.model import Equipment, Level
from lotone.identity import Role
from lotone.kernel import Words
from lotone.wiring import Platform


@pytest.fixture
def platform(platform: Platform, now: datetime) -> Platform:
    """The platform of the pages' tests; `demo` sells a bicycle, `other` sells nothing."""
    platform.plant = lambda: now
    with platform.work("demo") as work:
        work.assets.add_equipment(
            [
                Equipment("works", Level.SITE, None, Words("Works")),
                Equipment("hall", Level.AREA, "works", Words("Hall")),
                Equipment("assembly", Level.WORK_CENTER, "hall", Words("Assembly")),
                Equipment("asm-1", Level.WORK_UNIT, "assembly", Words("Assembly 1")),
            ]
        )
        work.assets.add_parts([Part("rack", Words("Rack", "货架"))])
        work.configure.publish(BIKE, by="somebody", note="the first")
    return platform


@pytest.fixture
def manager(signed_in) -> httpx.AsyncClient:  # type: ignore[no-untyped-def]
    client: httpx.AsyncClient = signed_in(Role.PRODUCT_MANAGER)
    return client
