"""What is kept of a configuration: saved, compared, taken along, on paper; and whose it is."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pypdfium2
import pytest
from fastapi import FastAPI

from lotone.configure import Picture, Product, configurator_of, features_of
from lotone.identity import Role
from lotone.web.shop.paper import plain
from lotone.web.shop.shortly import code_of
from lotone.wiring import Platform

Visit = Callable[[], Awaitable[httpx.AsyncClient]]
Choices = list[str]
SHOP = "/shop/demo/ebike"
API = "/api/v1/products/ebike"


def asked(choices: Choices, **more: str) -> str:
    return urlencode([("c", name) for name in choices] + list(more.items()))


async def save(client: httpx.AsyncClient, choices: Choices, name: str = "Mine") -> str:
    """The id of a configuration that was saved just now."""
    answer = await client.post(f"{SHOP}/save", data={"c": choices, "name": name})
    assert answer.status_code == 303, answer.text
    listed = await client.get(answer.headers["location"])
    return re.findall(r'/shop/demo/saved/([\w-]{12})"', listed.text)[0]


def use_up_strong_motors(platform: Platform) -> None:
    with platform.work("demo") as work:
        work.assets.take("motor-mid-90", work.assets.on_hand()["motor-mid-90"])


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def ink_of(pdf: bytes) -> float:
    """The part of the first page that is not white, as it is really drawn."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        drawn = document[0].render(scale=0.5, grayscale=True).to_pil()
    finally:
        document.close()
    pixels = drawn.tobytes()
    return sum(pixel < 200 for pixel in pixels) / len(pixels)


# -- what each option would change


