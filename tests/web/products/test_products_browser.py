"""A product manager's way in a real browser: a finding while typing, a price by workbook, published, sold, rolled back."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from lotone.identity import Role
from lotone.wiring import Platform

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What browsers complained about: blocked by the content policy, exceptions, missing files."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture
def page(chromium: Browser, address: str, platform: Platform, faults: list[str]) -> Page:
    """The product manager's browser."""
    return opened(chromium, address, platform, faults)


def opened(chromium: Browser, address: str, platform: Platform, faults: list[str], width: int = 1280, **more: Any) -> Page:
    with platform.work("demo") as work:
        user = next(user for user in work.identity.users() if user.role is Role.PRODUCT_MANAGER)
        secret = work.identity.open_session(user.id)
    settings = {"timezone_id": "Europe/Berlin", "locale": "en-GB", **more}
    context = chromium.new_context(viewport={"width": width, "height": 860}, **settings)
    context.add_cookies([{"name": "session", "value": secret, "url": address}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page


def test_from_a_finding_to_a_new_price_in_the_shop_and_back(page: Page, address: str) -> None:
    page.goto(f"{address}/products/bike")
    verdict = page.locator(".products-verdict")
    expect(verdict).to_contain_text("Everything fits")
    text = page.get_by_role("textbox", name="The model in UVL")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("    belt => !belt")
    expect(verdict).to_contain_text("to look at")
    finding = page.locator(".products-findings > li").first
    expect(finding).to_contain_text("belt can never be chosen")
    expect(finding).to_contain_text("line 11")
    finding.locator(".products-jump").last.click()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Delete")
    expect(verdict).to_contain_text("Everything fits")
    expect(page.locator("[data-saved]")).to_have_text("Saved")

    page.goto(f"{address}/products/bike/tables")
    with page.expect_download() as download:
        page.get_by_role("link", name="Workbook with all tables").click()
    book = load_workbook(BytesIO(download.value.path().read_bytes()))
    prices = {row[0].value: row[2] for row in book["prices"].iter_rows(min_row=2)}
    prices["chain"].value = 77
    changed = BytesIO()
    book.save(changed)
    file = {"name": "bike.xlsx", "mimeType": "application/octet-stream", "buffer": changed.getvalue()}
    page.get_by_label("Workbook (.xlsx)").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#import")).to_contain_text("77.00")
    page.get_by_role("button", name="Take it over").click()
    expect(page.locator("#table-prices")).to_contain_text("77")

    page.goto(f"{address}/products/bike/versions")
    expect(page.get_by_role("row", name="Price changed chain")).to_contain_text("77.00")
    page.get_by_label("What is new").fill("Chains cost more")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("row", name="Chains cost more")).to_contain_text("sold now")
    page.goto(f"{address}/shop/demo/bike")
    expect(page.locator("#shop-price")).to_contain_text("€977")
    page.goto(f"{address}/products/bike/versions")
    page.get_by_role("button", name="Roll back to it").click()
    expect(page.get_by_role("row", name="back to 1")).to_contain_text("sold now")
    page.goto(f"{address}/shop/demo/bike")
    expect(page.locator("#shop-price")).to_contain_text("€900")


def test_the_tree_is_changed_by_keys_and_the_text_follows(page: Page, address: str, platform: Platform) -> None:
    page.goto(f"{address}/products/bike?view=tree")
    page.get_by_role("treeitem", name="bike").first.focus()
    rack = page.locator("[data-feature=rack]")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(rack).to_be_focused()
    page.keyboard.press("F2")
    expect(page.locator("[data-field=name]")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("carrier")
    page.keyboard.press("Enter")
    expect(page.locator("[data-feature=carrier]")).to_be_visible()
    page.keyboard.press("Insert")
    page.keyboard.type("bell")
    page.keyboard.press("Enter")
    bell = page.locator("[data-feature=bell]")
    expect(bell).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[role=treeitem] [role=treeitem]").last).to_have_attribute("data-feature", "bell")
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    with platform.look("demo") as work:
        draft = work.drafts.draft("bike")
    assert "bag => carrier" in draft.model_text
    assert draft.model_text.index("bag {") < draft.model_text.index("bell")
    assert draft.content["demand"]["parts"][0]["when"] == "carrier"
    page.keyboard.press("Delete")
    expect(bell).to_have_count(0)
    undo = page.get_by_role("button", name="Undo")
    for _ in range(5):
        undo.click()
    expect(page.locator("[data-feature=rack]")).to_be_visible()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    with platform.look("demo") as work:
        draft = work.drafts.draft("bike")
    assert draft.content["demand"]["parts"][0]["when"] == "rack"


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "light", "en-GB"), (1440, "dark", "zh-CN")])
def test_every_page_holds_in_every_size_theme_and_language(
    chromium: Browser, address: str, platform: Platform, faults: list[str], width: int, scheme: str, language: str
) -> None:
    page = opened(chromium, address, platform, faults, width, color_scheme=scheme, locale=language)
    for path in ("", "/bike", "/bike?view=tree", "/bike?view=prices", "/bike?view=rules", "/bike/tables", "/bike/versions"):
        page.goto(f"{address}/products{path}")
        if "tables" not in path and "versions" not in path and path:
            expect(page.locator(".products-verdict")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
