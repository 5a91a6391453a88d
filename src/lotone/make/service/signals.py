"""What sensors measured during an operation, read from the historian."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from lotone import assets, historian
from lotone.make.model.passport import Summary


class Reader(Protocol):
    """The historian's door, whether it is in this process or another."""

    def read(
        self,
        organization: str,
        tags: Sequence[int],
        start: int,
        end: int,
        *,
        buckets: int | None = None,
        limit: int = 100_000,
    ) -> historian.Series: ...


class SensorSignals:
    """`signals(work_unit, start, end)` of one organization's historian."""

    def __init__(self, reader: Reader, organization: str, assets: assets.AssetService) -> None:
        self.reader = reader
        self.organization = organization
        self.assets = assets

    def __call__(self, work_unit: str, start: datetime, end: datetime) -> dict[str, Summary]:
        """What the sensors of a machine measured, both ends included. Raises Unavailable when the historian can't be asked."""
        sensors = [tag for tag in self.assets.tags(work_unit) if tag.meaning is assets.Meaning.SENSOR]
        after_end = end + timedelta(microseconds=1)
        series = self.reader.read(
            self.organization,
            [tag.number for tag in sensors],
            assets.microseconds(start),
            assets.microseconds(after_end),
            buckets=1,
        )
        summaries = {tag.name: _summary(series.buckets.get(tag.number)) for tag in sensors}
        return {name: summary for name, summary in summaries.items() if summary is not None}


def _summary(found: historian.Buckets | None) -> Summary | None:
    """None when no sample is a number of good quality."""
    if found is None:
        return None
    for count, low, high, mean in zip(found.count, found.min, found.max, found.mean, strict=True):
        if low is not None and high is not None and mean is not None:
            return Summary(count, low, high, mean)
    return None
