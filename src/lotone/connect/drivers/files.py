"""Files in a folder: CSV, XLSX and Parquet tables that machines or people put there, each read once.

**Connection.** `press-1` or `hall-2/press-1`: a folder below `<files_folder>/<organization>` on the recorder's computer, where
the operator makes it, or mounts a share. `<files_folder>/<organization>` itself may be a link. Links below it are never
followed, to folders or to files: who may write to a share could read another organization's files with them. Settings, all
optional:

- `pattern` (`*`): which files, such as `press*.csv`; of these, `.csv`, `.txt`, `.xlsx` and `.parquet` are read
- `time` (`time`): the column with the time; `time_zone` (`UTC`): of times that have none, such as `Europe/Berlin`
- `tag`, `value`: for tables with one value in each row, the columns that hold its address and the value
- `encoding` (`utf-8-sig`), `done` (`remember`, or `move`: into the folder `done` in it), `poll_ms` (1000)

**Tag addresses** are the names of the columns; with `tag` what stands in that column. The first row has the names. CSV may be
separated by commas, semicolons or tabs, with decimal commas where commas do not separate.

**Each file once.** A file is read when its size and time of change were the same at two looks, so that half-written ones
wait; it is done when all of it is on disk in our stream. A file that changed after it was read is read again: what was
recorded already has the same tag and time, and counts once; of rows with the same tag and time the place among them counts
too. A cell that can't be read is put into the quarantine with the file's name and the row; the others are taken. A tag
that is added later has values from the files that come after it.
"""

import asyncio
import fnmatch
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from lotone.assets import DataType, Value
from lotone.connect.drivers.file_tables import BATCH, BOOLEANS, ENDINGS, BadCell, Layout, number_of, offered, readings
from lotone.connect.drivers.line import Line, Lost
from lotone.connect.drivers.own_folder import OwnFolder
from lotone.connect.drivers.telemetry import Unreadable
from lotone.connect.model import (
    Connection,
    Deliver,
    Found,
    Node,
    NotConnected,
    Reading,
    Status,
    Surroundings,
    WriteRefused,
    folder_names,
)
from lotone.kernel import Words

POLL_MS = 1_000
POLL_MS_MIN = 20
SHOWN_MAX = 20
"""Bad cells of one file that are shown one by one; of more, the number is told."""
Sign = list[int]
"""Size in bytes and time of change in ns."""


class Folder:
    """The files of one connection. All methods block: call them on a worker thread."""

    def __init__(self, connection: Connection, files: Path) -> None:
        self.folder = OwnFolder(files, folder_names(connection.address, where=connection.id))
        self.pattern = str(connection.settings.get("pattern") or "*")

    def look(self) -> dict[str, Sign]:
        """Files that are meant, the oldest first. Raises Lost."""
        try:
            files = self.folder.files()
        except OSError as fault:
            raise Lost(self.unreachable(fault)) from None
        found = {name: [state.st_size, state.st_mtime_ns] for name, state in files.items() if self._is_meant(name)}
        return dict(sorted(found.items(), key=lambda one: (one[1][1], one[0])))

    def _is_meant(self, name: str) -> bool:
        is_hidden = name.startswith((".", "~$"))
        return name.casefold().endswith(ENDINGS) and not is_hidden and fnmatch.fnmatch(name, self.pattern)

    def open(self, name: str) -> BinaryIO:
        """Raises OSError."""
        return self.folder.open(name)

    def move(self, name: str) -> None:
        """Into `done`; a file of the same name that is there already keeps its place. Raises OSError."""
        self.folder.move(name, "done")

    def unreachable(self, fault: OSError) -> Words:
        if isinstance(fault, PermissionError):
            return Words(
                f"lost: the folder {self.folder.path} may not be read; allow it to the user that LotOne runs as",
                f"连接丢失：无权读取文件夹 {self.folder.path}；请授权给运行 LotOne 的用户",
            )
        return Words(
            f"lost: there is no folder {self.folder.path} where LotOne records, or there is a link on the way to it; "
            "let the operator make it there or mount the share there",
            f"连接丢失：采集计算机上没有文件夹 {self.folder.path}，或其路径中有链接；请让运维人员在该处新建文件夹或挂载共享",
        )


