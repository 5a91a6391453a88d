"""Correcting what is promised by how past promises came out, and measuring how many were kept."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from math import sqrt
from statistics import NormalDist

NORMAL = NormalDist()
MODEL_COUNTS = 10.0
"""The model's own opinion counts as much as so many past promises."""
HALF_LIFE = 400
"""So many promises later, one counts half: plants change."""
DEVIATES = (-2.0, -1.0, 0.0, 0.75, 1.5, 2.5, 4.0)
"""Where the model's distribution of a completion is looked at, in standard normal deviates."""
FLAT = 1e-9


class Calibration:
    """Which deviate of the model is reached in a given share of cases, by the deviates that past promises came out at.

    A promise's score is the deviate at which the model's distribution, as it was when the promise was told, has the real
    completion. With a perfect model the scores are standard normal. This is split conformal prediction (Papadopoulos,
    Proedrou, Vovk, Gammerman, "Inductive confidence machines for regression", ECML 2002; Vovk, Gammerman, Shafer,
    "Algorithmic Learning in a Random World", 2005) with the model's probability integral transform as score: the deviate
    for a probability is that quantile of past scores, so as many are kept as is said, however wrong the model, as long as
    the next promise comes out like past ones. Two changes: few scores are shrunk to the model (the quantile is that of
    the mixture of MODEL_COUNTS parts of the standard normal distribution and the scores), and older scores count less
    (weights as in Barber, Candes, Ramdas, Tibshirani, "Conformal prediction beyond exchangeability", 2023).
    """

    def __init__(self, scores: Sequence[float] = ()) -> None:
        """`scores` of completed promises, the newest last."""
        self.scores = tuple(scores)
        self._deviates: dict[float, float] = {}

    @cached_property
    def _sorted(self) -> tuple[list[float], list[float]]:
        """Scores in order, and the weight of all up to each."""
        newest = len(self.scores) - 1
        weighted = sorted((score, 0.5 ** ((newest - place) / HALF_LIFE)) for place, score in enumerate(self.scores))
        return [score for score, _ in weighted], list(accumulate(weight for _, weight in weighted))

    def share(self, deviate: float) -> float:
        """The share of promises that come out at this deviate or better."""
        scores, weights = self._sorted
        within = bisect_right(scores, deviate)
        known = weights[within - 1] if within else 0.0
        return (MODEL_COUNTS * NORMAL.cdf(deviate) + known) / (MODEL_COUNTS + (weights[-1] if weights else 0.0))

    def deviate(self, probability: float) -> float:
        """The least deviate at which at least this share of promises comes out."""
        known = self._deviates.get(probability)
        if known is None:
            known = self._deviates[probability] = self._found(probability)
        return known

    def _found(self, probability: float) -> float:
        scores, _ = self._sorted
        if not scores:
            return NORMAL.inv_cdf(probability)
        low = min(scores[0], NORMAL.inv_cdf(probability)) - 1
        high = max(scores[-1], NORMAL.inv_cdf(probability)) + 1
        for _ in range(48):
            middle = (low + high) / 2
            low, high = (low, middle) if self.share(middle) >= probability else (middle, high)
        return round(high, 9)


def value_at(curve: Sequence[float], deviate: float) -> float:
    """A curve that is known at DEVIATES, at another deviate: straight lines between them, and on beyond both ends."""
    place = place_of(deviate)
    return between(curve[place - 1], curve[place], deviate)


def place_of(deviate: float) -> int:
    """Which of DEVIATES, and the one before it, a value at another deviate is taken from."""
    return min(max(bisect_left(DEVIATES, deviate), 1), len(DEVIATES) - 1)


def between(low: float, high: float, deviate: float) -> float:
    """The value at a deviate of the straight line through those at the two of DEVIATES around it."""
    place = place_of(deviate)
    before, after = DEVIATES[place - 1], DEVIATES[place]
    return low + (high - low) * (deviate - before) / (after - before)


def deviate_of(curve: Sequence[float], value: float) -> float:
    """The least deviate at which a curve reaches a value: the inverse of `value_at`, so a moment of the curve is kept
    exactly when the deviate of what happened is not above that moment's.

    >>> deviate_of((-2.0, -1.0, 0.0, 0.75, 1.5, 2.5, 4.0), 0.3)
    0.3
    """
    last = len(DEVIATES) - 1
    place = min(max(bisect_left(curve, value), 1), last)
    low, high = curve[place - 1], curve[place]
    before, after = DEVIATES[place - 1], DEVIATES[place]
    if high - low < FLAT:
        return before if value <= low else after
    return before + (after - before) * (value - low) / (high - low)


def wilson(kept: int, count: int, deviate: float = 1.96) -> tuple[float, float]:
    """Between which shares the true one lies, with 95 % confidence by default, when `kept` of `count` were kept.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.

    >>> low, high = wilson(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    if count == 0:
        return 0.0, 1.0
    share, square = kept / count, deviate**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = deviate / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
