"""OPC UA: subscribes to the tags' nodes, and reads from the server's history what was missed while we were away.

**Connection.** `opc.tcp://host:port/path`. Settings, all optional: `user`, `password`, `publish_ms` (200), `history_hours`
(168: how far back the history is read for a tag that was never read), `history_every_s` (5). **Tag addresses** are node ids:
`ns=2;s=temperature`.

Nothing is lost where the server keeps a history (HistoryRead of raw values). Live values come by subscription, but many
servers sample, so what changed between two samples is only in the history: it is read every few seconds, after each
interruption, and after any sign that a notification was lost, always from the time up to which it was read before, and
what did not come live is delivered. That time is kept per tag. Values that come twice are recognised by their source
time.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState
from asyncua.common.ua_utils import data_type_to_variant_type
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from lotone.assets import DataType, Value, moment
from lotone.connect.drivers.line import Line, Lost, keep_quiet
from lotone.connect.drivers.opcua_values import TAG_TYPES, node_id, plain, reading_of, variant
from lotone.connect.model import Deliver, Misfit, Node, NotConnected, Reading, Status, Surroundings, WriteRefused
from lotone.kernel import Words

ANSWER_S = 5.0
PUBLISH_MS = 200.0
QUEUE_SIZE = 10_000
"""Values that the server may hold back per node between two publications."""
HISTORY_HOURS = 168.0
HISTORY_EVERY_S = 5.0
HISTORY_PAGE = 5_000
HISTORY_AHEAD = timedelta(days=1)
ITEMS_PER_CALL = 500
WAITING_MAX = 200_000
"""Live values in memory; when more wait, they are dropped and read from the history later."""
DELIVER_MAX = 5_000
BROWSE_MAX = 2_000
BROWSE_DEPTH_MAX = 12
TROUBLE = (OSError, TimeoutError, UaError, asyncio.IncompleteReadError)
_NO_HISTORY = frozenset(
    {
        StatusCodes.BadHistoryOperationUnsupported,
        StatusCodes.BadHistoryOperationInvalid,
        StatusCodes.BadServiceUnsupported,
        StatusCodes.BadNotSupported,
        StatusCodes.BadNotImplemented,
        StatusCodes.BadNotReadable,
        StatusCodes.BadUserAccessDenied,
    }
)
_OVERFLOW = 0x0480
"""Info bits of a status code: data value, overflow (OPC 10000-4, 7.39.1): the server dropped values of this node."""


class OpcUaDriver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        keep_quiet("asyncua")
        self.surroundings = surroundings
        self.client: Client | None = None
        self._kinds: dict[str, ua.VariantType] = {}
        self._waiting: deque[Reading] = deque()
        self._arrived = asyncio.Event()
        self._missed = False
        self._sequence: int | None = None
        self._live: dict[str, set[int]] = {}
        """Per tag with a history: source times that came live since its history was read."""

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        client = open_client(self.surroundings.connection.address, self.surroundings.connection.settings)
        try:
            await client.connect()
        except TROUBLE as fault:
            raise Lost(unreachable(self.surroundings.connection.address, fault)) from None
        try:
            self._waiting.clear()
            self._missed, self._sequence, self._kinds, self._live = False, None, {}, {}
            items = await self._subscribe(client)
            self.client = client
            await self._read_history(client, line, items)
            await self.surroundings.say(Status.CONNECTED, Words("connected", "已连接"))
            await self._confirm(client, line, items)
            await self._follow(client, line, items)
        except TROUBLE as fault:
            raise Lost(_broken(fault)) from None
        finally:
            self.client = None
            with contextlib.suppress(*TROUBLE):
                async with asyncio.timeout(ANSWER_S):
                    await client.disconnect()

    # live values

    async def _subscribe(self, client: Client) -> dict[str, ua.NodeId]:
        """Subscribe to every tag; returns the node ids of those that the server has."""
        period = float(self.surroundings.connection.settings.get("publish_ms", PUBLISH_MS))
        wish = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=period,
            RequestedLifetimeCount=10_000,
            RequestedMaxKeepAliveCount=max(1, int(2000 / period)),
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
        )
        nodes: dict[str, ua.NodeId] = {}
        for address in self.surroundings.addresses:
            try:
                nodes[address] = node_id(address)
            except Misfit as fault:
                await self.surroundings.quarantine(address, fault.words)
        addresses = list(nodes)
        answer = await client.uaclient.session.create_subscription(wish, lambda result: self._hear(addresses, result))
        for start in range(0, len(addresses), ITEMS_PER_CALL):
            part = addresses[start : start + ITEMS_PER_CALL]
            requests = [_monitored(nodes[address], start + number) for number, address in enumerate(part)]
            results = await client.uaclient.session.create_monitored_items(
                ua.CreateMonitoredItemsParameters(
                    SubscriptionId=answer.SubscriptionId, TimestampsToReturn=ua.TimestampsToReturn.Both, ItemsToCreate=requests
                )
            )
            for address, result in zip(part, results, strict=True):
                if not result.StatusCode.is_good():
                    del nodes[address]
                    await self.surroundings.quarantine(
                        f"{self.surroundings.connection.id} {address}",
                        Words(
                            f"the server does not offer this node: {result.StatusCode.name}",
                            f"服务器不提供此节点：{result.StatusCode.name}",
                        ),
                    )
        return nodes

    async def _hear(self, addresses: Sequence[str], result: ua.PublishResult) -> None:
        """A publication: keep its values for `_follow`, and notice when one before it was lost."""
        message = result.NotificationMessage
        if not message.NotificationData:
            return
        number = int(message.SequenceNumber)
        if self._sequence is not None and number not in (self._sequence + 1, 1):
            self._missed = True
        self._sequence = number
        for notification in message.NotificationData:
            for item in getattr(notification, "MonitoredItems", []):
                reading = reading_of(addresses[item.ClientHandle], item.Value)
                if reading.quality & _OVERFLOW == _OVERFLOW:
                    self._missed = True
                self._waiting.append(reading)
        if len(self._waiting) > WAITING_MAX:
            self._waiting.clear()
            self._missed = True
        self._arrived.set()

    async def _follow(self, client: Client, line: Line, items: Mapping[str, ua.NodeId]) -> None:
        """Deliver live values until the connection is gone, and what only the history has."""
        now = asyncio.get_running_loop().time
        every_s = float(self.surroundings.connection.settings.get("history_every_s", HISTORY_EVERY_S))
        checked_at = now()
        while client.state is UaClientState.CONNECTED:
            self._arrived.clear()
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(DELIVER_MAX, len(self._waiting)))]
                await line.deliver(part)
                self._delivered_live(part)
            if self._missed or now() - checked_at >= every_s:
                self._missed = False
                await self._read_history(client, line, {address: items[address] for address in self._live})
                checked_at = now()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self._arrived.wait()
        raise Lost(Words("lost: the connection to the OPC UA server broke", "连接丢失：与 OPC UA 服务器的连接中断"))

    def _delivered_live(self, readings: Sequence[Reading]) -> None:
        """Without a history, what came live is all there is; with one, the history has to confirm it."""
        for one in readings:
            if one.source_time is None:
                continue
            if one.address in self._live:
                self._live[one.address].add(one.source_time)
            else:
                self._move(one.address, one.source_time)

    def _move(self, address: str, source_time: int) -> None:
        """Everything of a tag up to this source time is in the stream."""
        times: dict[str, int] = self.surroundings.position().setdefault("times", {})
        times[address] = max(source_time, times.get(address, 0))

    # history

    async def _read_history(self, client: Client, line: Line, items: Mapping[str, ua.NodeId]) -> None:
        """Deliver what the server kept since the last value that was delivered, tag by tag."""
        times: dict[str, int] = self.surroundings.position().setdefault("times", {})
        hours = float(self.surroundings.connection.settings.get("history_hours", HISTORY_HOURS))
        earliest = self.surroundings.plant_time() - int(hours * 3_600_000_000)
        for address, node in items.items():
            since = times.get(address, earliest)
            if await self._read_tag_history(client, line, address, node, moment(since)):
                reached = times.get(address, 0)
                self._live[address] = {time for time in self._live.get(address, ()) if time > reached}

    async def _read_tag_history(self, client: Client, line: Line, address: str, node: ua.NodeId, since: datetime) -> bool:
        """False when the server keeps no history of the node."""
        details = ua.ReadRawModifiedDetails(
            IsReadModified=False,
            StartTime=since,
            EndTime=moment(self.surroundings.plant_time()) + HISTORY_AHEAD,
            NumValuesPerNode=HISTORY_PAGE,
            ReturnBounds=False,
        )
        more: bytes | None = None
        while True:
            wanted = ua.HistoryReadValueId(NodeId=node, ContinuationPoint=more)
            parameters = ua.HistoryReadParameters(
                HistoryReadDetails=details,
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ReleaseContinuationPoints=False,
                NodesToRead=[wanted],
            )
            try:
                result = (await client.uaclient.session.history_read(parameters))[0]
                result.StatusCode.check()
            except UaStatusCodeError as fault:
                if fault.code in _NO_HISTORY or fault.code == StatusCodes.BadNoData:
                    return False
                raise
            values = getattr(result.HistoryData, "DataValues", None) or []
            readings = [reading_of(address, value) for value in values]
            came_live = self._live.get(address, ())
            await line.deliver([one for one in readings if one.source_time not in came_live])
            last = max((one.source_time or 0 for one in readings), default=0)
            self._move(address, last)
            more = result.ContinuationPoint
            if not more and len(values) < HISTORY_PAGE:
                return True
            if not more:  # a server that cuts off without a continuation point: go on behind the last value
                if moment(last) <= details.StartTime:
                    return True
                details.StartTime = moment(last)

    async def _confirm(self, client: Client, line: Line, items: Mapping[str, ua.NodeId]) -> None:
        is_stale = self.surroundings.position().get("stale_at") is not None
        addresses = list(items) if is_stale else []
        values = await client.uaclient.session.read(_reads(items.values(), AttributeIds.Value)) if addresses else []
        await line.confirm([reading_of(address, value) for address, value in zip(addresses, values, strict=True)])

    # writing

    async def write(self, values: Mapping[str, Value]) -> None:
        client = self.client
        name = self.surroundings.connection.id
        if client is None or client.state is not UaClientState.CONNECTED:
            raise NotConnected(f"{name} can't be reached at {self.surroundings.connection.address}; nothing was written")
        try:
            kinds = await self._kinds_of(client, list(values))
            items = [
                ua.WriteValue(node_id(address), AttributeIds.Value, Value=ua.DataValue(variant(value, kinds[address])))
                for address, value in values.items()
            ]
            results = await client.uaclient.session.write(ua.WriteParameters(NodesToWrite=items))
        except TROUBLE as fault:
            raise NotConnected(f"{name} did not answer while it was written to: {fault}") from None
        refused = [
            f"{address} ({result.name})" for address, result in zip(values, results, strict=True) if not result.is_good()
        ]
        if refused:
            raise WriteRefused(f"{name} refused to write {', '.join(refused)}")

    async def _kinds_of(self, client: Client, addresses: Sequence[str]) -> Mapping[str, ua.VariantType]:
        """The data types of nodes, asked once per connection."""
        unknown = [address for address in addresses if address not in self._kinds]
        if unknown:
            read = _reads([node_id(address) for address in unknown], AttributeIds.DataType)
            for address, given in zip(unknown, await client.uaclient.session.read(read), strict=True):
                if given.Value is None or not isinstance(given.Value.Value, ua.NodeId):
                    raise WriteRefused(f"{self.surroundings.connection.id} has no node {address} that can be written")
                self._kinds[address] = await data_type_to_variant_type(client.get_node(given.Value.Value))
        return self._kinds

    async def browse(self) -> list[Node]:
        client = self.client
        if client is None:
            raise NotConnected(f"{self.surroundings.connection.id} can't be reached at {self.surroundings.connection.address}")
        try:
            return await browse(client)
        except TROUBLE as fault:
            raise NotConnected(f"{self.surroundings.connection.id} does not answer: {fault}") from None


def open_client(address: str, settings: Mapping[str, object]) -> Client:
    client = Client(address, timeout=ANSWER_S, watchdog_intervall=1.0)
    client.name = client.description = "LotOne"
    client.application_uri = "urn:lotone:connect"
    client.session_timeout = 60_000
    if settings.get("user"):
        client.set_user(str(settings["user"]))
        client.set_password(str(settings.get("password", "")))
    return client


async def browse(client: Client) -> list[Node]:
    """The variables below Objects, without the server's own, by the path of their names."""
    found: list[Node] = []
    seen: set[ua.NodeId] = set()
    level = [(client.nodes.objects, "")]
    for _ in range(BROWSE_DEPTH_MAX):
        deeper = []
        for parent, path in level:
            for reference in await parent.get_references(ObjectIds.HierarchicalReferences, ua.BrowseDirection.Forward):
                node = reference.NodeId
                if (
                    node in seen
                    or len(found) >= BROWSE_MAX
                    or (node.NamespaceIndex == 0 and node.Identifier == ObjectIds.Server)
                ):
                    continue
                seen.add(node)
                name = f"{path}/{reference.DisplayName.Text or reference.BrowseName.Name}".strip("/")
                if reference.NodeClass == ua.NodeClass.Variable:
                    found.append(await _described(client, node, name))
                elif reference.NodeClass == ua.NodeClass.Object:
                    deeper.append((client.get_node(node), name))
        level = deeper
    return found


