"""Simulated shoppers: they choose, ask why not, get a promise, order or leave, and follow their orders, over the HTTP API."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from lotone.demo.shop_api import AGAIN, RETRY_FIRST_S, RETRY_LAST_S, Api, NoAnswer, Refusal

Say = Callable[[str], None]

TOLD = ("PromiseTold", "PromiseMoved")
"""Facts by which a buyer learns that her date has changed."""
HOURS_A_DAY = 24
STEPS_MAX = 80
"""So many clicks a shopper makes before she gives up."""


@dataclass(frozen=True)
class Habits:
    """How the shoppers are."""

    visits: int | None = None
    """They come until so many visits were made; without it, until they are stopped."""
    orders: int | None = None
    """No new ones come once so many orders are placed."""
    seconds_between: float = 1.0
    """Mean wall seconds between two arrivals."""
    thinks_s: float = 0.05
    """Mean wall seconds between two clicks."""
    leaves: float = 0.2
    """The part of the quotes after which she leaves; with doubts she leaves the sooner, the longer she would wait."""
    doubts: float = 0.3
    """The part who look at price and date once more before they ask for a quote, and then take something back, or leave."""
    declines: float = 0.35
    """The part of the options she sees and does not take."""
    asks_why: float = 0.15
    """The part of her clicks that hit an impossible option."""
    at_once: int = 6
    """So many are in the shop together at most."""
    patience_s: float = 60.0
    """She tries a request again for so long when the server is away."""


@dataclass(frozen=True)
class Placed:
    """An order of theirs: when it was placed (wall seconds since 1970), and the date that was promised."""

    order: str
    number: str
    placed_at: float
    promised: str


@dataclass(frozen=True)
class Told:
    """A moved promise that reached the buyer: the number of the fact, the order, and when (wall seconds since 1970)."""

    number: int
    order: str
    told_at: float
    before: str
    after: str
    reason: str


@dataclass
class Account:
    """What the shoppers did and saw."""

    visits: int = 0
    clicks: int = 0
    whys: int = 0
    quotes: int = 0
    left: int = 0
    """After a quote."""
    walked_off: int = 0
    """Before a quote, having seen price and date."""
    gave_up: int = 0
    retries: int = 0
    placed: dict[str, Placed] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    """What the server refused, with how often."""
    quote_ms: list[float] = field(default_factory=list)

    def retried(self) -> None:
        self.retries += 1

    def refused(self, refusal: Refusal) -> None:
        self.refusals[str(refusal)] = self.refusals.get(str(refusal), 0) + 1


class Shoppers:
    """A stream of shoppers with one API token. `start` and `stop` from any thread; `account` tells what they did so far."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        seed: int = 1,
        habits: Habits | None = None,
        products: tuple[str, ...] = (),
        say: Say = lambda sentence: None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = base_url
        self.token = token
        self.habits = habits or Habits()
        self.account = Account()
        self.products = products
        self.say = say
        self.chance = random.Random(seed)  # noqa: S311
        self._transport = transport
        self._is_stopped = False
        self._end = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._main, name="shoppers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """No new ones come, those in the shop leave, and nobody follows the orders any more."""
        self._is_stopped = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _main(self) -> None:
        asyncio.run(self.run())

    async def run(self, *, follow: bool = True) -> Account:
        """Visit until the habits say it is enough; then follow the orders until stopped. Returns the account."""
        self._loop = asyncio.get_running_loop()
        if self._is_stopped:
            return self.account
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": "lotone-shoppers"}
        limits = httpx.Limits(max_connections=self.habits.at_once + 4)
        async with httpx.AsyncClient(
            base_url=self.base_url, headers=headers, timeout=20.0, limits=limits, transport=self._transport
        ) as client:
            api = Api(client, self.account.retried, self.habits.patience_s)
            following = asyncio.create_task(self._follow(api)) if follow else None
            try:
                await self._visits(api)
                if following is not None:
                    await self._end.wait()
            finally:
                if following is not None:
                    following.cancel()
                    with suppress(asyncio.CancelledError):
                        await following
        return self.account

    async def _visits(self, api: Api) -> None:
        """Shoppers come, a few at a time."""
        in_shop: set[asyncio.Task[None]] = set()
        while not self._enough():
            if len(in_shop) < self.habits.at_once:
                self.account.visits += 1
                in_shop.add(asyncio.create_task(self._visit(api, random.Random(self.chance.random()))))  # noqa: S311
                await self._pause(self.chance.expovariate(1 / max(self.habits.seconds_between, 1e-6)))
            else:
                await asyncio.wait(in_shop, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
            in_shop = {each for each in in_shop if not each.done()}
        while in_shop and not self._end.is_set():
            _, in_shop = await asyncio.wait(in_shop, timeout=0.1)
        for each in in_shop:
            each.cancel()
        await asyncio.gather(*in_shop, return_exceptions=True)

    def _enough(self) -> bool:
        habits, account = self.habits, self.account
        visited = habits.visits is not None and account.visits >= habits.visits
        ordered = habits.orders is not None and len(account.placed) >= habits.orders
        return self._end.is_set() or visited or ordered

    async def _visit(self, api: Api, chance: random.Random) -> None:
        try:
            await self._shop(api.for_visit(), chance)
        except Refusal as refusal:
            self.account.refused(refusal)
            self.account.gave_up += 1
            self.say(f"a shopper gives up: {refusal}")
        except NoAnswer as fault:
            self.account.gave_up += 1
            self.say(f"a shopper gives up, nobody answers: {fault}")

    async def _shop(self, api: Api, chance: random.Random) -> None:
        self.products = self.products or tuple(await api.products())
        if not self.products:
            raise NoAnswer("the shop has no products")
        product = chance.choice(self.products)
        began = time.monotonic()
        quote = await Choosing(self, api, chance, product).until_quoted()
        if quote is None:
            self.account.walked_off += 1
            return
        self.account.quotes += 1
        await self.think(chance)
        if chance.random() < self.habits.leaves:
            self.account.left += 1
            await api.looked(product, [], left=True)
            return
        order = await api.order(_id_of(quote, "quote"))
        placed = Placed(
            order=_id_of(order, "order"),
            number=str(order.get("number", "")),
            placed_at=time.time(),
            promised=str(order.get("promised") or _date_of(order)),
        )
        self.account.placed[placed.order] = placed
        self.say(
            f"order {placed.number or placed.order} placed after {time.monotonic() - began:.1f} s, promised {placed.promised}"
        )

    async def _follow(self, api: Api) -> None:
        """Hear what happens to the orders; after a broken stream, go on where it broke."""
        after, wait_s = "", RETRY_FIRST_S
        while True:
            try:
                async for number, fact in api.events(after):
                    after, wait_s = number or after, RETRY_FIRST_S
                    self._hear(number, fact)
            except (httpx.TransportError, Refusal) as fault:
                if isinstance(fault, Refusal) and fault.status not in AGAIN:
                    self.account.refused(fault)
                self.account.retries += 1
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_LAST_S)

    def _hear(self, number: str, fact: Mapping[str, Any]) -> None:
        if fact.get("name") not in TOLD or "order" not in fact:
            return
        told = Told(
            number=int(number) if number.isdecimal() else int(fact.get("number", 0)),
            order=str(fact["order"]),
            told_at=time.time(),
            before=str(fact.get("before", "")),
            after=str(fact.get("after", "")),
            reason=str(fact.get("reason_en", "")),
        )
        if any(known.number == told.number for known in self.account.told):
            return
        self.account.told.append(told)
        self.say(f"the buyer of {told.order} was told {told.after} instead of {told.before}: {told.reason}")

    async def think(self, chance: random.Random) -> None:
        await self._pause(chance.expovariate(1 / max(self.habits.thinks_s, 1e-6)))

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._end.wait(), seconds)


class Choosing:
    """One shopper before one product: she takes and leaves options one after another until she has a quote."""

    def __init__(self, shoppers: Shoppers, api: Api, chance: random.Random, product: str) -> None:
        self.shoppers = shoppers
        self.api = api
        self.chance = chance
        self.product = product
        self.choices: list[str] = []
        self.declined: set[str] = set()
        self.seen: set[str] = set()
        self.costs: dict[str, float] = {}
        """What each choice added to the price when she took it."""
        self.is_sure = chance.random() >= shoppers.habits.doubts

    async def until_quoted(self) -> dict[str, Any] | None:
        """None when she leaves before. Raises NoAnswer when she finds no end."""
        habits, account = self.shoppers.habits, self.shoppers.account
        options = await self.api.options(self.product, self.choices)
        if not self.is_sure:
            await self._promise()
        for _ in range(STEPS_MAX):
            await self.shoppers.think(self.chance)
            open_ones = [option for option in options["possible"] if option not in self.declined]
            if not open_ones and not self.is_sure:
                if await self._doubt():
                    return None
                options = await self.api.options(self.product, self.choices)
                continue
            if not open_ones:
                await self.api.looked(self.product, sorted(self.seen))
                quote = await self._try_to_quote()
                if quote is not None:
                    return quote
                self.declined.clear()
                continue
            account.clicks += 1
            wanted = self.chance.choice(open_ones)
            self.seen.add(wanted)
            if options["impossible"] and self.chance.random() < habits.asks_why:
                await self._ask_why(self.chance.choice(options["impossible"]))
            elif self.chance.random() < habits.declines:
                self.declined.add(wanted)
            else:
                price = options["price"]
                self.choices.append(wanted)
                options = await self.api.options(self.product, self.choices)
                self.costs[wanted] = options["price"] - price
        raise NoAnswer(f"{self.product}: still open after {STEPS_MAX} clicks: {self.choices}")

    async def _doubt(self) -> bool:
        """She looks at price and date once more: true when she leaves, else she takes one choice back, often a dear one."""
        self.is_sure = True
        waits = [each["hours"] for each in (await self._promise())["binding"] if each["kind"] != "operation"]
        if self.chance.random() < self.shoppers.habits.leaves * (1 + max(waits, default=0.0) / HOURS_A_DAY):
            await self.api.looked(self.product, sorted(self.seen), left=True)
            return True
        if self.choices:
            some = self.chance.sample(self.choices, min(len(self.choices), 3))
            unwanted = max(some, key=lambda name: self.costs[name])
            self.choices.remove(unwanted)
            self.declined.add(unwanted)
        return False

    async def _promise(self) -> dict[str, Any]:
        """With something still open, or at a moment when no date can be told, there is none."""
        try:
            return await self.api.promise(self.product, self.choices)
        except Refusal as refusal:
            if refusal.status not in (400, 409, 422, 503):
                raise
            return {"binding": []}

    async def _try_to_quote(self) -> dict[str, Any] | None:
        """None when something that must be chosen is still open."""
        began = time.monotonic()
        try:
            quote = await self.api.quote(self.product, self.choices)
        except Refusal as refusal:
            if self.declined and refusal.status in (400, 409, 422):
                return None
            raise
        self.shoppers.account.quote_ms.append((time.monotonic() - began) * 1000)
        return quote

    async def _ask_why(self, wanted: str) -> None:
        try:
            await self.api.why(self.product, self.choices, wanted)
            self.shoppers.account.whys += 1
        except Refusal as refusal:
            self.shoppers.account.refused(refusal)


def _id_of(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or values["id"])


def _date_of(values: Mapping[str, Any]) -> str:
    promise = values.get("promise")
    return str(promise.get("date", "")) if isinstance(promise, dict) else ""
