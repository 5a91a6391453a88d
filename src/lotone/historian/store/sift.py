"""Which samples of a batch are certainly new: ahead of all that is kept of their tag, and only once in the batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lotone.assets import Sample
from lotone.historian.store.columns import Batch, Column


@dataclass
class Sifted:
    """Rows of a batch: those certainly new, and those that may be known and have to be judged."""

    fresh: Column
    doubtful: Column
    judged: list[tuple[int, int]] = field(default_factory=list)
    """Doubtful rows that are kept after all, with the number of their revision."""

    @property
    def rows(self) -> Column:
        """All rows to keep."""
        return np.concatenate([self.fresh, np.array([row for row, _ in self.judged], "i8")])

    @property
    def revisions(self) -> Column:
        """The number of the revision of each row to keep."""
        return np.concatenate([np.zeros(len(self.fresh), "i8"), np.array([number for _, number in self.judged], "i8")])

    @property
    def corrections(self) -> Column:
        return np.array([row for row, number in self.judged if number], "i8")


def sift(batch: Batch, newest: Mapping[int, Sample]) -> Sifted:
    """Sort out the rows that are not ahead of the newest sample of their tag, or repeat an identity within the batch."""
    tags, place = np.unique(batch.tag, return_inverse=True)
    marks = np.array([_mark(newest.get(tag)) for tag in tags.tolist()], "i8").reshape(-1, 2)
    times, sequences = marks[place, 0], marks[place, 1]
    ahead = (batch.time > times) | ((batch.time == times) & (batch.sequence > sequences))
    fresh = ahead & ~_repeated(batch)
    return Sifted(np.flatnonzero(fresh), np.flatnonzero(~fresh))


def _mark(sample: Sample | None) -> tuple[int, int]:
    return (-(2**63), 0) if sample is None else (sample.source_time, sample.sequence)


def _repeated(batch: Batch) -> Column:
    order = np.lexsort((batch.sequence, batch.time, batch.tag))
    same = np.ones(len(batch) - 1, bool)
    for column in (batch.tag, batch.time, batch.sequence):
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    repeated = np.zeros(len(batch), bool)
    repeated[order[1:][same]] = True
    repeated[order[:-1][same]] = True
    return repeated


def last_rows(batch: Batch, sifted: Sifted) -> list[int]:
    """Of the rows to keep, the newest valid one of every tag."""
    rows = sifted.rows
    keys = (sifted.revisions, batch.receive_time[rows], batch.sequence[rows], batch.time[rows], batch.tag[rows])
    ordered = rows[np.lexsort(keys)]
    tags = batch.tag[ordered]
    return [int(row) for row in ordered[np.append(tags[1:] != tags[:-1], True)]]
