"""What is wrong with this installation, in words: each check says what it found and what to do."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import text

from lotone.connect.server import server_program
from lotone.historian.store.lake import extension_file
from lotone.kernel import Database, LotOneError, Settings
from lotone.serve.folder import Folder, read_whole
from lotone.serve.installation import processes
from lotone.serve.migrate import differences
from lotone.serve.storage import sizes
from lotone.web.static import asset

FREE_MB_MIN = 1024
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do when it is not in order."""

    subject: str
    in_order: bool
    found: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that an installation needs, one finding after the other."""
    checks: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("Python", _python),
        ("Message server program", _message_server_program),
        ("Historian engine", _historian_engine),
        ("Pages", _pages),
        ("Data folder", _data_folder),
        ("Disk", _disk),
        ("Storage", _storage),
        ("State database", _state_database),
        ("Processes", _processes),
    ]
    for subject, check in checks:
        try:
            yield check(settings)
        except (LotOneError, OSError, duckdb.Error) as fault:
            yield Finding(subject, False, str(fault), "see the message; `lotone up` will not work before this is mended")


def _python(_settings: Settings) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= OLDEST_PYTHON, found, "install Python 3.11 or newer")


def _message_server_program(_settings: Settings) -> Finding:
    return Finding("Message server program", True, str(server_program()))


def _historian_engine(_settings: Settings) -> Finding:
    return Finding("Historian engine", True, f"DuckDB {duckdb.__version__} with {extension_file().name}")


def _pages(_settings: Settings) -> Finding:
    return Finding("Pages", True, asset("app.css"))


def _data_folder(settings: Settings) -> Finding:
    folder = Folder(settings)
    return Finding("Data folder", True, str(folder.root))


def _disk(settings: Settings) -> Finding:
    existing = next(path for path in (settings.data.resolve(), *settings.data.resolve().parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // 2**20
    remedy = f"make room: machine data is refused when the disk is full; at least {FREE_MB_MIN} MB are advised"
    return Finding("Disk", free_mb >= FREE_MB_MIN, f"{free_mb} MB free at {existing}", remedy)


def _storage(settings: Settings) -> Finding:
    parts = [f"{name} {size // 2**20} MB" for name, size in sizes(settings.data) if size >= 2**20]
    return Finding("Storage", True, ", ".join(parts) or "less than 1 MB in each part of the data folder")


def _state_database(settings: Settings) -> Finding:
    where = "SQLite in the data folder" if not settings.database_url else settings.database_url.rpartition("@")[2]
    if not settings.database_url and not (settings.data / "state.sqlite3").exists():
        return Finding("State database", True, "not made yet; `lotone up` makes it")
    database = Database(settings.state_url)
    try:
        with database.look() as connection:
            connection.execute(text("SELECT 1"))
            different = differences(connection)
    finally:
        database.close()
    remedy = "its tables are not those of this release: start `lotone up` once, it brings them up to date"
    return Finding("State database", not different, where, remedy)


def _processes(settings: Settings) -> Finding:
    run = settings.run_folder
    wanted = processes(settings)
    running = [name for name in wanted if _is_running(run, name)]
    if not running:
        return Finding("Processes", True, "LotOne is not running on this data folder")
    missing = [name for name in wanted if name not in running]
    found = f"running: {', '.join(running)}" + (f"; not running: {', '.join(missing)}" if missing else "")
    return Finding("Processes", not missing, found, f"look into {settings.data / 'logs'}")


def _is_running(run: Path, name: str) -> bool:
    pid = read_whole(run / f"{name}.ready").get("pid")
    if not pid:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
