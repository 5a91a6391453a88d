"""A gateway that pushes over HTTP, for the conformance suite."""

from typing import Any

import orjson

from conformance.bench import MessageServer
from conformance.peers.machine import machine_tags
from lotone.connect import Connection, NotTaken, Pusher
from lotone.kernel import Messages


class PushPeer:
    """A gateway of the customer's own that pushes documents, again and again until they are acknowledged."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, server: MessageServer) -> None:
        self.server = server
        self.connection = Connection("press-1", "http", "")
        names = ("temperature", "count", "ready", "recipe", "speed", "request")
        self.tags = machine_tags("press-1", {name: name for name in names})
        self.kept: list[bytes] = []
        self.is_plugged = False
        self.number = 0
        self.messages: Messages | None = None

    def plug(self) -> None:
        self.messages = self.messages or self.server.messages("web")
        self.is_plugged = True
        kept, self.kept = self.kept, []
        for payload in kept:
            self._push(payload)

    def unplug(self) -> None:
        self.is_plugged = False

    def say(self, at: int, **values: Any) -> None:
        payload = orjson.dumps({"time": at / 1000, "values": values})
        if self.is_plugged:
            self._push(payload)
        else:
            self.kept.append(payload)

    def _push(self, payload: bytes) -> None:
        assert self.messages is not None
        self.number += 1
        try:
            Pusher(self.messages).push("demo", "press-1", payload, once=str(self.number))
        except NotTaken:
            self.kept.append(payload)

    def written(self) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        if self.messages:
            self.messages.close()
