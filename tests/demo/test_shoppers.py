"""Shoppers against a shop with real answers about a real product, that is sometimes away, and sometimes says no."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lotone.configure import Configurator, Contradiction, Incomplete, read_model
from lotone.demo.shop_api import server_sent
from lotone.demo.shoppers import Account, Habits, Shoppers

MODEL = """
features
    Bike
        mandatory
            Drive
                alternative
                    Belt {Price 190}
                    Chain {Price 80}
            Motor
                alternative
                    Hub {Price 400}
                    Mid {Price 700}
        optional
            SplitFrame {Price 20}
            Rack {Price 40}
            Lamp {Price 30}
constraints
    Belt => SplitFrame
    Mid => !Rack
"""
QUICK = Habits(visits=30, seconds_between=0.001, thinks_s=0.0001, patience_s=5)


@dataclass
class Shop:
    """The agreed part of the HTTP API over a real configurator, with faults on demand."""

    bike: Configurator = field(default_factory=lambda: Configurator(read_model(MODEL)))
    quotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    """Idempotency key to order."""
    keys: list[str] = field(default_factory=list)
    looks: list[tuple[str, list[str], bool]] = field(default_factory=list)
    """Visit, options looked at, whether she left."""
    facts: list[dict[str, Any]] = field(default_factory=list)
    resumed_after: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    busy: int = 0
    """So many of the next requests are answered with 503."""
    loses_answers: bool = False
    """Whether the first answer to every order, which is placed, is lost."""
    no_orders: bool = False
    stream_breaks_after: int = 10**9
    requests: int = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/products", self.products),
                Route("/api/v1/products/bike/options", self.options, methods=["POST"]),
                Route("/api/v1/products/bike/explain", self.explain, methods=["POST"]),
                Route("/api/v1/products/bike/promise", self.promise, methods=["POST"]),
                Route("/api/v1/products/bike/looked", self.looked, methods=["POST"]),
                Route("/api/v1/quotes", self.quote, methods=["POST"]),
                Route("/api/v1/orders", self.order, methods=["POST"]),
                Route("/api/v1/orders/events", self.events),
            ]
        )

    def _meet(self, request: Request) -> bool:
        self.requests += 1
        self.tokens.add(request.headers["authorization"])
        self.busy -= 1
        return self.busy >= 0

    async def products(self, request: Request) -> Response:
        return _busy() if self._meet(request) else JSONResponse([{"id": "bike", "name": "Bike"}])

    async def options(self, request: Request) -> Response:
        if self._meet(request):
            return _busy()
        return JSONResponse(self.bike.options((await request.json())["choices"]).as_json())

    async def explain(self, request: Request) -> Response:
        asked = await request.json()
        assert self.bike.explain(asked["choices"], asked["wanted"]).reasons
        return _busy() if self._meet(request) else JSONResponse({})

    async def promise(self, request: Request) -> Response:
        if self._meet(request):
            return _busy()
        assert self.bike.options((await request.json())["choices"])
        return JSONResponse({"date": "2026-03-09", "binding": [{"kind": "machine", "hours": 48.0}]})

    async def looked(self, request: Request) -> Response:
        if self._meet(request):
            return _busy()
        asked = await request.json()
        self.looks.append((request.headers["visit"], asked["options"], asked["left"]))
        return Response(status_code=204)

    async def quote(self, request: Request) -> Response:
        busy, asked = self._meet(request), await request.json()
        try:
            self.bike.check(self.bike.options(asked["choices"]).configuration)
        except (Incomplete, Contradiction) as fault:
            return JSONResponse({"detail": str(fault)}, status_code=409)
        key = request.headers["idempotency-key"]
        self.quotes.setdefault(key, {"quote": f"quo_{len(self.quotes)}", "promise": {"date": "2026-03-09"}})
        return _busy() if busy else JSONResponse(self.quotes[key])

    async def order(self, request: Request) -> Response:
        asked, key = await request.json(), request.headers["idempotency-key"]
        busy = self._meet(request) or (self.loses_answers and key not in self.keys)
        self.keys.append(key)
        if self.no_orders:
            return JSONResponse({"detail": "the plant is closed"}, status_code=403)
        order = self.orders.setdefault(key, f"ord_{asked['quote']}")
        return _busy() if busy else JSONResponse({"order": order, "number": "B-1", "promised": "2026-03-09"}, status_code=201)

    async def events(self, request: Request) -> Response:
        after = request.headers.get("last-event-id", "")
        self.resumed_after.append(after)
        return StreamingResponse(self._stream(int(after or -1)), media_type="text/event-stream")

    async def _stream(self, after: int) -> AsyncIterator[str]:
        yield "retry: 2000\nevent: hello\ndata: {}\n\n"
        sent = 0
        while sent < self.stream_breaks_after:
            for number, fact in enumerate(self.facts):
                if number > after and sent < self.stream_breaks_after:
                    yield f"id: {number}\nevent: fact\ndata: {json.dumps(fact)}\n\n"
                    after, sent = number, sent + 1
            await asyncio.sleep(0.01)


def _busy() -> Response:
    return JSONResponse({"detail": "starting"}, status_code=503)


@dataclass
class Served:
    """The shop on a port of this computer; it can be closed and opened again."""

    shop: Shop
    port: int
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        config = uvicorn.Config(self.shop.app(), port=self.port, log_level="error", timeout_graceful_shutdown=0)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        until = time.monotonic() + 10
        while not self.server.started:
            assert time.monotonic() < until
            time.sleep(0.01)

    def close(self) -> None:
        if self.server and self.thread:
            self.server.should_exit = True
            self.thread.join(10)


@pytest.fixture
def served(free_port: Callable[[], int]) -> Iterator[Served]:
    made = Served(Shop(), free_port())
    made.open()
    yield made
    made.close()


async def visited(served: Served, habits: Habits = QUICK, seed: int = 7) -> Account:
    return await Shoppers(served.url, "secret", seed=seed, habits=habits).run(follow=False)


@pytest.mark.journey
async def test_shoppers_choose_ask_quote_order_and_leave(served: Served) -> None:
    account = await visited(served)
    assert account.visits == account.quotes + account.walked_off == 30
    assert account.left + len(account.placed) == account.quotes
    assert 1 <= account.left <= 14
    assert 1 <= account.walked_off <= 14
    assert account.whys > 3
    assert account.gave_up == account.retries == 0
    assert account.refusals == {}
    assert set(account.placed) == set(served.shop.orders.values())
    assert served.shop.tokens == {"Bearer secret"}
    assert len(account.quote_ms) == account.quotes


@pytest.mark.journey
async def test_each_shopper_tells_what_she_looked_at_and_that_she_leaves(served: Served) -> None:
    account = await visited(served)
    looks = served.shop.looks
    assert len({visit for visit, _, _ in looks}) == 30, "every shopper is a visit of her own"
    assert sum(left for _, _, left in looks) == account.left + account.walked_off
    assert all(options for _, options, left in looks if not left)
    assert {option for _, options, _ in looks for option in options} >= {"Belt", "Chain", "Rack"}


@pytest.mark.journey
async def test_they_choose_different_things_and_the_same_with_the_same_seed(served: Served) -> None:
    seen: list[list[str]] = []
    check = served.shop.bike.check
    served.shop.bike.check = lambda wanted: (seen.append(sorted(wanted)), check(wanted))[1]  # type: ignore[method-assign]
    one_by_one = Habits(visits=20, seconds_between=0.0001, thinks_s=0.0001, at_once=1)
    await visited(served, one_by_one, seed=1)
    first, seen[:] = list(seen), []
    await visited(served, one_by_one, seed=1)
    assert seen == first
    assert len({tuple(bike) for bike in first}) > 5


@pytest.mark.journey
async def test_a_busy_server_gets_the_same_key_again(served: Served) -> None:
    served.shop.busy = 25
    account = await visited(served, Habits(visits=6, seconds_between=0.001, thinks_s=0.0001, patience_s=20, leaves=0))
    assert account.retries >= 6
    assert account.gave_up == 0
    assert len(account.placed) == len(served.shop.orders) == 6, "an order that was sent twice is one order"


@pytest.mark.journey
async def test_orders_whose_answer_was_lost_are_not_doubled(served: Served) -> None:
    served.shop.loses_answers = True
    account = await visited(served, Habits(visits=6, seconds_between=0.001, thinks_s=0.0001, patience_s=20, leaves=0))
    assert account.retries == 6
    assert len(served.shop.keys) == 12
    assert set(account.placed) == set(served.shop.orders.values())
    assert len(account.placed) == 6


@pytest.mark.journey
async def test_a_server_that_is_restarted_loses_no_shopper(served: Served) -> None:
    shoppers = Shoppers(served.url, "secret", habits=Habits(visits=40, seconds_between=0.03, thinks_s=0.005, patience_s=20))
    running = asyncio.create_task(shoppers.run(follow=False))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(served.close)
    await asyncio.sleep(0.7)
    await asyncio.to_thread(served.open)
    account = await running
    assert account.gave_up == 0
    assert account.retries > 0
    assert account.left + account.walked_off + len(account.placed) == 40
    assert set(account.placed) == set(served.shop.orders.values())


@pytest.mark.journey
async def test_a_server_that_stays_away_is_given_up(free_port: Callable[[], int]) -> None:
    said: list[str] = []
    habits = Habits(visits=3, seconds_between=0.001, patience_s=0.3)
    shoppers = Shoppers(f"http://127.0.0.1:{free_port()}", "secret", habits=habits, say=said.append)
    account = await shoppers.run(follow=False)
    assert account.gave_up == 3
    assert "nobody answers: GET /api/v1/products: ConnectError" in said[0]


@pytest.mark.journey
async def test_refusals_are_counted_with_their_sentence(served: Served) -> None:
    served.shop.no_orders = True
    account = await visited(served, Habits(visits=5, seconds_between=0.001, thinks_s=0.0001, leaves=0))
    assert account.refusals == {"403: the plant is closed": 5}
    assert len(served.shop.keys) == 5, "a refusal is not sent again"


@pytest.mark.journey
def test_moved_promises_reach_the_buyer_once_over_broken_streams(served: Served) -> None:
    served.shop.stream_breaks_after = 2
    shoppers = Shoppers(served.url, "secret", habits=Habits(visits=1, seconds_between=0.001, leaves=0))
    shoppers.start()
    until = time.monotonic() + 20
    for day in range(10, 15):
        fact = {"name": "PromiseTold", "order": "ord_1", "before": "2026-03-09", "after": f"2026-03-{day}", "reason_en": "why"}
        served.shop.facts += [{"name": "OrderPlaced", "order": "ord_1"}, fact]
        time.sleep(0.1)
    while len(shoppers.account.told) < 5:
        assert time.monotonic() < until
        time.sleep(0.02)
    shoppers.stop()
    assert not shoppers._thread.is_alive()
    assert [told.after for told in shoppers.account.told] == [f"2026-03-{day}" for day in range(10, 15)]
    assert [told.number for told in shoppers.account.told] == [1, 3, 5, 7, 9]
    assert all(abs(told.told_at - time.time()) < 20 and told.reason == "why" for told in shoppers.account.told)
    assert len(served.shop.resumed_after) >= 5
    assert served.shop.resumed_after[-1] != ""


@pytest.mark.journey
def test_they_stop_at_once(served: Served) -> None:
    shoppers = Shoppers(served.url, "secret", habits=Habits(seconds_between=30, thinks_s=30))
    shoppers.start()
    time.sleep(0.3)
    began = time.monotonic()
    shoppers.stop()
    assert time.monotonic() - began < 2
    assert not shoppers._thread.is_alive()


async def test_events_are_read_as_the_standard_says() -> None:
    text = (
        'retry: 1\n\n: comment\nid: 4\nevent: PromiseMoved\ndata: {"order":\ndata:  "ord_1"}\n\n'
        'event: fact\ndata: {"name": "PromiseTold"}\n\ndata: not json\n\nevent: bye\ndata: {}\n\n'
    )

    async def lines() -> AsyncIterator[str]:
        for line in text.split("\n"):
            yield line

    found = [event async for event in server_sent(lines())]
    assert [event for event in found if event[1]] == [
        ("4", "PromiseMoved", {"order": "ord_1"}),
        ("4", "PromiseTold", {}),
        ("4", "bye", {}),
    ]
