"""The shop's HTTP API as a program uses it: requests that are sent again when the server is away, events, refusals."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from lotone.kernel import new_id

RETRY_FIRST_S, RETRY_LAST_S = 0.1, 2.0
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which the same request is sent again: the server was busy or just being restarted."""


class NoAnswer(Exception):
    """The server did not answer a request in time, however often it was sent."""


class Refusal(Exception):
    """The server understood and said no."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status
        self.sentence = sentence


class Api:
    """The shop's HTTP API as a program uses it: one place that knows its paths. Raises Refusal and NoAnswer."""

    def __init__(self, client: httpx.AsyncClient, retried: Callable[[], None], patience_s: float, visit: str = "") -> None:
        self.client = client
        self.retried = retried
        self.patience_s = patience_s
        self.visit = visit

    def for_visit(self) -> "Api":
        """The same for one shopper: the shop counts what she does apart from what others with this token do."""
        return Api(self.client, self.retried, self.patience_s, new_id("vis"))

    async def products(self) -> list[str]:
        found = await self._ask("GET", "/api/v1/products")
        rows = found.get("products", []) if isinstance(found, dict) else found
        return [str(row["id"]) if isinstance(row, dict) else str(row) for row in rows]

    async def options(self, product: str, choices: list[str]) -> dict[str, Any]:
        """What the choices leave open: selected, forced, possible, impossible."""
        return dict(await self._ask("POST", f"/api/v1/products/{product}/options", {"choices": choices}))

    async def why(self, product: str, choices: list[str], wanted: str) -> Any:
        body = {"choices": choices, "wanted": wanted}
        return await self._ask("POST", f"/api/v1/products/{product}/explain", body)

    async def promise(self, product: str, choices: list[str]) -> dict[str, Any]:
        """When this could be handed over."""
        return dict(await self._ask("POST", f"/api/v1/products/{product}/promise", {"choices": choices}))

    async def looked(self, product: str, options: list[str], *, left: bool = False) -> None:
        """Which options she looked at, and whether she leaves now."""
        await self._ask("POST", f"/api/v1/products/{product}/looked", {"options": options, "left": left})

    async def quote(self, product: str, choices: list[str]) -> dict[str, Any]:
        """Price and promise; sent again with the same key, it is the same quote."""
        key = new_id("key")
        return dict(await self._ask("POST", "/api/v1/quotes", {"product": product, "choices": choices}, key=key))

    async def order(self, quote: str) -> dict[str, Any]:
        """The order of a quote; sent again with the same key, it is the same order."""
        return dict(await self._ask("POST", "/api/v1/orders", {"quote": quote}, key=new_id("key")))

    async def track(self, order: str) -> dict[str, Any]:
        return dict(await self._ask("GET", f"/api/v1/orders/{order}"))

    async def events(self, after: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """(number, fact) of what happens to the caller's orders, from now or from after a number, until the stream breaks."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
        wait = httpx.Timeout(10.0, read=60.0)
        async with self.client.stream("GET", "/api/v1/orders/events", headers=headers, timeout=wait) as answer:
            if answer.status_code != 200:
                await answer.aread()
                raise Refusal(answer.status_code, _sentence(answer))
            async for number, name, data in server_sent(answer.aiter_lines()):
                yield number, {"name": name, **data}

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        if self.visit:
            headers["Visit"] = self.visit
        until = time.monotonic() + self.patience_s
        wait_s = RETRY_FIRST_S
        while True:
            try:
                answer = await self.client.request(method, path, json=body, headers=headers)
            except httpx.TransportError as fault:
                trouble = f"{method} {path}: {type(fault).__name__} {fault}"
            else:
                if answer.status_code not in AGAIN:
                    return _content(answer)
                trouble = f"{method} {path}: {answer.status_code} {_sentence(answer)}"
            if time.monotonic() + wait_s > until:
                raise NoAnswer(trouble)
            self.retried()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_LAST_S)


async def server_sent(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """(id, name, data) of server-sent events whose data is a JSON object; the fact's own name counts more than the event's."""
    number, name, data = "", "", [""]
    async for line in lines:
        if line:
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if key == "id":
                number = value
            elif key == "event":
                name = value
            elif key == "data":
                data.append(value)
            continue
        with suppress(ValueError):
            found = json.loads("\n".join(data).strip() or "{}")
            if isinstance(found, dict):
                yield number, str(found.pop("name", "") or name), found
        name, data = "", [""]


def _content(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else {}
    raise Refusal(answer.status_code, _sentence(answer))


def _sentence(answer: httpx.Response) -> str:
    """Why the server refused: the detail of problem+json, or the beginning of the text."""
    with suppress(ValueError):
        found = answer.json()
        if isinstance(found, dict) and "detail" in found:
            return str(found["detail"])
    return answer.text[:200]
