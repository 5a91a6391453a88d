"""The pictures of demand as numbers: funnel, days, dates that were promised, and the map of combinations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log2, sqrt

from lotone.configure import Funnel, Interest, PairInterest

STAGES = ("visits", "looked", "promised", "quoted", "ordered")
BARS_MAX = 60
"""More days than this are drawn as weeks, and more weeks as four of them."""
MAP_MAX = 14
LEVELS = 4
"""Steps of the map's colours to either side of chance."""
FULL_LIFT = 2.0
"""Twice as often as by chance, or half as often, is the last step."""


@dataclass(frozen=True)
class Step:
    """One stage of the funnel: how many visits came so far, of all and of those of the stage before."""

    name: str
    count: int
    of_all: float | None
    of_before: float | None


def steps_of(funnel: Funnel) -> list[Step]:
    counts = [getattr(funnel, name) for name in STAGES]
    return [
        Step(
            name=name,
            count=count,
            of_all=count / counts[0] if counts[0] else None,
            of_before=count / counts[index - 1] if index and counts[index - 1] else None,
        )
        for index, (name, count) in enumerate(zip(STAGES, counts, strict=True))
    ]


@dataclass(frozen=True)
class Bar:
    """So many visits, and how many of them ordered; heights are of a hundred."""

    x: float
    width: float
    height: float
    ordered_height: float
    visits: int
    ordered: int
    first: date | None = None
    last: date | None = None
    days: int = 0


def bars_over_days(found: Interest) -> list[Bar]:
    """One bar a day from the first to the last asked for; of long ranges a bar is a week or four."""
    count = (found.end - found.start).days + 1
    step = next(days for days in (1, 7, 28, 56, 112) if count / days <= BARS_MAX or days == 112)
    groups: dict[int, Funnel] = {}
    for day, funnel in found.days:
        number = (day - found.start).days // step
        groups[number] = groups.get(number, Funnel()) + funnel
    numbers = range(-(-count // step))
    most = max((one.visits for one in groups.values()), default=0)
    width = 100 / max(1, len(numbers))
    return [
        Bar(
            x=width * (number + 0.12),
            width=width * 0.76,
            height=_part(groups.get(number, Funnel()).visits, most),
            ordered_height=_part(groups.get(number, Funnel()).ordered, most),
            visits=groups.get(number, Funnel()).visits,
            ordered=groups.get(number, Funnel()).ordered,
            first=found.start + timedelta(days=number * step),
            last=min(found.end, found.start + timedelta(days=(number + 1) * step - 1)),
        )
        for number in numbers
    ]


def bars_over_promises(by_days: Sequence[tuple[int, int, int]]) -> list[Bar]:
    """One bar for each number of days ahead that was promised."""
    if not by_days:
        return []
    last = max(days for days, _, _ in by_days)
    known = {days: (visits, ordered) for days, visits, ordered in by_days}
    step = -(-(last + 1) // BARS_MAX)
    sums = [
        tuple(sum(column) for column in zip(*(known.get(day, (0, 0)) for day in range(first, first + step)), strict=True))
        for first in range(0, last + 1, step)
    ]
    most = max(visits for visits, _ in sums)
    width = 100 / len(sums)
    return [
        Bar(
            x=width * (number + 0.12),
            width=width * 0.76,
            height=_part(visits, most),
            ordered_height=_part(ordered, most),
            visits=visits,
            ordered=ordered,
            days=(number + 1) * step - 1,
        )
        for number, (visits, ordered) in enumerate(sums)
    ]


def _part(count: int, most: int) -> float:
    return round(100 * count / most, 2) if most else 0.0


@dataclass(frozen=True)
class Tile:
    """Where two options meet on the map. `level` is 0 at chance, positive when they go together more often."""

    pair: PairInterest | None
    level: int


@dataclass(frozen=True)
class Map:
    """The options whose combinations say most, and a tile for each two of them."""

    options: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Tile, ...]], ...]
    """Each option with its tiles to the options before it."""


def map_of(pairs: Sequence[PairInterest], order: Mapping[str, int]) -> Map:
    """The map of the options whose combinations say most, in the order of the model so that alternatives stand together.

    A combination says the more, the further its count is from what chance would give, in standard deviations of a count:
    what all visitors have is no news.
    """
    most: dict[str, None] = {}
    for one in sorted(pairs, key=_surprise, reverse=True):
        if len(most.keys() | {one.first, one.second}) <= MAP_MAX:
            most |= {one.first: None, one.second: None}
    options = tuple(sorted(most, key=lambda name: (order.get(name, len(order)), name)))
    known = {frozenset((one.first, one.second)): one for one in pairs}
    rows = [
        (name, tuple(_tile(known.get(frozenset((name, other)))) for other in options[:index]))
        for index, name in enumerate(options)
    ]
    return Map(options[:-1], tuple(rows[1:]))


def _surprise(pair: PairInterest) -> float:
    by_chance = pair.together / pair.lift if pair.lift > 0 else 0.0
    return abs(pair.together - by_chance) / sqrt(by_chance) if by_chance else 0.0


def _tile(pair: PairInterest | None) -> Tile:
    if pair is None or pair.lift <= 0:
        return Tile(pair, 0)
    level = round(LEVELS * log2(pair.lift) / log2(FULL_LIFT))
    return Tile(pair, max(-LEVELS, min(LEVELS, level)))
