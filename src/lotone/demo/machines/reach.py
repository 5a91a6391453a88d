"""Whether a machine's process can be spoken to."""

import socket
import sqlite3
from urllib.parse import urlparse

from lotone.demo.machines.model import MachineSpec


def is_reachable(spec: MachineSpec) -> bool:
    """A server answers on its port; a machine on the message server has been heard there at some time."""
    if spec.protocol == "sparkplug":
        return _was_heard(spec)
    url = urlparse(spec.address)
    try:
        socket.create_connection((url.hostname or "", url.port or 0), timeout=1).close()
    except OSError:
        return False
    return True


def _was_heard(spec: MachineSpec) -> bool:
    try:
        journal = sqlite3.connect(f"file:{spec.journal_path}?mode=ro", uri=True, timeout=5)
    except sqlite3.OperationalError:
        return False
    try:
        return journal.execute("SELECT 1 FROM note WHERE name = 'heard' AND text <> '0'").fetchone() is not None
    except sqlite3.OperationalError:  # just being made
        return False
    finally:
        journal.close()
