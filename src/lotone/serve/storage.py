"""What an installation's data take on the disk, by the folder or file they are in."""

import os
from collections.abc import Iterator
from pathlib import Path


def sizes(root: Path) -> list[tuple[str, int]]:
    """Name and bytes of every file and folder directly in `root`, largest first; nothing when `root` is missing.

    Links count as links, and folders that may not be read as nothing. Files are merged and deleted while an installation
    runs: so does one that vanishes meanwhile.
    """
    if not root.is_dir():
        return []
    found = [(entry.name, sum(map(_bytes, _files(entry)))) for entry in root.iterdir()]
    return sorted(found, key=lambda part: (-part[1], part[0]))


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for folder, _names, files in os.walk(path):
        yield from (Path(folder, name) for name in files)


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
