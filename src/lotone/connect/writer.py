"""What other processes ask of machines: writing, browsing, trying an address, and putting pushed data into the stream."""

from collections.abc import Mapping
from typing import Any

from nats.js import JetStreamContext

from lotone.assets import DataType, Value, microseconds
from lotone.connect.drivers.samples import messages_of, read_push
from lotone.connect.model import Batch, Found, Node
from lotone.connect.streams import TROUBLE
from lotone.kernel import Clock, Messages, Unavailable, Words, wall_clock

WRITE_S = 15.0
LOOK_S = 20.0
PUSH_S = 5.0


class NotTaken(Unavailable):
    """Pushed data could not be put on disk; nothing of it is acknowledged, so push it again."""


class Writer:
    """The gateway, as seen from other processes. All methods may be called from any thread."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages

    def write(self, organization: str, asset: str, values: Mapping[str, Value]) -> None:
        """Write tags of an asset by name; returns when the machine (for Sparkplug: the message server) has them.

        Parameters first, the request last: it is sent last in any case. Raises the kernel's errors: NotFound (no such tag),
        Forbidden (not writable), Invalid (a value that does not fit), Conflict (the machine refuses), Unavailable.
        """
        self._ask(f"connect.write.{organization}", {"asset": asset, "values": dict(values)}, WRITE_S)

    def browse(self, organization: str, connection: str) -> list[Node]:
        """What the machine behind a connection offers. Raises NotFound, Unavailable."""
        return [_node(one) for one in self._ask(f"connect.browse.{organization}", {"connection": connection}, LOOK_S)]

    def probe(self, organization: str, protocol: str, address: str, settings: Mapping[str, Any]) -> Found:
        """What is found at an address that is not saved yet. Raises Invalid, Unavailable."""
        wish = {"protocol": protocol, "address": address, "settings": dict(settings)}
        answer = self._ask(f"connect.probe.{organization}", wish, LOOK_S)
        return Found(Words.from_dict(answer["words"]), tuple(map(_node, answer["nodes"])))

    def _ask(self, subject: str, wish: Any, timeout_s: float) -> Any:
        return self.messages.request(subject, wish, timeout_s=timeout_s)


class Pusher:
    """Takes pushed data for the recorder. Acknowledge to the pusher only after `push` has returned."""

    def __init__(self, messages: Messages, wall: Clock = wall_clock) -> None:
        self.messages = messages
        self.wall = wall

    def push(self, organization: str, connection: str, payload: bytes, *, once: str | None = None) -> int:
        """Put a payload's readings into the stream; returns their number when they are on disk.

        `once` (the pusher's idempotency key) makes a payload that is pushed again within ten minutes count once.
        Raises WrongPush (nothing of it was taken), NotTaken (push it again).
        """
        batch = read_push(organization, connection, payload, microseconds(self.wall()))
        try:
            self.messages.run(self._publish(batch, once), timeout_s=PUSH_S * 3)
        except TimeoutError:
            raise NotTaken("the data could not be put on disk in time; push it again") from None
        return len(batch.readings)

    async def _publish(self, batch: Batch, once: str | None) -> None:
        if not self.messages.is_connected:
            raise NotTaken("the message server is away; push it again in a few seconds")
        streams: JetStreamContext = self.messages.client.jetstream(timeout=PUSH_S)
        subject = f"samples.{batch.organization}.{batch.connection}"
        try:
            for number, payload in enumerate(messages_of(batch)):
                headers = {"Nats-Msg-Id": f"push-{batch.organization}-{batch.connection}-{once}-{number}"} if once else None
                await streams.publish(subject, payload, headers=headers)
        except TROUBLE as fault:
            raise NotTaken(f"the data could not be put on disk ({fault}); push it again") from None


def _node(one: Mapping[str, Any]) -> Node:
    data_type = DataType(one["data_type"]) if one["data_type"] else None
    return Node(one["address"], one["name"], data_type, one["writable"], one["value"], one["unit"])
