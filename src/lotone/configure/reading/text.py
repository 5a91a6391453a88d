"""Files and texts as characters: size, kind and encoding checked before anything reads them."""

from pathlib import Path

from lotone.configure.model.fault import BrokenModel, Fault

SIZE_MAX = 5_000_000
"""Bytes. The largest public models, cars with 18,616 features and Linux with 77,000, stay below it."""


def text_of(source: Path | str, file: str, kind: str = "a feature model in UVL", size_max: int = SIZE_MAX) -> str:
    """The text of a file, or the text itself. Raises BrokenModel when it is too large, or no text."""
    if isinstance(source, str):
        size, text = len(source), source
    else:
        size = _size_of(source, file)
        text = "" if size > size_max else _decoded(source, file, kind)
    if size > size_max:
        raise _unreadable(file, f"expected at most {size_max // 1_000_000} MB of text, found {size / 1_000_000:.1f} MB")
    if "\0" in text or "\x1b" in text:
        line = text[: text.index("\0" if "\0" in text else "\x1b")].count("\n") + 1
        raise _unreadable(file, f"this is not a text: expected {kind}", line)
    return text.removeprefix("\ufeff")


def _size_of(path: Path, file: str) -> int:
    if not path.is_file():
        raise _unreadable(file, "no such file")
    return path.stat().st_size


def _decoded(path: Path, file: str, kind: str) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except OSError as fault:
        raise _unreadable(file, f"the file can't be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise _unreadable(file, f"this is not UTF-8 text: expected {kind}", line) from fault


def _unreadable(file: str, message: str, line: int = 0) -> BrokenModel:
    return BrokenModel([Fault(file, line, "", message)])
