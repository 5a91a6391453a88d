"""What if in a real browser: a planner tries a shift, sees it beside the plan, compares, applies; a phone has room."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from bike_plant import Plant
from lotone.identity import Role
from lotone.wiring import Platform

pytestmark = [pytest.mark.browser, pytest.mark.journey]
SLOW_MS = 30_000
"""A busy machine may take its time; what is waited for is a condition, never time."""


def test_a_planner_tries_compares_and_applies(
    chromium: Browser, address: str, platform: Platform, plant: Plant, answer: Callable[[], None]
) -> None:
    orders = [plant.order(quantity=2) for _ in range(5)]
    with platform.work("demo") as work:
        planner = next(user for user in work.identity.users() if user.role is Role.PLANNER)
        secret = work.identity.open_session(planner.id)
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")
    context.add_cookies([{"name": "session", "value": secret, "url": address}])
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{address}/plan")
    page.get_by_role("link", name="What if", exact=True).click()
    page.get_by_role("link", name="New scenario").first.click()
    page.get_by_role("link", name="An order first").click()
    page.get_by_label("Order", exact=True).select_option(orders[-1])
    page.get_by_label("Search for better plans, seconds").fill("0")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("waits for the planner")).to_be_visible(timeout=SLOW_MS)
    answer()
    expect(page.locator("#whatif-result").get_by_text("planned anew")).to_be_visible(timeout=SLOW_MS)
    row = page.locator(".whatif-orders tr", has_text=plant.number(orders[-1]))
    expect(row.get_by_text("sooner")).to_be_visible(timeout=SLOW_MS)
    with page.expect_download() as book:
        page.locator('lo-table[name="orders"]').get_by_role("button", name="XLSX").click()
    assert book.value.suggested_filename == "orders.xlsx"
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Change the plan").click()
    expect(page.get_by_text("applied by Planner")).to_be_visible(timeout=SLOW_MS)
    page.goto(f"{address}/plan?order={orders[0]}")
    page.get_by_text("What would move it").click()
    expect(page.locator(".whatif-levers")).to_be_visible(timeout=SLOW_MS)
    page.goto(f"{address}/whatif")
    page.get_by_role("link", name="goes first").click()
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/whatif", "/whatif/bottleneck", page.url.removeprefix(address)):
        page.goto(f"{address}{path}?lang=zh")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW_MS)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert not faults
    context.close()
