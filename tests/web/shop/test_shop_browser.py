"""The shop in a real browser: configuring by mouse and keys, taking the impossible, ordering, a day that moves by itself."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lotone.wiring import Platform

pytestmark = [pytest.mark.browser, pytest.mark.journey]
BERLIN = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
UNNAMED = """
  [...document.querySelectorAll("button, a, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.title || one.labels?.length))
    .filter((one) => !one.closest("[aria-hidden=true]"))
    .map((one) => one.outerHTML)
"""
"""Things to press that a screen reader could not name."""


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What browsers complained about: blocked by the content policy, exceptions, missing files."""
    found: list[str] = []
    yield found
    assert not found


def open_page(chromium: Browser, faults: list[str], width: int = 1280, **more: Any) -> Page:
    page = chromium.new_context(viewport={"width": width, "height": 860}, **{**BERLIN, **more}).new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page


def see(page: Page, address: str, path: str = "/shop/demo/ebike") -> None:
    page.goto(address + path)
    expect(page.locator(".shop-because")).to_be_visible()


def order(page: Page) -> str:
    """Order what is configured; the order's id."""
    page.get_by_role("button", name="Order now").click()
    page.wait_for_url("**/quotes/*")
    page.get_by_role("button", name="Order for").click()
    page.wait_for_url("**/orders/*")
    return page.url.rpartition("/")[2].partition("?")[0]


def test_the_picture_price_and_address_follow_each_choice(chromium: Browser, address: str, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    picture = page.locator("#shop-picture > svg")
    assert picture.last.evaluate("one => one.style.getPropertyValue('--paint')") == "#1f639f"
    page.get_by_text("Sunflower yellow").click()
    expect(page.locator("#shop-price")).to_contain_text("€3,190")
    expect(picture).to_have_count(1)
    assert picture.evaluate("one => one.style.getPropertyValue('--paint')") == "#f2b527"
    assert "c=sunflower" in page.url
    page.get_by_text("Front basket").click()
    expect(page.locator("#shop-price")).to_contain_text("€3,240")
    page.reload()
    expect(page.get_by_role("radio", name="Sunflower yellow")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Front basket")).to_be_checked()


def test_two_quick_clicks_are_two_choices_and_can_be_taken_back(chromium: Browser, address: str, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    page.evaluate(
        """() => { for (const name of ["tomato", "tracker", "frame_lock"]) document.getElementById(`o-${name}`).click(); }"""
    )
    expect(page.locator("#shop-price")).to_contain_text("€3,289")
    page.locator(".shop-title").get_by_role("button", name="Undo").click()
    expect(page.locator("#shop-price")).to_contain_text("€3,249")
    page.keyboard.press("Control+z")
    expect(page.locator("#shop-price")).to_contain_text("€3,150")
    expect(page.get_by_role("radio", name="Tomato red")).to_be_checked()


def test_an_impossible_option_explains_itself_and_is_taken_anyway(chromium: Browser, address: str, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    belt = page.locator("#option-belt")
    expect(belt.get_by_role("radio")).to_be_disabled()
    page.get_by_role("button", name="Why not Belt drive?").click()
    why = page.locator("#why-belt")
    expect(why).to_contain_text("Belt drive does not go with your 10-speed derailleur.")
    expect(why).to_contain_text("Belt drive needs 8-speed hub or Stepless automatic hub")
    why.get_by_role("button", name="Take it anyway").click()
    expect(page.get_by_role("radio", name="Belt drive")).to_be_checked()
    expect(page.get_by_role("radio", name="8-speed hub")).to_be_checked()
    expect(page.locator("#shop-changes")).to_contain_text("Split rear frame")
    page.locator("#shop-changes").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("radio", name="Chain")).to_be_checked()
    expect(page.get_by_role("radio", name="10-speed derailleur")).to_be_checked()


def test_all_of_it_works_by_keyboard(chromium: Browser, address: str, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    page.get_by_role("radio", name="Ocean blue").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Tomato red")).to_be_checked()
    expect(page.get_by_role("radio", name="Tomato red")).to_be_focused()
    page.get_by_role("button", name="Why not Belt drive?").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take it anyway")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Belt drive")).to_be_checked()
    page.get_by_role("checkbox", name="GPS tracker").focus()
    page.keyboard.press("Space")
    expect(page.locator("#shop-price")).to_contain_text("€3,579")
    expect(page.get_by_role("checkbox", name="GPS tracker")).to_be_focused()


def test_ordering_keeps_the_hold_when_reloading_and_orders_once(
    chromium: Browser, address: str, platform: Platform, faults: list[str]
) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    page.get_by_role("button", name="Order now").click()
    page.wait_for_url("**/quotes/*")
    held = page.url
    expect(page.locator("lo-countdown")).to_have_text(re.compile(r"^14:\d\d$"))
    page.reload()
    assert page.url == held
    expect(page.locator("lo-countdown")).to_have_text(re.compile(r"^14:\d\d$"))
    page.get_by_role("button", name="Order for €3,150").dblclick()
    page.wait_for_url("**/orders/*")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    with platform.look("demo") as work:
        assert len(work.orders.orders()) == 1
    page.goto(f"{address}/shop/demo/orders")
    expect(page.locator(".shop-order-list li")).to_have_count(1)


def test_a_moved_day_arrives_by_itself_and_says_why(chromium: Browser, address: str, floor: Any, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    placed = order(page)
    expect(page.locator("#story-date")).to_have_text("Monday 2 March, 18:00")
    expect(page.locator("lo-live")).to_have_attribute("data-state", "open")
    floor.react()
    floor.make(placed, 1)
    expect(page.locator(".shop-way li.done")).to_have_count(1)
    page.evaluate("document.querySelector('#story').removeAttribute('data-mark'); window.unchanged = true")
    floor.stop("oven-1", 2000)
    banner = page.locator("#banner-move-1")
    expect(banner).to_contain_text("Your day moved from Mon 18:00 to")
    expect(banner).to_contain_text("because Curing oven stopped on Mon")
    expect(page.locator("#story-date")).not_to_have_text("Monday 2 March, 18:00")
    assert page.evaluate("window.unchanged"), "the page was loaded again"


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(360, "light", "en-GB"), (390, "dark", "zh-CN"), (1440, "dark", "en-GB")]
)
def test_every_page_holds_in_every_size_theme_and_language(
    chromium: Browser, address: str, faults: list[str], width: int, scheme: str, language: str
) -> None:
    page = open_page(chromium, faults, width, color_scheme=scheme, locale=language)
    see(page, address)
    page.locator("[data-why]").first.click()
    expect(page.locator(".shop-why-not [data-take]")).to_be_visible()
    check_page(page, width)
    page.locator("#shop-order button").click()
    page.wait_for_url("**/quotes/*")
    check_page(page, width)
    page.locator(".shop-place button").click()
    page.wait_for_url("**/orders/*")
    check_page(page, width)
    for path in (
        "/shop/demo",
        "/shop/demo/orders",
        "/shop/demo/saved",
        "/shop/demo/ebike/compare",
        "/shop/other",
        "/shop/other/orders",
    ):
        page.goto(address + path)
        check_page(page, width)


def check_page(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert not page.evaluate(UNNAMED), page.url


def use_up_strong_motors(platform: Platform) -> None:
    with platform.work("demo") as work:
        work.assets.take("motor-mid-90", work.assets.on_hand()["motor-mid-90"])


def test_days_beside_options_follow_each_click_and_are_told_politely(
    chromium: Browser, address: str, platform: Platform, faults: list[str]
) -> None:
    use_up_strong_motors(platform)
    page = open_page(chromium, faults)
    see(page, address)
    expect(page.locator(".shop-date .shop-long")).to_have_text("Monday 2 March, 18:00")
    page.get_by_text("Four-piston disc brakes").click()
    strong = page.locator("#option-mid_90 .days")
    expect(strong).to_have_text(re.compile(r"^\+\d+ days$"))
    page.get_by_role("radio", name="Mid motor 90 Nm").focus()
    page.keyboard.press("Space")
    expect(page.locator("#option-mid_65 .days")).to_have_text(re.compile(r"^\d+ days earlier$"))
    expect(page.locator("#shop-news")).to_contain_text("€3,540")
    expect(page.locator("#shop-news")).to_have_attribute("role", "status")
    page.locator("details.shop-more > summary").click()
    page.get_by_role("button", name="Make it the soonest").click()
    expect(page.get_by_role("radio", name="Mid motor 65 Nm")).to_be_checked()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("radio", name="Mid motor 90 Nm")).to_be_checked()


def test_a_configuration_is_saved_shared_compared_and_taken_along(chromium: Browser, address: str, faults: list[str]) -> None:
    page = open_page(chromium, faults)
    see(page, address)
    page.get_by_role("radio", name="Tomato red").focus()
    page.keyboard.press("Space")
    expect(page.locator("#shop-order input[value=tomato]")).to_have_count(1)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Name").fill("Red one")
    page.keyboard.press("Enter")
    page.wait_for_url("**/saved")
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".shop-address code")).to_contain_text("/shop/demo/saved/")
    shared = page.locator(".shop-address code").inner_text()
    check_page(page, 1280)

    other = open_page(chromium, faults, 390)
    other.goto(shared)
    expect(other.locator(".shop-opened")).to_contain_text("Red one")
    expect(other.get_by_role("radio", name="Tomato red")).to_be_checked()
    other.locator("details.shop-more > summary").click()
    other.get_by_role("button", name="Continue on another device").click()
    expect(other.locator("#elsewhere svg.shop-code")).to_be_visible()
    check_page(other, 390)
    short = other.locator("#elsewhere code").inner_text()
    other.goto(short)
    expect(other.get_by_role("radio", name="Tomato red")).to_be_checked()
    other.locator("details.shop-more > summary").click()
    other.get_by_role("link", name="Compare with another").click()
    other.wait_for_url("**/compare*")
    expect(other.get_by_role("cell", name="Tomato red")).to_be_visible()
    expect(other.get_by_role("cell", name="Ocean blue")).to_be_visible()
    check_page(other, 390)


def test_the_shop_is_usable_at_twice_the_size(chromium: Browser, address: str, faults: list[str]) -> None:
    """What 200 % zoom makes of a window of 1280 pixels."""
    page = open_page(chromium, faults, 640, device_scale_factor=2)
    see(page, address)
    page.locator("details.shop-more > summary").click()
    expect(page.locator("#shop-more")).to_be_visible()
    check_page(page, 640)
