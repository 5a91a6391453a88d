"""An OPC UA server for the conformance suite."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import Server, ua
from asyncua.server.binary_server_asyncio import BinaryServer
from asyncua.server.history import HistoryDict

from conformance.bench import MessageServer, free_port
from conformance.peers.loop import Loop
from conformance.peers.machine import machine_tags
from lotone.assets import moment
from lotone.connect import Connection


class OpcUaPeer:
    """An OPC UA server that keeps the history of its variables, also while nobody can reach it."""

    keeps_what_it_says = True
    takes_writes = True
    can_be_browsed = True
    notices_wrong_types = True
    kinds: Mapping[str, ua.VariantType] = {
        "temperature": ua.VariantType.Double,
        "count": ua.VariantType.Int32,
        "ready": ua.VariantType.Boolean,
        "recipe": ua.VariantType.String,
        "speed": ua.VariantType.Float,
        "request": ua.VariantType.UInt32,
    }

    def __init__(self, _server: MessageServer) -> None:
        self.port = free_port()
        self.connection = Connection("press-1", "opcua", f"opc.tcp://127.0.0.1:{self.port}")
        self.tags = machine_tags("press-1", {name: f"ns=2;s={name}" for name in self.kinds})
        self.values: dict[str, Any] = {
            "temperature": 0.0,
            "count": 0,
            "ready": False,
            "recipe": "",
            "speed": 0.0,
            "request": 0,
        }
        self.started_at = datetime.now(UTC) - timedelta(seconds=30)
        self.times = dict.fromkeys(self.values, self.started_at)
        self.history = HistoryDict()
        self.writes: list[dict[str, Any]] = []
        self.server: Server | None = None
        self.is_plugged = False
        self.nodes: dict[str, Any] = {}
        self.loop = Loop()

    def plug(self) -> None:
        self.loop.run(self._plug())

    async def _plug(self) -> None:
        if self.server is None:
            self.server = await self._made()
            await self.server.start()
        else:
            network = BinaryServer(self.server.iserver, "127.0.0.1", self.port, self.server.limits)
            network.set_policies(self.server._policies)
            self.server.bserver = network
            await network.start()
        self.is_plugged = True

    async def _made(self) -> Server:
        server = Server()
        await server.init()
        server.set_endpoint(self.connection.address)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.iserver.history_manager.set_storage(self.history)
        await server.register_namespace("urn:test:press")
        press = await server.nodes.objects.add_object(2, "press")
        for name, kind in self.kinds.items():
            any_type = ua.NodeId(ua.ObjectIds.BaseDataType) if name == "temperature" else None
            node = await press.add_variable(ua.NodeId(name, 2), name, self.values[name], varianttype=kind, datatype=any_type)
            await node.write_value(self._value(name))
            if name in ("speed", "request"):
                await node.set_writable()
            self.nodes[name] = node
            if node.nodeid not in self.history._datachanges:
                await self.history.new_historized_node(node.nodeid, None)
        self._watch(server)
        return server

    def _watch(self, server: Server) -> None:
        """Note what clients write: the machine's own sayings go past this."""
        service = server.iserver.attribute_service
        plain_write = service.write

        async def write(params: Any, user: Any = None) -> Any:
            if user is not None and user.role.name != "Admin":
                names = {item.NodeId.Identifier: item.Value.Value.Value for item in params.NodesToWrite}
                self.writes.append(names)
            return await (plain_write(params, user) if user is not None else plain_write(params))

        service.write = write

    def unplug(self) -> None:
        async def cut() -> None:
            assert self.server is not None
            await self.server.bserver.stop()

        self.loop.run(cut())
        self.is_plugged = False

    def _value(self, name: str, value: Any = None) -> ua.DataValue:
        kind = ua.VariantType.String if isinstance(value, str) else self.kinds[name]
        shown = self.values[name] if value is None else value
        return ua.DataValue(ua.Variant(shown, kind), SourceTimestamp=self.times[name], ServerTimestamp=datetime.now(UTC))

    def say(self, at: int, **values: Any) -> None:
        async def say() -> None:
            for name, value in values.items():
                self.times[name] = moment(at)
                if type(value) is type(self.values[name]):
                    self.values[name] = value
                shown = self._value(name, value)
                await self.history.save_node_value(ua.NodeId(name, 2), shown)
                if self.server is not None:
                    space, node = self.server.iserver.aspace, ua.NodeId(name, 2)
                    if isinstance(value, str) and self.kinds[name] is not ua.VariantType.String:
                        space._nodes[node].attributes[ua.AttributeIds.Value].value = None  # may be of any type now
                    await space.write_attribute_value(node, ua.AttributeIds.Value, shown)

        self.loop.run(say())

    def written(self) -> list[dict[str, Any]]:
        return self.writes

    def close(self) -> None:
        if self.server is not None:
            self.loop.run(self.server.stop())
        self.loop.close()
