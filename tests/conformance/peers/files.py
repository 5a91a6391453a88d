"""A machine that writes files, for the conformance suite: onto a drive that can be taken away."""

import csv
import tempfile
from pathlib import Path
from typing import Any

from conformance.bench import MessageServer
from conformance.peers.machine import machine_tags
from lotone.assets import moment
from lotone.connect import Connection


class FilesPeer:
    """It writes one file for each moment; while the drive is away from us, it goes on writing there."""

    keeps_what_it_says = True
    takes_writes = False
    can_be_browsed = False
    notices_wrong_types = True

    def __init__(self, server: MessageServer) -> None:
        self.client = None
        self.place = tempfile.TemporaryDirectory(prefix="drive-")
        self.drive = Path(self.place.name) / "press" / "out"
        self.drive.mkdir(parents=True)
        self.mount = server.files / "demo"
        server.files.mkdir(exist_ok=True)
        self.connection = Connection("press-1", "files", "press/out", {"poll_ms": 50})
        names = ("temperature", "count", "ready", "recipe", "speed", "request")
        self.tags = machine_tags("press-1", {name: name for name in names})
        self.number = 0

    def plug(self) -> None:
        self.mount.symlink_to(self.place.name, target_is_directory=True)

    def unplug(self) -> None:
        self.mount.unlink()

    def say(self, at: int, **values: Any) -> None:
        self.number += 1
        with (self.drive / f"{self.number}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["time", *values])
            writer.writerow([moment(at).isoformat(), *values.values()])

    def written(self) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        self.place.cleanup()
