"""The machines' pages and API on a platform without a message server: what still works, who may do what, foreign things."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lotone.assets import DataType, Equipment, Level, Meaning, Sample, Tag, microseconds
from lotone.connect import Connection
from lotone.identity import Role
from lotone.kernel import Words
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]


@pytest.fixture
def press(platform: Platform) -> dict[str, Tag]:
    """One machine of `demo` that runs since an hour and was down for ten minutes before."""
    with platform.work("demo") as work:
        work.assets.add_equipment(
            [
                Equipment("hall", Level.AREA, None, Words("Hall", "大厅")),
                Equipment("pressing", Level.WORK_CENTER, "hall", Words("Pressing", "压制")),
                Equipment("press-1", Level.WORK_UNIT, "pressing", Words("Press one", "一号压机")),
            ]
        )
        work.connect.add_connection(Connection("press-1", "opcua", "opc.tcp://10.0.0.5:4840", words=Words("Press one")))
        tags = work.assets.add_tags(
            [
                Tag(0, "press-1", "state", Words("State"), DataType.INTEGER, Meaning.STATE, connection="press-1", address="s"),
                Tag(
                    0, "press-1", "force", Words("Force", "压力"), DataType.NUMBER, Meaning.SENSOR, "kN", 0.1, 0, 900,
                    connection="press-1", address="f",
                ),
                Tag(
                    0, "press-1", "speed", Words("Speed"), DataType.NUMBER, Meaning.PARAMETER, "mm/s", low=0, high=50,
                    writable=True, connection="press-1", address="v",
                ),
            ]
        )  # fmt: skip
        now = platform.plant()
        at = [(now - timedelta(minutes=90), 1), (now - timedelta(minutes=70), 3), (now - timedelta(minutes=60), 2)]
        work.insight.observe([(tags[0], Sample(tags[0].number, microseconds(moment), state)) for moment, state in at])
    return {tag.name: tag for tag in tags}


async def test_the_plant_shows_states_even_when_values_are_away(signed_in: SignIn, press: dict[str, Tag]) -> None:
    engineer = signed_in(Role.ENGINEER)
    page = await engineer.get("/plant")
    assert page.status_code == 200
    assert "Press one" in page.text
    assert "running" in page.text
    assert "Live values are not available at the moment" in page.text
    assert 'href="/plant/press-1"' in page.text
    board = await engineer.get("/plant/board", headers={"HX-Request": "true"})
    assert board.text.lstrip().startswith('<div id="plant-board"')
    chinese = await engineer.get("/plant?lang=zh")
    assert "一号压机" in chinese.text
    assert "运行中" in chinese.text


async def test_a_machine_tells_its_states_and_who_may_set_what(signed_in: SignIn, press: dict[str, Tag]) -> None:
    engineer, operator = signed_in(Role.ENGINEER), signed_in(Role.OPERATOR)
    page = await engineer.get("/plant/press-1?hours=2")
    assert page.status_code == 200
    assert '<rect class="down"' in page.text
    assert '<rect class="running"' in page.text
    assert f"trend.json?tags={press['force'].number}" in page.text
    assert "/plant/press-1/write/speed" in page.text
    assert "/plant/press-1/write/" not in (await operator.get("/plant/press-1")).text
    assert (await engineer.get("/plant/pressing")).status_code == 404
    assert (await engineer.get("/plant/nothing")).status_code == 404
    assert (await engineer.get("/plant/press-1?tags=x")).status_code == 422


async def test_an_empty_plant_teaches(signed_in: SignIn) -> None:
    page = await signed_in(Role.ENGINEER).get("/plant")
    assert 'href="/connect/add"' in page.text
    assert 'href="/connect/add"' not in (await signed_in(Role.PLANNER).get("/plant")).text


async def test_a_write_says_its_exact_effect_before_it_is_sent(signed_in: SignIn, press: dict[str, Tag]) -> None:
    engineer = signed_in(Role.ENGINEER)
    asked = await engineer.post("/plant/press-1/write/speed/check", data={"value": "12.5"})
    assert asked.status_code == 200
    for part in ("12.5", "mm/s", "opc.tcp://10.0.0.5:4840", "Press one", "The machine is running"):
        assert part in asked.text
    headers = {"HX-Request": "true"}
    wrong = await engineer.post("/plant/press-1/write/speed/check", data={"value": "51"}, headers=headers)
    assert (wrong.status_code, wrong.json()["where"]) == (422, "value")
    assert "greatest allowed" in wrong.json()["detail"]
    measured = await engineer.post("/plant/press-1/write/force", data={"value": "1"}, headers=headers)
    assert measured.status_code == 403
    unreachable = await engineer.post("/plant/press-1/write/speed", data={"value": "1"}, headers=headers)
    assert unreachable.status_code == 503
    operator = await signed_in(Role.OPERATOR).post("/plant/press-1/write/speed", data={"value": "1"}, headers=headers)
    assert operator.status_code == 403


async def test_states_and_tags_for_programs(program: SignIn, press: dict[str, Tag]) -> None:
    client = program(Role.ENGINEER, {"insight.read", "assets.read", "historian.read"})
    states = (await client.get("/api/v1/plant/states")).json()
    assert [(one["work_unit"], one["state"], one["work_center"]) for one in states] == [("press-1", "running", "pressing")]
    age = datetime.now(UTC) - datetime.fromisoformat(states[0]["since"])
    assert timedelta(minutes=59) < age < timedelta(minutes=62)
    tags = (await client.get("/api/v1/tags?asset=press-1")).json()
    assert {tag["name"] for tag in tags} == {"state", "force", "speed"}
    number = press["force"].number
    assert (await client.get(f"/api/v1/tags/{number}")).json()["words"] == {"en": "Force", "zh": "压力"}
    assert (await client.get(f"/api/v1/tags/{number}/samples")).status_code == 503
    assert (await client.get(f"/api/v1/tags/{number}/samples?start=2026-03-02T00:00:00")).status_code == 422
    assert (await client.get("/api/v1/tags/last?tags=x")).status_code == 422
    assert (await client.get("/api/v1/tags/99999999999999999999")).status_code == 404
    refused = await client.post("/api/v1/machines/press-1/write", json={"values": {"speed": 1}})
    assert refused.status_code == 403


async def test_another_organization_finds_nothing(signed_in: SignIn, press: dict[str, Tag]) -> None:
    stranger = signed_in(Role.ADMINISTRATOR, "other")
    number = press["force"].number
    for address in (
        "/plant/press-1",
        "/plant/press-1/now",
        "/plant/press-1/write/speed",
        f"/plant/trend?tags={number}",
        f"/plant/trend.json?tags={number}&from=0&to=1",
        f"/api/v1/tags/{number}",
        f"/api/v1/tags/{number}/samples",
        f"/api/v1/tags/last?tags={number}",
        "/api/v1/tags?asset=press-1",
    ):
        assert (await stranger.get(address)).status_code == 404, address
    assert "Press one" not in (await stranger.get("/plant")).text
    write = await stranger.post("/api/v1/machines/press-1/write", json={"values": {"speed": 1}})
    assert write.status_code == 404


async def test_machines_and_tags_are_found_by_name(signed_in: SignIn, press: dict[str, Tag]) -> None:
    found = (await signed_in(Role.ENGINEER).get("/search.json?q=press")).json()["found"]
    assert "/plant/press-1" in [one["href"] for one in found]
    tags = (await signed_in(Role.ENGINEER).get("/search.json?q=force")).json()["found"]
    assert f"/plant/press-1?tags={press['force'].number}" in [one["href"] for one in tags]


async def test_a_machine_that_is_down_stands_out_by_shape_and_word(
    signed_in: SignIn, platform: Platform, press: dict[str, Tag]
) -> None:
    with platform.work("demo") as work:
        down = Sample(press["state"].number, microseconds(platform.plant() - timedelta(minutes=5)), 3)
        work.insight.observe([(press["state"], down)])
    engineer = signed_in(Role.ENGINEER)
    board = (await engineer.get("/plant/board")).text
    assert '<article class="plant-machine down"' in board
    assert 'class="status down"' in board
    assert "stopped unexpectedly" in board
    assert "5 min" in board
    page = (await engineer.get("/plant/press-1/now")).text
    assert "plant-big down" in page
    assert 'hx-swap-oob="morph"' in page, "what stands below the trend is refreshed by the same answer"
