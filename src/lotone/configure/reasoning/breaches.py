"""What a proof notes: every rule that some configuration breaks, with the smallest one that does."""

from collections.abc import Iterable, Sequence

from lotone.configure.model.expression import Expression, features_of
from lotone.configure.model.violation import Violation, ViolationKind
from lotone.configure.reasoning.line import Example, Line
from lotone.kernel import Words


class Breaches:
    """The violations found so far."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.model = line.model
        self.found: list[Violation] = []

    def note(self, kind: ViolationKind, table: str, place: int, column: str, subject: str = "", operation: str = "",
             other: int | None = None) -> None:  # fmt: skip
        """A row that is wrong whatever is chosen."""
        self.found.append(Violation(kind, table, place, column, subject, operation, other))

    def ask(
        self,
        kind: ViolationKind,
        table: str,
        place: int,
        column: str,
        *,
        broken: Sequence[Expression],
        involved: Iterable[Expression],
        subject: str = "",
        operation: str = "",
        expected: Words | None = None,
    ) -> bool:
        """Note a violation when some configuration has all that breaks the rule, and say whether there is one."""
        if not self.line.is_possible(*broken):
            return False
        example = self.line.example(*broken) or Example(frozenset())
        self.show(kind, table, place, column, example, involved, subject=subject, operation=operation, expected=expected)
        return True

    def show(
        self,
        kind: ViolationKind,
        table: str,
        place: int,
        column: str,
        example: Example,
        involved: Iterable[Expression],
        *,
        subject: str = "",
        operation: str = "",
        other: int | None = None,
        minutes: float | None = None,
        expected: Words | None = None,
    ) -> None:
        self.found.append(
            Violation(
                kind, table, place, column, subject, operation, other, minutes, expected or Words(""),
                self.telling(example, involved), example.configuration, example.values,
            )
        )  # fmt: skip

    def telling(self, example: Example, conditions: Iterable[Expression]) -> tuple[str, ...]:
        """The choices of an example of which the conditions speak, and what was chosen in the place of such."""
        named = {name for condition in conditions for name in features_of(condition)}
        groups = (self.model.group_of[name] for name in named if name in self.model.group_of)
        beside = {member.name for group in groups for member in group.members}
        shown = example.configuration & (named | beside)
        choices = (name for name in self.model.options if name in shown)
        valued = (name for name in self.model.features if name in named and name in example.values)
        return tuple(dict.fromkeys((*choices, *valued)))
