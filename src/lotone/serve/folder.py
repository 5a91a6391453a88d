"""The data folder of an installation: ports, secrets and the plant's clock, kept over restarts."""

import contextlib
import json
import os
import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lotone.kernel import PlantClock, Settings, Unavailable, wall_clock

PREFERRED = {"web": 8080, "messages": 4222, "mqtt": 1883}


class NoDataFolder(Unavailable):
    """The data folder can't be written."""


class PortTaken(Unavailable):
    """A port that the settings name is used by another program."""


def write_whole(path: Path, values: Any, *, private: bool = False) -> None:
    """Replace a JSON file in one step: a reader sees the old one or the new one, also after a power cut."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_whole(path: Path) -> dict[str, Any]:
    """The file's values; empty when there is none, or when it was damaged (what it held is then made anew)."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        values = json.loads(path.read_text(encoding="utf-8"))
        return values if isinstance(values, dict) else {}
    return {}


class Folder:
    """The data folder. Raises NoDataFolder when it can't be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = settings.data.resolve()
        self.run = settings.run_folder.resolve()
        try:
            for folder in (self.root, self.run, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.run / "probe"
            probe.write_text("can be written")
            probe.unlink()
        except OSError as fault:
            raise NoDataFolder(f"can't be written: {fault.strerror or fault}", where=str(self.root)) from fault

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def secret(self, name: str) -> str:
        """A secret of this installation, made at first use."""
        path = self.root / "secrets.json"
        known = read_whole(path)
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_whole(path, known, private=True)
        return str(known[name])

    def port(self, name: str) -> int:
        """The port chosen for `web`, `messages`, `mqtt` or a machine; `choose_port` must have been called before."""
        return int(read_whole(self.run / "ports.json")[name])

    def choose_port(self, name: str, wished: int = 0) -> int:
        """Decide on a port before the program that uses it starts: the wished one (PortTaken if it is used), else the
        same as last time, else the usual one, else any that is free."""
        path = self.run / "ports.json"
        ports = read_whole(path)
        if wished and not is_free(wished):
            raise PortTaken(f"port {wished} for {name} is used by another program: stop that, or set another port")
        candidates = [wished] if wished else [ports.get(name, 0), PREFERRED.get(name, 0)]
        taken = {other for key, other in ports.items() if key != name}
        chosen = next((port for port in candidates if port and port not in taken and is_free(port)), 0) or free_port()
        write_whole(path, {**ports, name: chosen})
        return int(chosen)

    # --- the plant's clock -------------------------------------------------------------------------------------

    def start_clock(self, first_moment: datetime | None = None) -> PlantClock:
        """Set the plant's clock for this run: a simulated plant goes on where it stopped last time (or begins at
        `first_moment`), a real one shows the wall's time."""
        now = wall_clock()
        speed = self.settings.speed
        kept = read_whole(self.run / "plant_time.json").get("plant")
        simulated = speed != 1 or kept is not None or first_moment is not None
        begin = datetime.fromisoformat(kept) if kept else first_moment or now
        clock = PlantClock(now, begin if simulated else now, speed)
        anchors = {"wall": clock.wall_anchor.isoformat(), "plant": clock.plant_anchor.isoformat(), "speed": speed}
        write_whole(self.run / "clock.json", anchors)
        return clock

    def clock(self) -> PlantClock:
        """The plant's clock as every process of this run sees it."""
        kept = read_whole(self.run / "clock.json")
        if not kept:
            now = wall_clock()
            return PlantClock(now, now, 1.0)
        return PlantClock(datetime.fromisoformat(kept["wall"]), datetime.fromisoformat(kept["plant"]), kept["speed"])

    def keep_plant_time(self, clock: PlantClock) -> None:
        """Note the plant's time, so that a simulated plant goes on from here after a stop or a crash."""
        if clock.speed != 1 or clock.plant_anchor != clock.wall_anchor:
            write_whole(self.run / "plant_time.json", {"plant": clock().astimezone(UTC).isoformat()})


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
