"""The host application's memory: what each edge node and device said at birth, and what its messages mean by that."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from lotone.assets import BAD, STALE, Sample, Value
from lotone.connect.directory import Directory, Target
from lotone.connect.drivers.sparkplug_b_pb2 import Metric, Payload
from lotone.connect.drivers.sparkplug_codec import (
    BD_SEQ,
    NotSparkplug,
    is_reserved,
    quality_of,
    read_payload,
    value_of,
)
from lotone.connect.model import AHEAD_MAX, EARLIEST, MARK, NOTHING_YET, Connection, Status, misfit_words, time_fault
from lotone.connect.store import Announced, Birth
from lotone.connect.streams import Heard
from lotone.connect.taking import Recorded, Taking
from lotone.kernel import Words

COMMANDS = frozenset({"NCMD", "DCMD", "STATE"})
"""Our own messages, which the stream also holds."""
METRICS_MAX = 10_000
NAME_LENGTH_MAX = 200
BIRTHS_MAX = 2_000
AHEAD = AHEAD_MAX // timedelta(microseconds=1)


@dataclass(slots=True)
class Entry:
    """A metric as it was announced, and the tag it belongs to."""

    name: str
    data_type: int
    in_long: bool = False
    target: Target | None = None


@dataclass
class Device:
    """A device, or the edge node itself (then `name` is empty)."""

    name: str
    by_alias: dict[int, Entry]
    by_name: dict[str, Entry] = field(default_factory=dict)
    online: bool = True
    ended_at: int | None = None
    directory_version: int = -1


@dataclass
class EdgeNode:
    """An edge node with its devices. `seq` is None while the next number is not known."""

    name: str
    devices: dict[str, Device] = field(default_factory=dict)
    seq: int | None = None
    bd_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One message, taken apart."""

    topic: str
    node: str
    device: str
    payload: Payload
    heard: Heard
    plant_at: int
    """When the message server got it, in plant time: the time of what has none of its own."""
    plant_now: int
    taking: Taking


