"""Plans that were read before, by their stamp, so that readers on the way to a quote don't read thousands of rows."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from lotone.plan.model.snapshot import Snapshot

KEPT = 64


class SnapshotCache:
    """Shared by all threads. A stamp names one version of one plan in the world, so nothing here can be wrong, only old;
    the stamp of a change that was rolled back is never asked for."""

    def __init__(self) -> None:
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._lock = Lock()

    def newest(self, stamps: Iterable[str]) -> Snapshot | None:
        """The first of these that is known."""
        with self._lock:
            known = next((stamp for stamp in stamps if stamp in self._snapshots), None)
            if known is None:
                return None
            self._snapshots.move_to_end(known)
            return self._snapshots[known]

    def keep(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._snapshots[snapshot.stamp] = snapshot
            self._snapshots.move_to_end(snapshot.stamp)
            while len(self._snapshots) > KEPT:
                self._snapshots.popitem(last=False)
