"""What a new version does to configurations that people hold: which stay valid, at which price, and which not and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lotone.kernel import Money


@dataclass(frozen=True)
class Held:
    """A configuration that somebody saved or was quoted."""

    id: str
    kind: str
    """`quote` or `saved`."""
    features: tuple[str, ...]
    """What was chosen, or the whole configuration."""
    label: str = ""
    is_whole: bool = False
    """The features are all that it has, so nothing may be added."""
    price: Money | None = None
    """What was said for one, where it was said."""


@dataclass(frozen=True)
class Affected:
    """One held configuration under the new version."""

    held: Held
    is_valid: bool
    reasons: tuple[str, ...] = ()
    """The rules that stand against it, or the features that are gone; empty for a valid one."""
    before: Money | None = None
    after: Money | None = None

    @property
    def cents(self) -> int:
        """How much dearer it gets; cheaper is negative."""
        return self.after.cents - self.before.cents if self.after and self.before else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.held.id,
            "kind": self.held.kind,
            "label": self.held.label,
            "valid": self.is_valid,
            "reasons": list(self.reasons),
            "price_before": self.before.cents / 100 if self.before else None,
            "price_after": self.after.cents / 100 if self.after else None,
        }


@dataclass(frozen=True)
class Effect:
    """The effect on everything that is held. Those that change come first."""

    affected: Sequence[Affected] = field(default=())
    unlooked: int = 0
    """Configurations beyond the number that is looked at."""

    @property
    def broken(self) -> list[Affected]:
        return [one for one in self.affected if not one.is_valid]

    @property
    def repriced(self) -> list[Affected]:
        return [one for one in self.affected if one.is_valid and one.cents]

    @property
    def unchanged(self) -> int:
        return len(self.affected) - len(self.broken) - len(self.repriced)

    def as_json(self) -> dict[str, Any]:
        return {
            "looked_at": len(self.affected),
            "unlooked": self.unlooked,
            "valid": sum(one.is_valid for one in self.affected),
            "invalid": len(self.broken),
            "repriced": len(self.repriced),
            "affected": [one.as_json() for one in [*self.broken, *self.repriced]],
        }
