"""The product manager's pages and API: drafts, analysis, tables, versions, preview."""

from base64 import b64decode
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from bike_family import MODEL
from lotone.identity import Role
from lotone.wiring import Platform

API = "/api/v1/products/bike"
DEARER = MODEL.replace("Price 90}", "Price 95}")


async def saved(manager: httpx.AsyncClient, model: str, revision: int = 0) -> int:
    answer = await manager.patch(f"{API}/draft", json={"revision": revision, "model": model})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["revision"])


async def test_the_product_manager_lands_on_her_families(manager: httpx.AsyncClient) -> None:
    assert (await manager.get("/")).headers["location"] == "/products"
    page = (await manager.get("/products")).text
    assert "Version 1 is sold" in page
    assert "Draft changed" not in page
    await saved(manager, DEARER)
    assert "Draft changed" in (await manager.get("/products")).text


@pytest.mark.parametrize("path", ["", "/tables", "/versions", "/preview"])
async def test_pages_open_in_both_languages(manager: httpx.AsyncClient, path: str) -> None:
    for language in ("en", "zh"):
        answer = await manager.get(f"/products/bike{path}?lang={language}")
        assert answer.status_code == 200, answer.text
        assert ("Bike" if language == "en" else "自行车") in answer.text


@pytest.mark.parametrize("role", [Role.CONSUMER, Role.OPERATOR, Role.PLANNER, Role.ENGINEER])
async def test_others_may_not(signed_in: Any, role: Role) -> None:
    client = signed_in(role)
    for path in ("/products", "/products/bike", f"{API}/draft", f"{API}/versions", f"{API}/draft/tables.xlsx"):
        assert (await client.get(path)).status_code == 403
    assert (await client.patch(f"{API}/draft", json={"revision": 0, "model": "x"})).status_code == 403


async def test_an_empty_organization_learns_what_will_be_here(signed_in: Any) -> None:
    client = signed_in(Role.PRODUCT_MANAGER, "other")
    assert "No products yet" in (await client.get("/products")).text
    assert (await client.get("/products/bike")).status_code == 404
    for wrong in ("bo\u00e4t", "7boat", "b", "a/b", "a" * 40):
        assert (await client.post("/products", data={"product": wrong, "name": "Boat"})).status_code == 422
    answer = await client.post("/products", data={"product": "boat", "name": "Boat", "name_zh": "船"})
    assert answer.headers["location"] == "/products/boat"
    assert "Not sold yet" in (await client.get("/products")).text
    assert (await client.get("/products/boat/versions")).status_code == 200
    for wrong in ("\u00b2", "9" * 5000):
        asked = await client.get(f"{API.replace('bike', 'boat')}/difference", params={"before": wrong})
        assert asked.status_code == 422
    assert (await client.get("/products/boat/preview")).status_code == 200
    assert (await client.get("/shop/other/boat")).status_code == 404


async def test_a_text_is_analysed_as_it_is_typed(manager: httpx.AsyncClient) -> None:
    fine = (await manager.post(f"{API}/draft/analyse", json={"model": MODEL})).json()
    assert (fine["faults"], fine["findings"], fine["features"]) == ([], [], 5)
    dead = (await manager.post(f"{API}/draft/analyse", json={"model": MODEL + "    belt => !belt\n"})).json()
    assert [(one["kind"], one["feature"]) for one in dead["findings"]] == [("dead", "belt"), ("false_optional", "chain")]
    assert dead["findings"][0]["reasons"][0]["text"] == "belt => !belt"
    broken = (await manager.post(f"{API}/draft/analyse", json={"model": MODEL.replace("optional", "optinal")})).json()
    assert broken["faults"][0]["line"] == 6
    void = (await manager.post(f"{API}/draft/analyse", json={"model": MODEL + "    !bike\n"})).json()
    assert void["void"]


