"""Promises that were told, and whether they were kept: per band, with how sure that is, and what broke them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lotone.plan.model.calibration import deviate_of, wilson
from lotone.plan.model.promise import BANDS, Promise

TOLD = "told"
"""Beside the bands: the hand-over that the buyer was told."""
LONGER = "took_longer"
"""What broke a promise when nothing else moved its order past it: work that took longer than planned."""


@dataclass(frozen=True)
class ToldPromise:
    """A promise as it was told for an order, and what came of it. `number` is 0 for the first, then counts the moves."""

    order: str
    number: int
    told_at: datetime
    promise: Promise
    packing_minutes: float = 0.0
    broken_by: Mapping[str, str] = field(default_factory=dict)
    """By band, the cause of the change that moved the expected completion past it last."""
    completed_at: datetime | None = None

    @property
    def limits(self) -> dict[str, datetime]:
        """By band, until when the order must be complete for the promise to be kept."""
        told = self.promise.date - timedelta(minutes=self.packing_minutes)
        return {**{name: at for name, at in self.promise.bands.items() if name in BANDS}, TOLD: told}

    @property
    def score(self) -> float | None:
        """The deviate at which the model had the real completion: see `Calibration`."""
        if self.completed_at is None or not self.promise.curve:
            return None
        late = (self.completed_at - self.promise.earliest).total_seconds()
        return deviate_of(self.promise.curve, late)

    def kept(self, band: str) -> bool | None:
        """None while the order is not complete, or when the promise had no bands yet."""
        limit = self.limits.get(band)
        return None if self.completed_at is None or limit is None else self.completed_at <= limit

    def cause(self, band: str) -> str:
        """What broke a band; where that was not seen, what broke the next lower one."""
        names = [*BANDS, TOLD]
        lower = names[names.index(band) :: -1] if band != TOLD else names[::-1]
        return next((self.broken_by[name] for name in lower if name in self.broken_by), LONGER)


@dataclass(frozen=True)
class KeptRate:
    """How many promises were kept at a probability, and between which shares the true rate lies (95 % confidence)."""

    band: str
    probability: float
    kept: int
    count: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.kept / self.count if self.count else None

    @property
    def agrees(self) -> bool:
        """Whether what was said lies within what was seen."""
        return self.low <= self.probability <= self.high


def kept_rates(promises: Iterable[ToldPromise], probability: float) -> list[KeptRate]:
    """The rates of completed promises, one for each band and one for the told hand-over, which `probability` goes for."""
    done = [each for each in promises if each.completed_at is not None]
    return [_rate(done, band, share) for band, share in [*BANDS.items(), (TOLD, probability)]]


def _rate(done: Iterable[ToldPromise], band: str, probability: float) -> KeptRate:
    answers = [kept for each in done if (kept := each.kept(band)) is not None]
    low, high = wilson(sum(answers), len(answers))
    return KeptRate(band, probability, sum(answers), len(answers), low, high)


def broken_by(promises: Iterable[ToldPromise], band: str = TOLD) -> list[tuple[str, int]]:
    """Causes of promises that were not kept at a band, the most frequent first."""
    causes = Counter(each.cause(band) for each in promises if each.kept(band) is False)
    return sorted(causes.items(), key=lambda item: (-item[1], item[0]))
