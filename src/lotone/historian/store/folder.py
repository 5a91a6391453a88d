"""The historian's folder: who owns it, and what it takes to have files on the disk itself."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson

from lotone.historian.model import HistorianTaken

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Ownership:
    """Holds a folder for this process until `release`; the system releases it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises HistorianTaken, saying who holds the folder."""
        self.folder = folder
        self._file = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._file)
        except OSError:
            holder = _holder(folder / "owner.json")
            os.close(self._file)
            raise HistorianTaken(f"the historian's folder {folder} is in use by {holder}; one process can own it") from None
        since = datetime.now(UTC).isoformat(timespec="seconds")
        owner = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
        (folder / "owner.json").write_bytes(orjson.dumps(owner))

    def release(self) -> None:
        (self.folder / "owner.json").unlink(missing_ok=True)
        os.close(self._file)


def _lock(file: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(path: Path) -> str:
    try:
        owner = orjson.loads(path.read_bytes())
        return f"process {owner['process']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def sync_files(files: list[Path], top: Path) -> None:
    """Return when the files, and the folders from theirs up to `top`, are on the disk."""
    folders: dict[Path, None] = {}
    for file in files:
        _sync(file)
        folders.update(dict.fromkeys([parent for parent in file.parents if parent.is_relative_to(top)]))
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Return when the names in the folder are on the disk; Windows keeps them itself and can't be asked."""
    if sys.platform != "win32":
        _sync(folder)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file as a whole: whoever reads it later finds the old content or the new."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