async def test_two_editors_are_told_of_each_other(manager: httpx.AsyncClient, signed_in: Any) -> None:
    await saved(manager, DEARER)
    late = signed_in(Role.ADMINISTRATOR)
    answer = await late.patch(f"{API}/draft", json={"revision": 0, "model": MODEL + "// late\n"})
    assert answer.status_code == 409
    assert answer.json()["model"] == DEARER
    assert "Product_manager" in answer.json()["detail"]
    assert (await manager.get(f"{API}/draft")).json()["model"] == DEARER


async def test_a_new_name_reaches_the_tables(manager: httpx.AsyncClient) -> None:
    change = {"revision": 0, "model": MODEL.replace("rack", "carrier"), "renamed": [{"old": "rack", "new": "carrier"}]}
    assert (await manager.patch(f"{API}/draft", json=change)).status_code == 200
    draft = (await manager.get(f"{API}/draft")).json()
    assert draft["demand"]["parts"][0]["when"] == "carrier"
    assert (await manager.get(f"{API}/draft/faults")).json() == []


async def test_publish_release_and_roll_back(manager: httpx.AsyncClient, platform: Platform, now: datetime) -> None:
    revision = await saved(manager, DEARER)
    difference = (await manager.get(f"{API}/difference")).json()
    assert difference["changes"] == [{"what": "price", "kind": "changed", "name": "belt", "before": "90.00", "after": "95.00"}]
    later = (platform.wall() + timedelta(days=2)).isoformat()
    made = await manager.post(f"{API}/publish", json={"revision": revision, "at": later, "note": "spring"})
    assert (made.status_code, made.json()["state"]) == (201, "scheduled")
    assert (await manager.get("/api/v1/products/bike")).json()["version"] == 1
    assert "waits for its day" in (await manager.get("/products/bike/versions")).text
    assert (await manager.post(f"{API}/versions/2/withdraw")).json()["state"] == "withdrawn"
    assert (await manager.post(f"{API}/versions/2/release", json={})).json()["state"] == "current"
    assert (await manager.post(f"{API}/versions/2/withdraw")).status_code == 409
    back = (await manager.post(f"{API}/versions/1/roll-back")).json()
    assert (back["version"], back["back_to"], back["state"]) == (3, 1, "current")
    assert [one["version"] for one in (await manager.get(f"{API}/versions")).json()] == [3, 2, 1]
    assert (await manager.post(f"{API}/publish", json={"revision": 99})).status_code == 409


async def test_what_is_broken_is_not_published_and_says_where(manager: httpx.AsyncClient) -> None:
    revision = await saved(manager, MODEL.replace("            rack {Price 45}\n", "").replace("bag => rack", "bag => belt"))
    answer = await manager.post(f"{API}/publish", json={"revision": revision})
    assert answer.status_code == 422
    assert [(one["file"], one["line"], one["column"]) for one in answer.json()["faults"]] == [("parts", 2, "when")]
    assert "parts:2:when" in (await manager.get("/products/bike/versions")).text
    assert "keep the draft from being published" in (await manager.get("/products/bike/tables")).text


async def test_the_effect_on_what_people_hold(manager: httpx.AsyncClient, platform: Platform) -> None:
    with platform.work("demo") as work:
        work.saved.save("gst_1", "bike", ["belt", "bag"], "My bike")
        work.saved.save("gst_1", "bike", ["chain"], "Her bike")
    await saved(manager, DEARER + "    !(belt & bag)\n")
    effect = (await manager.get(f"{API}/effect")).json()
    assert (effect["looked_at"], effect["invalid"], effect["repriced"]) == (2, 1, 0)
    assert effect["affected"][0]["reasons"] == ["!(belt & bag)"]
    assert "My bike" in (await manager.get("/products/bike/versions")).text


