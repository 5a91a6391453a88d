"""Changing the schedule by hand in a real browser: by pointer and keys, with the answer before the drop, undone, on paper."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bike_plant import Plant

pytestmark = [pytest.mark.journey, pytest.mark.browser]
BAR = """([id]) => {
  const gantt = document.querySelector("lo-gantt");
  const bar = gantt.bars.get(id);
  const box = gantt.area.getBoundingClientRect();
  const y = box.top + 44 + bar.top - gantt.top + bar.height / 2;
  return [box.left + gantt.scale.x(bar.start), y, 60000 / gantt.scale.perPixel];
}"""


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
        expect(self.page.locator("lo-gantt")).to_have_attribute("data-version", re.compile("[0-9]+"))
        return self.page

    def at(self, booking: str) -> tuple[float, float, float]:
        """Where a bar stands on the page, and the pixels of a minute."""
        x, y, minute = self.page.evaluate(BAR, [booking])
        return x, y, minute

    def carry(self, booking: str, minutes: float) -> None:
        """Drag a bar so far in time."""
        x, y, minute = self.at(booking)
        self.page.mouse.move(x + 6, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 20, y)
        self.page.mouse.move(x + 6 + minutes * minute, y)

    def sees(self, verdict: str) -> None:
        """What the ghost of a bar says, as soon as the server has answered."""
        expect(self.page.locator("lo-gantt .canvas")).to_have_attribute("data-ghost", verdict)


@pytest.fixture
def planner(chromium: Browser, address: str) -> Iterator[Planner]:
    made = Planner(chromium, address)
    yield made
    assert made.faults == []


def test_a_bar_is_dragged_told_of_dropped_and_put_back(plant: Plant, planner: Planner) -> None:
    order = plant.order()
    paint = plant.bookings(order)["paint"]
    page = planner.open("/plan?hours=24")
    planner.carry(paint.id, 90)
    planner.sees("fits")
    expect(page.locator(".ghost-tip .plan-effect")).to_contain_text(plant.number(order))
    page.mouse.up()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("moved and locked")
    expect(page.locator("#plan-operation")).to_contain_text("locked")
    moved = plant.bookings(order)["paint"]
    assert moved.locked
    assert abs(moved.start - paint.start - timedelta(minutes=90)) < timedelta(minutes=8)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="Undone")).to_be_visible()
    assert plant.bookings(order)["paint"] == paint


def test_a_place_that_is_not_possible_says_why_and_moves_nothing(plant: Plant, planner: Planner) -> None:
    order = plant.order()
    assemble = plant.bookings(order)["assemble"]
    page = planner.open("/plan?hours=24")
    planner.carry(assemble.id, -120)
    planner.sees("no")
    expect(page.locator(".ghost-tip")).to_contain_text("Possible from")
    page.mouse.up()
    expect(page.locator(".toast[role=alert]")).to_contain_text("Not possible there")
    assert plant.bookings(order)["assemble"] == assemble


def test_keys_move_a_bar_and_ctrl_z_takes_it_back(plant: Plant, planner: Planner) -> None:
    order = plant.order()
    paint = plant.bookings(order)["paint"]
    page = planner.open(f"/plan?hours=24&booking={paint.id}")
    spoken = page.locator("lo-gantt [role=status].sr")
    page.locator("lo-gantt .canvas").focus()
    page.keyboard.press("Enter")
    planner.sees("fits")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Escape")
    expect(spoken).to_have_text("Left where it was")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(spoken).to_contain_text("Paint booth")
    planner.sees("fits")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("moved and locked")
    moved = plant.bookings(order)["paint"]
    assert moved.work_unit != paint.work_unit
    assert moved.start - paint.start == timedelta(hours=1)
    page.keyboard.press("Control+z")
    expect(page.locator(".toast", has_text="Undone")).to_be_visible()
    assert plant.bookings(order)["paint"] == paint


def test_by_order_bars_move_in_time_and_late_ones_are_found(plant: Plant, planner: Planner) -> None:
    first, second = plant.order(), plant.order()
    page = planner.open("/plan?by=order&hours=24")
    labels = page.locator("lo-gantt .labels")
    page.get_by_role("searchbox", name="Find in the schedule").fill(plant.number(second))
    expect(labels).not_to_contain_text(plant.number(first))
    expect(labels).to_contain_text(plant.number(second))
    page.wait_for_url(re.compile("find="))
    paint = plant.bookings(second)["paint"]
    planner.carry(paint.id, 3 * 60)
    planner.sees("fits")
    page.mouse.up()
    expect(page.locator(".toast")).to_contain_text("moved and locked")
    assert plant.bookings(second)["paint"].work_unit == paint.work_unit
    page.get_by_role("button", name="Late only").click()
    expect(labels).not_to_contain_text(plant.number(second))


def test_the_schedule_on_paper_is_a_landscape_document(plant: Plant, planner: Planner) -> None:
    number = plant.number(plant.order())
    page = planner.open("/plan")
    page.get_by_role("link", name="Print").click()
    expect(page.locator(".plan-sheet").first).to_contain_text(number)
    pdf = page.pdf(prefer_css_page_size=True)
    width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0])
    assert width > height
