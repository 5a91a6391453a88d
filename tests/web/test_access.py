"""Who gets in: sessions, tokens, forms, guests, and routes that say what they need."""

import re
from collections.abc import Callable

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from lotone.identity import Actor, Role
from lotone.kernel import Words
from lotone.web import create_app, routes_of
from lotone.web.access import Visitor, everyone, platform_of, shopper
from lotone.web.page import page
from lotone.web.room import Room
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
PASSWORD = "correct horse battery"


async def test_unknown_browsers_are_sent_to_the_sign_in_and_programs_are_told(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/account?tab=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account%3Ftab%3D1")
    answer = await browser.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:lotone:not_signed_in"


async def test_a_person_signs_in_with_a_form_and_out_again(browser: httpx.AsyncClient, platform: Platform) -> None:
    with platform.work("demo") as work:
        user = work.identity.create_user("pia", Role.PLANNER, password=PASSWORD)
    form = await browser.get("/sign-in?next=/account")
    token = re.search(r'name="csrf" value="(\w+)"', form.text)
    assert token
    fields = {"csrf": token.group(1), "login": "Pia", "password": PASSWORD, "next": "/account"}
    wrong = await browser.post("/sign-in", data={**fields, "password": "not the password"})
    assert wrong.status_code == 403
    assert "session" not in browser.cookies
    answer = await browser.post("/sign-in", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    account = await browser.get("/account")
    assert account.status_code == 200
    assert user.login in account.text
    token = re.search(r'name="csrf" value="(\w+)"', account.text)
    assert token
    stolen = browser.cookies["session"]
    await browser.post("/sign-out", data={"csrf": token.group(1)})
    browser.cookies.set("session", stolen)
    assert (await browser.get("/account")).status_code == 303


async def test_cookies_are_host_only_and_secure_on_https(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://lotone.test", headers={"Accept": "text/html"}
    ) as client:
        answer = await client.get("/sign-in")
    assert answer.headers["set-cookie"].startswith("__Host-guest=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_after_too_many_attempts_one_is_told_how_long_to_wait(browser: httpx.AsyncClient) -> None:
    form = await browser.get("/sign-in")
    token = re.search(r'name="csrf" value="(\w+)"', form.text)
    assert token
    fields = {"csrf": token.group(1), "login": "nobody", "password": "wrong password"}
    statuses = [(await browser.post("/sign-in", data=fields)).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    answer = await browser.post("/sign-in", data=fields)
    assert 1 <= int(answer.headers["retry-after"]) <= 2


async def test_trying_many_logins_from_one_address_is_slowed_down(browser: httpx.AsyncClient, platform: Platform) -> None:
    form = await browser.get("/sign-in")
    token = re.search(r'name="csrf" value="(\w+)"', form.text)
    assert token
    with platform.work("") as work:
        for _ in range(49):
            work.identity.begin_from("127.0.0.1")
    fields = {"csrf": token.group(1), "password": "wrong password"}
    statuses = [(await browser.post("/sign-in", data={**fields, "login": f"user-{number}"})).status_code for number in (1, 2)]
    assert statuses == [403, 429]
    answer = await browser.post("/sign-in", data={**fields, "login": "user-3"})
    assert 1 <= int(answer.headers["retry-after"]) <= 2
    assert "from this address" in answer.text


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_led_away_after_signing_in(browser: httpx.AsyncClient, address: str) -> None:
    form = await browser.get("/sign-in", params={"next": address})
    assert 'name="next" value=""' in form.text


async def test_a_change_needs_the_token_of_this_session(signed_in: SignIn) -> None:
    planner, other = signed_in(Role.PLANNER), signed_in(Role.OPERATOR)
    assert (await planner.post("/account", data={"display": "Pia"})).status_code == 303
    for wrong in ("", "0" * 64, other.headers["X-CSRF-Token"]):
        answer = await planner.post("/account", data={"display": "Eve"}, headers={"X-CSRF-Token": wrong})
        assert answer.status_code == 403
        assert "nothing was changed" in answer.text
    answer = await planner.post("/account", data={"display": "Eve"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Pia" in (await planner.get("/account")).text


async def test_a_program_needs_no_form_token_but_its_scopes(program: SignIn, signed_in: SignIn) -> None:
    reader = program(Role.ADMINISTRATOR, {"identity.read"})
    assert (await reader.get("/api/v1/people")).status_code == 200
    answer = await reader.post("/api/v1/people", json={"login": "eve", "role": "planner"})
    assert answer.status_code == 403
    assert "identity.write" in answer.json()["detail"]
    writer = program(Role.ADMINISTRATOR, {"identity.*"})
    assert (await writer.post("/api/v1/people", json={"login": "eve", "role": "planner"})).status_code == 201
    assert (await writer.post("/account", data={"display": "Eve"})).status_code == 403
    assert (await writer.post("/api/v1/tokens", json={"words": "x", "scopes": ["identity.read"]})).status_code == 403


async def test_a_token_is_shown_once_used_and_revoked(signed_in: SignIn, browser: httpx.AsyncClient) -> None:
    planner = signed_in(Role.PLANNER)
    made = await planner.post("/api/v1/tokens", json={"words": "notebook", "scopes": ["plan.read"], "days": 1})
    assert made.status_code == 201
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    me = await browser.get("/api/v1/me", headers=bearer)
    assert me.json()["actions"] == ["plan.read"]
    listed = (await planner.get("/api/v1/tokens")).json()
    assert listed[0]["secret"] is None
    assert listed[0]["used_at"] is not None
    assert made.json()["secret"] not in (await planner.get("/account")).text
    assert (await planner.delete(f"/api/v1/tokens/{made.json()['id']}")).status_code == 204
    assert (await browser.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_roles_see_only_their_pages(signed_in: SignIn) -> None:
    planner = signed_in(Role.PLANNER)
    assert (await planner.get("/administration/people")).status_code == 403
    administrator = signed_in(Role.ADMINISTRATOR, "other")
    assert (await administrator.get("/administration/people")).status_code == 200
    assert (await administrator.get("/administration/organizations")).status_code == 403
    host = signed_in(Role.ADMINISTRATOR, "demo")
    assert (await host.get("/administration/organizations")).status_code == 200


async def test_an_organization_is_not_seen_from_another(signed_in: SignIn, program: SignIn, platform: Platform) -> None:
    with platform.look("other") as work:
        foreign = work.identity.users()[0]
    administrator = signed_in(Role.ADMINISTRATOR, "demo")
    assert "@other" not in (await administrator.get("/administration/people")).text
    assert (await administrator.get(f"/api/v1/people/{foreign.id}")).status_code == 404
    for path in (f"/administration/people/{foreign.id}", f"/administration/people/{foreign.id}/link"):
        assert (await administrator.post(path, data={"role": "planner"})).status_code == 404
    answer = await administrator.patch(f"/api/v1/people/{foreign.id}", json={"role": "planner"})
    assert answer.status_code == 404
    with platform.look("other") as work:
        assert work.identity.user(foreign.id) == foreign


async def test_a_one_time_link_lets_somebody_in_once(signed_in: SignIn, browser: httpx.AsyncClient) -> None:
    administrator = signed_in()
    answer = await administrator.post("/administration/people", data={"login": "ines", "role": "engineer"})
    link = re.search(r"http://lotone.test(/welcome/[\w-]+)", answer.text)
    assert link
    welcome = await browser.get(link.group(1))
    token = re.search(r'name="csrf" value="(\w+)"', welcome.text)
    assert token
    weak = await browser.post(link.group(1), data={"csrf": token.group(1), "password": "short"})
    assert weak.status_code == 422
    assert (await browser.post(link.group(1), data={"csrf": token.group(1), "password": PASSWORD})).status_code == 303
    assert "ines" in (await browser.get("/account")).text
    assert (await browser.get(link.group(1))).status_code == 404


async def test_the_demo_lets_anybody_be_anybody_and_only_the_demo(platform: Platform, browser: httpx.AsyncClient) -> None:
    choose = await browser.get("/demo")
    token = re.search(r'name="csrf" value="(\w+)"', choose.text)
    assert token
    assert (await browser.post("/demo/demo/engineer", data={"csrf": token.group(1)})).status_code == 303
    assert "Engineer" in (await browser.get("/account")).text
    platform.settings = platform.settings.model_copy(update={"demo": False})
    assert (await browser.get("/demo")).status_code == 404
    assert (await browser.post("/demo/demo/engineer", data={"csrf": token.group(1)})).status_code in (403, 404)


shop = APIRouter()


@shop.get("/shop/{shop}/who")
def who(request: Request, actor: Actor = shopper("orders.quote")) -> dict[str, str]:
    return {"who": actor.who, "organization": actor.organization}


@shop.post("/shop/{shop}/order")
def order(request: Request, actor: Actor = shopper("orders.place")) -> dict[str, str]:
    with platform_of(request).work(actor.organization) as work:
        return {"user": work.identity.guest_user(actor).id}


@shop.get("/breaks")
def breaks(request: Request, actor: Actor = everyone()) -> Response:
    return page(request, "frame/no_such_template.html")


async def test_a_guest_of_a_shop_stays_the_same_guest(platform: Platform) -> None:
    app = create_app(platform, [Room(routers=(shop,))])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lotone.test") as guest:
        first = (await guest.get("/shop/demo/who")).json()
        assert (await guest.get("/shop/demo/who")).json() == first
        assert (await guest.get("/shop/other/who")).json()["who"] != first["who"]
        assert (await guest.get("/shop/nowhere/who")).status_code == 404
        assert (await guest.post("/shop/demo/order")).status_code == 403
        form_token = Visitor(secret=guest.cookies["guest"]).csrf_token
        ordered = await guest.post("/shop/demo/order", headers={"X-CSRF-Token": form_token})
        assert ordered.json() == {"user": first["who"]}
    async with httpx.AsyncClient(transport=transport, base_url="http://lotone.test") as stranger:
        assert (await stranger.get("/shop/demo/who")).json()["who"] != first["who"]


async def test_a_user_of_the_shop_is_herself_there_and_a_guest_elsewhere(platform: Platform) -> None:
    app = create_app(platform, [Room(routers=(shop,))])
    with platform.work("demo") as work:
        user = work.identity.create_user("connie", Role.CONSUMER)
        secret = work.identity.open_session(user.id)
        actor = work.identity.session(secret).actor
        _, token = work.identity.create_token(actor, frozenset({"orders.*"}), "t")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lotone.test", cookies={"session": secret}) as client:
        assert (await client.get("/shop/demo/who")).json()["who"] == user.id
        assert (await client.get("/shop/other/who")).json()["who"].startswith("gst_")
    bearer = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://lotone.test", headers=bearer) as client:
        assert (await client.get("/shop/demo/who")).json()["who"] == user.id
        assert (await client.get("/shop/other/who")).status_code == 404


def test_every_route_says_who_may_use_it(platform: Platform) -> None:
    routes = routes_of(create_app(platform))
    assert ("GET", "/administration/people", "identity.read", "signed-in") in routes
    assert ("GET", "/sign-in", None, "everyone") in routes
    changes = {path for method, path, _, audience in routes if method not in ("GET", "HEAD") and audience == "everyone"}
    assert changes == {"/sign-in", "/sign-out", "/welcome/{secret}", "/demo/{organization}/{role}"}


def test_a_route_that_forgets_to_say_is_not_served(platform: Platform) -> None:
    silent = APIRouter()

    @silent.get("/open")
    def nothing() -> dict[str, str]:
        return {}

    with pytest.raises(ValueError, match="/open"):
        create_app(platform, [Room(routers=(silent,))])


async def test_what_breaks_shows_a_number_and_no_secrets(platform: Platform) -> None:
    app = create_app(platform, [Room(routers=(shop,))])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lotone.test") as client:
        answer = await client.get("/breaks", headers={"Accept": "text/html"})
        assert answer.status_code == 500
        assert answer.headers["x-error-number"] in answer.text
        assert "no_such_template" not in answer.text
        answer = await client.get("/breaks", headers={"Accept": "application/json"})
        assert answer.json()["status"] == 500


def test_an_organization_has_words_in_both_languages(platform: Platform) -> None:
    with platform.look("demo") as work:
        assert work.identity.organization().words == Words("Demo", "demo 组织")
