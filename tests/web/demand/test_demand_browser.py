"""The demand in a real browser: what a shopper's window showed is counted, the page asks anew, tables become files."""

import csv
import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from lotone.configure import Tally
from lotone.identity import Role
from lotone.web import create_app
from lotone.web.server import WebServer
from lotone.web.watching import keep_counts
from lotone.wiring import Platform

Fill = Callable[..., Tally]
pytestmark = [pytest.mark.browser, pytest.mark.journey]
SLOW_MS = 30_000
"""A busy machine may take its time; what is waited for is a condition, never time."""
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
UNNAMED = """
  [...document.querySelectorAll("button, a, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.title || one.labels?.length))
    .map((one) => one.outerHTML)
"""


@pytest.fixture
def served(platform: Platform) -> Iterator[tuple[str, FastAPI]]:
    """The application on a free port of this computer."""
    app = create_app(platform)
    server = WebServer(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.bound_port}", app
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What browsers complained about."""
    found: list[str] = []
    yield found
    assert not found


def open_page(chromium: Browser, faults: list[str], width: int = 1280, **more: Any) -> Page:
    page = chromium.new_context(viewport={"width": width, "height": 860}, locale="en-GB", **more).new_page()
    page.set_default_timeout(SLOW_MS)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page


def sign_in(page: Page, address: str, platform: Platform) -> None:
    """The product manager is at this browser."""
    with platform.work("demo") as work:
        user = next(user for user in work.identity.users() if user.role is Role.PRODUCT_MANAGER)
        secret = work.identity.open_session(user.id)
    page.context.add_cookies([{"name": "session", "value": secret, "url": address}])
    page.goto(f"{address}/demand")


def test_what_a_shoppers_window_showed_is_looked_at(
    chromium: Browser, served: tuple[str, FastAPI], faults: list[str], platform: Platform
) -> None:
    address, app = served
    page = open_page(chromium, faults)
    with page.expect_response("**/shop/demo/ebike/looked") as told:
        page.goto(f"{address}/shop/demo/ebike")
    assert told.value.status == 204
    page.get_by_text("Tomato red").click()
    expect(page.get_by_role("radio", name="Tomato red")).to_be_checked(timeout=SLOW_MS)
    with page.expect_response("**/shop/demo/ebike/looked"):
        page.locator(".shop-option").last.scroll_into_view_if_needed()
    keep_counts(platform, app.state.visits, everything=True)
    with platform.look("demo") as work:
        found = work.interest.interest("ebike", platform.today(), platform.today())
    looked = {one.option for one in found.options if one.looked}
    shown = [one for one in page.locator(".shop-option input").evaluate_all("all => all.map((one) => one.value)") if one]
    assert found.funnel.visits == found.funnel.looked == found.funnel.promised == 1
    assert {"tomato", shown[-1]} <= looked
    assert looked < set(shown), "what never came into sight was not looked at"
    assert [one.option for one in found.options if one.taken] == ["tomato"]


def test_the_page_asks_anew_and_is_usable_by_keys(
    chromium: Browser, served: tuple[str, FastAPI], faults: list[str], fill: Fill, platform: Platform
) -> None:
    fill(visits=250)
    page = open_page(chromium, faults)
    sign_in(page, served[0], platform)
    page.get_by_role("link", name="Schedule", exact=True).click()
    page.get_by_role("link", name="Demand", exact=True).click()
    expect(page.get_by_role("heading", name="How far they came")).to_be_visible(timeout=SLOW_MS)
    assert page.evaluate(UNNAMED) == []
    late = page.get_by_label("Late is a promise of more than")
    late.fill("1")
    late.press("Enter")
    page.wait_for_url("**late=1**")
    expect(page.locator(".demand-lost tbody tr").first).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("link", name="90 days").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**from=**")
    expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true", timeout=SLOW_MS)
    assert "late=1" in page.url
    page.locator(".demand-lost").get_by_role("link", name="Paint booth 1").click()
    page.wait_for_url("**/plant/paint-1")


def test_a_phone_has_room_for_it(
    chromium: Browser, served: tuple[str, FastAPI], faults: list[str], fill: Fill, platform: Platform
) -> None:
    fill(visits=120)
    page = open_page(chromium, faults, width=360)
    sign_in(page, served[0], platform)
    page.goto(f"{served[0]}/demand?lang=zh")
    expect(page.get_by_role("heading", name="因交期晚而失去")).to_be_visible(timeout=SLOW_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tables_become_csv_and_workbooks(
    chromium: Browser, served: tuple[str, FastAPI], faults: list[str], fill: Fill, platform: Platform, tmp_path: Path
) -> None:
    fill(visits=150)
    page = open_page(chromium, faults)
    sign_in(page, served[0], platform)
    table = page.locator('lo-table[name="options"]')
    table.get_by_role("button", name="Looked at", exact=True).click()
    table.get_by_role("searchbox").fill("Colour")
    with page.expect_download() as text:
        table.get_by_role("button", name="CSV").click()
    with page.expect_download() as book:
        table.get_by_role("button", name="XLSX").click()
    text.value.save_as(tmp_path / "options.csv")
    book.value.save_as(tmp_path / "options.xlsx")
    assert book.value.suggested_filename == "options.xlsx"
    rows = list(csv.reader(io.StringIO((tmp_path / "options.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0][:3] == ["Option", "Question", "Looked at"]
    assert {row[1] for row in rows[1:]} == {"Colour"}, "what is filtered is exported"
    assert sheet_of(tmp_path / "options.xlsx") == [
        [float(cell) if number and column >= 2 else cell for column, cell in enumerate(row)] for number, row in enumerate(rows)
    ]


def sheet_of(path: Path) -> list[list[str | float]]:
    """The cells of a workbook's first sheet: texts as texts, numbers as numbers."""
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        for name in book.namelist():
            ElementTree.fromstring(book.read(name))
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        [
            "".join(cell.itertext()) if cell.get("t") == "inlineStr" else float(cell.findtext(f"{SHEET}v", "nan"))
            for cell in row.iter(f"{SHEET}c")
        ]
        for row in sheet.iter(f"{SHEET}row")
    ]


def test_forgetting_says_what_it_does_first(
    chromium: Browser, served: tuple[str, FastAPI], faults: list[str], fill: Fill, platform: Platform
) -> None:
    fill(visits=30)
    page = open_page(chromium, faults)
    sign_in(page, served[0], platform)
    page.get_by_role("button", name="What is kept").click()
    page.get_by_label("Keep counts for so many days").fill("90")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOW_MS)
    page.get_by_role("button", name="What is kept").click()
    expect(page.get_by_label("Keep counts for so many days")).to_have_value("90", timeout=SLOW_MS)
    page.get_by_role("button", name="Forget everything").click()
    asked = page.get_by_role("dialog", name="Forget everything?")
    expect(asked).to_contain_text("are deleted for all products", timeout=SLOW_MS)
    asked.get_by_role("button", name="Forget everything").click()
    expect(page.get_by_role("heading", name="No visits in these days")).to_be_visible(timeout=SLOW_MS)
