"""The historian asked from another process, over a real message server that takes only small messages."""

import random
import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from lotone.assets import BAD, Sample
from lotone.historian import Historian, HistorianClient, serve
from lotone.kernel import Invalid, Messages, Unavailable

NOON = 1_770_000_000_000_000
FOREVER = NOON + 10**12
PAYLOAD_MAX = 32 * 1024

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path_factory.mktemp("messages") / "server.conf"
    config.write_text(f'host: "127.0.0.1", port: {port}, max_payload: {PAYLOAD_MAX}')
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    with subprocess.Popen([program, "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"nats://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture(scope="module")
def messages(url: str) -> Iterator[tuple[Messages, Messages]]:
    both = Messages(url, name="owner"), Messages(url, name="asker")
    for each in both:
        each.connect()
    yield both
    for each in both:
        each.close()


@pytest.fixture(scope="module")
def client(shared: Historian, messages: tuple[Messages, Messages]) -> HistorianClient:
    owner, asker = messages
    serve(owner, shared)
    return HistorianClient(asker)


def noise(tag: int, count: int) -> list[Sample]:
    rng = random.Random(tag)
    return [Sample(tag, NOON + place * 1000, rng.random(), receive_time=NOON) for place in range(count)]


def test_a_client_answers_as_the_owner_does(shared: Historian, client: HistorianClient, organization: str, tag: int) -> None:
    mixed = [
        Sample(tag, NOON, 1.5),
        Sample(tag, NOON + 1, True),
        Sample(tag, NOON + 2, "x", quality=BAD),
        Sample(tag, NOON + 3, 2**60),
    ]
    shared.append(organization, mixed + noise(tag + 1, 10))
    asked = (organization, [tag, tag + 1, tag + 2], NOON, FOREVER)
    assert client.read(*asked) == shared.read(*asked)
    assert client.read(*asked, buckets=7) == shared.read(*asked, buckets=7)
    assert client.read(*asked, limit=4) == shared.read(*asked, limit=4)
    assert client.last(*asked[:2]) == shared.last(*asked[:2])
    assert client.count(organization) == 14
    assert client.count(organization, [tag]) == 4
    assert client.increase(*asked) == shared.increase(*asked)


def test_answers_larger_than_a_message_come_in_parts(
    shared: Historian, client: HistorianClient, organization: str, tag: int
) -> None:
    shared.append(organization, noise(tag, 20_000) + noise(tag + 1, 20_000))
    asked = (organization, [tag, tag + 1], NOON, FOREVER)
    read = client.read(*asked)
    assert read.complete
    assert read == shared.read(*asked)
    assert client.read(*asked, limit=9_999) == shared.read(*asked, limit=9_999)
    narrow = (organization, [tag, tag + 1], NOON, NOON + 20_000_000)
    assert client.read(*narrow, buckets=5_000) == shared.read(*narrow, buckets=5_000)


def test_last_samples_larger_than_a_message_come_in_parts(
    shared: Historian, client: HistorianClient, organization: str, tag: int
) -> None:
    rng = random.Random(1)
    tags = list(range(tag, tag + 20))
    shared.append(organization, [Sample(each, NOON, rng.randbytes(5_000).hex()) for each in tags])
    assert client.last(organization, tags) == shared.last(organization, tags)


def test_a_sample_larger_than_a_message_is_said_to_be(
    shared: Historian, client: HistorianClient, organization: str, tag: int
) -> None:
    shared.append(organization, [Sample(tag, NOON, random.Random(1).randbytes(40_000).hex())])
    with pytest.raises(Invalid, match="larger than a message"):
        client.last(organization, [tag])
    with pytest.raises(Invalid):
        client.read(organization, [tag], NOON, FOREVER)


def test_other_organizations_see_nothing(shared: Historian, client: HistorianClient, organization: str, tag: int) -> None:
    shared.append(organization, noise(tag, 5))
    other = f"{organization}-other"
    assert client.read(other, [tag], NOON, FOREVER).points[tag].time == []
    assert client.last(other, [tag]) == {}
    assert client.count(other) == 0


def test_wrong_questions_are_refused(client: HistorianClient, messages: tuple[Messages, Messages], organization: str) -> None:
    with pytest.raises(Invalid, match="ends"):
        client.read(organization, [1], 10, 5)
    for payload in (b"not json", b"[]", b"{}", b'"text"', b"null"):
        with pytest.raises(Invalid, match="not a question"):
            messages[1].request_bytes("historian.read", payload)


def test_nobody_answers(url: str, organization: str) -> None:
    lonely = Messages(url, name="lonely")
    lonely.connect()
    try:
        with pytest.raises(Unavailable):
            lonely.request_bytes("historian.nothing", b"")
    finally:
        lonely.close()
