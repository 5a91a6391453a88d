"""What an organization's machines call their tags: looked up for every value that arrives, so kept in memory."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lotone.assets import DataType, Tag, Value
from lotone.connect.model import Connection, Way, converter, edge_node_of

REFRESH_S = 5.0
UNKNOWN_REFRESH_S = 1.0
"""An address nobody knows may have become a tag a moment ago: look again, but at most this often."""


@dataclass(frozen=True)
class Plan:
    """What is loaded: the tags and connections of one organization."""

    tags: Sequence[Tag] = ()
    connections: Sequence[Connection] = ()


Load = Callable[[str], Plan]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value goes. `convert` gives the value in the tag's type, or None when it can't be one."""

    tag: Tag
    number: int
    data_type: DataType
    convert: Callable[[object], Value | None]


@dataclass
class Directory:
    """Tags by path and by connection and address, connections by edge node and topic. `version` grows with each change."""

    organization: str
    load: Load
    version: int = 0
    plan: Plan = field(default_factory=Plan)
    by_path: Mapping[str, Target] = field(default_factory=dict)
    by_address: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    edge_nodes: Mapping[str, Connection] = field(default_factory=dict)
    topics: Sequence[tuple[str, Connection]] = ()
    """Topic prefixes below the organization's own, longest first."""
    loaded_at: float = float("-inf")

    def refresh(self, *, older_than_s: float = REFRESH_S) -> bool:
        """Load again when what is known is older; True when something changed."""
        if time.monotonic() - self.loaded_at < older_than_s:
            return False
        plan = self.load(self.organization)
        self.loaded_at = time.monotonic()
        if plan == self.plan:
            return False
        self._take(plan)
        return True

    def refresh_for_unknown(self) -> bool:
        return self.refresh(older_than_s=UNKNOWN_REFRESH_S)

    def targets(self, connection: str) -> Mapping[str, Target]:
        return self.by_address.get(connection, {})

    def _take(self, plan: Plan) -> None:
        self.plan = plan
        self.version += 1
        self.connections = {connection.id: connection for connection in plan.connections}
        targets = [Target(tag, tag.number, tag.data_type, converter(tag.data_type)) for tag in plan.tags]
        self.by_path = {target.tag.path: target for target in targets}
        by_address: dict[str, dict[str, Target]] = {}
        for target in targets:
            if target.tag.connection:
                by_address.setdefault(target.tag.connection, {})[target.tag.address or target.tag.name] = target
        self.by_address = by_address
        self.edge_nodes = {edge_node_of(one): one for one in plan.connections if one.protocol == Way.SPARKPLUG}
        prefixes = [(self._prefix(one), one) for one in plan.connections if one.protocol == Way.MQTT]
        self.topics = sorted(prefixes, key=lambda pair: len(pair[0]), reverse=True)

    def _prefix(self, connection: Connection) -> str:
        own = f"telemetry/{self.organization}/"
        return connection.address.removeprefix(own).strip("/") or connection.id

    def may_come_as_telemetry(self, tag: Tag) -> bool:
        """Whether plain MQTT may set a tag: not one that belongs to a machine with a protocol of its own."""
        if tag.connection is None or tag.connection not in self.connections:
            return True
        return self.connections[tag.connection].protocol in (Way.MQTT, Way.HTTP)
