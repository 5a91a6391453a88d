"""Compiled circuits in files: checked, and mapped into memory read-only, so all processes of a machine share one copy.

A file holds, in this order: eight letters that say what it is; the length of the next part; a description in JSON (format,
key, number of variables, and place, length and checksum of each array); the arrays, each from a multiple of 64 bytes on.
"""

import hashlib
import json
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.compiling import COMPILER, compile_clauses
from lotone.configure.reasoning.layout import ARRAYS, Layout, Numbers
from lotone.configure.reasoning.limits import Limits, TooHard

if sys.platform != "win32":
    import fcntl

log = structlog.get_logger(__name__)

FORMAT = 1
"""Grows with every change to the layout of arrays or file; files of other formats are not read."""
_MAGIC = b"LOTONECI"
_LENGTH = 8
_ALIGN = 64
_TRY_AGAIN_S = 24 * 3600
"""The machine may only have been busy."""
_KIND = np.dtype("<i4")


class _Unreadable(Exception):
    """Why a file is no circuit of ours."""


def key_of(clauses: Sequence[Sequence[int]], variables: int) -> str:
    """A digest of the clauses and of what compiles them: equal keys mean equal circuits."""
    numbers = np.fromiter(chain.from_iterable((*clause, 0) for clause in clauses), dtype=_KIND)
    digest = hashlib.sha256(f"{COMPILER} {FORMAT} {variables}\n".encode())
    digest.update(numbers.tobytes())
    return digest.hexdigest()


def save(circuit: Circuit, path: Path, key: str) -> None:
    """Write a circuit; a reader finds the old file or the new one whole, whatever happens meanwhile. Raises OSError."""
    arrays = {name: np.ascontiguousarray(getattr(circuit.layout, name), dtype=_KIND) for name in ARRAYS}
    place, places = 0, {}
    for name, each in arrays.items():
        places[name] = {"from": place, "length": len(each), "sha256": hashlib.sha256(each.tobytes()).hexdigest()}
        place = _aligned(place + each.nbytes)
    told = {"format": FORMAT, "key": key, "variables": circuit.layout.variables, "bytes": place, "arrays": places}
    _write(path, [_head(told), *(_padded(each.tobytes()) for each in arrays.values())])


def load(path: Path, key: str) -> Circuit | None:
    """The circuit in a file; None, with the reason in the log, when it is damaged, of another version or of another model."""
    try:
        return Circuit(_read(path, key))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, _Unreadable) as fault:
        log.warning(
            "a stored circuit can't be used, it is made anew", file=str(path), reason=str(fault) or type(fault).__name__
        )
        return None


def load_or_compile(folder: Path, clauses: Sequence[Sequence[int]], variables: int, limits: Limits) -> Circuit:
    """The circuit of the clauses from the folder, or made and put there. Raises as `compile_clauses` does.

    Of several processes and threads that ask at once, one compiles and the others wait. What was too hard within as much
    time and memory is not tried again that day: the folder remembers it for all.
    """
    key = key_of(clauses, variables)
    path = folder / f"{key}.circuit"
    found = load(path, key)
    if found is not None:
        return found
    with _turn(folder / f"{key}.lock"):
        return (load(path, key) if path.exists() else None) or _compile(path, key, clauses, variables, limits)


def _compile(path: Path, key: str, clauses: Sequence[Sequence[int]], variables: int, limits: Limits) -> Circuit:
    hard = path.with_suffix(".hard")
    _raise_known(hard, limits)
    try:
        made = compile_clauses(clauses, variables, limits)
    except TooHard as fault:
        known = json.dumps([limits.seconds, limits.megabytes, str(fault)]).encode()
        _keep(lambda: _write(hard, [known]), hard)
        raise
    _keep(lambda: save(made, path, key), path)
    return load(path, key) or made


def _raise_known(hard: Path, limits: Limits) -> None:
    with suppress(OSError, ValueError, TypeError):
        seconds, megabytes, why = json.loads(hard.read_bytes())
        if time.time() - hard.stat().st_mtime > _TRY_AGAIN_S:
            return
        if limits.seconds <= seconds and limits.megabytes <= megabytes:
            raise TooHard(why)


@contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Alone among those with the same file, where the platform and the disk allow it; else two do the same work."""
    file = None
    with suppress(OSError):
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if file is not None:
            os.close(file)


def _keep(write: Callable[[], None], path: Path) -> None:
    """A full or read-only disk costs time at the next start, not the answer now."""
    try:
        write()
    except OSError as fault:
        log.warning("a compiled model can't be stored", file=str(path), reason=str(fault))


# writing


def _aligned(place: int) -> int:
    return -(-place // _ALIGN) * _ALIGN


def _padded(data: bytes) -> bytes:
    return data + bytes(_aligned(len(data)) - len(data))


def _head(told: dict[str, Any]) -> bytes:
    text = json.dumps(told).encode()
    start = _MAGIC + len(text).to_bytes(_LENGTH, "little")
    return _padded(start + text)


def _write(path: Path, parts: Sequence[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.writelines(parts)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


# reading


def _read(path: Path, key: str) -> Layout:
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    told, start = _description(data)
    if told["format"] != FORMAT:
        raise _Unreadable(f"it has format {told['format']}, this version reads {FORMAT}")
    if told["key"] != key:
        raise _Unreadable("it is of another model or another compiler")
    if len(data) != start + told["bytes"]:
        raise _Unreadable(f"it has {len(data)} bytes, {start + told['bytes']} were written")
    arrays = {name: _array(data, start, **told["arrays"][name]) for name in ARRAYS}
    layout = Layout(variables=int(told["variables"]), **arrays)
    if not layout.is_sound():
        raise _Unreadable("its arrays do not fit each other")
    return layout


def _description(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise _Unreadable("it is no stored circuit")
    first = len(_MAGIC) + _LENGTH
    after = first + int.from_bytes(data[len(_MAGIC) : first], "little")
    told = json.loads(data[first:after])
    return told, _aligned(after)


def _array(data: mmap.mmap, start: int, **told: Any) -> Numbers:
    first, length = start + told["from"], told["length"]
    if hashlib.sha256(memoryview(data)[first : first + length * _KIND.itemsize]).hexdigest() != told["sha256"]:
        raise _Unreadable("its checksum is wrong")
    return np.frombuffer(data, dtype=_KIND, count=length, offset=first)
