"""Adding, changing and removing connections from the pages and the API, pushing, the quarantine; permissions throughout."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from lotone.assets import Equipment, Level
from lotone.connect import Birth, Connection, Store
from lotone.connect.store import Announced, Refused
from lotone.identity import Role
from lotone.kernel import Words
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
HTMX = {"HX-Request": "true"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PRESS = {
    "protocol": "opcua", "address": "10.0.0.5", "user": "me", "password": "secret-7", "name": "Press one", "id": "press-1",
    "take-a": "on", "address-a": "ns=1;s=t", "label-a": "Press/Temperature", "name-a": "temperature", "type-a": "number",
    "unit-a": "°C", "meaning-a": "sensor",
}  # fmt: skip


async def test_a_machine_is_added_with_equipment_connection_and_tags(signed_in: SignIn, platform: Platform) -> None:
    engineer = signed_in(Role.ENGINEER)
    saved = await engineer.post("/connect/add", data=PRESS, headers=HTMX)
    assert saved.headers["HX-Redirect"] == "/connect/press-1?new=true"
    with platform.look("demo") as work:
        assert work.connect.connection("press-1").address == "opc.tcp://10.0.0.5:4840"
        assert work.assets.tag("press-1/temperature").unit == "°C"
        assert work.assets.equipment_called("press-1").parent == "workshop", "a plant without work centers gets its first"
    page = await engineer.get("/connect/press-1")
    assert page.status_code == 200
    assert "secret-7" not in page.text
    assert "Temperature" in page.text
    assert "press-1" in (await engineer.get("/connect")).text
    again = await engineer.post("/connect/add", data=PRESS, headers=HTMX)
    assert (again.status_code, again.json()["where"]) == (422, "id")


async def test_nothing_is_saved_when_anything_is_wrong(signed_in: SignIn, platform: Platform) -> None:
    engineer = signed_in(Role.ENGINEER)
    for change in (
        {"name": "", "id": ""},
        {"protocol": "fax"},
        {"address": "http://x"},
        {"name-a": "No Name!"},
        {"id": "A B"},
    ):
        answer = await engineer.post("/connect/add", data=PRESS | change, headers=HTMX)
        assert answer.status_code == 422, change
    with platform.look("demo") as work:
        assert work.connect.connections() == []
        assert work.assets.equipment() == []


async def test_a_failed_test_says_what_to_do_and_keeps_the_form(signed_in: SignIn) -> None:
    answer = await signed_in(Role.ENGINEER).post(
        "/connect/add/probe", data={"protocol": "opcua", "address": "10.0.0.5"}, headers=HTMX
    )
    assert answer.status_code == 200
    assert "Nothing was saved" in answer.text
    assert "firewall" in answer.text


@pytest.mark.parametrize("protocol", ["", "opcua", "modbus", "s7", "sparkplug", "mqtt", "http"])
async def test_every_protocol_has_its_steps(signed_in: SignIn, protocol: str) -> None:
    assert (await signed_in(Role.ENGINEER).get(f"/connect/add?protocol={protocol}")).status_code == 200


async def test_what_to_enter_is_shown_to_those_who_may_connect(signed_in: SignIn, platform: Platform) -> None:
    with platform.work("demo") as work:
        password = work.identity.machine_password()
        work.connect.add_connection(Connection("edge", "sparkplug", "spBv1.0/demo/edge"))
    for role in (Role.OPERATOR, Role.PLANNER, Role.CONSUMER):
        answer = await signed_in(role).get("/connect/edge")
        assert answer.status_code == 403
        assert password not in answer.text


async def test_edge_nodes_that_announced_themselves_are_offered(signed_in: SignIn, platform: Platform) -> None:
    with platform.work("demo") as work:
        Store(work.connection, "demo").save_births([Birth("edge-9", "", True, 1, None, 0, (Announced("Temperature", 1, 10),))])
    page = await signed_in(Role.ENGINEER).get("/connect/add/discovered")
    assert "edge-9" in page.text
    assert "edge-9" not in (await signed_in(Role.ENGINEER, "other").get("/connect/add/discovered")).text


async def test_a_connection_is_switched_changed_and_removed(signed_in: SignIn, platform: Platform) -> None:
    engineer = signed_in(Role.ENGINEER)
    await engineer.post("/connect/add", data=PRESS, headers=HTMX)
    await engineer.post("/connect/press-1/switch", data={"on": "false"})
    await engineer.post("/connect/press-1/change", data={"address": "10.0.0.6", "name": "Press", "user": "me"})
    with platform.look("demo") as work:
        one = work.connect.connection("press-1")
        assert (one.enabled, one.address, one.words.en) == (False, "opc.tcp://10.0.0.6:4840", "Press")
        assert one.settings == {"user": "me", "password": "secret-7"}, "an empty password keeps the present one"
    wrong = await engineer.post("/connect/press-1/change", data={"address": "ftp://x"}, headers=HTMX)
    assert (wrong.status_code, wrong.json()["where"]) == (422, "address")
    assert (await engineer.post("/connect/press-1/remove")).status_code == 303
    with platform.look("demo") as work:
        assert work.connect.connections() == []
        assert work.assets.tag("press-1/temperature"), "what was recorded stays"


def put_into_quarantine(platform: Platform) -> None:
    with platform.work("demo") as work:
        reason = Words(
            "there is no tag press-7/oil: add it to record its values", "没有标签 press-7/oil：添加后即可记录其数值"
        )
        Store(work.connection, "demo").refuse(
            [
                Refused("telemetry/demo/press-7/oil", reason, "41.5", "text", 4, NOON, 3),
                Refused("telemetry/demo/x", Words("the payload is <empty>", "负载为空"), "", "text", 0, NOON),
            ]
        )


async def test_the_quarantine_is_shown_filtered_and_forgotten(signed_in: SignIn, platform: Platform) -> None:
    put_into_quarantine(platform)
    engineer = signed_in(Role.ENGINEER)
    page = await engineer.get("/connect/quarantine")
    assert "there is no tag press-7/oil" in page.text
    assert "the payload is &lt;empty&gt;" in page.text
    assert "/connect/add?protocol=mqtt&amp;machine=press-7" in page.text
    assert "没有标签 press-7/oil" in (await engineer.get("/connect/quarantine?lang=zh")).text
    filtered = await engineer.get("/connect/quarantine?only=press-7&lang=en")
    assert "&lt;empty&gt;" not in filtered.text
    await engineer.post("/connect/quarantine/forget", data={"all": "true", "only": "press-7"}, headers=HTMX)
    with platform.look("demo") as work:
        assert [entry.subject for entry in work.connect.quarantine()] == ["telemetry/demo/x"]


async def test_what_is_heard_over_mqtt_becomes_tags(signed_in: SignIn, platform: Platform) -> None:
    put_into_quarantine(platform)
    engineer = signed_in(Role.ENGINEER)
    assert "press-7" in (await engineer.get("/connect/add?protocol=mqtt")).text
    saved = await engineer.post("/connect/add", data={"protocol": "mqtt", "name": "Press 7", "id": "press-7"}, headers=HTMX)
    assert saved.headers["HX-Redirect"] == "/connect/press-7?new=true"
    page = await engineer.get("/connect/press-7")
    assert 'value="oil"' in page.text
    assert "41.5" in page.text
    row = {"take-1": "on", "address-1": "oil", "label-1": "oil", "name-1": "oil", "type-1": "number", "asset": "press-7"}
    await engineer.post("/connect/press-7/tags", data=row)
    with platform.look("demo") as work:
        tag = work.assets.tag("press-7/oil")
        assert (tag.connection, tag.address) == ("press-7", "oil")
        assert [entry.subject for entry in work.connect.quarantine()] == ["telemetry/demo/x"], "it needs no attention any more"


async def test_connections_for_programs(program: SignIn, platform: Platform) -> None:
    client = program(Role.ENGINEER, {"connect.read", "connect.write", "historian.write"})
    with platform.work("demo") as work:
        work.assets.add_equipment([Equipment("pressing", Level.WORK_CENTER, None, Words("Pressing"))])
    new = {
        "id": "press-1", "protocol": "opcua", "address": "opc.tcp://10.0.0.5:4840", "work_unit": "press-1",
        "settings": {"user": "me", "password": "secret-7"}, "words": {"en": "Press"},
        "tags": [{"address": "ns=1;s=t", "data_type": "number", "unit": "°C", "name": "temperature"}],
    }  # fmt: skip
    created = await client.post("/api/v1/connections", json=new)
    assert created.status_code == 201
    assert created.json()["settings"] == {"user": "me", "password": "***"}
    assert (await client.post("/api/v1/connections", json=new)).status_code == 409
    sent_back = {"enabled": False, "settings": {"user": "you", "password": "***"}}
    changed = await client.patch("/api/v1/connections/press-1", json=sent_back)
    assert changed.json()["enabled"] is False
    with platform.look("demo") as work:
        assert work.connect.connection("press-1").settings == {"user": "you", "password": "secret-7"}
    more = await client.post(
        "/api/v1/connections/press-1/tags?asset=press-1", json=[{"address": "ns=1;s=v", "data_type": "number"}]
    )
    assert more.status_code == 201
    assert [one["id"] for one in (await client.get("/api/v1/connections")).json()] == ["press-1"]
    assert (await client.post("/api/v1/connections/probe", json={"protocol": "opcua", "address": "x"})).status_code == 503
    assert (await client.delete("/api/v1/connections/press-1")).status_code == 204
    assert (await client.get("/api/v1/connections/press-1")).status_code == 404


async def test_pushing_is_acknowledged_only_when_it_is_on_disk(program: SignIn, platform: Platform) -> None:
    with platform.work("demo") as work:
        work.connect.add_connection(Connection("logger", "http", ""))
        work.connect.add_connection(Connection("press", "opcua", "opc.tcp://10.0.0.5:4840"))
        work.connect.add_connection(Connection("sleeper", "http", "", enabled=False))
    client = program(Role.ENGINEER, {"historian.write"})

    async def push(connection: str, body: bytes) -> httpx.Response:
        return await client.post(f"/api/v1/connections/{connection}/samples", content=body)

    assert (await push("logger", b'{"values": {"t": 21.5}}')).status_code == 503, "no message server: nothing is acknowledged"
    for wrong in (b"", b"hello", b"[1]", b'{"values": 3}', b'{"values": {"t": 1}, "time": "yesterday"}', b"\xff\xfe"):
        assert (await push("logger", wrong)).status_code == 422, wrong
    assert (await push("nothing", b'{"values": {"t": 1}}')).status_code == 404
    assert (await push("press", b'{"values": {"t": 1}}')).status_code == 409
    assert (await push("sleeper", b'{"values": {"t": 1}}')).status_code == 409
    assert (await push("logger", b" " * 30_000)).status_code == 413
    reader = program(Role.ENGINEER, {"connect.read"})
    assert (await reader.post("/api/v1/connections/logger/samples", content=b"{}")).status_code == 403


async def test_another_organization_finds_nothing(signed_in: SignIn, platform: Platform) -> None:
    put_into_quarantine(platform)
    await signed_in(Role.ENGINEER).post("/connect/add", data=PRESS, headers=HTMX)
    with platform.look("demo") as work:
        entry = work.connect.quarantine()[0].id
    stranger = signed_in(Role.ADMINISTRATOR, "other")
    for address in ("/connect/press-1", "/connect/press-1/now", "/connect/press-1/offers", "/api/v1/connections/press-1"):
        assert (await stranger.get(address)).status_code == 404, address
    for method, address in (
        ("POST", "/connect/press-1/switch"),
        ("POST", "/connect/press-1/change"),
        ("POST", "/connect/press-1/remove"),
        ("POST", "/connect/press-1/tags"),
        ("POST", "/api/v1/connections/press-1/samples"),
        ("DELETE", "/api/v1/connections/press-1"),
        ("DELETE", f"/api/v1/quarantine/{entry}"),
    ):
        answer = await stranger.request(method, address, data={"on": "false"}, headers=HTMX)
        assert answer.status_code == 404, address
    for page in ("/connect", "/connect/quarantine"):
        assert "press" not in (await stranger.get(page)).text.casefold()
    await stranger.post("/connect/quarantine/forget", data={"id": entry}, headers=HTMX)
    with platform.look("demo") as work:
        assert len(work.connect.quarantine()) == 2


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.PLANNER, Role.PRODUCT_MANAGER, Role.CONSUMER])
async def test_connections_are_for_engineers(signed_in: SignIn, role: Role) -> None:
    client = signed_in(role)
    for address in ("/connect", "/connect/add", "/connect/quarantine", "/api/v1/connections", "/api/v1/quarantine"):
        assert (await client.get(address)).status_code == 403, address
