"""A folder below an organization's own, entered step by step without following links: what lies elsewhere stays closed."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting: opening a pipe that someone put there would otherwise never return."""


class OwnFolder:
    """`names` below `root`. The root may be a link of the operator; a link below it is refused with an OSError.

    Whoever writes to a share can also put links there, and change them between a check and the opening. Each step is
    therefore opened from the one before (openat with O_NOFOLLOW), and files are listed, opened and moved from there.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self.names = tuple(names)
        self.path = root.joinpath(*names)

    @contextmanager
    def entered(self) -> Iterator[int]:
        """The folder's descriptor, while it is needed. Raises OSError."""
        here = os.open(self.root, _FOLDER)
        try:
            for name in self.names:
                above, here = here, _step(here, name)
                os.close(above)
            yield here
        finally:
            os.close(here)

    def files(self) -> dict[str, os.stat_result]:
        """The plain files in it; neither links nor folders nor pipes. Raises OSError."""
        found = {}
        with self.entered() as here, os.scandir(here) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it was taken away since
                    state = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode):
                        found[entry.name] = state
        return found

    def open(self, name: str) -> BinaryIO:
        """A plain file in it, to read; its `name` is the whole path. Raises OSError."""
        if "/" in name:
            raise FileNotFoundError(f"{name} is not in this folder")
        with self.entered() as here:
            file = open(self.path / name, "rb", opener=lambda _path, _flags: os.open(name, _FILE, dir_fd=here))  # noqa: SIM115
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise FileNotFoundError(f"{name} is no file")
        return file

    def move(self, name: str, below: str) -> None:
        """A file into the folder `below` in this one; what has the same name there keeps its place. Raises OSError."""
        with self.entered() as here:
            with suppress(FileExistsError):
                os.mkdir(below, dir_fd=here)
            there = _step(here, below)
            try:
                os.rename(name, _free(name, there), src_dir_fd=here, dst_dir_fd=there)
            finally:
                os.close(there)


def _step(above: int, name: str) -> int:
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)


def _free(name: str, there: int) -> str:
    target, number, taken = name, 2, set(os.listdir(there))
    while target in taken:
        target, number = f"{Path(name).stem}-{number}{Path(name).suffix}", number + 1
    return target
