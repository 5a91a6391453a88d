"""Pages and answers: languages, formats, errors, limits, headers, files, the API's document."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lotone.identity import Actor, Role
from lotone.kernel import Money, Words
from lotone.web.reader import Reader, read_preferences
from lotone.web.room import Entry, Section, Thread, home_of, menu_for
from lotone.web.static import asset

SignIn = Callable[..., httpx.AsyncClient]
MOMENT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "cookies", "accept", "user", "language"),
    [
        ({}, {}, "", "", "en"),
        ({}, {}, "zh-CN,zh;q=0.9,en;q=0.8", "", "zh"),
        ({}, {}, "de-DE, en;q=0.5", "", "en"),
        ({}, {}, "en;q=0.1, zh;q=0.9", "", "zh"),
        ({}, {}, "zh;q=nonsense", "", "en"),
        ({}, {}, "zh", "en", "en"),
        ({}, {"lang": "zh"}, "en", "en", "zh"),
        ({"lang": "en"}, {"lang": "zh"}, "zh", "zh", "en"),
        ({"lang": "xx"}, {}, "zh", "", "zh"),
    ],
)
def test_the_language_is_what_was_asked_for_last(
    query: dict[str, str], cookies: dict[str, str], accept: str, user: str, language: str
) -> None:
    assert read_preferences(query=query, cookies=cookies, accept_language=accept, user_language=user).language == language


def test_the_zone_is_the_accounts_the_browsers_or_a_guess() -> None:
    def zone(cookie: str, user: str = "") -> tuple[str, bool]:
        reader = read_preferences(query={}, cookies={"tz": cookie}, accept_language="", user_zone=user)
        return reader.zone, reader.zone_guessed

    assert zone("Europe%2FBerlin") == ("Europe/Berlin", False)
    assert zone("Europe/Berlin", "Asia/Shanghai") == ("Asia/Shanghai", False)
    assert zone("../../etc/passwd") == ("UTC", True)


def test_formats_follow_the_reader() -> None:
    english, chinese = Reader("en", "Europe/Berlin"), Reader("zh", "Asia/Shanghai")
    assert english.moment_text(MOMENT) == "2 Mar 2026 23:30"
    assert chinese.moment_text(MOMENT) == "2026年3月3日 06:30"
    assert english.moment_text(MOMENT, "day") == "Mon 2 Mar"
    assert chinese.moment_text(MOMENT, "day") == "3月3日 周二"
    assert english.money(Money(348_050)) == "€3,480.50"
    assert english.number(1234.5678, "kW") == "1,234.57 kW"
    assert english.number(None, "kW") == "–"
    assert english.percent(0.942) == "94 %"
    assert english.minutes(85) == "1 h 25 min"
    assert english.minutes(59.6) == "1 h 00 min"
    assert english.duration(timedelta(hours=2)) == "2 hours"
    assert chinese.duration(7200) == "2小时"
    assert chinese.words(Words("Paint", "喷漆")) == "喷漆"


def test_a_moment_shows_the_plants_time_on_hover_and_escapes() -> None:
    shown = Reader("en", "Asia/Shanghai").moment(MOMENT, plant_zone="Europe/Berlin")
    assert 'datetime="2026-03-02T22:30:00+00:00"' in shown
    assert "2 Mar 2026 23:30:00 Europe/Berlin" in shown
    assert Reader().moment(None) == "–"


def test_the_menu_shows_what_one_may_and_where_one_is() -> None:
    entries = [
        Entry(Words("Schedule"), "/plan", "chart-gantt", "plan.read", Section.PLAN, frozenset({Role.PLANNER})),
        Entry(Words("Late"), "/plan/late", "clock", "plan.read", Section.PLAN, order=60),
        Entry(Words("Shop"), "/shop/{organization}", "store", "orders.quote", Section.SELL),
        Entry(Words("People"), "/people", "users", "identity.read", Section.MANAGE),
    ]
    planner = Actor("demo", "usr_1", Role.PLANNER)
    shown = menu_for(entries, planner, "/plan/late/7")
    assert [(words.en, [(href, here) for _, href, here in rows]) for words, rows in shown] == [
        ("Sell", [("/shop/demo", False)]),
        ("Plan", [("/plan", False), ("/plan/late", True)]),
    ]
    assert home_of(entries, planner) == "/plan"
    assert home_of(entries, Actor("demo", "usr_2", Role.CONSUMER)) == "/shop/demo"
    assert home_of([], planner) == "/account"
    assert menu_for(entries, None, "/plan") == []


def test_a_thread_keeps_only_links_that_lead_somewhere() -> None:
    thread = Thread.at("machine", operation="/make/7", unit=None)
    assert {station.value: href for station, href in thread.links.items()} == {"operation": "/make/7"}
    with pytest.raises(ValueError, match="nowhere"):
        Thread.at("nowhere")


async def test_pages_speak_chinese_and_remember_it(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/sign-in?lang=zh")
    assert '<html lang="zh-Hans"' in answer.text
    assert "登录" in answer.text
    assert browser.cookies["lang"] == "zh"
    assert "登录" in (await browser.get("/sign-in")).text
    assert "\\u7f29\\u5c0f" in (await browser.get("/sign-in")).text


async def test_the_theme_of_the_cookie_is_there_from_the_first_byte(browser: httpx.AsyncClient) -> None:
    assert "data-theme" not in (await browser.get("/sign-in")).text.partition("<body")[0]
    browser.cookies.set("theme", "dark")
    assert 'data-theme="dark"' in (await browser.get("/sign-in")).text
    browser.cookies.set("theme", '"><script>')
    assert "<script>" not in (await browser.get("/sign-in")).text


async def test_nothing_inline_so_that_the_content_policy_holds(signed_in: SignIn) -> None:
    administrator = signed_in()
    for path in (
        "/account",
        "/administration",
        "/administration/people",
        "/reference",
        "/reference?look=shop",
        "/demo",
        "/api/v1/docs",
    ):
        answer = await administrator.get(path)
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert " style=" not in answer.text, path
        assert not re.search(r" on\w+=", answer.text), path
        scripts = re.findall(r"<script([^>]*)>", answer.text)
        assert all("src=" in script or 'type="application/json"' in script for script in scripts), path


async def test_a_page_that_is_not_there_says_so_with_a_number(signed_in: SignIn, browser: httpx.AsyncClient) -> None:
    for client in (signed_in(Role.PLANNER), browser):
        answer = await client.get("/nothing/here")
        assert answer.status_code == 404
        assert answer.headers["x-error-number"] in answer.text
    answer = await browser.get("/api/v1/nothing", headers={"Accept": "application/json"})
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (404, "urn:lotone:not_found")
    assert problem["number"] == answer.headers["x-error-number"]
    assert (await browser.put("/sign-in")).status_code == 405


async def test_wrong_input_names_the_field(signed_in: SignIn) -> None:
    administrator = signed_in()
    answer = await administrator.post("/api/v1/people", json={"login": "eve", "role": "queen"})
    assert answer.status_code == 422
    assert answer.json()["where"] == "role"
    answer = await administrator.post("/api/v1/people", json={"login": "two words", "role": "planner"})
    assert answer.json()["where"] == "login"
    answer = await administrator.post("/api/v1/people", json={"login": "planner@demo", "role": "planner"})
    assert answer.status_code == 409
    answer = await administrator.post("/api/v1/people", content=b"{not json", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    answer = await administrator.post(
        "/administration/people", data={"login": "two words", "role": "planner"}, headers={"HX-Request": "true"}
    )
    assert answer.headers["content-type"] == "application/problem+json"


async def test_large_bodies_are_refused_with_and_without_a_stated_size(signed_in: SignIn) -> None:
    administrator = signed_in()
    answer = await administrator.post("/api/v1/people", content=b"x" * 30_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:lotone:too_large"

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 1000

    answer = await administrator.post("/api/v1/people", content=chunks(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_built_files_are_compressed_and_cached_for_ever(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(asset("app.css"))
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    plain = await browser.get(asset("app.css"), headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text
    assert (await browser.get(asset("inter-latin-wght-normal.woff2"))).headers["content-type"] == "font/woff2"
    for wrong in ("/static/built/nothing.js", "/static/../app.py", "/static/%2e%2e/app.py"):
        assert (await browser.get(wrong)).status_code == 404
    assert (await browser.get("/static/built/manifest.json")).headers["cache-control"] == "public, max-age=3600"


async def test_health_readiness_and_numbers(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    ready = await browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["parts"]["database"] == "ok"
    assert "not connected" in ready.json()["parts"]["messages"]
    numbers = (await browser.get("/metrics")).text
    assert 'lotone_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in numbers
    assert "set-cookie" not in ready.headers


async def test_the_api_document_says_what_each_request_needs(browser: httpx.AsyncClient, signed_in: SignIn) -> None:
    document = (await browser.get("/api/v1/openapi.json")).json()
    assert all(path.startswith("/api/") for path in document["paths"])
    assert document["paths"]["/api/v1/people"]["get"]["x-action"] == "identity.read"
    reference = await browser.get("/api/v1/docs")
    assert "/api/v1/people/{user}" in reference.text
    assert "identity.write" in reference.text


async def test_ctrl_k_finds_pages_and_people_that_one_may_see(signed_in: SignIn) -> None:
    administrator = signed_in()
    found = (await administrator.get("/search.json?q=peop")).json()["found"]
    assert found[0]["href"] == "/administration/people"
    found = (await administrator.get("/search.json?q=engineer@")).json()["found"]
    assert [one["detail"] for one in found] == ["engineer@demo"]
    planner = signed_in(Role.PLANNER)
    hrefs = [one["href"] for one in (await planner.get("/search.json?q=")).json()["found"]]
    assert "/administration/people" not in hrefs
    assert (await planner.get("/search.json?q=engineer@")).json()["found"] == []


async def test_an_administrator_changes_people_and_takes_it_back(signed_in: SignIn) -> None:
    administrator = signed_in()
    people = {one["login"]: one["id"] for one in (await administrator.get("/api/v1/people")).json()}
    planner = people["planner@demo"]
    answer = await administrator.post(f"/administration/people/{planner}", data={"role": "engineer"})
    assert '"undo"' in answer.headers["hx-trigger"]
    undo = f"/administration/people/{planner}/undo/planner/give"
    assert undo in answer.headers["hx-trigger"]
    answer = await administrator.post(undo, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/administration/people")
    assert (await administrator.get(f"/api/v1/people/{planner}")).json()["role"] == "planner"
    mine = people["administrator@demo"]
    answer = await administrator.patch(f"/api/v1/people/{mine}", json={"disabled": True})
    assert answer.status_code == 409


async def test_the_host_creates_an_organization_with_its_administrator(signed_in: SignIn, browser: httpx.AsyncClient) -> None:
    host = signed_in()
    fields = {"id": "third", "name": "Third", "administrator": "ada@third"}
    answer = await host.post("/administration/organizations", data=fields)
    link = re.search(r"(/welcome/[\w-]+)", answer.text)
    assert link
    assert "ada@third" in (await browser.get(link.group(1))).text
    again = await host.post("/administration/organizations", data=fields)
    assert again.status_code == 409
    wrong = await host.post("/api/v1/organizations", json={"id": "No Slug", "name": "x"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "id")


async def test_changing_the_password_needs_the_old_one(signed_in: SignIn, platform: object) -> None:
    client = signed_in(Role.OPERATOR)
    answer = await client.post("/account/password", data={"old": "unknown before", "password": "a new long one"})
    assert answer.status_code == 422