class FilesDriver:
    """See the top of this file."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        connection = surroundings.connection
        self.folder = Folder(connection, surroundings.files)
        self.layout = Layout.of(connection)
        self.moves = connection.settings.get("done") == "move"
        self.poll_s = max(float(connection.settings.get("poll_ms") or POLL_MS), POLL_MS_MIN) / 1000
        self.last: dict[str, Reading] = {}

    async def run(self, deliver: Deliver) -> None:
        line = Line(self.surroundings, deliver)
        await line.keep_up(lambda: self._session(line))

    async def _session(self, line: Line) -> None:
        position, before, is_confirmed = self.surroundings.position(), await self._look(), False
        await self.surroundings.say(Status.CONNECTED, Words("connected: the folder is watched", "已连接：正在监视文件夹"))
        position["met"] = True
        while True:
            await asyncio.sleep(self.poll_s)
            now = await self._look()
            done: dict[str, Sign] = position.setdefault("files", {})
            for name in [name for name in done if name not in now]:
                del done[name]
            for name, sign in now.items():
                if done.get(name) != sign and before.get(name) == sign:
                    await self._read(line, name)
                    done[name] = sign
            before = now
            if not is_confirmed and done == now:
                await line.confirm(list(self.last.values()))
                is_confirmed = True

    async def _look(self) -> dict[str, Sign]:
        return await asyncio.to_thread(self.folder.look)

    async def _read(self, line: Line, name: str) -> None:
        """Deliver what a file says; returns when all of it is on disk. Raises Lost when it can't be opened any more."""
        try:
            file = await asyncio.to_thread(self.folder.open, name)
        except OSError as fault:
            raise Lost(self.folder.unreachable(fault)) from None
        given = readings(file, self.layout, self.surroundings.addresses)
        bad, fault_words = 0, None
        try:
            while fault_words is None:
                taken, fault_words = await asyncio.to_thread(_next, given)
                good = [one for one in taken if isinstance(one, Reading)]
                await line.deliver(good)
                self._remember(good)
                wrong = [one for one in taken if isinstance(one, BadCell)]
                await self._note(name, wrong[: max(0, SHOWN_MAX - bad)])
                bad += len(wrong)
                if not taken:
                    break
        except OSError as fault:
            raise Lost(self.folder.unreachable(fault)) from None
        finally:
            await asyncio.to_thread(_close, given, file)
        if bad > SHOWN_MAX:
            await self.surroundings.quarantine(f"{self.surroundings.connection.id} {name}", _MORE, count=bad - SHOWN_MAX)
        if fault_words is not None:
            await self.surroundings.quarantine(f"{self.surroundings.connection.id} {name}", fault_words)
        elif self.moves:
            await self._move(name)

    async def _note(self, name: str, cells: Sequence[BadCell]) -> None:
        for one in cells:
            subject = f"{self.surroundings.connection.id} {name} row {one.row} {one.column}"
            await self.surroundings.quarantine(subject, one.words)

    async def _move(self, name: str) -> None:
        try:
            await asyncio.to_thread(self.folder.move, name)
        except OSError as fault:
            words = Words(
                f"it was read, but can't be moved to done ({fault.strerror}); allow writing to the folder",
                "已读取，但无法移动到 done；请授予写入权限",
            )
            await self.surroundings.quarantine(f"{self.surroundings.connection.id} {name}", words)

    def _remember(self, given: Sequence[Reading]) -> None:
        for one in given:
            known = self.last.get(one.address)
            if known is None or (one.source_time or 0) >= (known.source_time or 0):
                self.last[one.address] = one

    async def write(self, values: Mapping[str, Value]) -> None:
        raise WriteRefused(f"{self.surroundings.connection.id} only sends: files are read; use OPC UA or Modbus to write")

    async def browse(self) -> list[Node]:
        return list((await probe(self.surroundings.connection, self.surroundings.files)).nodes)


async def probe(connection: Connection, files: Path) -> Found:
    """What the newest file offers; `files` is the organization's own folder. Raises NotConnected."""
    folder, layout = Folder(connection, files), Layout.of(connection)
    try:
        names = list(await asyncio.to_thread(folder.look))
        cells = await asyncio.to_thread(_offered, folder, names[-1], layout) if names else {}
    except Lost as fault:
        raise NotConnected(fault.words.en.removeprefix("lost: ")) from None
    except (Unreadable, OSError) as fault:
        raise NotConnected(f"{names[-1]}: {fault}") from None
    nodes = tuple(_node(address, cell) for address, cell in cells.items())
    if not names:
        words = Words(
            "a folder without such files: put one there and test again", "文件夹中没有此类文件：请放入一个文件后再次测试"
        )
        return Found(words)
    return Found(
        Words(
            f"a folder with {len(names)} files; the newest is {names[-1]}",
            f"文件夹中有 {len(names)} 个文件，最新的是 {names[-1]}",
        ),
        nodes,
    )


def _offered(folder: Folder, name: str, layout: Layout) -> dict[str, Any]:
    with folder.open(name) as file:
        return offered(file, layout)


def _node(address: str, cell: object) -> Node:
    value = number_of(cell) if isinstance(cell, str) else cell
    if isinstance(value, str) and value.casefold() in BOOLEANS:
        value = BOOLEANS[value.casefold()]
    if isinstance(value, bool):
        return Node(address, address, DataType.BOOLEAN, value=value)
    if isinstance(value, int | float):
        return Node(address, address, DataType.NUMBER, value=value)
    return Node(address, address, DataType.TEXT, value=None if value is None else str(value)[:200])


def _next(given: Iterator[Reading | BadCell]) -> tuple[list[Reading | BadCell], Words | None]:
    """The next cells of a file, and why there are no more when the rest can't be read."""
    taken: list[Reading | BadCell] = []
    try:
        taken.extend(islice(given, BATCH))
    except Unreadable as fault:
        return taken, fault.words
    return taken, None


def _close(given: Generator[Reading | BadCell, None, None], file: BinaryIO) -> None:
    given.close()
    file.close()


_MORE = Words(
    "more cells of this file could not be read: see those that are shown", "此文件中还有更多单元格无法读取：请查看已列出的"
)
