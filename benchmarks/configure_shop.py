"""A click in the shop over HTTP while the demonstration's plant runs: price and day differences of every visible option.

Twenty shoppers click at once, each on random options of the electric bicycle. Every answer carries the picture, all
options with their states, the price and the promise, and for every option that can be taken its difference in price and
days. Measured from sending a click to the last byte of its answer, twice: shoppers who look a second before the next
click, as people do, and shoppers who never look, which is the most that the server can take.

The anchor, in the same run and on the same plant: the promises of the same options asked one by one over the API.

    python benchmarks/configure_shop.py [--quick] [--json FILE]
"""

import argparse
import html
import http.client
import json
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from lotone.configure import Configurator, configurator_of
from lotone.demo.run import ORGANIZATION, Demo, DemoOptions
from lotone.demo.shoppers import Habits
from lotone.kernel import read_settings
from lotone.kernel.log import start_logging
from lotone.serve.folder import read_whole

PRODUCT = "ebike"
SPEED = 60.0
SHOPPERS = 20
LOOKS_S = 1.0
TARGET_P99_MS = 100.0
ADDRESS = re.compile(r'data-address="([^"]+)"')
FREE = re.compile(r'class="shop-option free[^"]*" id="option-([^"]+)"')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="fewer orders and clicks")
    chosen = parser.parse_args()
    start_logging("bench", level="error")
    orders, clicks = (15, 8) if chosen.quick else (60, 40)
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data=Path(folder) / "demo", speed=SPEED, port=0, demo=True)
        options = DemoOptions(reset=True, habits=Habits(orders=orders, seconds_between=0.3, leaves=0.0))
        demo = Demo(settings, options, lambda line: print(line, file=sys.stderr, flush=True))
        try:
            result = measure(demo, orders, clicks)
        finally:
            demo.stop()
    text = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text)
    else:
        print(text)
    return 0


def measure(demo: Demo, orders: int, clicks: int) -> dict[str, Any]:
    demo.start()
    account = demo.open_the_shop().account
    wait_for_orders(account.placed, orders)
    place = urlsplit(demo.installation.address)
    host, port = str(place.hostname), int(place.port or 80)
    secret = str(read_whole(demo.installation.folder.run / "shoppers.json")["token"])
    crowd(host, port, clicks=3, looks_s=0.0)  # the first clicks fill the caches and don't count
    looking = crowd(host, port, clicks, LOOKS_S)
    rushing = crowd(host, port, clicks, 0.0)
    anchor = one_by_one(demo, Anchor(host, port, secret), looking.addresses)
    figures = figures_of(looking.taken)
    return {
        "orders": len(account.placed),
        "speed": SPEED,
        "shoppers": SHOPPERS,
        "options_per_click": round(median(looking.options)),
        "click_ms": figures,
        "click_without_looking_ms": {**figures_of(rushing.taken), "clicks_per_second": rushing.per_second},
        "anchor_promises_one_by_one_ms": anchor,
        "times_faster_than_anchor": round(anchor["median"] / figures["median"], 1),
        "target": {"p99_ms": TARGET_P99_MS, "holds": figures["p99"] < TARGET_P99_MS},
    }


def wait_for_orders(placed: Any, orders: int) -> None:
    deadline = time.monotonic() + 180
    while len(placed) < orders and time.monotonic() < deadline:
        time.sleep(0.2)


@dataclass
class Crowd:
    """What all shoppers of one round saw."""

    taken: list[float] = field(default_factory=list)
    options: list[int] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    per_second: float = 0.0


def crowd(host: str, port: int, clicks: int, looks_s: float) -> Crowd:
    """All shoppers at once, each in a thread with a connection of its own."""
    seen, ready = Crowd(), threading.Barrier(SHOPPERS + 1)
    shoppers = [
        threading.Thread(target=shop, args=(seen, ready, host, port, Random(number), clicks, looks_s))
        for number in range(SHOPPERS)
    ]
    for shopper in shoppers:
        shopper.start()
    ready.wait()
    began = time.perf_counter()
    for shopper in shoppers:
        shopper.join()
    if seen.faults:
        raise SystemExit(f"{len(seen.faults)} clicks failed, the first: {seen.faults[0]}")
    seen.per_second = round(len(seen.taken) / (time.perf_counter() - began), 1)
    return seen


def shop(seen: Crowd, ready: threading.Barrier, host: str, port: int, chance: Random, clicks: int, looks_s: float) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    page, cookie = get(connection, f"/shop/{ORGANIZATION}/{PRODUCT}", {})
    ready.wait()
    for _ in range(clicks):
        time.sleep(looks_s * chance.uniform(0.5, 1.5))
        address = html.unescape(ADDRESS.findall(page)[0])
        wanted = chance.choice(FREE.findall(page))
        began = time.perf_counter()
        try:
            page, _ = get(
                connection, f"{address.replace('?', '/sheet?', 1)}&take={wanted}", {"Cookie": cookie, "HX-Request": "true"}
            )
        except OSError as fault:
            seen.faults.append(str(fault))
            return
        seen.taken.append((time.perf_counter() - began) * 1000)
        seen.options.append(len(FREE.findall(page)))
        seen.addresses.append(address)
    connection.close()


def get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[str, str]:
    """The page, and the cookies that came with it."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise OSError(f"GET {path}: {answer.status} {text[:300]}")
    cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return text, "; ".join(cookies)


def figures_of(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    at = {name: ordered[min(len(ordered) - 1, int(part * len(ordered)))] for name, part in (("p95", 0.95), ("p99", 0.99))}
    return {
        "clicks": len(ordered),
        "median": round(median(ordered), 1),
        **{name: round(value, 1) for name, value in at.items()},
    }


class Anchor:
    """One program that asks for one promise after the other."""

    def __init__(self, host: str, port: int, secret: str) -> None:
        self.connection = http.client.HTTPConnection(host, port, timeout=60)
        self.headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def promise(self, choices: list[str]) -> None:
        body = json.dumps({"choices": choices})
        self.connection.request("POST", f"/api/v1/products/{PRODUCT}/promise", body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 409):
            raise SystemExit(f"promise: {answer.status} {text[:300]}")


def one_by_one(demo: Demo, anchor: Anchor, addresses: list[str]) -> dict[str, float]:
    """For some of the configurations that were seen, the time for the promises of all their options."""
    configurator = configurator_of(demo.blueprint.product)
    taken = []
    for address in addresses[:: max(1, len(addresses) // 8)][:8]:
        chosen = re.findall(r"[?&]c=([^&]+)", address)
        options = others(configurator, chosen)
        began = time.perf_counter()
        for option in options:
            anchor.promise(option)
        taken.append((time.perf_counter() - began) * 1000)
    return {"configurations": len(taken), "median": round(median(taken), 1), "most": round(max(taken), 1)}


def others(configurator: Configurator, chosen: list[str]) -> list[list[str]]:
    """The choices with each option that is possible, alone or in exchange for what stands beside it."""
    options = configurator.options(chosen)
    names = [name for name in (*options.possible, *options.switchable) if not configurator.model.features[name].abstract]
    return [list(configurator.choose(chosen, name)) for name in names]


if __name__ == "__main__":
    sys.exit(main())
