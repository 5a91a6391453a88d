"""Page latency: what a person and a program wait for, on a real server with the ebike blueprint and a filled order book.

The anchor in the same run is `/healthz`, which does nothing: what a page costs beyond the server itself.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lotone.identity import Role
from lotone.kernel import Database, Messages, Settings
from lotone.kernel.log import start_logging
from lotone.serve.first import load_blueprint
from lotone.web import WebServer, create_app
from lotone.wiring import Platform

ORGANIZATION = "bench"
PORTS = {"frame-1": 1, "frame-2": 2, "oven-1": 3, "pack-1": 4, "test-1": 5}
MORNING = datetime(2026, 3, 2, 5, tzinfo=UTC)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="fewer orders and requests")
    chosen = parser.parse_args()
    start_logging("bench", level="error")
    orders, requests = (20, 20) if chosen.quick else (150, 200)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), orders, requests)
    text = json.dumps(result, indent=1)
    if chosen.json:
        chosen.json.write_text(text)
    else:
        print(text)
    return 0


def measure(folder: Path, orders: int, requests: int) -> dict[str, Any]:
    settings = Settings(data=folder)
    load_blueprint(settings, "ebike", ORGANIZATION, PORTS)
    messages = Messages("nats://127.0.0.1:1", name="bench")
    platform = Platform(settings, database=Database(settings.state_url), messages=messages, plant=lambda: MORNING)
    choices, secret, order = fill(platform, orders)
    server = WebServer(create_app(platform), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    base = f"http://127.0.0.1:{server.bound_port}"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:
        jobs: dict[str, Callable[[], httpx.Response]] = {
            "anchor: /healthz": lambda: client.get("/healthz"),
            "shop page": lambda: client.get(f"/shop/{ORGANIZATION}/ebike"),
            "options of a choice (API)": lambda: client.post("/api/v1/products/ebike/options", json={"choices": choices[:9]}),
            "promise without hold (API)": lambda: client.post("/api/v1/products/ebike/promise", json={"choices": choices}),
            "quote with hold (API)": lambda: client.post("/api/v1/quotes", json={"product": "ebike", "choices": choices}),
            "one's order (API)": lambda: client.get(f"/api/v1/orders/{order}"),
            "schedule page": lambda: client.get("/plan"),
            "orders page": lambda: client.get("/orders"),
            "units page": lambda: client.get("/units"),
        }
        found = {name: timed(job, requests) for name, job in jobs.items()}
    server.should_exit = True
    thread.join(10)
    platform.close()
    return {"orders": orders, "requests": requests, "milliseconds": found}


def fill(platform: Platform, orders: int) -> tuple[list[str], str, str]:
    """Orders in the book, a token that may see all, and one order's id."""
    with platform.work(ORGANIZATION) as work:
        administrator = work.identity.create_user("admin", Role.ADMINISTRATOR)
        actor = work.identity.session(work.identity.open_session(administrator.id)).actor
        scopes = frozenset({"configure.read", "orders.*", "plan.read", "make.read", "market.read"})
        _, secret = work.identity.create_token(actor, scopes, "benchmark")
        choices = sorted(work.configure.configurator("ebike").complete(work.configure.product("ebike").start))
    for _ in range(orders):
        with platform.work(ORGANIZATION) as work:
            quote = work.orders.quote("ebike", choices, administrator.id)
            placed = work.orders.place(quote.id, administrator.id)
            work.make.create_units(placed.id)
    return choices, secret, placed.id


def timed(job: Callable[[], httpx.Response], requests: int) -> dict[str, float]:
    """Median and 95th percentile in milliseconds; the first answers warm the caches and don't count."""
    for _ in range(3):
        answer = job()
        if answer.status_code >= 400:
            raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}")
    taken = []
    for _ in range(requests):
        began = time.perf_counter()
        job()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {"median": round(statistics.median(taken), 1), "p95": round(taken[int(0.95 * (len(taken) - 1))], 1)}


if __name__ == "__main__":
    sys.exit(main())
