"""The example that orders over the HTTP API, run against a real server."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lotone.identity import Actor, Role
from lotone.web import create_app
from lotone.web.server import WebServer
from lotone.wiring import Platform

EXAMPLE = Path(__file__).parents[3] / "examples" / "order_over_http.py"


@pytest.mark.journey
def test_the_example_orders_a_bicycle(platform: Platform) -> None:
    scopes = frozenset({"configure.read", "orders.quote", "orders.place", "orders.own"})
    with platform.work("demo") as work:
        buyer = work.identity.create_user("example", Role.CONSUMER, display="Example")
        _, token = work.identity.create_token(Actor("demo", buyer.id, Role.CONSUMER), scopes, "example")
    server = WebServer(create_app(platform), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        command = [sys.executable, EXAMPLE, f"http://127.0.0.1:{server.bound_port}", token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        server.should_exit = True
        thread.join(10)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ordered as B-00001" in done.stdout
    with platform.look("demo") as work:
        assert [order.buyer for order in work.orders.orders()] == [buyer.id]
