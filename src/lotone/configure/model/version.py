"""Versions of a product: each is published once and never changes; one of them is sold at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lotone.kernel import Conflict


class NothingNew(Conflict):
    """What is to be published says the same as a version that is there."""


class AlreadyReleased(Conflict):
    """The version was sold already; only one that still waits can be moved or withdrawn."""


class VersionState(StrEnum):
    CURRENT = "current"
    """Sold now."""
    SCHEDULED = "scheduled"
    """Released at a moment still to come."""
    WITHDRAWN = "withdrawn"
    """Was to be released and then was not; it can be released later."""
    PAST = "past"
    """Was sold, until another version took its place."""


@dataclass(frozen=True)
class Version:
    """One version without its content."""

    product: str
    number: int
    digest: str
    published_at: datetime
    released_at: datetime | None
    """From when on it is sold; None when its release was withdrawn."""
    published_by: str = ""
    note: str = ""
    back_to: int | None = None
    """The earlier version that this one brings back."""
    state: VersionState = VersionState.PAST

    def as_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "version": self.number,
            "state": self.state.value,
            "published_at": self.published_at.isoformat(),
            "released_at": self.released_at.isoformat() if self.released_at else None,
            "published_by": self.published_by,
            "note": self.note,
            "back_to": self.back_to,
        }


def current_of(versions: Sequence[Version], now: datetime) -> Version | None:
    """The version of one product that is sold now: the one released last; of several at the same moment, the newest."""
    released = [(one.released_at, one.number, one) for one in versions if one.released_at and one.released_at <= now]
    return max(released, key=lambda each: each[:2])[2] if released else None


def with_states(versions: Sequence[Version], now: datetime) -> list[Version]:
    """The versions of one product, each with what it is now."""
    current = current_of(versions, now)

    def state(one: Version) -> VersionState:
        if current is not None and one.number == current.number:
            return VersionState.CURRENT
        if one.released_at is None:
            return VersionState.WITHDRAWN
        return VersionState.SCHEDULED if one.released_at > now else VersionState.PAST

    return [replace(one, state=state(one)) for one in versions]