async def test_options_say_what_they_do_to_the_day(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    use_up_strong_motors(platform)
    guest.cookies.set("tz", "Europe/Berlin")
    brakes = [*(name for name in start if name != "disc_brakes"), "four_piston_brakes"]
    sheet = (await guest.get(f"{SHOP}/sheet?{asked(brakes)}")).text
    assert re.search(r'id="option-mid_90".*?<span class="days later"[^>]*>\+\d+ days</span>', sheet, re.DOTALL)
    assert "Monday 2 March, 18:00" in sheet
    taken = (await guest.get(f"{SHOP}/sheet?{asked(brakes, take='mid_90')}")).text
    assert re.search(r'id="option-mid_65".*?<span class="days earlier"[^>]*>\d+ days earlier</span>', taken, re.DOTALL)
    why = (await guest.get(f"{SHOP}/why?{asked(start, wanted='mid_90')}")).text
    assert "Take it anyway" in why
    assert re.search(r'And for the day: <span class="days later"[^>]*>\+\d+ days</span>', why)
    guest.cookies.set("lang", "zh")
    assert re.search(r"早 \d+ 天", (await guest.get(f"{SHOP}/sheet?{asked(brakes, take='mid_90')}")).text)


async def test_the_same_differences_for_programs(
    program: Callable[..., httpx.AsyncClient], platform: Platform, start: Choices
) -> None:
    use_up_strong_motors(platform)
    client = program(Role.CONSUMER, {"configure.read", "orders.*"})
    choices = [*(name for name in start if name != "disc_brakes"), "four_piston_brakes"]
    answer = (await client.post(f"{API}/differences?tz=Europe/Berlin", json={"choices": choices})).json()
    assert answer["price"] == 3240
    strong, blue = answer["options"]["mid_90"], answer["options"]["graphite"]
    assert (strong["state"], strong["price"]) == ("free", 300)
    assert strong["days"] > 1
    assert (blue["days"], blue["date"]) == (0, answer["promise"]["date"])
    assert answer["options"]["belt"] == {"state": "blocked", "price": None, "days": None, "date": None, "probability": None}
    for name in ("mid_90", "sunflower"):
        taken = await client.post(
            f"{API}/promise", json={"choices": [*(c for c in choices if c not in ("mid_65", "ocean")), name]}
        )
        assert taken.status_code == 200
    assert (await client.post(f"{API}/promise", json={"choices": strong_choices(choices)})).json()["date"] == strong["date"]


def strong_choices(choices: Choices) -> Choices:
    return [*(name for name in choices if name != "mid_65"), "mid_90"]


async def test_a_click_writes_nothing(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    with platform.look("demo") as work:
        before = work.plan.snapshot().stamp
    for name in ("tomato", "hub_gear", "tracker"):
        assert (await guest.get(f"{SHOP}/sheet?{asked(start, take=name)}")).status_code == 200
    with platform.look("demo") as work:
        assert work.plan.snapshot().stamp == before


# -- whole configurations


async def test_one_press_makes_it_the_cheapest_and_the_soonest(
    guest: httpx.AsyncClient, platform: Platform, start: Choices
) -> None:
    cheapest = (await guest.get(f"{SHOP}/sheet?{asked(start, make='cheapest')}")).text
    assert price_in(cheapest) < 3150 - 500
    use_up_strong_motors(platform)
    slow = strong_choices([*(name for name in start if name != "disc_brakes"), "four_piston_brakes"])
    soonest = (await guest.get(f"{SHOP}/sheet?{asked(slow, make='soonest')}")).text
    assert re.search(r'id="o-mid_65"[^>]* checked', soonest)
    assert "days earlier" not in soonest
    assert (await guest.get(f"{SHOP}/sheet?{asked(start, make='loudest')}")).status_code == 422
    assert 'data-make="footprint"' not in soonest


def price_in(page: str) -> int:
    found = re.search(r'id="shop-price".*?<b>€([\d,]+)', page, re.DOTALL)
    assert found
    return int(found[1].replace(",", ""))


# -- saved


async def test_a_guest_saves_renames_shares_and_forgets(guest: httpx.AsyncClient, visit: Visit, start: Choices) -> None:
    assert "Nothing saved yet" in (await guest.get("/shop/demo/saved")).text
    saved = await save(guest, start, "For Ann & Bob")
    listed = (await guest.get("/shop/demo/saved")).text
    assert "For Ann &amp; Bob" in listed
    assert "€3,150" in listed
    assert (await guest.post(f"/shop/demo/saved/{saved}/rename", data={"name": "For Ann"})).status_code == 303
    stranger = await visit()
    assert (await stranger.get(f"/shop/demo/saved/{saved}")).status_code == 404
    assert "For Ann" not in (await stranger.get("/shop/demo/saved")).text
    assert (await guest.post(f"/shop/demo/saved/{saved}/share", data={"on": "true"})).status_code == 303
    opened = await stranger.get(f"/shop/demo/saved/{saved}", follow_redirects=True)
    assert "For Ann" in opened.text
    assert "shared with you" in opened.text
    assert "€3,150" in opened.text
    for change in ("rename", "share", "forget"):
        assert (await stranger.post(f"/shop/demo/saved/{saved}/{change}", data={"name": "Mine now"})).status_code == 404
    assert (await stranger.get(f"/shop/other/saved/{saved}")).status_code == 404
    assert (await guest.post(f"/shop/demo/saved/{saved}/forget")).status_code == 303
    assert (await stranger.get(f"/shop/demo/saved/{saved}")).status_code == 404


async def test_a_name_is_asked_for(guest: httpx.AsyncClient, start: Choices) -> None:
    assert (await guest.post(f"{SHOP}/save", data={"c": start, "name": "   "})).status_code == 422


async def test_an_older_saved_one_says_what_changed(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    saved = await save(guest, [*start, "tracker"])
    with platform.work("demo") as work:
        work.configure.publish(without_tracker(work.configure.product("ebike")))
    opened = (await guest.get(f"/shop/demo/saved/{saved}", follow_redirects=True)).text
    assert "No longer offered: GPS tracker." in opened
    assert "It cost €3,249 then and costs €3,180 now." in opened
    assert "the product changed since" in (await guest.get("/shop/demo/saved")).text


def without_tracker(old: Product) -> Product:
    """The next version: one option less, and the blue costs something."""
    model = old.model_text.replace("            tracker {Price 99}\n", "").replace("ocean\n", "ocean {Price 30}\n", 1)
    words = {name: text for name, text in old.option_words.items() if name != "tracker"}
    rows = {
        name: tuple(row for row in getattr(old.demand, name) if "tracker" not in features_of(row.when))
        for name in ("parts", "operations", "times", "parameters", "checks")
    }
    assert old.picture is not None
    picture = replace(old.picture, svg=re.sub(r"\btracker\b", "lights", old.picture.svg))
    return replace(old, model_text=model, option_words=words, demand=replace(old.demand, **rows), picture=picture)


async def test_saved_ones_for_programs(program: Callable[..., httpx.AsyncClient], start: Choices) -> None:
    client = program(Role.CONSUMER, {"configure.read", "orders.*"})
    made = await client.post("/api/v1/saved", json={"product": "ebike", "name": "Mine", "choices": start})
    assert made.status_code == 201, made.text
    saved = made.json()["saved"]
    assert made.json()["price"] == 3150
    assert [one["saved"] for one in (await client.get("/api/v1/saved")).json()] == [saved]
    changed = await client.patch(f"/api/v1/saved/{saved}", json={"name": "Ours", "shared": True})
    assert (changed.json()["name"], changed.json()["shared"]) == ("Ours", True)
    other = program(Role.PRODUCT_MANAGER, {"configure.read", "orders.*"})
    assert (await other.get(f"/api/v1/saved/{saved}")).json()["still_possible"] == made.json()["choices"]
    assert (await other.patch(f"/api/v1/saved/{saved}", json={"name": "Theirs"})).status_code == 404
    assert (await other.delete(f"/api/v1/saved/{saved}")).status_code == 404
    foreign = program(Role.CONSUMER, {"configure.read", "orders.*"}, "other")
    assert (await foreign.get(f"/api/v1/saved/{saved}")).status_code == 404
    assert (await client.delete(f"/api/v1/saved/{saved}")).status_code == 204
    assert (await client.get("/api/v1/saved")).json() == []


# -- side by side, taken along, on paper


async def test_two_stand_side_by_side(guest: httpx.AsyncClient, start: Choices) -> None:
    other = [*(name for name in start if name not in ("ocean", "trapeze")), "sunflower", "diamond", "basket"]
    first, second = await save(guest, start, "Blue"), await save(guest, other, "Yellow")
    ticked = await guest.get(f"/shop/demo/saved/pair?with={first}&with={second}")
    page = (await guest.get(ticked.headers["location"])).text
    assert "€3,150" in page
    assert "€3,210" in page
    assert page.count("Ocean blue") == page.count("Sunflower yellow") == 1
    assert "Chain" not in page
    assert page.count("<lo-picture><svg") == 2
    assert (await guest.get(f"/shop/demo/saved/pair?with={first}")).status_code == 422
    same = (await guest.get(f"{SHOP}/compare")).text
    assert "They are the same in every option." in same


async def test_a_few_letters_lead_to_the_same_configuration(guest: httpx.AsyncClient, start: Choices) -> None:
    choices = [*(name for name in start if name != "ocean"), "tomato"]
    elsewhere = (await guest.get(f"{SHOP}/elsewhere?{asked(choices)}")).text
    address = re.findall(r'data-copy="([^"]+)"', elsewhere)[0]
    assert address.startswith("http://lotone.test/shop/demo/ebike?k=1-")
    assert len(address) < 90
    assert "<svg" in elsewhere
    assert " style=" not in elsewhere
    page = (await guest.get(address)).text
    assert re.search(r'id="o-tomato"[^>]* checked', page)
    assert (await guest.get(f"{SHOP}?k=1-!!")).status_code == 422
    assert (await guest.get(f"{SHOP}?k=77-AA")).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Offer",
                "€3,150",
                "9 of 10 such promises are kept",
                "Ocean blue",
                "Monday 2 March 2026, 18:00",
                "The price: 14 days",
            ),
        ),
        ("zh", ("报价单", "3,150", "海洋蓝", "2026年3月2日", "价格：14 天", "您的选择")),
    ],
)
async def test_an_offer_on_paper_says_it_in_both_languages(
    guest: httpx.AsyncClient, start: Choices, language: str, words: tuple[str, ...]
) -> None:
    guest.cookies.set("lang", language)
    guest.cookies.set("tz", "Europe/Berlin")
    answer = await guest.get(f"{SHOP}/offer.pdf?{asked(start)}")
    assert answer.headers["content-type"] == "application/pdf"
    text = text_of(answer.content)
    assert not [word for word in words if word not in text], text
    assert ink_of(answer.content) > 0.03


