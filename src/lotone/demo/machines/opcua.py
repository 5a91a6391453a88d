"""Machines that are OPC UA servers: a variable per tag, with source times, history from the journal, and writable parameters.

A tag's address is a node id (`ns=2;s=temperature`) or only its text part. The security policy is None: a simulated machine
on this computer's own address needs no certificate.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlparse

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.server.history import HistoryStorageInterface
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from lotone.demo.machines.beat import beat
from lotone.demo.machines.core import Refused
from lotone.demo.machines.journal import Journal
from lotone.demo.machines.model import DataType, MachineSpec, Meaning, SpecFault, TagSpec, Value, microseconds, moment
from lotone.demo.machines.station import Said, Station

log = logging.getLogger("lotone.machine")

NAMESPACE = 2
HISTORY_PAGE = 5_000
"""So many values are in one answer to a history read; the rest comes with its continuation point."""
LAST_WORDS_S = 1.0
"""A machine that is stopped stays reachable for so long: subscribers fetch what it said last."""
_TYPES = {
    DataType.NUMBER: ua.VariantType.Double,
    DataType.INTEGER: ua.VariantType.Int64,
    DataType.BOOLEAN: ua.VariantType.Boolean,
    DataType.TEXT: ua.VariantType.String,
}
_ANSWERS = {
    "unknown": StatusCodes.BadNodeIdUnknown,
    "read_only": StatusCodes.BadNotWritable,
    "type": StatusCodes.BadTypeMismatch,
    "range": StatusCodes.BadOutOfRange,
    "quiet": StatusCodes.BadInvalidState,
}
_WITH_THE_OTHERS = StatusCodes.BadInvalidState
"""The answer for a good value that came in one call with a refused one: the machine takes all or none."""
_LONG_AGO = datetime(1602, 1, 1)  # noqa: DTZ001 (a null time is 1601 on the wire)

Write = Callable[[Mapping[str, Value]], Awaitable[None]]


class Everybody(UserManager):
    """Whoever comes may read everything and write what is writable, but not change the server."""

    def get_user(self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None) -> User:
        return User(role=UserRole.User)


class Gate(AttributeService):
    """Hands what clients write to the machine as one write, instead of storing it: the machine then says what it took."""

    def __init__(self, aspace: AddressSpace, tags: Mapping[ua.NodeId, TagSpec], write: Write) -> None:
        super().__init__(aspace)
        self.tags = tags
        self.take = write

    async def write(self, params: ua.WriteParameters, user: User = User(role=UserRole.Admin)) -> list[ua.StatusCode]:
        if user.role == UserRole.Admin:
            return list(await super().write(params, user))
        codes: list[int] = []
        values: dict[str, Value] = {}
        for item in params.NodesToWrite:
            tag = self.tags.get(item.NodeId)
            code = self._code_before(item, tag)
            codes.append(code)
            if tag and code == StatusCodes.Good:
                values[tag.name] = item.Value.Value.Value
        bad = any(code != StatusCodes.Good for code in codes)
        refused = await self._refused(values) if values and not bad else {}
        results = []
        for item, code in zip(params.NodesToWrite, codes, strict=True):
            tag = self.tags.get(item.NodeId)
            if code == StatusCodes.Good and (bad or refused):
                code = refused.get(tag.name if tag else "", _WITH_THE_OTHERS)
            results.append(ua.StatusCode(ua.UInt32(code)))
        return results

    def _code_before(self, item: ua.WriteValue, tag: TagSpec | None) -> int:
        """What is wrong with the request itself, whatever the machine thinks of the value."""
        if item.AttributeId != AttributeIds.Value or item.IndexRange:
            return int(StatusCodes.BadWriteNotSupported)
        if tag is None:
            known = item.NodeId in self._aspace
            return int(StatusCodes.BadUserAccessDenied if known else StatusCodes.BadNodeIdUnknown)
        if not tag.writable:
            return int(StatusCodes.BadNotWritable)
        variant = item.Value.Value
        plain = variant is not None and not variant.is_array and isinstance(variant.Value, bool | int | float | str)
        return int(StatusCodes.Good if plain else StatusCodes.BadTypeMismatch)

    async def _refused(self, values: Mapping[str, Value]) -> dict[str, int]:
        try:
            await self.take(values)
        except Refused as refused:
            return {name: int(_ANSWERS[kind]) for name, (kind, _) in refused.reasons.items()}
        return {}


class JournalHistory(HistoryStorageInterface):
    """Raw history of the tags, read from the journal; nothing is stored here."""

    def __init__(self, journal: Journal, tags: Mapping[ua.NodeId, TagSpec]) -> None:
        super().__init__(HISTORY_PAGE)
        self.journal = journal
        self.tags = tags

    async def init(self) -> None:
        """The journal is open already."""

    async def stop(self) -> None:
        """The journal is closed by its owner."""

    async def new_historized_node(self, node_id: ua.NodeId, period: timedelta | None, count: int = 0) -> None:
        """Every tag has its history anyway."""

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:
        """Values are in the journal before they are in the server."""

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        tag = self.tags.get(node_id)
        if tag is None:
            return [], None
        low, high = _micros(start), _micros(end)
        backward = (low is None and high is not None) or (low is not None and high is not None and low > high)
        if backward:
            low, high = high if low is not None else None, low if low is not None else high
        limit = min(nb_values or HISTORY_PAGE, HISTORY_PAGE)
        values: list[ua.DataValue] = []
        for frame in self.journal.between(low, high, newest_first=backward):
            if tag.name not in frame.values:
                continue
            if len(values) == limit:
                # Reading backward from the end has no start to continue from: the client asks again with a new end.
                return values, None if start is None else moment(frame.time)
            values.append(data_value(tag, frame.values[tag.name], frame.time))
        return values, None


class OpcuaMachine:
    """A machine as an OPC UA server. Everything happens on one event loop."""

    def __init__(self, spec: MachineSpec) -> None:
        url = urlparse(spec.address)
        if url.scheme != "opc.tcp" or not url.hostname or not url.port:
            raise SpecFault(f"machine {spec.machine}: {spec.address!r} is no address such as opc.tcp://127.0.0.1:4840")
        self.spec = spec
        self.station = Station(spec)
        self.tags = {node_id(tag): tag for tag in spec.tags}
        self.nodes = {tag.name: node for node, tag in self.tags.items()}
        self.server = Server(user_manager=Everybody())

    async def run(self) -> None:
        """Work until stopped."""
        await self._open()
        log.info("%s is ready at %s", self.spec.machine, self.spec.address)
        await beat(self.station, self._show, last_words_s=LAST_WORDS_S)
        await self.server.stop()
        self.station.close()

    async def _open(self) -> None:
        gc.disable()  # the standard's 28,000 nodes are made in half the time, and never looked at again by the collector
        await self.server.init()
        gc.freeze()
        gc.enable()
        self.server.set_endpoint(self.spec.address)
        self.server.set_server_name(self.spec.machine)
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await self.server.set_application_uri(f"urn:lotone:demo:{self.spec.machine}")
        await self.server.register_namespace("urn:lotone:demo:machine")
        self.station.tick()
        await self._make_nodes()
        self.server.iserver.history_manager.set_storage(JournalHistory(self.station.journal, self.tags))
        self.server.iserver.attribute_service = Gate(self.server.iserver.aspace, self.tags, self._write)
        await self.server.start()

    async def _make_nodes(self) -> None:
        folder = await self.server.nodes.objects.add_object(
            _node_id(self.spec.machine), ua.QualifiedName(self.spec.machine, NAMESPACE)
        )
        latest = self.station.latest()
        for node, tag in self.tags.items():
            time, value = latest[tag.name]
            variable = await folder.add_variable(
                node, ua.QualifiedName(tag.name, NAMESPACE), ua.Variant(value, _TYPES[tag.data_type])
            )
            bits = [ua.AccessLevel.CurrentRead, ua.AccessLevel.HistoryRead]
            if tag.writable and tag.meaning in (Meaning.PARAMETER, Meaning.REQUEST):
                bits.append(ua.AccessLevel.CurrentWrite)
            level = ua.DataValue(ua.Variant(sum(1 << bit for bit in bits), ua.VariantType.Byte))
            for attribute in (AttributeIds.AccessLevel, AttributeIds.UserAccessLevel):
                await variable.write_attribute(attribute, level)
            await variable.write_attribute(AttributeIds.Historizing, ua.DataValue(ua.Variant(True, ua.VariantType.Boolean)))
            await self.server.write_attribute_value(node, data_value(tag, value, time))

    async def _write(self, values: Mapping[str, Value]) -> None:
        await self._show(self.station.write(values))

    async def _show(self, said: list[Said]) -> None:
        """Values are in the journal; now subscribers may hear them."""
        for each in said:
            for name, value in each.frame.values.items():
                tag = self.tags[self.nodes[name]]
                await self.server.write_attribute_value(self.nodes[name], data_value(tag, value, each.frame.time))


def node_id(tag: TagSpec) -> ua.NodeId:
    return ua.NodeId.from_string(tag.address) if "=" in tag.address else _node_id(tag.address or tag.name)


def _node_id(text: str) -> ua.NodeId:
    return ua.NodeId.from_string(f"ns={NAMESPACE};s={text}")


def data_value(tag: TagSpec, value: Value, time: int) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, _TYPES[tag.data_type]), SourceTimestamp=cast(ua.DateTime, moment(time)))


def _micros(when: datetime | None) -> int | None:
    """Microseconds since 1970; none for the null time."""
    if when is None or when.replace(tzinfo=None) < _LONG_AGO:
        return None
    return microseconds(when if when.tzinfo else when.replace(tzinfo=moment(0).tzinfo))


def run(spec: MachineSpec) -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)  # it warns of the missing certificate at every start
    asyncio.run(OpcuaMachine(spec).run())
