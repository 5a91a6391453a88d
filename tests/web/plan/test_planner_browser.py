"""The planner's pages in a real browser: by mouse and keys, live, on a phone, with thousands of bookings."""

import csv
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bike_plant import MONDAY, Plant
from lotone.plan import Demand, OperationNeed
from lotone.web import create_app
from lotone.web.server import WebServer

pytestmark = [pytest.mark.journey, pytest.mark.browser]
SIGHT = "(() => { const g = document.querySelector('lo-gantt'); return [g.scale.from, g.scale.to, g.top, g.selected]; })()"
PAINTING = """() => {
  const gantt = document.querySelector("lo-gantt");
  const times = [];
  for (let count = 0; count < 25; count += 1) {
    const begun = performance.now();
    gantt.paintNow(begun);
    times.push(performance.now() - begun);
  }
  return [gantt.bars.size, times.sort((a, b) => a - b)[12]];
}"""


@pytest.fixture
def address(plant: Plant) -> Iterator[str]:
    server = WebServer(create_app(plant.platform), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.bound_port}"
    server.should_exit = True
    thread.join(5)


class Planner:
    """A planner at her browser, and what it complained about."""

    def __init__(self, browser: Browser, address: str, **context: Any) -> None:
        settings = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "Asia/Shanghai", "locale": "en-GB"}
        self.page: Page = browser.new_context(**{**settings, **context}).new_page()
        self.address = address
        self.faults: list[str] = []
        self.page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.goto(f"{address}/demo")
        self.page.locator('form[action="/demo/demo/planner"] button').click()
        self.page.wait_for_load_state()

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        if path.startswith("/plan?") or path == "/plan":
            expect(self.page.locator("lo-gantt")).to_have_attribute("data-version", re.compile("[0-9]+"))
        return self.page


@pytest.fixture
def planner(chromium: Browser, address: str) -> Iterator[Planner]:
    made = Planner(chromium, address)
    yield made
    assert made.faults == []


def test_keys_choose_an_operation_and_the_panel_follows(plant: Plant, planner: Planner) -> None:
    order = plant.order()
    page = planner.open("/plan")
    page.locator("lo-gantt .canvas").focus()
    page.keyboard.press("ArrowRight")
    panel = page.locator("#plan-operation")
    expect(panel).to_contain_text(plant.number(order))
    expect(page.locator("lo-gantt [role=status]")).to_contain_text(plant.number(order))
    page.wait_for_url(re.compile("booking=bkg_"))
    panel.get_by_role("link", name="Paint the frame").click()
    expect(panel.get_by_role("heading", level=2)).to_have_text("Paint the frame")
    page.wait_for_url(re.compile(plant.bookings(order)["paint"].id))
    page.reload()
    expect(panel.get_by_role("heading", level=2)).to_have_text("Paint the frame")
    expect(panel.get_by_role("link", name=plant.number(order), exact=True)).to_have_attribute("href", f"/orders/{order}")
    page.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    assert page.evaluate(SIGHT)[3] is None


def test_a_stop_changes_the_picture_and_nothing_of_how_it_is_looked_at(plant: Plant, planner: Planner) -> None:
    for _ in range(6):
        plant.order()
    page = planner.open("/plan")
    page.locator("lo-gantt .canvas").focus()
    for key in ("ArrowRight", "ArrowRight", "+", "+", "PageDown"):
        page.keyboard.press(key)
    page.mouse.move(900, 600)
    page.mouse.wheel(0, 60)
    page.wait_for_timeout(400)
    expect(page.locator("lo-live")).to_have_attribute("data-state", "open")
    sight, version = page.evaluate(SIGHT), page.locator("lo-gantt").get_attribute("data-version") or ""
    assert sight[3]
    with plant.work() as work:
        work.plan.machine_down("oven-1", plant.now, 3 * 24 * 60)
    expect(page.locator("lo-gantt")).not_to_have_attribute("data-version", version)
    assert page.evaluate(SIGHT) == sight
    expect(page.locator("#plan-line")).to_contain_text("Curing oven stands still")
    expect(page.locator(".plan-feed")).to_contain_text("A machine stopped")
    expect(page.locator("#plan-now")).to_contain_text("later than first told")
    expect(page.locator("#plan-operation")).to_be_visible()


