"""Facts: what became true, written in the transaction that made it true, delivered afterwards at least once."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, TypeVar, get_type_hints


@dataclass(frozen=True)
class Fact:
    """Something that became true, in the past tense. Subclasses are frozen dataclasses of plain values:
    str, int, float, bool, datetime (aware), None, and lists of those. The class name is the fact's name for ever."""

    kinds: ClassVar[dict[str, type["Fact"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = Fact.kinds.get(cls.__name__)
        if known is not None and known.__module__ != cls.__module__:
            raise TypeError(f"two facts are called {cls.__name__}: in {known.__module__} and {cls.__module__}")
        Fact.kinds[cls.__name__] = cls

    @property
    def name(self) -> str:
        return type(self).__name__

    def as_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


def fact_from_json(name: str, values: dict[str, Any]) -> Fact:
    """The fact back from its name and plain values; fields that are no longer known are left out."""
    kind = Fact.kinds[name]
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    return kind(**{key: _restore(value, hints[key]) for key, value in values.items() if key in known})


def _restore(value: Any, hint: Any) -> Any:
    if isinstance(value, str) and hint in (datetime, datetime | None):
        return datetime.fromisoformat(value)
    return value


AnyFact = TypeVar("AnyFact", bound=Fact)
Tell = Callable[[Fact], None]
"""How a service says that something became true."""


@dataclass(frozen=True)
class Told:
    """A fact as it stands in the outbox."""

    number: int
    organization: str
    fact: Fact
    at: datetime
