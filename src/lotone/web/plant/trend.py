"""Values over time as the trend element draws them: samples where they are few, else least, greatest and mean of buckets."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from lotone.assets import BAD, DataType, MachineState, Meaning, Sample, Tag, microseconds, moment
from lotone.historian import Buckets, Points
from lotone.kernel import Invalid
from lotone.web.plant.values import STATE_WORDS
from lotone.web.reader import Reader
from lotone.wiring import Platform, Work

POINTS_MOST = 4_000
TAGS_MOST = 24
STEPPED = frozenset({DataType.BOOLEAN, DataType.INTEGER})


class TooManyTags(Invalid):
    """More tags than one chart can show."""


def chosen_tags(work: Work, numbers: Iterable[int]) -> list[Tag]:
    """Tags in the order asked for. Raises UnknownTag, TooManyTags."""
    wanted = list(dict.fromkeys(numbers))
    if len(wanted) > TAGS_MOST:
        raise TooManyTags(f"{len(wanted)} tags are too many for one chart; choose at most {TAGS_MOST}", where="tags")
    for number in wanted:
        work.assets.tag_numbered(number)
    known = work.assets.tags_numbered(wanted)
    return [known[number] for number in wanted]


def numbers_of(text: str) -> list[int]:
    """Tag numbers of an address: `7,8`. Raises Invalid."""
    parts = [part for part in text.replace(" ", ",").split(",") if part]
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Invalid("tags are numbers with commas between them, such as tags=7,8", where="tags")
    return [int(part) for part in parts]


def is_drawable(tag: Tag) -> bool:
    """Texts are not drawn."""
    return tag.data_type is not DataType.TEXT


def trend(
    platform: Platform,
    work: Work,
    reader: Reader,
    tags: Sequence[Tag],
    start: datetime,
    end: datetime,
    points: int,
) -> dict[str, Any]:
    """The answer for `<lo-trend>`; `complete` is false where not everything that was recorded is in it."""
    drawn = [tag for tag in tags if is_drawable(tag)]
    first, last = microseconds(start), max(microseconds(end), microseconds(start) + 1)
    series, complete = _series(platform, work.organization, drawn, first, last, min(max(points, 10), POINTS_MOST))
    now = platform.plant()
    names = {item.id: reader.words(item.words) for item in work.assets.equipment()}
    several = len({tag.asset for tag in drawn}) > 1
    return {
        "now": milliseconds(now),
        "from": milliseconds(start),
        "to": milliseconds(end),
        "complete": complete,
        "zone": platform.plan_settings.time_zone,
        "series": [
            {
                "label": f"{names.get(tag.asset, tag.asset)} · {reader.words(tag.words)}"
                if several
                else reader.words(tag.words),
                "unit": tag.unit,
                "low": tag.low if tag.meaning in (Meaning.SENSOR, Meaning.CHECK) else None,
                "high": tag.high if tag.meaning in (Meaning.SENSOR, Meaning.CHECK) else None,
                "step": tag.data_type in STEPPED or tag.meaning is Meaning.PARAMETER,
                **series[tag.number],
            }
            for tag in drawn
        ],
        "spans": _stops(work, reader, sorted({tag.asset for tag in drawn}), start, min(end, now), names if several else {}),
    }


def _series(
    platform: Platform, organization: str, tags: Sequence[Tag], start: int, end: int, points: int
) -> tuple[dict[int, dict[str, Any]], bool]:
    """Samples as they are when there are few; else buckets, which stand for all samples."""
    numbers = [tag.number for tag in tags]
    if not numbers:
        return {}, True
    raw = platform.historian.read(organization, numbers, start, end, limit=points * len(numbers))
    before = platform.historian.last(organization, numbers)
    if raw.complete:
        return {number: _from_points(raw.points[number], before.get(number), start, end) for number in numbers}, True
    summed = platform.historian.read(organization, numbers, start, end, buckets=points)
    return {number: _from_buckets(summed.buckets[number], summed.width or 1) for number in numbers}, summed.complete


def _from_points(points: Points, newest: Sample | None, start: int, end: int) -> dict[str, Any]:
    values = [_number(value, quality) for value, quality in zip(points.value, points.quality, strict=True)]
    if not values and newest is not None and newest.source_time < start:  # it has not changed since before the range
        value = _number(newest.value, newest.quality)
        return {"time": [start // 1000, end // 1000], "values": [value, value]}
    return {"time": [at // 1000 for at in points.time], "values": values}


def _from_buckets(buckets: Buckets, width: int) -> dict[str, Any]:
    return {
        "time": [(at + width // 2) // 1000 for at in buckets.start],
        "values": buckets.mean,
        "min": buckets.min,
        "max": buckets.max,
    }


def _number(value: object, quality: int) -> float | None:
    """What can be drawn: bad values leave a gap."""
    return float(value) if isinstance(value, int | float) and quality < BAD else None


def _stops(
    work: Work, reader: Reader, assets: Sequence[str], start: datetime, end: datetime, names: dict[str, str]
) -> list[dict[str, Any]]:
    """When the machines stood still."""
    label = reader.words(STATE_WORDS[MachineState.DOWN])
    return [
        {
            "from": milliseconds(stop.began),
            "to": None if stop.ended is None else milliseconds(stop.ended),
            "label": f"{names[stop.work_unit]}: {label}" if stop.work_unit in names else label,
            "kind": "down",
        }
        for stop in work.insight.stops(start, max(start, end))
        if stop.work_unit in assets
    ]


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, as scripts count."""
    return microseconds(at) // 1000


def from_milliseconds(at: float) -> datetime:
    """Raises Invalid for what is no moment."""
    if not -30_000_000_000_000 < at < 253_000_000_000_000:
        raise Invalid(f"{at:g} is no moment: give milliseconds since 1970", where="from")
    return moment(int(at * 1000))


def window(work: Work, start: datetime | None, end: datetime | None, minutes: float = 60) -> tuple[datetime, datetime]:
    """A range of plant time; the last hour where nothing is said. Raises Invalid."""
    last = end or work.platform.plant()
    first = start or last - timedelta(minutes=minutes)
    if first >= last:
        raise Invalid("the range must end after it begins", where="start")
    return first, last
