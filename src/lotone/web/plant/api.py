"""States, tags, samples and writing for programs."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from lotone.assets import DataType, MachineState, Meaning, Sample, Tag, UnknownEquipment, microseconds, moment
from lotone.identity import Actor
from lotone.kernel import Invalid
from lotone.web.access import needs, platform_of
from lotone.web.plant.trend import numbers_of, window

router = APIRouter(prefix="/api/v1", tags=["plant"])
SAMPLES_MOST = 100_000
VALUES_MOST = 200
AnyValue = bool | int | float | str


class UnitState(BaseModel):
    work_unit: str
    name: str
    name_zh: str
    work_center: str | None
    state: MachineState
    since: datetime | None = Field(description="Plant time.")


class TagOut(BaseModel):
    number: int
    path: str
    asset: str
    name: str
    words: dict[str, str]
    data_type: DataType
    meaning: Meaning
    unit: str
    resolution: float | None
    low: float | None
    high: float | None
    writable: bool
    connection: str | None
    address: str


class SampleOut(BaseModel):
    tag: int
    time: datetime = Field(description="Source time, plant clock.")
    value: AnyValue
    quality: int = Field(description="OPC UA status code: 0 is good, 0x40000000 uncertain, 0x80000000 and above bad.")
    sequence: int
    received_at: datetime = Field(description="Wall clock.")


class BucketOut(BaseModel):
    start: datetime
    count: int
    min: float | None
    max: float | None
    mean: float | None
    first: AnyValue | None
    last: AnyValue | None
    quality: int = Field(description="The worst in the bucket.")


class SeriesOut(BaseModel):
    tag: int
    start: datetime
    end: datetime
    complete: bool = Field(description="False when the limit cut the answer: everything before `until` is in it.")
    until: datetime
    samples: list[SampleOut] | None = None
    buckets: list[BucketOut] | None = None
    bucket_seconds: float | None = None


class Write(BaseModel):
    values: dict[str, AnyValue] = Field(
        min_length=1, max_length=VALUES_MOST, description="By tag name. A request (which starts a job) is sent last."
    )


class WrittenOut(BaseModel):
    asset: str
    written: dict[str, AnyValue]
    at: datetime = Field(description="Plant time at which the machine had taken it.")


@router.get("/plant/states")
def states(request: Request, actor: Actor = needs("insight.read")) -> list[UnitState]:
    """The state of every work unit, and since when."""
    with platform_of(request).look(actor.organization) as work:
        known = work.insight.states()
        units = work.assets.work_units()
    return [
        UnitState(
            work_unit=unit.id,
            name=unit.words.en,
            name_zh=unit.words.zh,
            work_center=unit.parent,
            state=known[unit.id].state if unit.id in known else MachineState.UNKNOWN,
            since=known[unit.id].since if unit.id in known else None,
        )
        for unit in units
    ]


@router.get("/tags")
def tags(request: Request, asset: str | None = None, actor: Actor = needs("assets.read")) -> list[TagOut]:
    """All tags, or those of one asset."""
    with platform_of(request).look(actor.organization) as work:
        if asset is not None:
            work.assets.equipment_called(asset)
        return [_tag(tag) for tag in work.assets.tags(asset)]


@router.get("/tags/last")
def last(
    request: Request,
    tags: Annotated[str, Query(description="Tag numbers with commas between; without them all tags of `asset`, or all.")] = "",
    asset: str | None = None,
    actor: Actor = needs("historian.read"),
) -> list[SampleOut]:
    """The newest sample of each tag; tags that never had one are left out."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        if asset is not None:
            work.assets.equipment_called(asset)
        numbers = numbers_of(tags)
        for number in numbers:
            work.assets.tag_numbered(number)
        numbers = numbers or [tag.number for tag in work.assets.tags(asset)]
    found = platform.historian.last(actor.organization, numbers) if numbers else {}
    return [_sample(found[number]) for number in numbers if number in found]


@router.get("/tags/{number}")
def tag(request: Request, number: int, actor: Actor = needs("assets.read")) -> TagOut:
    """One tag."""
    with platform_of(request).look(actor.organization) as work:
        return _tag(work.assets.tag_numbered(_plain(number)))


@router.get("/tags/{number}/samples")
def samples(
    request: Request,
    number: int,
    start: Annotated[datetime | None, Query(description="Plant time; an hour before `end` if left out.")] = None,
    end: Annotated[datetime | None, Query(description="Plant time; now if left out. The end itself is not included.")] = None,
    buckets: Annotated[int | None, Query(ge=1, le=10_000, description="Sum up in so many equal stretches.")] = None,
    limit: Annotated[int, Query(ge=1, le=SAMPLES_MOST)] = 10_000,
    actor: Actor = needs("historian.read"),
) -> SeriesOut:
    """Samples of a tag in the order of their time, or sums of them in equal buckets."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        known = work.assets.tag_numbered(_plain(number))
        for each in (start, end):
            if each is not None and each.tzinfo is None:
                raise Invalid("times need a zone, such as 2026-03-01T12:00:00Z", where="start")
        first, until = window(work, start, end)
    series = platform.historian.read(
        actor.organization, [known.number], microseconds(first), microseconds(until), buckets=buckets, limit=limit
    )
    common: dict[str, Any] = {
        "tag": known.number,
        "start": first,
        "end": until,
        "complete": series.complete,
        "until": moment(min(series.until, microseconds(until))),
    }
    if buckets is None:
        return SeriesOut(samples=[_sample(each) for each in series.points[known.number].samples(known.number)], **common)
    found = series.buckets[known.number]
    rows = zip(found.start, found.count, found.min, found.max, found.mean, found.first, found.last, found.quality, strict=True)
    return SeriesOut(
        buckets=[
            BucketOut(start=moment(at), count=count, min=least, max=most, mean=mean, first=one, last=other, quality=quality)
            for at, count, least, most, mean, one, other, quality in rows
        ],
        bucket_seconds=(series.width or 0) / 1_000_000,
        **common,
    )


@router.post("/machines/{asset}/write")
def write(request: Request, asset: str, wanted: Write, actor: Actor = needs("connect.command")) -> WrittenOut:
    """Write tags of a machine; answers once the machine has them (over Sparkplug: once the message server has them)."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        work.assets.equipment_called(asset)
        known = {tag.name for tag in work.assets.tags(asset)}
    if not known:
        raise UnknownEquipment(f"{asset} has no tags to write")
    platform.writer.write(actor.organization, asset, wanted.values)
    return WrittenOut(asset=asset, written=wanted.values, at=platform.plant())


def _plain(number: int) -> int:
    """A number that the database can look for."""
    return number if 0 < number < 2**63 else 0


def _tag(tag: Tag) -> TagOut:
    values = {name: getattr(tag, name) for name in TagOut.model_fields if name != "words"}
    return TagOut(**values, words=tag.words.as_dict())


def _sample(sample: Sample) -> SampleOut:
    return SampleOut(
        tag=sample.tag,
        time=moment(sample.source_time),
        value=sample.value,
        quality=sample.quality,
        sequence=sample.sequence,
        received_at=moment(sample.receive_time),
    )