async def test_a_held_quote_on_paper_names_until_when_it_is_held(
    guest: httpx.AsyncClient, visit: Visit, start: Choices
) -> None:
    held = (await guest.post(f"{SHOP}/quote", data={"c": start})).headers["location"]
    more = (await guest.post(f"{held}/quantity", data={"quantity": "3"})).headers["location"]
    page = (await guest.get(more)).text
    assert "€9,450" in page
    assert "for 3 of them" in page
    text = text_of((await guest.get(f"{more}/offer.pdf")).content)
    assert "Valid until" in text
    assert "3 × €3,150" in text
    assert (await (await visit()).get(f"{more}/offer.pdf")).status_code == 404
    for wrong in ("0", "51", "many"):
        assert (await guest.post(f"{more}/quantity", data={"quantity": wrong})).status_code == 422


async def test_an_offer_for_programs(program: Callable[..., httpx.AsyncClient], start: Choices) -> None:
    client = program(Role.CONSUMER, {"configure.read", "orders.*"})
    answer = await client.post(f"{API}/offer", json={"choices": start})
    assert answer.status_code == 200
    assert "€3,150" in text_of(answer.content)


async def test_letters_of_a_version_that_is_not_sold_yet_tell_nothing(
    guest: httpx.AsyncClient, platform: Platform, start: Choices
) -> None:
    with platform.work("demo") as work:
        now = work.configure.product("ebike")
        code = code_of(configurator_of(now).model, now.version, start)
        later = replace(now, start=now.start[:-1])
        waiting = work.configure.publish(later, at=platform.wall() + timedelta(days=1))
    letters = code.partition("-")[2]
    assert (await guest.get(f"{SHOP}?k={now.version}-{letters}")).status_code == 200
    unsold = await guest.get(f"{SHOP}?k={waiting.version}-{letters}")
    none = await guest.get(f"{SHOP}?k={waiting.version + 7}-{letters}")
    assert (unsold.status_code, none.status_code) == (404, 404)


def test_what_is_empty_in_a_picture_takes_nothing_else_along() -> None:
    svg = '<svg><filter id="a"/><title/><path d="M0 0"/><filter id="b"><feFlood/></filter><title>x</title></svg>'
    assert plain(Picture(svg), frozenset()) == '<svg><path d="M0 0"/></svg>'


async def test_made_up_options_are_not_counted(guest: httpx.AsyncClient, app: FastAPI) -> None:
    answer = await guest.get(f"{SHOP}/sheet", params={"make": "cheapest", "take": "made-up"})
    assert answer.status_code == 200
    (tally,) = app.state.visits.take(everything=True).values()
    assert tally.cells
    assert all(getattr(cell, "option", "") != "made-up" for cell in tally.cells)