async def test_tables_go_out_and_come_in_as_a_workbook(manager: httpx.AsyncClient) -> None:
    book = load_workbook(BytesIO((await manager.get(f"{API}/draft/tables.xlsx")).content))
    prices = {row[0].value: row[2] for row in book["prices"].iter_rows(min_row=2)}
    prices["belt"].value = 111
    good = BytesIO()
    book.save(good)
    seen = await manager.put(f"{API}/draft/tables.xlsx?dry=true", content=good.getvalue())
    assert seen.json()["changes"] == [
        {"what": "price", "kind": "changed", "name": "belt", "before": "90.00", "after": "111.00"}
    ]
    assert (await manager.get(f"{API}/draft")).json()["revision"] == 0
    look = await manager.post("/products/bike/tables/look", files={"file": ("t.xlsx", good.getvalue())})
    assert "111.00" in look.text
    taken = await manager.post("/products/bike/tables", files={"file": ("t.xlsx", good.getvalue())}, data={"revision": "0"})
    assert taken.status_code == 303
    assert "Price 111}" in (await manager.get(f"{API}/draft")).json()["model"]
    prices["belt"].value = "much"
    bad = BytesIO()
    book.save(bad)
    answer = await manager.put(f"{API}/draft/tables.xlsx?revision=1", content=bad.getvalue())
    assert answer.status_code == 422
    told = load_workbook(BytesIO(b64decode(answer.json()["workbook"])))
    assert "expected a number" in "".join(str(cell.value) for row in told["prices"] for cell in row)
    look = await manager.post("/products/bike/tables/look", files={"file": ("t.xlsx", bad.getvalue())})
    assert "data-workbook" in look.text
    late = await manager.put(f"{API}/draft/tables.xlsx?revision=0", content=good.getvalue())
    assert late.status_code == 409
    assert (await manager.post("/products/bike/tables/look")).status_code == 422


async def test_the_preview_is_marked_and_orders_nothing(manager: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    await saved(manager, DEARER)
    page = (await manager.get("/products/bike/preview?c=belt")).text
    assert "Nothing can be ordered here" in page
    assert "€995" in page
    for text in ("shop-order", "/quote", "/shop/demo/bike", 'data-dialog="save"'):
        assert text not in page
    sheet = await manager.get("/products/bike/preview/sheet?c=belt&take=bag")
    assert "€1,060" in sheet.text
    assert (await browser.get("/products/bike/preview")).status_code in (303, 401)
    await saved(manager, "broken", 1)
    assert "t show this draft" in (await manager.get("/products/bike/preview")).text


async def test_undo_and_begin_again(manager: httpx.AsyncClient) -> None:
    revision = await saved(manager, DEARER)
    back = (await manager.post(f"{API}/draft/undo", json={"revision": revision})).json()
    assert back["model"] == MODEL
    again = (await manager.post(f"{API}/draft/undo", json={"revision": back["revision"], "steps": -1})).json()
    assert again["model"] == DEARER
    anew = (await manager.post(f"{API}/draft/again", json={"revision": again["revision"]})).json()
    assert (anew["model"], anew["can_undo"]) == (MODEL, True)
    assert (await manager.post(f"{API}/draft/undo", json={"revision": anew["revision"], "steps": 9})).status_code == 409
    answer = await manager.post("/products/bike/undo", data={"revision": str(anew["revision"])})
    assert answer.status_code == 303
    assert (await manager.get(f"{API}/draft")).json()["model"] == DEARER
    assert (await manager.delete(f"{API}/draft?revision={anew['revision'] + 1}")).status_code == 204
    assert (await manager.get(f"{API}/draft")).json()["revision"] == 0


async def test_forms_publish_release_and_roll_back(manager: httpx.AsyncClient) -> None:
    revision = await saved(manager, DEARER)
    assert (
        await manager.post("/products/bike/publish", data={"revision": str(revision), "note": "dearer"})
    ).status_code == 303
    assert "dearer" in (await manager.get("/products/bike/versions")).text
    assert (await manager.post("/products/bike/versions/1/roll-back")).status_code == 303
    assert "back to 1" in (await manager.get("/products/bike/versions")).text
    compared = (await manager.get("/products/bike/versions?before=1&after=2")).text
    assert "95.00" in compared
    assert (await manager.post("/products/bike/publish", data={"revision": "1", "at": "tomorrow"})).status_code == 422
    assert (await manager.get("/products/bike/versions?before=one")).status_code == 422
