"""The example that orders over the HTTP API, run against a real server."""

import subprocess
import sys
from pathlib import Path

import pytest

from lotone.identity import Actor, Role
from lotone.wiring import Platform

EXAMPLE = Path(__file__).parents[3] / "examples" / "order_over_http.py"


@pytest.mark.journey
def test_the_example_orders_a_bicycle(platform: Platform, address: str) -> None:
    scopes = frozenset({"configure.read", "orders.quote", "orders.place", "orders.own"})
    with platform.work("demo") as work:
        buyer = work.identity.create_user("example", Role.CONSUMER, display="Example")
        _, token = work.identity.create_token(Actor("demo", buyer.id, Role.CONSUMER), scopes, "example")
    command = [sys.executable, EXAMPLE, address, token]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ordered as B-00001" in done.stdout
    with platform.look("demo") as work:
        assert [order.buyer for order in work.orders.orders()] == [buyer.id]
