"""An OPC UA server that nobody here wrote is added by a person in a browser, read live, and written to."""

import json
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from conformance.foreign import Script, install
from lotone.kernel import read_settings
from lotone.serve.first import first_administrator
from lotone.serve.installation import Installation

pytestmark = [pytest.mark.journey, pytest.mark.browser]
PASSWORD = "a long enough one 7"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """The administrator of a new installation, signed in, before an empty plant."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    settings = read_settings({}, data=tmp_path / "data", port=free_port(), log_level="warning")
    installation = Installation(settings, lambda _said: None)
    try:
        installation.prepare()
        link = first_administrator(installation)
        installation.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET)
            opened = browser.new_page(locale="en-GB")
            opened.set_default_timeout(20_000)
            opened.goto(f"{installation.address}{link}")
            for field in opened.locator("input[type=password]").all():
                field.fill(PASSWORD)
            opened.locator("main button.primary").click()
            opened.wait_for_url("**/administration")
            opened.goto(f"{installation.address}/plant")
            yield opened
            browser.close()
    finally:
        installation.stop()


@pytest.fixture
def press() -> Iterator[tuple[str, Script]]:
    """The foreign server's address, and the way to give it values."""
    install()
    port = free_port()
    script = Script("opcua_server.js", port)
    script.wait("ready")
    yield f"127.0.0.1:{port}/press", script
    script.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_foreign_machine_is_added_in_a_minute(page: Page, press: tuple[str, Script]) -> None:
    address, script = press
    page.get_by_role("link", name="Connect a machine").click()
    page.get_by_text("OPC UA", exact=True).click()
    page.locator("#address").fill(f"127.0.0.1:{free_port()}")
    page.keyboard.press("Enter")
    expect(page.locator("#connect-found")).to_contain_text("Nothing was saved")
    page.locator("#address").fill(address)
    page.keyboard.press("Enter")
    page.get_by_label("Press/Temperature").check()
    page.locator("#name").fill("Foreign press")
    assert page.locator("#id").input_value() == "foreign-press", "the id follows the name"
    page.get_by_role("button", name="Save and see it live").click()
    page.wait_for_url("**/connect/foreign-press*")
    tell(script, 61.25)
    expect(page.locator("#connection-now")).to_contain_text("61.25", timeout=15_000)
    tell(script, 62.5)
    expect(page.locator("#connection-now")).to_contain_text("62.5", timeout=10_000)
    expect(page.locator(".connect-state")).to_contain_text("connected")

    page.get_by_role("link", name="Foreign press").click()
    expect(page.locator("#tags")).to_contain_text("62.5")
    page.get_by_role("button", name="Set").first.click()
    page.locator("#value").fill("12.5")
    page.keyboard.press("Enter")
    expect(page.locator("#write-body")).to_contain_text("ns=1;s=speed")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#write-body")).to_contain_text("reads back 12.5")
    assert script.wait("written")["value"] == 12.5
    page.get_by_role("button", name="Close").click()

    page.get_by_label("Show Speed in the trend").check()
    expect(page.locator("lo-trend .legend")).to_contain_text("Speed")
    assert "tags=" in page.url, "what is chosen is in the address"
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_url("**t-from=**")
    page.goto(page.url)
    expect(page.get_by_label("Show Speed in the trend")).to_be_checked()
    expect(page.locator("lo-trend .legend")).to_contain_text("Speed")
    expect(page.locator("[data-minutes][aria-pressed=true]")).to_have_count(0)


def tell(script: Script, value: float) -> None:
    script.tell(json.dumps({"value": value, "time": datetime.now(UTC).isoformat()}))