async def _described(client: Client, node: ua.NodeId, name: str) -> Node:
    wanted = [AttributeIds.Value, AttributeIds.UserAccessLevel]
    parameters = ua.ReadParameters(NodesToRead=[ua.ReadValueId(node, attribute) for attribute in wanted])
    value, access = await client.uaclient.session.read(parameters)
    kind = value.Value.VariantType if value.Value is not None else None
    is_list = value.Value is not None and value.Value.is_array
    writable = bool(access.Value and int(access.Value.Value) & (1 << ua.AccessLevel.CurrentWrite))
    shown = plain(value.Value.Value) if value.Value is not None and not is_list else None
    data_type: DataType | None = None if is_list or kind is None else TAG_TYPES.get(kind)
    return Node(node.to_string(), name, data_type, writable, None if isinstance(shown, list) else shown)


def _monitored(node: ua.NodeId, handle: int) -> ua.MonitoredItemCreateRequest:
    """Every value, also when only its time is new."""
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(node, AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=handle,
            SamplingInterval=0.0,
            Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp),
            QueueSize=QUEUE_SIZE,
            DiscardOldest=True,
        ),
    )


def _reads(nodes: Iterable[ua.NodeId], attribute: AttributeIds) -> ua.ReadParameters:
    return ua.ReadParameters(
        TimestampsToReturn=ua.TimestampsToReturn.Both, NodesToRead=[ua.ReadValueId(node, attribute) for node in nodes]
    )


def unreachable(address: str, fault: BaseException) -> Words:
    if isinstance(fault, UaStatusCodeError):
        return Words(
            f"lost: the OPC UA server at {address} refuses us: {fault}; check user, password and security"[:300],
            f"连接丢失：{address} 的 OPC UA 服务器拒绝连接；请检查用户、密码和安全设置",
        )
    return Words(
        f"lost: no OPC UA server answers at {address}; check that the machine is on and the address right",
        f"连接丢失：{address} 无 OPC UA 服务器应答；请检查设备是否开机、地址是否正确",
    )


def _broken(fault: BaseException) -> Words:
    return Words(
        f"lost: the OPC UA server stopped answering ({type(fault).__name__}: {fault})"[:300], "连接丢失：OPC UA 服务器停止应答"
    )
