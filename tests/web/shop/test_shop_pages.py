"""The shop's pages in this process: what they show, what they refuse, whose they are."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from lotone.identity import Role
from lotone.wiring import Platform

Visit = Callable[[], Awaitable[httpx.AsyncClient]]
Choices = list[str]
SHOP = "/shop/demo/ebike"


def asked(choices: Choices, **more: str) -> str:
    return urlencode([("c", name) for name in choices] + list(more.items()))


def address_in(answer: httpx.Response) -> str:
    found = re.search(r'data-address="([^"]+)"', answer.text)
    assert found
    return found.group(1).replace("&amp;", "&")


async def hold(client: httpx.AsyncClient, choices: Choices, **more: str) -> str:
    """The address of a fresh quote."""
    answer = await client.post(f"{SHOP}/quote", data={"c": choices, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def use_up_strong_motors(platform: Platform) -> None:
    """From now on they have to be bought, which takes days."""
    with platform.work("demo") as work:
        work.assets.take("motor-mid-90", work.assets.on_hand()["motor-mid-90"])


async def order(client: httpx.AsyncClient, choices: Choices) -> str:
    """The id of a fresh order."""
    answer = await client.post(f"{await hold(client, choices)}/place")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2].partition("?")[0]


# -- looking and choosing


async def test_the_window_shows_the_product_and_an_empty_shop_says_so(guest: httpx.AsyncClient) -> None:
    answer = await guest.get("/shop/demo")
    assert "364,003,200" in answer.text
    assert "€3,150" in answer.text
    assert "<lo-picture><svg" in answer.text
    assert "Nothing is sold here yet" in (await guest.get("/shop/other")).text
    assert (await guest.get("/shop/nowhere")).status_code == 404
    assert (await guest.get("/shop/demo/spaceship")).status_code == 404


async def test_the_product_shows_every_option_and_how_it_stands(guest: httpx.AsyncClient) -> None:
    page = (await guest.get(SHOP)).text
    assert page.count('class="shop-option ') == 58
    assert re.search(r'id="o-trapeze"[^>]* checked', page)
    assert re.search(r'id="o-belt"[^>]* disabled', page)
    assert 'data-why="belt"' in page
    assert "+€40" in page


async def test_nothing_inline_so_that_the_content_policy_holds(guest: httpx.AsyncClient, start: Choices) -> None:
    quote = await hold(guest, start)
    placed = await order(guest, start)
    for path in ("/shop/demo", SHOP, quote, "/shop/demo/orders", f"/shop/demo/orders/{placed}"):
        page = (await guest.get(path)).text
        assert " style=" not in page, path
        assert not re.search(r" on\w+=", page), path


async def test_choices_live_in_the_address(guest: httpx.AsyncClient, start: Choices) -> None:
    changed = await guest.get(f"{SHOP}/sheet?{asked(start, take='tomato')}")
    address = address_in(changed)
    assert "c=tomato" in address
    assert "c=ocean" not in address
    again = (await guest.get(address)).text
    assert re.search(r'id="o-tomato"[^>]* checked', again)


async def test_what_was_never_heard_of_is_refused_or_left_out(guest: httpx.AsyncClient, start: Choices) -> None:
    assert (await guest.get(f"{SHOP}/sheet?{asked(start, take='wings')}")).status_code == 422
    assert (await guest.get(f"{SHOP}/why?{asked(start, wanted='wings')}")).status_code == 422
    assert (await guest.get(f"{SHOP}?{asked(['wings', 'tomato'])}")).status_code == 200
    assert (await guest.get(f"{SHOP}?{asked(['x'] * 400)}")).status_code == 422
    assert (await guest.get(f"{SHOP}?c=%3Cscript%3E")).text.count("<script>") == 0


async def test_a_blocked_option_explains_itself_and_is_taken_anyway(guest: httpx.AsyncClient, start: Choices) -> None:
    why = (await guest.get(f"{SHOP}/why?{asked(start, wanted='belt')}")).text
    assert "Belt drive does not go with your 10-speed derailleur." in why
    assert "Belt drive needs 8-speed hub or Stepless automatic hub" in why
    assert "<del>10-speed derailleur</del>" in why
    assert "<ins>8-speed hub</ins>" in why
    assert "+€330" in why
    taken = await guest.get(f"{SHOP}/sheet?{asked(start, take='belt')}")
    assert "€3,480" in taken.text
    assert re.search(r'id="o-hub_gear"[^>]* checked', taken.text)
    assert re.search(r'id="o-split_frame"[^>]* checked disabled', taken.text)
    assert "Belt drive needs Split rear frame" in taken.text


async def test_all_of_it_in_chinese(guest: httpx.AsyncClient, start: Choices) -> None:
    guest.cookies.set("lang", "zh")
    assert "皮带传动与您选的10 速外变速不能搭配" in (await guest.get(f"{SHOP}/why?{asked(start, wanted='belt')}")).text
    assert "为您备好" in (await guest.get(f"{SHOP}/promise?{asked(start)}")).text


async def test_the_promise_names_day_odds_and_reason(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    use_up_strong_motors(platform)
    guest.cookies.set("tz", "Europe/Berlin")
    promise = (await guest.get(f"{SHOP}/promise?{asked(start)}")).text
    assert "Monday 2 March, 18:00" in promise
    assert "9 of 10 such promises are kept" in promise
    later = (await guest.get(f"{SHOP}/promise?{asked(start, take='mid_90')}")).text
    assert "because" in later
    assert "Monday 2 March" not in later


async def test_what_would_be_sooner_is_really_sooner(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    use_up_strong_motors(platform)
    guest.cookies.set("tz", "Europe/Berlin")
    slow = [name for name in start if name not in ("mid_65", "disc_brakes")] + ["mid_90", "four_piston_brakes"]
    sooner = (await guest.get(f"{SHOP}/sooner?{asked(slow)}")).text
    assert 'data-take="mid_65"' in sooner
    assert "Monday 2 March" in sooner
    assert "days sooner" in sooner
    assert "No other choice" in (await guest.get(f"{SHOP}/sooner?{asked(start)}")).text


async def test_a_choice_that_cannot_be_made_now_says_so(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    use_up_strong_motors(platform)
    with platform.database.work() as connection:
        connection.execute(text("DELETE FROM material_offer"))
    slow = [name for name in start if name not in ("mid_65", "disc_brakes")] + ["mid_90", "four_piston_brakes"]
    answer = await guest.get(f"{SHOP}/promise?{asked(slow)}")
    assert answer.status_code == 200
    assert "No day can be promised now" in answer.text


async def test_a_click_is_answered_fast(guest: httpx.AsyncClient, start: Choices) -> None:
    await guest.get(SHOP)
    begun = time.process_time()
    colours = ["tomato", "sage", "sand", "arctic", "graphite", "sunflower"]
    for colour in colours:
        assert (await guest.get(f"{SHOP}/sheet?{asked(start, take=colour)}")).status_code == 200
    assert (time.process_time() - begun) / len(colours) < 0.15


# -- ordering


async def test_a_guest_orders_and_finds_her_order_again(guest: httpx.AsyncClient, start: Choices) -> None:
    quote = await hold(guest, start)
    page = (await guest.get(quote)).text
    assert "Order for €3,150" in page
    assert re.search(r'<lo-countdown seconds="(89\d|900)"', page)
    assert (await guest.get(quote)).text.count("Order for €3,150") == 1
    placed = await order(guest, start)
    shown = (await guest.get(f"/shop/demo/orders/{placed}")).text
    assert "Its way through the plant" in shown
    assert "Build the frame" in shown
    assert "Frame cell" in shown
    assert placed in (await guest.get("/shop/demo/orders")).text
    assert "waits for its turn" in (await guest.get("/shop/demo")).text


async def test_pressing_twice_orders_once(guest: httpx.AsyncClient, platform: Platform, start: Choices) -> None:
    quote = await hold(guest, start)
    answers = await asyncio.gather(*(guest.post(f"{quote}/place") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    with platform.look("demo") as work:
        assert len(work.orders.orders()) == 1
    assert (await guest.get(quote)).headers["location"] == answers[0].headers["location"].partition("?")[0]


async def test_the_page_of_a_hold_that_ran_out_offers_to_hold_again(
    guest: httpx.AsyncClient, platform: Platform, start: Choices
) -> None:
    quote = await hold(guest, start)
    wall = platform.wall()
    platform.wall = lambda: wall + timedelta(minutes=16)
    page = (await guest.get(quote)).text
    assert "The time is up" in page
    assert "Order for" not in page
    again = await guest.post(f"{quote}/again")
    assert again.status_code == 303
    assert "Held for you again" in (await guest.get(again.headers["location"])).text


async def test_a_day_that_was_lost_is_asked_about_anew_and_nothing_is_ordered(
    guest: httpx.AsyncClient, platform: Platform, start: Choices, floor: Any
) -> None:
    guest.cookies.set("tz", "Europe/Berlin")
    quote = await hold(guest, start)
    floor.stop("oven-1", 2000)
    answer = await guest.post(f"{quote}/place")
    assert answer.status_code == 303
    assert "lost=" in answer.headers["location"]
    with platform.look("demo") as work:
        assert work.orders.orders() == []
    page = (await guest.get(answer.headers["location"])).text
    assert "That day can no longer be held." in page
    assert re.search(r"Instead of <time[^>]*>Monday 2 March, 18:00", page)
    assert "Order for €3,150" in page
    placed = await guest.post(f"{answer.headers['location'].partition('?')[0]}/place")
    assert "/orders/ord_" in placed.headers["location"]


async def test_changing_something_gives_the_first_hold_back(
    guest: httpx.AsyncClient, platform: Platform, start: Choices
) -> None:
    quote = await hold(guest, start)
    page = (await guest.get(f"{SHOP}?{asked(start)}&quote={quote.rpartition('/')[2]}")).text
    assert f'name="instead_of" value="{quote.rpartition("/")[2]}"' in page
    await hold(guest, start, instead_of=quote.rpartition("/")[2])
    assert "The time is up" in (await guest.get(quote)).text
    await hold(guest, start, instead_of="quo_of_somebody_else")


async def test_others_see_nothing_of_it(visit: Visit, guest: httpx.AsyncClient, start: Choices, signed_in: Any) -> None:
    quote, placed = await hold(guest, start), await order(guest, start)
    stranger = await visit()
    foreign = signed_in(Role.PLANNER, "other")
    for client in (stranger, foreign):
        assert (await client.get(quote)).status_code == 404
        assert (await client.get(f"/shop/demo/orders/{placed}")).status_code == 404
        assert (await client.get(f"/shop/demo/orders/{placed}/live")).status_code == 404
        assert (await client.post(f"{quote}/place")).status_code in (403, 404)
        assert (await client.post(f"/shop/demo/orders/{placed}/cancel")).status_code in (403, 404)
        assert placed not in (await client.get("/shop/demo/orders")).text
    assert (await guest.get(f"/shop/other/orders/{placed}")).status_code == 404
    assert "No orders yet" in (await stranger.get("/shop/demo/orders")).text


async def test_a_consumer_orders_under_her_own_name_and_staff_see_it(signed_in: Any, start: Choices) -> None:
    consumer = signed_in(Role.CONSUMER)
    placed = await order(consumer, start)
    assert placed in (await consumer.get("/shop/demo/orders")).text
    planner = signed_in(Role.PLANNER)
    assert (await planner.get(f"/shop/demo/orders/{placed}")).status_code == 200
    assert placed not in (await planner.get("/shop/demo/orders")).text


async def test_forms_of_other_sites_change_nothing(guest: httpx.AsyncClient, start: Choices) -> None:
    quote = await hold(guest, start)
    del guest.headers["X-CSRF-Token"]
    assert (await guest.post(f"{quote}/place")).status_code == 403
    assert (await guest.post(f"{SHOP}/quote", data={"c": start})).status_code == 403


# -- following


async def test_the_order_is_followed_step_by_step(guest: httpx.AsyncClient, start: Choices, floor: Any) -> None:
    placed = await order(guest, start)
    floor.react()
    floor.make(placed, 2)
    floor.begin(placed)
    page = (await guest.get(f"/shop/demo/orders/{placed}", headers={"HX-Request": "true"})).text
    assert page.lstrip().startswith('<div class="shop-story"')
    assert page.count('<li class="done">') == 2
    assert page.count('<li class="running">') == 1
    assert page.count('<path d="') >= 7
    assert "Cancel this order" not in page
    assert "EB-2026-000001" in page
    assert "is being built" in (await guest.get("/shop/demo/orders")).text


async def test_a_moved_day_is_told_with_its_reason_and_kept_in_the_history(
    guest: httpx.AsyncClient, start: Choices, floor: Any
) -> None:
    guest.cookies.set("tz", "Europe/Berlin")
    placed = await order(guest, start)
    assert "Still the day that was promised first." in (await guest.get(f"/shop/demo/orders/{placed}")).text
    floor.stop("oven-1", 2000)
    page = (await guest.get(f"/shop/demo/orders/{placed}")).text
    assert re.search(r"Your day moved from <time[^>]*>Mon 18:00</time> to", page)
    assert "Curing oven stopped on Mon" in page
    assert re.search(r"Promised: <time[^>]*>Monday 2 March, 18:00", page)
    assert "the day moved" in (await guest.get("/shop/demo/orders")).text


async def test_an_order_is_cancelled_until_a_machine_begins(guest: httpx.AsyncClient, start: Choices, floor: Any) -> None:
    placed, begun = await order(guest, start), await order(guest, start)
    assert "Cancel this order" in (await guest.get(f"/shop/demo/orders/{placed}")).text
    assert (await guest.post(f"/shop/demo/orders/{placed}/cancel")).status_code == 303
    page = (await guest.get(f"/shop/demo/orders/{placed}")).text
    assert "This order was cancelled" in page
    assert "lo-live" not in page.partition("<main")[2]
    floor.begin(begun)
    refused = await guest.post(f"/shop/demo/orders/{begun}/cancel")
    assert refused.status_code == 409


@pytest.mark.parametrize("path", ["/shop/demo", SHOP, "/shop/demo/orders"])
async def test_pages_answer_programs_with_tokens_too(program: Any, path: str) -> None:
    client = program(Role.CONSUMER, {"configure.read", "orders.own"})
    assert (await client.get(path)).status_code == 200
