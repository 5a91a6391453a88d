"""What every change of a copy of the plan has in common: its kind, its order, its words, its cost."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar

from lotone.kernel import Invalid, Words
from lotone.plan.model.demand import Demand
from lotone.plan.model.snapshot import Snapshot

Called = Callable[[str], str]
"""What people call an order, a work center or a calendar."""


LONGEST_DAYS = 366


class WrongChange(Invalid):
    """A change that can't be tried: it names something the plan does not know, or says nothing sensible."""


@dataclass(frozen=True)
class Change(ABC):
    """One thing that is different in a copy of the plan. Every kind gives `on` (the changed copy) and `said` (in words)."""

    kind: ClassVar[str] = ""
    rank: ClassVar[int] = 0
    """Those of lower rank are done first: orders are put into a plant that is changed already."""

    @abstractmethod
    def on(self, snapshot: Snapshot) -> Snapshot:
        """The plan with this change, its work not settled yet. Raises WrongChange and what the change itself raises."""

    @abstractmethod
    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        """What it changes, in words."""

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        """What it costs until the plan's work ends, in the plant's currency, as far as costs were given."""
        return 0.0

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **{each.name: _plain(getattr(self, each.name)) for each in fields(self)}}


AnyChange = TypeVar("AnyChange", bound=type[Change])


KINDS: dict[str, type[Change]] = {}


def change_kind(cls: AnyChange) -> AnyChange:
    KINDS[cls.kind] = cls
    return cls


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Demand):
        return value.as_json()
    if isinstance(value, Words):
        return value.as_dict()
    return list(map(_plain, value)) if isinstance(value, tuple) else value
