"""What a buyer is told: a date at a stated probability, and what binds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

from lotone.kernel import Conflict, Words


class BindingKind(StrEnum):
    MACHINE = "machine"
    MATERIAL = "material"
    CALENDAR = "calendar"
    OPERATION = "operation"
    REPAIR = "repair"


@dataclass(frozen=True)
class Binding:
    """One thing that makes a promise as late as it is, and the hours it takes."""

    kind: BindingKind
    subject: Words
    until: datetime
    hours: float
    supplier: Words | None = None
    """Who delivers, for material that has to arrive."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "subject": self.subject.as_dict(),
            "until": self.until.isoformat(),
            "hours": self.hours,
            "supplier": self.supplier and self.supplier.as_dict(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Binding":
        return cls(
            BindingKind(values["kind"]),
            Words.from_dict(values["subject"]),
            datetime.fromisoformat(values["until"]),
            values["hours"],
            Words.from_dict(values["supplier"]) if values["supplier"] else None,
        )


BANDS = {"50": 0.5, "80": 0.8, "95": 0.95}
"""The probabilities at which every promise is measured."""


@dataclass(frozen=True)
class Promise:
    """`date` is what the buyer is told: a hand-over that is reached with at least this probability, with durations, stops of
    machines, scrap and suppliers as they were learned. `earliest` is the planned completion."""

    date: datetime
    probability: float
    earliest: datetime
    binding: tuple[Binding, ...]
    reason: Words
    buffer_minutes: float = 0.0
    bands: Mapping[str, datetime] = field(default_factory=dict)
    """By the names of BANDS, the completions that are reached with these probabilities, before rounding to a hand-over."""
    curve: tuple[float, ...] = ()
    """What the bands come from: seconds after `earliest` as the model has them, before what past promises taught."""

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.date.isoformat(),
            "probability": self.probability,
            "earliest": self.earliest.isoformat(),
            "binding": [binding.as_json() for binding in self.binding],
            "reason": self.reason.as_dict(),
            "buffer_minutes": self.buffer_minutes,
            "bands": {name: moment.isoformat() for name, moment in self.bands.items()},
            "curve": list(self.curve),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Promise":
        return cls(
            datetime.fromisoformat(values["date"]),
            values["probability"],
            datetime.fromisoformat(values["earliest"]),
            tuple(Binding.from_json(each) for each in values["binding"]),
            Words.from_dict(values["reason"]),
            values["buffer_minutes"],
            {name: datetime.fromisoformat(moment) for name, moment in values.get("bands", {}).items()},
            tuple(values.get("curve", ())),
        )


@dataclass(frozen=True)
class Hold:
    """Capacity and material kept for a promise until a time on the wall clock."""

    id: str
    promise: Promise
    expires_at: datetime


@dataclass(frozen=True)
class TrackedPromise:
    """A promise that was told to a buyer, and how it looks now."""

    order: str
    told: Promise
    completion: datetime
    """When the last operation is planned to end."""
    moves: int


class HoldLost(Conflict):
    """The date that was held can no longer be kept; `promise` is what can be promised now."""

    def __init__(self, promise: Promise) -> None:
        super().__init__(f"the held date can no longer be kept; the new date is {promise.date:%Y-%m-%d %H:%M} UTC")
        self.promise = promise


def buffer(durations: Iterable[timedelta], probability: float, spread: float) -> timedelta:
    """How much longer than expected a chain of operations may take, at a probability.

    Each duration is lognormal with its planned value as mean and `spread` as coefficient of variation, independent of
    the others. Their sum is taken as lognormal with the same mean M and variance V (Fenton, "The sum of log-normal
    probability distributions in scatter transmission systems", IRE Trans. Commun. Systems 8(1), 1960; Wilkinson):

        s^2 = ln(1 + V / M^2),  V = sum((spread * d)^2);  quantile = M exp(z s - s^2 / 2);  buffer = quantile - M

    >>> buffer([timedelta(hours=1)], 0.9, 0.1)
    datetime.timedelta(seconds=471)
    """
    hours = [duration.total_seconds() / 3600 for duration in durations]
    mean = sum(hours)
    if mean <= 0:
        return timedelta()
    sigma = sqrt(log(1 + sum((spread * each) ** 2 for each in hours) / mean**2))
    quantile = mean * exp(NormalDist().inv_cdf(probability) * sigma - sigma**2 / 2)
    return timedelta(seconds=max(0, round((quantile - mean) * 3600)))
