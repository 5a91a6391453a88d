"""A shop that sells the electric bicycle, in a plant that works Monday to Saturday; its clock stands until it is moved."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from lotone.loader import Blueprint, load, read_blueprint
from lotone.plan import Booking, BookingState
from lotone.wiring import Platform, relay


@dataclass
class PlantClock:
    """The plant's time, moved by hand."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **length: float) -> datetime:
        self.now += timedelta(**length)
        return self.now


@pytest.fixture(scope="session")
def blueprint() -> Blueprint:
    folder = Path(str(files("lotone") / "blueprints" / "ebike"))
    ports = {connection.id: 4840 for connection in read_blueprint(folder).connections}
    return read_blueprint(folder, ports)


@pytest.fixture
def plant(now: datetime) -> PlantClock:
    return PlantClock(now)


@pytest.fixture
def platform(platform: Platform, blueprint: Blueprint, plant: PlantClock) -> Platform:
    """The platform of the pages' tests; `demo` makes bicycles, `other` has an empty shop."""
    platform.plant = plant
    with platform.work("demo") as work:
        load(
            blueprint,
            assets=work.assets,
            configure=work.configure,
            market=work.market,
            connect=work.connect,
            plan=work.plan,
            at=plant(),
        )
    return platform


@pytest.fixture
def start(blueprint: Blueprint) -> list[str]:
    """The choices with which the shop opens."""
    return list(blueprint.product.start)


def csrf_of(answer: httpx.Response) -> str:
    return answer.text.partition('<meta name="csrf" content="')[2].partition('"')[0]


Visit = Callable[[], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def visit(app: FastAPI) -> AsyncIterator[Visit]:
    """`await visit()`: somebody nobody knows, who has opened the shop; her forms carry the right token."""
    async with AsyncExitStack() as opened:

        async def visitor() -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://lotone.test", headers={"Accept": "text/html"})
            await opened.enter_async_context(client)
            client.headers["X-CSRF-Token"] = csrf_of(await client.get("/shop/demo"))
            return client

        yield visitor


@pytest.fixture
async def guest(visit: Visit) -> httpx.AsyncClient:
    return await visit()


@pytest.fixture
def floor(platform: Platform, plant: PlantClock) -> "Floor":
    return Floor(platform, plant)


@dataclass
class Floor:
    """What the plant does, without machines: operations begin and end when they are told to."""

    platform: Platform
    plant: PlantClock

    def react(self) -> None:
        """Deliver what became true to whom it concerns, until nothing more follows from it."""
        while relay(self.platform).deliver():
            pass

    def begin(self, order: str) -> Booking:
        """The next operation of an order begins when it is planned."""
        with self.platform.work("demo") as work:
            waiting = [one for one in work.plan.bookings_of(order) if one.state is BookingState.PLANNED]
            booking = min(waiting, key=lambda one: one.start)
            self.plant.now = max(self.plant.now, booking.start)
            work.plan.started(booking.id, self.plant.now)
            work.orders.work_began(order)
        return booking

    def make(self, order: str, count: int) -> None:
        """The next operations of an order, from begin to end."""
        for _ in range(count):
            booking = self.begin(order)
            self.plant.now += booking.end - booking.start
            with self.platform.work("demo") as work:
                work.plan.finished(booking.id, self.plant.now)

    def stop(self, work_unit: str, minutes: float) -> None:
        """A machine breaks down, and everybody hears of it."""
        with self.platform.work("demo") as work:
            work.plan.machine_down(work_unit, self.plant.now, minutes)
        self.react()
