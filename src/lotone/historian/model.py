"""Series as they are read back, what an append did, and when a repeated sample is a duplicate or a correction."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lotone.assets import Sample, Value
from lotone.kernel import Conflict, Invalid, Unavailable


class HistorianTaken(Conflict):
    """Another process owns the historian's files."""


class HistorianDown(Unavailable):
    """The historian can't keep or read samples at the moment: its disk is full or broken, or its engine is missing."""


class WrongSample(Invalid):
    """A sample that can't be kept: not a finite number, a boolean or a text, or out of range."""


class WrongRange(Invalid):
    """A question for samples that can't be answered as it was asked."""


@dataclass(frozen=True)
class Appended:
    """What an append did with each of its samples."""

    new: int = 0
    duplicate: int = 0
    corrected: int = 0
    """Samples with a known identity and another value: kept as a further revision, see `is_duplicate`."""

    @property
    def samples(self) -> int:
        return self.new + self.duplicate + self.corrected


@dataclass(frozen=True)
class Compacted:
    """What a compaction did."""

    merged: int = 0
    """Files that became parts of larger files."""
    written: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Points:
    """Samples of one tag in the order of source time and sequence, a list per column."""

    time: list[int] = field(default_factory=list)
    value: list[Value] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    sequence: list[int] = field(default_factory=list)
    receive_time: list[int] = field(default_factory=list)

    def samples(self, tag: int) -> Iterator[Sample]:
        columns = (self.time, self.value, self.quality, self.sequence, self.receive_time)
        return (Sample(tag, *row) for row in zip(*columns, strict=True))


@dataclass(frozen=True)
class Buckets:
    """Samples of one tag summed up in equal stretches of time; stretches without a sample are left out.

    `count` counts all samples and `quality` is the worst of them. The other columns speak of the samples whose quality is
    not bad, and are None where there is none; `min`, `max` and `mean` are also None for texts. `mean` is the mean of the
    samples, however long each of them was true. Booleans count as 0 and 1.
    """

    start: list[int] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    min: list[float | None] = field(default_factory=list)
    max: list[float | None] = field(default_factory=list)
    mean: list[float | None] = field(default_factory=list)
    first: list[Value | None] = field(default_factory=list)
    last: list[Value | None] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Series:
    """The answer to a question for the samples of some tags from `start` up to, and without, `end`.

    Every tag that was asked for is in `points` (or in `buckets`, each `width` microseconds wide), also when it has no sample.
    Everything before `until` is in the answer: ask again from there when it isn't `complete`.
    """

    start: int
    end: int
    until: int
    points: Mapping[int, Points] = field(default_factory=dict)
    buckets: Mapping[int, Buckets] = field(default_factory=dict)
    width: int | None = None

    @property
    def complete(self) -> bool:
        return self.until >= self.end


@dataclass(frozen=True)
class Revision:
    """One value that was kept for an identity (tag, source time, sequence); the first has number 0."""

    number: int
    receive_time: int
    value: Value
    quality: int

    def says(self, sample: Sample) -> bool:
        """Does the sample say the same? Numbers are compared as numbers, whatever their type."""
        return self.quality == sample.quality and same_value(self.value, sample.value)


def same_value(one: Value, other: Value) -> bool:
    return isinstance(one, str) == isinstance(other, str) and one == other


def valid_revision(revisions: Iterable[Revision]) -> Revision:
    """The revision that counts: the one received last; of those received together, the one kept last."""
    return max(revisions, key=lambda revision: (revision.receive_time, revision.number))


def is_duplicate(sample: Sample, revisions: list[Revision]) -> bool:
    """Is nothing new in this sample, given what is kept for its identity?

    It repeats what counts now, or it is one of the revisions delivered once more. Anything else is a correction, and counts
    from now on if it was received after the others.
    """
    again = any(known.receive_time == sample.receive_time and known.says(sample) for known in revisions)
    return again or valid_revision(revisions).says(sample)


def bucket_width(start: int, end: int, buckets: int) -> int:
    """The width of equal stretches that cover the range; raises WrongRange."""
    if buckets < 1:
        raise WrongRange(f"{buckets} buckets: ask for at least one")
    check_range(start, end)
    return max(1, -(-(end - start) // buckets))


EARLIEST = -30_610_224_000_000_000
LATEST = 253_402_300_800_000_000
"""Times that can be kept, in microseconds since 1970: the years 1000 to 9999."""


def check_range(start: int, end: int) -> None:
    if start > end:
        raise WrongRange(f"the range ends ({end}) before it starts ({start})")
    if start < EARLIEST or end > LATEST:
        raise WrongRange(f"the range {start} to {end} is outside of the years 1000 to 9999; times are microseconds since 1970")
