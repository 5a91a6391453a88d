"""Use cases on connections: add, change, remove them, see how they are, and look into the quarantine."""

from collections.abc import Iterable
from dataclasses import replace

from lotone.connect.facts import ConnectionAdded, ConnectionChanged, ConnectionRemoved
from lotone.connect.model import (
    Connection,
    ConnectionExists,
    ConnectionState,
    Quarantined,
    Status,
    UnknownConnection,
    Way,
    check_connection,
    edge_node_of,
)
from lotone.connect.store import Birth, Store
from lotone.kernel import Clock, Tell, Words


class ConnectService:
    """One organization's connections. The gateway notices changes within two seconds after the transaction."""

    def __init__(self, store: Store, clock: Clock, tell: Tell) -> None:
        self.store = store
        self.clock = clock
        self.tell = tell

    def add_connection(self, connection: Connection) -> Connection:
        """Add a connection. Raises WrongConnection, ConnectionExists."""
        check_connection(connection, self.store.organization)
        if self.store.connection_called(connection.id) is not None:
            raise ConnectionExists(f"there is already a connection {connection.id}; change that one or choose another id")
        self._check_edge_node(connection)
        self.store.save(connection)
        waiting = Words("added; the first contact follows", "已添加；等待首次通信")
        self.store.save_state(ConnectionState(connection.id, Status.WAITING, self.clock(), None, waiting))
        self.tell(ConnectionAdded(connection.id, connection.protocol))
        return connection

    def update_connection(self, connection: Connection) -> Connection:
        """Change a connection; how far its machine was read is kept. Raises WrongConnection, UnknownConnection."""
        check_connection(connection, self.store.organization)
        before = self.connection(connection.id)
        self._check_edge_node(connection)
        if connection != before:
            self.store.save(connection)
            self.tell(ConnectionChanged(connection.id))
        return connection

    def put_connection(self, connection: Connection) -> Connection:
        """Add a connection or bring it up to date: for loading a blueprint, which may be repeated."""
        known = self.store.connection_called(connection.id) is not None
        return self.update_connection(connection) if known else self.add_connection(connection)

    def switch(self, connection_id: str, *, on: bool) -> Connection:
        """Switch a connection on or off. Raises UnknownConnection."""
        return self.update_connection(replace(self.connection(connection_id), enabled=on))

    def remove_connection(self, connection_id: str) -> None:
        """Remove a connection; its tags and their history stay. Raises UnknownConnection."""
        self.connection(connection_id)
        self.store.remove(connection_id)
        self.tell(ConnectionRemoved(connection_id))

    def connection(self, connection_id: str) -> Connection:
        """Raises UnknownConnection."""
        found = self.store.connection_called(connection_id)
        if found is None:
            raise UnknownConnection(f"there is no connection {connection_id}")
        return found

    def connections(self) -> list[Connection]:
        return self.store.connections()

    def states(self) -> dict[str, ConnectionState]:
        """How each connection is, by its id."""
        return self.store.states()

    def discovered(self) -> list[Birth]:
        """What edge nodes announced that nobody has added yet: candidates for a new connection."""
        added = {edge_node_of(one) for one in self.store.connections() if one.protocol == Way.SPARKPLUG}
        return [birth for birth in self.store.births() if birth.node not in added]

    def quarantine(self, *, limit: int = 200) -> list[Quarantined]:
        """What could not be taken, newest first, at most `limit` entries (`quarantine_size` says how many there are)."""
        return self.store.quarantine(limit=limit)

    def quarantine_size(self) -> tuple[int, int]:
        """Number of different entries, and of all messages and values they stand for."""
        return self.store.quarantine_size()

    def forget_quarantined(self, ids: Iterable[str]) -> int:
        """Take entries off the list; returns how many there were."""
        return self.store.forget_quarantined(ids)

    def _check_edge_node(self, connection: Connection) -> None:
        if connection.protocol != Way.SPARKPLUG:
            return
        node = edge_node_of(connection)
        for other in self.store.connections():
            if other.id != connection.id and other.protocol == Way.SPARKPLUG and edge_node_of(other) == node:
                raise ConnectionExists(f"the edge node {node} already belongs to the connection {other.id}")
