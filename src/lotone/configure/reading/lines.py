"""The lines of a UVL text: comments taken out, lines joined whose brackets are still open."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

JOINED_MAX = 200
"""Most lines that one pair of brackets spans."""
_COMMENT = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
"""Texts in quotes and comments. A comment that is never closed reaches to the end, which keeps the search linear."""
_BRACKET = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[(\[{]|[)\]}]')


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or several that brackets join. `starts` says where each further one begins in `text`, and its number."""

    number: int
    indent: int
    text: str
    starts: tuple[tuple[int, int, int], ...] = ()
    """Offset in `text`, number of the line, and its indentation."""

    @property
    def column(self) -> int:
        return self.indent + 1

    def place(self, column: int) -> tuple[int, int]:
        """Line and column in the file of a column that counts from the start of the file's line where this begins."""
        offset = column - self.column
        for start, number, indent in reversed(self.starts):
            if offset >= start:
                return number, offset - start + indent + 1
        return self.number, column


def lines_of(text: str) -> Iterator[Line]:
    """The lines that say something."""
    bare = _COMMENT.sub(_without_comment, text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    skip_to = 0
    for number, line in enumerate(bare, start=1):
        if number <= skip_to:
            continue
        wide = line.expandtabs(4)
        content = wide.strip()
        if not content:
            continue
        found = Line(number, len(wide) - len(wide.lstrip()), content)
        if ("(" in content or "{" in content or "[" in content) and _open_brackets(content) > 0:
            found = _joined(found, bare)
            skip_to = found.starts[-1][1] if found.starts else 0
        yield found


def _open_brackets(text: str) -> int:
    return sum((found in "([{") - (found in ")]}") for found in _BRACKET.findall(text) if len(found) == 1)


def _joined(first: Line, lines: list[str]) -> Line:
    """The line with those below it up to the last closing bracket; itself when that does not stand nearby."""
    text, starts, depth = first.text, [], _open_brackets(first.text)
    for number in range(first.number + 1, min(first.number + JOINED_MAX, len(lines)) + 1):
        wide = lines[number - 1].expandtabs(4)
        content = wide.strip()
        if not content:
            continue
        indent = len(wide) - len(wide.lstrip())
        depth += _open_brackets(content)
        if (indent == 0 and content[0] not in ")]}") or depth < 0:
            return first
        starts.append((len(text) + 1, number, indent))
        text = f"{text} {content}"
        if depth == 0:
            return Line(first.number, first.indent, text, tuple(starts))
    return first


def _without_comment(match: re.Match[str]) -> str:
    """A comment leaves its line breaks, so that lines keep their numbers; what only looks like one in quotes stays."""
    found = match[0]
    return found if found[0] in "\"'" else "\n" * found.count("\n")
