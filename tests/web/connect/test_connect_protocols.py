"""Every protocol that can be chosen has its steps on the page, and what is entered there is saved."""

from collections.abc import Callable

import httpx
import pytest

from lotone.connect import Connection, WrongConnection
from lotone.connect.model import check_connection
from lotone.identity import Role
from lotone.web.connect.api import without_secrets
from lotone.web.connect.doors import tidy_address
from lotone.web.connect.wizard import EXAMPLES, HINTS, PROTOCOLS
from lotone.wiring import Platform

SignIn = Callable[..., httpx.AsyncClient]
HTMX = {"HX-Request": "true"}
HALL = {
    "protocol": "mqtt_client", "address": "10.0.0.7", "user": "me", "password": "secret-7", "topics": "hall/{tag}\r\nyard/#",
    "value": "$.v", "time": "", "ca": "", "version": "3.1.1", "name": "Hall", "id": "hall",
    "take-a": "on", "address-a": "temperature", "label-a": "temperature", "name-a": "temperature", "type-a": "number",
}  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_every_protocol_has_its_steps(signed_in: SignIn, protocol: str) -> None:
    for language in ("en", "zh"):
        page = await signed_in(Role.ENGINEER).get(f"/connect/add?protocol={protocol}", headers={"Accept-Language": language})
        assert page.status_code == 200
        assert 'id="step-2"' in page.text
    assert HINTS[protocol].zh != HINTS[protocol].en
    assert tidy_address(protocol, EXAMPLES.get(protocol, "")) == EXAMPLES.get(protocol, "")


async def test_the_settings_of_a_broker_are_saved_and_its_password_hidden(signed_in: SignIn, platform: Platform) -> None:
    engineer = signed_in(Role.ENGINEER)
    saved = await engineer.post("/connect/add", data=HALL, headers=HTMX)
    assert saved.headers["HX-Redirect"] == "/connect/hall?new=true"
    with platform.look("demo") as work:
        one = work.connect.connection("hall")
        topics = str(one.settings["topics"]).splitlines()
        assert (one.address, topics, one.settings["value"]) == ("mqtt://10.0.0.7:1883", ["hall/{tag}", "yard/#"], "$.v")
        assert set(one.settings) == {"user", "password", "topics", "value", "version"}, "what was left empty is not kept"
    page = await engineer.get("/connect/hall")
    assert "secret-7" not in page.text
    wrong = await engineer.post("/connect/add", data=HALL | {"id": "b", "topics": "a/#/b"}, headers=HTMX)
    assert wrong.status_code == 422


def test_secrets_of_any_driver_are_not_shown() -> None:
    settings = {"password": "a", "api_key": "b", "Token": "c", "client_secret": "d", "user": "e", "topics": "key"}
    shown = without_secrets(settings)
    assert {name for name, value in shown.items() if value == "***"} == {"password", "api_key", "Token", "client_secret"}
    assert (shown["user"], shown["topics"]) == ("e", "key")


@pytest.mark.parametrize("address", ["mqtt://me:secret-7@10.0.0.7", "opc.tcp://me:secret-7@10.0.0.7:4840"])
def test_a_password_in_an_address_is_refused(address: str) -> None:
    protocol = "mqtt_client" if address.startswith("mqtt") else "opcua"
    with pytest.raises(WrongConnection, match="everybody sees an address") as fault:
        check_connection(Connection("hall", protocol, address), "demo")
    assert "secret-7" not in str(fault.value)


def test_addresses_are_completed() -> None:
    assert tidy_address("mqtt_client", "mqtts://broker") == "mqtts://broker:8883"
    assert tidy_address("mtconnect", "10.0.0.5") == "http://10.0.0.5:5000"
    assert tidy_address("files", " hall 2/press-1 ") == "hall 2/press-1"


async def test_a_fault_of_each_protocol_comes_with_help(signed_in: SignIn) -> None:
    for protocol, address in (("mqtt_client", "http://x"), ("mtconnect", "opc.tcp://x"), ("files", "ftp://x")):
        answer = await signed_in(Role.ENGINEER).post(
            "/connect/add/probe", data={"protocol": protocol, "address": address}, headers=HTMX
        )
        assert answer.status_code == 200
        assert "<li>" in answer.text
