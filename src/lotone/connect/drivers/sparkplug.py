"""Sparkplug B 3.0, the side of the host application: births, data, deaths, sequence numbers, commands.

**What we expect of an edge node** (and what the simulated machines do): group id = organization, edge node id = the
connection's id (for a machine of its own: the machine's id), device id `machine`, metric names = tag names. The address of
such a tag is `<device>/<metric name>`, so `machine/temperature`; a metric of the edge node itself has the address `/<metric
name>`.

- Publish with QoS 1 (the standard asks for 0, which may be lost when we are restarted).
- Times are milliseconds. In a birth each metric carries the time at which it last changed: values that were already recorded
  are then recognised as duplicates. Values that were kept while the message server was away carry `is_historical`.
- Aliases are welcome; they are unique in the edge node. `bdSeq` in NBIRTH and NDEATH, `seq` in everything else.
- `Node Control/Rebirth` (NCMD) makes the edge node publish its births again.
- Writes arrive as one DCMD to the device with one metric per written tag, by name, the request metric last.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from lotone.assets import DataType, Value
from lotone.connect.drivers.sparkplug_codec import command_payload, is_reserved, rebirth_payload, tag_type
from lotone.connect.model import (
    Deliver,
    Node,
    NotConnected,
    Status,
    Surroundings,
    edge_node_of,
)
from lotone.connect.store import Birth
from lotone.kernel import Words

LOOK_EVERY_S = 30.0
"""How often an edge node that never announced itself is asked to."""


class SparkplugDriver:
    """Commands to one edge node. Its data comes through the stream and the `Host`, which also says how the connection is.

    `births` gives what the organization's edge nodes announced, from the database.
    """

    def __init__(self, surroundings: Surroundings, births: Callable[[], list[Birth]]) -> None:
        self.surroundings = surroundings
        self.births = births
        self.node = edge_node_of(surroundings.connection)

    async def run(self, deliver: Deliver) -> None:
        """Ask a node that we know nothing about to announce itself, now and then."""
        while True:
            if not await self._known():
                await self.surroundings.say(Status.WAITING, _WAITING)
                await self.surroundings.command(self._topic("NCMD"), rebirth_payload(_now()))
            await asyncio.sleep(LOOK_EVERY_S)

    async def write(self, values: Mapping[str, Value]) -> None:
        """One command per device (or edge node), so that a machine gets its parameters and its request in one piece."""
        known = await self._known()
        per_device: dict[str, dict[str, Value]] = {}
        for address, value in values.items():
            device, _, metric = address.partition("/")
            per_device.setdefault(device, {})[metric] = value
        for device, metrics in per_device.items():
            birth = known.get(device)
            if birth is None or not birth.online:
                raise NotConnected(
                    f"the edge node {self.node} of {self.surroundings.connection.id} is not connected to the message server; "
                    "nothing was written"
                )
            announced = {metric.name: metric for metric in birth.metrics}
            tag_types = {name: self.surroundings.addresses.get(f"{device}/{name}", DataType.NUMBER) for name in metrics}
            payload = command_payload(metrics, announced, tag_types, _now())
            await self.surroundings.command(self._topic("DCMD", device) if device else self._topic("NCMD"), payload)

    async def browse(self) -> list[Node]:
        return nodes_of(list((await self._known()).values()))

    async def _known(self) -> dict[str, Birth]:
        births = await asyncio.to_thread(self.births)
        return {birth.device: birth for birth in births if birth.node == self.node}

    def _topic(self, kind: str, device: str = "") -> str:
        return "/".join(filter(None, ["spBv1.0", self.surroundings.organization, kind, self.node, device]))


def nodes_of(births: list[Birth]) -> list[Node]:
    """The metrics of births as addresses of tags; whether one can be written is the machine's secret."""
    return [
        Node(f"{birth.device}/{one.name}", one.name, tag_type(one.data_type), True)
        for birth in births
        for one in birth.metrics
        if not is_reserved(one.name)
    ]


def _now() -> int:
    return int(time.time() * 1000)


_WAITING = Words(
    "waiting for the machine's birth: enter the message server's address, user and password on the machine",
    "等待设备上线消息：请在设备上填写消息服务器的地址、用户名和密码",
)
