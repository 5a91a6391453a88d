"""The foundation in a real browser: keys, themes, phones, live facts, forms that answer, nothing that breaks the policy."""

import re
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from lotone.identity import Role
from lotone.wiring import Platform

pytestmark = pytest.mark.journey
PATHS = [
    "/account",
    "/administration",
    "/administration/people",
    "/administration/organizations",
    "/reference",
    "/reference?look=shop",
    "/api/v1/docs",
    "/orders",
    "/units",
    "/material",
]
SCREENS = Path(__file__).parents[2] / "report" / "screens"
"""Pictures of the pages, to be looked at."""
UNNAMED = """
  [...document.querySelectorAll("button, a, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.title || one.labels?.length))
    .map((one) => one.outerHTML)
"""
"""Things to press or fill in that a screen reader could not name."""


class Faults(list[str]):
    """What the browser complained about: blocked by the content policy, exceptions, missing files."""

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda fault: self.append(str(fault)))


def sign_in(page: Page, address: str, role: str = "administrator") -> None:
    page.goto(f"{address}/demo")
    page.locator(f'form[action="/demo/demo/{role}"] button').click()
    page.wait_for_load_state()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_pages_hold_in_every_size_and_theme(chromium: Browser, address: str, width: int, theme: str) -> None:
    faults = Faults()
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
    page = context.new_page()
    faults.watch(page)
    sign_in(page, address)
    for path in PATHS:
        page.goto(address + path)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        unnamed = page.evaluate(UNNAMED)
        assert not unnamed, f"{path}: {unnamed}"
        picture = SCREENS / f"{width}-{theme}{path.replace('/', '-').replace('?', '-')}.png"
        assert len(page.screenshot(path=picture)) > 5_000, "the page is empty"
    assert not faults
    context.close()


def test_ctrl_k_finds_and_opens_by_keyboard(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    sign_in(page, address)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.keyboard.type("people")
    expect(page.locator("#found li[aria-selected=true]")).to_contain_text("People")
    page.keyboard.press("Enter")
    page.wait_for_url("**/administration/people")


def test_a_person_is_invited_changed_and_changed_back(chromium: Browser, address: str) -> None:
    faults = Faults()
    page = chromium.new_page()
    faults.watch(page)
    sign_in(page, address)
    page.goto(f"{address}/administration/people")
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("Login").fill("two words")
    page.get_by_role("button", name="Invite and show the link").click()
    expect(page.locator(".field .fault")).to_contain_text("no spaces")
    page.get_by_label("Login").fill("ines")
    page.get_by_role("button", name="Invite and show the link").click()
    expect(page.locator(".secret code")).to_contain_text("/welcome/")
    expect(page.locator("dialog#invite")).not_to_be_visible()
    row = page.get_by_role("row", name=re.compile("ines"))
    row.get_by_role("button", name="End access").click()
    expect(row).to_contain_text("ended")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name=re.compile("ines"))).to_contain_text("no password")
    assert [fault for fault in faults if "422" not in fault] == []


def test_tables_sort_filter_and_keep_it_in_the_address(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    sign_in(page, address)
    page.goto(f"{address}/administration/people")
    page.get_by_role("button", name="Login").click()
    page.get_by_role("button", name="Login").click()
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("product")
    page.get_by_label("Filter this table").fill("engineer@")
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    assert "people-q=engineer%40" in page.url
    page.reload()
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("Name,Login,Role")
    assert len(text.splitlines()) == 2


def test_theme_and_language_are_kept(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("Language and theme").click()
    page.get_by_role("button", name="Dark").click()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    page.get_by_label("Language and theme").click()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.goto(f"{address}/demo")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_times_are_in_the_readers_zone_from_the_first_page(chromium: Browser, address: str) -> None:
    context = chromium.new_context(timezone_id="Asia/Shanghai", locale="en-GB")
    page = context.new_page()
    sign_in(page, address)
    page.goto(f"{address}/administration/organizations")
    assert page.locator("html").get_attribute("data-zone") == "Asia/Shanghai"
    context.close()


def test_a_fact_reaches_an_open_page_and_again_after_the_connection_was_lost(
    chromium: Browser, address: str, platform: Platform
) -> None:
    page = chromium.new_page()
    sign_in(page, address)
    page.goto(f"{address}/account")
    page.evaluate(
        """() => {
          document.body.dataset.heard = "";
          document.body.addEventListener("lo:UserCreated", (event) => {
            document.body.dataset.heard += `${event.detail.login} `;
          });
          const live = document.createElement("lo-live");
          live.setAttribute("src", "/live?facts=UserCreated");
          document.querySelector("main").append(live);
        }"""
    )
    expect(page.locator("lo-live")).to_have_attribute("data-state", "open")
    with platform.work("demo") as work:
        work.identity.create_user("first", Role.OPERATOR)
    expect(page.locator("body")).to_have_attribute("data-heard", "first ")
    page.evaluate("document.querySelector('lo-live').source.dispatchEvent(new Event('error'))")
    expect(page.locator("lo-live")).to_have_attribute("data-state", "lost")
    with platform.work("demo") as work:
        work.identity.create_user("second", Role.OPERATOR)
    expect(page.locator("body")).to_have_attribute("data-heard", "first second ")


def test_the_phone_has_its_navigation_behind_a_button(chromium: Browser, address: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    sign_in(page, address)
    people = page.get_by_role("link", name="People")
    expect(people).not_to_be_visible()
    page.get_by_role("button", name="Open the navigation").click()
    expect(people).to_be_visible()
    page.keyboard.press("Escape")
    expect(people).not_to_be_visible()


def test_charts_and_gantt_draw_and_have_a_table(chromium: Browser, address: str) -> None:
    faults = Faults()
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    faults.watch(page)
    sign_in(page, address, "planner")
    page.goto(f"{address}/reference")
    trend = page.locator("lo-trend")
    trend.scroll_into_view_if_needed()
    expect(trend.locator("canvas")).to_have_count(1)
    expect(trend.locator(".legend")).to_contain_text("Temperature")
    trend.get_by_role("button", name="15 min").click()
    page.wait_for_url(re.compile("sample-trend-minutes=15"))
    gantt = page.locator("lo-gantt")
    gantt.scroll_into_view_if_needed()
    expect(gantt.locator("canvas").first).to_be_visible()
    gantt.get_by_role("button", name="As table").click()
    expect(gantt.locator("tbody tr").nth(20)).to_be_visible()
    assert not faults


def test_a_page_is_fast(address: str) -> None:
    with httpx.Client(base_url=address, follow_redirects=True, headers={"Accept": "text/html"}) as client:
        client.get("/demo")
        begun = time.perf_counter()
        for _ in range(20):
            assert client.get("/demo").status_code == 200
        assert (time.perf_counter() - begun) / 20 < 0.1