class Host:
    """Of one organization. `last` holds the last value of each tag, shared with the other readers."""

    def __init__(self, directory: Directory, births: Iterable[Birth], last: dict[int, Value]) -> None:
        self.directory = directory
        self.organization = directory.organization
        self.last = last
        self.nodes: dict[str, EdgeNode] = {}
        for birth in births:
            self._remember(birth)

    def hear(self, topic: str, levels: list[str], heard: Heard, *, plant_at: int, plant_now: int, taking: Taking) -> None:
        """Take one message; `levels` are the topic's: spBv1.0, group, type, edge node and perhaps device."""
        if len(levels) < 4 or levels[2] in COMMANDS:
            if len(levels) < 3 or not (levels[1] == "STATE" or levels[2] in COMMANDS):
                taking.refuse(self.organization, topic, _NO_TOPIC, heard)
            return
        kind, node, device = levels[2], levels[3], "/".join(levels[4:])
        act = _ACTIONS.get(kind)
        if act is None or kind.startswith("D") != bool(device):
            taking.refuse(self.organization, topic, _NO_TOPIC, heard)
            return
        try:
            payload = read_payload(heard.payload)
        except NotSparkplug:
            taking.refuse(self.organization, topic, _NO_PAYLOAD, heard)
            return
        act(self, Received(topic, node, device, payload, heard, plant_at, plant_now, taking))

    # births

    def _node_birth(self, received: Received) -> None:
        if not self._may_be_born(received):
            return
        node = self.nodes.setdefault(received.node, EdgeNode(received.node))
        node.seq = received.payload.seq if received.payload.HasField("seq") else None
        node.bd_seq = next((_bd_seq(metric) for metric in received.payload.metrics if metric.name == BD_SEQ), None)
        for device in node.devices.values():
            device.online = device.online and device.name == ""  # each device has to announce itself again
        self._born(node, received, Words("connected: the edge node has announced itself", "已连接：边缘节点已上线"))

    def _device_birth(self, received: Received) -> None:
        if not self._may_be_born(received):
            return
        node = self.nodes.setdefault(received.node, EdgeNode(received.node))
        self._count(node, received)
        self._born(
            node,
            received,
            Words(f"connected: device {received.device} has announced itself", f"已连接：设备 {received.device} 已上线"),
        )

    def _may_be_born(self, received: Received) -> bool:
        too_long = max(len(received.node), len(received.device)) > NAME_LENGTH_MAX
        too_long = too_long or any(
            len(metric.name) > NAME_LENGTH_MAX or "\0" in metric.name for metric in received.payload.metrics
        )
        known = sum(len(node.devices) for node in self.nodes.values())
        if too_long or len(received.payload.metrics) > METRICS_MAX or known > BIRTHS_MAX:
            reason = Words(
                f"the birth is too large: at most {METRICS_MAX} metrics, {NAME_LENGTH_MAX} letters a name, "
                f"{BIRTHS_MAX} devices",
                f"上线消息过大：最多 {METRICS_MAX} 个指标、名称 {NAME_LENGTH_MAX} 个字符、{BIRTHS_MAX} 台设备",
            )
            received.taking.refuse(self.organization, received.topic, reason, received.heard)
            return False
        return True

    def _born(self, node: EdgeNode, received: Received, words: Words) -> None:
        before = node.devices.get(received.device)
        device = Device(
            received.device,
            before.by_alias if before and received.device else {},
            ended_at=before.ended_at if before else None,
        )
        if not received.device:
            for other in node.devices.values():
                other.by_alias = device.by_alias  # aliases are unique in the whole edge node
        else:
            shared = node.devices.get("")
            device.by_alias = shared.by_alias if shared else device.by_alias
        for metric in received.payload.metrics:
            entry = Entry(metric.name, metric.datatype, metric.WhichOneof("value") == "long_value")
            device.by_name[metric.name] = entry
            if metric.HasField("alias"):
                device.by_alias[metric.alias] = entry
        ended_at, device.ended_at = device.ended_at, None
        node.devices[received.device] = device
        self._save(node, device, received, received.plant_at)
        connection = self._connection(received)
        if connection is None:
            return
        received.taking.sign(self.organization, connection.id, received.heard.at, Status.CONNECTED, words)
        self._take_values(device, connection, received, confirmed_after=ended_at)

    def _save(self, node: EdgeNode, device: Device, received: Received, born_at: int) -> None:
        aliases = {id(entry): alias for alias, entry in device.by_alias.items()}
        metrics = tuple(
            Announced(entry.name, aliases.get(id(entry)), entry.data_type, entry.in_long) for entry in device.by_name.values()
        )
        birth = Birth(node.name, device.name, device.online, born_at, device.ended_at, node.bd_seq, metrics)
        received.taking.births[self.organization, node.name, device.name] = birth

    def _remember(self, birth: Birth) -> None:
        node = self.nodes.setdefault(birth.node, EdgeNode(birth.node))
        node.bd_seq = birth.bd_seq if not birth.device else node.bd_seq
        shared = next((device.by_alias for device in node.devices.values()), {})
        device = Device(birth.device, shared, online=birth.online, ended_at=birth.ended_at)
        for name, alias, data_type, in_long in birth.metrics:
            device.by_name[name] = Entry(name, data_type, in_long)
            if alias is not None:
                device.by_alias[alias] = device.by_name[name]
        node.devices[birth.device] = device

    def births(self, node: str) -> dict[str, Device]:
        """What is known of an edge node's devices, by device."""
        return self.nodes[node].devices if node in self.nodes else {}

    # data

    def _data(self, received: Received) -> None:
        node = self.nodes.setdefault(received.node, EdgeNode(received.node))
        self._count(node, received)
        connection = self._connection(received)
        if connection is None:
            return
        device = node.devices.get(received.device)
        if device is None or not device.online:
            received.taking.rebirths.add((self.organization, node.name))
        if device is None:
            aliases = node.devices[""].by_alias if "" in node.devices else {}
            device = node.devices[received.device] = Device(received.device, aliases, online=False)
        received.taking.sign(self.organization, connection.id, received.heard.at)
        self._take_values(device, connection, received)

    def _count(self, node: EdgeNode, received: Received) -> None:
        """Check the message's number: one more than the last, after 255 comes 0."""
        if not received.payload.HasField("seq"):
            return
        seq = received.payload.seq
        if node.seq is not None and seq != (node.seq + 1) % 256 and seq != node.seq:
            received.taking.rebirths.add((self.organization, node.name))
            received.taking.refuse(self.organization, f"spBv1.0/{self.organization}/+/{node.name}", _GAP, received.heard)
        node.seq = seq

    def _take_values(
        self, device: Device, connection: Connection, received: Received, *, confirmed_after: int | None = None
    ) -> None:
        if device.directory_version != self.directory.version:
            self._resolve(device, connection)
        taking, organization = received.taking, self.organization
        samples = taking.samples_of(organization)
        payload_at = received.payload.timestamp * 1000 or received.plant_at
        latest = received.plant_now + AHEAD
        receive_time = received.heard.at
        for metric in received.payload.metrics:
            name = metric.name
            entry = device.by_name.get(name) if name else device.by_alias.get(metric.alias)
            if entry is None or entry.target is None:
                entry = self._look_again(device, entry, metric, connection, received)
                if entry is None or entry.target is None:
                    continue
            target = entry.target
            value, is_known = value_of(metric, metric.datatype or entry.data_type)
            at = metric.timestamp * 1000 or payload_at
            fitted = target.convert(value)
            quality = quality_of(metric)
            if fitted is None or not EARLIEST <= at <= latest:
                if value is not None or not is_known or not EARLIEST <= at <= latest:
                    self._refuse_value(value, is_known, at, target, received)
                    continue
                fitted = self.last.get(target.number, NOTHING_YET[target.data_type])
                quality = quality or BAD
            elif not metric.is_historical:
                self.last[target.number] = fitted
            samples.append((target.tag, Sample(target.number, at, fitted, quality, 0, receive_time)))
            if confirmed_after is not None and at <= confirmed_after:
                again = max(received.plant_at, confirmed_after + 1)
                samples.append((target.tag, Sample(target.number, again, fitted, quality, MARK, receive_time)))

    def _look_again(
        self, device: Device, entry: Entry | None, metric: Metric, connection: Connection, received: Received
    ) -> Entry | None:
        """For what has no tag yet: a metric that was never announced, or whose tag may have been added meanwhile."""
        if entry is None:
            if not metric.name:
                received.taking.rebirths.add((self.organization, received.node))
                received.taking.refuse(self.organization, received.topic, _NO_ALIAS, received.heard)
                return None
            if len(device.by_name) >= METRICS_MAX:
                received.taking.refuse(self.organization, received.topic, _TOO_MANY, received.heard)
                return None
            entry = device.by_name[metric.name] = Entry(metric.name[:NAME_LENGTH_MAX], metric.datatype)
            self._resolve(device, connection)
        if is_reserved(entry.name):
            return None
        if entry.target is None and self.directory.refresh_for_unknown():
            self._resolve(device, connection)
        if entry.target is None:
            address = f"{device.name}/{entry.name}"
            reason = Words(
                f"'{address}' is no tag of {connection.id}: add a tag with this address to record it",
                f"“{address}”不是 {connection.id} 的标签：添加此地址的标签即可记录",
            )
            received.taking.refuse(self.organization, received.topic, reason, received.heard)
        return entry

    def _resolve(self, device: Device, connection: Connection) -> None:
        targets = self.directory.targets(connection.id)
        for entry in device.by_name.values():
            entry.target = targets.get(f"{device.name}/{entry.name}")
        device.directory_version = self.directory.version

    def _refuse_value(self, value: object, is_known: bool, at: int, target: Target, received: Received) -> None:
        reason = time_fault(at, received.plant_now)
        if reason is None and not is_known:
            reason = Words("data sets, templates, files and bytes are not recorded", "不记录数据集、模板、文件和字节")
        reason = reason or misfit_words(value, target.data_type)
        received.taking.refuse(self.organization, f"{received.topic} {target.tag.path}", reason, received.heard)

    # deaths

    def _node_death(self, received: Received) -> None:
        node = self.nodes.get(received.node)
        if node is None:
            self._connection(received)
            return
        said = next((_bd_seq(metric) for metric in received.payload.metrics if metric.name == BD_SEQ), None)
        if said is not None and node.bd_seq is not None and said != node.bd_seq:
            return  # the will of an earlier session, whose edge node has come back meanwhile
        node.seq = None
        self._end(node, list(node.devices.values()), received, "")

    def _device_death(self, received: Received) -> None:
        node = self.nodes.setdefault(received.node, EdgeNode(received.node))
        self._count(node, received)
        device = node.devices.get(received.device)
        if device is not None:
            self._end(node, [device], received, f"{received.device}/")

    def _end(self, node: EdgeNode, devices: list[Device], received: Received, prefix: str) -> None:
        for device in devices:
            if device.online:
                device.online, device.ended_at = False, received.plant_at
                self._save(node, device, received, received.plant_at)
        connection = self._connection(received)
        if connection is None:
            return
        samples = received.taking.samples_of(self.organization)
        mark_stale(self.directory, connection.id, prefix, received.plant_at, received.heard.at, self.last, samples)
        words = Words("lost: the machine has left the message server", "连接丢失：设备已离开消息服务器")
        received.taking.sign(self.organization, connection.id, received.heard.at, Status.LOST, words)

    def _connection(self, received: Received) -> Connection | None:
        """The connection of the edge node; a node nobody added goes to the quarantine."""
        connection = self.directory.edge_nodes.get(received.node)
        if connection is None and self.directory.refresh_for_unknown():
            connection = self.directory.edge_nodes.get(received.node)
        if connection is not None and connection.enabled:
            return connection
        topic = f"spBv1.0/{self.organization}/+/{received.node}"
        if connection is None:
            reason = Words(
                f"no machine is added for the edge node '{received.node}': add one to record its data",
                f"边缘节点“{received.node}”尚未添加为设备：添加后即可记录其数据",
            )
        else:
            reason = Words(f"the connection {connection.id} is switched off", f"连接 {connection.id} 已关闭")
        received.taking.refuse(self.organization, topic, reason, received.heard)
        return None


