"""Faults in files that people wrote: where each one is and what was expected there."""

from collections.abc import Sequence
from dataclasses import dataclass

from lotone.kernel import Invalid


@dataclass(frozen=True, order=True)
class Fault:
    """One fault in a file. `line` counts from 1, 0 is the whole file; `column` is a number in a text, a name in a table."""

    file: str
    line: int
    column: str
    message: str
    example: tuple[str, ...] = ()
    """A configuration that shows the fault, where it takes one to see it."""

    @property
    def where(self) -> str:
        return ":".join(part for part in (self.file, str(self.line) if self.line else "", self.column) if part)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"

    def as_json(self) -> dict[str, str | int | list[str]]:
        found: dict[str, str | int | list[str]] = {
            "file": self.file, "line": self.line, "column": self.column, "message": self.message,
        }  # fmt: skip
        return {**found, "example": list(self.example)} if self.example else found


class Faulty(Invalid):
    """Files with faults; `faults` has all of them, the message tells the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first, *others = self.faults = tuple(faults)
        more = f" (and {len(others)} more {'fault' if len(others) == 1 else 'faults'})" if others else ""
        super().__init__(first.message + more, where=first.where)


class BrokenModel(Faulty):
    """A feature model that can't be read."""


class WrongExpression(Invalid):
    """A rule over features that can't be read; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column
