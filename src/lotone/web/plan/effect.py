"""What a change by hand would do, in the words of whoever looks at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lotone.kernel import Words
from lotone.plan import Effect, HandChange, HandKind
from lotone.web.plan.names import Names
from lotone.web.plan.plant_time import PlantTime

LISTED = 6
"""So many orders are listed one by one; the rest is counted."""

DONE_WORDS = {
    HandKind.MOVED: Words("%(step)s moved and locked", "%(step)s已移动并锁定"),
    HandKind.LOCKED: Words("%(step)s locked", "%(step)s已锁定"),
    HandKind.UNLOCKED: Words("%(step)s unlocked", "%(step)s已解锁"),
}


class Verdict(StrEnum):
    """What the ghost of a bar says by its shape and colour."""

    FITS = "fits"
    DELAYS = "delays"
    """It can stand there, but a promise would be told anew."""
    NO = "no"


@dataclass(frozen=True)
class Row:
    """One order that would be finished at another time."""

    order: str
    number: str
    by: timedelta
    """Later, or earlier when negative."""
    spare: timedelta
    """From being packed to the told date, afterwards."""
    told: datetime
    tells: datetime | None
    """The date that would be told."""


@dataclass(frozen=True)
class Told:
    """An effect as it is shown before it is done."""

    effect: Effect
    verdict: Verdict
    words: str
    """In one line, for the ghost and for who listens."""
    rows: list[Row]
    more: int
    """Orders beyond those listed."""
    pushed: int


def told(effect: Effect, names: Names, plant: PlantTime, packing: timedelta) -> Told:
    """Promises that would move come first, then those that lose most."""
    names.know_orders(each.order for each in effect.orders)
    rows = [
        Row(
            each.order,
            names.order(each.order),
            each.after - each.before,
            each.told - each.after - packing,
            each.told,
            each.tells,
        )
        for each in effect.orders
        if each.after != each.before or each.tells is not None
    ]
    rows.sort(key=lambda row: (row.tells is None, -row.by, row.number))
    return Told(effect, _verdict(effect), _words(effect, names, plant), rows[:LISTED], len(rows[LISTED:]), len(effect.pushed))


def _verdict(effect: Effect) -> Verdict:
    if not effect.is_possible:
        return Verdict.NO
    is_later = any(each.tells is not None and each.tells > each.told for each in effect.orders)
    return Verdict.DELAYS if is_later else Verdict.FITS


def _words(effect: Effect, names: Names, plant: PlantTime) -> str:
    reader = names.reader
    if not effect.is_possible:
        reasons = "; ".join(reader.words(each.words) for each in effect.obstacles)
        if effect.possible_from is None:
            return reasons
        return reader.say("%(reasons)s; possible from %(time)s", reasons=reasons, time=plant.text(effect.possible_from))
    where = reader.say(
        "%(machine)s, %(time)s", machine=names.machine(effect.after.work_unit), time=plant.text(effect.after.start)
    )
    count, later = len(effect.pushed), len(effect.promises)
    parts = [where]
    if count:
        parts.append(
            reader.say("pushes one operation") if count == 1 else reader.say("pushes %(count)s operations", count=count)
        )
    if later:
        parts.append(reader.say("moves one promise") if later == 1 else reader.say("moves %(count)s promises", count=later))
    else:
        parts.append(reader.say("no promise moves"))
    return " · ".join(parts)


def done(change: HandChange, names: Names) -> str:
    """What a change by hand did, in one line."""
    step = names.step(change.step)
    words = names.reader.words(DONE_WORDS[change.kind]) % {"step": step}
    return f"{names.order(change.order)}: {words}" if change.order else words
