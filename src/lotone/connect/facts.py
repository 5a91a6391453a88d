"""What became true about connections."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class ConnectionAdded(Fact):
    connection: str
    protocol: str


@dataclass(frozen=True)
class ConnectionChanged(Fact):
    connection: str


@dataclass(frozen=True)
class ConnectionRemoved(Fact):
    connection: str


@dataclass(frozen=True)
class ConnectionLost(Fact):
    """A machine that was connected no longer answers; what it said last is marked stale."""

    connection: str
    at: datetime
    reason_en: str
    reason_zh: str


@dataclass(frozen=True)
class ConnectionRestored(Fact):
    """A machine that was lost answers again."""

    connection: str
    at: datetime