def test_bars_go_from_machines_to_orders_and_back(plant: Plant, planner: Planner) -> None:
    numbers = [plant.number(plant.order()) for _ in range(3)]
    page = planner.open("/plan?hours=8")
    labels = page.locator("lo-gantt .labels")
    expect(labels).to_contain_text("Paint booth 1")
    page.get_by_role("link", name="By order").click()
    for number in numbers:
        expect(labels).to_contain_text(number)
    assert "by=order" in page.url
    assert "hours=8" in page.url
    page.get_by_role("link", name="By machine").click()
    expect(labels).to_contain_text("Paint booth 1")
    assert "by=" not in page.url


def test_the_picture_is_a_table_a_file_and_an_image_too(plant: Plant, planner: Planner) -> None:
    number = plant.number(plant.order())
    page = planner.open("/plan")
    gantt = page.locator("lo-gantt")
    with page.expect_download() as image:
        gantt.get_by_role("button", name="Save as picture").click()
    assert image.value.suggested_filename == "Schedule.png"
    assert image.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as file:
        page.locator("[data-plan-csv]").click()
    with file.value.path().open(encoding="utf-8-sig", newline="") as text:
        assert {row["Order"] for row in csv.DictReader(text)} == {number}
    gantt.get_by_role("button", name="As table").click()
    expect(gantt.locator("tbody tr")).to_have_count(8)
    expect(gantt.get_by_role("row", name=re.compile("Paint the frame.*planned"))).to_be_visible()
    gantt.get_by_role("button", name="As table").click()
    expect(gantt.locator(".canvas")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440, 2560])
def test_pages_hold_in_every_size_theme_and_language(
    plant: Plant, chromium: Browser, address: str, width: int, theme: str, language: str
) -> None:
    order = plant.order(quantity=2)
    plant.stop("oven-1", 3 * 24 * 60)
    booking = plant.bookings(order)["paint"].id
    size = {"width": width, "height": 800}
    planner = Planner(chromium, address, viewport=size, color_scheme=theme, locale={"en": "en-GB", "zh": "zh-CN"}[language])
    paths = ["/plan", f"/plan?booking={booking}", "/plan?by=order", "/plan/promises?show=all", "/plan/load", "/plan/changes"]
    for path in paths:
        page = planner.open(path)
        page.wait_for_timeout(120)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    assert planner.faults == []
    planner.page.context.close()


def test_on_a_phone_a_touch_shows_the_operation_under_the_picture(plant: Plant, chromium: Browser, address: str) -> None:
    plant.order()
    planner = Planner(chromium, address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = planner.open("/plan")
    place = page.evaluate(
        """() => {
          const gantt = document.querySelector("lo-gantt");
          const bar = [...gantt.bars.values()].find((one) => gantt.scale.x(one.start) > 0 && gantt.scale.x(one.end) < 200);
          gantt.area.scrollIntoView({ block: "start" });
          const box = gantt.area.getBoundingClientRect();
          return [box.left + gantt.scale.x(bar.start) + 4, box.top + 44 + bar.top - gantt.top + 8];
        }"""
    )
    page.touchscreen.tap(*place)
    expect(page.locator("#plan-operation h2")).to_be_visible()
    sheet = page.locator("#plan-panel").bounding_box()
    assert sheet is not None
    assert sheet["width"] == 390
    assert sheet["y"] > 844 * 0.4
    assert planner.faults == []


def test_an_empty_plant_says_what_will_be_here(chromium: Browser, address: str, plant: Plant) -> None:
    planner = Planner(chromium, address)
    page = planner.open("/plan")
    expect(page.locator("#plan-now")).to_contain_text("Nothing is ordered")
    expect(page.locator("lo-gantt .labels")).to_contain_text("Roller test bench")
    assert planner.faults == []


def test_thousands_of_bookings_stay_fluid(plant: Plant, planner: Planner) -> None:
    needs = [
        OperationNeed(f"step-{n}", center, 6, after=())
        for n, center in enumerate(["frame", "paint", "wheels", "battery"] * 125)
    ]
    with plant.work() as work:
        for name in ("first", "second", "third", "fourth", "fifth"):
            work.plan.confirm(work.plan.hold(Demand(tuple(needs))).id, name)
        end = max(booking.end for booking in work.plan.schedule(MONDAY, MONDAY + timedelta(days=60)))
    hours = (end - MONDAY) / timedelta(hours=1)
    page = planner.open(f"/plan?hours={hours * 1.3:.0f}")
    bars, milliseconds = page.evaluate(PAINTING)
    assert bars >= 2500
    assert milliseconds < 100, "a frame of 2500 bookings takes about 5 ms on a quiet machine"
    page.get_by_role("button", name="24 h").click()
    page.wait_for_timeout(300)
    assert page.evaluate(PAINTING)[1] < 50
