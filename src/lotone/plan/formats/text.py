"""Files of whole numbers, read with care: every fault names file, line and what was expected there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lotone.kernel import Invalid, NotFound
from lotone.plan.model.instance import LONGEST

MOST_BYTES = 32_000_000
MOST_LINE = 4_000_000
"""Characters of one line."""
MOST_OPERATIONS = 250_000
MOST_MODES = 2_000_000
MOST_RESOURCES = 100_000
SHOWN = 30
"""Characters of a wrong word that a message repeats."""


class NoFile(NotFound):
    """There is no such file."""


class WrongFile(Invalid):
    """A file is not what its format says; `where` is the file and, where it is known, the line."""


def read_text(path: Path) -> str:
    """A file's text. Raises NoFile; WrongFile when it is no file, too large, or no text."""
    try:
        if not path.is_file():
            raise (WrongFile("this is not a file", where=str(path)) if path.exists() else NoFile(f"there is no file {path}"))
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise WrongFile(f"it has {size:,} bytes, at most {MOST_BYTES:,} are read", where=str(path))
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise WrongFile(f"can't read: {fault.strerror or fault}", where=str(path)) from None
    if len(content) > MOST_BYTES:
        raise WrongFile(f"it grew past {MOST_BYTES:,} bytes while it was read", where=str(path))
    return _decoded(content, path)


def _decoded(content: bytes, path: Path) -> str:
    broken = content.find(b"\0")
    try:
        if broken < 0:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        broken = fault.start
    line = content.count(b"\n", 0, broken) + 1
    raise WrongFile("expected text, but this is binary", where=f"{path}, line {line}")


class Numbers:
    """Words of a file, taken one after the other as whole numbers."""

    def __init__(self, path: Path, words: Iterable[tuple[int, str]], ends: str = "the file", line: int = 1) -> None:
        self.path = path
        self.line = line
        """Of the word taken last."""
        self._ends = ends
        self._words = iter(words)
        self._ahead: tuple[int, str] | None = None

    def has_more(self) -> bool:
        """Whether a word is left."""
        if self._ahead is None:
            self._ahead = next(self._words, None)
        return self._ahead is not None

    def skip(self) -> None:
        """Leaves the next word out, if there is one."""
        if self.has_more():
            self._ahead = None

    def take(self, what: str, least: int = 0, most: int = LONGEST) -> int:
        """The next number. Raises WrongFile when it is missing, no whole number, or out of range."""
        wanted = f"expected {what}, a whole number from {least} to {most}"
        if not self.has_more() or self._ahead is None:
            raise self.fault(f"{wanted}, but {self._ends} ends")
        (self.line, word), self._ahead = self._ahead, None
        if not (word.isascii() and word.isdecimal()) or len(word) > len(str(LONGEST)):
            raise self.fault(f"{wanted}, not '{word[:SHOWN]}'{' ...' if len(word) > SHOWN else ''}")
        number = int(word)
        if not least <= number <= most:
            raise self.fault(f"{wanted}, not {number}")
        return number

    def finish(self) -> None:
        """Raises WrongFile when words are left."""
        if self.has_more() and self._ahead is not None:
            self.line, word = self._ahead
            raise self.fault(f"expected {self._ends} to end, not '{word[:SHOWN]}'")

    def fault(self, words: str) -> WrongFile:
        return WrongFile(words, where=f"{self.path}, line {self.line}")


def rows(path: Path, text: str) -> Iterator[Numbers]:
    """The lines that hold something, each as its own numbers. Comments begin with #. Raises WrongFile."""
    for line, content in _lines(path, text):
        yield Numbers(path, ((line, word) for word in content.split()), "the line", line)


def numbers(path: Path, text: str) -> Numbers:
    """All words of a file, wherever its lines end."""
    return Numbers(path, ((line, word) for line, content in _lines(path, text) for word in content.split()))


def _lines(path: Path, text: str) -> Iterator[tuple[int, str]]:
    for line, content in enumerate(text.split("\n"), start=1):
        if len(content) > MOST_LINE:
            raise WrongFile(
                f"it has {len(content):,} characters, at most {MOST_LINE:,} are read", where=f"{path}, line {line}"
            )
        if content.strip() and not content.lstrip().startswith("#"):
            yield line, content


def next_row(lines: Iterator[Numbers], what: str, path: Path) -> Numbers:
    """The next line that holds something. Raises WrongFile when the file ends before `what`."""
    row = next(lines, None)
    if row is None:
        raise WrongFile(f"expected {what}, but the file ends", where=str(path))
    return row


def no_more(lines: Iterator[Numbers], after: str) -> None:
    """Raises WrongFile when something follows the last line that was announced."""
    row = next(lines, None)
    if row is not None:
        raise row.fault(f"expected the file to end after {after}")