def mark_stale(
    directory: Directory, connection: str, prefix: str, at: int, received_at: int, last: dict[int, Value], samples: Recorded
) -> None:
    """Add a sample of quality STALE with the last value to every tag of a connection whose address has the prefix."""
    for address, target in directory.targets(connection).items():
        if address.startswith(prefix):
            value = last.get(target.number, NOTHING_YET[target.data_type])
            samples.append((target.tag, Sample(target.number, at, value, STALE, MARK, received_at)))


def _bd_seq(metric: Metric) -> int | None:
    value, _ = value_of(metric, metric.datatype)
    return value if isinstance(value, int) else None


_ACTIONS = {
    "NBIRTH": Host._node_birth,
    "DBIRTH": Host._device_birth,
    "NDATA": Host._data,
    "DDATA": Host._data,
    "NDEATH": Host._node_death,
    "DDEATH": Host._device_death,
}
_NO_TOPIC = Words(
    "this is no Sparkplug topic: it has to be spBv1.0/<group>/<message type>/<edge node>[/<device>]",
    "不是 Sparkplug 主题：应为 spBv1.0/<组>/<消息类型>/<边缘节点>[/<设备>]",
)
_NO_PAYLOAD = Words("the payload is not Sparkplug B", "负载不是 Sparkplug B 格式")
_NO_ALIAS = Words(
    "a metric came with an alias that no birth announced; the edge node was asked to announce itself again",
    "指标使用了未声明的别名；已要求边缘节点重新上线",
)
_TOO_MANY = Words(f"the device has more than {METRICS_MAX} metrics", f"设备指标超过 {METRICS_MAX} 个")
_GAP = Words(
    "a message was lost on the way (its number is missing); the edge node was asked to announce itself again",
    "途中丢失消息（序号缺失）；已要求边缘节点重新上线",
)
